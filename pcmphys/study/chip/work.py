"""The work of the study of chips: one network on one chip, and the trade-off of one chip. Pure functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pcmphys.chip import Chip, Floorplan, LayerShape, ScopeCost, trade_off
from pcmphys.numerics.parts import Part
from pcmphys.study.chip.settings import ChipConfig

SCOPES = ("tile", "chip", "system")
ENERGY = ("array", "dac", "adc", "lines", "digital", "leakage", "mesh", "standby", "between chips", "in and out",
          "outside", "system standby")  # fmt: skip
"""Parts of an energy at the largest scope."""
AREA = ("tiles", "idle tiles", "rest of chips")
OF_PLAN = ("tiles", "tiles_in_use", "chips", "utilisation")
OF_SCOPE = ("latency", "period", "efficiency", "throughput", "density")
OF_TRADE = ("efficiency", "limit", "density", "decibel")


def laid_out(config: ChipConfig, layers: list[LayerShape], chip: Chip) -> Floorplan:
    """A network on a chip, as the study wants it."""
    return Floorplan(layers, chip, chips=config.most_chips, replicate=config.replicate)


def cost_network(
    config: ChipConfig, layers: list[LayerShape], chip: Chip, tick: Callable[[], None] | None = None
) -> Part:
    """Cost of one network on one chip, by the names that `ChipPlan` explains; energies are those of a sample."""
    plan = laid_out(config, layers, chip)
    cost = plan.cost(config.batch)
    part: Part = {name: np.asarray(float(getattr(plan, name))) for name in OF_PLAN}
    for name in OF_SCOPE:
        part[name] = np.array([getattr(one, name) for one in cost])
    part["energy"] = np.array([_energies(one) for one in cost]) / config.batch
    part["area"] = np.array([[one.area.get(name, 0.0) for name in AREA] for one in cost])
    part["layer_time"] = np.array([stage.time for stage in plan.stages])
    part["layer_tiles"] = np.array([float(stage.tiles) for stage in plan.stages])
    part["layer_copies"] = np.array([float(stage.copies) for stage in plan.stages])
    if tick is not None:
        tick()
    return part


def _energies(cost: ScopeCost) -> list[float]:
    return [cost.energy.get(name, 0.0) for name in ENERGY]


def cost_tile(config: ChipConfig, chip: Chip, cell: Any, tick: Callable[[], None] | None = None) -> Part:
    """The trade-off of one chip's tile with the devices of the cell."""
    times = np.geomspace(config.shortest, config.longest, config.points)
    conductance = conductances(config, cell)
    found = trade_off(
        chip, cell, conductance, times, age=config.age, devices=config.devices, seed=config.seed
    )  # fmt: skip
    if tick is not None:
        tick()
    return {f"trade_{name}": getattr(found, name) for name in OF_TRADE}


def conductances(config: ChipConfig, cell: Any) -> np.ndarray:
    """Conductances [S] of the two plots: from a hundredth of the cell's largest, or its least, to the largest."""
    lowest = max(1e-2 * cell.conductance_maximum, cell.conductance_minimum)
    found = np.geomspace(lowest, cell.conductance_maximum, config.points)
    found[-1] = cell.conductance_maximum
    return found
