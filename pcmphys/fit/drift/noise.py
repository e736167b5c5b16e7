r"""The noise models under a drift fit, and the generalised least squares that goes with them.

A read of a drifting phase-change device is taken as

.. math:: G_i = m_i (1 + n(t_i)) + w_i, \qquad m_i = G_0 (t_i / t_0)^{-\nu}

with white noise ``w`` and intrinsic noise ``n`` of a spectrum that falls as :math:`f^{-\beta}`, :math:`\beta` between 1
and 1.5. Of stationary noise only differences are defined, :math:`E[(n(t) - n(t'))^2] / 2 = Q^2 \gamma(|t - t'|)` with

.. math:: \gamma(\tau) = ((1 + \tau / 2d)^{\beta - 1} - 1) / (\beta - 1) \to \ln((\tau + 2d) / 2d)

for reads of duration ``d`` (right: the limit :math:`\beta = 1`, spectrum :math:`Q^2 / f`, with the same Q as in the
published :math:`\sigma^2(t) = Q^2 \ln((t + d) / 2d)`, Nandakumar et al., IEEE ICECS 2019). The undefined constant is
absorbed by :math:`G_0`. Noise that ages comes out of traps that add nothing before they are first refreshed after
programming (`pcmphys.physics.flicker`): the covariance at ages s < t is :math:`Q^2 \ln((t + d) / (t - s + 2d))`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pcmphys.fit.drift import kernels
from pcmphys.fit.drift.modes import Trials, most_modes, trials_of
from pcmphys.numerics.compile import launch

SLOPES = (1.0, 1.2, 1.4)
"""Trial slopes of the spectrum; measured in PCM: 1 to 1.4."""
SHARES = np.linspace(0.0, 1.0, 7)  # trial shares of the 1/f part when the white noise is not known
# before the data: an even chance that the device's own 1/f noise is all there is, else any share alike
SHARE_PRIOR = np.append(np.full(SHARES.size - 1, 0.5 / (SHARES.size - 1)), 0.5)
PRIOR_DEVICES = 4.0  # weight of that prior, in devices, where a population tells its own shares
EVEN = 0.5  # chance, before the data, that noise ages; less in few devices, which cannot tell: wide intervals are safe
AMPLITUDES = 25  # trial amplitudes of the 1/f part when the white noise is known
ITERATIONS = kernels.ITERATIONS
ROUNDS = 200  # of EM
WORK = 20_000  # reads worth a thread of their own


class Traces(NamedTuple):
    """Reads of a batch of devices as the fit sees them."""

    time: np.ndarray  # (n,) or (devices, n) [s]; NaN at the end of a row where a device has fewer reads
    conductance: np.ndarray  # (devices, n) [S]; NaN where a read is missing
    white: np.ndarray | None  # (devices, n) known white noise [S], or None: to be estimated
    delay: np.ndarray  # (devices,) time of programming [s]
    reference_time: float  # [s]
    read_duration: float  # [s]
    kinds: tuple[tuple[float, bool], ...]  # trial kinds of noise: (slope of the spectrum, ageing)

    def take(self, which: Any) -> Traces:
        """The same reads for some of the devices."""
        return self._replace(
            time=self.time[which] if self.time.ndim == 2 else self.time,
            conductance=self.conductance[which],
            white=None if self.white is None else self.white[which],
            delay=self.delay[which],
        )

    @property
    def count(self) -> np.ndarray:
        """Reads of each device, (devices,)."""
        return (~np.isnan(self.conductance)).sum(axis=1)

    def known_white(self) -> np.ndarray:
        """Mean variance of the known white noise of each device, (devices,) [S^2]."""
        present = ~np.isnan(self.conductance)
        return (present * self.white**2).sum(axis=1) / present.sum(axis=1)


class Mixture(NamedTuple):
    """What the data say at each of K trial noise models: evidence, noise, and the parameters with their covariance.

    The models of the first kind come first, then those of the next. Parameters are a step in (level, exponent) from the
    curve the weights were formed at.
    """

    evidence: np.ndarray  # (devices, K) logarithm of the restricted likelihood, largest 0
    weight: np.ndarray  # (devices, K), sums to 1
    flicker: np.ndarray  # (devices, K) Q^2 at the model's own slope [1]
    white: np.ndarray  # (devices, K) variance of the white part [S^2] (0 where it is known)
    step: np.ndarray  # (devices, K, 2)
    covariance: np.ndarray  # (devices, K, 3) of level-level, level-exponent, exponent-exponent
    unit: np.ndarray  # (devices, kinds) mean variogram of unit noise over all pairs of reads
    constant: np.ndarray  # (devices, kinds) variance that the level is spared, as it belongs to it by definition
    freedom: np.ndarray  # (devices,) degrees of freedom; infinite where the white noise is known


class BatchFits(NamedTuple):
    """Fits of a batch: curve exp(level - exponent (ln age - centre)) and the mixture about it."""

    curve: np.ndarray  # (devices, 3) level, exponent, centre
    mixture: Mixture
    peak: np.ndarray  # (devices,) logarithm of the largest restricted likelihood
    last: np.ndarray  # (devices,) last step, in the logarithm of the curve
    enough: np.ndarray  # (devices,) below this it has converged

    def take(self, which: Any) -> BatchFits:
        """The same for some of the devices."""
        mixture = Mixture(*(part[which] for part in self.mixture))
        return BatchFits(self.curve[which], mixture, *(part[which] for part in self[2:]))


def variogram(lag: Any, slope: float, read_duration: float) -> np.ndarray:
    """Half the mean squared difference of noise of unit amplitude a lag [s] apart, for one slope of its spectrum."""
    grown = np.log1p(np.asarray(lag) / (2 * read_duration))
    return grown if slope == 1.0 else np.expm1((slope - 1.0) * grown) / (slope - 1.0)


def first_prior(traces: Traces) -> np.ndarray:
    """Weights (K,) of the trial noise models before any data, see `EVEN` and `SHARE_PRIOR`; all slopes alike."""
    devices = len(traces.conductance)
    old = EVEN * devices / (devices + PRIOR_DEVICES)
    inside = SHARE_PRIOR if traces.white is None else np.full(AMPLITUDES, 1.0 / AMPLITUDES)
    weight = np.concatenate([(old if ageing else 1.0 - old) * inside for _, ageing in traces.kinds])
    return weight / weight.sum()


def posterior(evidence: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Weights (devices, K) of the trial noise models under a prior (K,)."""
    weight = np.exp(evidence) * prior
    return weight / weight.sum(axis=1, keepdims=True)


