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
    line : int
        Numbers of the straight line over 1/kT that are fitted, and that the spread's likelihood is made free of: 2, 1
        with a known prefactor, 0 for the plain likelihood.
    """

    thermal: np.ndarray
    since: np.ndarray
    until: np.ndarray
    count: np.ndarray
    energies: bool
    line: int = 0

    @classmethod
    def of(cls, temperature: np.ndarray, since: np.ndarray, until: np.ndarray, energies: bool) -> Sample:
        """Group devices."""
        rows, count = np.unique(np.stack([PER_EV * temperature, since, until]), axis=1, return_counts=True)
        return cls(*rows, count, energies)

    @property
    def timed(self) -> int:
        """Devices whose time of failure is known, or lies between two times."""
        return int(self.count[np.isfinite(self.since) & np.isfinite(self.until)].sum())

    def log_likelihood(self, prefactor: float, energy: float, spread: float) -> float:
        """Of ln tau_0 [ln s], mean energy [eV], and spread [eV, or of ln t]."""
        return float(self.count @ self._each(prefactor, energy, spread)[0])

    def objective(self, prefactor: float, energy: float, spread: float) -> float:
        """The log likelihood less half the log determinant of what it knows of the line (Cox and Reid).

        A spread is measured from a line that was itself laid through the failures, so that the likelihood's own is too
        small; without censoring this divides the sum of squares by devices less numbers of the line.
        """
        if not self.line:
            return self.log_likelihood(prefactor, energy, spread)
        each, bend = self._each(prefactor, energy, spread)
        design = np.stack([1.0 / self.thermal, np.ones_like(self.thermal)])[: self.line]
        sign, size = np.linalg.slogdet((design * (self.count * bend)) @ design.T)
        return float(self.count @ each - 0.5 * size) if sign > 0 else -np.inf

    def _each(self, prefactor: float, energy: float, spread: float) -> tuple[np.ndarray, np.ndarray]:
        """Log likelihood of one device of each row, and minus its second derivative by the middle of ln t."""
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
            edges = [np.where(np.isfinite(z), np.exp(-0.5 * z**2 - _LN_ROOT - between), 0.0) for z in (low, high)]
            pull = edges[1] - edges[0]
            tilt = np.where(np.isfinite(high), high * edges[1], 0.0) - np.where(np.isfinite(low), low * edges[0], 0.0)
            bend = np.where(exact, 1.0, np.maximum(tilt + pull**2, 0.0)) / width**2
        return np.where(exact, at, between), bend

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
