"""A weight matrix on tiles of PCM cells."""

from __future__ import annotations

import copy
import dataclasses
import functools
import warnings

import numpy as np

from pcmphys import _check
from pcmphys._jit import kernel, together
from pcmphys.crossbar import Wires
from pcmphys.errors import ParameterError, ValidityWarning
from pcmphys.matrix.mapping import DifferentialPair
from pcmphys.matrix.periphery import Periphery
from pcmphys.matrix.tile import Counts, Tile, TileState
from pcmphys.population import ProgramReport
from pcmphys.rng import U64, Stream, uniform, words

_PATTERNS = 16
"""Known inputs of one drift-compensation read."""
_HALF_SCALE = 0.5
"""Amplitude of the known inputs, of full scale; less on a tile whose converter range they would leave."""
_HEADROOM = 1.1
"""Converter range over the largest current that sample or known inputs cause in the ideal matrix."""
_CLIPPING_WORTH_SAYING = 0.05
"""Fraction of clipped conversions above which a product warns."""
_COLUMN_NORMS = 2.0
"""Converter range without sample inputs, in Euclidean norms of the strongest column."""


class AnalogMatrix:
    """A matrix of weights that multiplies on PCM arrays: y ~ x @ weights.

    Parameters
    ----------
    weights : array_like
        Shape (inputs, outputs).
    cell : cell
        Technology, as `pcmphys.load_cell` gives it.
    mapping : DifferentialPair
        How weights become conductances.
    tile : tuple of int
        Largest number of word lines and of weight columns of a tile; tiles at the far edges are smaller.
    wires : Wires, optional
        Wire resistance of every tile; none by default. Per-line resistances need a matrix of one tile size.
    selector : None
        Reserved; see `Crossbar`.
    periphery : Periphery
        Converters.
    seed : int
        Same seed, same devices.
    first_cell : int
        Number of the first device, so that several matrices of one chip can share a seed without sharing devices.

    Notes
    -----
    Partial sums of tiles in one column are added digitally. All inputs of one `matvec` call meet the same
    conductances (one read of `Periphery.read_duration`); noise faster than a call is not modelled. G+ and G- sit on
    two arrays of the tile's size.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> weights = np.eye(4)
    >>> matrix = pcm.AnalogMatrix(weights, pcm.load_cell("hermes-14nm-statistical"), seed=3)
    >>> report = matrix.program()
    >>> matrix.matvec([1.0, 0.0, 0.0, 0.0]).shape
    (4,)
    """

    def __init__(
        self,
        weights,
        cell,
        mapping: DifferentialPair | None = None,
        tile: tuple[int, int] = (256, 256),
        wires: Wires | None = None,
        selector=None,
        periphery: Periphery | None = None,
        seed: int = 0,
        *,
        first_cell: int = 0,
    ):
        if selector is not None:
            raise ParameterError(f"selector must be None: nonlinear selectors are not available; got {selector!r}")
        if wires is not None and not isinstance(wires, Wires):
            raise ParameterError(f"wires must be a Wires; got {type(wires).__name__}")
        if periphery is not None and not isinstance(periphery, Periphery):
            raise ParameterError(f"periphery must be a Periphery; got {type(periphery).__name__}")
        self.weights = _check.array("weights", weights, ndim=2).copy()
        self.weights.flags.writeable = False
        if not callable(getattr(cell, "population", None)):
            raise ParameterError(f"cell must be a cell as load_cell gives it; got {cell!r}")
        if mapping is not None and not isinstance(mapping, DifferentialPair):
            raise ParameterError(f"mapping must be a DifferentialPair(); got {mapping!r}")
        self.cell = cell
        self.mapping = DifferentialPair() if mapping is None else mapping
        self.periphery = Periphery() if periphery is None else periphery
        self.scale = self.mapping.scale(self.weights, cell.conductance_maximum, cell.conductance_minimum)
        self._programmed = False
        dims = _check.shape("tile", tile)
        if len(dims) != 2 or min(dims) < 1:
            raise ParameterError(f"tile must be (word lines, columns), each at least 1; got {tile!r}")
        self.tile = dims
        wires = Wires() if wires is None else wires
        self._tiles: list[Tile] = []
        number = _check.integer("first_cell", first_cell, 0)
        for rows in _slices(self.weights.shape[0], dims[0]):
            for columns in _slices(self.weights.shape[1], dims[1]):
                shape = (self.mapping.devices_per_weight, rows.stop - rows.start, columns.stop - columns.start)
                devices = cell.population(shape, seed, first_cell=number)
                number += devices.size
                wires.per_line(*shape[1:])  # refuses per-line resistances that do not fit this tile
                self._tiles.append(Tile(rows, columns, devices, wires))
        self.last_cell = number
        for part in self._tiles:
            part.adc_range = self._default_range(part)

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
    def counts(self) -> Counts:
        """Conversions by all `matvec` calls so far, and how many were clipped; `calibrate` is not counted."""
        return functools.reduce(lambda a, b: a + b, (part.counts for part in self._tiles))

    @property
    def gains(self) -> np.ndarray:
        """Present drift-compensation gain of each tile, row-major in the grid of tiles."""
        return np.array([part.gain for part in self._tiles])

    @property
    def effective_weights(self) -> np.ndarray:
        """Weights that the devices hold now: drift included, without read noise, gain or wires."""
        return self._assemble([self.mapping.weights(part.devices.conductance(), self.scale) for part in self._tiles])

    def program(self) -> ProgramReport:
        """Write the weights into the devices; also resets the gains.

        Returns
        -------
        ProgramReport
            Arrays of shape (2, inputs, outputs): G+ and G-.
        """
        shape = (self.mapping.devices_per_weight, *self.shape)
        error, iterations, converged = np.empty(shape), np.empty(shape, dtype=int), np.empty(shape, dtype=bool)
        clipped = 0
        for part in self._tiles:
            targets = self._targets(part)
            report = part.devices.program(targets)
            place = (slice(None), part.rows, part.columns)
            error[place], iterations[place], converged[place] = report.error, report.iterations, report.converged
            clipped += report.clipped
            part.gain = 1.0
        # tiles are programmed side by side: the one that was slowest sets the clock of all
        latest = max(part.devices.time for part in self._tiles)
        for part in self._tiles:
            part.devices.wait(latest - part.devices.time)
        self._programmed = True
        return ProgramReport(error, iterations, converged, clipped)

    def rewired(self, wires: Wires) -> AnalogMatrix:
        """A copy of the matrix, devices and all, behind other wires: same past, same future, other IR drop."""
        if not isinstance(wires, Wires):
            raise ParameterError(f"wires must be a Wires; got {type(wires).__name__}")
        twin = copy.copy(self)
        twin._tiles = []
        for part in self._tiles:
            wires.per_line(*part.devices.shape[1:])
            tile = Tile(part.rows, part.columns, part.devices.copy(), wires)
            tile.gain, tile.adc_range = part.gain, part.adc_range
            twin._tiles.append(tile)
        return twin

    def targets(self, tile: int = 0) -> np.ndarray:
        """Target conductances [S] of one tile (row-major in the grid of tiles), shape (2, rows, columns): G+ and G-."""
        tile = _check.integer("tile", tile, 0, len(self._tiles) - 1)
        return self._targets(self._tiles[tile])

    def wait(self, duration: float, temperature: float | None = None) -> None:
        """Let ``duration`` [s] pass for every device."""
        _check.number("duration", duration, "s", 0.0)
        self._tiles[0].devices.wait(0.0, temperature)  # what is wrong with it shows before any tile ages
        for part in self._tiles:
            part.devices.wait(duration, temperature)

    def fit_range(self, x) -> None:
        """Set every tile's converter range from sample inputs: 1.1 times the largest ideal current they cause.

        Parameters
        ----------
        x : array_like
            Shape (batch, inputs), typical inputs (training data, not test data).
        """
        if self.periphery.adc_range is not None:
            raise ParameterError(f"fit_range: periphery.adc_range is fixed at {self.periphery.adc_range:g} A")
        x, _ = self._inputs(x)
        if not len(x):
            raise ParameterError(f"x must hold at least one input; got shape {x.shape}")
        voltage, _, _ = self._to_voltage(x)
        for part in self._tiles:
            targets = self._targets(part)
            largest = np.abs(voltage[:, part.rows] @ (targets[0] - targets[1])).max()
            if largest > 0.0:
                part.adc_range = _HEADROOM * float(largest)

    def calibrate(self) -> np.ndarray:
        """Drift compensation: one gain a tile, from a read of known inputs.

        Sixteen fixed patterns of plus and minus half scale are multiplied by every tile and compared with what the
        stored weights should give; the gain is the one factor that brings the measured outputs closest to the
        expected ones (least squares). A tile whose converter range is too small for these patterns gets weaker ones,
        and one that holds nothing but zeros keeps a gain of 1. The read sees noise, wires and the bit-line converters
        like any other, and takes its time; the pattern levels themselves are exact.

        Returns
        -------
        ndarray
            The new gains, as `gains`.
        """
        snapshot = self.snapshot()
        voltage = _HALF_SCALE * self._read_voltage * _patterns(_PATTERNS, self.shape[0])
        for part, state in zip(self._tiles, snapshot.states, strict=True):
            targets = self._targets(part)
            expected = voltage[:, part.rows] @ (targets[0] - targets[1])
            largest = float(np.abs(expected).max())
            # a clipped pattern would look like drift
            fit = 1.0 if largest <= part.adc_range else part.adc_range / (_HEADROOM * largest)
            measured, _ = self._measure(part, state, fit * voltage)
            match = fit * float((measured * expected).sum())
            part.gain = match / float((measured * measured).sum()) if match > 0.0 else 1.0
        return self.gains

    def snapshot(self) -> Snapshot:
        """Read all devices once; multiply as often as you like with the conductances found."""
        if not self._programmed:
            raise ParameterError("the matrix is not programmed yet; call program() first")
        read = [functools.partial(part.read, self._read_voltage, self.periphery.read_duration) for part in self._tiles]
        return Snapshot(self, together(read))

    def matvec(self, x, *, compensate: bool = True) -> np.ndarray:
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
        self._inputs(x)  # a bad input must not cost a read
        return self.snapshot().matvec(x, compensate=compensate)

    @property
    def _read_voltage(self) -> float:
        return self.periphery.read_voltage or self.cell.read_voltage

    def _targets(self, part: Tile) -> np.ndarray:
        weights = self.weights[part.rows, part.columns]
        return self.mapping.targets(weights, self.scale, self.cell.conductance_maximum, self.cell.conductance_minimum)

    def _default_range(self, part: Tile) -> float:
        if self.periphery.adc_range is not None:
            return self.periphery.adc_range
        norm = np.sqrt(((self.weights[part.rows, part.columns] / self.scale) ** 2).sum(axis=0)).max()
        return _COLUMN_NORMS * self._read_voltage * (float(norm) or self.cell.conductance_maximum)

    def _inputs(self, x) -> tuple[np.ndarray, bool]:
        x = _check.array("x", x, ndim=(1, 2), empty=True)
        if x.shape[-1] != self.shape[0]:
            raise ParameterError(
                f"x must have shape ({self.shape[0]},) or (batch, {self.shape[0]}); got shape {x.shape}"
            )
        return np.atleast_2d(x), x.ndim == 1

    def _to_voltage(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
        """Word-line voltages [V], the input value of full scale per vector, and the number of clipped inputs."""
        if self.periphery.input_range is None:
            full = np.abs(x).max(axis=1, keepdims=True, initial=0.0)
            full[full == 0.0] = 1.0
        else:
            full = np.full((len(x), 1), self.periphery.input_range)
        levels, clipped = self.periphery.quantise(x, full, self.periphery.dac_bits)
        return levels / full * self._read_voltage, full, clipped

    def _measure(self, part: Tile, state: TileState, voltage: np.ndarray) -> tuple[np.ndarray, int]:
        return self.periphery.quantise(state.current(voltage[:, part.rows]), state.adc_range, self.periphery.adc_bits)

    def _assemble(self, parts: list[np.ndarray]) -> np.ndarray:
        out = np.empty(self.shape)
        for part, values in zip(self._tiles, parts, strict=True):
            out[part.rows, part.columns] = values
        return out


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """An analog matrix at one moment: conductances read once; drift, noise, gains and converter ranges frozen."""

    matrix: AnalogMatrix
    states: list[TileState]

    def matvec(self, x, *, compensate: bool = True) -> np.ndarray:
        """Multiply with the frozen conductances; arguments as `AnalogMatrix.matvec`."""
        owner = self.matrix
        x, single = owner._inputs(x)
        voltage, full, dac_clipped = owner._to_voltage(x)
        pairs = list(zip(owner._tiles, self.states, strict=True))
        found = together([functools.partial(owner._measure, part, state, voltage) for part, state in pairs])
        y = np.zeros((len(x), owner.shape[1]))
        done = Counts(dac=x.size, dac_clipped=dac_clipped)
        owner._tiles[0].counts += done
        for (part, state), (current, clipped) in zip(pairs, found, strict=True):
            y[:, part.columns] += current * (state.gain if compensate else 1.0)
            converted = Counts(adc=current.size, adc_clipped=clipped)
            part.counts += converted
            done += converted
        _warn_of_clipping(done)
        y *= full * (owner.scale / owner._read_voltage)
        return y[0] if single else y


def _warn_of_clipping(counts: Counts) -> None:
    for what, clipped, total, remedy in (
        ("inputs", counts.dac_clipped, counts.dac, "a larger periphery.input_range"),
        ("outputs", counts.adc_clipped, counts.adc, "fit_range(sample inputs) or a larger periphery.adc_range"),
    ):
        if clipped > _CLIPPING_WORTH_SAYING * total:
            warnings.warn(
                f"{clipped} of {total} converted {what} were clipped at the converter's range; {remedy} helps",
                ValidityWarning,
                stacklevel=3,
            )


def _slices(count: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


@functools.lru_cache(maxsize=8)
def _patterns(count: int, inputs: int) -> np.ndarray:
    signs = np.empty((count, inputs))
    _draw_signs(np.uint64(Stream.CALIBRATION), signs)
    return signs


@kernel
def _draw_signs(stream, signs):
    for row in range(signs.shape[0]):
        for k in range(signs.shape[1]):
            w0, w1, _, _ = words(U64(0), U64(k), U64(row), stream, 0)
            signs[row, k] = 1.0 if uniform(w0, w1) < 0.5 else -1.0
