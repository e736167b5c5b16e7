"""Soft bounds against a reference: steps of `soft_bounds`, the weight counted from a device that is not pulsed.

The reference stands at the device's own symmetry point, or at zero, and misses it by an error of its own; so updates
that cancel lead to a weight of zero (N. Gong, M. J. Rasch et al., IEDM 2022). The steps are those of `soft_bounds`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pcmphys.cells.pulsed.laws.soft_bounds import SoftBounds
from pcmphys.numerics.compile import law


@dataclass(frozen=True)
class SoftBoundsReference(SoftBounds):
    """Parameters of soft bounds against a reference."""

    reference_spread: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std of the reference's error over devices"}
    )
    at_symmetry_point: float = field(
        default=0.0,
        metadata={
            "unit": "1", "low": 0.0, "high": 1.0, "doc": "share of the way from zero to the symmetry point where it is"
        },
    )  # fmt: skip


@law
def symmetry_point(up: float, down: float, low: float, high: float) -> float:
    """Weight at which steps up and down are alike, of a device with these steps at zero and these bounds."""
    if low < 0.0 < high:
        return (up - down) / (up / high - down / low)
    return 0.0
