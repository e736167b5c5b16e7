"""Drift of measured devices: G = G0 (t / t0)^-nu with errors that hold for 1/f-like residuals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, overload

import numpy as np

from pcmphys.errors import ConvergenceError
from pcmphys.fit.drift import noise as noises
from pcmphys.fit.drift import temperature as temperatures
from pcmphys.fit.drift.input import table_of, temperatures_of, traces_of
from pcmphys.fit.drift.result import DriftFit, DriftPopulation
from pcmphys.fit.drift.solve import solve
from pcmphys.fit.drift.table import DriftTable, of_checked, printable
from pcmphys.fit.readers.measurement import Measurement
from pcmphys.fit.readers.tables import Table
from pcmphys.numerics import check
from pcmphys.numerics.warn import warn

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class _Options(TypedDict, total=False):
    conductance_error: ArrayLike | None
    start: float | None
    reference_time: float | None
    read_duration: float
    noise_slope: float | None
    noise: str
    delay: float | str | tuple[float, float] | None
    temperature: ArrayLike | None
    missing: str


# what arrays give depends on their number of axes, which type checkers do not know for certain
@overload
def drift(
    time: DriftTable | Measurement | Table, conductance: None = None, **options: Unpack[_Options]
) -> DriftPopulation: ...
@overload
def drift(time: ArrayLike, conductance: Sequence[float], **options: Unpack[_Options]) -> DriftFit: ...
@overload
def drift(time: ArrayLike, conductance: Sequence[Sequence[float]], **options: Unpack[_Options]) -> DriftPopulation: ...
@overload
def drift(time: ArrayLike, conductance: ArrayLike, **options: Unpack[_Options]) -> Any: ...


def drift(
    time,
    conductance=None,
    *,
    conductance_error=None,
    start: float | None = None,
    reference_time: float | None = None,
    read_duration: float = 250e-9,
    noise_slope: float | None = None,
    noise: str = "either",
    delay: float | str | tuple[float, float] | None = None,
    temperature: ArrayLike | None = None,
    missing: str = "refuse",
) -> DriftFit | DriftPopulation:
    r"""Fit the drift power law ``G = g0 (t / reference_time)**-nu`` to measured reads.

    Parameters
    ----------
    time : (reads,) or (devices, reads) array, one array a device, Measurement, Table or DriftTable
        Time since programming [s], above 0, strictly increasing, for all devices or each its own, see `DriftTable`. Or
        reads with names and unit: of a file, from `pcmphys.fit.read`, or from `pcmphys.fit.read_table` with columns
        ``time``, ``conductance`` and, if they are there, ``device`` and ``temperature``; or of your own arrays,
        ``DriftTable(time, conductance, names, unit)``.
    conductance : (reads,) or (devices, reads) array, or one array a device
        Reads [S] (or normalised), not negative; a read of zero is a read. At least three a device. NaN, or masked: a
        read that is missing. A tester's marks for over-range (9.9E37 and above) are refused.
    conductance_error : float, (reads,) or (devices, reads) array, optional
        Known standard deviation of the white part of the noise (instrument, digitisation) [S], above 0. Whatever
        scatter exceeds it is then taken as 1/f noise. Default: the white part is estimated too.
    start : float, optional
        Leave out reads before this time [s]. Default: use all.
    reference_time : float, optional
        t0 of ``g0`` [s]. Default: the first time used.
    read_duration : float, optional
        Duration of a read [s]; it sets the fastest 1/f noise that a read still sees.
    noise_slope : float, optional
        Slope beta of the spectrum f^-beta of the intrinsic noise, 1 to 1.5, if it is known. Default: averaged over
        1, 1.2 and 1.4 as the data weigh them.
    noise : {"either", "stationary", "ageing"}, optional
        Whether the intrinsic noise ages: traps add nothing before they are first refreshed after programming, as in
        the cells of this package, so that late reads differ by less. Default: as the data weigh it, which takes a
        population; one device alone counts as stationary, unless its reads say otherwise by much.
    delay : float, "fit" or (low, high), optional
        Time on the clock of the reads at which the devices were programmed [s]: drift counts from there, ``G = g0 ((t -
        delay) / reference_time)**-nu``. ``"fit"``, or a range to seek it in: each device's own is found, and all else
        is averaged over what the reads leave open (``undetermined`` tells where they leave nearly all). Default: 0.
    temperature : float or (devices,) array, optional
        At which each device was kept [K]: ``by_temperature`` then has mean and spread of nu at each, and ``summary``
        tests whether one exponent holds for all. Equivalent times: `equivalent_time`.
    missing : {"refuse", "skip"}, optional
        NaN or masked elements in ``conductance``: an error, or reads that were not taken. Those of a `Measurement` met
        its reader's policies and were not taken.

    Returns
    -------
    DriftFit or DriftPopulation
        The first for conductances of shape (reads,), the second for (devices, reads).

    Raises
    ------
    ParameterError
        Times not increasing, negative conductances, fewer than three reads from ``start`` on, wrong shapes; a delay
        after the first read.
    ConvergenceError
        The fit of a single device did not settle. In a population such devices are NaN, left out of mean and
        spread, and counted in a `ValidityWarning`.

    Warns
    -----
    ValidityWarning
        Fits that did not settle; conductances above 1 S, which are probably in another unit.

    Notes
    -----
    Successive reads of a PCM device scatter coherently: its noise is 1/f-like, and standard errors that take the
    residuals as independent are far too small (with 100 reads by a factor 2 to 3). The model here is

    .. math:: G_i = m_i (1 + n(t_i)) + w_i, \qquad m_i = G_0 (t_i / t_0)^{-\nu},

    with white noise w and intrinsic noise n of spectrum :math:`Q^2 / f`, that is
    :math:`E[(n(t) - n(t'))^2] / 2 = Q^2 \ln((|t - t'| + 2 d) / (2 d))` with d the read duration, or steeper
    (`noise_slope`): measured PCM noise falls as f^-1.2 or so, and a fit that insists on 1/f then predicts a day
    ahead with a band half as wide as it should be. The model is fitted in G, by
    generalised least squares (Gauss-Newton), so that reads near zero do no harm. For each of a set of trial noise
    models (slopes; shares of intrinsic and white noise, or amplitudes if the white part is given) the restricted
    likelihood (REML) is computed, and estimates and errors are averaged over the models with these weights, so that
    the errors contain the uncertainty of the noise itself; the scale of the noise is integrated out, which makes
    the intervals those of Student's t. Before the data, pure 1/f noise has an even chance against all other shares.
    In a population the prior of slope and share is learned from all devices together (empirical Bayes, weight of the
    initial prior: 4 devices), so a device's estimate and error depend a little on its company.

    Mean and spread of nu are weighted by precision: the REML estimate of a random-effects model, with the fit variances
    first moderated towards their common value (Smyth 2004); without that, variances estimated from a few reads make a
    spread out of nothing. With fewer than about ten reads a device and noise that differs widely between devices it is
    still biased high. Such weights are wrong where a device's exponent has to do with its error, as where fast
    drifters are the noisy ones: they would hardly count. So three tests (of ten devices and more) ask for that, each at
    3 standard deviations: rank correlation of the exponents with their errors (Begg and Mazumdar 1994) and of the size
    of the deviations from the mean with the errors (after Glejser 1969), of 0.1 at least, and the excess kurtosis of
    the deviations (Anscombe and Glynn 1983), of 2 at least. If one of them rejects, ``exponent_mean`` and
    ``exponent_spread`` are the plain mean, and the standard deviation less the mean fit variance (Hedges 1983), with
    errors from the scatter itself. ``exponent_method`` and ``exponent_reason`` tell; ``weighted`` and ``plain`` hold
    both.

    Intervals of 68.3 % were checked on simulated devices with 20 and 60 reads, 1/f noise (Gaussian, and of two-state
    traps) and white noise in several mixtures: those of populations cover 65-75 %, those of single traces 63-82 % (up
    to 90 % if all noise is white), plain least squares 34-60 %: the reads of one device tell neither the share of white
    noise nor whether the noise ages, and its interval is an average over what they might be. Noise that is truly 1/f
    and known to be so is served a little better by ``noise_slope=1``. Noise that ages is a trial kind like the slopes,
    with the chance 0.5 n / (n + 4) before the data of n devices, and common to all of them. Over populations of 1000
    devices (20 to 60 reads; Gaussian noise of either kind, and the statistical cells of this package) the intervals
    cover 67-70 % and 94.5-96 % on average, and the spread between devices comes out right to 2 %. Taken as stationary,
    noise that ages makes intervals too wide (76-87 %) and the spread 10 to 20 % too small.

    The noise is a sum of relaxations with rates even in their logarithm, whose variogram is right to 1 %, so that a
    likelihood takes one pass over the reads (a Kalman filter): time and memory go with their number. Estimates and
    errors are those of dense covariances to a part of 0.005 of the errors. The delay is tried at 25 values even in the
    logarithm of the age of the first read, from 1/30 to 30 times its time, closing in on those that the reads allow;
    predictions with a delay that was found have the variance of the average, not its quantiles.

    Not modelled: drift that is no power law (crystallization, the first seconds after programming), noise slower
    than the trace other than in g0, the non-Gaussian noise of few strong traps, errors of the times.

    References
    ----------
    V. Joshi et al., Nat. Commun. 11, 2473 (2020); S. R. Nandakumar et al., IEEE ICECS, 727 (2019): drift and 1/f
    noise of the device. D. A. Harville, J. Am. Stat. Assoc. 72, 320 (1977): REML. W. Viechtbauer, J. Educ. Behav.
    Stat. 30, 261 (2005): random effects. G. K. Smyth, Stat. Appl. Genet. Mol. Biol. 3, 3 (2004): moderation. C. B. Begg
    and M. Mazumdar, Biometrics 50, 1088 (1994); H. Glejser, J. Am. Stat. Assoc. 64, 316 (1969); F. J. Anscombe and
    W. J. Glynn, Biometrika 70, 227 (1983): tests. L. V. Hedges, Psychol. Bull. 93, 388 (1983): the plain estimate.

    Examples
    --------
    >>> import numpy as np
    >>> time = np.geomspace(20.0, 1e5, 12)
    >>> fit = drift(time, 10e-6 * (time / 20.0) ** -0.05)
    >>> round(fit.exponent, 6), round(fit.g0 * 1e6, 6)
    (0.05, 10.0)
    >>> round(float(fit.predict(1e6).mean) * 1e6, 3)  # 10 uS * 50000**-0.05
    5.822
    """
    table = table_of(time, conductance)
    source = None
    if isinstance(time, Measurement):
        missing, source = "skip", time.source
    if isinstance(time, Table):
        source = time.source
        temperature = temperatures_of(time) if temperature is None else temperature
    kinds = _kinds(noise, noise_slope)
    duration = check.number("read_duration", read_duration, "s", 0, low_open=True)
    kelvin = temperatures.given(temperature, len(table.names))
    traces = traces_of(table, conductance_error, start, reference_time, missing)
    solution = solve(traces._replace(read_duration=duration, kinds=kinds), delay)
    lost = np.flatnonzero(~solution.converged)
    single = not isinstance(time, (DriftTable, Table)) and len(table.names) == 1 and np.ndim(conductance) == 1
    if single and lost.size:
        raise ConvergenceError(
            "drift fit did not settle; is the noise as large as the conductance?",
            residual=float(max(branch.solved.last[0] for branch in solution.branches)),
            iterations=noises.ITERATIONS,
        )
    if lost.size:
        warn(
            f"{lost.size} of {len(table.names)} drift fits did not settle (first: "
            f"{printable(table.names[lost[0]])}); they are NaN and left out of the population"
        )
    used = of_checked(traces.time, traces.conductance, table.names, table.unit)
    population = DriftPopulation.of(solution, used, kelvin, source)
    return population[0] if single else population


def _kinds(noise: str, slope: float | None) -> tuple[tuple[float, bool], ...]:
    """Trial kinds of noise, (slope, ageing), for what the user declares."""
    check.choice("noise", noise, ("either", "stationary", "ageing"))
    ages = {"either": (False, True), "stationary": (False,), "ageing": (True,)}[noise]
    slopes = noises.SLOPES if slope is None else (check.number("noise_slope", slope, "", 1.0, 1.5),)
    return tuple((slope, old) for old in ages for slope in slopes)
