"""Reports layer by layer, as text and as a table, whatever their columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class DigitalPart:
    """Something that is not computed on tiles.

    Attributes
    ----------
    name, kind : str
        Its name in the module, and its class.
    what : str
        Of a converted layer, what it does besides its products; "excluded" where it was asked for; else empty.
    """

    name: str
    kind: str
    what: str


def text_of(table: Sequence[Sequence[str]], digital: Iterable[DigitalPart]) -> str:
    """Columns of equal width, a line a layer, and what stays digital."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    rows = ["  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip() for row in table]
    parts = [f"{part.name} ({': '.join(filter(None, (part.kind, part.what)))})" for part in digital]
    return "\n".join([*rows, f"digital: {', '.join(parts) or 'nothing'}"])


def frame_of(lines: Iterable[Any]) -> pd.DataFrame:
    """One row a line, its fields as columns."""
    import pandas as pd

    return pd.DataFrame([{f.name: getattr(line, f.name) for f in fields(line)} for line in lines])
