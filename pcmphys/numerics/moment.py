"""Moments on the lab clock, and the time between two of them, with all digits of a short read after many years.

One float64 holds ten years to 60 ns: a read of 250 ns would be rounded, and after three hundred years lost. So a moment
is the sum of two floats, kept exactly by the error-free sum of D. E. Knuth, *The Art of Computer Programming*, vol. 2
(1969), sec. 4.2.2, theorem B.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pcmphys.errors import ParameterError


class Moment(NamedTuple):
    """A moment [s] as the sum of two floats.

    Attributes
    ----------
    seconds : float [s]
        The moment as one float.
    rest : float [s]
        What that leaves out.
    """

    seconds: float = 0.0
    rest: float = 0.0

    def after(self, duration: float) -> Moment:
        """The moment a duration [s] (of either sign) later.

        Examples
        --------
        >>> late = Moment(1e10)
        >>> late.after(250e-9).since(late), (1e10 + 250e-9) - 1e10
        (2.5e-07, 0.0)
        """
        total, lost = _sum(self.seconds, duration)
        return Moment(*_sum(total, self.rest + lost))

    def since(self, earlier: Moment) -> float:
        """Time [s] from an earlier moment to this one."""
        return (self.seconds - earlier.seconds) + (self.rest - earlier.rest)


def _sum(a: float, b: float) -> tuple[float, float]:
    """The sum of two floats as a float, and its rounding error as another: together exact."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def ages(now: Moment, moments: list[Moment]) -> np.ndarray:
    """Time [s] from each of some moments to now."""
    earlier = np.array(moments)
    return (now.seconds - earlier[:, 0]) + (now.rest - earlier[:, 1])


def require_finite(now: Moment, duration: float, name: str = "duration") -> None:
    """Refuse a duration [s] that the clock cannot go on by."""
    if not math.isfinite(now.seconds + duration):
        raise ParameterError(
            f"{name} must leave the lab clock finite: it stands at {now.seconds:g} s, the largest number is 1.8e308; "
            f"got {duration:g} s"
        )
