"""The command that calibrates a cell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from pcmphys.cli import terminal
from pcmphys.cli.fits import Overwrite, Plot, Writing, check_outputs, show, write_cell
from pcmphys.cli.options import one_object


@dataclass(frozen=True)
class CellOptions:
    """What `pcmphys fit cell` is told."""

    file: Annotated[Path, typer.Argument(help="Calibration file (TOML): cell, free numbers, measured tables.")]
    out: Annotated[Path | None, typer.Option(help="Write the cell here (.toml), or the fit (.nc).")] = None
    plot: Plot = None
    directory: Annotated[
        Path | None, typer.Option(help="Keep every simulation here: an interrupted calibration goes on from them.")
    ] = None
    rounds: Annotated[int | None, typer.Option(help="Most steps of the search.", show_default="of the file")] = None
    devices: Annotated[
        int | None, typer.Option(help="Devices of each experiment, for a quick look.", show_default="of the file")
    ] = None
    overwrite: Overwrite = False


@one_object(CellOptions)
def fit_cell(options: CellOptions) -> None:
    """Fit numbers of a cell to measurements of any kind at once, by simulating the same experiments.

    The file names the cell, the numbers that may change with their bounds, and tables of measured data with their
    errors; rows can be held out. Everything is printed, drawn and written with what was held out beside it.

    Example:  pcmphys fit cell data/ibm-90nm-steps.toml --rounds 3 --devices 200 --plot steps.png --out steps.toml
    """
    from pcmphys.fit import read_calibration

    writes_cell = options.out is not None and options.out.suffix == ".toml"
    start = str(options.file) if writes_cell else None
    check_outputs(Writing(plot=options.plot, out=options.out, cell=start, overwrite=options.overwrite))
    plan = read_calibration(options.file).but(rounds=options.rounds, devices=options.devices)
    with terminal.Bar("simulating") as bar:
        found = plan.run(directory=options.directory, progress=bar.steps)
    show(found, Writing(plot=options.plot, out=None if writes_cell else options.out, overwrite=options.overwrite))
    if writes_cell:
        write_cell(found.cell, plan.cell, options.out, overwrite=options.overwrite)
