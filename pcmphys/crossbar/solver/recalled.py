"""Physical devices in a circuit by a few points of each one's I-V, and what lies between them.

The I-V of a physical device costs a hundred times an ohmic one, and Newton's method asks for it at every step. Here
each device is known by its last two points (exact voltage, current and slope). Around the later one, at V_b,

    I = I_b s exp(c (s^2 - 1)) exp(r(V)),    s = V / V_b,    c = (S_b V_b / I_b - 1) / 2,

has its current and slope there and bends as a sinh does; r is the cubic that vanishes at V_b with its slope and makes
current and slope right at the earlier point V_a too. The network is solved with these laws, points are taken anew where
its devices stand, and so on: the voltages get closer to the points by far more than a decade each time, and what the
law can be wrong by, (V - V_b)^2 (V - V_a)^2 over its last error, is soon below rounding. That is the end: the answer is
that of the devices themselves.

Behind a selector the device is replaced by its tangent, for which every selector has its exact solution; the tangent
moves until the voltage across the device does not any more.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pcmphys.crossbar.selectors import Selector, Series
from pcmphys.crossbar.solver import newton
from pcmphys.crossbar.solver.ends import Ends
from pcmphys.crossbar.solver.lines import Drive
from pcmphys.errors import ConvergenceError, ParameterError
from pcmphys.numerics.compile import kernel, launch, law
from pcmphys.numerics.elementary import exp, log

_ROUNDS = 8
_ENOUGH = 1e-14
"""Relative error of the law that is rounding."""
_ROUGH, _LOOSE = 1e-3, 1e-4
"""Error of the law [relative] from which on the network need not be solved better than to the latter residual."""
_LEAST_PART = 1e-6
"""Least voltage of a point, over the largest: devices at less are ohmic."""
_SAME, _OTHER = 1e-9, 0.5
"""Distance of two points, over the later voltage, up to which and from which on the earlier one tells nothing."""
_BY_CHANCE = 0.01
"""Part of the error expected of a law that counts as shown if less is."""
_MOST_TURNS, _TURNED = 30, 1e-9
"""Tangents behind a selector; change of the device's voltage, over the largest one, that is the last."""
_HALVED = 0.5
"""Part of a cell's voltage at which a device behind a selector is looked at first."""

# rows of the known points: voltage, current and c of the later; distance, ln of the ratio and its slope at the earlier;
# last error of the law
_VOLTAGE, _CURRENT, _BEND, _APART, _RATIO, _TILT, _ERROR = range(7)
_ROWS = 7
_FAR, _MARGIN = 2.0, 4.0
"""Voltage over that of the point up to which a law bends as a sinh; what its estimated error is taken times."""
_WIDEST = 1.5
"""Distances between the points beyond which the cubic stays as it is."""


@law
def _law(voltage, n, known):
    """Current [A], slope [S] and relative error of device n at a voltage [V]."""
    size, at, bend, apart = abs(voltage), known[_VOLTAGE, n], known[_BEND, n], known[_APART, n]
    s = size / at
    bent, steep = s * s, 2.0 * s * s
    if s > _FAR:  # goes on as a power
        bent, steep = _FAR * _FAR * (1.0 + 2.0 * log(s / _FAR)), 2.0 * _FAR * _FAR
    grown = exp(min(bend * (bent - 1.0), 300.0))
    base, rise = known[_CURRENT, n] * s * grown, known[_CURRENT, n] / at * grown * (1.0 + bend * steep)
    off = s - 1.0
    error = _MARGIN * abs(bend) * (1.0 + abs(bend)) * off * off
    if apart != 0.0:
        t = (size - at) / apart
        inside = -_WIDEST < t < _WIDEST
        error = min(error, known[_ERROR, n] * t * t * (t - 1.0) * (t - 1.0)) if inside else error
        t = min(max(t, -_WIDEST), _WIDEST)
        ratio, tilt = known[_RATIO, n], known[_TILT, n] * apart
        cubic = t * t * (ratio * (3.0 - 2.0 * t) + tilt * (t - 1.0))
        turned = (6.0 * ratio * t * (1.0 - t) + tilt * t * (3.0 * t - 2.0)) / apart if inside else 0.0
        more = exp(cubic)
        base, rise = base * more, (rise + base * turned) * more
    return (base if voltage >= 0.0 else -base), rise, error


@kernel
def _currents(start, stop, voltage, known, current, slope):
    """Current [A] and slope [S] of devices start..stop by their laws."""
    for n in range(start, stop):
        current[n], slope[n], _ = _law(voltage[n], n, known)


@kernel
def _tangents(start, stop, across, voltage, known, applied, slope):
    """Tangents of devices start..stop at their ``voltage``: slope [S], and what of ``across`` is not its root."""
    for n in range(start, stop):
        current, rise, _ = _law(voltage[n], n, known)
        slope[n] = rise
        applied[n] = across[n] - (voltage[n] - current / rise)


@kernel
def estimates(start, stop, voltage, known, out):
    """Relative error of the laws of devices start..stop."""
    for n in range(start, stop):
        out[n] = _law(voltage[n], n, known)[2]


