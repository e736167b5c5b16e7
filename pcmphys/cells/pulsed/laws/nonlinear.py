"""NeuroSim's nonlinear weight update, in a closed form of our own.

After P pulses from the low bound G = B (1 - e^(-P/A)) + Gmin, with P and A in units of the number of pulses from bound
to bound and B such that the last pulse arrives. So a step is a constant share of the distance to a bound that lies
farther out, B (1 - e^(-1/(A P_max))): soft bounds, in other words. Its label of nonlinearity is 10.1015 times the
largest distance of the curve from the straight line, at P* = -A ln(A (1 - e^(-1/A))).

References
----------
P.-Y. Chen, X. Peng, S. Yu, IEEE Trans. Comput.-Aided Des. 37, 3067 (2018), whose table of labels this form meets to
1e-5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from scipy.optimize import brentq

from pcmphys.cells.pulsed.laws.own import Own
from pcmphys.numerics import check
from pcmphys.numerics.compile import law

PER_DISTANCE = 10.1015
"""Label per relative distance from the straight line."""
_STRAIGHT = 1e6
"""Constant A from which on a curve counts as a straight line."""


class NonlinearFloats(NamedTuple):
    """`NonlinearSteps` for the law: where steps would end, from the bound that they come from, and share a pulse."""

    reach_up: float = 0.0
    reach_down: float = 0.0
    share_up: float = 0.0
    share_down: float = 0.0
    noise: float = 0.0


@dataclass(frozen=True)
class NonlinearSteps:
    """Parameters of nonlinear steps."""

    pulses_up: float = field(metadata={"unit": "1", "above": 1.0, "doc": "up pulses from bound to bound"})
    pulses_down: float = field(metadata={"unit": "1", "above": 1.0, "doc": "down pulses from bound to bound"})
    label_up: float = field(
        metadata={
            "unit": "1", "low": -10.0, "high": 10.0, "doc": "label; positive: the first up pulses do most"
        }
    )  # fmt: skip
    label_down: float = field(
        metadata={
            "unit": "1", "low": -10.0, "high": 10.0, "doc": "label; positive: the first down pulses do most"
        }
    )  # fmt: skip
    noise: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std from pulse to pulse, of the whole range"}
    )

    def pack(self) -> NonlinearFloats:
        """The numbers as the law takes them."""
        reach_up, share_up = _reach(self.label_up, self.pulses_up)
        reach_down, share_down = _reach(self.label_down, self.pulses_down)
        return NonlinearFloats(reach_up, reach_down, share_up, share_down, self.noise)


def label_of(constant: float) -> float:
    """Label of nonlinearity of the constant A.

    Parameters
    ----------
    constant : float
        In units of the number of pulses from bound to bound; negative for curves that begin flat.

    Examples
    --------
    >>> round(label_of(0.499180), 4)
    2.4
    """
    a = abs(check.number("constant", constant))
    if a == 0.0:
        return math.copysign(PER_DISTANCE, constant)
    if a >= _STRAIGHT:
        return 0.0
    whole = -math.expm1(-1.0 / a)
    furthest = -a * math.log(a * whole)
    return math.copysign(PER_DISTANCE * (-math.expm1(-furthest / a) / whole - furthest), constant)


def constant_of(label: float) -> float:
    """Constant A, in units of the number of pulses from bound to bound, of a label; infinite for a label of zero.

    Parameters
    ----------
    label : float
        Within [-10, 10].

    Examples
    --------
    >>> round(constant_of(4.88), 5)
    0.2003
    """
    size = abs(check.number("label", label, low=-10.0, high=10.0))
    if size < label_of(0.99 * _STRAIGHT):
        return math.inf
    found = brentq(lambda log_a: label_of(math.exp(log_a)) - size, math.log(1e-4), math.log(_STRAIGHT), xtol=1e-14)
    return math.copysign(math.exp(found), label)


def _reach(label: float, pulses: float) -> tuple[float, float]:
    """Where steps would end if they went on, of the range, and the share of the way there that one pulse goes.

    A curve that begins flat moves away from a point behind its start: then both are negative.
    """
    constant = constant_of(label)
    if math.isinf(constant):
        constant = _STRAIGHT
    return -1.0 / math.expm1(-1.0 / constant), -math.expm1(-1.0 / (constant * pulses))


@law
def step(weight: float, up: bool, own: Own, p: NonlinearFloats) -> tuple[float, float]:
    """Mean size of the next step in its direction, and its std; a device whose bounds meet does not move."""
    span = own.high - own.low
    if not span > 0.0:
        return 0.0, 0.0
    if up:
        size = own.up * p.share_up * (p.reach_up * span - (weight - own.low))
    else:
        size = own.down * p.share_down * (p.reach_down * span - (own.high - weight))
    return size, p.noise * span
