"""Laws of the traps: exact Markov update over an interval, and the average over a read.

A trap's time constant is one of a grid of 256; which one is drawn at each quench from the trap's number. Chances for
the grid are tabulated once per interval, so that a trap costs a table look-up and a comparison of whole numbers. Tables
have two entries for each place on the grid, for a trap that is empty and for one that is filled.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pcmphys.numerics.borrow import borrowed
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.elementary import exp, log
from pcmphys.numerics.random import U64, Stream, normal_pair, words_of
from pcmphys.physics.state import SECTORS
from pcmphys.physics.telegraph import laws as telegraph

_TRAP_KIND = int(Stream.TRAP_KIND)
_TRAP_STATE = int(Stream.TRAP_STATE)
_TRAP_WINDOW = int(Stream.TRAP_WINDOW)
_TWO_NEG_32 = 2.0**-32
_MANY = 24.0  # with more expected transitions in a read its average is drawn from the normal limit
_BLOCKS = 64  # of random numbers for each trap that changes in a read
_ARRIVALS = 4096  # first block of the arrivals along the list of traps, behind those of 64 traps
_ROUNDED = 1.0 + 1e-9  # the sum of hazards may round up along the list of traps


@law
def coarse(word):
    """Uniform deviate in (0, 1) from one 32-bit word."""
    return (np.float64(np.int64(word)) + 0.5) * _TWO_NEG_32


@law
def draw_words(draw, stream, drawn):
    """Random words of blocks 0..7 into ``drawn`` (32,): one a trap. A loop of its own, so that LLVM vectorises it."""
    for block in range(8):
        w0, w1, w2, w3 = words_of(draw, stream, block)
        drawn[block] = w0
        drawn[8 + block] = w1
        drawn[16 + block] = w2
        drawn[24 + block] = w3


@law
def limit(chance):
    """Number of 32-bit words whose uniform deviate is below a chance: (w + 1/2) / 2^32 < c."""
    # at most 2^32: the detour over int64 is exact and, unlike float64 to uint64, a vector instruction
    return U64(np.int64(np.ceil(max(chance * 4294967296.0 - 0.5, 0.0))))


@law
def melt_traps(draw, molten, kind, bits, p):
    """Draw time constants and states of the traps in molten sectors anew; returns the states of all traps.

    ``molten`` (16,) is above zero in those sectors; each of their traps is filled with the mean occupancy.
    """
    for block in range(2):
        drawn = words_of(draw, _TRAP_KIND, block)
        for k in range(4):
            for byte in range(4):
                if molten[4 * k + byte] > 0.0:
                    kind[SECTORS * block + 4 * k + byte] = np.uint8((drawn[k] >> U64(8 * byte)) & U64(255))
    words_below = limit(p.filled)
    filled, there = U64(0), U64(0)
    for block in range(8):
        drawn = words_of(draw, _TRAP_STATE, block)
        for k in range(4):
            filled |= U64(drawn[k] < words_below) << U64(8 * k + block)
    for s in range(SECTORS):
        there |= U64(molten[s] > 0.0) << U64(s)
    there |= there << U64(SECTORS)
    return np.uint32((U64(bits) & ~there) | (filled & there))


@law
def places(kind, out):
    """Where the tables hold the time constant of each trap; out (32,)."""
    for trap in range(telegraph.MOST_TRAPS):
        out[trap] = U64(kind[trap]) << U64(1)


@law
def limits_since(elapsed, place, rates, work, out, p):
    """Limits as in `advance` for each trap of one device by itself, after a time [s] at ``rates`` [1/s]; out (64,).

    ``work`` (32 or more) is room for what is looked up, so that the second loop is vector code.
    """
    for trap in range(telegraph.MOST_TRAPS):
        work[trap] = rates[place[trap] >> U64(1)]
    for trap in range(telegraph.MOST_TRAPS):
        decay = exp(-elapsed * work[trap])
        out[2 * trap] = limit(telegraph.filled_after(0.0, decay, p.filled))
        out[2 * trap + 1] = limit(telegraph.filled_after(1.0, decay, p.filled))


@law
def advance(draw, bits, entry, limits, place, hazard, drawn, p):
    """States after an interval, and the number of transitions then expected in a read.

    ``limits[entry[trap]]`` and the one after it: words below it leave the trap filled, if empty or filled before (see
    `limit`); ``hazard[place[trap]]`` likewise the expected transitions in a read. ``drawn`` (32,) is room for random
    words.
    """
    draw_words(draw, _TRAP_STATE, drawn)
    after, expected = U64(0), 0.0
    for trap in range(p.traps):
        was = (bits >> U64(trap)) & U64(1)
        now = U64(drawn[trap] < limits[entry[trap] + was])
        after |= now << U64(trap)
        expected += hazard[place[trap] + now]
    return after, expected


@law
def _averaged(draw, trap, filled, rate, duration, p):
    """(state at the end, mean occupancy) of one trap over a read, its transitions drawn one by one."""
    up, down = rate * p.filled, rate * (1.0 - p.filled)
    elapsed, time_filled, block = 0.0, 0.0, 0
    while True:
        drawn = words_of(draw, _TRAP_WINDOW, _BLOCKS * trap + block)
        for k in range(4):
            pause = -math.log(coarse(drawn[k])) / (down if filled else up)
            if filled:
                time_filled += min(pause, duration - elapsed)
            elapsed += pause
            if elapsed >= duration:
                return filled, time_filled / duration
            filled = not filled
        block += 1
        if block == _BLOCKS:  # beyond 256 transitions where 24 are expected: never reached
            return filled, time_filled / elapsed


@law
def _averaged_many(draw, trap, rate, duration, p):
    """The same for a trap that changes many times within the read: normal limit of the time average."""
    drawn = words_of(draw, _TRAP_WINDOW, _BLOCKS * trap)
    deviate, _ = normal_pair(drawn[0], drawn[1], drawn[2], drawn[3])
    spread = math.sqrt(2.0 * p.filled * (1.0 - p.filled) / (rate * duration))
    drawn = words_of(draw, _TRAP_WINDOW, _BLOCKS * trap + 1)
    return coarse(drawn[0]) < p.filled, min(max(p.filled + spread * deviate, 0.0), 1.0)


class Window(NamedTuple):
    """What a read does to traps."""

    hazard: np.ndarray
    """(512,) transitions of a trap out of its state that are expected during the read."""
    rates: np.ndarray
    """(256,) rates [1/s] of the grid at the traps' temperature."""
    duration: float
    """Of the read [s]."""


