"""The laws of `pcmphys.cells.statistical.laws` on tensors, number for number; a test holds the two together."""

from __future__ import annotations

import torch
from torch import Tensor

from pcmphys.cells.statistical.laws import SMALLEST_LEVEL, MomentFloats, StatisticalFloats


def moment(level: Tensor, log_level: Tensor, p: MomentFloats) -> Tensor:
    """Value of a moment at the normalised target ``level``; ``log_level`` is its natural logarithm."""
    below = p.log_slope * log_level + p.offset
    if p.power_factor != 0.0:
        below = below + p.power_factor * torch.exp(p.power_exponent * log_level)
    below = below.clamp(p.low, p.high)
    above = p.c0 + level * (p.c1 + level * (p.c2 + level * p.c3))
    return torch.where(level < p.split, below, above)


def logarithm_of_level(level: Tensor) -> Tensor:
    """Natural logarithm of a normalised target, held finite at zero."""
    return torch.log(level.clamp(min=SMALLEST_LEVEL))


def programming_spread(level: Tensor, p: StatisticalFloats) -> Tensor:
    """Standard deviation of the programmed conductance [S] at the normalised target ``level``."""
    return (p.e0 + level * (p.e1 + level * (p.e2 + level * p.e3))).clamp(min=0.0)


def programmed(target: Tensor, deviate: Tensor, p: StatisticalFloats) -> Tensor:
    """Conductance [S] after programming to ``target`` [S]."""
    level = target / p.conductance_maximum
    return (target + programming_spread(level, p) * deviate).clamp(min=0.0)


def drift_exponent(level: Tensor, log_level: Tensor, deviate: Tensor, p: StatisticalFloats) -> Tensor:
    """Drift exponent: the magnitude of a normal draw."""
    mean = moment(level, log_level, p.exponent_mean)
    return (mean + moment(level, log_level, p.exponent_spread) * deviate).abs()


def drifted(conductance: Tensor, exponent: Tensor, log_age: float) -> Tensor:
    """Conductance [S] after drift, ``log_age`` = ln(t/t_0), zero for any age below t_0."""
    return conductance * torch.exp(-exponent * log_age)
