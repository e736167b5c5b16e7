"""One training run: a pure function of its settings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.study.training.network import FloatMatrix, Matrix, error, first_weights, learn
from pcmphys.study.training.runs import TrainingRun
from pcmphys.study.training.settings import TrainingConfig
from pcmphys.training import PulseCounts, TrainableMatrix
from pcmphys.training.digits import Digits, mnist_digits, small_digits


def images_of(config: TrainingConfig) -> Digits:
    """The images of a study.

    Raises
    ------
    ParameterError
        A package that ships them is not installed, or there are not that many.
    """
    found = small_digits() if config.data == "digits" else mnist_digits()
    # evenly spread: images of some data lie class by class
    count = len(found.inputs) if config.images is None else config.images
    if count > len(found.inputs):
        raise ParameterError(f"images must be at most the {len(found.inputs)} of {config.data}; got {count}")
    chosen = np.arange(count) * len(found.inputs) // count
    return found._replace(inputs=found.inputs[chosen], labels=found.labels[chosen])


def train(
    config: TrainingConfig, run: TrainingRun, seed: int, tick: Callable[[], None] | None = None
) -> dict[str, np.ndarray]:
    """Train a network once.

    Returns
    -------
    dict
        ``error`` and ``training_error`` after each epoch; ``pulses``, steps of devices a training image, and
        ``saturated``, the fraction of updates that were cut off.
    """
    images = images_of(config)
    own = (config.seed << 16) + seed
    layers = _layers(config, run, images, own)
    order = np.random.default_rng([own, 1])
    errors, training_errors = np.empty(config.epochs), np.empty(config.epochs)
    for epoch in range(config.epochs):
        rate = run.rate * 0.5 ** (epoch // config.halve)
        every = order.permutation(len(images.inputs))
        for start in range(0, len(every), config.batch):
            some = every[start : start + config.batch]
            learn(layers, images.inputs[some], images.labels[some], rate)
        errors[epoch] = error(layers, images.tests, images.right)
        training_errors[epoch] = error(layers, images.inputs, images.labels)
        if tick is not None:
            tick()
    counts = sum((layer.counts for layer in layers if isinstance(layer, TrainableMatrix)), PulseCounts())
    return {
        "error": errors,
        "training_error": training_errors,
        "pulses": np.array(counts.pulses / (config.epochs * len(images.inputs))),
        "saturated": np.array(counts.saturated / max(counts.updates, 1)),
    }


def _layers(config: TrainingConfig, run: TrainingRun, images: Digits, seed: int) -> list[Matrix]:
    """Layers with the first weights of this seed, the same for all runs."""
    sizes = (images.inputs.shape[1], *config.hidden, int(images.right.max()) + 1)
    layers: list[Matrix] = []
    first_cell = 0
    for weights in first_weights(sizes, seed):
        if run.made is None:
            layers.append(FloatMatrix(weights))
            continue
        rule, cell = run.made
        matrix = TrainableMatrix(weights.shape, cell, rule, seed=seed, first_cell=first_cell)
        matrix.program(weights)
        first_cell = matrix.last_cell
        layers.append(matrix)
    return layers
