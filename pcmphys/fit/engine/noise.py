"""What is known of the scatter of data: whitened residuals, and losses that outliers do not rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics import check

TUNING = {"linear": np.inf, "huber": 1.345, "cauchy": 2.385, "tukey": 4.685}
"""Residual, in standard deviations, at which a loss bends: each keeps 95 % of the efficiency on Gaussian data."""
_ROBUST_STD = 1.4826022185056018
"""Standard deviation of a Gaussian over the median of its magnitude."""


@dataclass(frozen=True, eq=False)
class Scatter:
    """How data scatter about a model: independent with equal or known errors, or correlated.

    Attributes
    ----------
    factor : None, (n,) array or (n, n) array
        Errors, or the lower Cholesky factor of the covariance; None: not known, taken as equal.
    loss : str
        "linear", "huber", "cauchy" or "tukey".
    """

    factor: np.ndarray | None
    loss: str

    @property
    def known(self) -> bool:
        """Whether the size of the scatter is known, and not to be estimated."""
        return self.factor is not None

    def whitened(self, residual: np.ndarray) -> np.ndarray:
        """Residuals (n,) or columns (n, k) in standard deviations, independent of each other."""
        if self.factor is None:
            return residual
        if self.factor.ndim == 1:
            return (residual.T / self.factor).T
        from scipy.linalg import solve_triangular

        return solve_triangular(self.factor, residual, lower=True, check_finite=False)


def scatter_of(count: int, error: Any, covariance: Any, cholesky: Any, loss: str, unit: str = "") -> Scatter:
    """What a user says of the scatter of ``count`` data, checked."""
    loss = check.choice("loss", loss, TUNING)
    given = [
        name
        for name, value in (("error", error), ("covariance", covariance), ("cholesky", cholesky))
        if value is not None
    ]
    if len(given) > 1:
        raise ParameterError(f"give one of error, covariance and cholesky; got {' and '.join(given)}")
    if error is not None:
        found = check.measured("error", check.array("error", error, unit, low=0.0, ndim=(0, 1)), unit)
        if not (found > 0).all():
            raise ParameterError("error must be above 0; leave it out to have the scatter estimated")
        if found.ndim == 1 and found.size != count:
            raise ParameterError(f"error must be one number or one for each of {count} data; got {found.size}")
        return Scatter(np.broadcast_to(found, (count,)).copy(), loss)
    if covariance is not None:
        return Scatter(_factored(check.array("covariance", covariance, shape=(count, count))), loss)
    if cholesky is not None:
        factor = check.array("cholesky", cholesky, shape=(count, count))
        if np.triu(factor, 1).any():
            raise ParameterError("cholesky must be the lower triangular factor L of the covariance L L'")
        if not (np.diag(factor) > 0).all():
            raise ParameterError("cholesky must have numbers above 0 on its diagonal")
        return Scatter(factor, loss)
    return Scatter(None, loss)


def _factored(covariance: np.ndarray) -> np.ndarray:
    if not np.allclose(covariance, covariance.T, rtol=1e-8, atol=0.0):
        raise ParameterError("covariance must be symmetric")
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        raise ParameterError(
            "covariance must be positive definite; is one of the data a sum of others, or a variance zero?"
        ) from None


def bent(residual: np.ndarray, scale: float, loss: str) -> np.ndarray:
    """Residuals whose squares sum up to twice the loss: least squares of them is the robust fit."""
    if loss == "linear":
        return residual
    c = TUNING[loss]
    z = residual / scale
    size = np.abs(z)
    if loss == "huber":
        cost = np.where(size <= c, z * z, 2.0 * c * size - c * c)
    elif loss == "cauchy":
        cost = c * c * np.log1p((z / c) ** 2)
    else:
        cost = c * c / 3.0 * (1.0 - (1.0 - np.minimum(size / c, 1.0) ** 2) ** 3)
    return scale * np.sign(z) * np.sqrt(cost)


def pull(residual: np.ndarray, scale: float, loss: str) -> tuple[np.ndarray, np.ndarray]:
    """Derivative psi of the loss and its derivative, for residuals over ``scale`` [1]."""
    z = residual / scale
    if loss == "linear":
        return z, np.ones_like(z)
    c = TUNING[loss]
    if loss == "huber":
        return np.clip(z, -c, c), (np.abs(z) <= c).astype(float)
    u = (z / c) ** 2
    if loss == "cauchy":
        return z / (1.0 + u), (1.0 - u) / (1.0 + u) ** 2
    inside = u < 1.0
    return np.where(inside, z * (1.0 - u) ** 2, 0.0), np.where(inside, (1.0 - u) * (1.0 - 5.0 * u), 0.0)


def robust_scale(residual: np.ndarray, free: int) -> float:
    """Standard deviation of the bulk of the residuals of a fit with ``free`` parameters."""
    correction = np.sqrt(residual.size / max(residual.size - free, 1))
    return float(_ROBUST_STD * np.median(np.abs(residual)) * correction)
