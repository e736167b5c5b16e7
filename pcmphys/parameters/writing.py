"""Write the numbers of a cell as a parameter file, each with unit, kind, source and note, as people edit them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pcmphys.errors import ParameterError
from pcmphys.numerics.files import write_whole
from pcmphys.parameters.schema import Quantity, Technology

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def save_cell(cell: Any, path: str | Path, *, name: str | None = None, overwrite: bool = False) -> Path:
    """Write a cell as a parameter file, which `load_cell` reads back to the same numbers.

    Parameters
    ----------
    cell : cell
        As `load_cell`, `MushroomCell.but` or a fit's ``to_cell`` give it.
    path : str or Path
        Ends in .toml; sources of one's own go into the .bib file beside it.
    name : str, optional
        Of the technology: small letters, digits, dashes. Default: made of the file's name.
    overwrite : bool
        Whether a file of that name, and the .bib beside it, may be replaced.

    Returns
    -------
    Path

    Raises
    ------
    ParameterError
        ``cell`` is not a cell; a path that does not end in .toml, or that is there already; a name that no
        technology can have.
    OSError
        The file cannot be written.

    Notes
    -----
    The file stands alone: numbers of the technology that the cell was made from are in it too, each with its source,
    so that a later version of this package does not change them.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> mine = pcm.load_cell("ibm-90nm-statistical").but({"read_voltage": 0.1}, source="my lab, wafer 7")
    >>> again = pcm.load_cell(save_cell(mine, "wafer-7.toml"))
    >>> again
    StatisticalCell('wafer-7')
    >>> again.parameters == mine.parameters, again.technology.quantities["read_voltage"].source
    (True, 'my lab, wafer 7')
    """
    technology = getattr(cell, "technology", None)
    if not isinstance(technology, Technology):
        named = f": write load_cell({cell!r})" if isinstance(cell, str) else ""
        raise ParameterError(f"cell must be a cell as load_cell gives it; got {cell!r}{named}")
    path = Path(path)
    if path.suffix != ".toml":
        raise ParameterError(f"path must end in .toml; got {str(path)!r}")
    called = _name(path.stem) if name is None else name
    if not isinstance(called, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", called):
        raise ParameterError(f"name must be of small letters, digits and dashes; got {called!r}")
    written_too = [path.with_suffix(".bib")] if technology.references else []
    there = next((one for one in (path, *written_too) if one.exists()), None)
    if there is not None and not overwrite:
        raise ParameterError(f"path: {there} is there already; overwrite=True replaces it")
    if technology.references:
        write_whole(path.with_suffix(".bib"), "\n\n".join([*technology.references.values(), ""]).encode())
    write_whole(path, written(technology, called).encode())
    return path


def _name(stem: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", stem.casefold()).strip("-") or "cell"


def written(technology: Technology, name: str) -> str:
    """A technology as the text of a parameter file."""
    lines = [f"name = {_text(name)}", f"model = {_text(technology.model)}", f"title = {_text(technology.title)}"]
    notes = [*technology.notes]
    if technology.inherited:
        homes = dict.fromkeys(technology.inherited.values())
        own = [key for key in technology.quantities if key not in technology.inherited]
        notes.append(f"Own numbers: {', '.join(own) or 'none'}; all others are those of {', '.join(homes)}.")
    if notes:
        lines += ["notes = [", *(f"  {_text(note)}," for note in notes), "]"]
    tables: dict[str, list[str]] = {}
    for key, quantity in technology.quantities.items():
        table, _, last = key.rpartition(".")
        tables.setdefault(table, []).append(f"{last} = {_quantity(quantity)}")
    for table in sorted(tables, key=lambda one: one != ""):  # numbers without a table stand before the first
        lines += ["", *([f"[{table}]"] if table else []), *tables[table]]
    return "\n".join([*lines, ""])


def _quantity(quantity: Quantity) -> str:
    value = quantity.value
    number = f"[{', '.join(map(repr, value))}]" if isinstance(value, tuple) else repr(value)
    parts = [f"value = {number}"]
    for key in ("unit", "kind", "source", "note"):
        if text := getattr(quantity, key):
            parts.append(f"{key} = {_text(text)}")
    return f"{{ {', '.join(parts)} }}"


def _text(text: str) -> str:
    """A string of TOML."""
    letters = [_ESCAPES.get(c) or (f"\\u{ord(c):04X}" if ord(c) < 32 or ord(c) == 127 else c) for c in text]
    return f'"{"".join(letters)}"'
