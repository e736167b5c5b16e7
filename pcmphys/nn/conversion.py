"""From a module of PyTorch to its analog twin."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, overload

import torch
from torch import nn
from torch.nn.utils import parametrize

from pcmphys.crossbar import Selector, Wires
from pcmphys.errors import ParameterError
from pcmphys.matrix import Mapping, Periphery
from pcmphys.nn.back_ends.digital import Digital
from pcmphys.nn.back_ends.in_place import TrainingWorkshop
from pcmphys.nn.back_ends.product import Maker
from pcmphys.nn.back_ends.tiles import Workshop
from pcmphys.nn.layers import AnalogAttention, AnalogConvolution, AnalogLayer, AnalogLinear, AnalogRecurrent
from pcmphys.nn.live.twin import LiveTwin
from pcmphys.nn.opened.opening import OPENED
from pcmphys.nn.ties import Key, Ties, key_of
from pcmphys.nn.twin import AnalogTwin, DigitalPart
from pcmphys.nn.usable import check_module
from pcmphys.numerics import check
from pcmphys.training import UpdateTrains
from pcmphys.training.rules.rule import Rule

LAYERS: dict[type[nn.Module], type[AnalogLayer]] = {
    nn.Linear: AnalogLinear,
    nn.Conv1d: AnalogConvolution,
    nn.Conv2d: AnalogConvolution,
    nn.LSTM: AnalogRecurrent,
    nn.GRU: AnalogRecurrent,
    nn.RNN: AnalogRecurrent,
    nn.MultiheadAttention: AnalogAttention,
}
"""Layers whose weights go to tiles, and what stands in for each."""
DIGITAL: tuple[type[nn.Module], ...] = (
    nn.LayerNorm, nn.RMSNorm, nn.GroupNorm, nn.LocalResponseNorm, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d,
    nn.SyncBatchNorm, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d, nn.Embedding, nn.EmbeddingBag, nn.PReLU,
)  # fmt: skip
"""Modules with parameters that stay digital without being asked for: norms, embeddings, activations."""
_ANALOG = ", ".join(kind.__name__ for kind in LAYERS)


@overload
def convert(
    module: nn.Module,
    cell: Any,
    *,
    mapping: Mapping | None = None,
    tile: tuple[int, int] | None = None,
    periphery: Periphery | None = None,
    wires: Wires | None = None,
    selector: Selector | None = None,
    gate: float | None = None,
    combined: bool = False,
    exclude: Iterable[str] = (),
    seed: int = 0,
) -> AnalogTwin: ...


@overload
def convert(
    module: nn.Module,
    cell: Any,
    *,
    rule: Rule,
    scale: float = 1.0,
    trains: UpdateTrains | None = None,
    refresh: int = 1,
    halvings: int = 10,
    tile: tuple[int, int] | None = None,
    periphery: Periphery | None = None,
    wires: Wires | None = None,
    combined: bool = False,
    exclude: Iterable[str] = (),
    seed: int = 0,
) -> LiveTwin: ...


def convert(
    module: nn.Module,
    cell: Any,
    *,
    rule: Rule | None = None,
    scale: float = 1.0,
    trains: UpdateTrains | None = None,
    refresh: int = 1,
    halvings: int = 10,
    mapping: Mapping | None = None,
    tile: tuple[int, int] | None = None,
    periphery: Periphery | None = None,
    wires: Wires | None = None,
    selector: Selector | None = None,
    gate: float | None = None,
    combined: bool = False,
    exclude: Iterable[str] = (),
    seed: int = 0,
) -> AnalogTwin | LiveTwin:
    """Make the analog twin of a module: every matrix product with stored weights goes to tiles of devices.

    Linear, Conv1d, Conv2d, LSTM, GRU, RNN and MultiheadAttention are converted wherever they stand in the module, so
    also in a TransformerEncoderLayer; norms, embeddings, activations, biases and products of two activations (within
    attention) stay digital, and `AnalogTwin.report` says so. The given module is left as it is; `pcmphys.nn.plain`
    makes one again of the twin.

    Layers that share all their weights (``b.weight = a.weight``) are computed on one matrix of devices. A network that
    learns cannot share them otherwise, such as those of a Linear layer with an Embedding: they would part.

    Parameters
    ----------
    module : torch.nn.Module
        Trained, in float32 or float64. Weights behind `torch.nn.utils.parametrize` are taken as they are in
        evaluation.
    cell : cell or Digital
        Technology, as `pcmphys.load_cell` gives it; or `Digital` arithmetic of so many bits, for comparison.
    rule : Rule, optional
        Makes a network that learns in place, on a cell such as ``load_cell("ecram-tang2018")``, by a rule such as
        `pcmphys.TikiTaka()`; it is trained with `pcmphys.nn.PulsedOptimizer`.
    scale, trains, refresh, halvings
        With a rule, as of `pcmphys.TrainableMatrix`. With wires, their effect is computed anew after ``refresh``
        updates: with a large one, training is many times faster, and sees the weights behind the wires as they were.
    mapping, tile, periphery, wires, selector
        As of `pcmphys.AnalogMatrix`, the same for all layers: by default tiles of 256 x 256. Scales are those of each
        matrix of weights. With a rule, tile, periphery and wires are as of `pcmphys.TrainableMatrix`: by default tiles
        of 512 x 512 (its reference devices are read through the same wires), and the others must be left out.
    gate : float [V], optional
        Gate voltage of gated selectors.
    combined : bool
        Input and hidden weights of an LSTM or RNN in one stack of tiles, whose bit lines add both products, instead of
        on tiles of their own. A GRU's are always apart.
    exclude : iterable of str
        Names of modules (with all that is in them) or of parameters that stay digital; "" is the module itself.
    seed : int
        Same seed, same devices: the same bits for any split of a batch and any number of threads.

    Returns
    -------
    AnalogTwin or LiveTwin
        Without a rule: in evaluation mode, not yet programmed. With one: in the module's own mode, and programmed to
        its weights, as far as the devices allow.

    Raises
    ------
    ParameterError
        A module with weights that cannot be converted (a kind that is not known, a subclass with a ``forward`` of its
        own, one with hooks, a twin), weights that are not finite, an unknown name in ``exclude``, a rule on devices
        that it cannot train, weights to be trained that are shared in a way that devices cannot follow; the message
        names the layer.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
    >>> twin = convert(module, pcm.load_cell("hermes-14nm-statistical"), tile=(128, 128))
    >>> report = twin.program()
    >>> twin.wait(86400.0)
    >>> twin(torch.ones(5, 1, 8, 8)).shape
    torch.Size([5, 10])
    """
    check_module(module)
    if rule is None and (trains is not None or (scale, refresh, halvings) != (1.0, 1, 10)):
        raise ParameterError(
            "scale, trains, refresh and halvings are of networks that learn in place; give a rule, too"
        )
    mode = module.training
    own = copy.deepcopy(module).eval()
    if rule is not None:
        _refuse_given(f"rule={rule!r}", {"mapping": mapping, "selector": selector, "gate": gate})
        tile = TrainingWorkshop.tile if tile is None else tile
        workshop = TrainingWorkshop(cell, rule, tile, periphery, wires, scale, trains, refresh, halvings, seed)
        with torch.no_grad():
            parts = _Conversion(own, workshop, _checked(exclude, own), bool(combined)).done()
            return LiveTwin(*parts, workshop).train(mode)
    make: Maker
    if isinstance(cell, Digital):
        _refuse_given(
            f"{cell!r}, which has no tiles",
            {"mapping": mapping, "periphery": periphery, "wires": wires, "selector": selector, "gate": gate},
        )
        make = cell
    else:
        tile = Workshop.tile if tile is None else tile
        make = Workshop(cell, mapping, tile, periphery, wires, selector, gate, seed)
    with torch.no_grad():
        return AnalogTwin(*_Conversion(own, make, _checked(exclude, own), bool(combined)).done(), make)


def _refuse_given(what: str, given: dict[str, Any]) -> None:
    for name, value in given.items():
        if value is not None:
            raise ParameterError(f"{name} must be None for {what}")


class _Conversion:
    """A walk through a module, in whose place layers are put."""

    def __init__(self, module: nn.Module, make: Maker, exclude: frozenset[str], combined: bool):
        self._module, self._make, self._exclude, self._combined = module, make, exclude, combined
        self._layers: dict[str, AnalogLayer] = {}
        self._digital: list[DigitalPart] = []
        self._made: dict[int, nn.Module] = {}
        self._ties = Ties(module, self._goes)
        self._shared: dict[Key, AnalogLayer] = {}

    def done(self) -> tuple[nn.Module, dict[str, AnalogLayer], list[DigitalPart]]:
        """The module with its layers, these by name, and what stays digital."""
        return self._converted("", self._module), self._layers, self._digital

    def _converted(self, name: str, module: nn.Module) -> nn.Module:
        if id(module) not in self._made:  # a module that stands in several places is one layer
            self._made[id(module)] = self._new(name, module)
        return self._made[id(module)]

    def _new(self, name: str, module: nn.Module) -> nn.Module:
        kind = parametrize.type_before_parametrizations(module)
        if name in self._exclude:
            self._stays(name, module, kind, "excluded")
            return module
        if kind in LAYERS:
            return self._layer(name, module, kind)
        if isinstance(module, DIGITAL) or not list(module.children()):
            self._refuse_weights(name, module, kind)
            self._stays(name, module, kind, "")
        else:
            self._refuse_weights(name, module, kind)
        # named_children() would leave out the second place of a module
        for child, part in list(module.named_modules(remove_duplicate=False)):
            if not child or "." in child:
                continue
            setattr(module, child, self._converted(f"{name}.{child}" if name else child, part))
        if isinstance(module, nn.TransformerEncoder):
            module.use_nested_tensor = False  # a way around the layers, which asks for their weights
        return module

    def _layer(self, name: str, module: nn.Module, kind: type[nn.Module]) -> AnalogLayer:
        shown = name or kind.__name__
        if module._forward_hooks or module._forward_pre_hooks:
            raise ParameterError(
                f"layer {shown!r}: it has forward hooks, which its twin would lose; remove them, or leave the layer "
                f"digital by exclude=[{name!r}]"
            )
        for label, weights in module.named_parameters():
            if weights.dtype not in (torch.float32, torch.float64):
                raise ParameterError(
                    f"layer {shown!r}: {label} must be of float32 or float64; it is of {weights.dtype}: convert "
                    "module.float()"
                )
        make, key = self._make, key_of(module)
        if key in self._shared:
            again = iter(self._shared[key].products)
            make = lambda *_: next(again)  # noqa: E731 (a maker is a callable)
        else:
            self._check_ties(shown, module)
        if LAYERS[kind] is AnalogRecurrent:
            layer: AnalogLayer = AnalogRecurrent(shown, module, make, self._combined).eval()
        else:
            layer = LAYERS[kind](shown, module, make).eval()
        layer.kind = kind.__name__
        self._shared[key] = layer
        self._layers[shown] = layer
        self._digital.append(DigitalPart(shown, kind.__name__, layer.digital))
        return layer

    def _goes(self, name: str, kind: type[nn.Module]) -> bool:
        """Whether a layer goes to tiles: of a known kind, and excluded neither by its name nor with what holds it."""
        parts = name.split(".")
        around = {".".join(parts[:k]) for k in range(len(parts) + 1)}
        return kind in LAYERS and not (around & self._exclude)

    def _check_ties(self, shown: str, module: nn.Module) -> None:
        """Refuse weights that learn on devices, and are used elsewhere as well."""
        broken = self._ties.broken(module) if isinstance(self._make, TrainingWorkshop) else None
        if broken is not None:
            own, other = broken
            raise ParameterError(
                f"layer {shown!r}: its {own.weights} is {other.name}, too, and on devices the two would part; layers "
                f"of one kind that share all their weights learn on one matrix. Leave it digital by "
                f"exclude=[{own.layer!r}], or give it weights of its own"
            )

    def _refuse_weights(self, name: str, module: nn.Module, kind: type[nn.Module]) -> None:
        if isinstance(module, DIGITAL):
            return
        own = [f"{name}.{one}" if name else one for one, _ in module.named_parameters(recurse=False)]
        left = [one for one in own if one not in self._exclude]
        if not left:
            self._digital += [DigitalPart(one, "Parameter", "excluded") for one in own]
            return
        if isinstance(module, OPENED):
            raise ParameterError(
                f"layer {name!r} is opened for noise-aware training or fixed point; the trained weights themselves are "
                "converted by convert(nn.plain(module), ...)"
            )
        base = next((known.__name__ for known in LAYERS if isinstance(module, known)), None)
        what = f"a subclass of {base} with a forward of its own" if base else f"not one of {_ANALOG}"
        where = f"layer {name!r}" if name else "the module itself"
        raise ParameterError(
            f"{where} cannot be converted: {kind.__name__} is {what}, and holds {', '.join(left)}; leave it digital by "
            f"exclude={[name] if name else left}"
        )

    def _stays(self, name: str, module: nn.Module, kind: type[nn.Module], why: str) -> None:
        self._digital.append(DigitalPart(name or kind.__name__, kind.__name__, why))


def _checked(exclude: Iterable[str], module: nn.Module) -> frozenset[str]:
    """Names of modules or parameters of the module."""
    if isinstance(exclude, str):
        raise ParameterError(f"exclude must be a list of names; got {exclude!r}: write exclude=[{exclude!r}]")
    known = [name for name, _ in (*module.named_modules(remove_duplicate=False), *module.named_parameters())]
    for name in (names := list(exclude)):
        if name not in known:
            raise ParameterError(
                f"exclude must hold names of modules or parameters of the module; got {name!r}"
                f"{check.suggest(name, known)}"
            )
    return frozenset(names)
