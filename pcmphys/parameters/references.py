"""The bibliography behind the parameters, and the BibTeX of what a cell uses."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Iterator
from importlib import resources
from typing import Any

from pcmphys.errors import ParameterError


@functools.cache
def bibliography() -> dict[str, str]:
    """BibTeX entry of every known source, by key."""
    text = resources.files("pcmphys.parameters").joinpath("references.bib").read_text(encoding="utf-8")
    return entries(text)


def entries(text: str) -> dict[str, str]:
    """The entries of a BibTeX text, by key, as they stand there; abbreviations (``@string``) are put in.

    An entry that is broken is left out, and the first of two of the same key counts.

    Examples
    --------
    >>> sorted(entries("@misc{a, title={On {PCM}}, doi={10.1/2}} @article{b, year=2026}"))
    ['a', 'b']
    """
    import bibtexparser

    with _quiet("bibtexparser"):  # it writes what it leaves out to the terminal
        library = bibtexparser.parse_string(text, parse_stack=[])
        if not library.strings:
            return {entry.key: entry.raw for entry in library.entries}
        library = bibtexparser.parse_string(text)
    return {entry.key: bibtexparser.write_string(bibtexparser.Library([entry])).strip() for entry in library.entries}


@contextlib.contextmanager
def _quiet(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def cite(cell: Any) -> str:
    """BibTeX of every number in a cell.

    Parameters
    ----------
    cell : cell
        As `pcmphys.load_cell` gives it.

    Returns
    -------
    str
        BibTeX entries, sorted by key, each once. Assumed numbers without a source have none; numbers of one's own
        (`MushroomCell.but`) and fitted ones stand behind the entries, a line each with their data.

    Raises
    ------
    ParameterError
        ``cell`` is not a cell.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> print(pcm.cite(pcm.load_cell("ibm-90nm-statistical")).splitlines()[0])
    @article{joshi2020,
    """
    technology = getattr(cell, "technology", cell)
    if not hasattr(technology, "quantities"):
        named = f": write load_cell({cell!r})" if isinstance(cell, str) else ""
        raise ParameterError(f"cell must be a cell as load_cell gives it; got {cell!r}{named}")
    known = bibliography() | technology.references
    own = {key: q for key, q in technology.quantities.items() if q.kind == "user" and q.reference not in known}
    keys = {q.reference for key, q in technology.quantities.items() if key not in own} - {""}
    said = [
        (key, q)
        for key, q in technology.quantities.items()
        if key in own or (q.kind == "fit" and q.reference == "pcmphys")
    ]
    # BibTeX reads over what stands between entries
    remarks = [f"% {key} = {', '.join(q.numbers)} {q.unit}: {q.source or 'user'}" for key, q in said]
    return "\n\n".join([*(known[key] for key in sorted(keys)), *(["\n".join(remarks)] if remarks else [])])
