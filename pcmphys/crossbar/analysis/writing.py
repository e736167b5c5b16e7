"""Pulses through the array: each cell gets what the circuit gives it.

The circuit is solved at the pulse's peak, quasi-static, with the devices as they are before it: a device whose voltage
exceeds its threshold is in its on-state, |V| = A + B I, as long as it carries its holding current; all others follow
their off-state I-V. The same set of on and off states serves selectors with hysteresis. Then every device that is on
gets a current pulse of the current found, which follows the pulse's shape; one that is off is not heated. With thermal
crosstalk all cells spend the pulse at the temperature that the heated ones make for them.

Not modelled: capacitance and delay of lines and switching, the circuit's answer to a resistance that changes during
the pulse (the on-state does not depend on the dome), heat from cell to cell as a function of time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pcmphys.crossbar.analysis.thermal import ThermalCrosstalk
from pcmphys.crossbar.bias import Bias
from pcmphys.crossbar.problem import of_one_input
from pcmphys.crossbar.selectors import Selector, Series
from pcmphys.crossbar.solution import Solution
from pcmphys.crossbar.solver import states
from pcmphys.crossbar.solver.cells import BareDevices, SelectedDevices, out_of_range
from pcmphys.crossbar.solver.ends import joined
from pcmphys.crossbar.wires import Resistances
from pcmphys.errors import ParameterError
from pcmphys.numerics import check, labelled
from pcmphys.programming.pulse import Pulse

if TYPE_CHECKING:
    import xarray as xr

    from pcmphys.cells.protocol import Look

_TRACE = 1e-12
"""Leakage [S] of the on-state."""


@dataclass(frozen=True, eq=False, repr=False)
class WriteReport:
    """What one pulse through the array did; arrays of shape (rows, columns).

    Attributes
    ----------
    solution : Solution
        The circuit at the pulse's peak.
    switched : ndarray of bool
        Devices that were in their on-state.
    current : ndarray [A]
        Through each device at the peak.
    hottest : ndarray [K]
        Highest temperature of each device's heater, or of a cell that was only warmed by others.
    energy : ndarray [J]
        Taken by each device that was on.
    """

    solution: Solution
    switched: np.ndarray
    current: np.ndarray
    hottest: np.ndarray
    energy: np.ndarray

    def __repr__(self) -> str:
        text = f"{self.switched.sum()} of {self.switched.size} devices switched"
        if self.switched.any():
            largest = np.abs(self.current[self.switched]).max()
            text += f", largest current {largest:.3g} A, hottest {self.hottest.max():.4g} K"
        return f"WriteReport({text})"

    def to_dataset(self) -> xr.Dataset:
        """The report as an `xarray.Dataset` with axes row and column, the circuit of the pulse's peak in it."""
        cells = ("row", "column")
        circuit = self.solution.to_dataset()
        own = labelled.dataset(
            "pcmphys report of a pulse through a crossbar",
            {
                "switched": (cells, self.switched, "1", "whether the device was in its on-state"),
                "current": (cells, self.current, "A", "current through the device at the peak"),
                "hottest": (cells, self.hottest, "K", "highest temperature of the device's heater"),
                "energy": (cells, self.energy, "J", "energy taken by the device"),
            },
            residual=circuit.attrs["residual"],
            iterations=circuit.attrs["iterations"],
        )
        return own.merge(circuit, combine_attrs="override")


