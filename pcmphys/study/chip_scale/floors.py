"""What the work of a whole chip cannot be done without, measured on its own: the floors.

They are measured with the package's own random numbers, elementary functions, line sweeps, pulses and reads on the same
machine in the same run, without any bookkeeping around them. A time over its floor is the price of that bookkeeping.

- *population*: of a device two normal deviates, a logarithm and a power, and for each read two blocks of random
  words (its traps) and one exponential; bytes to and from memory at the speed of a copy; page faults of fresh arrays.
- *wires*: a transfer matrix has as many inputs as word lines; of each, one sweep along all word lines and one along all
  bit lines. An iteration takes several.
- *closed loop*: the pulses and the read of a turn, sent to all devices at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pcmphys.crossbar import Bias, Wires
from pcmphys.crossbar.solver import linear, lines
from pcmphys.crossbar.solver.ends import joined
from pcmphys.numerics.compile import kernel, launch, law
from pcmphys.numerics.elementary import exp
from pcmphys.numerics.random import U64, squared_radius, turned, uniform, words_abreast
from pcmphys.programming import SCHEMES
from pcmphys.study.chip_scale.settings import CLOSED_LOOP, POPULATION, WIRES

BLOCK = 512
"""Devices whose scratch stays in the cache."""
_QUARTER = BLOCK // 4
TRAP_BLOCKS = 2
"""Philox blocks that the traps of a device take a read, besides the one of programming."""
PROGRAMMING, READ = 2, 1
"""Exponentials and logarithms a device: the logarithm of the level and the power law of the noise; the drift."""
BYTES_MADE, BYTES_PROGRAMMED, BYTES_READ = 36, 52, 60
"""Bytes a device written and read: its state; target 8, state and error 44; traps twice 8, state 36 and reading 8."""


@kernel
def philox_blocks(start: int, stop: int, sink: np.ndarray) -> None:
    """Random words of devices start..stop into scratch that stays in the cache, as are the next two."""
    scratch = np.zeros(BLOCK, dtype=np.uint64)
    for begin in range(start, stop, BLOCK):
        _philox_block(begin, scratch)
        sink[begin // BLOCK] = scratch[0]


@kernel
def _philox_block(begin, out):
    for i in range(_QUARTER):
        w, x, y, z = words_abreast(U64(1), U64(2), U64(3), *_four(U64(begin + i)))
        out[i] = w[0] ^ w[1] ^ w[2] ^ w[3]
        out[i + _QUARTER] = x[0] ^ x[1] ^ x[2] ^ x[3]
        out[i + 2 * _QUARTER] = y[0] ^ y[1] ^ y[2] ^ y[3]
        out[i + 3 * _QUARTER] = z[0] ^ z[1] ^ z[2] ^ z[3]


@law
def _four(cell):
    return (cell, 0), (cell + U64(_QUARTER), 0), (cell + U64(2 * _QUARTER), 0), (cell + U64(3 * _QUARTER), 0)


@kernel
def normals(start: int, stop: int, sink: np.ndarray) -> None:
    """Two normal deviates of each device."""
    first, second = np.zeros(BLOCK), np.zeros(BLOCK)
    for begin in range(start, stop, BLOCK):
        _normal_block(begin, first, second)
        sink[begin // BLOCK] = first[0] + second[0]


# `normal_pair` in the three loops in which statistical cells draw it: in one it takes a third longer


@kernel
def _normal_block(begin, first, second):
    _uniform_block(begin, first, second)
    _radius_block(first)
    _turn_block(first, second)


@kernel
def _uniform_block(begin, first, second):
    for i in range(_QUARTER):
        j, k, m = i + _QUARTER, i + 2 * _QUARTER, i + 3 * _QUARTER
        w, x, y, z = words_abreast(U64(1), U64(2), U64(3), *_four(U64(begin + i)))
        first[i], second[i] = uniform(w[0], w[1]), uniform(w[2], w[3])
        first[j], second[j] = uniform(x[0], x[1]), uniform(x[2], x[3])
        first[k], second[k] = uniform(y[0], y[1]), uniform(y[2], y[3])
        first[m], second[m] = uniform(z[0], z[1]), uniform(z[2], z[3])


@kernel
def _radius_block(first):
    for i in range(first.size):
        first[i] = squared_radius(first[i])


@kernel
def _turn_block(first, second):
    for i in range(first.size):
        first[i], second[i] = turned(first[i], second[i])


@kernel
def exponentials(start: int, stop: int, sink: np.ndarray) -> None:
    """An exponential of each device."""
    x, out = np.linspace(-3.0, 0.0, BLOCK), np.zeros(BLOCK)
    for begin in range(start, stop, BLOCK):
        x[0] = -1.0 / (begin + 1)
        _exponential_block(x, out)
        sink[begin // BLOCK] = out[0]


@kernel
def _exponential_block(x, out):
    for i in range(out.size):
        out[i] = exp(x[i])


@kernel
def copy(start: int, stop: int, x: np.ndarray, out: np.ndarray) -> None:
    """A number of each device from memory to memory."""
    x, out = x[start:stop], out[start:stop]
    for i in range(out.size):
        out[i] = x[i]


@kernel
def row_half(start: int, stop: int, net: Any, drive: Any, x: np.ndarray, out: np.ndarray) -> None:
    """Word lines of a sweep: what their cells bring at bit-line voltages ``x``."""
    scratch = np.zeros((lines.ROOM, x.shape[1]))
    for first in range(start, stop, lines.ROWS_AT_ONCE):
        count = min(lines.ROWS_AT_ONCE, stop - first)
        lines.solve_rows(first, count, net, drive, x, scratch)
        for k in range(count):
            lines.multiply(net.conductance[first + k], scratch[k], out[first + k])


def double_sweep(net: Any, drive: Any, x: np.ndarray, work: np.ndarray) -> None:
    """One sweep along all word lines and one along all bit lines."""
    rows, columns = x.shape
    launch(row_half, rows, net, drive, x, work, align=lines.ROWS_AT_ONCE, grain=1)
    launch(lines.column_ladders, columns, net, drive, work, x, align=8, grain=1)


def population_tasks(count: int) -> dict[str, Callable[[], object]]:
    """What is to be timed for `population_floor`, for ``count`` devices."""
    # arithmetic on scratch in the cache, without memory traffic; the copy is the traffic without arithmetic
    whole = count - count % BLOCK
    bits, sink = np.zeros(whole // BLOCK + 1, dtype=np.uint64), np.zeros(whole // BLOCK + 1)
    source, target = np.ones(count), np.zeros(count)
    return {
        "philox": lambda: launch(philox_blocks, whole, bits, align=BLOCK),
        "normals": lambda: launch(normals, whole, sink, align=BLOCK),
        "exponentials": lambda: launch(exponentials, whole, sink, align=BLOCK),
        "copy": lambda: launch(copy, count, source, target),
        "fresh": lambda: launch(copy, count, source, np.empty(count)),
    }


def population_floor(times: dict[str, float], count: int, reads: int, *, made: bool) -> dict[str, float]:
    """Seconds a device of program, wait and ``reads`` reads, part by part; ``made``: with the making of the devices.

    ``times`` [s] are those of `population_tasks` for ``count`` devices.
    """
    philox, normal, exponential, copied, fresh = (times[name] / count for name in _TIMED)
    moved = BYTES_PROGRAMMED + reads * BYTES_READ + (BYTES_MADE if made else 0)
    new = 1 + reads + (BYTES_MADE // 8 if made else 0)
    found = (
        reads * TRAP_BLOCKS * philox,
        normal,
        (PROGRAMMING + reads * READ) * exponential,
        moved / 16.0 * copied,
        new * max(fresh - copied, 0.0),
    )
    return dict(zip(NAMES[POPULATION], found, strict=True))


_TIMED = ("philox", "normals", "exponentials", "copy", "fresh")
NAMES = {
    POPULATION: ("random words of traps", "normal deviates", "exponentials and logarithms", "memory", "page faults"),
    WIRES: ("one double sweep an input",),
    CLOSED_LOOP: ("pulses, wait and read of a turn",),
}
"""What the floor of each part of the study is of; a device, a pair of arrays, a turn of a device."""


def transfer_tasks(rows: int, columns: int, segment: float) -> dict[str, Callable[[], object]]:
    """A double sweep for each word line of both arrays of a pair, as "sweeps"."""
    cells = np.random.default_rng(rows).uniform(0.1e-6, 25e-6, (rows, columns))
    resistances = Wires(row=segment, column=segment).per_line(rows, columns)
    ((ends, _, drives),) = joined(Bias.matvec(np.eye(rows)).sized(rows, columns), resistances)
    net = linear.network(cells, ends)
    x, work = np.zeros_like(cells), np.zeros_like(cells)

    def sweeps() -> None:
        for drive in (*drives, *drives):
            double_sweep(net, drive, x, work)

    return {"sweeps": sweeps}


def turn_tasks(cell: Any, scheme: str, count: int, seed: int) -> dict[str, Callable[[], object]]:
    """A turn of a closed loop for ``count`` physical devices, as "turn"."""
    devices = cell.population(count, seed=seed)
    plan = SCHEMES[scheme]
    amplitude = np.linspace(plan.lowest, plan.highest, count)

    def turn() -> None:
        if plan.restart == "always":
            for pulse in plan.prepare:
                devices.apply(pulse)
        devices.apply(plan.pulse, amplitude=amplitude)
        devices.wait(plan.verify_delay)
        devices.read(devices.cell.read_voltage, plan.verify_duration)

    return {"turn": turn}
