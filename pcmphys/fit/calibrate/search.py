"""Least squares of what is simulated: places to begin with, then steps of a trust region with wide differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pcmphys.errors import ConvergenceError
from pcmphys.fit.calibrate.free import Free
from pcmphys.fit.calibrate.simulations import Simulations, Task
from pcmphys.numerics import check

_FAILED = 1e3
"""Standard deviations by which every datum of a trial that failed is off: no better trial is ever refused for it."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """How much a calibration simulates, and from which random numbers.

    Parameters
    ----------
    seed : int
        Of the first simulation; the search uses ``seed``, ``seed + 1``, ..., the same ones in every trial.
    seeds : int
        Simulations of each experiment in a trial, averaged.
    trials : int
        Places all over the bounds that are tried first (a Sobol sequence); the search goes on from the best of them
        and of the start. None by default.
    rounds : int
        Most steps of the search.
    step : float
        Share of the way from bound to bound by which a number is moved, up and down, to see what depends on it: wide
        enough that a few devices more or less beyond some limit do not matter.
    fresh : int
        Simulations with random numbers that the search has not seen, at its end.
    """

    seed: int = 0
    seeds: int = 1
    trials: int = 0
    rounds: int = 12
    step: float = 0.04
    fresh: int = 8

    def __post_init__(self) -> None:
        check.integer("seed", self.seed, low=0, high=2**62)
        check.integer("seeds", self.seeds, low=1)
        check.integer("trials", self.trials, low=0)
        check.integer("rounds", self.rounds, low=1)
        check.integer("fresh", self.fresh, low=2)
        object.__setattr__(self, "step", check.number("step", self.step, "", 0.0, 0.25, low_open=True))

    @property
    def searched(self) -> range:
        """Random numbers of the search."""
        return range(self.seed, self.seed + self.seeds)

    @property
    def held_out(self) -> range:
        """Random numbers that it does not see."""
        return range(self.seed + self.seeds, self.seed + self.seeds + self.fresh)

    def evaluations(self, free: int) -> int:
        """Points at which all experiments are simulated, at most."""
        return self.trials + 1 + self.rounds * (2 * free + 1)


class Residuals:
    """Simulated minus measured, in standard deviations, of all data that the search sees; then the priors.

    Points are shares (free,) of the way from bound to bound.
    """

    def __init__(self, simulations: Simulations, free: Sequence[Free], search: Search) -> None:
        self.simulations, self.free, self.search = simulations, free, search
        self.history: list[float] = []

    def values(self, point: np.ndarray) -> tuple[float, ...]:
        """The numbers at a point."""
        return tuple(one.at(share) for one, share in zip(self.free, point, strict=True))

    def tasks(self, point: np.ndarray, seeds: Sequence[int] | None = None) -> list[Task]:
        """What is simulated for a point."""
        values = self.values(point)
        seeds = self.search.searched if seeds is None else seeds
        return [Task(values, k, seed) for k in range(len(self.simulations.experiments)) for seed in seeds]

    def many(self, points: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Residuals (data + priors,) at points; NaN where a trial failed."""
        self.simulations.run(task for point in points for task in self.tasks(point))
        return [self._of(point, self.search.searched) for point in points]

    def single(self, point: np.ndarray, seed: int) -> np.ndarray:
        """Residuals with one seed's random numbers, without running anything."""
        return self._of(point, (seed,))

    def _of(self, point: np.ndarray, seeds: Sequence[int]) -> np.ndarray:
        if self.simulations.failure(self.tasks(point, seeds)):
            return np.full(self.count + self.priors, np.nan)
        values, found = self.values(point), []
        for k, experiment in enumerate(self.simulations.experiments):
            parts = [self.simulations.found[Task(values, k, seed)] for seed in seeds]
            for quantity, target in experiment.targets.items():
                mean = np.mean([part[quantity] for part in parts], axis=0)  # type: ignore[index]
                used = target.used
                found.append(((mean - target.value) / target.error)[used])
        for one, value in zip(self.free, values, strict=True):
            if one.prior is not None:
                found.append(np.array([(value - one.prior[0]) / one.prior[1]]))
        return np.concatenate(found)

    @property
    def count(self) -> int:
        """Data that the search sees."""
        return sum(int(target.used.sum()) for one in self.simulations.experiments for target in one.targets.values())

    @property
    def priors(self) -> int:
        """Numbers with a prior."""
        return sum(one.prior is not None for one in self.free)

    def at(self, point: np.ndarray) -> np.ndarray:
        """Residuals at a point of the search; large ones where the trial failed."""
        found = self.many([point])[0]
        self.history.append(float(found @ found))
        return np.where(np.isfinite(found), found, _FAILED)

    def jacobian(self, point: np.ndarray) -> np.ndarray:
        """Slopes (data + priors, free) by differences over two steps, or one where the other side failed."""
        size, step = point.size, self.search.step
        moved = np.clip(point + step * np.concatenate([np.eye(size), -np.eye(size)]), 0.0, 1.0)
        *sides, here = self.many([*moved, point])
        slopes = np.empty((here.size, size))
        for k in range(size):
            high, low = (sides[k], moved[k, k]), (sides[size + k], moved[size + k, k])
            well = [(found, place) for found, place in (high, low, (here, point[k])) if np.isfinite(found).all()]
            if len(well) < 2:
                raise _given_up(f"{self.free[k].key} cannot be moved to either side", self, moved[k])
            (first, there), (second, back) = well[:2]
            slopes[:, k] = (first - second) / (there - back)
        return slopes


def best_start(residuals: Residuals, start: np.ndarray) -> np.ndarray:
    """The best of the start and of places all over the bounds."""
    search = residuals.search
    points = [start]
    if search.trials:
        from scipy.stats import qmc

        # a Sobol sequence keeps its balance in powers of two only; its first points are as good as any others
        many = qmc.Sobol(start.size, seed=search.seed).random(2 ** int(np.ceil(np.log2(search.trials))))
        points += list(many[: search.trials])
    found = residuals.many(points)
    if np.isnan(found[0]).any() and search.trials == 0:
        raise _given_up("the start failed", residuals, start)
    costs = [np.inf if np.isnan(one).any() else float(one @ one) for one in found]
    if not np.isfinite(costs).any():
        raise _given_up(f"all {len(points)} places tried failed, the start too", residuals, start)
    return points[int(np.argmin(costs))]


def _given_up(what: str, residuals: Residuals, point: np.ndarray) -> ConvergenceError:
    """The error of a search that cannot go on, with what the cell said at a point."""
    words = residuals.simulations.failure(residuals.tasks(point))
    return ConvergenceError(f"calibration: {what}: {words}", residual=float("nan"), iterations=len(residuals.history))


def least(residuals: Residuals, start: np.ndarray) -> np.ndarray:
    """The point with the least sum of squares that the search comes to."""
    from scipy.optimize import least_squares

    inside = np.clip(start, 1e-6, 1.0 - 1e-6)  # the trust region works between the bounds
    return least_squares(
        residuals.at,
        inside,
        jac=residuals.jacobian,
        bounds=(0.0, 1.0),
        ftol=1e-3,
        xtol=1e-3,
        gtol=1e-9,
        max_nfev=residuals.search.rounds,
    ).x
