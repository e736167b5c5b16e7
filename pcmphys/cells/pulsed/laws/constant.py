"""Constant steps: a pulse changes the weight by the same amount wherever it stands (T. Gokmen, Y. Vlasov 2016)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.cells.pulsed.laws.own import Own
from pcmphys.numerics.compile import law


class ConstantFloats(NamedTuple):
    """`ConstantSteps` for the law."""

    noise: float = 0.0


@dataclass(frozen=True)
class ConstantSteps:
    """Parameters of constant steps."""

    step: float = field(metadata={"unit": "1", "above": 0.0, "doc": "mean change of weight by a pulse"})
    noise: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std of a step from pulse to pulse, relative to it"}
    )

    def pack(self) -> ConstantFloats:
        """The numbers as the law takes them."""
        return ConstantFloats(self.noise)


@law
def step(weight: float, up: bool, own: Own, p: ConstantFloats) -> tuple[float, float]:
    """Mean size of the next step in its direction, and its std."""
    size = own.up if up else own.down
    return size, p.noise * size
