"""A fully connected network on matrices that learn: sigmoids (or else) between layers, a softmax at the end.

The network of T. Gokmen and Y. Vlasov, Front. Neurosci. 10, 333 (2016), in any size: a bias is one more input of one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pcmphys.numerics.compile import launch
from pcmphys.numerics.product import add_outer, product

Array = NDArray[np.float64]
_GRAIN = 2048
"""Word lines from which on an update is worth a thread of its own."""


class Matrix(Protocol):
    """What the network asks of a matrix of weights."""

    def forward(self, x: Array) -> Array:
        """Products x @ weights."""
        ...

    def backward(self, d: Array) -> Array:
        """Products d @ weights.T."""
        ...

    def update(self, x: Array, d: Array, rate: float) -> None:
        """Change the weights by -rate x d."""
        ...


class Neuron(NamedTuple):
    """What stands between layers: values of sums, and errors of the sums from errors of the values and the values."""

    value: Callable[[Array], Array]
    back: Callable[[Array, Array], Array]


SIGMOID = Neuron(lambda y: 1.0 / (1.0 + np.exp(-y)), lambda d, a: d * a * (1.0 - a))


class FloatMatrix:
    """Weights in floating point: what devices are compared with."""

    def __init__(self, weights: Array):
        self.weights: Array = weights.copy()

    def forward(self, x: Array) -> Array:
        """Products x @ weights."""
        return product(x, self.weights)

    def backward(self, d: Array) -> Array:
        """Products d @ weights.T."""
        return product(d, self.weights.T)

    def update(self, x: Array, d: Array, rate: float) -> None:
        """Change the weights by -rate x d."""
        launch(add_outer, len(self.weights), -rate, x, d, self.weights, grain=_GRAIN)


def first_weights(sizes: Sequence[int], seed: int) -> list[Array]:
    """Weights (inputs and bias, outputs) of each layer to start from, uniform within 1/sqrt(inputs) of zero."""
    random = np.random.default_rng(seed)
    found = []
    for inputs, outputs in itertools.pairwise(sizes):
        bound = inputs**-0.5
        found.append(random.uniform(-bound, bound, (inputs + 1, outputs)))
    return found


def activations(layers: Sequence[Matrix], x: Array, neuron: Neuron = SIGMOID) -> list[Array]:
    """Inputs of each layer with their ones for the biases, and last the classes' shares."""
    found = []
    for k, layer in enumerate(layers):
        given = np.ones((len(x), x.shape[1] + 1))
        given[:, :-1] = x
        found.append(given)
        y = layer.forward(given)
        x = _softmax(y) if k == len(layers) - 1 else neuron.value(y)
    return [*found, x]


def learn(layers: Sequence[Matrix], x: Array, labels: Array, rate: float, neuron: Neuron = SIGMOID) -> None:
    """One step of descent of the cross entropy, summed over a batch."""
    *inputs, shares = activations(layers, x, neuron)
    d = shares.copy()
    d[np.arange(len(d)), labels] -= 1.0
    for k in reversed(range(len(layers))):
        # all errors are of the weights before the step
        below = layers[k].backward(d)[:, :-1] if k else None
        layers[k].update(inputs[k], d, rate)
        if below is not None:
            d = neuron.back(below, inputs[k][:, :-1])


def error(layers: Sequence[Matrix], x: Array, labels: Array, neuron: Neuron = SIGMOID) -> float:
    """Fraction of inputs whose largest share is another class's."""
    return float((activations(layers, x, neuron)[-1].argmax(axis=1) != labels).mean())


def _softmax(y: Array) -> Array:
    shifted = np.exp(y - y.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
