"""The update of an array: trains of its lines, and a step of each device in which both lines fire.

Every number drawn belongs to a line and an update, whichever thread draws it and whatever else is updated in the same
call: rows may be shared out and batches cut in any way, and every weight keeps its bits.
"""

from __future__ import annotations

import numpy as np

from pcmphys.cells.pulsed.kernels import at, own_of
from pcmphys.cells.pulsed.laws import change
from pcmphys.numerics.bits import bits_of
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.random import U64, Stream, words
from pcmphys.training import steps

_ROWS, _COLUMNS = int(Stream.TRAIN_ROWS), int(Stream.TRAIN_COLUMNS)
_STEP, _WRITE = int(Stream.TRAIN_STEP), int(Stream.TRAIN_WRITE)
_DIGITS = 53
_SCALE = 2.0**_DIGITS
_SLOTS = 64
_TOGETHER = 2
"""Words of each line that are looked at in any case: eight digits leave one slot in 256 undecided."""


@law
def slots_of(length: int) -> int:
    """A bit for each slot of a train."""
    return ~U64(0) if length >= _SLOTS else (U64(1) << U64(length)) - U64(1)


@law
def digits_of(chance: float) -> int:
    """Binary digits of a chance below one behind its point, 53 of them, as a whole number."""
    return U64(np.int64(chance * _SCALE))


@law
def decide(plane: int, digit: int, fires: int, undecided: int) -> tuple[int, int]:
    """Which slots fire, and which are undecided still, after one more digit of their uniform numbers, a bit each."""
    mask = U64(0) - digit  # all ones for a digit of one: there a smaller digit is a hit, else a larger one a miss
    return fires | (undecided & ~plane & mask), undecided & ~(plane ^ mask)


@law
def settled(digits, place, block, wide, address, fires, undecided):
    """Slots that fire once no slot is undecided; ``place`` digits are left, ``address``: seed, cell, event, stream."""
    seed, cell, event, stream = address
    while place > 0 and undecided != 0:
        w0, w1, w2, w3 = words(seed, cell, event, stream, block)
        block += 1
        for k in range(2 if wide else 4):
            if place == 0:
                break
            if wide:
                plane = (w0 << U64(32)) | w1 if k == 0 else (w2 << U64(32)) | w3
            else:
                plane = (w0 if k == 0 else w1) if k < 2 else (w2 if k == 2 else w3)
            place -= 1
            fires, undecided = decide(plane, (digits >> U64(place)) & U64(1), fires, undecided)
    return fires


@law
def train(chance: float, length: int, seed: int, cell: int, event: int, stream: int) -> int:
    """Slots in which a line fires, a bit each: those whose uniform number U is below its chance.

    U is compared with the chance digit by digit, for all slots at once, until no slot is undecided; a word of Philox
    holds a digit of 32 slots.
    """
    if chance >= 1.0:
        return slots_of(length)
    if not chance > 0.0:
        return U64(0)
    line = (seed, cell, event, stream)
    return settled(digits_of(chance), _DIGITS, 0, length > 32, line, U64(0), slots_of(length))


@kernel
def trains(address, length, stream, chance, digits, fires, undecided):
    """The `train` of each line of an update, into ``fires``: the first digits of all lines in vector code.

    ``address`` is (seed, number of the first line, event); ``digits`` and ``undecided`` are room.
    """
    seed, first, event = address
    count = chance.size
    if length > 32:
        for k in range(count):
            fires[k] = train(abs(chance[k]), length, seed, first + U64(k), event, stream)
        return
    mask = slots_of(length)
    for k in range(count):
        p = abs(chance[k])
        fires[k] = mask if p >= 1.0 else U64(0)
        undecided[k] = mask if (p > 0.0) & (p < 1.0) else U64(0)
        digits[k] = digits_of(p if p < 1.0 else 0.0)
    for block in range(_TOGETHER):
        first_digits(address, stream, block, digits, fires, undecided)
    for k in range(count):
        if undecided[k] != 0:
            place, line = _DIGITS - 4 * _TOGETHER, (seed, first + U64(k), event, stream)
            fires[k] = settled(digits[k], place, _TOGETHER, False, line, fires[k], undecided[k])


@kernel
def first_digits(address, stream, block, digits, fires, undecided):
    """Four digits more of all lines."""
    seed, first, event = address
    place = U64(_DIGITS - 1 - 4 * block)
    for k in range(digits.size):
        w0, w1, w2, w3 = words(seed, first + U64(k), event, stream, block)
        one, hits, left = U64(1), fires[k], undecided[k]
        hits, left = decide(w0, (digits[k] >> place) & one, hits, left)
        hits, left = decide(w1, (digits[k] >> (place - one)) & one, hits, left)
        hits, left = decide(w2, (digits[k] >> (place - U64(2))) & one, hits, left)
        hits, left = decide(w3, (digits[k] >> (place - U64(3))) & one, hits, left)
        fires[k], undecided[k] = hits, left


@law
def lowest(bits: int) -> int:
    """Place of the lowest bit that is set."""
    # a power of two as a float has its place for an exponent; the sign of the highest is masked away
    return ((bits_of(np.float64(np.int64(bits & (~bits + U64(1))))) >> np.int64(52)) & np.int64(0x7FF)) - np.int64(1023)


