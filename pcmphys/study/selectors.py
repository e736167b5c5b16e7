"""Selectors of studies: what a file may say of them, what they need, and the worst case of writing behind one."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from pydantic import field_validator

from pcmphys.crossbar import OTS, Crossbar, Diode, Exponential, Selector, Transistor
from pcmphys.crossbar.analysis.margins import write_margin
from pcmphys.errors import ParameterError
from pcmphys.study.settings import Settings, Strict


class DiodeOptions(Strict):
    """See `Diode`."""

    kind: ClassVar[type[Selector]] = Diode
    saturation_current: float = 1e-12
    ideality: float = 1.5
    temperature: float = 300.15


class ExponentialOptions(Strict):
    """See `Exponential`."""

    kind: ClassVar[type[Selector]] = Exponential
    current: float = 1e-11
    voltage: float = 0.06


class TransistorOptions(Strict):
    """See `Transistor`; the gate voltage [V] is that of a selected word line, and of all in a matvec."""

    kind: ClassVar[type[Selector]] = Transistor
    threshold_voltage: float = 0.5
    transconductance: float = 1e-3
    slope_factor: float = 1.3
    modulation: float = 0.0
    temperature: float = 300.15
    gate_voltage: float = 2.0


class OTSOptions(Strict):
    """See `OTS`."""

    kind: ClassVar[type[Selector]] = OTS
    threshold_voltage: float = 1.75
    hold_voltage: float = 0.4
    holding_current: float = 1e-6
    on_resistance: float = 1e3
    leakage_current: float = 1e-10
    leakage_voltage: float = 0.2


SELECTORS = ("none", "diode", "exponential", "transistor", "ots")


class SelectorSettings(Settings):
    """Settings of a study that compares selectors: a table for the numbers of each."""

    diode: DiodeOptions = DiodeOptions()
    exponential: ExponentialOptions = ExponentialOptions()
    transistor: TransistorOptions = TransistorOptions()
    ots: OTSOptions = OTSOptions()

    @field_validator("diode", "exponential", "transistor", "ots")
    @classmethod
    def _valid(cls, options):
        options.kind(**options.model_dump())
        return options

    def selector(self, name: str) -> Selector | None:
        """The selector of a name, None for "none"."""
        if name == "none":
            return None
        options = getattr(self, name)
        return options.kind(**options.model_dump())

    def gate(self, name: str) -> float | None:
        """Gate voltage [V] of a selected word line, None where there is no gate."""
        return self.transistor.gate_voltage if name == "transistor" else None


_LARGEST_DROP = 100.0
"""Voltage [V] across a selector beyond which it is said not to carry a current."""


def applied_voltage(selector: Selector | None, voltage: float, current: float, overdrive: float = 0.1) -> float:
    """Voltage [V] across a selector and its device that makes the device see a voltage [V] at a current [A].

    A threshold switch needs at least ``1 + overdrive`` times the voltage at which it switches on.

    Raises
    ------
    ParameterError
        The selector cannot carry the current.

    Examples
    --------
    >>> from pcmphys.crossbar import Diode
    >>> round(applied_voltage(Diode(1e-12, ideality=1.5), 0.2, 5e-6), 3)
    0.798
    """
    from scipy.optimize import brentq

    if selector is None:
        return voltage

    def carries(drop: float, **state) -> float:
        return float(selector.current(np.array([drop]), **state)[0][0])

    state = {"on": np.array([True])} if selector.hysteretic else {}
    highest = 1e-3
    while carries(highest, **state) < current:
        highest *= 2.0
        if highest > _LARGEST_DROP:
            raise ParameterError(f"{selector!r} does not carry {current:g} A even at {_LARGEST_DROP:g} V")
    needed = voltage + brentq(lambda drop: carries(drop, **state) - current, 0.0, highest, xtol=1e-15)
    if not selector.hysteretic:
        return needed
    # while it is off, the device takes its part of the voltage by the leakage
    threshold = selector.threshold_voltage
    return max(needed, (1.0 + overdrive) * (threshold + carries(threshold) * voltage / current))


class WorstWrite(NamedTuple):
    """Writing the farthest cell of an array: the worse of two arrays, all other devices high and all of them low.

    Attributes
    ----------
    margin : float
        (selected - disturb) / applied voltage.
    selected, disturb : float [V]
        Across the device that is written; largest across any other.
    leakage : float [A]
        Sum of all other cells' currents, all of them high.
    power : float [W]
        From all terminals then.
    """

    margin: float
    selected: float
    disturb: float
    leakage: float
    power: float


def worst_write(
    array: Callable[[np.ndarray], Crossbar],
    size: int,
    others: tuple[float, float],
    written: float,
    voltage: float,
    scheme: str,
    gate: ArrayLike | None,
) -> WorstWrite:
    """Write the cell farthest from driver and sense.

    Parameters
    ----------
    array : callable
        Makes the crossbar of conductances (size, size) [S].
    others : (float, float) [S]
        High and low conductance of all other devices.
    written : float [S]
        Current over voltage of the device that is written.
    voltage : float [V]
        On its word line.
    """
    found = []
    for other in others:
        cells = np.full((size, size), other)
        cells[0, -1] = written
        found.append(write_margin(array(cells), voltage, scheme=scheme, gate=gate))
    selected, disturb = min(f.selected for f in found), max(f.disturb for f in found)
    return WorstWrite((selected - disturb) / voltage, selected, disturb, found[0].leakage, found[0].power)
