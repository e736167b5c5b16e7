"""What a piece of work takes of this machine: seconds of its thread, seconds on the clock, memory of the process."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

SPENT = ("cpu", "began", "elapsed", "peak_memory")
"""Of each piece: seconds of its thread [s], when it began [s, since 1970], how long it took [s], and the most memory
[bytes] that the process had held by its end."""


class Stopwatch:
    """Times the block under it: ``with Stopwatch() as watch: ...``, then ``watch.spent``."""

    def __enter__(self) -> Stopwatch:
        self._began, self._clock, self._thread = time.time(), time.perf_counter(), time.thread_time()
        return self

    def __exit__(self, *_: object) -> None:
        cpu, elapsed = time.thread_time() - self._thread, time.perf_counter() - self._clock
        values = (cpu, self._began, elapsed, peak_memory())
        self.spent: dict[str, np.ndarray] = {name: np.array(float(v)) for name, v in zip(SPENT, values, strict=True)}


def peak_memory() -> float:
    """Most memory [bytes] that this process has held so far; NaN where the system does not say."""
    try:
        import resource
    except ImportError:  # elsewhere than on POSIX
        return float("nan")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(most if sys.platform == "darwin" else 1024 * most)


def thread_seconds(tasks: dict[str, Callable[[], object]], rounds: int = 3) -> dict[str, float]:
    """Median seconds of this thread that each task takes; every round runs all of them, so that all see one weather.

    One run of each before is not counted.
    """
    found: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(rounds + 1):
        for name, task in tasks.items():
            before = time.thread_time()
            task()
            if turn:
                found[name].append(time.thread_time() - before)
    return {name: statistics.median(times) for name, times in found.items()}


def together_on_the_clock(began: np.ndarray, elapsed: np.ndarray) -> float:
    """Seconds on the clock in which any of these pieces was worked on, whatever lay between them.

    Examples
    --------
    >>> together_on_the_clock(np.array([0.0, 1.0, 10.0]), np.array([2.0, 2.0, 1.0]))
    4.0
    """
    total, end = 0.0, -np.inf
    for k in np.argsort(began):
        stop = began[k] + elapsed[k]
        total += max(stop - max(began[k], end), 0.0)
        end = max(end, stop)
    return float(total)
