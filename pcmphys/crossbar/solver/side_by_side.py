"""Eight inputs of a batch at once: what `richardson` and `measure` do with one.

The recursions along the lines, which alone wait for their last step, become vector code (`pcmphys.numerics.lanes`), and
conductances and factors are read once for all eight. An input's bits do not depend on the others. Only for networks
without terminals at the far ends.

What takes the time is the way to memory and back: eight inputs of 256 x 256 cells are 4 MB an array. So one array is
carried, the currents J of the eliminated bit lines, and of their voltages those at every fourth word line alone; what
lies between follows from J again where it is needed. Where four word lines are at hand (`woven`), they also tell what a
voltage below them makes of the one above, so that the substitution up the bit lines takes a quarter of its way.

Memory: 80 bytes a cell for eight inputs, and 26 bytes a cell for what all inputs share.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pcmphys.crossbar.solver.lines import FAR, FEED, NEAR, RISE, Drive, Network
from pcmphys.crossbar.solver.woven import (
    ABREAST,
    CLIMB,
    ENDS,
    FACTOR,
    NUMBERS,
    EightInputs,
    Woven,
    along,
    collect,
    collect_first,
    first_nodes,
    get,
    nodes,
    put,
    wires,
)
from pcmphys.numerics.compile import kernel, law, scratch
from pcmphys.numerics.lanes import LANES, everywhere, larger_of, load, spread, store

_MOST_CELLS = 2**18
"""Cells above which arrays of eight inputs are more memory than one thread should take."""


class Abreast(NamedTuple):
    """All inputs of a batch, (inputs, lines): voltages [V] of the near ends, and terminal currents [A] to be found.

    ``residual`` of each is over its largest drive.
    """

    row_voltage: np.ndarray
    column_voltage: np.ndarray
    row_current: np.ndarray
    column_current: np.ndarray
    residual: np.ndarray


class _Measured(NamedTuple):
    """What cells add up to along each line [A], (lines, 8), voltages [V] of the first nodes and largest violations."""

    row: np.ndarray
    column: np.ndarray
    first: np.ndarray
    row_worst: np.ndarray
    column_worst: np.ndarray


def fits(net: Network) -> bool:
    """Whether a network's inputs can be solved side by side."""
    return net.conductance.size <= _MOST_CELLS and not (net.row_line[FAR].any() or net.column_line[FAR].any())


def abreast(drives: list[Drive], currents: Any) -> Abreast:
    """The inputs ``drives``; what is found goes into their ``currents`` (`linear.Currents`), none at the far ends."""
    currents.right[...] = currents.top[...] = 0.0
    row, column = (np.array([side[NEAR] for side in sides]) for sides in zip(*((d.row, d.column) for d in drives)))
    return Abreast(row, column, currents.row, currents.column, np.empty(len(drives)))


