"""From a twin back to layers of PyTorch."""

from __future__ import annotations

import copy
from typing import Any

from torch import nn

from pcmphys.nn.base_twin import Twin
from pcmphys.nn.layers.base import AnalogLayer, put


def on_back_ends(module: nn.Module) -> bool:
    """Whether layers of a module are computed by back ends."""
    return any(isinstance(part, AnalogLayer) for part in module.modules())


def plain_copy(module: nn.Module) -> nn.Module:
    """A copy of a twin, or of a module with twins in it, with layers of PyTorch in the place of analog ones.

    Weights that analog layers share, and biases, are shared there, too; not so of one with a digital layer.
    """
    memo: dict[int, Any] = {}  # of deepcopy: what stands in it is taken instead of a copy
    first: dict[tuple[int, ...], nn.Module] = {}
    twins = []
    for part in module.modules():
        if isinstance(part, AnalogLayer):
            memo[id(part)] = _plain(part, first, memo)
        elif isinstance(part, Twin):
            twins.append(part)
    for twin in twins:
        memo[id(twin)] = copy.deepcopy(twin.module, memo)
    return copy.deepcopy(module, memo)


def _plain(layer: AnalogLayer, first: dict[tuple[int, ...], nn.Module], memo: dict[int, Any]) -> nn.Module:
    made = layer.plain(lambda bias: copy.deepcopy(bias, memo))
    other = first.setdefault(tuple(map(id, layer.products)), made)
    for place in layer.plain_weights() if other is not made else ():
        put(made, place, other.get_parameter(place))
    return made
