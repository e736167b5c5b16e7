"""The study of chips: what networks cost on chips of tiles, and what conductance and integration time buy."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.cells import load_cell
from pcmphys.chip import Chip, LayerShape, load_chip
from pcmphys.chip.networks import NETWORKS
from pcmphys.errors import ParameterError
from pcmphys.parameters import cite
from pcmphys.study.chip import report, work
from pcmphys.study.chip.settings import ChipConfig
from pcmphys.study.kind import Kind
from pcmphys.study.plan import Key, Part, Plan, Variables, labelled

if TYPE_CHECKING:
    import xarray as xr

_COST, _TRADE = 0, 1
"""First number of a chunk's key: a network on a chip, the two plots of a chip."""
_OWN = "your own"


class ChipPlan(Plan):
    """One chunk for each network on each chip, and one for the two plots of each chip."""

    def __init__(self, config: ChipConfig) -> None:
        self.config: ChipConfig = config
        self.layers: dict[str, list[LayerShape]] = config.layers()
        self.hardware: list[Chip] = [load_chip(config.path_or_name(name)) for name in config.chips]
        _named_apart(config.chips, [chip.name for chip in self.hardware])
        self.cell: Any = load_cell(config.path_or_name(config.cell))
        if not hasattr(self.cell, "population"):
            raise ParameterError(f"cell: {self.cell.name!r} is no device with a conductance; take another technology")
        self._check_room()
        pairs = np.ndindex(len(self.layers), len(self.hardware))
        self.chunks: list[Key] = [(_COST, *pair) for pair in pairs]
        self.chunks += [(_TRADE, k) for k in range(len(self.hardware))]

    def _check_room(self) -> None:
        """What does not fit shows before anything runs."""
        for name, layers in self.layers.items():
            for chip in self.hardware:
                try:
                    work.laid_out(self.config, layers, chip)
                except ParameterError as error:
                    raise ParameterError(f"network {name!r}: {error}") from None

    def content(self) -> str:
        """See `Plan`: the chips and the cell, which are files of their own."""
        technologies = [one.technology for one in (*self.hardware, self.cell)]
        return "".join(one.model_dump_json(exclude={"file"}) for one in technologies)

    def task(self, key: Key, *needed: Part) -> tuple[Callable[..., Part], tuple[Any, ...]]:
        """See `Plan`."""
        if key[0] == _COST:
            return work.cost_network, (self.config, list(self.layers.values())[key[1]], self.hardware[key[2]])
        return work.cost_tile, (self.config, self.hardware[key[1]], self.cell)

    def dataset(self, parts: list[Part]) -> xr.Dataset:
        """See `Plan`."""
        by_key = dict(zip(self.chunks, parts, strict=True))
        variables = {**self._of_networks(by_key), **self._of_layers(by_key), **self._of_trades(by_key)}
        names = list(self.layers)
        every = [(name, layer.name) for name, layers in self.layers.items() for layer in layers]
        times = np.geomspace(self.config.shortest, self.config.longest, self.config.points)
        conductance = work.conductances(self.config, self.cell)
        coordinates = {
            "network": names,
            "chip": [chip.name for chip in self.hardware],
            "scope": list(work.SCOPES),
            "part": list(work.ENERGY),
            "area_part": list(work.AREA),
            "layer": [f"{network}: {layer}" for network, layer in every],
            "conductance": ("conductance", conductance, {"units": "S", "long_name": "conductance of all devices"}),
            "integration": ("integration", times, {"units": "s", "long_name": "integration time of a phase"}),
        }
        attributes = {
            "networks": json.dumps({name: NETWORKS[name][1] if name in NETWORKS else _OWN for name in names}),
            "chips": json.dumps({chip.name: _standing(chip) for chip in self.hardware}),
            "cell": self.cell.name,
            "references": "\n\n".join(cite(one) for one in (*self.hardware, self.cell)),
        }
        return labelled(self.config, "pcmphys study of chips", variables, coordinates, attributes)

    def _of_networks(self, parts: dict[Key, Part]) -> Variables:
        found: Variables = {}
        axes: tuple[str, ...] = ("network", "chip")
        for name, (unit, text) in _PLAN.items():
            found[name] = (axes, self._grid(parts, name), unit, text)
        for name, (unit, text) in _SCOPE.items():
            found[name] = ((*axes, "scope"), self._grid(parts, name), unit, text)
        found["energy"] = ((*axes, "scope", "part"), self._grid(parts, "energy"), "J", "of a sample, by part")
        found["area"] = ((*axes, "scope", "area_part"), self._grid(parts, "area"), "m2", "by part")
        weights = [sum(layer.weights for layer in layers) for layers in self.layers.values()]
        macs = [sum(layer.macs for layer in layers) for layers in self.layers.values()]
        found["weights"] = (("network",), weights, "1", "weights")
        found["macs"] = (("network",), macs, "1", "multiplications with addition for a sample")
        return found

    def _grid(self, parts: dict[Key, Part], name: str) -> np.ndarray:
        return np.array(
            [[parts[_COST, i, j][name] for j in range(len(self.hardware))] for i in range(len(self.layers))]
        )

    def _of_layers(self, parts: dict[Key, Part]) -> Variables:
        found: Variables = {}
        for name, (unit, text) in _LAYER.items():
            columns = [
                np.concatenate([parts[_COST, i, j][name] for i in range(len(self.layers))])
                for j in range(len(self.hardware))
            ]
            found[name] = (("layer", "chip"), np.stack(columns, axis=1), unit, text)
        return found

    def _of_trades(self, parts: dict[Key, Part]) -> Variables:
        found: Variables = {}
        for name, (unit, text) in _TRADES.items():
            values = np.stack([parts[_TRADE, k][name] for k in range(len(self.hardware))])
            found[name] = (("chip", "conductance", "integration"), values, unit, text)
        return found


