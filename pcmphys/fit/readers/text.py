"""A table in a text file: its lines divided into cells, every row held against the header."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.readers import units
from pcmphys.fit.readers.grid import Grid, blocks_of
from pcmphys.fit.readers.layout import Layout
from pcmphys.fit.readers.locate import NUMBER, THOUSANDS, Candidate, Head, find_head, row_like, texts, trimmed, units_in

_SEPARATORS = {"\t": "tab", ";": "semicolon", ",": "comma", " ": "blanks"}
_SAMPLE = 120
_FIELDS = 40


class _Rows(NamedTuple):
    """Lines that are rows, ready to be divided, and their numbers from 1."""

    lines: list[str]
    numbers: np.ndarray
    separator: str
    breaks: list[int]  # rows before which a blank line stands, or the header once more
    other: int = 0  # lines between that a layout does not take for rows
    repeated: int | None = None  # line in which the header stands once more


def grid_of_text(
    where: str, text: str, layout: Layout, table: int | None, decimal: str | None, *, alone: bool = False
) -> Grid:
    """The table of a text; ``table`` counts from 1 where a layout finds several, ``alone`` lets one column be one.

    Raises
    ------
    ParameterError
        No table, or several and none named; no header; a row with too many or too few fields; points and commas in
        its numbers, or commas that could divide thousands.
    """
    lines = text.split("\n")
    separator = layout.table.separator or _separator(where, lines, layout, alone)
    lone = None if separator else _column_alone(lines, layout)
    separator = separator or "\t"
    head, end = (lone, None) if lone else _head(where, lines, layout, separator, table)
    names, written = _named(where, lines, layout, separator, head)
    rows = _rows(where, lines, layout, separator, (head, end), names)
    point = decimal or layout.table.decimal or _decimal(where, rows)
    columns, raw = _columns(where, rows, point, len(names))
    grid = Grid(
        where=where,
        names=[name or f"column {k}" for k, name in enumerate(names, start=1)],
        units=written,
        columns=columns,
        lines=rows.numbers,
        decimal=point,
        lists=_lists(lines[: head.first], layout, separator),
        raw=raw,
        block=blocks_of(len(rows.lines), rows.breaks),
        repeated=rows.repeated,
    )
    header = "none" if head.line is None else f"line {head.line + 1}"
    header += "" if layout.table.names is None else ", names declared"
    grid.how += [
        ("separator", _SEPARATORS[separator]),
        ("decimal", "comma" if point == "," else "point"),
        ("header", header + (", units in a row of their own" if head.units else "")),
    ]
    if rows.other:
        grid.notes.append(f"{rows.other} lines behind the header are no rows (layout {layout.name})")
    grid.notes += _left_out(where, lines, layout, separator, (end, len(names)))
    return grid


def _named(
    where: str, lines: list[str], layout: Layout, separator: str, head: Head
) -> tuple[list[str], list[str | None]]:
    """Names and units of the columns, of the header or declared; a unit of the header stays where none is declared."""
    skip, declared = layout.table.skip, layout.table.names
    found = None if head.names is None else head.names[skip:]
    place = next((k for k in range(head.first, len(lines)) if _is_row(lines[k], layout)), head.first)
    cells = _fields(lines[place], separator)[skip:] if place < len(lines) else []
    if declared is None:
        if found is None:
            raise ParameterError(
                f"{where}, line {place + 1}: no line with the names of the columns before the first row "
                f"({separator.join(trimmed(cells))[:60]!r}); give them: names = ['device', 'time[s]', 'g[uS]'], one "
                "for each column"
            )
        written = (head.units or [])[skip:]
        return found, [*written, *[None] * len(found)][: len(found)]
    if not len(trimmed(cells)) <= len(declared) <= max(len(cells), len(declared) * layout.table.short):
        raise ParameterError(
            f"{where}, line {place + 1}: names must name each of the {len(trimmed(cells))} columns "
            f"({', '.join(found or cells)[:60]}); got {len(declared)}"
        )
    if found is None or len(found) != len(declared):
        return declared, [None] * len(declared)
    rows = [*(head.units or [])[skip:], *[None] * len(found)]
    return declared, [units.split(header)[1] or unit for header, unit in zip(found, rows)]


def _is_row(line: str, layout: Layout) -> bool:
    """Whether a line behind the header is a row, as far as it can be told from the line alone."""
    pattern = layout.table.rows
    return (
        bool(line.strip())
        and _marked(line, layout) is None
        and (pattern is None or re.search(pattern, line) is not None)
    )


def _left_out(where: str, lines: list[str], layout: Layout, separator: str, ends: tuple[int | None, int]) -> list[str]:
    """What to say of lines behind the end that a layout gives its table; rows of numbers there are an error."""
    end, width = ends
    if end is None or layout.table.end is None or not re.search(layout.table.end, lines[end]):
        return []
    behind = [k for k in range(end, len(lines)) if lines[k].strip()]
    for k in behind:
        cells = trimmed(_fields(lines[k], separator))
        if len(cells) == width + layout.table.skip and all(NUMBER.fullmatch(cell) for cell in cells):
            raise ParameterError(
                f"{where}, line {k + 1} holds a row of numbers, but the layout {layout.name} ended the table in line "
                f"{end + 1}; take out the lines between, or give a layout of your own"
            )
    return [f"{len(behind)} lines from line {end + 1} on are no rows (layout {layout.name})"] if behind else []


def _fields(line: str, separator: str, most: int = -1) -> list[str]:
    """The cells of a line, at most so many and a rest."""
    if '"' in line:
        try:
            cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True, strict=True), [])
            return [cell.strip() for cell in cells if separator != " " or cell]
        except csv.Error:
            pass  # told where the rows are held against the header
    if separator == " ":
        return re.sub(r"\s+([\[(])", r"\1", line).split(None, most)
    return [cell.strip() for cell in line.split(separator, most)]


def _marked(line: str, layout: Layout) -> str | None:
    """What follows a comment's mark; None if the line is no comment."""
    stripped = line.lstrip()
    mark = next((mark for mark in layout.table.comment if mark and stripped.startswith(mark)), None)
    return None if mark is None else stripped.lstrip(mark).strip()


