"""The current below threshold as a function of the parameters, point by point, and where a search begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE
from pcmphys.fit.engine.parameter import Parameter
from pcmphys.fit.iv.laws import Around, FitLaw, through
from pcmphys.fit.iv.options import IvOptions

PER_EV = BOLTZMANN / ELEMENTARY_CHARGE
"""Boltzmann constant [eV/K]."""
_WIDEST = 30.0
"""Voltage scale over the largest voltage from which a bend of the current is nowhere to be seen."""
_LARGEST_ACTIVATION = 3.0


@dataclass(frozen=True, eq=False)
class OffModel:
    """Model of all points of the off-state at once.

    Attributes
    ----------
    law : FitLaw
    options : IvOptions
    voltage, temperature, thickness : (points,) array
        [V], [K], [m]; thickness NaN where it is not known. Voltages are positive, ``polarity`` is their sign.
    polarity : (points,) array
    device : (points,) array of int
    labels : tuple of str
        Of the devices; one "" if there is but one.
    reference : float
        Temperature of conductances [K].
    activated : bool
        Whether an activation energy is a parameter.
    """

    law: FitLaw
    options: IvOptions
    voltage: np.ndarray
    temperature: np.ndarray
    thickness: np.ndarray
    polarity: np.ndarray
    device: np.ndarray
    labels: tuple[str, ...]
    reference: float
    activated: bool

    @property
    def asked(self) -> str:
        """What stands for thickness and material: one of "ratio", "material", "thickness", "known", "" (no scale)."""
        if not self.law.ratio_name:
            return ""
        thick = bool(np.isfinite(self.thickness).all())
        if self.law.material is None:
            return "material" if thick else "ratio"
        return "known" if thick else "thickness"

    def named(self, name: str, k: int) -> str:
        """Name of a parameter that each device has of its own."""
        return f"{name}_{k + 1}" if len(self.labels) > 1 else name

    def ratio(self, values: Mapping[str, float]) -> np.ndarray:
        """The law's ratio at each point."""
        asked, law = self.asked, self.law
        if asked == "material":
            return np.asarray(law.ratio(self.thickness, values[law.material_name]))
        if asked == "known":
            return np.asarray(law.ratio(self.thickness, law.material))
        if not asked:
            return np.ones(self.voltage.size)
        name = "thickness" if asked == "thickness" else law.ratio_name
        own = np.array([values[self.named(name, k)] for k in range(len(self.labels))])
        return np.asarray(law.ratio(own, law.material) if asked == "thickness" else own)[self.device]

    def thick(self, values: Mapping[str, float]) -> np.ndarray:
        """Thickness [m] at each point, as given or as fitted; NaN if it is neither."""
        if self.asked != "thickness":
            return self.thickness
        return np.array([values[self.named("thickness", k)] for k in range(len(self.labels))])[self.device]

    def current(self, values: Mapping[str, float]) -> np.ndarray:
        """Current [A] at each point, of the sign of the law (positive)."""
        inverse = (1.0 / self.reference - 1.0 / self.temperature) / PER_EV
        own = np.array([values[self.named("conductance", k)] for k in range(len(self.labels))])[self.device]
        grown = own * np.exp(values.get("activation_energy", 0.0) * inverse)
        series = values.get("series_resistance", self.options.series_resistance)
        series = series * np.exp(-self.options.series_activation * inverse)
        beside = values.get("parallel_conductance", 0.0) * np.exp(self.options.parallel_activation * inverse)
        over = self.voltage - self.polarity * values.get("voltage_offset", 0.0)
        scale = self.law.scale(self.ratio(values), self.temperature)
        around = Around(beside, series, self.thick(values))
        found = np.sign(over) * through(self.law, np.abs(over), grown, scale, around)
        return found + self.polarity * values.get("current_offset", 0.0)

    def parameters(self, current: np.ndarray) -> list[Parameter]:
        """The parameters with starts from the data, (points,) [A]."""
        offset = self._first_offset(current)
        conductances, ratio, energy = self._start(current - self.polarity * offset)
        parts = [Parameter(self.named("conductance", k), one, low=0.0, unit="S") for k, one in enumerate(conductances)]
        parts += self._lengths(ratio)
        if self.activated:
            energy = float(np.clip(energy, -_LARGEST_ACTIVATION, _LARGEST_ACTIVATION))
            parts.append(Parameter("activation_energy", energy, -_LARGEST_ACTIVATION, _LARGEST_ACTIVATION, unit="eV"))
        return parts + self._extras(current, conductances, offset)

    def _lengths(self, ratio: float) -> list[Parameter]:
        asked, law = self.asked, self.law
        if asked in ("", "known"):
            return []
        scale = float(np.median(self.temperature)), float(self.voltage.max())
        ends = [law.ratio_at(part * scale[1], scale[0]) for part in (1e-3, _WIDEST)]
        if asked == "material":
            thick = float(np.median(self.thickness))
            return [_positive(law.material_name, ratio, ends, lambda r: law.material_of(r, thick), law.material_unit)]
        names = [
            self.named("thickness" if asked == "thickness" else law.ratio_name, k) for k in range(len(self.labels))
        ]
        if asked == "thickness":
            return [_positive(one, ratio, ends, lambda r: law.thickness(r, law.material), "m") for one in names]
        return [_positive(one, ratio, ends, lambda r: r, law.ratio_unit) for one in names]

    def _extras(self, current: np.ndarray, conductances: list[float], offset: float) -> list[Parameter]:
        free, highest = self.options.free, float(self.voltage.max())
        top = float(np.abs(current).max())
        found = []
        if "series_resistance" in free:
            start = self.options.series_resistance or 0.05 * highest / top
            found.append(Parameter("series_resistance", start, 0.0, max(10.0 * start, highest / top), unit="ohm"))
        if "parallel_conductance" in free:
            found.append(Parameter("parallel_conductance", 0.1 * min(conductances), 0.0, top / highest, unit="S"))
        if "voltage_offset" in free:
            found.append(Parameter("voltage_offset", 0.0, -0.5 * highest, 0.5 * highest, unit="V"))
        if "current_offset" in free:
            found.append(Parameter("current_offset", offset, -top, top, unit="A"))
        return found

    def _first_offset(self, current: np.ndarray) -> float:
        """Current at no voltage, from a straight line through the lowest quarter of the voltages."""
        if "current_offset" not in self.options.free:
            return 0.0
        lowest = np.argsort(self.voltage)[: max(self.voltage.size // 4, 3)]
        v, i = (self.polarity * self.voltage)[lowest], (self.polarity * current)[lowest]
        return float(np.polyfit(v, i, 1)[1]) if np.ptp(v) > 0 else 0.0

    def _start(self, current: np.ndarray) -> tuple[list[float], float, float]:
        """Conductances at the reference [S], ratio and activation energy [eV] of the best of some scales.

        For each scale what is left of ln I is a level for each device and temperature; a good scale leaves no more.
        """
        here = (self.voltage > 0.0) & (current > 0.0)
        if here.sum() < 2:
            return [1e-9] * len(self.labels), 1.0, 0.0
        v, logs, kelvin, device = self.voltage[here], np.log(current[here]), self.temperature[here], self.device[here]
        groups = np.unique(np.stack([device, kelvin]), axis=1, return_inverse=True)
        group = groups[1].reshape(-1)
        count = np.bincount(group)
        best = np.inf, None, 1.0
        highest, middle = float(self.voltage.max()), float(np.median(kelvin))
        for part in np.geomspace(0.02, _WIDEST / 2, 40) if self.law.ratio_name else [1.0]:
            ratio = self._known_ratio(here, self.law.ratio_at(part * highest, middle))
            scale = self.law.scale(ratio, kelvin)
            thick = self.thickness[here] if self.asked != "thickness" else self.law.thickness(ratio, self.law.material)
            with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
                level = logs - np.log(scale * self.law.shape(v / scale, thick)[0])
                mean = np.bincount(group, level) / count
                rest = float(((level - mean[group]) ** 2).sum())
            if rest < best[0]:
                best = rest, mean, self.law.ratio_at(part * highest, middle)
        _, level, ratio = best
        energy = self._energy(groups[0], level)
        return self._levels(groups[0], level, energy), ratio, energy

    def _known_ratio(self, here: np.ndarray, ratio: float) -> Any:
        """The ratio at each point where thicknesses are known to differ: ``ratio`` is that of their median."""
        if self.asked == "known":
            return self.ratio({})[here]
        if self.asked == "material":
            thick = self.thickness[here]
            return ratio * thick / np.median(thick)
        return ratio

    def _energy(self, groups: np.ndarray, level: np.ndarray) -> float:
        if not self.activated:
            return 0.0
        inverse = (1.0 / self.reference - 1.0 / groups[1]) / PER_EV
        x, y = inverse.copy(), level.copy()
        for one in np.unique(groups[0]):
            own = groups[0] == one
            x[own], y[own] = x[own] - x[own].mean(), y[own] - y[own].mean()
        return float((x * y).sum() / (x * x).sum()) if (x * x).sum() > 0 else 0.0

    def _levels(self, groups: np.ndarray, level: np.ndarray, energy: float) -> list[float]:
        """Conductance of each device at the reference [S]."""
        at = level - energy * (1.0 / self.reference - 1.0 / groups[1]) / PER_EV
        own = [groups[0] == k for k in range(len(self.labels))]
        return [float(np.exp(at[one].mean() if one.any() else at.mean())) for one in own]


def _positive(name: str, ratio: float, ends: list[float], turned: Any, unit: str) -> Parameter:
    """A parameter above 0 that goes with the ratio, up or down."""
    low, high = sorted(float(turned(one)) for one in ends)
    return Parameter(name, float(np.clip(turned(ratio), low, high)), low, high, unit=unit)
