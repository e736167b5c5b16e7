"""Drift fits the slow way: covariances of reads by reads, each trial noise model by itself, in plain numpy.

One device at a time. Nothing is shared with the package but the lists of trial models.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm
from scipy.stats import t as student


def variogram(lag, slope, duration):
    grown = np.log((lag + 2 * duration) / (2 * duration))
    return grown if slope == 1.0 else (np.exp((slope - 1.0) * grown) - 1.0) / (slope - 1.0)


def covariance(time, other, kind, duration, end):
    """Of unit noise at two sets of ages, (slope, ageing); that of stationary noise vanishes at the lag ``end``."""
    slope, ageing = kind
    lag = np.abs(time[:, None] - other)
    late = np.maximum(time[:, None], other) - duration if ageing else end
    return variogram(np.broadcast_to(late, lag.shape), slope, duration) - variogram(lag, slope, duration)


def unit(time, kind, duration):
    """Mean over all pairs of half the mean squared difference of unit noise."""
    cover = covariance(time, time, kind, duration, time[-1])
    half = 0.5 * (np.diag(cover)[:, None] + np.diag(cover)) - cover
    return half.sum() / (time.size * (time.size - 1))


class Fit:
    """Generalised least squares about a given curve ``level - exponent ln t``, averaged over trial models."""

    def __init__(self, time, conductance, kinds, prior, curve, *, duration=250e-9, shares=None, known=(None, ())):
        white, amplitudes = known
        self.time, self.kinds, self.duration = time, kinds, duration
        self.log_g0, self.exponent = curve
        m = np.exp(self.log_g0 - self.exponent * np.log(time))
        design = np.stack([m, -m * np.log(time)], axis=1)
        scale = np.sqrt((m**2).mean())
        self.models = []
        for kind in kinds:
            cover = covariance(time, time, kind, duration, time[-1]) * np.outer(m, m)
            of_unit = unit(time, kind, duration)
            for share in shares if white is None else amplitudes:
                if white is None:
                    flicker, floor = share / of_unit, (1.0 - share) * scale**2 * np.ones_like(time)
                else:
                    flicker, floor = share, white**2
                self.models.append(self._one(kind, flicker, floor, cover, design, conductance - m, m, white))
        evidence = np.array([model["evidence"] for model in self.models])
        weight = np.exp(evidence - evidence.max()) * prior
        self.weight = weight / weight.sum()
        self.freedom = np.inf if white is not None else time.size - 2

    def _one(self, kind, flicker, floor, cover, design, rest, m, white):
        whole = flicker * cover + np.diag(floor)
        inverse = np.linalg.inv(whole)
        information = design.T @ inverse @ design
        step = np.linalg.solve(information, design.T @ inverse @ rest)
        left = rest - design @ step
        chi2 = left @ inverse @ left
        freedom = rest.size - 2
        evidence = -0.5 * (np.linalg.slogdet(whole)[1] + np.linalg.slogdet(information)[1])
        evidence -= 0.5 * (chi2 if white is not None else freedom * np.log(chi2))
        grown = 1.0 if white is not None else chi2 / freedom
        return {
            "kind": kind,
            "evidence": evidence,
            "step": step,
            "covariance": grown * np.linalg.inv(information),
            "flicker": grown * flicker,
            "white": grown * floor[0],
            "inverse": inverse / grown,
            "left": left,
            "design": design,
            "curve": m,
        }

    def mean_and_width(self, k, probability=0.6826894921370859):
        """Posterior mean and half-width of the central interval, of ln g0 at 1 s (k = 0) or the exponent (k = 1)."""
        centre = np.array([model["step"][k] for model in self.models])
        scale = np.array([model["covariance"][k, k] ** 0.5 for model in self.models])
        mean, width = self._mixed(centre, scale, probability)
        return (self.log_g0, self.exponent)[k] + mean, width

    def predict(self, time, probability=0.6826894921370859):
        """Mean and half-width of one more read."""
        centre, scale = [], []
        far = np.exp(self.log_g0 - self.exponent * np.log(time))
        for model in self.models:
            at = np.array([time])
            link = covariance(self.time, at, model["kind"], self.duration, self.time[-1])[:, 0]
            link = model["flicker"] * link * model["curve"] * far
            own = covariance(at, at, model["kind"], self.duration, self.time[-1])[0, 0] * model["flicker"] * far**2
            row = far * np.array([1.0, -np.log(time)])
            pull = link @ model["inverse"]
            lever = row - pull @ model["design"]
            centre.append(far + row @ model["step"] + pull @ model["left"])
            spread = own - pull @ link + lever @ model["covariance"] @ lever
            scale.append(np.sqrt(max(spread, 0.0) + model["white"]))
        return self._mixed(np.array(centre), np.array(scale), probability)

    def _mixed(self, centre, scale, probability):
        mean = self.weight @ centre
        below = norm.cdf if np.isinf(self.freedom) else lambda x: student.cdf(x, self.freedom)

        def inside(h):
            with np.errstate(divide="ignore"):
                up, down = (h - (centre - mean)) / scale, (-h - (centre - mean)) / scale
            return self.weight @ (below(up) - below(down)) - probability

        top = 10.0 * (np.abs(centre - mean) + scale)[self.weight > 1e-9].max()
        return mean, brentq(inside, 0.0, top, xtol=1e-14 * top, rtol=1e-14)
