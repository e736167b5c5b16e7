"""Step lengths of the Richardson iteration: the Ritz values of one conjugate-gradient run on the network.

References
----------
L. Reichel, Linear Algebra Appl. 154-156, 389 (1991): Leja order of the shifts.
"""

from __future__ import annotations

import numpy as np

from pcmphys.crossbar.solver import conjugate_gradient, lines
from pcmphys.crossbar.solver.lines import FEED, NEAR, Network
from pcmphys.numerics.compile import scratch

_LONGEST = 14
"""With more Ritz values than this, rounding spoils the fixed polynomial: each input then gets its own iteration."""


def of_network(net: Network, tolerance: float) -> np.ndarray | None:
    """Step lengths from one fixed drive of this very network, so that no input of a batch depends on the others."""
    rows = net.conductance.shape[0]
    voltage = 0.5 + np.modf(np.arange(1, rows + 1) * 0.6180339887498949)[0]
    still = lines.still(*net.conductance.shape)
    drive = lines.still(*net.conductance.shape)
    drive.row[NEAR] = np.where(net.row_line[FEED] < np.inf, voltage, 0.0)
    steps = np.empty((2, _LONGEST + 1))
    limits = tolerance * np.abs(voltage).max(), _LONGEST + 1, _LONGEST + 1, 0.0
    work = tuple(scratch(5, net.conductance.shape))
    iterations, _ = conjugate_gradient.solve(net, drive, still, work, limits, steps, False)
    if iterations == 0:
        return np.ones(1)
    found = steps[:, :iterations]
    # beyond the reach of double precision an iteration may break down: no polynomial then
    sound = ((found >= 0.0) & (found < np.inf)).all() and found[0].all()
    return _step_lengths(found) if sound and iterations <= _LONGEST else None


def _step_lengths(steps: np.ndarray) -> np.ndarray:
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
