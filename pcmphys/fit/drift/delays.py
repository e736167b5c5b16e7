"""The programming delay: the time on the tester's clock at which a device was programmed, where the reads tell it.

Drift counts from there, ``G = g0 ((t - delay) / t0)**-nu``. Each device is fitted at a row of trial delays, even in the
logarithm of the age of its first read, and the fits are weighed by their restricted likelihoods: all that is said of
the other parameters is averaged over the delay.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.drift import noise
from pcmphys.numerics import check

TRIALS = 25
"""Trial delays."""
REACH = 30.0
"""Factor by which the age of the first read may differ from its time, either way, unless the user gives a range."""
KNOWN = 0.3
"""Width of the interval of the logarithm of that age, as a part of the range, below which the delay is determined."""
_FAR = 12.0  # logarithm of a likelihood ratio that rules a delay out
_ROUNDS = 8


def given(delay: Any, traces: noise.Traces) -> np.ndarray | None:
    """The delay [s] of each device that the user states; None where it is to be found."""
    if delay is None:
        return np.zeros(len(traces.conductance))
    if isinstance(delay, str):
        check.choice("delay", delay, ("fit",))
        return None
    if np.ndim(delay) == 1:
        return None
    value = check.number("delay", delay, "s")
    _before(value, traces)
    return np.full(len(traces.conductance), value)


def sought(delay: Any, traces: noise.Traces) -> np.ndarray:
    """Youngest and oldest age [s] of the first read to try, (devices, 2)."""
    first = first_times(traces)
    if isinstance(delay, str):
        return np.stack([first / REACH, first * REACH], axis=1)
    low, high = check.array("delay", delay, "s", ndim=1, shape=(2,))
    if not low < high:
        raise ParameterError(
            f"delay must be a range of two rising numbers, 'fit', or one number; got {low:g}, {high:g}"
        )
    _before(high, traces)
    return np.stack([first - high, first - low], axis=1)


def first_times(traces: noise.Traces) -> np.ndarray:
    """Time of each device's first read [s], (devices,)."""
    return np.where(np.isnan(traces.conductance), np.inf, traces.time).min(axis=1)


def _before(delay: float, traces: noise.Traces) -> None:
    first = float(first_times(traces).min())
    if delay >= first:
        raise ParameterError(f"delay must be below the first read used, at {first:g} s; got {delay:g} s")


def search(traces: noise.Traces, ages: np.ndarray) -> tuple[list[np.ndarray], list[noise.BatchFits], np.ndarray]:
    """Delays (devices,) and fits of every trial, and the logarithm of each one's likelihood (devices, trials, models).

    The trials close in on the delays that the reads do not rule out, device by device.
    """
    first, even = first_times(traces), np.linspace(0.0, 1.0, TRIALS)
    low, high = np.log(ages).T
    prior = np.log(noise.first_prior(traces))
    for _ in range(_ROUNDS):
        place = low[:, None] + (high - low)[:, None] * even
        delay = [first - np.exp(part) for part in place.T]
        solved = [noise.solve(traces._replace(delay=one)) for one in delay]
        evidence = np.stack([one.mixture.evidence + one.peak[:, None] for one in solved], axis=1)
        total = np.logaddexp.reduce(evidence + prior, axis=2)
        near = total > total.max(axis=1, keepdims=True) - _FAR
        start = np.maximum(near.argmax(axis=1) - 1, 0)
        stop = np.minimum(TRIALS - near[:, ::-1].argmax(axis=1), TRIALS - 1)
        if (stop - start > TRIALS // 2).all():
            break
        rows = np.arange(len(low))
        low, high = place[rows, start], place[rows, stop]
    return delay, solved, evidence


def half_width(deviation: np.ndarray, share: np.ndarray, probability: float) -> np.ndarray:
    """Half-width about zero that holds so much of the shares (devices, trials), between trials by straight lines."""
    size = np.abs(deviation)
    order = np.argsort(size, axis=1)
    size, inside = np.take_along_axis(size, order, axis=1), np.take_along_axis(share, order, axis=1).cumsum(axis=1)
    return np.array([np.interp(probability, [0.0, *row], [0.0, *at]) for row, at in zip(inside, size, strict=True)])


def between(delay: np.ndarray, share: np.ndarray, probability: float) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the central interval of the delay [s], (devices,) each; ``delay`` falls along (devices, trials)."""
    inside = (share.cumsum(axis=1) - 0.5 * share)[:, ::-1]
    tails = (0.5 + 0.5 * probability, 0.5 - 0.5 * probability)
    rows = [np.interp(tails, 1.0 - row, at) for row, at in zip(inside, delay[:, ::-1], strict=True)]
    high, low = np.transpose(rows)
    return low, high


def undetermined(ages: np.ndarray, delay: list[np.ndarray], share: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Which devices' reads do not tell the delay, (devices,): what is left of the range is a good part of it."""
    place = np.log(np.maximum(first[:, None] - np.stack(delay, axis=1), 1e-300))
    mean = (share * place).sum(axis=1, keepdims=True)
    low, high = np.log(ages).T
    return 2.0 * half_width(place - mean, share, 0.6827) > KNOWN * (high - low)
