"""Kernels of the statistical population: program, flip traps, read.

State of a device: programmed conductance, drift exponent, read-noise amplitude (float64), traps now and traps at the
first read (uint32), number of the programming event (uint32): 36 bytes.
"""

from __future__ import annotations

import numpy as np

from pcmphys._jit import kernel
from pcmphys.models import flicker, statistical
from pcmphys.rng import U64, Stream, normal_pair, words

_BLOCK = 512  # cells whose scratch stays in the first-level cache

_PROGRAMMING = int(Stream.PROGRAMMING)
_TRAP_START = int(Stream.TRAP_START)
_TRAP_FLIP = int(Stream.TRAP_FLIP)


@kernel
def program(start, stop, seed, first_cell, event, parameters, target, error, conductance, exponent, noise, traps, home):
    """Draw programming error, drift exponent, noise amplitude and first trap states of cells start..stop.

    ``target`` [S] is read; ``error`` [S] gets programmed minus target; ``traps`` and ``home`` get the same word.
    """
    target, error = target[start:stop], error[start:stop]
    conductance, exponent, noise = conductance[start:stop], exponent[start:stop], noise[start:stop]
    traps, home = traps[start:stop], home[start:stop]
    base = U64(first_cell) + U64(start)
    # one short loop an array: LLVM checks pairs of arrays for overlap and gives up on vector code when there are many
    for begin in range(0, target.size, _BLOCK):
        end = min(begin + _BLOCK, target.size)
        _draw_conductance(base, seed, event, parameters, begin, end, target, conductance, exponent)
        _draw_noise(base, seed, event, parameters, begin, end, target, noise)
        _draw_traps(base, seed, event, begin, end, traps)
        for i in range(begin, end):
            home[i] = traps[i]
        for i in range(begin, end):
            error[i] = conductance[i] - target[i]


@kernel
def _draw_conductance(base, seed, event, parameters, begin, end, target, conductance, exponent):
    target, conductance, exponent = target[begin:end], conductance[begin:end], exponent[begin:end]
    base += U64(begin)
    for i in range(target.size):
        w0, w1, w2, w3 = words(seed, base + U64(i), event, _PROGRAMMING, 0)
        z_conductance, z_exponent = normal_pair(w0, w1, w2, w3)
        level = target[i] / parameters.conductance_maximum
        log_level = statistical.logarithm_of_level(level)
        conductance[i] = statistical.programmed(target[i], z_conductance, parameters)
        exponent[i] = statistical.drift_exponent(level, log_level, z_exponent, parameters)


@kernel
def _draw_noise(base, seed, event, parameters, begin, end, target, noise):
    target, noise = target[begin:end], noise[begin:end]
    for i in range(target.size):
        level = target[i] / parameters.conductance_maximum
        noise[i] = statistical.moment(level, statistical.logarithm_of_level(level), parameters.read_noise)


@kernel
def _draw_traps(base, seed, event, begin, end, traps):
    traps = traps[begin:end]
    base += U64(begin)
    for i in range(traps.size):
        w0, _, _, _ = words(seed, base + U64(i), event, _TRAP_START, 0)
        traps[i] = np.uint32(w0)


@kernel
def advance_traps(start, stop, seed, first_cell, event, digits, later, traps):
    """Flip the traps of cells start..stop in place; ``digits`` and ``later`` as `flicker.flip_digits` gives them."""
    traps = traps[start:stop]
    base = U64(first_cell) + U64(start)
    undecided = np.empty(_BLOCK, dtype=np.uint32)
    flipped = np.empty(_BLOCK, dtype=np.uint32)
    for begin in range(0, traps.size, _BLOCK):
        block = traps[begin : begin + _BLOCK]
        here = base + U64(begin)
        any_open = U64(0)
        for i in range(block.size):
            flip, open_ = flicker.flips_upfront(seed, here + U64(i), event, _TRAP_FLIP, digits, later)
            flipped[i] = np.uint32(flip)
            undecided[i] = np.uint32(open_)
            any_open |= open_
        if any_open != 0:
            for i in range(block.size):
                if undecided[i] != 0:
                    flipped[i] = np.uint32(
                        flicker.flips_rest(
                            U64(flipped[i]), U64(undecided[i]), seed, here + U64(i), event, _TRAP_FLIP, digits, later
                        )
                    )
        for i in range(block.size):
            block[i] ^= flipped[i]


@kernel
def read(start, stop, log_age, byte_table, event, conductance, exponent, noise, traps, home, out):
    """Conductance [S] of cells start..stop: drift since the device's programming event, times one plus its noise.

    ``log_age[e]`` is ln(t/t_0) of programming event e; ``byte_table`` as `flicker.byte_table` gives it.
    """
    event, conductance, exponent = event[start:stop], conductance[start:stop], exponent[start:stop]
    noise, traps, home, out = noise[start:stop], traps[start:stop], home[start:stop], out[start:stop]
    away = np.empty(_BLOCK)
    age = np.empty(_BLOCK)
    for begin in range(0, out.size, _BLOCK):
        end = min(begin + _BLOCK, out.size)
        _trap_sums(byte_table, traps[begin:end], home[begin:end], away)
        events = event[begin:end]
        for i in range(events.size):
            age[i] = log_age[events[i]]
        _combine(conductance[begin:end], exponent[begin:end], noise[begin:end], age, away, out[begin:end])


@kernel
def _trap_sums(byte_table, traps, home, away):
    for i in range(traps.size):
        now, then = traps[i], home[i]
        total = byte_table[now & 255] - byte_table[then & 255]
        total += byte_table[256 + ((now >> 8) & 255)] - byte_table[256 + ((then >> 8) & 255)]
        total += byte_table[512 + ((now >> 16) & 255)] - byte_table[512 + ((then >> 16) & 255)]
        away[i] = total + (byte_table[768 + (now >> 24)] - byte_table[768 + (then >> 24)])


@kernel
def _combine(conductance, exponent, noise, age, away, out):
    for i in range(out.size):
        drifted = statistical.drifted(conductance[i], exponent[i], age[i])
        out[i] = max(drifted * (1.0 + noise[i] * away[i]), 0.0)
