"""Kernels of the statistical population: program, refresh traps, read.

State of a device: programmed conductance, drift exponent, read-noise amplitude (float64), states of the traps and
which of them were refreshed since programming (uint32), number of the programming event (uint32): 36 bytes.
"""

from __future__ import annotations

import numpy as np

from pcmphys.cells.statistical import laws
from pcmphys.numerics.compile import kernel
from pcmphys.numerics.random import U64, Stream, normal_pair, words
from pcmphys.physics import flicker

_BLOCK = 512  # cells whose scratch stays in the first-level cache

_PROGRAMMING = int(Stream.PROGRAMMING)
_TRAP_REFRESH = int(Stream.TRAP_REFRESH)


@kernel
def program(start, stop, address, parameters, target, error, state):
    """Draw programming error, drift exponent and noise amplitude of cells start..stop; no trap is refreshed yet.

    ``address`` is (seed, first cell, event). ``target`` [S] is read; ``error`` [S] gets programmed minus target;
    ``state`` is (conductance, exponent, noise, traps, awake).
    """
    seed, first_cell, event = address
    conductance, exponent, noise, traps, awake = state
    # one short loop an array: LLVM checks pairs of arrays for overlap and gives up on vector code when there are many
    for begin in range(start, stop, _BLOCK):
        end = min(begin + _BLOCK, stop)
        here = (seed, first_cell + U64(begin), event)
        _draw_conductance(here, parameters, target[begin:end], conductance[begin:end], exponent[begin:end])
        _draw_noise(parameters, target[begin:end], noise[begin:end])
        _subtract(conductance[begin:end], target[begin:end], error[begin:end])
        traps[begin:end] = 0
        awake[begin:end] = 0


@kernel
def _draw_conductance(address, parameters, target, conductance, exponent):
    seed, first_cell, event = address
    for i in range(target.size):
        w0, w1, w2, w3 = words(seed, first_cell + U64(i), event, _PROGRAMMING, 0)
        z_conductance, z_exponent = normal_pair(w0, w1, w2, w3)
        level = target[i] / parameters.conductance_maximum
        log_level = laws.logarithm_of_level(level)
        conductance[i] = laws.programmed(target[i], z_conductance, parameters)
        exponent[i] = laws.drift_exponent(level, log_level, z_exponent, parameters)


@kernel
def _subtract(x, y, out):
    for i in range(out.size):
        out[i] = x[i] - y[i]


@kernel
def _draw_noise(parameters, target, noise):
    for i in range(target.size):
        level = target[i] / parameters.conductance_maximum
        noise[i] = laws.moment(level, laws.logarithm_of_level(level), parameters.read_noise)


@kernel
def moments(start, stop, parameters, target, out):
    """Programming error, mean and spread of the drift exponent, and read noise at ``target`` [S]; out (4, cells)."""
    for i in range(start, stop):
        level = target[i] / parameters.conductance_maximum
        log_level = laws.logarithm_of_level(level)
        out[0, i] = laws.programming_spread(level, parameters)
        out[1, i] = laws.moment(level, log_level, parameters.exponent_mean)
        out[2, i] = laws.moment(level, log_level, parameters.exponent_spread)
        out[3, i] = laws.moment(level, log_level, parameters.read_noise)


@kernel
def refresh_traps(start, stop, address, digits, traps, awake):
    """Refresh the traps of cells start..stop in place; ``digits`` as `flicker.refresh_digits` gives them."""
    seed, first_cell, event = address
    traps, awake = traps[start:stop], awake[start:stop]
    chance, later, complement = digits[0], digits[1], digits[0, flicker.DIGITS]
    base = first_cell + U64(start)
    undecided = np.empty(_BLOCK, dtype=np.uint32)
    hits = np.empty(_BLOCK, dtype=np.uint32)
    states = np.empty(_BLOCK, dtype=np.uint32)
    for begin in range(0, traps.size, _BLOCK):
        count = min(_BLOCK, traps.size - begin)
        here = base + U64(begin)
        any_open = U64(0)
        for i in range(count):
            hit, open_, fresh = flicker.refresh_upfront(seed, here + U64(i), event, _TRAP_REFRESH, chance, later)
            hits[i] = np.uint32(hit)
            undecided[i] = np.uint32(open_)
            states[i] = np.uint32(fresh)
            any_open |= open_
        if any_open != 0:
            for i in range(count):
                if undecided[i] != 0:
                    hit, open_, cell = U64(hits[i]), U64(undecided[i]), here + U64(i)
                    hit = flicker.refresh_rest(hit, open_, seed, cell, event, _TRAP_REFRESH, chance, later)
                    hits[i] = np.uint32(hit)
        _set_states(np.uint32(complement), hits[:count], states[:count], traps[begin : begin + count])
        _wake(np.uint32(complement), hits[:count], awake[begin : begin + count])


@kernel
def _set_states(complement, hits, states, traps):
    for i in range(traps.size):
        refreshed = hits[i] ^ complement
        traps[i] = (traps[i] & ~refreshed) | (states[i] & refreshed)


@kernel
def _wake(complement, hits, awake):
    for i in range(awake.size):
        awake[i] |= hits[i] ^ complement


@kernel
def read(start, stop, log_age, byte_table, event, state, out):
    """Conductance [S] of cells start..stop: drift since the device's programming event, times one plus its noise.

    ``log_age[e]`` is ln(t/t_0) of programming event e; ``byte_table`` as `flicker.byte_table` gives it; ``state`` as
    in `program`.
    """
    conductance, exponent, noise, traps, awake = state
    offset = np.empty(_BLOCK)
    age = np.empty(_BLOCK)
    for begin in range(start, stop, _BLOCK):
        end = min(begin + _BLOCK, stop)
        _trap_sums(byte_table, traps[begin:end], awake[begin:end], offset)
        events = event[begin:end]
        for i in range(events.size):
            age[i] = log_age[events[i]]
        _combine(conductance[begin:end], exponent[begin:end], noise[begin:end], age, offset, out[begin:end])


@kernel
def _trap_sums(byte_table, traps, awake, offset):
    for i in range(traps.size):
        up, down = awake[i] & traps[i], awake[i] & ~traps[i]
        total = byte_table[up & 255] - byte_table[down & 255]
        total += byte_table[256 + ((up >> 8) & 255)] - byte_table[256 + ((down >> 8) & 255)]
        total += byte_table[512 + ((up >> 16) & 255)] - byte_table[512 + ((down >> 16) & 255)]
        offset[i] = total + (byte_table[768 + (up >> 24)] - byte_table[768 + (down >> 24)])


@kernel
def _combine(conductance, exponent, noise, age, offset, out):
    for i in range(out.size):
        drifted = laws.drifted(conductance[i], exponent[i], age[i])
        out[i] = max(drifted * (1.0 + noise[i] * offset[i]), 0.0)
