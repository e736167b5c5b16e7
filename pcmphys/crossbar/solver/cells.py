"""What sits at the crossings: current and slope of every cell at its voltage, as the nonlinear solver asks for them.

A cell is a device, or a device in series with a selector whose inner node is eliminated here. Every kind has

- ``evaluate(voltage, series)``: fill current [A], slope [S] and the voltage across the selector [V]; what
  ``series.inner`` holds is a first guess (NaN: none);
- ``conducts``: which cells conduct at all, shape (rows, columns);
- ``gain(fields)``: relative change of the cell's current, at its voltage, for a relative change of the device's
  current at its own voltage: how much of the device's noise the selector lets through;
- ``remark(fields)``: a warning if the answer lies where the law is not that of the device any more;
- ``on``: states (kinds, rows, columns) of what switches, or None; then ``excess(fields)`` tells how far each is out
  of the range of its state (see `states`);
- ``selector_on`` and ``switched``: those of selectors and of devices (rows, columns), None where they have none.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pcmphys.cells.protocol import Look
from pcmphys.crossbar.selectors import Selector, Series
from pcmphys.crossbar.solver.merging import Merged
from pcmphys.errors import ConvergenceError, ParameterError

_MOST_STEPS = 250
_PATIENCE = 6
"""Steps after which a bracket that has not halved, by steps that have not shrunk, is cut in two."""
_ROUNDING = 4.0 * np.finfo(float).eps
"""Step or bracket, over the voltage of the cell, that is the last one."""
_AGREE = 1e-9
"""Relative difference of the selector's and the device's current at the node that is not a jump of a law."""


def out_of_range(selector: Selector, on: np.ndarray, inner: np.ndarray, current: np.ndarray) -> np.ndarray:
    """How far a selector with hysteresis is out of its state's range: above zero it must change, the largest first."""
    above = selector.switches_on(inner) * (1.0 + np.abs(inner) / max(np.abs(inner).max(), 1e-300))
    below = selector.switches_off(current) * (2.0 - np.abs(current) / max(np.abs(current).max(), 1e-300))
    return np.where(on, below, above)


class _Selecting:
    """Part of a cell: a selector, its gates (rows,) [V] and states (1, rows, columns) if it has them."""

    selector: Selector
    gate: np.ndarray | None
    on: np.ndarray | None

    def __init__(self, selector: Selector, gate: np.ndarray | None, on: np.ndarray | None):
        self.selector, self.gate, self.on = selector, gate, on

    switched = None

    @property
    def selector_on(self) -> np.ndarray | None:
        """States of the selectors (rows, columns)."""
        return None if self.on is None else self.on[0]

    def excess(self, fields: Any) -> np.ndarray:
        """See the module."""
        return out_of_range(self.selector, self.on[0], fields.selector_voltage, fields.cell_current)[None]


class Selected(_Selecting):
    """Ohmic devices behind a selector."""

    def __init__(
        self, conductance: np.ndarray, selector: Selector, gate: np.ndarray | None = None, on: np.ndarray | None = None
    ):
        super().__init__(selector, gate, on)
        self.conductance = conductance

    @property
    def conducts(self) -> np.ndarray:
        """Which cells conduct at all."""
        return self.conductance > 0.0

    def merged(self, count: int) -> Merged | None:
        """For each ``count`` neighbours of a word line one cell like them; None where each has a state of its own."""
        return None if self.on is not None else Merged(self.conductance, count, self.selector, self.gate)

    def evaluate(self, voltage: np.ndarray, series: Series) -> None:
        """See the module."""
        self.selector.series(voltage, self.conductance, series, gate=self.gate, on=self.selector_on)

    def gain(self, fields: Any) -> np.ndarray:
        """See the module: slope of the cell over that of the device."""
        return _ratio(fields.slope, self.conductance)

    def remark(self, fields: Any) -> None:
        """Nothing to say: ohmic devices do not switch."""


class BareDevices:
    """Devices of a look without selector."""

    on = selector_on = switched = None

    def __init__(self, look: Look):
        self.look = look

    @property
    def conducts(self) -> np.ndarray:
        """Which cells conduct at all: all of them."""
        return np.ones(self.look.shape, dtype=bool)

    def evaluate(self, voltage: np.ndarray, series: Series) -> None:
        """See the module."""
        series.current[...], series.slope[...] = self.look.current(voltage, warn=False)
        series.inner[...] = 0.0
        _refuse_not_a_number(~(np.isfinite(series.current) & np.isfinite(series.slope)), voltage)

    def gain(self, fields: Any) -> np.ndarray:
        """See the module."""
        return np.ones(self.look.shape)

    def remark(self, fields: Any) -> None:
        """Say so if devices would switch at the voltages that were found: their off-state was solved for."""
        self.look.warn_of_switching(fields.row_voltage - fields.column_voltage)


