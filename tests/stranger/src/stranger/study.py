"""A study: how devices of a cell are distributed after programming, one chunk a target."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

import pcmphys as pcm
from pcmphys.study.kind import Kind
from pcmphys.study.plan import Plan, labelled
from pcmphys.study.settings import Positive, Settings

TEMPLATE = """study = "histogram"
cell = "steady"
targets = [10e-6, 20e-6]   # [S]
"""


class HistogramSettings(Settings):
    built_in: ClassVar[str] = "histogram"
    template: ClassVar[str] = TEMPLATE
    doing: ClassVar[str] = "programming devices"

    study: Literal["histogram"] = "histogram"
    cell: str = "steady"
    targets: tuple[Positive, ...] = (10e-6, 20e-6)


class Histogram(Plan):
    def __init__(self, config):
        self.config = config
        self.chunks = [(k,) for k in range(len(config.targets))]

    def task(self, key):
        return programmed, (self.config.cell, self.config.targets[key[0]])

    def dataset(self, parts):
        spread = [part["spread"] for part in parts]
        axes = {"target": ("target", list(self.config.targets), {"units": "S"})}
        variables = {"spread": (("target",), spread, "S", "standard deviation after programming")}
        return labelled(self.config, "spread after programming", variables, axes, {})


def programmed(cell, target, tick=None):
    devices = pcm.load_cell(cell).population(200, seed=1)
    devices.program(np.full(200, target))
    if tick is not None:
        tick()
    return {"spread": np.std(devices.now().conductance)}


KIND = Kind(HistogramSettings, Histogram)
