"""Leak: the weight on a capacitor decays towards its rest, by a share a mini-batch.

How long a mini-batch lasts is a matter of the machine and not of the device, so lifetimes are published in batches
(Y. Li et al., VLSI 2018, as applied in aihwkit); ``batch_duration`` makes seconds of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pcmphys.numerics.compile import law
from pcmphys.numerics.elementary import exp, log1p


@dataclass(frozen=True)
class Leak:
    """Parameters of the leak."""

    lifetime: float = field(metadata={"unit": "1", "above": 1.0, "doc": "mini-batches in which 1/e is left"})
    spread: float = field(default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std of it over devices, relative"})
    batch_duration: float = field(
        default=1e-3, metadata={"unit": "s", "above": 0.0, "doc": "how long a mini-batch lasts"}
    )


@law
def rate_of(lifetime: float) -> float:
    """Share of the weight that is lost in a mini-batch: 1 over the lifetime, all of it below a lifetime of one."""
    return 1.0 / lifetime if lifetime > 1.0 else 1.0


@law
def kept(rate: float, batches: float) -> float:
    """Share of a weight that is left after some mini-batches, (1 - rate)^batches.

    Examples
    --------
    >>> round(kept(0.01, 100.0), 6)
    0.366032
    """
    if batches == 0.0 or rate == 0.0:
        return 1.0
    if rate >= 1.0:
        return 0.0
    # ln(1 - r) = -ln(1 + r / (1 - r)), with all digits of a small rate
    return exp(-batches * log1p(rate / (1.0 - rate)))
