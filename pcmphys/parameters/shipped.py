"""The technologies that come with pcmphys, and those that other installed packages ship."""

from __future__ import annotations

import warnings
from importlib import resources
from typing import Any

from pcmphys.numerics.doors import claim, entry_points, package_of

_GROUP = "pcmphys.technologies"


def shipped() -> dict[str, Any]:
    """Parameter file of each technology, by name: ours, and those in the packages that entry points name."""
    own = _in("pcmphys.parameters")
    return _added(own) | own


def _in(package: str) -> dict[str, Any]:
    return {entry.name[:-5]: entry for entry in resources.files(package).iterdir() if entry.name.endswith(".toml")}


def _added(own: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in sorted(entry_points(_GROUP)):
        point = claim(_GROUP, name)
        try:
            theirs = _in(point.value)
        except Exception as error:  # whatever another package does while it is imported
            say = f"technologies of {package_of(point)} cannot be listed ({type(error).__name__}: {error})"
            warnings.warn(say, stacklevel=3)
            continue
        for twice in sorted(theirs.keys() & (own.keys() | found.keys())):
            say = f"{package_of(point)} ships a technology {twice!r}, a name that is taken; it is not used"
            warnings.warn(say, stacklevel=3)
        found = theirs | found
    return found


def list_cells() -> list[str]:
    """Names of the technologies shipped with pcmphys or with other installed packages.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> [name for name in pcm.list_cells() if name.startswith("ibm")]
    ['ibm-90nm-doped-gst', 'ibm-90nm-projected', 'ibm-90nm-statistical']
    """
    return sorted(shipped())
