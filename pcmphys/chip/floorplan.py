"""A network on the tiles of chips: places, times, energies."""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pcmphys.chip.chip import Chip, as_chip
from pcmphys.chip.cost import Breakdown, Cost, ScopeCost
from pcmphys.chip.layers import LayerShape, layers_of
from pcmphys.chip.links import OUTSIDE, Link, Mapped, links_of
from pcmphys.chip.tile import Stages, analog_time, array_energy, product_energy
from pcmphys.errors import ParameterError
from pcmphys.numerics import check, labelled

if TYPE_CHECKING:
    import xarray as xr

_MOST_TILES = 10**7
_ROUNDING = 1e-12
"""Part of a time by which it may miss a whole number of products."""


class Stage(NamedTuple):
    """One layer in the pipeline."""

    layer: LayerShape
    tiles: int
    """Tiles that hold its weights once."""
    copies: int
    """How often they are there; its vectors are shared out to the copies."""
    utilisation: float
    """Part of these tiles' weights that it uses."""
    product: Stages
    """Times of one product [s]."""

    def __repr__(self) -> str:
        return f"Stage({self.layer.name!r} on {self.copies} x {self.tiles} tiles, {self.time:.6g} s)"

    @property
    def time(self) -> float:
        """For all vectors of one sample [s], once products follow each other: what a pipeline of samples waits for."""
        return math.ceil(self.layer.vectors / self.copies) * self.product.period

    @property
    def latency(self) -> float:
        """From a sample's first input to its last output [s]."""
        return self.product.latency + self.time - self.product.period


