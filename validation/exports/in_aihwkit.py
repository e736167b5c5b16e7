"""What is done inside aihwkit, by the Python that has it: ``in_aihwkit.py TASK SETTINGS GIVEN.npz FOUND.npz``."""

from __future__ import annotations

import importlib
import json
import sys

import numpy as np
import torch


def model_of(settings: dict, **options):
    """The exported noise model, or what its constructor() gives."""
    sys.path.insert(0, settings["folder"])
    module = importlib.import_module(settings["module"])
    if settings["kind"] == "constructor":
        return module.constructor(**options)
    return getattr(module, settings["name"])(**options)


def levels(settings: dict, given: dict) -> dict:
    """Moments of programmed and drifted conductance [uS], drift exponent and read noise, target by target.

    Through the methods that a tile calls: programmed with `apply_programming_noise`, as weights.
    """
    noisy, still = model_of(settings), model_of(settings, read_noise_scale=0.0)
    targets, times, samples = given["targets"], given["times"], settings["samples"]
    shape = targets.size, times.size
    found = {name: np.full(shape, np.nan) for name in ("conductance_mean", "conductance_std", "noise_std")}
    found |= {name: np.full(shape[0], np.nan) for name in ("exponent_mean", "exponent_std")}
    since = np.log(times / times[0])
    for k, target in enumerate(targets):
        if settings["kind"] == "constructor":
            g = torch.full((samples,), float(target))
            start, device = still.apply_programming_noise_to_conductance(g), still.generate_drift_coefficients(g)
        else:
            # the first weight is the largest, from which the converter takes its scale
            low, high = still.g_converter.g_min, still.g_converter.g_max
            weights = torch.full((samples + 1,), float((target - low) / (high - low)))
            weights[0] = 1.0
            device = still.apply_programming_noise(weights)[1][0][1:]
            start = device[..., 2]
        slope = np.zeros(samples)
        for j, time in enumerate(times):
            t = float(time - times[0])
            now = still.apply_drift_noise_to_conductance(start, device, t)
            read = noisy.apply_drift_noise_to_conductance(start, device, t)
            found["conductance_mean"][k, j], found["conductance_std"][k, j] = now.mean().item(), now.std().item()
            there = now > 0
            found["noise_std"][k, j] = (read[there] / now[there] - 1.0).std().item()
            if there.any():
                slope += since[j] * torch.where(there, torch.log(start / now), torch.zeros_like(now)).numpy()
        conducting = (start > 0).numpy()
        slope = slope[conducting] / (since @ since)
        found["exponent_mean"][k], found["exponent_std"][k] = slope.mean(), slope.std()
    return found


def network(settings: dict, given: dict) -> dict:
    """Accuracy of a perceptron (chips, times) on tiles without converter errors, programmed with the model."""
    from aihwkit.nn import AnalogLinear
    from aihwkit.simulator.configs import InferenceRPUConfig

    times, chips = given["times"], settings["chips"]
    layers = sum(key.startswith("w") for key in given)
    images, labels = torch.tensor(given["images"], dtype=torch.float32), torch.tensor(given["labels"])
    found = np.empty((chips, times.size))
    for chip in range(chips):
        torch.manual_seed(settings["seed"] + chip)
        config = InferenceRPUConfig()
        config.noise_model = model_of(settings)
        config.drift_compensation = None
        config.forward.is_perfect = True
        parts = []
        for k in range(1, layers + 1):
            weights = torch.tensor(given[f"w{k}"].T, dtype=torch.float32)
            layer = AnalogLinear(weights.shape[1], weights.shape[0], bias=False, rpu_config=config)
            layer.set_weights(weights, None)
            layer.eval()
            layer.program_analog_weights()
            parts.append((layer, torch.tensor(given[f"b{k}"], dtype=torch.float32)))
        for j, time in enumerate(times):
            values = images
            with torch.no_grad():
                for k, (layer, bias) in enumerate(parts):
                    layer.drift_analog_weights(float(time - settings["t_0"]))
                    values = layer(values) + bias
                    values = values.clamp(min=0.0) if k < layers - 1 else values
            found[chip, j] = (values.argmax(dim=1) == labels).double().mean().item()
    return {"accuracy": found}


def main() -> None:
    """Run a task."""
    task, settings, given, found = sys.argv[1:]
    settings = json.loads(settings)
    torch.manual_seed(settings["seed"])
    with np.load(given) as archive:
        arrays = dict(archive)
    np.savez(found, **{"levels": levels, "network": network}[task](settings, arrays))


if __name__ == "__main__":
    main()
