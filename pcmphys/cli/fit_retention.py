"""The command that fits retention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from pcmphys.cli.fits import TableFiles, Writing, check_outputs, read_files, show
from pcmphys.cli.options import one_object
from pcmphys.cli.quantity import quantity
from pcmphys.errors import ParameterError


@dataclass(frozen=True)
class RetentionOptions(TableFiles, Writing):
    """What `pcmphys fit retention` is told."""

    time: Annotated[str | None, typer.Option(help="Column of times to failure, or of the last look.")] = None
    failed: Annotated[
        str | None, typer.Option(help="Column: 1 failed, 0 still good.", show_default="failed; without one, all")
    ] = None
    since: Annotated[str | None, typer.Option(help="Column of times when each was last seen good.")] = None
    once: Annotated[bool, typer.Option("--once", help="Looked at once only: failures were never seen good.")] = False
    devices: Annotated[str | None, typer.Option(help="Column: how many devices a row stands for.")] = None
    life: Annotated[float, typer.Option(help="Lifetime that is asked for [years].")] = 10.0
    fraction: Annotated[float, typer.Option(help="Share of devices that may have failed by then.")] = 0.5
    spread: Annotated[str, typer.Option(help="What differs from device to device: energy or time.")] = "energy"
    prefactor: Annotated[
        float | None,
        typer.Option(help="Known prefactor tau_0 [s], or '0.1 ps'.", show_default="fitted", parser=quantity("time")),
    ] = None


@one_object(RetentionOptions)
def fit_retention(options: RetentionOptions) -> None:
    """Fit Arrhenius' law to times to failure, with survivors, and tell the temperature that a lifetime allows.

    A row is a device, or as many as its column ``devices`` says.

    Example:  pcmphys fit retention data/stanford-rram/bake.csv --once --prefactor 1e-13 --plot retention.png
    """
    from pcmphys.fit import retention
    from pcmphys.fit.retention.fit import YEAR

    check_outputs(options)
    table = read_files(options, time=options.time, failed=options.failed, since=options.since, devices=options.devices)
    if options.once and "since" in table:
        raise ParameterError("give --since or --once, not both; the file has times when devices were last seen good")
    found = retention(
        table,
        since=0.0 if options.once else None,
        life=options.life * YEAR,
        fraction=options.fraction,
        spread=options.spread,
        prefactor=options.prefactor,
    )
    show(found, options)
