"""Terminal currents and the residual of a solution, from Kirchhoff's laws alone.

Wire currents are summed up from the cell currents, line by line from the open end (Kirchhoff's current law holds by
construction); then every wire segment must show the voltage drop of its resistance. The largest violation, in volts,
is the residual. It is well defined for any wire resistance, also zero, where a current imbalance would not be.
"""

from __future__ import annotations

import numpy as np

from pcmphys._jit import kernel, law
from pcmphys.crossbar import _lines
from pcmphys.crossbar._lines import ROWS_AT_ONCE


@kernel
def rows(start, stop, net, drive, x, voltage, current, violation):
    """Word-line voltages, terminal currents [A] and largest violation [V] of the lines start..stop."""
    scratch = np.zeros((ROWS_AT_ONCE, x.shape[1]))
    totals, worst = np.empty(ROWS_AT_ONCE), np.empty(ROWS_AT_ONCE)
    for first in range(start, stop, ROWS_AT_ONCE):
        count = min(ROWS_AT_ONCE, stop - first)
        _lines.solve_rows(first, count, net, drive, x, scratch)
        for k in range(count):
            _lines.copy(scratch[k], voltage[first + k])
            _cell_currents(net.conductance[first + k], x[first + k], scratch[k])
        _sum_four(first, net, drive, voltage, scratch, totals, worst)
        for k in range(count):
            current[first + k], violation[first + k] = totals[k], worst[k]


@kernel
def _cell_currents(conductance, x, inout):
    for j in range(inout.size):
        inout[j] = conductance[j] * (inout[j] - x[j])


@kernel
def _sum_four(first, net, drive, voltage, cell, totals, worst):
    """Sum up four word lines from their open ends, and compare each wire's drop with its current."""
    last = voltage.shape[0] - 1
    i0, i1, i2, i3 = first, min(first + 1, last), min(first + 2, last), min(first + 3, last)
    v0, v1, v2, v3 = voltage[i0], voltage[i1], voltage[i2], voltage[i3]
    r0, r1, r2, r3 = net.row_wire[i0], net.row_wire[i1], net.row_wire[i2], net.row_wire[i3]
    t0 = t1 = t2 = t3 = 0.0
    w0 = w1 = w2 = w3 = 0.0
    for j in range(cell.shape[1] - 1, 0, -1):
        t0, t1, t2, t3 = t0 + cell[0, j], t1 + cell[1, j], t2 + cell[2, j], t3 + cell[3, j]
        w0, w1 = _larger(w0, v0[j - 1] - v0[j] - r0 * t0), _larger(w1, v1[j - 1] - v1[j] - r1 * t1)
        w2, w3 = _larger(w2, v2[j - 1] - v2[j] - r2 * t2), _larger(w3, v3[j - 1] - v3[j] - r3 * t3)
    t0, t1, t2, t3 = t0 + cell[0, 0], t1 + cell[1, 0], t2 + cell[2, 0], t3 + cell[3, 0]
    feed = net.row_feed
    w0, w1 = _larger(w0, drive[i0] - v0[0] - feed[i0] * t0), _larger(w1, drive[i1] - v1[0] - feed[i1] * t1)
    w2, w3 = _larger(w2, drive[i2] - v2[0] - feed[i2] * t2), _larger(w3, drive[i3] - v3[0] - feed[i3] * t3)
    totals[0], totals[1], totals[2], totals[3] = t0, t1, t2, t3
    worst[0], worst[1], worst[2], worst[3] = w0, w1, w2, w3


@law
def _larger(worst, difference):
    # a NaN must come through: it fails every comparison
    size = abs(difference)
    return worst if size <= worst else size


@kernel
def columns(start, stop, net, x, voltage, current, violation):
    """Sensed currents [A] and largest violation [V] of the bit lines start..stop."""
    last = x.shape[0] - 1
    ground = np.zeros(stop - start)
    total, worst = current[start:stop], violation[start:stop]
    total[:] = 0.0
    worst[:] = 0.0
    for i in range(last + 1):
        _add_cells(net.conductance[i, start:stop], voltage[i, start:stop], x[i, start:stop], total)
        if i < last:
            _raise_violation(x[i, start:stop], x[i + 1, start:stop], net.column_wire[start:stop], total, worst)
        else:
            _raise_violation(x[i, start:stop], ground, net.column_feed[start:stop], total, worst)


@kernel
def _add_cells(conductance, voltage, x, total):
    for j in range(total.size):
        total[j] += conductance[j] * (voltage[j] - x[j])


@kernel
def _raise_violation(x, below, resistance, total, worst):
    for j in range(worst.size):
        worst[j] = _larger(worst[j], x[j] - below[j] - resistance[j] * total[j])
