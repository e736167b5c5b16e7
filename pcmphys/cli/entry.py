"""Command line (study, look, cite, cells, data, fit, export, doctor); errors of the user's making are one line."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pcmphys.cli import (
    cells,
    data,
    doctor,
    export,
    fit,
    fit_cell,
    fit_iv,
    fit_noise,
    fit_programming,
    fit_retention,
    look,
    study,
    terminal,
)
from pcmphys.cli.spoken import called, elsewhere, spoken
from pcmphys.errors import ConvergenceError, ParameterError


class _Commands(TyperGroup):
    """All commands; one that is looked for outside of its group is named."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command of a name, as click does it."""
        place = "" if args[0] in self.commands else elsewhere(self, args[0])
        if place:
            ctx.fail(f"No such command {args[0]!r}. Did you mean: pcmphys {place}?")
        return super().resolve_command(ctx, args)


app: typer.Typer = typer.Typer(
    cls=_Commands,
    help="Device physics of phase-change memory: from measured devices to array statistics.",
    no_args_is_help=True,
    rich_markup_mode=None,  # as markup, units in brackets would vanish from the help
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Entry point: errors of the user's making, and of disks and files, are one clear line and exit status 2."""
    terminal.prepare()
    try:
        try:
            app(prog_name="pcmphys")
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # `pcmphys cells | head -1`
        terminal.silence_output()
        sys.exit(1)
    except (ParameterError, ConvergenceError) as error:
        # errors are those of the Python functions; here alone they are put into words of the command line
        terminal.complain(spoken(error, called(typer.main.get_command(app), sys.argv[1:])))
        sys.exit(2)
    except OSError as error:
        terminal.silence_output()
        terminal.complain(f"{error.filename}: {error.strerror}" if error.filename else error)
        sys.exit(2)
    except MemoryError as error:
        terminal.complain(f"not enough memory: {error}" if str(error) else "not enough memory")
        sys.exit(2)


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


def help_of(
    context: typer.Context,
    command: Annotated[list[str] | None, typer.Argument(help="A command, or a command of a group.")] = None,
) -> None:
    """Print the help of a command.

    Example:  pcmphys help study;  pcmphys help fit drift
    """
    context.parent.command.main([*(command or []), "--help"], prog_name="pcmphys")


app.command("data")(data.show_data)
app.command("look")(look.look_at)
app.command("study")(study.run_study)
app.command("doctor")(doctor.examine)
app.command("cite")(cells.print_sources)
app.command("help")(help_of)
app.add_typer(cells.app, name="cells")
fit.app.command("spectrum")(fit_noise.fit_spectrum)
fit.app.command("telegraph")(fit_noise.fit_telegraph)
fit.app.command("iv")(fit_iv.fit_iv)
fit.app.command("programming")(fit_programming.fit_programming)
fit.app.command("retention")(fit_retention.fit_retention)
fit.app.command("cell")(fit_cell.fit_cell)
app.add_typer(fit.app, name="fit")
app.add_typer(export.app, name="export")
