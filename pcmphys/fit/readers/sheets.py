"""Tables that are no text: Excel workbooks, LabVIEW's TDMS files, and data frames of pandas."""

from __future__ import annotations

import contextlib
import io
import logging
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.readers.grid import Grid, blocks_of, column_of, grid_of_rows
from pcmphys.fit.readers.locate import Candidate, find_head, texts, trimmed
from pcmphys.fit.readers.source import fits
from pcmphys.numerics import check


def _needed(module: str, package: str, kind: str, where: str) -> ModuleType:
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError:
        raise ParameterError(
            f'{where}: {kind} is read by {package}, which is not installed: pip install "pcmphys[readers]"'
        ) from None


def grid_of_workbook(path: Path, raw: bytes, table: int | str | None) -> Grid:
    """The table of a sheet of an Excel workbook: stored values only, formulas and macros are never run.

    Raises
    ------
    ParameterError
        openpyxl is missing; not a workbook, several sheets and none named, a formula without a stored value.
    """
    openpyxl = _needed("openpyxl", "openpyxl", "an Excel workbook", str(path))
    members = _members(path, raw)
    options = {"read_only": True, "keep_links": False, "keep_vba": False}
    try:
        book = openpyxl.load_workbook(io.BytesIO(raw), data_only=True, **options)
        sheet = _sheet(path, {one.title: one for one in book.worksheets}, table)
        rows = _rows(sheet)
        book = openpyxl.load_workbook(io.BytesIO(raw), data_only=False, **options)
        formulas = _rows(book[sheet.title])
    except ParameterError:
        raise
    except Exception as error:  # whatever a damaged workbook makes the library raise
        raise ParameterError(f"{path}: cannot be read as an Excel workbook: {error}; save it as CSV") from None
    where = f"{path}, sheet {sheet.title!r}"
    grid = _grid_of_cells(where, rows)
    _formulas(grid, where, rows, formulas)
    if any(name.casefold().endswith("vbaproject.bin") for name in members):
        grid.notes.append("the workbook holds macros, which were not run")
    return grid


def _rows(sheet: Any) -> list[list[Any]]:
    """All cells of a sheet; what the file says of its size is often wrong, and not believed."""
    sheet.reset_dimensions()
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def _members(path: Path, raw: bytes) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            infos = archive.infolist()
    except zipfile.BadZipFile as error:
        raise ParameterError(f"{path}: a damaged workbook or archive: {error}") from None
    names = [info.filename for info in infos]
    if "xl/workbook.xml" not in names:
        what = "an OpenDocument sheet" if "content.xml" in names else "a zip archive, not a workbook (.xlsx, .xlsm)"
        what = "a binary workbook (.xlsb)" if "xl/workbook.bin" in names else what
        raise ParameterError(f"{path} is {what}; save the table as .xlsx or CSV, or unpack the file with it")
    fits(path, sum(info.file_size for info in infos))  # a small archive can unpack to any size
    return names


def _sheet(path: Path, sheets: dict[str, Any], table: int | str | None) -> Any:
    named = list(sheets)
    if isinstance(table, str):
        check.choice(f"{path}: table", table, named)
        return sheets[table]
    if table is not None:
        return sheets[named[check.integer("table", table, 1, len(named)) - 1]]
    full = [name for name in named if any(map(trimmed, _rows(sheets[name])))]
    if not full:
        raise ParameterError(f"{path}: every sheet is empty")
    if len(full) > 1:
        raise ParameterError(f"{path} has the sheets {', '.join(full)}; say which: table={full[0]!r}")
    return sheets[full[0]]


def _grid_of_cells(where: str, rows: list[list[Any]]) -> Grid:
    head = find_head((Candidate(k, row) for k, row in enumerate(rows)), where)
    if head.names is None or head.line is None:
        raise ParameterError(
            f"{where}, row {head.first + 1}: no row with the names of the columns before the first row"
        )
    width = len(head.names)
    cut = [(row + [None] * width)[: max(width, len(trimmed(row)))] for row in rows[head.first :]]
    columns, numbers = grid_of_rows(where, cut, head.first + 1, "row", width)
    units = head.units or []
    grid = Grid(
        where=where,
        names=[name or f"column {k}" for k, name in enumerate(head.names, start=1)],
        units=[*units, *[None] * (width - len(units))][:width],
        columns=columns,
        lines=numbers,
        place="row",
        block=blocks_of(len(numbers), np.flatnonzero(np.diff(numbers) > 1) + 1),
    )
    grid.how.append(("header", f"row {head.line + 1}" + (", units in a row of their own" if head.units else "")))
    return grid


