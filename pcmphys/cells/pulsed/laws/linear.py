"""Linear steps: they shrink linearly towards the bound, whatever the device's own bound (M. J. Rasch et al. 2021).

With the decrease g the step is scale (1 - g w / w_ref), where w_ref is the mean bound that the pulses go to: at it, a
share 1 - g of the step at zero is left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.cells.pulsed.laws.own import Own
from pcmphys.numerics.compile import law


class LinearFloats(NamedTuple):
    """`LinearSteps` for the law; ``per_maximum`` and ``per_minimum``: one over the mean bounds, 0 for a bound of 0."""

    per_maximum: float = 0.0
    per_minimum: float = 0.0
    noise: float = 0.0
    constant_noise: float = 0.0


@dataclass(frozen=True)
class LinearSteps:
    """Parameters of linear steps."""

    step: float = field(metadata={"unit": "1", "above": 0.0, "doc": "mean change of a weight of zero by a pulse"})
    decrease_up: float = field(
        metadata={"unit": "1", "low": 0.0, "high": 1.0, "doc": "share that an up step has lost at the bound"}
    )
    decrease_down: float = field(
        metadata={"unit": "1", "low": 0.0, "high": 1.0, "doc": "share that a down step has lost at the bound"}
    )
    decrease_up_spread: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std of decrease_up over devices"}
    )
    decrease_down_spread: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std of decrease_down over devices"}
    )
    noise: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std from pulse to pulse, relative to the step"}
    )
    constant_noise: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "the same, relative to the step of a weight of zero"}
    )

    def pack(self, minimum: float, maximum: float) -> LinearFloats:
        """The numbers as the law takes them; with the mean bounds."""
        per = (1.0 / bound if bound else 0.0 for bound in (maximum, minimum))
        return LinearFloats(*per, self.noise, self.constant_noise)


@law
def step(weight: float, up: bool, own: Own, p: LinearFloats) -> tuple[float, float]:
    """Mean size of the next step in its direction, and its std; ``own.first``, ``own.second`` are its decreases."""
    if up:
        size = own.up * (1.0 - own.first * weight * p.per_maximum)
        return size, p.noise * abs(size) + p.constant_noise * own.up
    size = own.down * (1.0 - own.second * weight * p.per_minimum)
    return size, p.noise * abs(size) + p.constant_noise * own.down
