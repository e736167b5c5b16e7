"""Names inside of figures, and the files that figures and tables are written to."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pcmphys.errors import ParameterError
from pcmphys.numerics.files import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend


def plain(name: object) -> str:
    r"""A name as text of a figure: its dollar signs are no mathematics, its line breaks none of the figure's.

    Examples
    --------
    >>> print(plain("$V_{D$"))
    \$V_{D\$
    """
    return "".join(letter if letter.isprintable() else " " for letter in str(name)).replace("$", r"\$")


def legend(axes: Axes, artists: Any, names: Any, **options: Any) -> Legend:
    """A legend of named things, whatever the names begin with or contain."""
    # matplotlib leaves out what is labelled with a leading underscore
    shown = axes.legend(artists, ["name"] * len(names), **options)
    for text, name in zip(shown.get_texts(), names, strict=True):
        text.set_text(plain(name))
    return shown


def check_path(path: Any) -> Path:
    """Refuse a path that no figure can be written to, before the work is done."""
    from pcmphys.plot.notebook import NotebookFigure

    path = Path(path)
    kinds = NotebookFigure().canvas.get_supported_filetypes()
    if path.suffix.lstrip(".").lower() not in kinds:
        raise ParameterError(f"a figure's file must end in one of .{', .'.join(sorted(kinds))}; got {path.name!r}")
    return check_folder(path)


def check_folder(path: Any) -> Path:
    """Refuse a path in a folder that is not there."""
    path = Path(path)
    if not path.parent.is_dir():
        raise ParameterError(f"no folder {path.parent} to write {path.name} in")
    if path.is_dir():
        raise ParameterError(f"{path} is a folder, not a file to write")
    return path


def save_figure(figure: Figure, path: Any) -> None:
    """Write a figure whole or not at all; the suffix gives the format."""
    path = check_path(path)
    # drawn in memory: a full disk must not meet the half-open file of a drawing library
    stream = io.BytesIO()
    figure.savefig(stream, format=path.suffix.lstrip(".").lower(), dpi=150)
    write_whole(path, lambda temporary: temporary.write_bytes(stream.getvalue()))
