"""A look at statistical devices: their conductances at one moment, and what follows from them."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pcmphys.cells.looks import LabelledLook
from pcmphys.cells.protocol import Cell
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.frozen import Frozen
from pcmphys.physics import flicker


@dataclass(frozen=True, eq=False, repr=False)
class StatisticalLook(Frozen, LabelledLook):
    """Statistical devices at one moment, as `StatisticalPopulation.now` gives them; it never changes.

    Attributes
    ----------
    cell : StatisticalCell
        The technology.
    time : float [s]
        The moment on the lab clock.
    conductance : ndarray [S]
        Without read noise, population's shape, read-only.
    drift_exponent : ndarray
        Of each device, population's shape, read-only.
    age : ndarray [s]
        Time since each device was programmed, population's shape, read-only.
    noise_amplitude : ndarray
        Q_s of each device, population's shape, read-only.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> devices = pcm.load_cell("ibm-90nm-statistical").population(3, seed=1)
    >>> _ = devices.program([5e-6, 10e-6, 20e-6])
    >>> devices.wait(3600.0)
    >>> look = devices.now()
    >>> devices.wait(86400.0)
    >>> bool(np.all(look.conductance > devices.now().conductance))
    True
    """

    own_arrays: ClassVar[tuple[str, ...]] = ("age", "noise_amplitude")
    cell: Cell
    time: float
    conductance: np.ndarray
    drift_exponent: np.ndarray
    age: np.ndarray
    noise_amplitude: np.ndarray

    def __post_init__(self) -> None:
        for name in ("conductance", "drift_exponent", "age", "noise_amplitude"):
            getattr(self, name).flags.writeable = False

    def __repr__(self) -> str:
        return f"StatisticalLook({self.cell.name!r}, shape={self.shape}, time={self.time:g} s)"

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

    @functools.cached_property
    def relative_noise(self) -> np.ndarray:
        """Relative rms of one read of the published duration: Q_s sqrt(ln((t + d) / 2d)) at the age t."""
        found = self.noise_amplitude * np.sqrt(flicker.variance(self.age, self.cell.parameters.read_duration))
        found = np.asarray(found)
        found.flags.writeable = False
        return found

    def current(self, voltage: Any, *, warn: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Noise-free current [A] and slope dI/dV [S] at ``voltage`` [V] (a number or the population's shape): ohmic."""
        voltage = check.array("voltage", voltage, "V", empty=True)
        if voltage.ndim and voltage.shape != self.shape:
            raise ParameterError(f"voltage must be a number or have shape {self.shape}; got shape {voltage.shape}")
        return self.conductance * voltage, self.conductance.copy()

    def warn_of_switching(self, voltage: np.ndarray) -> None:
        """Nothing to say: ohmic devices do not switch."""
