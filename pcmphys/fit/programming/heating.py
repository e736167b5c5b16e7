"""The thermal resistance of a cell whose contact comes under melt at a known current."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.physics import geometry as geometry_laws
from pcmphys.physics.heat import beside_filament, heater_rise
from pcmphys.physics.state import SECTORS
from pcmphys.physics.thermal import shape

_LEAST_RISE = 1e-9
"""Rise [K] that stands for none where one divides by it."""


def melted_share(current: float, resistance: float, parameters: Any) -> float:
    """Share of the contact that a current [A] melts, by the law of heat alone, for a thermal resistance [K/W].

    Of a crystalline cell: where b is a sector's part of the heater's rise, b R_th P falls to T_m - T_ambient at some
    distance from the heater (`pcmphys.physics.thermal.shape`). The sector melts if its own front, further out or in by
    a shift that is even within bounds, is beyond the heater's edge.

    Examples
    --------
    >>> import pcmphys
    >>> p = pcmphys.load_cell("ibm-90nm-doped-gst").parameters
    >>> melted_share(50e-6, 1.9e6, p), melted_share(600e-6, 1.9e6, p)
    (0.0, 1.0)
    """
    heat, geometry = parameters.heat.pack(), parameters.geometry
    # a SET cell has no more than the holding voltage
    power = current * (heat.on_voltage + heat.on_resistance * current)
    rise = heater_rise(power, current, True, heat) * resistance / heat.thermal_resistance
    needed = parameters.crystallization.melting_temperature - heat.ambient
    angles = (np.arange(SECTORS) + 0.5) * (2.0 * math.pi / SECTORS)
    angles = np.minimum(angles, 2.0 * math.pi - angles)
    level = needed / max(rise, _LEAST_RISE)
    row = np.empty(shape.ROW)
    shape.read_row(0.0, level, shape.table(geometry, parameters.heat), row)
    levels = [level / beside_filament(angle, current, heat) for angle in angles]
    front = np.array([shape.distance(own, row) for own in levels])
    bound = geometry_laws.farthest_shift(geometry.pack())
    if bound == 0.0:
        return float(np.mean(front > 0.0))
    span = geometry.layer_thickness - geometry.heater_radius
    return float(np.clip(0.5 + front * (span / shape.SHELLS) / (2.0 * bound), 0.0, 1.0).mean())


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
