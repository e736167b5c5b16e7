"""How many traps a trace shows: starts for each number, and Bayes' criterion for white noise and for coloured."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pcmphys.fit.telegraph.model import Likelihood, Traps, traps_of

WHITE = 0.05
"""Largest autocorrelation of what is left below which it counts as white."""
_MOST_MEMORY = 40
"""Reads before that the next one may go by where the noise is coloured."""
_LAGS = (1, 2, 5, 10, 20, 50)
_BINS = 512
_START_STEPS = 8
_SHARES = (1.0, 0.5, 0.25)


class TrapCount(NamedTuple):
    """The best fit with so many traps."""

    traps: Traps
    likelihood: float
    white: float
    """Bayes' criterion, the noise being white: minus twice the log likelihood and ln(reads) a parameter."""
    coloured: float
    """The same, the noise being Gaussian with a memory, see `with_memory`."""
    colour: float
    """Largest autocorrelation, of some lags, of what is left."""

    @property
    def bic(self) -> float:
        """The better of the two: smaller is better."""
        return min(self.white, self.coloured)


def remainder(likelihood: Likelihood, traps: Traps) -> np.ndarray:
    """The trace less drift and (expected) levels."""
    free = likelihood.value - traps.drift * likelihood.place
    return free - (likelihood.posterior(traps)[1] @ traps.levels if traps.count else traps.level)


