"""Kernels of one Newton step: cells as companions (slope and source), and how far the step's end is from their laws."""

from __future__ import annotations

import numpy as np

from pcmphys.crossbar.solver import lines
from pcmphys.crossbar.solver.lines import ROOM, ROWS_AT_ONCE
from pcmphys.crossbar.solver.measure import larger
from pcmphys.numerics.compile import kernel


@kernel
def companion(start, stop, net, law, voltage, x, source, y):
    """Companion sources s = I - D (V - x) and the first guess y = D V + s of the word lines start..stop.

    A ``y`` of shape (0, 0) is not asked for.
    """
    for i in range(start, stop):
        _source_row(law.current[i], law.slope[i], voltage[i], x[i], source[i])
        if y.size:
            _guess_row(law.current[i], law.slope[i], x[i], y[i])


@kernel
def _source_row(current, slope, voltage, x, source):
    for j in range(source.size):
        source[j] = current[j] - slope[j] * (voltage[j] - x[j])


@kernel
def _guess_row(current, slope, x, y):
    for j in range(y.size):
        y[j] = current[j] + slope[j] * x[j]


@kernel
def row_voltages(start, stop, net, drive, x, voltage, across):
    """Voltages of the word lines start..stop at the bit-line voltages ``x``, and those across the cells."""
    scratch = np.zeros((ROOM, x.shape[1]))
    for first in range(start, stop, ROWS_AT_ONCE):
        count = min(ROWS_AT_ONCE, stop - first)
        lines.solve_rows(first, count, net, drive, x, scratch)
        for k in range(count):
            i = first + k
            lines.copy(scratch[k], voltage[i])
            _subtract(scratch[k], x[i], across[i])


@kernel
def _subtract(x, y, out):
    for j in range(out.size):
        out[j] = x[j] - y[j]


@kernel
def judge(start, stop, net, laws, old_point, new_point, line, slots):
    """Sums and largest values over the word lines start..stop into ``slots`` (6, rows), see `newton`.

    Of the linear network the cell currents as the word lines see them are c = D V + s, as the bit lines see them
    y - D x; the first go into the new point's array of consistent currents.
    """
    old, new = laws
    voltage, x, consistent = old_point
    new_voltage, new_x, new_consistent = new_point
    source, y = line
    for i in range(start, stop):
        before, after, change, imbalance, largest, product = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for j in range(x.shape[1]):
            across = new_voltage[i, j] - new_x[i, j]
            moved = across - (voltage[i, j] - x[i, j])
            of_row = old.slope[i, j] * across + source[i, j]
            of_column = y[i, j] - old.slope[i, j] * new_x[i, j]
            before += (old.current[i, j] - consistent[i, j]) * moved
            after += (new.current[i, j] - of_row) * moved
            new_consistent[i, j] = of_row
            change = larger(change, moved)
            imbalance = larger(larger(imbalance, new.current[i, j] - of_row), new.current[i, j] - of_column)
            largest = larger(largest, of_row)
            height = max(abs(new_voltage[i, j]), abs(new_x[i, j]))
            product = larger(product, old.slope[i, j] * height)
        slots[0, i], slots[1, i], slots[2, i] = before, after, change
        slots[3, i], slots[4, i], slots[5, i] = imbalance, largest, product
