"""What layers share: products by name, and what of a layer stays digital."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from pcmphys.errors import ParameterError
from pcmphys.nn.back_ends.product import Product


class AnalogLayer(nn.Module):
    """A layer that multiplies through `Product` back ends, and does the rest as PyTorch does.

    Attributes
    ----------
    name : str
        Of the layer in its network.
    products : tuple of Product
        Its matrix products; every weight is in one of them.
    kind : str
        Class of the module that it stands in for.
    digital : str
        What it computes besides them, digitally.
    """

    digital: str = "bias"
    kind: str = ""

    def __init__(self, name: str, products: tuple[Product, ...]):
        super().__init__()
        self.name: str = name
        self.products: tuple[Product, ...] = products
        for k, product in enumerate(products):
            if product.handle is not None:
                self.register_parameter(f"in_place_{k}", product.handle)

    def __getattr__(self, name: str) -> Any:
        """As PyTorch's; of weights, that they are not here any more."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            if "weight" not in name:
                raise
            raise AttributeError(
                f"layer {vars(self).get('name')!r} has no {name!r}: its weights are on devices, and its products are "
                "computed there; leave a layer whose weights the module's own code uses digital, by exclude=[...] of "
                "nn.convert"
            ) from None

    def extra_repr(self) -> str:
        """One line: shapes of the products."""
        shapes = ", ".join(f"{product.inputs} x {product.outputs}" for product in self.products[:4])
        return shapes + (", ..." if len(self.products) > 4 else "")


def matrix_of(weights: torch.Tensor) -> np.ndarray:
    """Weights (outputs, inputs...) of PyTorch as (inputs, outputs) in float64."""
    return weights.detach().flatten(1).T.double().cpu().numpy()


def kept(parameter: torch.Tensor | None) -> nn.Parameter | None:
    """A bias, to be kept digital; one that is computed from others becomes one of its own."""
    if parameter is None or isinstance(parameter, nn.Parameter):
        return parameter
    return nn.Parameter(parameter.detach().clone())


def refuse(name: str, problem: str) -> ParameterError:
    """The error of an input that a layer cannot take."""
    return ParameterError(f"layer {name!r}: {problem}")
