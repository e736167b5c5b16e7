"""Central intervals of mixtures of Student t distributions."""

from __future__ import annotations

import math

import numpy as np

from pcmphys.numerics.compile import kernel, launch, law

ONE_SIGMA = math.erf(1.0 / math.sqrt(2.0))
"""Probability inside one standard deviation of a normal."""
_FEW = 16  # degrees of freedom below which the finite series is used
_NEGLIGIBLE = 1e-10  # weight of a model that no interval notices
_ROUNDS = 100


@law
def below(t, freedom):
    """Probability that Student's t is below ``t``; ``freedom`` a whole number, or infinite (normal).

    Below `_FEW` degrees of freedom the finite series (Abramowitz and Stegun 26.7.3 and 4), else the transformation to a
    normal of Hill, Comm. ACM 13, 617 (1970), algorithm 395: error below 1e-10.
    """
    size = abs(t)
    if math.isinf(freedom):
        return 0.5 * math.erfc(-t / math.sqrt(2.0))
    if freedom >= _FEW:
        a = freedom - 0.5
        b = 48.0 * a * a
        y = a * math.log1p(t * t / freedom)
        z = ((((-0.4 * y - 3.3) * y - 24.0) * y - 85.5) / (0.8 * y * y + 100.0 + b) + y + 3.0) / b + 1.0
        return 0.5 * math.erfc(math.copysign(z * math.sqrt(0.5 * y), -t))
    cosine2 = freedom / (freedom + t * t)
    odd = int(freedom) % 2 == 1
    term, total = (math.sqrt(cosine2), 0.0) if odd else (1.0, 0.0)
    place = 1 if odd else 0
    while place < freedom - 1:
        total += term
        term *= cosine2 * (place + 1.0) / (place + 2.0)
        place += 2
    inside = size / math.sqrt(freedom + t * t) * total
    if odd:
        inside = 2.0 / math.pi * (math.atan(size / math.sqrt(freedom)) + inside)
    return 0.5 + math.copysign(0.5 * inside, t)


@law
def density_norm(freedom):
    """Factor of the density of Student's t."""
    if math.isinf(freedom):
        return 1.0 / math.sqrt(2.0 * math.pi)
    return math.exp(math.lgamma(0.5 * freedom + 0.5) - math.lgamma(0.5 * freedom)) / math.sqrt(math.pi * freedom)


@law
def _density(t, freedom, norm):
    if math.isinf(freedom):
        return norm * math.exp(-0.5 * t * t)
    return norm * math.exp(-0.5 * (freedom + 1.0) * math.log1p(t * t / freedom))


@law
def _inside(h, weight, shift, scale, freedom, norm):
    """Probability between -h and h, and its derivative."""
    mass, slope = 0.0, 0.0
    for m in range(weight.size):
        if weight[m] > _NEGLIGIBLE:
            width = max(scale[m], 1e-150)  # an exact fit has no width
            up, down = (h - shift[m]) / width, (-h - shift[m]) / width
            mass += weight[m] * (below(up, freedom) - below(down, freedom))
            slope += weight[m] * (_density(up, freedom, norm) + _density(down, freedom, norm)) / width
    return mass, slope


@law
def half_width(weight, shift, scale, freedom, probability):
    """Half-width of the central interval of a mixture about zero: Newton's method, bracketed."""
    norm = density_norm(freedom)
    first = 0.0
    for m in range(weight.size):
        if weight[m] > _NEGLIGIBLE:
            first += weight[m] * (max(scale[m], 1e-150) ** 2 + shift[m] ** 2)
    low, high, h = 0.0, math.inf, math.sqrt(first)
    for _ in range(_ROUNDS):
        mass, slope = _inside(h, weight, shift, scale, freedom, norm)
        if mass < probability:
            low = h
        else:
            high = h
        new = h + (probability - mass) / slope if slope > 0.0 else math.inf
        if not low < new < high:
            new = 0.5 * (low + high) if high < math.inf else 2.0 * h
        if abs(new - h) <= 1e-13 * h:
            return new
        h = min(new, 4.0 * h)
    return h


@kernel
def _widths(start, stop, mixture, freedom, probability, out):
    weight, centre, scale = mixture
    shift = np.empty(weight.shape[1])
    for d in range(start, stop):
        middle = 0.0
        for m in range(shift.size):
            middle += weight[d, m] * centre[d, m]
        for m in range(shift.size):
            shift[m] = centre[d, m] - middle
        out[d] = half_width(weight[d], shift, scale[d], freedom[d], probability)


def half_widths(
    weight: np.ndarray, centre: np.ndarray, scale: np.ndarray, freedom: np.ndarray, probability: float
) -> np.ndarray:
    """Half-widths (devices,) of the central intervals of mixtures (devices, models) about their means."""
    out = np.empty(freedom.size)
    mixture = tuple(np.ascontiguousarray(part) for part in (weight, centre, scale))
    launch(_widths, freedom.size, mixture, np.ascontiguousarray(freedom), probability, out, grain=256)
    return out