@kernel
def _learn(start, stop, chosen, points, known):
    """Take new points (voltage, current, slope: all positive) of the devices chosen[start..stop]."""
    for k in range(start, stop):
        n = chosen[k]
        voltage, current, slope = points[0, k], points[1, k], points[2, k]
        old_voltage, old_current, old_bend = known[_VOLTAGE, n], known[_CURRENT, n], known[_BEND, n]
        bend = 0.5 * (slope * voltage / current - 1.0)
        apart, ratio, tilt, error = 0.0, 0.0, 0.0, 0.0
        if old_voltage > 0.0:
            step = old_voltage / voltage - 1.0
            # at a chance crossing the error shown tells nothing of the next one
            shown = abs(_law(voltage, n, known)[0] / current - 1.0)
            error = _MARGIN * max(shown, _BY_CHANCE * abs(bend) * step * step)
            if _SAME < abs(step) < _OTHER:
                apart = old_voltage - voltage
                known[_VOLTAGE, n], known[_CURRENT, n], known[_BEND, n], known[_APART, n] = voltage, current, bend, 0.0
                plain, rise, _ = _law(old_voltage, n, known)
                ratio = log(old_current / plain)
                tilt = (1.0 + 2.0 * old_bend) / old_voltage - rise / plain
        known[_VOLTAGE, n], known[_CURRENT, n], known[_BEND, n] = voltage, current, bend
        known[_APART, n], known[_RATIO, n], known[_TILT, n], known[_ERROR, n] = apart, ratio, tilt, error


class RecalledDevices:
    """Devices of a look in their off-state, behind a selector or alone: cells as in `cells`, by points of their I-V.

    ``error`` is the largest that the last points have shown of the laws before them, over the largest current.
    """

    error: float

    on = selector_on = switched = None

    def __init__(self, look: Any, selector: Selector | None, gate: np.ndarray | None, selector_on: np.ndarray | None):
        self.look, self.selector, self._gate, self._selector_on = look, selector, gate, selector_on
        self.known = np.zeros((_ROWS, look.size))
        self._voltage: np.ndarray | None = None
        self.error = np.inf

    def renew(self, voltage: np.ndarray) -> None:
        """Take points near these voltages [V] across the devices, of those whose laws are not right there."""
        flat = np.abs(voltage).reshape(-1)
        asked, about = np.maximum(flat, self._least(flat)), np.full(flat.size, np.nan)
        chosen = np.flatnonzero(self._wrong(voltage))
        if self._voltage is not None:
            launch(_currents, flat.size, asked, self.known, about, np.empty(flat.size))
        launch(_learn, chosen.size, chosen, self.look.point_near(chosen, asked[chosen], about[chosen]), self.known)
        if self._voltage is not None:
            shown = (self.known[_ERROR] * asked)[chosen].max(initial=0.0)
            self.error = float(shown / asked.max())
        self._voltage = voltage

    def knows(self, voltage: np.ndarray) -> bool:
        """Whether the laws are right, but for rounding, at these voltages [V] across the devices."""
        return not self._wrong(voltage).any()

    def _wrong(self, voltage: np.ndarray) -> np.ndarray:
        if self._voltage is None:
            return np.ones(voltage.size, dtype=bool)
        flat, out = np.ascontiguousarray(voltage).reshape(-1), np.empty(voltage.size)
        launch(estimates, out.size, flat, self.known, out)
        return ~((out <= _ENOUGH) | (np.abs(flat) <= self._least(flat)))

    @staticmethod
    def _least(voltage: np.ndarray) -> float:
        return _LEAST_PART * float(np.abs(voltage).max(initial=0.0)) or _LEAST_PART

    def evaluate(self, voltage: np.ndarray, series: Series) -> None:
        """See `cells`."""
        flat = np.ascontiguousarray(voltage).reshape(-1)
        if self.selector is None:
            launch(_currents, flat.size, flat, self.known, series.current.reshape(-1), series.slope.reshape(-1))
            series.inner[...] = 0.0
            return
        device = self._voltage
        applied, slope = np.empty(voltage.shape), np.empty(voltage.shape)
        scale = np.abs(flat).max(initial=0.0)
        for _ in range(_MOST_TURNS):
            launch(_tangents, flat.size, flat, device.reshape(-1), self.known, applied.reshape(-1), slope.reshape(-1))
            self.selector.series(applied, slope, series, gate=self._gate, on=self._selector_on)
            found = voltage - series.inner
            moved = np.abs(found - device).max()
            device = found
            if moved <= _TURNED * scale:
                self._voltage = device
                return
        raise ConvergenceError("the tangents did not settle", residual=float(moved / scale), iterations=_MOST_TURNS)


def solve(
    cells: RecalledDevices, ends: Ends, drive: Drive, start: tuple[np.ndarray, np.ndarray], limits: tuple[float, int]
) -> newton.Found | None:
    """Solve one input, as `newton.solve`; None where the devices' laws do not come close to them.

    ``start``: voltages [V] of word and bit lines, overwritten.
    """
    tolerance, most = limits
    iterations, history = 0, []
    across = start[0] - start[1]
    try:
        cells.renew(across if cells.selector is None else _HALVED * across)
        for _ in range(_ROUNDS):
            rough = cells.error > _ROUGH
            goal, steady = (max(_LOOSE, tolerance), np.inf) if rough else (tolerance, newton.STEADY)
            found = newton.solve(cells, ends, drive, start, (goal, most - iterations), steady=steady)
            iterations += found.iterations
            history += found.history
            fields = found.fields
            device = fields.row_voltage - fields.column_voltage - fields.selector_voltage
            if not rough and cells.knows(device):
                return found._replace(iterations=iterations, history=history)
            cells.renew(device)
            start = fields.row_voltage, fields.column_voltage
    except (ConvergenceError, ParameterError):  # whoever looks at the devices themselves says it better
        pass
    return None
