"""Mean and intrinsic spread of a fitted quantity over devices, with each device's own fit error taken out.

Two estimates: weighted by each device's precision (a random-effects model), and plain. The first is the better one
where the model holds: deviations from the mean are normal and do not depend on the fit errors. Tests of just that
choose between them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FEWEST = 10
"""Devices below which nothing can be tested."""
LEVEL = 0.0027
"""Significance that a test needs to reject: 3 standard deviations."""
CORRELATION = 0.1
"""Rank correlation below which a dependence, however significant, is too weak to matter."""
KURTOSIS = 2.0
"""Excess kurtosis up to which a tail is not called heavy."""


class Spread(NamedTuple):
    """Mean and intrinsic standard deviation of a population, each with its standard error."""

    mean: float
    mean_error: float
    spread: float
    spread_error: float


class Estimates(NamedTuple):
    """What is known of a population: the two estimates, which of them holds, and why.

    Attributes
    ----------
    method : str
        "weighted", "plain", or "single" where fewer than two devices are known.
    reason : str
        Why this one, in words.
    weighted, plain : Spread
        Both estimates, see `intrinsic_spread` and `plain_spread`.
    scatter, scatter_error : float
        Standard deviation of the fitted values as they are, fit errors included.
    """

    method: str
    reason: str
    weighted: Spread
    plain: Spread
    scatter: float
    scatter_error: float

    @property
    def chosen(self) -> Spread:
        """The estimate that holds."""
        return self.plain if self.method == "plain" else self.weighted


def population(value: np.ndarray, variance: np.ndarray, freedom: np.ndarray) -> Estimates:
    """Mean and spread of a population both ways, and the choice between them.

    Parameters
    ----------
    value, variance, freedom : (devices,) array
        Fitted value of each device, its squared standard error, and the degrees of freedom behind that.

    Notes
    -----
    Precision weights are right as long as a device's deviation from the mean does not depend on its fit error. Three
    tests, each at 3 standard deviations and, because a large population makes the weakest effect significant, each
    with a least size of the effect. The plain estimate is taken if

    * the values go with their errors: rank correlation (Spearman) of at least 0.1, after Begg and Mazumdar,
      Biometrics 50, 1088 (1994), who test collections of studies so;
    * deviations in units of what the model expects go with the errors: rank correlation of at least 0.1 of their
      magnitude, after Glejser, J. Am. Stat. Assoc. 64, 316 (1969);
    * these deviations have a heavy tail: excess kurtosis of at least 2, Anscombe and Glynn, Biometrika 70, 227 (1983).

    Examples
    --------
    Devices that drift faster the worse they are known:

    >>> import numpy as np
    >>> error = np.geomspace(1e-3, 1e-2, 40)
    >>> value = 0.02 + 2.0 * error * np.tile([0.9, 1.1], 20)
    >>> found = population(value, error**2, np.full(40, 10.0))
    >>> found.method, round(found.plain.mean, 3), round(found.weighted.mean, 3)
    ('plain', 0.028, 0.024)
    """
    known = moderated(variance, freedom)
    weighted = intrinsic_spread(value, known)
    complaint = _complaint(value, known, weighted)
    if complaint:
        method, reason = "plain", complaint
    elif value.size < FEWEST:
        method, reason = "weighted", f"{value.size} devices are too few to test for a dependence on their errors"
    else:
        method, reason = "weighted", "exponents do not depend on their fit errors and have no heavy tail"
    scatter = plain_spread(value, np.zeros_like(variance))
    return Estimates(method, reason, weighted, plain_spread(value, variance), scatter.spread, scatter.spread_error)


def lone(value: float, error: float) -> Estimates:
    """A population of which one device is known (or none: NaN): its own value, and nothing of the others."""
    only = Spread(value, error, np.nan, np.nan)
    return Estimates("single", "one device has no spread", only, only, np.nan, np.nan)


def _complaint(value: np.ndarray, variance: np.ndarray, weighted: Spread) -> str:
    """What speaks against precision weights, or nothing."""
    from scipy.stats import kurtosis, kurtosistest, spearmanr

    if value.size < FEWEST or np.ptp(value) == 0.0:
        return ""
    deviation = (value - weighted.mean) / np.sqrt(weighted.spread**2 + np.maximum(variance, _floor(value, variance)))
    if np.ptp(variance) > 0.0:
        for name, tested in (("exponents", value), ("deviations from the mean", np.abs(deviation))):
            found = spearmanr(tested, variance)
            if abs(found.statistic) >= CORRELATION and found.pvalue < LEVEL:
                chance = f"p = {found.pvalue:.0e}" if found.pvalue > 1e-99 else "p < 1e-99"
                size = f"rank correlation {found.statistic:.2f}, {chance}"
                return f"{name} depend on the fit errors ({size})"
    if value.size >= 2 * FEWEST:  # below, the test is not valid
        tail = float(kurtosis(deviation))
        if tail >= KURTOSIS and kurtosistest(deviation).pvalue < LEVEL:
            return f"deviations from the mean have a heavy tail (excess kurtosis {tail:.1f})"
    return ""


def plain_spread(value: np.ndarray, variance: np.ndarray) -> Spread:
    """Plain mean, and standard deviation less the mean fit variance: right whatever the errors depend on.

    Parameters
    ----------
    value, variance : (devices,) array
        As for `intrinsic_spread`; two devices at least.

    Returns
    -------
    Spread
        Error of the mean: standard deviation over the root of the number of devices. Error of the spread: from the
        scatter of the squared deviations, so that a heavy tail shows, at least that of a normal population.

    Notes
    -----
    L. V. Hedges, Psychol. Bull. 93, 388 (1983): the unweighted estimate of a variance component.

    Examples
    --------
    >>> import numpy as np
    >>> result = plain_spread(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.2, 0.3, 0.5, 1.0]))
    >>> round(result.mean, 3), round(result.spread**2, 3)  # 5/3 scatter less 1/2 fit error
    (2.5, 1.167)
    """
    count = value.size
    square = (value - value.mean()) ** 2 * (count / (count - 1.0))
    total, part = float(square.mean()), square - variance
    error = max(float(part.std(ddof=1)) * count**-0.5, total * (2.0 / (count - 1.0)) ** 0.5)
    tau2 = max(float(part.mean()), 0.0)
    return Spread(float(value.mean()), (total / count) ** 0.5, tau2**0.5, _root_error(tau2, error))


def _root_error(square: float, error: float) -> float:
    """Standard error of a root: half of what its square's error spans, at least the way up where that ends at zero."""
    up = (square + error) ** 0.5
    return max(up - square**0.5, 0.5 * (up - max(square - error, 0.0) ** 0.5))


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
        REML information of the variance, as half the span of the spread that one standard error of the variance
        makes either way; it stays finite at a spread of zero. In 1000 populations each of 10 to 300 devices, their fit
        errors a little below the spread, one and 1.96 errors covered it within 3 points of 68 % and 95 %.

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
    floor = _floor(value, variance)
    variance = np.maximum(variance, floor)
    middle = np.median(value)
    tau2 = max(2.198 * np.median((value - middle) ** 2) - np.median(variance), 0.0)
    information = np.inf
    for _ in range(rounds):
        weight = 1.0 / (tau2 + variance)
        total = weight.sum()
        mean = (weight * value).sum() / total
        others = weight * _rest(weight)
        # half the trace of PP and of P, P = W - ww'/sum(w), without differences of nearly equal numbers
        pull = weight**2 / total
        information = 0.5 * ((others**2).sum() + (pull * pull.sum() * _rest(pull)).sum())
        score = 0.5 * ((weight**2 * (value - mean) ** 2).sum() - others.sum())
        new = max(tau2 + score / information, 0.0)
        if abs(new - tau2) <= 1e-12 * (new + floor):
            break
        tau2 = new
    return Spread(float(mean), float(total**-0.5), float(tau2**0.5), _root_error(float(tau2), float(information**-0.5)))


def _floor(value: np.ndarray, variance: np.ndarray) -> float:
    """Least variance: an error of exactly zero must not divide."""
    return max(float(np.mean(variance)), float(value.var()), 1e-40) * 1e-12


def _rest(part: np.ndarray) -> np.ndarray:
    """1 - part / sum(part), exact also where one part is nearly all."""
    share = part / part.sum()
    rest, top = 1.0 - share, int(share.argmax())
    rest[top] = np.delete(share, top).sum()
    return rest


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
