"""Threshold voltages of sweeps against amorphous thickness and temperature."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.fit.engine.parameter import Parameter
from pcmphys.fit.engine.result import Estimate
from pcmphys.fit.iv.combine import mean_of, regressed

_STRAIGHT = 3
"""Thicknesses that an offset beside the field needs."""


class Switching(NamedTuple):
    """Threshold of each sweep that switches."""

    voltage: np.ndarray
    error: np.ndarray
    """Of the grid [V]."""
    temperature: np.ndarray
    thickness: np.ndarray
    """[m]; NaN where it is not known."""
    thickness_error: np.ndarray
    device: np.ndarray


class Part(NamedTuple):
    """What a part of the data gives: estimates, their covariance, and words."""

    estimates: tuple[Estimate, ...]
    covariance: np.ndarray
    notes: tuple[str, ...] = ()


NOTHING = Part((), np.zeros((0, 0)))


def thresholds(of: Switching, reference: float) -> Part:
    r"""Fit :math:`V_{th} = (V_0 + F_{th} u) e^{-c (T - T_0)}` as far as thicknesses and temperatures differ.

    Of one thickness, V_0 is taken as 0: the field is then the apparent one, V_th / u. Of one temperature, c is 0.
    """
    if not of.voltage.size:
        return NOTHING
    thick = bool(np.isfinite(of.thickness).all())
    kinds = np.unique(of.thickness[np.isfinite(of.thickness)].round(13)).size if thick else 0
    warm = np.ptp(of.temperature) > 1.0
    offset = kinds >= _STRAIGHT
    if not warm and kinds < 2:
        return _of_one(of, thick)
    middle = float(np.mean(of.voltage))
    parts = [Parameter("threshold_voltage", middle, unit="V")]
    if thick:
        field = middle / float(of.thickness.mean())
        parts = [Parameter("threshold_field", field, unit="V/m")]
        if offset:
            slope, level = np.polyfit(of.thickness, of.voltage, 1)
            parts = [
                Parameter("threshold_offset", float(level), unit="V"),
                Parameter("threshold_field", float(slope), unit="V/m"),
            ]
    if warm:
        parts.append(Parameter("temperature_slope", 1e-3, -0.1, 0.1, unit="1/K"))
    rise = of.temperature - reference
    own = np.unique(of.device).size > 1

    def model(values: dict[str, float]) -> np.ndarray:
        level = (
            values.get("threshold_offset", 0.0) + values.get("threshold_field", 0.0) * of.thickness if thick else 0.0
        )
        return (values.get("threshold_voltage", 0.0) + level) * np.exp(-values.get("temperature_slope", 0.0) * rise)

    def variance(values: dict[str, float]) -> np.ndarray:
        more = (values["threshold_field"] * of.thickness_error) ** 2 if thick and own else 0.0
        return of.error**2 + more

    if of.voltage.size < len(parts):
        return _of_one(of, thick)
    found = regressed(model, of.voltage, variance, parts, "threshold voltages")
    estimates, covariance = list(found.fit.estimates), found.fit.covariance.copy()
    if thick and not own:  # the error of the one thickness is common to all
        estimates[0], covariance = _widened(estimates[0], covariance, of)
    notes = _notes(of, found.between * found.seen, thick, offset)
    if warm:
        notes = (f"{notes[0]}; fitted together, they are those at {reference:g} K", *notes[1:])
    return Part(tuple(estimates), covariance, notes)


def _of_one(of: Switching, thick: bool) -> Part:
    """Mean of all thresholds, and the apparent field where the thickness is known."""
    found = mean_of(of.voltage, of.error)
    estimates = [Estimate("threshold_voltage", found.value, found.error, "V")]
    slopes = [1.0]
    extra = [0.0]
    if thick:
        u, error = float(of.thickness.mean()), float(np.sqrt((of.thickness_error**2).mean()))
        field = found.value / u
        slopes.append(1.0 / u)
        extra.append((field * error / u) ** 2)
        size = float(np.hypot(found.error / u, field * error / u))
        estimates.append(Estimate("threshold_field", field, size, "V/m", "tied"))
    covariance = np.outer(slopes, slopes) * found.error**2 + np.diag(extra)
    return Part(tuple(estimates), covariance, _notes(of, found.between * found.seen, thick, False))


def _widened(field: Estimate, covariance: np.ndarray, of: Switching) -> tuple[Estimate, np.ndarray]:
    more = (field.value * float(np.mean(of.thickness_error / of.thickness))) ** 2
    covariance[0, 0] += more
    return Estimate(field.name, field.value, float(np.sqrt(covariance[0, 0])), field.unit), covariance


def _notes(of: Switching, between: float, thick: bool, offset: bool) -> tuple[str, ...]:
    count = of.voltage.size
    many = f"{count} thresholds, each" if count > 1 else "one threshold,"
    notes = [f"{many} known to the step of its sweep ({of.error.mean():.2g} V)"]
    if between > 0.0:
        notes[0] += f"; they scatter by {between:.2g} V beyond that, which is in the errors"
    if thick and not offset:
        notes.append(
            f"threshold_field is the apparent one, V_th / u: an offset beside it needs {_STRAIGHT} thicknesses"
        )
    return tuple(notes)
