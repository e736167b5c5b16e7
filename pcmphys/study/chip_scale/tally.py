"""How a closed loop went, counted piece by piece: its results may be larger than memory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

_AT_ONCE = 2**20
"""Devices that are read at once."""


class LoopTally(NamedTuple):
    """Devices by their number of pulses, those that did not converge and those that did, (2, pulses); rms error [S]."""

    counts: np.ndarray
    error: float

    @property
    def converged(self) -> float:
        """Share of the devices that converged."""
        return float(self.counts[1].sum() / self.counts.sum())

    @property
    def pulses(self) -> float:
        """Mean number of pulses."""
        return float((self.counts * np.arange(self.counts.shape[1])).sum() / self.counts.sum())


def tally(dataset: xr.Dataset) -> LoopTally:
    """Count the devices of a closed loop."""
    counts, square, devices = np.zeros((2, 0), dtype=np.int64), 0.0, dataset.sizes["device"]
    for first in range(0, devices, _AT_ONCE):
        part = dataset.isel(device=slice(first, first + _AT_ONCE))
        kind = 2 * part["loop_pulses"].values.astype(np.int64) + (part["loop_converged"].values > 0.5)
        new = np.bincount(kind, minlength=2 * counts.shape[1])
        new = np.append(new, np.zeros(new.size % 2, dtype=np.int64)).reshape(-1, 2).T
        counts = np.pad(counts, ((0, 0), (0, new.shape[1] - counts.shape[1]))) + new
        square += float(np.square(part["loop_error"].values).sum())
    return LoopTally(counts, math.sqrt(square / devices))
