"""Distributions as tables over normal scores: the value at z = -4 ... 4, linear between, flat beyond.

A normal distribution is a straight line in such a table, so that few nodes carry it exactly; any other one bends it. A
draw is one normal number and one linear interpolation, in any program. Quantiles of a sample alone would lose some of
its spread between the nodes: each table is shifted and stretched until its mean and standard deviation are the
sample's.
"""

from __future__ import annotations

import functools

import numpy as np
from scipy.special import ndtr, ndtri

REACH = 4.0
"""Largest normal score in a table: one draw of 30 000 lies beyond."""
NODES = 33
SCORES = np.linspace(-REACH, REACH, NODES)
"""Normal scores of a table's nodes."""


@functools.cache
def _weights() -> tuple[np.ndarray, np.ndarray]:
    """Of a table t: the mean is w @ t and the mean square t @ m @ t, for a normal z; w (nodes,), m (nodes, nodes)."""
    z = np.linspace(-REACH - 4.0, REACH + 4.0, 32_001)
    chance = np.exp(-0.5 * z * z)
    chance /= chance.sum()
    hats = np.array([np.interp(z, SCORES, one) for one in np.eye(NODES)])
    return hats @ chance, (hats * chance) @ hats.T


def mean_and_std(tables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of what is drawn from tables (..., nodes).

    Examples
    --------
    >>> mean, std = mean_and_std(5.0 + 2.0 * SCORES)
    >>> round(float(mean), 3), round(float(std), 3)
    (5.0, 2.0)
    """
    first, second = _weights()
    mean = tables @ first
    away = tables - mean[..., None]
    return mean, np.sqrt(np.maximum(np.einsum("...i,ij,...j->...", away, second, away), 0.0))


def tabulated(values: np.ndarray, *, least: float = -np.inf) -> np.ndarray:
    """Tables (..., nodes) of samples (..., devices), with the samples' means and standard deviations.

    ``least`` is what no value can be below: what lies there stays there, and the stretched rest is held above it.
    """
    raw = np.moveaxis(np.quantile(values, ndtr(SCORES), axis=-1, method="hazen"), 0, -1)
    mean, std = mean_and_std(raw)
    with np.errstate(divide="ignore", invalid="ignore"):
        stretch = np.where(std > 0.0, values.std(axis=-1) / std, 1.0)
    tables = values.mean(axis=-1)[..., None] + (raw - mean[..., None]) * stretch[..., None]
    return np.where(raw > least, np.maximum(tables, least), least)


def drawn(table: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Values of one table (nodes,) at normal scores."""
    return np.interp(z, SCORES, table)


def normal_scores(values: np.ndarray) -> np.ndarray:
    """The normal score of each value's rank (devices,); values that are alike follow in their order.

    Examples
    --------
    >>> normal_scores(np.array([3.0, 1.0, 2.0])).round(3)
    array([ 0.967, -0.967,  0.   ])
    """
    rank = np.empty(values.size)
    rank[np.argsort(values, kind="stable")] = np.arange(values.size)
    return ndtri((rank + 0.5) / values.size)


def coupling(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of the normal scores of two properties of the same devices; zero where one does not vary."""
    if np.ptp(one) == 0.0 or np.ptp(other) == 0.0:
        return 0.0
    return float(np.corrcoef(normal_scores(one), normal_scores(other))[0, 1])
