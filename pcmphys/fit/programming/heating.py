"""The thermal resistance of a cell whose contact comes under melt at a known current."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.physics.heat import beside_filament, heater_rise
from pcmphys.physics.state import SECTORS


def melted_share(current: float, resistance: float, parameters: Any) -> float:
    """Share of the contact that a current [A] melts, by the law of heat alone, for a thermal resistance [K/W].

    A sector with the part b of the heater's rise, whose front lies the part x of the way to the top electrode further
    out, melts where b R_th P (1 + x) exceeds T_m - T_ambient; x is even within the bounds of the front.

    Examples
    --------
    >>> import pcmphys
    >>> p = pcmphys.load_cell("ibm-90nm-doped-gst").parameters
    >>> melted_share(50e-6, 2.17e6, p), melted_share(600e-6, 2.17e6, p)
    (0.0, 1.0)
    """
    heat, geometry = parameters.heat.pack(), parameters.geometry
    # a SET cell has no more than the holding voltage
    power = current * (heat.on_voltage + heat.on_resistance * current)
    rise = heater_rise(power, current, True, heat) * resistance / heat.thermal_resistance
    needed = parameters.crystallization.melting_temperature - heat.ambient
    angles = (np.arange(SECTORS) + 0.5) * (2.0 * math.pi / SECTORS)
    angles = np.minimum(angles, 2.0 * math.pi - angles)
    reached = np.array([beside_filament(angle, current, heat) for angle in angles]) * rise / needed
    bound = math.sqrt(3.0) * geometry.front_roughness / (geometry.layer_thickness - geometry.heater_radius)
    if bound == 0.0:
        return float(np.mean(reached > 1.0))
    return float(np.clip(0.5 + (1.0 - 1.0 / np.maximum(reached, 1e-9)) / (2.0 * bound), 0.0, 1.0).mean())


def middle_current(resistance: float, parameters: Any, near: float) -> float:
    """Current [A] at which places come under melt, on average over the contact; looked for up to 4 times ``near``."""
    currents = np.linspace(0.0, 4.0 * near, 241)
    open_ = 1.0 - np.array([melted_share(one, resistance, parameters) for one in currents])
    return float(np.trapezoid(open_, currents))


def resistance_of(middle: float, parameters: Any) -> float:
    """Thermal resistance [K/W] with which places of the contact come under melt at ``middle`` [A] on average."""
    from scipy.optimize import brentq

    def off(log_resistance: float) -> float:
        return middle_current(math.exp(log_resistance), parameters, middle) - middle

    known = math.log(parameters.heat.thermal_resistance)
    low, high = known - 7.0, known + 7.0
    if not off(low) > 0.0 > off(high):
        raise ParameterError(f"no thermal resistance melts this cell at {middle:g} A: is the amplitude in A?")
    return math.exp(brentq(off, low, high, xtol=1e-6))
