"""Pulses of several word lines, gathered: their numbers drawn, and a step of each device, in vector code.

First comes one step of each device that is met. No two of these are of one device, so that all can be computed side by
side; where a device is met again, in another slot of the same train, its further steps come after, one by one.
"""

from __future__ import annotations

import numpy as np

from pcmphys.cells.pulsed.kernels import at, own_of
from pcmphys.cells.pulsed.laws import change
from pcmphys.cells.pulsed.laws.own import Own
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.random import U64, squared_radius, turned, words
from pcmphys.training.products import reads_as

GATHERED = 512
"""Numbers from which on those gathered are drawn, and the pulses that wait for them sent."""
_PER_WORD = 2.0**-32
_ROOM = 10
"""What `step_all` lays side by side of each device."""


@law
def places(entries: int) -> np.ndarray:
    """Room for so many pulses of a word line behind those that were gathered before."""
    return np.empty(GATHERED + entries, dtype=np.int64)


@law
def blocks(entries: int) -> tuple[np.ndarray, np.ndarray]:
    """Room for the lines and blocks that their numbers are drawn from: each line takes whole blocks of four."""
    groups = GATHERED + entries // 4 + 4
    return np.empty(groups, dtype=np.uint64), np.empty(groups, dtype=np.uint64)


@law
def side_by_side(entries: int) -> np.ndarray:
    """Room in which `step_all` works."""
    return np.empty((_ROOM, GATHERED + entries))


@law
def noted_blocks(count: int, line: int, group: int, drawn: tuple[np.ndarray, np.ndarray]) -> int:
    """Note the blocks that hold ``count`` numbers of a line, from place ``group`` on; the next place."""
    lines, numbers = drawn
    for block in range((count + 3) // 4):
        lines[group + block], numbers[group + block] = U64(line), U64(block)
    return group + (count + 3) // 4


@kernel
def draw_words(address, stream, count, drawn, radius, angle):
    """Words for normal numbers, four of each of ``count`` blocks: those of a line each, the lines in any order."""
    seed, cell, event = address
    lines, numbers = drawn
    for group in range(count):
        g = U64(group)  # counting from the zeroth, not from the end: vector code
        w0, w1, w2, w3 = words(seed, cell + lines[g], event, stream, numbers[g])
        k = U64(2) * g
        radius[k], angle[k] = np.float64(np.int64(w0)), np.float64(np.int64(w1))
        radius[k + U64(1)], angle[k + U64(1)] = np.float64(np.int64(w2)), np.float64(np.int64(w3))


@kernel
def normals(count, radius, angle, z):
    """Standard normal numbers of the words drawn, two of each pair."""
    for pair in range(count):
        k = U64(pair)
        # the whole number is below 2^32: never 0 and never 1 with a half added
        square = squared_radius((radius[k] + 0.5) * _PER_WORD)
        z[U64(2) * k], z[U64(2) * k + U64(1)] = turned(square, angle[k] * _PER_WORD)


@law
def device_of(pulse: int) -> int:
    """The device of a pulse, which stands for -1 - device if it goes down."""
    return pulse if pulse >= 0 else -1 - pulse


@law
def steps_by(kind, count, p, table, room):
    """Steps of devices side by side, by the law of one kind: written as a constant, it leaves a loop of that law."""
    weight, towards, deviate = room[0], room[1], room[2]
    up, down, low, high, first, second, memory = room[3], room[4], room[5], room[6], room[7], room[8], room[9]
    for q in range(count):
        k = U64(q)  # counting from the zeroth, not from the end: vector code
        own = Own(up[k], down[k], low[k], high[k], first[k], second[k], memory[k])
        weight[k] = change.pulsed_by(kind, weight[k], towards[k] > 0.0, deviate[k], own, p, table)


@kernel
def step_all(count, laws, steps, z, devices, room):
    """A step of each of some devices, no two of them the same, each at its number of ``z``.

    ``steps``: pulses, as of `device_of`, and places of their numbers. The law is asked for once, not at every step.
    """
    p, table, _ = laws
    pulses, numbers = steps
    traits, state = devices
    weight, towards, deviate = room[0], room[1], room[2]
    up, down, low, high, first, second, memory = room[3], room[4], room[5], room[6], room[7], room[8], room[9]
    for q in range(count):
        k, d = U64(q), device_of(pulses[q])
        own = own_of(d, at(state.memory, d), traits)
        weight[k], towards[k], deviate[k] = np.float64(state.weight[d]), 1.0 if pulses[q] >= 0 else -1.0, z[numbers[q]]
        up[k], down[k], low[k], high[k] = own.up, own.down, own.low, own.high
        first[k], second[k], memory[k] = own.first, own.second, own.memory
    if p.kind == change.CONSTANT:
        steps_by(change.CONSTANT, count, p, table, room)
    elif p.kind == change.LINEAR:
        steps_by(change.LINEAR, count, p, table, room)
    elif p.kind == change.SOFT_BOUNDS:
        steps_by(change.SOFT_BOUNDS, count, p, table, room)
    elif p.kind == change.EXPONENTIAL:
        steps_by(change.EXPONENTIAL, count, p, table, room)
    elif p.kind == change.POWER:
        steps_by(change.POWER, count, p, table, room)
    elif p.kind == change.NONLINEAR:
        steps_by(change.NONLINEAR, count, p, table, room)
    elif p.kind == change.JUMP_TABLE:
        steps_by(change.JUMP_TABLE, count, p, table, room)
    else:
        steps_by(change.INCREMENTAL_SET, count, p, table, room)
    for q in range(count):
        d = device_of(pulses[q])
        state.weight[d] = weight[U64(q)]
        if p.forget < 1.0:
            state.memory[d] = memory[U64(q)] * p.forget


@kernel
def step_again(count, laws, steps, z, devices):
    """Further steps of devices, one after the other."""
    p, table, _ = laws
    pulses, numbers = steps
    traits, state = devices
    for q in range(count):
        d = device_of(pulses[q])
        memory = at(state.memory, d)
        weight, deviate = np.float64(state.weight[d]), z[numbers[q]]
        state.weight[d] = change.pulsed(weight, pulses[q] >= 0, deviate, own_of(d, memory, traits), p, table)
        if p.forget < 1.0:
            state.memory[d] = memory * p.forget


@kernel
def note_writes(count, write_noise, now, steps, z, devices):
    """What pulsed devices read as from now [s] on: their write noise, and the time of their pulse."""
    pulses, numbers = steps
    traits, state = devices
    for q in range(count):
        d = device_of(pulses[q])
        # what is stuck keeps also how it reads
        if traits.low[d] == traits.high[d]:
            continue
        if write_noise > 0.0:
            state.offset[d] = write_noise * z[numbers[q]]
        if state.pulsed.size == state.weight.size:
            state.pulsed[d] = now


@kernel
def show(count, pulses, state, reference, shown):
    """Note what pulsed devices read as now."""
    for q in range(count):
        d = device_of(pulses[q])
        shown[d] = reads_as(d, state, reference)
