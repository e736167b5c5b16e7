"""What `pcmphys.fit.drift` returns: the fit of one device, and that of a population."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from pcmphys import _check
from pcmphys.errors import ParameterError
from pcmphys.fit import drift_noise, drift_predict


class Prediction(NamedTuple):
    """Predicted reads: mean and standard error [S], shaped like the times asked for, devices first."""

    mean: np.ndarray
    std: np.ndarray


@dataclass(frozen=True, eq=False)
class DriftFit:
    """A power-law drift fitted to one device.

    Every error is the half-width of the central 68.3 % interval: the number that plays the part of one standard
    deviation, with few reads and uncertain noise allowed for (for few reads it exceeds the root of the variance).

    Attributes
    ----------
    name : str
        Name of the device.
    exponent, exponent_error : float
        Drift exponent nu of ``G = g0 (t / reference_time)**-nu`` [1].
    g0, g0_error : float
        Conductance at the reference time [S]. Noise slower than the trace counts as part of g0, not of its error.
    noise_amplitude : float
        Q of the intrinsic noise, relative to G [1]: of a one-sided spectrum Q^2 / f or, for a steeper one, of the
        1/f noise that would be as strong between these reads. Posterior mean, as the next two; with fewer than
        about twenty reads mostly the prior.
    noise_slope : float
        Slope beta of the spectrum f^-beta of that noise [1].
    white_noise : float
        Standard deviation of the white part [S]: the given one, or the posterior mean of the estimate.
    reference_time, read_duration : float
        [s].
    time, conductance : (reads,) array
        The reads used [s], [S]; a missing read is NaN.
    unit : str
        Unit of the conductance: "S", or "1" for a normalised one; then read [1] for [S] above.
    """

    name: str
    exponent: float
    exponent_error: float
    g0: float
    g0_error: float
    noise_amplitude: float
    noise_slope: float
    white_noise: float
    reference_time: float
    read_duration: float
    time: np.ndarray = field(repr=False)
    conductance: np.ndarray = field(repr=False)
    unit: str
    _solution: Solution = field(repr=False)

    def curve(self, time) -> np.ndarray:
        """The fitted power law at times since programming [s], same shape as ``time``, [S]."""
        time = np.asarray(_check.array("time", time, "s", low=0.0))
        with np.errstate(divide="ignore"):
            return self.g0 * (time / self.reference_time) ** -self.exponent

    def predict(self, time) -> Prediction:
        """Predict one more noisy read at each time, given the reads that were fitted.

        Parameters
        ----------
        time : float or (times,) array
            Time since programming [s], above 0; earlier or later than the reads.

        Returns
        -------
        Prediction
            ``mean`` and ``std`` [S], shaped like ``time``. ``std`` is that of the read, not of the curve: white noise,
            1/f noise as far as it is not known from the measured reads (universal kriging), and the covariance of
            g0 and nu. It is the half-width of the 68.3 % interval, as all errors here.

        Notes
        -----
        Each time is predicted by itself; errors of several predicted reads are correlated. At the time of a measured
        read this is a repeat of that read with fresh white noise. The curve is taken linear in (ln g0, nu) within
        their errors. Not modelled: a departure from the power law, the non-Gaussian noise of few strong traps.
        """
        mean, std = self._solution.predict(time)
        return Prediction(mean[0], std[0])

    def interval(self, probability: float = 0.95) -> tuple[float, float]:
        """Central interval of the drift exponent: ``(low, high)`` holds it with this probability (0 to 1)."""
        width = self._solution.exponent_width(probability)[0]
        return float(self.exponent - width), float(self.exponent + width)

    def summary(self) -> str:
        """A plain text table of the fit."""
        from pcmphys.fit.drift_summary import summary

        return summary([self], None)

    def plot(self, path=None):
        """Draw the reads, the fit and its band; write them to ``path`` (type by its suffix) if one is given.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from pcmphys.fit.figure import drift_figure

        return drift_figure([self], path=path)


