"""Modules as users bring them: what has to be done before they can be taken, said by layer."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.utils import parametrize

from pcmphys.errors import ParameterError
from pcmphys.nn.layers.base import AnalogLayer


def check_module(module: Any) -> nn.Module:
    """A module whose weights are all there.

    Raises
    ------
    ParameterError
        No module, a lazy layer that has seen no input, one on devices already, or weights that a hook computes.
    """
    if not isinstance(module, nn.Module):
        raise ParameterError(f"module must be a torch.nn.Module; got {type(module).__name__}")
    for name, layer in module.named_modules():
        shown = name or type(layer).__name__
        if isinstance(layer, AnalogLayer):
            raise ParameterError(
                f"layer {layer.name!r} is computed by a back end of pcmphys already: the module is a twin; "
                "pcmphys.nn.plain(twin) gives its plain module, with the weights as they are now"
            )
        if isinstance(layer, LazyModuleMixin) and layer.has_uninitialized_params():
            raise ParameterError(
                f"layer {shown!r}: {type(layer).__name__} has no weights before its first input; call the module once "
                "with an example, module(x)"
            )
        computed = [key for key, value in vars(layer).items() if isinstance(value, torch.Tensor) and value.grad_fn]
        if computed and layer._forward_pre_hooks:
            raise ParameterError(
                f"layer {shown!r}: a hook computes its {', '.join(computed)}, as the old torch.nn.utils.weight_norm "
                "does; take it off (remove_weight_norm), or use torch.nn.utils.parametrizations"
            )
    return module


def check_finite(name: str, layer: nn.Module) -> None:
    """Refuse a layer with parameters that are not finite."""
    for label, weights in layer.named_parameters():
        wrong = ~torch.isfinite(weights.detach())
        if wrong.any():
            place = torch.nonzero(wrong)[0].tolist()
            raise ParameterError(
                f"layer {name!r}: weights must be finite; {label}{place} is {float(weights.detach()[tuple(place)]):g} "
                f"({int(wrong.sum())} of {wrong.numel()} values are not)"
            )


def check_bare(name: str, layer: nn.Module) -> None:
    """Refuse a layer whose weights are parametrised by others."""
    if parametrize.is_parametrized(layer):
        keys = list(layer.parametrizations)
        raise ParameterError(
            f"layer {name!r}: its {', '.join(keys)} is parametrised already; make it plain by "
            f"torch.nn.utils.parametrize.remove_parametrizations(layer, {keys[0]!r}), or leave it digital by "
            f"exclude=[{name!r}]"
        )