class SelectedDevices(_Selecting):
    """Devices of a look behind a selector."""

    def __init__(self, look: Look, selector: Selector, gate: np.ndarray | None = None, on: np.ndarray | None = None):
        super().__init__(selector, gate, on)
        self.look = look
        self._keywords = {"gate": selector.row_gate(gate, look.shape[0])[:, None]} if selector.gated else {}

    @property
    def conducts(self) -> np.ndarray:
        """Which cells conduct at all: all of them."""
        return np.ones(self.look.shape, dtype=bool)

    def evaluate(self, voltage: np.ndarray, series: Series) -> None:
        """Find the inner node: selector and device carry one current."""
        keywords = self._keywords | ({"on": self.selector_on} if self.selector.hysteretic else {})

        def laws(inner: np.ndarray) -> tuple[np.ndarray, ...]:
            with np.errstate(all="ignore"):
                return *self.selector.current(inner, **keywords), *self.look.current(voltage - inner, warn=False)

        inner, step, agree, (of_selector, slope, of_device, device_slope) = _settle(laws, voltage, series.inner)
        # the side that is steeper at its voltage knows the current better; at a jump of its law, only the device
        soft = agree & (slope <= device_slope)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            series.current[...] = np.where(soft, of_selector + slope * step, of_device - device_slope * step)
            total = slope + device_slope
            both = np.where(total > 0.0, slope * (device_slope / total), 0.0)
            series.slope[...] = np.where(agree, both, device_slope)
        series.inner[...] = inner + step
        _refuse_not_a_number(~(np.isfinite(series.current) & np.isfinite(series.slope)), voltage)

    def gain(self, fields: Any) -> np.ndarray:
        """See the module."""
        device = fields.row_voltage - fields.column_voltage - fields.selector_voltage
        return _ratio(fields.slope, self.look.current(device, warn=False)[1])

    def remark(self, fields: Any) -> None:
        """See `BareDevices`."""
        self.look.warn_of_switching(fields.row_voltage - fields.column_voltage - fields.selector_voltage)


def _settle(laws, voltage: np.ndarray, guess: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple]:
    """Voltage [V] across the selector where both currents agree, to rounding.

    Returns the node, the last step, whether the currents agree or a law jumps there, and the laws.

    Newton's steps crawl down an exponential: where the larger current is one, the logarithms of the currents are
    compared instead, which then are nearly straight lines. Steps stay inside a bracket, which is cut in two where they
    do not shrink it. What overflows counts as the larger current.
    """
    low, high = np.minimum(voltage, 0.0), np.maximum(voltage, 0.0)
    inner = np.where(np.isnan(guess), 0.5 * voltage, np.clip(guess, low, high))
    width, last = high - low, np.full_like(voltage, np.inf)
    for count in range(1, _MOST_STEPS + 1):
        found = laws(inner)
        of_selector, slope, of_device, device_slope = found
        with np.errstate(all="ignore"):
            miss = of_selector - of_device
            low, high = np.where(miss < 0.0, inner, low), np.where(miss > 0.0, inner, high)
            step = np.where(miss == 0.0, 0.0, -miss / (slope + device_slope))
            step[np.isnan(step)] = np.inf
            largest = np.maximum(np.abs(of_selector), np.abs(of_device))
            agree = np.abs(miss) <= _AGREE * largest + _ROUNDING * np.abs(voltage) * device_slope
        if np.isnan(miss).any():
            _refuse_not_a_number(np.isnan(miss), voltage)
        rounding = _ROUNDING * np.abs(voltage)
        # a slope that is wrong makes small steps far from the node: the currents must agree too
        settled = (agree & (np.abs(step) <= rounding)) | (high - low <= rounding)
        if settled.all():
            # at the end of a bracket a step may lead anywhere
            return inner, np.where(agree, np.clip(step, low - inner, high - inner), 0.0), agree, found
        pace = np.where(_exponential(inner, voltage, found), _logarithmic(found), step)
        target = inner + pace
        keep = (target > low) & (target < high) & (agree | (np.abs(pace) > rounding))
        if count % _PATIENCE == 0:
            keep &= (high - low <= 0.5 * width) | (np.abs(pace) <= 0.25 * last)
            width, last = high - low, np.abs(pace)
        inner = np.where(settled, inner, np.where(keep, target, low + 0.5 * (high - low)))
    size = np.maximum(np.abs(voltage), np.finfo(float).tiny)
    residual = float((np.minimum(np.abs(step), high - low) / size)[~settled].max())
    raise ConvergenceError(
        "the node between selector and device did not settle", residual=residual, iterations=_MOST_STEPS
    )


def _exponential(inner: np.ndarray, voltage: np.ndarray, found: tuple[np.ndarray, ...]) -> np.ndarray:
    """Whether the larger of two currents that are apart grows faster than the square of its voltage."""
    of_selector, slope, of_device, device_slope = found
    with np.errstate(all="ignore"):
        steep = slope * inner > 2.0 * of_selector, device_slope * (voltage - inner) > 2.0 * of_device
        ratio = of_selector / of_device
        # what overflows is steep; of negative currents the sides of the inequalities change
        steep = [np.where(voltage < 0.0, ~bent, bent) for bent in steep]
        return ((ratio > 2.0) & steep[0]) | ((ratio < 0.5) & steep[1])


def _logarithmic(found: tuple[np.ndarray, ...]) -> np.ndarray:
    """Newton's step for ln of the selector's current minus ln of the device's; NaN where there is none."""
    of_selector, slope, of_device, device_slope = found
    with np.errstate(all="ignore"):
        return -np.log(of_selector / of_device) / (slope / of_selector + device_slope / of_device)


def _ratio(slope: np.ndarray, device_slope: np.ndarray) -> np.ndarray:
    return np.divide(slope, device_slope, out=np.zeros_like(slope), where=device_slope > 0.0)


def _refuse_not_a_number(wrong: np.ndarray, voltage: np.ndarray) -> None:
    if wrong.any():
        i, j = (int(k) for k in np.argwhere(wrong)[0])
        raise ParameterError(f"cell [{i}, {j}]: its I-V curve is not a number at {voltage[i, j]:g} V")
