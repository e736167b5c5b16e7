"""Least and largest of many numbers, in one pass as fast as they come from memory."""

from __future__ import annotations

import math

import numpy as np

from pcmphys.numerics.bits import bits_of, float_of
from pcmphys.numerics.compile import kernel, launch, law, spans, thread_count

_FEW = 2**17
"""Up to this many numbers NumPy is as fast, and no kernel has to be compiled."""
_ALL_BUT_SIGN = np.int64(2**63 - 1)


def extremes(values: np.ndarray) -> tuple[float, float]:
    """Least and largest of float64 numbers, NaN if one of them is; many are looked at on the threads at hand.

    Examples
    --------
    >>> extremes(np.array([2.0, -1.0, 3.0]))
    (-1.0, 3.0)
    """
    flat = values.reshape(-1)
    if flat.size < _FEW:
        return float(flat.min()), float(flat.max())
    runs = np.array(spans(flat.size, thread_count()))
    found = np.empty((len(runs), 2))
    launch(_find, len(runs), flat, runs, found, grain=1)
    least, largest = float(found[:, 0].min()), float(found[:, 1].max())
    return (math.nan, math.nan) if math.isnan(least) or math.isnan(largest) else (least, largest)


@kernel
def _find(start, stop, values, runs, found):
    for k in range(start, stop):
        least, largest = _keys(values[runs[k, 0] : runs[k, 1]])
        found[k, 0], found[k, 1] = _number(least), _number(largest)


@kernel
def _keys(values):
    least = largest = _key(values[0])
    for i in range(values.size):
        key = _key(values[i])
        least, largest = min(least, key), max(largest, key)
    return least, largest


@law
def _key(value):
    """A whole number that grows as the number does, -NaN below and NaN above all others.

    The least float64 of many is no vector code, as a NaN has to come through; the least whole number is.
    """
    bits = bits_of(value)
    return bits ^ ((bits >> np.int64(63)) & _ALL_BUT_SIGN)


@law
def _number(key):
    return float_of(key ^ ((key >> np.int64(63)) & _ALL_BUT_SIGN))