def _separator(where: str, lines: list[str], layout: Layout, alone: bool) -> str:
    """The separator that makes most of the lines rows of numbers, all of one width; empty for a column ``alone``."""
    step = max(len(lines) // _SAMPLE, 1)
    some = lines[: 2 * _SAMPLE] + lines[2 * _SAMPLE :: step]
    sample = [line for line in some if line.strip() and _marked(line, layout) is None]
    widths: dict[str, dict[int, float]] = {separator: {} for separator in _SEPARATORS}
    for line in sample:
        for separator in _SEPARATORS:
            cells = _fields(line, separator, _FIELDS)[:_FIELDS]
            flags = row_like(cells)
            # blanks beside a tab or a semicolon divide nothing
            if flags is not None and not (separator == " " and ("\t" in line.strip() or ";" in line)):
                share = sum(flags) / max(sum(bool(cell) for cell in cells), 1)
                widths[separator][len(cells)] = widths[separator].get(len(cells), 0.0) + share
    scores = {separator: max(found.values(), default=0.0) for separator, found in widths.items()}
    best = max(scores, key=lambda separator: scores[separator])
    if scores[best] == 0.0:
        if alone and layout.table.header is None and _column_alone(lines, layout):
            return ""
        _complain_of_columns(where, [line for line in lines if line.strip() and _marked(line, layout) is None])
    return best


def _column_alone(lines: list[str], layout: Layout) -> Head | None:
    """The header of a text that has one column of numbers and nothing else; None if it has more."""
    used = [k for k, line in enumerate(lines) if line.strip() and _marked(line, layout) is None]
    numbers = [k for k in used if NUMBER.fullmatch(lines[k].strip())]
    if not numbers or 2 * len(numbers) < len(used):
        return None
    above = [k for k in used if k < numbers[0]]
    if not above:
        return Head(None, None, None, numbers[0])
    return Head(texts([lines[above[-1]].strip()]), None, above[-1], numbers[0])


def _complain_of_columns(where: str, used: list[str]) -> None:
    if used and sum(NUMBER.fullmatch(line.strip()) is not None for line in used) >= len(used) / 2:
        raise ParameterError(
            f"{where} has one column of numbers; needed are a column of times and one of conductances, resistances or "
            "currents, divided by comma, semicolon, tab or blanks"
        )
    if len(used) == 1:
        raise ParameterError(f"{where} must hold a header line and at least one row; it has one line: {used[0][:60]!r}")
    raise ParameterError(
        f"{where}: no table found: no line holds numbers in two columns. Needed are a column of times and one of "
        "conductances, resistances or currents, divided by comma, semicolon, tab or blanks"
    )


def _head(where: str, lines: list[str], layout: Layout, separator: str, table: int | None) -> tuple[Head, int | None]:
    """The header, and the line at which the table ends."""
    pattern = layout.table.header
    if pattern is None:
        if table not in (None, 1):
            raise ParameterError(f"{where}: table={table}, but without a layout only the first table is found")
        return find_head(_candidates(lines, layout, separator), where), _end(lines, layout, 0)
    places = [k for k, line in enumerate(lines) if re.search(pattern, line)]
    if not places:
        raise ParameterError(
            f"{where}: the layout {layout.name} begins its table with a line like {pattern!r}, and none of "
            f"{len(lines)} lines is; is it another tester's file? layout='plain' finds the table by itself"
        )
    if len(places) > 1 and table is None:
        raise ParameterError(
            f"{where} holds {len(places)} tables (headers in lines {', '.join(str(k + 1) for k in places[:9])}); say "
            "which: table=1 is the first"
        )
    if table is not None and not 1 <= table <= len(places):
        raise ParameterError(f"{where}: table must be within [1, {len(places)}]; got {table}")
    place = places[(table or 1) - 1]
    after = [k for k in places if k > place]
    first = next((k for k in range(place + 1, len(lines)) if lines[k].strip(" \t,;")), len(lines))
    written = units_in(_fields(lines[first], separator)) if first < len(lines) else None
    head = Head(texts(_fields(lines[place], separator)), written, place, first + (written is not None))
    end = _end(lines, layout, head.first)
    return head, min([k for k in (*after[:1], end) if k is not None], default=None)


def _end(lines: list[str], layout: Layout, first: int) -> int | None:
    if layout.table.end is None:
        return None
    return next((k for k in range(first, len(lines)) if re.search(layout.table.end, lines[k])), None)


def _candidates(lines: list[str], layout: Layout, separator: str) -> Iterator[Candidate]:
    for k, line in enumerate(lines):
        inside = _marked(line, layout)
        yield Candidate(k, _fields(line if inside is None else inside, separator), inside is not None)


def _rows(where: str, lines: list[str], layout: Layout, separator: str, span: tuple, names: list[str]) -> _Rows:
    """The lines of the table that are rows, each with as many fields as there are names."""
    rows, skip, width = layout.table.rows and re.compile(layout.table.rows), layout.table.skip, len(names)
    kept, numbers, other, breaks, repeated = [], [], 0, [], None
    head, header = span[0], None if span[0].line is None else lines[span[0].line].strip()
    between = f" \t\f\v{separator}"
    marks = tuple(mark for mark in layout.table.comment if mark)
    for number, line in enumerate(lines[head.first : span[1]], start=head.first + 1):
        start = line.lstrip(between)
        if not start:
            breaks.append(len(kept))
            continue
        if line.strip() == header:
            breaks.append(len(kept))
            repeated = repeated or number
            continue
        if start.startswith(marks):
            continue
        if rows and not rows.search(line):
            other += 1
            continue
        if separator == " ":
            line = "\t".join(line.split())
        for _ in range(skip):
            line = line.partition("\t" if separator == " " else separator)[2]
        kept.append(line)
        numbers.append(number)
    if not kept:
        raise ParameterError(f"{where} must hold a header line and at least one row; after the header there is no row")
    separator = "\t" if separator == " " else separator
    for k, line in enumerate(kept):
        count = line.count(separator) + 1 if '"' not in line else _quoted(where, numbers[k], line, separator)
        if count != width:
            kept[k] = _mended(f"{where}, line {numbers[k]}", line, separator, count, names, layout.table.short)
    return _Rows(kept, np.array(numbers), separator, breaks, other, repeated)


def tables_in(text: str, layout: Layout) -> int:
    """How many tables a text holds by its layout, if that knows how they begin; else one."""
    pattern = layout.table.header
    return 1 if pattern is None else sum(re.search(pattern, line) is not None for line in text.split("\n"))


def _quoted(where: str, number: int, line: str, separator: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=separator, skipinitialspace=True, strict=True)))
    except csv.Error as error:
        raise ParameterError(f"{where}, line {number}: {error}; a quote that opens must close in the line") from None