def _named_apart(given: tuple[str, ...], names: list[str]) -> None:
    for k, name in enumerate(names):
        if name in names[:k]:
            raise ParameterError(
                f"chips: {given[names.index(name)]!r} and {given[k]!r} have the same name {name!r}; give each "
                "parameter file a name of its own"
            )


def _standing(chip: Chip) -> dict[str, Any]:
    """What a reader must know of a chip's numbers."""
    kinds = [quantity.kind for quantity in chip.technology.quantities.values()]
    return {
        "title": chip.technology.title,
        "notes": list(chip.technology.notes),
        "assumed": kinds.count("assumed"),
        "numbers": len(kinds),
    }


_PLAN = {
    "tiles": ("1", "tiles that hold the weights once"),
    "tiles_in_use": ("1", "tiles with all copies"),
    "chips": ("1", "chips"),
    "utilisation": ("1", "weights over those that the tiles could hold"),
}
_SCOPE = {
    "latency": ("s", "from a sample's first input to its last output"),
    "period": ("s", "from sample to sample, once the pipeline is full"),
    "efficiency": ("1/J", "operations a joule, two a multiplication with addition"),
    "throughput": ("1/s", "operations a second, once the pipeline is full"),
    "density": ("1/(s m2)", "throughput over area"),
}
_LAYER = {
    "layer_time": ("s", "of a layer for one sample"),
    "layer_tiles": ("1", "tiles that hold a layer once"),
    "layer_copies": ("1", "copies of a layer"),
}
_TRADES = {
    "trade_efficiency": ("1/J", "operations a joule of a full tile"),
    "trade_limit": ("1/J", "the same of its devices alone"),
    "trade_density": ("1/(s m2)", "operations a second over the area of a full tile"),
    "trade_decibel": ("dB", "signal over noise of an output, 20 log10 of amplitudes"),
}
"""Unit and text of the results."""

KIND = Kind(ChipConfig, ChipPlan, report)
