"""Ladder recursions of word and bit lines: the kernels under every crossbar solve.

A line of n nodes is a resistor ladder. Node k is joined to the node before it through the resistance ``rho_k`` (the
first to the terminal at the line's near end) and loaded by the conductance g_k of its cell; the last node may be
joined to a second terminal at the far end through the conductance g_f. Eliminating from the far end,

    Y_k = g_k + a_(k+1) Y_(k+1),    a_k = 1 / (1 + rho_k Y_k),    J_k = s_k + a_(k+1) J_(k+1),

with s_k the current injected into node k (and g_k + g_f, s_k + g_f v_f at the last node), and then from the near
terminal at voltage v: V_0 = a_0 v + b J_0 with b = a_0 rho_0, V_k = a_k (V_(k-1) + rho_k J_k). Nothing is subtracted,
so no digit is lost at any ratio of conductances, and a resistance of zero is not a special case: a_k = 1 and the node
takes the voltage before it. An open cell (g_k = 0) is none either. A near end that is left open has a_0 = 0 and
b = 1 / Y_0; an ideal far end has g_f = `PINNED`, next to which every cell vanishes.

The near end is the left one of a word line and the bottom one of a bit line. ``row_factor`` and ``column_factor``
hold the a_k, shape (rows, columns).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.lanes import LANES, down, load, neighbours, store, store_down

PINNED = 1e30
"""Conductance [S] of an ideal far terminal: its reciprocal vanishes beside any resistance that is not zero."""


WIRE, FEED, RISE, FAR = range(4)
NEAR, END, INJECTED = range(3)


class Network(NamedTuple):
    """A linear crossbar, eliminated along its lines: all that a solve needs besides the inputs.

    Cell conductances [S] and elimination factors have shape (rows, columns). The rest is per line, (4, lines) each:
    `WIRE` [ohm] of one segment between two cells, `FEED` [ohm] from the near terminal to the first cell (infinite:
    open), `RISE` [ohm] the b of above, `FAR` [S] from the last cell to the far terminal (zero: open). Few arrays,
    because a kernel that hands them on counts a reference to each.
    """

    conductance: np.ndarray
    row_factor: np.ndarray
    column_factor: np.ndarray
    row_line: np.ndarray
    column_line: np.ndarray


class Drive(NamedTuple):
    """What drives a network, (3, lines) each: voltages [V] of the `NEAR` terminals (zero where open), of the far ones
    (`END`), and what these have `INJECTED`, the currents g_f v_f [A].

    ``source`` (rows, columns) [A] flows through each cell in addition to its conductance's current; shape (0, 0)
    stands for none.
    """

    row: np.ndarray
    column: np.ndarray
    source: np.ndarray


NO_SOURCE = np.empty((0, 0))


def held(feed: np.ndarray, far: np.ndarray, side: np.ndarray, otherwise: float) -> np.ndarray:
    """Voltage [V] of each line's terminal, the near one if there are two; ``otherwise`` where there is none.

    ``feed`` [ohm] and ``far`` [S] as in `Network`, ``side`` (3, lines) as in `Drive`.
    """
    return np.where(feed < np.inf, side[NEAR], np.where(far > 0.0, side[END], otherwise))


def still(rows: int, columns: int) -> Drive:
    """Nothing: a direction of the iteration is a change of the voltages under fixed drives."""
    return Drive(np.zeros((3, rows)), np.zeros((3, columns)), NO_SOURCE)


ROWS_AT_ONCE = LANES
"""Word lines worked on together: independent recursions side by side are vector code and hide each other's latency."""
ROOM = 2 * ROWS_AT_ONCE
"""Rows of the memory in which they are solved: theirs, and as many to work in."""


@law
def _near_end(feed, load):
    """Factor a_0 and rise b of a line whose first node has the load ``load`` [S]."""
    if feed == np.inf:
        return 0.0, 1.0 / load
    a = 1.0 / (1.0 + feed * load)
    return a, a * feed


@kernel
def factor_rows(start, stop, net):
    """Elimination factors of the word lines start..stop."""
    conductance, factor, segment = net.conductance, net.row_factor, net.row_line[WIRE]
    columns = conductance.shape[1]
    loads = np.zeros(8)
    for first in range(start, stop, 8):
        count = min(8, stop - first)
        for k in range(count):
            loads[k] = net.row_line[FAR, first + k]
        for j in range(columns - 1, 0, -1):
            for k in range(count):
                i = first + k
                load = conductance[i, j] + loads[k]
                a = 1.0 / (1.0 + segment[i] * load)
                factor[i, j] = a
                loads[k] = load * a
        for k in range(count):
            i = first + k
            factor[i, 0], net.row_line[RISE, i] = _near_end(net.row_line[FEED, i], conductance[i, 0] + loads[k])


@kernel
def factor_columns(start, stop, net):
    """Elimination factors of the bit lines start..stop, from the top to the bottom."""
    conductance, factor = net.conductance, net.column_factor
    last = conductance.shape[0] - 1
    load = net.column_line[FAR, start:stop].copy()
    segment = net.column_line[WIRE, start:stop]
    for i in range(last):
        _factor_row_of_columns(conductance[i, start:stop], segment, load, factor[i, start:stop])
    for j in range(start, stop):
        total = conductance[last, j] + load[j - start]
        factor[last, j], net.column_line[RISE, j] = _near_end(net.column_line[FEED, j], total)


