"""Telegraph noise of a trace: how many traps, how strong, how fast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.result import Estimate, Goodness
from pcmphys.fit.telegraph.model import Likelihood, Traps
from pcmphys.fit.telegraph.result import TelegraphFit
from pcmphys.fit.telegraph.select import WHITE, TrapCount, candidates, chosen, remainder
from pcmphys.fit.trace import NoiseTrace, given_trace, resolution, trace_of
from pcmphys.numerics import check

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from pcmphys.fit.readers.measurement import Measurement, Trace
    from pcmphys.fit.readers.tables import Table

MOST_TRAPS = 3
_LEAST = 200
_FEW = 10
_TOO_FAST = 2.0


def telegraph(
    trace: ArrayLike | Measurement | Table | Trace,
    dt: float | None = None,
    *,
    traps: int | None = None,
    drift: str = "linear",
    since: float | None = None,
    unit: str = "S",
) -> TelegraphFit:
    r"""Find the traps behind random telegraph noise: amplitudes, capture and emission times, with errors.

    Parameters
    ----------
    trace : (reads,) array, Measurement or Table of one device, or Trace
        Reads of one device at regular times [S, or any unit], at least 200. What was read from a file has its times,
        unit and source; of several devices one is to be chosen, ``measurement[["name"]]``.
    dt : float
        Time between two reads [s], of an array or of a table without times.
    traps : int, optional
        Number of independent traps, 0 to 3. Default: chosen, see below.
    drift : {"linear", "log", "none"}
        Shape of the drift, which is fitted together with the traps: jumps would bend one that is removed before.
    since : float, optional
        Time of the first read since programming [s], above 0; needed for ``drift="log"``.
    unit : str
        Of the trace, for summaries and figures; a conductance by default.

    Returns
    -------
    TelegraphFit

    Raises
    ------
    ParameterError
        A constant trace, too few reads, missing or masked ones (the times must be regular), numbers out of range.

    Notes
    -----
    A hidden Markov model of K independent two-state traps under Gaussian noise,

    .. math:: y_i = \mu - \sum_k a_k s_k(t_i) + d\,x(t_i) + \sigma n_i ,

    in which a filled trap (s = 1) lowers the trace by its amplitude a. Between two reads trap k changes as the exact
    two-state process does, changes back and forth within ``dt`` included: an empty trap is found filled with the
    chance :math:`(1 - e^{-r\,dt}) / (r \tau_c)`, :math:`r = 1/\tau_c + 1/\tau_e`. The likelihood is maximised by
    expectation and maximisation (Baum and Welch) from several starts, then by quasi-Newton steps with exact slopes;
    errors are from the observed information matrix, those of times from that of their logarithms.

    The number of traps is chosen by Bayes' criterion, in which noise of two kinds competes: white, and Gaussian with a
    memory (an autoregression of up to 40 reads, its order by the same criterion). White noise alone would put ever more
    traps into the slow part of 1/f noise, which is many weak traps and no few strong ones. With a memory the traps go
    the way that is most likely read by read, which bounds their likelihood from below: they are called traps only where
    their jumps stand out. In simulated noise of slopes 0 to 2 no trap was found; traps of six standard deviations of
    1/f noise are; weaker ones, about three, may come with others that are none. A trace with more traps than this
    describes, or with jumps that do not come back, may show none; ``traps`` overrules.

    In 400 repeats with two traps and 300 with three (2000 to 4000 reads under white noise, the weakest amplitude three
    to four standard deviations) intervals of 68.3 % and 95 % of amplitudes and of times, these in their logarithm,
    covered the truth in 68 to 70 % and 94 to 95.5 % with two, in 65 to 74 % and 92 to 97 % with three. With coloured
    noise errors are too small.

    Not modelled: traps that depend on each other, that come and go, amplitudes that multiply, coloured noise, the
    average over a read.

    References
    ----------
    S. Machlup, J. Appl. Phys. 25, 341 (1954). L. R. Rabiner, Proc. IEEE 77, 257 (1989): hidden Markov models. Z.
    Ghahramani, M. I. Jordan, Mach. Learn. 29, 245 (1997): several independent chains. T. Nagumo et al., IEDM (2009):
    time-lag plots. G. Schwarz, Ann. Stat. 6, 461 (1978): the criterion. S. M. Kay, Modern Spectral Estimation (1988),
    ch. 7: autoregressions.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> state = np.cumsum(rng.random(4000) < 0.02) % 2
    >>> found = telegraph(1e-5 - 2e-7 * state + 4e-8 * rng.normal(size=4000), dt=1e-3)
    >>> found.traps, found.levels.size
    (1, 2)
    >>> bool(abs(found["amplitude_1"].value - 2e-7) < 3 * found["amplitude_1"].error)
    True
    """
    given = given_trace(trace, dt)
    reads = trace_of(given._replace(read=False), "refuse", _LEAST)
    if not reads.regular:
        steps = np.diff(reads.time)
        raise ParameterError(
            f"telegraph needs reads at regular times, to 1 %; these are {steps.min():.4g} to {steps.max():.4g} s "
            "apart. Read the device anew, or fit its spectrum"
        )
    if traps is not None:
        traps = check.integer("traps", traps, 0, MOST_TRAPS)
    place = _place(reads, drift, since)
    scale = float(reads.value.std())
    middle = float(reads.value.mean())
    likelihood = Likelihood((reads.value - middle) / scale, place)
    found = candidates(likelihood, MOST_TRAPS if traps is None else traps, 0 if traps is None else traps)
    best = chosen(found) if traps is None else found[traps]
    order = _in_order(best.traps)
    return _result(
        reads, place, likelihood, found, best._replace(traps=order), (middle, scale), given.unit or unit
    ).with_source(given.source)


def _place(reads: NoiseTrace, drift: str, since: Any) -> np.ndarray:
    """The shape of the drift over the trace: from end to end a change of 1, mean 0."""
    check.choice("drift", drift, ("linear", "log", "none"))
    if drift == "none":
        return np.zeros(reads.time.size)
    if drift == "log":
        if since is None:
            raise ParameterError("drift='log' needs the time of the first read since programming: since= [s]")
        shape = np.log(check.number("since", since, "s", 0.0, low_open=True) + reads.time)
    else:
        shape = reads.time
    shape = (shape - shape[0]) / (shape[-1] - shape[0])
    return shape - shape.mean()


def _in_order(traps: Traps) -> Traps:
    """Filled is the lower level, and the strongest trap comes first."""
    count, theta = traps.count, traps.theta.copy()
    amplitudes, rates = theta[1 : 1 + count].copy(), theta[3 + count :].reshape(2, count).copy()
    upside = amplitudes < 0
    theta[0] -= amplitudes[upside].sum()
    amplitudes[upside] *= -1.0
    rates[:, upside] = rates[::-1, upside]
    order = np.argsort(-amplitudes)
    theta[1 : 1 + count], theta[3 + count :] = amplitudes[order], rates[:, order].ravel()
    return Traps(theta, count)


class _Numbers(NamedTuple):
    """Values as a user sees them, with the derivatives of each by its theta."""

    names: list[str]
    units: list[str]
    values: np.ndarray
    slopes: np.ndarray


def _numbers(traps: Traps, reads: NoiseTrace, units: tuple[float, float], unit: str) -> _Numbers:
    (middle, scale), count, theta = units, traps.count, traps.theta
    each = [str(k + 1) for k in range(count)]
    names = ["level", *(f"amplitude_{k}" for k in each), "drift", "noise"]
    names += [f"capture_time_{k}" for k in each] + [f"emission_time_{k}" for k in each]
    times = reads.interval / traps.rates.ravel()
    values = np.concatenate(
        [[middle + scale * traps.level], scale * theta[1 : 2 + count], [scale * traps.sigma], times]
    )
    slopes = np.concatenate([np.full(2 + count, scale), [scale * traps.sigma], -times])
    kinds = [unit] * (3 + count) + ["s"] * (2 * count)
    return _Numbers(names, kinds, values, slopes)


def _result(
    reads, place, likelihood: Likelihood, found: list[TrapCount], best: TrapCount, units, unit: str
) -> TelegraphFit:
    traps, count = best.traps, best.traps.count
    numbers = _numbers(traps, reads, units, unit)
    covariance, opened = _covariance(likelihood, traps, numbers, drifts=bool(place.any()))
    total, gamma, changes = likelihood.posterior(traps)
    stays = likelihood.counts(traps, changes)
    rest = remainder(likelihood, traps)
    names = [names for names, open_ in zip(numbers.names, opened) if open_]
    scale = units[1]
    return TelegraphFit(
        title=f"telegraph noise of {reads.value.size} reads, {reads.interval:.4g} s apart: {count} "
        f"trap{'s' * (count != 1)}, {2**count} level{'s' * (count > 0)}",
        estimates=tuple(
            Estimate(name, float(value), float(np.sqrt(covariance[k, k])), unit)
            for k, (name, value, unit) in enumerate(zip(numbers.names, numbers.values, numbers.units, strict=True))
            if name != "drift" or place.any()
        ),
        covariance=covariance if place.any() else np.delete(np.delete(covariance, 1 + count, 0), 1 + count, 1),
        goodness=Goodness(
            reads.value.size,
            traps.theta.size - (not place.any()),
            log_likelihood=total - reads.value.size * np.log(scale),
        ),
        undetermined=tuple(f"{name}: the trace does not hold it" for name in names if name != "drift"),
        notes=_notes(reads, found, best, stays, traps),
        time=reads.time,
        trace=reads.value,
        drift_curve=scale * traps.drift * place,
        levels=units[0] + scale * traps.levels,
        filled=traps.filled.astype(bool),
        occupancy=gamma.mean(axis=0),
        state=gamma.argmax(axis=1),
        residual=scale * rest,
        captures=stays[0, 1],
        criterion={one.traps.count: one.bic + 2.0 * reads.value.size * np.log(scale) for one in found},
        interval_of_reads=reads.interval,
        unit=unit,
    )


def _covariance(likelihood: Likelihood, traps: Traps, numbers: _Numbers, drifts: bool):
    """Covariance of the numbers, and which of them the trace leaves open."""
    information = likelihood.information(traps)
    known = np.ones(traps.theta.size, dtype=bool)
    known[1 + traps.count] = drifts
    opened = np.zeros(traps.theta.size, dtype=bool)
    size = np.sqrt(np.abs(np.diag(information)))
    opened[known] = size[known] <= 1e-9 * size.max()
    used = known & ~opened
    covariance = np.full((known.size, known.size), np.nan)
    scaled = information[np.ix_(used, used)] / np.outer(size[used], size[used])
    inverse = np.linalg.pinv(scaled, rcond=1e-10, hermitian=True)
    bad = np.diag(inverse) <= 0
    inverse[bad, :] = inverse[:, bad] = np.nan
    covariance[np.ix_(used, used)] = inverse / np.outer(size[used], size[used])
    opened[np.flatnonzero(used)[bad]] = True
    covariance *= np.outer(numbers.slopes, numbers.slopes)
    covariance[opened, opened] = np.inf
    return covariance, opened


def _notes(
    reads: NoiseTrace, found: list[TrapCount], best: TrapCount, stays: np.ndarray, traps: Traps
) -> tuple[str, ...]:
    criterion = ", ".join(f"{one.traps.count}: {one.bic - found[0].bic:.0f}" for one in found)
    notes = [f"Bayes' criterion by number of traps, against none (smaller is better): {criterion}"]
    more = min(found, key=lambda one: one.white).traps.count
    if best.coloured < best.white and more > best.traps.count:
        notes.append(
            f"taken for white, the noise would ask for {more} traps; Gaussian noise with a memory describes it better"
        )
    if best.colour >= WHITE:
        notes.append(
            f"what is left of the noise is not white (autocorrelation up to {best.colour:.2f}): the errors, which take "
            "it as white, are too small"
        )
    for k, captures in enumerate(stays[0, 1]):
        if captures < _FEW:
            notes.append(f"trap {k + 1} was filled only {captures:.1f} times: its times are rough, intervals lopsided")
        if traps.rates[:, k].sum() > _TOO_FAST:
            notes.append(f"trap {k + 1} is faster than the reads: its times rest on the shape of the noise alone")
    step = resolution(reads.value)
    if step > 0.5 * reads.value.std() * traps.sigma:
        notes.append(f"the trace comes in steps of {step:.3g}, as large as its noise: the instrument's resolution")
    return tuple(notes)