def pooled(traces: Traces, evidence: np.ndarray, settled: np.ndarray) -> np.ndarray:
    """Weights (devices, K) of the trial noise models, with a prior learned from all devices (empirical Bayes).

    One trace of tens of reads cannot tell slow noise from white noise, nor noise that ages from noise that does not; a
    population can. Whether the noise ages is taken as common to all; slope and share as drawn from one distribution;
    each device keeps its own amplitude.
    """
    first = first_prior(traces)
    ages = np.repeat([ageing for _, ageing in traces.kinds], first.size // len(traces.kinds))
    parts, totals = [], []
    for group in np.unique(ages):
        weight, total = _learned(traces, np.where(ages == group, first, 0.0), evidence, settled)
        parts.append(weight)
        totals.append(total + np.log(first[ages == group].sum()))
    chance = np.exp(np.array(totals) - max(totals))
    chance = chance / chance.sum()
    return sum(share * part for share, part in zip(chance, parts, strict=True))


def _learned(traces: Traces, first: np.ndarray, evidence: np.ndarray, settled: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights (devices, K) with a prior learned by EM from ``first``, and the logarithm of the likelihood.

    Devices whose fit has not ``settled`` teach nothing.
    """
    some = first > 0.0
    first, likelihood = first[some] / first.sum(), np.exp(evidence[:, some])
    prior = first
    for _ in range(ROUNDS):
        each = likelihood @ prior
        new = PRIOR_DEVICES * first + prior * ((settled / each) @ likelihood)
        if traces.white is not None:  # amplitudes are each device's own: pool the slope alone
            new = np.repeat(new.reshape(-1, AMPLITUDES).mean(axis=1), AMPLITUDES)
        new = new / new.sum()
        moved = np.abs(new - prior).max()
        prior = new
        if moved < 1e-4:
            break
    weight = np.zeros_like(evidence)
    weight[:, some] = likelihood * prior
    each = weight.sum(axis=1, keepdims=True)
    return weight / each, float(np.log(each[settled]).sum())


def average_noise(traces: Traces, mixture: Mixture) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Posterior means (devices,): amplitude Q of the 1/f noise as strong between these reads, its slope, white std."""
    inside = mixture.weight.shape[1] // len(traces.kinds)
    slopes = np.repeat([slope for slope, _ in traces.kinds], inside)
    every = every_kind(traces.kinds)
    plain = mixture.unit[:, [every.index((1.0, ageing)) for _, ageing in traces.kinds]]
    strength = np.repeat(mixture.unit[:, : len(traces.kinds)] / plain, inside, axis=1)
    amplitude = (mixture.weight * np.sqrt(mixture.flicker * strength)).sum(axis=1)
    if traces.white is None:
        white = (mixture.weight * np.sqrt(mixture.white)).sum(axis=1)
    else:
        white = np.sqrt(traces.known_white())
    return amplitude, mixture.weight @ slopes, white


def every_kind(kinds: tuple[tuple[float, bool], ...]) -> tuple[tuple[float, bool], ...]:
    """The trial kinds of noise, and for comparison those of slope 1 that age, or do not, as these do."""
    return kinds + tuple(
        (1.0, old) for old in (False, True) if (1.0, old) not in kinds and any(ageing == old for _, ageing in kinds)
    )


def solve(traces: Traces) -> BatchFits:
    """Gauss-Newton of each device to the curve at which the mean step over all noise models is zero."""
    reads, trials, most = packed(traces)
    devices, lanes = len(traces.conductance), trials.log_prior.size
    kinds, every = len(traces.kinds), trials.excess.size
    found = kernels.KernelFits(
        np.empty((devices, 3)),
        np.empty((devices, 2)),
        *(np.empty((devices, lanes)) for _ in range(3)),
        np.empty((devices, lanes, 2)),
        np.empty((devices, lanes, 3)),
        np.empty((devices, every)),
        np.empty((devices, every)),
        np.empty(devices, dtype=np.int64),
    )
    grain = max(1, WORK // traces.conductance.shape[1])
    launch(kernels.solve, devices, reads, trials, most, found, grain=grain)
    peak = found.evidence.max(axis=1)
    evidence = found.evidence - peak[:, None]
    known = traces.white is not None
    mixture = Mixture(
        evidence,
        posterior(evidence, first_prior(traces)),
        found.flicker,
        found.white,
        found.step,
        found.covariance,
        found.unit,
        _constants(traces, found.variance[:, :kinds]),
        np.full(devices, np.inf) if known else found.count - 2.0,
    )
    return BatchFits(found.curve, mixture, peak, found.last[:, 0], found.last[:, 1])


def packed(traces: Traces) -> tuple[kernels.KernelReads, Trials, int]:
    """Reads and trial models as the kernels take them, and the most relaxations that a device needs."""
    white = np.empty((0, 0)) if traces.white is None else traces.white
    time = np.ascontiguousarray(np.atleast_2d(traces.time))
    reads = kernels.KernelReads(time, traces.conductance, white, traces.delay, traces.read_duration)
    shares = SHARES if traces.white is None else np.zeros(AMPLITUDES)
    trials = trials_of(every_kind(traces.kinds), shares, first_prior(traces))
    return reads, trials, most_modes(*_lags(traces), traces.read_duration)


def most_for(traces: Traces, time: np.ndarray) -> int:
    """The most relaxations that predictions of reads at these times [s] need."""
    shortest, longest = _lags(traces)
    lag = np.abs(np.atleast_2d(traces.time)[:, :, None] - time)
    lag = np.where(lag > 0.0, lag, np.inf)
    shortest = np.minimum(shortest, np.nanmin(lag))
    return most_modes(shortest, np.maximum(longest, (time.max() - traces.delay).max()), traces.read_duration)


def _lags(traces: Traces) -> tuple[np.ndarray, np.ndarray]:
    """A lower bound of each device's shortest lag and an upper one of its longest [s], ages included if noise ages."""
    time = np.atleast_2d(traces.time)
    shortest, first, last = np.nanmin(np.diff(time, axis=1), axis=1), time[:, 0], np.nanmax(time, axis=1)
    if any(ageing for _, ageing in traces.kinds):
        least = np.maximum(first - traces.delay - traces.read_duration, 1e-3 * traces.read_duration)
        shortest, last = np.minimum(shortest, least), np.maximum(last, last - traces.delay)
        first = np.zeros_like(first)
    return shortest, last - first


def _constants(traces: Traces, variance: np.ndarray) -> np.ndarray:
    """Of stationary noise all that is slower than the device's age belongs to g0, not to its error."""
    time = np.where(np.isnan(traces.conductance), -np.inf, traces.time).max(axis=1) - traces.delay
    parts = [
        np.zeros(time.size) if ageing else variogram(time, slope, traces.read_duration) - variance[:, j]
        for j, (slope, ageing) in enumerate(traces.kinds)
    ]
    return np.stack(parts, axis=1)
