"""A trace of reads of one device, as the fits of its noise take it: numbers at times, checked."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics import check

_REGULAR = 0.01
"""Part of an interval by which times may be off and still count as regular."""


class NoiseTrace(NamedTuple):
    """Reads at times."""

    time: np.ndarray
    """[s], from the first read on."""
    value: np.ndarray
    interval: float
    """Mean time between two reads [s]."""
    regular: bool
    missing: int
    """Reads that were left out."""


def trace_of(trace: Any, dt: Any, time: Any, missing: str, least: int) -> NoiseTrace:
    """A user's trace with an interval, or with times; ``least`` reads are needed."""
    check.choice("missing", missing, ("refuse", "skip"))
    value = check.measured("trace", check.with_gaps("trace", check.filled(trace), ndim=1))
    if (dt is None) == (time is None):
        raise ParameterError("give dt, the time between two reads in s, or time, one a read: one of the two")
    gap = np.isnan(value)
    if gap.any() and missing == "refuse":
        raise ParameterError(
            f"trace: {int(gap.sum())} of {gap.size} reads are missing, NaN or masked (first trace["
            f"{int(np.argmax(gap))}]); missing='skip' leaves them out"
        )
    if time is None:
        at = check.number("dt", dt, "s", 0.0, low_open=True) * np.arange(value.size)
    else:
        at = check.measured("time", check.array("time", time, "s", ndim=1), "s")
        if at.size != value.size:
            raise ParameterError(f"time must have one number a read, {value.size}; got {at.size}")
        check.increasing("time", at, "s")
    at, value = at[~gap], value[~gap]
    if value.size < least:
        raise ParameterError(f"trace must have at least {least} reads; it has {value.size}")
    if value.min() == value.max():
        raise ParameterError(
            f"trace is constant: all {value.size} reads are {value[0]:g}; is the instrument's resolution too coarse?"
        )
    steps = np.diff(at)
    regular = bool(np.abs(steps - steps.mean()).max() <= _REGULAR * steps.mean())
    return NoiseTrace(at - at[0], value, float(steps.mean()), regular, int(gap.sum()))


def resolution(value: np.ndarray) -> float:
    """The smallest step between two different reads, if reads come in steps at all: the instrument's; else 0."""
    levels = np.unique(value)
    if levels.size > 0.1 * value.size:
        return 0.0
    return float(np.diff(levels).min()) if levels.size > 1 else math.inf
