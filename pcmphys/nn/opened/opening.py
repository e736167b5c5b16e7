"""Open the layers of a module in place, and close them again."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import nn
from torch.nn.utils import parametrize

from pcmphys.errors import ParameterError
from pcmphys.nn.opened.attention import OpenMultiheadAttention, leave_open
from pcmphys.nn.opened.edges import Edge
from pcmphys.nn.opened.layers import OpenConv1d, OpenConv2d, OpenLinear
from pcmphys.nn.opened.recurrent import OpenGRU, OpenLSTM, OpenRNN
from pcmphys.nn.usable import check_bare, check_finite, check_module
from pcmphys.numerics import check

_OPEN: dict[type, type] = {
    nn.Linear: OpenLinear,
    nn.Conv1d: OpenConv1d,
    nn.Conv2d: OpenConv2d,
    nn.LSTM: OpenLSTM,
    nn.GRU: OpenGRU,
    nn.RNN: OpenRNN,
    nn.MultiheadAttention: OpenMultiheadAttention,
}
"""Layers whose products go on tiles, and what they become."""
OPENED = tuple(_OPEN.values())
"""What layers are while they are opened."""
_CLOSED = {opened: closed for closed, opened in _OPEN.items()}
_MATRIX = 2
"""Dimensions from which on a parameter is weights of a product."""
_TABLES = (nn.Embedding, nn.EmbeddingBag, nn.LayerNorm)
"""Layers whose parameters are looked up, or multiply element by element."""


@dataclass(frozen=True)
class OpenMatrix:
    """One stored matrix of an open layer.

    Attributes
    ----------
    layer : str
        The layer's name in the module; "" is the module itself.
    owner : Module
        What holds the weights: the layer, or the output projection of an attention.
    weight : str
        Their name there.
    blocks : int
        Parts along the first axis that lie on tiles of their own: groups of a convolution, projections.
    products : tuple of str
        Names of the layer's products that use them.
    """

    layer: str
    owner: nn.Module
    weight: str
    blocks: int
    products: tuple[str, ...]

    @property
    def name(self) -> str:
        """Layer and weight, for a reader."""
        return ".".join(part for part in (self.layer, self.weight) if part)


def is_open(module: nn.Module) -> bool:
    """Whether any layer of a module is open."""
    return any("edges" in vars(part).get("_modules", {}) and _kind(part) in _CLOSED for part in module.modules())


def weights_of(name: str, layer: nn.Module) -> list[OpenMatrix]:
    """The stored matrices of a layer of a known kind, open or not."""
    if isinstance(layer, nn.MultiheadAttention):
        three = ("q_proj", "k_proj", "v_proj")
        if layer.in_proj_weight is not None:
            found = [OpenMatrix(name, layer, "in_proj_weight", 3, three)]
        else:
            found = [OpenMatrix(name, layer, f"{one}_weight", 1, (one,)) for one in three]
        return [*found, OpenMatrix(name, layer.out_proj, "weight", 1, ("out_proj",))]
    if isinstance(layer, nn.RNNBase):
        kinds = ("ih", "hh", "hr") if layer.proj_size else ("ih", "hh")
        ways = ("", "_reverse") if layer.bidirectional else ("",)
        names = itertools.product(range(layer.num_layers), ways, kinds)
        keys = [f"weight_{kind}_l{number}{way}" for number, way, kind in names]
        return [OpenMatrix(name, layer, key, 1, (key,)) for key in keys]
    return [OpenMatrix(name, layer, "weight", getattr(layer, "groups", 1), ("weight",))]


def openable(module: nn.Module, exclude: Iterable[str]) -> list[tuple[str, nn.Module]]:
    """Layers of a module that `open_layers` will open, with their names; the module is not touched.

    Raises
    ------
    ParameterError
        As `open_layers` has it.
    """
    check_module(module)
    if is_open(module):
        raise ParameterError("module: its layers carry converters or noise already; nn.plain(module) takes them off")
    chosen = _chosen(module, _excluded(module, exclude))
    for name, layer in chosen:
        shown = name or parametrize.type_before_parametrizations(layer).__name__
        check_bare(shown, layer)
        check_finite(shown, layer)
    return chosen


def open_layers(
    module: nn.Module, exclude: Iterable[str], edge: Callable[[OpenMatrix, str], Edge | None]
) -> list[OpenMatrix]:
    """Open every layer of a module whose products can go on tiles; the others stay digital.

    Parameters
    ----------
    exclude : iterable of str
        Names of layers that stay as they are, with all that is in them.
    edge : callable
        Makes what stands around a product, from its matrix and name; None: nothing.

    Raises
    ------
    ParameterError
        No such layer, a layer that is open already, one whose weights cannot go on tiles, or nothing to open; the
        module is as it was then.
    """
    found = []
    for name, layer in openable(module, exclude):
        layer.__class__ = _OPEN[type(layer)]
        layer.edges = nn.ModuleDict()
        for matrix in weights_of(name, layer):
            for key in matrix.products:
                made = edge(matrix, key)
                if made is not None:
                    layer.edges[key] = made
            found.append(matrix)
        if isinstance(layer, nn.MultiheadAttention):
            layer.register_forward_pre_hook(leave_open)
    for part in module.modules():
        if isinstance(part, nn.TransformerEncoder):
            part.use_nested_tensor = False  # padded sequences are multiplied as they are
    return found


def settle(module: nn.Module, matrices: Iterable[OpenMatrix]) -> None:
    """Give what was put into open layers their device and their mode."""
    for name in dict.fromkeys(matrix.layer for matrix in matrices):
        layer = module.get_submodule(name)
        layer.edges.to(next(layer.parameters()).device)
        layer.train(layer.training)


def close(module: nn.Module) -> None:
    """Make open layers what they were; their weights keep the values that they show in evaluation."""
    for layer in list(module.modules()):
        if _kind(layer) not in _CLOSED:
            continue
        for matrix in weights_of("", layer):
            if parametrize.is_parametrized(matrix.owner, matrix.weight):
                parametrize.remove_parametrizations(matrix.owner, matrix.weight, leave_parametrized=True)
        for key, hook in list(vars(layer)["_forward_pre_hooks"].items()):
            if hook is leave_open:
                del vars(layer)["_forward_pre_hooks"][key]
        del layer.edges
        layer.__class__ = _CLOSED[type(layer)]
        if isinstance(layer, nn.RNNBase):
            layer.to(next(layer.parameters()).device)  # renews the list of weights that torch's own loop takes


def _kind(layer: nn.Module) -> type:
    """The open class of a layer, whether parametrised or not."""
    return next((kind for kind in type(layer).__mro__ if kind in _CLOSED), type(layer))


def _excluded(module: nn.Module, exclude: Iterable[str]) -> set[str]:
    names = [name for name, _ in module.named_modules()]
    wanted = {exclude} if isinstance(exclude, str) else set(exclude)
    for one in sorted(wanted, key=str):
        if one not in names:
            raise ParameterError(
                f"exclude: the module has no layer {one!r}; it has {', '.join(filter(None, names))}"
                f"{check.suggest(one, names)}"
            )
    return wanted


def _chosen(module: nn.Module, excluded: set[str]) -> list[tuple[str, nn.Module]]:
    found = []
    inside: tuple[str, ...] = ()
    for name, layer in module.named_modules():
        if any(name == one or name.startswith(f"{one}.") for one in excluded if one) or "" in excluded:
            continue
        if any(name.startswith(f"{one}." if one else "") for one in inside):
            continue  # the output projection of an attention belongs to it
        if parametrize.type_before_parametrizations(layer) in _OPEN:
            found.append((name, layer))
            inside = (*inside, name)
        else:
            _check_digital(name, layer)
    if not found:
        known = ", ".join(kind.__name__ for kind in _OPEN)
        raise ParameterError(f"module has no layer that can go on tiles ({known})")
    return found


def _check_digital(name: str, layer: nn.Module) -> None:
    """Refuse a layer of torch, or a user's child of one, whose weights multiply; a user's own parameters stay."""
    if isinstance(layer, _TABLES) or not _of_torch(layer):
        return
    weights = [key for key, value in layer.named_parameters(recurse=False) if value.dim() >= _MATRIX]
    if weights:
        known = ", ".join(kind.__name__ for kind in _OPEN)
        raise ParameterError(
            f"layer {name or 'module'!r} ({type(layer).__name__}): its {', '.join(weights)} cannot go on tiles, which "
            f"take {known} themselves; exclude={[name]!r} leaves it digital"
        )


def _of_torch(layer: nn.Module) -> bool:
    kinds = (kind for kind in type(layer).__mro__ if kind is not nn.Module)
    return any(kind.__module__.startswith("torch.nn.modules") for kind in kinds)
