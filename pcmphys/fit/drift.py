"""Drift of measured devices: G = G0 (t / t0)^-nu with errors that hold for 1/f-like residuals."""

from __future__ import annotations

import warnings

import numpy as np

from pcmphys import _check
from pcmphys.errors import ConvergenceError, ParameterError, ValidityWarning
from pcmphys.fit import drift_noise, drift_spread
from pcmphys.fit.drift_result import PER_DEVICE, DriftFit, DriftPopulation, Solution
from pcmphys.fit.read_table import DriftTable


def drift(
    time,
    conductance=None,
    *,
    conductance_error=None,
    start: float | None = None,
    reference_time: float | None = None,
    read_duration: float = 250e-9,
    noise_slope: float | None = None,
    missing: str = "refuse",
) -> DriftFit | DriftPopulation:
    r"""Fit the drift power law ``G = g0 (t / reference_time)**-nu`` to measured reads.

    Parameters
    ----------
    time : (reads,) array or DriftTable
        Time since programming [s], above 0, strictly increasing. Or a table with names and unit: a file, from
        `read_drift`, or ``DriftTable(time, conductance, names, unit)``.
    conductance : (reads,) or (devices, reads) array
        Reads [S] (or normalised), not negative; a read of zero is a read. At least three a device.
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
    missing : {"refuse", "skip"}, optional
        NaN in ``conductance``: an error, or a read that was not taken.

    Returns
    -------
    DriftFit or DriftPopulation
        The first for conductances of shape (reads,), the second for (devices, reads).

    Raises
    ------
    ParameterError
        Times not increasing, negative conductances, fewer than three reads from ``start`` on, wrong shapes.
    ConvergenceError
        The fit of a single device did not settle. In a population such devices are NaN, left out of mean and
        spread, and counted in a `ValidityWarning`.

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

    The spread of nu is the REML estimate of a random-effects model, with the fit variances first moderated towards
    their common value (Smyth 2004); without that, variances estimated from a few reads make a spread out of nothing.
    With fewer than about ten reads a device and noise that differs widely between devices it is still biased high.

    Intervals of 68.3 % were checked on simulated devices with 20 and 60 reads, 1/f noise (Gaussian, and of two-state
    traps) and white noise in several mixtures: those of populations cover 65-75 %, those of single traces 67-82 % (up
    to 90 % if all noise is white), plain least squares 34-60 %. Noise that is truly 1/f and known to be so is served
    a little better by ``noise_slope=1``. The statistical cells of this package have noise that ages: traps not yet
    refreshed since programming add nothing, so that late reads differ by less than stationary 1/f noise. On their
    reads the intervals are wide (they cover 79-84 %) and the spread between devices comes out about 17 % low.

    Not modelled: drift that is no power law (crystallization, the first seconds after programming), noise slower
    than the trace other than in g0, the non-Gaussian noise of few strong traps, errors of the times.

    References
    ----------
    V. Joshi et al., Nat. Commun. 11, 2473 (2020); S. R. Nandakumar et al., IEEE ICECS, 727 (2019): drift and 1/f
    noise of the device. D. A. Harville, J. Am. Stat. Assoc. 72, 320 (1977): REML. W. Viechtbauer, J. Educ. Behav.
    Stat. 30, 261 (2005): random effects. G. K. Smyth, Stat. Appl. Genet. Mol. Biol. 3, 3 (2004): moderation.

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
    table = _table(time, conductance)
    slopes = drift_noise.SLOPES
    if noise_slope is not None:
        slopes = (_check.number("noise_slope", noise_slope, "", 1.0, 1.5),)
    duration = _check.number("read_duration", read_duration, "s", 0, low_open=True)
    traces, read = _traces(table, conductance_error, start, reference_time, missing)
    traces = traces._replace(read_duration=duration, slopes=slopes)
    solution, converged = _solve(traces)
    single = not isinstance(time, DriftTable) and np.ndim(conductance) == 1
    if single and not converged[0]:
        raise ConvergenceError(
            "drift fit did not settle; is the noise as large as the conductance?",
            residual=float(solution.last[0]),
            iterations=drift_noise.ITERATIONS,
        )
    results = _results(solution, converged)
    shared = {
        "reference_time": traces.reference_time,
        "read_duration": traces.read_duration,
        "time": traces.time,
        "unit": table.unit,
        "_solution": solution,
    }
    if single:
        values = {key: float(value[0]) for key, value in results.items()}
        return DriftFit(name=table.names[0], **values, conductance=read[0], **shared)
    spread = _population(solution, converged, table.names)
    return DriftPopulation(names=table.names, **results, **spread, conductance=read, **shared)


def _table(time, conductance) -> DriftTable:
    if isinstance(time, DriftTable):
        if conductance is not None:
            raise ParameterError("a DriftTable holds its conductances; give the table alone, or times and conductances")
        table = time
    elif conductance is None:
        raise ParameterError("conductance is missing: drift(time, conductance), or drift(table) with a DriftTable")
    else:
        devices = len(conductance) if np.ndim(conductance) == 2 else 1
        table = DriftTable(time, conductance, tuple(f"device {k}" for k in range(devices)), "S")
    return table


def _traces(table: DriftTable, conductance_error, start, reference_time, missing):
    """Check everything the user gave; the traces to fit, and the reads used with NaN where one is missing."""
    time = _check.increasing("time", _check.array("time", table.time, "s", ndim=1, low=0.0), "s")
    if time[0] <= 0:
        raise ParameterError("time must be above 0 s, counted from programming; time[0] is 0 s")
    _check.choice("missing", missing, ("refuse", "skip"))
    given = np.asarray(table.conductance)
    gap = np.isnan(given) if missing == "skip" and given.dtype.kind == "f" else np.zeros(given.shape, bool)
    filled = np.where(gap, 0.0, given) if gap.any() else given
    reads = np.atleast_2d(_check.array("conductance", filled, table.unit, low=0.0, ndim=(1, 2)))
    gap = gap.reshape(reads.shape)
    if reads.shape[1] != time.size:
        raise ParameterError(f"conductance must have {time.size} reads a device, one a time; got {given.shape}")
    white = _white(conductance_error, reads.shape, table.unit)
    used = time >= (0.0 if start is None else _check.number("start", start, "s", low=0.0))
    reads, gap, time = reads[:, used], gap[:, used], time[used]
    _enough(table.names, reads, gap, start)
    reference = float(time[0])
    if reference_time is not None:
        reference = _check.number("reference_time", reference_time, "s", 0, low_open=True)
    traces = drift_noise.Traces(
        time,
        reads,
        1.0 - gap,
        None if white is None else white[:, used],
        reference,
        np.nan,
        (),
    )
    read = np.where(gap, np.nan, reads)
    return traces, read[0] if given.ndim == 1 else read


def _white(conductance_error, shape: tuple[int, int], unit: str) -> np.ndarray | None:
    if conductance_error is None:
        return None
    error = _check.array("conductance_error", conductance_error, unit, low=0.0, ndim=(0, 1, 2))
    if not (error > 0).all():
        raise ParameterError("conductance_error must be above 0; leave it out to have the white noise estimated")
    try:
        return np.ascontiguousarray(np.broadcast_to(error, shape))
    except ValueError:
        raise ParameterError(f"conductance_error must fit conductances of shape {shape}; got {error.shape}") from None


def _enough(names, reads: np.ndarray, gap: np.ndarray, start) -> None:
    since = "" if start is None else f" from {start:g} s on"
    count = (~gap).sum(axis=1)
    if reads.shape[1] < 3 or count.min() < 3:
        k = int(count.argmin())
        raise ParameterError(
            f"a drift fit with an error needs at least 3 reads{since}: two numbers are fitted, and the scatter about "
            f"them; {names[k]} has {count[k]}"
        )
    dark = ~(np.where(gap, 0.0, reads) > 0).any(axis=1)
    if dark.any():
        raise ParameterError(f"{names[int(dark.argmax())]} reads zero at every time{since}: nothing to fit")


def _solve(traces: drift_noise.Traces) -> tuple[Solution, np.ndarray]:
    size = drift_noise.block_size(traces.time.size)
    devices = len(traces.conductance)
    parts = [drift_noise.solve(traces.take(slice(k, k + size))) for k in range(0, devices, size)]
    mixture = drift_noise.Mixture(*(np.concatenate(field) for field in zip(*(part[2] for part in parts), strict=True)))
    log_g0, exponent, last = (np.concatenate([part[k] for part in parts]) for k in (0, 1, 3))
    converged = last < drift_noise.TOLERANCE
    if devices > 1:
        prior = drift_noise.pooled_prior(traces, mixture.evidence[converged])
        mixture = mixture._replace(weight=drift_noise.posterior(mixture.evidence, prior))
    return Solution(traces, log_g0, exponent, mixture, last), converged


def _results(solution: Solution, converged: np.ndarray) -> dict[str, np.ndarray]:
    g0 = np.exp(solution.mean(0))
    found = (
        solution.mean(1),
        solution.width(1),
        g0,
        g0 * solution.width(0),
        *drift_noise.average_noise(solution.traces, solution.mixture),
    )
    return {key: np.where(converged, value, np.nan) for key, value in zip(PER_DEVICE, found, strict=True)}


def _population(solution: Solution, converged: np.ndarray, names) -> dict[str, float]:
    lost = np.flatnonzero(~converged)
    if lost.size:
        warnings.warn(
            f"{lost.size} of {len(names)} drift fits did not settle (first: {names[lost[0]]}); they are NaN and left "
            "out of the population",
            ValidityWarning,
            stacklevel=3,
        )
    keys = ("exponent_mean", "exponent_mean_error", "exponent_spread", "exponent_spread_error")
    if converged.sum() < 2:
        # one device has no spread: its own value, and nothing known of the others
        only = (solution.mean(1), solution.width(1))
        mean, error = (float(value[converged][0]) if converged.any() else np.nan for value in only)
        return dict(zip(keys, (mean, error, np.nan, np.nan), strict=True))
    some = solution.take(converged)
    variance = drift_spread.moderated(some.variance(), some.traces.mask.sum(axis=1) - 2.0)
    return dict(zip(keys, drift_spread.intrinsic_spread(some.mean(1), variance), strict=True))
