"""What `pcmphys.fit.telegraph` returns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.result import FitResult
from pcmphys.numerics import check

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TelegraphFit(FitResult):
    """Traps found in a trace; everything of `FitResult` too.

    The parameters are ``level`` (all traps empty, in the middle of the trace), ``amplitude_1`` ... (drop when a trap is
    filled, the strongest first), ``drift`` (change over the whole trace), ``noise`` (standard deviation), all in the
    trace's unit, and ``capture_time_1`` ..., ``emission_time_1`` ... [s]: mean times in the empty
    and in the filled state.

    Attributes
    ----------
    time, trace : (reads,) array
        [s] from the first read on, and as given.
    drift_curve : (reads,) array
        The drift that was found, zero on average.
    levels : (states,) array
        Of each state, without drift; state 0 has all traps empty.
    filled : (states, traps) array of bool
        Whether each trap is filled in each state.
    occupancy : (states,) array
        Share of the reads in each state.
    state : (reads,) array of int
        The most likely one at each read.
    residual : (reads,) array
        Trace less drift and expected level.
    captures : (traps,) array
        Expected number of times that each was filled.
    criterion : dict
        Bayes' criterion by number of traps, as far as they were tried.
    interval_of_reads : float
        [s].
    unit : str
        Of the trace.
    """

    time: np.ndarray
    trace: np.ndarray
    drift_curve: np.ndarray
    levels: np.ndarray
    filled: np.ndarray
    occupancy: np.ndarray
    state: np.ndarray
    residual: np.ndarray
    captures: np.ndarray
    criterion: dict[int, float]
    interval_of_reads: float
    unit: str

    @property
    def traps(self) -> int:
        """Number of traps."""
        return self.filled.shape[1]

    @property
    def amplitudes(self) -> np.ndarray:
        """Of each trap, (traps,) [unit of the trace]."""
        return self._each("amplitude")

    @property
    def capture_times(self) -> np.ndarray:
        """Mean time in the empty state, (traps,) [s]."""
        return self._each("capture_time")

    @property
    def emission_times(self) -> np.ndarray:
        """Mean time in the filled state, (traps,) [s]."""
        return self._each("emission_time")

    def _each(self, name: str) -> np.ndarray:
        return np.array([self[f"{name}_{k + 1}"].value for k in range(self.traps)])

    def interval(self, name: str, probability: float = 0.95) -> tuple[float, float]:
        """Confidence interval ``(low, high)`` of a parameter [its unit]; of times, even in their logarithm."""
        from scipy.stats import norm

        one = self[name]
        chance = check.number("probability", probability, "", 0.0, 1.0, low_open=True)
        if chance == 1.0:
            raise ParameterError("probability must be below 1")
        width = float(norm.ppf(0.5 + 0.5 * chance)) * one.error
        if "time" in name:
            factor = math.exp(min(width / one.value, 700.0))
            return one.value / factor, one.value * factor
        return one.value - width, one.value + width

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw the trace with its levels, a part of it large, its histogram, and each read over the one before it.

        Written to ``path`` (type by its suffix) if one is given. Returns a matplotlib ``Figure``.
        """
        from pcmphys.fit.telegraph.figure import telegraph_figure

        return telegraph_figure(self, path)

    def to_dataset(self) -> xr.Dataset:
        """As `FitResult.to_dataset`, with the trace, the state of each read, and the levels with their occupancy."""
        at, each = ("time",), ("state_number",)
        columns = {
            "trace": (at, self.trace, self.unit, "read"),
            "state": (at, self.state, "1", "number of the most likely state"),
            "drift_curve": (at, self.drift_curve, self.unit, "drift that was found, zero on average"),
            "level": (each, self.levels, self.unit, "of each state, without drift"),
            "occupancy": (each, self.occupancy, "1", "share of the reads in each state"),
            "filled": ((*each, "trap"), self.filled, "1", "whether each trap is filled in each state"),
            "captures": (("trap",), self.captures, "1", "expected number of times that each was filled"),
        }
        return self.with_data(columns, {"time": (at, self.time, "s", "time since the first read")})
