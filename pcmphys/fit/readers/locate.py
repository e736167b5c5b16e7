"""Where in a file the table is: its header, a row of units, its first row, found from the cells themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from pcmphys.errors import ParameterError
from pcmphys.fit.readers import units
from pcmphys.fit.readers.grid import blank
from pcmphys.fit.readers.stamps import CLOCK, STAMP

NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eEdD][+-]?\d+)?")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+|[+-]?\d{1,3}(,\d{3})+\.\d*")
WITH_UNIT = re.compile(rf"({NUMBER.pattern})\s*([^\d\s+\-.,][^\s]*)")
MISSING = ("", "-", "--", "---", "----", "–", "—", "na", "n/a", "#n/a", "n.a.", "nan", "none", "null", "nul", "missing")
ABOVE = (
    "over", "overflow", "+overflow", "overrange", "over range", "over-range", "ovrflw", "ovfl", "ovf", "ovld", "ol",
    "o.l", "o.l.", "oor", "overload", "overld", "inf", "+inf", "infinity", "+infinity", "-inf", "-infinity",
    "-overflow", "compliance", "clipped",
)  # fmt: skip
BELOW = ("under", "underflow", "underrange", "under range", "bdl", "<lod", "lod")
_FIELDS_LOOKED_AT = 40
_HEAD = 20
"""Lines before the first row among which its header is looked for."""


class Head(NamedTuple):
    """The names of the columns, their units if a row of its own has them, and where the rows begin."""

    names: list[str] | None
    units: list[str | None] | None
    line: int | None
    first: int


class Candidate(NamedTuple):
    """A line with its cells; of a comment, those after its mark."""

    place: int
    cells: list[Any]
    comment: bool = False


def number_like(cell: Any) -> bool:
    """Whether a cell could stand where a number is expected: numbers, times, testers' marks."""
    if not isinstance(cell, str):
        return not blank(cell)
    text = cell.strip()
    if NUMBER.fullmatch(text) or STAMP.fullmatch(text) or CLOCK.fullmatch(text) or THOUSANDS.fullmatch(text):
        return True
    if text and (text.casefold() in MISSING or text.casefold() in ABOVE or text.casefold() in BELOW):
        return True
    match = WITH_UNIT.fullmatch(text)
    found = match and units.find(match[2])
    return bool(found) and found.quantity in units.IN_CELLS


def row_like(cells: list[Any]) -> list[bool] | None:
    """Which cells are like numbers, if two are there and half of those that hold something are; else None."""
    cells = cells[:_FIELDS_LOOKED_AT]
    filled = [cell for cell in cells if not blank(cell)]
    flags = [number_like(cell) for cell in cells]
    return flags if len(filled) >= 2 and 2 * sum(flags) >= len(filled) else None


def find_head(candidates: Iterable[Candidate], where: str) -> Head:
    """The head of the first table: two rows that are alike, and the lines before them.

    Raises
    ------
    ParameterError
        No rows with numbers in at least two columns.
    """
    before: list[Candidate] = []
    first = None
    for one in candidates:
        if one.comment or all(blank(cell) for cell in one.cells):
            before += [one] if one.comment else []
            continue
        if first is not None and _alike(first, one):
            return _head(before[: before.index(first)], first)
        before.append(one)
        first = one if row_like(one.cells) else None
        del before[:-_HEAD]
    if first is not None:  # the last line: a table of one row
        return _head(before[: before.index(first)], first)
    raise ParameterError(
        f"{where}: no table found: nowhere do two columns hold numbers. Needed are a column of times and one of "
        "conductances, resistances or currents, divided by comma, semicolon, tab or blanks"
    )


def _alike(first: Candidate, second: Candidate) -> bool:
    """Whether words stand in the same columns of both: a line of names above numbers is not like them."""
    one, two = row_like(first.cells), row_like(second.cells)
    if one is None or two is None:
        return False
    return all(a or not b or blank(cell) for a, b, cell in zip(one, two, first.cells))


def _head(before: list[Candidate], first: Candidate) -> Head:
    fitting = [one for one in before if _names(one) and _as_wide(one, first)]
    named = [one for one in fitting if _with_units(one)]
    # names with units are a header wherever they stand; whatever follows are rows, and told if they cannot be
    last = max(named, key=_with_units) if named else _directly_before(before, fitting)
    if last is None:
        return Head(None, None, None, first.place)
    place = fitting.index(last)
    below = fitting[place + 1] if place + 1 < len(fitting) else None
    if named and below is not None and (found := units_in(below.cells)) is not None:
        return Head(texts(last.cells), found, last.place, below.place + 1)
    found = None if named else units_in(last.cells)
    if found is not None and place > 0:
        return Head(texts(fitting[place - 1].cells), found, fitting[place - 1].place, last.place + 1)
    return Head(texts(last.cells), None, last.place, last.place + 1)


def _as_wide(line: Candidate, row: Candidate) -> bool:
    """Whether a line has as many cells as a row; one less may have been forgotten, which is told later."""
    count, filled = len(trimmed(line.cells)), len(trimmed(row.cells))
    return count >= 2 and filled - (not line.comment) <= count <= max(len(row.cells), filled + 1)


def _with_units(line: Candidate) -> int:
    """How many names with a unit a line has, if it has no numbers."""
    filled = [str(cell) for cell in line.cells[:_FIELDS_LOOKED_AT] if not blank(cell)]
    if any(number_like(cell) for cell in filled):
        return 0
    written = [units.split(cell)[1] for cell in filled]
    return sum(text is not None and units.find(text) is not None for text in written)


def _directly_before(before: list[Candidate], fitting: list[Candidate]) -> Candidate | None:
    """The last line that could be a header, with nothing but comments and rows behind it."""
    plain = [one for one in fitting if not one.comment]
    if plain:
        between = [one for one in before[before.index(plain[-1]) + 1 :] if not one.comment]
        # what begins with a number is a row, and told if it cannot be one
        if not any(_word(next(cell for cell in one.cells if not blank(cell))) for one in between):
            return plain[-1]
    return fitting[-1] if fitting and fitting[-1] is before[-1] else None


def _names(line: Candidate) -> bool:
    filled = [cell for cell in line.cells if not blank(cell)]
    return bool(filled) and _word(filled[0])


def _word(cell: Any) -> bool:
    return isinstance(cell, str) and not NUMBER.fullmatch(cell.strip()) and not STAMP.fullmatch(cell.strip())


def units_in(cells: list[Any]) -> list[str | None] | None:
    """The units of a row that holds nothing else; brackets around them do no harm."""
    found: list[str | None] = []
    for cell in cells:
        text = "" if blank(cell) else str(cell).strip()
        bare = text[1:-1].strip() if text[:1] + text[-1:] in ("[]", "()") else text
        if bare and units.find(bare) is None:
            return None
        found.append(bare or None)
    # "1", for normalised, is a number as well
    return found if any(text and not NUMBER.fullmatch(text) for text in found) else None


def trimmed(cells: list[Any]) -> list[Any]:
    """Cells without the blank ones at the end."""
    last = max((k for k, cell in enumerate(cells) if not blank(cell)), default=-1)
    return cells[: last + 1]


def texts(cells: list[Any]) -> list[str]:
    """Names of columns as text, without blank ones at the end."""
    return ["" if blank(cell) else " ".join(str(cell).split()) for cell in trimmed(cells)]
