"""CPU times [s] of aihwkit's tiles that are trained in place, as JSON; run by the Python that has it, see `training`.

``training_in_aihwkit.py IMAGES.npz``: images and labels to train on.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import warnings

import numpy as np
import torch
from aihwkit.nn import AnalogLinear, AnalogSequential
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import SingleRPUConfig
from aihwkit.simulator.configs.utils import BoundManagementType
from aihwkit.simulator.presets import devices
from aihwkit.simulator.tiles import AnalogTile

PRESETS = {"ReRamSBPresetDevice": 0.002, "ReRamESPresetDevice": 0.0017363}
"""With the mean size of a step, which the rate is a multiple of."""
STEPS, LONGEST = 0.0737, 31
"""Chance of a coincidence of the largest lines, and slots: some 3700 coincidences an update."""


def config(preset, managed):
    """Converters of 7 and 9 bits, no noise of the output; trains shortened to what is needed, or always whole."""
    found = SingleRPUConfig(device=getattr(devices, preset)())
    found.mapping.digital_bias = False
    found.mapping.weight_scaling_omega = 0.0
    for io in (found.forward, found.backward):
        io.out_noise, io.inp_res, io.out_res, io.out_bound = 0.0, 1.0 / 126.0, 1.0 / 510.0, 12.0
    found.backward.bound_management = BoundManagementType.NONE
    found.update.desired_bl = LONGEST
    found.update.update_bl_management = managed
    return found


def median(task, calls, rounds=7):
    """Median CPU time of a call, over rounds of so many."""
    task()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(calls):
            task()
        times.append((time.process_time() - start) / calls)
    return statistics.median(times)


def arrays():
    """Updates and products of 784 x 256 a sample."""
    generator = torch.Generator().manual_seed(0)
    found = {}
    for preset, step in PRESETS.items():
        for batch in (1, 32):
            tile = AnalogTile(256, 784, config(preset, managed=False))
            tile.set_learning_rate(STEPS * step)
            x = torch.rand(batch, 784, generator=generator) * 2 - 1
            d = torch.rand(batch, 256, generator=generator) * 2 - 1
            calls = max(1, 64 // batch)
            tasks = {"update": lambda t=tile, x=x, d=d: t.update(x, d), "forward": lambda t=tile, x=x: t.forward(x),
                     "backward": lambda t=tile, d=d: t.backward(d)}  # fmt: skip
            for name, task in tasks.items():
                found[f"{preset}, {name}, batch {batch}"] = median(task, calls) / batch
    return found


def network(images, labels):
    """An image of training of 784-256-128-10, by modules and optimiser."""
    layers = []
    for inputs, outputs in ((784, 256), (256, 128), (128, 10)):
        layers += [AnalogLinear(inputs, outputs, bias=True, rpu_config=config("ReRamSBPresetDevice", managed=True)),
                   torch.nn.Sigmoid()]  # fmt: skip
    model = AnalogSequential(*layers[:-1], torch.nn.LogSoftmax(1))
    optimizer = AnalogSGD(model.parameters(), lr=0.01)
    optimizer.regroup_param_groups(model)
    loss = torch.nn.NLLLoss()
    x, y = torch.tensor(images, dtype=torch.float32), torch.tensor(labels)

    def go():
        for k in range(len(x)):
            optimizer.zero_grad()
            loss(model(x[k : k + 1]), y[k : k + 1]).backward()
            optimizer.step()

    return median(go, 1, rounds=3) / len(x)


def main():
    """Measure all."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    with np.load(sys.argv[1]) as given:
        found = arrays() | {"network": network(given["images"], given["labels"])}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
