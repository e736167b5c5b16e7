"""Columns of a plain table, by name, with the unit that the header or the option states."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics import check

if TYPE_CHECKING:
    import pandas as pd

_QUANTITIES = {"s": "time", "S": "conductance", "A": "current"}
_EXAMPLES = {"s": "s, ms, us, ns, min, h, day", "S": "S, mS, uS, nS", "A": "A, mA, uA, nA", "K": "K, degC", "1": "1"}


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
    from pcmphys.fit.readers import units  # rooms are loaded when a command runs, not when its help is asked for

    name, unit = units.split(asked)
    names = {units.split(str(head))[0]: str(head) for head in frame.columns}
    head = name if name in frame.columns else names.get(name)
    if head is None:
        heads = ", ".join(map(str, frame.columns))
        raise ParameterError(f"{path}: no column {name!r}; the columns are {heads}{check.suggest(name, names)}")
    written = units.split(head)[1]
    if unit and written and unit != written:
        raise ParameterError(f"{path}: column {head!r} is in {written} by its header but declared in {unit}")
    unit = unit or written or ""
    found = _size(unit, measures.split())
    if found is None:
        said = f"has the unit {unit!r}" if unit else "has no unit"
        known = ", ".join(_EXAMPLES[kind] for kind in measures.split())
        first = measures.split()[0]
        raise ParameterError(f"{path}: column {head!r} {said}; declare it, such as '{name}[{first}]' ({known})")
    kind, factor, shift = found
    return _numbers(frame, path, head) * factor + shift, kind


def _size(unit: str, kinds: list[str]) -> tuple[str, float, float] | None:
    """SI unit, factor and shift of a unit that is of one of some kinds, as testers write it."""
    if unit in ("K", "degC", "1"):
        kind = "1" if unit == "1" else "K"
        return (kind, 1.0, 273.15 if unit == "degC" else 0.0) if kind in kinds else None
    from pcmphys.fit.readers import units

    for kind in kinds:
        found = units.find(unit, _QUANTITIES[kind]) if unit and kind in _QUANTITIES else None
        if found is not None:
            return kind, found.factor, 0.0
    return None


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
