"""The solved batch behind a drift fit, and what it says of each device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.drift import noise, spread, student
from pcmphys.fit.drift.predict import predict_reads
from pcmphys.numerics import check

PER_DEVICE = ("exponent", "exponent_error", "g0", "g0_error", "noise_amplitude", "noise_slope", "white_noise")


@dataclass(frozen=True, eq=False)
class DriftSolution:
    """The solved batch behind a fit: the reads, the curve they were weighted at and the mixture of noise models."""

    traces: noise.Traces
    solved: noise.Solved

    @property
    def converged(self) -> np.ndarray:
        """Which fits have settled, (devices,)."""
        return self.solved.last < self.solved.enough

    def take(self, which: Any) -> DriftSolution:
        """The same for some of the devices."""
        mixture = noise.Mixture(*(part[which] for part in self.solved.mixture))
        curve, last, enough = (part[which] for part in (self.solved.curve, self.solved.last, self.solved.enough))
        return DriftSolution(self.traces.take(which), noise.Solved(curve, mixture, last, enough))

    def _parts(self, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Value (devices,) at the curve, steps from it and variances (devices, models): ln g0 (k = 0) or exponent."""
        m = self.solved.mixture
        level, exponent, centre = self.solved.curve.T
        if k == 1:
            return exponent, m.step[:, :, 1], m.covariance[:, :, 2]
        lever = np.log(self.traces.reference_time) - centre
        constant = m.flicker * np.repeat(m.constant, m.flicker.shape[1] // m.constant.shape[1], axis=1)
        variance = m.covariance[:, :, 0] - lever[:, None] * (
            2.0 * m.covariance[:, :, 1] - lever[:, None] * m.covariance[:, :, 2]
        )
        step = m.step[:, :, 0] - lever[:, None] * m.step[:, :, 1]
        return level - lever * exponent, step, np.maximum(variance + constant, 0.0)

    def mean(self, k: int) -> np.ndarray:
        """Posterior mean of ln g0 (k = 0) or exponent (k = 1), (devices,)."""
        value, step, _ = self._parts(k)
        return value + (self.solved.mixture.weight * step).sum(axis=1)

    def width(self, k: int, probability: float = student.ONE_SIGMA) -> np.ndarray:
        """Half-width of the central interval of ln g0 (k = 0) or of the exponent (k = 1), (devices,)."""
        _, step, variance = self._parts(k)
        m = self.solved.mixture
        return student.half_widths(m.weight, step, np.sqrt(variance), m.freedom, probability)

    def exponent_width(self, probability: float) -> np.ndarray:
        """Half-width of the exponents' central interval for a probability the user gave, (devices,)."""
        probability = check.number("probability", probability, low=0.0, high=1.0 - 1e-9, low_open=True)
        return self.width(1, probability)

    def variance(self) -> np.ndarray:
        """Variance of each exponent, not widened for few reads: what the random-effects model takes as known."""
        m = self.solved.mixture
        _, step, variance = self._parts(1)
        inside = 1.0 / (m.weight / variance).sum(axis=1)
        centre = step - (m.weight * step).sum(axis=1, keepdims=True)
        return inside + (m.weight * centre**2).sum(axis=1)

    def predict(self, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and half-width of one more read, (devices, *time.shape) [S]."""
        time = check.array("time", time, "s", ndim=(0, 1), low=0.0)
        if (time <= 0).any():
            raise ParameterError("time to predict a read at must be above 0 s: a power law has no value at 0 s")
        mean, std = predict_reads(self.traces, self.solved, np.atleast_1d(time))
        shape = (len(mean), *time.shape)
        return mean.reshape(shape), std.reshape(shape)

    def results(self) -> dict[str, np.ndarray]:
        """What is known of each device, (devices,) each; NaN where the fit did not settle."""
        g0 = np.exp(self.mean(0))
        found = (
            self.mean(1),
            self.width(1),
            g0,
            g0 * self.width(0),
            *noise.average_noise(self.traces, self.solved.mixture),
        )
        return {key: np.where(self.converged, value, np.nan) for key, value in zip(PER_DEVICE, found, strict=True)}

    def population(self) -> spread.Estimates:
        """Mean and spread of the exponents of all devices whose fit has settled."""
        some = self.take(self.converged)
        devices = len(some.solved.curve)
        if devices < 2:
            known = devices == 1
            return spread.lone(*(float(value[0]) if known else np.nan for value in (some.mean(1), some.width(1))))
        return spread.population(some.mean(1), some.variance(), some.traces.count - 2.0)
