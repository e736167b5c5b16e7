"""A table as it stands in a file: names, units and cells of its columns, and the line that each row is from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pcmphys.errors import ParameterError


@dataclass
class Grid:
    """Columns of cells: float arrays where all are plain numbers, arrays of objects (text, times, None) elsewhere."""

    where: str
    """What messages call it: the file, and the sheet of a workbook."""
    names: list[str]
    units: list[str | None]
    columns: list[np.ndarray]
    lines: np.ndarray
    """Number of the line, or of the row of a sheet, from 1."""
    place: str = "line"
    decimal: str = "."
    lists: dict[str, list[str]] = field(default_factory=dict)
    """Values from lines before the table, as a layout names them."""
    notes: list[str] = field(default_factory=list)
    how: list[tuple[str, str]] = field(default_factory=list)
    """What was recognised: encoding, separator, ..."""
    raw: Callable[[int], np.ndarray] | None = None
    """A column as it is written; None: as it is in ``columns``."""
    block: np.ndarray | None = None
    """Which of several tables, below each other with the same columns, each row is of; None: there is one."""
    repeated: int | None = None
    """Line in which the header stands once more."""

    def at(self, row: int, column: int) -> str:
        """Where a cell is, for messages."""
        return f"{self.where}, {self.place} {self.lines[row]}, column {self.names[column]!r}"

    def drop(self, places: Sequence[int]) -> None:
        """Leave out columns."""
        kept = [k for k in range(len(self.names)) if k not in places]
        raw = self.raw
        self.names, self.units = [self.names[k] for k in kept], [self.units[k] for k in kept]
        self.columns = [self.columns[k] for k in kept]
        self.raw = None if raw is None else lambda k: raw(kept[k])

    def cell(self, row: int, column: int) -> str:
        """A cell as text, as it is written if that is known."""
        if self.raw is not None:
            return str(self.raw(column)[row])
        value = self.columns[column][row]
        return f"{value:.15g}" if isinstance(value, float) else str(value)


def grid_of_rows(where: str, rows: list[list[Any]], first: int, place: str, width: int) -> tuple[list, np.ndarray]:
    """Columns of rows that are lists of cells, and their numbers; blank rows are left out."""
    kept = [(first + k, row) for k, row in enumerate(rows) if any(not blank(cell) for cell in row)]
    for number, row in kept:
        if len(row) != width:
            raise ParameterError(f"{where}, {place} {number}: {len(row)} fields where the header has {width}")
    columns = [column_of([row[k] for _, row in kept]) for k in range(width)]
    return columns, np.array([number for number, _ in kept], dtype=int)


def joined(grids: list[Grid]) -> Grid:
    """Tables of the same columns as one, each a block of it."""
    first = grids[0]
    if len(grids) == 1:
        return first
    other = next((one for one in grids if (one.names, one.units) != (first.names, first.units)), None)
    if other is not None:
        raise ParameterError(
            f"{first.where} holds {len(grids)} tables with different columns ({', '.join(first.names)}; from "
            f"{first.place} {other.lines[0]} on {', '.join(other.names)}); say which to read: table=1 is the first"
        )
    raws = [one.raw for one in grids if one.raw is not None]
    return replace(
        first,
        columns=[_together(parts) for parts in zip(*(one.columns for one in grids))],
        lines=np.concatenate([one.lines for one in grids]),
        block=np.repeat(np.arange(len(grids)), [len(one.lines) for one in grids]),
        notes=[*dict.fromkeys(note for one in grids for note in one.notes)],
        raw=(lambda column: np.concatenate([raw(column) for raw in raws])) if len(raws) == len(grids) else None,
    )


def blocks_of(rows: int, breaks: Sequence[int]) -> np.ndarray | None:
    """Which block each row is of, if there are several of two rows and more; lines a blank line apart are none."""
    first = sorted({0, *(k for k in breaks if k < rows)})
    if len(first) == 1 or np.diff([*first, rows]).min() < 2:
        return None
    return np.repeat(np.arange(len(first)), np.diff([*first, rows]))


def _together(parts: tuple[np.ndarray, ...]) -> np.ndarray:
    if all(part.dtype.kind == "f" for part in parts):
        return np.concatenate(parts)
    return np.concatenate([part.astype(object) for part in parts])


def column_of(cells: list[Any]) -> np.ndarray:
    """A float array if all cells are numbers, else one of objects."""
    if cells and all(isinstance(cell, (int, float)) and not isinstance(cell, bool) for cell in cells):
        return np.array(cells, dtype=float)
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    return column


def blank(cell: Any) -> bool:
    """Whether nothing stands in a cell."""
    return cell is None or (isinstance(cell, str) and not cell.strip())
