"""Weights that stay on tiles: programmed once, read from then on."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from pcmphys.crossbar import Selector, Wires
from pcmphys.errors import ParameterError
from pcmphys.matrix import AnalogMatrix, Mapping, Periphery, Snapshot
from pcmphys.matrix.flow import Flow, Patches
from pcmphys.matrix.tile import Counts, Tile
from pcmphys.nn.back_ends.product import Product
from pcmphys.nn.keeping import Arrays, packed, unpacked
from pcmphys.numerics import check
from pcmphys.numerics.warn import warn
from pcmphys.programming import ProgramReport

_CLIPPING_WORTH_SAYING = 0.05
"""Fraction of clipped conversions above which a product warns."""


@contextlib.contextmanager
def named(layer: str) -> Iterator[None]:
    """Say in errors of the tiles which layer they are of."""
    try:
        yield
    except ParameterError as error:
        raise ParameterError(f"layer {layer!r}: {error}") from None


class Programming(NamedTuple):
    """How programming went: rms error over the largest conductance, converged devices (fraction), clipped targets."""

    error: float
    converged: float
    clipped: int

    @classmethod
    def of(cls, report: ProgramReport, full: float) -> Programming:
        """From the devices' own report, for a largest conductance [S]."""
        return cls(float(np.sqrt(np.nanmean(report.error**2))) / full, float(report.converged.mean()), report.clipped)


