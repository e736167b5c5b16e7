"""What is done inside aihwkit, by the Python that has it: ``in_aihwkit.py TASK SETTINGS GIVEN.npz FOUND.npz``."""

from __future__ import annotations

import json
import sys

import numpy as np
import torch


def staircase(settings: dict, given: dict) -> dict:
    """Mean and std of the middle 98 % of many devices of a preset after some of the pulses, one a call."""
    from aihwkit.simulator.configs import SingleRPUConfig
    from aihwkit.simulator.presets import devices
    from aihwkit.simulator.tiles import AnalogTile

    config = SingleRPUConfig(device=getattr(devices, settings["preset"])())
    # one pulse a call, for certain: the probability of one is then above one
    config.update.update_bl_management = False
    config.update.update_management = False
    config.update.desired_bl = 1
    side = settings["side"]
    tile = AnalogTile(side, side, config)
    tile.set_learning_rate(1.0)
    tile.set_weights(torch.zeros((side, side)))
    marks, mean, std = set(given["marks"].tolist()), [], []
    x = torch.ones((1, side))
    for k, direction in enumerate(given["directions"], start=1):
        tile.update(x, -float(direction) * torch.ones((1, side)))  # a positive product lowers a weight
        if k in marks:
            found = tile.get_weights()[0].double().flatten().sort().values
            cut = round(0.01 * len(found))
            found = found[cut : len(found) - cut]
            mean.append(found.mean().item())
            std.append(found.std().item())
    return {"mean": np.array(mean), "std": np.array(std)}


def main() -> None:
    """Run a task."""
    task, settings, given, found = sys.argv[1:]
    settings = json.loads(settings)
    torch.manual_seed(settings["seed"])
    with np.load(given) as archive:
        arrays = dict(archive)
    np.savez(found, **{"staircase": staircase}[task](settings, arrays))


if __name__ == "__main__":
    main()
