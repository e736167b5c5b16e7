"""Devices that switch themselves, alone or behind a selector: cells of a circuit with an off- and an on-state.

A device is off until the voltage across it passes its first fold, and on until its current falls below the least one
of the on-state; between both the states are found together with the circuit (see `states`), as those of selectors with
hysteresis are. Of an on-state that the circuit holds between its two folds the voltage is that of the second one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pcmphys.cells.protocol import Look
from pcmphys.crossbar.selectors import Selector, Series
from pcmphys.crossbar.solver.cells import BareDevices, SelectedDevices, out_of_range
from pcmphys.crossbar.solver.recalled import RecalledDevices


def can_switch(look: Any) -> bool:
    """Whether devices of a look have an on-state, by what it offers."""
    return callable(getattr(type(look), "folds", None))


class _Held:
    """A look whose devices stay on the branch that they are on."""

    def __init__(self, look: Any, on: np.ndarray):
        self.look, self.on, self.shape = look, on, look.shape

    def current(self, voltage: np.ndarray, *, warn: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """See `Look.current`."""
        return self.look.current(voltage, on=self.on, warn=warn)


class SwitchingDevices:
    """Devices of a look, and selectors if there are any.

    ``on`` (kinds, rows, columns): devices, and selectors with hysteresis.
    """

    look: Look
    selector: Selector | None

    def __init__(
        self,
        look: Look,
        selector: Selector | None = None,
        gate: np.ndarray | None = None,
        selector_on: np.ndarray | None = None,
        switched: np.ndarray | None = None,
    ):
        self.look, self.selector, self._gate = look, selector, gate
        devices = np.zeros(look.shape, dtype=bool) if switched is None else switched
        self.on: np.ndarray = np.stack([devices] if selector_on is None else [devices, selector_on])

    @property
    def switched(self) -> np.ndarray:
        """Which devices are on."""
        return self.on[0]

    @property
    def selector_on(self) -> np.ndarray | None:
        """Which selectors are on, if they have states."""
        return self.on[1] if len(self.on) > 1 else None

    @property
    def conducts(self) -> np.ndarray:
        """Which cells conduct at all: all of them."""
        return np.ones(self.look.shape, dtype=bool)

    def evaluate(self, voltage: np.ndarray, series: Series) -> None:
        """See `cells`."""
        self._cells().evaluate(voltage, series)

    def recalled(self) -> RecalledDevices | None:
        """The same cells by a few points of the devices' I-V; None while some are on."""
        if self.switched.any() or not callable(getattr(type(self.look), "point_near", None)):
            return None
        return RecalledDevices(self.look, self.selector, self._gate, self.selector_on)

    def gain(self, fields: Any) -> np.ndarray:
        """See `cells`."""
        return self._cells().gain(fields)

    def remark(self, fields: Any) -> None:
        """Say so where currents are beyond what the on-state is valid for."""
        if self.switched.any():
            self.look.warn_of_switching(self._across(fields))

    def excess(self, fields: Any) -> np.ndarray:
        """See `states`: how far a device or selector is out of the range of its state."""
        across, current = np.abs(self._across(fields)), np.abs(fields.cell_current)
        out = np.full(self.on.shape, -1.0)
        # no on-state holds less than the holding voltage
        asked = self.switched | (across > self.look.cell.parameters.heat.on_voltage)
        if asked.any():
            folds = self.look.folds(where=asked)
            excess = np.where(self.switched, 1.0 - current / folds.up_current, across / folds.up_voltage - 1.0)
            out[0] = np.where(asked, excess, -1.0)
        if self.selector_on is not None:
            out[1] = out_of_range(self.selector, self.selector_on, fields.selector_voltage, fields.cell_current)
        return out

    def _across(self, fields: Any) -> np.ndarray:
        return fields.row_voltage - fields.column_voltage - fields.selector_voltage

    def _cells(self) -> BareDevices | SelectedDevices:
        held = _Held(self.look, self.switched)
        if self.selector is None:
            return BareDevices(held)
        on = None if self.selector_on is None else self.selector_on[None]
        return SelectedDevices(held, self.selector, self._gate, on)
