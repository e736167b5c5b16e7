"""One tile of an analog matrix: its devices, its wires, its converters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcmphys.crossbar import Bias, Crossbar, Wires


@dataclass
class Counts:
    """Conversions done and how many of them were clipped at the converter's range."""

    dac: int = 0
    dac_clipped: int = 0
    adc: int = 0
    adc_clipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.dac + other.dac,
            self.dac_clipped + other.dac_clipped,
            self.adc + other.adc,
            self.adc_clipped + other.adc_clipped,
        )


class Tile:
    """Weights ``rows`` x ``columns`` of a larger matrix on one differential pair of arrays.

    Attributes
    ----------
    rows, columns : slice
        The part of the matrix that it holds.
    gain : float
        Factor of the digital drift compensation; 1 until calibrated.
    adc_range : float [A]
        Full scale of the bit-line converter.
    """

    def __init__(self, rows: slice, columns: slice, devices, wires: Wires):
        self.rows, self.columns, self.devices, self.wires = rows, columns, devices, wires
        self.gain = 1.0
        self.adc_range = 1.0
        self.counts = Counts()

    def read(self, voltage: float, duration: float | None) -> TileState:
        """The tile as one read finds it; every input of a batch meets the same conductances."""
        return TileState(self.devices.read(voltage, duration), self.wires, self.gain, self.adc_range)


class TileState:
    """Conductances (2, rows, columns) [S] of one moment, with gain and converter range then, and exact currents."""

    def __init__(self, conductance: np.ndarray, wires: Wires, gain: float, adc_range: float):
        self.conductance, self.gain, self.adc_range = conductance, gain, adc_range
        self._ideal = not any(np.any(getattr(wires, name)) for name in ("row", "column", "source", "sense"))
        self._wires = wires
        self._difference = None

    def current(self, voltage: np.ndarray) -> np.ndarray:
        """Difference current I+ - I- [A], shape (batch, columns), for word-line voltages (batch, rows) [V]."""
        rows = self.conductance.shape[1]
        if self._ideal and self._difference is None:
            self._difference = self.conductance[0] - self.conductance[1]
        elif self._difference is None and len(voltage) >= rows:
            # the network is linear: with more inputs than word lines its transfer matrix is the cheaper way
            positive, negative = (Crossbar(g, self._wires).transfer() for g in self.conductance)
            self._difference = (positive - negative).T
        if self._difference is not None:
            return voltage @ self._difference
        if not len(voltage):
            return np.empty((0, self.conductance.shape[2]))
        bias = Bias.matvec(voltage.T)
        positive, negative = (Crossbar(g, self._wires).solve(bias).column_current for g in self.conductance)
        return (positive - negative).T
