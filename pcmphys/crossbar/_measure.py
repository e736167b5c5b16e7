"""Terminal currents and the residual of a solution, from Kirchhoff's laws alone.

Wire currents are summed up from the cell currents, line by line from the open end (Kirchhoff's current law holds by
construction); then every wire segment must show the voltage drop of its resistance. The largest violation, in volts,
is the residual. It is well defined for any wire resistance, also zero, where a current imbalance would not be.
"""

from __future__ import annotations

import numpy as np

from pcmphys._jit import kernel
from pcmphys.crossbar import _lines
from pcmphys.crossbar._lines import ROWS_AT_ONCE


@kernel
def rows(start, stop, net, drive, x, voltage, current, violation):
    """Word-line voltages, terminal currents [A] and largest violation [V] of the lines start..stop."""
    scratch = np.zeros((ROWS_AT_ONCE, x.shape[1]))
    for first in range(start, stop, ROWS_AT_ONCE):
        count = min(ROWS_AT_ONCE, stop - first)
        _lines.solve_rows(first, count, net, drive, x, scratch)
        for k in range(count):
            i = first + k
            _lines.copy(scratch[k], voltage[i])
            total, worst = 0.0, 0.0
            for j in range(x.shape[1] - 1, -1, -1):
                total += net.conductance[i, j] * (voltage[i, j] - x[i, j])
                if j == 0:
                    drop = abs(drive[i] - voltage[i, j] - net.row_feed[i] * total)
                else:
                    drop = abs(voltage[i, j - 1] - voltage[i, j] - net.row_wire[i] * total)
                worst = worst if drop <= worst else drop
            current[i], violation[i] = total, worst


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
        drop = abs(x[j] - below[j] - resistance[j] * total[j])
        worst[j] = worst[j] if drop <= worst[j] else drop
