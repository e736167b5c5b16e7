"""What a cell, its devices and a look at them offer, whatever their kind: all that other rooms may ask for.

Crossbars, matrices, figures and exports take any object that offers this; nobody reaches into a population's state.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeGuard

import numpy as np


class Look(Protocol):
    """Devices at one moment: evaluated once, never changing, shared by all threads."""

    @property
    def cell(self) -> Cell:
        """The cell that the devices are of."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """The population's shape."""
        ...

    @property
    def time(self) -> float:
        """The moment on the lab clock [s]."""
        ...

    @property
    def ohmic(self) -> bool:
        """Whether the current is proportional to the voltage."""
        ...

    @property
    def conductance(self) -> np.ndarray:
        """Conductance [S] at the usual read voltage without noise, population's shape, read-only."""
        ...

    @property
    def drift_exponent(self) -> np.ndarray:
        """Exponent -d ln G / d ln t of each device, population's shape, read-only."""
        ...

    @property
    def relative_noise(self) -> np.ndarray:
        """Relative rms of one usual read's noise, population's shape, read-only."""
        ...

    def current(self, voltage: Any, *, warn: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Noise-free current [A] and slope dI/dV [S] at a voltage [V] (a number or the population's shape)."""
        ...

    def warn_of_switching(self, voltage: np.ndarray) -> None:
        """Give a ValidityWarning if devices would not be in their present state at these voltages [V]."""
        ...


class Devices(Protocol):
    """A population: devices with their history."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Any shape."""
        ...

    @property
    def time(self) -> float:
        """Lab clock [s]."""
        ...

    @property
    def ohmic(self) -> bool:
        """Whether the current is proportional to the voltage."""
        ...

    def now(self, temperature: float | None = None) -> Look:
        """The devices at this moment."""
        ...

    def copy(self) -> Devices:
        """Branch the experiment."""
        ...

    def __getitem__(self, index: Any) -> Devices:
        """Independent twins of neighbouring devices."""
        ...

    def program(self, targets: Any, *, where: Any = None) -> Any:
        """Program devices to conductances [S]: a number, or the population's shape; ``where`` chooses some."""
        ...

    def wait(self, duration: float, temperature: float | None = None) -> None:
        """Let time pass."""
        ...

    def read(self, voltage: float | None = None, duration: float | None = None) -> np.ndarray:
        """Read conductances [S] with noise; the clock advances."""
        ...


class Cell(Protocol):
    """A technology: numbers, and devices made from them."""

    @property
    def parameters(self) -> Any:
        """The numbers, by effect."""
        ...

    @property
    def name(self) -> str:
        """Name of the technology."""
        ...

    @property
    def conductance_maximum(self) -> float:
        """Largest conductance [S] that weights use."""
        ...

    @property
    def conductance_minimum(self) -> float:
        """Least conductance [S] that weights use."""
        ...

    @property
    def read_voltage(self) -> float:
        """Usual read voltage [V]."""
        ...

    @property
    def reference_time(self) -> float:
        """Age [s] at which programming is judged, t_0."""
        ...

    def population(self, shape: Any, *, seed: int = 0, first_cell: int = 0) -> Devices:
        """Make devices."""
        ...


def are_devices(given: Any) -> TypeGuard[Devices]:
    """Whether something is a population, by what it offers; nothing is evaluated."""
    return callable(getattr(type(given), "now", None)) and callable(getattr(type(given), "wait", None))


def is_look(given: Any) -> TypeGuard[Look]:
    """Whether something is a look, by what it offers; nothing is evaluated."""
    return callable(getattr(type(given), "current", None)) and callable(getattr(type(given), "warn_of_switching", None))
