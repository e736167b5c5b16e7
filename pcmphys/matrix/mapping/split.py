"""How the magnitude of a weight is shared out among its devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics import check, labelled
from pcmphys.numerics.brief import fields
from pcmphys.numerics.frozen import Frozen

if TYPE_CHECKING:
    import xarray as xr

NAMED = ("equal", "most-significant-first", "least-significant-first")
"""Splits that `SeveralPairs` knows by name."""


def significances(pairs: int, factor: float) -> np.ndarray:
    """F^-k of pair k, the most significant first."""
    return factor ** -np.arange(pairs, dtype=float)


def shares(split: str, magnitude: np.ndarray, pairs: int, factor: float) -> np.ndarray:
    """Part of its span that each pair is asked for, shape (pairs, ...); ``magnitude`` is of the largest weight."""
    significance = significances(pairs, factor)
    if split == "equal":
        return np.broadcast_to(magnitude, (pairs, *magnitude.shape)).copy()
    rest = magnitude * significance.sum()
    parts = np.empty((pairs, *magnitude.shape))
    for k in range(pairs) if split == "most-significant-first" else reversed(range(pairs)):
        parts[k] = np.clip(rest / significance[k], 0.0, 1.0)
        # where a pair is not full nothing is left, though rounding would leave a trace
        rest = np.where(parts[k] < 1.0, 0.0, rest - significance[k])
    return parts


@dataclass(frozen=True, eq=False)
class Split(Frozen, labelled.Labelled):
    """Targets of all devices of a weight, tabulated against its magnitude; straight lines between the points.

    Parameters
    ----------
    magnitude : array_like
        Shape (points,), magnitude of the weight over the largest; increasing from 0 to 1.
    targets : array_like [S]
        Shape (points, 2 pairs): G+ and G- of the most significant pair, then of the next, for a positive weight. A
        negative weight swaps the devices of every pair.
    factor : float
        Significance of a pair over that of the next, F.

    Raises
    ------
    ParameterError
        Shapes that do not fit, negative conductances, or a largest weight that is no larger than none.

    Notes
    -----
    For the use with `SeveralPairs`; `optimise_split` makes one for a cell and a time.

    Examples
    --------
    The less significant pair first, then the other:

    >>> first = Split([0.0, 1 / 3, 1.0], [[0, 0, 0, 0], [0, 0, 2e-5, 0], [2e-5, 0, 2e-5, 0]], factor=2.0)
    >>> float(1e6 * first.full)
    30.0
    >>> (1e6 * first.at(np.array([0.5]))).round(3).T.tolist()
    [[5.0, 0.0, 20.0, 0.0]]
    """

    magnitude: np.ndarray
    targets: np.ndarray
    factor: float

    __repr__ = fields

    def __post_init__(self) -> None:
        magnitude = np.array(check.array("magnitude", self.magnitude, "", 0.0, 1.0, ndim=1))
        check.increasing("magnitude", magnitude)
        if magnitude.size < 2 or magnitude[0] != 0.0 or magnitude[-1] != 1.0:
            raise ParameterError(f"magnitude must go from 0 to 1; got {magnitude[0]:g} to {magnitude[-1]:g}")
        targets = np.array(check.array("targets", self.targets, "S", 0.0, ndim=2))
        if targets.shape[0] != magnitude.size or targets.shape[1] % 2:
            raise ParameterError(f"targets must have shape ({magnitude.size}, 2 pairs); got shape {targets.shape}")
        object.__setattr__(self, "factor", check.number("factor", self.factor, "", 1.0))
        for name, values in (("magnitude", magnitude), ("targets", targets)):
            values.flags.writeable = False
            object.__setattr__(self, name, values)
        if not self.full > 0.0:
            raise ParameterError("targets: the combined conductance must grow with the magnitude; it does not")

    @property
    def pairs(self) -> int:
        """Pairs of devices a weight."""
        return self.targets.shape[1] // 2

    @property
    def full(self) -> float:
        """Combined conductance [S] that stands for the largest weight: best straight line through all magnitudes."""
        combined = (self.targets[:, ::2] - self.targets[:, 1::2]) @ significances(self.pairs, self.factor)
        # weighted by the span of each point, so that a fine piece of the table counts no more than a coarse one
        width = np.gradient(self.magnitude)
        return float((width * self.magnitude * combined).sum() / (width * self.magnitude**2).sum())

    def to_dataset(self) -> xr.Dataset:
        """The split as an `xarray.Dataset`: targets of each device by the weight's magnitude, units as attributes."""
        pairs = self.targets.shape[1] // 2
        names = [f"{sign}{k}" for k in range(1, pairs + 1) for sign in "+-"]
        return labelled.dataset(
            "pcmphys split of a weight over its devices",
            {"target": (("magnitude", "device"), self.targets, "S", "target of the device of a positive weight")},
            {
                "magnitude": (("magnitude",), self.magnitude, "1", "magnitude of the weight over the largest"),
                "device": (("device",), names, "1", "sign and number of the pair, most significant first"),
            },
            factor=self.factor,
        )

    def at(self, magnitude: np.ndarray) -> np.ndarray:
        """Targets [S] of the devices, shape (2 pairs, ...), for magnitudes in [0, 1] of positive weights."""
        return np.stack([np.interp(magnitude, self.magnitude, column) for column in self.targets.T])
