"""What `pcmphys.fit.drift` returns of one device."""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.fit.drift import summary as text
from pcmphys.fit.drift.figure import drift_figure
from pcmphys.fit.drift.solution import DriftSolution
from pcmphys.fit.readers.measurement import Source
from pcmphys.numerics import check
from pcmphys.numerics.brief import called
from pcmphys.numerics.labelled import Labelled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


class Prediction(NamedTuple):
    """Predicted reads: mean and standard error [S], shaped like the times asked for, devices first."""

    mean: np.ndarray
    std: np.ndarray

    def __repr__(self) -> str:
        return called(self, self._asdict())


@dataclass(frozen=True, eq=False, repr=False)
class DriftFit(Labelled):
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
    delay, delay_error : float
        Time on the clock of the reads at which the device was programmed [s]: 0, or what was given (error 0), or
        found. Where the reads do not tell it (``undetermined``), what is left of the range that was tried.
    reference_time, read_duration : float
        [s].
    time, conductance : (reads,) array
        The reads used [s], [S]; a missing read is NaN.
    unit : str
        Unit of the conductance: "S", or "1" for a normalised one; then read [1] for [S] above.
    source : Source or None
        File, SHA-256, licence and all else that a `Measurement` knows of its origin; None for arrays.
    temperature : float or None
        At which the device was kept [K], if that was given.
    """

    table_axes: ClassVar[tuple[str, ...]] = ("device",)
    name: str
    exponent: float
    exponent_error: float
    g0: float
    g0_error: float
    noise_amplitude: float
    noise_slope: float
    white_noise: float
    delay: float
    delay_error: float
    reference_time: float
    read_duration: float
    time: np.ndarray
    conductance: np.ndarray
    unit: str
    source: Source | None
    temperature: float | None
    solution: InitVar[DriftSolution]  # kept out of the fields, so that tables made of them hold results only

    def __post_init__(self, solution: DriftSolution) -> None:
        object.__setattr__(self, "_solution", solution)

    def __repr__(self) -> str:
        parts = {"name": self.name, "exponent": self.exponent, "exponent_error": self.exponent_error, "g0": self.g0}
        return called(self, {**parts, "reads": int(np.isfinite(self.conductance).sum()), "unit": self.unit})

    def curve(self, time: ArrayLike) -> np.ndarray:
        """The fitted power law at times since programming [s], same shape as ``time``, [S]."""
        time = np.asarray(check.array("time", time, "s", low=max(0.0, self.delay)))
        with np.errstate(divide="ignore"):
            return self.g0 * ((time - self.delay) / self.reference_time) ** -self.exponent

    @property
    def undetermined(self) -> tuple[str, ...]:
        """What was asked for and the reads do not tell, in words."""
        return text.undetermined(self, self._solution)

    def predict(self, time: ArrayLike) -> Prediction:
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
        return text.summary([self], None)

    def to_dataset(self) -> xr.Dataset:
        """The fit and its reads as an `xarray.Dataset` with the axis time, see `DriftPopulation.to_dataset`."""
        from pcmphys.fit.drift.summary import to_dataset

        return to_dataset(self)

    def to_csv(self, path: str | Path) -> None:
        """Write the fit to a CSV file of a header and one row, see `DriftPopulation.to_csv`."""
        text.to_csv(self, path)

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw the reads, the fit and its band; write them to ``path`` (type by its suffix) if one is given.

        Returns
        -------
        matplotlib.figure.Figure
        """
        return drift_figure([self], path=path)
