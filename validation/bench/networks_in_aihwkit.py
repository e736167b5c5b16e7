"""Times [s] of aihwkit's two kinds of inference tiles, as JSON; run by the Python that has aihwkit, see `networks`."""

from __future__ import annotations

import json
import statistics
import time
import warnings

import torch


def config(kind):
    """Tiles of 256 x 256 with converters of 8 bits and nothing else within a product."""
    from aihwkit.inference import GlobalDriftCompensation, PCMLikeNoiseModel
    from aihwkit.simulator.configs.utils import BoundManagementType, NoiseManagementType

    found = kind()
    found.mapping.max_input_size = found.mapping.max_output_size = 256
    found.mapping.weight_scaling_omega = 1.0
    forward = found.forward
    forward.inp_res = forward.out_res = 1.0 / 254.0
    forward.inp_noise = forward.out_noise = forward.w_noise = 0.0
    forward.noise_management, forward.bound_management = NoiseManagementType.ABS_MAX, BoundManagementType.NONE
    found.noise_model, found.drift_compensation = PCMLikeNoiseModel(g_max=25.0), GlobalDriftCompensation()
    return found


def networks():
    """Modules and inputs by name."""
    from torch import nn

    for inputs, outputs in ((256, 256), (784, 256)):
        module = nn.Sequential(nn.Linear(inputs, outputs, bias=False))
        yield f"{inputs} x {outputs}", module, (inputs,)
    convolutional = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 49, 10),
    )  # fmt: skip
    yield "convolutional network", convolutional, (1, 28, 28)


def median(task, rounds=15):
    """Median time of a call."""
    task()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main():
    """Measure all."""
    from aihwkit.nn.conversion import convert_to_analog
    from aihwkit.simulator.configs import InferenceRPUConfig, TorchInferenceRPUConfig

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    found = {}
    for kind in (InferenceRPUConfig, TorchInferenceRPUConfig):
        times = found[kind.__name__] = {}
        for name, module, shape in networks():
            analog = convert_to_analog(module, config(kind)).eval()
            analog.program_analog_weights()
            analog.drift_analog_weights(86400.0)
            for batch in (1, 256):
                x = torch.rand(batch, *shape)
                with torch.no_grad():
                    times[f"{name}, batch {batch}"] = median(lambda analog=analog, x=x: analog(x))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
