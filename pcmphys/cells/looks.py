"""Looks at devices as labelled arrays: what all kinds have, and what is a kind's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pcmphys.numerics import labelled

if TYPE_CHECKING:
    import xarray as xr

_ALL = ("conductance", "drift_exponent", "relative_noise")
_WORDS = {
    "conductance": ("S", "conductance without read noise"),
    "drift_exponent": ("1", "drift exponent"),
    "relative_noise": ("1", "rms noise of one usual read over the conductance"),
    "age": ("s", "time since programming"),
    "noise_amplitude": ("1", "Q_s of the read noise"),
    "threshold_voltage": ("V", "threshold voltage of the cell's own, without heater and leads"),
    "glass_age": ("s", "age of the youngest glass"),
    "crystalline_fraction": ("1", "crystalline part of the layer around the heater"),
}
"""Unit and meaning of a look's arrays."""


class LabelledLook(labelled.Labelled):
    """A look that leaves as labelled arrays, one number a device.

    Attributes
    ----------
    own_arrays : tuple of str
        Arrays that only this kind of look has.
    """

    own_arrays: ClassVar[tuple[str, ...]] = ()

    def to_dataset(self) -> xr.Dataset:
        """The look as an `xarray.Dataset`: one number a device, axes of the devices, units as attributes."""
        look: Any = self
        axes = labelled.axes_of(look.shape)
        return labelled.dataset(
            f"pcmphys look at devices of {look.cell.name}",
            {name: (axes, getattr(look, name), *_WORDS[name]) for name in (*_ALL, *self.own_arrays)},
            cell=look.cell.name,
            time=look.time,
            temperature=getattr(look, "temperature", None),
        )
