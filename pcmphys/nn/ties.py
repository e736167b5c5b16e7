"""Weights that several layers share, as ``b.weight = a.weight`` makes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import nn
from torch.nn.utils import parametrize

Key = tuple[object, ...]
"""Equal for layers whose matrices are all the same ones."""


class Holder(NamedTuple):
    """Where weights stand: a layer's name and theirs within it, and its `Key` if it goes to tiles."""

    layer: str
    weights: str
    key: Key | None

    @property
    def name(self) -> str:
        """Of the weights in the module."""
        return ".".join(filter(None, (self.layer, self.weights)))


class Ties:
    """Who holds which weights of a module.

    Parameters
    ----------
    module : Module
    goes : callable
        Whether a layer of this name and kind goes to tiles.
    """

    def __init__(self, module: nn.Module, goes: Callable[[str, type[nn.Module]], bool]):
        self._holders: dict[int, list[Holder]] = {}
        inside: tuple[str, ...] = ()
        for name, layer in module.named_modules():
            if any(name.startswith(f"{one}." if one else "") for one in inside):
                continue  # the output projection of an attention belongs to it
            key = None
            if goes(name, parametrize.type_before_parametrizations(layer)):
                inside, key = (*inside, name), key_of(layer)
            for label, weights in layer.named_parameters(recurse=key is not None, remove_duplicate=False):
                if "bias" not in label:
                    self._holders.setdefault(id(weights), []).append(Holder(name, label, key))

    def broken(self, layer: nn.Module) -> tuple[Holder, Holder] | None:
        """Two holders of weights of a layer that cannot be one matrix: other layers that are not alike, or itself."""
        key = key_of(layer)
        for label, weights in layer.named_parameters(remove_duplicate=False):
            holders = [] if "bias" in label else self._holders.get(id(weights), [])
            own = next((one for one in holders if one.key == key and one.weights == label), None)
            for other in holders:
                if own is not None and (other.key != key or other.weights != label):
                    return own, other
        return None


def key_of(layer: nn.Module) -> Key:
    """Kind, groups, and which weights a layer has in which places; what is computed of others is its own."""
    own = (id(layer),) if any(parametrize.is_parametrized(part) for part in layer.modules()) else ()
    weights = [
        (label, id(value)) for label, value in layer.named_parameters(remove_duplicate=False) if "bias" not in label
    ]
    kind = parametrize.type_before_parametrizations(layer)
    return (kind, getattr(layer, "groups", 1), tuple(weights), *own)
