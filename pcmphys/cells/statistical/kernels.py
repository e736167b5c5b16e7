"""Kernels of the statistical population: program, refresh traps, read.

State of a device: programmed conductance, drift exponent, read-noise amplitude (float64), states of the traps and
which of them were refreshed since programming (uint32), number of the programming event (uint32): 36 bytes.
"""

from __future__ import annotations

import numpy as np

from pcmphys.cells.statistical import laws
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.prefetch import NUMBERS, fetch
from pcmphys.numerics.random import U64, Draw, Stream, squared_radius, turned, uniform, words_abreast
from pcmphys.physics import flicker

_BLOCK = 4096  # cells whose scratch, up to 180 kB, stays in the second-level cache; a shorter one begins too often

_HALF, _QUARTER = NUMBERS // 2, NUMBERS // 4

_PROGRAMMING = int(Stream.PROGRAMMING)
_TRAP_REFRESH = int(Stream.TRAP_REFRESH)


@kernel
def program(start, stop, address, parameters, target, error, state):
    """Draw programming error, drift exponent and noise amplitude of cells start..stop; no trap is refreshed yet.

    ``address`` is (seed, first cell, event). ``target`` [S] is read; ``error`` [S] gets programmed minus target;
    ``state`` is (conductance, exponent, noise, traps, awake).
    """
    conductance, exponent, noise, traps, awake = state
    deviates, levels = np.empty((2, _BLOCK)), np.empty((2, _BLOCK))
    # one short loop an array: LLVM checks pairs of arrays for overlap and gives up on vector code when there are many
    for begin in range(start, stop, _BLOCK):
        end = min(begin + _BLOCK, stop)
        aim, level, log_level = target[begin:end], levels[0, : end - begin], levels[1, : end - begin]
        full = _rounded_up(end - begin)
        first, second = deviates[0, :full], deviates[1, :full]
        _draw_uniforms(_cells_from(address, begin), first, second, (conductance[begin:end], error[begin:end]))
        _take_radii(first, (exponent[begin:end], noise[begin:end]))
        _turn(first, second, (aim, traps[begin:end], awake[begin:end]))
        _take_levels(parameters, aim, level, log_level)
        _set_conductance(parameters, aim, first, conductance[begin:end], error[begin:end])
        _set_exponent(parameters, level, log_level, second, exponent[begin:end])
        _set_noise(parameters, level, log_level, noise[begin:end])
        traps[begin:end] = 0
        awake[begin:end] = 0


@law
def _rounded_up(count):
    """To full `NUMBERS`: loops over scratch go on beyond the last cell, so that each of their parts is as long."""
    return (count + NUMBERS - 1) // NUMBERS * NUMBERS


# `normal_pair` in three loops over scratch: a processor looks some 200 instructions ahead, so that it works on more
# cells at once where each has fewer. Each asks for arrays of the loops after it.