@kernel
def by_slot(fires, here, counts):
    """Bit lines that fire in each slot, ``counts`` of them, in ``here`` (slots, bit lines)."""
    counts[:] = 0
    for j in range(fires.size):
        left = fires[j]
        while left != 0:
            slot = lowest(left)
            here[slot, counts[slot]] = j
            counts[slot] += 1
            left &= left - U64(1)


@law
def room_of(lines: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Memory in which `trains` works, for so many lines."""
    return np.empty(lines, dtype=np.uint64), np.empty(lines, dtype=np.uint64), np.empty(lines, dtype=np.uint64)


@kernel
def coincide(start, stop, address, laws, lines, now, devices, outcome):
    """Update word lines start..stop by trains: a step of each device for each slot in which both its lines fire.

    Parameters
    ----------
    address : tuple
        Seed, number of the first device, event of the first update.
    laws : tuple
        `LawFloats` as `closed`, the jump table, and whether pulses down are left out.
    lines : LineLevels
        Chances with signs, (updates, lines) each, and slots of each update. Weights go against the product's sign.
    now : float [s]
        When the pulses come.
    devices : tuple
        `Traits` and `State`, flat, word line by word line.
    outcome : tuple
        Pulses of each word line, added to; what devices read as, (word lines, bit lines), kept up to date if it is of
        that size; and their references.
    """
    sent, shown, reference = outcome
    shown = shown.reshape(-1)
    seed, first, event = address
    laws = (change.opened(laws[0]), laws[1], laws[2])
    write_noise, upward, state = laws[0].write_noise, laws[2], devices[1]
    noted = write_noise > 0.0 or state.pulsed.size == state.weight.size
    columns = lines.column.shape[1]
    here, counts = np.empty((_SLOTS, columns), dtype=np.int32), np.empty(_SLOTS, dtype=np.int64)
    # pulses of several word lines are gathered, so that their numbers are drawn in long loops; one line always fits
    pulses, numbers, drawn = steps.places(columns), steps.places(columns), steps.blocks(_SLOTS * columns)
    again, more = steps.places(_SLOTS * columns), steps.places(_SLOTS * columns)
    writes, written = steps.places(columns), steps.blocks(columns)
    mark, room = np.zeros(columns, dtype=np.int64), steps.side_by_side(columns)
    radius, angle, z = np.empty(2 * drawn[0].size), np.empty(2 * drawn[0].size), np.empty(4 * drawn[0].size)
    room_columns, room_rows = room_of(columns), room_of(stop - start)
    number = 0
    for update in range(lines.length.size):
        length, moment = lines.length[update], event + U64(update)
        if length == 0:
            continue
        here_and_now = (seed, first, moment)
        trains(here_and_now, length, _COLUMNS, lines.column[update], *room_columns)
        by_slot(room_columns[1], here, counts)
        mine = (seed, first + U64(start), moment)
        trains(mine, length, _ROWS, lines.row[update, start:stop], *room_rows)
        met, repeated, groups, write_groups = 0, 0, 0, 0
        for i in range(start, stop):
            fires = room_rows[1][i - start]
            number += 1
            count, met_before, base = 0, met, i * columns
            positive = lines.row[update, i] > 0.0
            while fires != 0:
                slot = lowest(fires)
                fires &= fires - U64(1)
                for k in range(counts[slot]):
                    j = here[slot, k]
                    up = positive != (lines.column[update, j] > 0.0)
                    if upward and not up:
                        continue
                    pulse, place = base + j if up else -1 - (base + j), 4 * groups + count
                    count += 1
                    if mark[j] != number:
                        mark[j] = number
                        pulses[met], numbers[met], writes[met] = pulse, place, 4 * write_groups + met - met_before
                        met += 1
                    else:
                        again[repeated], more[repeated] = pulse, place
                        repeated += 1
            sent[i] += count
            groups = steps.noted_blocks(count, base, groups, drawn)
            write_groups = steps.noted_blocks(met - met_before, base, write_groups, written)
            if met > 0 and (4 * groups >= steps.GATHERED or i == stop - 1):
                steps.draw_words(here_and_now, _STEP, groups, drawn, radius, angle)
                steps.normals(2 * groups, radius, angle, z)
                steps.step_all(met, laws, (pulses, numbers), z, devices, room)
                steps.step_again(repeated, laws, (again, more), z, devices)
                if write_noise > 0.0:
                    steps.draw_words(here_and_now, _WRITE, write_groups, written, radius, angle)
                    steps.normals(2 * write_groups, radius, angle, z)
                if noted:
                    steps.note_writes(met, write_noise, now, (pulses, writes), z, devices)
                if shown.size == state.weight.size:
                    steps.show(met, pulses, state, reference, shown)
                met, repeated, groups, write_groups = 0, 0, 0, 0


@kernel
def expect(start, stop, laws, lines, devices):
    """Mean change of word lines start..stop by trains, without noise: whole steps, then what is left of one."""
    p, table, upward = change.opened(laws[0]), laws[1], laws[2]
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
                    share = min(left, 1.0)
                    memory *= p.forget**share
                    left -= 1.0
                state.weight[d] = weight
                if p.forget < 1.0:
                    state.memory[d] = memory
