"""Published moments of PCM arrays: programming error, drift exponent and read noise against the target.

A statistical cell knows no geometry: it draws from the moments that were measured over many devices, as functions of
the normalised target g = G_target / conductance_maximum.

References
----------
V. Joshi et al., Nat. Commun. 11, 2473 (2020); S. R. Nandakumar et al., IEEE ICECS (2019), 727-730.
Coefficients of each technology and their sources: the parameter files.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.numerics.compile import law
from pcmphys.numerics.elementary import exp, log

SMALLEST_LEVEL = 1e-12
"""Normalised targets below this count as this in the logarithms (all published laws are clipped long before)."""


@dataclass(frozen=True)
class PublishedMoment:
    """One moment as a function of g: a clipped logarithm plus power law below ``split``, a polynomial from there on."""

    log_slope: float = field(metadata={"unit": "1", "doc": "factor of ln g"})
    offset: float = field(metadata={"unit": "1", "doc": "constant term"})
    low: float = field(metadata={"unit": "1", "doc": "lower clip"})
    high: float = field(metadata={"unit": "1", "at_least": "low", "doc": "upper clip"})
    power_factor: float = field(default=0.0, metadata={"unit": "1", "doc": "factor a of a g^p"})
    power_exponent: float = field(default=0.0, metadata={"unit": "1", "doc": "exponent p of a g^p"})
    split: float = field(default=math.inf, metadata={"unit": "1", "low": 0.0, "doc": "g where the polynomial begins"})
    polynomial: tuple[float, ...] = field(
        default=(), metadata={"unit": "1", "length": 4, "doc": "ascending coefficients above the split"}
    )

    def pack(self) -> MomentFloats:
        """The same numbers as the laws take them."""
        c = (*self.polynomial, 0.0, 0.0, 0.0, 0.0)[:4]
        return MomentFloats(
            self.log_slope, self.offset, self.power_factor, self.power_exponent, self.low, self.high, self.split, *c
        )


class MomentFloats(NamedTuple):
    """`PublishedMoment` for the laws; the polynomial is c0 + c1 g + c2 g^2 + c3 g^3."""

    log_slope: float
    offset: float
    power_factor: float
    power_exponent: float
    low: float
    high: float
    split: float
    c0: float
    c1: float
    c2: float
    c3: float


class StatisticalFloats(NamedTuple):
    """`StatisticalParameters` for the laws."""

    conductance_maximum: float
    e0: float
    e1: float
    e2: float
    e3: float
    exponent_mean: MomentFloats
    exponent_spread: MomentFloats
    read_noise: MomentFloats


@dataclass(frozen=True)
class StatisticalParameters:
    """Parameters of a statistical cell."""

    conductance_maximum: float = field(metadata={"unit": "S", "above": 0.0, "doc": "conductance of g = 1"})
    reference_time: float = field(metadata={"unit": "s", "above": 0.0, "doc": "age at which drift starts to count"})
    read_duration: float = field(metadata={"unit": "s", "above": 0.0, "doc": "duration of the published read"})
    read_voltage: float = field(metadata={"unit": "V", "above": 0.0, "doc": "usual read voltage"})
    temperature: float = field(metadata={"unit": "K", "above": 0.0, "doc": "temperature of the measurement"})
    programming_error: tuple[float, ...] = field(
        metadata={"unit": "S", "length": 4, "doc": "std of programmed conductance, ascending powers of g"}
    )
    drift_exponent_mean: PublishedMoment = field(metadata={"doc": "mean drift exponent over devices"})
    drift_exponent_spread: PublishedMoment = field(metadata={"doc": "std of the drift exponent over devices"})
    read_noise: PublishedMoment = field(metadata={"doc": "relative read noise Q_s: std = G Q_s sqrt(ln((t + d) / 2d))"})
    trap_fastest: float = field(metadata={"unit": "s", "above": 0.0, "doc": "shortest correlation time of a trap"})
    trap_slowest: float = field(
        metadata={"unit": "s", "above": 0.0, "more_than": "trap_fastest", "doc": "longest correlation time of a trap"}
    )

    def pack(self) -> StatisticalFloats:
        """The numbers that the laws need, as nested tuples of floats."""
        return StatisticalFloats(
            self.conductance_maximum,
            *(*self.programming_error, 0.0, 0.0, 0.0, 0.0)[:4],
            self.drift_exponent_mean.pack(),
            self.drift_exponent_spread.pack(),
            self.read_noise.pack(),
        )


@law
def moment(level: float, log_level: float, p: MomentFloats) -> float:
    """Value of a moment at the normalised target ``level``; ``log_level`` is its natural logarithm.

    ``p`` is a `MomentFloats`. Published form: clip(a ln g + b, low, high) below the split, a cubic above it; the read
    noise of Nandakumar 2019 is min(a / g^p, cap).
    """
    below = p.log_slope * log_level + p.offset
    if p.power_factor != 0.0:
        below += p.power_factor * exp(p.power_exponent * log_level)
    below = min(max(below, p.low), p.high)
    above = p.c0 + level * (p.c1 + level * (p.c2 + level * p.c3))
    return below if level < p.split else above


@law
def moment_by_logarithm(level: float, log_level: float, p: MomentFloats) -> float:
    """A `moment` that has no power law: a loop over cells would work one out for each, and then not add it."""
    below = min(max(p.log_slope * log_level + p.offset, p.low), p.high)
    above = p.c0 + level * (p.c1 + level * (p.c2 + level * p.c3))
    return below if level < p.split else above


@law
def logarithm_of_level(level: float) -> float:
    """Natural logarithm of a normalised target, held finite at zero (see `SMALLEST_LEVEL`)."""
    return log(max(level, SMALLEST_LEVEL))


@law
def programming_spread(level: float, p: StatisticalFloats) -> float:
    """Standard deviation of the programmed conductance [S] at the normalised target ``level``, never negative.

    Joshi 2020, in the form of aihwkit pcm.py: a quadratic in g for the 90 nm cell.
    """
    return max(p.e0 + level * (p.e1 + level * (p.e2 + level * p.e3)), 0.0)


@law
def programmed(target: float, deviate: float, p: StatisticalFloats) -> float:
    """Conductance [S] of one device after programming to ``target`` [S]; a negative draw is a conductance of zero."""
    level = target / p.conductance_maximum
    return max(target + programming_spread(level, p) * deviate, 0.0)


@law
def drift_exponent(level: float, log_level: float, deviate: float, p: StatisticalFloats) -> float:
    """Drift exponent of one device: the magnitude of a normal draw, as the authors' own code has it."""
    mean = moment(level, log_level, p.exponent_mean)
    return abs(mean + moment(level, log_level, p.exponent_spread) * deviate)


@law
def drift_exponent_by_logarithm(level: float, log_level: float, deviate: float, p: StatisticalFloats) -> float:
    """`drift_exponent` where neither mean nor spread has a power law."""
    mean = moment_by_logarithm(level, log_level, p.exponent_mean)
    return abs(mean + moment_by_logarithm(level, log_level, p.exponent_spread) * deviate)


@law
def drifted(conductance: float, exponent: float, log_age: float) -> float:
    """Conductance [S] after drift: G (t/t_0)^-nu with ``log_age`` = ln(t/t_0), zero for any age below t_0."""
    return conductance * exp(-exponent * log_age)
