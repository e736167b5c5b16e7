"""The equations that mean and spread of steps solve, step by step, and their slopes: for errors.

With r what a step is off the mean, w one over its variance, s the spread and u = r^2 - noise - s^2, the mean solves
sum(w r Z) = 0, Z the derivatives of the mean by its numbers (the state as read in the place of the state), and the
spread sum(w^2 u s S) = 0, S those of the spread. Weights move with the spread, which matters where the law does not
hold exactly: so the slopes are whole ones.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pcmphys.fit.programming.step_law import mean_step, step_spread, variance_of
from pcmphys.fit.programming.steps import Steps


class Equations:
    """Scores of the eight numbers of a law at its solution: 0 to 3 of the mean, 4 to 7 of the spread."""

    def __init__(self, steps: Steps, values: Mapping[str, float]):
        self._off = steps.change - mean_step(steps.state, steps.pulse, values)
        self._size = step_spread(steps.state, steps.pulse, values)
        noise = steps.noise(values["slope"])
        self._weight = 1.0 / variance_of(steps, values)
        self._excess = self._off**2 - noise - self._size**2
        # where the variance is at its least it does not move
        moves = (self._size > 0.0) & (self._weight * (self._size**2 + noise) > 1.0 - 1e-9)
        self._moves = np.where(moves, -2.0 * self._weight**2 * self._size, 0.0)
        self._mean, self._spread = _Shape(steps, values, ""), _Shape(steps, values, "spread_")
        self._state = _instrument(steps, self._weight)

    def scores(self) -> np.ndarray:
        """(steps, 8)."""
        columns = [self._weight * self._off * self._left(k) for k in range(4)]
        columns += [self._weight**2 * self._excess * self._size * self._spread.by(k) for k in range(4)]
        return np.stack(columns, axis=1)

    def slope(self, i: int, j: int) -> np.ndarray:
        """Derivative (steps,) of score i by number j."""
        if i < 4:
            return self._of_mean(i, j)
        return self._of_spread(i - 4, j)

    def _left(self, k: int) -> np.ndarray:
        return self._state if k == 0 else self._mean.by(k)

    def _of_mean(self, i: int, j: int) -> np.ndarray:
        if j >= 4:
            return self._moves * self._spread.by(j - 4) * self._off * self._left(i)
        return self._weight * (self._off * self._mean.twice(i, j) - self._left(i) * self._mean.by(j))

    def _of_spread(self, i: int, j: int) -> np.ndarray:
        weight, size, excess = self._weight, self._size, self._excess
        if j < 4:
            return -2.0 * weight**2 * size * self._spread.by(i) * self._off * self._mean.by(j)
        j -= 4
        both = self._spread.by(i) * self._spread.by(j)
        moved = 2.0 * weight * self._moves * excess * size * both
        return (
            moved + weight**2 * (excess - 2.0 * size**2) * both + weight**2 * excess * size * self._spread.twice(i, j)
        )


class _Shape:
    """Derivatives of slope G + offset + boost e^(-n / memory) by its four numbers."""

    def __init__(self, steps: Steps, values: Mapping[str, float], prefix: str):
        boost, memory = values[f"{prefix}boost"], values[f"{prefix}memory"]
        fresh = np.exp(-steps.pulse / memory)
        faded = fresh * steps.pulse / memory**2
        self._by = (steps.state, np.ones_like(fresh), fresh, boost * faded)
        self._faded, self._bent = faded, boost * faded * (steps.pulse / memory - 2.0) / memory

    def by(self, k: int) -> np.ndarray:
        return self._by[k]

    def twice(self, i: int, j: int) -> np.ndarray | float:
        """Second derivatives: only those of the exponential are not zero."""
        if {i, j} == {2, 3}:
            return self._faded
        return self._bent if i == j == 3 else 0.0


def _instrument(steps: Steps, weight: np.ndarray) -> np.ndarray:
    """The states (steps,) as read, about the means of their pulse: see `pcmphys.fit.programming.steps`."""
    number = np.unique(steps.pulse, return_inverse=True)[1]
    mean = np.bincount(number, weight * steps.state) / np.bincount(number, weight)
    about = steps.state - mean[number]
    return mean[number] + about / np.where(steps.part > 0.0, steps.part, 1.0)
