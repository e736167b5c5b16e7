"""1/f noise of one device as 32 two-state traps with log-spaced correlation times.

The published read noise grows with the time since programming, V(t) = ln((t + d) / 2d) for a read of duration d. It
is the sum over traps of rate r, uniform in ln r and averaged over the read with weight e^(-2 r d), that had time to
leave the state they had in the first read, at age d (a Frullani integral):

    V(t) = integral of (1 - e^(-r (t - d))) e^(-2 r d) dr / r .

So the noise at age t is *where the traps are now against where they were then*: it starts at zero, its increments
over any interval have the 1/f structure function ln((interval + 2d) / 2d), and two reads differ only by the traps
that flipped between them. The integral is taken by the trapezoidal rule in ln r, which converges exponentially: at
the spacing of 1.4 used by the shipped cells it is right to 1 % at the shortest age and to 0.1 % beyond 1 us.

A device holds its traps as the bits of one 32-bit word, bit k for trap k, from the fastest to the slowest.

Not modelled: unequal capture and emission, activation energies, a few strong traps.

References
----------
A. L. McWhorter, in *Semiconductor Surface Physics* (1957): 1/f noise from log-spaced traps.
S. R. Nandakumar et al., IEEE ICECS (2019), 727: the variance at one time.
"""

from __future__ import annotations

import math

import numpy as np

from pcmphys._jit import law
from pcmphys.rng import U64, words

TRAPS = 32
DIGITS = 64
_UPFRONT = 8  # binary digits drawn for every device; more only for the few devices still undecided
ALL = 0xFFFFFFFF


def rates(fastest: float, slowest: float) -> np.ndarray:
    """Relaxation rates [1/s] of the traps, shape (32,), log-spaced from the fastest to the slowest time constant."""
    return 1.0 / np.geomspace(fastest, slowest, TRAPS)


def amplitudes(rate: np.ndarray, duration: float) -> np.ndarray:
    """Change of the relative noise when trap k flips, shape (32,), for a read of ``duration`` [s].

    A trap that has forgotten its first state contributes amplitude^2 / 2 to the variance of the difference.
    """
    spacing = math.log(rate[0] / rate[-1]) / (TRAPS - 1)
    return np.sqrt(2.0 * spacing * np.exp(-2.0 * rate * duration))


def byte_table(amplitude: np.ndarray) -> np.ndarray:
    """Sum of the amplitudes of the set bits for each value of each of the four bytes, shape (1024,)."""
    values = np.arange(256)
    bits = (values[:, None] >> np.arange(8)) & 1
    return np.concatenate([bits @ amplitude[8 * b : 8 * b + 8] for b in range(4)])


def flip_digits(rate: np.ndarray, elapsed: float) -> np.ndarray:
    """Binary digits of each trap's flip probability over ``elapsed`` [s], as bit masks over traps.

    A symmetric two-state Markov trap of relaxation rate r is in the other state after dt with probability
    (1 - e^(-r dt)) / 2. Returns (2, 64) uint64: row 0 holds digit j (worth 2^-(j+1)) of all traps, row 1 the traps
    that still have a digit 1 after j.
    """
    # 64 binary digits as exact integers: float64 alone would lose those of the slow traps
    exact = [int(math.ldexp(-math.expm1(-r * elapsed) / 2.0, DIGITS)) for r in rate]
    masks = np.zeros((2, DIGITS), dtype=np.uint64)
    for j in range(DIGITS):
        shift = DIGITS - 1 - j
        masks[0, j] = sum(((p >> shift) & 1) << k for k, p in enumerate(exact))
        masks[1, j] = sum(int(p & ((1 << shift) - 1) != 0) << k for k, p in enumerate(exact))
    return masks


def variance(age: float, duration: float) -> float:
    """Published variance ln((t + d) / 2d) of the relative noise divided by Q_s^2; zero before the first read ends.

    Examples
    --------
    >>> round(variance(20.0, 250e-9), 4)
    17.5044
    """
    return max(math.log((age + duration) / (2.0 * duration)), 0.0)


@law
def _digit(flip, open_, word, digit, later):
    # first binary digit where a uniform number and p differ decides: flip if the number is the smaller one
    flip |= open_ & digit & ~word
    return flip, open_ & ~(word ^ digit) & later


@law
def flips_upfront(seed, cell, event, stream, digits, later):
    """Compare 8 random binary digits a trap with its probability; returns (flipped traps, undecided traps)."""
    w0, w1, w2, w3 = words(seed, cell, event, stream, 0)
    w4, w5, w6, w7 = words(seed, cell, event, stream, 1)
    flip, open_ = _digit(U64(0), U64(ALL), w0, digits[0], later[0])
    flip, open_ = _digit(flip, open_, w1, digits[1], later[1])
    flip, open_ = _digit(flip, open_, w2, digits[2], later[2])
    flip, open_ = _digit(flip, open_, w3, digits[3], later[3])
    flip, open_ = _digit(flip, open_, w4, digits[4], later[4])
    flip, open_ = _digit(flip, open_, w5, digits[5], later[5])
    flip, open_ = _digit(flip, open_, w6, digits[6], later[6])
    flip, open_ = _digit(flip, open_, w7, digits[7], later[7])
    return flip, open_


@law
def flips_rest(flip, open_, seed, cell, event, stream, digits, later):
    """The remaining digits for a device that `flips_upfront` left undecided; returns the flipped traps."""
    j = _UPFRONT
    while open_ != 0 and j < DIGITS:
        w0, w1, w2, w3 = words(seed, cell, event, stream, j // 4)
        flip, open_ = _digit(flip, open_, w0, digits[j], later[j])
        flip, open_ = _digit(flip, open_, w1, digits[j + 1], later[j + 1])
        flip, open_ = _digit(flip, open_, w2, digits[j + 2], later[j + 2])
        flip, open_ = _digit(flip, open_, w3, digits[j + 3], later[j + 3])
        j += 4
    return flip