@kernel
def _factor_row_of_columns(conductance, resistance, load, factor):
    for j in range(load.size):
        total = conductance[j] + load[j]
        factor[j] = 1.0 / (1.0 + resistance[j] * total)
        load[j] = total * factor[j]


@kernel
def row_ladders(first, net, drive, work):
    """Solve eight word lines from ``first``: injected currents in ``work`` (`ROOM`, columns) become node voltages.

    Lines beyond the last row are computed as copies of the last one and not used.
    """
    factor, line = net.row_factor, net.row_line
    last, columns = factor.shape[0] - 1, factor.shape[1]
    held = work[ROWS_AT_ONCE:].reshape((columns, LANES))
    current = neighbours(drive.row[INJECTED], first, last)
    for j in range(columns - 1, -1, -1):
        current = down(work, 0, ROWS_AT_ONCE - 1, j) + current
        store(current, j, held)
        current = current * down(factor, first, last, j)
    wire, rise = neighbours(line[WIRE], first, last), neighbours(line[RISE], first, last)
    voltage = down(factor, first, last, 0) * neighbours(drive.row[NEAR], first, last) + rise * load(held, 0)
    store_down(voltage, 0, work)
    for j in range(1, columns):
        voltage = down(factor, first, last, j) * (voltage + wire * load(held, j))
        store_down(voltage, j, work)


@kernel
def column_down(injected, factor_above, above, out):
    """One row of the downward elimination of bit lines: J_i = s_i + a_(i-1) J_(i-1)."""
    for j in range(out.size):
        out[j] = injected[j] + factor_above[j] * above[j]


@kernel
def column_up(factor, resistance, below, current, out):
    """One row of the upward substitution: x_i = a_i (x_(i+1) + rho_i J_i); ``current`` holds J_i."""
    for j in range(out.size):
        out[j] = factor[j] * (below[j] + resistance[j] * current[j])


@kernel
def column_ladders(start, stop, net, drive, injected, out):
    """Solve the bit lines start..stop: ``injected`` currents (rows, columns) into node voltages ``out``."""
    factor = net.column_factor
    add(injected[0, start:stop], drive.column[INJECTED, start:stop], out[0, start:stop])
    for i in range(1, out.shape[0]):
        column_down(injected[i, start:stop], factor[i - 1, start:stop], out[i - 1, start:stop], out[i, start:stop])
    column_up_all(start, stop, net, drive.column[NEAR], out, out)


@kernel
def column_up_one(i, start, stop, net, bottom, current, out):
    """Row i of the upward substitution of the bit lines start..stop; the row below must be done. May be in place.

    ``bottom`` [V] is what drives the bit lines' near ends.
    """
    factor = net.column_factor[i, start:stop]
    if i == out.shape[0] - 1:
        column_bottom(
            factor, bottom[start:stop], net.column_line[RISE, start:stop], current[i, start:stop], out[i, start:stop]
        )
    else:
        below, resistance = out[i + 1, start:stop], net.column_line[WIRE, start:stop]
        column_up(factor, resistance, below, current[i, start:stop], out[i, start:stop])


@kernel
def column_bottom(factor, bottom, rise, current, out):
    """Lowest row of the upward substitution: x_0 = a_0 v + b J_0."""
    for j in range(out.size):
        out[j] = factor[j] * bottom[j] + rise[j] * current[j]


@kernel
def column_up_all(start, stop, net, bottom, current, out):
    """Upward substitution of the bit lines start..stop after their downward elimination; may work in place."""
    for i in range(out.shape[0] - 1, -1, -1):
        column_up_one(i, start, stop, net, bottom, current, out)


@law
def _four_sums(x, y):
    s0 = s1 = s2 = s3 = 0.0
    whole = x.size - x.size % 4
    for j in range(0, whole, 4):
        s0 += x[j] * y[j]
        s1 += x[j + 1] * y[j + 1]
        s2 += x[j + 2] * y[j + 2]
        s3 += x[j + 3] * y[j + 3]
    for j in range(whole, x.size):
        s0 += x[j] * y[j]
    return (s0 + s1) + (s2 + s3)


@kernel
def dot(x, y):
    """Inner product in one fixed order of additions (four interleaved sums)."""
    return _four_sums(x, y)


@kernel
def ordered_sum(slots):
    """Sum of per-line slots in order, the same for any number of threads."""
    total = 0.0
    for k in range(slots.size):
        total += slots[k]
    return total


@kernel
def copy(source, target):
    """Target = source."""
    for j in range(target.size):
        target[j] = source[j]


@kernel
def multiply(x, y, out):
    """Out = x y."""
    for j in range(out.size):
        out[j] = x[j] * y[j]


@kernel
def add_scaled(scale, source, inout):
    """Inout += scale source."""
    for j in range(inout.size):
        inout[j] += scale * source[j]


@kernel
def add(x, y, out):
    """Out = x + y."""
    for j in range(out.size):
        out[j] = x[j] + y[j]


@kernel
def solve_rows(first, count, net, drive, x, voltage):
    """``voltage`` (`ROOM`, columns) of up to eight word lines from ``first`` on, with the bit lines held at ``x``."""
    for k in range(count):
        multiply(net.conductance[first + k], x[first + k], voltage[k])
    if drive.source.size:
        for k in range(count):
            add_scaled(-1.0, drive.source[first + k], voltage[k])
    row_ladders(first, net, drive, voltage)
