"""Joule heat of the cell and the temperature it makes.

All that the cell takes, P = I V_cell with the heater's B I^2 in it, makes its hot spot warmer by R_th P. In the
on-state (`pcmphys.physics.switching`) the current flows in a filament of constant current density that fills the heater
only at ``filling_current``: below it the hot spot covers the part I / I_fill of the sectors and is hotter per watt by
(I_fill / I)^c. The current of the off-state is spread over the heater. A disk on a half space, whose spreading thermal
resistance goes as one over its radius, has c = 1/2; a column that loses its heat to its ends only, c = 1. Beside the
filament the temperature rise decays with the angle; along r it falls from the heater to the top electrode as heat that
flows through shells of crystal, glass and melt lets it (`pcmphys.physics.thermal`), and beyond the part ``melt_limit``
of that way nothing melts. Where the filament stands is drawn with each melt.

Not modelled: heat spread between cells, temperature dependence of the thermal resistance, latent heat,
thermoelectric effects, a filament that moves from pulse to pulse.

References
----------
Thermal resistance of a disk on a half space: H. S. Carslaw, J. C. Jaeger, *Conduction of Heat in Solids*, 2nd ed.
(1959), sec. 8.2. The melt limit and the law of the filament are ours, assumed; that current flows
in a region smaller than the dome was found by finite-element simulation (arXiv:2606.10262, abstract).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.numerics.compile import law
from pcmphys.numerics.elementary import exp, exp_in_chains, log
from pcmphys.physics.thermal.network import NetworkParameters

_LEAST_CURRENT = 1e-12
"""Current [A] that stands for none where one divides by it: its power is none at all."""
_LEAST_ANGLE = 1e-6
"""Half width [rad] of the thinnest filament, likewise."""


@dataclass(frozen=True)
class HeatParameters:
    """Voltage and heater of the on-state, and thermal resistance."""

    ambient: float = field(metadata={"unit": "K", "above": 0.0, "doc": "temperature of the surroundings"})
    thermal_resistance: float = field(metadata={"unit": "K/W", "above": 0.0, "doc": "hot spot's rise per power, R_th"})
    thermal_time: float = field(metadata={"unit": "s", "above": 0.0, "doc": "time constant of heating and cooling"})
    on_voltage: float = field(
        metadata={"unit": "V", "above": 0.0, "doc": "V_h, held by the on-state: A of the dynamic resistance A/I + B"}
    )
    on_resistance: float = field(metadata={"unit": "ohm", "above": 0.0, "doc": "heater, a part of the cell: B of it"})
    filling_current: float = field(
        metadata={"unit": "A", "above": 0.0, "doc": "current at which the on-state filament fills the heater"}
    )
    crowding: float = field(
        metadata={"unit": "1", "low": 0.0, "doc": "exponent c of the filament's rise per watt, (I_fill / I)^c"}
    )
    edge_drop: float = field(
        metadata={"unit": "1", "low": 0.0, "doc": "fall of the rise from the middle to the edge of a narrow filament"}
    )
    lateral_angle: float = field(
        metadata={"unit": "rad", "above": 0.0, "doc": "angle over which the rise beside the filament falls by e"}
    )
    largest_current: float = field(
        metadata={"unit": "A", "above": 0.0, "more_than": "filling_current", "doc": "end of the on-state's validity"}
    )
    melt_limit: float = field(
        metadata={
            "unit": "1",
            "above": 0.0,
            "high": 1.0,
            "doc": "largest part of the way to the top electrode that a pulse melts",
        }
    )
    network: NetworkParameters = field(metadata={"doc": "where the heat flows"})

    def pack(self) -> HeatFloats:
        """The same numbers as the laws of this file take them."""
        return HeatFloats(
            self.ambient,
            self.thermal_resistance,
            self.thermal_time,
            self.on_voltage,
            self.on_resistance,
            self.filling_current,
            self.crowding,
            self.edge_drop,
            self.lateral_angle,
            self.melt_limit,
        )


class HeatFloats(NamedTuple):
    """`HeatParameters` for the laws."""

    ambient: float
    thermal_resistance: float
    thermal_time: float
    on_voltage: float
    on_resistance: float
    filling_current: float
    crowding: float
    edge_drop: float
    lateral_angle: float
    melt_limit: float


@law
def narrowing(current: float, p: HeatFloats) -> float:
    """How much hotter per watt the on-state's hot spot is for being narrower than the heater: max(1, I_fill / I)^c.

    Examples
    --------
    >>> from pcmphys.physics.heat import HeatFloats
    >>> p = HeatFloats(300.0, 1.4e6, 1e-9, 0.8, 200.0, 440e-6, 0.5, 0.0, 0.5, 0.98)
    >>> narrowing(440e-6, p), narrowing(-110e-6, p)
    (1.0, 2.0)
    """
    return exp(p.crowding * log(max(p.filling_current / max(abs(current), _LEAST_CURRENT), 1.0)))


@law
def heater_rise(power: float, current: float, on: bool, p: HeatFloats) -> float:
    """Steady rise [K] of the hot spot for a power [W] and a current [A]: R_th P, times `narrowing` in the on-state.

    Examples
    --------
    0.4 V on a SET cell make little heat; 100 uA in the on-state crystallize:

    >>> from pcmphys.physics.heat import HeatFloats
    >>> p = HeatFloats(300.0, 2.17e6, 1e-9, 0.8, 200.0, 390e-6, 0.6, 0.0, 0.5, 0.98)
    >>> round(heater_rise(4e-6, 10e-6, False, p), 1), round(heater_rise(86e-6, 100e-6, True, p), 1)
    (8.7, 422.3)
    """
    return p.thermal_resistance * power * (narrowing(current, p) if on else 1.0)


@law
def beside_filament(angle: float, current: float, p: HeatFloats) -> float:
    """Part in [0, 1] of the filament's rise at an angle [rad] from its middle, for a current [A].

    Within pi I / I_fill of the middle it falls as a parabola, by ``edge_drop`` at the edge of a narrow filament and by
    nothing in one that fills the heater; outside of the filament it decays exponentially.

    Examples
    --------
    >>> from pcmphys.physics.heat import HeatFloats
    >>> p = HeatFloats(300.0, 1.4e6, 1e-9, 1.3, 1000.0, 440e-6, 0.5, 0.2, 0.5, 0.98)
    >>> beside_filament(0.0, 110e-6, p), round(beside_filament(math.pi / 4.0, 110e-6, p), 4)
    (1.0, 0.85)
    """
    part = min(abs(current) / p.filling_current, 1.0)
    edge = max(math.pi * part, _LEAST_ANGLE)
    # products with what is the same for all angles: a loop over angles divides once
    inside = min(abs(angle) * (1.0 / edge), 1.0)
    drop = p.edge_drop * (1.0 - part)
    return (1.0 - drop * inside * inside) * exp_in_chains(-max(abs(angle) - edge, 0.0) * (1.0 / p.lateral_angle))
