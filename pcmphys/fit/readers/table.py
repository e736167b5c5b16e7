"""Read a tester's table of drift reads: columns by name, units from the header or declared, every fault named."""

from __future__ import annotations

import csv
import fnmatch
import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.drift.table import LARGEST, DriftTable, unwarned
from pcmphys.numerics import check
from pcmphys.numerics.warn import warn

TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0, "day": 86400.0}
CONDUCTANCE_UNITS = {"S": 1.0, "mS": 1e-3, "uS": 1e-6, "nS": 1e-9, "1": 1.0}
_MISSING = "; empty the field and read it as missing: blank='missing' (command line: --blank)"
_OVERRANGE_WORDS = ("over", "overflow", "overrange", "ovrflw", "ovfl", "ovf", "ovld", "ol", "o.l", "oor", "overload")
_DECLARED = re.compile(r"^(?P<name>.*?)\s*(?:\[\s*(?P<square>[^\[\]]*?)\s*\]|\(\s*(?P<round>[^()]*?)\s*\))\s*$")


class _Column(NamedTuple):
    index: int
    name: str
    header: str
    unit: str
    factor: float


class _File(NamedTuple):
    path: Path
    header: list[str]
    lines: list[int]  # line number of each row in the file, from 1
    rows: list[list[str]]


def read_drift(
    path: str | Path,
    time: str = "time",
    conductance: str | Sequence[str] = "conductance*",
    device: str | None = None,
    *,
    blank: str = "refuse",
) -> DriftTable:
    r"""Read drift data from a table in a text file.

    Parameters
    ----------
    path : str or path
        UTF-8 text (a byte-order mark and CRLF do no harm): one header line, then rows; fields separated by comma,
        semicolon or tab; blank lines and lines that start with # are skipped; numbers with a decimal point.
    time : str
        Name of the time column, with or without unit: ``"t_s[s]"``. Units: s, ms, us, ns, min, h, day.
    conductance : str or sequence of str
        Names of the conductance columns, or patterns with ``*`` and ``?``, with or without unit: ``"g_*[uS]"``.
        Units: S, mS, uS, nS, 1 (normalised). In the wide form each column is a device.
    device : str, optional
        Name of the column that says which device a row belongs to: the long form, with one conductance column. All
        devices must have been read at the same times.
    blank : {"refuse", "missing"}
        An empty conductance field: an error, or a missing read (NaN; then fit with ``missing="skip"``).

    Returns
    -------
    DriftTable

    Raises
    ------
    ParameterError
        No such file; a column missing (those present are listed), twice, or matched by no pattern; no unit, an
        unknown one, one that contradicts the header's, or different units among the conductances; and, with file,
        line number and column: a row with too few or too many fields, text or nothing where a number should be,
        NaN, an infinite or negative number, a tester's mark for over-range (9.9E37, OVERFLOW), a time of zero, times
        that do not increase.

    Warns
    -----
    ValidityWarning
        Conductances above 1 S, which are probably in another unit.

    Notes
    -----
    A header may carry the unit as ``name[unit]`` or ``name (unit)``. A unit may be left out of a declaration if the
    header has it, and the other way round. Reads the whole file into memory.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "tester.csv"
    ...     _ = path.write_text("time (min),g1,g2\n1,20,10\n2,19,9.8\n")
    ...     table = read_drift(path, conductance="g*[uS]")
    >>> table.names, table.time, table.conductance[0]
    (('g1', 'g2'), array([ 60., 120.]), array([2.0e-05, 1.9e-05]))
    """
    check.choice("blank", blank, ("refuse", "missing"))
    if not isinstance(path, (str, os.PathLike)):
        raise ParameterError(
            f"path must be that of a text file; got a {type(path).__name__}. Data in memory go to the fit itself: "
            "drift(time, conductance), such as drift(frame['time'].to_numpy(), frame[['g1', 'g2']].to_numpy().T)"
        )
    file = _open(Path(path))
    when = _find(file, "time", time, TIME_UNITS)
    if len(when) != 1:
        raise ParameterError(f"{file.path}: {time!r} matches {len(when)} time columns; name one")
    patterns = [conductance] if isinstance(conductance, str) else list(conductance)
    if not patterns:
        raise ParameterError("conductance must name at least one column")
    spoken_for = {when[0].index} | {k for k, cell in enumerate(file.header) if _split(cell)[0] == device}
    found = {c.index: c for p in patterns for c in _find(file, "conductance", p, CONDUCTANCE_UNITS, spoken_for)}
    columns = list(found.values())
    units = {c.unit for c in columns}
    if len(units) > 1:
        raise ParameterError(
            f"{file.path}: the conductance columns have different units: "
            + ", ".join(f"{c.name} [{c.unit}]" for c in columns)
        )
    unit = "1" if units == {"1"} else "S"
    if device is not None:
        table, rows = _long(file, when[0], columns, device, unit, blank)
        _warn_of_size(file, table, columns * len(rows), rows)
        return table
    times = np.array([_time(file, k, when[0]) for k in range(len(file.rows))])
    _increasing(file, times, range(len(times)), when[0])
    values = [[_number(file, k, c, blank) for k in range(len(file.rows))] for c in columns]
    table = unwarned(times, np.array(values), tuple(c.name for c in columns), unit)
    _warn_of_size(file, table, columns, [range(len(times))] * len(columns))
    return table


