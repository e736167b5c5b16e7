"""One chip of a study: program, wait, read, classify. A pure function of its settings, so any machine may run it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from pcmphys.crossbar import Wires
from pcmphys.errors import ParameterError
from pcmphys.matrix import AnalogMatrix, DifferentialPair, Periphery
from pcmphys.matrix.snapshot import Snapshot
from pcmphys.numerics.product import length, product
from pcmphys.study.network.network import Perceptron, accuracy, rectified
from pcmphys.study.network.settings import StudyConfig

REFERENCE_BITS = 8
"""Resolution of the fixed-point product that effective bits are counted against."""
LARGEST_PIECE = 2**18
"""Devices of a chip beyond which its layers are run as chunks of their own, one after the other."""
_COPIES = 2.0
"""How often a worker holds the state of a device: as it is, and what a look at it after a wait writes anew."""
_SAMPLE = 1000
_BYTES_READ = 100.0
"""Memory [bytes] a device for what is read of it: conductances, and what the solver of wires keeps of a cell."""


class Piece(NamedTuple):
    """Some neighbouring layers of a chip: ``first`` to before ``stop``; the others are another chunk's."""

    first: int
    stop: int


def pieces(network: Perceptron) -> list[Piece]:
    """Layers that are run together: all of a small chip, else as many as `LARGEST_PIECE` allows, at least one."""
    found, first, held = [], 0, 0
    for layer, weights in enumerate(network.weights):
        if layer > first and held + _devices(weights) > LARGEST_PIECE:
            found.append(Piece(first, layer))
            first, held = layer, 0
        held += _devices(weights)
    return [*found, Piece(first, len(network.weights))]


def memory(config: StudyConfig, cells: list[Any], network: Perceptron) -> int:
    """Most memory [bytes] of a piece: its devices, which are read with and without wires, and their reads."""
    device = max(getattr(cell.population(_SAMPLE), "nbytes", 0) / _SAMPLE for cell in cells)
    runs = len(config.ir_drop) * len(config.compensation) * len(config.times)
    most = 0.0
    for first, stop in pieces(network):
        devices = sum(_devices(weights) for weights in network.weights[first:stop])
        widest = max(max(weights.shape) for weights in network.weights[first:stop])
        # between two pieces the signals of every run travel
        travelling = (first > 0) + (stop < len(network.weights))
        signals = len(network.inputs) * widest * 8.0 * (8 + travelling * runs)
        most = max(most, devices * (_COPIES * device + _BYTES_READ) + signals)
    return int(most)


def run_chip(
    config: StudyConfig,
    cell: Any,
    network: Perceptron,
    chip: int,
    piece: Piece | None = None,
    entering: np.ndarray | None = None,
    tick: Callable[[], None] | None = None,
) -> dict[str, np.ndarray]:
    """Everything that is measured on one chip, or on a piece of it.

    Parameters
    ----------
    piece : Piece, optional
        Layers; default: all.
    entering : ndarray, optional
        What the piece before gave as ``leaving``; default: the network's inputs.

    Returns
    -------
    dict
        ``layer_error`` (wires, compensation, time, layer), ``gain`` (wires, time, layer), ``adc_clipped`` (wires,
        layer) as fractions, ``programming_error`` (layer) relative to the largest conductance, ``targets_clipped``
        (layer), all of the piece's layers; then ``accuracy`` (wires, compensation, time), or, if there are layers
        behind, ``leaving`` (wires, compensation, time, inputs, outputs).
    """
    piece = Piece(0, len(network.weights)) if piece is None else piece
    shape = (len(config.ir_drop), len(config.compensation), len(config.times))
    out = _empty(shape, network, piece)
    programmed = build(config, cell, chip, network, piece)
    reports = [matrix.program() for matrix in programmed]
    out["programming_error"] = np.array([np.sqrt((r.error**2).mean()) for r in reports]) / cell.conductance_maximum
    out["targets_clipped"] = np.array([float(r.clipped) for r in reports])
    exact = network.activations(network.inputs)[piece.first : piece.stop]
    begun = [matrix.time for matrix in programmed]
    # the same devices, read once, with and without wires: the difference is the wires'
    rewired = [[matrix.rewired(wires, shared=True) for matrix in programmed] for wires in _wires(config)]
    for t, time in enumerate(config.times):
        for matrix, start in zip(programmed, begun, strict=True):
            # reads take their time on the lab clock: wait until the clock shows the next one
            _wait_until(time, matrix, start)
        known, found = ([matrix.snapshot() for matrix in programmed] for _ in range(2))
        for w, matrices in enumerate(rewired):
            out["gain"][w, t] = [np.mean(m.calibrate(read=read)) for m, read in zip(matrices, known, strict=True)]
            snapshots = [matrix.snapshot(read=read) for matrix, read in zip(matrices, found, strict=True)]
            for c, compensate in enumerate(config.compensation):
                given = network.inputs if entering is None else entering[w, c, t]
                values = _forward(network, snapshots, piece, given, compensate)
                if "leaving" in out:
                    out["leaving"][w, c, t] = values
                else:
                    out["accuracy"][w, c, t] = accuracy(values, network.labels)
                weights = network.weights[piece.first : piece.stop]
                out["layer_error"][w, c, t] = _layer_errors(weights, exact, snapshots, compensate)
            if tick is not None:
                tick()
    for w, matrices in enumerate(rewired):
        out["adc_clipped"][w] = [matrix.counts.adc_clipped / max(matrix.counts.adc, 1) for matrix in matrices]
    return out


