"""Commands that fit models to measured files: the group, and drift."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pcmphys.cli import terminal
from pcmphys.cli.fits import Reading, Writing, arguments, check_outputs, show, temperatures
from pcmphys.cli.options import check_new, one_object
from pcmphys.cli.quantity import in_si, quantity
from pcmphys.errors import ParameterError

if TYPE_CHECKING:
    from pcmphys.fit import DriftPopulation

app: typer.Typer = typer.Typer(help="Fit models to measured files.", no_args_is_help=True, rich_markup_mode=None)

_FEW = 20
"""Devices that are listed unless all are asked for."""


@dataclass(frozen=True, kw_only=True)
class DriftOptions(Reading, Writing):
    """What `pcmphys fit drift` is told: the files and how they are read, the fit, what to show and write."""

    files: Annotated[
        list[Path],
        typer.Argument(help="Text (packed or not), Excel workbook or TDMS file; several are joined."),
    ]
    reference_time: Annotated[
        float | None,
        typer.Option(help="Time t0 of G0 [s].", show_default="the first time used", parser=quantity("time")),
    ] = None
    read_duration: Annotated[
        float, typer.Option(help="Duration of a read [s], or '250 ns'.", parser=quantity("time"))
    ] = 250e-9
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
    noise: Annotated[str, typer.Option(help="Whether the noise ages: either, stationary, ageing.")] = "either"
    delay: Annotated[
        str | None,
        typer.Option(help="When devices were programmed on the clock of the reads [s]; 'fit', or a range: '0,10'."),
    ] = None
    temperature: Annotated[
        list[str] | None, typer.Option(help="At which devices were kept: '85 degC'; one for all, or one a file.")
    ] = None
    every: Annotated[bool, typer.Option("--all", help=f"List every device, not only the first {_FEW}.")] = False
    csv: Annotated[Path | None, typer.Option(help="Write every device to this CSV file, all digits.")] = None


@app.command("drift")
@one_object(DriftOptions)
def fit_drift(options: DriftOptions) -> None:
    """Fit G = G0 (t/t0)^-nu to every device of a file, with errors that hold for 1/f noise.

    Mean and spread of nu are weighted by precision, or plain where tests say that exponents have to do with their
    errors; the last lines tell which, and why.

    Example:  pcmphys fit drift data/tester-files/01_b1500_sampling.csv --plot drift.png --out fit.nc

    Example:  pcmphys fit drift data/tester-files/11_resistance.csv --temperature '25 degC'
    --cell ibm-90nm-statistical --noise stationary --out cell.toml
    """
    from pcmphys.plot.figures import check_folder

    check_outputs(options)
    if options.csv is not None:
        check_folder(options.csv)
        check_new("--csv", options.csv, overwrite=options.overwrite)
    found = _fitted(options)
    if options.csv is not None:
        found.to_csv(options.csv)
    show(found, options, devices=len(found) if options.every else _FEW)
    if options.csv is not None:
        terminal.say(f"table   {options.csv}")


def _fitted(options: DriftOptions) -> DriftPopulation:
    """The drift of all devices of the files."""
    import numpy as np

    from pcmphys.fit import drift, read
    from pcmphys.fit.readers.joining import joined

    given = arguments(options)
    measured = [read(file, options.layout, **given) for file in options.files]
    kelvin = temperatures(options.temperature, len(measured))
    return drift(
        joined(measured),
        conductance_error=options.error,
        reference_time=options.reference_time,
        read_duration=options.read_duration,
        noise_slope=options.slope,
        noise=options.noise,
        delay=_delay(options.delay),
        temperature=None if kelvin is None else np.repeat(kelvin, [len(one) for one in measured]),
    )


def _delay(said: str | None) -> Any:
    """A delay as `pcmphys.fit.drift` takes it."""
    if said is None or said == "fit":
        return said
    try:
        numbers = [in_si("--delay", part.strip(), "time") for part in said.split(",")]
    except ParameterError:
        numbers = []
    if len(numbers) not in (1, 2):
        raise ParameterError(f"--delay must be a time [s], 'fit', or two times such as '0,10'; got {said!r}")
    return numbers[0] if len(numbers) == 1 else tuple(numbers)
