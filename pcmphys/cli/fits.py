"""What all commands that fit have in common: the files they read, what they write, and how they show a fit."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pcmphys.cli import terminal
from pcmphys.cli.completion import complete_cell
from pcmphys.cli.options import check_new
from pcmphys.cli.quantity import in_si, quantity
from pcmphys.errors import ParameterError

if TYPE_CHECKING:
    from pcmphys.fit.readers.tables import Table

Plot = Annotated[Path | None, typer.Option(help="Write the figure here (PNG, PDF or SVG).")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what --out names, if it is there already.")]


@dataclass(frozen=True, kw_only=True)
class Writing:
    """What a command that fits draws and writes."""

    plot: Plot = None
    out: Annotated[
        Path | None, typer.Option(help="Write the fit here: .nc all of it (NetCDF), .toml a cell with its numbers.")
    ] = None
    cell: Annotated[
        str | None,
        typer.Option(help="The cell that --out FILE.toml starts from: its name or file.", autocompletion=complete_cell),
    ] = None
    overwrite: Overwrite = False


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a file of reads is read: the options of `pcmphys.fit.read`."""

    layout: Annotated[
        str | None, typer.Option(help="Name of a shipped layout, or your own TOML file.", show_default="recognised")
    ] = None
    time: Annotated[str | None, typer.Option(help="Time column, with its unit if the file has none: 't[ms]'.")] = None
    conductance: Annotated[
        list[str] | None, typer.Option(help="Conductance columns, patterns allowed: 'g_*[uS]'; may be repeated.")
    ] = None
    resistance: Annotated[list[str] | None, typer.Option(help="Resistance columns: 'R*[kohm]'.")] = None
    current: Annotated[list[str] | None, typer.Option(help="Current columns: 'I*[nA]'.")] = None
    voltage: Annotated[
        str | None,
        typer.Option(help="Read voltage of currents, '100 mV' or 0.1 [V], or the column that it was measured in."),
    ] = None
    shunt: Annotated[
        float | None, typer.Option(help="Resistance [ohm] or gain [V/A], for currents read as a voltage.")
    ] = None
    device: Annotated[list[str] | None, typer.Option(help="Columns of device names, for one read a row.")] = None
    names: Annotated[
        str | None, typer.Option(help="Names of all columns, divided by commas: 'device,time[s],R[ohm],g[S]'.")
    ] = None
    table: Annotated[str | None, typer.Option(help="Sheet, group, or number of one of several tables.")] = None
    decimal: Annotated[str | None, typer.Option(help="Decimal sign, '.' or ','.", show_default="recognised")] = None
    missing: Annotated[str | None, typer.Option(help="Reads that are not there: refuse, skip.")] = None
    censored: Annotated[str | None, typer.Option(help="Reads out of range: refuse, skip.")] = None
    negative: Annotated[str | None, typer.Option(help="Negative reads: refuse, skip, keep, turn.")] = None
    unordered: Annotated[str | None, typer.Option(help="Times that do not increase: refuse, sort.")] = None
    repeated: Annotated[str | None, typer.Option(help="Repeated times: refuse, first, last, mean.")] = None
    start: Annotated[
        float | None, typer.Option(help="Leave out reads before this time [s], or '1 min'.", parser=quantity("time"))
    ] = None
    programmed: Annotated[
        str | None, typer.Option(help="Moment of programming on the file's clock: [s], or a time stamp.")
    ] = None
    dates: Annotated[str | None, typer.Option(help="What comes first in 03/04/2026: day or month.")] = None
    floor: Annotated[str | None, typer.Option(help="Noise floor: '10 pA'.")] = None
    ceiling: Annotated[str | None, typer.Option(help="End of the range: '1 uA'.")] = None
    licence: Annotated[str | None, typer.Option(help="Licence of the data.")] = None


@dataclass(frozen=True)
class TableFiles:
    """The files of a table and how they are read; the options of a command are a dataclass made from it."""

    files: Annotated[
        list[Path],
        typer.Argument(help="Text (packed by gzip or not), Excel workbook or TDMS file; several are joined."),
    ]
    column: Annotated[
        list[str] | None,
        typer.Option(help="A column and its unit if the file has none: 'voltage=VAR1[V]'. May be repeated."),
    ] = None
    temperature: Annotated[
        list[str] | None, typer.Option(help="Column of temperatures, or one for all: '85 degC'; or one a file.")
    ] = None
    device: Annotated[list[str] | None, typer.Option(help="Columns of device names.")] = None
    sweep: Annotated[str | None, typer.Option(help="Column that numbers sweeps.")] = None
    layout: Annotated[
        str | None, typer.Option(help="Name of a shipped layout, or your own TOML file.", show_default="recognised")
    ] = None
    names: Annotated[str | None, typer.Option(help="Names of all columns, divided by commas, with units.")] = None
    table: Annotated[str | None, typer.Option(help="Sheet, group, or number of one of several tables.")] = None
    decimal: Annotated[str | None, typer.Option(help="Decimal sign, '.' or ','.", show_default="recognised")] = None
    missing: Annotated[str | None, typer.Option(help="Blank cells: refuse, skip (the row), keep.")] = None
    censored: Annotated[str | None, typer.Option(help="Cells out of range: refuse, skip (the row), keep.")] = None
    licence: Annotated[str | None, typer.Option(help="Licence of the data.")] = None


