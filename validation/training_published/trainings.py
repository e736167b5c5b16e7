"""The trainings of the case, one by one: what learns by which rule, on which network, with which numbers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import pcmphys as pcm
from pcmphys.study.training.network import SIGMOID, FloatMatrix, Matrix, Neuron, error, first_weights, learn
from pcmphys.training.digits import Digits, mnist_digits

SOURCE = "validation"
TANH = Neuron(np.tanh, lambda d, a: d * (1.0 - a * a))
SOFT, CAPACITOR, LAW, STEPS = (
    "rram-gong2018-softbounds", "capacitor-li2018", "pcm-nandakumar2018", "pcm-nandakumar2020"
)  # fmt: skip
BOUND = 0.6
"""Largest weight of Gokmen and Vlasov 2016, with steps of 0.001: the device's own file has both relative to it."""
ROWS, COLUMNS = slice(3, 25), slice(2, 26)
"""What of the 28 x 28 pixels Burr's 22 x 24 are taken to be."""


class Setting(NamedTuple):
    """A network with its images, learning rates, one a pass over the 4000 images, and hidden neurons."""

    sizes: tuple[int, ...]
    rates: tuple[float, ...]
    cropped: bool = False
    neuron: Neuron = SIGMOID


SETTINGS = {
    "gokmen": Setting((784, 256, 128, 10), (0.01,) * 5 + (0.005,) * 5 + (0.0025,) * 5),
    "nandakumar": Setting((784, 250, 10), (0.05,) * 2 + (0.025,) * 2 + (0.0125,) * 2),
    "ambrogio": Setting((528, 125, 10), (0.05,) * 2 + (0.025,) * 2 + (0.0125,) * 2, cropped=True),
    "burr": Setting((528, 250, 125, 10), (0.003,) * 4 + (0.0015,) * 4, cropped=True, neuron=TANH),
}


class Training(NamedTuple):
    """One way to train: setting, seeds, rule and cell; no rule for floating point. ``scale`` is that of the weights."""

    setting: str
    seeds: int
    rule: Callable[[], pcm.training.rules.rule.Rule] | None = None
    cell: str = ""
    change: dict[str, float] | None = None
    scale: float = 1.0


def _pair(inversion: bool) -> Callable[[], pcm.PairCell]:
    return lambda: pcm.PairCell(pair=pcm.load_cell(LAW), gain=1.0, transfer_every=1000, inversion=inversion)


def _constant(imbalance: float) -> Training:
    return Training("gokmen", 5, pcm.Sgd, "rpu-gokmen2016", {"pulse.imbalance": imbalance}, scale=BOUND)


def _capacitor(inversion: bool) -> Training:
    return Training("ambrogio", 5, _pair(inversion), CAPACITOR, {"pulse.imbalance": 0.1})


TRAININGS = {
    "gokmen: floating point": Training("gokmen", 5),
    "gokmen: constant steps": _constant(0.0),
    "gokmen: constant steps, 2 % imbalance": _constant(0.02),
    "gokmen: constant steps, 20 % imbalance": _constant(0.2),
    "gokmen: soft bounds, SGD": Training("gokmen", 3, pcm.Sgd, SOFT),
    "gokmen: soft bounds, Tiki-Taka": Training("gokmen", 3, pcm.TikiTaka, SOFT),
    "nandakumar: floating point": Training("nandakumar", 5),
    "nandakumar: PCM pairs, mixed precision": Training(
        "nandakumar", 5, lambda: pcm.MixedPrecision(threshold=0.064), LAW, scale=1.5
    ),
    "nandakumar: PCM pairs, SGD": Training("nandakumar", 5, lambda: pcm.OneSided(refresh=100), LAW, scale=1.5),
    "ambrogio: floating point": Training("ambrogio", 5),
    "ambrogio: capacitor and PCM pair": _capacitor(True),
    "ambrogio: the same without inversion": _capacitor(False),
    "ambrogio: PCM pairs alone": Training("ambrogio", 5, lambda: pcm.OneSided(refresh=100), LAW, scale=1.5),
    "burr: floating point": Training("burr", 3),
    "burr: PCM pairs, SGD": Training("burr", 3, lambda: pcm.OneSided(refresh=100), STEPS, scale=0.3),
}


@functools.cache
def images(cropped: bool) -> Digits:
    """The digits, whole or as 22 x 24 pixels."""
    found = mnist_digits()
    if not cropped:
        return found
    parts = (
        np.ascontiguousarray(part.reshape(-1, 28, 28)[:, ROWS, COLUMNS].reshape(len(part), -1))
        for part in (found.inputs, found.tests)
    )
    inputs, tests = parts
    return found._replace(inputs=inputs, tests=tests)


def trained(training: Training, seed: int, quick: bool) -> np.ndarray:
    """Test error [%] after each pass over the images, one image an update; quick: two passes over 400 images."""
    setting = SETTINGS[training.setting]
    data = images(setting.cropped)
    rates, count = (setting.rates[:2], 400) if quick else (setting.rates, len(data.inputs))
    layers = layers_of(training, setting.sizes, seed)
    order, found = np.random.default_rng([seed, 1]), []
    for rate in rates:
        for k in order.permutation(len(data.inputs))[:count]:
            learn(layers, data.inputs[k : k + 1], data.labels[k : k + 1], rate, setting.neuron)
        found.append(100.0 * error(layers, data.tests, data.right, setting.neuron))
    return np.array(found)


def layers_of(training: Training, sizes: tuple[int, ...], seed: int) -> list[Matrix]:
    """Layers with the first weights of a seed, which all trainings of a setting share."""
    weights = first_weights(sizes, seed)
    if training.rule is None:
        return [FloatMatrix(each) for each in weights]
    cell = pcm.load_cell(training.cell)
    if training.change is not None:
        cell = cell.but(training.change, source=SOURCE)
    layers: list[Matrix] = []
    first_cell = 0
    for each in weights:
        matrix = pcm.TrainableMatrix(
            each.shape, cell, training.rule(), scale=training.scale, seed=seed, first_cell=first_cell
        )
        matrix.program(each)
        first_cell = matrix.last_cell
        layers.append(matrix)
    return layers


def weights_of(training: Training) -> int:
    """Weights of a network, biases included."""
    sizes = SETTINGS[training.setting].sizes
    return sum(each.size for each in first_weights(sizes, 0))
