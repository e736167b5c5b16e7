"""The digits network on pcmphys devices, as in_aihwkit.py runs it: no converters, no wires, no drift compensation."""

from __future__ import annotations

import numpy as np

import pcmphys as pcm
from pcmphys.study.network.network import Perceptron, accuracy, load_network, rectified

PERIPHERY = pcm.Periphery(dac_bits=None, adc_bits=None)


def digits() -> Perceptron:
    """The network with its 360 test images."""
    return load_network("digits")


def arrays(network: Perceptron) -> dict[str, np.ndarray]:
    """What goes to the other program."""
    found = {"images": network.inputs, "labels": network.labels}
    for k, (weights, bias) in enumerate(zip(network.weights, network.biases, strict=True), 1):
        found |= {f"w{k}": weights, f"b{k}": bias}
    return found


def accuracies(cell, network: Perceptron, times: np.ndarray, chips: int, seed: int) -> np.ndarray:
    """Accuracy of each chip at each time [s] after programming, (chips, times)."""
    found = np.empty((chips, times.size))
    for chip in range(chips):
        matrices, first = [], 0
        for weights in network.weights:
            matrices.append(pcm.AnalogMatrix(weights, cell, periphery=PERIPHERY, seed=seed + chip, first_cell=first))
            first = matrices[-1].last_cell
            matrices[-1].program()
        started = [matrix.time for matrix in matrices]
        for j, time in enumerate(times):
            values = network.inputs
            for k, (matrix, bias, start) in enumerate(zip(matrices, network.biases, started, strict=True)):
                matrix.wait(max(time - (matrix.time - start), 0.0))
                values = rectified(matrix.matvec(values) + bias, last=k == len(matrices) - 1)
            found[chip, j] = accuracy(values, network.labels)
    return found
