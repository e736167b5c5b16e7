"""One matrix product of a layer: a converter before it, weights, a converter behind it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from pcmphys.nn.opened.rounding import Rounding

Multiply = Callable[[Tensor, Tensor], Tensor]


class Edge(nn.Module):
    """What stands before and behind one product: modules that change its inputs and its outputs.

    Parameters
    ----------
    inward, outward : Module, optional
        Converters; nothing by default.
    """

    def __init__(self, inward: nn.Module | None = None, outward: nn.Module | None = None) -> None:
        super().__init__()
        self.inward: nn.Module = nn.Identity() if inward is None else inward
        self.outward: nn.Module = nn.Identity() if outward is None else outward


def product(layer: nn.Module, name: str, x: Tensor, weight: Tensor, multiply: Multiply) -> Tensor:
    """``multiply(x, weight)`` through the converters of the layer's product ``name``.

    A ``weight`` that carries ``clean`` (see `pcmphys.nn.aware.noise`) multiplies with its noise and hands back the
    gradients of the clean weights.
    """
    edges = layer.edges
    edge = edges[name] if name in edges else None  # noqa: SIM401 (a ModuleDict has no get)
    if edge is not None:
        x = edge.inward(x)
    y = multiply(x, weight)
    clean = getattr(weight, "clean", None)
    if clean is not None:
        exact = multiply(x, clean)
        y = exact + (y - exact).detach()
    return y if edge is None else edge.outward(y)


Fixed = tuple[Tensor | None, Tensor | None, tuple[Rounding | None, Rounding | None]]
"""Ranges of the converters before and behind a product, and what they do."""


def fixed(layer: nn.Module, name: str) -> Fixed | None:
    """What the converters of a product do in all calls to come, as long as no range moves; None: they cannot say."""
    edge = layer.edges[name] if name in layer.edges else None  # noqa: SIM401 (a ModuleDict has no get)
    ranges: list[Tensor | None] = []
    roundings: list[Rounding | None] = []
    for converter in () if edge is None else (edge.inward, edge.outward):
        if isinstance(converter, nn.Identity):
            ranges.append(None)
            roundings.append(None)
        elif getattr(converter, "watches", True) or not hasattr(converter, "rounding"):
            return None
        else:
            ranges.append(converter.range)
            roundings.append(converter.rounding())
    return (None, None, (None, None)) if edge is None else (ranges[0], ranges[1], (roundings[0], roundings[1]))


def rows_of(weight: Tensor, start: int, stop: int) -> Tensor:
    """Rows of a weight; what is clean about it stays with it."""
    part = weight[start:stop]
    clean = getattr(weight, "clean", None)
    if clean is not None:
        part.clean = clean[start:stop]
    return part


def linear(x: Tensor, weight: Tensor) -> Tensor:
    """Inputs times transposed weights."""
    return torch.nn.functional.linear(x, weight)