def arguments(options: Reading) -> dict[str, Any]:
    """The options of `pcmphys.fit.read` that were given, numbers as numbers."""
    given = {part.name: getattr(options, part.name) for part in fields(Reading) if part.name != "layout"}
    given = {name: value for name, value in given.items() if value not in (None, [])}
    for name in ("programmed", "floor", "ceiling", "table"):
        if name in given:
            given[name] = _number(given[name], int if name == "table" else float)
    if "voltage" in given:
        given["voltage"] = _voltage(given["voltage"])
    if "names" in given:
        given["names"] = [name.strip() for name in given["names"].split(",")]
    return given


def _number(text: str, kind: type) -> Any:
    try:
        return kind(text)
    except ValueError:
        return text


def _voltage(said: str) -> float | str:
    """A read voltage [V], or the name of the column that holds it."""
    try:
        return in_si("--voltage", said, "voltage")
    except ParameterError:
        return said


def read_files(options: TableFiles, **columns: str | None) -> Table:
    """The table of all files; several have sweeps of their own, and a column ``file``.

    ``columns`` are those that a command has options for; ``--column`` names any other.
    """
    from pcmphys.fit import read_table
    from pcmphys.fit.readers.read_table import columns_of
    from pcmphys.fit.readers.tables import joined

    given: dict[str, Any] = {
        key: getattr(options, key)
        for key in ("device", "sweep", "decimal", "missing", "censored", "licence")
        if getattr(options, key) not in (None, [])
    }
    if options.names is not None:
        given["names"] = [name.strip() for name in options.names.split(",")]
    if options.table is not None:
        given["table"] = int(options.table) if options.table.isdigit() else options.table
    given |= columns_of(options.column or []) | {name: one for name, one in columns.items() if one is not None}
    kelvin = _one_a_file(options.temperature, len(options.files))
    found = []
    for file, one in zip(options.files, kelvin):
        own = {} if one is None else {"temperature": one}
        found.append(read_table(file, options.layout, **given, **own))
    return joined(found)


def _one_a_file(said: list[str] | None, files: int) -> list[str | None]:
    """What was said of the temperature of each file."""
    if not said:
        return [None] * files
    if len(said) not in (1, files):
        raise ParameterError(f"--temperature: give one for all, or one for each of {files} files; got {len(said)}")
    return [said[k % len(said)] for k in range(files)]


def temperatures(said: list[str] | None, files: int) -> list[float] | None:
    """The temperature of each file [K], from text with a unit; None if none was said."""
    from pcmphys.fit.readers.units import sized

    if not said:
        return None
    return [sized("--temperature", str(one), "temperature") for one in _one_a_file(said, files)]


def check_outputs(options: Writing) -> None:
    """Refuse files that cannot be written, or are there already, before the work is done."""
    from pcmphys.plot.figures import check_folder, check_path

    out, cell = options.out, options.cell
    if options.plot is not None:
        check_path(options.plot)
    if out is None:
        if cell is not None:
            raise ParameterError("--cell names what --out FILE.toml starts from; give --out too")
        return
    if out.suffix not in (".toml", ".nc"):
        table = "; --csv writes a table" if out.suffix == ".csv" and hasattr(options, "csv") else ""
        raise ParameterError(f"--out must end in .toml (a cell) or .nc (the fit); got {str(out)!r}{table}")
    if out.suffix == ".toml" and cell is None:
        from pcmphys.parameters import list_cells

        raise ParameterError(f"--out {out} writes a cell: --cell says from which it starts: {', '.join(list_cells())}")
    if out.suffix == ".nc" and cell is not None:
        raise ParameterError(f"--out {out} writes the fit, which needs no --cell; a cell is a .toml")
    check_folder(out)
    check_new("--out", out, overwrite=options.overwrite)


def show(found: Any, options: Writing, **shown: int) -> None:
    """Print a fit, draw it, and write it or the cell with its numbers; ``shown`` is for its summary."""
    terminal.say(found.summary(**shown))
    if options.plot is not None:
        found.plot(options.plot)
        terminal.say(f"figure  {options.plot}")
    if options.out is not None:
        _write(found, options.out, options)


def _write(found: Any, out: Path, options: Writing) -> None:
    """Write a fit as NetCDF, or the cell with its numbers as a parameter file."""
    from pcmphys.cells import load_cell
    from pcmphys.numerics.files import write_whole

    if out.suffix == ".toml":
        base = load_cell(options.cell or "")
        write_cell(found.to_cell(base), base, out, overwrite=options.overwrite)
        return
    write_whole(out, lambda temporary: found.to_dataset().to_netcdf(temporary, engine="h5netcdf"))
    terminal.say(f"fit     {out}")


def write_cell(made: Any, base: Any, out: Path, *, overwrite: bool) -> None:
    """Write a cell as a parameter file, and say in which numbers it differs from ``base``."""
    from pcmphys.parameters import save_cell

    save_cell(made, out, overwrite=overwrite)
    terminal.say(f"cell    {out}")
    own = [key for key, one in made.technology.quantities.items() if one != base.technology.quantities.get(key)]
    for key in own:
        one = made.technology.quantities[key]
        unit = "" if one.unit == "1" else f" {one.unit}"
        terminal.say(f"        {key} = {', '.join(one.numbers)}{unit}{': ' if one.note else ''}{one.note}")
