"""Predictions of reads from a drift fit, averaged over its noise models."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pcmphys.fit.drift import noise, student
from pcmphys.fit.drift.kernels import draw, gather, lay_model, least_squares, new_bench, relaxations
from pcmphys.fit.drift.sweep import sweep
from pcmphys.numerics.compile import kernel, launch, law

_AT_ONCE = 4
"""Times that one pass over the reads predicts."""


class FittedDrift(NamedTuple):
    """What the fit has found, as the kernel takes it."""

    curve: np.ndarray  # (devices, 3)
    weight: np.ndarray  # (devices, M)
    flicker: np.ndarray  # (devices, M)
    white: np.ndarray  # (devices, M) variance of the white part of a fresh read [S^2]
    freedom: np.ndarray  # (devices,)


class Asked(NamedTuple):
    """Which reads to predict, and what is found."""

    time: np.ndarray  # (times,) [s]
    probability: float
    mean: np.ndarray  # (devices, times) [S]
    width: np.ndarray  # (devices, times) [S]


class Bundle(NamedTuple):
    """Predictions of one device under each trial model, (times, M)."""

    centre: np.ndarray
    scale: np.ndarray


def predict_reads(
    traces: noise.Traces, solved: noise.BatchFits, time: np.ndarray, probability: float = student.ONE_SIGMA
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and half-width (devices, times) [S] of one more read at each time, given all reads used in the fit.

    Universal kriging: the curve, plus what the 1/f noise of the measured reads says about that of the new one. The
    variance holds the new read's own noise, the parameters' covariance and the uncertainty of the noise model.
    """
    reads, trials, _ = noise.packed(traces)
    mixture = solved.mixture
    white = mixture.white
    if traces.white is not None:
        white = np.broadcast_to(traces.known_white()[:, None], white.shape)
    devices = len(solved.curve)
    parts = (solved.curve, mixture.weight, mixture.flicker, white, mixture.freedom)
    fitted = FittedDrift(*(np.ascontiguousarray(part) for part in parts))
    asked = Asked(time, probability, np.empty((devices, time.size)), np.empty((devices, time.size)))
    most = noise.most_for(traces, time)
    grain = max(1, noise.WORK // (traces.conductance.shape[1] * (1 + time.size // 3)))
    launch(_predict, devices, reads, trials, fitted, asked, most, grain=grain)
    return asked.mean, asked.width


@kernel
def _predict(start, stop, reads, trials, fitted, asked, most):
    inside, models = trials.shares.size, fitted.weight.shape[1]
    at_once = min(_AT_ONCE, asked.time.size)
    bench = new_bench(reads, trials.excess.size, inside, most, 3 + at_once)
    bundle = Bundle(np.empty((asked.time.size, models)), np.empty((asked.time.size, models)))
    for d in range(start, stop):
        count = gather(reads, d, bench.device)
        bench.device.curve[:] = fitted.curve[d]
        modes = relaxations(reads, trials, bench, count, _reach(bench.device, count, asked.time, reads.delay[d]))
        known = reads.white.size > 0
        draw(bench.device, count, known, True, bench.track)
        for j in range(models // inside):
            for n in range(inside):
                m = j * inside + n
                white = 1.0 if known else fitted.white[d, m] / bench.device.scale[0] ** 2
                lay_model(trials, bench, j, n, modes, fitted.flicker[d, m], white)
            for first in range(0, asked.time.size, at_once):
                _predict_some(reads, trials, bench, (d, count, modes), (j, first), fitted, asked, bundle)
        _average(d, fitted, asked, bundle)


@law
def _reach(device, count, times, delay):
    """Shortest lag between a read to predict and one that was taken, and the latest age to predict [s]."""
    shortest, until = math.inf, 0.0
    for x in range(times.size):
        age = times[x] - delay
        until = max(until, age)
        # reads are in order: look at the two around
        place = np.searchsorted(device.age[:count], age)
        for i in range(max(place - 1, 0), min(place + 2, count)):
            lag = abs(device.age[i] - age)
            if lag > 0.0:
                shortest = min(shortest, lag)
    return shortest, until


@law
def _link(bench, kind, count, modes, x, age):
    """Fill side ``3 + x`` with the covariance of each read with unit noise at another age; returns that noise's own.

    All over the unit of noise and the curve at that age.
    """
    track, weights, device = bench.track, bench.modes, bench.device
    own = weights.white[kind]
    ageing = bench.models.ageing[0]
    for i in range(count):
        track.sides[3 + x, i] = weights.white[kind] if device.age[i] == age else 0.0
    for k in range(modes):
        rate, weight = weights.rate[k], weights.weight[kind, k]
        fresh = ageing * math.exp(-rate * (age - device.age[0])) * track.young[0, k]
        own += weight * (1.0 - min(fresh, 1.0))
        for i in range(count):
            lag = age - device.age[i]
            grown = 1.0 - min(fresh, 1.0) if lag < 0.0 else 1.0 - ageing * track.young[i, k]
            track.sides[3 + x, i] += weight * grown * math.exp(-rate * abs(lag))
    for i in range(count):
        track.sides[3 + x, i] *= track.loading[i]
    return own


@law
def _predict_some(reads, trials, bench, device, block, fitted, asked, bundle):
    """Predict a few times under all models of one kind."""
    d, count, modes = device
    kind, first = block
    at_once = bench.sums.other.shape[0]
    own = np.zeros(at_once)
    some = min(at_once, asked.time.size - first)
    for x in range(at_once):
        own[x] = _link(bench, kind, count, modes, x, asked.time[first + min(x, some - 1)] - reads.delay[d])
    sweep(bench.track, count, modes, bench.models, bench.work, bench.sums)
    level, exponent, centre = fitted.curve[d, 0], fitted.curve[d, 1], fitted.curve[d, 2]
    p, inside = bench.sums.product, trials.shares.size
    for n in range(inside):
        m = kind * inside + n
        step, turn, slope, information, _ = least_squares(p[0, n], p[1, n], p[2, n], p[3, n], p[4, n], p[5, n])
        for x in range(some):
            off = math.log(asked.time[first + x] - reads.delay[d]) - centre
            curve = math.exp(level - exponent * off)
            link = curve * bench.models.flicker[n]
            other = bench.sums.other
            a, b, r = other[x, 0, n], other[x, 1, n], other[x, 2, n]
            bundle.centre[first + x, m] = curve * (1.0 + step - off * turn) + link * (r - step * a - turn * b)
            # what is left of the derivatives: by the level, and by the exponent where the level is held
            up, across = curve - link * a, -curve * off - link * b
            lever = across - slope * up
            alone = link * (curve * own[x] - link * other[x, 3, n])
            spread = up * up / p[0, n] + lever * lever / information
            bundle.scale[first + x, m] = math.sqrt(max(alone + spread, 0.0) + fitted.white[d, m])


@law
def _average(d, fitted, asked, bundle):
    """Mean over the trial models, and the half-width of their mixture."""
    weight = fitted.weight[d]
    shift = np.empty(weight.size)
    for x in range(asked.time.size):
        mean = 0.0
        for m in range(weight.size):
            mean += weight[m] * bundle.centre[x, m]
        for m in range(weight.size):
            shift[m] = bundle.centre[x, m] - mean
        asked.mean[d, x] = mean
        asked.width[d, x] = student.half_width(weight, shift, bundle.scale[x], fitted.freedom[d], asked.probability)
