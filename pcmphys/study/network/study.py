"""The study of a network: accuracy and matvec error on drifting arrays, for several chips of several cells."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.cells import load_cell
from pcmphys.errors import ParameterError
from pcmphys.parameters import cite
from pcmphys.study.kind import Kind
from pcmphys.study.network import report
from pcmphys.study.network.chip import REFERENCE_BITS, fixed_point_errors, run_chip
from pcmphys.study.network.network import Perceptron, accuracy, load_network
from pcmphys.study.network.portrait import portrait
from pcmphys.study.network.settings import StudyConfig
from pcmphys.study.plan import Part, Plan, Variables, labelled

if TYPE_CHECKING:
    import xarray as xr


class NetworkPlan(Plan):
    """One chunk a chip: all its wires, compensations and times."""

    def __init__(self, config: StudyConfig) -> None:
        self.config: StudyConfig = config
        self.network: Perceptron = load_network(config.network, config.inputs, config.folder)
        self.cells: list[Any] = _load_cells(config)
        self.chunks: list[tuple[int, ...]] = [(k, chip) for k in range(len(self.cells)) for chip in range(config.chips)]
        self.steps: int = len(config.ir_drop) * len(config.times)

    def content(self) -> str:
        """See `Plan`: the cells and the network, which are files of their own."""
        digest = hashlib.sha256()
        network = self.network
        for array in (*network.weights, *network.biases, network.inputs, network.labels, network.sample):
            digest.update(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes())
        return "".join(cell.technology.model_dump_json(exclude={"file"}) for cell in self.cells) + digest.hexdigest()

    def task(self, key: tuple[int, ...]) -> tuple[Callable[..., Part], tuple[Any, ...]]:
        """See `Plan`."""
        cell, chip = key
        return run_chip, (self.config, self.cells[cell], self.network, chip)

    def dataset(self, parts: list[Part]) -> xr.Dataset:
        """See `Plan`."""
        config, network, cells = self.config, self.network, self.cells
        coordinates = {
            "cell": [cell.name for cell in cells],
            "chip": ("chip", np.arange(config.chips), {"units": "1"}),
            "wires": ["IR drop" if on else "ideal" for on in config.ir_drop],
            "compensation": ["on" if on else "off" for on in config.compensation],
            "time": ("time", np.array(config.times), {"units": "s", "long_name": "time since programming"}),
            "layer": ("layer", np.arange(1, len(network.weights) + 1), {"units": "1"}),
        }
        attributes = {
            "technologies": json.dumps([cell.technology.model_dump() for cell in cells]),
            "references": "\n\n".join(cite(cell) for cell in cells),
        }
        title = f"pcmphys study of {config.network}"
        return labelled(config, title, self._variables(parts), coordinates, attributes)

    def _variables(self, parts: list[Part]) -> Variables:
        config, network = self.config, self.network

        def stacked(name: str) -> np.ndarray:
            values = np.stack([part[name] for part in parts])
            return values.reshape(len(config.cells), config.chips, *values.shape[1:])

        reference = fixed_point_errors(network)
        error = stacked("matvec_error")
        pooled = np.sqrt((error**2).mean(axis=-1))
        pooled_reference = np.sqrt((reference**2).mean())
        with np.errstate(divide="ignore"):
            bits = REFERENCE_BITS - np.log2(pooled / pooled_reference)
        run_axes = ("cell", "chip", "wires", "compensation", "time")
        return {
            "accuracy": (run_axes, stacked("accuracy"), "1", "fraction of test inputs classified right"),
            "matvec_error": (run_axes, pooled, "1", "relative error of the matrix-vector products, rms over layers"),
            "effective_bits": (run_axes, bits, "bit", "resolution at which fixed point errs as much"),
            "layer_error": ((*run_axes, "layer"), error, "1", "relative error of each layer's product, exact inputs"),
            "gain": (("cell", "chip", "wires", "time", "layer"), stacked("gain"), "1", "mean drift-compensation gain"),
            "adc_clipped": (("cell", "chip", "wires", "layer"), stacked("adc_clipped"), "1", "conversions clipped"),
            "programming_error": (("cell", "chip", "layer"), stacked("programming_error"), "1", "rms error / max G"),
            "targets_clipped": (("cell", "chip", "layer"), stacked("targets_clipped"), "1", "targets out of range"),
            "fixed_point_error": (("layer",), reference, "1", f"relative error in {REFERENCE_BITS}-bit fixed point"),
            "digital_accuracy": ((), accuracy(network.activations(network.inputs)[-1], network.labels), "1", "float64"),
            **portrait(config, self.cells, network),
        }  # fmt: skip


def _load_cells(config: StudyConfig) -> list:
    cells = [load_cell(config.path_or_name(name)) for name in config.cells]
    names = [cell.name for cell in cells]
    for k, name in enumerate(names):
        if name in names[:k]:
            raise ParameterError(
                f"cells: {config.cells[names.index(name)]!r} and {config.cells[k]!r} have the same name {name!r}; "
                "give each parameter file a name of its own"
            )
    return cells


KIND = Kind(StudyConfig, NetworkPlan, report)
