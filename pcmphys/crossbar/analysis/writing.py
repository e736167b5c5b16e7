"""Pulses through the array: each cell gets what the circuit gives it.

The circuit is solved at the pulse's peak, quasi-static, with the devices as they are before it, each on the branch of
its I-V that a voltage raised from zero leads to (`pcmphys.crossbar.solver.switching`). Then every device gets a current
pulse of the current found, which follows the pulse's shape: what it takes of it, off or on, heats it. With thermal
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
from pcmphys.crossbar.selectors import Selector
from pcmphys.crossbar.solution import Solution
from pcmphys.crossbar.solver import states
from pcmphys.crossbar.solver.ends import joined
from pcmphys.crossbar.solver.switching import SwitchingDevices
from pcmphys.crossbar.wires import Resistances
from pcmphys.errors import ParameterError
from pcmphys.numerics import check, labelled
from pcmphys.programming.pulse import Pulse

if TYPE_CHECKING:
    import xarray as xr


_LEAST_POWER = 1e-10
"""Power [W] of a device below which it is left alone: it would warm by less than a thousandth of a kelvin."""


@dataclass(frozen=True, eq=False, repr=False)
class WriteReport(labelled.Labelled):
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
        Taken by each device, off or on, without its leads, wires and selector (``solution.power`` has those, at the
        peak).
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
        return own.merge(circuit, compat="no_conflicts", combine_attrs="override")


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
    if pulse.kind == "current":
        raise ParameterError(
            f"pulse: lines are driven by voltages, and the bias says how high; got {pulse!r}; give its shape as "
            "Pulse(voltage=..., width=...), or send the current to the devices themselves: devices.apply(pulse)"
        )
    ((ends, _, (drive,)),) = joined(bias, resistances)
    for _ in range(repeat):
        before = states.before(selector, None, None, population.shape)
        cells = SwitchingDevices(population.now(temperature), selector, bias.gate, before)
        found = states.solve(cells, ends, drive, limits, None)
        solution = Solution(bias, *of_one_input(found, cells.selector_on, cells.switched))
        report = _send(population, solution, cells.switched, pulse, crosstalk, temperature)
    return report


def _send(population, solution, switched, pulse, crosstalk: ThermalCrosstalk | None, temperature) -> WriteReport:
    """Send the pulse to the devices as the solved circuit gives it to them; all is checked before.

    With crosstalk, all cells live through the time of the pulse at the temperature that the others make for them.
    """
    ambient = population.cell.parameters.heat.ambient if temperature is None else temperature
    current = solution.cell_current
    warmed = None
    if crosstalk is not None and not isinstance(crosstalk, ThermalCrosstalk):
        raise ParameterError(f"crosstalk must be a ThermalCrosstalk; got {crosstalk!r}")
    outside = population.cell.parameters.conduction.series_resistance
    power = np.maximum(current * (solution.device_voltage - outside * current), 0.0)
    if crosstalk is not None:
        warmed = check.number("temperature", ambient, "K") + crosstalk.rise(power)
    heated = power > _LEAST_POWER
    report = population.apply(
        pulse.shaped("current"), amplitude=current, where=heated, temperature=ambient, warmed=warmed
    )
    hottest = report.peak_temperature
    return WriteReport(
        solution, switched, current, hottest if warmed is None else np.maximum(hottest, warmed), report.energy
    )
