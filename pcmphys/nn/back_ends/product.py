"""What a back end is: the interface between a layer and the arithmetic that multiplies for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from pcmphys.errors import ParameterError
from pcmphys.matrix.flow import Patches, cut
from pcmphys.nn.keeping import Arrays

Watch = Callable[["Product", np.ndarray], np.ndarray]
"""Sees the input vectors (batch, inputs) of a product and gives the outputs (batch, outputs) in its place."""
_CHUNK_BYTES = 2**25
"""Memory [bytes] of patches that lie side by side, where a back end does not cut them itself."""


class Product(ABC):
    """One matrix product of a layer, y = x @ weights.

    A back end of your own needs `forward`, `backward` and `weights`; one that is trained in place has a ``handle`` and
    `note`, and shows its gradient in the handle's by itself (it is given zeros). One whose state belongs into a state
    dict has `packed` and `unpacked`. Layers reach it through `multiply` and `Convolve`, which join it to PyTorch:
    forward and backward become the two directions of automatic differentiation.

    Parameters
    ----------
    name : str
        Of the product, for messages: the layer's name, and which of its products.
    inputs, outputs : int
        Shape of the weights.

    Attributes
    ----------
    watch : callable or None
        Sees the input vectors and gives the outputs in its place.
    handle : torch.nn.Parameter or None
        What stands for the weights among the parameters of the layer, if they are trained in place.
    """

    def __init__(self, name: str, inputs: int, outputs: int):
        self.name: str = name
        self.inputs: int = inputs
        self.outputs: int = outputs
        self.watch: Watch | None = None
        self.handle: torch.nn.Parameter | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.inputs} x {self.outputs})"

    @property
    @abstractmethod
    def weights(self) -> np.ndarray:
        """Weights (inputs, outputs) that it multiplies by now, as far as they are one matrix."""

    @property
    @abstractmethod
    def exact(self) -> np.ndarray:
        """Weights (inputs, outputs) that it is to multiply by."""

    @abstractmethod
    def forward(self, x: np.ndarray) -> np.ndarray:
        """Products (batch, outputs) of input vectors (batch, inputs), in the type of the inputs."""

    def backward(self, d: np.ndarray) -> np.ndarray:
        """Products (batch, inputs) of output vectors (batch, outputs) with the transposed weights."""
        return d @ self.weights.T.astype(d.dtype)

    def note(self, x: torch.Tensor, d: torch.Tensor, patches: Patches | None = None) -> None:
        """Keep what an update will be made of: input vectors or images, and gradients by the outputs.

        Both are copies that nobody else writes to; products of one convolution are given the same images.
        """
        raise NotImplementedError(f"{type(self).__name__} has a handle and cannot learn")

    @property
    def made(self) -> dict[str, str]:
        """What it is made of, as text that is equal for products that can take over each other's state."""
        return {}

    def packed(self, place: str, arrays: Arrays) -> Any:
        """What a state dict holds of it, as numbers for JSON; arrays by place. None: nothing."""
        return None

    def unpacked(self, kept: Any, place: str, arrays: Arrays) -> Callable[[], None]:
        """What takes over the state that `packed` gave for a product of the same make; nothing has changed before.

        Raises
        ------
        ValueError, KeyError, TypeError, IndexError
            It does not fit.
        """
        return lambda: None

    @property
    def learns(self) -> bool:
        """Whether it notes what it sees now."""
        return self.handle is not None and self.handle.requires_grad

    def over_patches(self, images: np.ndarray, patches: Patches, out: np.ndarray) -> None:
        """Products of all patches of images (batch, channels, rows, columns) into ``out`` (batch, channels, patches).

        Patches are cut in bounded memory.
        """
        place = slice(patches.first_output, patches.first_output + self.outputs)
        for vectors, image, positions in self._some(images, patches):
            out[image, place, positions] = self._seen(vectors).T

    def multiply(self, x: torch.Tensor) -> torch.Tensor:
        """Products of vectors (..., inputs); differentiable in x."""
        if x.shape[-1] != self.inputs:
            raise ParameterError(
                f"layer {self.name!r}: the input must have {self.inputs} values along its last axis; got shape "
                f"{tuple(x.shape)}"
            )
        self.check_type(x)
        vectors = x.reshape(-1, self.inputs)
        if (x.requires_grad or self.learns) and torch.is_grad_enabled():
            y = _Multiply.apply(vectors, self, self.handle)
        else:
            y = tensor(self.plain(array(vectors)), x)
        return y.reshape(*x.shape[:-1], self.outputs)

    def check_type(self, x: torch.Tensor) -> None:
        """Refuse numbers that are no floats of a length that NumPy computes in."""
        if x.dtype not in (torch.float32, torch.float64):
            raise ParameterError(f"layer {self.name!r}: the input must be of float32 or float64; it is of {x.dtype}")

    def plain(self, x: np.ndarray) -> np.ndarray:
        """What `multiply` does, on arrays."""
        return self._seen(x)

    def _seen(self, vectors: np.ndarray) -> np.ndarray:
        return self.forward(vectors) if self.watch is None else self.watch(self, vectors).astype(vectors.dtype)

    def _some(self, images: np.ndarray, patches: Patches) -> Iterator[tuple[np.ndarray, int, slice]]:
        """Vectors of part of the patches of one image, the image and which they are."""
        high, wide = patches.outputs(*images.shape[2:])
        most = max(1, _CHUNK_BYTES // (8 * (self.inputs + self.outputs)))
        for image in range(len(images)):
            for start in range(0, high * wide, most):
                stop = min(start + most, high * wide)
                first = image * high * wide
                yield cut(images, patches, first + start, first + stop), image, slice(start, stop)


class _Multiply(torch.autograd.Function):
    """A product of vectors and its transposed one; one that learns notes both."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, product: Product, handle: torch.nn.Parameter | None) -> torch.Tensor:
        ctx.product = product
        if product.learns:
            ctx.save_for_backward(x)
        return tensor(product.plain(array(x)), x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *d: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        product = ctx.product
        x = tensor(product.backward(array(d[0])), d[0]) if ctx.needs_input_grad[0] else None
        saved = ctx.saved_tensors  # once: a checkpoint computes them anew
        if not saved:
            return x, None, None
        product.note(saved[0].clone(), _own(d[0]))  # the user may fill buffers anew before step()
        return x, None, torch.zeros_like(product.handle)


class Convolve(torch.autograd.Function):
    """Products of all patches of images, and its transpose: each output goes back to the pixels of its patch.

    ``apply(images, products, patches, *handles)``: one product and one way to cut for each group of channels, and the
    handles of the products, which all learn or do not.
    """

    @staticmethod
    def forward(
        ctx: Any,
        images: torch.Tensor,
        products: list[Product],
        patches: list[Patches],
        *handles: torch.nn.Parameter | None,
    ) -> torch.Tensor:
        """Output images (batch, channels, rows, columns)."""
        ctx.products, ctx.patches, ctx.size = products, patches, images.shape
        ctx.learning = [product.learns for product in products]
        if any(ctx.learning):
            ctx.save_for_backward(images)
        high, wide = patches[0].outputs(*images.shape[2:])
        given = np.ascontiguousarray(array(images))
        out = np.empty((len(images), sum(product.outputs for product in products), high * wide), given.dtype)
        for product, some in zip(products, patches, strict=True):
            product.over_patches(given, some, out)
        return tensor(out.reshape(*out.shape[:2], high, wide), images)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *d: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Gradient with respect to the images; products that learn note theirs."""
        images = _to_images(ctx, d[0]) if ctx.needs_input_grad[0] else None
        saved = ctx.saved_tensors
        kept = saved[0].clone() if saved else None  # one copy for all groups
        handles: list[torch.Tensor | None] = []
        for product, some, learns in zip(ctx.products, ctx.patches, ctx.learning, strict=True):
            if learns:
                place = slice(some.first_output, some.first_output + product.outputs)
                product.note(kept, _own(d[0][:, place]), some)
            handles.append(torch.zeros_like(product.handle) if learns else None)
        return images, None, None, *handles


def _to_images(ctx: Any, d: torch.Tensor) -> torch.Tensor:
    """Each output back to the pixels of its patch."""
    _, channels, *size = ctx.size
    back = []
    for gradient in d.flatten(2):  # image by image, in bounded memory
        parts = []
        for product, some in zip(ctx.products, ctx.patches, strict=True):
            place = slice(some.first_output, some.first_output + product.outputs)
            vectors = tensor(product.backward(array(gradient[place].T.contiguous())), gradient)
            parts.append(
                torch.nn.functional.fold(
                    vectors.T[None],
                    size,
                    (some.rows, some.columns),
                    (some.row_dilation, some.column_dilation),
                    0,
                    (some.row_stride, some.column_stride),
                )
            )
        back.append(torch.cat(parts, 1))
    return torch.cat(back) if back else d.new_zeros((0, channels, *size))


def _own(d: torch.Tensor) -> torch.Tensor:
    """A copy that lies row by row."""
    return d.clone(memory_format=torch.contiguous_format)


def array(x: torch.Tensor) -> np.ndarray:
    """The tensor's numbers as an array; of a tensor in main memory, the same memory."""
    return x.detach().cpu().numpy()


def tensor(values: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    """An array as a tensor where ``like`` is; in main memory, the same memory."""
    return torch.from_numpy(values).to(like.device)


Maker = Callable[[str, np.ndarray], Product]
"""Makes the product of a name and weights (inputs, outputs): all that a layer knows of its back end."""