@dataclass(frozen=True, eq=False)
class DriftPopulation:
    """Power-law drift fitted to many devices that were read at the same times.

    ``len``, indexing by number or name, and iteration give each device's `DriftFit`.

    Attributes
    ----------
    names : tuple of str
        Name of each device.
    exponent, exponent_error, g0, g0_error, noise_amplitude, noise_slope, white_noise : (devices,) array
        As in `DriftFit`, one entry a device. NaN for a device whose fit did not converge.
    exponent_mean, exponent_mean_error : float
        Mean drift exponent of the population [1]. Its error does not allow for the uncertainty of the spread, which
        matters below some twenty devices.
    exponent_spread, exponent_spread_error : float
        Standard deviation of the true exponents from device to device (with the cycle-to-cycle part, if each device
        was programmed once) [1], the fit error removed: REML of a random-effects model, see `drift`.
    reference_time, read_duration, time, conductance, unit
        As in `DriftFit`; ``conductance`` is (devices, reads).
    """

    names: tuple[str, ...] = field(repr=False)
    exponent: np.ndarray = field(repr=False)
    exponent_error: np.ndarray = field(repr=False)
    g0: np.ndarray = field(repr=False)
    g0_error: np.ndarray = field(repr=False)
    noise_amplitude: np.ndarray = field(repr=False)
    noise_slope: np.ndarray = field(repr=False)
    white_noise: np.ndarray = field(repr=False)
    exponent_mean: float
    exponent_mean_error: float
    exponent_spread: float
    exponent_spread_error: float
    reference_time: float
    read_duration: float
    time: np.ndarray = field(repr=False)
    conductance: np.ndarray = field(repr=False)
    unit: str
    _solution: Solution = field(repr=False)

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self):
        return (self[k] for k in range(len(self)))

    def __getitem__(self, device: int | str) -> DriftFit:
        if isinstance(device, str):
            _check.choice("device", device, self.names)
            device = self.names.index(device)
        k = range(len(self))[device]
        values = {key: float(getattr(self, key)[k]) for key in PER_DEVICE}
        return DriftFit(
            name=self.names[k],
            **values,
            reference_time=self.reference_time,
            read_duration=self.read_duration,
            time=self.time,
            conductance=self.conductance[k],
            unit=self.unit,
            _solution=self._solution.take(slice(k, k + 1)),
        )

    def curve(self, time) -> np.ndarray:
        """The fitted power laws at times since programming [s], (devices, *time.shape) [S]."""
        return np.array([fit.curve(time) for fit in self])

    def predict(self, time) -> Prediction:
        """As `DriftFit.predict`, with the devices as the first axis of mean and std."""
        return Prediction(*self._solution.predict(time))

    def interval(self, probability: float = 0.95) -> np.ndarray:
        """Central intervals of the drift exponents, (devices, 2)."""
        width = self._solution.exponent_width(probability)
        return np.stack([self.exponent - width, self.exponent + width], axis=1)

    def summary(self, devices: int = 20) -> str:
        """A plain text table: the population, and its first ``devices`` devices one a line."""
        from pcmphys.fit.drift_summary import summary

        devices = _check.integer("devices", devices, low=0)
        return summary([self[k] for k in range(min(devices, len(self)))], self)

    def plot(self, path=None, devices: int = 12):
        """Draw reads, fits and bands of the first ``devices`` devices, and the exponents of all.

        Written to ``path`` (type by its suffix) if one is given. Returns a matplotlib ``Figure``.
        """
        from pcmphys.fit.figure import drift_figure

        devices = _check.integer("devices", devices, low=1)
        return drift_figure([self[k] for k in range(min(devices, len(self)))], population=self, path=path)


PER_DEVICE = ("exponent", "exponent_error", "g0", "g0_error", "noise_amplitude", "noise_slope", "white_noise")


@dataclass(frozen=True, eq=False)
class Solution:
    """The solved batch behind a fit: the reads, the curve they were weighted at and the mixture of noise models."""

    traces: drift_noise.Traces
    log_g0: np.ndarray
    exponent: np.ndarray
    mixture: drift_noise.Mixture
    last: np.ndarray  # (devices,) last Gauss-Newton step

    def take(self, which) -> Solution:
        """The same for some of the devices."""
        mixture = drift_noise.Mixture(*(part[which] for part in self.mixture))
        return Solution(self.traces.take(which), self.log_g0[which], self.exponent[which], mixture, self.last[which])

    def mean(self, k: int) -> np.ndarray:
        """Posterior mean of ln g0 (k = 0) or exponent (k = 1), (devices,)."""
        return (self.log_g0, self.exponent)[k] + (self.mixture.weight * self.mixture.step[:, :, k]).sum(axis=1)

    def width(self, k: int, probability: float = drift_predict.ONE_SIGMA) -> np.ndarray:
        """Half-width of the central interval of ln g0 (k = 0) or of the exponent (k = 1), (devices,)."""
        scale = np.sqrt(self.mixture.covariance[:, :, k, k])
        m = self.mixture
        return drift_predict.half_width(m.weight, m.step[:, :, k], scale, m.freedom, probability)

    def exponent_width(self, probability) -> np.ndarray:
        """Half-width of the exponents' central interval for a probability the user gave, (devices,)."""
        probability = _check.number("probability", probability, low=0.0, high=1.0 - 1e-9, low_open=True)
        return self.width(1, probability)

    def variance(self) -> np.ndarray:
        """Variance of each exponent, not widened for few reads: what the random-effects model takes as known."""
        m = self.mixture
        inside = 1.0 / (m.weight / m.covariance[:, :, 1, 1]).sum(axis=1)
        centre = m.step[:, :, 1] - (m.weight * m.step[:, :, 1]).sum(axis=1, keepdims=True)
        return inside + (m.weight * centre**2).sum(axis=1)

    def predict(self, time):
        """Mean and half-width of one more read, (devices, *time.shape) [S]."""
        time = _check.array("time", time, "s", ndim=(0, 1), low=0.0)
        if (time <= 0).any():
            raise ParameterError("time to predict a read at must be above 0 s: a power law has no value at 0 s")
        mean, std = drift_predict.predict_reads(
            self.traces, self.mixture, self.log_g0, self.exponent, np.atleast_1d(time)
        )
        shape = (self.exponent.size, *time.shape)
        return mean.reshape(shape), std.reshape(shape)
