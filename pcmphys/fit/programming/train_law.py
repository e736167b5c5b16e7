r"""Law of the steps of a pulse train, and its fit.

Mean and spread of a step by a pulse n from a state G are

.. math:: \mu = \alpha G + \beta + \gamma e^{-n/n_0}, \qquad \sigma = \alpha' G + \beta' + \gamma' e^{-n/n_0'} ,

the form of S. R. Nandakumar et al., J. Appl. Phys. 124, 152135 (2018) as re-implemented by others (second-hand; with
one memory n_0 for both there). Mean and spread are fitted in turn: the mean with the weights that the spread gives, the
spread to the squares of what is left, with the weights 1 / (2 variance^2) that it has itself (pseudo-likelihood: R. J.
Carroll and D. Ruppert, Transformation and Weighting in Regression (1988), ch. 3). All steps of one pulse number are
first packed into a few numbers that give the same sum of squares (QR): a million steps cost what a hundred do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from pcmphys.fit.engine.noise import Scatter
from pcmphys.fit.engine.parameter import Parameter
from pcmphys.fit.engine.search import free_names
from pcmphys.fit.engine.solve import Fitted, fitted
from pcmphys.fit.programming.equations import Equations
from pcmphys.fit.programming.errors import FEW, clustered
from pcmphys.fit.programming.step_law import mean_step, step_spread, variance_of
from pcmphys.fit.programming.steps import Steps

_ROUNDS = 12
_SETTLED = 1e-3
"""Change of all values, in standard errors, from which rounds end."""
_MOST = 30.0
"""Bound of what a pulse does, over the largest change that was seen."""
_ENOUGH_PULSES = 5
"""Pulse numbers from which a memory can be told."""


class TrainFit(NamedTuple):
    """Mean and spread as fitted, and the covariance of all values, device by device."""

    mean: Fitted
    spread: Fitted
    covariance: np.ndarray


def parameters_of(steps: Steps, memory: float | None) -> tuple[list[Parameter], list[Parameter]]:
    """Parameters of mean and spread with their starts; without an exponential where there are few pulse numbers."""
    numbers = np.unique(steps.pulse)
    plain = numbers.size < _ENOUGH_PULSES and memory is None
    slope, offset, boost, found = _start(steps, memory, plain)
    size = float(np.std(steps.change - slope * steps.state - offset - boost * np.exp(-steps.pulse / found)))
    most = _MOST * max(float(np.abs(steps.change).max()), size)
    last = 4.0 * float(numbers[-1]) + found
    result = []
    for prefix, start in (("", (slope, offset, boost)), ("spread_", (0.0, size, 0.1 * size))):
        level = min(max(start[1], -most), most)
        fresh = 0.0 if plain else min(max(start[2], -most), most)
        result.append(
            [
                Parameter(f"{prefix}slope", min(max(start[0], -2.0), 2.0), -2.0, 2.0),
                Parameter(f"{prefix}offset", level, -most, most, "S"),
                Parameter(f"{prefix}boost", fresh, -most, most, "S", fixed=plain),
                Parameter(f"{prefix}memory", found, min(0.3, 0.5 * found), last, fixed=plain or memory is not None),
            ]
        )
    return result[0], result[1]


def _start(steps: Steps, memory: float | None, plain: bool) -> tuple[float, float, float, float]:
    """Least squares without weights, over a grid of memories."""
    best = (np.inf, 0.0, 0.0, 0.0, memory or 1.0)
    grid = [memory or 1.0] if plain or memory is not None else np.geomspace(0.5, steps.pulse.max(), 8)
    for one in grid:
        fresh = np.zeros_like(steps.pulse) if plain else np.exp(-steps.pulse / one)
        columns = np.stack([steps.state, np.ones_like(steps.state), fresh], axis=1)
        scale = np.sqrt((columns**2).sum(axis=0))
        scale = np.where(scale > 0, scale, 1.0)
        inner = (columns / scale).T @ (columns / scale)
        found = np.linalg.pinv(inner, hermitian=True) @ ((columns / scale).T @ steps.change) / scale
        off = steps.change - columns @ found
        if off @ off < best[0]:
            best = (float(off @ off), *map(float, found), float(one))
    return best[1], best[2], best[3], best[4]


def fit_train(steps: Steps, memory: float | None) -> TrainFit:
    """Mean and spread of the steps, fitted in turn until neither changes."""
    order = np.argsort(steps.pulse, kind="stable")
    numbers, first = np.unique(steps.pulse[order], return_index=True)
    groups = [order[part] for part in np.split(np.arange(order.size), first[1:])]
    of_mean, of_spread = parameters_of(steps, memory)
    variance = np.full(steps.change.size, float(np.var(steps.change)))
    before = None
    for _ in range(_ROUNDS):
        mean = _fit_mean(steps, groups, numbers, 1.0 / variance, of_mean)
        values = _values(mean)
        noise = steps.noise(values["slope"])
        left = (steps.change - mean_step(steps.state, steps.pulse, values)) ** 2 - noise
        spread = _upright(_fit_spread(steps, groups, numbers, (left, variance), of_spread), steps)
        values |= _values(spread)
        variance = variance_of(steps, values)
        now = np.array(list(values.values()))
        errors = np.array([one.error for one in (*mean.estimates, *spread.estimates)])
        moved = np.abs(now - before) / np.where(errors > 0, errors, np.inf) if before is not None else np.array([1.0])
        before = now
        of_mean, of_spread = _from(of_mean, mean), _from(of_spread, spread)
        if np.nanmax(moved) < _SETTLED:
            break
    return TrainFit(mean, spread, _covariance(steps, mean, spread))


def _upright(found: Fitted, steps: Steps) -> Fitted:
    """The spread with the sign that makes most of it positive: its square is the same with either."""
    if step_spread(steps.state, steps.pulse, _values(found)).sum() >= 0.0:
        return found
    other = {"low": "high", "high": "low", "": ""}
    estimates = tuple(
        one if one.name == "spread_memory" else replace(one, value=-one.value, bound=other[one.bound])
        for one in found.estimates
    )
    sign = np.array([-1.0, -1.0, -1.0, 1.0])
    return found._replace(estimates=estimates, covariance=found.covariance * np.outer(sign, sign))


def _values(found: Fitted) -> dict[str, float]:
    return {one.name: one.value for one in found.estimates}


def _from(parameters: list[Parameter], found: Fitted) -> list[Parameter]:
    """The same, started where the last round ended."""
    values = _values(found)
    return [
        Parameter(one.name, values[one.name], one.low, one.high, one.unit, one.fixed, one.tied) for one in parameters
    ]


def _packed(columns: np.ndarray, groups: list[np.ndarray]) -> np.ndarray:
    """Rows (groups, k, k) whose sums of squares are those of all rows of ``columns`` (steps, k) of each group."""
    size = columns.shape[1]
    result = np.zeros((len(groups), size, size))
    for place, group in enumerate(groups):
        rows = np.linalg.qr(columns[group], mode="r")
        result[place, : rows.shape[0]] = rows
    return result


def _fit_mean(steps: Steps, groups, numbers, weight, parameters: list[Parameter]) -> Fitted:
    rows = np.zeros((len(groups), 3, 3))
    for place, group in enumerate(groups):
        root = np.sqrt(weight[group])
        columns = np.stack([steps.state[group], np.ones(group.size), steps.change[group]], axis=1)
        mean = (root**2 @ columns) / (root @ root)
        part = np.where(steps.part[group] > 0.0, steps.part[group], 1.0)
        about = (root / np.sqrt(part))[:, None] * (columns - mean)
        found = np.linalg.qr(np.vstack([np.sqrt(root @ root) * mean, about]), mode="r")
        rows[place, : found.shape[0]] = found

    def residual(values: dict[str, float]) -> np.ndarray:
        level = values["offset"] + values["boost"] * np.exp(-numbers / values["memory"])
        return (rows[..., 2] - rows[..., 0] * values["slope"] - rows[..., 1] * level[:, None]).ravel()

    return fitted(residual, parameters, Scatter(np.ones(3 * numbers.size), "linear"), "mean of steps")


def _fit_spread(steps: Steps, groups, numbers, data, parameters: list[Parameter]) -> Fitted:
    left, variance = data
    root = np.sqrt(0.5) / variance
    state = steps.state
    rows = _packed(np.stack([root, root * state, root * state**2, root * left], axis=1), groups)

    def residual(values: dict[str, float]) -> np.ndarray:
        level = values["spread_offset"] + values["spread_boost"] * np.exp(-numbers / values["spread_memory"])
        level, slope = level[:, None], values["spread_slope"]
        model = rows[..., 0] * level**2 + rows[..., 1] * (2.0 * level * slope) + rows[..., 2] * slope**2
        return (rows[..., 3] - model).ravel()

    return fitted(residual, parameters, Scatter(np.ones(4 * numbers.size), "linear"), "spread of steps")


def _covariance(steps: Steps, mean: Fitted, spread: Fitted) -> np.ndarray:
    """Covariance (8, 8) of all values, by leaving out device by device; NaN of what was held."""
    estimates = (*mean.estimates, *spread.estimates)
    varied = {*free_names(mean.solution.parameters), *free_names(spread.solution.parameters)}
    held = np.array([one.name not in varied for one in estimates])
    usual = np.full((8, 8), np.nan)
    usual[:4, :4], usual[4:, 4:] = mean.covariance, spread.covariance
    result = np.zeros((8, 8))
    free = np.flatnonzero(~held)
    if np.unique(steps.device).size > 1 and free.size:
        equations = Equations(steps, _values(mean) | _values(spread))
        result[np.ix_(free, free)] = clustered(
            equations.scores()[:, free], steps.device, lambda i, j: equations.slope(int(free[i]), int(free[j]))
        )
    if np.unique(steps.device).size < FEW:
        result = result + np.nan_to_num(usual, nan=0.0, posinf=0.0)
    result[held, :] = result[:, held] = np.nan
    lost = np.isinf(np.diag(usual))
    result[lost, :] = result[:, lost] = np.nan
    result[lost, lost] = np.inf
    return result
