"""The thermal resistance of a cell whose contact is half under melt at a known current."""

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
    >>> melted_share(50e-6, 0.95e6, p), melted_share(600e-6, 0.95e6, p)
    (0.0, 1.0)
    """
    heat, geometry = parameters.heat.pack(), parameters.geometry
    rise = heater_rise(current, heat) * resistance / heat.thermal_resistance
    needed = parameters.crystallization.melting_temperature - heat.ambient
    angles = (np.arange(SECTORS) + 0.5) * (2.0 * math.pi / SECTORS)
    angles = np.minimum(angles, 2.0 * math.pi - angles)
    reached = np.array([beside_filament(angle, current, heat) for angle in angles]) * rise / needed
    bound = math.sqrt(3.0) * geometry.front_roughness / (geometry.layer_thickness - geometry.heater_radius)
    if bound == 0.0:
        return float(np.mean(reached > 1.0))
    return float(np.clip(0.5 + (1.0 - 1.0 / np.maximum(reached, 1e-9)) / (2.0 * bound), 0.0, 1.0).mean())


def resistance_of(half: float, parameters: Any) -> float:
    """Thermal resistance [K/W] for which ``half`` [A] melts half of the contact."""
    low, high = 1e2, 1e10
    if not melted_share(half, low, parameters) < 0.5 < melted_share(half, high, parameters):
        raise ParameterError(f"no thermal resistance melts this cell at {half:g} A: is the amplitude in A?")
    for _ in range(100):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if melted_share(half, middle, parameters) < 0.5 else (low, middle)
    return math.sqrt(low * high)
