"""Reads of a programming curve, level by level, and which of its branches they show."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.programming.input import CurveReads

_SEEN = 5.0
"""Standard errors by which two levels must differ."""
_PART = 0.05
"""Part of the largest mean by which they must differ as well: less is drift, or wear."""
_ROBUST = 1.4826022185056018 / np.sqrt(6.0)
"""Std of numbers over the median magnitude of their second differences."""
_ENOUGH = 10
"""Degrees of freedom from which the scatter within levels is relied on."""


class LevelReads(NamedTuple):
    """Reads at each amplitude."""

    amplitude: np.ndarray
    """(levels,) [A or V], increasing."""
    count: np.ndarray
    mean: np.ndarray
    """[S]."""
    std: np.ndarray
    """Over the reads of a level [S]; NaN of one alone."""
    median: np.ndarray
    place: np.ndarray
    """(reads,) level of each read."""

    @property
    def dof(self) -> int:
        """Reads beyond the first of each level."""
        return int(self.count.sum() - self.count.size)

    @property
    def scatter(self) -> float:
        """Std of a read about its level's mean, all levels together [S]; NaN if levels have too few reads."""
        if self.dof < _ENOUGH:
            return np.nan
        more = self.count > 1
        return float(np.sqrt(((self.count - 1)[more] * self.std[more] ** 2).sum() / self.dof))


class Branches(NamedTuple):
    """What the curve does: the level of its largest mean, and whether it rises before and falls after it."""

    top: int
    rises: bool
    falls: bool


def levels(reads: CurveReads, least: int, what: str) -> LevelReads:
    """Reads by level; refused if there are too few levels."""
    amplitude, place = np.unique(reads.amplitude, return_inverse=True)
    if amplitude.size < least:
        raise ParameterError(
            f"a programming curve needs at least {least} {what}s with a read; got {amplitude.size}: "
            f"{', '.join(f'{one:.4g}' for one in amplitude)}"
        )
    count = np.bincount(place)
    mean = np.bincount(place, reads.conductance) / count
    squares = np.bincount(place, (reads.conductance - mean[place]) ** 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        std = np.sqrt(squares / (count - 1))
    split = np.split(reads.conductance, np.cumsum(count)[:-1])
    return LevelReads(amplitude, count, mean, std, np.array([np.median(one) for one in split]), place)


def branches(found: LevelReads, reads: CurveReads) -> Branches:
    """Whether the means rise to their largest, and fall from it, by more than the scatter explains."""
    error = _noise(found, reads) / np.sqrt(found.count)
    top = int(np.argmax(found.mean))
    swing = _PART * found.mean[top]

    def seen(part: slice) -> bool:
        low = part.start + int(np.argmin(found.mean[part]))
        drop = found.mean[top] - found.mean[low]
        return bool(drop > swing and drop > _SEEN * np.hypot(error[top], error[low]))

    return Branches(top, seen(slice(0, top + 1)), seen(slice(top, found.mean.size)))


def _noise(found: LevelReads, reads: CurveReads) -> float:
    """Std of a read [S] with what a device has of its own at all levels taken out."""
    if not np.isfinite(found.scatter):
        return float(_ROBUST * np.median(np.abs(np.diff(found.mean, 2))))
    rest = reads.conductance - found.mean[found.place]
    if not reads.told:
        return found.scatter
    own = np.bincount(reads.device, rest) / np.maximum(np.bincount(reads.device), 1)
    devices = np.unique(reads.device).size
    left = rest.size - found.mean.size - devices + 1
    if left < _ENOUGH:
        return found.scatter
    return float(np.sqrt(((rest - own[reads.device]) ** 2).sum() / left))
