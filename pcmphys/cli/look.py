"""The command that writes the page about a cell."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pcmphys.cli import terminal
from pcmphys.cli.completion import complete_cell


def look_at(
    cell: Annotated[
        str, typer.Argument(help="Name of a technology, or a parameter file.", autocompletion=complete_cell)
    ],
    out: Annotated[Path | None, typer.Option(help="File to write.", show_default="NAME.html")] = None,
    seed: Annotated[int, typer.Option(help="Of the devices that are shown.")] = 0,
) -> None:
    """Write one page about a cell: figures of what it does, and every number with its source.

    Example:  pcmphys look ibm-90nm-statistical --out cell.html
    """
    from pcmphys import load_cell, portrait
    from pcmphys.plot.figures import check_folder

    found = load_cell(cell)
    path = check_folder(Path(f"{found.name}.html") if out is None else out.expanduser())
    with terminal.Bar("measuring devices") as bar:
        bar.say("measuring devices")
        written = portrait.write(found, path, seed=seed)
    terminal.say(f"page  {written}")
