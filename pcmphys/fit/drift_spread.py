"""Mean and intrinsic spread of a fitted quantity over devices, with each device's own fit error taken out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Spread(NamedTuple):
    """Mean and intrinsic standard deviation of a population, each with its standard error."""

    mean: float
    mean_error: float
    spread: float
    spread_error: float


def intrinsic_spread(value: np.ndarray, variance: np.ndarray, *, rounds: int = 200) -> Spread:
    """Random-effects estimate by restricted maximum likelihood (REML).

    Parameters
    ----------
    value : (devices,) array
        Fitted value of each device.
    variance : (devices,) array
        Squared standard error of each, taken as known.

    Returns
    -------
    Spread
        ``spread`` is zero where the scatter is no larger than the fit errors explain. Its error comes from the
        REML information of the variance, as the step of the spread that one standard error of the variance makes;
        it stays finite at a spread of zero.

    Notes
    -----
    Fisher scoring of Viechtbauer, J. Educ. Behav. Stat. 30, 261 (2005), started from medians so that one device lost
    in its noise does not set the scale.
    The standard error of the mean does not include the uncertainty of the spread itself (of order 1/devices).

    Examples
    --------
    >>> import numpy as np
    >>> result = intrinsic_spread(np.array([1.0, 2.0, 3.0, 4.0]), np.full(4, 0.5))
    >>> round(result.mean, 3), round(result.spread**2, 3)  # 5/3 scatter less 1/2 fit error
    (2.5, 1.167)
    """
    floor = max(np.mean(variance), value.var(), 1e-300) * 1e-12  # an error of exactly zero must not divide
    variance = np.maximum(variance, floor)
    middle = np.median(value)
    tau2 = max(2.198 * np.median((value - middle) ** 2) - np.median(variance), 0.0)
    information = np.inf
    for _ in range(rounds):
        weight = 1.0 / (tau2 + variance)
        total, square, cube = weight.sum(), (weight**2).sum(), (weight**3).sum()
        mean = (weight * value).sum() / total
        information = 0.5 * (square - 2.0 * cube / total + (square / total) ** 2)
        score = 0.5 * ((weight**2 * (value - mean) ** 2).sum() - total + square / total)
        new = max(tau2 + score / information, 0.0)
        if abs(new - tau2) <= 1e-12 * (new + floor):
            break
        tau2 = new
    tau = np.sqrt(tau2)
    return Spread(float(mean), float(total**-0.5), float(tau), float(np.sqrt(tau2 + information**-0.5) - tau))


def moderated(variance: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """Estimated variances drawn towards their common value, as far as the estimates themselves say they agree.

    Weighting devices by variances estimated from a few reads each makes an apparent spread out of nothing: devices
    that scatter little by luck count as precise. Here each variance is averaged with a common one (Smyth, Stat.
    Appl. Genet. Mol. Biol. 3, 3 (2004), eqs. 6-7: scaled inverse chi-squared prior, fitted to the moments of ln v).

    Parameters
    ----------
    variance : (devices,) array
        Estimated variances.
    freedom : (devices,) array
        Degrees of freedom behind each.

    Returns
    -------
    (devices,) array
        Unchanged where the variances truly differ by orders of magnitude; all alike where they differ by chance only.
    """
    from scipy.special import digamma, polygamma

    if variance.size < 3 or not (variance > 0).all():
        return variance
    half = freedom / 2.0
    log_variance = np.log(variance) - digamma(half) + np.log(half)
    excess = log_variance.var(ddof=1) - polygamma(1, half).mean()
    if excess <= 1e-6:
        return np.full_like(variance, np.exp(log_variance.mean()))
    prior_half = _inverse_trigamma(excess)
    common = np.exp(log_variance.mean() + digamma(prior_half) - np.log(prior_half))
    return (prior_half * common + half * variance) / (prior_half + half)


def _inverse_trigamma(value: float) -> float:
    """The x > 0 with trigamma(x) = value, by Smyth's monotone Newton iteration on 1/trigamma."""
    from scipy.special import polygamma

    x = 0.5 + 1.0 / value
    for _ in range(50):
        trigamma = float(polygamma(1, x))
        step = trigamma * (1.0 - trigamma / value) / float(polygamma(2, x))
        x += step
        if abs(step) < 1e-10 * x:
            break
    return x
