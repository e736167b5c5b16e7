"""What is around all tiles of a matrix: inputs become word-line voltages, bit-line currents become outputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.errors import ParameterError
from pcmphys.matrix.periphery import Periphery
from pcmphys.matrix.tile import Tile, TileState
from pcmphys.numerics import check


@dataclass(frozen=True)
class Converters:
    """Converters and scales of a matrix.

    Attributes
    ----------
    periphery : Periphery
        Digital-to-analog and analog-to-digital converters.
    read_voltage : float [V]
        Of a word line at full scale.
    scale : float [1/S]
        Weight of a conductance.
    inputs : int
        Word lines of all tiles.
    """

    periphery: Periphery
    read_voltage: float
    scale: float
    inputs: int

    @property
    def output_scale(self) -> float:
        """Output for a full-scale input of 1 and a current of 1 A."""
        return self.scale / self.read_voltage

    def checked(self, x: ArrayLike) -> tuple[np.ndarray, bool]:
        """Inputs as (batch, inputs), and whether it was one vector."""
        x = check.array("x", x, ndim=(1, 2), empty=True)
        if x.shape[-1] != self.inputs:
            raise ParameterError(f"x must have shape ({self.inputs},) or (batch, {self.inputs}); got shape {x.shape}")
        largest = self.periphery.input_range or np.abs(x).max(initial=0.0)
        with np.errstate(over="ignore"):
            if not np.isfinite(largest * self.output_scale):
                raise ParameterError(f"x: inputs up to {largest:g} times these weights are beyond what a float holds")
        return np.atleast_2d(x), x.ndim == 1

    def to_voltage(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
        """Word-line voltages [V], the input value of full scale per vector, and the number of clipped inputs."""
        if self.periphery.input_range is None:
            full = np.abs(x).max(axis=1, keepdims=True, initial=0.0)
            full[full == 0.0] = 1.0
        else:
            full = np.full((len(x), 1), self.periphery.input_range)
        levels, clipped = self.periphery.quantise(x, full, self.periphery.dac_bits)
        return levels / full * self.read_voltage, full, clipped

    def measure(self, part: Tile, state: TileState, voltage: np.ndarray) -> tuple[np.ndarray, int]:
        """Converted currents [A] of a tile (batch, columns), and how many were clipped."""
        return self.periphery.quantise(state.current(voltage[:, part.rows]), state.adc_range, self.periphery.adc_bits)
