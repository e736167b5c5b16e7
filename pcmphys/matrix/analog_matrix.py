"""A weight matrix on tiles of PCM cells."""

from __future__ import annotations

import copy
import functools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.crossbar import Wires
from pcmphys.errors import ParameterError
from pcmphys.matrix import checks
from pcmphys.matrix.compensation import GAINS, patterns, warn_of_kept_gains
from pcmphys.matrix.converters import Converters
from pcmphys.matrix.mapping import DifferentialPair, Mapping
from pcmphys.matrix.periphery import Periphery
from pcmphys.matrix.ranges import HEADROOM, default_range, fitted
from pcmphys.matrix.selected import Opened, check_opening, opened, thinned
from pcmphys.matrix.snapshot import Snapshot
from pcmphys.matrix.tile import Circuit, Counts, Tile, cuts
from pcmphys.numerics import check
from pcmphys.numerics.compile import together
from pcmphys.numerics.product import product
from pcmphys.programming import ProgramReport

if TYPE_CHECKING:
    from pcmphys.crossbar.selectors.selector import Selector

_HALF_SCALE = 0.5
"""Amplitude of the known inputs, of full scale; less on a tile whose converter range they would leave."""


class AnalogMatrix:
    """Weights that multiply on PCM arrays: y ~ x @ weights, as ``matvec(x)``, ``x @ matrix``, ``matrix @ x``.

    Parameters
    ----------
    weights : array_like
        Shape (inputs, outputs); the largest magnitude within [1e-290, 1e290], or all zero.
    cell : cell
        Technology, as `pcmphys.load_cell` gives it.
    mapping : Mapping
        How weights become conductances: one `DifferentialPair` by default.
    tile : tuple of int
        Largest number of word lines and of weight columns of a tile; tiles at the far edges are smaller.
    wires : Wires, optional
        Wire resistance of every tile; none by default. Per-line resistances need a matrix of one tile size.
    selector : Selector, optional
        In series with every device; none by default.
    gate : float or array_like [V], optional
        Gate voltage of gated selectors, a number or one a word line (shape (inputs,)).
    periphery : Periphery
        Converters.
    seed : int
        Same seed, same devices.
    first_cell : int
        Number of the first device, so that several matrices of one chip can share a seed without sharing devices.

    Raises
    ------
    ParameterError
        Weights, cell, mapping, selector, gate or read voltage that cannot be used together; the message says which.
    ConvergenceError
        The selectors' states are not consistent with devices at their targets and full read voltage.

    Notes
    -----
    Partial sums of tiles in one column are added digitally. All inputs of one `matvec` call meet the same
    conductances (one read of `Periphery.read_duration`); noise faster than a call is not modelled. The arrays of a
    mapping (G+ and G- of a pair) have the tile's size each.

    *With a selector* a product is no longer linear in its inputs: a device gets what the selector leaves of the word
    line's voltage, and a small input may get nothing. Weights are what they would be without selectors; `calibrate`
    finds the factor that makes up for what the selectors take of a full-scale input. `Periphery.read_voltage` is the
    word line's voltage and should exceed what the selector needs; the devices themselves are read at the cell's own
    read voltage and enter the circuit as ohmic devices of that conductance, noise included, so their nonlinearity
    above it is not modelled (`ValidityWarning` where they would get more than a read of the cell allows). A selector
    with hysteresis starts every product switched off. Selectors that let hardly anything through
    at full scale are reported, switches that all stay off refused. Negative inputs are negative voltages: one-way
    selectors block them.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> weights = np.eye(4)
    >>> matrix = pcm.AnalogMatrix(weights, pcm.load_cell("hermes-14nm-statistical"), seed=3)
    >>> report = matrix.program()
    >>> matrix.matvec([1.0, 0.0, 0.0, 0.0]).shape, (np.ones((3, 4)) @ matrix).shape
    ((4,), (3, 4))

    Behind transistors of 0.2 mA/V2 a device of 10 uS gets most of the 0.2 V:

    >>> nmos = pcm.crossbar.Transistor(threshold_voltage=0.4, transconductance=200e-6)
    >>> matrix = pcm.AnalogMatrix(weights, matrix.cell, selector=nmos, gate=1.5, seed=3)
    >>> report = matrix.program()
    >>> bool(1.0 < matrix.calibrate()[0] < 1.3)
    True
    """

    __array_ufunc__ = None  # so that numpy leaves x @ matrix to us

    def __init__(
        self,
        weights: ArrayLike,
        cell: Any,
        mapping: Mapping | None = None,
        tile: tuple[int, int] = (256, 256),
        wires: Wires | None = None,
        selector: Selector | None = None,
        periphery: Periphery | None = None,
        seed: int = 0,
        *,
        gate: ArrayLike | None = None,
        first_cell: int = 0,
    ):
        self.selector: Selector | None = checks.checked_selector(selector)
        checks.check_kinds(cell, mapping, wires, periphery)
        self.weights: np.ndarray = checks.checked_weights(weights)
        self.cell = cell
        self.mapping: Mapping = DifferentialPair() if mapping is None else mapping
        self.periphery: Periphery = Periphery() if periphery is None else periphery
        scale: float = self.mapping.scale(self.weights, cell.conductance_maximum, cell.conductance_minimum)
        self.scale: float = check.number("mapping.scale(weights, ...)", scale, "1/S", 0.0, low_open=True)
        read_voltage = self.periphery.read_voltage or cell.read_voltage
        checks.check_read(cell, read_voltage, self.selector)
        self._converters = Converters(self.periphery, read_voltage, self.scale, self.weights.shape[0])
        self.programmed: bool = False
        self.tile: tuple[int, int] = checks.checked_tile(tile)
        self.gate: float | np.ndarray | None = checks.checked_gate(gate, self.selector, self.weights.shape[0])
        wires = Wires() if wires is None else wires
        self._tiles: list[Tile] = []
        self.last_cell: int = check.integer("first_cell", first_cell, 0)
        for rows in cuts(self.weights.shape[0], self.tile[0]):
            line = 0
            for columns in cuts(self.weights.shape[1], self.tile[1]):
                self._add_tile(rows, columns, line, wires, seed)
                line = self._tiles[-1].lines.stop
        self._opened = None if self.selector is None else [self._open(part) for part in self._tiles]
        if self._opened is not None:
            check_opening(self._opened, self.selector, self._converters.read_voltage, cell)
        for k, part in enumerate(self._tiles):
            part.adc_range = self._default_range(part, k)

    def __setstate__(self, state: dict[str, Any]) -> None:
        state["weights"].flags.writeable = False  # numpy's pickles and deep copies are writeable
        self.__dict__.update(state)

    def __repr__(self) -> str:
        rows, columns = self.shape
        return (
            f"AnalogMatrix({rows} x {columns} on {len(self._tiles)} tiles of {self.cell.name!r}, time={self.time:g} s)"
        )

    @property
    def shape(self) -> tuple[int, int]:
        """(inputs, outputs)."""
        return self.weights.shape

    @property
    def time(self) -> float:
        """Lab clock [s]."""
        return self._tiles[0].devices.time

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """The tiles, row-major in their grid."""
        return tuple(self._tiles)

    @property
    def counts(self) -> Counts:
        """Conversions by all `matvec` calls so far, and how many were clipped; `calibrate` is not counted."""
        return functools.reduce(lambda a, b: a + b, (part.counts for part in self._tiles))

    @property
    def gains(self) -> np.ndarray:
        """Present drift-compensation gain of each tile (mean of its columns'), row-major in the grid of tiles."""
        return np.array([np.mean(part.gain) for part in self._tiles])

    @property
    def effective_weights(self) -> np.ndarray:
        """Weights that the devices hold now: drift included, without read noise, gain, wires or selectors."""
        out = np.empty(self.shape)
        for part in self._tiles:
            out[part.rows, part.columns] = self.mapping.weights(part.devices.now().conductance, self.scale)
        return out

    def conductances(self) -> list[np.ndarray]:
        """Conductances [S] of the devices now, without noise: (arrays, rows, bit lines) of each tile."""
        return [part.devices.now().conductance for part in self._tiles]

    def program(self) -> ProgramReport:
        """Write the weights into the devices; also resets the gains.

        Returns
        -------
        ProgramReport
            Arrays of shape (arrays, inputs, bit lines): for a differential pair G+ and G- of shape (2, inputs,
            outputs); bit lines of tiles side by side in their order, with what they have besides weight columns.
        """
        shape = (self._tiles[0].devices.shape[0], self.shape[0], self._tiles[-1].lines.stop)
        error, iterations, converged = np.empty(shape), np.empty(shape, dtype=int), np.empty(shape, dtype=bool)
        clipped = 0
        for part in self._tiles:
            targets = self._targets(part)
            report = part.devices.program(targets)
            place = (slice(None), part.rows, part.lines)
            error[place], iterations[place], converged[place] = report.error, report.iterations, report.converged
            clipped += report.clipped
            part.gain = 1.0
        # tiles are programmed side by side: the one that was slowest sets the clock of all
        latest = max(part.devices.time for part in self._tiles)
        for part in self._tiles:
            part.devices.wait(latest - part.devices.time)
        self.programmed = True
        return ProgramReport(error, iterations, converged, clipped)

    def rewired(self, wires: Wires, *, shared: bool = False) -> AnalogMatrix:
        """The matrix behind other wires, with a copy of its devices: same past, same future, other IR drop.

        With ``shared`` it has the very same devices, so that one read serves both matrices, see `snapshot`.
        """
        if not isinstance(wires, Wires):
            raise ParameterError(f"wires must be a Wires; got {type(wires).__name__}")
        twin = copy.copy(self)
        twin._tiles = [part.behind(wires, part.devices if shared else part.devices.copy()) for part in self._tiles]
        return twin

    def targets(self, tile: int = 0) -> np.ndarray:
        """Target conductances [S] of one tile (row-major in the grid of tiles), as `Mapping.targets` gives them."""
        tile = check.integer("tile", tile, 0, len(self._tiles) - 1)
        return self._targets(self._tiles[tile])

    def wait(self, duration: float, temperature: float | None = None) -> None:
        """Let ``duration`` [s] pass for every device."""
        check.number("duration", duration, "s", 0.0)
        self._tiles[0].devices.wait(0.0, temperature)  # what is wrong with it shows before any tile ages
        for part in self._tiles:
            part.devices.wait(duration, temperature)

    def fit_range(self, x: ArrayLike) -> None:
        """Set every tile's converter range from sample inputs: 1.1 times the largest ideal current they cause.

        Ideal devices and wires, but with the selectors, if there are any.

        Parameters
        ----------
        x : array_like
            Shape (batch, inputs), typical inputs (training data, not test data).
        """
        if self.periphery.adc_range is not None:
            raise ParameterError(f"fit_range: periphery.adc_range is fixed at {self.periphery.adc_range:g} A")
        x, _ = self._converters.checked(x)
        if not len(x):
            raise ParameterError(f"x must hold at least one input; got shape {x.shape}")
        voltage, _, _ = self._converters.to_voltage(x)
        for part in self._tiles:
            if self.selector is None:
                current = product(voltage[:, part.rows], self._ideal(part))
            else:
                ideal = part.circuit.without_wires()
                current = ideal.current(ideal.arrays(self._targets(part)), voltage[:, part.rows])
            largest = np.abs(current).max()
            if largest > 0.0:
                part.adc_range = HEADROOM * float(largest)

    def calibrate(self, per: str = "tile", *, read: Snapshot | None = None) -> np.ndarray:
        """Drift compensation: one gain a tile, or a column of a tile, from a read of known inputs.

        Sixteen fixed patterns of plus and minus half scale are multiplied by every tile and compared with what the
        stored weights should give; the gain is the one factor that brings the measured outputs closest to the
        expected ones (least squares). A tile whose converter range is too small for these patterns gets weaker ones,
        and one that holds nothing but zeros keeps a gain of 1; so does, with a `ValidityWarning`, one whose weights
        cancel in all patterns or whose outputs do not follow them. The read sees noise, wires and the bit-line
        converters like any other, and takes its time; the pattern levels themselves are exact.

        With a selector the patterns are zero and full scale, so that it opens; where a converter range is too small
        for them, part of the word lines stays at zero. What the weights should give is that of the linear matrix
        without selectors: the gain makes up for what they take.

        Parameters
        ----------
        per : str
            "tile", or "column": a gain for each column of each tile, from 512 patterns.
        read : Snapshot, optional
            As of `snapshot`.

        Returns
        -------
        ndarray : as `gains`.
        """
        find, count = GAINS[check.choice("per", per, GAINS)]
        snapshot = self.snapshot(read=read)
        signs = patterns(count, self.shape[0])
        if self.selector is None:
            voltage = _HALF_SCALE * self._converters.read_voltage * signs
        else:
            voltage = self._converters.read_voltage * (signs > 0.0)
        reasons = []
        for part, state in zip(self._tiles, snapshot.states, strict=True):
            applied, known = self._known(part, voltage)
            measured, _ = self._converters.measure(part, state, applied)
            part.gain, reason = find(measured, known, self._ideal(part))
            reasons.append(reason)
        warn_of_kept_gains(reasons)
        return self.gains

    def snapshot(self, *, read: Snapshot | None = None) -> Snapshot:
        """Read all devices once; multiply as often as you like with the conductances found.

        With ``read``, of a matrix that shares its devices with this one, nothing is read: what was found there, seen
        through these wires.
        """
        if not self.programmed:
            raise ParameterError("the matrix is not programmed yet; call program() first")
        if read is not None:
            return read.through(self._tiles, repr(self))
        # behind a selector a device gets less than the word line: it is read at its own voltage
        voltage = self._converters.read_voltage if self.selector is None else self.cell.read_voltage
        read = [functools.partial(part.read, voltage, self.periphery.read_duration) for part in self._tiles]
        return Snapshot(self._converters, self._tiles, together(read), repr(self))

    def matvec(self, x: ArrayLike, *, compensate: bool = True) -> np.ndarray:
        """Multiply on the arrays: y ~ x @ weights.

        Parameters
        ----------
        x : array_like
            Shape (inputs,) or (batch, inputs).
        compensate : bool
            Apply the gains of the last `calibrate`.

        Returns
        -------
        ndarray
            Shape (outputs,) or (batch, outputs), in units of x times weight.
        """
        self._converters.checked(x)  # a bad input must not cost a read
        return self.snapshot().matvec(x, compensate=compensate)

    def __array__(self, *arguments: Any, **options: Any) -> np.ndarray:
        """Refuse to be taken for numbers: pandas asks for them, and would multiply by ideal weights."""
        raise checks.no_array(self)

    def __rmatmul__(self, x: ArrayLike) -> np.ndarray:
        """``x @ matrix``: short for `matvec`."""
        return self.matvec(x)

    def __matmul__(self, x: ArrayLike) -> np.ndarray:
        """``matrix @ x`` applies the arrays to one input, as `matvec` does: y ~ x @ weights."""
        return self.matvec(checks.one_input(x, self.shape[0]))

    def _add_tile(self, rows: slice, columns: slice, line: int, wires: Wires, seed: int) -> None:
        block = (rows.stop - rows.start, columns.stop - columns.start)
        shape = self.mapping.shape(*block)
        devices = self.cell.population(shape, seed=seed, first_cell=self.last_cell)
        if len(shape) != 3 or shape[1] != block[0] or self.mapping.combine(np.zeros(shape)).shape != block:
            raise ParameterError(
                f"mapping must put weights {block} on (arrays, {block[0]}, bit lines) and combine them to {block}; "
                f"{self.mapping!r} has shape {shape}"
            )
        self.last_cell += math.prod(devices.shape)
        wires.per_line(*shape[1:])  # refuses per-line resistances that do not fit this tile
        gate = self.gate[rows] if isinstance(self.gate, np.ndarray) else self.gate
        circuit = Circuit(self.mapping, wires, self.selector, gate)
        self._tiles.append(Tile(rows, columns, slice(line, line + shape[2]), devices, circuit))

    def _targets(self, part: Tile) -> np.ndarray:
        weights = self.weights[part.rows, part.columns]
        return self.mapping.targets(weights, self.scale, self.cell.conductance_maximum, self.cell.conductance_minimum)

    def _ideal(self, part: Tile) -> np.ndarray:
        """Combined conductances [S] that a perfect tile multiplies by."""
        weights = self.weights[part.rows, part.columns]
        return self.mapping.ideal(weights, self.scale, self.cell.conductance_maximum, self.cell.conductance_minimum)

    def _open(self, part: Tile) -> Opened:
        return opened(part.circuit, self._targets(part), self._converters.read_voltage, self.cell.conductance_minimum)

    def _default_range(self, part: Tile, k: int) -> float:
        if self.periphery.adc_range is not None:
            return self.periphery.adc_range
        full = self._converters.read_voltage * self.cell.conductance_maximum
        if self._opened is not None:
            return default_range(self._opened[k].current, self._opened[k].largest_current or full)
        return self._converters.read_voltage * default_range(
            self.weights[part.rows, part.columns] / self.scale, self.cell.conductance_maximum
        )

    def _known(self, part: Tile, voltage: np.ndarray) -> tuple[np.ndarray, tuple]:
        """Known inputs that a tile's converter can take; unweakened ones, what should come out, and the weakening."""
        if self.selector is None:
            expected = product(voltage[:, part.rows], self._ideal(part))
            fit = fitted(expected, part.adc_range)
            return fit * voltage, (voltage[:, part.rows], expected, fit)
        applied = voltage.copy()
        applied[:, part.rows] = thinned(part.circuit, self._targets(part), voltage[:, part.rows], part.adc_range)
        return applied, (applied[:, part.rows], product(applied[:, part.rows], self._ideal(part)), 1.0)
