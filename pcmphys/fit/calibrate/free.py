"""Numbers of a cell that a calibration may change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics import check


@dataclass(frozen=True)
class Free:
    """One number of a cell that may change, within bounds.

    Parameters
    ----------
    key : str
        Dotted key of the number, as ``pcmphys cells show`` lists them.
    low, high : float
        Bounds, in its unit. If both are positive the search goes in its logarithm.
    prior : (mean, standard deviation), optional
        What is known of it before, in its unit; counts as one more measurement.
    start : float, optional
        Where the search begins; the cell's own number by default.
    also : sequence of str
        Keys of other numbers that take the same value.

    Raises
    ------
    ParameterError
        Bounds that do not rise, a start outside of them, a prior without a spread.
    """

    key: str
    low: float
    high: float
    prior: tuple[float, float] | None = None
    start: float | None = None
    also: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.key, str) or not self.key:
            raise ParameterError(f"key must be the dotted key of a number; got {self.key!r}")
        for side in ("low", "high"):
            object.__setattr__(self, side, check.number(f"{side} of {self.key}", getattr(self, side)))
        if not self.low < self.high:
            raise ParameterError(f"bounds of {self.key} must rise; got low {self.low:g}, high {self.high:g}")
        if self.start is not None:
            check.number(f"start of {self.key}", self.start, "", self.low, self.high)
        if self.prior is not None:
            pair = check.array(f"prior of {self.key}", self.prior, ndim=1)
            if pair.size != 2 or not pair[1] > 0.0:
                raise ParameterError(f"prior of {self.key} must be (mean, standard deviation); got {self.prior!r}")
            object.__setattr__(self, "prior", (float(pair[0]), float(pair[1])))
        also = (self.also,) if isinstance(self.also, str) else tuple(self.also)
        object.__setattr__(self, "also", also)

    @property
    def logarithmic(self) -> bool:
        """Whether the search goes in the logarithm."""
        return self.low > 0.0

    def at(self, share: float) -> float:
        """The number at a share, 0 to 1, of the way from one bound to the other."""
        if share <= 0.0 or share >= 1.0:
            return self.low if share <= 0.0 else self.high
        if self.logarithmic:
            return self.low * math.exp(share * math.log(self.high / self.low))
        return self.low + share * (self.high - self.low)

    def share(self, value: float) -> float:
        """Inverse of `at`."""
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def slope(self, value: float) -> float:
        """How fast the number grows with the share, at a value of it."""
        return value * math.log(self.high / self.low) if self.logarithmic else self.high - self.low


def checked_free(free: Sequence[Free], cell: Any) -> tuple[np.ndarray, tuple[str, ...]]:
    """Shares where the search begins, and the unit of each number; all must be numbers of the cell, each named once."""
    chosen = list(free)
    if not chosen or not all(isinstance(one, Free) for one in chosen):
        raise ParameterError("free must be a sequence of Free, at least one")
    quantities = cell.technology.quantities
    keys = [key for one in chosen for key in (one.key, *one.also)]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise ParameterError(f"free: {twice} is named twice")
    start, units = [], []
    for one in chosen:
        for key in (one.key, *one.also):
            if key not in quantities:
                raise ParameterError(
                    f"free: {key!r} is no number of {cell.name}{check.suggest(key, quantities)}; it has "
                    f"{check.some(quantities)} (pcmphys cells show {cell.name} lists all)"
                )
            if isinstance(quantities[key].value, tuple):
                raise ParameterError(f"free: {key} is a list of coefficients, not one number")
        value = quantities[one.key].value if one.start is None else one.start
        unit = quantities[one.key].unit
        if not one.low <= value <= one.high:
            raise ParameterError(
                f"free: {one.key} is {value:g} {unit} in {cell.name}, outside of its bounds [{one.low:g}, "
                f"{one.high:g}]; widen them, or say where to start (start)"
            )
        start.append(one.share(value))
        units.append(unit)
    return np.clip(start, 0.0, 1.0), tuple(units)
