"""Convolutions in one and two dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from pcmphys.matrix.flow import Patches
from pcmphys.nn.back_ends.product import Convolve, Maker, Product
from pcmphys.nn.layers.base import AnalogLayer, kept, matrix_of, refuse

_ARGUMENTS = (
    "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "padding_mode",
)  # fmt: skip


class AnalogConvolution(AnalogLayer):
    """`torch.nn.Conv1d` or `torch.nn.Conv2d`: every patch of the image is an input vector of the tiles.

    Word lines are channel, row and column of the kernel, in this order; a bit line is an output channel. Each group of
    channels has tiles of its own. Patches are cut as they are needed, so that memory is that of the images.
    """

    def __init__(self, name: str, module: nn.Conv1d | nn.Conv2d, make: Maker):
        groups = module.groups
        self.flat: bool = isinstance(module, nn.Conv1d)
        places = [name] if groups == 1 else [f"{name} group {group}" for group in range(groups)]
        parts = zip(places, module.weight.detach().chunk(groups), strict=True)
        super().__init__(name, tuple(make(place, matrix_of(part)) for place, part in parts), module.weight)
        one = (1,) * self.flat
        kernel, stride, dilation = ((*one, *pair) for pair in (module.kernel_size, module.stride, module.dilation))
        self.in_channels: int = module.in_channels
        self.kernel_size: tuple[int, ...] = kernel
        self.dilation: tuple[int, ...] = dilation
        channels, outputs = module.in_channels // groups, module.out_channels // groups
        self.patches: list[Patches] = [
            Patches(channels, *kernel, *stride, *dilation, group * channels, group * outputs) for group in range(groups)
        ]
        self.padding: tuple[int, int, int, int] = _padding(kernel, dilation, module.padding, self.flat)
        self.padding_mode: str = module.padding_mode
        self.bias: nn.Parameter | None = kept(module.bias)
        self._arguments: dict[str, Any] = {key: getattr(module, key) for key in _ARGUMENTS}

    @property
    def arguments(self) -> dict[str, Any]:
        """Of PyTorch's convolution."""
        return self._arguments | {"bias": self.bias is not None}

    def plain_weights(self) -> dict[str, tuple[np.ndarray, nn.Parameter | None]]:
        """Of all groups one after the other, (output channels, channels of a group, kernel...)."""
        weights = np.concatenate([product.exact.T for product in self.products])
        size = self._arguments["kernel_size"]
        return {"weight": (weights.reshape(len(weights), -1, *size), self.products[0].handle)}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Shape ([batch,] channels[, height], width), as PyTorch's."""
        axes = 2 if self.flat else 3
        if x.dim() not in (axes, axes + 1) or x.shape[-axes] != self.in_channels:
            size = "length" if self.flat else "height, width"
            raise refuse(
                self.name,
                f"the input must have shape ([batch,] {self.in_channels}, {size}); got shape {tuple(x.shape)}",
            )
        images = x if x.dim() == axes + 1 else x[None]
        self.check_type(images)
        y = self._convolved(images[:, :, None] if self.flat else images)
        if self.bias is not None:
            y = y + self.bias[:, None, None]
        y = y[:, :, 0] if self.flat else y
        return y if x.dim() == axes + 1 else y[0]

    def _convolved(self, images: torch.Tensor) -> torch.Tensor:
        products: list[Product] = list(self.products)
        handles = [product.handle for product in products]
        return Convolve.apply(self._padded(images), products, self.patches, *handles)

    def _padded(self, images: torch.Tensor) -> torch.Tensor:
        self._check_size(images)
        if not any(self.padding):
            return images
        if self.padding_mode == "zeros":
            return F.pad(images, self.padding)
        if self.flat:  # the only row is no image to reflect
            return F.pad(images[:, :, 0], self.padding[:2], mode=self.padding_mode)[:, :, None]
        return F.pad(images, self.padding, mode=self.padding_mode)

    def _check_size(self, images: torch.Tensor) -> None:
        left, right, top, bottom = self.padding
        height, width = images.shape[2] + top + bottom, images.shape[3] + left + right
        if min(self.patches[0].outputs(height, width)) < 1:
            last = 1 if self.flat else 0
            reach = [d * (k - 1) + 1 for k, d in zip(self.kernel_size, self.dilation, strict=True)][last:]
            raise refuse(
                self.name,
                f"the kernel is larger than its image: it reaches over {' x '.join(map(str, reach))} pixels, the "
                f"padded image has {' x '.join(map(str, (height, width)[last:]))}",
            )
        most = {"reflect": 1, "circular": 0}.get(self.padding_mode)
        if most is not None and (
            max(left, right) > images.shape[3] - most or max(top, bottom) > images.shape[2] - most
        ):
            raise refuse(
                self.name,
                f"the padding {self.padding} is too large for {self.padding_mode!r} of images of "
                f"{images.shape[2]} x {images.shape[3]} pixels",
            )


def _padding(
    kernel: tuple[int, ...], dilation: tuple[int, ...], padding: str | tuple[int, ...], flat: bool
) -> tuple[int, int, int, int]:
    """Pixels at the left, right, top and bottom, as `torch.nn.functional.pad` takes them."""
    if padding == "valid":
        return 0, 0, 0, 0
    if padding == "same":  # what is odd goes to the right and the bottom, as in PyTorch
        total = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        (top, bottom), (left, right) = ((part // 2, part - part // 2) for part in total)
        return left, right, top, bottom
    rows, columns = (0, *padding) if flat else padding
    return columns, columns, rows, rows