@law
def window(draw, bits, place, expected, over, p, heights, noise):
    """Read of a given duration: what it averages, for each sector, into ``noise`` (16,); returns the states.

    ``noise`` is the sum over a sector's traps of their ``heights`` (32,) times how much longer than in the mean they
    are filled: what they add to ln of its resistance. Traps that change at all are few: their numbers are drawn as the
    arrivals of one Poisson process along the list of traps, so that a read takes one random number and one more for
    each trap that changes. ``over`` is the `Window`, ``expected`` the sum of its hazard over the traps as they are.
    """
    hazard, rates, duration = over
    for s in range(SECTORS):
        first = np.float64(np.int64((bits >> U64(s)) & U64(1))) - p.filled
        second = np.float64(np.int64((bits >> U64(s + SECTORS)) & U64(1))) - p.filled
        noise[s] = heights[s] * first + heights[s + SECTORS] * second
    after = bits
    block = _ARRIVALS
    pause = -log(coarse(words_of(draw, _TRAP_WINDOW, block)[0]))
    if pause > expected * _ROUNDED:
        return after
    for trap in range(p.traps):
        was = (bits >> U64(trap)) & U64(1)
        pause -= hazard[place[trap] + was]
        if pause < 0.0:
            block += 1
            pause = -log(coarse(words_of(draw, _TRAP_WINDOW, block)[0]))
            rate = rates[place[trap] >> U64(1)]
            if rate * duration > _MANY:
                filled, share = _averaged_many(draw, trap, rate, duration, p)
            else:
                filled, share = _changed(draw, trap, was == U64(1), rate, duration, p)
            bit = U64(1) << U64(trap)
            after = (after | bit) if filled else (after & ~bit)
            noise[trap % SECTORS] += heights[trap] * (share - (1.0 if was == U64(1) else 0.0))
    return after


@law
def _changed(draw, trap, filled, rate, duration, p):
    """Like `_averaged`, for a trap known to change at least once: the first transition lies within the read."""
    up, down = rate * p.filled, rate * (1.0 - p.filled)
    leave = down if filled else up
    drawn = words_of(draw, _TRAP_WINDOW, _BLOCKS * trap + _BLOCKS - 1)
    first = -math.log(1.0 - coarse(drawn[0]) * -math.expm1(-leave * duration)) / leave
    rest = duration - first
    before = first if filled else 0.0
    if rest <= 0.0:
        return not filled, before / duration
    state, share = _averaged(draw, trap, not filled, rate, rest, p)
    return state, (before + share * rest) / duration


@kernel
def accelerations(start, stop, temperature, p, out):
    """How much faster than at their reference temperature traps are, at each temperature [K]."""
    for i in range(start, stop):
        out[i] = telegraph.acceleration(temperature[i], p)


@kernel
def live_on(start, stop, duration, temperature, p, lag):
    """Let the traps of devices start..stop live on for a time [s], each device at its own temperature [K].

    ``lag`` [s] is their time at the reference temperature beside the common clock.
    """
    lag, temperature = borrowed((lag[start:stop], temperature[start:stop]))
    for i in range(lag.size):
        lag[i] += duration * telegraph.acceleration(temperature[i], p)
