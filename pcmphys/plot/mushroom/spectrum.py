"""Spectrum of the relative noise of devices that are read at a fixed interval, and its power law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcmphys.cells import MushroomPopulation

_SEGMENTS = 8  # a record is cut into so many pieces, half overlapping
_FIRST_BIN = 3  # below, the window's leakage and the removed drift show
_PART_OF_HIGHEST = 0.25  # above, the average over a read and what it leaves of aliases bend the spectrum


def records(devices: MushroomPopulation, reads: int, interval: float, duration: float) -> tuple[np.ndarray, np.ndarray]:
    """Ages of the glass [s] and reads [S], each (reads, devices); the devices live through it."""
    first, start = devices.now().glass_age.reshape(-1), devices.time
    ages, values = np.empty((reads, devices.size)), np.empty((reads, devices.size))
    for k in range(reads):
        values[k] = devices.read(duration=duration).reshape(-1)
        ages[k] = first + (devices.time - start - 0.5 * duration)
        if duration < interval:
            devices.wait(interval - duration)
    return ages, values


def relative(ages: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Relative deviation of each device's reads (along the first axis) from its own power law of the age."""
    x, y = np.log(ages), np.log(values)
    x = x - x.mean(axis=0)
    slope = (x * y).sum(axis=0) / (x * x).sum(axis=0)
    return np.exp(y - y.mean(axis=0) - slope * x) - 1.0


def density(deviation: np.ndarray, interval: float) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies [Hz] without zero, and one-sided power spectral densities [1/Hz], (frequencies, devices)."""
    from scipy.signal import welch

    frequency, power = welch(deviation, 1.0 / interval, nperseg=len(deviation) // _SEGMENTS, axis=0)
    return frequency[1:-1], power[1:-1]


@dataclass(frozen=True)
class PowerLaw:
    """Power law f^slope through a spectrum, and the 1/f noise of the same power."""

    frequency: np.ndarray
    """Frequencies [Hz] that were used."""
    slope: float
    offset: float
    """Ln of the density at 1 Hz."""
    noise: float
    """Q of Q^2/f through the middle of the used frequencies."""

    @property
    def curve(self) -> np.ndarray:
        """Density [1/Hz] at the used frequencies."""
        return np.exp(self.offset) * self.frequency**self.slope


def power_law(frequency: np.ndarray, power: np.ndarray) -> PowerLaw:
    """Fit a spectrum between its third frequency and a quarter of the highest, every decade with the same weight."""
    used = (np.arange(frequency.size) >= _FIRST_BIN - 1) & (frequency <= _PART_OF_HIGHEST * frequency[-1])
    f, s = np.log(frequency[used]), np.log(power[used])
    # frequencies lie evenly, so that their number in a decade grows as f; polyfit squares its weights
    weight = np.exp(-0.5 * f)
    slope, offset = np.polyfit(f, s, 1, w=weight)
    level = np.average(s + f, weights=weight**2)
    return PowerLaw(frequency[used], float(slope), float(offset), float(np.exp(0.5 * level)))