class Tiles(Product):
    """A product on the tiles of an `AnalogMatrix`: forward through the converters, backward without them.

    All inputs from one read to the next meet the same conductances, in float64, each sum in the order of its word
    lines: the same bits for any split of a batch, any number of threads and on any machine. Gradients go back through
    the same conductances, wires and gains; the rounding of the converters counts as a slope of one.

    Behind selectors a product is no matrix: `forward` solves the circuit for every input, and there is no gradient.
    """

    def __init__(self, name: str, matrix: AnalogMatrix, workshop: Workshop, first_cell: int = 0):
        super().__init__(name, *matrix.shape)
        self.matrix: AnalogMatrix = matrix
        self.first_cell: int = first_cell
        self.workshop: Workshop = workshop
        self.programming: Programming | None = None
        self.counts: Counts = Counts()
        self._moment: Flow | Snapshot | None = None

    @property
    def weights(self) -> np.ndarray:
        """Weights (inputs, outputs) that products multiply by since the last read: noise, wires and gains included."""
        return self._linear("weights").weights

    @property
    def exact(self) -> np.ndarray:
        """Weights (inputs, outputs) that the devices were programmed to."""
        return self.matrix.weights

    @property
    def made(self) -> dict[str, str]:
        """What the tiles are of; whatever their seed, their devices come with their state."""
        return self.workshop.made

    def packed(self, place: str, arrays: Arrays) -> Any:
        """Weights, devices with their history, gains, ranges of converters, and what was counted."""
        return {
            "weights": packed(self.matrix.weights, f"{place}/weights", arrays),
            "counts": list(vars(self.counts).values()),
            "programming": self.programming,
            "programmed": self.matrix.programmed,
            "parts": [_packed_part(part, f"{place}/{j}", arrays) for j, part in enumerate(self.matrix.tiles)],
        }

    def unpacked(self, kept: Any, place: str, arrays: Arrays) -> Callable[[], None]:
        """See `Product.unpacked`."""
        weights = arrays[f"{place}/weights"]
        if weights.shape != self.matrix.shape:
            raise ValueError(f"it is {weights.shape}, here it is {self.matrix.shape}")
        matrix = self.workshop.matrix(self.name, weights, self.first_cell)
        for j, (part, text) in enumerate(zip(matrix.tiles, kept["parts"], strict=True)):
            _unpack_part(part, text, f"{place}/{j}", arrays)
        matrix.programmed = bool(kept["programmed"])
        counts = Counts(*kept["counts"])
        programming = None if kept["programming"] is None else Programming(*kept["programming"])

        def take() -> None:
            self.matrix, self.counts, self.programming = matrix, counts, programming
            self.forget()

        return take

    def program(self) -> None:
        """Write the weights into the devices."""
        with named(self.name):
            self.programming = Programming.of(self.matrix.program(), self.matrix.cell.conductance_maximum)
        self.forget()

    def read(self) -> None:
        """Read all devices once, for all products up to the next read."""
        with named(self.name):
            snapshot = self.matrix.snapshot()
            self._moment = snapshot if self.matrix.selector is not None else Flow(snapshot)

    def forget(self) -> None:
        """Forget the last read: the devices have moved on."""
        self._moment = None

    @property
    def fresh(self) -> bool:
        """Whether the devices have been read since they moved on."""
        return self._moment is not None

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Products (batch, outputs) of input vectors (batch, inputs), in the type of the inputs."""
        moment = self._now()
        if isinstance(moment, Snapshot):
            with named(self.name):
                return moment.matvec(x).astype(x.dtype)
        out = np.empty((len(x), self.outputs), x.dtype)
        self._count(moment.multiply(np.ascontiguousarray(x), out))
        return out

    def backward(self, d: np.ndarray) -> np.ndarray:
        """Products (batch, inputs) of output vectors with the transposed weights, without converters."""
        return d @ self._linear("a gradient").weights.T.astype(d.dtype)

    def over_patches(self, images: np.ndarray, patches: Patches, out: np.ndarray) -> None:
        """As `Product.over_patches`; patches never lie in memory as a whole."""
        if self.watch is None and isinstance(moment := self._now(), Flow):
            self._count(moment.convolve(images, patches, out))
        else:
            super().over_patches(images, patches, out)

    def widen(self, x: np.ndarray, *, more: bool) -> None:
        """Set the ranges of the bit-line converters from inputs (batch, inputs); with ``more`` they only grow."""
        before = [part.adc_range for part in self.matrix.tiles]
        with named(self.name):
            self.matrix.fit_range(x)
        for part, range_ in zip(self.matrix.tiles, before, strict=True):
            part.adc_range = max(part.adc_range, range_) if more else part.adc_range

    def _now(self) -> Flow | Snapshot:
        if self._moment is None:
            self.workshop.read()
        return self._moment

    def _linear(self, what: str) -> Flow:
        moment = self._now()
        if isinstance(moment, Snapshot):
            raise ParameterError(
                f"layer {self.name!r}: {what} cannot be had behind {self.matrix.selector!r}: a product is no matrix"
            )
        return moment

    def _count(self, done: Counts) -> None:
        self.counts = self.counts + done
        for what, clipped, total, remedy in (
            ("inputs", done.dac_clipped, done.dac, "a larger periphery.input_range"),
            ("outputs", done.adc_clipped, done.adc, "calibrate_ranges(sample inputs) or a larger periphery.adc_range"),
        ):
            if clipped > _CLIPPING_WORTH_SAYING * total:
                warn(
                    f"layer {self.name!r}: {clipped} of {total} converted {what} were clipped at the converter's "
                    f"range; {remedy} helps"
                )


def _packed_part(part: Tile, place: str, arrays: Arrays) -> dict[str, Any]:
    return {
        "gain": np.asarray(part.gain).tolist(),
        "adc_range": part.adc_range,
        "counts": list(vars(part.counts).values()),
        "devices": packed(part.devices, place, arrays),
    }


def _unpack_part(part: Tile, text: dict[str, Any], place: str, arrays: Arrays) -> None:
    gain = np.array(text["gain"], dtype=float)
    if gain.shape not in ((), (part.columns.stop - part.columns.start,)):
        raise ValueError(f"gains of shape {gain.shape} for {part.columns.stop - part.columns.start} columns")
    part.gain, part.adc_range = gain if gain.ndim else float(gain), float(text["adc_range"])
    if np.isnan(gain).any() or np.isnan(part.adc_range):
        raise ValueError(f"{place} has gains or a range that are nan")
    part.counts = Counts(*text["counts"])
    part.devices = unpacked(text["devices"], copy.deepcopy(part.devices), place, arrays)


@dataclass
class Workshop:
    """Makes the tiles of one chip, of what `AnalogMatrix` is made of, and works on all of them on one lab clock."""

    cell: Any
    mapping: Mapping | None = None
    tile: tuple[int, int] = (256, 256)
    periphery: Periphery | None = None
    wires: Wires | None = None
    selector: Selector | None = None
    gate: float | None = None
    seed: int = 0
    tiles: list[Tiles] = field(default_factory=list)

    def __call__(self, name: str, weights: np.ndarray) -> Tiles:
        """Tiles for these weights (inputs, outputs), with devices of their own."""
        first_cell = self.tiles[-1].matrix.last_cell if self.tiles else 0
        made = Tiles(name, self.matrix(name, weights, first_cell), self, first_cell)
        self.tiles.append(made)
        return made

    def matrix(self, name: str, weights: np.ndarray, first_cell: int) -> AnalogMatrix:
        """Unprogrammed devices for these weights, from a number of device on."""
        with named(name):
            return AnalogMatrix(
                weights,
                self.cell,
                self.mapping,
                self.tile,
                self.wires,
                self.selector,
                self.periphery,
                self.seed,
                gate=self.gate,
                first_cell=first_cell,
            )

    @property
    def made(self) -> dict[str, str]:
        """What the tiles are made of, but for the seed, as text that is equal for equal ones."""
        parts = {"cell": f"{self.cell.name} {self.cell.parameters!r}"}
        for name in ("mapping", "tile", "periphery", "wires", "selector", "gate"):
            parts[name] = repr(getattr(self, name))
        return parts

    @property
    def time(self) -> float:
        """Lab clock [s]."""
        return max((tiles.matrix.time for tiles in self.tiles), default=0.0)

    def program(self) -> None:
        """Write all weights; the tiles that were slowest set the clock of all."""
        for tiles in self.tiles:
            tiles.program()
        latest = self.time
        for tiles in self.tiles:
            tiles.matrix.wait(latest - tiles.matrix.time)

    def wait(self, duration: float, temperature: float | None = None) -> None:
        """Let ``duration`` [s] pass for all devices."""
        check.number("duration", duration, "s", 0.0)
        for k, tiles in enumerate(self.tiles):
            if not k:
                tiles.matrix.wait(0.0, temperature)  # what is wrong with it shows before any tile ages
            tiles.matrix.wait(duration, temperature)
            tiles.forget()

    def calibrate(self, per: str = "tile") -> dict[str, np.ndarray]:
        """One gain a tile or column, from one read of known inputs at all tiles."""
        found = {}
        for tiles in self.tiles:
            with named(tiles.name):
                found[tiles.name] = tiles.matrix.calibrate(per)
            tiles.forget()
        return found

    def read(self) -> None:
        """Read all devices once, side by side, for all products up to the next read."""
        for tiles in self.tiles:
            tiles.read()
