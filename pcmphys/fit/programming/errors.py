"""Errors that hold although what one device does is correlated: what the fit would be without it, device by device.

The jackknife over devices, to first order: A. C. Cameron and D. L. Miller, J. Human Resources 50, 317 (2015), eq. 20
(CR3). It makes K.-Y. Liang and S. L. Zeger's sandwich, Biometrika 73, 13 (1986), wide enough for few devices.
"""

from __future__ import annotations

import numpy as np

FEW = 10
"""Devices below which the scatter from device to device says too little by itself."""


def clustered(scores: np.ndarray, device: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Covariance (p, p) of what solves sum(scores) = 0; arguments as `moves`."""
    return covariance_of(moves(scores, device, left, right))


def covariance_of(moved: np.ndarray) -> np.ndarray:
    """Covariance (p, p) from what each device left out moves, (devices, p)."""
    count = moved.shape[0]
    return moved.T @ moved * ((count - 1) / count)


def moves(scores: np.ndarray, device: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """By how much (devices, p) the solution of sum(scores) = 0 moves without each device.

    ``scores`` (n, p) are those of each datum, ``device`` (n,) says whose it is. The slopes of the scores are the sums
    of ``left`` (n, p) times ``right`` (n, p), row by row.
    """
    _, number = np.unique(device, return_inverse=True)
    count, width = int(number.max()) + 1, scores.shape[1]
    size = np.sqrt(np.abs((left * right).sum(axis=0)))
    size = np.where(size > 0.0, size, 1.0)  # parameters have units of very different size
    left, right, scores = left / size, right / size, scores / size
    sums = np.stack([np.bincount(number, column, minlength=count) for column in scores.T], axis=1)
    own = np.empty((count, width, width))
    for i in range(width):
        for j in range(width):
            own[:, i, j] = np.bincount(number, left[:, i] * right[:, j], minlength=count)
    others = own.sum(axis=0) - own
    return (np.linalg.pinv(others) @ sums[..., None])[..., 0] / size
