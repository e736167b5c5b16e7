"""Where Newton's method begins on a large nonlinear crossbar: at the answer of one with fewer bit lines.

Neighbours on a word line hardly differ in voltage. With each sixteen of them, and their bit lines, as one (thirty-two
where there are a thousand), the array is sixteen times smaller, the word lines keep their inputs, and the steps in
which voltages find where they roughly belong cost next to nothing. A cell of it carries the mean of what the sixteen do
(`merging`); a segment of a word line is sixteen long and carries sixteen times as much, so that it counts 16^2 times,
and a bit line is one of its own. What tells bit lines from their neighbours is added at the end, word lines at rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pcmphys.crossbar.solver import linear, lines, newton
from pcmphys.crossbar.solver.coarse import Places, add_spread, spread
from pcmphys.crossbar.solver.ends import Ends, first_guess
from pcmphys.crossbar.solver.lines import Drive
from pcmphys.crossbar.solver.sharing import LARGE
from pcmphys.errors import ConvergenceError

_FEW, _MANY, _GROUPS = 16, 32, 32
"""Least and largest number of bit lines taken as one, and how many of these are enough."""
_FEWEST = 64
"""Word or bit lines below which an array is no large one."""
_GOAL = 1e-3
"""Residual that is good enough to begin with."""


def of_merged(cells: Any, ends: Ends, drive: Drive, most: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Voltages [V] of word and bit lines to begin at; None where the array is small or does not fit.

    ``most`` are the conjugate-gradient iterations that may be spent.
    """
    rows, columns = drive.row.shape[1], drive.column.shape[1]
    if rows * columns < LARGE or min(rows, columns) < _FEWEST or not _usual(ends):
        return None
    together = min(_MANY, max(_FEW, columns // _GROUPS))
    fewer = cells.merged(together) if hasattr(cells, "merged") else None
    if fewer is None:
        return None
    small_ends, small_drive = _merged(ends, drive, columns, together)
    try:
        start = first_guess(small_ends, small_drive)
        found = newton.solve(fewer, small_ends, small_drive, start, (_GOAL, most), steady=np.inf).fields
    except ConvergenceError:
        return None
    out = np.empty((2, rows, columns))
    for part, all_of_it in zip((found.row_voltage, found.column_voltage), out, strict=True):
        spread(part, _places(columns, part.shape[1], together), all_of_it)
    _tell_apart(fewer, ends, together, found.slope, out[1])
    return out[0], out[1]


def _tell_apart(fewer: Any, ends: Ends, together: int, slope: np.ndarray, column_voltage: np.ndarray) -> None:
    """Move each bit line, in place, by what its own cells draw beyond the mean of those it was one with.

    Word lines stand still meanwhile, and so many of them are one, too, as such a move bends little along a bit line.
    """
    beyond = fewer.beyond_mean(together)
    first, own = np.arange(0, slope.shape[0], together), np.arange(beyond.shape[1]) // together
    lumped = Ends(
        ends.row_wire[first], ends.row_feed[first], ends.row_far[first], together * ends.column_wire,
        ends.column_feed + 0.5 * (together - 1) * ends.column_wire, ends.column_far,
    )  # fmt: skip
    net = linear.network(np.add.reduceat(slope, first, axis=0)[:, own], lumped)
    move = np.empty_like(beyond)
    lines.column_ladders(0, beyond.shape[1], net, lines.still(*beyond.shape), beyond, move)
    add_spread(move, _places(slope.shape[0], first.size, together), column_voltage)


def _usual(ends: Ends) -> bool:
    """Whether all lines are driven at their near ends alone."""
    near = (ends.row_feed < np.inf).all() and (ends.column_feed < np.inf).all()
    return bool(near and not ends.row_far.any() and not ends.column_far.any())


def _merged(ends: Ends, drive: Drive, columns: int, together: int) -> tuple[Ends, Drive]:
    first = np.arange(0, columns, together)
    members = np.diff(np.append(first, columns))

    def mean(values: np.ndarray) -> np.ndarray:
        return np.add.reduceat(values, first, axis=-1) / members

    to_middle = ends.row_feed + 0.5 * (together - 1) * ends.row_wire
    small = Ends(
        together**2 * ends.row_wire, together * to_middle, ends.row_far,
        mean(ends.column_wire), mean(ends.column_feed), mean(ends.column_far),
    )  # fmt: skip
    return small, drive._replace(column=mean(drive.column))


def _places(columns: int, count: int, together: int) -> Places:
    """Lines between the middles of those taken as one, and beyond the outermost."""
    place = (np.arange(columns) - 0.5 * (together - 1)) / together
    before = np.clip(np.floor(place).astype(np.int64), 0, count - 2)
    return Places(before, place - before)
