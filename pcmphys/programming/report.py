"""What programming a population reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.numerics import labelled

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, repr=False)
class ProgramReport(labelled.Labelled):
    """Outcome of programming, one entry a device; every array has the population's shape.

    Attributes
    ----------
    error : ndarray of float64 [S]
        Programmed conductance minus target (the target after clipping), without noise, when the cell's reference time
        has passed since the device's own last pulse; NaN for devices that were left alone.
    iterations : ndarray of int
        Programming pulses spent; 1 for a statistical cell, whose published error already includes the closed loop.
    converged : ndarray of bool
        Whether the closed loop reached its margin; always true for a statistical cell.
    clipped : int
        Targets outside the cell's range, replaced by the nearer end of the range.
    """

    error: np.ndarray
    iterations: np.ndarray
    converged: np.ndarray
    clipped: int

    def __repr__(self) -> str:
        programmed = ~np.isnan(self.error)
        parts = [f"{programmed.sum()} of {self.error.size} devices programmed"]
        if programmed.any():
            error, pulses = self.error[programmed], self.iterations[programmed]
            parts += [
                f"{self.converged[programmed].sum()} converged",
                f"median pulses {np.median(pulses):g}",
                f"error median {np.median(error):.3g} S, rms {np.sqrt(np.mean(error**2)):.3g} S",
            ]
        return f"ProgramReport({', '.join([*parts, f'{self.clipped} targets clipped'])})"

    def to_dataset(self) -> xr.Dataset:
        """The report as an `xarray.Dataset`: axes of the devices, units as attributes.

        Examples
        --------
        >>> import pcmphys as pcm
        >>> devices = pcm.load_cell("ibm-90nm-statistical").population((2, 3), seed=1)
        >>> found = devices.program(10e-6).to_dataset()
        >>> dict(found.sizes), found.error.attrs["units"], found.attrs["clipped"]
        ({'row': 2, 'column': 3}, 'S', 0)
        """
        axes = labelled.axes_of(self.error.shape)
        return labelled.dataset(
            "pcmphys report of programming",
            {
                "error": (axes, self.error, "S", "programmed conductance minus target at the reference time"),
                "iterations": (axes, self.iterations, "1", "programming pulses spent"),
                "converged": (axes, self.converged, "1", "whether the closed loop reached its margin"),
            },
            clipped=self.clipped,
        )


@dataclass(frozen=True, repr=False)
class PulseReport(labelled.Labelled):
    """What a pulse did, one entry a device; every array has the population's shape.

    Attributes
    ----------
    peak_temperature : ndarray of float64 [K]
        Highest temperature of the heater's rim; the surroundings' if nothing drove the device.
    energy : ndarray of float64 [J]
        Energy taken, off or on: the integral of current times the cell's voltage, without the leads.
    """

    peak_temperature: np.ndarray
    energy: np.ndarray

    def __repr__(self) -> str:
        driven = self.energy > 0.0
        text = f"{driven.sum()} of {driven.size} devices driven"
        if driven.any():
            text += (
                f", median peak {np.median(self.peak_temperature[driven]):.4g} K, "
                f"median energy {np.median(self.energy[driven]):.3g} J"
            )
        return f"PulseReport({text})"

    def to_dataset(self) -> xr.Dataset:
        """The report as an `xarray.Dataset`: axes of the devices, units as attributes."""
        axes = labelled.axes_of(self.energy.shape)
        return labelled.dataset(
            "pcmphys report of a pulse",
            {
                "peak_temperature": (axes, self.peak_temperature, "K", "highest temperature of the heater's rim"),
                "energy": (axes, self.energy, "J", "energy taken"),
            },
        )
