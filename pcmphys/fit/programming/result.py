"""What `pcmphys.fit.programming_curve` returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.result import FitResult
from pcmphys.fit.programming.heating import resistance_of
from pcmphys.fit.programming.input import CurveReads
from pcmphys.fit.programming.levels import Branches, LevelReads
from pcmphys.fit.programming.ramp import curve_law
from pcmphys.numerics import check

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ProgrammingCurve(FitResult):
    """Conductance after a pulse against its amplitude; everything of `FitResult` too.

    The parameters, as far as the curve shows their branch (``_current`` [A] is ``_voltage`` [V] where amplitudes are):
    ``melting_current``, ``melting_width``, ``melting_spread``, ``full_reset_current``, ``melting_middle``,
    ``reset_conductance``; ``set_current``, ``set_width``, ``set_spread``, ``full_set_current``, ``set_middle``,
    ``start_conductance``; ``set_conductance``, ``window``; and, read off, ``minimum`` and ``maximum``.

    Attributes
    ----------
    unit : str
        Of the amplitudes, "A" or "V".
    reads : CurveReads
        Amplitude, conductance and device of each read that was used.
    levels : LevelReads
        Amplitude, count, mean, std and median of each level.
    branches : Branches
        Which were seen.
    """

    unit: str
    reads: CurveReads
    levels: LevelReads
    branches: Branches

    @property
    def quantity(self) -> str:
        """What the amplitudes are: "current" or "voltage"."""
        return "current" if self.unit == "A" else "voltage"

    @property
    def melting_current(self) -> float:
        """Amplitude [A; V of voltages] at which melt first reaches the contact; NaN if the curve does not show it."""
        return self[f"melting_{self.quantity}"].value

    @property
    def melting_current_error(self) -> float:
        """Its standard error [A; V]; infinite if the curve does not show it."""
        return self[f"melting_{self.quantity}"].error

    @property
    def middle_reset(self) -> tuple[float, float]:
        """Amplitude halfway between the onset of melting and full RESET, and its error [A; V]."""
        if not self.branches.falls:
            return np.nan, np.inf
        names = [one.name for one in self.estimates]
        onset, width = (names.index(f"melting_{what}") for what in (self.quantity, "width"))
        value = self.estimates[onset].value + 0.5 * self.estimates[width].value
        part = np.nan_to_num(self.covariance[np.ix_((onset, width), (onset, width))], nan=0.0)
        weight = np.array([1.0, 0.5])
        return value, float(np.sqrt(weight @ part @ weight))

    def curve(self, amplitude: ArrayLike) -> np.ndarray:
        """The fitted mean conductance [S] after pulses of other amplitudes [A or V], same shape."""
        x = np.asarray(check.array("amplitude", amplitude, self.unit, low=0.0))
        return curve_law(x, self.values, self.branches.rises, self.branches.falls, self.quantity)

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw reads, means and law over the amplitude, as G and as R; write it to ``path`` if one is given.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from pcmphys.fit.programming.figure import curve_figure

        return curve_figure(self, path)

    def to_dataset(self) -> xr.Dataset:
        """As `FitResult.to_dataset`, with count, mean, std, median and fit by amplitude, and the reads."""
        table, reads = self.levels, self.reads
        along, each = ("amplitude",), ("read",)
        variables = {
            "count": (along, table.count, "1", "reads of the level"),
            "mean": (along, table.mean, "S", "mean conductance after the pulse"),
            "std": (along, table.std, "S", "standard deviation of the reads of the level"),
            "median": (along, table.median, "S", "median conductance after the pulse"),
            "fit": (along, self.curve(table.amplitude), "S", "fitted mean conductance"),
            "read_amplitude": (each, reads.amplitude, self.unit, "amplitude of the pulse before each read"),
            "read_conductance": (each, reads.conductance, "S", "conductance"),
            "read_device": (each, reads.device, "1", "number of the device"),
        }
        return self.with_data(variables, {"amplitude": (along, table.amplitude, self.unit, "amplitude of the pulse")})

    def cell_changes(self, cell: Any) -> Mapping[str, float]:
        """Thermal resistance of a physical cell, from the current at which the contact comes under melt.

        It is chosen so that by the cell's own law (`pcmphys.physics.heat`, `pcmphys.physics.geometry`) the places of
        the contact, which the filament heats more or less and whose melt fronts lie further out or in, come under melt
        at `middle_reset` on average; in the simplest case, a filament that fills the heater and a smooth front, R_th =
        (T_m - T_ambient) / P(I). All else stays. Give it a curve of devices that were SET before. That a thin dome
        still conducts, and that part of it crystallizes while the pulse falls, is not counted: on our own cell R_th
        comes out 2 to 6 % too small (6 % for the shipped 90 nm cell).
        """
        parameters = getattr(cell, "parameters", None)
        if not hasattr(getattr(parameters, "heat", None), "thermal_resistance"):
            return {}
        if self.unit != "A":
            raise ParameterError(
                "the curve is over voltage: which current melts depends on what is in series; give amplitudes in A"
            )
        middle, error = self.middle_reset
        if not (np.isfinite(middle) and np.isfinite(error) and middle > 0.0):
            raise ParameterError("this curve does not determine a melting current: nothing of it is a number of a cell")
        return {"heat.thermal_resistance": resistance_of(middle, parameters)}
