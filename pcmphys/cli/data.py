"""The command that shows what a measured file holds, before anything is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from pcmphys.cli import terminal
from pcmphys.cli.fits import Plot, Reading, arguments
from pcmphys.cli.options import one_object
from pcmphys.errors import ParameterError


@dataclass(frozen=True, kw_only=True)
class DataOptions(Reading):
    """What `pcmphys data` is told: the file and its layout, columns, policies, what to draw."""

    file: Annotated[Path, typer.Argument(help="Text (packed by gzip or not), Excel workbook or TDMS file.")]
    plot: Plot = None


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


def _show_what_was_seen(options: DataOptions, given: dict[str, Any]) -> None:
    """As much of the file as could be understood, before the error that ends the command."""
    from pcmphys.fit.readers.origin import about
    from pcmphys.fit.readers.read import see

    try:
        seen = see(options.file, options.layout, given)
    except ParameterError:
        return
    terminal.say(about(seen))
