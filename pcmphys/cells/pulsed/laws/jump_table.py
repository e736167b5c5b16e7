"""Jump table: steps at some weights, as measured or computed, straight lines between them.

At each weight of the table stand mean and std of a step up and of one down. Steps that are far from normal can be given
by their quantiles as well: the steps at standard normal deviates from -3 to 3 in equal distances, which a draw then
follows instead (their mean and std should be those given).

Steps up soon after a RESET may have rows of their own: from one and the same conductance, a device that was melted a
moment ago takes another step than one that has crystallized before. They come in groups, each of twice as many pulses
as there were before it: the first pulse, the second, the third and fourth, the fifth to eighth, and so on. Later ones
take the rows of all the others.
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
"""Row after the weights and mean and std up and down: of mean and std of the first pulses where they have their own."""
_GROUPS = 7
"""Most groups of first pulses: up to the 64th."""
FORGET = 0.5
"""What a pulse leaves of the memory of a RESET: after n of them it is 2^-n, which tells how many they were."""


class JumpTableFloats(NamedTuple):
    """What the rows of a table are, for the law: quantiles a weight, and groups of first pulses that have their own."""

    quantiles: int = 0
    fresh: int = 0


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
        default=(),
        metadata={
            "unit": "1",
            "length": _LONGEST,
            "doc": "mean up steps after a RESET, one group of pulses after the other",
        },
    )
    fresh_up_std: tuple[float, ...] = field(
        default=(), metadata={"unit": "1", "length": _LONGEST, "doc": "std of such a step"}
    )
    fresh_up_quantiles: tuple[float, ...] = field(
        default=(), metadata={"unit": "1", "length": _LONGEST, "doc": "such steps by deviate, as those of others"}
    )

    def inconsistency(self) -> str | None:
        """What does not go together, in words; None if all does."""
        lengths = {len(row) for row in (self.weight, self.up, self.up_std, self.down, self.down_std)}
        if len(lengths) > 1 or len(self.weight) < 2:
            return f"jump_table: expected five rows of one length, two or more; got {sorted(lengths)}"
        if not (np.diff(self.weight) > 0.0).all():
            return "jump_table.weight.value: expected weights that increase"
        count, fresh = len(self.weight), len(self.fresh_up)
        if fresh != len(self.fresh_up_std) or fresh % count or fresh > _GROUPS * count:
            return (
                f"jump_table: expected fresh_up and its std at none or at all {count} weights, once for each group of "
                f"first pulses, at most {_GROUPS}; got {fresh} and {len(self.fresh_up_std)} numbers"
            )
        if self.fresh_up_quantiles and not fresh:
            return "jump_table: expected fresh_up and its std beside fresh_up_quantiles; got none"
        if min(*self.up_std, *self.down_std, *self.fresh_up_std) < 0.0:
            return "jump_table: expected no std below zero"
        given = [(self.up_quantiles, count), (self.down_quantiles, count), (self.fresh_up_quantiles, fresh)]
        given = [(len(row), rows) for row, rows in given if row]
        if (
            any(size % rows or size < 2 * rows for size, rows in given)
            or len({size / rows for size, rows in given}) > 1
        ):
            return (
                f"jump_table: expected as many quantiles up as down, two or more a weight (of {count}); got "
                f"{' and '.join(f'{size} for {rows}' for size, rows in given)}"
            )
        return None

    @property
    def _moments(self) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
        """Means and stds of steps up and down, and up in each group of first pulses."""
        count = len(self.weight)
        groups = (slice(k, k + count) for k in range(0, len(self.fresh_up), count))
        return [
            (self.up, self.up_std), (self.down, self.down_std),
            *((self.fresh_up[part], self.fresh_up_std[part]) for part in groups),
        ]  # fmt: skip

    @property
    def _quantiles(self) -> list[tuple[float, ...]]:
        """Those of the same; none of what is given by its moments alone."""
        fresh = len(self.fresh_up) // len(self.weight)
        own = len(self.fresh_up_quantiles) // fresh if fresh else 0
        return [
            self.up_quantiles, self.down_quantiles,
            *(self.fresh_up_quantiles[k * own : (k + 1) * own] for k in range(fresh)),
        ]  # fmt: skip

    def pack(self) -> JumpTableFloats:
        """What the rows of `table` are."""
        count = max(len(row) for row in self._quantiles) // len(self.weight)
        return JumpTableFloats(count, len(self.fresh_up) // len(self.weight))

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
def group_of(memory: float, groups: int) -> int:
    """Group of first pulses that the next one belongs to, by the memory that is left; ``groups``: none of them."""
    group, edge = 0, FORGET
    while group < groups and memory <= edge:
        group, edge = group + 1, edge * edge
    return group


@law
def step(weight: float, up: bool, own: Own, table: np.ndarray, p: JumpTableFloats) -> tuple[float, float]:
    """Mean size of the next step in its direction, and its std."""
    low, share = place(weight, table)
    row = 1 if up else 3
    group = group_of(own.memory, p.fresh)
    if up and group < p.fresh:
        row = _FRESH + 2 * group
    factor = own.up if up else own.down
    return factor * between(row, low, share, table), factor * between(row + 1, low, share, table)


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
    block = 0 if up else 1
    group = group_of(own.memory, p.fresh)
    if up and group < p.fresh:
        block = 2 + group
    row = _FRESH + 2 * p.fresh + p.quantiles * block + below
    left = table[row, low] + rest * (table[row + 1, low] - table[row, low])
    right = table[row, low + 1] + rest * (table[row + 1, low + 1] - table[row, low + 1])
    return (own.up if up else own.down) * (left + share * (right - left))
