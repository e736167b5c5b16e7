"""Reports layer by layer, as text and as labelled arrays, whatever their columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from pcmphys.numerics import labelled

if TYPE_CHECKING:
    import xarray as xr


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


_WORDS = {
    "kind": ("1", "class of the layer"),
    "rows": ("1", "word lines or inputs"),
    "columns": ("1", "weight columns or outputs"),
    "tiles": ("1", "tiles that hold it"),
    "devices": ("1", "devices that hold it"),
    "programming_error": ("1", "rms error of the programmed conductances over the largest of the cell"),
    "converged": ("1", "fraction of the devices that programming brought within its margin"),
    "targets_clipped": ("1", "targets that the cell cannot reach"),
    "vectors": ("1", "sample vectors of matvec_error and effective_bits"),
    "matvec_error": ("1", "rms error of the products over the rms of the exact ones"),
    "effective_bits": ("1", "resolution of an ideal converter that errs as much"),
    "dac_clipped": ("1", "fraction of the conversions that were clipped at the word lines"),
    "adc_clipped": ("1", "fraction of the conversions that were clipped at the bit lines"),
    "gain": ("1", "mean gain of the tiles"),
    "updates": ("1", "outer products so far"),
    "pulses": ("1", "steps of devices so far"),
    "saturated": ("1", "fraction of the updates in which a line would have had to fire more often"),
    "at_bounds": ("1", "fraction of the devices at a bound of their own"),
    "clipped": ("1", "products that left the range of their converter"),
    "energy": ("J", "of all pulses; NaN without a voltage"),
}
"""Unit and meaning of what is known of a layer."""


def dataset_of(title: str, lines: Sequence[Any], kind: type, digital: Iterable[DigitalPart]) -> xr.Dataset:
    """Lines of one kind along an axis ``layer``; what stays digital is an attribute."""
    names = [part.name for part in fields(kind) if part.name != "name"]
    along = ("layer",)
    return labelled.dataset(
        title,
        {name: (along, [getattr(line, name) for line in lines], *_WORDS[name]) for name in names},
        {"layer": (along, [line.name for line in lines], "1", "name of the product")},
        digital="; ".join(f"{part.name}: {part.kind} {part.what}".rstrip() for part in digital),
    )
