"""The command that fits retention."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from pcmphys.cli.columns import column, plain, table
from pcmphys.cli.fit_noise import check_outputs, show
from pcmphys.cli.options import one_object
from pcmphys.errors import ParameterError


@dataclass(frozen=True)
class RetentionOptions:
    """What `pcmphys fit retention` is told."""

    file: Annotated[Path, typer.Argument(help="Text table with a header line: a device, or a number of them, a row.")]
    time: Annotated[str, typer.Option(help="Column of times to failure, or of the last look.")] = "time"
    temperature: Annotated[str, typer.Option(help="Column of temperatures, in K or degC.")] = "temperature"
    failed: Annotated[str | None, typer.Option(help="Column: 1 failed, 0 still good.", show_default="all")] = None
    since: Annotated[str | None, typer.Option(help="Column of times when each was last seen good.")] = None
    once: Annotated[bool, typer.Option("--once", help="Looked at once only: failures were never seen good.")] = False
    devices: Annotated[str | None, typer.Option(help="Column: how many devices a row stands for.")] = None
    life: Annotated[float, typer.Option(help="Lifetime that is asked for [years].")] = 10.0
    fraction: Annotated[float, typer.Option(help="Share of devices that may have failed by then.")] = 0.5
    spread: Annotated[str, typer.Option(help="What differs from device to device: energy or time.")] = "energy"
    prefactor: Annotated[float | None, typer.Option(help="Known prefactor tau_0 [s].", show_default="fitted")] = None
    plot: Annotated[Path | None, typer.Option(help="Write the figure here (PNG, PDF or SVG).")] = None
    out: Annotated[Path | None, typer.Option(help="Write the fit here (NetCDF).")] = None


@one_object(RetentionOptions)
def fit_retention(options: RetentionOptions) -> None:
    """Fit Arrhenius' law to times to failure, with survivors, and tell the temperature that a lifetime allows.

    Example:  pcmphys fit retention data/stanford-rram/bake.csv --failed failed --devices devices --once
    --prefactor 1e-13 --plot retention.png
    """
    from pcmphys.fit import retention
    from pcmphys.fit.retention.fit import YEAR

    check_outputs(options.plot, options.out)
    if options.once and options.since is not None:
        raise ParameterError("give --since or --once, not both")
    frame = table(options.file)
    count = np.ones(len(frame), dtype=int)
    if options.devices is not None:
        given = plain(frame, options.file, options.devices)
        if not (np.isfinite(given).all() and (given >= 0).all() and (given == np.rint(given)).all()):
            raise ParameterError(f"{options.file}: column {options.devices!r} must hold whole numbers, not negative")
        count = given.astype(int)
    failed = None if options.failed is None else _flags(plain(frame, options.file, options.failed), options)
    since = None if options.since is None else column(frame, options.file, options.since, "s")
    since = np.zeros(len(frame)) if options.once else since
    found = retention(
        np.repeat(column(frame, options.file, options.time, "s"), count),
        np.repeat(column(frame, options.file, options.temperature, "K"), count),
        failed=None if failed is None else np.repeat(failed, count),
        since=None if since is None else np.repeat(since, count),
        life=options.life * YEAR,
        fraction=options.fraction,
        spread=options.spread,
        prefactor=options.prefactor,
    )
    show(found, options.plot, options.out)


def _flags(values: np.ndarray, options: RetentionOptions) -> np.ndarray:
    if not np.isin(values, (0.0, 1.0)).all():
        raise ParameterError(f"{options.file}: column {options.failed!r} must hold 1 (failed) or 0 (still good) only")
    return values == 1.0
