"""The solved batch behind a drift fit, and what it says of each device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.drift import noise, spread
from pcmphys.fit.drift import predict as prediction
from pcmphys.numerics import check

PER_DEVICE = ("exponent", "exponent_error", "g0", "g0_error", "noise_amplitude", "noise_slope", "white_noise")


@dataclass(frozen=True, eq=False)
class DriftSolution:
    """The solved batch behind a fit: the reads, the curve they were weighted at and the mixture of noise models."""

    traces: noise.Traces
    log_g0: np.ndarray
    exponent: np.ndarray
    mixture: noise.Mixture
    last: np.ndarray  # (devices,) last Gauss-Newton step

    @property
    def converged(self) -> np.ndarray:
        """Which fits have settled, (devices,)."""
        return self.last < noise.TOLERANCE

    def take(self, which: Any) -> DriftSolution:
        """The same for some of the devices."""
        mixture = noise.Mixture(*(part[which] for part in self.mixture))
        return DriftSolution(
            self.traces.take(which), self.log_g0[which], self.exponent[which], mixture, self.last[which]
        )

    def mean(self, k: int) -> np.ndarray:
        """Posterior mean of ln g0 (k = 0) or exponent (k = 1), (devices,)."""
        return (self.log_g0, self.exponent)[k] + (self.mixture.weight * self.mixture.step[:, :, k]).sum(axis=1)

    def width(self, k: int, probability: float = prediction.ONE_SIGMA) -> np.ndarray:
        """Half-width of the central interval of ln g0 (k = 0) or of the exponent (k = 1), (devices,)."""
        scale = np.sqrt(self.mixture.covariance[:, :, k, k])
        m = self.mixture
        return prediction.half_width(m.weight, m.step[:, :, k], scale, m.freedom, probability)

    def exponent_width(self, probability: float) -> np.ndarray:
        """Half-width of the exponents' central interval for a probability the user gave, (devices,)."""
        probability = check.number("probability", probability, low=0.0, high=1.0 - 1e-9, low_open=True)
        return self.width(1, probability)

    def variance(self) -> np.ndarray:
        """Variance of each exponent, not widened for few reads: what the random-effects model takes as known."""
        m = self.mixture
        inside = 1.0 / (m.weight / m.covariance[:, :, 1, 1]).sum(axis=1)
        centre = m.step[:, :, 1] - (m.weight * m.step[:, :, 1]).sum(axis=1, keepdims=True)
        return inside + (m.weight * centre**2).sum(axis=1)

    def predict(self, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and half-width of one more read, (devices, *time.shape) [S]."""
        time = check.array("time", time, "s", ndim=(0, 1), low=0.0)
        if (time <= 0).any():
            raise ParameterError("time to predict a read at must be above 0 s: a power law has no value at 0 s")
        mean, std = prediction.predict_reads(self.traces, self.mixture, self.log_g0, self.exponent, np.atleast_1d(time))
        shape = (self.exponent.size, *time.shape)
        return mean.reshape(shape), std.reshape(shape)

    def results(self) -> dict[str, np.ndarray]:
        """What is known of each device, (devices,) each; NaN where the fit did not settle."""
        g0 = np.exp(self.mean(0))
        found = (
            self.mean(1),
            self.width(1),
            g0,
            g0 * self.width(0),
            *noise.average_noise(self.traces, self.mixture),
        )
        return {key: np.where(self.converged, value, np.nan) for key, value in zip(PER_DEVICE, found, strict=True)}

    def population(self) -> spread.Estimates:
        """Mean and spread of the exponents of all devices whose fit has settled."""
        some = self.take(self.converged)
        if some.exponent.size < 2:
            known = some.exponent.size == 1
            return spread.lone(*(float(value[0]) if known else np.nan for value in (some.mean(1), some.width(1))))
        return spread.population(some.mean(1), some.variance(), some.traces.mask.sum(axis=1) - 2.0)
