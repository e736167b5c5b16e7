"""Weights that are trained where they stand: products and updates on the same devices."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
import torch
from torch import nn
from torch.autograd.variable import ImperativeEngine

from pcmphys.crossbar import Wires
from pcmphys.errors import ParameterError
from pcmphys.matrix import Periphery
from pcmphys.matrix.flow import Patches
from pcmphys.nn.back_ends.gathered import Gathered, Noted
from pcmphys.nn.back_ends.product import Product, array
from pcmphys.nn.back_ends.tiles import named
from pcmphys.nn.keeping import Arrays, packed, unpacked
from pcmphys.numerics import check
from pcmphys.numerics.warn import warn
from pcmphys.training import TrainableMatrix, UpdateTrains
from pcmphys.training.rules.rule import Rule
from pcmphys.training.surroundings import Surroundings

_SMALL = 2.0**-10
"""Second number of a gradient that is shown, over the first: a power of two, so that factors keep it to the bit."""
_SMALLEST = 1e-37
"""Below which single precision has too few digits left for it."""


class PulsedWeight(nn.Parameter):
    """What stands for weights in place among a module's parameters: two numbers that are always 0.

    Its gradient is the Euclidean norm of the gradient by the weights, and 1/1024 of it (of both together the norm is
    that within a millionth). What is scaled there, both numbers alike, scales the update: `torch.nn.utils.
    clip_grad_norm_` does what it says. The second number shows what changes numbers one by one, which weights that are
    not there cannot follow.

    Attributes
    ----------
    product : InPlace
        Whose weights they are.
    """

    product: InPlace

    def __new__(cls, product: InPlace | None = None) -> PulsedWeight:
        """Two zeros for a product; without one, for a copy that will get its own."""
        made = super().__new__(cls, torch.zeros(2))
        made.register_post_accumulate_grad_hook(_gather)
        if product is not None:
            made.product = product
        return made

    def __repr__(self) -> str:
        product = self.product
        return f"PulsedWeight({product.name!r}, {product.inputs} x {product.outputs})"

    def register_hook(self, hook: Callable[[torch.Tensor], Any]) -> NoReturn:
        """Refused: it would be given zeros, and what it gave back would change nothing.

        Raises
        ------
        ParameterError
            Always.
        """
        raise ParameterError(
            f"layer {self.product.name!r}: register_hook on weights trained in place cannot work, for their gradient "
            "is never computed; register_post_accumulate_grad_hook of the parameter may scale its grad, register_hook "
            "of the layer's output sees what flows back"
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> PulsedWeight:
        import copy

        if id(self) not in memo:
            twin = memo[id(self)] = type(self)()
            twin.data = self.data.clone()
            twin.requires_grad = self.requires_grad
            twin.product = copy.deepcopy(self.product, memo)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (), (self.product, self.requires_grad, self.data)

    def __setstate__(self, state: tuple[InPlace, bool, torch.Tensor]) -> None:
        self.product = state[0]
        self.data = state[2]
        self.requires_grad_(state[1])


def _gather(handle: PulsedWeight) -> None:
    """After each backward pass that counts: one of `torch.autograd.grad` leaves no gradient, and does not."""
    handle.product.gather(torch._C._current_graph_task_id())


class InPlace(Product):
    """A product on a `TrainableMatrix`: forward and transposed backward through its converters, updates by pulses.

    A backward pass notes inputs and gradients; `step` sends them. Read noise is new for every vector.
    """

    def __init__(self, name: str, matrix: TrainableMatrix):
        super().__init__(name, *matrix.shape)
        self.matrix: TrainableMatrix = matrix
        self.gathered: Gathered = Gathered(*matrix.shape)
        self._noted: dict[int, list[Noted]] = {}  # of backward passes that go on, which may be in one another
        self._shown = 0.0
        self.handle = PulsedWeight(self)

    def __getstate__(self) -> dict[str, Any]:
        """As PyTorch's parameters, copies have no gradient."""
        return vars(self) | {"gathered": Gathered(*self.matrix.shape), "_noted": {}, "_shown": 0.0}

    @property
    def weights(self) -> np.ndarray:
        """Weights (inputs, outputs) as they read now, without noise, converters and wires."""
        return self.matrix.weights

    @property
    def exact(self) -> np.ndarray:
        """The same: what was learned is what is to be multiplied by."""
        return self.matrix.weights

    @property
    def made(self) -> dict[str, str]:
        """Cell, rule, and what is around the devices; whatever their seed, they come with their state."""
        return made_of(self.matrix.cell, self.matrix.rule, self.matrix.scale, self.matrix.trained.planes[0].around)

    def packed(self, place: str, arrays: Arrays) -> Any:
        """Devices with their history, and what the rule keeps beside them."""
        return packed(self.matrix.trained, place, arrays)

    def unpacked(self, kept: Any, place: str, arrays: Arrays) -> Callable[[], None]:
        """See `Product.unpacked`; gradients of what the devices held before are dropped."""
        found = unpacked(kept, self.matrix.copy().trained, place, arrays)

        def take() -> None:
            self.matrix.trained = found
            self.forget()
            self.handle.grad = None

        return take

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
        """Keep inputs and gradients by the outputs until the backward pass that they are of has come to its end."""
        backward = torch._C._current_graph_task_id()
        if backward not in self._noted:
            self._noted[backward] = []
            # one that leaves no gradient, as those of `torch.autograd.grad`, is not gathered
            ImperativeEngine().queue_callback(lambda: self._noted.pop(backward, None))
        self._noted[backward].append(Noted(array(x), array(d), patches))

    def gather(self, backward: int) -> None:
        """Add what was noted in a backward pass to what `step` will send, and show it in the handle's gradient."""
        passes = self._noted.pop(backward, [])
        if len(self.gathered):
            self.gathered.scale(self._factor())
        self.gathered.add(passes)
        norm, grad = self.gathered.norm, self.handle.grad
        self.handle.grad = torch.tensor([norm, norm * _SMALL], dtype=grad.dtype, device=grad.device)
        self._shown = self.handle.grad.tolist()[0]

    def forget(self) -> None:
        """Drop what was noted."""
        self._noted.clear()
        self.gathered.clear()
        self._shown = 0.0

    def step(self, rate: float) -> None:
        """Send what was noted as pulses, in the order of the backward passes, as one mini-batch; then forget it.

        Raises
        ------
        ParameterError
            Something but `PulsedOptimizer` has changed the parameter that stands for the weights, or its gradient
            otherwise than by a factor.
        """
        self.check_handle()
        factor = self._factor()
        if len(self.gathered) and rate > 0.0 and factor != 0.0:
            self.gathered.scale(factor)
            x, d = self.gathered.vectors()
            with named(self.name):
                self.matrix.update(x, d, rate)
        self.forget()

    def _factor(self) -> float:
        """By what the gradient of the handle was multiplied since it was shown; 0 where it was taken away."""
        if self.handle.grad is None:
            return 0.0
        large, small = self.handle.grad.tolist()
        if not math.isfinite(self._shown):
            return 1.0  # the update says which gradient is not finite
        together = abs(small - large * _SMALL) <= _SMALLEST  # not so of what is not finite
        if not together or (self._shown == 0.0 and large != 0.0):
            raise ParameterError(
                f"layer {self.name!r}: the gradient of weights trained in place was changed number by number, from "
                f"{[self._shown, self._shown * _SMALL]} to {[large, small]}; the two stand for the norm of a whole "
                "matrix, and can be scaled together, as torch.nn.utils.clip_grad_norm_ does. Instead of clipping "
                "values, lower lr, or hold gradients by register_hook on a layer's output"
            )
        return large / self._shown if self._shown else 1.0

    def check_handle(self) -> None:
        """Refuse weights that another optimiser believes to have changed."""
        if bool(self.handle.detach().any()):
            raise ParameterError(
                f"layer {self.name!r}: an optimiser that sends no pulses has stepped its weights, which did not "
                "change; train with pcmphys.nn.PulsedOptimizer(live.parameters(), lr=...)"
            )


