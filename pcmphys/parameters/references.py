"""The bibliography behind the parameters, and the BibTeX of what a cell uses."""

from __future__ import annotations

import functools
import re
from importlib import resources

from pcmphys.errors import ParameterError

_ENTRY = re.compile(r"^@\w+\{([^,\s]+),.*?^\}", re.DOTALL | re.MULTILINE)


@functools.cache
def bibliography() -> dict[str, str]:
    """BibTeX entry of every known source, by key."""
    text = resources.files("pcmphys.parameters").joinpath("references.bib").read_text(encoding="utf-8")
    return entries(text)


def entries(text: str) -> dict[str, str]:
    """The entries of a BibTeX text, by key; each ends with a brace at the start of a line."""
    return {match[1]: match[0] for match in _ENTRY.finditer(text)}


def cite(cell) -> str:
    """BibTeX of every number in a cell.

    Parameters
    ----------
    cell : cell
        As `pcmphys.load_cell` gives it.

    Returns
    -------
    str
        BibTeX entries, sorted by key, each once. Assumed numbers without a source have none.

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
        raise ParameterError(f"cell must be a cell as load_cell gives it; got {cell!r}")
    keys = sorted({q.reference for q in technology.quantities.values()} - {""})
    known = bibliography() | technology.references
    return "\n\n".join(known[key] for key in keys)
