r"""The noise model under a drift fit, and the generalised least squares that goes with it.

A read of a drifting phase-change device is taken as

.. math:: G_i = m_i (1 + n(t_i)) + w_i, \qquad m_i = G_0 (t_i / t_0)^{-\nu}

with white noise ``w`` and intrinsic noise ``n`` of a spectrum that falls as :math:`f^{-\beta}`, :math:`\beta` between 1
and 1.5. Only differences of ``n`` are defined, :math:`E[(n(t) - n(t'))^2] / 2 = Q^2 \gamma(|t - t'|)` with

.. math:: \gamma(\tau) = ((1 + \tau / 2d)^{\beta - 1} - 1) / (\beta - 1) \to \ln((\tau + 2d) / 2d)

for reads of duration ``d`` (right: the limit :math:`\beta = 1`, spectrum :math:`Q^2 / f`, with the same Q as in the
published :math:`\sigma^2(t) = Q^2 \ln((t + d) / 2d)`, Nandakumar et al., IEEE ICECS 2019). The undefined constant is
absorbed by :math:`G_0`.

Everything here works on a batch: first axis devices, second axis reads; a mask leaves out missing reads.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

SLOPES = (1.0, 1.2, 1.4)  # trial slopes of the spectrum; measured in PCM: 1 to 1.4
SHARES = np.linspace(0.0, 1.0, 7)  # trial shares of the 1/f part when the white noise is not known
# before the data: an even chance that the device's own 1/f noise is all there is, else any share alike
SHARE_PRIOR = np.append(np.full(SHARES.size - 1, 0.5 / (SHARES.size - 1)), 0.5)
PRIOR_DEVICES = 4.0  # weight of that prior, in devices, where a population tells its own shares
AMPLITUDES = 25  # trial amplitudes of the 1/f part when the white noise is known
TOLERANCE = 1e-10  # largest last step, in ln g0 and in exponent times ln(t_last / t_first)
ITERATIONS = 60
WEIGHTINGS = 3  # first steps that form the weights anew; later ones only settle the curve
BLOCK = 4_000_000  # floats in the largest array of one block of devices: 32 MB


class Traces(NamedTuple):
    """Reads of a batch of devices as the fit sees them (missing reads carry mask 0 and any finite number)."""

    time: np.ndarray  # (n,) [s]
    conductance: np.ndarray  # (devices, n) [S]
    mask: np.ndarray  # (devices, n) 1 = use, 0 = missing
    white: np.ndarray | None  # (devices, n) known white noise [S], or None: to be estimated
    reference_time: float  # [s]
    read_duration: float  # [s]
    slopes: tuple[float, ...]  # trial slopes of the noise spectrum

    def take(self, which: Any) -> Traces:
        """The same reads for some of the devices."""
        return self._replace(
            conductance=self.conductance[which],
            mask=self.mask[which],
            white=None if self.white is None else self.white[which],
        )


class Mixture(NamedTuple):
    """What the data say at each of K trial noise models: evidence, noise, and the parameters with their covariance.

    The models of the first trial slope come first, then those of the next.

    Parameters are a step in (ln g0, exponent) from the curve the weights were formed at.
    """

    evidence: np.ndarray  # (devices, K) logarithm of the restricted likelihood, largest 0
    weight: np.ndarray  # (devices, K), sums to 1
    flicker: np.ndarray  # (devices, K) Q^2 at the model's own slope [1]
    white: np.ndarray  # (devices, K) variance of the white part [S^2] (0 where it is known)
    step: np.ndarray  # (devices, K, 2)
    covariance: np.ndarray  # (devices, K, 2, 2)
    freedom: np.ndarray  # (devices,) degrees of freedom; infinite where the white noise is known


class Basis(NamedTuple):
    """The basis, for one slope, in which both parts of the noise are diagonal."""

    eigenvalue: np.ndarray  # (devices, n) of the 1/f part, in units of the white part
    transform: np.ndarray  # (devices, n, n) rows: basis vectors over the white std
    scale: np.ndarray  # (devices, n) the white std that serves as unit [S]
    present: np.ndarray  # (devices, n) 1 where a basis vector lies in reads that were taken, else 0


class Rotated(NamedTuple):
    """The linearised fit in such a basis."""

    basis: Basis
    design: np.ndarray  # (devices, n, 2)
    residual: np.ndarray  # (devices, n)


def model(traces: Traces, log_g0: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    """The drift curve of each device, (devices, n) [S]."""
    log_time = np.log(traces.time / traces.reference_time)
    return np.exp(log_g0[:, None] - exponent[:, None] * log_time)


def variogram(lag: np.ndarray, slope: float, read_duration: float) -> np.ndarray:
    """Half the mean squared difference of noise of unit amplitude a lag [s] apart, for one slope of its spectrum."""
    grown = np.log1p(lag / (2 * read_duration))
    return grown if slope == 1.0 else np.expm1((slope - 1.0) * grown) / (slope - 1.0)


def flicker_covariance(lag: np.ndarray, age: float, slope: float, read_duration: float) -> np.ndarray:
    """Covariance of the intrinsic noise, unit amplitude; variations slower than ``age`` [s] belong to g0.

    Convex, decreasing and zero at ``age``, hence positive definite on any set of times no longer than that (Polya).
    """
    return variogram(np.float64(age), slope, read_duration) - variogram(lag, slope, read_duration)


def lag_variance(traces: Traces, slope: float) -> float:
    """Mean variogram over all pairs of reads: what a plain variance would see of noise of unit amplitude."""
    lag = np.abs(traces.time[:, None] - traces.time)
    total = variogram(lag, slope, traces.read_duration).sum()
    return float(total / (traces.time.size * (traces.time.size - 1)))


def find_basis(traces: Traces, curve: np.ndarray, slope: float) -> Basis:
    """Diagonalise the 1/f part relative to the white part at the given curve, once for all trials of one slope."""
    scale = _unit_of_noise(traces, curve) if traces.white is None else traces.white
    ratio = traces.mask * curve / scale
    lag = np.abs(traces.time[:, None] - traces.time)
    kernel = flicker_covariance(lag, traces.time[-1], slope, traces.read_duration)
    eigenvalue, vectors = np.linalg.eigh(ratio[:, :, None] * kernel * ratio[:, None, :])
    transform = np.swapaxes(vectors, 1, 2)
    # the directions of missing reads hold neither signal nor noise; they must not count in a sum or a determinant
    present = ((transform**2 @ traces.mask[:, :, None])[:, :, 0] > 0.5).astype(float)
    eigenvalue = np.where(present > 0, np.maximum(eigenvalue, 1e-14 * eigenvalue[:, -1:]), 1.0)
    return Basis(eigenvalue, present[:, :, None] * transform / scale[:, None, :], scale, present)


def rotate(traces: Traces, basis: Basis, curve: np.ndarray) -> Rotated:
    """Residuals about a curve, and its derivatives by (ln g0, exponent), in a basis."""
    log_time = np.log(traces.time / traces.reference_time)
    signal = traces.mask * curve
    design = basis.transform @ np.stack([signal, -signal * log_time], axis=2)
    residual = basis.transform @ (traces.mask * (traces.conductance - curve))[:, :, None]
    return Rotated(basis, design, residual[:, :, 0])


def _unit_of_noise(traces: Traces, curve: np.ndarray) -> np.ndarray:
    mean_square = (traces.mask * curve**2).sum(axis=1) / traces.mask.sum(axis=1)
    return np.broadcast_to(np.sqrt(mean_square)[:, None], curve.shape)


def first_prior(traces: Traces) -> np.ndarray:
    """Weights (K,) of the trial noise models before any data: all slopes alike, see `SHARE_PRIOR`."""
    inside = SHARE_PRIOR if traces.white is None else np.full(AMPLITUDES, 1.0 / AMPLITUDES)
    return np.tile(inside / len(traces.slopes), len(traces.slopes))


def weigh(traces: Traces, rotated: list[Rotated]) -> Mixture:
    """Weigh every trial noise model by its restricted likelihood and solve the weighted least squares in each.

    White noise unknown: total variance free (prior 1/variance, integrated exactly), share of the 1/f part on [0, 1].
    White noise known: the logarithm of the total variance uniform above the known part.
    """
    parts = [_weigh_slope(traces, one, slope) for one, slope in zip(rotated, traces.slopes, strict=True)]
    evidence, flicker, white, step, covariance = (np.concatenate(part, axis=1) for part in zip(*parts, strict=True))
    evidence = evidence - evidence.max(axis=1, keepdims=True)
    if traces.white is None:
        freedom = traces.mask.sum(axis=1) - 2.0
    else:
        freedom = np.full(len(evidence), np.inf)
    return Mixture(evidence, posterior(evidence, first_prior(traces)), flicker, white, step, covariance, freedom)


def _weigh_slope(traces: Traces, rotated: Rotated, slope: float):
    basis = rotated.basis
    freedom = traces.mask.sum(axis=1) - 2.0
    unit = lag_variance(traces, slope)
    if traces.white is None:
        flicker = np.broadcast_to(SHARES / unit, (freedom.size, SHARES.size))
        white = np.broadcast_to(1.0 - SHARES, flicker.shape)
    else:
        flicker = _trial_amplitudes(traces, rotated, freedom) / unit
        white = np.ones_like(flicker)
    variance = np.maximum(white[:, :, None] + flicker[:, :, None] * basis.eigenvalue[:, None, :], 1e-300)
    step, covariance, chi2, log_information = _least_squares(rotated, 1.0 / variance)
    log_likelihood = -0.5 * ((basis.present[:, None, :] * np.log(variance)).sum(axis=2) + log_information)
    if traces.white is not None:
        return log_likelihood - 0.5 * chi2, flicker, np.zeros_like(flicker), step, covariance
    chi2 = np.maximum(chi2, 1e-31)  # an exact power law: rounding is all the noise there is
    scale = chi2 / freedom[:, None]
    log_likelihood -= 0.5 * freedom[:, None] * np.log(chi2)
    white = white * scale * basis.scale[:, :1] ** 2
    return log_likelihood, flicker * scale, white, step, covariance * scale[:, :, None, None]


def posterior(evidence: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Weights (devices, K) of the trial noise models under a prior (K,)."""
    weight = np.exp(evidence) * prior
    return weight / weight.sum(axis=1, keepdims=True)


