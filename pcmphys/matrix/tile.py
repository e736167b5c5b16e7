"""One tile of an analog matrix: its devices, the circuit around them, its converters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pcmphys.crossbar import Bias, Crossbar, Selector, Solution, Wires
from pcmphys.crossbar.problem import transfers
from pcmphys.matrix.mapping import Mapping
from pcmphys.numerics.product import product


def cuts(count: int, size: int) -> list[slice]:
    """Where tiles of a size cut so many lines; the last part may be smaller."""
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


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


@dataclass(frozen=True)
class Circuit:
    """What is around the devices of a tile.

    Attributes
    ----------
    mapping : Mapping
        Combines the currents of the arrays.
    wires : Wires
        Of every array.
    selector : Selector or None
        In series with every device.
    gate : float or ndarray [V] or None
        Gate voltage of the selectors, one number or one a word line of the tile.
    """

    mapping: Mapping
    wires: Wires
    selector: Selector | None = None
    gate: float | np.ndarray | None = None

    @property
    def perfect(self) -> bool:
        """Whether a current is a conductance times a voltage: neither wires nor selectors."""
        wires = self.wires
        resists = any(np.any(getattr(wires, name)) for name in ("row", "column", "source", "sense"))
        return self.selector is None and not resists

    def arrays(self, conductance: np.ndarray) -> list[Crossbar]:
        """The arrays with these conductances [S], shape (arrays, rows, bit lines)."""
        return [Crossbar(g, self.wires, self.selector) for g in conductance]

    def solve(self, arrays: list[Crossbar], voltage: np.ndarray) -> list[Solution]:
        """Solutions of the arrays for word-line voltages (batch, rows) or (rows,) [V].

        Selectors with hysteresis start switched off.
        """
        bias = Bias.matvec(voltage.T, gate=self.gate)
        return [array.solve(bias) for array in arrays]

    def current(self, arrays: list[Crossbar], voltage: np.ndarray) -> np.ndarray:
        """Combined currents [A], shape (batch, columns), for word-line voltages (batch, rows) [V]."""
        if not len(voltage):
            return self.mapping.combine([np.empty((0, array.shape[1])) for array in arrays])
        if self.selector is not None and self.selector.hysteretic and len(voltage) > 1:
            # a product must not depend on what the input before it has switched on
            return np.concatenate([self.current(arrays, row[None]) for row in voltage])
        return self.mapping.combine([found.column_current.T for found in self.solve(arrays, voltage)])

    def without_wires(self) -> Circuit:
        """The same with ideal wires."""
        return Circuit(self.mapping, Wires(), self.selector, self.gate)


class Tile:
    """Weights ``rows`` x ``columns`` of a larger matrix on the arrays of one mapping.

    Attributes
    ----------
    rows, columns : slice
        The part of the matrix that it holds.
    lines : slice
        Its bit lines among those of all tiles side by side.
    gain : float or ndarray (columns,)
        Factor of the digital drift compensation; 1 until calibrated.
    adc_range : float [A]
        Full scale of the bit-line converter.
    """

    circuit: Circuit
    columns: slice
    devices: Any
    lines: slice
    rows: slice

    def __init__(self, rows: slice, columns: slice, lines: slice, devices: Any, circuit: Circuit):
        self.rows, self.columns, self.lines = rows, columns, lines
        self.devices, self.circuit = devices, circuit
        self.gain: float | np.ndarray = 1.0
        self.adc_range: float = 1.0
        self.counts: Counts = Counts()

    def read(self, voltage: float, duration: float | None) -> TileState:
        """The tile as one read finds it; every input of a batch meets the same conductances."""
        return self.state(self.devices.read(voltage, duration))

    def state(self, conductance: np.ndarray) -> TileState:
        """The tile with its devices at these conductances [S]."""
        return TileState(conductance, self.circuit, self.gain, self.adc_range)

    def behind(self, wires: Wires, devices: Any) -> Tile:
        """The same part of the matrix behind other wires, on these devices."""
        wires.per_line(*devices.shape[1:])  # refuses per-line resistances that do not fit
        twin = Tile(self.rows, self.columns, self.lines, devices, replace(self.circuit, wires=wires))
        twin.gain, twin.adc_range = self.gain, self.adc_range
        return twin


class TileState:
    """Conductances (arrays, rows, bit lines) [S] of one moment, with gain and converter range then; exact currents."""

    adc_range: float
    conductance: np.ndarray
    gain: float | np.ndarray

    def __init__(self, conductance: np.ndarray, circuit: Circuit, gain: float | np.ndarray, adc_range: float):
        self.conductance, self.gain, self.adc_range = conductance, gain, adc_range
        self._circuit = circuit
        self._difference = None
        self._arrays: list[Crossbar] | None = None

    def current(self, voltage: np.ndarray) -> np.ndarray:
        """Combined current [A], shape (batch, columns), for word-line voltages (batch, rows) [V]."""
        circuit = self._circuit
        # a linear network with more inputs than word lines: its transfer matrix is the cheaper way
        if circuit.perfect or (circuit.selector is None and len(voltage) >= self.conductance.shape[1]):
            self.linear()
        if self._difference is not None:
            return product(voltage, self._difference)
        if self._arrays is None:
            # kept with what they have eliminated: the next product is a sweep over it
            self._arrays = circuit.arrays(self.conductance)
        return circuit.current(self._arrays, voltage)

    def linear(self) -> np.ndarray | None:
        """Current per word-line voltage [S], shape (rows, columns), wires included; None behind selectors."""
        circuit, combine = self._circuit, self._circuit.mapping.combine
        if self._difference is None and circuit.selector is None:
            perfect = circuit.perfect
            found = self.conductance if perfect else [g.T for g in transfers(self.conductance, circuit.wires)]
            self._difference, self._arrays = combine(found), None
        return self._difference
