"""Commands that fit models to measured files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from pcmphys.cli import terminal
from pcmphys.cli.options import one_object

app: typer.Typer = typer.Typer(help="Fit models to measured files.", no_args_is_help=True, rich_markup_mode=None)

_FEW = 20
"""Devices that are listed unless all are asked for."""


@dataclass(frozen=True)
class DriftOptions:
    """What `pcmphys fit drift` is told: the file and its columns, the fit, what to show and write."""

    file: Annotated[Path, typer.Argument(help="The tester's CSV file: a header line, then rows.")]
    time: Annotated[
        str,
        typer.Option(help="Time column, with its unit if the header has none: 't_s[s]'. Units: s ms us ns min h day."),
    ] = "time"
    conductance: Annotated[
        list[str] | None,
        typer.Option(
            help="Conductance columns, patterns allowed: 'g_*[uS]'; may be repeated. Units: S mS uS nS, "
            "1 (normalised).",
            show_default="conductance*",
        ),
    ] = None
    device: Annotated[str | None, typer.Option(help="Column of device names, for files with one read a line.")] = None
    start: Annotated[float | None, typer.Option(help="Leave out reads before this time [s].")] = None
    reference_time: Annotated[
        float | None, typer.Option(help="Time t0 of G0 [s].", show_default="the first time used")
    ] = None
    read_duration: Annotated[float, typer.Option(help="Duration of a read [s].")] = 250e-9
    error: Annotated[
        float | None,
        typer.Option(
            help="Known std of instrument or digitisation noise [S; 1 if normalised].", show_default="estimated"
        ),
    ] = None
    slope: Annotated[
        float | None,
        typer.Option(
            help="Slope of the noise spectrum, 1 to 1.5 (1: pure 1/f).", show_default="averaged over 1 to 1.4"
        ),
    ] = None
    blank: Annotated[bool, typer.Option("--blank", help="Empty fields are reads that were not taken.")] = False
    every: Annotated[bool, typer.Option("--all", help=f"List every device, not only the first {_FEW}.")] = False
    csv: Annotated[Path | None, typer.Option(help="Write every device to this CSV file, all digits.")] = None
    figure: Annotated[Path | None, typer.Option(help="Write the figure here (PNG, PDF or SVG).")] = None


@app.command("drift")
@one_object(DriftOptions)
def fit_drift(options: DriftOptions) -> None:
    """Fit G = G0 (t/t0)^-nu to every device of a file, with errors that hold for 1/f noise.

    Mean and spread of nu are weighted by precision, or plain where tests say that exponents have to do with their
    errors; the last lines tell which, and why.

    Example:  pcmphys fit drift traces.csv --time 't_s[s]' --conductance 'g_*[1]' --start 55 --blank --figure drift.png
    """
    from pcmphys.plot.figures import check_folder, check_path

    if options.figure is not None:
        check_path(options.figure)
    if options.csv is not None:
        check_folder(options.csv)
    found = _fitted(options)
    terminal.say(found.summary(len(found) if options.every else _FEW))
    if options.csv is not None:
        found.to_csv(options.csv)
        terminal.say(f"table   {options.csv}")
    if options.figure is not None:
        found.plot(options.figure)
        terminal.say(f"figure  {options.figure}")


def _fitted(options: DriftOptions):
    """The drift of all devices of the file."""
    from pcmphys.fit import drift, read_drift

    table = read_drift(
        options.file,
        time=options.time,
        conductance=options.conductance or ["conductance*"],
        device=options.device,
        blank="missing" if options.blank else "refuse",
    )
    return drift(
        table,
        conductance_error=options.error,
        start=options.start,
        reference_time=options.reference_time,
        read_duration=options.read_duration,
        noise_slope=options.slope,
        missing="skip" if options.blank else "refuse",
    )
