"""The command that shows what a measured file holds, before anything is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pcmphys.cli import terminal
from pcmphys.cli.fits import Plot, Reading, arguments
from pcmphys.cli.options import one_object
from pcmphys.errors import ParameterError

if TYPE_CHECKING:
    from pcmphys.fit import Measurement, Table


@dataclass(frozen=True, kw_only=True)
class DataOptions(Reading):
    """What `pcmphys data` is told: the file and its layout, columns, policies, what to draw."""

    file: Annotated[Path, typer.Argument(help="Text (packed by gzip or not), Excel workbook or TDMS file.")]
    columns: Annotated[
        bool, typer.Option("--columns", help="Show it as a table of any columns: I-V curves, pulses, failures.")
    ] = False
    column: Annotated[
        list[str] | None,
        typer.Option(help="A column of such a table, with its unit if the file has none: 'voltage=VAR1[V]'."),
    ] = None
    plot: Plot = None


@one_object(DataOptions)
def show_data(options: DataOptions) -> None:
    """Show what a tester's file holds: its layout, each column and its unit, the devices and their reads.

    What the file does not say, or says in a way that could be wrong, is refused with line and column, and what to do.

    Files of other columns, such as I-V curves and trains of pulses, are shown by --columns.

    Example:  pcmphys data data/tester-files/02_kickstart.csv --voltage 0.2 --start 1 --plot reads.png

    Example:  pcmphys data data/rram-relaxation-long/techC_model_head.tsv --time 'timept[s]' --conductance 'g[S]'
    --unordered sort --negative skip --start 0.01

    Example:  pcmphys data data/stanford-rram/bake.csv --columns --plot bake.png
    """
    from pcmphys.fit import read
    from pcmphys.plot.figures import check_path

    if options.plot is not None:
        check_path(options.plot)
    given = arguments(options)
    found: Measurement | Table
    if options.columns or options.column:
        found = _table(options, given)
    else:
        try:
            found = read(options.file, options.layout, **given)
        except ParameterError:
            _show_what_was_seen(options, given)
            raise
    terminal.say(found.summary())
    if options.plot is not None:
        found.plot(options.plot)
        terminal.say(f"{'figure':<11}{options.plot}")


_OF_READS = ("shunt", "negative", "unordered", "repeated", "start", "floor", "ceiling")
"""Options that only reads against time have."""


def _table(options: DataOptions, given: dict[str, Any]) -> Table:
    """The file as a table of any columns."""
    from pcmphys.fit import read_table
    from pcmphys.fit.readers.read_table import columns_of

    other = next((name for name in _OF_READS if name in given), None)
    if other is not None:
        raise ParameterError(f"--{other} is for reads against time, and --columns shows a table as it stands")
    given = {name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in given.items()}
    return read_table(options.file, options.layout, **given, **columns_of(options.column or []))


def _show_what_was_seen(options: DataOptions, given: dict[str, Any]) -> None:
    """As much of the file as could be understood, before the error that ends the command."""
    from pcmphys.fit.readers.origin import about
    from pcmphys.fit.readers.read import see

    try:
        seen = see(options.file, options.layout, given)
    except ParameterError:
        return
    terminal.say(about(seen))
