"""What every rule offers: a way to start, and what it then keeps."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Self

import numpy as np

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.training.plane import Plane, PulseCounts

MakePlane = Callable[[PulsedCell], Plane]
"""Makes one more array of the matrix's shape, of the devices that come next."""


class Trained(ABC):
    """Arrays of one matrix while it is trained, and what the rule keeps beside them.

    A rule of your own defines `update` and, unless the weights are those of one array, `parts`.

    Parameters
    ----------
    planes : tuple of Plane
        Its arrays.
    """

    def __init__(self, *planes: Plane):
        self.planes: tuple[Plane, ...] = planes

    @property
    def parts(self) -> tuple[tuple[float, Plane], ...]:
        """Arrays that make up the weights, each with its factor."""
        return ((1.0, self.planes[0]),)

    @abstractmethod
    def update(self, x: np.ndarray, d: np.ndarray, rate: float) -> None:
        """Learn from some inputs and gradients, (updates, lines) each, in the units of the devices."""

    @property
    def weights(self) -> np.ndarray:
        """Weights as they read now, without noise, converters and wires."""
        return sum(factor * plane.weights for factor, plane in self.parts)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Products x @ weights."""
        return _added([(factor, plane.forward(x)) for factor, plane in self.parts])

    def backward(self, d: np.ndarray) -> np.ndarray:
        """Products d @ weights.T."""
        return _added([(factor, plane.backward(d)) for factor, plane in self.parts])

    def program(self, weights: np.ndarray) -> None:
        """Write weights into the array that holds them."""
        factor, plane = self.parts[-1]
        plane.write(weights / factor)

    @property
    def reach(self) -> tuple[float, float]:
        """Lowest and highest weight that typical devices can be written to."""
        factor, plane = self.parts[-1]
        window = plane.cell.parameters.window
        return factor * window.weight_minimum, factor * window.weight_maximum

    @property
    def counts(self) -> PulseCounts:
        """What all arrays were asked to do so far."""
        return sum((plane.counts for plane in self.planes), PulseCounts())

    def copy(self) -> Self:
        """A branch with the same past, and the same future under the same updates."""
        twin = copy.copy(self)
        twin.planes = tuple(plane.copy() for plane in self.planes)
        for name, value in vars(self).items():
            if name not in ("planes", "rule"):
                setattr(twin, name, copy.deepcopy(value))
        return twin


class Rule(ABC):
    """A rule; a frozen dataclass of its numbers."""

    @abstractmethod
    def start(self, cell: PulsedCell, make: MakePlane) -> Trained:
        """Make what the rule needs for one matrix.

        Parameters
        ----------
        cell : PulsedCell
            Devices of the matrix.
        make : callable
            Gives an array of devices of a cell; each call another one.
        """


def _added(parts: list[tuple[float, np.ndarray]]) -> np.ndarray:
    """Sum of arrays, each times its factor; the one of weights in one array is handed on as it is."""
    if len(parts) == 1 and parts[0][0] == 1.0:
        return parts[0][1]
    return sum(factor * part for factor, part in parts)
