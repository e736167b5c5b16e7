"""Weights that are trained where they stand: products and updates on the same devices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from pcmphys.crossbar import Wires
from pcmphys.errors import ParameterError
from pcmphys.matrix import Periphery
from pcmphys.matrix.flow import Patches, cut
from pcmphys.nn.back_ends.product import Product, array
from pcmphys.nn.back_ends.tiles import named
from pcmphys.numerics import check
from pcmphys.numerics.warn import warn
from pcmphys.training import TrainableMatrix, UpdateTrains
from pcmphys.training.rules.rule import Rule


class Noted(NamedTuple):
    """What a backward pass has left: inputs and gradients by the outputs, of vectors or of images with patches."""

    x: np.ndarray
    d: np.ndarray
    patches: Patches | None

    def vectors(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (updates, inputs) and gradients (updates, outputs); patches image by image, along its rows."""
        if self.patches is None:
            return self.x, self.d
        high, wide = self.patches.outputs(*self.x.shape[2:])
        x = cut(np.ascontiguousarray(self.x), self.patches, 0, len(self.x) * high * wide)
        return x, np.moveaxis(self.d, 1, -1).reshape(len(x), -1)


class PulsedWeight(nn.Parameter):
    """What stands for weights in place among a module's parameters: one number that is always 0.

    Its gradient counts the backward passes that were noted: a gradient that was scaled, clipped or reset by something
    that knows no pulses shows.

    Attributes
    ----------
    product : InPlace
        Whose weights they are.
    """

    product: InPlace

    def __new__(cls, product: InPlace | None = None) -> PulsedWeight:
        """One zero for a product; without one, for a copy that will get its own."""
        made = super().__new__(cls, torch.zeros(1))
        if product is not None:
            made.product = product
        return made

    def __repr__(self) -> str:
        product = self.product
        return f"PulsedWeight({product.name!r}, {product.inputs} x {product.outputs})"

    def __deepcopy__(self, memo: dict[int, Any]) -> PulsedWeight:
        import copy

        if id(self) not in memo:
            twin = memo[id(self)] = type(self)()
            twin.requires_grad = self.requires_grad
            twin.product = copy.deepcopy(self.product, memo)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (), (self.product, self.requires_grad)

    def __setstate__(self, state: tuple[InPlace, bool]) -> None:
        self.product = state[0]
        self.requires_grad_(state[1])


