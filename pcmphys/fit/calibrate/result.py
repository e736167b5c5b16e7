"""What a calibration returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.fit.calibrate.curves import CalibratedCurve
from pcmphys.fit.engine.result import FitResult
from pcmphys.fit.engine.words import table

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Calibration(FitResult):
    """Numbers of a cell fitted to measurements of any kind at once, see `pcmphys.fit.calibrate`; and a `FitResult`.

    Attributes
    ----------
    cell : cell
        The calibrated one: its fitted numbers are of kind ``fit``, with source and error.
    curves : tuple of CalibratedCurve
        Each measured quantity beside the cell's, before and after, at random numbers that the search did not see.
    keys : tuple of str
        Of all numbers of the cell that were changed.
    history : (rounds,) array
        Sum of squares, of data in errors, at each step of the search.
    """

    cell: Any
    curves: tuple[CalibratedCurve, ...]
    keys: tuple[str, ...]
    history: np.ndarray

    def summary(self) -> str:
        """As `FitResult.summary`, with how far each quantity is off: what the search saw, and what was held out."""
        rows = [("off by, in errors (rms)", "seen: before", "after", "held out: before", "after")]
        rows += [curve.line() for curve in self.curves]
        return "\n".join([super().summary(), *table(rows)])

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw every measured quantity with that of the cell before and after; what was held out is drawn open.

        Written to ``path`` (type by its suffix) if one is given. Returns a matplotlib ``Figure``.
        """
        from pcmphys.fit.calibrate.figure import calibration_figure

        return calibration_figure(self, path)

    def to_dataset(self) -> xr.Dataset:
        """As `FitResult.to_dataset`, with the arrays of each curve (``curve0_x``, ``curve0_value``, ...)."""
        variables: dict[str, Any] = {"history": (("round",), self.history, "1", "sum of squares of the data in errors")}
        for k, curve in enumerate(self.curves):
            units = {"x": curve.axis_unit, "held_out": "1"}
            words = {"x": curve.axis, "held_out": "not seen by the search"}
            for name, array in curve.arrays().items():
                text = words.get(name, f"{curve.experiment}: {curve.label}, {name.replace('_', ' ')}")
                variables[f"curve{k}_{name}"] = ((f"place{k}",), array, units.get(name, curve.unit), text)
        return self.with_data(variables)

    def cell_changes(self, cell: Any) -> Mapping[str, Any]:
        """The fitted numbers, also those that take the same values."""
        return {key: self.cell.technology.quantities[key].value for key in self.keys}
