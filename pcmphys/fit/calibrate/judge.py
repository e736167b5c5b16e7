"""What a calibration is worth: errors of its numbers, and what random numbers and data that it did not see say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pcmphys.errors import ConvergenceError
from pcmphys.fit.calibrate.curves import CalibratedCurve
from pcmphys.fit.calibrate.search import Residuals
from pcmphys.fit.calibrate.simulations import Simulations, Task
from pcmphys.fit.engine.identify import determined
from pcmphys.fit.engine.result import Estimate, Goodness
from pcmphys.fit.experiments.experiment import Experiment

_AT_BOUND = 2e-3
"""Share of the way between the bounds that counts as being at one."""
_UNLIKELY = 0.01
"""Chance below which data and model are said not to agree, and errors are widened by what they are off."""


class Judged(NamedTuple):
    """Estimates and all that goes with them."""

    estimates: tuple[Estimate, ...]
    covariance: np.ndarray
    goodness: Goodness
    undetermined: tuple[str, ...]
    notes: tuple[str, ...]


def judged(residuals: Residuals, point: np.ndarray, units: Sequence[str]) -> Judged:
    r"""Errors at the end of a search.

    With residuals r in standard deviations, slopes J of them, and S the covariance that simulations of a limited
    number of devices add (from simulations with fresh random numbers), the covariance of the numbers is

    .. math:: H^{-1} J^T (1 + S / n) J H^{-1}, \qquad H = J^T J,

    n being the simulations that were averaged (McFadden 1989, of simulated moments).
    """
    search, free = residuals.search, residuals.free
    slopes = residuals.jacobian(point)
    end = residuals.many([point])[0]
    residuals.simulations.run(residuals.tasks(point, search.held_out))
    fresh = np.array([residuals.single(point, seed) for seed in search.held_out])
    failed = int(np.isnan(fresh).any(axis=1).sum())
    fresh = fresh[~np.isnan(fresh).any(axis=1)]
    if len(fresh) < 2:
        words = residuals.simulations.failure(residuals.tasks(point, search.held_out))
        raise ConvergenceError(
            f"calibration: of {search.fresh} simulations with fresh random numbers {failed} failed: {words}",
            residual=float("nan"),
            iterations=len(residuals.history),
        )
    deviations = (fresh - fresh.mean(axis=0)) / np.sqrt((len(fresh) - 1) * search.seeds)
    at_bound = ["low" if share < _AT_BOUND else "high" if share > 1.0 - _AT_BOUND else "" for share in point]
    moving = np.flatnonzero([not bound for bound in at_bound])
    names = [one.key for one in free]
    variance = 1.0 + (deviations**2).sum(axis=0)
    chi2 = float((end**2 / variance).sum())
    goodness = Goodness(end.size, moving.size, chi2, known=True)
    widened = float(np.sqrt(goodness.reduced)) if goodness.p < _UNLIKELY else 1.0
    found = determined(slopes[:, moving], [names[k] for k in moving], np.ones(moving.size), widened)
    shares = _with_simulation(found.covariance, slopes[:, moving], deviations) * widened**2
    covariance = np.full((point.size, point.size), np.nan)
    values = np.array(residuals.values(point))
    turn = np.array([one.slope(value) for one, value in zip(free, values, strict=True)])[moving]
    covariance[np.ix_(moving, moving)] = shares * np.outer(turn, turn)
    error = np.sqrt(np.diag(covariance))
    estimates = tuple(
        Estimate(one.key, float(values[k]), float(error[k]), units[k], "free", at_bound[k], one.low, one.high)
        for k, one in enumerate(free)
    )
    notes = _notes(estimates, residuals, goodness, widened, fresh, end, failed)
    return Judged(estimates, covariance, goodness, found.words, notes)


def _with_simulation(inverse: np.ndarray, slopes: np.ndarray, deviations: np.ndarray) -> np.ndarray:
    """Covariance with the part of the simulation's own scatter; what is open stays open."""
    known = np.isfinite(np.diag(inverse))
    part = np.where(np.isfinite(inverse), inverse, 0.0)
    moved = deviations @ slopes @ part
    found = inverse.copy()
    found[np.ix_(known, known)] += (moved.T @ moved)[np.ix_(known, known)]
    return found


def _notes(estimates, residuals: Residuals, goodness: Goodness, widened: float, fresh, end, failed: int):
    notes = [
        f"{one.name} ended at its {one.bound} bound, {one.value:g}: the data would have it beyond; it has no error, "
        "and the errors of the others are those with it held there"
        for one in estimates
        if one.bound
    ]
    if widened > 1.0:
        notes.append(
            f"data and model do not agree within the errors (p = {goodness.p:.2g}): errors of the numbers are widened "
            f"by {widened:.2f}"
        )
    seen = float(np.sqrt((end**2).mean()))
    new = float(np.sqrt((fresh.mean(axis=0) ** 2).mean()))
    notes.append(
        f"data that the search saw are off by {seen:.2f} errors (rms) with its own random numbers, by {new:.2f} in the "
        f"mean of {len(fresh)} others"
    )
    if failed:
        notes.append(f"{failed} of {failed + len(fresh)} simulations with other random numbers failed and are left out")
    if len(residuals.history) >= residuals.search.rounds:
        notes.append(
            f"the search was stopped after its {residuals.search.rounds} rounds, another might gain; sums of squares "
            f"at the last were {', '.join(f'{one:.4g}' for one in residuals.history[-3:])}"
        )
    return tuple(notes)


def curves(
    whole: Simulations, before: tuple[float, ...], after: tuple[float, ...], seeds: Sequence[int]
) -> tuple[CalibratedCurve, ...]:
    """Every quantity of every experiment at all places, also those held out, with random numbers not seen before."""
    every = range(len(whole.experiments))
    whole.run(Task(values, k, seed) for values in (before, after) for k in every for seed in seeds)
    found = []
    for k, experiment in enumerate(whole.experiments):
        for quantity, target in experiment.targets.items():
            old, new = (
                [part[quantity] for seed in seeds if not isinstance(part := whole.found[Task(values, k, seed)], str)]
                for values in (before, after)
            )
            empty = np.full((1, np.size(experiment.x)), np.nan)
            found.append(_curve(experiment, quantity, target, np.array(old or empty), np.array(new or empty)))
    return tuple(found)


def _curve(experiment: Experiment, quantity: str, target, old: np.ndarray, new: np.ndarray) -> CalibratedCurve:
    axis, words = experiment.axis, experiment.describe(quantity)
    return CalibratedCurve(
        experiment=experiment.title,
        quantity=quantity,
        label=words.words,
        unit=words.unit,
        axis=axis.words,
        axis_unit=axis.unit,
        x=np.asarray(experiment.x),
        value=np.asarray(target.value),
        error=np.asarray(target.error),
        held_out=np.asarray(target.held_out),
        found=new.mean(axis=0),
        found_error=new.std(axis=0, ddof=1) / np.sqrt(len(new)) if len(new) > 1 else np.full(new.shape[1], np.nan),
        before=old.mean(axis=0),
    )
