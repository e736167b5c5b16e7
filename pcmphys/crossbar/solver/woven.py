"""Four word lines of a network at a time, for eight inputs each: how they are read, and the recursions along them.

What belongs to four neighbouring nodes of a bit line lies together in memory, for one stream instead of twelve, and the
four word lines go abreast, because each waits for its own last step.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pcmphys.crossbar.solver.lines import RISE, WIRE, Network
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.lanes import everywhere, load, spread, store

ABREAST = 4
"""Word lines that go abreast."""
FACTOR, CLIMB, NUMBERS = ABREAST, 2 * ABREAST, 3 * ABREAST
"""Where factors along word lines and along bit lines begin among the numbers of a column in `Woven.cells`; how many."""
ENDS = 3
"""Numbers of each word line in `Woven.ends`."""


class Woven(NamedTuple):
    """A network as it is read here: four word lines after the other, and column by column in these.

    ``cells`` holds of each column of four word lines the conductances [S], elimination factors along the word lines and
    along the bit lines; ``through`` what a voltage at the lowest of them makes of one at the lowest of the four above.
    ``ends`` holds factor, `RISE` and `WIRE` of each word line's near end. Above the first word line there may be some
    that carry nothing, so that their number is a multiple of four. ``wire`` and ``rise`` are those of the bit lines.
    """

    cells: np.ndarray
    through: np.ndarray
    ends: np.ndarray
    wire: np.ndarray
    rise: np.ndarray
    network: Network


class EightInputs(NamedTuple):
    """Of eight inputs, (numbers, 8) each, in the order of `Woven`.

    Voltages [V] of the near ends of word lines (``row``) and bit lines; the currents J [A] of the eliminated bit lines,
    and their voltages at the lowest word line of each four (``edges``); for four word lines what is ``held`` between
    two recursions, and for the bit lines what comes from ``above``.
    """

    row: np.ndarray
    column: np.ndarray
    current: np.ndarray
    edges: np.ndarray
    held: np.ndarray
    above: np.ndarray


def woven(net: Network) -> Woven:
    """A network in the order in which it is read."""
    rows, columns = net.conductance.shape
    blocks = -(-rows // ABREAST)
    more = blocks * ABREAST - rows
    cells, through = np.empty(blocks * columns * NUMBERS), np.empty(blocks * columns)
    _weave(net, more, cells, through)
    ends = np.zeros((blocks * ABREAST, ENDS))
    ends[more:] = np.stack([net.row_factor[:, 0], net.row_line[RISE], net.row_line[WIRE]], axis=1)
    return Woven(cells, through, ends.ravel(), net.column_line[WIRE].copy(), net.column_line[RISE].copy(), net)


@kernel
def _weave(net, more, cells, through):
    """Fill `Woven`; ``more`` word lines above the first have open cells, and take what the bit lines have."""
    columns = net.conductance.shape[1]
    for block in range(through.size // columns):
        for k in range(ABREAST):
            i = block * ABREAST + k - more
            for j in range(columns):
                place = (block * columns + j) * NUMBERS + k
                cells[place] = net.conductance[i, j] if i >= 0 else 0.0
                cells[place + FACTOR] = net.row_factor[i, j] if i >= 0 else 0.0
                cells[place + CLIMB] = net.column_factor[i, j] if i >= 0 else 1.0
        for j in range(columns):
            place = (block * columns + j) * NUMBERS + CLIMB
            before = place - columns * NUMBERS + ABREAST - 1
            above = cells[before] if block > 0 else 1.0
            through[block * columns + j] = above * (cells[place] * (cells[place + 1] * cells[place + 2]))


@law
def collect_first(net: Woven, block: int, fields: Any) -> None:
    """`collect` with each bit line at the voltage of its near terminal."""
    cells, columns, held = net.cells, net.wire.size, fields.held
    t0 = t1 = t2 = t3 = everywhere(0.0)
    for j in range(columns - 1, -1, -1):
        k = (block * columns + j) * NUMBERS
        x = load(fields.column, j)
        t0, t1 = spread(cells, k) * x + t0, spread(cells, k + 1) * x + t1
        t2, t3 = spread(cells, k + 2) * x + t2, spread(cells, k + 3) * x + t3
        put(t0, t1, t2, t3, j, held)
        k += FACTOR
        t0, t1 = t0 * spread(cells, k), t1 * spread(cells, k + 1)
        t2, t3 = t2 * spread(cells, k + 2), t3 * spread(cells, k + 3)


@law
def collect(net: Woven, block: int, fields: Any) -> None:
    """Currents that the cells of four word lines bring, each summed up from its far end, as in `lines.row_ladders`."""
    cells, columns, held = net.cells, net.wire.size, fields.held
    t0 = t1 = t2 = t3 = everywhere(0.0)
    for j in range(columns - 1, -1, -1):
        k = (block * columns + j) * NUMBERS
        x0, x1, x2, x3 = nodes(net, block, j, fields)
        t0, t1 = spread(cells, k) * x0 + t0, spread(cells, k + 1) * x1 + t1
        t2, t3 = spread(cells, k + 2) * x2 + t2, spread(cells, k + 3) * x3 + t3
        put(t0, t1, t2, t3, j, held)
        k += FACTOR
        t0, t1 = t0 * spread(cells, k), t1 * spread(cells, k + 1)
        t2, t3 = t2 * spread(cells, k + 2), t3 * spread(cells, k + 3)


@law
def nodes(net: Woven, block: int, j: int, fields: Any) -> tuple[float, float, float, float]:
    """Voltages of bit line j at four word lines: the substitution of `lines.column_ladders` from the lowest up."""
    place, wire = block * net.wire.size + j, spread(net.wire, j)
    k, b = place * NUMBERS + CLIMB, place * ABREAST
    x3 = load(fields.edges, place)
    x2 = spread(net.cells, k + 2) * (x3 + wire * load(fields.current, b + 2))
    x1 = spread(net.cells, k + 1) * (x2 + wire * load(fields.current, b + 1))
    return spread(net.cells, k) * (x1 + wire * load(fields.current, b)), x1, x2, x3


@law
def put(x0: float, x1: float, x2: float, x3: float, j: int, out: np.ndarray) -> None:
    """Put what belongs to four word lines into the j-th four rows."""
    store(x0, ABREAST * j, out)
    store(x1, ABREAST * j + 1, out)
    store(x2, ABREAST * j + 2, out)
    store(x3, ABREAST * j + 3, out)


@law
def get(values: np.ndarray, j: int) -> tuple[float, float, float, float]:
    """What belongs to four word lines, from the j-th four rows."""
    k = ABREAST * j
    return load(values, k), load(values, k + 1), load(values, k + 2), load(values, k + 3)


@law
def _first_node(net, i, fields, held):
    """Voltage of the first node of word line i; ``held`` is what its cells bring there."""
    return spread(net.ends, ENDS * i) * load(fields.row, i) + spread(net.ends, ENDS * i + 1) * held


@law
def first_nodes(net: Woven, block: int, fields: Any) -> tuple[float, float, float, float]:
    """Voltages of the first nodes of four word lines, after `collect`."""
    i = ABREAST * block
    h0, h1, h2, h3 = get(fields.held, 0)
    first, second = _first_node(net, i, fields, h0), _first_node(net, i + 1, fields, h1)
    return first, second, _first_node(net, i + 2, fields, h2), _first_node(net, i + 3, fields, h3)


@law
def wires(net: Woven, block: int) -> tuple[float, float, float, float]:
    """Resistances [ohm] of one segment of four word lines each."""
    k = ENDS * ABREAST * block + 2
    ends = net.ends
    return spread(ends, k), spread(ends, k + ENDS), spread(ends, k + 2 * ENDS), spread(ends, k + 3 * ENDS)


@law
def along(net, k, wires, held, j, before):
    """Voltages of four word lines at node j, from those at the node before it."""
    v0, v1, v2, v3 = before
    w0, w1, w2, w3 = wires
    h0, h1, h2, h3 = get(held, j)
    v0, v1 = spread(net.cells, k) * (v0 + w0 * h0), spread(net.cells, k + 1) * (v1 + w1 * h1)
    return v0, v1, spread(net.cells, k + 2) * (v2 + w2 * h2), spread(net.cells, k + 3) * (v3 + w3 * h3)
