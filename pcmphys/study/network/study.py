"""The study of a network: accuracy and matvec error on drifting arrays, for several chips of several cells."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from pcmphys.cells import load_cell
from pcmphys.errors import ParameterError
from pcmphys.parameters import cite
from pcmphys.study.kind import Kind
from pcmphys.study.network import report
from pcmphys.study.network.chip import REFERENCE_BITS, Piece, fixed_point_errors, memory, pieces, run_chip
from pcmphys.study.network.network import Perceptron, accuracy, load_network
from pcmphys.study.network.portrait import portrait
from pcmphys.study.network.settings import StudyConfig
from pcmphys.study.placed import Filling, PlacedPlan, Places
from pcmphys.study.plan import Key, Part, Variables
from pcmphys.study.settings import named_apart


class NetworkPlan(PlacedPlan):
    """One chunk a chip, or a piece of a large one: all its wires, compensations and times."""

    def __init__(self, config: StudyConfig) -> None:
        self.config: StudyConfig = config
        self.network: Perceptron = load_network(config.network, config.inputs, config.folder)
        self.cells: list[Any] = _load_cells(config)
        self.pieces: list[Piece] = pieces(self.network)
        chips = itertools.product(range(len(self.cells)), range(config.chips))
        whole = len(self.pieces) == 1
        self.chunks: list[Key] = [
            chip if whole else (*chip, piece) for chip in chips for piece in range(len(self.pieces))
        ]
        self.steps: int = len(config.ir_drop) * len(config.times)

    def content(self) -> str:
        """See `Plan`: the cells and the network, which are files of their own."""
        digest = hashlib.sha256()
        network = self.network
        for array in (*network.weights, *network.biases, network.inputs, network.labels, network.sample):
            digest.update(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes())
        return "".join(cell.technology.model_dump_json(exclude={"file"}) for cell in self.cells) + digest.hexdigest()

    def task(self, key: Key, *needed: Part) -> tuple[Callable[..., Part], tuple[Any, ...]]:
        """See `Plan`."""
        entering = needed[0]["leaving"] if needed else None
        return run_chip, (self.config, self.cells[key[0]], self.network, key[1], self._piece(key), entering)

    def needs(self, key: Key) -> list[Key]:
        """See `Plan`: the layers of a large chip are run one after the other."""
        return [(*key[:2], key[2] - 1)] if len(key) > 2 and key[2] > 0 else []

    def memory(self) -> int:
        """See `Plan`."""
        return memory(self.config, self.cells, self.network)

    def _piece(self, key: Key) -> Piece:
        return self.pieces[key[2] if len(key) > 2 else 0]

    def title(self) -> str:
        """See `PlacedPlan`."""
        return f"pcmphys study of {self.config.network}"

    def coordinates(self) -> dict[str, Any]:
        """See `PlacedPlan`."""
        config = self.config
        return {
            "cell": [cell.name for cell in self.cells],
            "chip": ("chip", np.arange(config.chips), {"units": "1"}),
            "wires": ["IR drop" if on else "ideal" for on in config.ir_drop],
            "compensation": ["on" if on else "off" for on in config.compensation],
            "time": ("time", np.array(config.times), {"units": "s", "long_name": "time since programming"}),
            "layer": ("layer", np.arange(1, len(self.network.weights) + 1), {"units": "1"}),
        }

    def attributes(self) -> dict[str, str]:
        """See `PlacedPlan`."""
        return {
            "technologies": json.dumps([cell.technology.model_dump() for cell in self.cells]),
            "references": "\n\n".join(cite(cell) for cell in self.cells),
        }

    def layout(self) -> dict[str, Filling]:
        """See `PlacedPlan`."""
        config = self.config
        lengths = {
            "wires": len(config.ir_drop),
            "compensation": len(config.compensation),
            "time": len(config.times),
            "layer": len(self.network.weights),
        }
        found = {}
        for name, (axes, unit, text) in _MEASURED.items():
            shape = tuple(lengths[axis] for axis in axes)
            whole = (len(self.cells), config.chips, *shape)
            found[name] = Filling(("cell", "chip", *axes), whole, unit, text, (1, 1, *shape))
        return found

    def place(self, key: Key, part: Part) -> Places:
        """See `PlacedPlan`."""
        layers = slice(*self._piece(key))
        found: Places = {name: ((*key[:2], ..., layers), part[name]) for name in _MEASURED if name != "accuracy"}
        return found | ({"accuracy": (key[:2], part["accuracy"])} if "accuracy" in part else {})

    def closing(self, found: dict[str, np.ndarray]) -> Variables:
        """See `PlacedPlan`."""
        network = self.network
        reference = fixed_point_errors(network)
        pooled = np.sqrt((found["layer_error"] ** 2).mean(axis=-1))
        pooled_reference = np.sqrt((reference**2).mean())
        with np.errstate(divide="ignore"):
            bits = REFERENCE_BITS - np.log2(pooled / pooled_reference)
        axes = ("cell", "chip", *_RUN)
        return {
            "matvec_error": (axes, pooled, "1", "relative error of the matrix-vector products, rms over layers"),
            "effective_bits": (axes, bits, "bit", "resolution at which fixed point errs as much"),
            "fixed_point_error": (("layer",), reference, "1", f"relative error in {REFERENCE_BITS}-bit fixed point"),
            "digital_accuracy": ((), accuracy(network.activations(network.inputs)[-1], network.labels), "1", "float64"),
            **portrait(self.config, self.cells, network),
        }


_RUN = ("wires", "compensation", "time")
_MEASURED = {
    "accuracy": (_RUN, "1", "fraction of test inputs classified right"),
    "layer_error": ((*_RUN, "layer"), "1", "relative error of each layer's product, exact inputs"),
    "gain": (("wires", "time", "layer"), "1", "mean drift-compensation gain"),
    "adc_clipped": (("wires", "layer"), "1", "conversions clipped"),
    "programming_error": (("layer",), "1", "rms error / max G"),
    "targets_clipped": (("layer",), "1", "targets out of range"),
}
"""Axes besides cell and chip, unit and meaning of what is measured on a chip."""


def _load_cells(config: StudyConfig) -> list:
    cells = [load_cell(config.path_or_name(name)) for name in config.cells]
    for name, cell in zip(config.cells, cells, strict=True):
        if not callable(getattr(type(cell), "population", None)):
            raise ParameterError(f"cells: {name!r} is a film, which has no devices; a network needs cells that have")
    named_apart(config.cells, [cell.name for cell in cells])
    return cells


KIND = Kind(StudyConfig, NetworkPlan, report)
