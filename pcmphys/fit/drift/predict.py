"""What a drift fit says: intervals of its parameters and predictions of reads, averaged over its noise models."""

from __future__ import annotations

import math

import numpy as np

from pcmphys.fit.drift.noise import Mixture, Traces, block_size, find_basis, flicker_covariance, model, rotate

ONE_SIGMA = math.erf(1.0 / math.sqrt(2.0))  # probability inside one standard deviation of a normal


def half_width(
    mixture_weight: np.ndarray, centre: np.ndarray, scale: np.ndarray, freedom: np.ndarray, probability: float
) -> np.ndarray:
    """Half-width of the central interval of a mixture of Student t (or normal) distributions, (...,).

    The last axis of the first three arguments is the mixture; ``freedom`` has the shape of the result.
    """
    from scipy.special import ndtr, stdtr, stdtrit

    scale = np.maximum(scale, 1e-150)  # an exact fit has no width
    middle = (mixture_weight * centre).sum(axis=-1)
    shift = centre - middle[..., None]
    normal = np.isinf(freedom)
    degrees = np.where(normal, 1.0, freedom)[..., None]

    def inside(h):
        up, down = (h[..., None] - shift) / scale, (-h[..., None] - shift) / scale
        if normal.all():
            mass = ndtr(up) - ndtr(down)
        else:
            mass = stdtr(degrees, up) - stdtr(degrees, down)
        return (mixture_weight * mass).sum(axis=-1)

    quantile = stdtrit(np.minimum(np.where(normal, 1e6, freedom), 1e6), 0.5 + 0.5 * probability)
    low = np.zeros_like(middle)
    # a bracket from the models that matter: one without weight may be wider by many orders of magnitude
    high = np.where(mixture_weight > 1e-6, np.abs(shift) + scale * quantile[..., None], 0.0).max(axis=-1)
    for _ in range(64):
        short = inside(high) < probability
        if not short.any():
            break
        high = np.where(short, 2.0 * high, high)
    for _ in range(36):
        h = 0.5 * (low + high)
        enough = inside(h) >= probability
        low, high = np.where(enough, low, h), np.where(enough, h, high)
    return high


def predict_reads(
    traces: Traces,
    mixture: Mixture,
    log_g0: np.ndarray,
    exponent: np.ndarray,
    time: np.ndarray,
    probability: float = ONE_SIGMA,
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and half-width (devices, times) [S] of one more read at each time, given all reads used in the fit.

    Universal kriging: the curve, plus what the 1/f noise of the measured reads says about that of the new one. The
    variance holds the new read's own noise, the parameters' covariance and the uncertainty of the noise model.
    """
    mean = np.empty((log_g0.size, time.size))
    width = np.empty_like(mean)
    size = max(1, block_size(traces.time.size) // (1 + time.size // 32))
    for first in range(0, log_g0.size, size):
        part = slice(first, first + size)
        some = Mixture(*(field[part] for field in mixture))
        mean[part], width[part] = _krige(traces.take(part), some, log_g0[part], exponent[part], time, probability)
    return mean, width


def _krige(traces, mixture, log_g0, exponent, time, probability):
    log_time = np.log(time / traces.reference_time)
    curve = np.exp(log_g0[:, None] - exponent[:, None] * log_time)
    design = np.stack([curve, -curve * log_time], axis=2)
    fresh = mixture.white
    if traces.white is not None:
        known = (traces.mask * traces.white**2).sum(axis=1) / traces.mask.sum(axis=1)
        fresh = np.broadcast_to(known[:, None], fresh.shape)
    centre, variance = np.empty((*curve.shape, fresh.shape[1])), np.empty((*curve.shape, fresh.shape[1]))
    each = fresh.shape[1] // len(traces.slopes)
    for j, slope in enumerate(traces.slopes):
        fitted = model(traces, log_g0, exponent)
        rotated = rotate(traces, find_basis(traces, fitted, slope), fitted)
        lag = np.abs(traces.time[:, None] - time)
        kernel = flicker_covariance(lag, traces.time[-1], slope, traces.read_duration)
        link = rotated.basis.transform @ ((traces.mask * fitted)[:, :, None] * kernel) * curve[:, None, :]
        alone = curve**2 * flicker_covariance(np.zeros(1), traces.time[-1], slope, traces.read_duration)
        for k in range(j * each, (j + 1) * each):
            moved = mixture.step[:, k, :, None]
            pull, noise, lever = _condition(traces, mixture, k, rotated, link, design)
            centre[:, :, k] = curve + (design @ moved)[:, :, 0] + pull
            spread = ((lever @ mixture.covariance[:, k]) * lever).sum(axis=2)
            # past the age of the trace the covariance is defined up to a constant only; the sum does not depend on it
            own = mixture.flicker[:, k, None] * alone - noise + spread
            variance[:, :, k] = np.maximum(own, 0.0) + fresh[:, k, None]
    weight = np.broadcast_to(mixture.weight[:, None, :], centre.shape)
    freedom = np.broadcast_to(mixture.freedom[:, None], curve.shape)
    return (weight * centre).sum(axis=2), half_width(weight, centre, np.sqrt(variance), freedom, probability)


def _condition(traces, mixture, k, rotated, link, design):
    """Under noise model k: the pull of the measured noise on the new read, the variance it explains, the lever left.

    The lever is the derivative of the prediction by (ln g0, exponent).
    """
    if traces.white is None:
        floor = mixture.white[:, k, None] / rotated.basis.scale[:, :1] ** 2
    else:
        floor = 1.0
    flicker = mixture.flicker[:, k, None]
    inverse = 1.0 / np.maximum(floor + flicker * rotated.basis.eigenvalue, 1e-300)
    weighted = flicker[:, :, None] * inverse[:, :, None] * link
    left = rotated.residual - (rotated.design @ mixture.step[:, k, :, None])[:, :, 0]
    pull = (weighted * left[:, :, None]).sum(axis=1)
    lever = design - np.swapaxes(weighted, 1, 2) @ rotated.design
    return pull, flicker * (weighted * link).sum(axis=1), lever
