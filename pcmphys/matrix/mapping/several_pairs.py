"""A weight on several pairs of devices of falling significance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.matrix.mapping.base import Mapping, checked_ceiling, top
from pcmphys.matrix.mapping.split import NAMED, Split, shares, significances
from pcmphys.numerics import check

_ROUNDING = 1e-12
"""Relative excess of a target over the cell's range that is rounding."""


@dataclass(frozen=True)
class SeveralPairs(Mapping):
    """A weight on several pairs: w = scale sum_k F^-k (G_k+ - G_k-), pair 0 the most significant.

    Parameters
    ----------
    pairs : int
        Pairs of devices a weight.
    factor : float
        Significance of a pair over that of the next, F, at least 1.
    split : str or Split
        How a magnitude is shared out. "equal": every pair the same part of its span; "most-significant-first": the
        next pair only gets what is left over; "least-significant-first": a more significant pair only gets what the
        lesser ones cannot hold; or a `Split`, for example from `optimise_split`.
    ceiling : float [S] or None
        Largest conductance that a target may ask for; the cell's largest by default.

    Notes
    -----
    An error of the more significant pair counts F times as much, so that "least-significant-first" is the best of the
    named ones for most cells. Idle devices get the cell's least conductance. Not modelled: the circuit that weights
    the pairs (longer input pulses or current mirrors) and sums them is ideal; all pairs are read at once.

    References
    ----------
    C. Mackin et al., Nat. Commun. 13, 3765 (2022): two pairs of significance F, and how weights are split over them.

    Examples
    --------
    >>> mapping = SeveralPairs(pairs=2, factor=2.0, split="most-significant-first")
    >>> weights = np.array([[3.0, -1.0]])
    >>> scale = mapping.scale(weights, 2e-5)
    >>> (1e6 * mapping.targets(weights, scale, 2e-5)).round(3).tolist()
    [[[20.0, 0.0]], [[0.0, 10.0]], [[20.0, 0.0]], [[0.0, 0.0]]]
    """

    pairs: int = 2
    factor: float = 2.0
    split: str | Split = "equal"
    ceiling: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "pairs", check.integer("pairs", self.pairs, 1, 16))
        object.__setattr__(self, "factor", check.number("factor", self.factor, "", 1.0, 1e3))
        object.__setattr__(self, "ceiling", checked_ceiling(self.ceiling))
        if not isinstance(self.split, Split):
            if not isinstance(self.split, str):
                raise ParameterError(f"split must be one of {', '.join(NAMED)}, or a Split; got {self.split!r}")
            check.choice("split", self.split, NAMED)
        elif self.split.pairs != self.pairs or self.split.factor != self.factor:
            raise ParameterError(
                f"split is for {self.split.pairs} pairs of factor {self.split.factor:g}; got pairs={self.pairs}, "
                f"factor={self.factor:g}"
            )

    @property
    def arrays(self) -> int:
        """Physical arrays of a tile: two a pair."""
        return 2 * self.pairs

    def scale(self, weights: np.ndarray, conductance_maximum: float, conductance_minimum: float = 0.0) -> float:
        """Weight per combined conductance [1/S], sum_k F^-k (G_k+ - G_k-)."""
        highest = top(self.ceiling, conductance_maximum, conductance_minimum)
        if not isinstance(self.split, Split):
            full = (highest - conductance_minimum) * float(significances(self.pairs, self.factor).sum())
            return self.largest(weights) / full
        low, high = float(self.split.targets.min()), float(self.split.targets.max())
        if low < conductance_minimum * (1.0 - _ROUNDING) or high > highest * (1.0 + _ROUNDING):
            raise ParameterError(
                f"split must ask for conductances in S within [{conductance_minimum:g}, {highest:g}], the range of the "
                f"cell up to the ceiling; got {low:g} to {high:g} S"
            )
        return self.largest(weights) / self.split.full

    def targets(
        self, weights: np.ndarray, scale: float, conductance_maximum: float, conductance_minimum: float = 0.0
    ) -> np.ndarray:
        """Target conductances [S], shape (2 pairs, rows, columns): G_0+, G_0-, G_1+, G_1-, ..."""
        highest = top(self.ceiling, conductance_maximum, conductance_minimum)
        negative = weights < 0.0
        if isinstance(self.split, Split):
            magnitude = np.minimum(np.abs(weights) / (scale * self.split.full), 1.0)
            out = self.split.at(magnitude)
        else:
            span = highest - conductance_minimum
            full = span * float(significances(self.pairs, self.factor).sum())
            part = shares(self.split, np.minimum(np.abs(weights) / (scale * full), 1.0), self.pairs, self.factor)
            out = np.full((self.arrays, *weights.shape), conductance_minimum)
            out[::2] += span * part
        plus, minus = out[::2].copy(), out[1::2]
        out[::2] = np.where(negative, minus, plus)
        out[1::2] = np.where(negative, plus, minus)
        return np.clip(out, conductance_minimum, highest)

    def combine(self, values: Sequence[np.ndarray]) -> np.ndarray:
        """Sum of the pairs' differences, each with its significance."""
        total = values[0] - values[1]
        for k, significance in enumerate(significances(self.pairs, self.factor)[1:], 1):
            total = total + significance * (values[2 * k] - values[2 * k + 1])
        return total

    def ideal(
        self, weights: np.ndarray, scale: float, conductance_maximum: float, conductance_minimum: float = 0.0
    ) -> np.ndarray:
        """Combined conductance [S] that stands for ``weights``.

        A `Split` may aim beside it where devices err or drift one way, so it is not that of the targets.
        """
        if isinstance(self.split, Split):
            return weights / scale
        return super().ideal(weights, scale, conductance_maximum, conductance_minimum)
