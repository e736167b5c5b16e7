"""Noise-aware training of any module, in place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from torch import nn
from torch.nn.utils import parametrize

from pcmphys.errors import ParameterError
from pcmphys.matrix import DifferentialPair, Mapping, Periphery
from pcmphys.nn.aware.devices import readings_of
from pcmphys.nn.aware.noise import DeviceNoise, DeviceWeights
from pcmphys.nn.aware.ranges import LearnedRange
from pcmphys.nn.aware.tables import draws
from pcmphys.nn.opened import Edge, OpenMatrix, close, open_layers, openable, settle
from pcmphys.nn.plain_copy import on_back_ends, plain_copy
from pcmphys.numerics import check

_GRADIENTS = ("noisy", "clean")


def hardware_aware(
    module: nn.Module,
    cell: Any,
    times: float | Sequence[float] = (1.0, 3e7),
    strength: float = 1.0,
    *,
    mapping: Mapping | None = None,
    periphery: Periphery | None = None,
    clip: float | None = 2.5,
    compensation: bool = True,
    gradients: str = "noisy",
    seed: int = 0,
    exclude: Iterable[str] = (),
) -> nn.Module:
    """Make a module train on weights as devices of a cell would hold them, in place.

    In training mode every forward pass draws all devices anew: programming error, drift to an age drawn between the
    first and the last of ``times``, noise of one read; inputs and outputs of every product go through converters with
    learned ranges. In evaluation weights are plain, the converters stay. Train with any optimiser, then take the
    weights off again with `plain`.

    Parameters
    ----------
    module : torch.nn.Module
        Its Linear, Conv1d, Conv2d, LSTM, GRU, RNN and MultiheadAttention layers, wherever they are in it, get the
        noise. Everything else stays digital: norms, activations, embeddings, biases, the scores and softmax of
        attention, and parameters of classes of your own.
    cell : cell or LevelStatistics
        Technology of any kind. A statistical one is drawn by its published laws; any other is sampled once (some
        ten seconds, kept for the next module), or hand in what `pcmphys.export.sample` gave.
    times : float or sequence of float [s]
        Ages since programming: one, or the span from the first to the last, uniform in the logarithm. Before the
        cell's reference time nothing drifts.
    strength : float
        Factor of all deviations from the weights: 0 none, 1 those of the devices, larger to exaggerate.
    mapping : Mapping, optional
        How weights become conductances; one `DifferentialPair` by default.
    periphery : Periphery, optional
        Its bits; 8 and 8 by default. ``Periphery(dac_bits=None, adc_bits=None)``: no converters.
    clip : float or None
        After each step weights are held within so many standard deviations of their matrix; None: they are not.
    compensation : bool
        Whether one gain a matrix makes up for the mean drift, as `AnalogMatrix.calibrate` does.
    gradients : str
        "noisy": of the weights that were drawn; "clean": of the weights without noise, at the cost of a second
        product.
    seed : int
        Same seed, same draws: the global generators of torch are neither used nor changed.
    exclude : iterable of str
        Names of layers that stay digital, as ``module.named_modules()`` has them.

    Returns
    -------
    torch.nn.Module
        The same module.

    Raises
    ------
    ParameterError
        A layer that cannot go on tiles (named, with what to do), a module that has noise already, no layer at all, or
        a number out of range; the module is as it was then.

    Notes
    -----
    Make the optimiser afterwards: the ranges are parameters, too. Ranges grow with the largest values of the first
    100 calls in training and learn from then on; `learned_ranges` gives them.

    One normal number a weight and pass is looked up in tables of what the weight's devices read, made once from 256
    quasi-random devices a level: mean, spread and tails of the devices' sum, at two ages a decade. A layer that is
    used twice in a pass draws twice. Not in the draw: wires, selectors, tiles' borders (one scale and gain a matrix, a
    group of a convolution or a projection of an attention), the correlation of weights on a shared reference column.

    LSTM, GRU and RNN run step by step so that their hidden products meet the converters, slower than torch's own loop
    (about three times on a CPU). The steps of an LSTM are one node of the graph as soon as its ranges have been set;
    GRU, RNN, packed sequences, projections and ``gradients="clean"`` are many, and slower still. Products of a stack
    (``convert(..., combined=True)``) have the noise of separate tiles here.

    `torch.utils.checkpoint` is refused: what it repeats would draw other devices.

    References
    ----------
    V. Joshi et al., Nat. Commun. 11, 2473 (2020): noise in the forward pass, clipping; M. J. Rasch et al., Nat. Commun.
    14, 5282 (2023): drift and learned input ranges in training.

    Examples
    --------
    >>> import torch
    >>> import pcmphys as pcm
    >>> from pcmphys import nn
    >>> net = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))
    >>> _ = nn.hardware_aware(net, pcm.load_cell("hermes-14nm-statistical"), times=[200.0, 86400.0])
    >>> optimiser = torch.optim.Adam(net.parameters())
    >>> net(torch.ones(4, 8)).sum().backward()
    >>> optimiser.step()
    >>> nn.plain(net)[0]
    Linear(in_features=8, out_features=16, bias=True)
    """
    span = _span(times)
    strength = check.number("strength", strength, "", 0.0)
    clip = None if clip is None else check.number("clip", clip, "standard deviations", 0.0, low_open=True)
    check.choice("gradients", gradients, _GRADIENTS)
    seed = check.integer("seed", seed, 0, 2**63 - 1)
    mapping = _instance("mapping", mapping, Mapping, DifferentialPair)
    periphery = _instance("periphery", periphery, Periphery, Periphery)
    exclude = exclude if isinstance(exclude, str) else tuple(exclude)
    openable(module, exclude)  # before devices are sampled, which may take long
    found = draws(readings_of(cell, span), mapping, span)
    noise = DeviceNoise(found, strength, clip, bool(compensation), gradients == "clean", seed)
    matrices = open_layers(module, exclude, lambda matrix, product: _edge(periphery, matrix, product))
    for number, matrix in enumerate(matrices):
        drawn = DeviceWeights(noise, matrix.blocks, number)
        parametrize.register_parametrization(matrix.owner, matrix.weight, drawn, unsafe=True)
    settle(module, matrices)
    return module


def plain(module: nn.Module) -> nn.Module:
    """Layers of PyTorch and their weights again, from a module that trained or computed in another way.

    Noise, converters and quantisation are taken off in place, and the weights are those that evaluation showed:
    clipped, or rounded where `quantised` made the module. A twin of `convert` stays as it is: what comes back is a
    module of its own, with what is digital (biases, norms) as it is now, and the weights

    - of a `LiveTwin` as its devices hold them now, without read noise, converters and wires: what was learned;
    - of an `AnalogTwin` as its devices are to hold them, before programming, drift and noise.

    Weights that converted layers shared are shared again. Those that one shared with a layer that is not on devices,
    as a decoder with an embedding, are a copy: to train both as one, tie them anew.

    Parameters
    ----------
    module : torch.nn.Module
        Of `hardware_aware`, `quantised` or `convert`, or one that contains such.

    Returns
    -------
    torch.nn.Module
        The same module, or of a twin another one, in its mode.

    Examples
    --------
    >>> import torch
    >>> import pcmphys as pcm
    >>> from pcmphys import nn
    >>> live = nn.convert(torch.nn.Linear(4, 2), pcm.load_cell("ecram-tang2018"), rule=pcm.Sgd())
    >>> nn.plain(live)
    Linear(in_features=4, out_features=2, bias=True)
    >>> twin = nn.convert(nn.plain(live), pcm.load_cell("hermes-14nm-statistical"))  # on other devices
    """
    if not isinstance(module, nn.Module):
        raise ParameterError(f"module must be a torch.nn.Module; got {type(module).__name__}")
    if on_back_ends(module):
        module = plain_copy(module)
    training = {part: part.training for part in module.modules()}
    module.eval()
    close(module)
    for part in module.modules():
        part.training = training.get(part, module.training)
    return module


def learned_ranges(module: nn.Module) -> dict[str, tuple[float | None, float | None]]:
    """Full scales of the converters that `hardware_aware` put around every product, in units of its values.

    Returns
    -------
    dict
        By layer (and product, where a layer has several): input and output range; None where there is no converter.
    """
    found: dict[str, tuple[float | None, float | None]] = {}
    for name, part in module.named_modules():
        if isinstance(part, Edge):
            layer, _, product = name.rpartition(".")
            layer = layer.removesuffix("edges").removesuffix(".")
            key = layer if product == "weight" else ".".join(filter(None, (layer, product)))
            found[key] = (_range(part.inward), _range(part.outward))
    return found


def _range(converter: nn.Module) -> float | None:
    return abs(float(converter.range.detach())) if isinstance(converter, LearnedRange) else None


def _span(times: float | Sequence[float]) -> tuple[float, ...]:
    values = check.array("times", np.atleast_1d(times), "s", 0.0, ndim=1)
    if not values.size or values[0] == 0.0:
        raise ParameterError(f"times must be ages in s above 0; got {times!r}")
    return tuple(check.increasing("times", values, "s").tolist())


def _instance(name: str, given: Any, kind: type, default: type) -> Any:
    if given is None:
        return default()
    if not isinstance(given, kind):
        raise ParameterError(f"{name} must be a {kind.__name__}; got {type(given).__name__}")
    return given


def _edge(periphery: Periphery, matrix: OpenMatrix, product: str) -> Edge | None:
    if periphery.dac_bits is None and periphery.adc_bits is None:
        return None
    # a hidden state is a hyperbolic tangent, or a mean of them, and so within one, unless it is projected or rectified
    bounded = getattr(matrix.owner, "mode", "") in ("LSTM", "GRU", "RNN_TANH") and not matrix.owner.proj_size
    hidden = 1.0 if product.startswith("weight_hh") and bounded else None
    inward = None if periphery.dac_bits is None else LearnedRange(periphery.dac_bits, hidden)
    return Edge(inward, None if periphery.adc_bits is None else LearnedRange(periphery.adc_bits))
