"""Terminal currents and the residual of a solution, from Kirchhoff's laws alone.

Wire currents are summed up from the cell currents, line by line from the far end (Kirchhoff's current law holds by
construction); then every wire segment must show the voltage drop of its resistance. The largest violation, in volts,
is the residual. It is well defined for any wire resistance, also zero, where a current imbalance would not be. At an
end the violation is the voltage by which its node would move: feed and the line's load share a mismatch, so that a volt
behind 10 Mohm counts for what it does, and a current that an open end collects for the voltage it would make.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.crossbar.solver import lines
from pcmphys.crossbar.solver.lines import END, FAR, FEED, NEAR, PINNED, RISE, ROOM, ROWS_AT_ONCE, WIRE
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.lanes import down, everywhere, larger_of, neighbours, store


class Measured(NamedTuple):
    """What is measured of each line, one number a line."""

    near: np.ndarray
    """Current [A] at its near end: from the terminal into a word line, out of a bit line into its sense."""
    far: np.ndarray
    """Current [A] from the terminal at its far end into the line."""
    violation: np.ndarray
    """Largest violation [V] of Kirchhoff's laws."""


@kernel
def rows(start, stop, net, drive, x, voltage, measured):
    """Solve the word lines start..stop for their voltages at the bit-line voltages ``x``, then measure them."""
    scratch = np.zeros((ROOM, x.shape[1]))
    for first in range(start, stop, ROWS_AT_ONCE):
        count = min(ROWS_AT_ONCE, stop - first)
        lines.solve_rows(first, count, net, drive, x, scratch)
        for k in range(count):
            i = first + k
            lines.copy(scratch[k], voltage[i])
            _cell_currents(net.conductance[i], x[i], scratch[k])
            if drive.source.size:
                lines.add_scaled(1.0, drive.source[i], scratch[k])
        _sum_up(first, count, net, drive, voltage, scratch, measured)


@kernel
def _cell_currents(conductance, x, inout):
    for j in range(inout.size):
        inout[j] = conductance[j] * (inout[j] - x[j])


@law
def _far_current(line, drive, cells, moment, nodes):
    """Current [A] from a far terminal into its line, to all digits, unlike a small difference of voltages.

    ``line`` is (feed, wire, far), ``drive`` the voltages of (near, far) terminal, ``cells`` the sum of the currents
    that cells take, ``moment`` the sum of each times its number of segments from the far end. With two terminals the
    near one gives (v_n - v_f) / R and of each cell's current the part of R that lies between cell and far terminal.
    """
    feed, wire, far = line
    if far == 0.0:
        return 0.0
    if feed == np.inf:
        return cells
    end = 0.0 if far == PINNED else 1.0 / far
    whole = feed + (nodes - 1) * wire + end
    return cells - ((drive[0] - drive[1]) + wire * moment + end * cells) / whole


@law
def _far_violation(conductance, load, drive, last, current):
    """Violation [V] at a far end for the current [A] that its terminal gives: how far the last node would move.

    ``load`` [S] is the conductance of all cells of the line: behind a large resistance they hold the node.
    """
    return (conductance * (drive - last) - current) / (conductance + load) if conductance > 0.0 else 0.0


@law
def _near_violation(factor, line, drive, rise, first, current):
    """Violation [V] at the near end for the current [A] that the line takes there, and that current.

    The violation is the voltage by which the first node would move: feed and the line's load share a mismatch
    (``factor`` and ``rise`` as in `lines`), and of an open end nothing but the load is left. ``line`` is (feed, far).
    """
    feed, far = line
    miss = factor * (drive - first) - rise * current
    if factor > 0.5 or far > 0.0:
        return miss, current if feed < np.inf else 0.0
    # what comes through a resistance larger than that of all cells together is known best by its drop
    return miss, (drive - first) / feed


