"""From cells to numbers: testers' marks told from reads, everything else that is no number refused with its place."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.readers import units
from pcmphys.fit.readers.columns import Column
from pcmphys.fit.readers.grid import Grid
from pcmphys.fit.readers.locate import ABOVE, BELOW, MISSING, NUMBER, WITH_UNIT
from pcmphys.fit.readers.stamps import CLOCK, order_of, stamp
from pcmphys.fit.readers.units import Unit
from pcmphys.numerics import check

READ, GAP, OVER, UNDER = 0, 1, 2, 3
"""What a cell holds: a number, nothing, a mark for above or for below the range."""
_NO_READING = 9.91e37
"""SCPI's not-a-number; 9.9E37 is its infinity."""


class Numbers(NamedTuple):
    """A column in its unit's SI size, and what each cell holds; NaN where it is no read."""

    values: np.ndarray
    kinds: np.ndarray
    unit: Unit | None


def numbers(grid: Grid, column: Column) -> Numbers:
    """The numbers of a column.

    Raises
    ------
    ParameterError
        Text where a number should be, cells in different units, a column without a unit.
    """
    cells, unit = grid.columns[column.place], column.unit
    if cells.dtype.kind == "f":
        values, kinds = cells.copy(), np.zeros(len(cells), dtype=np.int8)
    else:
        values, kinds, own = _of_cells(grid, column, cells)
        unit = _agreed(grid, column, unit, own)
    with np.errstate(invalid="ignore"):
        kinds[np.isnan(values) & (kinds == READ)] = GAP
        marks = (np.abs(values) >= check.OVERRANGE) & (kinds == READ)
        none = marks & (np.abs(np.abs(values) / _NO_READING - 1.0) < 1e-6)
        kinds[none] = GAP
        kinds[marks & ~none] = OVER  # of either sign: it is the size that was beyond the range
    if unit is None:
        raise ParameterError(
            f"{grid.where}: column {column.header!r} has no unit; declare it, such as "
            f"{column.role}='{column.name}[{units.SI[column.role]}]' ({units.allowed(column.role)})"
        )
    return Numbers(np.where(kinds == READ, values * unit.factor + unit.shift, np.nan), kinds, unit)


def _of_cells(grid: Grid, column: Column, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray, dict[str, int]]:
    """Values, kinds and, of units that stand in cells, the first row of each."""
    import pandas as pd

    if grid.decimal == ",":
        # a point among decimal commas is no number, whatever it divides
        plain = [cell.replace(".", "x").replace(",", ".") if isinstance(cell, str) else cell for cell in cells]
    else:
        plain = list(cells)
    plain = [cell if isinstance(cell, (str, int, float)) and not isinstance(cell, bool) else None for cell in plain]
    values = np.array(pd.to_numeric(pd.Series(plain, dtype=object), errors="coerce"), dtype=float)
    kinds = np.zeros(len(cells), dtype=np.int8)
    own: dict[str, int] = {}
    for row in np.flatnonzero(~np.isfinite(values)).tolist():
        values[row], kinds[row], unit = _odd(grid, column, row, cells[row])
        if unit is not None:
            own.setdefault(unit, row)
    if own and (kinds == READ).sum() > sum(_has_unit(cell) for cell in cells):
        bare = next(k for k, cell in enumerate(cells) if kinds[k] == READ and not _has_unit(cell))
        text, row = next(iter(own.items()))
        if column.unit is None:
            raise ParameterError(
                f"{grid.at(bare, column.place)}: {grid.cell(bare, column.place)!r} has no unit, while {grid.place} "
                f"{grid.lines[row]} is in {text}; write one unit into the header, and numbers alone into the cells"
            )
        own.setdefault(column.unit.text, bare)
    return values, kinds, own


def _has_unit(cell: Any) -> bool:
    return (
        isinstance(cell, str)
        and NUMBER.fullmatch(cell.strip()) is None
        and WITH_UNIT.fullmatch(cell.strip()) is not None
    )


