"""One chip of a study: program, wait, read, classify. A pure function of its settings, so any machine may run it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pcmphys.crossbar import Wires
from pcmphys.errors import ParameterError
from pcmphys.matrix import AnalogMatrix, Periphery
from pcmphys.numerics.compile import single_thread
from pcmphys.study.network.network import Perceptron, accuracy, rectified
from pcmphys.study.network.settings import StudyConfig

REFERENCE_BITS = 8
"""Resolution of the fixed-point product that effective bits are counted against."""


def run_chip(
    config: StudyConfig, cell: Any, network: Perceptron, chip: int, tick: Callable[[], None] | None = None
) -> dict[str, np.ndarray]:
    """Everything that is measured on one chip; chips are the parallel work, so each stays on its thread.

    Returns
    -------
    dict
        ``accuracy`` (wires, compensation, time), ``matvec_error`` (wires, compensation, time, layer),
        ``gain`` (wires, time, layer), ``adc_clipped`` (wires, layer) as fractions, ``programming_error`` (layer)
        relative to the largest conductance, ``targets_clipped`` (layer).
    """
    with single_thread():
        return _measure(config, cell, network, chip, tick)


def _measure(config: StudyConfig, cell: Any, network: Perceptron, chip: int, tick) -> dict[str, np.ndarray]:
    layers = len(network.weights)
    shape = (len(config.ir_drop), len(config.compensation), len(config.times))
    out = {
        "accuracy": np.empty(shape),
        "matvec_error": np.empty((*shape, layers)),
        "gain": np.empty((shape[0], shape[2], layers)),
        "adc_clipped": np.empty((shape[0], layers)),
    }
    programmed = build(config, cell, chip, network)
    reports = [matrix.program() for matrix in programmed]
    out["programming_error"] = np.array([np.sqrt((r.error**2).mean()) for r in reports]) / cell.conductance_maximum
    out["targets_clipped"] = np.array([float(r.clipped) for r in reports])
    for w, with_wires in enumerate(config.ir_drop):
        # the same devices with and without wires: the difference is the wires'
        wires = Wires(**config.wires.model_dump()) if with_wires else Wires()
        matrices = [matrix.rewired(wires) for matrix in programmed]
        for t, time in enumerate(config.times):
            for matrix, origin in zip(matrices, programmed, strict=True):
                # reads take their time on the lab clock: wait until the clock shows the next one
                _wait_until(time, matrix, origin)
                matrix.calibrate()
            snapshots = [matrix.snapshot() for matrix in matrices]
            out["gain"][w, t] = [np.mean(matrix.gains) for matrix in matrices]
            for c, compensate in enumerate(config.compensation):
                out["accuracy"][w, c, t] = accuracy(_forward(network, snapshots, compensate), network.labels)
                out["matvec_error"][w, c, t] = _layer_errors(network, snapshots, compensate)
            if tick is not None:
                tick()
        out["adc_clipped"][w] = [matrix.counts.adc_clipped / max(matrix.counts.adc, 1) for matrix in matrices]
    return out


def _wait_until(time: float, matrix: AnalogMatrix, origin: AnalogMatrix) -> None:
    """Wait until ``time`` [s] after programming; a time that has passed while others were read is refused."""
    left = time - (matrix.time - origin.time)
    if left < -1e-9 * time:
        raise ParameterError(
            f"times: at {time:g} s the reads of the time before are still going on, for {-left:.3g} s more; leave more "
            "time between two"
        )
    matrix.wait(max(left, 0.0))


def build(config: StudyConfig, cell: Any, chip: int, network: Perceptron) -> list[AnalogMatrix]:
    """The network's layers as analog matrices of one chip, converter ranges set from training inputs."""
    periphery = Periphery(**config.periphery.model_dump())
    matrices: list[AnalogMatrix] = []
    first_cell = 0
    for weights, sample in zip(network.weights, network.activations(network.sample), strict=False):
        matrix = AnalogMatrix(
            weights,
            cell,
            tile=(config.tile.rows, config.tile.columns),
            periphery=periphery,
            seed=(config.seed << 16) + chip,
            first_cell=first_cell,
        )
        first_cell = matrix.last_cell
        matrix.fit_range(sample)
        matrices.append(matrix)
    return matrices


def fixed_point_errors(network: Perceptron) -> np.ndarray:
    """Relative error of each layer's product when weights and inputs are rounded to 8-bit fixed point."""
    errors = []
    for weights, inputs in zip(network.weights, network.activations(network.inputs), strict=False):
        full = np.abs(inputs).max(axis=1, keepdims=True)
        full[full == 0.0] = 1.0
        rounded = [
            Periphery.quantise(values, scale, REFERENCE_BITS)[0]
            for values, scale in ((inputs, full), (weights, np.abs(weights).max() or 1.0))
        ]
        errors.append(_relative(rounded[0] @ rounded[1], inputs @ weights))
    return np.array(errors)


def _forward(network: Perceptron, snapshots, compensate: bool) -> np.ndarray:
    values = network.inputs
    for k, (snapshot, bias) in enumerate(zip(snapshots, network.biases, strict=True)):
        values = rectified(snapshot.matvec(values, compensate=compensate) + bias, last=k == len(snapshots) - 1)
    return values


def _layer_errors(network: Perceptron, snapshots, compensate: bool) -> list[float]:
    """Relative error of each layer's product for its exact inputs, so that errors of earlier layers do not enter."""
    pairs = zip(network.weights, network.activations(network.inputs), snapshots, strict=False)
    return [_relative(snapshot.matvec(x, compensate=compensate), x @ weights) for weights, x, snapshot in pairs]


def _relative(found: np.ndarray, exact: np.ndarray) -> float:
    size = float(np.linalg.norm(exact))
    return float(np.linalg.norm(found - exact)) / size if size > 0.0 else 0.0
