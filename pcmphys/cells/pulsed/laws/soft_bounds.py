"""Soft bounds: steps shrink linearly and are gone at the device's own bound, scale (1 - w / bound).

Without noise the weight after n pulses up from zero is b (1 - (1 - a/b)^n) with the step a at zero and the bound b.
Where up and down steps are alike the device is at its symmetry point, w* = (a+ - a-) / (a+/b+ - a-/b-): alternating
pulses lead there.

References
----------
Frascaroli et al., Sci. Rep. 8, 7178 (2018); in this form M. J. Rasch et al., arXiv:2104.02184 (2021).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.cells.pulsed.laws.own import Own
from pcmphys.numerics.compile import law


class SoftBoundsFloats(NamedTuple):
    """`SoftBounds` for the law."""

    noise: float = 0.0
    constant_noise: float = 0.0


@dataclass(frozen=True)
class SoftBounds:
    """Parameters of soft bounds."""

    step: float = field(metadata={"unit": "1", "above": 0.0, "doc": "mean change of a weight of zero by a pulse"})
    noise: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std from pulse to pulse, relative to the step"}
    )
    constant_noise: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "the same, relative to the step of a weight of zero"}
    )

    def pack(self) -> SoftBoundsFloats:
        """The numbers as the law takes them."""
        return SoftBoundsFloats(self.noise, self.constant_noise)


@law
def step(weight: float, up: bool, own: Own, p: SoftBoundsFloats) -> tuple[float, float]:
    """Mean size of the next step in its direction, and its std."""
    bound, scale = (own.high, own.up) if up else (own.low, own.down)
    # a device whose bound is on the wrong side of zero, or there, has steps that do not shrink
    there = bound > 0.0 if up else bound < 0.0
    size = scale * (1.0 - weight / bound) if there else scale
    return size, p.noise * abs(size) + p.constant_noise * scale
