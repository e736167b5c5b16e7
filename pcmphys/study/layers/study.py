"""The study of layers: networks on drifting arrays with and without noise-aware training, beside fixed point."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from pcmphys.cells import load_cell
from pcmphys.errors import ParameterError
from pcmphys.parameters import cite
from pcmphys.study.kind import Kind
from pcmphys.study.layers import report
from pcmphys.study.layers.settings import LayersConfig
from pcmphys.study.layers.work import REFERENCES, data_of, run_chip, run_references
from pcmphys.study.placed import Filling, PlacedPlan, Places
from pcmphys.study.plan import Key, Part
from pcmphys.study.settings import named_apart

_DIGITAL, _CHIP = 0, 1
"""First number of a chunk's key: a network in fixed point, or on a chip."""
_SAMPLE = 1000
_COPIES = 3.2
"""How often a worker holds the state of a device: as programmed, and what a wait writes anew."""
_BYTES_READ = 100.0
"""Memory [bytes] a device for what is read of it."""
_BYTES_TORCH = 300e6
"""Memory [bytes] that PyTorch takes besides."""


class LayersPlan(PlacedPlan):
    """A chunk for each network and training in fixed point, and for each of them on each cell and chip."""

    def __init__(self, config: LayersConfig) -> None:
        self.config: LayersConfig = config
        self.cells: list[Any] = [_cell(config, name) for name in config.cells]
        named_apart(config.cells, [cell.name for cell in self.cells])
        _check_packages()
        self.titles: list[str] = []
        self.weights: list[int] = []
        for name in config.networks:
            _, _, sample = data_of(config, name)  # what is missing is said before anything runs
            title, weights = _described(name, sample)
            self.titles.append(title)
            self.weights.append(weights)
        pairs = list(itertools.product(range(len(config.networks)), range(len(config.trainings))))
        chips = list(itertools.product(range(len(self.cells)), range(config.chips)))
        self.chunks: list[Key] = [
            *((_DIGITAL, *pair) for pair in pairs),
            *((_CHIP, *pair, *chip) for pair in pairs for chip in chips),
        ]
        self.steps: int = len(config.ir_drop) * len(config.times)

    def content(self) -> str:
        """See `Plan`: the cells and the weights, which are files of their own."""
        from pcmphys.nn.examples import fingerprint

        config = self.config
        pairs = itertools.product(config.networks, config.trainings)
        cells = "".join(cell.technology.model_dump_json(exclude={"file"}) for cell in self.cells)
        return cells + "".join(fingerprint(*pair) for pair in pairs)

    def memory(self) -> int:
        """See `Plan`."""
        device = max(getattr(cell.population(_SAMPLE), "nbytes", 0) / _SAMPLE for cell in self.cells)
        return int(2 * self.config.pairs * max(self.weights) * (_COPIES * device + _BYTES_READ) + _BYTES_TORCH)

    def task(self, key: Key, *needed: Part) -> tuple[Callable[..., Part], tuple[Any, ...]]:
        """See `Plan`."""
        config = self.config
        what = (config, config.networks[key[1]], config.trainings[key[2]])
        if key[0] == _DIGITAL:
            return run_references, what
        return run_chip, (*what, self.cells[key[3]], key[4])

    def title(self) -> str:
        """See `PlacedPlan`."""
        return "pcmphys study of layers"

    def coordinates(self) -> dict[str, Any]:
        """See `PlacedPlan`."""
        config = self.config
        return {
            "network": list(config.networks),
            "training": list(config.trainings),
            "cell": [cell.name for cell in self.cells],
            "chip": ("chip", np.arange(config.chips), {"units": "1"}),
            "wires": ["IR drop" if on else "ideal" for on in config.ir_drop],
            "time": ("time", np.array(config.times), {"units": "s", "long_name": "time since programming"}),
            "arithmetic": list(REFERENCES),
            "weights": ("network", np.array(self.weights), {"units": "1", "long_name": "weights on tiles"}),
        }

    def attributes(self) -> dict[str, str]:
        """See `PlacedPlan`."""
        return {
            "titles": json.dumps(dict(zip(self.config.networks, self.titles, strict=True))),
            "technologies": json.dumps([cell.technology.model_dump() for cell in self.cells]),
            "references": "\n\n".join(cite(cell) for cell in self.cells),
        }

    def layout(self) -> dict[str, Filling]:
        """See `PlacedPlan`."""
        config = self.config
        lengths = {
            "network": len(config.networks), "training": len(config.trainings), "cell": len(self.cells),
            "chip": config.chips, "wires": len(config.ir_drop), "time": len(config.times),
            "arithmetic": len(REFERENCES),
        }  # fmt: skip
        found = {}
        for name, (axes, unit, text) in {**_ON_CHIPS, **_IN_FIXED_POINT}.items():
            whole = (*_PAIR, *axes)
            found[name] = Filling(whole, tuple(lengths[axis] for axis in whole), unit, text)
        return found

    def place(self, key: Key, part: Part) -> Places:
        """See `PlacedPlan`."""
        if key[0] == _DIGITAL:
            return {f"digital_{name}": (key[1:], part[name]) for name in ("accuracy", "loss")}
        return {name: (key[1:], part[name]) for name in _ON_CHIPS}


_PAIR = ("network", "training")
_DEVICE = ("cell", "chip")
_RUN = (*_DEVICE, "wires", "time")
_ON_CHIPS = {
    "accuracy": (_RUN, "1", "fraction of test predictions that are right"),
    "loss": (_RUN, "bit", "cross entropy of a prediction"),
    "programming_error": (_DEVICE, "1", "rms error of the worst layer / max G"),
    "adc_clipped": ((*_DEVICE, "wires"), "1", "conversions clipped in the worst layer"),
}
_IN_FIXED_POINT = {
    "digital_accuracy": (("arithmetic",), "1", "fraction of test predictions that are right, digital"),
    "digital_loss": (("arithmetic",), "bit", "cross entropy of a prediction, digital"),
}
"""Axes besides network and training, unit and meaning."""


def _cell(config: LayersConfig, name: str) -> Any:
    cell = load_cell(config.path_or_name(name))
    if not callable(getattr(type(cell), "population", None)):
        raise ParameterError(f"cells: {name!r} is a film, which has no devices; a network needs cells that have")
    return cell


def _check_packages() -> None:
    try:
        import pcmphys.nn  # noqa: F401 (says what is missing)
    except ImportError as error:
        raise ParameterError(f"study of layers: {error}") from None


def _described(name: str, sample: Any) -> tuple[str, int]:
    """Title of a network, and its weights on tiles."""
    from pcmphys import nn
    from pcmphys.nn.examples import example

    chosen = example(name)
    return chosen.title, sum(layer.rows * layer.columns for layer in nn.shapes(chosen.make(), sample[:1]))


KIND = Kind(LayersConfig, LayersPlan, report)
