"""Measured quantities beside those of a calibrated cell."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.numerics import labelled
from pcmphys.numerics.brief import called

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CalibratedCurve(labelled.Labelled):
    """One measured quantity of an experiment, and what the cell gives, before and after.

    Attributes
    ----------
    experiment, quantity, label, unit, axis, axis_unit : str
    x : (n,) array
        [axis_unit].
    value, error : (n,) array
        Measured, with one standard deviation [unit]; NaN where nothing was measured.
    held_out : (n,) array of bool
        Data that the search did not see.
    found, found_error : (n,) array
        What the new cell gives with random numbers that the search did not see, and the error of that mean [unit].
    before : (n,) array
        What the cell gave that the search began with [unit].
    """

    experiment: str
    quantity: str
    label: str
    unit: str
    axis: str
    axis_unit: str
    x: np.ndarray
    value: np.ndarray
    error: np.ndarray
    held_out: np.ndarray
    found: np.ndarray
    found_error: np.ndarray
    before: np.ndarray

    def __repr__(self) -> str:
        return called(self, {"experiment": self.experiment, "quantity": self.quantity, "places": self.x.size})

    def off(self, *, held_out: bool, before: bool = False) -> np.ndarray:
        """Deviations in errors, of data that were held out or of those that were not."""
        chosen = np.isfinite(self.value) & (self.held_out == held_out)
        return (((self.before if before else self.found) - self.value) / self.error)[chosen]

    def line(self) -> tuple[str, ...]:
        """As a row of a table: what, rms deviation in errors seen and held out, before in the same order."""
        shown = []
        for held_out in (False, True):
            for before in (True, False):
                off = self.off(held_out=held_out, before=before)
                shown.append(f"{np.sqrt((off**2).mean()):.2f}" if off.size else "")
        return f"{self.experiment}: {self.label}", *shown

    def arrays(self) -> dict[str, np.ndarray]:
        """Its arrays by name."""
        return {part.name: value for part in fields(self) if isinstance(value := getattr(self, part.name), np.ndarray)}

    def to_dataset(self) -> xr.Dataset:
        """The curve as an `xarray.Dataset` with the axis place, units as attributes."""
        unit, along = self.unit, ("place",)
        return labelled.dataset(
            f"pcmphys {self.experiment}: {self.label}",
            {
                "value": (along, self.value, unit, "measured; NaN: nothing was"),
                "error": (along, self.error, unit, "standard deviation of the measured"),
                "held_out": (along, self.held_out, "1", "not seen by the search"),
                "found": (along, self.found, unit, "of the new cell"),
                "found_error": (along, self.found_error, unit, "error of that mean"),
                "before": (along, self.before, unit, "of the cell that the search began with"),
            },
            {"x": (along, self.x, self.axis_unit, self.axis)},
            quantity=self.quantity,
        )
