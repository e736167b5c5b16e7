"""A moment of a statistical cell from values at some levels: which of its published forms fits best."""

from __future__ import annotations

from typing import Any

import numpy as np

from pcmphys.cells.statistical.laws import SMALLEST_LEVEL
from pcmphys.numerics.warn import warn

COEFFICIENTS = 4
"""Of a polynomial that a statistical cell takes."""
CLIPPED = ("log_slope", "offset", "low", "high")
"""Numbers of a clipped logarithm, in their order."""
FAR = 0.05
"""Relative difference of a law from what it stands for from which on it is said."""
_INNER = 0.02
"""Of a moment's range: what is nearer to its end may be clipped."""


def constant(value: float) -> dict[str, Any]:
    """The numbers of a moment that is the same at all levels."""
    return dict(zip(CLIPPED, (0.0, value, value, value), strict=True))


def fitted_moment(text: str, level: np.ndarray, values: np.ndarray) -> dict[str, Any]:
    """The law of a moment that fits best: a clipped logarithm, a power, or a polynomial."""
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-9 * max(high, 1e-300):
        return constant(float(values.mean()))
    laws = [_logarithm(level, values), _polynomial(level, values)]
    if low > 0.0:
        laws.append(_power(level, values))
    found, law = min((one for one in laws if one is not None), key=lambda one: ((one[1] - values) ** 2).sum())
    off = np.abs(law - values).max() / high
    if off > FAR:
        warn(f"{text}: the law of a statistical cell is up to {100 * off:.2g} % of its largest value off")
    return found


def _logarithm(level: np.ndarray, values: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:
    low, high = float(values.min()), float(values.max())
    log = np.log(np.maximum(level, SMALLEST_LEVEL))

    def clipped(p: np.ndarray) -> np.ndarray:
        return np.clip(p[0] * log + p[1], low, high)

    from scipy.optimize import least_squares

    # clipped values tell nothing of the slope: begin from those between the clips, too
    inner = (values > low + _INNER * (high - low)) & (values < high - _INNER * (high - low))
    starts = [np.polyfit(log, values, 1)] + ([np.polyfit(log[inner], values[inner], 1)] if inner.sum() > 1 else [])
    fits = [least_squares(lambda p: clipped(p) - values, start, x_scale=np.abs(start) + 1e-3) for start in starts]
    slope, offset = min(fits, key=lambda one: one.cost).x.tolist()
    return dict(zip(CLIPPED, (slope, offset, low, high), strict=True)), clipped(np.array([slope, offset]))


def _power(level: np.ndarray, values: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:
    high = float(values.max())
    log = np.log(np.maximum(level, SMALLEST_LEVEL))
    below = values < (1.0 - _INNER) * high
    exponent, start = np.polyfit(log[below], np.log(values[below]), 1) if below.sum() > 1 else (0.0, np.log(high))
    law = np.minimum(np.exp(start + exponent * log), high)
    numbers = {"power_factor": float(np.exp(start)), "power_exponent": float(exponent)}
    return dict(zip(CLIPPED, (0.0, 0.0, 0.0, high), strict=True)) | numbers, law


def _polynomial(level: np.ndarray, values: np.ndarray) -> tuple[dict[str, Any], np.ndarray] | None:
    """None if it falls below zero anywhere."""
    found = np.polynomial.polynomial.polyfit(level, values, min(COEFFICIENTS - 1, level.size - 1))
    every, law = (np.polynomial.polynomial.polyval(at, found) for at in (np.linspace(0.0, 1.0, 101), level))
    numbers = {**constant(0.0), "split": 0.0, "polynomial": tuple(found.tolist())}
    return (numbers, law) if every.min() >= 0.0 else None
