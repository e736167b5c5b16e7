"""Dates and times of a clock: as ISO 8601, as spreadsheets in Germany and America write them, in one column or two."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.readers.grid import Grid, blank

_DATE = (
    r"(?:(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
    r"|(?P<first>\d{1,2})(?P<mark>[./-])(?P<second>\d{1,2})(?P=mark)(?P<last>\d{4})"
    r"|(?P<number>\d{1,2})[- ](?P<name>[A-Za-z]{3})[a-z]*\.?[- ](?P<named>\d{4}))"
)
_TIME = r"(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d*)?)?)\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
STAMP = re.compile(rf"{_DATE}(?:(?:[T ]|,\s*)\s*{_TIME})?\s*(?P<zone>Z|[+-]\d{{2}}:?\d{{2}})?")
CLOCK = re.compile(_TIME)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ORDERS = ("day", "month")
"""What can come first in a date such as 03/04/2026."""


def is_stamp(cell: Any) -> bool:
    """Whether a cell is a date, with or without a time."""
    if isinstance(cell, str):
        return STAMP.fullmatch(cell.strip()) is not None
    return hasattr(cell, "year") or isinstance(cell, np.datetime64)


def stamps(grid: Grid, k: int) -> bool:
    """Whether a column holds dates and times."""
    column = grid.columns[k]
    return column.dtype.kind != "f" and is_stamp(next((cell for cell in column if not blank(cell)), None))


def stamp(value: Any, order: str | None = None) -> Any:
    """A moment as a `pandas.Timestamp` in UTC, which is assumed where no offset is given; None if it is none.

    ``order`` says what comes first in dates such as 03/04/2026, which without it are none; between dots it is the day.
    """
    import pandas as pd

    if isinstance(value, str):
        match = STAMP.fullmatch(value.strip())
        value = None if match is None else _iso(match, order)
    if value is None or not (isinstance(value, (str, np.datetime64)) or hasattr(value, "year")):
        return None
    try:
        found = pd.Timestamp(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return found.tz_localize("UTC") if found.tz is None else found.tz_convert("UTC")


def _iso(match: re.Match[str], order: str | None) -> str | None:
    """The text of ISO 8601 for a date that was recognised."""
    part = match.groupdict()
    if part["year"]:
        date = part["year"], int(part["month"]), int(part["day"])
    elif part["named"]:
        name = part["name"].casefold()
        date = part["named"], _MONTHS.index(name) + 1 if name in _MONTHS else 0, int(part["number"])
    else:
        first = "day" if part["mark"] == "." else order
        if first is None:
            return None
        day, month = (part["first"], part["second"]) if first == "day" else (part["second"], part["first"])
        date = part["last"], int(month), int(day)
    text = f"{date[0]}-{date[1]:02d}-{date[2]:02d}"
    if part["clock"] is None:
        return text + (part["zone"] or "")
    hour, _, rest = part["clock"].replace(",", ".").partition(":")
    number = int(hour)
    if part["half"]:
        if not 1 <= number <= 12:
            return None
        number = number % 12 + 12 * (part["half"][0] in "pP")
    return f"{text}T{number:02d}:{rest}{part['zone'] or ''}"


def order_of(grid: Grid, k: int, said: str | None) -> str | None:
    """What comes first in the dates of a column: as its days above 12 tell, else as declared.

    Raises
    ------
    ParameterError
        Nothing tells, some cells say this and some that, or another than is declared.
    """
    found: dict[str, int] = {}
    open_ = None
    for row, cell in enumerate(grid.columns[k]):
        match = STAMP.fullmatch(cell.strip()) if isinstance(cell, str) else None
        if match is None or match["mark"] in (None, "."):
            continue
        open_ = row if open_ is None else open_
        for kind, part in (("day", match["first"]), ("month", match["second"])):
            if int(part) > 12:
                found.setdefault(kind, row)
    if open_ is None:
        return said
    if len(found) == 2:
        one, other = (f"{grid.place} {grid.lines[found[kind]]}" for kind in ORDERS)
        raise ParameterError(
            f"{grid.where}, column {grid.names[k]!r}: the day comes first in {one}, the month in {other}; write dates "
            "as in ISO 8601: 2026-11-26"
        )
    told = next(iter(found), None)
    if told is None and said is None:
        raise ParameterError(
            f"{grid.at(open_, k)}: {grid.columns[k][open_]!r} could be two days; say what comes first: dates='day' or "
            "dates='month'"
        )
    if told is not None and said not in (None, told):
        row = found[told]
        raise ParameterError(
            f"{grid.at(row, k)}: {grid.columns[k][row]!r} begins with the {told}, but dates={said!r} is declared"
        )
    return told or said


def join_dates_and_times(grid: Grid) -> None:
    """Make one column of a column of dates and one of times of day, if there is one of each."""
    dates = [k for k in range(len(grid.names)) if _only(grid, k, dates=True)]
    times = [k for k in range(len(grid.names)) if _only(grid, k, dates=False)]
    if len(dates) != 1 or len(times) != 1:
        return
    date, clock = dates[0], times[0]
    parts = zip(grid.columns[date], grid.columns[clock])
    grid.columns[date] = np.array([_joined(one, other) for one, other in parts], dtype=object)
    grid.notes.append(f"dates of {grid.names[date]!r} and times of {grid.names[clock]!r} were joined")
    grid.names[date] = f"{grid.names[date]} {grid.names[clock]}"
    grid.drop([clock])


def _only(grid: Grid, k: int, dates: bool) -> bool:
    """Whether a column holds dates without times, or times without dates."""
    column = grid.columns[k]
    if column.dtype.kind == "f":
        return False
    first = next((cell for cell in column if not blank(cell)), None)
    if isinstance(first, str):
        match = STAMP.fullmatch(first.strip())
        return (match is not None and match["clock"] is None) if dates else CLOCK.fullmatch(first.strip()) is not None
    if hasattr(first, "hour") and not hasattr(first, "year"):
        return not dates
    return dates and hasattr(first, "year") and (not hasattr(first, "hour") or _midnight(column))


def _midnight(column: np.ndarray) -> bool:
    """Whether moments are all at midnight: dates, as a spreadsheet keeps them."""
    return all((one.hour, one.minute, one.second) == (0, 0, 0) for one in column if hasattr(one, "hour"))


def _joined(date: Any, clock: Any) -> Any:
    if blank(date) and blank(clock):
        return None
    day = date if isinstance(date, str) else "" if blank(date) else f"{date:%Y-%m-%d}"
    time = clock if isinstance(clock, str) else "" if blank(clock) else f"{clock:%H:%M:%S.%f}"
    return f"{day.strip()} {time.strip()}"
