"""From a bias and the wires' resistances to what the solvers take: which ends of the lines are joined to what."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from pcmphys.crossbar.bias import Bias
from pcmphys.crossbar.solver.lines import NEAR, NO_SOURCE, PINNED, Drive, held
from pcmphys.crossbar.wires import Resistances
from pcmphys.errors import ParameterError

_NAMED = 8  # lines that a message names


class Ends(NamedTuple):
    """Wires and ends of the lines, per line; fields as in `lines.Network`."""

    row_wire: np.ndarray
    row_feed: np.ndarray
    row_far: np.ndarray
    column_wire: np.ndarray
    column_feed: np.ndarray
    column_far: np.ndarray

    @property
    def floating(self) -> tuple[np.ndarray, np.ndarray]:
        """Which word lines and which bit lines have no terminal."""
        return (
            (self.row_feed == np.inf) & (self.row_far == 0.0),
            (self.column_feed == np.inf) & (self.column_far == 0.0),
        )


def joined(bias: Bias, wires: Resistances) -> list[tuple[Ends, list[int], list[Drive]]]:
    """Inputs of a sized bias, grouped by which ends are open: ends, numbers of the inputs, and their drives.

    Raises
    ------
    ParameterError
        A line without any resistance is driven at both ends with different voltages.
    """
    sides = [end if end.ndim == 2 else end[:, None] for end in (bias.left, bias.right, bias.bottom, bias.top)]
    inputs = max(side.shape[1] for side in sides)
    groups: dict[bytes, list[int]] = {}
    open_ends = np.ascontiguousarray(np.isnan(np.concatenate(sides)).T)
    if inputs == 1 or (open_ends == open_ends[0]).all():
        groups[b""] = list(range(inputs))
    else:
        for k in range(inputs):
            groups.setdefault(open_ends[k].tobytes(), []).append(k)
    return [_group(*(side[:, members] for side in sides), wires, members) for members in groups.values()]


def _group(left, right, bottom, top, wires: Resistances, inputs: list[int]):
    row = _lines_of(left, right, wires.row, wires.row_near, wires.row_far, "word")
    column = _lines_of(bottom, top, wires.column, wires.column_near, wires.column_far, "bit")
    ends = Ends(wires.row, row[0], row[1], wires.column, column[0], column[1])
    drives = [Drive(row[2][k], column[2][k], NO_SOURCE) for k in range(len(inputs))]
    return ends, inputs, drives


def _lines_of(near, far, wire, near_resistance, far_resistance, kind: str):
    """Feed [ohm] and far conductance [S] per line, and the drive (inputs, 3, lines) as in `lines.Drive`."""
    near_open, far_open = np.isnan(near[:, 0]), np.isnan(far[:, 0])
    if far_open.all() and not near_open.any():  # the usual line, in fewer steps: a small solve takes no longer
        drive = np.zeros((near.shape[1], 3, near.shape[0]))
        drive[:, NEAR] = near.T
        return near_resistance, np.zeros(near.shape[0]), drive
    # a line without any resistance has one voltage: its far end tells nothing that the near one does not
    short = ~near_open & ~far_open & (near_resistance == 0.0) & (far_resistance == 0.0) & (wire == 0.0)
    conflict = short[:, None] & (near != far)
    if conflict.any():
        k, b = (int(v) for v in np.argwhere(conflict)[0])
        raise ParameterError(
            f"{kind} line {k} has no resistance and is driven at both ends with different voltages: "
            f"{near[k, b]:g} V and {far[k, b]:g} V"
        )
    far_open = far_open | short
    feed = np.where(near_open, np.inf, near_resistance)
    with np.errstate(divide="ignore"):
        conductance = np.where(far_open, 0.0, np.where(far_resistance == 0.0, PINNED, 1.0 / far_resistance))
    near = np.where(near_open[:, None], 0.0, near).T
    far = np.where(far_open[:, None], 0.0, far).T
    return feed, conductance, np.stack([near, far, conductance * far], axis=1)


def refuse_islands(conducts: Callable[[], np.ndarray], ends: Ends) -> None:
    """Refuse lines whose voltage nothing determines: no terminal, and no cell on the way to one.

    ``conducts`` gives which cells conduct at all, (rows, columns); it is asked only where lines have no terminal.

    Raises
    ------
    ParameterError
        Names the lines.
    """
    floating = np.concatenate(ends.floating)
    if not floating.any():
        return
    present = conducts()
    rows = present.shape[0]
    label = connected(present)
    lost = ~np.isin(label, label[~floating])
    if not lost.any():
        return
    names = [f"word line {k}" if k < rows else f"bit line {k - rows}" for k in np.flatnonzero(lost)]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    raise ParameterError(
        f"no path to a terminal: {', '.join(names[:_NAMED])}{more} left open at both ends, with no conducting cell to "
        "a line that is driven or grounded"
    )


def connected(present: np.ndarray) -> np.ndarray:
    """Number of the connected piece that each line belongs to, word lines first, from the cells (rows, columns)."""
    from scipy.sparse import coo_array  # half of the package's import time, for what is rarely asked
    from scipy.sparse.csgraph import connected_components

    rows, columns = present.shape
    i, j = np.nonzero(present)
    graph = coo_array((np.ones(i.size), (i, rows + j)), shape=(rows + columns,) * 2)
    return connected_components(graph, directed=False)[1]


def first_guess(ends: Ends, drive: Drive) -> tuple[np.ndarray, np.ndarray]:
    """Voltages [V] of word and bit lines, (rows, columns) each: that of the line's terminal along all of it.

    Lines without a terminal stand in the middle of all terminals.
    """
    row = held(ends.row_feed, ends.row_far, drive.row, np.nan)
    column = held(ends.column_feed, ends.column_far, drive.column, np.nan)
    middle = np.nanmean(np.concatenate([row, column]))
    row, column = np.nan_to_num(row, nan=middle), np.nan_to_num(column, nan=middle)
    return np.repeat(row[:, None], column.size, axis=1), np.repeat(column[None, :], row.size, axis=0)