def _formulas(grid: Grid, where: str, values: list[list[Any]], formulas: list[list[Any]]) -> None:
    """Count formulas among the cells of the table; one whose value was never stored is an error."""
    count, place = 0, {int(line): k for k, line in enumerate(grid.lines)}
    for line, k in place.items():
        for column in range(min(len(grid.names), len(formulas[line - 1]))):
            formula = formulas[line - 1][column]
            text = getattr(formula, "text", formula)  # of an array formula, which is an object
            if not (isinstance(text, str) and text.startswith("=")):
                continue
            count += 1
            stored = values[line - 1][column] if column < len(values[line - 1]) else None
            if stored is None:
                raise ParameterError(
                    f"{grid.at(k, column)} holds the formula {text[:40]!r}, whose value was never stored (formulas are "
                    "not run): open the workbook in a spreadsheet and save it, or save it as CSV"
                )
    if count:
        grid.notes.append(f"{count} cells are formulas: the values stored with them were read, none was run")


class _Ear(logging.Handler):
    """Keeps what a library only logs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.said.append(record.getMessage())


@contextlib.contextmanager
def _heard(package: str) -> Iterator[list[str]]:
    """The warnings that a package logs meanwhile, kept instead of printed by its own handlers."""
    ear = _Ear()
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == package]
    before = [(log, log.handlers, log.propagate) for log in map(logging.getLogger, names)]
    for log, _, _ in before:
        log.handlers, log.propagate = [ear], False
    try:
        yield ear.said
    finally:
        for log, handlers, propagate in before:
            log.handlers, log.propagate = handlers, propagate


def grid_of_tdms(path: Path, raw: bytes, table: int | str | None) -> Grid:
    """The channels of a group of a TDMS file, with the clock of its waveforms if no channel holds times.

    Raises
    ------
    ParameterError
        npTDMS is missing; a damaged file; several groups and none named; channels of different lengths.
    """
    nptdms = _needed("nptdms", "npTDMS", "a TDMS file", str(path))
    with _heard("nptdms") as complaints:
        try:
            groups = {group.name: group for group in nptdms.TdmsFile.read(io.BytesIO(raw)).groups()}
            full = {name: group for name, group in groups.items() if any(len(channel) for channel in group.channels())}
        except Exception as error:  # whatever a damaged file makes the library raise
            raise ParameterError(f"{path}: cannot be read as a TDMS file: {error}") from None
    if complaints:  # a file that was cut off is read as far as it goes
        raise ParameterError(
            f"{path} is damaged or was cut off ({complaints[0][:80]}); write it anew, or save what is good of it "
            "from LabVIEW or DIAdem"
        )
    if not full:
        raise ParameterError(f"{path}: no group of the file holds data")
    if isinstance(table, str):
        check.choice(f"{path}: table", table, full)
        name = table
    elif table is not None:
        name = list(full)[check.integer("table", table, 1, len(full)) - 1]
    elif len(full) > 1:
        raise ParameterError(f"{path} has the groups {', '.join(full)}; say which: table={next(iter(full))!r}")
    else:
        name = next(iter(full))
    return _grid_of_group(f"{path}, group {name!r}", full[name])


def _grid_of_group(where: str, group: Any) -> Grid:
    channels = [channel for channel in group.channels() if len(channel)]
    lengths = {channel.name: len(channel) for channel in channels}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name} {count}" for name, count in lengths.items())
        raise ParameterError(f"{where}: channels of different lengths ({said}); write those of one length into a group")
    names = [channel.name for channel in channels]
    units: list[str | None] = [str(channel.properties.get("unit_string", "")).strip() or None for channel in channels]
    columns = [_plain(channel[:]) for channel in channels]
    clocks = {
        (float(channel.properties.get("wf_start_offset", 0.0)), float(channel.properties["wf_increment"]))
        for channel in channels
        if channel.properties.get("wf_increment")
    }
    count = len(columns[0])
    grid = Grid(where, names, units, columns, np.arange(1, count + 1), place="sample")
    if len(clocks) == 1:
        start, step = clocks.pop()
        grid.names, grid.units = ["waveform time", *names], ["s", *units]
        grid.columns = [start + step * np.arange(count), *columns]
        grid.how.append(("clock", f"of the waveforms: from {start:g} s in steps of {step:g} s"))
    return grid


def _plain(values: Any) -> np.ndarray:
    found = np.asarray(values)
    return found.astype(float) if found.dtype.kind in "iuf" else column_of(list(found))


def grid_of_frame(frame: Any) -> Grid:
    """The columns of a pandas DataFrame; what pandas misses or a mask hides is missing."""
    where = "the DataFrame"
    if len(frame) == 0 or len(frame.columns) == 0:
        raise ParameterError(f"{where} is empty")
    columns = []
    for k in range(len(frame.columns)):
        series = frame.iloc[:, k]
        if series.dtype.kind in "iuf":
            columns.append(series.to_numpy(dtype=float, na_value=np.nan))
        else:
            columns.append(column_of([None if gone else value for value, gone in zip(series, series.isna())]))
    names = texts([*map(str, frame.columns)])
    rows = np.arange(len(frame))
    return Grid(
        where, names, [None] * len(names), columns, rows, place="row", how=[("source", "a DataFrame of pandas")]
    )
