r"""1/f-like noise as a sum of relaxations with rates even in their logarithm, so that a likelihood takes O(reads).

The half mean squared difference of noise of spectrum :math:`f^{-1-s}` and unit amplitude, a lag :math:`\tau` apart,

.. math:: \gamma(\tau) = \frac{(1 + \tau / 2d)^s - 1}{s}
    = \frac{1}{\Gamma(1 - s)} \int_0^\infty (1 - e^{-u \tau / 2d})\, e^{-u} u^{-s} \frac{du}{u}

(for s = 0, Frullani's integral: :math:`\ln((\tau + 2d) / 2d)`), is an integral over relaxations of rate u / 2d. The
trapezoidal rule in ln u converges exponentially; at the spacing used here its error is below `ACCURACY` of
:math:`\gamma` at every lag. Only rates that the reads can tell apart are kept: those that have relaxed between any two
reads are white noise, those that hardly move within the trace act as one.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pcmphys.numerics.compile import law

SPACING = 1.35
"""Distance of neighbouring rates in ln rate."""
ACCURACY = 0.01
"""Largest relative error of the variogram, at lags far below the duration of a read; half of it at others."""
_TOP = 4.5  # ln u of the first rate: the weight there is e^-90
_RELAXED = 8.0  # rate times shortest lag from which a relaxation is white noise
_SLOW = 0.05  # rate times longest lag below which relaxations are one


class Trials(NamedTuple):
    """Trial noise models as the kernels take them: kinds of noise, and shares or amplitudes within each.

    Kinds beyond those that ``log_prior`` has room for are no trial models: they are there for comparison.
    """

    excess: np.ndarray  # (kinds,) slope of the spectrum less 1
    ageing: np.ndarray  # (kinds,) 1 where traps add nothing before they are refreshed, else 0
    norm: np.ndarray  # (kinds,) 1 / Gamma(1 - excess)
    shares: np.ndarray  # (inside,) of the intrinsic noise; where the white noise is known only their number counts
    log_prior: np.ndarray  # (kinds * inside,)


class Modes(NamedTuple):
    """Relaxations that stand for unit noise of each kind between the reads of one device."""

    rate: np.ndarray  # (most,) [1/s]
    weight: np.ndarray  # (kinds, most)
    white: np.ndarray  # (kinds,) what has relaxed between any two reads


def trials_of(kinds: tuple[tuple[float, bool], ...], shares: np.ndarray, prior: np.ndarray) -> Trials:
    """Trial models of the given kinds, (slope, ageing) each."""
    excess = np.array([slope - 1.0 for slope, _ in kinds])
    norm = np.array([1.0 / math.gamma(1.0 - s) for s in excess])
    with np.errstate(divide="ignore"):
        return Trials(excess, np.array([float(old) for _, old in kinds]), norm, shares, np.log(prior))


def most_modes(shortest: np.ndarray, longest: np.ndarray, duration: float) -> int:
    """The most relaxations that any device needs; its shortest and longest lag [s] are given."""
    top = np.minimum(np.log(_RELAXED / shortest), _TOP - math.log(2.0 * duration))
    bottom = math.log(_SLOW) - np.log(longest)
    return int(np.max(np.maximum(top - bottom, 0.0)) / SPACING) + 4


@law
def find_modes(modes, trials, shortest, longest, duration):
    """Fill ``modes`` for lags from ``shortest`` to ``longest`` [s]; returns how many relaxations there are."""
    kinds = trials.excess.size
    for j in range(kinds):
        modes.white[j] = 0.0
    found = 0
    log_u = _TOP
    while True:
        u = math.exp(log_u)
        rate = u / (2.0 * duration)
        relaxed = rate * shortest > _RELAXED
        for j in range(kinds):
            weight = SPACING * trials.norm[j] * math.exp(-u - trials.excess[j] * log_u)
            if relaxed:
                modes.white[j] += weight
            else:
                modes.weight[j, found] = weight
        if not relaxed:
            modes.rate[found] = rate
            found += 1
            if rate * longest < _SLOW:
                break
        log_u -= SPACING
    for j in range(kinds):
        modes.weight[j, found - 1] += _slower(log_u, trials.excess[j], trials.norm[j])
    return found


@law
def _slower(log_u, excess, norm):
    """Weight that the slowest rate takes for all slower ones, which within the trace act as their common slope."""
    total, place = 0.0, log_u - SPACING
    while True:
        part = SPACING * norm * math.exp((1.0 - excess) * place - math.exp(place))
        total += part
        if part <= 1e-6 * total:
            return total / math.exp(log_u)
        place -= SPACING
