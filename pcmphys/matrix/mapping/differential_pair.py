"""A weight on one pair of devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pcmphys.matrix.mapping.base import Mapping, checked_ceiling, top


@dataclass(frozen=True)
class DifferentialPair(Mapping):
    """A weight as the difference of two devices: w = scale (G+ - G-); the one that is not needed gets the least.

    The scale maps the largest magnitude of the matrix to the span between the cell's least and largest conductance.

    Parameters
    ----------
    ceiling : float [S] or None
        Largest conductance that a target may ask for, for devices that reach less than the cell's nominal range; the
        cell's largest by default.

    Notes
    -----
    Not modelled: the column circuit that subtracts the two currents is ideal.

    Examples
    --------
    >>> pair, weights = DifferentialPair(ceiling=1e-5), np.array([[2.0, -1.0]])
    >>> scale = pair.scale(weights, 2.5e-5)
    >>> (1e6 * pair.targets(weights, scale, 2.5e-5)).round(3).tolist()
    [[[10.0, 0.0]], [[0.0, 5.0]]]
    """

    ceiling: float | None = None
    arrays = 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "ceiling", checked_ceiling(self.ceiling))

    def scale(self, weights: np.ndarray, conductance_maximum: float, conductance_minimum: float = 0.0) -> float:
        """Weight per conductance [1/S]; an all-zero matrix gets the scale of a largest weight of one."""
        return self.largest(weights) / (
            top(self.ceiling, conductance_maximum, conductance_minimum) - conductance_minimum
        )

    def targets(
        self, weights: np.ndarray, scale: float, conductance_maximum: float, conductance_minimum: float = 0.0
    ) -> np.ndarray:
        """Target conductances [S], shape (2, rows, columns): G+ and G-."""
        # the largest weight must not leave the cell's range by a rounding error
        highest = top(self.ceiling, conductance_maximum, conductance_minimum)
        span = highest - conductance_minimum
        signed = np.clip(weights / scale, -span, span)
        both = conductance_minimum + np.stack([np.maximum(signed, 0.0), np.maximum(-signed, 0.0)])
        return np.minimum(both, highest)

    def combine(self, values: Sequence[np.ndarray]) -> np.ndarray:
        """Plus minus minus."""
        return values[0] - values[1]
