"""Counter-based random numbers: number = f(seed, cell, event, stream), nothing else.

Philox4x32-10 turns a 128-bit counter and a 64-bit key into four 32-bit words. The key is the seed; the counter holds
the cell's number, the event (a pulse, a wait, a read: counted by the population) and the `Stream` with a block number.
So a draw does not depend on which thread makes it, on the order of cells, or on which slice of the array is in memory.

References
----------
J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011).
Normal deviates: G. E. P. Box, M. E. Muller, Ann. Math. Stat. 29, 610 (1958).
Poisson deviates: L. Devroye, *Non-Uniform Random Variate Generation* (1986), ch. X.3 (sequential search); above a mean
of 30 the transformed rejection PTRS of W. Hörmann, Insurance: Math. Econ. 12, 39 (1993).
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import NamedTuple

import numba

from pcmphys.numerics.compile import law
from pcmphys.numerics.elementary import exp, log, sine_pair

_M0, _M1 = 0xD2511F53, 0xCD9E8D57
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_MASK = 0xFFFFFFFF
_TWO_NEG_53 = 2.0**-53

U64 = numba.uint64


class Stream(IntEnum):
    """Registry of every noise source, up to 255. A number once given is never given to another source."""

    PROGRAMMING = 1
    """Programming error and drift exponent of a statistical cell: one normal pair a device and programming event."""
    TRAP_REFRESH = 2
    """Which traps are refreshed over an interval, and to which state: blocks 0, 1, ... a device and trap event."""
    CALIBRATION = 3
    """Known input patterns of drift compensation (cell = position in the pattern)."""
    DEVICE = 4
    """What a mushroom device is born with (event 0): eight normals a device."""
    FRONT = 5
    """Roughness of the melt front: a device's own (event 0) and that of each pulse, 16 normals a device."""
    QUENCH = 6
    """Drift exponents of dome and films: one normal pair a device and quench."""
    NUCLEI = 7
    """Candidate nuclei of a pulse, a block each."""
    TRAP_KIND = 8
    """Time constants of a device's traps: a byte a trap and quench."""
    TRAP_STATE = 9
    """States of a device's traps after a pulse or an interval: a word a trap."""
    TRAP_WINDOW = 10
    """What a device's traps do within a read."""
    ANNEAL = 11
    """Nuclei of a wait, one after the other."""
    TEXTURE = 12
    """Conductivity of what crystallizes in each sector: 16 normals a device and melt."""
    PULSED_BIRTH = 40
    """What a device that is trained in place is born with (event 0): five blocks a device."""
    PULSED_STEP = 41
    """Steps from pulse to pulse: a normal a pulse."""
    PULSED_WRITE = 42
    """What reads as written against what is kept: a normal a device and train of pulses."""
    PULSED_READ = 43
    """Noise of a read: a normal a device."""
    PULSED_RESET = 44
    """Where a RESET leaves a device, and how that reads: a pair a device."""
    TRAIN_ROWS = 45
    """Slots in which a word line fires: bit planes of its chance, a draw a line and update."""
    TRAIN_COLUMNS = 46
    """Slots in which a bit line fires, likewise."""
    TRAIN_STEP = 47
    """Steps where both lines fire: normals of a word line, slot by slot."""
    TRAIN_WRITE = 48
    """What then reads as written: normals of a word line."""
    TRAIN_CHOPPER = 49
    """Which lines change their sign after a transfer: a uniform number a line and transfer."""


@law
def _round(c0, c1, c2, c3, k0, k1, number):
    mask = U64(_MASK)
    half = U64(32)
    p0 = U64(_M0) * c0
    p1 = U64(_M1) * c2
    key0 = (k0 + number * U64(_W0)) & mask
    key1 = (k1 + number * U64(_W1)) & mask
    return (p1 >> half) ^ c1 ^ key0, p1 & mask, (p0 >> half) ^ c3 ^ key1, p0 & mask


@law
def philox(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10: four 32-bit words (as uint64) from the counter words c0..c3 and the key words k0, k1.

    Examples
    --------
    The first known answer of Random123:

    >>> [f"{word:08x}" for word in philox(0, 0, 0, 0, 0, 0)]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    # written out: LLVM turns ten calls into vector code, a loop of ten it does not
    c0, c1, c2, c3, k0, k1 = U64(c0), U64(c1), U64(c2), U64(c3), U64(k0), U64(k1)
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1, U64(0))
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1, U64(1))
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1, U64(2))
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1, U64(3))
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1, U64(4))
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1, U64(5))
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1, U64(6))
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1, U64(7))
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1, U64(8))
    return _round(c0, c1, c2, c3, k0, k1, U64(9))


@law
def words(seed, cell, event, stream, block):
    """Four words of one cell's draw; ``seed`` and ``cell`` up to 64 bits, ``event`` 32, ``stream`` 8, ``block`` 24.

    The caller sees to it that none is larger: two draws would then be the same.
    """
    seed = U64(seed)
    return philox(*_counter(cell, event, stream, block), seed & U64(_MASK), seed >> U64(32))


