"""The licence of a file of data, as far as the folder that it lies in tells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_LICENCES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENCE.txt", "COPYING")
_NOTE = "SOURCE.md"
_LARGEST = 1 << 20
_LINE = re.compile(r"^[-*\s]*Licen[cs]e[^:\n]*:\s*(\S.*)$", re.MULTILINE)


class Beside(NamedTuple):
    """What lies beside a file: its licence, empty where none is known, and a remark on what does not count."""

    licence: str
    remark: str


def licence_beside(path: Path) -> Beside:
    """The licence that the folder of a file states for it.

    A licence says nothing of a file that merely came to lie beside it, such as one's own reads in the folder of a
    program. What counts is a SOURCE.md that names the file: its line "Licence: ...", or, without such a line, the
    licence beside it; and a licence whose text names the file itself.
    """
    note, licence = _text(path.parent / _NOTE), _licence(path.parent)
    if _names(note, path.name):
        said = _LINE.search(note)
        if said is not None:
            return Beside(f"{said[1].split('. ')[0].strip(' .')[:80]} ({_NOTE} beside the file)", "")
        return Beside(_said(licence), "")
    if licence is not None and _names(licence[1], path.name):
        return Beside(_said(licence), "")
    if note and (licence is not None or _LINE.search(note) is not None):
        return Beside("", f"{_NOTE} beside the file does not name it: whether its licence holds for it is not known")
    return Beside("", "")


def _licence(folder: Path) -> tuple[str, str] | None:
    """Name and text of the licence in a folder."""
    return next(((name, text) for name in _LICENCES if (text := _text(folder / name)).strip(" #\t\r\n")), None)


def _said(licence: tuple[str, str] | None) -> str:
    """The first line of a licence, and where it stands."""
    if licence is None:
        return ""
    name, text = licence
    first = next(line.strip(" #\t") for line in text.splitlines() if line.strip(" #\t"))
    return f"{first[:80]} ({name} beside the file)"


def _names(text: str, name: str) -> bool:
    """Whether a text names a file: its whole name, no part of a longer one."""
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?!\w|-|\.\w)", text) is not None


def _text(path: Path) -> str:
    try:
        if path.is_file() and path.stat().st_size < _LARGEST:
            return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        pass
    return ""
