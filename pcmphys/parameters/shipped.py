"""The technologies that come with pcmphys."""

from __future__ import annotations

from importlib import resources
from typing import Any


def shipped() -> dict[str, Any]:
    """Parameter file of each technology, by name."""
    folder = resources.files("pcmphys.parameters")
    return {entry.name[:-5]: entry for entry in folder.iterdir() if entry.name.endswith(".toml")}


def list_cells() -> list[str]:
    """Names of the technologies shipped with pcmphys.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> pcm.list_cells()
    ['gst225-film', 'hermes-14nm-statistical', 'ibm-90nm-doped-gst', 'ibm-90nm-projected', 'ibm-90nm-statistical']
    """
    return sorted(shipped())
