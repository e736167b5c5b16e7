"""What `pcmphys.fit.retention` returns."""

from __future__ import annotations

import math
from dataclasses import InitVar, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.result import FitResult
from pcmphys.fit.retention.model import PER_EV, Sample
from pcmphys.numerics import check

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RetentionFit(FitResult):
    """Arrhenius' law of times to failure; everything of `FitResult` too.

    The parameters are ``energy`` [eV], ``energy_spread`` [eV] (or ``log_time_spread``, of ln t), ``log10_prefactor``
    (of tau_0 in s), ``log10_time`` (of the median time in s at the reference temperature) and ``life_temperature`` [K].

    Attributes
    ----------
    life, fraction : float
        Lifetime [s], and share of failures by then, that ``life_temperature`` belongs to.
    reference_temperature : float
        [K], the (harmonic) mean of those measured.
    time, temperature : (devices,) array
        [s], [K], as given.
    failed : (devices,) array of bool
    """

    life: float
    fraction: float
    reference_temperature: float
    time: np.ndarray
    temperature: np.ndarray
    failed: np.ndarray
    sample: InitVar[Sample]
    fixed: InitVar[float | None]

    def __post_init__(self, sample: Sample, fixed: float | None) -> None:
        object.__setattr__(self, "_sample", sample)
        object.__setattr__(self, "_fixed", fixed)

    @property
    def life_temperature(self) -> float:
        """Temperature [K] at which ``fraction`` of the devices has failed after ``life``."""
        return self["life_temperature"].value

    def _law(self) -> tuple[float, float, float]:
        values = [one.value for one in self.estimates]
        return values[2] * math.log(10.0), values[0], values[1]

    def quantile(self, temperature: ArrayLike, fraction: float = 0.5) -> np.ndarray:
        """Time [s] after which a share of the devices has failed at a temperature [K], same shape."""
        from scipy.special import ndtri

        kelvin = np.asarray(check.array("temperature", temperature, "K", low=1.0))
        z = float(ndtri(check.number("fraction", fraction, "", 0.0, 1.0, low_open=True)))
        prefactor, energy, spread = self._law()
        energies = self._sample.energies
        with np.errstate(over="ignore"):
            return np.exp(
                prefactor + (energy + z * spread * energies) / (PER_EV * kelvin) + z * spread * (not energies)
            )

    def failed_share(self, time: ArrayLike, temperature: ArrayLike) -> np.ndarray:
        """Share of the devices [1] that has failed by a time [s] at a temperature [K]."""
        at = check.array("time", time, "s", low=0.0)
        kelvin = check.array("temperature", temperature, "K", low=1.0)
        with np.errstate(divide="ignore"):
            return np.asarray(self._sample.chance(at, kelvin, *self._law()))

    def interval(self, probability: float = 0.95) -> tuple[float, float]:
        """Interval of ``life_temperature`` [K] by the profile of the likelihood; infinite or 0 where it has no end."""
        from pcmphys.fit.retention.profile import life_interval

        chance = check.number("probability", probability, "", 0.0, 1.0, low_open=True)
        if chance == 1.0:
            raise ParameterError("probability must be below 1")
        if not math.isfinite(self.life_temperature):
            raise ParameterError("no temperature gives that life: there is no interval")
        return life_interval(self._sample, self._law(), self._fixed, (self.life, self.fraction), chance)

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw times against 1/kT with the law, its spread and the temperature for the life; and shares of failures.

        Written to ``path`` (type by its suffix) if one is given. Returns a matplotlib ``Figure``.
        """
        from pcmphys.fit.retention.figure import retention_figure

        return retention_figure(self, path)

    def to_dataset(self) -> xr.Dataset:
        """As `FitResult.to_dataset`, with the devices."""
        each = ("device",)
        columns = {
            "time": (each, self.time, "s", "time to failure, or of the last look at a survivor"),
            "temperature": (each, self.temperature, "K", "of the bake"),
            "failed": (each, self.failed, "1", "whether it failed"),
        }
        return self.with_data(
            columns, life=self.life, fraction=self.fraction, reference_temperature=self.reference_temperature
        )
