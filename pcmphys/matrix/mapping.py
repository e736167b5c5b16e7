"""From weights to conductances and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class DifferentialPair:
    """A weight as the difference of two devices: w = scale (G+ - G-); the one that is not needed gets the least.

    The scale maps the largest magnitude of the matrix to the span between the cell's least and largest conductance.

    Not modelled: the column circuit that subtracts the two currents is ideal.
    """

    devices_per_weight = 2

    def scale(self, weights: np.ndarray, conductance_maximum: float, conductance_minimum: float = 0.0) -> float:
        """Weight per conductance [1/S]; an all-zero matrix gets the scale of a largest weight of one."""
        largest = float(np.abs(weights).max())
        return (largest or 1.0) / (conductance_maximum - conductance_minimum)

    def targets(
        self, weights: np.ndarray, scale: float, conductance_maximum: float, conductance_minimum: float = 0.0
    ) -> np.ndarray:
        """Target conductances [S], shape (2, rows, columns): G+ and G-."""
        # the largest weight must not leave the cell's range by a rounding error
        span = conductance_maximum - conductance_minimum
        signed = np.clip(weights / scale, -span, span)
        return conductance_minimum + np.stack([np.maximum(signed, 0.0), np.maximum(-signed, 0.0)])

    def weights(self, conductance: np.ndarray, scale: float) -> np.ndarray:
        """Weights that conductances of shape (2, rows, columns) [S] amount to."""
        return scale * (conductance[0] - conductance[1])
