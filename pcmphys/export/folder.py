"""A folder of exported files: written whole or not at all, and never over anything that is not an export of ours."""

from __future__ import annotations

import contextlib
import hashlib
import json
import keyword
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from pcmphys.errors import ParameterError

MANIFEST = "pcmphys-export.json"
"""Lists the files of an export with their SHA-256."""


def check_folder(folder: str | Path, *, overwrite: bool = False) -> Path:
    """Refuse a folder that an export cannot be written to, before any work is done.

    Raises
    ------
    ParameterError
        A file; a folder that holds other files, or an export that was changed since; an export, without
        ``overwrite``.
    """
    try:
        path = Path(os.path.realpath(Path(folder).expanduser()))
        if path.exists() and not path.is_dir():
            raise ParameterError(f"folder: {folder} is a file; give a folder")
        there = sorted(entry.name for entry in path.iterdir()) if path.is_dir() else []
    except (OSError, ValueError, TypeError) as error:  # ValueError: a name with a null byte
        reason = getattr(error, "strerror", None) or error
        raise ParameterError(f"folder: {folder!s} cannot be read ({reason}); give another folder") from None
    if not there:
        return path
    ours = _listed(path)
    foreign = [name for name in there if name not in ours and name != MANIFEST]
    if not ours or foreign:
        raise ParameterError(
            f"folder: {folder} holds other files ({_few(foreign or there)}), which an export leaves alone; give a new "
            "folder"
        )
    changed = [name for name, mark in ours.items() if name in there and _mark((path / name).read_bytes()) != mark]
    if changed:
        raise ParameterError(
            f"folder: {_few(changed)} in {folder} changed since the export; move them away or give a new folder"
        )
    if not overwrite:
        raise ParameterError(f"folder: {folder} holds an export already; overwrite=True replaces it")
    return path


def write_folder(folder: str | Path, files: Mapping[str, bytes], about: Mapping[str, Any], *, overwrite: bool) -> Path:
    """Write an export's files with their manifest; on any failure the folder is as it was.

    Parameters
    ----------
    folder : str or Path
        As `check_folder` allows it.
    files : dict
        Content by name.
    about : dict
        What else the manifest says.
    overwrite : bool
        Whether an export in that folder is replaced.

    Raises
    ------
    ParameterError
        See `check_folder`; or the disk refused.
    """
    path = check_folder(folder, overwrite=overwrite)
    manifest = {
        **about,
        "pcmphys_version": metadata.version("pcmphys"),
        "files": {name: _mark(content) for name, content in files.items()},
    }
    content = {**files, MANIFEST: (json.dumps(manifest, indent=1) + "\n").encode()}
    beside = path.with_name(f".{path.name}.pcmphys-{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.mkdir()
        for name, part in content.items():
            (beside / name).write_bytes(part)
        _put(beside, path)
    except OSError as error:
        raise ParameterError(f"folder: {folder} cannot be written ({error.strerror or error})") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)  # still there only where the writing failed
    return path


def _put(beside: Path, path: Path) -> None:
    """Give a folder its name; an export that had it goes only once the new one is in its place."""
    if not path.exists():
        beside.rename(path)
        return
    old = path.with_name(f"{beside.name}-old")
    path.rename(old)
    try:
        beside.rename(path)
    except BaseException:
        old.rename(path)
        raise
    ours = _listed(old)
    for name in (*ours, MANIFEST):
        with contextlib.suppress(OSError):
            (old / name).unlink()
    with contextlib.suppress(OSError):  # what is not ours stays, should any have come in just now
        old.rmdir()


def _listed(path: Path) -> dict[str, str]:
    """Files of the export in a folder with their marks; none if there is no manifest of ours."""
    try:
        found = json.loads((path / MANIFEST).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _mark(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def class_name(name: Any, taken: tuple[str, ...] = ()) -> str:
    """A name that a Python class can have, or an error that says why not; ``taken`` are those of the module itself."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ParameterError(f"name must be a Python class name (letters, digits, underscores); got {name!r}")
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise ParameterError(f"name: {name!r} is a word of Python itself; give another name")
    if name in taken:
        raise ParameterError(f"name: {name!r} is a name that the written module uses; give another name")
    return name