@kernel
def _sum_up(first, count, net, drive, voltage, cell, measured):
    """Sum up eight word lines from their far ends, and compare each wire's drop with its current."""
    near, far, violation = measured
    last, columns = voltage.shape[0] - 1, voltage.shape[1]
    wire, loads = neighbours(net.row_line[WIRE], first, last), np.zeros(ROWS_AT_ONCE)
    for k in range(count):
        i = first + k
        far[i] = 0.0
        if net.row_line[FAR, i] > 0.0:
            cells, moment = _sums(cell[k])
            loads[k] = _row_load(net.conductance, i)
            line, ends = (
                (net.row_line[FEED, i], net.row_line[WIRE, i], net.row_line[FAR, i]),
                (drive.row[NEAR, i], drive.row[END, i]),
            )
            far[i] = _far_current(line, ends, cells, moment, columns)
    total, worst = 0.0 - neighbours(far, first, last), everywhere(0.0)
    node = down(voltage, first, last, columns - 1)
    for j in range(columns - 1, 0, -1):
        total = total + down(cell, 0, ROWS_AT_ONCE - 1, j)
        before = down(voltage, first, last, j - 1)
        worst, node = larger_of(worst, before - node - wire * total), before
    ends = np.empty((2, ROWS_AT_ONCE))
    store(total + down(cell, 0, ROWS_AT_ONCE - 1, 0), 0, ends)
    store(worst, 1, ends)
    for k in range(count):
        i = first + k
        miss, near[i] = _near_violation(
            net.row_factor[i, 0], (net.row_line[FEED, i], net.row_line[FAR, i]), drive.row[NEAR, i],
            net.row_line[RISE, i], voltage[i, 0], ends[0, k],
        )  # fmt: skip
        far_miss = _far_violation(net.row_line[FAR, i], loads[k], drive.row[END, i], voltage[i, -1], far[i])
        violation[i] = larger(larger(ends[1, k], miss), far_miss)


@law
def _row_load(conductance, i):
    total = 0.0
    for j in range(conductance.shape[1]):
        total += conductance[i, j]
    return total


@law
def _column_load(conductance, j):
    total = 0.0
    for i in range(conductance.shape[0]):
        total += conductance[i, j]
    return total


@law
def _sums(cell):
    """Sum of a word line's cell currents [A], and of each times its number of segments from the far end."""
    total, moment = 0.0, 0.0
    for j in range(cell.size):
        moment += total
        total += cell[j]
    return total, moment


@law
def larger(worst: float, difference: float) -> float:
    """Larger magnitude of the two, the first being one already."""
    # a NaN must come through, and stay: it fails every comparison
    size = abs(difference)
    return size if size > worst or size != size else worst


@kernel
def columns(start, stop, net, drive, x, voltage, measured):
    """Measure the bit lines start..stop at the voltages ``voltage`` of the word lines and ``x`` of their own."""
    near, far, violation = measured
    last = x.shape[0] - 1
    total, worst = near[start:stop], violation[start:stop]
    for j in range(start, stop):
        far[j] = 0.0
        if net.column_line[FAR, j] > 0.0:
            cells, moment = _column_sums(j, net, drive, x, voltage)
            line, ends = (
                (net.column_line[FEED, j], net.column_line[WIRE, j], net.column_line[FAR, j]),
                (drive.column[NEAR, j], drive.column[END, j]),
            )
            far[j] = _far_current(line, ends, cells, moment, last + 1)
    lines.copy(far[start:stop], total)
    worst[:] = 0.0
    for i in range(last + 1):
        _add_cells(net.conductance[i, start:stop], voltage[i, start:stop], x[i, start:stop], total)
        if drive.source.size:
            lines.add_scaled(1.0, drive.source[i, start:stop], total)
        if i < last:
            _raise_violation(x[i, start:stop], x[i + 1, start:stop], net.column_line[WIRE, start:stop], total, worst)
    for j in range(start, stop):
        k = j - start
        load = _column_load(net.conductance, j) if net.column_line[FAR, j] > 0.0 else 0.0
        far_miss = _far_violation(net.column_line[FAR, j], load, drive.column[END, j], x[0, j], far[j])
        worst[k] = larger(worst[k], far_miss)
        # the violation of a bit line, whose current flows out of its near end
        miss, current = _near_violation(
            net.column_factor[last, j], (net.column_line[FEED, j], net.column_line[FAR, j]), -drive.column[NEAR, j],
            net.column_line[RISE, j], -x[last, j], total[k],
        )  # fmt: skip
        worst[k], total[k] = larger(worst[k], miss), current


@law
def _column_sums(j, net, drive, x, voltage):
    """Sum of the currents [A] that cells take from one bit line, and of each times its segments from the far end."""
    total, moment = 0.0, 0.0
    for i in range(x.shape[0]):
        taken = net.conductance[i, j] * (x[i, j] - voltage[i, j])
        if drive.source.size:
            taken -= drive.source[i, j]
        total += taken
        moment += i * taken
    return total, moment


@kernel
def _add_cells(conductance, voltage, x, total):
    for j in range(total.size):
        total[j] += conductance[j] * (voltage[j] - x[j])


@kernel
def _raise_violation(x, below, resistance, total, worst):
    for j in range(worst.size):
        worst[j] = larger(worst[j], x[j] - below[j] - resistance[j] * total[j])
