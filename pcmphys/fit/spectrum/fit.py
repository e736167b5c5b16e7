"""Spectrum of a trace: densities with a band, and the power law through them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.noise import Scatter
from pcmphys.fit.engine.parameter import Parameter
from pcmphys.fit.engine.solve import Fitted, fitted
from pcmphys.fit.spectrum.density import WINDOWS, Density, densities
from pcmphys.fit.spectrum.result import SpectrumFit
from pcmphys.fit.trace import NoiseTrace, given_trace, trace_of
from pcmphys.numerics import check

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from pcmphys.fit.readers.measurement import Measurement, Trace
    from pcmphys.fit.readers.tables import Table

_LEAST = 64
_SEGMENTS = 8
_FIRST = 2.5  # of a segment's frequencies: below, the window and the straight line that is removed bend the spectrum
_LAST = 0.5  # of the Nyquist frequency: above, aliases of a 1/f spectrum are more than a tenth of it
_LEAST_BINS = 4
_FLAT = 0.3  # exponent below which a power law and a floor are one thing


def spectrum(
    trace: ArrayLike | Measurement | Table | Trace,
    dt: float | None = None,
    *,
    time: ArrayLike | None = None,
    segments: int | None = None,
    window: str = "hann",
    band: tuple[float, float] | None = None,
    white: str = "auto",
    missing: str = "refuse",
) -> SpectrumFit:
    r"""Power spectral density of a trace, and the exponent and amplitude of its noise.

    Parameters
    ----------
    trace : (reads,) array, Measurement or Table of one device, or Trace
        Reads of one device [S, or any unit], at least 64, with their mean (not made zero before). What was read from
        a file has its times, unit and source; of several devices one is to be chosen, ``measurement[["name"]]``.
    dt : float, optional
        Time between two reads [s].
    time : (reads,) array, optional
        Times of the reads [s], increasing, instead of ``dt``; they need not be regular.
    segments : int, optional
        Number of half-overlapping segments that are averaged. More: a steadier density, that begins at a higher
        frequency. Default: 8, fewer below 512 reads.
    window : {"hann", "blackmanharris", "boxcar"}
        Of each segment. The last lets strong low frequencies leak into weak high ones.
    band : (float, float), optional
        Frequencies [Hz] that the power law is fitted to. Default: from the third frequency of a segment to half the
        Nyquist frequency.
    white : {"auto", "yes", "no"}
        A floor under the power law: wherever it can be told from it, always, never.
    missing : {"refuse", "skip"}
        NaN or masked reads: an error, or reads that were not taken (the times are then irregular).

    Returns
    -------
    SpectrumFit

    Raises
    ------
    ParameterError
        A constant trace, too few reads, missing ones, times that do not increase, both or none of ``dt`` and
        ``time``, a mean too close to zero to relate the noise to, too few bins in the band.

    Notes
    -----
    A straight line is removed from the trace, and from each segment. Regular times (to 1 % of an interval): Welch's
    method. Irregular ones: the periodogram of Lomb and Scargle of the same windowed segments, which has no folding at
    a sharp frequency but smears what is above the mean Nyquist frequency into a floor. Densities are averaged in bins
    of a tenth of a decade. In each the estimate is the truth times a chi-square of as many degrees of freedom as
    independent squares went in (overlap and window taken into account), which gives the band, and the mean and variance
    of its logarithm (digamma, trigamma) for the fit:

    .. math:: S(f) / \bar{G}^2 = Q^2 / f_0 \, (f / f_0)^{-\beta} + w .

    The floor w holds the white noise of the instrument and all that is folded down from above the Nyquist frequency:
    reads that are short against ``dt`` see 1/f noise up to 1 / (2 duration). Because each bin's error is known,
    chi2 tests whether the noise is a power law at all; a few strong traps give bumps (see `telegraph`).

    In 1000 repeats of 4096 reads (white, f^-1 and f^-1.4 without a floor, f^-1.2 with one; ``white`` told) intervals
    of one and two standard errors of exponent and amplitude covered the truth within 3 points of 68 % and 95 %.
    A floor that cannot be negative pulls the exponent up a little where there is none (half a standard error);
    ``white="no"`` is for noise that is known to have none.

    Not modelled: drift that is not a straight line within a segment, non-stationary noise (one jump of a slow trap
    looks like f^-2), the average over a read, lines of the mains.

    References
    ----------
    P. D. Welch, IEEE Trans. Audio Electroacoust. 15, 70 (1967). N. R. Lomb, Astrophys. Space Sci. 39, 447 (1976);
    J. D. Scargle, Astrophys. J. 263, 835 (1982). M. S. Bartlett, D. G. Kendall, Suppl. J. R. Stat. Soc. 8, 128 (1946):
    logarithms of variances. S. R. Nandakumar et al., IEEE ICECS, 727 (2019): Q_s of PCM.

    Examples
    --------
    White noise of 1 % of the mean, read each millisecond: a flat spectrum, 2 sigma^2 dt = 2e-7 / Hz.

    >>> trace = 1e-5 * (1.0 + 0.01 * np.random.default_rng(0).normal(size=4096))
    >>> found = spectrum(trace, 1e-3)
    >>> print(found["exponent"])
    -0.001 +- 0.038
    >>> print(f"{np.median(found.relative):.1e}")
    1.9e-07
    """
    given = given_trace(trace, dt, time)
    reads = trace_of(given, missing, _LEAST)
    mean = float(reads.value.mean())
    if abs(mean) <= reads.value.std():
        raise ParameterError(
            f"trace must have a mean above its scatter, because the noise is related to it; mean {mean:.4g}, standard "
            f"deviation {reads.value.std():.4g}. Give the trace as it was measured, without the mean taken out"
        )
    segments = _segments(segments, reads.value.size)
    window = check.choice("window", window, WINDOWS)
    check.choice("white", white, ("auto", "yes", "no"))
    found = densities(reads, segments, window)
    nyquist = 0.5 / reads.interval
    used = _used(found, band, nyquist)
    middle = float(np.exp(np.log(found.frequency[used]).mean()))
    law = _law(found, used, mean, middle, white)
    return SpectrumFit(
        title=f"spectrum of {reads.value.size} reads over {reads.time[-1]:.4g} s: Q^2 / f0 (f / f0)^-exponent"
        f"{' + white' if len(law.estimates) == 3 else ''}, f0 = {middle:.4g} Hz",
        estimates=law.estimates,
        covariance=law.covariance,
        goodness=law.goodness,
        undetermined=law.undetermined,
        notes=law.notes + _notes(reads, found, used, law, window, segments),
        frequency=found.frequency,
        density=found.density,
        dof=found.dof,
        used=used,
        mean=mean,
        reference_frequency=middle,
        nyquist=nyquist,
        segments=segments,
        window=window,
        regular=reads.regular,
        unit=given.unit,
        source=given.source,
    )


def _segments(segments: Any, reads: int) -> int:
    if segments is None:
        return max(1, min(_SEGMENTS, reads // _LEAST))
    most = reads // 16
    return check.integer("segments", segments, 1, most)


def _used(found: Density, band, nyquist: float) -> np.ndarray:
    if band is None:
        low, high = _FIRST / found.segment, _LAST * nyquist
    else:
        try:
            low, high = band
        except (TypeError, ValueError):
            raise ParameterError(f"band must be two frequencies in Hz, (low, high); got {band!r}") from None
        low, high = (check.number(f"band[{k}]", one, "Hz", 0.0) for k, one in enumerate((low, high)))
    used = (found.frequency >= low) & (found.frequency <= high)
    if used.sum() < _LEAST_BINS:
        raise ParameterError(
            f"band {low:.3g} to {high:.3g} Hz holds {used.sum()} bins of the spectrum, which has some from "
            f"{found.frequency[0]:.3g} to {found.frequency[-1]:.3g} Hz; a power law needs {_LEAST_BINS}. Fewer "
            "segments reach lower frequencies"
        )
    return used


def _law(found: Density, used: np.ndarray, mean: float, middle: float, white: str) -> Fitted:
    """The power law through the logarithms of the densities, with or without a floor."""
    from scipy.special import digamma, polygamma

    half = 0.5 * found.dof[used]
    logs = np.log(found.density[used] / mean**2) - (digamma(half) - np.log(half))
    spread = np.sqrt(polygamma(1, half))
    covariance = found.correlation[np.ix_(used, used)] * np.outer(spread, spread)
    scatter = Scatter(np.linalg.cholesky(covariance), "linear")
    inside = [here / middle for here, chosen in zip(found.inside, used, strict=True) if chosen]

    def residual(values: dict[str, float]) -> np.ndarray:
        level = values["amplitude"] ** 2 / middle
        model = [level * np.mean(here ** -values["exponent"]) + values.get("white", 0.0) for here in inside]
        return logs - np.log(model)

    slope, level = np.polyfit(np.log(found.frequency[used] / middle), logs, 1, w=np.sqrt(half))
    start = math.exp(0.5 * level) * math.sqrt(middle)
    plain = [Parameter("amplitude", start, low=0.0), Parameter("exponent", -slope, low=-3.0, high=5.0)]
    floor = Parameter("white", 0.3 * float(np.exp(logs.min())), low=0.0, unit="1/Hz")
    if white == "yes":
        return fitted(residual, [*plain, floor], scatter, "power law of a spectrum")
    without = fitted(residual, plain, scatter, "power law of a spectrum")
    if white == "no" or used.sum() <= _LEAST_BINS:
        return without
    steeper = [plain[0], Parameter("exponent", max(1.0, -slope), low=-3.0, high=5.0), floor]
    with_floor = fitted(residual, steeper, scatter, "power law of a spectrum")
    settled = all(not one.bound and np.isfinite(one.error) for one in with_floor.estimates)
    return with_floor if settled and -slope > _FLAT and not with_floor.undetermined else without


def _notes(reads: NoiseTrace, found: Density, used, law: Fitted, window: str, segments: int) -> tuple[str, ...]:
    method = "Welch" if reads.regular else "Lomb and Scargle (irregular times)"
    fold = "is folded below it" if reads.regular else "is smeared into a floor, not folded, by the irregular times"
    notes = [
        f"{method}: {segments} half-overlapping segments of {found.segment:.4g} s, {window} window, bins of a tenth of "
        "a decade, a straight line removed",
        f"fitted from {found.frequency[used][0]:.3g} to {found.frequency[used][-1]:.3g} Hz; what the device and the "
        f"instrument have above {0.5 / reads.interval:.4g} Hz {fold}"
        + (", and is part of the floor" if len(law.estimates) == 3 else ""),
    ]
    if reads.missing:
        notes.append(f"{reads.missing} missing reads were left out")
    if law.goodness.p < 0.01:
        notes.append(
            f"p = {law.goodness.p:.1g}: the spectrum is no power law within its errors; strong single traps, steps or "
            "lines in it make its exponent one of convenience"
        )
    return tuple(notes)