def _wires(config: StudyConfig) -> list[Wires]:
    """Wires of each run."""
    return [Wires(**config.wires.model_dump()) if on else Wires() for on in config.ir_drop]


def _empty(shape: tuple[int, ...], network: Perceptron, piece: Piece) -> dict[str, np.ndarray]:
    layers = piece.stop - piece.first
    out = {
        "layer_error": np.empty((*shape, layers)),
        "gain": np.empty((shape[0], shape[2], layers)),
        "adc_clipped": np.empty((shape[0], layers)),
    }
    if piece.stop == len(network.weights):
        return {"accuracy": np.empty(shape), **out}
    return {**out, "leaving": np.empty((*shape, len(network.inputs), network.weights[piece.stop].shape[0]))}


def _wait_until(time: float, matrix: AnalogMatrix, start: float) -> None:
    """Wait until ``time`` [s] after ``start``; a time that has passed while others were read is refused."""
    left = time - (matrix.time - start)
    if left < -1e-9 * time:
        raise ParameterError(
            f"times: at {time:g} s the reads of the time before are still going on, for {-left:.3g} s more; leave more "
            "time between two"
        )
    matrix.wait(max(left, 0.0))


def build(
    config: StudyConfig, cell: Any, chip: int, network: Perceptron, piece: Piece | None = None
) -> list[AnalogMatrix]:
    """The network's layers as analog matrices of one chip, converter ranges set from training inputs."""
    piece = Piece(0, len(network.weights)) if piece is None else piece
    periphery = Periphery(**config.periphery.model_dump())
    matrices: list[AnalogMatrix] = []
    first_cell = sum(_devices(weights) for weights in network.weights[: piece.first])
    layers = slice(piece.first, piece.stop)
    for weights, sample in zip(network.weights[layers], network.activations(network.sample)[layers], strict=True):
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


def _devices(weights: np.ndarray) -> int:
    """Devices of a layer: a pair a weight."""
    return math.prod(DifferentialPair().shape(*weights.shape))


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
        errors.append(_relative(product(*rounded), product(inputs, weights)))
    return np.array(errors)


def _forward(
    network: Perceptron, snapshots: list[Snapshot], piece: Piece, values: np.ndarray, compensate: bool
) -> np.ndarray:
    last = len(network.weights) - 1
    for layer, snapshot in zip(range(piece.first, piece.stop), snapshots, strict=True):
        product = snapshot.matvec(values, compensate=compensate)
        values = rectified(product + network.biases[layer], last=layer == last)
    return values


def _layer_errors(
    weights: Sequence[np.ndarray], exact: list[np.ndarray], snapshots: list[Snapshot], compensate: bool
) -> list[float]:
    """Relative error of each layer's product for its exact inputs, so that errors of earlier layers do not enter."""
    layers = zip(weights, exact, snapshots, strict=True)
    return [_relative(snapshot.matvec(x, compensate=compensate), product(x, w)) for w, x, snapshot in layers]


def _relative(found: np.ndarray, exact: np.ndarray) -> float:
    size = length(exact)
    return length(found - exact) / size if size > 0.0 else 0.0
