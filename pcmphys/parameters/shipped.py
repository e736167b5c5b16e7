"""The technologies and chips that come with pcmphys, and those that other installed packages ship."""

from __future__ import annotations

import warnings
from importlib import resources
from typing import Any, NamedTuple

from pcmphys.numerics.doors import claim, entry_points, package_of


class Shelf(NamedTuple):
    """Where parameter files of one sort lie."""

    word: str
    """What messages call one."""
    package: str
    """Our own package, or folder of one, and in it the folder."""
    folder: str
    group: str
    """Entry points of other people's packages."""


CELLS = Shelf("cell", "pcmphys.parameters", "", "pcmphys.technologies")
CHIPS = Shelf("chip", "pcmphys.parameters", "chips", "pcmphys.chips")


def shipped(shelf: Shelf = CELLS) -> dict[str, Any]:
    """Parameter file of each technology (or chip), by name: ours, and those in packages that entry points name."""
    own = _in(shelf.package, shelf.folder)
    return _added(shelf, own) | own


def _in(package: str, folder: str = "") -> dict[str, Any]:
    root = resources.files(package)
    root = root.joinpath(folder) if folder else root
    return {entry.name[:-5]: entry for entry in root.iterdir() if entry.name.endswith(".toml")}


def _added(shelf: Shelf, own: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    what = "technology" if shelf is CELLS else shelf.word
    several = "technologies" if shelf is CELLS else f"{shelf.word}s"
    for name in sorted(entry_points(shelf.group)):
        point = claim(shelf.group, name)
        try:
            theirs = _in(point.value)
        except Exception as error:  # whatever another package does while it is imported
            say = f"{several} of {package_of(point)} cannot be listed ({type(error).__name__}: {error})"
            warnings.warn(say, stacklevel=3)
            continue
        for twice in sorted(theirs.keys() & (own.keys() | found.keys())):
            say = f"{package_of(point)} ships a {what} {twice!r}, a name that is taken; it is not used"
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


def list_chips() -> list[str]:
    """Names of the chips shipped with pcmphys or with other installed packages, for `pcmphys.load_chip`.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> pcm.list_chips()
    ['ambrogio2023-14nm', 'chang2019-90nm', 'gokmen-vlasov-rpu', 'hermes-14nm', 'marinella2018']
    """
    return sorted(shipped(CHIPS))