def autocorrelation(rest: np.ndarray) -> float:
    """The largest of some lags."""
    rest = rest - rest.mean()
    lags = [lag for lag in _LAGS if lag < rest.size // 4]
    return max(float(rest[:-lag] @ rest[lag:] / (rest @ rest)) for lag in lags)


def with_memory(rest: np.ndarray) -> tuple[float, int]:
    """Log likelihood of Gaussian noise as an autoregression of the order that Bayes' criterion asks for, and the order.

    Burg's recursion (J. P. Burg, Ph.D. thesis, Stanford, 1975), which also holds for noise that is nearly a walk.
    """
    ahead = behind = rest - rest.mean()
    power = best = float(ahead @ ahead) / rest.size
    order, cost = 0, rest.size * math.log(best)
    for k in range(1, min(_MOST_MEMORY, rest.size // 10) + 1):
        ahead, behind = ahead[1:], behind[:-1]
        reflection = 2.0 * float(ahead @ behind) / float(ahead @ ahead + behind @ behind)
        ahead, behind = ahead - reflection * behind, behind - reflection * ahead
        power *= 1.0 - reflection**2
        price = rest.size * math.log(power) + k * math.log(rest.size)
        if price < cost:
            order, cost, best = k, price, power
    return -0.5 * rest.size * (1.0 + math.log(2.0 * math.pi * best)), order


def _criteria(likelihood: Likelihood, traps: Traps, total: float) -> tuple[float, float]:
    """Bayes' criterion for white noise and for coloured.

    For the second the traps go the way that is most likely read by read, which bounds the likelihood from below: traps
    are preferred to noise with a memory only where their jumps stand out of it.
    """
    value, price = likelihood.value, math.log(likelihood.value.size)
    free = value - traps.drift * likelihood.place
    way = 0.0
    if traps.count:
        state = likelihood.posterior(traps)[1].argmax(axis=1)
        free = free - traps.levels[state]
        with np.errstate(divide="ignore"):
            way = float(np.log(traps.transitions)[state[:-1], state[1:]].sum()) - traps.count * math.log(2.0)
    noise, order = with_memory(free)
    count = traps.theta.size
    return -2.0 * total + count * price, -2.0 * (noise + way) + (count + order) * price


def candidates(likelihood: Likelihood, most: int, least: int = 0) -> list[TrapCount]:
    """The best fits with 0 to ``most`` traps; it stops where one more makes the criterion worse (from ``least`` on)."""
    found = [_without(likelihood)]
    for count in range(1, most + 1):
        found.append(_with(likelihood, count, found[-1].traps))
        if count >= least and found[-1].white > found[-2].white:
            break
    return found


def chosen(found: list[TrapCount]) -> TrapCount:
    """The best by the criterion."""
    return min(found, key=lambda one: one.bic)


def _without(likelihood: Likelihood) -> TrapCount:
    value, place = likelihood.value, likelihood.place
    drift = (place @ value) / (place @ place or 1.0)
    free = value - drift * place
    sigma = float(free.std())
    traps = Traps(np.array([free.mean(), drift, math.log(sigma)]), 0)
    total = -0.5 * value.size * (1.0 + math.log(2.0 * math.pi) + 2.0 * traps.theta[2])
    return TrapCount(traps, total, *_criteria(likelihood, traps, total), autocorrelation(free))


def _with(likelihood: Likelihood, count: int, before: Traps) -> TrapCount:
    """From several starts a few steps each; to the end from the best of them and from the first, the widest split."""
    tried = []
    for start in _starts(likelihood, count, before):
        for _ in range(_START_STEPS):
            start = likelihood.improved(start)
        tried.append((likelihood.posterior(start)[0], start))
    best = max(range(len(tried)), key=lambda k: tried[k][0])
    ends = [likelihood.maximum(tried[k][1]) for k in {0, best}]
    traps, total = max(ends, key=lambda pair: pair[1])
    rest = autocorrelation(remainder(likelihood, traps))
    return TrapCount(traps, total, *_criteria(likelihood, traps, total), rest)


def _starts(likelihood: Likelihood, count: int, before: Traps) -> list[Traps]:
    """One trap more than before: found in what is left, or by splitting the trace itself into even levels."""
    value, place = likelihood.value, likelihood.place
    rest = remainder(likelihood, before)
    gap, up, down = _split(rest)
    starts = []
    for share in _SHARES:
        for factor in (1.0, 0.1):
            amplitudes = np.append(before.amplitudes, share * gap)
            chances = np.concatenate([before.chances, [[factor * up], [factor * down]]], axis=1)
            sigma = max(float(rest.std()) * (0.6 if share == 1.0 else 0.9), 1e-12 * abs(gap))
            starts.append(traps_of(before.level + 0.5 * share * gap, amplitudes, before.drift, sigma, chances))
    if count == 1:
        # a jump looks like drift to a straight line: begin without any, too
        gap, up, down = _split(value)
        sigma = max(0.4 * float(value.std()), 1e-12 * gap)
        starts.insert(0, traps_of(value.mean() + 0.5 * gap, [gap], 0.0, sigma, np.array([[up], [down]])))
    if count == 2:
        starts += _of_four_levels(value - before.drift * place, before.drift)
    return starts


def _split(value: np.ndarray) -> tuple[float, float, float]:
    """Distance of two levels, and chances of a change down and up, where the trace is cut best in two (Otsu)."""
    heights, edges = np.histogram(value, _BINS)
    middles = 0.5 * (edges[1:] + edges[:-1])
    below, total = np.cumsum(heights), np.cumsum(heights * middles)
    above = below[-1] - below
    inner = (below > 0) & (above > 0)
    low, high = total[inner] / below[inner], (total[-1] - total[inner]) / above[inner]
    best = int(np.argmax(below[inner] * above[inner] * (high - low) ** 2.0))
    filled = value <= edges[1:][inner][best]
    down = np.sum(~filled[:-1] & filled[1:]) / max(int((~filled[:-1]).sum()), 1)
    up = np.sum(filled[:-1] & ~filled[1:]) / max(int(filled[:-1].sum()), 1)
    return float(high[best] - low[best]), max(float(down), 1e-6), max(float(up), 1e-6)


def _of_four_levels(value: np.ndarray, drift: float) -> list[Traps]:
    """Two traps whose four levels are the four groups that a trace falls into (k-means)."""
    from scipy.cluster.vq import ClusterError, kmeans2

    levels = np.quantile(value, [0.95, 0.65, 0.35, 0.05])
    if np.unique(levels).size < 4:
        return []
    try:
        levels, _ = kmeans2(value, levels, minit="matrix", iter=20, missing="raise")
    except ClusterError:
        return []
    levels = np.sort(levels)[::-1]
    amplitudes = np.array([levels[0] - levels[2], levels[0] - levels[1]])
    sigma = 0.3 * float(np.abs(np.diff(levels)).min()) or float(value.std())
    return [traps_of(levels[0], amplitudes, drift, sigma, np.full((2, 2), chance)) for chance in (0.05, 0.002)]
