"""Jump table: mean and std of a step at some weights, as measured or computed, straight lines between them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pcmphys.cells.pulsed.laws.own import Own
from pcmphys.numerics.compile import law

_LONGEST = 10_000


@dataclass(frozen=True)
class JumpTable:
    """Parameters of a jump table; all rows have the same length."""

    weight: tuple[float, ...] = field(metadata={"unit": "1", "length": _LONGEST, "doc": "weights, increasing"})
    up: tuple[float, ...] = field(metadata={"unit": "1", "length": _LONGEST, "doc": "mean up step there"})
    up_std: tuple[float, ...] = field(metadata={"unit": "1", "length": _LONGEST, "doc": "std of an up step there"})
    down: tuple[float, ...] = field(metadata={"unit": "1", "length": _LONGEST, "doc": "mean size of a down step there"})
    down_std: tuple[float, ...] = field(metadata={"unit": "1", "length": _LONGEST, "doc": "std of a down step there"})

    def inconsistency(self) -> str | None:
        """What does not go together, in words; None if all does."""
        lengths = {len(row) for row in (self.weight, self.up, self.up_std, self.down, self.down_std)}
        if len(lengths) > 1 or len(self.weight) < 2:
            return f"jump_table: expected five rows of one length, two or more; got {sorted(lengths)}"
        if not (np.diff(self.weight) > 0.0).all():
            return "jump_table.weight.value: expected weights that increase"
        if min(*self.up_std, *self.down_std) < 0.0:
            return "jump_table: expected no std below zero"
        return None

    def table(self) -> np.ndarray:
        """The rows as the law takes them, shape (5, weights)."""
        return np.array([self.weight, self.up, self.up_std, self.down, self.down_std])


@law
def step(weight: float, up: bool, own: Own, table: np.ndarray) -> tuple[float, float]:
    """Mean size of the next step in its direction, and its std; beyond the ends of the table, what stands there."""
    last = table.shape[1] - 1
    low, high = 0, last
    while high - low > 1:
        middle = (low + high) // 2
        if table[0, middle] <= weight:
            low = middle
        else:
            high = middle
    share = min(max((weight - table[0, low]) / (table[0, high] - table[0, low]), 0.0), 1.0)
    row = 1 if up else 3
    factor = own.up if up else own.down
    mean = table[row, low] + share * (table[row, high] - table[row, low])
    std = table[row + 1, low] + share * (table[row + 1, high] - table[row + 1, low])
    return factor * mean, factor * std