class Floorplan(labelled.Labelled):
    """A network on the tiles of one or several chips.

    Parameters
    ----------
    shapes : sequence
        Layers in their order: `LayerShape`, tuples (name, rows, columns, vectors a sample), or objects with these
        names (and ``operations``, ``conductance``), as `pcmphys.chip.network` has them.
    chip : Chip, str or Path
        As `load_chip` gives it, or its name or file.
    chips : int, optional
        Most chips at hand; as many as needed by default.
    replicate : bool
        Give tiles that are left on the last chip to copies of the layers that hold up the others, as far as that makes
        the slowest stage shorter.

    Raises
    ------
    ParameterError
        The network does not fit on the chips at hand (the layer is named); a wrong layer or chip.

    Notes
    -----
    *Mapping*: a layer takes ceil(rows / tile rows) x ceil(columns / tile columns) tiles of its own; weights stay where
    they are. *Time*: from product to product a layer's tiles need the slowest of analog, digital and sending; samples
    follow each other at the pace of the slowest layer; within one sample a layer starts when the one before it has
    finished. *Energy*: rows and columns that are used; what leaks does so for the whole batch.

    Not modelled: two layers on one tile, convolutions that start before their input is complete, stalls on the mesh,
    buffers, writing of the weights, shortcuts of residual networks (a sum of the operations of their layer).

    Examples
    --------
    >>> import pcmphys as pcm
    >>> plan = pcm.Floorplan([("first", 784, 256), ("second", 256, 10)], chip="hermes-14nm")
    >>> plan
    Floorplan(2 layers on 5 tiles of 1 'hermes-14nm', 62 % used)
    >>> plan.tiles, plan.chips, round(plan.utilisation, 3)
    (5, 1, 0.62)
    >>> cost = plan.cost()
    >>> list(cost.chip.energy), cost.chip.energy.total == sum(cost.chip.energy.values())
    (['array', 'dac', 'adc', 'lines', 'digital', 'leakage', 'mesh', 'standby'], True)

    A convolution is busy for many positions; copies share them:

    >>> conv = [("conv", 576, 64, 1024), ("dense", 4096, 10)]
    >>> slow, fast = (pcm.Floorplan(conv, "hermes-14nm", replicate=copies).cost() for copies in (False, True))
    >>> round(slow.chip.period / fast.chip.period)
    16
    """

    def __init__(
        self, shapes: Any, chip: Chip | str | Path = "hermes-14nm", *, chips: int | None = None, replicate: bool = False
    ):
        self.layers: tuple[LayerShape, ...] = layers_of(shapes)
        self.chip: Chip = as_chip(chip)
        self.replicate: bool = bool(replicate)
        self._mapped = self._map(None if chips is None else check.integer("chips", chips, 1))
        self.copies: tuple[int, ...] = self._shared_out() if replicate else (1,) * len(self.layers)

    def __repr__(self) -> str:
        return (
            f"Floorplan({len(self.layers)} layers on {self.tiles} tiles of {self.chips} {self.chip.name!r}, "
            f"{100.0 * self.utilisation:.0f} % used)"
        )

    @property
    def tiles(self) -> int:
        """Tiles that hold the weights once."""
        return self._mapped[-1].first + self._mapped[-1].tiles

    @property
    def tiles_in_use(self) -> int:
        """Tiles with all copies."""
        return sum(part.tiles * count for part, count in zip(self._mapped, self.copies, strict=True))

    @property
    def chips(self) -> int:
        """Chips: tiles over tiles of a chip, rounded up."""
        return math.ceil(self.tiles / self.chip.tiles)

    @property
    def utilisation(self) -> float:
        """Weights over those that the tiles could hold."""
        return self.weights / (self.tiles * self.chip.rows * self.chip.columns)

    @property
    def weights(self) -> int:
        """Number of weights."""
        return sum(layer.weights for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiplications with addition for one sample."""
        return sum(layer.macs for layer in self.layers)

    @cached_property
    def links(self) -> list[Link]:
        """Ways that numbers take between tiles for one sample: bits, hops, edges of chips that they cross."""
        return links_of(self._mapped, self.chip.tiles, self._bits)

    @cached_property
    def stages(self) -> list[Stage]:
        """The pipeline, a stage a layer."""
        return [self._stage(part, count) for part, count in zip(self._mapped, self.copies, strict=True)]

    @property
    def period(self) -> float:
        """Time [s] from sample to sample: that of the slowest stage."""
        return max(stage.time for stage in self.stages)

    @property
    def latency(self) -> float:
        """Time [s] of one sample, from its first input to its last output, on the chips."""
        return sum(stage.latency for stage in self.stages) + self._way()

    def to_dataset(self) -> xr.Dataset:
        """The pipeline as an `xarray.Dataset` with the axis layer, units as attributes."""
        along, stages = ("layer",), self.stages
        columns = {
            "rows": ([one.layer.rows for one in stages], "1", "inputs"),
            "columns": ([one.layer.columns for one in stages], "1", "outputs"),
            "vectors": ([one.layer.vectors for one in stages], "1", "input vectors for one sample"),
            "tiles": ([one.tiles for one in stages], "1", "tiles that hold its weights once"),
            "copies": ([one.copies for one in stages], "1", "how often they are there"),
            "utilisation": ([one.utilisation for one in stages], "1", "part of these tiles' weights that it uses"),
            "time": ([one.time for one in stages], "s", "for all vectors of one sample"),
            "latency": ([one.latency for one in stages], "s", "from a sample's first input to its last output"),
        }
        return labelled.dataset(
            f"pcmphys network on {self.chip.name}",
            {name: (along, *rest) for name, rest in columns.items()},
            {"layer": (along, [one.layer.name for one in stages], "1", "name of the layer")},
            chips=self.chips,
            period=self.period,
            latency=self.latency,
        )

    def cost(self, batch: int = 1) -> Cost:
        """Energy, times and area by part, at the scopes of the tiles, the chips and the system.

        Parameters
        ----------
        batch : int
            Samples that follow each other.

        Returns
        -------
        Cost
            Of the whole batch; what leaks and stands by counts for its duration.
        """
        batch = check.integer("batch", batch, 1, 10**12)
        p = self.chip.parameters
        energy = {part: value * batch for part, value in self._product_energy().items()}
        times = self.latency, self.period
        duration = times[0] + (batch - 1) * times[1]
        energy["leakage"] = p.tile.leakage * self.tiles_in_use * duration
        area = {"tiles": self.tiles_in_use * p.tile.area}
        tile = self._scope("tile", energy, area, times, batch)
        energy["mesh"] = batch * p.mesh.bit_energy * sum(link.bits * link.hops for link in self.links)
        energy["standby"] = p.chip.standby * self.chips * duration
        idle = self.chips * self.chip.tiles - self.tiles_in_use
        area |= {"idle tiles": idle * p.tile.area, "rest of chips": self.chips * p.chip.area}
        chip = self._scope("chip", energy, area, times, batch)
        crossing = sum(link.bits * link.crossings for link in self.links)
        outer = sum(link.bits for link in self.links if OUTSIDE in link[:2])
        whole = times[0] + outer / p.system.bandwidth, max(times[1], (outer + crossing) / p.system.bandwidth)
        energy["between chips"] = batch * p.system.bit_energy * crossing
        energy["in and out"] = batch * p.system.bit_energy * outer
        energy["outside"] = batch * p.system.operation_energy * self._outside_operations()
        energy["system standby"] = p.system.standby * (whole[0] + (batch - 1) * whole[1])
        return Cost(tile, chip, self._scope("system", energy, area, whole, batch))

    def _scope(
        self, scope: str, energy: dict[str, float], area: dict[str, float], times: tuple[float, float], batch: int
    ) -> ScopeCost:
        return ScopeCost(scope, Breakdown(energy, "J"), Breakdown(area, "m2"), *times, batch * self.macs, batch)

    @property
    def _bits(self) -> tuple[int, int]:
        converters = self.chip.parameters.converters
        return round(converters.input_bits), round(converters.output_bits)

    def _map(self, most: int | None) -> list[Mapped]:
        chip, first, found = self.chip, 0, []
        for layer in self.layers:
            part = Mapped(layer, first, math.ceil(layer.rows / chip.rows), math.ceil(layer.columns / chip.columns))
            first += part.tiles
            room = (_MOST_TILES if most is None else most * chip.tiles) - part.first
            if part.tiles > room:
                raise ParameterError(_too_small(part, chip, room, most))
            found.append(part)
        return found

    def _stage(self, part: Mapped, copies: int) -> Stage:
        p, layer = self.chip.parameters, part.layer
        digital = self._operations(part) / (p.digital.rate * part.tiles)
        sent = layer.columns * self._bits[1] / (p.mesh.bandwidth * part.across)
        used = layer.weights / (part.tiles * self.chip.rows * self.chip.columns)
        return Stage(layer, part.tiles, copies, used, Stages(analog_time(p), digital, sent))

    @staticmethod
    def _operations(part: Mapped) -> float:
        """Digital operations of one product: sums of partial sums, and what the layer asks for."""
        return part.layer.columns * (part.down - 1 + part.layer.operations)

    def _outside_operations(self) -> float:
        return sum(layer.columns * layer.vectors * layer.operations for layer in self.layers)

    def _product_energy(self) -> dict[str, float]:
        """Of one sample [J], by part."""
        p = self.chip.parameters
        total = dict.fromkeys(("array", "dac", "adc", "lines", "digital"), 0.0)
        for part in self._mapped:
            layer = part.layer
            mean = p.array.conductance if layer.conductance is None else layer.conductance
            array = array_energy(p, layer.weights, mean)
            one = product_energy(p, layer.rows * part.across, layer.columns * part.down, array)
            one["digital"] = self._operations(part) * p.digital.operation_energy
            for key, value in one.items():
                total[key] += value * layer.vectors
        return total

    def _way(self) -> float:
        """Time [s] of the first bits on the mesh, over all layers."""
        return self.chip.parameters.mesh.hop_time * sum(link.hops for link in self.links)

    def _shared_out(self) -> tuple[int, ...]:
        """Copies of each layer that make the slowest stage as short as the tiles allow, and no more than that takes."""
        products = [self._stage(part, 1).product.period for part in self._mapped]
        vectors = [layer.vectors for layer in self.layers]
        room = self.chips * self.chip.tiles

        def copies(pace: float) -> tuple[int, ...]:
            turns = [max(int(pace / one * (1.0 + _ROUNDING)), 1) for one in products]
            return tuple(math.ceil(count / most) for count, most in zip(vectors, turns, strict=True))

        def fits(found: tuple[int, ...]) -> bool:
            return sum(part.tiles * count for part, count in zip(self._mapped, found, strict=True)) <= room

        slow = max(count * one for count, one in zip(vectors, products, strict=True))
        fast = max(products)
        if fits(copies(fast)):
            return copies(fast)
        while slow - fast > _ROUNDING * slow:  # what fits at a pace fits at any slower one
            middle = 0.5 * (slow + fast)
            slow, fast = (middle, fast) if fits(copies(middle)) else (slow, middle)
        return copies(slow)


def _too_small(part: Mapped, chip: Chip, room: int, most: int | None) -> str:
    layer = part.layer
    at_hand = f"at most {_MOST_TILES}" if most is None else f"{_several(most, 'chip')} of {chip.tiles}"
    return (
        f"chips: layer {layer.name!r} of {layer.rows} x {layer.columns} weights needs {_several(part.tiles, 'tile')} "
        f"of {chip.rows} x {chip.columns} of {chip.name!r}, of which {max(room, 0)} are left ({at_hand}); allow more "
        "chips, take a chip with more or larger tiles, or split the network"
    )


def _several(count: int, word: str) -> str:
    return f"{count} {word}{'s' * (count != 1)}"
