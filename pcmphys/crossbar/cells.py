"""What sits at the crossings: current and slope of every cell at its voltage, as the nonlinear solver asks for them.

A cell is a device, or a device in series with a selector whose inner node is eliminated here. Every kind has

- ``evaluate(voltage, series)``: fill current [A], slope [S] and the voltage across the selector [V]; what
  ``series.inner`` holds is a first guess (NaN: none);
- ``conducts``: which cells conduct at all, shape (rows, columns);
- ``gain(fields)``: relative change of the cell's current, at its voltage, for a relative change of the device's
  current at its own voltage: how much of the device's noise the selector lets through;
- ``on``: states (kinds, rows, columns) of what switches, or None; then ``excess(fields)`` tells how far each is out
  of the range of its state (see `states`).
"""

from __future__ import annotations

import numpy as np

from pcmphys.crossbar.selectors import Selector, Series
from pcmphys.errors import ConvergenceError, ParameterError

_MOST_STEPS = 200


def out_of_range(selector: Selector, on: np.ndarray, inner: np.ndarray, current: np.ndarray) -> np.ndarray:
    """How far a selector with hysteresis is out of its state's range: above zero it must change, the largest first."""
    above = selector.switches_on(inner) * (1.0 + np.abs(inner) / max(np.abs(inner).max(), 1e-300))
    below = selector.switches_off(current) * (2.0 - np.abs(current) / max(np.abs(current).max(), 1e-300))
    return np.where(on, below, above)


class _Selecting:
    """Part of a cell: a selector, its gates (rows,) [V] and states (1, rows, columns) if it has them."""

    def __init__(self, selector: Selector, gate, on):
        self.selector, self.gate, self.on = selector, gate, on

    @property
    def _on(self):
        return None if self.on is None else self.on[0]

    def excess(self, fields) -> np.ndarray:
        """See the module."""
        return out_of_range(self.selector, self.on[0], fields.selector_voltage, fields.cell_current)[None]


class Selected(_Selecting):
    """Ohmic devices behind a selector."""

    def __init__(self, conductance: np.ndarray, selector: Selector, gate=None, on=None):
        super().__init__(selector, gate, on)
        self.conductance = conductance

    @property
    def conducts(self) -> np.ndarray:
        """Which cells conduct at all."""
        return self.conductance > 0.0

    def evaluate(self, voltage: np.ndarray, series: Series) -> None:
        """See the module."""
        self.selector.series(voltage, self.conductance, series, gate=self.gate, on=self._on)

    def gain(self, fields) -> np.ndarray:
        """See the module: slope of the cell over that of the device."""
        return _ratio(fields.slope, self.conductance)


class Devices:
    """Devices of a population without selector."""

    on = None

    def __init__(self, population):
        self.population = population

    @property
    def conducts(self) -> np.ndarray:
        """Which cells conduct at all: all of them."""
        return np.ones(self.population.shape, dtype=bool)

    def evaluate(self, voltage: np.ndarray, series: Series) -> None:
        """See the module."""
        series.current[...], series.slope[...] = self.population.current(voltage, warn=False)
        series.inner[...] = 0.0
        _refuse_not_a_number(series, voltage)

    def gain(self, fields) -> np.ndarray:
        """See the module."""
        return np.ones(self.population.shape)


class SelectedDevices(_Selecting):
    """Devices of a population behind a selector."""

    def __init__(self, population, selector: Selector, gate=None, on=None):
        super().__init__(selector, gate, on)
        self.population = population
        self._keywords = {"gate": selector.row_gate(gate, population.shape[0])[:, None]} if selector.gated else {}

    @property
    def conducts(self) -> np.ndarray:
        """Which cells conduct at all: all of them."""
        return np.ones(self.population.shape, dtype=bool)

    def evaluate(self, voltage: np.ndarray, series: Series) -> None:
        """Find the inner node: selector and device carry one current. Newton's method, bisecting where it leaves."""
        keywords = self._keywords | ({"on": self._on} if self.selector.hysteretic else {})
        low, high = np.minimum(voltage, 0.0), np.maximum(voltage, 0.0)
        inner = np.where(np.isnan(series.inner), 0.5 * voltage, np.clip(series.inner, low, high))
        for _ in range(_MOST_STEPS):
            of_selector, slope = self.selector.current(inner, **keywords)
            of_device, device_slope = self.population.current(voltage - inner, warn=False)
            miss, total = of_selector - of_device, slope + device_slope
            low, high = np.where(miss < 0.0, inner, low), np.where(miss > 0.0, inner, high)
            with np.errstate(divide="ignore", invalid="ignore"):
                step = np.where(total > 0.0, miss / total, 0.0)
            # the bracket is sound also where a slope is not
            target = inner - step
            outside = ~((target >= low) & (target <= high))
            target = np.where(outside, 0.5 * (low + high), target)
            moved = np.abs(target - inner)
            inner = target
            if not (moved > 1e-15 * np.abs(voltage)).any():
                break
        else:
            raise ConvergenceError("the node between selector and device did not settle", residual=float(moved.max()))
        # the side that is steeper at its voltage knows the current better
        soft = slope <= device_slope
        series.current[...] = np.where(soft, of_selector - slope * step, of_device + device_slope * step)
        with np.errstate(divide="ignore", invalid="ignore"):
            series.slope[...] = np.where(total > 0.0, slope * device_slope / total, 0.0)
        series.inner[...] = inner
        _refuse_not_a_number(series, voltage)

    def gain(self, fields) -> np.ndarray:
        """See the module."""
        device = fields.row_voltage - fields.column_voltage - fields.selector_voltage
        return _ratio(fields.slope, self.population.current(device, warn=False)[1])


def _ratio(slope: np.ndarray, device_slope: np.ndarray) -> np.ndarray:
    return np.divide(slope, device_slope, out=np.zeros_like(slope), where=device_slope > 0.0)


def _refuse_not_a_number(series: Series, voltage: np.ndarray) -> None:
    wrong = ~(np.isfinite(series.current) & np.isfinite(series.slope))
    if wrong.any():
        i, j = (int(k) for k in np.argwhere(wrong)[0])
        raise ParameterError(f"cell [{i}, {j}]: its I-V curve is not a number at {voltage[i, j]:g} V")
