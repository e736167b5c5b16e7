"""What layers share: products by name, and what of a layer stays digital."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from pcmphys.errors import ParameterError
from pcmphys.nn.back_ends.product import Product
from pcmphys.nn.layers import state


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

    def __init__(self, name: str, products: tuple[Product, ...], like: torch.Tensor):
        super().__init__()
        self.name: str = name
        self.products: tuple[Product, ...] = products
        # of the type and where the layer's numbers are; goes with them if they are moved
        self.register_buffer("like", torch.empty(0, dtype=like.dtype, device=like.device), persistent=False)
        self.register_handles()
        self.register_load_state_dict_post_hook(_keep_handles)

    def register_handles(self) -> None:
        """What stands for weights in place is among the parameters; one that stands there already stays."""
        for k, product in enumerate(self.products):
            if product.handle is not None:
                self.register_parameter(f"in_place_{k}", product.handle)

    def get_extra_state(self) -> torch.Tensor:
        """Devices of the products with their history, as bytes: what a state dict holds of them."""
        return state.kept(self.name, self.products)

    def set_extra_state(self, found: Any) -> None:
        """Take over devices of a layer of the same make: from then on both have the same future."""
        self.taken(found)()

    def taken(self, found: Any) -> Callable[[], None]:
        """What takes over devices; they have been looked at, and nothing has changed."""
        return state.taken(self.name, self.products, found)

    def check_type(self, *given: torch.Tensor) -> None:
        """Refuse inputs of another float type than the layer's, as PyTorch does."""
        for x in given:
            if x.dtype not in (torch.float32, torch.float64):
                raise refuse(self.name, f"the input must be of float32 or float64; it is of {x.dtype}")
            if x.dtype != self.like.dtype:
                one, other = (str(kind).removeprefix("torch.") for kind in (self.like.dtype, x.dtype))
                raise refuse(
                    self.name,
                    f"the input must be of {one}, as the layer; it is of {other}: convert it by .to(torch.{one}), or "
                    f"the network by .to(torch.{other})",
                )

    def plain(self, share: Callable[[nn.Parameter | None], nn.Parameter | None]) -> nn.Module:
        """The layer of PyTorch that it stands in for, with the weights as they are to be.

        Parameters
        ----------
        share : callable
            Gives what a bias becomes there.
        """
        # on "meta" no weights are drawn: the generator of PyTorch stays as it is
        made = getattr(nn, self.kind)(**self.arguments, dtype=self.like.dtype, device="meta")
        made.to_empty(device=self.like.device)
        for place, (value, handle) in self.plain_weights().items():
            learns = handle is None or handle.requires_grad
            weights = torch.from_numpy(np.array(value, order="C")).to(self.like)  # a copy, always
            put(made, place, nn.Parameter(weights, requires_grad=learns))
        for place, bias in self.plain_biases().items():
            put(made, place, share(bias))
        return made.train(self.training)

    @property
    def arguments(self) -> dict[str, Any]:
        """What the layer of PyTorch is made with, but for type and device."""
        raise NotImplementedError(f"{type(self).__name__} does not say what makes its plain layer")

    def plain_weights(self) -> dict[str, tuple[np.ndarray, nn.Parameter | None]]:
        """Weights in PyTorch's shapes, and the handle of their product, by their names there."""
        product = self.products[0]
        return {"weight": (product.exact.T, product.handle)}

    def plain_biases(self) -> dict[str, nn.Parameter | None]:
        """Biases by their names in PyTorch's layer."""
        return {"bias": self.bias}

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


def _keep_handles(layer: AnalogLayer, _: Any) -> None:
    """After a state dict: `load_state_dict` with ``assign`` puts others in their place."""
    layer.register_handles()


def put(module: nn.Module, place: str, parameter: nn.Parameter | None) -> None:
    """Give a module a parameter, at a place such as "out_proj.weight"."""
    owner, _, name = place.rpartition(".")
    setattr(module.get_submodule(owner), name, parameter)


def kinds_of(layers: Mapping[str, AnalogLayer]) -> dict[Product, str]:
    """Products of all layers, each once, with the class of the (first) layer that multiplies by it."""
    found: dict[Product, str] = {}
    for layer in layers.values():
        for product in layer.products:
            found.setdefault(product, layer.kind)
    return found


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
