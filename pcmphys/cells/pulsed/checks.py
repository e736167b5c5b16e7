"""Checks of what users ask of devices that are trained in place."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.warn import warn

MOST_PULSES = 1_000_000
"""Most pulses of a train."""


def checked_counts(direction: ArrayLike, count: ArrayLike, shape: tuple[int, ...]) -> np.ndarray:
    """Signed numbers of pulses, of the population's shape; down is negative."""
    count = check.integer("count", count, 0, MOST_PULSES)
    given = check.array("direction", direction, "", empty=True)
    if given.ndim == 0 and abs(given) > 1.0:
        raise ParameterError(f"direction must be +1, 0 or -1; got {given:.10g}; count= says how many pulses")
    if given.ndim and given.shape != shape:
        raise ParameterError(f"direction must be +1, 0, -1 or have shape {shape}; got shape {given.shape}")
    if given.size and (given != np.rint(given)).any():
        raise ParameterError(
            f"direction must hold whole numbers of pulses; got {given[given != np.rint(given)].flat[0]:g}"
        )
    counts = np.broadcast_to(given * count, shape)
    if counts.size and np.abs(counts).max() > MOST_PULSES:
        raise ParameterError(
            f"direction times count must be at most {MOST_PULSES} pulses a device; got {np.abs(counts).max():.0f}"
        )
    return counts


def checked_targets(
    targets: ArrayLike, chosen: np.ndarray | None, shape: tuple[int, ...], cell: Any
) -> tuple[np.ndarray, int]:
    """Target conductances [S] of the population's shape within the cell's window, and how many were clipped to it."""
    if chosen is not None:
        targets = check.only("targets", targets, chosen, "S")
    targets = check.array("targets", targets, "S", 0.0, empty=True)
    if targets.ndim == 0:
        targets = np.full(shape, targets)
    if targets.shape != shape:
        raise ParameterError(f"targets must be a number or have shape {shape}; got shape {targets.shape}")
    low, high = cell.conductance_minimum, cell.conductance_maximum
    rounding = 1e-12 * high
    outside = (targets < low - rounding) | (targets > high + rounding)
    clipped = int((outside if chosen is None else outside & chosen).sum())
    if clipped:
        warn(
            f"targets: {clipped} of {targets.size} lie outside of the window [{low:g}, {high:g}] S of {cell.name} "
            f"and were clipped to it"
        )
    return np.clip(targets, low, high), clipped
