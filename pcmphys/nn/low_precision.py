"""The low-precision digital twin of a module: the yardstick beside every analog result."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.ao.quantization.fake_quantize import FakeQuantize
from torch.ao.quantization.observer import HistogramObserver, MinMaxObserver, PerChannelMinMaxObserver
from torch.nn.utils import parametrize

from pcmphys.errors import ParameterError
from pcmphys.nn.opened import Edge, open_layers, settle
from pcmphys.nn.usable import check_module
from pcmphys.numerics import check

_BITS = (8, 4, 2)
_PER = ("column", "tensor")


def quantised(
    module: nn.Module,
    weights: int = 8,
    activations: int | None = 8,
    per: str = "column",
    calibrate: Any = None,
    *,
    exclude: Iterable[str] = (),
) -> nn.Module:
    """A copy of a module that multiplies in fixed point: weights and the inputs of every product are rounded.

    Parameters
    ----------
    module : torch.nn.Module
        Its Linear, Conv1d, Conv2d, LSTM, GRU, RNN and MultiheadAttention layers are quantised; the rest stays as it
        is, as on tiles (norms, activations, embeddings, biases, the scores and softmax of attention).
    weights : int
        Bits of a weight: 8, 4 or 2. Symmetric, 2^(bits-1) - 1 steps on either side of zero.
    activations : int or None
        Bits of the inputs of every product, 2 to 8: unsigned with a zero point. None: they are not rounded.
    per : str
        "column": one scale for all weights of an output (a column of a tile); "tensor": one for the whole matrix.
    calibrate : Tensor, tuple, dict or list of them
        Typical inputs of the module (training data, not test data), from which the ranges of the activations come: one
        batch, a tuple of positional or a dictionary of named arguments, or a list of such batches.
    exclude : iterable of str
        Names of layers that stay as they are.

    Returns
    -------
    torch.nn.Module
        In the mode of ``module``, which is not changed. `pcmphys.nn.plain` leaves the rounded weights in ordinary
        layers.

    Raises
    ------
    ParameterError
        Bits or ``per`` that are not known, nothing to calibrate activations with, or a layer that cannot be quantised.

    Notes
    -----
    Observers and rounding are those of torch (`torch.ao.quantization`): the largest magnitude sets the scale of
    weights, the least squared error of a histogram that of activations. Of that part of torch only the workflows that
    rewrite models are deprecated, in favour of torchao, which builds on the same observers and brings no smaller
    kernels for a CPU; these classes are all that is needed here, and need no second library.

    Sums are exact, as 32-bit accumulators are. Training goes on through it with straight-through slopes, on scales that
    stay where they are.

    References
    ----------
    B. Jacob et al., CVPR (2018), 2704: integer arithmetic inference.

    Examples
    --------
    >>> import torch
    >>> from pcmphys import nn
    >>> net = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))
    >>> low = nn.quantised(net, weights=4, calibrate=torch.rand(64, 8))
    >>> len(torch.unique(low[2].weight[0])) <= 15
    True
    """
    if weights not in _BITS or isinstance(weights, bool):
        raise ParameterError(f"weights must be 8, 4 or 2 bits; got {weights!r}")
    if activations is not None:
        activations = check.integer("activations", activations, 2, 8)
    check.choice("per", per, _PER)
    batches = [] if activations is None else _batches(calibrate)
    twin = copy.deepcopy(check_module(module))
    matrices = open_layers(twin, exclude, lambda *_: None if activations is None else Edge(_rounded(activations)))
    for matrix in matrices:
        rounded = _weights(weights, per)
        with torch.no_grad():
            rounded(getattr(matrix.owner, matrix.weight))
        rounded.disable_observer()
        parametrize.register_parametrization(matrix.owner, matrix.weight, rounded, unsafe=True)
    settle(twin, matrices)
    _calibrate(twin, batches)
    return twin


def _weights(bits: int, per: str) -> FakeQuantize:
    most = 2 ** (bits - 1) - 1
    options: dict[str, Any] = {"quant_min": -most, "quant_max": most, "dtype": torch.qint8}
    if per == "column":
        return FakeQuantize(PerChannelMinMaxObserver, **options, qscheme=torch.per_channel_symmetric, ch_axis=0)
    return FakeQuantize(MinMaxObserver, **options, qscheme=torch.per_tensor_symmetric)


def _rounded(bits: int) -> FakeQuantize:
    return FakeQuantize(
        HistogramObserver, quant_min=0, quant_max=2**bits - 1, dtype=torch.quint8, qscheme=torch.per_tensor_affine
    )


def _calibrate(twin: nn.Module, batches: list[Any]) -> None:
    """Show the observers unrounded activations behind rounded weights, then fix their ranges."""
    edges = [part for part in twin.modules() if isinstance(part, Edge)]
    converters = [edge.inward for edge in edges]
    training = {part: part.training for part in twin.modules()}
    twin.eval()
    for edge, converter in zip(edges, converters, strict=True):
        # the observer alone: the converter would search for its best range after every batch and time step
        edge.inward = converter.activation_post_process
    with torch.no_grad():
        for batch in batches:
            if isinstance(batch, Mapping):
                twin(**batch)
            else:
                twin(*(batch if isinstance(batch, tuple) else (batch,)))
    for edge, converter in zip(edges, converters, strict=True):
        scale, zero = edge.inward.calculate_qparams()
        converter.scale.copy_(scale)
        converter.zero_point.copy_(zero)
        converter.disable_observer()
        edge.inward = converter
    for part, mode in training.items():
        part.training = mode


def _batches(calibrate: Any) -> list[Any]:
    found = calibrate if isinstance(calibrate, list) else [calibrate]
    if calibrate is None or not found:
        raise ParameterError(
            "calibrate must hold typical inputs, which the ranges of the activations come from, as calibrate=x[:200]; "
            "activations=None leaves activations unrounded"
        )
    for batch in found:
        inside = batch.values() if isinstance(batch, Mapping) else batch if isinstance(batch, tuple) else (batch,)
        if not any(isinstance(one, Tensor) for one in inside):
            raise ParameterError(
                f"calibrate must be a Tensor, a tuple or dictionary of the module's arguments, or a list of such; got "
                f"{type(batch).__name__}"
            )
    return found
