"""The on-state: a straight line of voltage over current behind the threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pcmphys.fit.engine.noise import Scatter
from pcmphys.fit.engine.parameter import Parameter
from pcmphys.fit.engine.result import Estimate
from pcmphys.fit.engine.solve import fitted
from pcmphys.fit.iv.combine import mean_of
from pcmphys.fit.iv.options import IvOptions
from pcmphys.fit.iv.threshold import NOTHING, Part

_LEAST = 4
"""Points that a line needs."""
_STEEPEST = 10.0
"""Times the slope of plain least squares beyond which points are no line."""
_BENT = 4.0
"""Standard errors of a curvature from which a line is called bent."""


class Line(NamedTuple):
    """V = V_h + R I of one sweep, series resistance included."""

    voltage: float
    resistance: float
    covariance: np.ndarray
    bend: float
    """Curvature over its standard error [1]."""


def line(voltage: np.ndarray, current: np.ndarray, options: IvOptions, by_current: bool = False) -> Line | None:
    """The line through points of the on-state; None if they are too few, or if the voltage does not rise.

    Errors of both coordinates count, by the effective variance v^2 + R^2 (f^2 + (r I)^2). Without any known error the
    currents are taken to have equal relative ones, estimated from the scatter; where currents were set, the voltages
    to have equal ones.
    """
    if voltage.size < _LEAST or np.ptp(current) < 1e-3 * np.abs(current).max():
        return None
    slope, level = np.polyfit(current, voltage, 1)
    if slope <= 0.0:
        return None
    known = options.voltage_error > 0.0 or (options.relative_error is not None and not by_current)
    relative = 0.0 if by_current else options.relative_error or (0.0 if known else 1.0)
    spread = (relative * current) ** 2 + (options.floor or 0.0) ** 2 * known
    equal = 1.0 if by_current and not known else options.voltage_error

    def residual(values: dict[str, float]) -> np.ndarray:
        rest = voltage - values["hold_voltage"] - values["resistance"] * current - values["bend"] * curve
        return rest / np.sqrt(equal**2 + values["resistance"] ** 2 * spread)

    middle = float(np.median(current))
    curve = (current / middle - 1.0) ** 2
    parameters = [
        Parameter("hold_voltage", float(level), unit="V"),
        Parameter("resistance", float(slope), low=0.0, high=_STEEPEST * float(slope), unit="ohm"),
        Parameter("bend", 0.0, unit="V", fixed=True),
    ]
    scatter = Scatter(np.ones(voltage.size) if known else None, "linear")
    found = fitted(residual, parameters, scatter, "line of the on-state")
    bend = 0.0
    if voltage.size > _LEAST:
        more = [*parameters[:2], Parameter("bend", 0.0, -float(voltage.max()), float(voltage.max()), unit="V")]
        curved = fitted(residual, more, scatter, "curve of the on-state")
        one = curved.estimates[2]
        bend = one.value / one.error if np.isfinite(one.error) and one.error > 0.0 else 0.0
    values = [one.value for one in found.estimates[:2]]
    return Line(values[0], values[1], found.covariance[:2, :2], bend)


def on_state(found: Sequence[Line | None], series: tuple[float, float], known: bool) -> Part:
    """Holding voltage and resistance of all sweeps together, a resistance in series (value, error) taken off.

    ``found`` has a line of each sweep with an on-state; None where there is none to be had.
    """
    lines = [one for one in found if one is not None]
    lost = ()
    if len(lines) < len(found):
        lost = (
            f"{len(found) - len(lines)} of {len(found)} on-states have no line: fewer than {_LEAST} points, or a "
            "voltage that does not rise with the current",
        )
    if not lines:
        return NOTHING._replace(notes=lost)
    hold, whole = np.array([one.voltage for one in lines]), np.array([one.resistance for one in lines])
    errors = np.sqrt(np.array([np.diag(one.covariance) for one in lines]))
    if not np.isfinite(errors).all() or not (errors > 0.0).all():
        return _without_errors(hold, whole, series[0])
    level, slope = mean_of(hold, errors[:, 0]), mean_of(whole, errors[:, 1])
    with np.errstate(invalid="ignore"):
        shared = float(np.mean([one.covariance[0, 1] / np.sqrt(np.prod(np.diag(one.covariance))) for one in lines]))
    error = float(np.hypot(slope.error, series[1]))
    cross = shared * level.error * slope.error
    estimates = (
        Estimate("hold_voltage", level.value, level.error, "V"),
        Estimate("on_resistance", slope.value - series[0], error, "ohm"),
    )
    notes = list(lost)
    if level.seen or slope.seen:
        notes.append(
            f"the on-states of {len(lines)} sweeps differ by {level.between:.2g} V and {slope.between:.2g} ohm beyond "
            "their errors, which is in those of hold_voltage and on_resistance"
        )
    bent = max((one.bend for one in lines), key=abs)
    if abs(bent) > _BENT:
        notes.append(
            f"the on-state is no straight line: it bends by {abs(bent):.3g} standard errors; "
            "IvOptions(least_on_current=...) begins at a larger current"
        )
    if series[0] == 0.0 and not known:
        notes.append("on_resistance holds all that is in series: no series resistance is known to be taken off")
    return Part(estimates, np.array([[level.error**2, cross], [cross, error**2]]), tuple(notes))


def _without_errors(hold: np.ndarray, whole: np.ndarray, series: float) -> Part:
    """Lines that go through their points exactly, or ended at a bound."""
    nothing = np.full((2, 2), np.nan)
    estimates = (
        Estimate("hold_voltage", float(hold.mean()), np.nan, "V"),
        Estimate("on_resistance", float(whole.mean()) - series, np.nan, "ohm"),
    )
    return Part(estimates, nothing, ("the lines of the on-state have no errors: exact, or at a bound",))
