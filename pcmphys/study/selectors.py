"""Selectors of studies: what a file may say of them, what they need, and the worst case of writing behind one."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field, field_validator, model_validator

from pcmphys.crossbar import Crossbar, Selector
from pcmphys.crossbar.analysis.margins import write_margin
from pcmphys.crossbar.selectors.registry import SELECTORS
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.parameters.words import shown
from pcmphys.study.settings import Settings, distinct

TABLES = """\
# Selectors. All numbers are assumed, chosen such that each carries the read and the write current of the 90 nm cell;
# threshold and hold voltage of the switch are a published simulation's. Put your own selector's here.
[diode]                       # saturation_current (exp(w / (ideality kT/q)) - 1)
saturation_current = 1e-12    # [A]
ideality = 1.5
temperature = 300.15          # [K]

[exponential]                 # current sinh(w / voltage)
current = 1e-11               # [A]
voltage = 0.06                # [V]

[transistor]                  # one transistor a cell; its gate is on where the word line is selected
threshold_voltage = 0.5       # [V]
transconductance = 1e-3       # [A/V2]
slope_factor = 1.3
modulation = 0.0              # [1/V]
temperature = 300.15          # [K]
gate_voltage = 2.0            # [V]

[ots]                         # leakage_current sinh(w / leakage_voltage); beyond the threshold, the hold voltage
threshold_voltage = 1.75      # [V]
hold_voltage = 0.4            # [V]
holding_current = 1e-6        # [A] must be below the read currents (the simulation's 0.25 mA is not)
on_resistance = 1e3           # [ohm]
leakage_current = 1e-10       # [A]
leakage_voltage = 0.2         # [V]
"""
"""The part of a template that says what each selector is; no other place holds these defaults."""
_DEFAULTS: dict[str, dict[str, Any]] = tomllib.loads(TABLES)
_NONE = "none"


def check_selectors(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of selectors, or "none", each once: ours, and those that other packages add."""
    return distinct(tuple(check.choice("each", name, (_NONE, *SELECTORS)) for name in names))


def _selector(name: str, table: dict[str, Any]) -> Selector:
    """The selector of a table; an error names the key."""
    kind = SELECTORS[name]
    known = list(inspect.signature(kind).parameters)
    for key, value in table.items():
        if key not in known:
            raise ParameterError(
                f"{name}.{key}: unknown key; expected one of {', '.join(known)}{check.suggest(key, known)}"
            )
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ParameterError(f"{name}.{key} must be a number; got {shown(value)}")
    try:
        return kind(**table)
    except ParameterError as error:
        raise ParameterError(f"{name}: {error}") from None
    except TypeError as error:  # what another package's selector cannot do without
        raise ParameterError(f"{name}: {error}; put a table [{name}] into the study") from None


class SelectorSettings(Settings):
    """Settings of a study that compares selectors.

    Attributes
    ----------
    tables : dict
        Arguments of each selector by its name: in a file, a table of that name.
    """

    tables: dict[str, dict[str, Any]] = Field(default=_DEFAULTS)

    @model_validator(mode="before")
    @classmethod
    def _of_tables(cls, content):
        """Each selector's table goes into ``tables``, with the defaults of what it leaves out."""
        if not isinstance(content, dict):
            return content
        given = {key: value for key, value in content.items() if key in SELECTORS}
        for name, value in given.items():
            if not isinstance(value, dict):
                raise ValueError(f"{name} must be a table of numbers; got {shown(value)}")
        tables = {name: {**_DEFAULTS.get(name, {}), **table} for name, table in given.items()}
        rest = {key: value for key, value in content.items() if key not in given}
        return {**rest, "tables": {**_DEFAULTS, **rest.get("tables", {}), **tables}}

    @field_validator("tables")
    @classmethod
    def _valid(cls, tables):
        for name, table in tables.items():
            _selector(check.choice("each", name, SELECTORS), table)
        return tables

    def selector(self, name: str) -> Selector | None:
        """The selector of a name, None for "none"."""
        return None if name == _NONE else _selector(name, self.tables.get(name, {}))

    def gate(self, name: str) -> float | None:
        """Gate voltage [V] of a selected word line, None where there is no gate."""
        selector = self.selector(name)
        return float(selector.applied_gate(None)) if selector is not None and selector.gated else None


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
