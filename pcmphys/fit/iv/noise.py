"""Residuals of currents whose error is a part of them plus the instrument's floor.

A current I has the variance f^2 + (r I)^2. Its transform arsinh(r I / f) has the variance r^2 whatever I is: it is
ln I far above the floor and proportional to I far below, and takes currents of any sign.

References
----------
D. M. Rocke, S. Lorenzato, Technometrics 37, 176 (1995): error of two components. B. P. Durbin, J. S. Hardin,
D. M. Hawkins, D. M. Rocke, Bioinformatics 18, S105 (2002): the transform that makes its variance constant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pcmphys.fit.engine.noise import Scatter
from pcmphys.fit.engine.parameter import Parameter
from pcmphys.fit.engine.solve import Fitted, fitted

_START = 0.03
LEAST_RELATIVE, _MOST = 1e-6, 1.0
"""Relative errors that are looked for [1]."""
_ROUNDS = 8
_SAME = 1e-3
"""Change of the relative error, whose own error is far larger, that is none."""


def transformed(current: np.ndarray, relative: float, floor: float | None) -> np.ndarray:
    """Currents on the scale on which their errors are equal, ``relative`` [1]; ln without a floor."""
    if floor is None:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.log(current)
    return np.arcsinh(relative * current / floor)


def fitted_currents(
    model: Callable[[dict[str, float]], np.ndarray],
    current: np.ndarray,
    parameters: Sequence[Parameter],
    errors: tuple[float | None, float | None],
    loss: str,
) -> tuple[Fitted, float]:
    """Fit a model of currents [A]; ``errors`` are the relative one, None to be found, and the floor.

    Returns
    -------
    (Fitted, float)
        The fit, and the relative error of the currents [1].
    """
    relative, floor = errors
    if relative is not None:
        return _at(relative, True, model, current, parameters, floor, loss), relative
    relative = _START
    found = _at(relative, False, model, current, parameters, floor, loss)
    for _ in range(_ROUNDS if floor is not None else 0):
        values = {one.name: one.value for one in found.estimates}
        before, relative = relative, _scatter(current, model(values), floor or 0.0, found.goodness.dof)
        if abs(relative - before) <= _SAME * relative:
            break
        found = _at(relative, False, model, current, parameters, floor, loss)
    return found, found.scale


def _scatter(current: np.ndarray, law: np.ndarray, floor: float, dof: int) -> float:
    """The relative error with which what is left of the currents beside a law has its degrees of freedom."""
    from scipy.optimize import brentq

    def beyond(log_relative: float) -> float:
        relative = float(np.exp(log_relative))
        rest = (transformed(current, relative, floor) - transformed(law, relative, floor)) / relative
        return float(rest @ rest) - dof

    low, high = float(np.log(LEAST_RELATIVE)), float(np.log(_MOST))
    if beyond(high) >= 0.0 or beyond(low) <= 0.0:
        return _MOST if beyond(high) >= 0.0 else LEAST_RELATIVE
    return float(np.exp(brentq(beyond, low, high, xtol=1e-6)))


def _at(relative: float, known: bool, model, current, parameters, floor, loss) -> Fitted:
    data = transformed(current, relative, floor)

    def residual(values: dict[str, float]) -> np.ndarray:
        return data - transformed(model(values), relative, floor)

    factor = np.full(current.size, relative) if known else None
    return fitted(residual, parameters, Scatter(factor, loss), "fit of I-V curves")
