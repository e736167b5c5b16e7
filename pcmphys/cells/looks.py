"""Looks at devices as labelled arrays: what all kinds have, and what is a kind's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pcmphys.numerics import labelled

if TYPE_CHECKING:
    import xarray as xr

    from pcmphys.cells.protocol import Look

_ALL = {
    "conductance": ("S", "conductance without read noise"),
    "drift_exponent": ("1", "drift exponent"),
    "relative_noise": ("1", "rms noise of one usual read over the conductance"),
}


def look_dataset(look: Look, own: Mapping[str, tuple[str, str]], **attributes: Any) -> xr.Dataset:
    """A look as a data set along the devices' axes; ``own`` are unit and meaning of a kind's own arrays, by name."""
    axes = labelled.axes_of(look.shape)
    words = {**_ALL, **own}
    return labelled.dataset(
        f"pcmphys look at devices of {look.cell.name}",
        {name: (axes, getattr(look, name), unit, text) for name, (unit, text) in words.items()},
        cell=look.cell.name,
        time=look.time,
        **attributes,
    )