def _open(path: Path) -> _File:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ParameterError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8 CSV") from None
    except OSError as error:
        raise ParameterError(f"cannot read {path}: {error.strerror}") from None
    kept = [(k, line) for k, line in enumerate(text.splitlines(), start=1) if line.strip()]
    kept = [(k, line) for k, line in kept if not line.lstrip().startswith("#")]
    if len(kept) < 2:
        raise ParameterError(f"{path} must hold a header line and at least one row; it has {len(kept)} lines of data")
    header = kept[0][1]
    delimiter = max("\t;,", key=header.count)  # names hold commas less often than the line holds separators
    numbers = [k for k, _ in kept]
    rows, lines = [], []
    try:
        reader = csv.reader((line for _, line in kept), delimiter=delimiter, strict=True, skipinitialspace=True)
        for row in reader:
            rows.append([cell.strip() for cell in row])
            lines.append(numbers[reader.line_num - 1])
    except csv.Error as error:
        raise ParameterError(f"{path}, line {numbers[reader.line_num - 1]}: {error}") from None
    if all(_is_number(cell) for cell in rows[0]):
        raise ParameterError(
            f"{path}, line {lines[0]}: the header holds nothing but numbers ({delimiter.join(rows[0])}); put a line "
            "with the names of the columns before it"
        )
    for row, line in zip(rows[1:], lines[1:], strict=True):
        if len(row) != len(rows[0]):
            raise ParameterError(f"{path}, line {line}: {len(row)} fields where the header has {len(rows[0])}")
    return _File(path, rows[0], lines[1:], rows[1:])


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _split(text: str) -> tuple[str, str | None]:
    """'g_1 (uS)' -> ('g_1', 'uS'); no bracket at the end -> (text, None)."""
    match = _DECLARED.match(text)
    if match is None or not match["name"]:
        return text.strip(), None
    unit = match["square"] if match["square"] is not None else match["round"]
    return match["name"], unit.replace("µ", "u").replace("μ", "u")


def _find(file: _File, role: str, declared: str, units: dict[str, float], but=frozenset()) -> list[_Column]:
    """The columns that a declaration names, with their units; a pattern passes over the columns ``but``."""
    if not isinstance(declared, str):
        raise ParameterError(f"{role} must name a column as text, such as 'name[unit]'; got {declared!r}")
    name, said = _split(declared)
    if said is not None and said not in units:
        raise ParameterError(f"{role} {declared!r}: unit must be one of {', '.join(units)}; got {said!r}")
    bare = [_split(cell)[0] for cell in file.header]
    found = [k for k, cell in enumerate(bare) if cell == name or file.header[k] == declared.strip()]
    if not found and ("*" in name or "?" in name):
        # only * and ? are patterns: a bracket is a unit, never a set of letters
        pattern = name.replace("[", "[[]")
        found = [k for k, cell in enumerate(bare) if k not in but and fnmatch.fnmatchcase(cell, pattern)]
        twice = next((bare[k] for k in found if bare.count(bare[k]) > 1), None)
        if twice is not None:
            raise ParameterError(f"{file.path}: the header has the column {twice!r} {bare.count(twice)} times")
    elif len(found) > 1:
        raise ParameterError(f"{file.path}: the header has the column {name!r} {len(found)} times")
    if not found:
        raise ParameterError(
            f"{file.path}: no {role} column {name!r}; the columns are {', '.join(file.header)}"
            f"{check.suggest(name, bare)}"
        )
    return [_with_unit(file, role, k, said, units) for k in found]


