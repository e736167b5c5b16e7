"""What programming a population reports."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ProgramReport:
    """Outcome of programming, one entry a device; every array has the population's shape.

    Attributes
    ----------
    error : ndarray of float64 [S]
        Programmed conductance minus target (the target after clipping); NaN for devices that were left alone.
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


@dataclass(frozen=True)
class PulseReport:
    """What a pulse did, one entry a device; every array has the population's shape.

    Attributes
    ----------
    peak_temperature : ndarray of float64 [K]
        Highest temperature of the heater's rim; the surroundings' if the device was not heated.
    energy : ndarray of float64 [J]
        Energy taken; zero if the device did not switch.
    """

    peak_temperature: np.ndarray
    energy: np.ndarray
