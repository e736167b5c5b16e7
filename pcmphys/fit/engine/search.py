"""The search for the least sum of squares: two methods of lmfit from the user's start, the better one polished."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.errors import ConvergenceError

if TYPE_CHECKING:
    import lmfit

EVALUATIONS = 4000
_TIGHT = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15}
_NO_MODEL = 1e150
"""Stands for a residual where the model is no number."""
_SMALL = 1e-3
"""Size of a parameter below which it is searched for in units of its size."""
_SMALLER_STEPS = 5
_AT_BOUND = 1e-3
"""Part of a parameter's size within which it is tried at its bound."""
_WORSE = 1e-6
"""Relative rise of the sum of squares that counts as none."""


@dataclass(eq=False)
class Problem:
    """Residuals as a function of named values, with the parameters that may change.

    Attributes
    ----------
    residual : callable
        Of a dict of all parameters' values; returns (n,) numbers whose squares are summed. Numbers that are not finite
        are a place where the model cannot be.
    parameters : lmfit.Parameters
        With their starts; `solve` leaves them as they are.
    evaluations : int
        How often the residuals were asked for.
    """

    residual: Callable[[dict[str, float]], np.ndarray]
    parameters: lmfit.Parameters
    evaluations: int = 0

    def at(self, parameters: lmfit.Parameters) -> np.ndarray:
        """Residuals, finite: very large where the model is none."""
        self.evaluations += 1
        with np.errstate(all="ignore"):  # a far start overflows
            found = self.residual(parameters.valuesdict())
        return np.where(np.abs(found) < _NO_MODEL, found, _NO_MODEL)  # NaN compares false

    def cost(self, parameters: lmfit.Parameters) -> float:
        """The sum of squares."""
        found = self.at(parameters)
        return float(found @ found)

    def jacobian(self, parameters: lmfit.Parameters) -> np.ndarray:
        """Derivatives of the residuals by the parameters that vary, (n, free), by central differences."""
        return differentiated(self.at, parameters)


def differentiated(function: Callable[[lmfit.Parameters], np.ndarray], parameters: lmfit.Parameters) -> np.ndarray:
    """Derivatives of a function of parameters by those that vary, (n, free), of second order also at a bound."""
    columns = [_slope(function, parameters, name) for name in free_names(parameters)]
    return np.stack(columns, axis=1) if columns else np.empty((function(parameters).size, 0))


def _slope(function, parameters: lmfit.Parameters, name: str) -> np.ndarray:
    """Derivative by one parameter; steps are made smaller where they leave the region in which there is a model."""
    moved = parameters.copy()  # bounds and ties come along
    value, low, high = parameters[name].value, parameters[name].min, parameters[name].max
    step = np.finfo(float).eps ** (1 / 3) * size_of(parameters[name])

    def at(place: float) -> np.ndarray:
        moved[name].value = place
        return function(moved)

    for _ in range(_SMALLER_STEPS):
        if value - step >= low and value + step <= high:
            points = at(value + step), at(value - step)
            slope = (points[0] - points[1]) / (2.0 * step)
        else:
            inwards = step if value + 2.0 * step <= high else -step
            points = at(value), at(value + inwards), at(value + 2.0 * inwards)
            slope = (4.0 * points[1] - 3.0 * points[0] - points[2]) / (2.0 * inwards)
        if max(np.abs(point).max() for point in points) < _NO_MODEL:
            break
        step *= 0.1
    return slope


def size_of(parameter: lmfit.Parameter) -> float:
    """What counts as a large change of a parameter: its value; of one at zero what its start and bounds tell."""
    if parameter.value:
        return abs(parameter.value)
    if parameter.init_value:
        return abs(parameter.init_value)
    if math.isfinite(parameter.max - parameter.min):
        return parameter.max - parameter.min
    return 1.0


def free_names(parameters: lmfit.Parameters) -> list[str]:
    """Names of the parameters that vary."""
    return [name for name, one in parameters.items() if one.vary]


@dataclass(frozen=True, eq=False)
class Minimum:
    """Where the search ended: the parameters, and those of them that it left at a bound, which are held there."""

    parameters: lmfit.Parameters
    cost: float
    at_bound: dict[str, str]


def solve(problem: Problem, what: str = "fit") -> Minimum:
    """Find the least sum of squares.

    Raises
    ------
    ConvergenceError
        Neither method came to a place where the residuals are finite numbers.
    """
    tried = [found for found in (how(problem, problem.parameters) for how in (_levenberg, _region)) if found]
    if not tried:
        raise ConvergenceError(
            f"{what}: no values near the start where the model is a finite number",
            residual=math.nan,
            iterations=problem.evaluations,
        )
    best = min(tried, key=problem.cost)
    best = _polished(problem, best)
    best, at_bound = _snapped(problem, best)
    cost = problem.cost(best)
    if not math.isfinite(cost) or cost >= _NO_MODEL:
        raise ConvergenceError(
            f"{what}: no values near the start where the model is a finite number",
            residual=cost,
            iterations=problem.evaluations,
        )
    return Minimum(best, cost, at_bound)


