"""Device-to-device spread: what is drawn once, when a device is made.

Each factor is log-normal around one; a device keeps it for life. Measured spreads of single causes are not published:
the numbers are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.numerics.compile import law
from pcmphys.numerics.elementary import exp

_LOG_STD = "std of the logarithm over devices"


@dataclass(frozen=True)
class VariabilityParameters:
    """Spread of each factor over devices."""

    heater_radius: float = field(metadata={"unit": "1", "low": 0.0, "doc": f"heater radius: {_LOG_STD}"})
    thermal_resistance: float = field(metadata={"unit": "1", "low": 0.0, "doc": f"thermal resistance: {_LOG_STD}"})
    growth: float = field(metadata={"unit": "1", "low": 0.0, "doc": f"growth velocity: {_LOG_STD}"})
    crystal_conductivity: float = field(metadata={"unit": "1", "low": 0.0, "doc": f"polycrystal: {_LOG_STD}"})
    amorphous_conductivity: float = field(metadata={"unit": "1", "low": 0.0, "doc": f"amorphous phase: {_LOG_STD}"})
    liner: float = field(metadata={"unit": "1", "low": 0.0, "doc": f"both liner resistances: {_LOG_STD}"})

    def pack(self) -> VariabilityFloats:
        """The same numbers as the laws take them."""
        return VariabilityFloats(
            self.heater_radius,
            self.thermal_resistance,
            self.growth,
            self.crystal_conductivity,
            self.amorphous_conductivity,
            self.liner,
        )


class VariabilityFloats(NamedTuple):
    """`VariabilityParameters` for the laws."""

    heater_radius: float
    thermal_resistance: float
    growth: float
    crystal_conductivity: float
    amorphous_conductivity: float
    liner: float


@law
def factor(spread: float, deviate: float) -> float:
    """Log-normal factor of median one: exp(spread * deviate).

    Examples
    --------
    >>> round(factor(0.1, 1.0), 4)
    1.1052
    """
    return exp(spread * deviate)
