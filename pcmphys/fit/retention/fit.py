"""Retention: Arrhenius with a spread, from failure times that may be censored."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.errors import ConvergenceError, ParameterError
from pcmphys.fit.engine.identify import determined
from pcmphys.fit.engine.result import Estimate, Goodness
from pcmphys.fit.retention.given import given_lives
from pcmphys.fit.retention.model import PER_EV, Sample
from pcmphys.fit.retention.result import RetentionFit
from pcmphys.numerics import check

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from pcmphys.fit.readers.measurement import Measurement
    from pcmphys.fit.readers.tables import Table

YEAR = 31557600.0
_LEAST = 5
_ONE_LOOK = 3.0
"""Factor of time within which looks count as one."""
_MOST_BIAS = 1.0
"""Logarithm of a factor on the spread from which its bias is no small correction, but a likelihood without an end."""
_DISAGREE = 6.0
"""Squared standard deviations a temperature from which the law is called wrong."""


def retention(
    time: ArrayLike | Table | Measurement,
    temperature: ArrayLike | None = None,
    *,
    failed: ArrayLike | None = None,
    since: ArrayLike | None = None,
    life: float = 10 * YEAR,
    fraction: float = 0.5,
    spread: str = "energy",
    prefactor: float | None = None,
) -> RetentionFit:
    r"""Fit times to failure at several temperatures, and tell the temperature that a lifetime allows.

    Parameters
    ----------
    time : (devices,) array, Table or Measurement
        When each device failed or was first seen failed; of a survivor, when it was last looked at [s], above 0. A
        table of a file may hold ``time``, ``temperature``, ``failed``, ``since``, and ``devices``: how many each row
        stands for. From reads: a Measurement (its first reads, before the bake, are what later ones are held against),
        or `failures` with another criterion.
    temperature : float or (devices,) array
        At which each was kept [K].
    failed : (devices,) array of bool, optional
        False: still good at ``time`` (censored). Default: all failed.
    since : float or (devices,) array, optional
        When each was last seen good [s]: it failed between the two looks; 0: it was never seen good. Default: failures
        were seen as they happened.
    life : float
        Lifetime that is asked for [s]; default 10 years.
    fraction : float
        Share of devices that may have failed by then, above 0 and below 1.
    spread : {"energy", "time"}
        What differs from device to device: the activation energy (normal: the spread of ln t is wider in the cold), or
        the prefactor (the same spread of ln t everywhere).
    prefactor : float, optional
        tau_0 [s], if it is known or assumed, such as 1e-13. Default: fitted.

    Returns
    -------
    RetentionFit

    Raises
    ------
    ParameterError
        Shapes that do not fit, numbers out of range (times above 0, temperatures in kelvin), fewer than five devices,
        no failure at all, no survivor and no spread, a single temperature without a ``prefactor``.
    ConvergenceError
        The likelihood has no maximum within reasonable numbers.

    Notes
    -----
    .. math:: \ln t = \ln\tau_0 + E / kT, \qquad E \sim N(\bar E, \sigma_E^2)

    Parameters are found by maximum likelihood: a device seen to fail adds the density of ln t, one that failed between
    two looks the chance of that interval, a survivor that of a longer life. That likelihood would have the spread too
    small, as it is measured from a line laid through the same failures: half the log determinant of what it knows of
    the line is taken off, which without censoring divides by devices less numbers of the line (REML), if failures have
    times at all and not only shares at one look. Errors are from
    the curvature at the maximum; `RetentionFit.interval` goes by the profile. The temperature for a life L and a share
    F is :math:`T = (\bar E + z_F \sigma_E) / (k \ln(L / \tau_0))`.

    Devices that were looked at once, all after about the same time, tell only :math:`\bar E / \sigma_E` and
    :math:`\ln(t / \tau_0) / \sigma_E`: then look at several times, or give ``prefactor``. The result says so.

    Failures seen are held against those expected by the law, temperature by temperature; where they disagree the result
    says so, and its errors mean little.

    In 1000 repeats each with 40 and with 120 devices at four temperatures, a fifth of them censored, failures seen or
    between looks, intervals of one and 1.96 standard errors covered energy, spread and temperature in 64.5 to 71.4 %
    and 93.8 to 95.2 % (shares uncertain by 1.5 and 0.7 points). With the other spread, and with a known prefactor, 200
    repeats were made, which tell no more than 10 points.

    Not modelled: more than one mechanism, energies that are not normal, crystallization that is no thermally activated
    loss at one rate, drift that crosses a criterion by its power law (see `drift`).

    References
    ----------
    W. Q. Meeker, L. A. Escobar, Statistical Methods for Reliability Data (1998), ch. 7 and 19. D. R. Cox, N. Reid,
    J. R. Stat. Soc. B 49, 1 (1987): the spread. A. Pirovano et al., IEEE Trans. Device Mater. Reliab. 4, 422 (2004):
    retention of PCM. A. Redaelli et al., IRPS (2006): its spread.

    Examples
    --------
    Each device fails after 1e-15 s e^(E / kT) with its own E of 2.5 eV +- 2 %:

    >>> rng = np.random.default_rng(0)
    >>> temperature = np.repeat([430.0, 450.0, 470.0], 40)
    >>> energy = rng.normal(2.5, 0.05, 120)
    >>> time = 1e-15 * np.exp(energy / (8.617333e-5 * temperature))
    >>> found = retention(np.minimum(time, 1e12), temperature, failed=time < 1e12)
    >>> bool(abs(found["energy"].value - 2.5) < 3 * found["energy"].error)
    True
    """
    chance = check.number("fraction", fraction, "", 0.0, 1.0, low_open=True)
    if chance == 1.0:
        raise ParameterError("fraction must be below 1: of a normal distribution none is the last")
    check.choice("spread", spread, ("energy", "time"))
    life = check.number("life", life, "s", 0.0, low_open=True)
    if prefactor is not None:
        prefactor = check.number("prefactor", prefactor, "s", 0.0, low_open=True)
    given = given_lives(time, temperature, failed, since)
    devices = _devices(given.time, given.temperature, given.failed, given.since)
    if prefactor is None and np.unique(devices[1]).size < 2:
        raise ParameterError(
            "temperature must have at least two values for an activation energy; or give prefactor, such as 1e-13 s"
        )
    sample = Sample.of(devices[1], *_bounds(*devices), energies=spread == "energy")
    return _fitted(sample, devices, (life, chance), prefactor).with_source(given.source)


def _devices(time, temperature, failed, since):
    """Times, temperatures, whether failed, last seen good (NaN: not asked), all (devices,)."""
    at = check.measured("time", check.array("time", time, "s", low=0.0, ndim=1), "s")
    if not (at > 0).all():
        raise ParameterError(f"time must be above 0 s; time[{int(np.argmin(at))}] is {at.min():g} s")
    kept = check.array("temperature", temperature, "K", low=0.0, ndim=(0, 1))
    if kept.ndim == 1 and kept.size != at.size:
        raise ParameterError(f"temperature must be one number or one for each of {at.size} devices; got {kept.size}")
    kept = np.broadcast_to(kept, at.shape)
    if kept.min() < 150.0:
        raise ParameterError(f"temperature must be in K; {kept.min():g} is probably in degrees Celsius: add 273.15")
    bad = np.ones(at.size, dtype=bool) if failed is None else check.flags("failed", failed, at.shape)
    good = np.full(at.size, np.nan)
    if since is not None:
        good = check.array("since", since, "s", low=0.0, ndim=(0, 1))
        if good.ndim == 1 and good.shape != at.shape:
            raise ParameterError(f"since must be one number or one for each of {at.size} devices; got {good.size}")
        good = np.broadcast_to(good, at.shape)
        late = bad & (good >= at)
        if late.any():
            k = int(np.argmax(late))
            raise ParameterError(f"since must be before time; since[{k}] = {good[k]:g} s, time[{k}] = {at[k]:g} s")
    if at.size < _LEAST:
        raise ParameterError(f"retention needs at least {_LEAST} devices; got {at.size}")
    if not bad.any():
        raise ParameterError(
            f"none of {at.size} devices has failed: no time to failure can be told, only that it is longer"
        )
    return at, kept, bad, good


def _bounds(at, kept, bad, good):
    """Logarithms of the times between which each failed."""
    with np.errstate(divide="ignore"):
        first = np.where(bad, np.log(np.where(np.isnan(good), at, good)), np.log(at))
    return first, np.where(bad, np.log(at), np.inf)


def _fitted(sample: Sample, devices, wanted: tuple[float, float], prefactor: float | None) -> RetentionFit:
    from scipy.special import ndtri

    at, kept, bad, _ = devices
    reference = float(1.0 / np.mean(1.0 / (PER_EV * kept)))  # kT at which level and energy are least correlated
    fixed = None if prefactor is None else math.log(prefactor)

    def numbers(theta):
        """(ln tau_0, energy, spread) of (ln t at the reference, energy, ln spread), or of the last two."""
        if fixed is not None:
            return fixed, theta[0], math.exp(min(theta[1], 50.0))
        return theta[0] - theta[1] / reference, theta[1], math.exp(min(theta[2], 50.0))

    def lost_of(sample: Sample) -> Callable:
        def lost(theta):
            value = -sample.objective(*numbers(theta))
            return value if math.isfinite(value) else 1e300

        return lost

    theta = _maximum(lost_of(sample), _start(sample, devices, reference, fixed))
    names = (["time"] if fixed is None else []) + ["energy", "spread"]
    found = _determined(_curvature(lost_of(sample), theta), names, theta)
    if not found.words and sample.timed > theta.size:  # else no scatter about the line shows
        sample, theta = _unbiased(sample, lost_of, theta)
        found = _determined(_curvature(lost_of(sample), theta), names, theta)
    values = numbers(theta)
    quantile = float(ndtri(wanted[1]))
    life = sample.life_temperature(wanted[0], quantile, *values)
    slopes = _slopes(lambda t: _shown(sample, numbers(t), reference, wanted[0], quantile), theta)
    finite = np.where(np.isfinite(found.covariance), found.covariance, 0.0)
    covariance = slopes @ finite @ slopes.T
    lost_ones = ~np.isfinite(np.diag(found.covariance))
    open_ = (np.abs(slopes[:, lost_ones]) > 1e-9).any(axis=1)
    covariance[open_, open_] = np.inf
    shown = _shown(sample, values, reference, wanted[0], quantile)
    estimates = _estimates(shown, covariance, sample.energies, fixed is not None)
    return RetentionFit(
        title=f"retention of {at.size} devices at {np.unique(kept).size} temperatures: "
        f"{'energies' if sample.energies else 'prefactors'} that differ from device to device",
        estimates=estimates,
        covariance=covariance,
        goodness=Goodness(at.size, theta.size, log_likelihood=sample.log_likelihood(*values)),
        undetermined=found.words + _single_look(devices, fixed is not None),
        notes=_notes(devices, life, wanted, sample, values),
        life=wanted[0],
        fraction=wanted[1],
        reference_temperature=reference / PER_EV,
        time=at,
        temperature=kept.copy(),
        failed=bad,
        sample=sample,
        fixed=fixed,
    )


def _shown(sample: Sample, values, reference: float, life: float, quantile: float) -> np.ndarray:
    """What a user sees: energy, spread, log10 of tau_0, log10 of the median time at the reference, temperature."""
    prefactor, energy, spread = values
    level = (prefactor + energy / reference) / math.log(10.0)
    return np.array(
        [energy, spread, prefactor / math.log(10.0), level, sample.life_temperature(life, quantile, *values)]
    )


def _estimates(shown, covariance, energies: bool, fixed: bool) -> tuple[Estimate, ...]:
    names = ["energy", "energy_spread" if energies else "log_time_spread", "log10_prefactor", "log10_time"]
    units = ["eV", "eV" if energies else "1", "1", "1", "K"]
    result = []
    for k, name in enumerate([*names, "life_temperature"]):
        held = fixed and name == "log10_prefactor"
        error = math.nan if held else float(np.sqrt(covariance[k, k]))
        result.append(Estimate(name, float(shown[k]), error, units[k], "fixed" if held else "free"))
    return tuple(result)


def _start(sample: Sample, devices, reference: float, fixed: float | None) -> np.ndarray:
    """A straight line through the logarithms of the times, those of survivors lengthened."""
    at, kept, bad, _ = devices
    thermal = PER_EV * kept
    logs = np.log(at) + np.where(bad, 0.0, 2.0)
    if fixed is not None:
        energy = float(np.median(thermal * (logs - fixed)))
        return np.array([energy, math.log(0.1 * energy if sample.energies else 2.0)])
    slope, level = np.polyfit(1.0 / thermal - 1.0 / reference, logs, 1)
    energy = min(max(slope, 0.3), 5.0)
    return np.array([level, energy, math.log(0.05 * energy if sample.energies else 2.0)])


def _maximum(lost: Callable, start: np.ndarray) -> np.ndarray:
    from scipy.optimize import minimize

    best = start
    for _ in range(3):
        found = minimize(lost, best, method="Nelder-Mead", options={"maxiter": 3000, "xatol": 1e-9, "fatol": 1e-9})
        done = abs(lost(best) - found.fun) < 1e-7
        best = found.x
        if done:
            break
    if not np.isfinite(best).all() or lost(best) >= 1e299 or best[-1] > 45 or best[-1] < -45:
        raise ConvergenceError(
            "retention: the likelihood has no maximum; do all devices fail together, or only at one temperature?",
            residual=float(lost(best)),
            iterations=3000,
        )
    return best


def _unbiased(sample: Sample, lost_of: Callable, theta: np.ndarray) -> tuple[Sample, np.ndarray]:
    """The likelihood that is free of the line, and its maximum, where it has one near that of the plain likelihood."""
    free = replace(sample, line=theta.size - 1)
    try:
        moved = _maximum(lost_of(free), theta)
    except ConvergenceError:
        return sample, theta
    return (free, moved) if abs(moved[-1] - theta[-1]) < _MOST_BIAS else (sample, theta)


def _steps(theta: np.ndarray) -> np.ndarray:
    return 1e-4 * np.maximum(np.abs(theta), 0.1)


def _curvature(lost: Callable, theta: np.ndarray) -> np.ndarray:
    """Second derivatives, by central differences."""
    steps = np.diag(_steps(theta))
    size = theta.size
    matrix = np.empty((size, size))
    for i in range(size):
        for j in range(i + 1):
            a, b = steps[i], steps[j]
            corners = lost(theta + a + b) - lost(theta + a - b) - lost(theta - a + b) + lost(theta - a - b)
            matrix[i, j] = matrix[j, i] = corners / (4.0 * a[i] * b[j])
    return matrix


def _slopes(function: Callable, theta: np.ndarray) -> np.ndarray:
    steps = np.diag(_steps(theta))
    columns = [(function(theta + s) - function(theta - s)) / (2.0 * s.max()) for s in steps]
    return np.nan_to_num(np.stack(columns, axis=1))


def _determined(information: np.ndarray, names: list[str], theta: np.ndarray):
    """Covariance, and in words what the failures leave open."""
    values, vectors = np.linalg.eigh(information)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))).T
    sizes = np.abs(theta).copy()
    sizes[-1] = 1.0  # of a logarithm: a factor of e
    if len(names) == 3:
        sizes[0] = 10.0  # of ln t: the times that a laboratory has
    return determined(root, names, sizes, 1.0)


def _single_look(devices, fixed: bool) -> tuple[str, ...]:
    """What is open where all devices were looked at once, after about the same time."""
    at, _, bad, good = devices
    exact = bad & np.isnan(good)
    looks = np.concatenate([at, good[bad & (good > 0)]]) if not exact.any() else at
    if fixed or exact.any() or looks.max() > _ONE_LOOK * looks.min():
        return ()
    return (
        f"energy, spread and prefactor each by itself: all looks lie within a factor {looks.max() / looks.min():.2g} "
        "of the same time, and only ratios of the three show in shares of failures; give prefactor, or look at several "
        "times",
    )


def _notes(devices, life: float, wanted, sample: Sample, values) -> tuple[str, ...]:
    at, kept, bad, good = devices
    rows, distance, groups = [], 0.0, 0
    for one in np.unique(kept):
        here = kept == one
        chance = sample.chance(at[here].max(), one, *values)
        seen, expected = int(bad[here].sum()), float(here.sum() * chance)
        rows.append(f"{one:.4g} K: {seen} ({expected:.3g}) of {int(here.sum())}")
        variance = expected * (1.0 - chance)
        if variance > 1.0:
            distance, groups = distance + (seen - expected) ** 2 / variance, groups + 1
    notes = [f"failed at the last look (expected by the law): {', '.join(rows)}"]
    if groups and distance > _DISAGREE * groups:
        notes.append(
            f"shares of failures are off the law by {math.sqrt(distance / groups):.2g} standard deviations a "
            "temperature: it does not describe these devices, and the errors mean little"
        )
    between = int((bad & ~np.isnan(good)).sum())
    if between:
        notes.append(f"{between} failures are known only to lie between two looks")
    if not math.isfinite(life):
        notes.append("no temperature gives that life: energy or ln(life / prefactor) is not above 0")
    elif wanted[0] > at.max():
        where = "below" if life < kept.min() else "above" if life > kept.max() else "within"
        notes.append(
            f"the life asked for is a factor 10^{math.log10(wanted[0] / at.max()):.1f} beyond the longest bake, and "
            f"{life:.4g} K {where} the temperatures measured: an extrapolation by this law"
        )
    return tuple(notes)
