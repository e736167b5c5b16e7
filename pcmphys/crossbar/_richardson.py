"""Richardson iteration with the Ritz values of an earlier solve: the lean way through a batch of inputs.

Conjugate gradients choose their polynomial anew for each input and carry five arrays. The inputs of a batch meet the
same network, so the polynomial found for one serves all: step k moves by 1/theta_k times the residual, theta_k being
the Ritz values of the first solve in Leja order. Only two arrays are carried, and there are no inner products. The
answer is checked by Kirchhoff's laws like every other.

References
----------
L. Reichel, Linear Algebra Appl. 154-156, 389 (1991): Leja order of the shifts.
"""

from __future__ import annotations

import numpy as np

from pcmphys._jit import kernel
from pcmphys.crossbar import _lines
from pcmphys.crossbar._lines import ROWS_AT_ONCE


def step_lengths(steps: np.ndarray) -> np.ndarray:
    """Step lengths from the coefficients (alpha, beta) of a conjugate-gradient run, in Leja order."""
    alpha, beta = steps
    diagonal = 1.0 / alpha
    diagonal[1:] += beta[:-1] / alpha[:-1]
    beside = np.sqrt(beta[:-1]) / alpha[:-1]
    ritz = np.linalg.eigvalsh(np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1))
    order: list[float] = []
    left = list(ritz)
    while left:
        distance = [abs(v) if not order else np.prod([abs(v - o) for o in order]) for v in left]
        order.append(left.pop(int(np.argmax(distance))))
    return 1.0 / np.array(order)


@kernel
def sweep(net, drive, lengths, x, current, scratch, fresh):
    """All steps for one input; on return ``x`` (rows, columns) holds the column voltages.

    ``current`` (rows, columns) holds the eliminated bit-line currents J; ``scratch`` (4, columns) and ``fresh``
    (2, columns) are working space.
    """
    rows = x.shape[0]
    for k in range(-1, lengths.size):
        for first in range(0, rows, ROWS_AT_ONCE):
            count = min(ROWS_AT_ONCE, rows - first)
            if k < 0:
                scratch[:] = 0.0
                _lines.row_ladders(first, net, drive, scratch)
            else:
                _lines.solve_rows(first, count, net, drive, x, scratch)
            for i in range(first, first + count):
                now, above = fresh[i % 2], fresh[1 - i % 2]
                if i == 0:
                    _lines.multiply(net.conductance[i], scratch[0], now)
                else:
                    _eliminate(net.conductance[i], scratch[i - first], net.column_factor[i - 1], above, now)
                if k < 0:
                    _lines.copy(now, current[i])
                else:
                    _toward(lengths[k], now, current[i])
        _lines.column_up_all(0, x.shape[1], net, current, x)


@kernel
def _eliminate(conductance, voltage, factor_above, above, out):
    for j in range(out.size):
        out[j] = conductance[j] * voltage[j] + factor_above[j] * above[j]


@kernel
def _toward(length, target, inout):
    for j in range(inout.size):
        inout[j] += length * (target[j] - inout[j])
