"""Richardson iteration with Ritz values found once: the lean way through a batch of inputs.

Conjugate gradients choose their polynomial anew for each input and carry five arrays. The inputs of a batch meet the
same network, so the polynomial found for one serves all: step k moves by 1/theta_k times the residual, theta_k being
the Ritz values in Leja order (see `polynomial`). Only two arrays are carried, and there are no inner products. The
answer is checked by Kirchhoff's laws like every other.
"""

from __future__ import annotations

from pcmphys.crossbar.solver import lines
from pcmphys.crossbar.solver.lines import INJECTED, NEAR, ROWS_AT_ONCE
from pcmphys.numerics.compile import kernel


@kernel
def sweep(net, drive, lengths, x, current, scratch, fresh):
    """All steps for one input; on return ``x`` (rows, columns) holds the column voltages.

    ``current`` (rows, columns) holds the eliminated bit-line currents J; ``scratch`` (`lines.ROOM`, columns) and
    ``fresh`` (2, columns) are working space.
    """
    rows = x.shape[0]
    for k in range(-1, lengths.size):
        for first in range(0, rows, ROWS_AT_ONCE):
            count = min(ROWS_AT_ONCE, rows - first)
            if k < 0:
                for i in range(count):
                    lines.multiply(net.conductance[first + i], drive.column[NEAR], scratch[i])
                lines.row_ladders(first, net, drive, scratch)
            else:
                lines.solve_rows(first, count, net, drive, x, scratch)
            for i in range(first, first + count):
                now, above = fresh[i % 2], fresh[1 - i % 2]
                if i == 0:
                    lines.multiply(net.conductance[i], scratch[0], now)
                    lines.add(now, drive.column[INJECTED], now)
                else:
                    _eliminate(net.conductance[i], scratch[i - first], net.column_factor[i - 1], above, now)
                if k < 0:
                    lines.copy(now, current[i])
                else:
                    _toward(lengths[k], now, current[i])
        lines.column_up_all(0, x.shape[1], net, drive.column[NEAR], current, x)


@kernel
def _eliminate(conductance, voltage, factor_above, above, out):
    for j in range(out.size):
        out[j] = conductance[j] * voltage[j] + factor_above[j] * above[j]


@kernel
def _toward(length, target, inout):
    for j in range(inout.size):
        inout[j] += length * (target[j] - inout[j])
