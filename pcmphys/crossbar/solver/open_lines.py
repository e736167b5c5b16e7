"""Lines without a terminal between nonlinear cells: where their voltage can be, and their balance line by line.

Newton's method finds it in a few steps where slopes tell the way. A saturated cell has hardly any slope, which makes
steps wild, and down an exponential law a step is one thermal voltage. What is here needs no slope.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pcmphys.crossbar.selectors import Series
from pcmphys.crossbar.solver.ends import Ends
from pcmphys.crossbar.solver.lines import END, NEAR, Drive

_BISECTIONS = 60
"""Halvings of the range: more than a float64 has digits."""


def terminal_range(ends: Ends, drive: Drive) -> tuple[float, float]:
    """Lowest and highest terminal voltage [V]: between them passive cells keep every node."""
    driven = np.concatenate([
        drive.row[NEAR, ends.row_feed < np.inf], drive.row[END, ends.row_far > 0.0],
        drive.column[NEAR, ends.column_feed < np.inf], drive.column[END, ends.column_far > 0.0],
    ])  # fmt: skip
    return float(driven.min()), float(driven.max())


def relax(cells: Any, ends: Ends, nodes: tuple[np.ndarray, np.ndarray], span: tuple[float, float], law: Series) -> None:
    """Bring each open line into balance by bisection, all others held: first all word lines, then all bit lines.

    ``nodes`` are the voltages [V] of word and bit lines, (rows, columns) each, shifted in place; ``span`` is the range
    of the terminals; ``law`` is working space.
    """
    for axis, is_open in enumerate(ends.floating):
        line, sign = nodes[axis], (1.0, -1.0)[axis]
        shape = (-1, 1) if axis == 0 else (1, -1)
        least, most = span[0] - line.min(axis=1 - axis), span[1] - line.max(axis=1 - axis)
        across = nodes[0] - nodes[1]
        for _ in range(_BISECTIONS):
            middle = np.where(is_open, 0.5 * (least + most), 0.0)
            cells.evaluate(across + sign * middle.reshape(shape), law)
            above = sign * law.current.sum(axis=1 - axis) > 0.0
            least, most = np.where(above, least, middle), np.where(above, middle, most)
        line += np.where(is_open, 0.5 * (least + most), 0.0).reshape(shape)