@kernel
def _draw_uniforms(address, first, second, soon):
    seed, first_cell, event = address
    for begin in range(0, first.size // NUMBERS * NUMBERS, NUMBERS):
        fetch(soon, begin)
        for i in range(begin, begin + _QUARTER):
            cell, j, k, m = first_cell + U64(i), i + _QUARTER, i + 2 * _QUARTER, i + 3 * _QUARTER
            own = (cell, 0), (cell + U64(_QUARTER), 0), (cell + U64(2 * _QUARTER), 0), (cell + U64(3 * _QUARTER), 0)
            w, x, y, z = words_abreast(seed, event, _PROGRAMMING, *own)
            first[i], second[i] = uniform(w[0], w[1]), uniform(w[2], w[3])
            first[j], second[j] = uniform(x[0], x[1]), uniform(x[2], x[3])
            first[k], second[k] = uniform(y[0], y[1]), uniform(y[2], y[3])
            first[m], second[m] = uniform(z[0], z[1]), uniform(z[2], z[3])


@kernel
def _take_radii(first, soon):
    for begin in range(0, first.size // NUMBERS * NUMBERS, NUMBERS):
        fetch(soon, begin)
        for i in range(begin, begin + NUMBERS):
            first[i] = squared_radius(first[i])


@kernel
def _turn(first, second, soon):
    for begin in range(0, first.size // NUMBERS * NUMBERS, NUMBERS):
        fetch(soon, begin)
        for i in range(begin, begin + NUMBERS):
            first[i], second[i] = turned(first[i], second[i])


@kernel
def _take_levels(parameters, target, level, log_level):
    for i in range(target.size):
        level[i] = target[i] / parameters.conductance_maximum
        log_level[i] = laws.logarithm_of_level(level[i])


@kernel
def _set_conductance(parameters, target, deviate, conductance, error):
    for i in range(target.size):
        found = laws.programmed(target[i], deviate[i], parameters)
        conductance[i] = found
        error[i] = found - target[i]


@kernel
def _set_exponent(parameters, level, log_level, deviate, exponent):
    if parameters.exponent_mean.power_factor == 0.0 and parameters.exponent_spread.power_factor == 0.0:
        for i in range(level.size):
            exponent[i] = laws.drift_exponent_by_logarithm(level[i], log_level[i], deviate[i], parameters)
        return
    for i in range(level.size):
        exponent[i] = laws.drift_exponent(level[i], log_level[i], deviate[i], parameters)


@kernel
def _set_noise(parameters, level, log_level, noise):
    for i in range(level.size):
        noise[i] = laws.moment(level[i], log_level[i], parameters.read_noise)


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
    words_, places = np.empty((5, _BLOCK), dtype=np.uint32), np.empty(_BLOCK, dtype=np.int64)
    for begin in range(start, stop, _BLOCK):
        end = min(begin + _BLOCK, stop)
        own = traps[begin:end], awake[begin:end]
        _refresh(_cells_from(address, begin), digits, words_, places, own, own)


@kernel
def read(start, stop, address, digits, reading, event, state, out):
    """Refresh the traps of cells start..stop, as `refresh_traps`, and read their conductance [S].

    That is: drift since the device's programming event, times one plus its noise. Without ``digits`` no trap changes.
    ``reading`` is (log_age, byte_table): ``log_age[e]`` is ln(t/t_0) of programming event e; ``byte_table`` as
    `flicker.byte_table` gives it; ``state`` as in `program`.
    """
    log_age, byte_table = reading
    conductance, exponent, noise, traps, awake = state
    words_, places = np.empty((5, _BLOCK), dtype=np.uint32), np.empty(_BLOCK, dtype=np.int64)
    offset, age = np.empty(_BLOCK), np.full(_BLOCK, log_age[0])
    for begin in range(start, stop, _BLOCK):
        end = min(begin + _BLOCK, stop)
        if digits.size > 0:
            cells, own = _cells_from(address, begin), (traps[begin:end], awake[begin:end])
            soon = conductance[begin:end], exponent[begin:end], noise[begin:end], out[begin:end], *own
            _refresh(cells, digits, words_, places, own, soon)
        _trap_sums(byte_table, traps[begin:end], awake[begin:end], offset)
        if log_age.size > 1:  # else all cells have the one event
            _take_ages(log_age, event[begin:end], age)
        _combine(conductance[begin:end], exponent[begin:end], noise[begin:end], age, offset, out[begin:end])


@law
def _cells_from(address, begin):
    return address[0], address[1] + U64(begin), address[2]


@kernel
def _refresh(address, digits, words_, places, own, soon):
    """A block of cells with their ``own`` (traps, awake); ``words_`` (5, block) and ``places`` (block) are scratch.

    ``soon`` are arrays that are asked for.
    """
    traps, awake = own
    count, complement = traps.size, np.uint32(digits[0, flicker.DIGITS])
    full = _rounded_up(count)
    _draw_digits(address, digits, words_[0, :full], words_[1, :full], words_[2, :full], soon)
    hits, undecided, states = words_[0, :count], words_[1, :count], words_[2, :count]
    _decide(address, digits, hits, undecided, (places, words_[3], words_[4]))
    _set_states(complement, hits, states, traps)
    _wake(complement, hits, awake)


@kernel
def _draw_digits(address, digits, hits, undecided, states, soon):
    seed, first_cell, event = address
    chance, later = digits[0], digits[1]
    for begin in range(0, hits.size // NUMBERS * NUMBERS, NUMBERS):
        fetch(soon, begin)
        for i in range(begin, begin + _HALF):
            cell, other, j = first_cell + U64(i), first_cell + U64(i + _HALF), i + _HALF
            own = (cell, 0), (cell, 1), (other, 0), (other, 1)
            w, x, y, z = words_abreast(seed, event, _TRAP_REFRESH, *own)
            hits[i], undecided[i], states[i] = _few_bits(flicker.refresh_upfront(w, x, chance, later))
            hits[j], undecided[j], states[j] = _few_bits(flicker.refresh_upfront(y, z, chance, later))


@law
def _few_bits(found):
    return np.uint32(found[0]), np.uint32(found[1]), np.uint32(found[2])


@kernel
def _decide(address, digits, hits, undecided, room):
    """Further digits where the first ones do not decide: such cells are put side by side, so that it is vector code."""
    seed, first_cell, event = address
    chance, later = digits[0], digits[1]
    places, hit, left = room
    waiting = 0
    for i in range(undecided.size):
        places[waiting] = i
        waiting += undecided[i] != 0
    block = flicker.FIRST_MORE
    while waiting > 0 and block < flicker.LAST_MORE:
        for k in range(waiting):
            hit[k], left[k] = hits[places[k]], undecided[places[k]]
        for k in range(waiting):
            draw = Draw(seed, first_cell + U64(places[k]), event)
            found, open_ = flicker.refresh_more(U64(hit[k]), U64(left[k]), draw, _TRAP_REFRESH, block, chance, later)
            hit[k], left[k] = np.uint32(found), np.uint32(open_)
        still = 0
        for k in range(waiting):
            i = places[k]
            hits[i], undecided[i] = hit[k], left[k]
            places[still] = i
            still += left[k] != 0
        waiting = still
        block += 1


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
def _take_ages(log_age, event, age):
    for i in range(event.size):
        age[i] = log_age[event[i]]


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
