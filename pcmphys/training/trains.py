"""Trains of pulses: how often the lines of an array fire, so that where both do the weights change by an outer product.

A word line fires in a slot with a chance p proportional to |x|, a bit line with q proportional to |d|; a device takes a
step for each slot in which both do: on average n p q = rate |x d| / dw of n slots. With update management the number of
slots is no larger than needed and the largest chances of both sides are alike.

References
----------
T. Gokmen, Y. Vlasov, Front. Neurosci. 10, 333 (2016); update management: T. Gokmen, M. Onen, W. Haensch, Front.
Neurosci. 11, 538 (2017); in this form M. J. Rasch et al., arXiv:2104.02184 (2021).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.compile import kernel, launch, law

LONGEST = 64
"""Most slots of a train: a word of as many bits."""
_ROUNDING = 1e-12
"""By which a chance may lie above one and counts as one."""
KINDS = ("stochastic", "expected")


class LineLevels(NamedTuple):
    """Chances of lines to fire, of either sign, numbers of slots, and whether a chance above one is cut off.

    Of some updates: (updates, lines), or a number an update.
    """

    row: np.ndarray
    column: np.ndarray
    length: np.ndarray
    cut: np.ndarray


@dataclass(frozen=True)
class UpdateTrains:
    """How updates become pulses.

    Parameters
    ----------
    length : int
        Most slots of a train, 1 to 64.
    managed : bool
        Whether a train is shortened to what the update needs.
    balanced : bool
        Whether the largest chance of the word lines is made that of the bit lines; else the chances follow x and d as
        they are, and those above one are cut off there.
    pulses : {"stochastic", "expected"}
        Pulses as lines fire, or the mean change that they would make, without noise: a way to see what noise does. No
        pulse is sent then, and none is counted.

    Examples
    --------
    >>> trains = UpdateTrains(length=31)
    >>> levels = trains.levels(0.01 / 0.001, np.array([[1.0, 0.5]]), np.array([[-0.2]]))
    >>> levels.length, levels.row.round(3), levels.column.round(3)
    (array([2]), array([[1. , 0.5]]), array([[-1.]]))
    """

    length: int = 31
    managed: bool = True
    balanced: bool = True
    pulses: str = "stochastic"

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", check.integer("trains.length", self.length, 1, LONGEST))
        check.choice("trains.pulses", self.pulses, KINDS)
        for name in ("managed", "balanced"):
            if not isinstance(getattr(self, name), (bool, np.bool_)):
                raise ParameterError(f"trains.{name} must be True or False; got {getattr(self, name)!r}")

    def levels(self, steps: float, x: np.ndarray, d: np.ndarray) -> LineLevels:
        """Chances of the lines, update by update.

        Parameters
        ----------
        steps : float
            Rate over the size of a step: pulses of a product x d of one.
        x, d : ndarray
            Shapes (updates, word lines) and (updates, bit lines).
        """
        lines = LineLevels(
            np.empty(x.shape), np.empty(d.shape), np.empty(len(x), dtype=np.int64), np.empty(len(x), dtype=np.bool_)
        )
        launch(share_out, len(x), steps, (self.length, self.managed, self.balanced), x, d, lines)
        return lines


@kernel
def share_out(start, stop, steps, options, x, d, lines):
    """Chances of the lines of updates start..stop, into a `LineLevels`; options: length, managed, balanced."""
    longest, managed, balanced = options
    for s in range(start, stop):
        x_largest, d_largest = largest(x[s]), largest(d[s])
        needed = steps * x_largest * d_largest
        length = min(math.ceil(needed), longest) if managed and needed < longest else longest
        scale, ratio = math.sqrt(steps / max(length, 1)), 1.0
        if balanced and x_largest > 0.0 and d_largest > 0.0:
            ratio = math.sqrt(d_largest / x_largest)
        up, down = scale * ratio, scale / ratio
        for i in range(x.shape[1]):
            lines.row[s, i] = x[s, i] * up
        for j in range(d.shape[1]):
            lines.column[s, j] = d[s, j] * down
        lines.length[s] = length if needed > 0.0 else 0
        # lines of an update of zero do not fire, whatever their chance
        lines.cut[s] = needed > 0.0 and max(x_largest * up, d_largest * down) > 1.0 + _ROUNDING


@law
def largest(values: np.ndarray) -> float:
    """Largest magnitude; 0 of none."""
    found = 0.0
    for k in range(values.size):
        found = max(found, abs(values[k]))
    return found
