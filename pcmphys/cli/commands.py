"""Command line: pcmphys study | fit | cells | cite."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from pcmphys.cli import terminal
from pcmphys.errors import ConvergenceError, ParameterError

app = typer.Typer(
    help="Device physics of phase-change memory: from measured devices to array statistics.",
    no_args_is_help=True,
    rich_markup_mode=None,  # as markup, units in brackets would vanish from the help
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
cells_app = typer.Typer(rich_markup_mode=None)
fit_app = typer.Typer(help="Fit models to measured files.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(cells_app, name="cells")
app.add_typer(fit_app, name="fit")


def main() -> None:
    """Entry point: errors of the user's making, and of disks and files, are one clear line and exit status 2."""
    terminal.prepare()
    try:
        try:
            app(prog_name="pcmphys")
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # `pcmphys cells | head -1`
        _silence_output()
        sys.exit(1)
    except (ParameterError, ConvergenceError) as error:
        terminal.complain(error)
        sys.exit(2)
    except OSError as error:
        _silence_output()
        terminal.complain(f"{error.filename}: {error.strerror}" if error.filename else error)
        sys.exit(2)
    except MemoryError as error:
        terminal.complain(f"not enough memory: {error}" if str(error) else "not enough memory")
        sys.exit(2)


def _silence_output() -> None:
    # what is still in the buffer of an output that cannot take it would complain once more at the very end
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _version(asked: bool) -> None:
    if asked:
        from importlib import metadata

        typer.echo(f"pcmphys {metadata.version('pcmphys')}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Device physics of phase-change memory: from measured devices to array statistics."""


STUDIES = ("digits", "selector-margin")
"""Built-in studies, for the help and completion, which must not load what runs them."""


def _toml_files(incomplete: str) -> list[str]:
    return sorted(path.name for path in Path().glob("*.toml") if path.name.startswith(incomplete))


def _complete_study(incomplete: str) -> list[str]:
    return [name for name in STUDIES if name.startswith(incomplete)] + _toml_files(incomplete)


def _complete_cell(incomplete: str) -> list[str]:
    from pcmphys.parameters import list_cells

    return [name for name in list_cells() if name.startswith(incomplete)] + _toml_files(incomplete)


@app.command()
def study(
    config: Annotated[
        str | None,
        typer.Argument(
            help="Study file (TOML), or a built-in study: digits (the default), selector-margin.",
            autocompletion=_complete_study,
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
) -> None:
    """Run a study; write results.nc, report.html and overview.png.

    digits runs a network on drifting, noisy arrays; selector-margin compares selectors: read and write margin and
    matvec error against array size and wire resistance. An interrupted study goes on where it stopped.

    Example:  pcmphys study --template > mine.toml;  pcmphys study mine.toml --out mine

    Example:  pcmphys study selector-margin --out margins;  pcmphys study selector-margin --template > mine.toml

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
    out = out.expanduser()
    if out.exists() and not out.is_dir():
        raise ParameterError(f"out must be a folder; {out} is a file")
    for name in (_REPORT, _PICTURE):
        if (out / name).is_dir():
            raise ParameterError(f"out: {out / name} is a folder; move it away or give another --out")
    kept = "nothing has run yet"
    try:
        with (
            terminal.Bar(settings.doing) as bar,
            finished(settings, directory=out, progress=bar.steps, overwrite=overwrite) as dataset,
        ):
            kept = "the results are finished and kept"
            bar.say("drawing the report")
            page = report.write(dataset, out / _REPORT)
            report.write_overview(dataset, out / _PICTURE)
    except KeyboardInterrupt as stop:
        _interrupted(stop, kept)
    _print_study(dataset)
    again = " (finished before; only the report is new)" if "source" in dataset.encoding else ""
    terminal.say(f"results  {out / 'results.nc'}{again}\nreport   {page}")


_REPORT, _PICTURE = "report.html", "overview.png"


def _interrupted(stop: KeyboardInterrupt, kept: str) -> None:
    import shlex

    if hasattr(stop, "finished"):
        kept = f"{stop.finished} of {stop.total} parts are finished and kept"
    terminal.note(f"interrupted: {kept}; go on with: {shlex.join(['pcmphys', *sys.argv[1:]])}")
    if getattr(stop, "running", False):  # an ordinary end would wait for the threads
        sys.stdout.flush()
        os._exit(130)
    raise typer.Exit(130)


def _print_study(dataset) -> None:
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


@cells_app.callback(invoke_without_command=True)
def cells(context: typer.Context) -> None:
    """List the technologies; show where each number of one comes from.

    Example:  pcmphys cells;  pcmphys cells show ibm-90nm-statistical
    """
    if context.invoked_subcommand is None:
        list_()


@cells_app.command("list")
def list_() -> None:
    """List the technologies, as `pcmphys cells` alone does.

    Example:  pcmphys cells list
    """
    from pcmphys.parameters import list_cells, read_technology

    for name in list_cells():
        terminal.say(f"{name:28} {read_technology(name).title}")


Cell = Annotated[
    str,
    typer.Argument(help="Name of a technology, or the path of a parameter file.", autocompletion=_complete_cell),
]


@cells_app.command()
def show(name: Cell) -> None:
    """Print every number of a technology with unit, kind and source; assumed ones stand out.

    Example:  pcmphys cells show hermes-14nm-statistical
    """
    from pcmphys.cells import load_cell

    technology = load_cell(name).technology
    terminal.show_table(_quantities(technology), _quantities(technology, narrow=True))
    for key, quantity in technology.quantities.items():
        if quantity.note:
            terminal.say(f"{key}: {quantity.note}")
    if technology.descent:
        terminal.say(technology.descent)
    for note in technology.notes:
        terminal.say(f"note: {note}")


def _quantities(technology, *, narrow: bool = False):
    """Table of all numbers; ``narrow``: with the sources below the names instead of beside the kinds."""
    from rich.table import Table

    longest = max((len(number) for q in technology.quantities.values() for number in q.numbers), default=0)
    table = Table(title=terminal.escaped(technology.title), show_lines=narrow)
    table.add_column("quantity, source" if narrow else "quantity")
    table.add_column("value", min_width=longest + 1)  # a number over two lines could be read as another
    for heading in ("unit", "kind", *["source"] * (not narrow)):
        table.add_column(heading)
    for key, quantity in technology.quantities.items():
        kind = f"[bold yellow]{quantity.kind}[/]" if quantity.kind in ("assumed", "user") else quantity.kind
        unit, source = terminal.escaped(quantity.unit), terminal.escaped(quantity.source)
        if narrow:
            table.add_row(f"{key}\n  {source}" if source else key, ",\n".join(quantity.numbers), unit, kind)
        else:
            table.add_row(key, ", ".join(quantity.numbers), unit, kind, source)
    return table


@app.command()
def cite(name: Cell) -> None:
    """Print the BibTeX of every source behind a technology.

    Example:  pcmphys cite ibm-90nm-statistical > sources.bib
    """
    from pcmphys.cells import load_cell
    from pcmphys.parameters import cite as bibtex

    terminal.say(bibtex(load_cell(name)))


@app.command("help")
def help_of(
    context: typer.Context,
    command: Annotated[list[str] | None, typer.Argument(help="A command, or a command of a group.")] = None,
) -> None:
    """Print the help of a command.

    Example:  pcmphys help study;  pcmphys help fit drift
    """
    context.parent.command.main([*(command or []), "--help"], prog_name="pcmphys")


@fit_app.command()
def drift(
    file: Annotated[Path, typer.Argument(help="The tester's CSV file: a header line, then rows.")],
    time: Annotated[
        str,
        typer.Option(help="Time column, with its unit if the header has none: 't_s[s]'. Units: s ms us ns min h day."),
    ] = "time",
    conductance: Annotated[
        list[str] | None,
        typer.Option(
            help="Conductance columns, patterns allowed: 'g_*[uS]'; may be repeated. Units: S mS uS nS, "
            "1 (normalised).",
            show_default="conductance*",
        ),
    ] = None,
    device: Annotated[str | None, typer.Option(help="Column of device names, for files with one read a line.")] = None,
    start: Annotated[float | None, typer.Option(help="Leave out reads before this time [s].")] = None,
    reference_time: Annotated[
        float | None, typer.Option(help="Time t0 of G0 [s].", show_default="the first time used")
    ] = None,
    read_duration: Annotated[float, typer.Option(help="Duration of a read [s].")] = 250e-9,
    error: Annotated[
        float | None,
        typer.Option(
            help="Known std of instrument or digitisation noise [S; 1 if normalised].", show_default="estimated"
        ),
    ] = None,
    slope: Annotated[
        float | None,
        typer.Option(
            help="Slope of the noise spectrum, 1 to 1.5 (1: pure 1/f).", show_default="averaged over 1 to 1.4"
        ),
    ] = None,
    blank: Annotated[bool, typer.Option("--blank", help="Empty fields are reads that were not taken.")] = False,
    every: Annotated[bool, typer.Option("--all", help="List every device, not only the first 20.")] = False,
    csv: Annotated[Path | None, typer.Option(help="Write every device to this CSV file, all digits.")] = None,
    figure: Annotated[Path | None, typer.Option(help="Write the figure here (PNG, PDF or SVG).")] = None,
) -> None:
    """Fit G = G0 (t/t0)^-nu to every device of a file, with errors that hold for 1/f noise.

    Mean and spread of nu are weighted by precision, or plain where tests say that exponents have to do with their
    errors; the last lines tell which, and why.

    Example:  pcmphys fit drift traces.csv --time 't_s[s]' --conductance 'g_*[1]' --start 55 --blank --figure drift.png
    """
    from pcmphys.fit import drift as fit_drift
    from pcmphys.fit import read_drift
    from pcmphys.plot.figures import check_folder, check_path

    if figure is not None:
        check_path(figure)
    if csv is not None:
        check_folder(csv)
    policy = "missing" if blank else "refuse"
    table = read_drift(file, time=time, conductance=conductance or ["conductance*"], device=device, blank=policy)
    found = fit_drift(
        table,
        conductance_error=error,
        start=start,
        reference_time=reference_time,
        read_duration=read_duration,
        noise_slope=slope,
        missing="skip" if blank else "refuse",
    )
    terminal.say(found.summary(len(found) if every else 20))
    if csv is not None:
        found.to_csv(csv)
        terminal.say(f"table   {csv}")
    if figure is not None:
        found.plot(figure)
        terminal.say(f"figure  {figure}")


if __name__ == "__main__":
    main()
