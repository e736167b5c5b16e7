"""Commands that hand a cell's devices to other programs."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pcmphys.cli import terminal
from pcmphys.cli.completion import complete_cell
from pcmphys.cli.options import check_new, one_object
from pcmphys.cli.quantity import in_si, quantity
from pcmphys.errors import ParameterError

if TYPE_CHECKING:
    from pcmphys.export import LevelStatistics

app: typer.Typer = typer.Typer(
    help="Write a cell's devices for other programs, with a report of what arrives there.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """What is sampled and where it is written: the options that all of these commands have."""

    cell: Annotated[
        str,
        typer.Argument(help="Name of a technology, or the path of a parameter file.", autocompletion=complete_cell),
    ]
    out: Annotated[Path, typer.Option(help="Folder to write: new, empty, or an earlier export with --overwrite.")]
    devices: Annotated[int, typer.Option(help="Devices of each level.")] = 2000
    seed: Annotated[int, typer.Option(help="Same seed, same numbers.")] = 0
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an export that lies in that folder, if nobody changed it.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class LevelGrid(Sampling):
    """Sampling on a grid of levels and times."""

    levels: Annotated[
        list[str] | None,
        typer.Option(help="How many levels, or the levels themselves: '0,5,10,25 uS'.", show_default="30"),
    ] = None
    times: Annotated[
        str | None, typer.Option(help="How many times up to a year, or the times [s]: '3600,86400'.", show_default="20")
    ] = None


@dataclass(frozen=True, kw_only=True)
class NamedGrid(LevelGrid):
    """The same, for a module with a class."""

    name: Annotated[str | None, typer.Option(help="Of the Python class.", show_default="a name with Pcm")] = None


@app.command("aihwkit")
@one_object(NamedGrid)
def export_aihwkit(options: NamedGrid) -> None:
    """Write a noise model for aihwkit 1.1: a module with tables, and arguments for aihwkit's own model.

    Programming error and drift are drawn once a device (after the cell's write and verify), read noise at every read;
    reading disturbs nothing. Conductances in uS, times in s. A cell that is trained in place becomes a pulsed device
    of aihwkit's own kinds.

    Example:  pcmphys export aihwkit rram-gong2018 --out device

    Example:  pcmphys export aihwkit ibm-90nm-statistical --out noise

    Example:  pcmphys export aihwkit hermes-14nm-statistical --out hermes --name HermesNoise --times 3600,86400
    """
    _module("aihwkit", options)


@app.command("crosssim")
@one_object(NamedGrid)
def export_crosssim(options: NamedGrid) -> None:
    """Write a device for CrossSim 3: a module with programming error, drift, read noise and I-V.

    Example:  pcmphys export crosssim ibm-90nm-statistical --out device

    Example:  pcmphys export crosssim hermes-14nm-statistical --out hermes --levels 12 --times 10
    """
    _module("crosssim", options)


@app.command("tables")
@one_object(LevelGrid)
def export_tables(options: LevelGrid) -> None:
    """Write plain tables: CSV (one row a level and time), NetCDF with units, and a JSON schema.

    Example:  pcmphys export tables ibm-90nm-statistical --out tables --levels '1,5,10,20 uS' --times 3600,86400
    """
    from pcmphys import export

    _check(options)
    _show(export.tables(_sampled(options), options.out, overwrite=options.overwrite))


@dataclass(frozen=True, kw_only=True)
class OtherTarget(LevelGrid):
    """What `pcmphys export other` is told."""

    target: Annotated[str, typer.Argument(help="Name that the other package gave its target.")]


@app.command("other")
@one_object(OtherTarget)
def export_other(options: OtherTarget) -> None:
    """Write for a target of another package, which its entry point of the group pcmphys.exports names.

    Example:  pcmphys export other ibm-90nm-statistical tables --out plain --levels 3 --times 2 --devices 100
    """
    from pcmphys.export.registry import TARGETS
    from pcmphys.numerics import check

    write = TARGETS[check.choice("target", options.target, TARGETS)]
    _check(options)
    terminal.say(write(_sampled(options), options.out, overwrite=options.overwrite).summary())


@dataclass(frozen=True, kw_only=True)
class States(Sampling):
    """What `pcmphys export neurosim` is told."""

    bits: Annotated[int, typer.Option(help="Bits of a cell: 2, 4, 8, ... states.")] = 2
    times: Annotated[str, typer.Option(help="Ages with a file of states each [s].")] = "86400"


@app.command("neurosim")
@one_object(States)
def export_neurosim(options: States) -> None:
    """Write memory states for NeuroSim 1.5 (inference), fresh and aged, with options for its command line.

    Example:  pcmphys export neurosim ibm-90nm-statistical --out states --bits 2 --times 3600,86400
    """
    from pcmphys import export
    from pcmphys.cells import load_cell

    _check(options)
    states = {"bits": options.bits, "times": _numbers("--times", options.times), "seed": options.seed}
    cell = load_cell(options.cell)
    _show(export.neurosim(cell, options.out, **states, devices=options.devices, overwrite=options.overwrite))


@dataclass(frozen=True, kw_only=True)
class UpdateTables:
    """What `pcmphys export updates` is told."""

    cell: Annotated[
        str,
        typer.Argument(help="Name of a cell that is trained in place, or a path.", autocompletion=complete_cell),
    ]
    out: Annotated[Path, typer.Option(help="Folder to write: new, empty, or an earlier export with --overwrite.")]
    points: Annotated[int, typer.Option(help="Conductances of the table of steps.")] = 33
    share: Annotated[float, typer.Option(help="Of the window, that the staircase goes through.")] = 0.99
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an export that lies in that folder, if nobody changed it.")
    ] = False


@app.command("updates")
@one_object(UpdateTables)
def export_updates(options: UpdateTables) -> None:
    """Write steps and staircase of a cell that is trained in place as CSV, with NeuroSim's numbers for it.

    Example:  pcmphys export updates rram-gong2018 --out updates
    """
    from pcmphys import export
    from pcmphys.cells import load_cell

    given = {"points": options.points, "share": options.share, "overwrite": options.overwrite}
    _show(export.update_tables(load_cell(options.cell), options.out, **given))


@dataclass(frozen=True, kw_only=True)
class Subcircuits:
    """What `pcmphys export ngspice` is told."""

    cell: Annotated[
        str,
        typer.Argument(help="Name of a technology, or the path of a parameter file.", autocompletion=complete_cell),
    ]
    out: Annotated[Path, typer.Option(help="Library to write, such as devices.lib; an existing file is left alone.")]
    target: Annotated[
        float,
        typer.Option(help="What the devices are programmed to [S], or '10 uS'.", parser=quantity("conductance")),
    ]
    devices: Annotated[int, typer.Option(help="How many.")] = 10
    wait: Annotated[
        float,
        typer.Option(help="Time from programming to the state that is written [s], or '1 h'.", parser=quantity("time")),
    ] = 0.0
    name: Annotated[str, typer.Option(help="What the subcircuits are called, before their number.")] = "pcm"
    seed: Annotated[int, typer.Option(help="Same seed, same devices.")] = 0
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False


@app.command("ngspice")
@one_object(Subcircuits)
def export_ngspice(options: Subcircuits) -> None:
    """Write programmed devices as ngspice subcircuits: a Monte-Carlo list, age and temperature as parameters.

    Example:  pcmphys export ngspice ibm-90nm-doped-gst --out devices.lib --target '10 uS' --devices 20 --wait 3600
    """
    from pcmphys import export
    from pcmphys.cells import load_cell
    from pcmphys.numerics import check
    from pcmphys.plot.figures import check_folder

    check_folder(options.out)
    check_new("--out", options.out, overwrite=options.overwrite)
    cell = load_cell(options.cell)
    if not hasattr(cell, "population"):
        raise ParameterError(f"cell {cell.name} has no devices: it is a {type(cell).__name__}")
    devices = cell.population(check.integer("--devices", options.devices, 1), seed=options.seed)
    devices.program(check.number("--target", options.target, "S", 0.0))
    devices.wait(check.number("--wait", options.wait, "s", 0.0))
    export.ngspice_devices(devices, options.out, name=options.name)
    terminal.say(f"library {options.out}: subcircuits {options.name}_0 to {options.name}_{options.devices - 1}")


def _module(target: str, options: NamedGrid) -> None:
    from pcmphys import export
    from pcmphys.cells import load_cell
    from pcmphys.cells.pulsed.cell import PulsedCell
    from pcmphys.export.folder import class_name

    module = importlib.import_module(f"pcmphys.export.{target}")
    named = {} if options.name is None else {"name": class_name(options.name, module.TAKEN)}
    _check(options)
    cell = load_cell(options.cell)
    if target == "crosssim":
        module.check_cell(cell)
    # what is trained in place becomes a device by its law: nothing is sampled
    source = cell if target == "aihwkit" and isinstance(cell, PulsedCell) else _sampled(options)
    _show(getattr(export, target)(source, options.out, **named, overwrite=options.overwrite))


def _check(options: Sampling) -> None:
    """Refuse a folder before the work is done."""
    from pcmphys.export.folder import check_folder

    check_folder(options.out, overwrite=options.overwrite)


def _sampled(options: LevelGrid) -> LevelStatistics:
    from pcmphys import export
    from pcmphys.cells import load_cell

    given: dict[str, Any] = {}
    if options.levels:
        given["levels"] = _levels(",".join(options.levels))
    if options.times is not None:
        given["times"] = int(options.times) if options.times.strip().isdigit() else _numbers("--times", options.times)
    with terminal.Bar(f"sampling levels of {options.cell}") as bar:
        return export.sample(
            load_cell(options.cell), **given, devices=options.devices, seed=options.seed, progress=bar.steps
        )


def _levels(text: str) -> int | list[float]:
    """A count, or conductances [S] from numbers with one unit at the end."""
    from pcmphys.fit.readers.units import sized

    if text.strip().isdigit():
        return int(text)
    *numbers, last = text.split(",")
    unit = last.strip().lstrip("+-.0123456789eE").strip()
    if not unit:
        raise ParameterError(
            f"--levels: say the unit, as in '{text} uS', or one whole number for a count; got {text!r}"
        )
    return [sized("--levels", f"{number.strip()} {unit}", "conductance") for number in numbers] + [
        sized("--levels", last.strip(), "conductance")
    ]


def _numbers(name: str, text: str) -> list[float]:
    try:
        return [in_si(name, part.strip(), "time") for part in text.split(",")]
    except ParameterError:
        raise ParameterError(
            f"{name} must be times [s] divided by commas, such as '3600,86400' or '1 h,1 day'; got {text!r}"
        ) from None


def _show(done: Any) -> None:
    terminal.say(done.summary())
    if "round_trip.html" in done.files:
        terminal.say(f"report  {done.folder / 'round_trip.html'}")
