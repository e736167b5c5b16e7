"""`pcmphys.fit.read`: a tester's file, in whatever layout, becomes a `Measurement`, or an error says what to do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from pcmphys.errors import ParameterError
from pcmphys.fit.readers import layout as layouts
from pcmphys.fit.readers import sheets, source, text, units
from pcmphys.fit.readers.build import measured
from pcmphys.fit.readers.columns import assign
from pcmphys.fit.readers.grid import Grid, blank, joined
from pcmphys.fit.readers.layout import Layout
from pcmphys.fit.readers.licence import Beside, licence_beside
from pcmphys.fit.readers.measurement import Measurement
from pcmphys.fit.readers.options import ReadOptions, check_options, merged
from pcmphys.fit.readers.origin import Seen
from pcmphys.fit.readers.stamps import join_dates_and_times

if TYPE_CHECKING:
    import pandas as pd

_LINES = 400
"""Lines at the head of a file in which its layout is recognised."""


def read(
    file: str | os.PathLike[str] | pd.DataFrame,
    layout: str | Path | Layout | None = None,
    **columns: Unpack[ReadOptions],
) -> Measurement:
    r"""Read measured conductances of devices from a tester's file.

    What the file says itself need not be declared: encoding, separator, decimal sign, where the table is, which column
    is what (by units in the header or in a row below it, and by name), how devices are laid out (one a column, pairs
    of columns with their own times, or one read a row with a column of device names). ``summary()`` of what is returned
    tells what was recognised; ``pcmphys data FILE`` shows it.

    Parameters
    ----------
    file : str, path or pandas.DataFrame
        Text in UTF-8 or UTF-16, with or without byte-order mark, or Windows-1252, packed by gzip or not; an Excel
        workbook (.xlsx, .xlsm) or LabVIEW's .tdms (both with ``pip install "pcmphys[readers]"``); a data frame.
    layout : str, path or Layout, optional
        Name of a shipped layout, or the path of a TOML file of your own, see `pcmphys.fit.readers.layout`. Default:
        recognised.
    time : str, optional
        Name of the column of times, with its unit if the header has none: ``"t[ms]"``.
    conductance, resistance, current : str or sequence of str, optional
        One of the three: names of measured columns or patterns with ``*`` and ``?``, with or without unit.
    voltage : float or str, optional
        Read voltage [V] of currents, or the name of the column in which it was measured. Default: voltages in the
        file, beside the currents or, for layouts that know the line, before the table.
    shunt : float, optional
        Resistance [ohm], or gain of an amplifier [V/A], for currents that were read as a voltage.
    device : str or sequence of str, optional
        Columns that say which device a row is of.
    names : sequence of str, optional
        Names of all columns, with units, for a file without a header or with one that is wrong.
    table : int or str, optional
        Sheet of a workbook, group of a TDMS file, or number (from 1) of several tables in a text.
    decimal : {".", ","}, optional
        Of numbers such as 1,234 that could be read both ways.
    missing : {"refuse", "skip"}
        Reads that are not there: blank, dashes, NA, nan, SCPI's 9.91E37, masked in a data frame.
    censored : {"refuse", "skip"}
        Reads out of range: 9.9E37, OVERFLOW, inf and their kin, and what is below ``floor`` or above ``ceiling``.
        Skipped, they have no number, and ``censored`` of the measurement says on which side they are.
    negative : {"refuse", "skip", "keep", "turn"}
        Negative conductances; "turn" changes the sign of devices that are read with the other polarity throughout.
        Near the noise floor "skip" leaves out one side of the noise, which makes what is left too large.
    unordered : {"refuse", "sort"}
        Times of a device that do not increase.
    repeated : {"refuse", "first", "last", "mean"}
        Several reads of a device at one time.
    start : float, optional
        Leave out reads before this time since programming [s]. Default: a read at or before time zero is refused.
    programmed : float or str, optional
        When the devices were programmed, on the clock of the file: [s], or a time stamp (needed where the file has
        time stamps, in one column or as date and time in two; UTC where no offset is given).
    dates : {"day", "month"}, optional
        What comes first in dates such as 03/04/2026, if none of the file tells. Between dots it is the day.
    floor, ceiling : float or str, optional
        Noise floor and end of the range of what was measured, in SI or as text: ``"10 pA"``.
    licence : str, optional
        Of the data; default: the first line of a LICENSE beside the file.

    Returns
    -------
    Measurement

    Raises
    ------
    ParameterError
        With file, line and column, and what to do: a file that is binary, empty, too large or damaged; no table, one
        column, rows with fields too few or too many, names twice; columns without a unit or with one that is wrong,
        cells in several units; text where a number should be; whatever a policy refuses.

    Warns
    -----
    ValidityWarning
        Conductances above 1 S; devices that read the same at all times.

    Notes
    -----
    Units: S, ohm (with prefixes, Ω too), A, V, uA/V, and times from ns to years. Devices with times of their own are
    kept so. Nothing of a workbook is run: formulas give the value that was stored with them, macros nothing. The whole
    file is read into memory.

    Not modelled: currents are divided by the read voltage as it is; no series resistance, offset or drop across
    ``shunt`` is taken off. I-V curves and trains of pulses are for `read_table`.

    Examples
    --------
    >>> import pathlib
    >>> _ = pathlib.Path("tester.csv").write_text("Zeit (min);R1 (kOhm)\n1;50,0\n2;OVERFLOW\n5;54,2\n")
    >>> found = read("tester.csv", censored="skip")
    >>> found
    Measurement('tester.csv': 1 device, 3 reads from 60 s to 300 s, in S, layout plain)
    >>> found.conductance, found.censored
    (array([[2.00000000e-05,            nan, 1.84501845e-05]]), array([[ 0, -1,  0]], dtype=int8))
    """
    check_options(dict(columns))
    seen = see(file, layout, dict(columns))
    if seen.grid.repeated is not None:
        raise ParameterError(
            f"{seen.grid.where}, {seen.grid.place} {seen.grid.repeated} is the header once more: several tables below "
            "each other. Divide the file, or take out that line if the rows go on; read_table() takes them for sweeps"
        )
    if "VAR1" in seen.grid.lists.get("functions", []):
        raise ParameterError(
            f"{seen.grid.where} holds a sweep (a channel is VAR1), not reads against time: read_table() reads it "
            "(pcmphys data --columns)"
        )
    return measured(seen, assign(seen.grid, seen.said))


def see(file: Any, layout: str | Path | Layout | None, options: dict[str, Any], sweeps: bool = False) -> Seen:
    """The table of a file, before its columns are taken for anything; with ``sweeps`` all tables that are alike."""
    chosen = None if layout is None else layouts.layout(layout)
    if hasattr(file, "columns") and hasattr(file, "iloc"):
        grid, name, digest, beside = sheets.grid_of_frame(file), "DataFrame", "", Beside("", "")
        _rename(grid, options.get("names"))
        chosen = chosen or layouts.layout(layouts.PLAIN)
    elif isinstance(file, (str, os.PathLike)):
        path = Path(file)
        raw, digest = source.contents(path)
        name, beside = str(path), licence_beside(path)
        grid, chosen = _grid(path, raw, chosen, options, sweeps)
    else:
        raise ParameterError(f"file must be a path or a pandas DataFrame; got a {type(file).__name__}")
    _listed_units(grid, chosen)
    _drop_empty(grid)
    join_dates_and_times(grid)
    said, policies = merged(chosen, options)
    if beside.remark and not policies.licence:
        grid.notes.append(beside.remark)
    return Seen(grid, chosen, name, digest, said, policies, policies.licence or beside.licence)


def _grid(path: Path, raw: bytes, chosen: Layout | None, options: dict[str, Any], sweeps: bool) -> tuple[Grid, Layout]:
    table, names = options.get("table"), options.get("names")
    if raw.startswith((source.WORKBOOK, source.TDMS)):
        book = raw.startswith(source.WORKBOOK)
        grid = (sheets.grid_of_workbook if book else sheets.grid_of_tdms)(path, raw, table)
        _rename(grid, names)
        grid.how.insert(0, ("kind", "Excel workbook" if book else "LabVIEW TDMS"))
        return grid, chosen or layouts.layout(layouts.PLAIN)
    content, encoding = source.text_of(path, raw)
    chosen = chosen or layouts.recognised(content[: 1 << 20].split("\n", _LINES)[:_LINES])
    used = chosen
    if names is not None:
        used = chosen.model_copy(update={"table": chosen.table.model_copy(update={"names": list(names)})})
    if isinstance(table, str):
        raise ParameterError(f"table must be the number of a table in a text, 1 for the first; got {table!r}")
    count = text.tables_in(content, used) if sweeps and table is None else 1
    which = range(1, count + 1) if count > 1 else [table]
    decimal = options.get("decimal")
    grid = joined([text.grid_of_text(str(path), content, used, one, decimal, alone=sweeps) for one in which])
    grid.how.insert(0, ("encoding", encoding))
    return grid, chosen


def _rename(grid: Grid, names: Sequence[str] | None) -> None:
    """Give the columns other names; a unit in the file stays where the name has none."""
    if names is None:
        return
    if isinstance(names, str) or len(names) != len(grid.names):
        count = 1 if isinstance(names, str) else len(names)
        raise ParameterError(
            f"names must name each of the {len(grid.names)} columns ({', '.join(grid.names[:12])}); got {count}"
        )
    written = [units.split(header)[1] or unit for header, unit in zip(grid.names, grid.units)]
    grid.names, grid.units = [str(name) for name in names], written


def _listed_units(grid: Grid, chosen: Layout) -> None:
    """Units from a line before the table go to the columns that are no times, in their order."""
    times = chosen.columns.time
    named = {units.split(name)[0] for name in ([times] if isinstance(times, str) else times or [])}
    free = [k for k, header in enumerate(grid.names) if units.split(header)[0] not in named]
    for k, unit in zip(free, (unit for unit in grid.lists.get("units", []) if unit)):
        grid.units[k] = grid.units[k] or unit


def _drop_empty(grid: Grid) -> None:
    """Leave out columns without a name in which nothing stands."""
    empty = [
        k
        for k, cells in enumerate(grid.columns)
        if grid.names[k] == f"column {k + 1}" and cells.dtype.kind != "f" and all(blank(cell) for cell in cells)
    ]
    if not empty:
        return
    grid.drop(empty)
    grid.notes.append(f"{len(empty)} empty columns without a name were left out")