def solve(net: Woven, lengths: np.ndarray, inputs: Abreast, start: int, stop: int) -> None:
    """Solve for the inputs start..stop by steps of these lengths, eight at a time, and measure the answers."""
    columns, lines = net.wire.size, net.ends.size // ENDS
    numbers = lines * columns + lines // ABREAST * columns + (ABREAST + 4) * columns + 4 * lines
    (memory,) = scratch(1, (LANES * (numbers + 1),))
    # every eight numbers a cache line: else each load and each store would take two
    first = -(memory.ctypes.data // memory.itemsize) % LANES
    _solve(start, stop, net, lengths, inputs, memory[first : first + LANES * numbers].reshape(numbers, LANES))


@kernel
def _solve(start, stop, net, lengths, inputs, memory):
    """See `solve`; ``memory`` is room for `EightInputs` and `_Measured`."""
    columns, lines = net.wire.size, net.ends.size // ENDS
    cells, edges = lines * columns, lines // ABREAST * columns
    of_lines, rest = memory[: 4 * lines], memory[4 * lines :]
    of_columns, rest = rest[: 4 * columns], rest[4 * columns :]
    current, rest = rest[:cells], rest[cells:]
    row, column, above = of_lines[:lines], of_columns[:columns], of_columns[columns : 2 * columns]
    fields = EightInputs(row, column, current, rest[:edges], rest[edges:], above)
    measured = _Measured(
        of_lines[lines : 2 * lines], of_columns[2 * columns : 3 * columns], of_lines[2 * lines : 3 * lines],
        of_lines[3 * lines :], of_columns[3 * columns :],
    )  # fmt: skip
    for begin in range(start, stop, LANES):
        _take(net, inputs, begin, min(begin + LANES, stop), fields)
        sweep(net, fields, lengths)
        measure(net, fields, measured)
        _give(net, fields, measured, inputs, begin, min(begin + LANES, stop))


@kernel
def _take(net, inputs, start, stop, fields):
    """Near ends' voltages of the inputs start..stop; of those that are missing, and of lines that are none, zero."""
    row, column = fields.row, fields.column
    row[:] = 0.0
    column[:] = 0.0
    more = row.shape[0] - inputs.row_voltage.shape[1]
    for k in range(stop - start):
        for i in range(more, row.shape[0]):
            row[i, k] = inputs.row_voltage[start + k, i - more]
        for j in range(column.shape[0]):
            column[j, k] = inputs.column_voltage[start + k, j]


@kernel
def _give(net, fields, measured, inputs, start, stop):
    """Terminal currents and residuals of the inputs start..stop."""
    net, columns = net.network, fields.column.shape[0]
    more, largest = fields.row.shape[0] - net.conductance.shape[0], np.zeros((2, LANES))
    row, column = measured.row[more:], measured.column
    word_lines = net.row_factor[:, 0].copy(), net.row_line, fields.row[more:], measured.first[more:]
    bit_lines = net.column_factor[-1].copy(), net.column_line, fields.column, fields.edges[-columns:]
    _end(word_lines, 1.0, measured.row_worst[more:], row, largest)
    _end(bit_lines, -1.0, measured.column_worst, column, largest)
    for k in range(stop - start):
        for i in range(row.shape[0]):
            inputs.row_current[start + k, i] = row[i, k]
        for j in range(columns):
            inputs.column_current[start + k, j] = column[j, k]
        scale = largest[1, k]
        inputs.residual[start + k] = largest[0, k] / scale if scale > 0.0 else largest[0, k]


@kernel
def _end(lines_, sign, worst, current, largest):
    """Current [A] at the near ends of lines, and violation [V] there or along them; see `measure._near_violation`.

    ``lines_``: near factors, line numbers, drives, voltages of the first nodes. ``current`` is what cells add up to,
    and becomes that of the end. Of violations and drives each input has the largest magnitudes in ``largest`` (2, 8).
    """
    factor, line, drive, first = lines_
    violation, scale = load(largest, 0), load(largest, 1)
    for i in range(factor.size):
        voltage, total = load(drive, i), load(current, i)
        drop = sign * voltage - sign * load(first, i)
        violation = larger_of(larger_of(violation, factor[i] * drop - line[RISE, i] * total), load(worst, i))
        scale = larger_of(scale, voltage)
        if line[FEED, i] == np.inf:
            store(everywhere(0.0), i, current)
        elif factor[i] <= 0.5:
            for k in range(LANES):
                current[i, k] = (sign * drive[i, k] - sign * first[i, k]) / line[FEED, i]
    store(violation, 0, largest)
    store(scale, 1, largest)


@kernel
def sweep(net, fields, lengths):
    """All steps of `richardson.sweep` for eight inputs: on return J, and x at the lowest word line of each four."""
    columns = net.wire.size
    blocks = fields.edges.shape[0] // columns
    for step in range(-1, lengths.size):
        for j in range(columns):
            store(everywhere(0.0), j, fields.above)
        for block in range(blocks):
            if step < 0:
                collect_first(net, block, fields)
                _bring(net, block, 1.0, True, fields)
            else:
                collect(net, block, fields)
                _bring(net, block, lengths[step], False, fields)
        _climb(net, blocks, fields)


@law
def _bring(net, block, length, begins, fields):
    """Voltages along four word lines from their first nodes, and what their cells bring to the bit lines.

    Of that J takes a step of ``length``, or all if it ``begins``.
    """
    cells, columns, current, above = net.cells, net.wire.size, fields.current, fields.above
    of_wires, v = wires(net, block), first_nodes(net, block, fields)
    step = everywhere(length)
    before = max(block - 1, 0) * columns * NUMBERS + CLIMB + ABREAST - 1
    for j in range(columns):
        place = block * columns + j
        k = place * NUMBERS
        if j > 0:
            v = along(net, k + FACTOR, of_wires, fields.held, j, v)
        factor = spread(cells, before + j * NUMBERS)
        f0 = spread(cells, k) * v[0] + factor * load(above, j)
        f1 = spread(cells, k + 1) * v[1] + spread(cells, k + CLIMB) * f0
        f2 = spread(cells, k + 2) * v[2] + spread(cells, k + CLIMB + 1) * f1
        f3 = spread(cells, k + 3) * v[3] + spread(cells, k + CLIMB + 2) * f2
        store(f3, j, above)
        if not begins:
            c0, c1, c2, c3 = get(current, place)
            f0, f1, f2, f3 = c0 + step * (f0 - c0), c1 + step * (f1 - c1), c2 + step * (f2 - c2), c3 + step * (f3 - c3)
        put(f0, f1, f2, f3, place, current)
        if block > 0:
            wire = spread(net.wire, j)
            x = spread(cells, k + CLIMB + 1) * (wire * f1 + spread(cells, k + CLIMB + 2) * (wire * f2))
            x = spread(cells, k + CLIMB) * (wire * f0 + x)
            lowest = load(current, (place - columns) * ABREAST + ABREAST - 1)
            store(factor * (x + wire * lowest), place - columns, fields.edges)


@law
def _climb(net, blocks, fields):
    """Substitution of the bit lines from their near ends, four word lines at a time: x at the lowest of each four."""
    cells, columns, edges = net.cells, net.wire.size, fields.edges
    last = (blocks - 1) * columns
    for j in range(columns):
        factor = spread(cells, (last + j) * NUMBERS + CLIMB + ABREAST - 1)
        lowest = load(fields.current, (last + j) * ABREAST + ABREAST - 1)
        store(factor * load(fields.column, j) + spread(net.rise, j) * lowest, last + j, edges)
    for place in range(last + columns - 1, columns - 1, -1):
        above = load(edges, place - columns)
        store(spread(net.through, place) * load(edges, place) + above, place - columns, edges)


@kernel
def measure(net, fields, measured):
    """Kirchhoff's laws at the bit-line voltages of eight inputs, as in `measure`."""
    columns = net.wire.size
    measured.column[:] = 0.0
    measured.column_worst[:] = 0.0
    for block in range(fields.edges.shape[0] // columns):
        collect(net, block, fields)
        of_wires, v = wires(net, block), first_nodes(net, block, fields)
        put(*v, block, measured.first)
        put(*v, 0, fields.held)
        for j in range(1, columns):
            v = along(net, (block * columns + j) * NUMBERS + FACTOR, of_wires, fields.held, j, v)
            put(*v, j, fields.held)
        _sum_up(net, block, fields, measured)


@law
def _sum_up(net, block, fields, measured):
    """Sum up the cells of four word lines, from their far ends and down the bit lines, and compare drops of wires."""
    columns, held = net.wire.size, fields.held
    w0, w1, w2, w3 = wires(net, block)
    t0 = t1 = t2 = t3 = everywhere(-0.0)
    worst0 = worst1 = worst2 = worst3 = everywhere(0.0)
    v0, v1, v2, v3 = get(held, columns - 1)
    for j in range(columns - 1, -1, -1):
        k, wire = (block * columns + j) * NUMBERS, spread(net.wire, j)
        x0, x1, x2, x3 = nodes(net, block, j, fields)
        i0, i1 = spread(net.cells, k) * (v0 - x0), spread(net.cells, k + 1) * (v1 - x1)
        i2, i3 = spread(net.cells, k + 2) * (v2 - x2), spread(net.cells, k + 3) * (v3 - x3)
        t0, t1, t2, t3 = t0 + i0, t1 + i1, t2 + i2, t3 + i3
        if j > 0:
            b0, b1, b2, b3 = get(held, j - 1)
            worst0, worst1 = larger_of(worst0, b0 - v0 - w0 * t0), larger_of(worst1, b1 - v1 - w1 * t1)
            worst2, worst3 = larger_of(worst2, b2 - v2 - w2 * t2), larger_of(worst3, b3 - v3 - w3 * t3)
            v0, v1, v2, v3 = b0, b1, b2, b3
        sums, worst = load(measured.column, j), load(measured.column_worst, j)
        if block > 0:
            worst = larger_of(worst, load(fields.edges, (block - 1) * columns + j) - x0 - wire * sums)
        sums = sums + i0
        worst = larger_of(worst, x0 - x1 - wire * sums)
        sums = sums + i1
        worst = larger_of(worst, x1 - x2 - wire * sums)
        sums = sums + i2
        worst = larger_of(worst, x2 - x3 - wire * sums)
        store(sums + i3, j, measured.column)
        store(worst, j, measured.column_worst)
    put(t0, t1, t2, t3, block, measured.row)
    put(worst0, worst1, worst2, worst3, block, measured.row_worst)