def _with_unit(file: _File, role: str, index: int, said: str | None, units: dict[str, float]) -> _Column:
    header = file.header[index]
    name, written = _split(header)
    if said is None and written is None:
        example = f"{name}[{next(iter(units))}]"
        raise ParameterError(
            f"{file.path}: column {header!r} has no unit; declare it, for instance {role} = {example!r} "
            f"({', '.join(units)})"
        )
    if written is not None and written not in units:
        raise ParameterError(
            f"{file.path}: column {header!r} has the unit {written!r}; a {role} must be in {', '.join(units)}"
        )
    if said is not None and written is not None and said != written:
        raise ParameterError(f"{file.path}: column {header!r} is in {written} by its header but declared in {said}")
    unit = said or written
    return _Column(index, name, header, unit, units[unit])


def _number(file: _File, row: int, column: _Column, blank: str = "refuse") -> float:
    text = file.rows[row][column.index]
    where = f"{file.path}, line {file.lines[row]}, column {column.header!r}"
    if not text:
        if blank == "missing":
            return math.nan
        raise ParameterError(f"{where} is blank; a number in {column.unit} belongs there")
    hint = _MISSING if column.unit in CONDUCTANCE_UNITS else ""
    try:
        value = float(text) if "_" not in text else None
    except ValueError:
        value = None
    if value is None:
        if re.sub(r"[^a-z.]", "", text.lower()) in _OVERRANGE_WORDS:
            raise ParameterError(f"{where}: {text!r} is a tester's word for over-range, not a reading{hint}")
        hint = " (write a decimal point, not a comma)" if re.fullmatch(r"[+-]?\d*,\d+([eE][+-]?\d+)?", text) else ""
        raise ParameterError(f"{where}: {text!r} is not a number{hint}")
    if math.isfinite(value) and abs(value) >= check.OVERRANGE:
        raise ParameterError(
            f"{where}: {text} is a tester's mark for over-range or for no reading (9.9E37, 9.91E37), not a reading"
            f"{hint}"
        )
    if not math.isfinite(value) or value < 0:
        raise ParameterError(f"{where}: {text} must be a finite number, not negative")
    return value * column.factor


def _time(file: _File, row: int, column: _Column) -> float:
    value = _number(file, row, column)
    if value == 0:
        raise ParameterError(
            f"{file.path}, line {file.lines[row]}, column {column.header!r}: time counts from programming and must be "
            "above 0"
        )
    return value


def _increasing(file: _File, times: np.ndarray, rows: Sequence[int], column: _Column) -> None:
    steps = np.diff(times)
    if (steps > 0).all():
        return
    k = int(np.argmin(steps > 0))
    before, after = (file.rows[rows[i]][column.index] for i in (k, k + 1))
    raise ParameterError(
        f"{file.path}, line {file.lines[rows[k + 1]]}, column {column.header!r}: times must increase; {after} follows "
        f"{before}"
    )


def _long(file: _File, when: _Column, columns: list[_Column], device: str, unit: str, blank: str):
    if len(columns) != 1:
        raise ParameterError(f"{file.path}: with a device column there is one conductance column, not {len(columns)}")
    bare = [_split(cell)[0] for cell in file.header]
    if bare.count(device) != 1:
        raise ParameterError(
            f"{file.path}: no single device column {device!r}; the columns are {', '.join(file.header)}"
            f"{check.suggest(device, bare)}"
        )
    index = bare.index(device)
    groups: dict[str, list[int]] = {}
    for k, row in enumerate(file.rows):
        if not row[index]:
            raise ParameterError(f"{file.path}, line {file.lines[k]}, column {file.header[index]!r} is blank")
        groups.setdefault(row[index], []).append(k)
    first: tuple[str, np.ndarray] | None = None
    values = []
    for name, rows in groups.items():
        times = np.array([_time(file, k, when) for k in rows])
        _increasing(file, times, rows, when)
        if first is None:
            first = (name, times)
        elif not np.array_equal(times, first[1]):
            raise ParameterError(
                f"{file.path}, line {file.lines[rows[0]]}: device {name!r} was not read at the times of {first[0]!r}; "
                "fit devices with other times from files of their own"
            )
        values.append([_number(file, k, columns[0], blank) for k in rows])
    return unwarned(first[1], np.array(values), tuple(groups), unit), list(groups.values())


def _warn_of_size(file: _File, table: DriftTable, columns: Sequence[_Column], rows: Sequence[Sequence[int]]) -> None:
    """Say so, with line and column, where a conductance is larger than that of any memory cell."""
    large = table.conductance > LARGEST
    if table.unit != "S" or not large.any():
        return
    device, read = (int(k) for k in np.argwhere(large)[0])
    column, line = columns[device], file.lines[rows[device][read]]
    warn(
        f"{file.path}, line {line}, column {column.header!r}: {table.conductance[device, read]:g} S; "
        f"{int(large.sum())} of {large.size} reads are above {LARGEST:g} S: is the unit {column.unit} right?"
    )