def _odd(grid: Grid, column: Column, row: int, cell: Any) -> tuple[float, int, str | None]:
    """A cell that is no plain number: value, kind and unit; or an error."""
    text = "" if cell is None or cell is np.nan else str(cell).strip()
    word = text.casefold()
    for words, kind in ((MISSING, GAP), (ABOVE, OVER), (BELOW, UNDER)):
        if word in words:
            return np.nan, kind, None
    match = WITH_UNIT.fullmatch(text)
    unit = match and units.find(match[2])
    if match is not None and unit and unit.quantity in units.IN_CELLS:
        return float(match[1].replace(",", ".") if grid.decimal == "," else match[1]), READ, match[2]
    why, here, other = "", *(("comma", "point") if grid.decimal == "," else ("point", "comma"))
    if NUMBER.fullmatch(text) and {"comma": ",", "point": "."}[other] in text:
        why = f" (numbers here have a decimal {here}, not a {other})"
    elif NUMBER.fullmatch(text):  # of Fortran, 1.5D-3, or beyond what a computer can hold, which is out of any range
        value = float(re.sub("[dD]", "e", text.replace(",", ".")))
        return value, READ if np.isfinite(value) else OVER, None
    elif CLOCK.fullmatch(text):
        why = " (it is a time of day: with its date before it, or in a column beside it, it is a moment)"
    elif isinstance(cell, str) and text.startswith("="):
        why = " (formulas are not run: save the file with values)"
    raise ParameterError(f"{grid.at(row, column.place)}: {text[:60]!r} is not a number{why}")


def _agreed(grid: Grid, column: Column, unit: Unit | None, own: dict[str, int]) -> Unit | None:
    """The one unit of a column from its header and its cells."""
    if not own:
        return unit
    known = {text: units.find(text, column.role) or units.find(text) for text in own}
    first = next(iter(own))
    for text, row in own.items():
        found = known[text]
        wanted = unit or known[first]
        if found is None or wanted is None or found._replace(text="") != wanted._replace(text=""):
            before = column.unit.text if column.unit else first
            raise ParameterError(
                f"{grid.at(row, column.place)}: {grid.cell(row, column.place)!r} is in {text}, while the column is in "
                f"{before}: one unit a column"
            )
    found = known[first]
    if unit is None and found is not None and found.quantity != column.role:
        raise ParameterError(f"{grid.at(own[first], column.place)}: {first} is no unit of a {column.role}")
    return unit or found


def moments(grid: Grid, column: Column, programmed: Any, dates: str | None) -> Numbers:
    """The seconds from a moment, as text, to each of a column of dates and times; ``dates`` as in `order_of`."""
    import pandas as pd

    order = order_of(grid, column.place, dates)
    if order is not None:
        grid.how.append(("dates", f"{order} first"))
    since = stamp(programmed, order)
    if since is None:
        raise ParameterError(f"programmed must be a time stamp as 2024-05-17 12:00:00; got {programmed!r}")
    cells = grid.columns[column.place]
    kinds = np.array([GAP if _missing(cell) else READ for cell in cells], dtype=np.int8)
    given = pd.Series([None if kind else cell for cell, kind in zip(cells, kinds)], dtype=object)
    found = given.map(lambda cell: stamp(cell, order))
    wrong = np.flatnonzero(found.isna().to_numpy() & (kinds == READ))
    if wrong.size:
        row = int(wrong[0])
        raise ParameterError(
            f"{grid.at(row, column.place)}: {grid.cell(row, column.place)!r} is no time stamp; write them as in ISO "
            "8601: 2024-05-17 12:00:01"
        )
    values = np.array([np.nan if gone else (one - since).total_seconds() for one, gone in zip(found, kinds)])
    return Numbers(values, kinds, None)


def first_stamp(grid: Grid, column: Column) -> str:
    """The first of a column of dates and times, as text."""
    return str(next(cell for cell in grid.columns[column.place] if not _missing(cell)))


def _missing(cell: Any) -> bool:
    return cell is None or cell != cell or (isinstance(cell, str) and cell.strip().casefold() in MISSING)
