"""Jump table: steps at some weights, as measured or computed, straight lines between them.

At each weight of the table stand mean and std of a step up and of one down. Steps that are far from normal can be given
by their quantiles as well: the steps at standard normal deviates from -3 to 3 in equal distances, which a draw then
follows instead (their mean and std should be those given). The first step up after a RESET may have rows of its own:
from one and the same conductance, a device that was melted a moment ago takes another step than one that has
crystallized before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from pcmphys.cells.pulsed.laws.own import Own
from pcmphys.numerics.compile import law

_LONGEST = 10_000
REACH = 3.0
"""Standard normal deviate of the last quantile; a draw beyond it is this one."""
_FRESH = 5
"""Row after the weights and mean and std up and down: of mean and std of first steps where there are any."""


class JumpTableFloats(NamedTuple):
    """What the rows of a table are, for the law: quantiles of a direction, and whether the first step has its own."""

    quantiles: int = 0
    fresh: bool = False


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
    fresh_up: tuple[float, ...] = field(
        default=(), metadata={"unit": "1", "length": _LONGEST, "doc": "mean first step up after a RESET"}
    )
    fresh_up_std: tuple[float, ...] = field(
        default=(), metadata={"unit": "1", "length": _LONGEST, "doc": "std of a first step up after a RESET"}
    )
    fresh_up_quantiles: tuple[float, ...] = field(
        default=(), metadata={"unit": "1", "length": _LONGEST, "doc": "first steps up by deviate, as those of others"}
    )

    def inconsistency(self) -> str | None:
        """What does not go together, in words; None if all does."""
        lengths = {len(row) for row in (self.weight, self.up, self.up_std, self.down, self.down_std)}
        if len(lengths) > 1 or len(self.weight) < 2:
            return f"jump_table: expected five rows of one length, two or more; got {sorted(lengths)}"
        if not (np.diff(self.weight) > 0.0).all():
            return "jump_table.weight.value: expected weights that increase"
        fresh = {len(row) for row in (self.fresh_up, self.fresh_up_std)}
        if fresh not in ({0}, lengths) or (self.fresh_up_quantiles and fresh == {0}):
            return f"jump_table: expected fresh_up and its std at none or at all {len(self.weight)} weights"
        if min(*self.up_std, *self.down_std, *self.fresh_up_std) < 0.0:
            return "jump_table: expected no std below zero"
        counts = {len(row) for row in self._quantiles if row}
        if len(counts) > 1 or any(count % len(self.weight) or count < 2 * len(self.weight) for count in counts):
            return (
                f"jump_table: expected as many quantiles up as down, two or more a weight (of {len(self.weight)}); "
                f"got {' and '.join(str(len(row)) for row in self._quantiles)}"
            )
        return None

    @property
    def _quantiles(self) -> tuple[tuple[float, ...], ...]:
        """Those of steps up and down, and of first steps up where these have rows of their own."""
        both = self.up_quantiles, self.down_quantiles
        return (*both, self.fresh_up_quantiles) if self.fresh_up else both

    @property
    def _moments(self) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
        """Means and stds of the same."""
        both = [(self.up, self.up_std), (self.down, self.down_std)]
        return [*both, (self.fresh_up, self.fresh_up_std)] if self.fresh_up else both

    def pack(self) -> JumpTableFloats:
        """What the rows of `table` are."""
        count = max(len(row) for row in self._quantiles) // len(self.weight)
        return JumpTableFloats(count, bool(self.fresh_up))

    def table(self) -> np.ndarray:
        """The rows as the law takes them: weights, then means and stds by direction, then quantiles by direction."""
        rows = [np.reshape(given, (len(self.weight), -1)).T for given in self._quantiles]
        # a direction that is given by its moments alone keeps to them
        deviates = np.linspace(-REACH, REACH, self.pack().quantiles)[:, None]
        normal = [np.array(mean) + deviates * np.array(std) for mean, std in self._moments]
        quantiles = [part if len(part) else other for part, other in zip(rows, normal, strict=True)]
        return np.vstack([self.weight, *(row for pair in self._moments for row in pair), *quantiles])


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
def between(row: int, low: int, share: float, table: np.ndarray) -> float:
    """A row at a share of the way from a column to the next."""
    return table[row, low] + share * (table[row, low + 1] - table[row, low])


@law
def step(weight: float, up: bool, own: Own, table: np.ndarray, p: JumpTableFloats) -> tuple[float, float]:
    """Mean size of the next step in its direction, and its std; as far as it is the first one, that of a first step."""
    low, share = place(weight, table)
    row = 1 if up else 3
    mean, std = between(row, low, share, table), between(row + 1, low, share, table)
    if up and p.fresh:
        mean += own.memory * (between(_FRESH, low, share, table) - mean)
        std += own.memory * (between(_FRESH + 1, low, share, table) - std)
    factor = own.up if up else own.down
    return factor * mean, factor * std


@law
def drawn(weight: float, up: bool, deviate: float, own: Own, table: np.ndarray, p: JumpTableFloats) -> float:
    """Size of the next step in its direction at a standard normal deviate."""
    if p.quantiles < 2:
        mean, std = step(weight, up, own, table, p)
        return mean + std * deviate
    low, share = place(weight, table)
    at = (min(max(deviate, -REACH), REACH) + REACH) * (p.quantiles - 1) / (2.0 * REACH)
    below = min(int(at), p.quantiles - 2)
    rest = at - below
    direction = 0 if up else 1
    if up and p.fresh and own.memory > 0.5:
        direction = 2
    row = _FRESH + (2 if p.fresh else 0) + below + p.quantiles * direction
    left = table[row, low] + rest * (table[row + 1, low] - table[row, low])
    right = table[row, low + 1] + rest * (table[row + 1, low + 1] - table[row, low + 1])
    return (own.up if up else own.down) * (left + share * (right - left))
