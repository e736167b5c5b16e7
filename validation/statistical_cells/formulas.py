"""The published moments of both statistical cells, typed from their sources and not from pcmphys.

g is the target over the largest conductance; conductances in siemens. V. Joshi et al., Nat. Commun. 11, 2473 (2020);
S. R. Nandakumar et al., IEEE ICECS 2019, 727 (90 nm). M. Le Gallo et al., Nat. Electron. 6, 680 (2023), as fitted in
aihwkit 1.1 (14 nm, one device a polarity).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import erf, ndtr


class Formulas(NamedTuple):
    """One technology: numbers [S, s] and moments as functions of g."""

    name: str
    conductance_maximum: float
    reference_time: float
    read_duration: float
    programming_error: Callable
    exponent_mean: Callable
    exponent_spread: Callable
    read_noise: Callable


def _14_mean(g):
    return np.where(
        g < 0.0945, np.clip(-0.0387 * np.log(g) - 0.0182, 0.0720, 0.13), -0.0436 * g**2 - 0.0126 * g + 0.0736
    )


def _14_spread(g):
    low = np.clip(-0.0120 * np.log(g) - 0.0023, 0.0124, 0.04)
    return np.where(g < 0.3039, low, -0.0165 * g**2 + 0.0116 * g + 0.0104)


def _14_noise(g):
    low = np.clip(-0.0078 * np.log(g) + 0.0038, 0.0179, 0.04)
    return np.where(g < 0.1591, low, 0.0664 * g**3 - 0.1352 * g**2 + 0.0768 * g + 0.0088)


CELLS = (
    Formulas(
        "ibm-90nm-statistical", 25e-6, 20.0, 250e-9,
        lambda g: 1e-6 * (0.26348 + 1.9650 * g - 1.1731 * g**2),
        lambda g: np.clip(-0.0155 * np.log(g) + 0.0244, 0.049, 0.1),
        lambda g: np.clip(-0.0125 * np.log(g) - 0.0059, 0.008, 0.045),
        lambda g: np.minimum(0.0088 / g**0.65, 0.2),
    ),
    Formulas(
        "hermes-14nm-statistical", 10.35e-6, 200.0, 512e-9,
        lambda g: 1e-6 * (0.15781817 + 2.32443916 * g - 2.16310839 * g**2 + 0.68841818 * g**3),
        _14_mean, _14_spread, _14_noise,
    ),
)  # fmt: skip


def noise_variance(age: float, duration: float) -> float:
    """Variance of the relative read noise over Q_s^2 at one age."""
    return np.log((age + duration) / (2.0 * duration))


def structure(first: float, interval, duration: float):
    """Mean squared difference of the relative noise between reads at ``first`` and ``first + interval``, over Q_s^2.

    For an interval much shorter than the first read's age this is 2 ln((dt + 2d) / 2d), that of the spectrum Q_s^2 / f.
    """
    return 2.0 * np.log((interval + 2.0 * duration) / (2.0 * duration)) - np.log(
        (first + interval + duration) / (first + duration)
    )


def noise_covariance(times: np.ndarray, duration: float) -> np.ndarray:
    """Covariance of the relative noise at several ages, over Q_s^2, as `structure` and `noise_variance` imply it."""
    early, late = np.minimum.outer(times, times), np.maximum.outer(times, times)
    variance = noise_variance(early, duration) + noise_variance(late, duration)
    return 0.5 * (variance - structure(early, late - early, duration))


def rectified(mean, std):
    """Mean and standard deviation of max(x, 0) of a normal x: a negative draw is a conductance of zero."""
    ratio = mean / std
    density = np.exp(-0.5 * ratio**2) / np.sqrt(2 * np.pi)
    first = mean * ndtr(ratio) + std * density
    second = (mean**2 + std**2) * ndtr(ratio) + mean * std * density
    return first, np.sqrt(second - first**2)


def folded(mean, std):
    """Mean and standard deviation of |x| of a normal x: the source's code takes the magnitude of the exponent."""
    first = std * np.sqrt(2 / np.pi) * np.exp(-0.5 * (mean / std) ** 2) + mean * erf(mean / std / np.sqrt(2))
    return first, np.sqrt(mean**2 + std**2 - first**2)
