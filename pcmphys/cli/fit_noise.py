"""Commands that fit the noise of a trace: its spectrum, its telegraph noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from pcmphys.cli.fits import TableFiles, Writing, check_outputs, read_files, show
from pcmphys.cli.options import one_object
from pcmphys.cli.quantity import quantity
from pcmphys.errors import ParameterError

if TYPE_CHECKING:
    from pcmphys.fit.readers.tables import Table

Trace = Annotated[
    str | None,
    typer.Option(help="Column of the trace, with its unit if the file has none: 'g[uS]', 'I1[nA]', 'y[1]'."),
]
Time = Annotated[str | None, typer.Option(help="Column of times, with its unit if the file has none.")]
TimeStep = Annotated[
    float | None,
    typer.Option(help="Time between two reads [s], or '2.5 ms', of a file without times.", parser=quantity("time")),
]


@dataclass(frozen=True)
class SpectrumOptions(TableFiles, Writing):
    """What `pcmphys fit spectrum` is told."""

    trace: Trace = None
    time: Time = None
    dt: TimeStep = None
    segments: Annotated[int | None, typer.Option(help="Segments that are averaged.", show_default="8")] = None
    window: Annotated[str, typer.Option(help="hann, blackmanharris or boxcar.")] = "hann"
    low: Annotated[
        float | None, typer.Option(help="Lowest frequency of the power law [Hz].", parser=quantity("frequency"))
    ] = None
    high: Annotated[
        float | None, typer.Option(help="Highest frequency of the power law [Hz].", parser=quantity("frequency"))
    ] = None
    white: Annotated[str, typer.Option(help="A floor under the power law: auto, yes or no.")] = "auto"


@dataclass(frozen=True)
class TelegraphOptions(TableFiles, Writing):
    """What `pcmphys fit telegraph` is told."""

    trace: Trace = None
    time: Time = None
    dt: TimeStep = None
    traps: Annotated[int | None, typer.Option(help="Number of traps, 0 to 3.", show_default="chosen")] = None
    drift: Annotated[str, typer.Option(help="Shape of the drift: linear, log or none.")] = "linear"
    since: Annotated[
        float | None,
        typer.Option(help="Time of the first read since programming [s], for log.", parser=quantity("time")),
    ] = None


@one_object(SpectrumOptions)
def fit_spectrum(options: SpectrumOptions) -> None:
    """Fit the power spectral density of a trace: exponent and amplitude of its noise, with errors.

    Example:  pcmphys fit spectrum data/stanford-rram/irregular.csv.gz --plot spectrum.png

    Example:  pcmphys fit spectrum data/stanford-rram/telegraph.csv.gz --trace range16 --dt 2.5e-3 --out spectrum.nc
    """
    from pcmphys.fit import spectrum

    check_outputs(options)
    band = None
    if options.low is not None or options.high is not None:
        band = (options.low or 0.0, 1e300 if options.high is None else options.high)
    found = spectrum(
        _trace(options),
        options.dt,
        segments=options.segments,
        window=options.window,
        band=band,
        white=options.white,
        missing="skip" if options.missing == "keep" else "refuse",
    )
    show(found, options)


@one_object(TelegraphOptions)
def fit_telegraph(options: TelegraphOptions) -> None:
    """Fit the traps behind random telegraph noise: amplitudes, capture and emission times, with errors.

    Example:  pcmphys fit telegraph data/stanford-rram/telegraph.csv.gz --trace range24 --dt 2.5e-3 --plot traps.png
    """
    from pcmphys.fit import telegraph

    check_outputs(options)
    found = telegraph(_trace(options), options.dt, traps=options.traps, drift=options.drift, since=options.since)
    show(found, options)


def _trace(options: SpectrumOptions | TelegraphOptions) -> Table:
    """The trace of one device, with its times if the file has any and no interval was given."""
    if len(options.files) > 1:
        raise ParameterError("noise is fitted one trace at a time; give one file")
    from pcmphys.fit.readers.named import UnclearColumns
    from pcmphys.fit.readers.units import MEASURED

    try:
        table = read_files(options, time=options.time, trace=options.trace)
    except UnclearColumns as error:
        if options.trace is not None:
            raise
        raise ParameterError(_which(options, error.columns)) from None
    names = ["trace"] if options.trace is not None else [n for n in MEASURED if n in table]
    if len(names) != 1:
        labels = ("time", "device", "sweep")
        raise ParameterError(_which(options, [one.header for one in table.source.columns if one.role not in labels]))
    clock = ["time"] if "time" in table and options.dt is None else []
    return table.only(*clock, *names)


def _which(options: SpectrumOptions | TelegraphOptions, columns: Sequence[str]) -> str:
    """Of several columns: how to choose one."""
    from pcmphys.fit.readers.units import split

    if not columns:
        return f"{options.files[0]} has no column that could be a trace"
    name = split(columns[0])[0]
    said = f"--trace {name}" if " " not in name else f"--trace '{name}'"
    return f"{options.files[0]}: the trace could be {', '.join(columns)}; --trace names its column, such as {said}"
