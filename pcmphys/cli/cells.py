"""Commands about technologies: list them, show their numbers, cite their sources."""

from __future__ import annotations

from typing import Annotated

import typer

from pcmphys.cli import terminal
from pcmphys.cli.completion import complete_cell

app: typer.Typer = typer.Typer(rich_markup_mode=None)

Cell = Annotated[
    str,
    typer.Argument(help="Name of a technology, or the path of a parameter file.", autocompletion=complete_cell),
]


@app.callback(invoke_without_command=True)
def cells(context: typer.Context) -> None:
    """List the technologies; show where each number of one comes from.

    Example:  pcmphys cells;  pcmphys cells show ibm-90nm-statistical
    """
    if context.invoked_subcommand is None:
        list_()


@app.command("list")
def list_() -> None:
    """List the technologies, as `pcmphys cells` alone does.

    Example:  pcmphys cells list
    """
    from pcmphys.parameters import list_cells, read_technology

    for name in list_cells():
        terminal.say(f"{name:28} {read_technology(name).title}")


@app.command()
def show(name: Cell) -> None:
    """Print every number of a technology with unit, kind and source; assumed ones stand out.

    Example:  pcmphys cells show hermes-14nm-statistical
    """
    from pcmphys.cells import load_cell

    technology = load_cell(name).technology
    if technology.descent:
        terminal.say(technology.descent)
    terminal.show_table(_quantities(technology), _quantities(technology, narrow=True))
    for key, quantity in technology.quantities.items():
        if quantity.note:
            terminal.say(f"{key}: {quantity.note}")
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


def print_sources(name: Cell) -> None:
    """Print the BibTeX of every source behind a technology.

    Example:  pcmphys cite ibm-90nm-statistical > sources.bib
    """
    from pcmphys.cells import load_cell
    from pcmphys.parameters import cite

    terminal.say(cite(load_cell(name)))
