"""Spectrum of a trace: densities with a band, and the power law through them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.solve import Fitted
from pcmphys.fit.spectrum.density import WINDOWS, Density, densities
from pcmphys.fit.spectrum.law import Law
from pcmphys.fit.spectrum.result import SpectrumFit
from pcmphys.fit.trace import NoiseTrace, given_trace, trace_of
from pcmphys.numerics import check

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from pcmphys.fit.readers.measurement import Measurement, Trace
    from pcmphys.fit.readers.tables import Table

_LEAST = 64
_SEGMENTS = 8
# of a segment's frequencies: below, the window's main lobe and the straight line that is removed bend the spectrum
_FIRST = {"hann": 2.5, "blackmanharris": 4.5, "boxcar": 2.5}
_LAST = 0.5  # of the Nyquist frequency: above, aliases of a 1/f spectrum are more than a tenth of it
_LEAST_BINS = 4


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
        A floor under the power law: unless the spectrum is flat, always, never. The last for noise that is known to
        have none: errors are then two or three times smaller.
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
    reads that are short against ``dt`` see 1/f noise up to 1 / (2 duration). It may come out below zero: within its
    error where there is none, and because a floor that is held above zero, or left out where it does not show, makes
    errors of the exponent that are too small whenever a weak one is there. A spectrum that is flat, its exponent within
    two standard errors of zero, is fitted without: there law and floor are one thing, and what 1/f noise lies under the
    floor is not told. Because each bin's error is known, chi2 tests whether the noise is a power law at all; a few
    strong traps give bumps (see `telegraph`).

    In 1000 repeats each of 4096 reads (slopes 0.7 to 1.5, floors from none to five times the law at 1 Hz for one read a
    second; ``white="auto"``) intervals of value and error covered exponent and amplitude in 66.6 to 71.7 % and 94.1 to
    97.5 %. The boxcar leaks. On irregular times (100 to 150 repeats) slope 0.7 is covered too often, up to 82 %, slope
    1.5 too seldom, 61 to 66 %; where the steps differ by about an interval such a slope smears more at high frequencies
    than at low ones, which pulls the exponent up by as much as an error, 40 to 49 %. In short traces (512 reads) value
    and error are wide, up to 85 % and 99 %, and `SpectrumFit.interval`, by profile, comes closer (300 repeats: 64 to
    76 % and 95.5 to 99 %); a weak law under a large floor may be called flat there, and is then covered too seldom.

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
    used = _used(found, band, nyquist, window)
    logarithms = Law.of(found, used, mean)
    law = logarithms.fit(white)
    return SpectrumFit(
        title=f"spectrum of {reads.value.size} reads over {reads.time[-1]:.4g} s: Q^2 / f0 (f / f0)^-exponent"
        f"{' + white' if len(law.estimates) == 3 else ''}, f0 = {logarithms.reference:.4g} Hz",
        estimates=law.estimates,
        covariance=law.covariance,
        goodness=law.goodness,
        undetermined=law.undetermined,
        notes=law.notes + _notes(reads, found, used, law, window, segments, white),
        frequency=found.frequency,
        density=found.density,
        dof=found.dof,
        used=used,
        mean=mean,
        reference_frequency=logarithms.reference,
        nyquist=nyquist,
        segments=segments,
        window=window,
        regular=reads.regular,
        unit=given.unit,
        source=given.source,
        law=logarithms,
        white=white,
    )


def _segments(segments: Any, reads: int) -> int:
    if segments is None:
        return max(1, min(_SEGMENTS, reads // _LEAST))
    most = reads // 16
    return check.integer("segments", segments, 1, most)


def _used(found: Density, band, nyquist: float, window: str) -> np.ndarray:
    if band is None:
        low, high = _FIRST[window] / found.segment, _LAST * nyquist
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


def _notes(
    reads: NoiseTrace, found: Density, used, law: Fitted, window: str, segments: int, white: str
) -> tuple[str, ...]:
    method = "Welch" if reads.regular else "Lomb and Scargle (irregular times)"
    fold = "is folded below it" if reads.regular else "is smeared into a floor, not folded, by the irregular times"
    values = {one.name: one.value for one in law.estimates}
    notes = [
        f"{method}: {segments} half-overlapping segments of {found.segment:.4g} s, {window} window, bins of a tenth of "
        "a decade, a straight line removed",
        f"fitted from {found.frequency[used][0]:.3g} to {found.frequency[used][-1]:.3g} Hz; what the device and the "
        f"instrument have above {0.5 / reads.interval:.4g} Hz {fold}"
        + (", and is part of the floor" if len(law.estimates) == 3 else ""),
    ]
    if "white" not in values and white == "auto":
        notes.append("flat within its errors, law and floor are one thing: 1/f noise under that floor is not excluded")
    if values.get("white", 0.0) < 0.0:
        notes.append("the floor below zero is none: it says how much the errors leave, or that reads were averages")
    if reads.missing:
        notes.append(f"{reads.missing} missing reads were left out")
    if law.goodness.p < 0.01:
        notes.append(
            f"p = {law.goodness.p:.1g}: the spectrum is no power law within its errors; strong single traps, steps or "
            "lines in it make its exponent one of convenience"
        )
    return tuple(notes)
