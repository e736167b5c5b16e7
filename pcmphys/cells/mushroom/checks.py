"""Checks of what users give a mushroom population."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.cells.population import Population
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.warn import warn
from pcmphys.programming.pulse import Pulse
from pcmphys.programming.scheme import Scheme

_COLDEST = 77.0
_UNITS = {"current": "A", "voltage": "V"}
_LEAST_CEILING = 1e-15  # S; contacts are kept in single precision


def temperature(devices: Population, value: ArrayLike | None) -> float:
    """One temperature [K] of the surroundings, below melting; the cell's ambient by default."""
    if value is None:
        return devices.cell.parameters.heat.ambient
    value = check.number("temperature", value, "K", _COLDEST)
    melting = devices.cell.parameters.crystallization.melting_temperature
    if value >= melting:
        raise ParameterError(
            f"temperature must be a number in K within [{_COLDEST:g}, {melting:g}), below melting; got {value:g} K"
        )
    return value


def temperatures(devices: Population, value: ArrayLike | None, name: str = "temperature") -> np.ndarray:
    """A temperature [K] of each device, below melting, as a flat array."""
    value = of_devices(devices.shape, name, value, "K")
    melting = devices.cell.parameters.crystallization.melting_temperature
    wrong = ~((value >= _COLDEST) & (value < melting))
    if wrong.any():
        first = int(np.argmax(wrong))
        place = ", ".join(str(k) for k in np.unravel_index(first, devices.shape))
        raise ParameterError(
            f"{name} must hold numbers in K within [{_COLDEST:g}, {melting:g}), below melting; "
            f"{name}[{place}] is {value[first]:g} K ({int(wrong.sum())} of {value.size} are outside)"
        )
    return value


def mask(devices: Population, where: ArrayLike | None) -> np.ndarray:
    """Which devices are meant, as a flat array; all by default."""
    if where is None:
        return np.ones(devices.size, dtype=bool)
    return check.flags("where", where, devices.shape).reshape(-1)


def of_devices(shape: tuple[int, ...], name: str, value: ArrayLike | None, unit: str) -> np.ndarray:
    """A number for each device, from one number or an array of the population's shape, as a flat array of our own."""
    value = check.array(name, value, unit, empty=True)
    if value.ndim and value.shape != shape:
        raise ParameterError(f"{name} must be a number or have shape {shape}; got shape {value.shape}")
    return np.array(np.broadcast_to(value, shape)).reshape(-1)


def amplitude(devices: Population, pulse: Pulse, given: ArrayLike | None, chosen: np.ndarray) -> np.ndarray:
    """Height [A or V] of the pulse for each device, as a flat array; within what the on-state is valid for."""
    if not isinstance(pulse, Pulse):
        raise ParameterError(f"pulse must be a Pulse; got {pulse!r}")
    name = pulse.kind if given is None else "amplitude"
    values = of_devices(devices.shape, "amplitude", pulse.peak if given is None else given, _UNITS[pulse.kind])
    if chosen.any():
        _require_valid(devices, name, pulse.kind, values[chosen])
    return values


def scheme(devices: Any, loop: Scheme) -> None:
    """Refuse a closed loop that could go beyond what the on-state is valid for."""
    for k, pulse in enumerate(loop.prepare):
        _require_valid(devices, f"scheme: prepare[{k}]: {pulse.kind}", pulse.kind, np.array([pulse.peak]))
    for name in ("lowest", "highest"):
        _require_valid(devices, f"scheme: {name}", loop.pulse.kind, np.array([getattr(loop, name)]))


def _require_valid(devices, name: str, kind: str, values: np.ndarray) -> None:
    """Refuse heights [A or V] of pulses beyond what the on-state is valid for, naming the first."""
    parameters, unit = devices.cell.parameters, _UNITS[kind]
    limit = parameters.terminal_limit if kind == "voltage" else parameters.heat.largest_current
    too_high = np.abs(values) > limit * (1.0 + 1e-12)  # 0.8 V + 2000 ohm x 1 mA is 2.8 V but for rounding
    if too_high.any():
        raise ParameterError(
            f"{name} must lie within [{-limit:g}, {limit:g}] {unit}, where the on-state of {devices.cell.name} is "
            f"valid; got {values[np.argmax(too_high)]:g} {unit}"
        )


def read_voltage(devices: Population, voltage: float | None) -> float:
    """Size [V] of a read's voltage: not zero, and too small to disturb; the cell's usual one by default."""
    read = devices.cell.parameters.read
    voltage = read.voltage if voltage is None else check.number("voltage", voltage, "V")
    if voltage == 0.0 or abs(voltage) > read.largest_voltage:
        raise ParameterError(
            f"voltage must be a number in V, not zero and of at most {read.largest_voltage:g} V (above, a read "
            f"could disturb: send a Pulse); got {voltage:g} V"
        )
    return abs(voltage)


def states(shape: tuple[int, ...], on: ArrayLike, name: str = "on") -> np.ndarray:
    """A flag of each device, from one flag or an array of the population's shape, as a flat array."""
    on = np.asarray(check.unmasked(name, on))
    if on.dtype != np.bool_ or on.shape not in ((), shape):
        raise ParameterError(
            f"{name} must be bool, one or an array of shape {shape}; got {on.dtype} of shape {on.shape}"
        )
    return np.broadcast_to(on, shape).reshape(-1)


def warn_of_validity(cell: Any, current: np.ndarray) -> None:
    """Say so where currents [A] are beyond what the on-state is valid for."""
    largest = cell.parameters.heat.largest_current
    over = int((np.abs(current) > largest).sum())
    if over:
        warn(
            f"voltage: {over} of {current.size} devices carry more than {largest:g} A, where the on-state of "
            f"{cell.name} is not valid any more"
        )


class Defects(NamedTuple):
    """Fractions of devices with each defect, and the conductance [S] that a limited one cannot exceed."""

    stuck_high: float
    stuck_low: float
    limited: float
    ceiling: float

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return max(self.stuck_high, self.stuck_low, self.limited) > 0.0


def defects(stuck_high: Any, stuck_low: Any, limited: Any, ceiling: Any) -> Defects:
    """Fractions within [0, 1], and a ceiling where devices are limited."""
    stuck_high = check.number("stuck_high", stuck_high, "", 0.0, 1.0)
    stuck_low = check.number("stuck_low", stuck_low, "", 0.0, 1.0 - stuck_high)
    limited = check.number("limited", limited, "", 0.0, 1.0)
    if ceiling is None and limited > 0.0:
        raise ParameterError(
            f"ceiling must be a number in S, if devices are limited; got None with limited = {limited:g}"
        )
    ceiling = math.inf if ceiling is None else check.number("ceiling", ceiling, "S", _LEAST_CEILING)
    return Defects(stuck_high, stuck_low, limited, ceiling)
