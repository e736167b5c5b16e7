"""A table as it stands in a file: names, units and cells of its columns, and the line that each row is from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
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

    def at(self, row: int, column: int) -> str:
        """Where a cell is, for messages."""
        return f"{self.where}, {self.place} {self.lines[row]}, column {self.names[column]!r}"

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
