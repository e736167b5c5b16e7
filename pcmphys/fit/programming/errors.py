"""Errors that hold although what one device does is correlated: what the fit would be without it, device by device.

The jackknife over devices, to first order: A. C. Cameron and D. L. Miller, J. Human Resources 50, 317 (2015), eq. 20
(CR3). It makes K.-Y. Liang and S. L. Zeger's sandwich, Biometrika 73, 13 (1986), wide enough for few devices.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

FEW = 10
"""Devices below which the scatter from device to device says too little by itself."""


def clustered(scores: np.ndarray, device: np.ndarray, slope: Callable[[int, int], np.ndarray]) -> np.ndarray:
    """Covariance (p, p) of what solves sum(scores) = 0.

    ``scores`` (n, p) are those of each datum, ``device`` (n,) says whose it is, and ``slope(i, j)`` (n,) is the
    derivative of each datum's score i by parameter j, of either sign.
    """
    _, number = np.unique(device, return_inverse=True)
    count, width = int(number.max()) + 1, scores.shape[1]
    sums = np.stack([np.bincount(number, column, minlength=count) for column in scores.T], axis=1)
    own = np.empty((count, width, width))
    for i in range(width):
        for j in range(width):
            own[:, i, j] = np.bincount(number, slope(i, j), minlength=count)
    whole = own.sum(axis=0)
    size = np.sqrt(np.abs(np.diag(whole)))
    size = np.where(size > 0.0, size, 1.0)  # parameters have units of very different size
    others = (whole - own) / np.outer(size, size)
    moves = (np.linalg.pinv(others) @ (sums / size)[..., None])[..., 0] / size
    return moves.T @ moves * ((count - 1) / count)
