"""Drift compensation: known inputs, and the one gain of a tile that they ask for."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from pcmphys.numerics.compile import kernel
from pcmphys.numerics.random import U64, Stream, uniform, words
from pcmphys.numerics.warn import warn

PATTERNS = 16
"""Known inputs of one read."""
COLUMN_PATTERNS = 512
"""Those for a gain a column: of a few, a column shows its errors sooner than its gain."""
_SEEN = 0.01
"""Least power of the expected outputs, over that of unrelated signs: below, weights cancel in all known inputs."""
CANCELLED = "its weights cancel in all known inputs"
UNRELATED = "what it puts out does not follow its weights"


@functools.lru_cache(maxsize=8)
def patterns(count: int, inputs: int) -> np.ndarray:
    """Fixed signs, shape (count, inputs): the same for every matrix."""
    signs = np.empty((count, inputs))
    _draw_signs(np.uint64(Stream.CALIBRATION), signs)
    return signs


@kernel
def _draw_signs(stream, signs):
    for row in range(signs.shape[0]):
        for k in range(signs.shape[1]):
            w0, w1, _, _ = words(U64(0), U64(k), U64(row), stream, 0)
            signs[row, k] = 1.0 if uniform(w0, w1) < 0.5 else -1.0


def gain_of(measured: np.ndarray, known: tuple[Any, ...], ideal: np.ndarray) -> tuple[float, str]:
    """Gain that brings the measured currents closest to the expected ones, and why it is left at 1 if it is.

    Parameters
    ----------
    measured : ndarray [A]
        Shape (patterns, columns).
    known : (voltage, expected, fit)
        Voltages [V] of the tile's word lines (patterns, rows), currents [A] that they should cause (patterns, columns),
        and the factor by which the voltages were smaller when they were measured.
    ideal : ndarray [S]
        Combined conductances (rows, columns) that the weights stand for.
    """
    voltage, expected, fit = known
    largest = np.abs(ideal).max()
    if largest == 0.0:
        return 1.0, ""
    power = ((voltage**2).sum(axis=0) * ((ideal / largest) ** 2).sum(axis=1)).sum()
    if not ((expected / largest) ** 2).sum() > _SEEN * power:
        return 1.0, CANCELLED
    match = fit * float((measured * expected).sum())
    return (match / float((measured * measured).sum()), "") if match > 0.0 else (1.0, UNRELATED)


def column_gains(measured: np.ndarray, known: tuple[Any, ...], ideal: np.ndarray) -> tuple[np.ndarray | float, str]:
    """A gain for each column, as `gain_of` finds that of the tile; columns that it would leave at 1 get the tile's."""
    whole, reason = gain_of(measured, known, ideal)
    if reason:
        return whole, reason
    found = np.full(measured.shape[1], whole)
    for column in range(found.size):
        one = slice(column, column + 1)
        gain, kept = gain_of(measured[:, one], (known[0], known[1][:, one], known[2]), ideal[:, one])
        if not kept and np.any(ideal[:, one]):
            found[column] = gain
    return found, ""


GAINS = {"tile": (gain_of, PATTERNS), "column": (column_gains, COLUMN_PATTERNS)}
"""What finds the gains of a tile, and from how many known inputs, by what has one."""


def warn_of_kept_gains(reasons: list[str]) -> None:
    """Say which tiles keep a gain of 1; ``reasons`` of all tiles, empty where there is none."""
    kept = [k for k, reason in enumerate(reasons) if reason]
    if kept:
        warn(
            f"{len(kept)} of {len(reasons)} tiles keep a gain of 1; of the first of them, tile {kept[0]}: "
            f"{reasons[kept[0]]}"
        )
