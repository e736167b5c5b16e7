"""The update of an array: trains of its lines, and a step of each device in which both lines fire.

Every number drawn belongs to a line and an update, whichever thread draws it and whatever else is updated in the same
call: rows may be shared out and batches cut in any way, and every weight keeps its bits.
"""

from __future__ import annotations

import math

import numpy as np

from pcmphys.cells.pulsed.kernels import at, own_of
from pcmphys.cells.pulsed.laws import change
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.elementary import log, sine_pair
from pcmphys.numerics.random import U64, Stream, words

_ROWS, _COLUMNS = int(Stream.TRAIN_ROWS), int(Stream.TRAIN_COLUMNS)
_STEP, _WRITE = int(Stream.TRAIN_STEP), int(Stream.TRAIN_WRITE)
_DIGITS = 53
_SCALE = 2.0**_DIGITS
_PER_WORD = 2.0**-32
_SLOTS = 64


@law
def train(chance, length, seed, cell, event, stream):
    """Slots in which a line fires, a bit each: those whose uniform number U is below its chance.

    U is compared with the chance digit by digit, for all slots at once, until no slot is undecided; a word of Philox
    holds a digit of 32 slots.
    """
    mask = ~U64(0) if length >= _SLOTS else (U64(1) << U64(length)) - U64(1)
    if chance >= 1.0:
        return mask
    if not chance > 0.0:
        return U64(0)
    digits = U64(np.int64(chance * _SCALE))
    wide = length > 32
    fires, undecided = U64(0), mask
    place, block = _DIGITS, 0
    while place > 0 and undecided != 0:
        w0, w1, w2, w3 = words(seed, cell, event, stream, block)
        block += 1
        planes = 2 if wide else 4
        for k in range(planes):
            if place == 0:
                break
            if wide:
                plane = (w0 << U64(32)) | w1 if k == 0 else (w2 << U64(32)) | w3
            else:
                plane = (w0 if k == 0 else w1) if k < 2 else (w2 if k == 2 else w3)
            place -= 1
            if (digits >> U64(place)) & U64(1):
                fires |= undecided & ~plane
                undecided &= plane
            else:
                undecided &= ~plane
    return fires


@kernel
def normals(address, stream, first_block, count, radius, angle, out):
    """Standard normal numbers, ``count`` of them rounded up to fours; four from each call of Philox.

    ``radius``, ``angle`` are room for half as many. ``address`` is (seed, cell, event).
    """
    seed, cell, event = address
    blocks = (count + 3) // 4
    for b in range(blocks):
        w0, w1, w2, w3 = words(seed, cell, event, stream, first_block + b)
        radius[2 * b], angle[2 * b] = np.float64(np.int64(w0)), np.float64(np.int64(w1))
        radius[2 * b + 1], angle[2 * b + 1] = np.float64(np.int64(w2)), np.float64(np.int64(w3))
    half = 2 * blocks
    for k in range(half):
        # the whole number is below 2^32: never 0 and never 1 with a half added
        size = math.sqrt(-2.0 * log((radius[k] + 0.5) * _PER_WORD))
        cosine, sine = sine_pair(angle[k] * _PER_WORD)
        out[k] = size * cosine
        out[half + k] = size * sine


