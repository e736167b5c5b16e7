"""The study of training: a network that learns in place, by rules and devices, beside floating point."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from pcmphys.parameters import cite
from pcmphys.study.kind import Kind
from pcmphys.study.placed import Filling, PlacedPlan, Places
from pcmphys.study.plan import Key, Part
from pcmphys.study.settings import named_apart
from pcmphys.study.training import report
from pcmphys.study.training.runs import TrainingRun, runs
from pcmphys.study.training.settings import TrainingConfig
from pcmphys.study.training.work import images_of, train
from pcmphys.training.digits import Digits

_BYTES_DEVICE = 200.0
"""Memory [bytes] of a weight with all arrays of a rule."""


class TrainingPlan(PlacedPlan):
    """A chunk for each run and seed."""

    def __init__(self, config: TrainingConfig) -> None:
        self.config: TrainingConfig = config
        self.runs: list[TrainingRun] = runs(config)
        named_apart(config.cells, [_name(config, self.runs, name) for name in config.cells])
        self.images: Digits = images_of(config)  # what is missing is said before anything runs
        self.chunks: list[Key] = [(run, seed) for run in range(len(self.runs)) for seed in range(config.seeds)]
        self.steps: int = config.epochs

    def content(self) -> str:
        """See `Plan`: the technologies and the images, which are files of their own."""
        digest = hashlib.sha256()
        for array in self.images:
            digest.update(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes())
        return "".join(cell.technology.model_dump_json(exclude={"file"}) for cell in self._cells()) + digest.hexdigest()

    def memory(self) -> int:
        """See `Plan`."""
        sizes = (self.images.inputs.shape[1], *self.config.hidden, int(self.images.right.max()) + 1)
        weights = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
        return int(_BYTES_DEVICE * weights + 3 * self.images.inputs.nbytes)

    def task(self, key: Key, *needed: Part) -> tuple[Callable[..., Part], tuple[Any, ...]]:
        """See `Plan`."""
        return train, (self.config, self.runs[key[0]], key[1])

    def title(self) -> str:
        """See `PlacedPlan`."""
        return f"pcmphys study of training in place on {self.config.data}"

    def coordinates(self) -> dict[str, Any]:
        """See `PlacedPlan`."""
        text = {"part": "what the run is compared in", "rule": "", "cell": "technology"}
        found: dict[str, Any] = {
            "run": [run.label for run in self.runs],
            "seed": ("seed", np.arange(self.config.seeds), {"units": "1"}),
            "epoch": ("epoch", np.arange(1, self.config.epochs + 1), {"units": "1"}),
            "value": ("run", [run.value for run in self.runs], {"units": "1", "long_name": "of what is swept"}),
        }
        for name, meaning in text.items():
            found[name] = ("run", [getattr(run, name) for run in self.runs], {"long_name": meaning or name})
        return found

    def attributes(self) -> dict[str, str]:
        """See `PlacedPlan`."""
        cells = {cell.name: cell for cell in self._cells()}
        return {
            "technologies": json.dumps([cell.technology.model_dump() for cell in cells.values()]),
            "references": "\n\n".join(cite(cell) for cell in cells.values()),
        }

    def layout(self) -> dict[str, Filling]:
        """See `PlacedPlan`."""
        lengths = {"run": len(self.runs), "seed": self.config.seeds, "epoch": self.config.epochs}
        found = {}
        for name, (axes, unit, text) in _MEASURED.items():
            whole = ("run", "seed", *axes)
            found[name] = Filling(whole, tuple(lengths[axis] for axis in whole), unit, text)
        return found

    def place(self, key: Key, part: Part) -> Places:
        """See `PlacedPlan`."""
        return {name: (key, part[name]) for name in _MEASURED}

    def _cells(self) -> list[Any]:
        """Technologies of all runs; those of the cells first, as they are, so that names stand for them."""
        made = [run.made for run in self.runs if run.made is not None]
        found = [cell for _, cell in made]
        return found + [rule.pair for rule, _ in made if getattr(rule, "pair", None) is not None]


_MEASURED = {
    "error": (("epoch",), "1", "fraction of test images classified wrong"),
    "training_error": (("epoch",), "1", "fraction of training images classified wrong"),
    "pulses": ((), "1", "steps of devices a training image"),
    "saturated": ((), "1", "fraction of updates cut off by the longest train"),
}
"""Axes besides run and seed, unit and meaning."""


def _name(config: TrainingConfig, found: list[TrainingRun], given: str) -> str:
    """Name of a technology that was given by name or file."""
    if not given.endswith(".toml"):
        return given
    from pcmphys.cells import load_cell

    return load_cell(config.path_or_name(given)).name


KIND = Kind(TrainingConfig, TrainingPlan, report)
