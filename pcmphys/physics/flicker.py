"""1/f noise of one device as 32 two-state traps with log-spaced correlation times.

The published read noise of a device of conductance G has the spectrum (G Q_s)^2 / f; at age t, read for a duration d,
its variance over devices is (G Q_s)^2 V(t) with V(t) = ln((t + d) / 2d). Both come out of traps of rate r, uniform in
ln r, that are *refreshed* at random moments (rate r): a refresh draws the trap's state anew, up or down with equal
chance. A trap that was not refreshed since programming is part of the programmed conductance and adds nothing; a
refreshed one adds plus or minus its amplitude, whose square averaged over the read is e^(-2 r d). Then

    V(t) = integral of (1 - e^(-r (t - d))) e^(-2 r d) dr / r    (Frullani),

counted from the end of a first read at age d. For two reads at ages s < t the covariance is V(t) - V(t - s + d):
a later read differs from an earlier one by the traps refreshed between them, and for t - s << s the mean squared
difference is 2 V(t - s + d), which is 1/f noise of the published spectrum. The integral is taken by the trapezoidal
rule in ln r, which converges exponentially: at the spacing of 1.4 used by the shipped cells it is right to 1 % at the
shortest age and to 0.1 % beyond 1 us.

A device holds the states of its traps as the bits of one 32-bit word, bit k for trap k, from the fastest to the
slowest, and a second word that tells which traps were refreshed since programming.

Not modelled: unequal capture and emission, activation energies, a few strong traps.

References
----------
A. L. McWhorter, in *Semiconductor Surface Physics* (1957): 1/f noise from log-spaced traps.
S. R. Nandakumar et al., IEEE ICECS (2019), 727: the variance at one time.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from pcmphys.numerics.compile import law
from pcmphys.numerics.random import U64, words_of

TRAPS = 32
DIGITS = 64
_UPFRONT = 7  # binary digits drawn for every device
_MORE = 3  # and with each further block, only for the few devices still undecided
FIRST_MORE, LAST_MORE = 2, 2 + (DIGITS - _UPFRONT) // _MORE
"""Blocks of the further digits: from the first to before the last."""
ALL = 0xFFFFFFFF


def rates(fastest: float, slowest: float) -> np.ndarray:
    """Relaxation rates [1/s] of the traps, shape (32,), log-spaced from the fastest to the slowest time constant."""
    return 1.0 / np.geomspace(fastest, slowest, TRAPS)


def amplitudes(rate: np.ndarray, duration: float) -> np.ndarray:
    """Relative noise that a refreshed trap adds (or takes away), shape (32,), for a read of ``duration`` [s]."""
    spacing = math.log(rate[0] / rate[-1]) / (TRAPS - 1)
    return np.sqrt(spacing * np.exp(-2.0 * rate * duration))


def byte_table(amplitude: np.ndarray) -> np.ndarray:
    """Sum of the amplitudes of the set bits for each value of each of the four bytes, shape (1024,)."""
    values = np.arange(256)
    bits = (values[:, None] >> np.arange(8)) & 1
    return np.concatenate([bits @ amplitude[8 * b : 8 * b + 8] for b in range(4)])


def refresh_digits(rate: np.ndarray, elapsed: float) -> np.ndarray:
    """Binary digits of each trap's chance of a refresh within ``elapsed`` [s], as bit masks over traps.

    The chance is 1 - e^(-r dt); what is written down is that or its complement, whichever is smaller, so that traps
    that surely were or surely were not refreshed need no random digits. Returns (2, 65) uint64: row 0 holds digit j
    (worth 2^-(j+1)) of all traps, row 1 the traps that still have a digit 1 after j. The last column of row 0 marks
    the traps whose complement was taken.
    """
    return _refresh_digits(rate.tobytes(), float(elapsed))


@functools.lru_cache(maxsize=64)  # the tiles of a matrix are read one after the other, all after the same time
def _refresh_digits(rates: bytes, elapsed: float) -> np.ndarray:
    rate = np.frombuffer(rates)
    with np.errstate(over="ignore"):  # longer than all numbers is long enough
        times = rate * elapsed
    complement = times > math.log(2.0)
    smaller = np.where(complement, np.exp(-times), -np.expm1(-times))
    # 64 binary digits as exact integers: a float64 sum of digits would lose those of the slow traps
    exact = [int(math.ldexp(p, DIGITS)) for p in smaller]
    masks = np.zeros((2, DIGITS + 1), dtype=np.uint64)
    for j in range(DIGITS):
        shift = DIGITS - 1 - j
        masks[0, j] = sum(((p >> shift) & 1) << k for k, p in enumerate(exact))
        masks[1, j] = sum(int(p & ((1 << shift) - 1) != 0) << k for k, p in enumerate(exact))
    masks[0, DIGITS] = sum(int(c) << k for k, c in enumerate(complement))
    return masks


def variance(age: np.ndarray, duration: float) -> np.ndarray:
    """Published variance ln((t + d) / 2d) of the relative noise divided by Q_s^2; zero before the first read ends.

    Examples
    --------
    >>> float(variance(20.0, 250e-9).round(4))
    17.5044
    """
    return np.maximum(np.log((np.asarray(age) + duration) / (2.0 * duration)), 0.0)


@law
def _digit(hit, open_, word, digit, later):
    # the first binary digit where a uniform number and p differ decides: a hit if the number is the smaller one
    hit |= open_ & digit & ~word
    return hit, open_ & ~(word ^ digit) & later


@law
def refresh_upfront(low, high, digits, later):
    """Compare 7 random binary digits a trap with its chance; the eighth word holds the fresh states.

    ``low`` and ``high`` are the words of blocks 0 and 1. Returns (hits, undecided traps, fresh states), each as bits
    over traps.
    """
    hit, open_ = _digit(U64(0), U64(ALL), U64(low[0]), digits[0], later[0])
    hit, open_ = _digit(hit, open_, U64(low[1]), digits[1], later[1])
    hit, open_ = _digit(hit, open_, U64(low[2]), digits[2], later[2])
    hit, open_ = _digit(hit, open_, U64(low[3]), digits[3], later[3])
    hit, open_ = _digit(hit, open_, U64(high[0]), digits[4], later[4])
    hit, open_ = _digit(hit, open_, U64(high[1]), digits[5], later[5])
    hit, open_ = _digit(hit, open_, U64(high[2]), digits[6], later[6])
    return hit, open_, U64(high[3])


@law
def refresh_more(hit, open_, draw, stream, block, digits, later):
    """Three further digits, of ``block`` from `FIRST_MORE` on, for a device that is undecided still.

    Returns (hits, undecided traps).
    """
    j = _UPFRONT + _MORE * (block - FIRST_MORE)
    w0, w1, w2, _ = words_of(draw, stream, block)
    hit, open_ = _digit(hit, open_, w0, digits[j], later[j])
    hit, open_ = _digit(hit, open_, w1, digits[j + 1], later[j + 1])
    return _digit(hit, open_, w2, digits[j + 2], later[j + 2])
