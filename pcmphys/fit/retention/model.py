"""Likelihood of failure times that follow Arrhenius, exact or censored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE

PER_EV = BOLTZMANN / ELEMENTARY_CHARGE
"""Boltzmann's constant [eV/K]."""
_LN_ROOT = 0.5 * np.log(2.0 * np.pi)


@dataclass(frozen=True, eq=False)
class Sample:
    """Failure times by kind, grouped: rows that are alike are one, with their number.

    Attributes
    ----------
    thermal : (rows,) array
        kT [eV].
    since, until : (rows,) array
        Logarithms of the times [ln s] between which a device failed: alike if it was seen to fail, minus infinity and
        infinity where it was seen failed or good only.
    count : (rows,) array
        Devices of each row.
    energies : bool
        Whether the spread is that of the energy, or of the logarithm of time.
    """

    thermal: np.ndarray
    since: np.ndarray
    until: np.ndarray
    count: np.ndarray
    energies: bool

    @classmethod
    def of(cls, temperature: np.ndarray, since: np.ndarray, until: np.ndarray, energies: bool) -> Sample:
        """Group devices."""
        rows, count = np.unique(np.stack([PER_EV * temperature, since, until]), axis=1, return_counts=True)
        return cls(*rows, count, energies)

    def log_likelihood(self, prefactor: float, energy: float, spread: float) -> float:
        """Of ln tau_0 [ln s], mean energy [eV], and spread [eV, or of ln t]."""
        from scipy.special import log_ndtr

        middle = prefactor + energy / self.thermal
        width = spread / self.thermal if self.energies else np.full(self.thermal.shape, spread)
        low, high = (self.since - middle) / width, (self.until - middle) / width
        exact = self.since == self.until
        turned = low > 0  # the upper tail loses fewer digits from its own end
        near, far = np.where(turned, -high, low), np.where(turned, -low, high)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            more, less = log_ndtr(far), log_ndtr(near)
            between = np.where(np.isneginf(near), more, more + np.log1p(-np.exp(np.minimum(less - more, 0.0))))
            at = -0.5 * low**2 - np.log(width) - _LN_ROOT
        return float(self.count @ np.where(exact, at, between))

    def chance(self, time: Any, temperature: Any, prefactor: float, energy: float, spread: float) -> Any:
        """Share that has failed by a time [s] at a temperature [K]."""
        from scipy.special import ndtr

        thermal = PER_EV * np.asarray(temperature)
        width = spread / thermal if self.energies else spread
        return ndtr((np.log(time) - prefactor - energy / thermal) / width)

    def life_temperature(self, life: float, quantile: float, prefactor: float, energy: float, spread: float) -> float:
        """Temperature [K] at which the share of a normal ``quantile`` has failed after ``life`` [s]; NaN if none."""
        room = np.log(life) - prefactor - (0.0 if self.energies else quantile * spread)
        work = energy + (quantile * spread if self.energies else 0.0)
        return float(work / (PER_EV * room)) if work > 0 and room > 0 else float("nan")
