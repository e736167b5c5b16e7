"""Shapes of the matrix products in a module: what has to be mapped to a chip."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from pcmphys.errors import ParameterError
from pcmphys.nn.back_ends.digital import Digital
from pcmphys.nn.back_ends.product import Product
from pcmphys.nn.base_twin import Twin
from pcmphys.nn.conversion import convert
from pcmphys.numerics import check


class ProductShape(NamedTuple):
    """A matrix product of a network.

    Attributes
    ----------
    name : str
        Of the product, as in `TwinReport`.
    rows, columns : int
        Inputs and outputs of the matrix: word lines and weight columns.
    vectors : int
        Input vectors a sample: the patches of an image, the steps of a sequence; their mean, rounded up, where
        samples differ.
    """

    name: str
    rows: int
    columns: int
    vectors: int


def shapes(
    module: nn.Module,
    example: Any,
    *,
    samples: int | None = None,
    combined: bool = False,
    exclude: Iterable[str] = (),
) -> list[ProductShape]:
    """Shape of each matrix product of a module, and how many vectors a sample sends through it.

    Parameters
    ----------
    module : torch.nn.Module, AnalogTwin or LiveTwin
        A plain module is taken as `convert` would take it.
    example : torch.Tensor or tuple
        Input of the module, or several.
    samples : int, optional
        Samples that the example holds; default: the size of the (first) input's first axis.
    combined, exclude
        As of `convert`, of a plain module; a twin has been made with its own.

    Returns
    -------
    list of ProductShape
        In the order of the module's layers.

    Examples
    --------
    >>> module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
    >>> for shape in shapes(module, torch.zeros(2, 1, 8, 8)):
    ...     print(*shape)
    0 9 4 36
    3 144 10 1
    """
    inputs = example if isinstance(example, tuple) else (example,)
    if samples is None:
        size = getattr(inputs[0] if inputs else None, "shape", ())
        if not size:
            raise ParameterError("samples must be given for an example that has no first axis")
        samples = size[0]
    samples = check.integer("samples", samples, 1)
    if isinstance(module, Twin):
        if combined or tuple(exclude):
            raise ParameterError("combined and exclude are of plain modules; a twin has been made with its own")
        twin = module
    else:
        twin = convert(module, Digital(None, None), combined=combined, exclude=exclude)
    seen: dict[str, int] = {}

    def count(product: Product, x: np.ndarray) -> np.ndarray:
        seen[product.name] = seen.get(product.name, 0) + len(x)
        return x @ product.exact

    with torch.no_grad():
        twin.watched(count, inputs, {})
    return [
        ProductShape(product.name, product.inputs, product.outputs, -(-seen.get(product.name, 0) // samples))
        for product in twin.products
    ]
