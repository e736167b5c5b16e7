"""Fully connected layers."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from pcmphys.nn.back_ends.product import Maker
from pcmphys.nn.layers.base import AnalogLayer, kept, matrix_of


class AnalogLinear(AnalogLayer):
    """`torch.nn.Linear` with its product on a back end; the bias is added digitally."""

    def __init__(self, name: str, module: nn.Linear, make: Maker):
        super().__init__(name, (make(name, matrix_of(module.weight)),), module.weight)
        self.in_features: int = module.in_features
        self.out_features: int = module.out_features
        self.bias: nn.Parameter | None = kept(module.bias)

    @property
    def arguments(self) -> dict[str, Any]:
        """Of `torch.nn.Linear`."""
        return {
            "in_features": self.in_features, "out_features": self.out_features, "bias": self.bias is not None,
        }  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Shape (..., inputs) to (..., outputs)."""
        self.check_type(x)
        y = self.products[0].multiply(x)
        return y if self.bias is None else y + self.bias