def refitted(problem: Problem, parameters: lmfit.Parameters) -> lmfit.Parameters:
    """The least sum of squares near a place that is near it already; the place itself if none is found."""
    found = _levenberg(problem, parameters, exact=True)
    return parameters if found is None or problem.cost(found) > problem.cost(parameters) else found


class _OwnUnits:
    """A problem whose small parameters are searched for in units of their size.

    Both methods take one for a natural step, MINUIT's change of variable at a single bound and scipy's differences: of
    a conductance of 1e-17 S they would see nothing.
    """

    def __init__(self, problem: Problem, parameters: lmfit.Parameters):
        import lmfit

        self.problem, self._moved = problem, parameters.copy()
        self.names = free_names(parameters)
        sizes = {name: size_of(parameters[name]) for name in self.names}
        self.units = np.array([sizes[name] if sizes[name] < _SMALL else 1.0 for name in self.names])
        self.start = lmfit.Parameters()
        for name, unit in zip(self.names, self.units, strict=True):
            one = parameters[name]
            self.start.add(name, one.value / unit, min=one.min / unit, max=one.max / unit)

    def full(self, searched: lmfit.Parameters) -> lmfit.Parameters:
        """All parameters in their units."""
        for name, unit in zip(self.names, self.units, strict=True):
            self._moved[name].value = searched[name].value * unit
        return self._moved

    def at(self, searched: lmfit.Parameters) -> np.ndarray:
        """Residuals."""
        return self.problem.at(self.full(searched))

    def jacobian(self, searched: lmfit.Parameters) -> np.ndarray:
        """Derivatives of the residuals."""
        return self.problem.jacobian(self.full(searched)) * self.units


def _levenberg(problem: Problem, parameters: lmfit.Parameters, *, exact: bool = False) -> lmfit.Parameters | None:
    """Levenberg and Marquardt as MINPACK does it; bounds by MINUIT's change of variable."""
    from lmfit import Minimizer

    own = _OwnUnits(problem, parameters)
    options = {"Dfun": own.jacobian} if exact else {}
    return _attempt(own, lambda: Minimizer(own.at, own.start, max_nfev=EVALUATIONS).leastsq(**_TIGHT, **options))


def _region(problem: Problem, parameters: lmfit.Parameters) -> lmfit.Parameters | None:
    """Trust region that reflects at the bounds (scipy's trf)."""
    from lmfit import Minimizer

    own = _OwnUnits(problem, parameters)
    search = Minimizer(own.at, own.start, max_nfev=EVALUATIONS, calc_covar=False)
    return _attempt(own, lambda: search.least_squares(jac="3-point", x_scale="jac", **_TIGHT))


def _attempt(own: _OwnUnits, run: Callable) -> lmfit.Parameters | None:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of overflow on the way, and of errors that lmfit cannot tell
        try:
            return own.full(run().params)
        except (ValueError, np.linalg.LinAlgError, OverflowError, ZeroDivisionError, TypeError):
            return None


def _polished(problem: Problem, parameters: lmfit.Parameters) -> lmfit.Parameters:
    """The same with exact slopes, as often as it pays: forward differences end a few digits early."""
    cost = problem.cost(parameters)
    for _ in range(5):
        found = _levenberg(problem, parameters, exact=True)
        if found is None:
            return parameters
        better = problem.cost(found)
        if not better < cost:
            return parameters
        gain, parameters, cost = cost - better, found, better
        if gain < 1e-14 * cost:
            break
    return parameters


def _snapped(problem: Problem, parameters: lmfit.Parameters) -> tuple[lmfit.Parameters, dict[str, str]]:
    """Parameters that the search left beside a bound, put onto it and held, where this costs nothing."""
    at_bound: dict[str, str] = {}
    for name in free_names(parameters):
        one = parameters[name]
        span = one.max - one.min
        size = (
            span if math.isfinite(span) else max(abs(one.value), abs(one.init_value or 0.0), abs(one.value - one.min))
        )
        for side, bound in (("low", one.min), ("high", one.max)):
            if not math.isfinite(bound) or abs(one.value - bound) > _AT_BOUND * size:
                continue
            trial = parameters.copy()
            trial[name].set(value=bound, vary=False)
            if problem.cost(trial) <= problem.cost(parameters) * (1.0 + _WORSE):
                if free_names(trial):
                    trial = _polished(problem, trial)
                parameters, at_bound[name] = trial, side
                break
    return parameters, at_bound
