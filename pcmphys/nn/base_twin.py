"""What twins that predict and twins that learn have in common."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from pcmphys.errors import ParameterError
from pcmphys.nn.back_ends.product import Maker, Product, Watch
from pcmphys.nn.layer_table import DigitalPart
from pcmphys.nn.layers.base import AnalogLayer, kinds_of
from pcmphys.nn.layers.state import check_devices


class Twin(nn.Module):
    """A module with layers whose products are computed by back ends.

    Attributes
    ----------
    module : torch.nn.Module
        The converted module.
    layers : dict
        Its converted layers (`AnalogLayer`) by name.
    digital : list of DigitalPart
        What is not computed by them.
    maker : callable
        What makes the back ends.
    """

    def __init__(self, module: nn.Module, layers: dict[str, AnalogLayer], digital: list[DigitalPart], maker: Maker):
        super().__init__()
        self.module: nn.Module = module
        self.layers: dict[str, AnalogLayer] = layers
        self.digital: list[DigitalPart] = digital
        self.maker: Maker = maker
        self.register_load_state_dict_pre_hook(check_devices)

    @property
    def products(self) -> list[Product]:
        """Matrix products of all layers; one that layers share, once."""
        return list(kinds_of(self.layers))

    def watched(self, watch: Watch, inputs: tuple[Any, ...], options: dict[str, Any]) -> None:
        """Call the module while ``watch(product, vectors)`` sees every product, and gives its outputs."""
        check_tensors(inputs)
        with torch.no_grad(), _watching(self.products, watch):
            self.module(*inputs, **options)


def check_tensors(inputs: tuple[Any, ...]) -> None:
    """Refuse arrays of NumPy among the inputs of a network."""
    for given in inputs:
        if isinstance(given, np.ndarray):
            raise ParameterError(
                f"inputs must be tensors; got an array of numpy of shape {given.shape}: torch.from_numpy it"
            )


@contextlib.contextmanager
def _watching(products: list[Product], watch: Watch) -> Iterator[None]:
    for product in products:
        product.watch = watch
    try:
        yield
    finally:
        for product in products:
            product.watch = None
