"""Gauss-Newton of each device's drift curve, averaged over trial noise models: the kernel and its pieces."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pcmphys.fit.drift.modes import Modes, find_modes
from pcmphys.fit.drift.sweep import SUMS, Filter, Models, Sums, Track, sweep
from pcmphys.numerics.compile import kernel, law

TOLERANCE = 1e-10
"""Largest last step, in the logarithm of the curve from the first read to the last; or `ENOUGH` standard errors."""
ENOUGH = 0.003
"""Where a last step, which is still made, is so small a part of the error, the next one would not be seen."""
ITERATIONS = 60
WEIGHTINGS = 3
"""First steps that form the weights anew; later ones only settle the curve."""
TINY = 1e-300
TOGETHER = 16
"""Trial models that a processor takes at once; lanes are filled up to a multiple, with models of white noise alone."""


class KernelReads(NamedTuple):
    """Reads of all devices; NaN where there is none."""

    time: np.ndarray  # (1, n) for all devices, or (devices, n) [s]
    conductance: np.ndarray  # (devices, n) [S]
    white: np.ndarray  # (devices, n) known white noise [S], or (0, 0): to be estimated
    delay: np.ndarray  # (devices,) time of programming [s]
    duration: float  # of a read [s]


class KernelFits(NamedTuple):
    """What the fit finds; M trial models, curve exp(level - exponent (ln age - centre)) [S]."""

    curve: np.ndarray  # (devices, 3) level, exponent, centre
    last: np.ndarray  # (devices, 2) last step, and the step that is small enough
    evidence: np.ndarray  # (devices, M) logarithm of the restricted likelihood
    flicker: np.ndarray  # (devices, M) Q^2 [1]
    white: np.ndarray  # (devices, M) variance [S^2], 0 where it is known
    step: np.ndarray  # (devices, M, 2) in (level, exponent)
    covariance: np.ndarray  # (devices, M, 3) of level-level, level-exponent, exponent-exponent
    unit: np.ndarray  # (devices, kinds, and others for comparison) mean variogram of unit noise over all pairs
    variance: np.ndarray  # (devices, kinds) of unit noise that has been left to relax: the constant in the covariance
    count: np.ndarray  # (devices,) reads used


class Device(NamedTuple):
    """The reads of one device, in order, and its current curve."""

    age: np.ndarray  # (n,) [s]
    log_age: np.ndarray  # (n,)
    conductance: np.ndarray  # (n,)
    scale: np.ndarray  # (n,) unit of noise [S]
    curve: np.ndarray  # (3,) level, exponent, centre


class Bench(NamedTuple):
    """Scratch memory of one thread."""

    device: Device
    modes: Modes
    track: Track
    models: Models
    work: Filter
    sums: Sums


@law
def new_bench(reads, kinds, lanes, modes, sides):
    """Scratch memory for so many reads of a device, kinds of noise, trial models, relaxations and right-hand sides."""
    n = reads.conductance.shape[1]
    lanes = (lanes + TOGETHER - 1) // TOGETHER * TOGETHER
    models = Models(np.ones(lanes), np.zeros(lanes), np.zeros((modes, lanes)), np.zeros(lanes), np.zeros(lanes))
    return Bench(
        Device(np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(3)),
        Modes(np.empty(modes), np.empty((kinds, modes)), np.empty(kinds)),
        Track(np.empty((n, modes)), np.empty((n, modes)), np.empty(n), np.empty((sides, n))),
        models,
        Filter(
            np.empty((modes, modes, lanes)),
            np.empty((modes, lanes)),
            np.empty((modes, lanes)),
            np.empty((sides, modes, lanes)),
            np.empty((3, lanes)),
            np.empty((sides, lanes)),
            np.empty((sides, lanes)),
        ),
        Sums(np.empty(lanes), np.empty((SUMS, lanes)), np.empty((sides - 3, 4, lanes))),
    )


@kernel
def solve(start, stop, reads, trials, most, found):
    """Fit devices ``start`` to ``stop``, each with ``most`` relaxations at most."""
    bench = new_bench(reads, trials.excess.size, trials.log_prior.size, most, 3)
    for d in range(start, stop):
        count = gather(reads, d, bench.device)
        modes = relaxations(reads, trials, bench, count, (math.inf, 0.0))
        _units(trials, bench, count, modes, found.unit[d])
        for j in range(trials.excess.size):
            found.variance[d, j] = bench.modes.white[j] + bench.modes.weight[j, :modes].sum()
        found.count[d] = count
        begin(bench.device, count)
        _settle(reads, trials, bench, d, modes, found)


@law
def gather(reads, d, device):
    """Take the reads of device ``d`` that are there; returns how many."""
    row = d if reads.time.shape[0] > 1 else 0
    known = reads.white.size > 0
    count = 0
    for i in range(reads.conductance.shape[1]):
        g = reads.conductance[d, i]
        if not math.isnan(g):
            device.age[count] = reads.time[row, i] - reads.delay[d]
            device.log_age[count] = math.log(device.age[count])
            device.conductance[count] = g
            device.scale[count] = reads.white[d, i] if known else 1.0
            count += 1
    return count


@law
def relaxations(reads, trials, bench, count, reach):
    """Relaxations between the reads of one device, and over ``reach``, a shortest lag and a latest age besides [s]."""
    age, rate = bench.device.age, bench.modes.rate
    shortest, until = reach
    longest = max(age[count - 1], until) - age[0]
    for i in range(1, count):
        shortest = min(shortest, age[i] - age[i - 1])
    ages = trials.ageing.max() > 0.0
    if ages:
        longest = max(age[count - 1], until)
        shortest = min(shortest, max(age[0] - reads.duration, 1e-3 * reads.duration))
    modes = find_modes(bench.modes, trials, shortest, longest, reads.duration)
    track = bench.track
    for k in range(modes):
        track.decay[0, k] = 1.0
        track.young[0, k] = math.exp(-rate[k] * max(age[0] - reads.duration, 0.0)) if ages else 0.0
    for i in range(1, count):
        lag = age[i] - age[i - 1]
        for k in range(modes):
            track.decay[i, k] = math.exp(-rate[k] * lag)
            track.young[i, k] = track.young[i - 1, k] * track.decay[i, k]
    return modes


@law
def _units(trials, bench, count, modes, unit):
    """Mean over all pairs of reads of half the mean squared difference of unit noise of each kind."""
    pairs = count * (count - 1.0)
    track, weights = bench.track, bench.modes
    for j in range(unit.size):
        total = weights.white[j] * pairs
        for k in range(modes):
            before, shared, own = 0.0, 0.0, 0.0
            for i in range(count):
                before *= track.decay[i, k]
                shared += before
                grown = 1.0 - trials.ageing[j] * track.young[i, k]
                before += grown
                own += grown
            total += weights.weight[j, k] * (own * (count - 1.0) - 2.0 * shared)
        unit[j] = total / pairs


@law
def begin(device, count):
    """Start of the curve: a straight line in ln G weighted by G^2, which a read near zero cannot disturb."""
    total, x, y, highest = 0.0, 0.0, 0.0, 0.0
    for i in range(count):
        highest = max(highest, device.conductance[i])
    for i in range(count):
        g = device.conductance[i] / highest
        if g > 0.0:
            total += g * g
            x += g * g * device.log_age[i]
            y += g * g * math.log(device.conductance[i])
    x /= total
    y /= total
    spread, slope = 0.0, 0.0
    for i in range(count):
        g = device.conductance[i] / highest
        if g > 0.0:
            off = device.log_age[i] - x
            spread += g * g * off * off
            slope += g * g * off * (math.log(device.conductance[i]) - y)
    device.curve[0] = y
    device.curve[1] = -slope / spread if spread > 0.0 else 0.0
    device.curve[2] = x


@law
def _settle(reads, trials, bench, d, modes, found):
    """Gauss-Newton to the curve at which the mean step over all noise models is zero."""
    device, known = bench.device, reads.white.size > 0
    count = found.count[d]
    reach = max(math.log(device.age[count - 1] / device.age[0]), 1e-12)
    for round_ in range(ITERATIONS):
        draw(device, count, known, round_ < WEIGHTINGS, bench.track)
        if round_ < WEIGHTINGS:
            lay_models(trials, bench, count, modes, known, found.unit[d])
        sweep(bench.track, count, modes, bench.models, bench.work, bench.sums)
        for m in range(found.evidence.shape[1]):
            solve_model(bench.sums, m, count, known, bench, d, found)
        level, exponent, level_error, exponent_error = _mean_step(trials, d, found)
        size = max(abs(level), abs(exponent) * reach)
        found.last[d, 0] = size
        found.last[d, 1] = max(TOLERANCE, ENOUGH * min(1.0, level_error + exponent_error * reach))
        for k in range(3):
            found.curve[d, k] = device.curve[k]
        if not size >= found.last[d, 1]:
            break
        short = min(1.0, 1.0 / size)
        device.curve[0] += short * level
        device.curve[1] += short * exponent


@law
def draw(device, count, known, weigh, track):
    """The curve, its derivatives and the residual, in units of noise; the weights too if ``weigh``."""
    level, exponent, centre = device.curve[0], device.curve[1], device.curve[2]
    if weigh and not known:
        square = 0.0
        for i in range(count):
            square += math.exp(2.0 * (level - exponent * (device.log_age[i] - centre)))
        for i in range(count):
            device.scale[i] = math.sqrt(square / count)
    for i in range(count):
        off = device.log_age[i] - centre
        curve = math.exp(level - exponent * off)
        seen = curve / device.scale[i]
        track.sides[0, i] = seen
        track.sides[1, i] = -seen * off
        track.sides[2, i] = (device.conductance[i] - curve) / device.scale[i]
        if weigh:
            track.loading[i] = seen


@law
def lay_models(trials, bench, count, modes, known, unit):
    """The trial models, one a lane: shares of the intrinsic noise, or amplitudes where the white noise is known."""
    inside = trials.shares.size
    low, high, floor = _trial_range(bench.track, count) if known else (0.0, 0.0, 0.0)
    for j in range(trials.log_prior.size // inside):
        for n in range(inside):
            m = j * inside + n
            share = trials.shares[n]
            white = 1.0 - share
            if known:
                share = max(math.exp(low + n * (high - low) / (inside - 1)) - floor, 0.0)
                white = 1.0
            lay_model(trials, bench, j, m, modes, share / unit[j], white)


@law
def lay_model(trials, bench, j, m, modes, flicker, white):
    """One trial model of kind ``j`` in lane ``m``: Q^2 and the white variance in units of noise."""
    models = bench.models
    models.white[m] = white
    models.flicker[m] = flicker
    models.fast[m] = flicker * bench.modes.white[j]
    models.ageing[m] = trials.ageing[j]
    for k in range(modes):
        models.strength[k, m] = flicker * bench.modes.weight[j, k]


@law
def _trial_range(track, count):
    """Logarithm of the least and largest trial variance, relative, and the known part in it."""
    aa, ab, bb, ar, br, rr = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(count):
        a, b, r = track.sides[0, i], track.sides[1, i], track.sides[2, i]
        aa += a * a
        ab += a * b
        bb += b * b
        ar += a * r
        br += b * r
        rr += r * r
    _, _, _, _, chi2 = least_squares(aa, ab, bb, ar, br, rr)
    freedom = count - 2.0
    known = count / aa
    seen = max(chi2 / freedom, 1e-3) * known
    reach = 2.0 + 4.0 * math.sqrt(2.0 / freedom)
    low = max(math.log(known), math.log(seen) - reach)
    return low, max(math.log(known), math.log(seen)) + reach, known


@law
def least_squares(aa, ab, bb, ar, br, rr):
    """Closed-form 2x2 least squares: step in both parameters, tilt of the centre, its information, chi^2."""
    slope = ab / aa
    information = max(bb - slope * ab, TINY)
    second = (br - slope * ar) / information
    first = ar / aa
    chi2 = rr - first * first * aa - second * second * information
    return first - slope * second, second, slope, information, chi2


@law
def solve_model(sums, m, count, known, bench, d, found):
    """Evidence, step and covariance of one trial model.

    White noise unknown: total variance free (prior 1/variance, integrated exactly), share of the 1/f part on [0, 1].
    White noise known: the logarithm of the total variance uniform above the known part.
    """
    p = sums.product
    first, second, slope, information, chi2 = least_squares(p[0, m], p[1, m], p[2, m], p[3, m], p[4, m], p[5, m])
    likelihood = -0.5 * (sums.log_determinant[m] + math.log(p[0, m]) + math.log(information))
    scale, white, freedom = 1.0, 0.0, count - 2.0
    if known:
        likelihood -= 0.5 * chi2
    else:
        chi2 = max(chi2, 1e-31)  # an exact power law: rounding is all the noise there is
        # in true units, so that fits about other curves compare
        likelihood -= 0.5 * freedom * math.log(chi2) + count * math.log(bench.device.scale[0])
        scale = chi2 / freedom
        white = bench.models.white[m] * scale * bench.device.scale[0] ** 2
    found.evidence[d, m] = likelihood
    found.flicker[d, m] = scale * bench.models.flicker[m]
    found.white[d, m] = white
    found.step[d, m, 0] = first
    found.step[d, m, 1] = second
    found.covariance[d, m, 0] = scale * (1.0 / p[0, m] + slope * slope / information)
    found.covariance[d, m, 1] = -scale * slope / information
    found.covariance[d, m, 2] = scale / information


@law
def _mean_step(trials, d, found):
    """Mean over the trial models of the step in level and exponent, and of their standard errors."""
    highest = -math.inf
    lanes = found.evidence.shape[1]
    for m in range(lanes):
        highest = max(highest, found.evidence[d, m] + trials.log_prior[m])
    total, level, exponent, level_error, exponent_error = 0.0, 0.0, 0.0, 0.0, 0.0
    for m in range(lanes):
        weight = math.exp(found.evidence[d, m] + trials.log_prior[m] - highest)
        total += weight
        level += weight * found.step[d, m, 0]
        exponent += weight * found.step[d, m, 1]
        level_error += weight * math.sqrt(found.covariance[d, m, 0])
        exponent_error += weight * math.sqrt(found.covariance[d, m, 2])
    return level / total, exponent / total, level_error / total, exponent_error / total
