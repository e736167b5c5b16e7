"""Law of the steps of a pulse train, mean and spread: see `pcmphys.fit.programming.train_law`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pcmphys.fit.programming.steps import Steps

_LEAST_SPREAD = 0.1
"""Part of the std of all steps below which a spread gives no more weight: a wrong law would sit on a few steps."""


def mean_step(state: np.ndarray, pulse: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    """Mean change [S] by pulses of these numbers from these states [S]."""
    return values["slope"] * state + values["offset"] + values["boost"] * np.exp(-pulse / values["memory"])


def step_spread(state: np.ndarray, pulse: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    """Std of the change [S], likewise; negative where the law would have less than none."""
    fresh = np.exp(-pulse / values["spread_memory"])
    return values["spread_slope"] * state + values["spread_offset"] + values["spread_boost"] * fresh


def variance_of(steps: Steps, values: Mapping[str, float]) -> np.ndarray:
    """Variance [S2] of each step as it is read, at least that of a hundredth of all of them."""
    spread = np.maximum(step_spread(steps.state, steps.pulse, values), 0.0)
    least = _LEAST_SPREAD**2 * float(np.var(steps.change))
    return np.maximum(spread**2 + steps.noise(values["slope"]), least)
