"""The command that fits programming experiments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from pcmphys.cli.fits import TableFiles, Writing, check_outputs, read_files, show
from pcmphys.cli.options import one_object


@dataclass(frozen=True)
class ProgrammingOptions(TableFiles, Writing):
    """What `pcmphys fit programming` is told."""

    amplitude: Annotated[
        str | None, typer.Option(help="Column of the amplitudes of the pulses, current or voltage.")
    ] = None
    conductance: Annotated[str | None, typer.Option(help="Column of conductances after the pulses.")] = None
    resistance: Annotated[str | None, typer.Option(help="Column of resistances after the pulses.")] = None
    pulse: Annotated[
        str | None, typer.Option(help="Column of pulse numbers: the file holds trains of equal pulses.")
    ] = None
    read_error: Annotated[str | None, typer.Option(help="Known std of a read of a train: '50 nS'.")] = None
    memory: Annotated[float | None, typer.Option(help="Known memory of a train in pulses.", show_default="fitted")] = (
        None
    )


@one_object(ProgrammingOptions)
def fit_programming(options: ProgrammingOptions) -> None:
    """Fit conductance after a pulse against its amplitude (onsets of SET and melting), or the steps of pulse trains.

    Without a column of pulse numbers the file holds a programming curve, one read a row; with one it holds trains:
    pulse number 0 is the read before the first pulse.

    Example:  pcmphys fit programming data/stanford-rram/set_sweep.csv --plot set.png --out set.nc
    """
    from pcmphys.fit import programming
    from pcmphys.fit.readers.units import sized

    check_outputs(options)
    columns = {name: getattr(options, name) for name in ("amplitude", "conductance", "resistance", "pulse")}
    error = None if options.read_error is None else sized("--read-error", options.read_error, "conductance")
    table = read_files(options, **columns)
    show(programming(table, read_error=error, memory=options.memory), options)
