"""Confidence intervals by profile: the other parameters fitted anew at each value of one.

lmfit's own ``conf_interval`` begins with steps of 0.001 where an error exceeds its parameter, which for numbers in
siemens or amperes is far outside; here steps are those of the error itself.
"""

from __future__ import annotations

import math

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.search import Problem, free_names, refitted
from pcmphys.fit.engine.solve import Fitted

_STEPS = 40


def profile(fit: Fitted, name: str, probability: float) -> tuple[float, float]:
    """Interval of a free parameter; see `pcmphys.fit.engine.curve.CurveFit.interval`."""
    from scipy.stats import norm, t

    if fit.robust:
        raise ParameterError("intervals by profile need the linear loss; of a robust fit use value and error")
    quantile = float((norm if fit.goodness.known else t(fit.goodness.dof)).ppf(0.5 + 0.5 * probability))
    error = next(one.error for one in fit.estimates if one.name == name)
    value = fit.solution.parameters[name].value
    if fit.scale == 0.0:  # data that lie on the model exactly
        return float(value), float(value)
    step = quantile * (error if math.isfinite(error) else 0.1 * abs(value) or 1.0)
    rise = _Rise(fit, name, (quantile * fit.scale) ** 2)
    return value + _end(rise, -1.0, step), value + _end(rise, 1.0, step)


class _Rise:
    """The rise of the sum of squares beyond what is allowed, at a distance from the best value on one side."""

    def __init__(self, fit: Fitted, name: str, allowed: float):
        self._best, self._name = fit.solution.parameters, name
        self._problem = Problem(fit.problem.residual, self._best)
        self._limit = fit.solution.cost + allowed
        self.value = self._best[name].value
        self.room = {-1.0: self.value - self._best[name].min, 1.0: self._best[name].max - self.value}
        self._last = self._best

    def at(self, shift: float) -> float:
        """At ``value + shift``, from where the last call has left the others."""
        costs = []
        for start in (self._last, self._best):
            trial = start.copy()
            trial[self._name].set(value=self.value + shift, vary=False)
            found = refitted(self._problem, trial) if free_names(trial) else trial
            costs.append((self._problem.cost(found), found))
            if self._last is self._best:
                break
        cost, self._last = min(costs, key=lambda pair: pair[0])
        return cost - self._limit

    def begin(self) -> None:
        """Forget where the last call ended."""
        self._last = self._best


def _end(rise: _Rise, side: float, step: float) -> float:
    """Distance from the best value to the end of the interval; infinite if there is none, at most to the bound."""
    from scipy.optimize import brentq

    rise.begin()
    inner, outer, room = 0.0, step, rise.room[side]
    seen = {}  # from another start the same place may end in another minimum, and the ends are to keep their signs

    def at(shift: float) -> float:
        if shift not in seen:
            seen[shift] = rise.at(side * shift)
        return seen[shift]

    for _ in range(_STEPS):
        outer = min(outer, room)
        if at(outer) > 0.0:
            if at(inner) > 0.0:  # it has none here
                return side * inner
            return side * float(brentq(at, inner, outer, rtol=1e-8, xtol=1e-12 * outer))
        if outer == room:
            return side * room
        inner, outer = outer, 1.6 * outer
    return side * math.inf