@law
def _counter(cell, event, stream, block):
    mask = U64(_MASK)
    half = U64(32)
    cell = U64(cell)
    return (
        cell & mask,
        cell >> half,
        U64(event),
        # the upper byte of a block stands above the stream, whose number has left it free
        ((U64(block) >> U64(16)) << U64(24)) | (U64(stream) << U64(16)) | (U64(block) & U64(0xFFFF)),
    )


@law
def words_abreast(seed, event, stream, a, b, c, d):
    """`words` of four draws, each a pair (cell, block), as four tuples: for loops over many cells.

    Each round of one waits for the round before. Round by round, a processor finds those of four draws side by side: a
    third faster.
    """
    seed = U64(seed)
    key = seed & U64(_MASK), seed >> U64(32)
    a, b = _counter(a[0], event, stream, a[1]), _counter(b[0], event, stream, b[1])
    c, d = _counter(c[0], event, stream, c[1]), _counter(d[0], event, stream, d[1])
    a, b, c, d = _rounds(a, b, c, d, key, U64(0))
    a, b, c, d = _rounds(a, b, c, d, key, U64(1))
    a, b, c, d = _rounds(a, b, c, d, key, U64(2))
    a, b, c, d = _rounds(a, b, c, d, key, U64(3))
    a, b, c, d = _rounds(a, b, c, d, key, U64(4))
    a, b, c, d = _rounds(a, b, c, d, key, U64(5))
    a, b, c, d = _rounds(a, b, c, d, key, U64(6))
    a, b, c, d = _rounds(a, b, c, d, key, U64(7))
    a, b, c, d = _rounds(a, b, c, d, key, U64(8))
    return _rounds(a, b, c, d, key, U64(9))


@law
def _rounds(a, b, c, d, key, number):
    return _round(*a, *key, number), _round(*b, *key, number), _round(*c, *key, number), _round(*d, *key, number)


class Draw(NamedTuple):
    """Whose random numbers a law takes: those of one cell at one event."""

    seed: int
    cell: int
    event: int


@law
def draw_of(address, i):
    """The `Draw` of cell i of a population; ``address`` is (seed, number of its first cell, event)."""
    return Draw(address[0], address[1] + U64(i), address[2])


@law
def words_of(draw, stream, block):
    """Four words of a `Draw`, see `words`."""
    return words(draw.seed, draw.cell, draw.event, stream, block)


@law
def uniform(high, low):
    """Uniform deviate in (0, 1), 53 bits, from two words: (k + 1/2) 2**-53, so never 0 and never 1."""
    k = (U64(high) << U64(21)) | (U64(low) >> U64(11))
    # below 2**53: the detour over int64 is exact and, unlike uint64 to float64, a vector instruction
    return min((numba.float64(numba.int64(k)) + 0.5) * _TWO_NEG_53, 1.0 - _TWO_NEG_53)


@law
def normal_pair(w0, w1, w2, w3):
    """Two independent standard normal deviates from four words (largest magnitude 8.6)."""
    return turned(squared_radius(uniform(w0, w1)), uniform(w2, w3))


@law
def squared_radius(u):
    """Square of the length of a pair of standard normal deviates, from a uniform one in (0, 1)."""
    return -2.0 * log(u)


@law
def turned(square, turns):
    """The pair of that length squared at an angle of ``turns`` turns: two independent normal deviates."""
    radius = math.sqrt(square)
    cosine, sine = sine_pair(turns)
    return radius * cosine, radius * sine


@law
def poisson(mean, seed, cell, event, stream):
    """Poisson deviate (int64) of the given mean >= 0; uses blocks 0, 1, ... of the stream. A NaN mean gives -1.

    Examples
    --------
    >>> poisson(0.0, 1, 2, 3, 4)
    0
    """
    if not mean >= 0.0:
        return -1
    if mean < 30.0:
        return _poisson_search(mean, seed, cell, event, stream)
    return _poisson_reject(mean, seed, cell, event, stream)


@law
def _poisson_search(mean, seed, cell, event, stream):
    w0, w1, _, _ = words(seed, cell, event, stream, 0)
    u = uniform(w0, w1)
    probability = exp(-mean)
    count = 0
    # the tail beyond 200 is below 1e-80 for a mean of 30: the bound only stops a loop on rounding
    while u > probability and count < 200:
        u -= probability
        count += 1
        probability *= mean / count
    return count


@law
def _poisson_reject(mean, seed, cell, event, stream):
    root = math.sqrt(mean)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    v_r = 0.9277 - 3.6224 / (b - 2.0)
    for block in range(4096):
        w0, w1, w2, w3 = words(seed, cell, event, stream, block)
        u = uniform(w0, w1) - 0.5
        v = uniform(w2, w3)
        us = 0.5 - abs(u)
        k = math.floor((2.0 * a / us + b) * u + mean + 0.43)
        if us >= 0.07 and v <= v_r:
            return int(k)
        if k < 0.0 or (us < 0.013 and v > us):
            continue
        accept = math.log(v) + math.log(inverse_alpha) - math.log(a / (us * us) + b)
        if accept <= -mean + k * math.log(mean) - math.lgamma(k + 1.0):
            return int(k)
    return int(mean)  # each block accepts with probability above 0.8: never reached in practice
