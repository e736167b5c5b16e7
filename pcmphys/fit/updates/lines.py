"""Straight lines through steps against conductance, with errors, noise and the spread over devices."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.updates.given import UpdateSteps

_FOR_WITHIN = 50
"""Steps a device from which on slopes are those within devices; with fewer these are biased by their own noise."""


class StepLine(NamedTuple):
    """Size of a step = ``size`` + ``slope`` (G - middle), and what is left about it."""

    size: float
    slope: float
    covariance: np.ndarray
    """Of both."""
    noise: float
    """Std of a step about the line [S], read errors taken off."""
    scales: np.ndarray
    """Factor of each device's steps on the line, and its error squared, (2, devices)."""
    residual: float
    """Sum of squares about the line [S2]."""


def line_through(steps: UpdateSteps, middle: float, read_error: float) -> StepLine:
    """Least squares; errors are those of independent steps.

    Where devices have many steps each, the slope is that within devices: of devices that differ for good, those with
    larger steps are found farther out, and a common line through all of them is flatter than that of any.
    """
    x, count = steps.before - middle, int(steps.device.max()) + 1
    if np.ptp(x) == 0.0:
        raise ParameterError("conductance must differ before the pulses; it is the same before all of one direction")
    own = np.bincount(steps.device, minlength=count)
    within = x.size >= _FOR_WITHIN * (own > 0).sum()
    mean_x, mean_y = x.mean(), steps.change.mean()
    centre_x, centre_y = (
        (np.bincount(steps.device, part, count) / np.maximum(own, 1))[steps.device] if within else part.mean()
        for part in (x, steps.change)
    )
    dx, dy = x - centre_x, steps.change - centre_y
    if not np.any(dx):
        raise ParameterError("conductance must differ before the pulses of a device; it does not")
    squares = float(np.sum(dx**2))
    slope = float(np.sum(dx * dy)) / squares
    size = mean_y - slope * mean_x
    freedom = x.size - 1 - ((own > 0).sum() if within else 1)
    residual = float(np.sum((dy - slope * dx) ** 2))
    variance = residual / max(freedom, 1)
    slope_variance = variance / squares
    covariance = np.array(
        [
            [variance / x.size + slope_variance * mean_x**2, -slope_variance * mean_x],
            [-slope_variance * mean_x, slope_variance],
        ]
    )
    line = size + slope * x
    line_squares = np.bincount(steps.device, line**2, count)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.bincount(steps.device, line * steps.change, count) / line_squares
        error = variance / line_squares
    noise = float(np.sqrt(max(variance - 2.0 * read_error**2, 0.0)))
    return StepLine(float(size), slope, covariance, noise, np.stack([scale, error]), residual)


def spread_of(lines: list[StepLine]) -> float:
    """Std of the devices' scales, what their errors make of it taken off; 0 of a single device."""
    scales = np.mean([line.scales[0] for line in lines], axis=0)
    errors = np.mean([line.scales[1] for line in lines], axis=0) / len(lines)
    good = np.isfinite(scales) & np.isfinite(errors)
    if good.sum() < 2:
        return 0.0
    return float(np.sqrt(max(np.var(scales[good], ddof=1) - errors[good].mean(), 0.0)))
