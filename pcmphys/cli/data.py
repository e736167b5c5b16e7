"""The command that shows what a measured file holds, before anything is fitted."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import typer

from pcmphys.cli import terminal
from pcmphys.cli.options import one_object
from pcmphys.errors import ParameterError


@dataclass(frozen=True)
class DataOptions:
    """What `pcmphys data` is told: the file and its layout, columns, policies, what to draw."""

    file: Annotated[Path, typer.Argument(help="Text (packed by gzip or not), Excel workbook or TDMS file.")]
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
        str | None, typer.Option(help="Read voltage of currents [V], or the column that it was measured in.")
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
    start: Annotated[float | None, typer.Option(help="Leave out reads before this time [s].")] = None
    programmed: Annotated[
        str | None, typer.Option(help="Moment of programming on the file's clock: [s], or a time stamp.")
    ] = None
    floor: Annotated[str | None, typer.Option(help="Noise floor: '10 pA'.")] = None
    ceiling: Annotated[str | None, typer.Option(help="End of the range: '1 uA'.")] = None
    licence: Annotated[str | None, typer.Option(help="Licence of the data.")] = None
    plot: Annotated[Path | None, typer.Option(help="Write the figure here (PNG, PDF or SVG).")] = None


_NOT_OF_READ = ("file", "layout", "plot")


@one_object(DataOptions)
def show_data(options: DataOptions) -> None:
    """Show what a tester's file holds: its layout, each column and its unit, the devices and their reads.

    What the file does not say, or says in a way that could be wrong, is refused with line and column, and what to do.

    Example:  pcmphys data data/tester-files/02_kickstart.csv --voltage 0.2 --start 1 --plot reads.png

    Example:  pcmphys data data/rram-relaxation-long/techC_model_head.tsv --time 'timept[s]' --conductance 'g[S]'
    --unordered sort --negative skip --start 0.01
    """
    from pcmphys.fit import read
    from pcmphys.plot.figures import check_path

    if options.plot is not None:
        check_path(options.plot)
    given = arguments(options)
    try:
        found = read(options.file, options.layout, **given)
    except ParameterError:
        _show_what_was_seen(options, given)
        raise
    terminal.say(found.summary())
    if options.plot is not None:
        found.plot(options.plot)
        terminal.say(f"{'figure':<11}{options.plot}")


def arguments(options: DataOptions) -> dict[str, Any]:
    """The options of `pcmphys.fit.read` that were given, numbers as numbers."""
    given = {part.name: getattr(options, part.name) for part in fields(options) if part.name not in _NOT_OF_READ}
    given = {name: value for name, value in given.items() if value not in (None, [])}
    for name in ("voltage", "programmed", "floor", "ceiling", "table"):
        if name in given:
            given[name] = _number(given[name], int if name == "table" else float)
    if "names" in given:
        given["names"] = [name.strip() for name in given["names"].split(",")]
    return given


def _number(text: str, kind: type) -> Any:
    try:
        return kind(text)
    except ValueError:
        return text


def _show_what_was_seen(options: DataOptions, given: dict[str, Any]) -> None:
    """As much of the file as could be understood, before the error that ends the command."""
    from pcmphys.fit.readers.origin import about
    from pcmphys.fit.readers.read import see

    try:
        seen = see(options.file, options.layout, given)
    except ParameterError:
        return
    terminal.say(about(seen))
