"""One device a weight, and one shared reference column a tile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pcmphys.matrix.mapping.base import Mapping, checked_ceiling, top


@dataclass(frozen=True)
class ReferenceColumn(Mapping):
    """A weight as one device against a reference: w = scale (G - G_ref), with a shared column of references a tile.

    The last bit line of a tile holds one reference device a word line, programmed to the middle of the range; its
    current is subtracted from that of every other bit line. A weight of zero is a device at the middle: half the
    devices of a pair, but every error of a reference device enters all weights of its word line, and a weight has half
    the span of a pair.

    Parameters
    ----------
    ceiling : float [S] or None
        Largest conductance that a target may ask for; the cell's largest by default.

    Notes
    -----
    Not modelled: the circuit that copies and subtracts the reference current is ideal. Wires given per bit line
    (`Wires`) must count the reference column of each tile.

    Examples
    --------
    >>> reference, weights = ReferenceColumn(), np.array([[2.0, -1.0]])
    >>> scale = reference.scale(weights, 2e-5)
    >>> (1e6 * reference.targets(weights, scale, 2e-5)).round(3).tolist()
    [[[20.0, 5.0, 10.0]]]
    """

    ceiling: float | None = None
    arrays = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "ceiling", checked_ceiling(self.ceiling))

    def shape(self, rows: int, columns: int) -> tuple[int, int, int]:
        """One array with one bit line more than weight columns."""
        return 1, rows, columns + 1

    def scale(self, weights: np.ndarray, conductance_maximum: float, conductance_minimum: float = 0.0) -> float:
        """Weight per conductance [1/S]: the largest magnitude stands for half the span."""
        highest = top(self.ceiling, conductance_maximum, conductance_minimum)
        return self.largest(weights) / (0.5 * (highest - conductance_minimum))

    def targets(
        self, weights: np.ndarray, scale: float, conductance_maximum: float, conductance_minimum: float = 0.0
    ) -> np.ndarray:
        """Target conductances [S], shape (1, rows, columns + 1); the reference is last."""
        highest = top(self.ceiling, conductance_maximum, conductance_minimum)
        middle = 0.5 * (highest + conductance_minimum)
        out = np.full((1, weights.shape[0], weights.shape[1] + 1), middle)
        out[0, :, :-1] = np.clip(middle + weights / scale, conductance_minimum, highest)
        return out

    def combine(self, values: Sequence[np.ndarray]) -> np.ndarray:
        """Every bit line minus the reference."""
        return values[0][:, :-1] - values[0][:, -1:]
