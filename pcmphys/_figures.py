"""Names inside of figures, and figures' files."""

from __future__ import annotations

import io
from pathlib import Path

from pcmphys._files import write_whole
from pcmphys.errors import ParameterError


def plain(name) -> str:
    r"""A name as text of a figure: its dollar signs are no mathematics, its line breaks none of the figure's.

    Examples
    --------
    >>> print(plain("$V_{D$"))
    \$V_{D\$
    """
    return "".join(letter if letter.isprintable() else " " for letter in str(name)).replace("$", r"\$")


def legend(axes, artists, names, **options):
    """A legend of named things, whatever the names begin with or contain."""
    # matplotlib leaves out what is labelled with a leading underscore
    shown = axes.legend(artists, ["name"] * len(names), **options)
    for text, name in zip(shown.get_texts(), names, strict=True):
        text.set_text(plain(name))
    return shown


def save(figure, path) -> None:
    """Write a figure whole or not at all; the suffix gives the format."""
    path = Path(path)
    kinds = figure.canvas.get_supported_filetypes()
    kind = path.suffix.lstrip(".").lower()
    if kind not in kinds:
        raise ParameterError(f"a figure's file must end in one of .{', .'.join(sorted(kinds))}; got {path.name!r}")
    if not path.parent.is_dir():
        raise ParameterError(f"no folder {path.parent} to write {path.name} in")
    # drawn in memory: a full disk must not meet the half-open file of a drawing library
    stream = io.BytesIO()
    figure.savefig(stream, format=kind, dpi=150)
    write_whole(path, lambda temporary: temporary.write_bytes(stream.getvalue()))