def _mended(at: str, line: str, separator: str, count: int, names: list[str], short: bool) -> str:
    """A row as wide as the header: blank fields too many are cut, fields too few are blank where the layout says so."""
    width = len(names)
    if count < width and short:
        return line + separator * (width - count)
    cut = line
    while count > width and cut.rstrip(" ").endswith(separator):
        cut, count = cut.rstrip(" ")[: -len(separator)], count - 1
    if count == width:
        return cut
    many = "field" if count == 1 else "fields"
    lost = f": {names[count]!r} and what follows it are not there" if count < width else ""
    raise ParameterError(
        f"{at}: {count} {many} where the header has {width}{lost}; every row needs one for each column"
    )


def _decimal(where: str, rows: _Rows) -> str:
    """Point or comma, whichever the numbers of a sample of rows have."""
    # between commas a decimal comma stands inside of quotes
    if rows.separator == "," and not any(re.search(r'"[+-]?\d+,\d+', line) for line in rows.lines[:_SAMPLE]):
        return "."
    seen: dict[str, int] = {}
    thousands = True
    step = max(len(rows.lines) // _SAMPLE, 1)
    for k in (*range(min(_SAMPLE, len(rows.lines))), *range(0, len(rows.lines), step)):
        number = int(rows.numbers[k])
        for cell in _fields(rows.lines[k], rows.separator, _FIELDS)[:_FIELDS]:
            if THOUSANDS.fullmatch(cell):
                raise ParameterError(
                    f"{where}, line {number}: {cell!r} divides thousands; write numbers without that mark"
                )
            if NUMBER.fullmatch(cell) and ("," in cell or "." in cell):
                seen.setdefault("," if "," in cell else ".", number)
                thousands &= re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", cell) is not None
        if len(seen) == 2:
            raise ParameterError(
                f"{where}: numbers have a decimal comma in line {seen[',']} and a decimal point in line {seen['.']}; "
                "write one of them throughout"
            )
    if "," in seen and thousands:
        raise ParameterError(
            f"{where}, line {seen[',']}: its commas may be decimal or divide thousands; say which: decimal=',' or "
            "write numbers without that mark"
        )
    return "," if "," in seen else "."


def _columns(where: str, rows: _Rows, point: str, width: int) -> tuple[list[np.ndarray], Any]:
    """The cells, numbers already where a whole column is numbers; and how to get a column as it is written."""
    import pandas as pd

    body = "\n".join(rows.lines)
    settings: dict[str, Any] = {
        "sep": rows.separator, "decimal": point, "header": None, "names": range(width), "index_col": False,
        "na_filter": False, "skipinitialspace": True, "skip_blank_lines": False, "low_memory": False,
    }  # fmt: skip
    if tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1):
        settings["float_precision"] = "round_trip"  # the only one since
    try:
        frame = pd.read_csv(io.StringIO(body), **settings)
    except pd.errors.ParserError as error:
        raise ParameterError(f"{where}: {str(error).strip()}") from None
    if len(frame) != len(rows.lines):
        raise ParameterError(f"{where}: a quote that opens in one line closes in another; quotes must close in a line")
    columns = [_column(frame[k]) for k in range(width)]
    return columns, partial(_as_written, body, settings)


def _column(series: Any) -> np.ndarray:
    if series.dtype.kind in "iuf":
        return series.to_numpy(dtype=float)
    found = series.to_numpy(dtype=object)
    return found if series.dtype.kind != "b" else np.array([str(value) for value in found], dtype=object)


def _as_written(body: str, settings: dict[str, Any], column: int) -> np.ndarray:
    """A column as text: 007 is no 7 where it names a device."""
    import pandas as pd

    settings = {key: value for key, value in settings.items() if key != "low_memory"}
    return pd.read_csv(io.StringIO(body), usecols=[column], dtype=str, **settings)[column].to_numpy(dtype=object)


def _lists(lines: list[str], layout: Layout, separator: str) -> dict[str, list[str]]:
    """What the layout looks for in the lines before the table."""
    found = {}
    for key, pattern in layout.lines.model_dump().items():
        match = pattern and next((m for line in lines if (m := re.search(pattern, line))), None)
        if match:
            found[key] = trimmed(_fields(match[1] if match.re.groups else match[0], separator))
    return found
