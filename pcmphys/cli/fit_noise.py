"""Commands that fit the noise of a trace: its spectrum, its telegraph noise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pcmphys.cli import terminal
from pcmphys.cli.columns import column, table, with_unit
from pcmphys.cli.options import one_object

if TYPE_CHECKING:
    from pcmphys.fit.engine.result import FitResult

_FILE = typer.Argument(help="Text table with a header line, also .gz.")
_TRACE = typer.Option(
    help="Column of the trace, with its unit if the header has none: 'g[uS]'. Units: S mS uS nS A ... 1."
)
_PLOT = typer.Option(help="Write the figure here (PNG, PDF or SVG).")
_OUT = typer.Option(help="Write the fit here (NetCDF).")


@dataclass(frozen=True)
class SpectrumOptions:
    """What `pcmphys fit spectrum` is told."""

    file: Annotated[Path, _FILE]
    trace: Annotated[str, _TRACE] = "conductance"
    dt: Annotated[float | None, typer.Option(help="Time between two reads [s].")] = None
    time: Annotated[str | None, typer.Option(help="Column of times, instead of --dt; they may be irregular.")] = None
    segments: Annotated[int | None, typer.Option(help="Segments that are averaged.", show_default="8")] = None
    window: Annotated[str, typer.Option(help="hann, blackmanharris or boxcar.")] = "hann"
    low: Annotated[float | None, typer.Option(help="Lowest frequency of the power law [Hz].")] = None
    high: Annotated[float | None, typer.Option(help="Highest frequency of the power law [Hz].")] = None
    white: Annotated[str, typer.Option(help="A floor under the power law: auto, yes or no.")] = "auto"
    skip: Annotated[bool, typer.Option("--skip-missing", help="Empty fields are reads that were not taken.")] = False
    plot: Annotated[Path | None, _PLOT] = None
    out: Annotated[Path | None, _OUT] = None


@dataclass(frozen=True)
class TelegraphOptions:
    """What `pcmphys fit telegraph` is told."""

    file: Annotated[Path, _FILE]
    dt: Annotated[float, typer.Option(help="Time between two reads [s].")]
    trace: Annotated[str, _TRACE] = "conductance"
    traps: Annotated[int | None, typer.Option(help="Number of traps, 0 to 3.", show_default="chosen")] = None
    drift: Annotated[str, typer.Option(help="Shape of the drift: linear, log or none.")] = "linear"
    since: Annotated[float | None, typer.Option(help="Time of the first read since programming [s], for log.")] = None
    plot: Annotated[Path | None, _PLOT] = None
    out: Annotated[Path | None, _OUT] = None


@one_object(SpectrumOptions)
def fit_spectrum(options: SpectrumOptions) -> None:
    """Fit the power spectral density of a trace: exponent and amplitude of its noise, with errors.

    Example:  pcmphys fit spectrum data/stanford-rram/irregular.csv.gz --time time --plot spectrum.png
    """
    from pcmphys.fit import spectrum

    check_outputs(options.plot, options.out)
    frame = table(options.file)
    time = None if options.time is None else column(frame, options.file, options.time, "s")
    band = None
    if options.low is not None or options.high is not None:
        band = (options.low or 0.0, 1e300 if options.high is None else options.high)
    found = spectrum(
        column(frame, options.file, options.trace, "S A 1"),
        options.dt,
        time=time,
        segments=options.segments,
        window=options.window,
        band=band,
        white=options.white,
        missing="skip" if options.skip else "refuse",
    )
    show(found, options.plot, options.out)


@one_object(TelegraphOptions)
def fit_telegraph(options: TelegraphOptions) -> None:
    """Fit the traps behind random telegraph noise: amplitudes, capture and emission times, with errors.

    Example:  pcmphys fit telegraph data/stanford-rram/telegraph.csv.gz --trace range24 --dt 2.5e-3 --plot traps.png
    """
    from pcmphys.fit import telegraph

    check_outputs(options.plot, options.out)
    frame = table(options.file)
    trace, unit = with_unit(frame, options.file, options.trace, "S A 1")
    found = telegraph(trace, options.dt, traps=options.traps, drift=options.drift, since=options.since, unit=unit)
    show(found, options.plot, options.out)


def check_outputs(plot: Path | None, out: Path | None) -> None:
    """Refuse files that cannot be written before the work is done."""
    from pcmphys.plot.figures import check_folder, check_path

    if plot is not None:
        check_path(plot)
    if out is not None:
        check_folder(out)


def show(found: FitResult, plot: Path | None, out: Path | None) -> None:
    """Print a fit, draw it, write it."""
    from pcmphys.numerics.files import write_whole

    terminal.say(found.summary())
    if plot is not None:
        found.plot(plot)
        terminal.say(f"figure  {plot}")
    if out is not None:
        write_whole(out, lambda temporary: found.to_dataset().to_netcdf(temporary, engine="h5netcdf"))
        terminal.say(f"fit     {out}")
