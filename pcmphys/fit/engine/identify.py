"""What data determine and what they leave open: covariance and words, from the singular values of the slopes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pcmphys.fit.engine.words import listed

_RANK = 1e-9
"""Singular value of the slopes, each scaled to length 1, over the largest, below which nothing is determined."""
_SHARE = 0.1
"""Part of a combination, over its largest, from which a parameter is named."""


class Determined(NamedTuple):
    """Covariance of unit scatter, (free, free), infinite on the diagonal of what is open; and the words."""

    covariance: np.ndarray
    words: tuple[str, ...]


def determined(slopes: np.ndarray, names: Sequence[str], sizes: np.ndarray, scatter: float) -> Determined:
    """What the slopes (n, free) of the residuals say of parameters of such ``sizes`` when residuals have this scatter.

    A combination of parameters is open where the slopes have (next to) no part of it: then the errors of all
    parameters in it are infinite. It is called poor where its standard error is larger than the parameters themselves;
    of a single parameter that is no more than its error says, and is left to it.
    """
    lengths = np.sqrt((slopes**2).sum(axis=0))
    silent = lengths == 0.0
    words = [f"{names[k]}: the data do not depend on it at all" for k in np.flatnonzero(silent)]
    scale = np.where(silent, 1.0, lengths)
    _, values, right = np.linalg.svd(slopes / scale, full_matrices=True)
    values = np.concatenate([values, np.zeros(right.shape[0] - values.size)])
    kept = values > _RANK * values[0] if values.size and values[0] > 0 else np.zeros(values.shape, dtype=bool)
    basis = right / scale  # rows: moves of the parameters
    covariance = (basis[kept].T / values[kept] ** 2) @ basis[kept]
    lost = silent.copy()
    for k in np.flatnonzero(~kept):
        part = np.abs(right[k])
        named = (part > _SHARE * part.max()) & ~silent
        lost |= part > 1e-6 * part.max()
        if named.sum() == 1:
            words.append(f"{names[int(np.flatnonzero(named)[0])]}: the data do not depend on it")
        elif named.any():
            words.append(f"only together, not each by itself: {_move(basis[k], names, sizes, named)}")
    if lost.any():
        covariance[lost, :] = covariance[:, lost] = np.nan
        covariance[lost, lost] = np.inf
    return Determined(covariance, tuple(words + _poor(covariance, names, sizes, scatter, lost)))


def _poor(covariance, names, sizes, scatter: float, lost) -> list[str]:
    """Combinations that are determined to no better than the size of the parameters, the largest error first."""
    known = np.flatnonzero(~lost)
    if known.size == 0 or not np.isfinite(scatter):
        return []
    relative = scatter**2 * covariance[np.ix_(known, known)] / np.outer(sizes[known], sizes[known])
    values, vectors = np.linalg.eigh(relative)
    words = []
    for value, vector in sorted(zip(values, vectors.T), key=lambda pair: -pair[0]):
        if not value > 1.0:
            break
        named = np.abs(vector) > _SHARE * np.abs(vector).max()
        if named.sum() < 2:
            continue
        full, mask = np.zeros(len(names)), np.zeros(len(names), dtype=bool)
        full[known], mask[known[named]] = vector * sizes[known], True
        words.append(f"hardly more than together: {_move(full, names, sizes, mask)}")
    return words


def _move(direction, names, sizes, named) -> str:
    """A move that the data do not notice: by how much of its size each parameter goes when the first goes 10 %."""
    relative = direction / sizes
    places = np.flatnonzero(named)
    places = places[np.argsort(-np.abs(relative[places]))]
    relative = relative * 10.0 / relative[places[0]]
    moves = [f"{names[k]} {'up' if relative[k] > 0 else 'down'} by {abs(relative[k]):.2g} %" for k in places]
    return f"{listed([names[k] for k in places])}; {listed(moves)} would fit about as well"