def pooled_prior(traces: Traces, evidence: np.ndarray, rounds: int = 50) -> np.ndarray:
    """Prior (K,) over slope and share of the noise, learned from all devices (empirical Bayes by EM).

    One trace of tens of reads cannot tell slow noise from white noise; a population can. Slope and share are taken
    as drawn from one distribution for all; each device keeps its own amplitude.
    """
    first = first_prior(traces)
    prior = first
    for _ in range(rounds):
        prior = PRIOR_DEVICES * first + posterior(evidence, prior).sum(axis=0)
        if traces.white is not None:  # amplitudes are each device's own: pool the slope alone
            prior = np.repeat(prior.reshape(len(traces.slopes), -1).mean(axis=1), AMPLITUDES)
        prior = prior / prior.sum()
    return prior


def average_noise(traces: Traces, mixture: Mixture) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Posterior means (devices,): amplitude Q of the 1/f noise as strong between these reads, its slope, white std."""
    slopes = np.repeat(traces.slopes, mixture.weight.shape[1] // len(traces.slopes))
    plain = lag_variance(traces, 1.0)
    strength = np.array([lag_variance(traces, slope) / plain for slope in slopes])
    amplitude = (mixture.weight * np.sqrt(mixture.flicker * strength)).sum(axis=1)
    if traces.white is None:
        white = (mixture.weight * np.sqrt(mixture.white)).sum(axis=1)
    else:
        white = np.sqrt((traces.mask * traces.white**2).sum(axis=1) / traces.mask.sum(axis=1))
    return amplitude, (mixture.weight * slopes).sum(axis=1), white


def _trial_amplitudes(traces: Traces, rotated: Rotated, freedom: np.ndarray) -> np.ndarray:
    """Trial 1/f variances (devices, K), relative, at the mean lag: from zero, evenly in the log of the total."""
    count = traces.mask.sum(axis=1)
    ones = np.ones((count.size, 1, rotated.residual.shape[1]))
    chi2 = _least_squares(rotated, ones)[2][:, 0]
    curve2 = (rotated.design[:, :, 0] ** 2).sum(axis=1) / count  # mean of (curve / white)^2
    known = 1.0 / curve2
    seen = np.maximum(chi2 / freedom, 1e-3) / curve2
    reach = 2.0 + 4.0 * np.sqrt(2.0 / freedom)
    low = np.maximum(np.log(known), np.log(seen) - reach)
    high = np.maximum(np.log(known), np.log(seen)) + reach
    total = np.exp(low[:, None] + np.linspace(0.0, 1.0, AMPLITUDES) * (high - low)[:, None])
    return np.maximum(total - known[:, None], 0.0)


def _least_squares(rotated: Rotated, inverse: np.ndarray):
    """Closed-form 2x2 weighted least squares for weights (devices, K, n): step, covariance, chi^2, log det X'WX."""
    a, b, r = rotated.design[:, None, :, 0], rotated.design[:, None, :, 1], rotated.residual[:, None, :]
    wa = inverse * a
    aa, ab = (wa * a).sum(axis=2), (wa * b).sum(axis=2)
    slope = ab / aa
    # centred on the weighted mean of the log time, so that nothing cancels when all times are far from t0
    centred = b - slope[:, :, None] * a
    cc = (inverse * centred**2).sum(axis=2)
    second = (inverse * centred * r).sum(axis=2) / cc
    first = (wa * r).sum(axis=2) / aa
    left = r - first[:, :, None] * a - second[:, :, None] * centred
    chi2 = (inverse * left**2).sum(axis=2)
    step = np.stack([first - second * slope, second], axis=2)
    off = -slope / cc
    covariance = np.stack([np.stack([1 / aa + slope**2 / cc, off], axis=2), np.stack([off, 1 / cc], axis=2)], axis=3)
    return step, covariance, chi2, np.log(aa) + np.log(cc)


