"""Power-law steps: scale (distance from the bound / distance between bounds)^gamma (M. J. Rasch et al. 2021)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.cells.pulsed.laws.own import Own
from pcmphys.numerics.compile import law
from pcmphys.numerics.elementary import exp, log

_CLOSEST = 1e-30
"""Relative distance from a bound that counts as the least: the logarithm needs one."""


class PowerFloats(NamedTuple):
    """`PowerSteps` for the law."""

    noise: float = 0.0


@dataclass(frozen=True)
class PowerSteps:
    """Parameters of power-law steps."""

    step: float = field(metadata={"unit": "1", "above": 0.0, "doc": "mean change of weight at the far bound"})
    exponent_up: float = field(metadata={"unit": "1", "low": 0.0, "doc": "gamma of up steps"})
    exponent_down: float = field(metadata={"unit": "1", "low": 0.0, "doc": "gamma of down steps"})
    exponent_spread: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std of both over devices, relative"}
    )
    noise: float = field(default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std from pulse to pulse, relative"})

    def pack(self) -> PowerFloats:
        """The numbers as the law takes them."""
        return PowerFloats(self.noise)


@law
def step(weight: float, up: bool, own: Own, p: PowerFloats) -> tuple[float, float]:
    """Mean size of the next step in its direction, and its std; ``own.first``, ``own.second`` are its exponents."""
    span = own.high - own.low
    if not span > 0.0:
        return 0.0, 0.0
    if up:
        size = own.up * exp(own.first * log(max((own.high - weight) / span, _CLOSEST)))
    else:
        size = own.down * exp(own.second * log(max((weight - own.low) / span, _CLOSEST)))
    return size, p.noise * size
