"""Jump table: steps at some weights, as measured or computed, straight lines between them.

At each weight of the table stand mean and std of a step up and of one down. Steps that are far from normal can be given
by their quantiles as well: the steps at standard normal deviates from -3 to 3 in equal distances, which a draw then
follows instead (their mean and std should be those given).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pcmphys.cells.pulsed.laws.own import Own
from pcmphys.numerics.compile import law

_LONGEST = 10_000
REACH = 3.0
"""Standard normal deviate of the last quantile; a draw beyond it is this one."""
_MOMENTS = 5
"""Rows of the table above those of the quantiles: weights, then mean and std up and down."""


@dataclass(frozen=True)
class JumpTable:
    """Parameters of a jump table; all rows have the same length."""

    weight: tuple[float, ...] = field(metadata={"unit": "1", "length": _LONGEST, "doc": "weights, increasing"})
    up: tuple[float, ...] = field(metadata={"unit": "1", "length": _LONGEST, "doc": "mean up step there"})
    up_std: tuple[float, ...] = field(metadata={"unit": "1", "length": _LONGEST, "doc": "std of an up step there"})
    down: tuple[float, ...] = field(metadata={"unit": "1", "length": _LONGEST, "doc": "mean size of a down step there"})
    down_std: tuple[float, ...] = field(metadata={"unit": "1", "length": _LONGEST, "doc": "std of a down step there"})
    up_quantiles: tuple[float, ...] = field(
        default=(), metadata={"unit": "1", "length": _LONGEST, "doc": "up steps by deviate, one weight after the other"}
    )
    down_quantiles: tuple[float, ...] = field(
        default=(), metadata={"unit": "1", "length": _LONGEST, "doc": "sizes of down steps by deviate, likewise"}
    )

    def inconsistency(self) -> str | None:
        """What does not go together, in words; None if all does."""
        lengths = {len(row) for row in (self.weight, self.up, self.up_std, self.down, self.down_std)}
        if len(lengths) > 1 or len(self.weight) < 2:
            return f"jump_table: expected five rows of one length, two or more; got {sorted(lengths)}"
        if not (np.diff(self.weight) > 0.0).all():
            return "jump_table.weight.value: expected weights that increase"
        if min(*self.up_std, *self.down_std) < 0.0:
            return "jump_table: expected no std below zero"
        counts = {len(row) for row in (self.up_quantiles, self.down_quantiles) if row}
        if len(counts) > 1 or any(count % len(self.weight) or count < 2 * len(self.weight) for count in counts):
            return (
                f"jump_table: expected as many quantiles up as down, two or more a weight (of {len(self.weight)}); "
                f"got {len(self.up_quantiles)} and {len(self.down_quantiles)}"
            )
        return None

    def table(self) -> np.ndarray:
        """The rows as the law takes them, shape (5 + quantiles up and down, weights)."""
        moments = [self.weight, self.up, self.up_std, self.down, self.down_std]
        rows = [np.reshape(given, (len(self.weight), -1)).T for given in (self.up_quantiles, self.down_quantiles)]
        count = max(len(part) for part in rows)
        # a direction that is given by its moments alone keeps to them
        deviates = np.linspace(-REACH, REACH, count)[:, None]
        normal = [
            np.array(mean) + deviates * np.array(std)
            for mean, std in ((self.up, self.up_std), (self.down, self.down_std))
        ]
        return np.vstack([moments, *(part if len(part) else other for part, other in zip(rows, normal, strict=True))])


@law
def place(weight: float, table: np.ndarray) -> tuple[int, float]:
    """Column before a weight, and how far it is from there to the next; beyond the ends of the table, its ends."""
    low, high = 0, table.shape[1] - 1
    while high - low > 1:
        middle = (low + high) // 2
        if table[0, middle] <= weight:
            low = middle
        else:
            high = middle
    return low, min(max((weight - table[0, low]) / (table[0, high] - table[0, low]), 0.0), 1.0)


@law
def step(weight: float, up: bool, own: Own, table: np.ndarray) -> tuple[float, float]:
    """Mean size of the next step in its direction, and its std."""
    low, share = place(weight, table)
    row = 1 if up else 3
    factor = own.up if up else own.down
    mean = table[row, low] + share * (table[row, low + 1] - table[row, low])
    std = table[row + 1, low] + share * (table[row + 1, low + 1] - table[row + 1, low])
    return factor * mean, factor * std


@law
def drawn(weight: float, up: bool, deviate: float, own: Own, table: np.ndarray) -> float:
    """Size of the next step in its direction at a standard normal deviate."""
    count = (table.shape[0] - _MOMENTS) // 2
    if count < 2:
        mean, std = step(weight, up, own, table)
        return mean + std * deviate
    low, share = place(weight, table)
    at = (min(max(deviate, -REACH), REACH) + REACH) * (count - 1) / (2.0 * REACH)
    below = min(int(at), count - 2)
    rest = at - below
    row = _MOMENTS + below + (0 if up else count)
    left = table[row, low] + rest * (table[row + 1, low] - table[row, low])
    right = table[row, low + 1] + rest * (table[row + 1, low + 1] - table[row, low + 1])
    return (own.up if up else own.down) * (left + share * (right - left))
