"""The solved batch behind a drift fit, and what it says of each device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.drift import delays, noise, spread, student
from pcmphys.fit.drift.predict import predict_reads
from pcmphys.numerics import check

PER_DEVICE = (
    "exponent",
    "exponent_error",
    "g0",
    "g0_error",
    "noise_amplitude",
    "noise_slope",
    "white_noise",
    "delay",
    "delay_error",
)


class Branch(NamedTuple):
    """The fits of all devices with one programming delay each, and how much the data are for it."""

    delay: np.ndarray  # (devices,) [s]
    share: np.ndarray  # (devices,), over all branches 1
    solved: noise.BatchFits


@dataclass(frozen=True, eq=False)
class DriftSolution:
    """The solved batch behind a fit: the reads, the curves they were weighted at and the mixture of noise models.

    ``ages`` (devices, 2) are the ages of the first read [s] between which the programming delay was sought; none
    where it was given.
    """

    traces: noise.Traces
    branches: tuple[Branch, ...]
    ages: np.ndarray | None = None

    @property
    def converged(self) -> np.ndarray:
        """Which fits have settled, (devices,)."""
        settled = [(b.solved.last < b.solved.enough) | (b.share < 1e-3) for b in self.branches]
        return np.all(settled, axis=0)

    def take(self, which) -> DriftSolution:
        """The same for some of the devices."""
        branches = tuple(Branch(b.delay[which], b.share[which], b.solved.take(which)) for b in self.branches)
        return DriftSolution(self.traces.take(which), branches, None if self.ages is None else self.ages[which])

    def _parts(self, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weights, values and variances (devices, models of all branches): of ln g0 (k = 0) or the exponent (k = 1)."""
        parts = [_models(branch, self.traces.reference_time)[k] for branch in self.branches]
        weight = [branch.share[:, None] * branch.solved.mixture.weight for branch in self.branches]
        value, variance = (np.concatenate(part, axis=1) for part in zip(*parts, strict=True))
        return np.concatenate(weight, axis=1), value, variance

    def mean(self, k: int) -> np.ndarray:
        """Posterior mean of ln g0 (k = 0) or exponent (k = 1), (devices,)."""
        weight, value, _ = self._parts(k)
        first = value[:, :1]
        return first[:, 0] + (weight * (value - first)).sum(axis=1)

    def width(self, k: int, probability: float = student.ONE_SIGMA) -> np.ndarray:
        """Half-width of the central interval of ln g0 (k = 0) or of the exponent (k = 1), (devices,)."""
        weight, value, variance = self._parts(k)
        freedom = self.branches[0].solved.mixture.freedom
        return student.half_widths(weight, value - value[:, :1], np.sqrt(variance), freedom, probability)

    def delays(self, probability: float = student.ONE_SIGMA) -> tuple[np.ndarray, np.ndarray]:
        """Posterior mean and half-width of the central interval of the programming delay [s], (devices,) each."""
        delay = np.stack([branch.delay for branch in self.branches], axis=1)
        share = np.stack([branch.share for branch in self.branches], axis=1)
        mean = (share * delay).sum(axis=1)
        if len(self.branches) == 1:
            return mean, np.zeros_like(mean)
        return mean, delays.half_width(delay - mean[:, None], share, probability)

    def ageing(self) -> float:
        """Chance, mean over the devices, that the noise ages; NaN where that was declared."""
        kinds = [ageing for _, ageing in self.traces.kinds]
        if len(set(kinds)) == 1:
            return np.nan
        old = np.repeat(kinds, self.branches[0].solved.mixture.weight.shape[1] // len(kinds))
        return float(np.mean(sum(b.share * (b.solved.mixture.weight @ old) for b in self.branches)))

    def delay_between(self, probability: float) -> tuple[np.ndarray, np.ndarray]:
        """Ends of the central interval of a programming delay that was sought [s], (devices,) each."""
        trials, shares = (np.stack([getattr(b, k) for b in self.branches], axis=1) for k in ("delay", "share"))
        return delays.between(trials, shares, probability)

    def undetermined(self) -> np.ndarray:
        """Which devices' programming delay was sought and not found, (devices,)."""
        if self.ages is None:
            return np.zeros(len(self.traces.conductance), dtype=bool)
        trials, shares = ([getattr(b, key) for b in self.branches] for key in ("delay", "share"))
        return delays.undetermined(self.ages, trials, np.stack(shares, axis=1), delays.first_times(self.traces))

    def exponent_width(self, probability: float) -> np.ndarray:
        """Half-width of the exponents' central interval for a probability the user gave, (devices,)."""
        probability = check.number("probability", probability, low=0.0, high=1.0 - 1e-9, low_open=True)
        return self.width(1, probability)

    def variance(self) -> np.ndarray:
        """Variance of each exponent, not widened for few reads: what the random-effects model takes as known."""
        weight, value, variance = self._parts(1)
        value = value - value[:, :1]
        inside = 1.0 / (weight / variance).sum(axis=1)
        centre = value - (weight * value).sum(axis=1, keepdims=True)
        return inside + (weight * centre**2).sum(axis=1)

    def predict(self, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and half-width of one more read, (devices, *time.shape) [S]."""
        time = check.array("time", time, "s", ndim=(0, 1), low=0.0)
        if (time <= 0).any():
            raise ParameterError("time to predict a read at must be above 0 s: a power law has no value at 0 s")
        latest = max(float(branch.delay.max()) for branch in self.branches)
        if (time <= latest).any():
            raise ParameterError(f"time to predict a read at must be above the programming delay, up to {latest:g} s")
        found = [
            predict_reads(self.traces._replace(delay=branch.delay), branch.solved, np.atleast_1d(time))
            for branch in self.branches
        ]
        mean, std = found[0]
        if len(found) > 1:
            share = np.array([branch.share for branch in self.branches])[:, :, None]
            means, stds = (np.array(part) for part in zip(*found, strict=True))
            mean = (share * means).sum(axis=0)
            std = np.sqrt((share * (stds**2 + (means - mean) ** 2)).sum(axis=0))
        shape = (len(mean), *time.shape)
        return mean.reshape(shape), std.reshape(shape)

    def results(self) -> dict[str, np.ndarray]:
        """What is known of each device, (devices,) each; NaN where the fit did not settle."""
        g0 = np.exp(self.mean(0))
        found = (self.mean(1), self.width(1), g0, g0 * self.width(0), *self._noise(), *self.delays())
        return {key: np.where(self.converged, value, np.nan) for key, value in zip(PER_DEVICE, found, strict=True)}

    def _noise(self) -> np.ndarray:
        """Amplitude, slope and white part of the noise, (3, devices)."""
        parts = [branch.share * noise.average_noise(self.traces, branch.solved.mixture) for branch in self.branches]
        return np.sum(parts, axis=0)

    def population(self) -> spread.Estimates:
        """Mean and spread of the exponents of all devices whose fit has settled."""
        some = self.take(self.converged)
        devices = len(some.traces.conductance)
        if devices < 2:
            known = devices == 1
            return spread.lone(*(float(value[0]) if known else np.nan for value in (some.mean(1), some.width(1))))
        return spread.population(some.mean(1), some.variance(), some.traces.count - 2.0)


def _models(
    branch: Branch, reference_time: float
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Values and variances (devices, models) of ln g0, and of the exponent."""
    m = branch.solved.mixture
    level, exponent, centre = (part[:, None] for part in branch.solved.curve.T)
    lever = np.log(reference_time) - centre
    constant = m.flicker * np.repeat(m.constant, m.flicker.shape[1] // m.constant.shape[1], axis=1)
    variance = m.covariance[:, :, 0] - lever * (2.0 * m.covariance[:, :, 1] - lever * m.covariance[:, :, 2])
    value = level + m.step[:, :, 0] - lever * (exponent + m.step[:, :, 1])
    return (value, np.maximum(variance + constant, 0.0)), (exponent + m.step[:, :, 1], m.covariance[:, :, 2])
