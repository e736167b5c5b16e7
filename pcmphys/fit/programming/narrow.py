"""Branches whose width came out as nothing: how wide they may be all the same.

A ramp of width w looks like a spread of w / sqrt(12) from device to device: with few or noisy levels only the two
together are known. Where the best width is the least that levels show, onset and end are known no better than the
largest width that the levels allow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from pcmphys.fit.engine.result import Estimate
from pcmphys.fit.engine.solve import Fitted

_FACTORS = (1.5, 2.5, 3.5, 5.0, 7.0, 10.0)
"""Widths that are tried, in spreads."""


def widest(found: Fitted, name: str, spread: float, again: Callable[[str, float], Fitted]) -> float:
    """Largest width with which the sum of squares rises by one variance at most; ``again`` fits with it held."""
    best, variance = found.goodness.chi2, found.scale**2
    allowed = 0.0
    for factor in _FACTORS:
        risen = (again(name, factor * spread).goodness.chi2 - best) / max(variance, 1e-300)
        if risen > 1.0:
            # the rise goes with the fourth power of the width, which enters by its square
            return max(allowed, factor * spread / risen**0.25)
        allowed = factor * spread
    return allowed


def with_open_width(
    estimates: tuple[Estimate, ...], covariance: np.ndarray, open_: Mapping[tuple[str, str, str, str], float]
) -> tuple[tuple[Estimate, ...], np.ndarray]:
    """Errors with the width w of some branches open: onset w / 2 lower, end w / 2 higher, spread sqrt(w^2 / 12) less.

    ``open_`` has w by the names of onset, end, width and spread.
    """
    names = [one.name for one in estimates]
    covariance = covariance.copy()
    for (onset, end, width, spread), wide in open_.items():
        size = estimates[names.index(spread)].value
        less = size - np.sqrt(max(size**2 - wide**2 / 12.0, 0.0))
        move = np.zeros(len(names))
        for name, part in ((onset, -0.5 * wide), (end, 0.5 * wide), (width, wide), (spread, -less)):
            move[names.index(name)] = part
        held = names.index(width)
        covariance[held, :] = covariance[:, held] = 0.0
        covariance = covariance + np.outer(move, move)
    errors = np.sqrt(np.diag(covariance))
    return tuple(replace(one, error=float(error)) for one, error in zip(estimates, errors)), covariance
