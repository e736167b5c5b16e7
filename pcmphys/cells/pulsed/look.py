"""A look at devices that are trained in place: their conductances at one moment, and what follows from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from pcmphys.cells.looks import LabelledLook
from pcmphys.cells.protocol import Cell
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.frozen import Frozen


@dataclass(frozen=True, eq=False, repr=False)
class PulsedLook(Frozen, LabelledLook):
    """Devices that are trained in place at one moment, as `PulsedPopulation.now` gives them; it never changes.

    Attributes
    ----------
    cell : PulsedCell
        The technology.
    time : float [s]
        The moment on the lab clock.
    conductance : ndarray [S]
        Without read noise, population's shape, read-only.
    drift_exponent : ndarray
        Of each device, population's shape, read-only.
    relative_noise : ndarray
        Relative rms of one read's noise, population's shape, read-only; zero where nothing conducts.
    """

    cell: Cell
    time: float
    conductance: np.ndarray
    drift_exponent: np.ndarray
    relative_noise: np.ndarray

    def __post_init__(self) -> None:
        for name in ("conductance", "drift_exponent", "relative_noise"):
            getattr(self, name).flags.writeable = False

    def __repr__(self) -> str:
        return f"PulsedLook({self.cell.name!r}, shape={self.shape}, time={self.time:g} s)"

    @property
    def ohmic(self) -> bool:
        """Whether the current is proportional to the voltage: yes."""
        return True

    @property
    def shape(self) -> tuple[int, ...]:
        """The population's shape."""
        return self.conductance.shape

    @property
    def size(self) -> int:
        """Number of devices."""
        return math.prod(self.shape)

    def current(self, voltage: Any, *, warn: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Noise-free current [A] and slope dI/dV [S] at ``voltage`` [V] (a number or the population's shape): ohmic."""
        voltage = check.array("voltage", voltage, "V", empty=True)
        if voltage.ndim and voltage.shape != self.shape:
            raise ParameterError(f"voltage must be a number or have shape {self.shape}; got shape {voltage.shape}")
        return self.conductance * voltage, self.conductance.copy()

    def warn_of_switching(self, voltage: np.ndarray) -> None:
        """Nothing to say: how far a read is from a pulse is not modelled."""