@kernel
def coincide(start, stop, address, laws, lines, now, devices, sent):
    """Update word lines start..stop by trains; their pulses where both lines fire are counted in ``sent``.

    Parameters
    ----------
    address : tuple
        Seed, number of the first device, event of the first update.
    laws : tuple
        `LawFloats`, the jump table, and whether pulses down are left out.
    lines : LineLevels
        Chances with signs, (updates, lines) each, and slots of each update. Weights go against the product's sign.
    now : float [s]
        When the pulses come.
    devices : tuple
        `Traits` and `State`, flat, word line by word line.
    sent : ndarray of int64
        A number a word line, added to.
    """
    seed, first, event = address
    p, table, upward = laws
    traits, state = devices
    columns = lines.column.shape[1]
    per_slot = (columns + 3) // 4
    here = np.empty((_SLOTS, columns), dtype=np.int32)  # bit lines that fire in a slot
    counts = np.empty(_SLOTS, dtype=np.int64)
    touched = np.empty(columns, dtype=np.int32)
    mark = np.zeros(columns, dtype=np.int64)
    radius, angle, z = np.empty(2 * per_slot), np.empty(2 * per_slot), np.empty(4 * per_slot)
    number = 0
    for update in range(lines.length.size):
        length, moment = lines.length[update], event + U64(update)
        if length == 0:
            continue
        counts[:] = 0
        for j in range(columns):
            fires = train(abs(lines.column[update, j]), length, seed, first + U64(j), moment, _COLUMNS)
            for slot in range(length):
                if (fires >> U64(slot)) & U64(1):
                    here[slot, counts[slot]] = j
                    counts[slot] += 1
        for i in range(start, stop):
            fires = train(abs(lines.row[update, i]), length, seed, first + U64(i), moment, _ROWS)
            if fires == 0:
                continue
            number += 1
            base, met = i * columns, 0
            line = (seed, first + U64(base), moment)
            for slot in range(length):
                if not (fires >> U64(slot)) & U64(1) or counts[slot] == 0:
                    continue
                normals(line, _STEP, slot * per_slot, counts[slot], radius, angle, z)
                for k in range(counts[slot]):
                    j = here[slot, k]
                    d = base + j
                    up = (lines.row[update, i] > 0.0) != (lines.column[update, j] > 0.0)
                    if upward and not up:
                        continue
                    sent[i] += 1
                    memory = at(state.memory, d)
                    weight = np.float64(state.weight[d])
                    state.weight[d] = change.pulsed(weight, up, z[k], own_of(d, memory, traits), p, table)
                    if p.incremental_set.forget < 1.0:
                        state.memory[d] = memory * p.incremental_set.forget
                    if mark[j] != number:
                        mark[j] = number
                        touched[met] = j
                        met += 1
            if p.write_noise > 0.0:
                normals(line, _WRITE, 0, met, radius, angle, z)
                for k in range(met):
                    state.offset[base + touched[k]] = p.write_noise * z[k]
            if state.pulsed.size == state.weight.size:
                for k in range(met):
                    state.pulsed[base + touched[k]] = now


@kernel
def expect(start, stop, laws, lines, devices):
    """Mean change of word lines start..stop by trains, without noise: whole steps, then what is left of one."""
    p, table, upward = laws
    traits, state = devices
    columns = lines.column.shape[1]
    for update in range(lines.length.size):
        for i in range(start, stop):
            row = min(max(lines.row[update, i], -1.0), 1.0)
            if row == 0.0:
                continue
            for j in range(columns):
                column = min(max(lines.column[update, j], -1.0), 1.0)
                left = lines.length[update] * abs(row * column)
                if left == 0.0:
                    continue
                d = i * columns + j
                up = (row > 0.0) != (column > 0.0)
                if upward and not up:
                    continue
                weight, memory = np.float64(state.weight[d]), at(state.memory, d)
                while left > 0.0:
                    own = own_of(d, memory, traits)
                    size = min(left, 1.0) * change.change(weight, up, own, p, table)[0]
                    weight = max(min(weight + size if up else weight - size, own.high), own.low)
                    memory *= p.incremental_set.forget ** min(left, 1.0)
                    left -= 1.0
                state.weight[d] = weight
                if p.incremental_set.forget < 1.0:
                    state.memory[d] = memory


@kernel
def forward(start, stop, x, state, reference, out):
    """Products of inputs start..stop with the weights as they read against their reference; out (inputs, columns)."""
    columns = out.shape[1]
    noisy, shifted = state.offset.size == state.weight.size, reference.size == state.weight.size
    for s in range(start, stop):
        for j in range(columns):
            out[s, j] = 0.0
        for i in range(x.shape[1]):
            a, base = x[s, i], i * columns
            if a == 0.0:
                continue
            for j in range(columns):
                out[s, j] += a * state.weight[base + j]
            if noisy:
                for j in range(columns):
                    out[s, j] += a * state.offset[base + j]
            if shifted:
                for j in range(columns):
                    out[s, j] -= a * reference[base + j]


@kernel
def backward(start, stop, d, state, reference, out):
    """Products of errors start..stop with the transposed weights; out (errors, rows). Eight sums side by side."""
    columns, rows = d.shape[1], out.shape[1]
    noisy, shifted = state.offset.size == state.weight.size, reference.size == state.weight.size
    whole = columns - columns % 8
    lanes = np.empty(8)
    for s in range(start, stop):
        for i in range(rows):
            base = i * columns
            lanes[:] = 0.0
            for j in range(0, whole, 8):
                for k in range(8):
                    lanes[k] += d[s, j + k] * state.weight[base + j + k]
            if noisy:
                for j in range(0, whole, 8):
                    for k in range(8):
                        lanes[k] += d[s, j + k] * state.offset[base + j + k]
            if shifted:
                for j in range(0, whole, 8):
                    for k in range(8):
                        lanes[k] -= d[s, j + k] * reference[base + j + k]
            total = 0.0
            for k in range(8):
                total += lanes[k]
            for j in range(whole, columns):
                weight = np.float64(state.weight[base + j])
                if noisy:
                    weight += state.offset[base + j]
                if shifted:
                    weight -= reference[base + j]
                total += d[s, j] * weight
            out[s, i] = total