class SwitchingDevices:
    """Devices that can switch, alone or behind a selector: the cells of a circuit during a pulse.

    ``on`` (2, rows, columns): devices, selectors (all false without hysteresis).
    """

    look: Look
    selector: Selector | None

    def __init__(
        self,
        look: Look,
        selector: Selector | None = None,
        gate: np.ndarray | None = None,
        selector_on: np.ndarray | None = None,
    ):
        self.look, self.selector = look, selector
        shape = look.shape
        self.on: np.ndarray | None = np.zeros((2, *shape), dtype=bool)
        self._hysteretic = selector_on is not None
        if self._hysteretic:
            self.on[1] = selector_on
        self._gate = gate
        parameters = look.cell.parameters
        self._heat = parameters.heat
        self._holding = parameters.switching.holding_current
        self._threshold = look.threshold_voltage
        self._on_conductance = np.full(shape, 1.0 / self._heat.on_resistance)

    @property
    def conducts(self) -> np.ndarray:
        """Which cells conduct at all: all of them."""
        return np.ones(self.look.shape, dtype=bool)

    def evaluate(self, voltage: np.ndarray, series: Series) -> None:
        """See `cells`. The on-state is a conductance 1/B behind a drop A; a trace of leakage keeps its law rising."""
        device_on = self.on[0]
        selector_on = self.on[1] if self._hysteretic else None
        self._off(selector_on).evaluate(voltage, series)
        if not device_on.any():
            return
        over = np.sign(voltage) * np.maximum(np.abs(voltage) - self._heat.on_voltage, 0.0)
        branch = Series(*(np.full_like(voltage, np.nan) for _ in range(3)))
        if self.selector is None:
            branch.current[...] = over * self._on_conductance
            branch.slope[...] = self._on_conductance * (over != 0.0)
            branch.inner[...] = 0.0
        else:
            self.selector.series(over, self._on_conductance, branch, gate=self._gate, on=selector_on)
        branch.current[...] += _TRACE * voltage
        branch.slope[...] += _TRACE
        for out, on_part in zip(series, branch, strict=True):
            np.copyto(out, on_part, where=device_on)

    def _off(self, selector_on):
        if self.selector is None:
            return BareDevices(self.look)
        on = None if selector_on is None else selector_on[None]
        return SelectedDevices(self.look, self.selector, self._gate, on)

    def excess(self, fields: Any) -> np.ndarray:
        """See `states`: how far a device or selector is out of the range of its state."""
        across = fields.row_voltage - fields.column_voltage
        device = np.abs(across - fields.selector_voltage)
        current = np.abs(fields.cell_current)
        possible = np.maximum(device - self._heat.on_voltage, 0.0) * self._on_conductance
        starts = np.minimum(device / np.maximum(self._threshold, 1e-3), possible / self._holding) - 1.0
        out = np.empty(self.on.shape)
        out[0] = np.where(self.on[0], 1.0 - current / self._holding, starts)
        out[1] = -1.0
        if self._hysteretic:
            out[1] = out_of_range(self.selector, self.on[1], fields.selector_voltage, fields.cell_current)
        return out


class WrittenArray(NamedTuple):
    """What a pulse goes through: devices that take pulses, and what is around them."""

    population: Any
    selector: Selector | None
    resistances: Resistances
    limits: tuple[float, int]


def write(circuit: WrittenArray, bias: Bias, pulse: Pulse, repeat: int, surroundings: tuple[Any, ...]) -> WriteReport:
    """Send equal pulses through an array, as `Crossbar.write` describes it; the report is that of the last one.

    ``surroundings`` are (thermal crosstalk or None, temperature [K] or None).
    """
    population, selector, resistances, limits = circuit
    crosstalk, temperature = surroundings
    if not callable(getattr(population, "apply", None)):
        raise ParameterError("write: cells must be a population of physical cells; these take no pulses")
    if not callable(getattr(pulse, "shaped", None)):
        raise ParameterError(f"pulse must be a Pulse; got {pulse!r}")
    ((ends, _, (drive,)),) = joined(bias, resistances)
    for _ in range(repeat):
        before = states.before(selector, None, None, population.shape)
        cells = SwitchingDevices(population.now(temperature), selector, bias.gate, before)
        found = states.solve(cells, ends, drive, limits, None)
        selectors = cells.on[1] if selector is not None and selector.hysteretic else None
        solution = Solution(bias, *of_one_input(found, selectors))
        report = _send(population, solution, cells.on[0], pulse, crosstalk, temperature)
    return report


def _send(population, solution, switched, pulse, crosstalk: ThermalCrosstalk | None, temperature) -> WriteReport:
    """Send the pulse to the switched devices as the solved circuit gives it to them; all is checked before.

    With crosstalk, all cells live through the time of the pulse at the temperature that the heated ones make for them.
    """
    ambient = population.cell.parameters.heat.ambient if temperature is None else temperature
    current = solution.cell_current
    warmed = None
    if crosstalk is not None and not isinstance(crosstalk, ThermalCrosstalk):
        raise ParameterError(f"crosstalk must be a ThermalCrosstalk; got {crosstalk!r}")
    if crosstalk is not None and switched.any():
        power = np.where(switched, current * solution.device_voltage, 0.0)
        warmed = check.number("temperature", ambient, "K") + crosstalk.rise(power)
    report = population.apply(
        pulse.shaped("current"), amplitude=current, where=switched, temperature=ambient, warmed=warmed
    )
    hottest = report.peak_temperature
    return WriteReport(
        solution, switched, current, hottest if warmed is None else np.maximum(hottest, warmed), report.energy
    )
