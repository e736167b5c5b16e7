"""Eight inputs of a batch at once: what `richardson` and `measure` do with one, input by input the same.

The recursions along the lines, which alone wait for their last step, become vector code (`pcmphys.numerics.lanes`), and
conductances and factors are read once for all eight. Every input gets the bits that it would get alone. Only for
networks without terminals at the far ends.

What takes the time is the way to memory and back: eight inputs of 256 x 256 cells are 4 MB an array. So one array is
carried, the currents J of the eliminated bit lines, and of the node voltages x only every fourth row (`edges`): those in
between follow from J again where they are needed. Four word lines go abreast, because each waits for its own last step;
what belongs to four nodes of a bit line lies together in memory (`Woven`), for one stream instead of twelve.

Memory: 80 bytes a cell for eight inputs, and 24 bytes a cell for what all inputs share.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.crossbar.solver.lines import FAR, FEED, NEAR, RISE, WIRE, Drive, Network
from pcmphys.numerics.compile import kernel, law, scratch
from pcmphys.numerics.lanes import LANES, everywhere, larger_of, load, spread, store

_MOST_CELLS = 2**18
"""Cells above which arrays of eight inputs are more memory than one thread should take."""
_ABREAST = 4
"""Word lines that go abreast."""
_KINDS = 3
_FACTOR, _CLIMB = _ABREAST, 2 * _ABREAST
"""Numbers of each node in `Woven.cells`, and where the second and the third kind of them begin."""
_ENDS = 3
"""Numbers of each word line in `Woven.ends`."""


class Woven(NamedTuple):
    """A network as it is read here: four word lines after the other, and column by column in these.

    ``cells`` holds for each column of four word lines their conductances [S], elimination factors along the word lines
    and along the bit lines; ``ends`` for each word line factor, `RISE` and `WIRE` of its near end. Above the first word
    line, so that their number is a multiple of four, there may be some that carry nothing.
    """

    cells: np.ndarray
    ends: np.ndarray
    wire: np.ndarray
    rise: np.ndarray
    network: Network


class Abreast(NamedTuple):
    """Terminal currents [A] of eight inputs, (lines, 8), and the residual of each over its largest drive."""

    row_current: np.ndarray
    column_current: np.ndarray
    residual: np.ndarray


class _Fields(NamedTuple):
    """Of eight inputs, (numbers, 8) each, in the order of `Woven`: near ends' voltages, J, x at the lowest word line of
    each four, and working space.
    """

    row: np.ndarray
    column: np.ndarray
    current: np.ndarray
    edges: np.ndarray
    held: np.ndarray
    above: np.ndarray


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


def woven(net: Network) -> Woven:
    """A network that `fits`, in the order in which it is read."""
    rows, columns = net.conductance.shape
    blocks = -(-rows // _ABREAST)
    cells, ends = np.empty(blocks * columns * _KINDS * _ABREAST), np.zeros((blocks * _ABREAST, _ENDS))
    _weave(net, blocks * _ABREAST - rows, cells)
    ends[blocks * _ABREAST - rows :] = np.stack([net.row_factor[:, 0], net.row_line[RISE], net.row_line[WIRE]], axis=1)
    return Woven(cells, ends.ravel(), net.column_line[WIRE].copy(), net.column_line[RISE].copy(), net)


@kernel
def _weave(net, more, cells):
    """Fill `Woven.cells`; ``more`` word lines above the first have open cells, and take what the bit lines have."""
    rows, columns = net.conductance.shape
    for i in range(rows + more):
        block, k = i // _ABREAST, i % _ABREAST
        for j in range(columns):
            place = (block * columns + j) * _KINDS * _ABREAST + k
            cells[place] = net.conductance[i - more, j] if i >= more else 0.0
            cells[place + _FACTOR] = net.row_factor[i - more, j] if i >= more else 0.0
            cells[place + _CLIMB] = net.column_factor[i - more, j] if i >= more else 1.0


def solve(net: Woven, drives: list[Drive], lengths: np.ndarray) -> Abreast:
    """Solve for up to eight inputs by steps of these lengths, and measure the answers."""
    columns, lines = net.wire.size, net.ends.size // _ENDS
    more = lines - net.network.conductance.shape[0]
    row, column, *work = _of_eight(
        lines, columns, lines * columns, lines // _ABREAST * columns, _ABREAST * columns, columns
    )
    row[...] = column[...] = 0.0
    for k, drive in enumerate(drives):
        row[more:, k], column[:, k] = drive.row[NEAR], drive.column[NEAR]
    fields = _Fields(row, column, *work)
    sweep(net, fields, lengths)
    found = _Measured(*(np.zeros((count, LANES)) for count in (lines, columns, lines, lines, columns)))
    measure(net, fields, found)
    row_current, column_current = np.empty((lines - more, LANES)), np.empty((columns, LANES))
    largest = np.zeros((2, LANES))
    rows = slice(more, None)
    network = net.network
    word_lines = network.row_factor[:, 0].copy(), network.row_line, row[rows], found.first[rows], found.row[rows]
    bit_lines = network.column_factor[-1], network.column_line, column, fields.edges[-columns:], found.column
    _end(word_lines, 1.0, found.row_worst[rows], row_current, largest)
    _end(bit_lines, -1.0, found.column_worst, column_current, largest)
    violation, scale = largest
    return Abreast(row_current, column_current, violation / np.where(scale > 0.0, scale, 1.0))


def _of_eight(*rows: int) -> list[np.ndarray]:
    """Undefined arrays (rows, 8) from memory that this thread keeps, every row of them a cache line."""
    (memory,) = scratch(1, (LANES * (sum(rows) + 1),))
    first = -(memory.ctypes.data // memory.itemsize) % LANES
    borders = np.cumsum([0, *rows])
    return np.split(memory[first : first + LANES * borders[-1]].reshape(-1, LANES), borders[1:-1])


@kernel
def _end(lines_, sign, worst, current, largest):
    """Current [A] at the near ends of lines, and violation [V] there or along them; see `measure._near_violation`.

    ``lines_``: near factors, line numbers, drives, voltages of the first nodes, what cells add up to. Of the violations
    and the drives each input has its largest magnitude in ``largest`` (2, 8).
    """
    factor, line, drive, first, total = lines_
    violation, scale = load(largest, 0), load(largest, 1)
    for i in range(factor.size):
        voltage = load(drive, i)
        drop = sign * voltage - sign * load(first, i)
        miss = factor[i] * drop - line[RISE, i] * load(total, i)
        violation = larger_of(larger_of(violation, miss), load(worst, i))
        scale = larger_of(scale, voltage)
        store(load(total, i) if line[FEED, i] < np.inf else everywhere(0.0), i, current)
        if factor[i] <= 0.5 and line[FEED, i] < np.inf:
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
                _collect_first(net, block, fields)
                _bring(net, block, 1.0, True, fields)
            else:
                _collect(net, block, fields)
                _bring(net, block, lengths[step], False, fields)
        _climb(net, blocks, fields)


@law
def _collect_first(net, block, fields):
    """`_collect` with each bit line at the voltage of its near terminal."""
    cells, columns, held = net.cells, net.wire.size, fields.held
    t0 = t1 = t2 = t3 = everywhere(0.0)
    for j in range(columns - 1, -1, -1):
        k = (block * columns + j) * _KINDS * _ABREAST
        x = load(fields.column, j)
        t0, t1 = spread(cells, k) * x + t0, spread(cells, k + 1) * x + t1
        t2, t3 = spread(cells, k + 2) * x + t2, spread(cells, k + 3) * x + t3
        _put(t0, t1, t2, t3, j, held)
        k += _FACTOR
        t0, t1 = t0 * spread(cells, k), t1 * spread(cells, k + 1)
        t2, t3 = t2 * spread(cells, k + 2), t3 * spread(cells, k + 3)


@law
def _collect(net, block, fields):
    """Currents that the cells of four word lines bring, each summed up from its far end, as in `lines.row_ladders`."""
    cells, columns, held = net.cells, net.wire.size, fields.held
    t0 = t1 = t2 = t3 = everywhere(0.0)
    for j in range(columns - 1, -1, -1):
        k = (block * columns + j) * _KINDS * _ABREAST
        x0, x1, x2, x3 = _nodes(net, block, j, fields)
        t0, t1 = spread(cells, k) * x0 + t0, spread(cells, k + 1) * x1 + t1
        t2, t3 = spread(cells, k + 2) * x2 + t2, spread(cells, k + 3) * x3 + t3
        _put(t0, t1, t2, t3, j, held)
        k += _FACTOR
        t0, t1 = t0 * spread(cells, k), t1 * spread(cells, k + 1)
        t2, t3 = t2 * spread(cells, k + 2), t3 * spread(cells, k + 3)


@law
def _nodes(net, block, j, fields):
    """Voltages of bit line j at four word lines: the substitution of `lines.column_ladders` from the lowest up."""
    place, wire = block * net.wire.size + j, spread(net.wire, j)
    k, b = place * _KINDS * _ABREAST + _CLIMB, place * _ABREAST
    x3 = load(fields.edges, place)
    x2 = spread(net.cells, k + 2) * (x3 + wire * load(fields.current, b + 2))
    x1 = spread(net.cells, k + 1) * (x2 + wire * load(fields.current, b + 1))
    return spread(net.cells, k) * (x1 + wire * load(fields.current, b)), x1, x2, x3


@law
def _put(x0, x1, x2, x3, j, out):
    store(x0, _ABREAST * j, out)
    store(x1, _ABREAST * j + 1, out)
    store(x2, _ABREAST * j + 2, out)
    store(x3, _ABREAST * j + 3, out)


@law
def _get(values, j):
    k = _ABREAST * j
    return load(values, k), load(values, k + 1), load(values, k + 2), load(values, k + 3)


@law
def _first_node(net, i, fields, held):
    """Voltage of the first node of word line i; ``held`` is what its cells bring there."""
    return spread(net.ends, _ENDS * i) * load(fields.row, i) + spread(net.ends, _ENDS * i + 1) * held


@law
def _first_nodes(net, block, fields):
    i = _ABREAST * block
    h0, h1, h2, h3 = _get(fields.held, 0)
    first, second = _first_node(net, i, fields, h0), _first_node(net, i + 1, fields, h1)
    return first, second, _first_node(net, i + 2, fields, h2), _first_node(net, i + 3, fields, h3)


@law
def _wires(net, block):
    k = _ENDS * _ABREAST * block + 2
    ends = net.ends
    return spread(ends, k), spread(ends, k + _ENDS), spread(ends, k + 2 * _ENDS), spread(ends, k + 3 * _ENDS)


@law
def _along(net, k, wires, held, j, before):
    """Voltages of four word lines at node j, from those at the node before it."""
    v0, v1, v2, v3 = before
    w0, w1, w2, w3 = wires
    h0, h1, h2, h3 = _get(held, j)
    v0, v1 = spread(net.cells, k) * (v0 + w0 * h0), spread(net.cells, k + 1) * (v1 + w1 * h1)
    return v0, v1, spread(net.cells, k + 2) * (v2 + w2 * h2), spread(net.cells, k + 3) * (v3 + w3 * h3)


@law
def _bring(net, block, length, begins, fields):
    """Voltages along four word lines from their first nodes, and what their cells bring to the bit lines.

    Of that J takes a step of ``length``, or all if it ``begins``.
    """
    cells, columns, current, above = net.cells, net.wire.size, fields.current, fields.above
    wires, v = _wires(net, block), _first_nodes(net, block, fields)
    step = everywhere(length)
    before = (max(block - 1, 0) * columns * _KINDS + 2) * _ABREAST + _ABREAST - 1
    for j in range(columns):
        place = block * columns + j
        k = place * _KINDS * _ABREAST
        if j > 0:
            v = _along(net, k + _FACTOR, wires, fields.held, j, v)
        f0 = spread(cells, k) * v[0] + spread(cells, before + j * _KINDS * _ABREAST) * load(above, j)
        f1 = spread(cells, k + 1) * v[1] + spread(cells, k + _CLIMB) * f0
        f2 = spread(cells, k + 2) * v[2] + spread(cells, k + _CLIMB + 1) * f1
        f3 = spread(cells, k + 3) * v[3] + spread(cells, k + _CLIMB + 2) * f2
        store(f3, j, above)
        if begins:
            _put(f0, f1, f2, f3, place, current)
        else:
            c0, c1, c2, c3 = _get(current, place)
            c0, c1, c2, c3 = c0 + step * (f0 - c0), c1 + step * (f1 - c1), c2 + step * (f2 - c2), c3 + step * (f3 - c3)
            _put(c0, c1, c2, c3, place, current)


@law
def _climb(net, blocks, fields):
    """Substitution of the bit lines from their near ends, kept at the lowest word line of each four."""
    cells, columns, current, edges = net.cells, net.wire.size, fields.current, fields.edges
    last = (blocks - 1) * columns
    for j in range(columns):
        factor = spread(cells, (last + j) * _KINDS * _ABREAST + _CLIMB + _ABREAST - 1)
        lowest = load(current, (last + j) * _ABREAST + _ABREAST - 1)
        store(factor * load(fields.column, j) + spread(net.rise, j) * lowest, last + j, edges)
    for block in range(blocks - 1, 0, -1):
        for j in range(columns):
            x = _nodes(net, block, j, fields)[0]
            place = (block - 1) * columns + j
            factor = spread(cells, place * _KINDS * _ABREAST + _CLIMB + _ABREAST - 1)
            lowest = load(current, place * _ABREAST + _ABREAST - 1)
            store(factor * (x + spread(net.wire, j) * lowest), place, edges)


@kernel
def measure(net, fields, measured):
    """Kirchhoff's laws at the bit-line voltages of eight inputs, as in `measure`."""
    columns = net.wire.size
    for block in range(fields.edges.shape[0] // columns):
        _collect(net, block, fields)
        wires, v = _wires(net, block), _first_nodes(net, block, fields)
        _put(*v, block, measured.first)
        _put(*v, 0, fields.held)
        for j in range(1, columns):
            v = _along(net, (block * columns + j) * _KINDS * _ABREAST + _FACTOR, wires, fields.held, j, v)
            _put(*v, j, fields.held)
        _sum_up(net, block, fields, measured)


@law
def _sum_up(net, block, fields, measured):
    """Sum up the cells of four word lines, from their far ends and down the bit lines, and compare drops of wires."""
    columns, held = net.wire.size, fields.held
    w0, w1, w2, w3 = _wires(net, block)
    t0 = t1 = t2 = t3 = everywhere(-0.0)
    worst0 = worst1 = worst2 = worst3 = everywhere(0.0)
    v0, v1, v2, v3 = _get(held, columns - 1)
    for j in range(columns - 1, -1, -1):
        k, wire = (block * columns + j) * _KINDS * _ABREAST, spread(net.wire, j)
        x0, x1, x2, x3 = _nodes(net, block, j, fields)
        i0, i1 = spread(net.cells, k) * (v0 - x0), spread(net.cells, k + 1) * (v1 - x1)
        i2, i3 = spread(net.cells, k + 2) * (v2 - x2), spread(net.cells, k + 3) * (v3 - x3)
        t0, t1, t2, t3 = t0 + i0, t1 + i1, t2 + i2, t3 + i3
        if j > 0:
            b0, b1, b2, b3 = _get(held, j - 1)
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
    _put(t0, t1, t2, t3, block, measured.row)
    _put(worst0, worst1, worst2, worst3, block, measured.row_worst)