def start_values(traces: Traces) -> tuple[np.ndarray, np.ndarray]:
    """Start of ln g0 and exponent: a straight line in ln G weighted by G^2, which a read near zero cannot disturb."""
    positive = traces.conductance > 0
    weight = np.where(positive, traces.conductance, 0.0) ** 2 * traces.mask
    log_g = np.log(np.where(positive, traces.conductance, 1.0))
    log_time = np.broadcast_to(np.log(traces.time / traces.reference_time), weight.shape)
    total = weight.sum(axis=1)
    x, y = (weight * log_time).sum(axis=1) / total, (weight * log_g).sum(axis=1) / total
    centred = log_time - x[:, None]
    spread = (weight * centred**2).sum(axis=1)
    slope = (weight * centred * (log_g - y[:, None])).sum(axis=1) / np.where(spread > 0, spread, 1.0)
    return y - slope * x, -slope


def solve(traces: Traces) -> tuple[np.ndarray, np.ndarray, Mixture | None, np.ndarray]:
    """Gauss-Newton to the curve at which the mean step over all noise models is zero.

    Returns ln g0 and the exponent (devices,), the mixture at the end, and the last step (devices,), which is below
    the tolerance where the fit has converged.
    """
    log_g0, exponent = start_values(traces)
    reach = max(float(np.log(traces.time[-1] / traces.time[0])), 1e-12)
    last = np.full(log_g0.size, np.inf)
    kept: Mixture | None = None
    active = np.arange(log_g0.size)
    bases: list[Basis] = []
    for round_ in range(ITERATIONS):
        some = traces.take(active)
        curve = model(some, log_g0[active], exponent[active])
        if round_ < WEIGHTINGS:
            bases = [find_basis(some, curve, slope) for slope in some.slopes]
        mixture = weigh(some, [rotate(some, basis, curve) for basis in bases])
        kept = mixture if kept is None else _store(kept, active, mixture)
        step = (mixture.weight[:, :, None] * mixture.step).sum(axis=1)
        size = np.maximum(np.abs(step[:, 0]), np.abs(step[:, 1]) * reach)
        last[active] = size
        moving = ~(size < TOLERANCE)
        if not moving.any():
            break
        bases = [Basis(*(part[moving] for part in basis)) for basis in bases]
        active, step = active[moving], step[moving] * np.minimum(1.0, 1.0 / size[moving])[:, None]
        log_g0[active] += step[:, 0]
        exponent[active] += step[:, 1]
    return log_g0, exponent, kept, last


def _store(kept: Mixture, where: np.ndarray, new: Mixture) -> Mixture:
    for old, fresh in zip(kept, new, strict=True):
        old[where] = fresh
    return kept


def matrices(slopes: int) -> int:
    """Square matrices of all reads that the fit of one device holds at once, as measured."""
    return 7 + 2 * slopes


def block_size(reads: int) -> int:
    """Devices to fit at once, so that the largest array of a block stays near ``BLOCK`` floats."""
    return max(1, BLOCK // (reads * max(reads, 3 * AMPLITUDES)))