@dataclass
class TrainingWorkshop:
    """Makes the arrays of one chip that is trained in place, with one rule, on one lab clock.

    Attributes
    ----------
    cell, rule, tile, periphery, wires, scale, trains, refresh, halvings, seed
        As of `TrainableMatrix`, the same for all layers.
    products : list of InPlace
        What was made so far.
    """

    cell: Any
    rule: Rule
    tile: tuple[int, int] = (512, 512)
    periphery: Periphery | None = None
    wires: Wires | None = None
    scale: float = 1.0
    trains: UpdateTrains | None = None
    refresh: int = 1
    halvings: int = 10
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
                refresh=self.refresh, halvings=self.halvings,
            )  # fmt: skip
        made = InPlace(name, matrix)
        _write(made, weights)
        self.products.append(made)
        return made

    @property
    def made(self) -> dict[str, str]:
        """What its arrays are made of, but for the seed, as text that is equal for equal ones."""
        return self.products[0].made if self.products else {}

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


def made_of(cell: Any, rule: Rule, scale: float, around: Surroundings) -> dict[str, str]:
    """What devices that learn are made of, as text that is equal for equal ones."""
    parts = {"cell": f"{cell.name} {cell.parameters!r}", "rule": _text(rule), "scale": repr(scale)}
    return parts | {name: repr(value) for name, value in vars(around).items()}


def _text(rule: Rule) -> str:
    """A rule with the numbers of its own cells, whose repr is their name."""
    own = [part for part in vars(rule).values() if hasattr(part, "parameters")] if hasattr(rule, "__dict__") else []
    return " ".join([repr(rule), *(repr(cell.parameters) for cell in own)])


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
