"""Straight lines and means of a few numbers whose errors are known, and which may scatter by more than that.

References
----------
R. C. Paule, J. Mandel, J. Res. Natl. Bur. Stand. 87, 377 (1982): the variance between groups that makes chi2 what it
should be. J. Orear, Am. J. Phys. 50, 912 (1982): effective variance, for errors of both coordinates of a line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from pcmphys.fit.engine.noise import Scatter
from pcmphys.fit.engine.parameter import Parameter
from pcmphys.fit.engine.solve import Fitted, fitted


class Scattered(NamedTuple):
    """A fit of numbers, and what scatters beyond their errors [their unit]."""

    fit: Fitted
    between: float
    seen: bool
    """Whether that is more than chance."""


class Mean(NamedTuple):
    """A mean of numbers with known errors."""

    value: float
    error: float
    between: float
    """Standard deviation between them beyond those [their unit]."""
    seen: bool
    """Whether that is more than chance."""


_CHANCE = 0.01
"""Chance of a chi2 at least as large from which numbers are said to differ."""


def mean_of(values: np.ndarray, errors: np.ndarray) -> Mean:
    """Weighted mean, with a variance between the numbers that makes chi2 equal to its degrees of freedom."""

    def rest(between: float) -> float:
        weight = 1.0 / (errors**2 + between)
        mean = (weight * values).sum() / weight.sum()
        return float((weight * (values - mean) ** 2).sum()) - (values.size - 1)

    between = _variance(rest, values)
    weight = 1.0 / (errors**2 + between)
    return Mean(
        float((weight * values).sum() / weight.sum()),
        float(weight.sum() ** -0.5),
        float(np.sqrt(between)),
        _seen(rest(0.0), values.size - 1),
    )


def regressed(
    model: Callable[[dict[str, float]], np.ndarray],
    values: np.ndarray,
    variance: Callable[[dict[str, float]], np.ndarray],
    parameters: Sequence[Parameter],
    what: str,
) -> Scattered:
    """Least squares of numbers whose variance may depend on the parameters, with one between them as in `mean_of`."""
    names = [one.name for one in parameters if not one.fixed]

    def at(between: float) -> Fitted:
        def residual(found: dict[str, float]) -> np.ndarray:
            return (values - model(found)) / np.sqrt(variance(found) + between)

        return fitted(residual, parameters, Scatter(np.ones(values.size), "linear"), what)

    first = at(0.0)
    dof = values.size - len(names)
    if dof < 1 or first.goodness.chi2 <= dof:
        return Scattered(first, 0.0, False)
    between = _variance(lambda one: at(one).goodness.chi2 - dof, values)
    return Scattered(at(between), float(np.sqrt(between)), _seen(first.goodness.chi2 - dof, dof))


def _seen(beyond: float, dof: int) -> bool:
    """Whether a chi2, ``beyond`` its degrees of freedom, is more than chance."""
    from scipy.stats import chi2

    return dof > 0 and float(chi2.sf(beyond + dof, dof)) < _CHANCE


def _variance(rest: Callable[[float], float], values: np.ndarray) -> float:
    """Where ``rest``, chi2 beyond its degrees of freedom, falls to zero; zero if it begins below."""
    from scipy.optimize import brentq

    if values.size < 2 or rest(0.0) <= 0.0:
        return 0.0
    most = float(np.ptp(values) ** 2) or 1.0
    while rest(most) > 0.0:
        most *= 4.0
    return float(brentq(rest, 0.0, most, xtol=1e-9 * most, rtol=1e-9))
