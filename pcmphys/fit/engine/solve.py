"""From residuals to estimates: search, robust scale, covariance, what is open, what ended at a bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.identify import determined
from pcmphys.fit.engine.noise import Scatter, bent, pull, robust_scale
from pcmphys.fit.engine.parameter import Parameter, as_lmfit
from pcmphys.fit.engine.result import Estimate, Goodness
from pcmphys.fit.engine.search import Minimum, Problem, differentiated, free_names, size_of, solve

_SCALE_ROUNDS = 30


class Fitted(NamedTuple):
    """All that a fit by least squares knows."""

    estimates: tuple[Estimate, ...]
    covariance: np.ndarray
    goodness: Goodness
    undetermined: tuple[str, ...]
    notes: tuple[str, ...]
    residual: np.ndarray
    """Whitened, in standard deviations where errors are known."""
    scale: float
    """Standard deviation of the whitened residuals: 1 if errors are known."""
    problem: Problem
    solution: Minimum
    robust: bool


def fitted(
    residual: Callable[[dict[str, float]], np.ndarray], parameters: Sequence[Parameter], scatter: Scatter, what: str
) -> Fitted:
    """Fit ``residual`` (data minus model, of a dict of values) by least squares of what ``scatter`` makes of it."""
    start = as_lmfit(parameters)

    def white(values: dict[str, float]) -> np.ndarray:
        found = residual(values)
        if not np.isfinite(found).all():
            return np.full(found.shape, np.nan)
        return scatter.whitened(found)

    first = white(start.valuesdict())
    free = len(free_names(start))
    if first.size < free + (not scatter.known):
        raise ParameterError(
            f"{what}: {first.size} data are too few for {free} free parameters"
            f"{'' if scatter.known else ' and the scatter about them'}; fix some, or measure more"
        )
    scale, problem, solution = _searched(white, start, scatter, free, what)
    found = white(solution.parameters.valuesdict())
    left = len(free_names(solution.parameters))
    if not scatter.known and scatter.loss == "linear":
        scale = float(np.sqrt(found @ found / max(found.size - left, 1)))
    plain = Problem(white, solution.parameters)
    shape = _shape(plain, solution, scale, scatter.loss, left)
    estimates, covariance = _estimates(parameters, solution, shape.covariance)
    goodness = Goodness(found.size, left, float(found @ found), scatter.known)
    return Fitted(
        estimates,
        covariance,
        goodness,
        shape.words,
        _notes(estimates, scatter, scale),
        found,
        scale,
        problem,
        solution,
        scatter.loss != "linear",
    )


def _searched(white, start, scatter: Scatter, free: int, what: str):
    """The least sum of the loss; a robust one with its scale found together, unless errors are known."""
    solution = solve(Problem(white, start), what)
    if scatter.loss == "linear":
        return 1.0, Problem(white, start), solution
    scale = 1.0
    for _ in range(_SCALE_ROUNDS):
        before = scale
        if not scatter.known:
            scale = robust_scale(white(solution.parameters.valuesdict()), free)
            if scale == 0.0:
                raise ParameterError(
                    f"{what}: more than half of the data lie exactly on the model; a robust loss needs their errors"
                )
        problem = Problem(lambda values, scale=scale: bent(white(values), scale, scatter.loss), solution.parameters)
        solution = _merged(solution, solve(problem, what))
        if abs(scale - before) <= 1e-6 * scale:
            break
    return scale, problem, solution


def _merged(before: Minimum, after: Minimum) -> Minimum:
    """What an earlier round left at a bound is still there: it has not varied since."""
    return Minimum(after.parameters, after.cost, before.at_bound | after.at_bound)


class _Shape(NamedTuple):
    covariance: np.ndarray
    words: tuple[str, ...]


def _shape(problem: Problem, solution: Minimum, scale: float, loss: str, left: int) -> _Shape:
    """Covariance of the parameters that vary; for a robust loss Huber's, with his correction for few data."""
    names = free_names(solution.parameters)
    slopes = problem.jacobian(solution.parameters)
    residual = problem.at(solution.parameters)
    sizes = np.array([_size(solution.parameters[name]) for name in names])
    factor = scale
    if loss != "linear":
        psi, psi_slope = pull(residual, scale, loss)
        mean = max(psi_slope.mean(), 1e-3)
        small = 1.0 + left / residual.size * psi_slope.var() / mean**2
        factor = scale * small * np.sqrt((psi @ psi) / max(residual.size - left, 1)) / mean
    found = determined(slopes, names, sizes, factor)
    return _Shape(found.covariance * factor**2, found.words)


def _size(parameter) -> float:
    """What an error is large against: the range that a parameter is allowed, else the parameter itself."""
    span = parameter.max - parameter.min
    return span if np.isfinite(span) else size_of(parameter)


def _estimates(parameters: Sequence[Parameter], solution: Minimum, covariance: np.ndarray):
    """Each parameter with its error, tied ones by propagation."""
    found = solution.parameters
    names = free_names(found)
    turn = differentiated(lambda p: np.array([p[one.name].value for one in parameters]), found)
    turn[np.abs(turn) < 1e-14] = 0.0
    open_ = ~np.isfinite(np.diag(covariance)) if names else np.zeros(0, dtype=bool)
    finite = np.where(np.isfinite(covariance), covariance, 0.0)
    all_of = turn @ finite @ turn.T
    lost = (np.abs(turn[:, open_]) > 0.0).any(axis=1)
    all_of[lost, :] = all_of[:, lost] = np.nan
    all_of[lost, lost] = np.inf
    held = [one.fixed or one.name in solution.at_bound for one in parameters]
    all_of[held, :] = all_of[:, held] = np.nan
    estimates = []
    for k, one in enumerate(parameters):
        role = "fixed" if one.fixed else "tied" if one.tied else "free"
        estimates.append(
            Estimate(
                one.name,
                float(found[one.name].value),
                float(np.sqrt(all_of[k, k])),
                one.unit,
                role,
                solution.at_bound.get(one.name, ""),
                one.low,
                one.high,
            )
        )
    return tuple(estimates), all_of


def _notes(estimates: Sequence[Estimate], scatter: Scatter, scale: float) -> tuple[str, ...]:
    notes = []
    for one in estimates:
        if one.bound:
            unit = "" if one.unit == "1" else f" {one.unit}"
            notes.append(
                f"{one.name} ended at its {one.bound} bound, {one.value:g}{unit}: the data would have it beyond; it "
                "has no error, and the errors of the others are those with it held there"
            )
    if scatter.loss != "linear":
        size = "of the given errors" if scatter.known else f"of the scatter, {scale:.4g}"
        notes.append(f"robust fit ({scatter.loss}): residuals far beyond the size {size} have little weight")
    return tuple(notes)
