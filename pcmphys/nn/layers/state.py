"""What a state dict holds of a layer's devices: one tensor of bytes, which any checkpoint carries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from pcmphys.errors import ParameterError
from pcmphys.nn.back_ends.product import Product
from pcmphys.nn.keeping import Arrays
from pcmphys.nn.kept import check_made, joined, parted

FORMAT = "pcmphys devices of a layer, format 1"


def kept(name: str, products: Sequence[Product]) -> torch.Tensor:
    """State of a layer's products, and what they are made of."""
    arrays: Arrays = {}
    states = []
    for k, product in enumerate(products):
        try:
            states.append({"made": product.made, "state": product.packed(f"products/{k}", arrays)})
        except TypeError as error:
            raise ParameterError(f"layer {name!r}: its devices cannot be saved: {error}") from None
    return torch.frombuffer(bytearray(joined({"format": FORMAT, "products": states}, arrays)), dtype=torch.uint8)


def taken(name: str, products: Sequence[Product], state: Any) -> Callable[[], None]:
    """What lets the products of a layer take over a state of `kept`; nothing has changed before.

    Raises
    ------
    ParameterError
        No such state, one of another version of pcmphys, or of devices of another make.
    """
    what = f"state of layer {name!r}"
    if not isinstance(state, torch.Tensor) or state.dtype != torch.uint8:
        raise ParameterError(f"{what} must be the tensor of bytes that state_dict() gave; got {_kind(state)}")
    header, arrays = parted(state.detach().cpu().contiguous().numpy().tobytes(), what, FORMAT)
    try:
        states = header["products"]
        for product, one in zip(products, states, strict=True):
            check_made(one["made"], product.made, f"{what}: its devices were")
        takes = [
            product.unpacked(one["state"], f"products/{k}", arrays)
            for k, (product, one) in enumerate(zip(products, states, strict=True))
        ]
    except (KeyError, ValueError, TypeError, IndexError) as error:
        if isinstance(error, ParameterError):
            raise
        raise ParameterError(f"{what} does not fit this layer ({error})") from None

    def take() -> None:
        for one in takes:
            one()

    return take


def check_devices(module: torch.nn.Module, state_dict: dict[str, Any], prefix: str, *_: Any) -> None:
    """Refuse a state dict with devices that do not fit a twin before anything of it is taken over."""
    for name, layer in module.named_modules():
        key = f"{prefix}{name}.{KEY}"
        if key in state_dict and callable(look := getattr(layer, "taken", None)):
            look(state_dict[key])


KEY = "_extra_state"
"""What PyTorch calls it in a state dict."""


def _kind(state: Any) -> str:
    return f"one of {state.dtype}" if isinstance(state, torch.Tensor) else f"a {type(state).__name__}"
