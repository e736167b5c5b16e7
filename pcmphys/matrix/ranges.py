"""Ranges of the converters at the bit lines, and known inputs that they can take."""

from __future__ import annotations

import numpy as np

HEADROOM = 1.1
"""Converter range over the largest current that sample or known inputs cause in the ideal matrix."""
_COLUMN_NORMS = 2.0
"""Converter range without sample inputs, in Euclidean norms of the strongest column."""


def default_range(current: np.ndarray, otherwise: float) -> float:
    """Range [A] for a tile whose weights give these currents (rows, columns) at full read voltage.

    ``otherwise`` [A] is the norm taken where there are none.
    """
    norm = np.sqrt((current**2).sum(axis=0)).max()
    return _COLUMN_NORMS * (float(norm) or otherwise)


def fitted(expected: np.ndarray, limit: float) -> float:
    """Factor by which known inputs are made weaker so that no current passes ``limit`` [A]; 1 if none does."""
    largest = float(np.abs(expected).max())
    # a clipped pattern would look like drift
    return 1.0 if largest <= limit else limit / (HEADROOM * largest)
