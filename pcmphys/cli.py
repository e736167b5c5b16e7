"""Command line: pcmphys study | fit | cells | cite."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from pcmphys.errors import ConvergenceError, ParameterError, ValidityWarning

app = typer.Typer(
    help="Device physics of phase-change memory: from measured devices to array statistics.",
    no_args_is_help=True,
    rich_markup_mode=None,  # as markup, units in brackets would vanish from the help
    pretty_exceptions_enable=False,
)
cells_app = typer.Typer(rich_markup_mode=None)
fit_app = typer.Typer(help="Fit models to measured files.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(cells_app, name="cells")
app.add_typer(fit_app, name="fit")


def main() -> None:
    """Entry point: errors of the user's making are one clear line and exit status 2."""
    try:
        app()
    except (ParameterError, ConvergenceError) as error:
        _errors().print(f"[bold red]error:[/] {_escape(error)}")
        sys.exit(2)
    except KeyboardInterrupt:
        _errors().print("interrupted; finished parts are kept, run the same command again to go on")
        sys.exit(130)


def _errors():
    from rich.console import Console

    return Console(stderr=True, soft_wrap=True, highlight=False)


def _escape(text) -> str:
    from rich.markup import escape

    return escape(str(text))


class _Bar:
    """A progress bar on a terminal, nothing in a pipe."""

    def __init__(self, doing: str):
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._doing = doing
        console = _errors()
        text, percent = TextColumn("{task.description}"), TextColumn("{task.percentage:>3.0f} %")
        self._bar = Progress(
            text, BarColumn(), percent, TimeElapsedColumn(),
            console=console, disable=not console.is_terminal, transient=True,
        )  # fmt: skip

    def __enter__(self) -> _Bar:
        self._bar.start()
        self._task = self._bar.add_task("starting (the first run compiles for a while)", total=None)
        return self

    def __exit__(self, *exception) -> None:
        self._bar.stop()

    def steps(self, done: int, total: int) -> None:
        """Show how far the run is."""
        # the first steps compile, which the bar cannot foresee
        text = self._doing if done else "starting (the first run compiles for a while)"
        self._bar.update(self._task, completed=done, total=total, description=text)

    def say(self, text: str) -> None:
        """Show what is being done now."""
        self._bar.update(self._task, description=text)


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


@app.command()
def study(
    config: Annotated[
        str | None,
        typer.Argument(help="Study file (TOML), or a built-in study: digits (the default), selector-margin."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for results.nc, report.html and unfinished parts.")] = Path(
        "pcmphys-study"
    ),
    template: Annotated[
        bool, typer.Option("--template", help="Print a commented file of the built-in study and stop.")
    ] = False,
) -> None:
    """Run a study; write results.nc, report.html and overview.png.

    digits runs a network on drifting, noisy arrays; selector-margin compares selectors: read and write margin and
    matvec error against array size and wire resistance.

    Example:  pcmphys study --template > mine.toml;  pcmphys study mine.toml --out mine

    Example:  pcmphys study selector-margin --out margins;  pcmphys study selector-margin --template > mine.toml
    """
    from pcmphys.plot import report
    from pcmphys.study import built_in, read_config, run

    if template:
        sys.stdout.write(built_in(config).template)
        return
    settings = read_config(config)
    if out.exists() and not out.is_dir():
        raise ParameterError(f"out must be a folder; {out} is a file")
    with _Bar(settings.doing) as bar:
        dataset = run(settings, directory=out, progress=bar.steps)
        bar.say("drawing the report")
        page = report.write(dataset, out / "report.html")
        report.write_overview(dataset, out / "overview.png")
    _print_study(dataset)
    typer.echo(f"results  {out / 'results.nc'}\nreport   {page}")


def _print_study(dataset) -> None:
    from rich.console import Console
    from rich.table import Table

    from pcmphys.plot import report

    console = Console()
    for found in report.tables(dataset):
        table = Table(title=_escape(found.title))
        for k, heading in enumerate(found.headings):
            table.add_column(_escape(heading), justify="left" if k < found.left else "right")
        for k, row in enumerate(found.rows):
            table.add_row(*map(_escape, row), end_section=bool(found.block) and (k + 1) % found.block == 0)
        console.print(table)
    for remark in report.remarks(dataset):
        console.print(_escape(remark))


@cells_app.callback(invoke_without_command=True)
def cells(context: typer.Context) -> None:
    """List the technologies; show where each number of one comes from.

    Example:  pcmphys cells;  pcmphys cells show ibm-90nm-statistical
    """
    if context.invoked_subcommand is None:
        from pcmphys.parameters import list_cells, read_technology

        for name in list_cells():
            typer.echo(f"{name:28} {read_technology(name).title}")


@cells_app.command()
def show(name: Annotated[str, typer.Argument(help="Name of a technology, or the path of a parameter file.")]) -> None:
    """Print every number of a technology with unit, kind and source; assumed ones stand out.

    Example:  pcmphys cells show hermes-14nm-statistical
    """
    from rich.console import Console
    from rich.table import Table

    from pcmphys.population import load_cell

    technology = load_cell(name).technology
    console = Console()
    table = Table(title=_escape(technology.title))
    table.add_column("quantity", no_wrap=True)
    for heading in ("value", "unit", "kind", "source"):
        table.add_column(heading)
    for key, quantity in technology.quantities.items():
        values = quantity.value if isinstance(quantity.value, tuple) else (quantity.value,)
        kind = f"[bold yellow]{quantity.kind}[/]" if quantity.kind == "assumed" else quantity.kind
        table.add_row(key, ", ".join(f"{v:g}" for v in values), quantity.unit, kind, _escape(quantity.source))
    console.print(table)
    for key, quantity in technology.quantities.items():
        if quantity.note:
            console.print(f"{key}: {_escape(quantity.note)}", highlight=False)
    for note in technology.notes:
        console.print(f"note: {_escape(note)}", highlight=False)


@app.command()
def cite(name: Annotated[str, typer.Argument(help="Name of a technology, or the path of a parameter file.")]) -> None:
    """Print the BibTeX of every source behind a technology.

    Example:  pcmphys cite ibm-90nm-statistical > sources.bib
    """
    from pcmphys.parameters import cite as bibtex
    from pcmphys.population import load_cell

    typer.echo(bibtex(load_cell(name)))


@contextmanager
def _remarks():
    """Print warnings of the physics as one line each, also before an error."""
    import warnings

    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", ValidityWarning)
        try:
            yield
        finally:
            for remark in found:
                _errors().print(f"[yellow]warning:[/] {_escape(remark.message)}")


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
    from pcmphys._figures import check_folder, check_path
    from pcmphys.fit import drift as fit_drift
    from pcmphys.fit import read_drift

    if figure is not None:
        check_path(figure)
    if csv is not None:
        check_folder(csv)
    policy = "missing" if blank else "refuse"
    with _remarks():
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
    typer.echo(found.summary(len(found) if every else 20))
    if csv is not None:
        found.to_csv(csv)
        typer.echo(f"table   {csv}")
    if figure is not None:
        found.plot(figure)
        typer.echo(f"figure  {figure}")


if __name__ == "__main__":
    main()
