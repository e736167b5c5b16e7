"""One array of devices that is trained: products forward and backward, updates by trains, pulses on a line."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.cells.pulsed.devices import PulsedPopulation
from pcmphys.cells.pulsed.laws.change import closed
from pcmphys.cells.pulsed.response import walk
from pcmphys.crossbar.problem import transfers
from pcmphys.numerics.compile import launch
from pcmphys.training import coincidence, products
from pcmphys.training.sums import FOUR
from pcmphys.training.surroundings import Surroundings
from pcmphys.training.trains import LineLevels

_BOUND = 12.0
"""Full scale of the output converter in inputs of one times half the window of weights (Gokmen and Vlasov 2016)."""
_FAR = 6.0
"""Standard deviations of write noise between bounds and zero conductance from which on no reading ends there."""
_NOTHING = np.zeros((0, 0), dtype=np.float32)
_GRAIN, _PULSED = 64, 2**18
"""Word lines, and devices times updates, below which a thread more costs about as much as it saves."""
_PRODUCTS = 400_000
"""Below this many products a thread more costs about as much as it saves."""
_LONGEST_WRITE = 1000
"""Most pulses of a device that is written without a look."""


@dataclass
class PulseCounts:
    """What a plane was asked to do so far.

    Attributes
    ----------
    updates : int
        Outer products.
    saturated : int
        Of these, how many had a line whose chance to fire in a slot was cut off at one.
    pulses : int
        Steps of devices.
    clipped : int
        Products that left the range of their converter.
    """

    updates: int = 0
    saturated: int = 0
    pulses: int = 0
    clipped: int = 0

    def __add__(self, other: PulseCounts) -> PulseCounts:
        return PulseCounts(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))


class Plane:
    """Devices of a cell on word and bit lines; weights are in the units of the cell's own laws.

    Parameters
    ----------
    cell : PulsedCell
        Technology.
    shape : tuple of int
        Word lines and bit lines.
    seed, first_cell : int
        As of a population.
    around : Surroundings
        Tiles, wires, converters, trains.
    """

    def __init__(self, cell: PulsedCell, shape: tuple[int, int], seed: int, first_cell: int, around: Surroundings):
        self.cell: PulsedCell = cell
        self.around: Surroundings = around
        self.shape: tuple[int, int] = shape
        self.devices: PulsedPopulation = cell.population(shape, seed=seed, first_cell=first_cell)
        self.counts: PulseCounts = PulseCounts()
        self._law = closed(self.devices.law)
        self._busy = 0.0
        self._reference = (
            self.devices.traits.first
            if cell.parameters.soft_bounds_reference is not None
            else np.zeros(1, dtype=np.float32)
        )
        self._blocks = [
            (row, column, rows, columns)
            for row, rows in _cut(shape[0], around.tile[0])
            for column, columns in _cut(shape[1], around.tile[1])
        ]
        self._converters: products.LineConverters = self._own_converters()
        self._noise: products.ProductNoise = self._own_noise()
        self._plain: bool = self._reads_itself()
        self._ideal: bool = around.wires.ideal  # asked at every product
        self._shown: np.ndarray | None = None
        self._seen = -1  # changes of the state after which it was so
        self._known: np.ndarray | None = None
        self._age = 0

    @property
    def weights(self) -> np.ndarray:
        """Weights as they read now, without noise and wires."""
        return self.devices.weight

    @property
    def nbytes(self) -> int:
        """Memory [bytes] of the devices and of what they read as."""
        return self.devices.nbytes + (0 if self._shown is None else self._shown.nbytes)

    def seen(self) -> np.ndarray:
        """Weights as products see them, without noise and wires; in single precision where the state itself is seen."""
        return self._read() if self._reads_itself_now() else self.weights

    def copy(self) -> Plane:
        """A branch with the same past, and the same future under the same operations."""
        twin = copy.copy(self)
        twin.devices, twin.counts = self.devices.copy(), copy.copy(self.counts)
        twin._shown = None if self._shown is None else self._shown.copy()
        if self.cell.parameters.soft_bounds_reference is not None:
            twin._reference = twin.devices.traits.first
        return twin

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Products x @ weights through the converters; shapes (inputs, word lines) and (inputs, bit lines)."""
        return self._multiplied(products.forward, x, self.shape[1])

    def backward(self, d: np.ndarray) -> np.ndarray:
        """Products d @ weights.T through the same converters; shapes (errors, bit lines) and (errors, word lines)."""
        return self._multiplied(products.backward, d, self.shape[0])

    def update(self, x: np.ndarray, d: np.ndarray, rate: float, *, upward: bool = False) -> None:
        """Change the weights by -rate x d on average, update by update, with trains of pulses.

        ``upward`` leaves out all pulses down.
        """
        levels = self.around.trains.levels(rate / self.cell.granularity, x, d)
        devices, sent = self.devices, np.zeros(self.shape[0], dtype=np.int64)
        shown = self._shown if self._seen == devices.changes else None
        address = devices.events(len(x))
        both, laws = (devices.traits, devices.state), (self._law, devices.table, upward)
        grain = max(_GRAIN, _PULSED // max(self.shape[1] * len(x), 1))
        if self.around.trains.pulses == "expected":
            launch(coincidence.expect, self.shape[0], laws, levels, both, grain=grain)
        else:
            outcome = sent, _NOTHING if shown is None else shown, self._reference
            launch(
                coincidence.coincide, self.shape[0], address, laws, levels, devices.time, both, outcome, grain=grain
            )  # fmt: skip
        devices.changes += 1
        if shown is not None and self.around.trains.pulses != "expected":
            self._seen = devices.changes
        self._count(levels, _total(sent))

    def pulse_lines(self, first: int, counts: np.ndarray) -> None:
        """Send whole pulses to the devices of word lines from ``first`` on, down if negative; shape (lines, bit lines).

        Line by line: each takes as long as its longest train.
        """
        if not counts.any():
            return
        self.devices.train(counts.reshape(-1), 0.0, first=first * self.shape[1])
        sizes = np.abs(counts)
        self._busy += int(sizes.max(axis=1).sum()) * self.cell.parameters.pulse.duration
        self.counts.pulses += int(sizes.sum())
        self._age += 1

    def read_line(self, line: int) -> np.ndarray:
        """Weights of a word line as an input of one on it reads, through the converters."""
        one = np.zeros((1, self.shape[0]))
        one[0, line] = 1.0
        return self.forward(one)[0]

    def write(self, weights: np.ndarray) -> np.ndarray:
        """Program weights, by reads and pulses, as far as the window reaches; returns the error [S]."""
        window = self.cell.parameters.window
        goal = self.devices.reference + window.unit * weights
        self._age += 1
        return self.devices.program(np.clip(goal, window.conductance_minimum, window.conductance_maximum)).error

    def rewrite(self, chosen: np.ndarray, weights: np.ndarray) -> None:
        """RESET some devices and pulse them up to weights as a typical device would need it, without a look."""
        self.devices.reset(where=chosen)
        steps = walk(self.cell.parameters, self.cell.parameters.reset.weight, np.ones(_LONGEST_WRITE))
        counts = np.where(chosen, np.searchsorted(steps, weights - 0.5 * self.cell.granularity), 0)
        self.devices.pulse(np.minimum(counts, _LONGEST_WRITE))
        self.counts.pulses += int(counts.sum())
        self._age += 1

    def settle(self) -> None:
        """Let the time pass that the updates since the last call have taken, and a mini-batch of leak."""
        self.devices.spend(self._busy)
        self._busy = 0.0

    def _own_converters(self) -> products.LineConverters:
        window, periphery = self.cell.parameters.window, self.around.periphery
        bound = 0.5 * _BOUND * (window.weight_maximum - window.weight_minimum)
        if periphery.adc_range is not None:
            bound = periphery.adc_range / (window.unit * (periphery.read_voltage or self.cell.read_voltage))
        return products.converters_of(periphery, bound, self.around.halvings)

    def _own_noise(self) -> products.ProductNoise:
        window, read = self.cell.parameters.window, self.cell.parameters.read
        return products.ProductNoise(
            read.noise / window.unit + read.relative_noise * window.zero / window.unit, read.relative_noise
        )

    def _reads_itself(self) -> bool:
        """Whether what reads is the state itself: no reading ends at zero conductance."""
        window, noise = self.cell.parameters.window, self.devices.law.write_noise
        lowest = float(self.devices.traits.low.min(initial=0.0))
        return noise == 0.0 or lowest - _FAR * noise > -window.zero / window.unit

    def _reads_itself_now(self) -> bool:
        """The same, and nothing has drifted yet."""
        read = self.cell.parameters.read
        return self._plain and not (read.drift_exponent > 0.0 and self.devices.time > read.reference_time)

    def _multiplied(self, kernel: Callable, given: np.ndarray, lines: int) -> np.ndarray:
        """Products of all blocks, each through its converters, added digitally."""
        read = self.cell.parameters.read
        matrix = self._read() if self._ideal and self._reads_itself_now() else self._matrix()
        noisy = read.noise > 0.0 or read.relative_noise > 0.0
        reading = matrix, self._noise, self.devices.events(len(given) if noisy else 0)
        out, clipped = np.zeros((len(given), lines)), np.zeros(len(given), dtype=np.int64)
        grain = max(1, _PRODUCTS // max(math.prod(self.shape), 1))
        for place in self._blocks:
            launch(kernel, len(given), given, place, self._converters, reading, out, clipped, align=FOUR, grain=grain)
        self.counts.clipped += _total(clipped)
        return out

    def _read(self) -> np.ndarray:
        """What the state itself reads as, single precision as it is; `update` keeps it up to date.

        A leak is seen when it is taken off the weights, in portions of a ten-thousandth of its lifetime.
        """
        shown = self._shown
        if shown is None or self._seen != self.devices.changes:
            shown = np.empty(self.shape, dtype=np.float32) if shown is None else shown
            launch(products.look, self.shape[0], self.devices.state, self._reference, shown)
            self._shown, self._seen = shown, self.devices.changes
        return shown

    def _matrix(self) -> np.ndarray:
        """Weights as they read behind the wires, without noise."""
        if self._ideal:
            return self.weights
        if self._known is not None and self._age < self.around.refresh:
            return self._known
        conductance, reference = self.devices.conductance(), self.devices.reference
        out = np.empty(self.shape)
        for row, column, height, width in self._blocks:
            rows, columns = slice(row, row + height), slice(column, column + width)
            pair = np.stack([conductance[rows, columns], reference[rows, columns]])
            own, other = transfers(pair, self.around.wires)
            out[rows, columns] = (own - other).T / self.cell.parameters.window.unit
        self._known, self._age = out, 0
        return out

    def _count(self, levels: LineLevels, pulses: int) -> None:
        slots = _total(levels.length)
        self._busy += slots * self.cell.parameters.pulse.duration
        self._age += len(levels.length)
        self.counts.updates += len(levels.length)
        self.counts.saturated += _total(levels.cut)
        self.counts.pulses += pulses


def _total(numbers: np.ndarray) -> int:
    """Sum of whole numbers; of one update, without a call."""
    return int(numbers[0]) if len(numbers) == 1 else int(np.add.reduce(numbers, dtype=np.int64))


def _cut(count: int, size: int) -> list[tuple[int, int]]:
    """First line and number of lines of each tile."""
    return [(start, min(size, count - start)) for start in range(0, count, size)]
