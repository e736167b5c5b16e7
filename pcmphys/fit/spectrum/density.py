"""Power spectral densities of a trace, averaged over segments of it and over bins even in the logarithm.

Regular times: Welch's method (scipy). Irregular ones: the periodogram of Lomb and Scargle (scipy) of the same windowed
segments, scaled to a density.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.fit.trace import NoiseTrace

PER_DECADE = 10
"""Bins of a decade."""
_IRREGULAR_PER_BIN = 16
"""Most frequencies of a bin that an irregular periodogram is computed at: neighbours know no more."""
_TOGETHER = 32
WINDOWS = ("hann", "blackmanharris", "boxcar")


class Density(NamedTuple):
    """One-sided densities by bin, each with the (effective) number of independent squares that are averaged in it."""

    frequency: np.ndarray
    """Geometric middle of each bin's frequencies [Hz]."""
    density: np.ndarray
    """[unit^2/Hz]."""
    dof: np.ndarray
    inside: list[np.ndarray]
    """The frequencies [Hz] of each bin."""
    segment: float
    """Duration of a segment [s]."""
    correlation: np.ndarray
    """Of the bins' densities, (bins, bins): with a window neighbouring frequencies share what they know."""


def densities(trace: NoiseTrace, segments: int, window: str) -> Density:
    """Densities from the first frequency of a segment to the mean Nyquist frequency."""
    value = trace.value - np.polynomial.Polynomial.fit(trace.time, trace.value, 1)(trace.time)
    found = _welch if trace.regular else _lomb
    frequency, density, duration = found(trace, value, segments, window)
    return _binned(frequency, density, segments, window, duration)


def _edges(low: float, high: float) -> np.ndarray:
    count = max(1, int(np.ceil(PER_DECADE * np.log10(high / low))))
    return np.geomspace(low, high, count + 1)


def _welch(trace: NoiseTrace, value: np.ndarray, segments: int, window: str):
    from scipy.signal import welch

    length = int(2 * value.size // (segments + 1))
    frequency, density = welch(value, 1.0 / trace.interval, window, nperseg=length, detrend="linear")
    last = -1 if length % 2 == 0 else None  # the Nyquist frequency itself has one square only
    return frequency[1:last], density[1:last], length * trace.interval


def _lomb(trace: NoiseTrace, value: np.ndarray, segments: int, window: str):
    from scipy.signal import get_window, lombscargle

    whole = trace.time[-1] + trace.interval
    duration = 2.0 * whole / (segments + 1)
    count = int(0.5 * duration / trace.interval)
    frequency = _thinned(np.arange(1, count) / duration)
    shape = get_window(window, 4096, fftbins=True)
    total = np.zeros(frequency.size)
    for k in range(segments):
        start = 0.5 * k * duration
        chosen = (trace.time >= start) & (trace.time < start + duration)
        time, part = trace.time[chosen] - start, value[chosen]
        if time.size < 4:
            continue
        part = part - np.polynomial.Polynomial.fit(time, part, 1)(time)
        weight = np.interp(time / duration, (np.arange(4096) + 0.5) / 4096, shape)
        part, scale = part * weight, 2.0 * duration / (time.size * (weight**2).mean())
        for first in range(0, frequency.size, _TOGETHER):
            some = slice(first, first + _TOGETHER)
            total[some] += scale * lombscargle(time, part, 2.0 * np.pi * frequency[some])
    return frequency, total / segments, duration


def _thinned(frequency: np.ndarray) -> np.ndarray:
    """Of each bin a few frequencies, evenly."""
    which = np.digitize(frequency, _edges(frequency[0], frequency[-1] * 1.0001))
    kept = []
    for k in np.unique(which):
        here = frequency[which == k]
        kept.append(here[:: -(-here.size // _IRREGULAR_PER_BIN)])
    return np.concatenate(kept)


def _binned(frequency, density, segments: int, window: str, duration: float) -> Density:
    which = np.digitize(frequency, _edges(frequency[0], frequency[-1] * 1.0001))
    overlap, neighbours = _correlations(window)
    effective = segments / (1.0 + 2.0 * (1.0 - 1.0 / segments) * overlap)
    inside = [frequency[which == k] for k in np.unique(which)]
    means = np.array([density[which == k].mean() for k in np.unique(which)])
    shared = np.array([[_shared(a, b, neighbours, duration) for a in inside] for b in inside])
    own = np.diag(shared)
    middles = np.array([np.exp(np.log(here).mean()) for here in inside])
    return Density(middles, means, 2.0 * effective / own, inside, duration, shared / np.sqrt(np.outer(own, own)))


def _shared(a: np.ndarray, b: np.ndarray, neighbours: np.ndarray, duration: float) -> float:
    """Covariance of two bins' densities, in units of the variance of one frequency's."""
    first, second = (np.rint(one * duration).astype(np.int64) for one in (a, b))
    reach = neighbours.size - 1
    if first[0] > second[-1] + reach or second[0] > first[-1] + reach:
        return 0.0
    pairs = sum(
        neighbours[abs(lag)] * np.isin(first + lag, second, assume_unique=True).sum()
        for lag in range(-reach, reach + 1)
    )
    return float(pairs / (a.size * b.size))


def _correlations(window: str) -> tuple[float, np.ndarray]:
    """Correlation of the squares of two segments that overlap by half, and of neighbouring frequencies."""
    from scipy.signal import get_window

    shape = get_window(window, 1024, fftbins=True)
    power = (shape**2).sum()
    overlap = (shape[512:] @ shape[:512] / power) ** 2
    neighbours = np.abs(np.fft.rfft(shape**2)[:8] / power) ** 2
    return float(overlap), np.where(neighbours > 1e-9, neighbours, 0.0)
