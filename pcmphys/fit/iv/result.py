"""What `pcmphys.fit.iv` returns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.profile import profile
from pcmphys.fit.engine.result import Estimate, FitResult
from pcmphys.fit.engine.solve import Fitted
from pcmphys.fit.iv.model import OffModel
from pcmphys.numerics import check, labelled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

_CELL = {
    "activation_energy": "conduction.amorphous_activation",
    "series_resistance": "conduction.series_resistance",
    "hold_voltage": "heat.on_voltage",
    "on_resistance": "heat.on_resistance",
    "threshold_offset": "switching.threshold_offset",
    "threshold_field": "switching.threshold_field",
    "temperature_slope": "switching.temperature_slope",
}
"""Numbers of a mushroom cell that an I-V gives, whatever its law of conduction."""
_LAW = {"hop_distance": "conduction.hopping.hop_distance", "permittivity": "conduction.poole_frenkel.permittivity"}
"""The number in each law of conduction."""
_TRAPS = "conduction.poole_frenkel.trap_distance"


@dataclass(frozen=True, eq=False, repr=False)
class IvSweep(labelled.Labelled):
    """One sweep of an `IvFit`, of one polarity, in the order of measurement.

    Attributes
    ----------
    number : int
        Of the sweep among those given.
    device : str
    temperature : float
        [K].
    thickness : float
        As given [m]; NaN if not.
    voltage, current : (points,) array
        [V], [A], as given.
    branch : (points,) array of str
        "off" and "on" where the point is part of that fit, "limited" at the tester's limit, else "left out".
    fit : (points,) array
        The law's current [A]; NaN where the point is not of the off-state.
    residual : (points,) array
        Of the points that are fitted, data minus law in standard deviations, given or found.
    threshold_voltage, threshold_error : float
        As swept, offset and series resistance not taken off [V]; NaN if it does not switch.
    hold : (float, float)
        Voltage [V] and current [A] of the last point before the on-state ends; NaN if that is not seen.
    """

    number: int
    device: str
    temperature: float
    thickness: float
    voltage: np.ndarray
    current: np.ndarray
    branch: np.ndarray
    fit: np.ndarray
    residual: np.ndarray
    threshold_voltage: float
    threshold_error: float
    hold: tuple[float, float]

    def __repr__(self) -> str:
        switched = f", switches at {self.threshold_voltage:.4g} V" if math.isfinite(self.threshold_voltage) else ""
        name = f"{self.device!r}, " if self.device else ""
        return f"IvSweep({name}{self.voltage.size} points, {self.temperature:g} K{switched})"

    def to_dataset(self) -> xr.Dataset:
        """The sweep as an `xarray.Dataset` with the axis point, units as attributes."""
        along = ("point",)
        return labelled.dataset(
            "pcmphys sweep of current and voltage",
            {
                "voltage": (along, self.voltage, "V", "as given"),
                "current": (along, self.current, "A", "as given"),
                "branch": (along, self.branch.tolist(), "1", "off, on, limited, or left out of the fit"),
                "fit": (along, self.fit, "A", "current of the law; NaN: not of the off-state"),
                "residual": (along, self.residual, "1", "data minus law in standard deviations"),
                "threshold_voltage": ((), self.threshold_voltage, "V", "as swept; NaN: does not switch"),
                "threshold_error": ((), self.threshold_error, "V", "its error"),
            },
            number=self.number,
            device=self.device,
            temperature=self.temperature,
            thickness=self.thickness,
        )


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class IvFit(FitResult):
    """I-V curves fitted below threshold, at it, and beyond; everything of `FitResult` too.

    The parameters are, as far as data and options have them: ``conductance`` [S] at low field and the reference
    temperature; ``hops`` [1] (u over the hop distance), or with one of the two known ``thickness`` or ``hop_distance``
    [m] (of Poole and Frenkel's law ``permittivity_thickness`` [m], or ``permittivity``); ``activation_energy`` [eV];
    ``series_resistance`` [ohm], ``parallel_conductance`` [S], ``voltage_offset`` [V], ``current_offset`` [A];
    ``threshold_voltage`` [V], ``threshold_field`` [V/m], ``threshold_offset`` [V], ``temperature_slope`` [1/K];
    ``hold_voltage`` [V], ``on_resistance`` [ohm]. What each device has of its own ends in its number, from 1 on.

    Attributes
    ----------
    law : str
        The law of conduction.
    reference_temperature : float
        [K].
    relative_error : float
        Standard deviation of the currents, as part of them, given or found [1].
    devices : tuple of str
        Labels, in the order of the numbers.
    sweeps : tuple of IvSweep
        The data, with what was made of each point.
    series : float
        Resistance [ohm] in series as far as it is known or determined, for load lines.
    """

    law: str
    reference_temperature: float
    relative_error: float
    devices: tuple[str, ...]
    sweeps: tuple[IvSweep, ...]
    series: float
    model: InitVar[OffModel]
    fitted: InitVar[Fitted]

    def __post_init__(self, model: OffModel, fitted: Fitted) -> None:
        object.__setattr__(self, "_model", model)
        object.__setattr__(self, "_fitted", fitted)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_fitted"}  # its functions are local

    def __call__(self, voltage: ArrayLike, temperature: float | None = None, device: str | None = None) -> np.ndarray:
        """Current [A] of the off-state at voltages [V] of either sign, offsets and series resistance included.

        Parameters
        ----------
        voltage : array_like
            [V].
        temperature : float, optional
            [K]; the reference temperature by default.
        device : str, optional
            Its label; the first by default.

        Returns
        -------
        ndarray
            Shape of ``voltage``.
        """
        volts = check.array("voltage", voltage, "V")
        kelvin = self.reference_temperature
        if temperature is not None:
            kelvin = check.number("temperature", temperature, "K", 0.0, low_open=True)
        number = 0 if device is None else self.devices.index(check.choice("device", device, self.devices))
        model: OffModel = self.__dict__["_model"]
        own = model.thickness[model.device == number]
        flat = volts.reshape(-1)
        at = replace(
            model,
            voltage=np.abs(flat),
            polarity=np.where(flat < 0.0, -1.0, 1.0),
            temperature=np.full(flat.size, kelvin),
            thickness=np.full(flat.size, own[0] if own.size else np.nan),
            device=np.full(flat.size, number),
        )
        return (at.polarity * at.current(self.values)).reshape(volts.shape)

    @property
    def threshold_voltage(self) -> np.ndarray:
        """Threshold of each sweep as swept, (sweeps,) [V]; NaN of one that does not switch."""
        return np.array([one.threshold_voltage for one in self.sweeps])

    def interval(self, name: str, probability: float = 0.95) -> tuple[float, float]:
        """Confidence interval of a parameter of the law by profile: all others fitted anew at each of its values.

        Parameters
        ----------
        name : str
            A free parameter of the law, of resistances or offsets; those of thresholds and on-state have value and
            error.
        probability : float
            Between 0 and 1.

        Returns
        -------
        tuple of float
            ``(low, high)`` [its unit]; its bound where the data leave that side open. Unlike value and error it may be
            lopsided: that of hops is, where the current hardly bends.

        Raises
        ------
        ParameterError
            Another parameter, one that is fixed or ended at its bound, a robust loss.
        """
        estimate = self[name]
        chance = check.number("probability", probability, "", 0.0, 1.0, low_open=True)
        if chance == 1.0:
            raise ParameterError("probability must be below 1")
        if "_fitted" not in self.__dict__:
            raise ParameterError("this fit was stored and loaded, without what a profile needs; fit again")
        fitted: Fitted = self.__dict__["_fitted"]
        known = [one.name for one in fitted.estimates if one.role == "free" and not one.bound]
        if estimate.name not in known:
            raise ParameterError(f"{name} has no profile; those that have are {', '.join(known)}")
        return profile(fitted, name, chance)

    def on_current(self, voltage: ArrayLike) -> np.ndarray:
        """Current [A] of the on-state's line at voltages [V] across all that is in series; none below holding."""
        volts = check.array("voltage", voltage, "V")
        if "hold_voltage" not in self.values:
            raise ParameterError("no sweep shows an on-state that a line can be fitted to")
        whole = self.values["on_resistance"] + self.series
        return np.where(volts > self.values["hold_voltage"], (volts - self.values["hold_voltage"]) / whole, np.nan)

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw log I over V with law, threshold and on-state, residuals, and the on-state with its load line.

        Written to ``path`` (type by its suffix) if one is given. Returns a matplotlib ``Figure``.
        """
        from pcmphys.fit.iv.figure import iv_figure

        return iv_figure(self, path)

    def to_dataset(self) -> xr.Dataset:
        """As `FitResult.to_dataset`, with all points and all sweeps."""
        points, each = ("point",), ("sweep",)
        columns = {
            name: (points, np.concatenate([getattr(one, name) for one in self.sweeps]), unit, text)
            for name, unit, text in (
                ("voltage", "V", "as measured"),
                ("current", "A", "as measured"),
                ("branch", "1", "what the point is of: off, on, limited, left out"),
                ("fit", "A", "current of the law"),
                ("residual", "1", "data minus law in standard deviations"),
            )
        }
        of = np.repeat(np.arange(len(self.sweeps)), [one.voltage.size for one in self.sweeps])
        columns["point_sweep"] = (points, of, "1", "the sweep that the point is of")
        for name, unit, text in (
            ("device", "1", "its label"),
            ("temperature", "K", "of the sweep"),
            ("thickness", "m", "as given"),
            ("threshold_voltage", "V", "where it switches, as swept"),
            ("threshold_error", "V", "standard deviation of a place in the step where it switches"),
        ):
            columns[f"sweep_{name}"] = (each, [getattr(one, name) for one in self.sweeps], unit, text)
        return self.with_data(
            columns,
            law=self.law,
            reference_temperature=self.reference_temperature,
            relative_error=self.relative_error,
        )

    def cell_changes(self, cell: Any) -> Mapping[str, Any]:
        """Numbers of a mushroom cell: those of conduction, on-state and threshold that the data determine.

        The cell then conducts by the law that was fitted, with its hop distance or permittivity as found or as given.
        Conductance and thickness are of one device and its state, not of a technology, and are left to
        `pcmphys.fit.calibrate`. Thresholds and activation energies are those of the glass as old as it was.
        """
        known = getattr(getattr(cell, "technology", None), "quantities", {})
        found = {one.name: one for one in self if np.isfinite(one.error) and not one.bound}
        values = {name: found[name].value for name, key in _CELL.items() if name in found and key in known}
        at = getattr(getattr(cell, "parameters", None), "switching", None)
        rise = getattr(at, "reference_temperature", self.reference_temperature) - self.reference_temperature
        colder = math.exp(-values.get("temperature_slope", 0.0) * rise)
        for name in ("threshold_field", "threshold_offset"):
            if name in values:
                values[name] *= colder
        changes: dict[str, Any] = self._law_of(cell, found)
        changes |= {
            _CELL[name]: {"value": value, "note": f"{found[name]}{self._where(name, rise)}"}
            for name, value in values.items()
        }
        if "threshold_field" in values and "switching.threshold_offset" in known:
            none = {"value": 0.0, "note": "the field is the apparent one, V_th / u"}
            changes.setdefault("switching.threshold_offset", none)
        return changes

    def _law_of(self, cell: Any, found: Mapping[str, Estimate]) -> dict[str, Any]:
        """The law of conduction with its number, for cells that have one."""
        known = getattr(getattr(cell, "technology", None), "quantities", {})
        law = self.__dict__["_model"].law
        key = _LAW.get(law.material_name)
        if key is None or not known.keys() & set(_LAW.values()):
            return {}
        if law.material_name in found:
            one = found[law.material_name]
            changes = {key: {"value": one.value, "note": str(one)}}
        elif law.material is not None and key not in known:
            changes = {key: {"value": law.material, "note": "as given to the fit"}}
        else:
            return {}
        if law.material_name == "permittivity" and _TRAPS not in known:
            least = cell.parameters.conduction.least_thickness
            changes[_TRAPS] = {"value": least, "kind": "assumed", "note": "the hop distance that the cell had"}
        return changes

    def _where(self, name: str, rise: float) -> str:
        """The temperature of a threshold that was carried to another."""
        return f" at {self.reference_temperature:g} K" if name.startswith("threshold") and rise else ""


def thickness_of(estimates: tuple[Estimate, ...], name: str) -> tuple[float, float]:
    """A fitted thickness and its error [m]; NaN if it is none of the parameters."""
    for one in estimates:
        if one.name == name:
            return one.value, one.error if np.isfinite(one.error) else 0.0
    return np.nan, 0.0
