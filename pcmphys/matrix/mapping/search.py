"""Search over all sums of devices: the least variance of every sum, and the best sum for a weight."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_BINS = 2048
"""Sums that are told apart; of all in one bin the one of least variance is kept, with its exact mean."""
_NEARLY = 0.01
"""Excess over the least squared error that is accepted so that targets do not flicker from weight to weight."""


class Candidates(NamedTuple):
    """Sums of devices: mean [S], variance [S2], and which option each device takes (sums, devices)."""

    mean: np.ndarray
    variance: np.ndarray
    option: np.ndarray


def candidates(mean: np.ndarray, variance: np.ndarray, factors: np.ndarray) -> Candidates:
    """Sums ``factors`` @ (one option a device), by dynamic programming: device after device, best per bin.

    Parameters
    ----------
    mean, variance : ndarray
        Of the options of one device, shape (options,).
    factors : ndarray
        Factor of each device, shape (devices,).
    """
    found = Candidates(np.zeros(1), np.zeros(1), np.empty((1, 0), dtype=np.int32))
    number = np.arange(mean.size, dtype=np.int32)
    for factor in factors:
        total = (found.mean[:, None] + factor * mean).reshape(-1)
        spread = (found.variance[:, None] + factor**2 * variance).reshape(-1)
        width = (total.max() - total.min()) / _BINS or 1.0
        place = np.rint((total - total.min()) / width)
        # of equals the one that conducts less
        used = (found.option.sum(axis=1)[:, None] + number).reshape(-1)
        order = np.lexsort((used, spread, place))
        _, first = np.unique(place[order], return_index=True)
        kept = order[first]
        before, option = np.divmod(kept, mean.size)
        found = Candidates(
            total[kept], spread[kept], np.concatenate([found.option[before], number[option, None]], axis=1)
        )
    return found


def errors(sums: Candidates, gain: float, magnitude: np.ndarray) -> np.ndarray:
    """Expected squared errors (magnitudes, sums) after the gain [1/S]."""
    return (gain * sums.mean - magnitude[:, None]) ** 2 + gain**2 * sums.variance


def least_error(sums: Candidates, gain: float, magnitude: np.ndarray) -> np.ndarray:
    """Least expected squared error of each magnitude."""
    return errors(sums, gain, magnitude).min(axis=1)


def chosen(sums: Candidates, gain: float, magnitude: np.ndarray) -> np.ndarray:
    """Options of the devices (magnitudes, devices): of nearly the best sums the nearest to the last magnitude's."""
    table = errors(sums, gain, magnitude)
    last = sums.option[int(table[0].argmin())]
    out = []
    for row in table:
        near = sums.option[row <= (1.0 + _NEARLY) * row.min()]
        last = near[int(((near - last) ** 2).sum(axis=1).argmin())]
        out.append(last)
    return np.array(out)
