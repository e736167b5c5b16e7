"""What a twin reports of itself, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pcmphys.matrix.tile import Counts
from pcmphys.nn.back_ends.product import Product
from pcmphys.nn.back_ends.tiles import Tiles
from pcmphys.nn.layer_table import DigitalPart, dataset_of, text_of
from pcmphys.nn.layers.base import AnalogLayer, kinds_of
from pcmphys.numerics.labelled import Labelled

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class LayerReport:
    """One matrix product of a layer.

    Attributes
    ----------
    name, kind : str
        Of the product, and the class of its layer.
    rows, columns, tiles, devices : int
        Word lines and weight columns of all its tiles; tiles, and devices on them.
    programming_error : float
        Rms error of the programmed conductances over the largest of the cell; NaN before programming.
    converged : float
        Fraction of the devices that programming brought within its margin.
    targets_clipped : int
        Targets that the cell cannot reach.
    vectors : int
        Sample vectors that the next two were measured with; 0 for none.
    matvec_error : float
        Rms error of the products over the rms of the exact ones; NaN without samples.
    effective_bits : float
        The signal-to-noise ratio that this amounts to as the resolution of an ideal converter with a full-scale sine,
        (20 log10(1 / error) - 1.76) / 6.02 (IEEE Std 1241).
    dac_clipped, adc_clipped : float
        Fraction of all conversions so far that were clipped at the word lines and at the bit lines.
    gain : float
        Mean gain of the tiles.
    """

    name: str
    kind: str
    rows: int
    columns: int
    tiles: int
    devices: int
    programming_error: float
    converged: float
    targets_clipped: int
    vectors: int
    matvec_error: float
    effective_bits: float
    dac_clipped: float
    adc_clipped: float
    gain: float

    def __repr__(self) -> str:
        text = f"LayerReport({self.name!r}, {self.kind}, {self.rows} x {self.columns} on {self.tiles} tiles"
        return f"{text}, matvec_error={self.matvec_error:.3g})"


@dataclass(frozen=True)
class TwinReport(Labelled):
    """What a twin is like, layer by layer, and what of it stays digital; ``print`` it, or make a table of it.

    Attributes
    ----------
    layers : tuple of LayerReport
        One a matrix product.
    digital : tuple of DigitalPart
        What is not computed on tiles.
    """

    layers: tuple[LayerReport, ...]
    digital: tuple[DigitalPart, ...]

    def __repr__(self) -> str:
        tiles = sum(line.tiles for line in self.layers)
        return f"TwinReport({len(self.layers)} products on {tiles} tiles, {len(self.digital)} digital parts)"

    def __getitem__(self, name: str) -> LayerReport:
        """The line of a product by its name."""
        return {line.name: line for line in self.layers}[name]

    def summary(self) -> str:
        """All of it as text, a line a product."""
        head = ("layer", "shape", "tiles", "programming", "matvec", "bits", "clipped", "gain")
        table = [head]
        for line in self.layers:
            table.append(
                (
                    line.name,
                    f"{line.rows} x {line.columns}",
                    str(line.tiles),
                    _percent(line.programming_error),
                    _percent(line.matvec_error),
                    "-" if math.isnan(line.effective_bits) else f"{line.effective_bits:.1f}",
                    _percent(line.adc_clipped),
                    f"{line.gain:.3f}",
                )
            )
        return text_of(table, self.digital)

    def __str__(self) -> str:
        return self.summary()

    def to_dataset(self) -> xr.Dataset:
        """All of it as an `xarray.Dataset` with the axis layer, one place a product, units as attributes."""
        return dataset_of("pcmphys report of a twin", self.layers, LayerReport, self.digital)


class SampledError:
    """Sums over sample products of one matrix."""

    def __init__(self) -> None:
        self.vectors: int = 0
        self.error: float = 0.0
        self.exact: float = 0.0

    def add(self, vectors: int, error: float, exact: float) -> None:
        """Of so many vectors, the sums of the squares of errors and of exact outputs."""
        self.vectors += vectors
        self.error += error
        self.exact += exact

    @property
    def relative(self) -> float:
        """Rms error over the rms of what should come out; NaN if that is zero."""
        return math.sqrt(self.error / self.exact) if self.exact > 0.0 else math.nan


def lines(layers: Mapping[str, AnalogLayer], measured: Mapping[str, SampledError]) -> tuple[LayerReport, ...]:
    """One line a product."""
    return tuple(
        _line(product, kind, measured.get(product.name, SampledError())) for product, kind in kinds_of(layers).items()
    )


def _line(product: Product, kind: str, measured: SampledError) -> LayerReport:
    error = measured.relative
    bits = (20.0 * math.log10(1.0 / error) - 1.76) / 6.02 if error > 0.0 else math.nan if error != 0.0 else math.inf
    found = (measured.vectors, error, bits)
    if not isinstance(product, Tiles):
        nothing = (0, 0, math.nan, math.nan, 0)
        return LayerReport(product.name, kind, product.inputs, product.outputs, *nothing, *found, 0.0, 0.0, 1.0)
    matrix, counts = product.matrix, product.counts
    devices = sum(part.devices.size for part in matrix.tiles)
    programming = product.programming or (math.nan, math.nan, 0)
    parts = (product.inputs, product.outputs, len(matrix.tiles), devices, *programming)
    return LayerReport(
        product.name, kind, *parts, *found, *_clipped(counts + matrix.counts), float(matrix.gains.mean())
    )


def _clipped(counts: Counts) -> tuple[float, float]:
    return counts.dac_clipped / max(counts.dac, 1), counts.adc_clipped / max(counts.adc, 1)


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100.0 * value:.3g} %"
