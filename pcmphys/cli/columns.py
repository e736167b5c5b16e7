"""Columns of a plain table, by name, with the unit that the header or the option states."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics import check

if TYPE_CHECKING:
    import pandas as pd

UNITS = {
    "s": ("s", 1.0), "ms": ("s", 1e-3), "us": ("s", 1e-6), "ns": ("s", 1e-9), "min": ("s", 60.0), "h": ("s", 3600.0),
    "day": ("s", 86400.0), "S": ("S", 1.0), "mS": ("S", 1e-3), "uS": ("S", 1e-6), "nS": ("S", 1e-9), "A": ("A", 1.0),
    "mA": ("A", 1e-3), "uA": ("A", 1e-6), "nA": ("A", 1e-9), "K": ("K", 1.0), "1": ("1", 1.0),
}  # fmt: skip
"""What each unit measures, and how many of the SI unit it is; degC is turned into K."""
_NAMED = re.compile(r"^(?P<name>.*?)\s*[\[(]\s*(?P<unit>[^\])]*?)\s*[\])]\s*$")


def table(path: Path) -> pd.DataFrame:
    """A text table (also packed with gzip): a header line, then rows; lines that begin with # are skipped."""
    import pandas

    try:
        with (
            gzip.open(path, "rt", encoding="utf-8-sig")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8-sig") as lines
        ):
            header = next((line for line in lines if line.strip() and not line.startswith("#")), "")
        separator = max("\t;,", key=header.count)
        return pandas.read_csv(path, sep=separator, comment="#", skipinitialspace=True, encoding="utf-8-sig")
    except (ValueError, UnicodeDecodeError, EOFError) as error:  # pandas' own errors are of the first kind
        raise ParameterError(f"{path} is no table of text that can be read: {error}") from None


def column(frame: pd.DataFrame, path: Path, asked: str, measures: str) -> np.ndarray:
    """One column in SI units; ``measures`` is what may stand there: "s", "K", or several, "S A 1"."""
    return with_unit(frame, path, asked, measures)[0]


def with_unit(frame: pd.DataFrame, path: Path, asked: str, measures: str) -> tuple[np.ndarray, str]:
    """As `column`, with the SI unit.

    Raises
    ------
    ParameterError
        No such column (those present are listed), a unit that is missing, unknown, or of something else, text in it.
    """
    name, unit = _split(asked)
    names = {_split(str(head))[0]: str(head) for head in frame.columns}
    head = name if name in frame.columns else names.get(name)
    if head is None:
        heads = ", ".join(map(str, frame.columns))
        raise ParameterError(f"{path}: no column {name!r}; the columns are {heads}{check.suggest(name, names)}")
    written = _split(head)[1]
    if unit and written and unit != written:
        raise ParameterError(f"{path}: column {head!r} is in {written} by its header but declared in {unit}")
    unit = (unit or written or "").replace("µ", "u")
    known = [one for one, (kind, _) in UNITS.items() if kind in measures.split()]
    known += ["degC"] if "K" in measures.split() else []
    if unit not in known:
        said = f"has the unit {unit!r}" if unit else "has no unit"
        raise ParameterError(
            f"{path}: column {head!r} {said}; declare it, such as '{name}[{known[0]}]' ({', '.join(known)})"
        )
    kind, factor = UNITS.get(unit, ("K", 1.0))
    return _numbers(frame, path, head) * factor + (273.15 if unit == "degC" else 0.0), kind


def plain(frame: pd.DataFrame, path: Path, name: str) -> np.ndarray:
    """A column of numbers without a unit."""
    if name not in frame.columns:
        heads = list(map(str, frame.columns))
        raise ParameterError(
            f"{path}: no column {name!r}; the columns are {', '.join(heads)}{check.suggest(name, heads)}"
        )
    return _numbers(frame, path, name)


def _numbers(frame: pd.DataFrame, path: Path, head: str) -> np.ndarray:
    import pandas

    found = pandas.to_numeric(frame[head], errors="coerce").to_numpy(dtype=float)
    bad = np.isnan(found) & frame[head].notna().to_numpy()
    if bad.any():
        row = int(np.argmax(bad))
        raise ParameterError(
            f"{path}, row {row + 1} of the table, column {head!r}: {frame[head].iloc[row]!r} is no number"
        )
    return found


def _split(text: str) -> tuple[str, str]:
    """'g (uS)' -> ('g', 'uS'); without brackets at its end (text, '')."""
    match = _NAMED.match(text)
    return (match["name"], match["unit"]) if match and match["name"] else (text.strip(), "")