class InPlace(Product):
    """A product on a `TrainableMatrix`: forward and transposed backward through its converters, updates by pulses.

    A backward pass notes inputs and gradients; `step` sends them. Read noise is new for every vector.
    """

    def __init__(self, name: str, matrix: TrainableMatrix):
        super().__init__(name, *matrix.shape)
        self.matrix: TrainableMatrix = matrix
        self.noted: list[Noted] = []
        self.handle = PulsedWeight(self)

    @property
    def weights(self) -> np.ndarray:
        """Weights (inputs, outputs) as they read now, without noise, converters and wires."""
        return self.matrix.weights

    @property
    def exact(self) -> np.ndarray:
        """The same: what was learned is what is to be multiplied by."""
        return self.matrix.weights

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Products (batch, outputs) of input vectors (batch, inputs), in the type of the inputs."""
        self.check_handle()
        with named(self.name):
            return self.matrix.forward(x).astype(x.dtype)

    def backward(self, d: np.ndarray) -> np.ndarray:
        """Products (batch, inputs) of output vectors with the transposed weights, through the converters."""
        with named(self.name):
            return self.matrix.backward(d).astype(d.dtype)

    def note(self, x: torch.Tensor, d: torch.Tensor, patches: Patches | None = None) -> None:
        """Keep inputs and gradients by the outputs until `step` or `forget`."""
        self.noted.append(Noted(array(x), array(d).copy(), patches))

    def forget(self) -> None:
        """Drop what was noted."""
        self.noted.clear()

    def step(self, rate: float) -> None:
        """Send what was noted as pulses, in the order of the backward passes, as one mini-batch; then forget it.

        Raises
        ------
        ParameterError
            Something but `PulsedOptimizer` has changed the gradient or the parameter that stands for the weights.
        """
        self.check_handle()
        passes = 0.0 if self.handle.grad is None else float(self.handle.grad)
        if passes != len(self.noted):
            raise ParameterError(
                f"layer {self.name!r}: {len(self.noted)} backward passes were noted for weights trained in place, and "
                f"their gradient counts {passes:g}: it must not be scaled, clipped or reset by itself, and "
                "torch.autograd.grad does not count; begin a step by the optimiser's zero_grad()"
            )
        if self.noted and rate > 0.0:
            x, d = (np.concatenate(parts) for parts in zip(*(one.vectors() for one in self.noted), strict=True))
            with named(self.name):
                self.matrix.update(x, d, rate)
        self.forget()

    def check_handle(self) -> None:
        """Refuse weights that another optimiser believes to have changed."""
        if float(self.handle.detach()) != 0.0:
            raise ParameterError(
                f"layer {self.name!r}: an optimiser that sends no pulses has stepped its weights, which did not "
                "change; train with pcmphys.nn.PulsedOptimizer(live.parameters(), lr=...)"
            )


@dataclass
class TrainingWorkshop:
    """Makes the arrays of one chip that is trained in place, with one rule, on one lab clock.

    Attributes
    ----------
    cell, rule, tile, periphery, wires, scale, trains, seed
        As of `TrainableMatrix`, the same for all layers.
    products : list of InPlace
        What was made so far.
    """

    cell: Any
    rule: Rule
    tile: tuple[int, int] = (256, 256)
    periphery: Periphery | None = None
    wires: Wires | None = None
    scale: float = 1.0
    trains: UpdateTrains | None = None
    seed: int = 0
    products: list[InPlace] = field(default_factory=list)

    def __call__(self, name: str, weights: np.ndarray) -> InPlace:
        """Devices of their own for these weights (inputs, outputs), programmed to them."""
        first_cell = self.products[-1].matrix.last_cell if self.products else 0
        with named(name):
            weights = check.array("weights", weights, ndim=2)
            matrix = TrainableMatrix(
                weights.shape, self.cell, self.rule, scale=self.scale, tile=self.tile, wires=self.wires,
                periphery=self.periphery, trains=self.trains, seed=self.seed, first_cell=first_cell,
            )  # fmt: skip
        made = InPlace(name, matrix)
        _write(made, weights)
        self.products.append(made)
        return made

    @property
    def time(self) -> float:
        """Lab clock [s]: that of the array that was busy longest."""
        return max((product.matrix.time for product in self.products), default=0.0)

    def wait(self, duration: float) -> None:
        """Let ``duration`` [s] pass for all devices; arrays that were busy for less have waited for the others."""
        check.number("duration", duration, "s", 0.0)
        self.each(lambda matrix, latest: matrix.wait(latest - matrix.time + duration))

    def each(self, do: Callable[[TrainableMatrix, float], Any]) -> None:
        """Do something with every array, given the clock of the latest before anything was done."""
        latest = self.time
        for product in self.products:
            with named(product.name):
                do(product.matrix, latest)


def _write(product: InPlace, weights: np.ndarray) -> None:
    matrix = product.matrix
    factor, plane = matrix.trained.parts[-1]
    window, scale = plane.cell.parameters.window, factor * matrix.scale
    top = scale * window.weight_maximum
    low = -top if plane.cell.one_sided else scale * window.weight_minimum
    if weights.size and (weights.max() > top or weights.min() < low):
        warn(
            f"layer {product.name!r}: weights from {weights.min():.3g} to {weights.max():.3g} are clipped to those of "
            f"typical devices of {plane.cell.name}, {low:.3g} to {top:.3g}; a larger scale (now {matrix.scale:g}) helps"
        )
    with named(product.name):
        matrix.trained.program(weights / matrix.scale)
