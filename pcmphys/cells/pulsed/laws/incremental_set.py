"""Incremental SET of phase-change memory: steps that depend on the conductance and on the pulses since the last RESET.

Mean m1 G + c1 + A1 P and std m2 G + c2 + A2 P of the change by a pulse, where P = e^(-n/n0) of its number n since the
RESET. There is no step down; a RESET begins anew, and what was written must be written again (refresh).

References
----------
S. R. Nandakumar et al., J. Appl. Phys. 124, 152135 (2018); I. Boybat et al., Nat. Commun. 9, 2514 (2018).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.cells.pulsed.laws.own import Own
from pcmphys.numerics.compile import law


class IncrementalSetFloats(NamedTuple):
    """`IncrementalSet` for the law, in units of weight; ``forget`` is what a pulse leaves of the memory."""

    mean_slope: float = 0.0
    mean_offset: float = 0.0
    mean_memory: float = 0.0
    std_slope: float = 0.0
    std_offset: float = 0.0
    std_memory: float = 0.0
    forget: float = 1.0


@dataclass(frozen=True)
class IncrementalSet:
    """Parameters of incremental SET."""

    mean_slope: float = field(metadata={"unit": "1", "doc": "m1: mean change per conductance"})
    mean_offset: float = field(metadata={"unit": "S", "doc": "c1: constant part of the mean change"})
    mean_memory: float = field(metadata={"unit": "S", "doc": "A1: part of it that fades with the pulses"})
    std_slope: float = field(metadata={"unit": "1", "doc": "m2: std of a change per conductance"})
    std_offset: float = field(metadata={"unit": "S", "low": 0.0, "doc": "c2: constant part of the std"})
    std_memory: float = field(metadata={"unit": "S", "doc": "A2: part of it that fades with the pulses"})
    pulses: float = field(
        metadata={"unit": "1", "above": 0.0, "doc": "n0: pulses by which the fading parts lose a factor e"}
    )

    def pack(self, unit: float, zero: float) -> IncrementalSetFloats:
        """The numbers in weight, of a conductance ``zero`` [S] of weight 0 and ``unit`` [S] a weight of 1."""
        return IncrementalSetFloats(
            self.mean_slope,
            (self.mean_offset + self.mean_slope * zero) / unit,
            self.mean_memory / unit,
            self.std_slope,
            (self.std_offset + self.std_slope * zero) / unit,
            self.std_memory / unit,
            math.exp(-1.0 / self.pulses),
        )


@law
def step(weight: float, up: bool, own: Own, p: IncrementalSetFloats) -> tuple[float, float]:
    """Mean and std of the change by the next pulse; none for one down."""
    if not up:
        return 0.0, 0.0
    memory = own.memory * p.forget
    mean = p.mean_slope * weight + p.mean_offset + p.mean_memory * memory
    std = p.std_slope * weight + p.std_offset + p.std_memory * memory
    return own.up * mean, own.up * max(std, 0.0)
