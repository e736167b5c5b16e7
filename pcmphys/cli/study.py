"""The command that runs a study."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from pcmphys.cli import terminal
from pcmphys.cli.completion import complete_study
from pcmphys.errors import ParameterError

_REPORT, _PICTURE = "report.html", "overview.png"


def run_study(
    config: Annotated[
        str | None,
        typer.Argument(
            help="Study file (TOML), or a built-in study: digits (the default), selector-margin, design-space, layers, "
            "chip, chip-scale, training.",
            autocompletion=complete_study,
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for results.nc, report.html and unfinished parts.")] = Path(
        "pcmphys-study"
    ),
    template: Annotated[
        bool, typer.Option("--template", help="Print a commented file of the built-in study and stop.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the results of another study in that folder.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(help="Number of worker processes on this machine; default: threads of one process.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Address (tcp://host:8786) or file (.json) of a Dask scheduler whose workers run the study."),
    ] = None,
    zarr: Annotated[
        bool, typer.Option("--zarr", help="Write results.zarr part by part, readable meanwhile, instead of results.nc.")
    ] = False,
) -> None:
    """Run a study; write results.nc, report.html and overview.png.

    digits runs a network on drifting, noisy arrays; selector-margin compares selectors: read and write margin and
    matvec error against array size and wire resistance; design-space asks what a lasting bit costs: cells, RESET
    pulses, selectors, wires, array sizes and times against each other; layers runs convolutions, an LSTM and a
    transformer, with and without noise-aware training, beside fixed point; chip lays networks out on chips of tiles:
    energy, time and area by part, and what conductance and integration time buy; chip-scale simulates a whole chip
    device by device and says what this machine takes for it; training trains a network in place, by rules and devices.
    An interrupted study goes on where it stopped.

    Example:  pcmphys study --template > mine.toml;  pcmphys study mine.toml --out mine

    Example:  pcmphys study selector-margin --out margins;  pcmphys study selector-margin --template > mine.toml

    Example:  pcmphys study chip --out chips;  pcmphys study chip --template > mine.toml

    Example:  pcmphys study mine.toml --out mine --workers 4;  pcmphys study mine.toml --scheduler tcp://node1:8786

    A network of your own (network = "FOLDER") is a folder with two files of numpy.savez. weights.npz: w1, b1, w2,
    b2, ..., weights (inputs, outputs) and biases (outputs,) of each layer. test.npz: images (batch, inputs), labels
    (batch,) from 0 on, calibration_images (any, inputs) that set the converters' ranges, and, if images are to be
    divided by it, full_scale.
    """
    from pcmphys.study import built_in, finished, read_config, report

    if template:
        sys.stdout.write(built_in(config).template)
        return
    settings = read_config(config)
    _check_cells(settings, config)
    out = _checked_folder(out)
    kept, store = "nothing has run yet", "zarr" if zarr else "netcdf"
    try:
        with (
            _executor(settings, workers, scheduler) as executor,
            terminal.Bar(settings.doing) as bar,
            finished(
                settings, executor, directory=out, progress=bar.steps, overwrite=overwrite, store=store
            ) as dataset,
        ):
            kept = "the results are finished and kept"
            bar.say("drawing the report")
            page = report.write(dataset, out / _REPORT)
            report.write_overview(dataset, out / _PICTURE)
    except KeyboardInterrupt as stop:
        _interrupted(stop, kept)
    _print_tables(dataset)
    again = " (finished before; only the report is new)" if "source" in dataset.encoding else ""
    terminal.say(f"results  {out / ('results.zarr' if zarr else 'results.nc')}{again}\nreport   {page}")


def _check_cells(settings, config: str | None) -> None:
    """Refuse a cell that a study file names wrongly before the study starts; the error names the file."""
    from pcmphys.cells import load_cell

    if config is None or not config.endswith(".toml"):
        return
    for key in ("cell", "cells"):
        said = getattr(settings, key, ())
        for name in (said,) if isinstance(said, str) else said:
            try:
                load_cell(settings.path_or_name(name))
            except ParameterError as error:
                raise ParameterError(f"{config}: {key}: {error}") from None


@contextlib.contextmanager
def _executor(settings, workers: int | None, scheduler: str | None):
    """Where the study runs."""
    from pcmphys.study import Workers, connect, memory

    if workers is None and scheduler is None:
        yield None
        return
    if workers is not None and scheduler is not None:
        raise ParameterError("--workers are processes of this machine, --scheduler names those of others: give one")
    if scheduler is not None:
        with connect(scheduler) as executor:
            _say_memory(memory(settings), 0)
            yield executor
        return
    executor = Workers(workers)
    _say_memory(memory(settings), executor.count)
    try:
        yield executor
    except BaseException:
        executor.stop()  # what was to be kept is kept
        raise
    executor.shutdown()


def _say_memory(needed: int, workers: int) -> None:
    if not needed:
        return
    terminal.note(f"each worker needs up to {_amount(needed)} besides the program itself")
    with contextlib.suppress(ValueError, OSError, AttributeError):
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        if needed * workers > free:
            terminal.note(f"warning: {workers} of them may need more than the {_amount(free)} that are free here")


def _amount(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(count / 1e6, 1.0):.0f} MB"


def _checked_folder(out: Path) -> Path:
    out = out.expanduser()
    if out.exists() and not out.is_dir():
        raise ParameterError(f"out must be a folder; {out} is a file")
    for name in (_REPORT, _PICTURE):
        if (out / name).is_dir():
            raise ParameterError(f"out: {out / name} is a folder; move it away or give another --out")
    return out


def _interrupted(stop: KeyboardInterrupt, kept: str) -> None:
    import shlex

    if hasattr(stop, "finished"):
        kept = f"{stop.finished} of {stop.total} parts are finished and kept"
    terminal.note(f"interrupted: {kept}; go on with: {shlex.join(['pcmphys', *sys.argv[1:]])}")
    if getattr(stop, "running", False):  # an ordinary end would wait for the threads
        sys.stdout.flush()
        os._exit(130)
    raise typer.Exit(130)


def _print_tables(dataset) -> None:
    from rich.table import Table

    from pcmphys.study import report

    for found in report.tables(dataset):
        table = Table(title=terminal.escaped(found.title))
        for k, heading in enumerate(found.headings):
            table.add_column(terminal.escaped(heading), justify="left" if k < found.left else "right")
        for k, row in enumerate(found.rows):
            table.add_row(*map(terminal.escaped, row), end_section=bool(found.block) and (k + 1) % found.block == 0)
        terminal.show_table(table)
    for remark in report.remarks(dataset):
        terminal.say(remark)
