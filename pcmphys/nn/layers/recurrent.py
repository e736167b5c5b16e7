"""Recurrent layers: LSTM, GRU and the plain recurrent network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from pcmphys.nn.back_ends.product import Maker
from pcmphys.nn.layers.base import AnalogLayer, kept, matrix_of, refuse

State = tuple[torch.Tensor, ...]
"""What goes from one step to the next: hidden values, and with an LSTM its cells."""


class AnalogRecurrent(AnalogLayer):
    """`torch.nn.LSTM`, `torch.nn.GRU` or `torch.nn.RNN`: input and hidden weights of every layer on tiles.

    On separate ones, or ``combined`` in one stack, whose bit lines add the two products: one conversion a gate and
    step, one scale for both weights and, without a fixed input range, for both inputs. A GRU's are always apart: its
    reset gate stands between the two. Gates are digital: sums, biases, sigmoid and tanh. So are dropout between layers
    and the cells of an LSTM. The input's own product is computed for all steps at once; a projection (``proj_size``)
    has tiles of its own.
    """

    digital = "gates, biases"

    def __init__(self, name: str, module: nn.RNNBase, make: Maker, combined: bool = False):
        self.directions: list[tuple[int, str]] = [
            (layer, suffix)
            for layer in range(module.num_layers)
            for suffix in ("", "_reverse")[: 1 + module.bidirectional]
        ]
        self.combined: bool = combined and module.mode != "GRU"
        kinds = ["ih+hh"] if self.combined else ["ih", "hh"]
        kinds += ["hr"] * bool(module.proj_size)
        names = [f"weight_{kind}_l{layer}{suffix}" for layer, suffix in self.directions for kind in kinds]
        made = tuple(make(f"{name}.{one}", _matrix(module, one)) for one in names)
        super().__init__(name, made, getattr(module, names[0].replace("ih+hh", "ih")))
        self.mode: str = module.mode
        self.batch_first: bool = module.batch_first
        self.bidirectional: bool = module.bidirectional
        self.dropout: float = module.dropout
        self.num_layers: int = module.num_layers
        self.input_size: int = module.input_size
        self.hidden_size: int = module.hidden_size
        self.output_size: int = module.proj_size or module.hidden_size
        self.kinds: int = len(kinds)
        self._names: list[str] = names
        for layer, suffix in self.directions:
            for kind in ("ih", "hh"):
                bias = kept(getattr(module, f"bias_{kind}_l{layer}{suffix}", None))
                self.register_parameter(f"bias_{kind}_l{layer}{suffix}", bias)

    @property
    def arguments(self) -> dict[str, Any]:
        """Of PyTorch's recurrent layer."""
        names = ("input_size", "hidden_size", "num_layers", "batch_first", "dropout", "bidirectional")
        found: dict[str, Any] = {name: getattr(self, name) for name in names} | {"bias": self.bias_ih_l0 is not None}
        if self.mode == "LSTM" and self.output_size != self.hidden_size:
            found["proj_size"] = self.output_size
        if self.mode.startswith("RNN_"):
            found["nonlinearity"] = self.mode.removeprefix("RNN_").lower()
        return found

    def plain_weights(self) -> dict[str, tuple[np.ndarray, nn.Parameter | None]]:
        """Of every layer and direction; those of a stack apart again."""
        found: dict[str, tuple[np.ndarray, nn.Parameter | None]] = {}
        for name, product in zip(self._names, self.products, strict=True):
            weights = product.exact.T
            if "ih+hh" in name:
                width = product.inputs - self.output_size
                found[name.replace("ih+hh", "ih")] = (weights[:, :width], product.handle)
                name, weights = name.replace("ih+hh", "hh"), weights[:, width:]
            found[name] = (weights, product.handle)
        return found

    def plain_biases(self) -> dict[str, nn.Parameter | None]:
        """Of every layer and direction."""
        names = [f"bias_{kind}_l{layer}{suffix}" for layer, suffix in self.directions for kind in ("ih", "hh")]
        return {name: bias for name in names if (bias := getattr(self, name)) is not None}

    def forward(self, x: torch.Tensor | PackedSequence, state: Any = None) -> tuple[Any, Any]:
        """Output sequence and last state for an input sequence and first state, in PyTorch's shapes."""
        if isinstance(x, PackedSequence):
            self.check_type(x.data)
            return self._of_packed(x, state)
        if x.dim() not in (2, 3) or x.shape[-1] != self.input_size:
            raise refuse(
                self.name,
                f"the input must be a sequence of vectors of {self.input_size} values with or without batch; got shape "
                f"{tuple(x.shape)}",
            )
        self.check_type(x)
        single = x.dim() == 2
        steps = x[:, None] if single else x.transpose(0, 1) if self.batch_first else x
        first = self._first(state, steps, single)
        y, last = self._through(steps, first, None)
        y = y[:, 0] if single else y.transpose(0, 1) if self.batch_first else y
        return y, self._last([part[:, 0] if single else part for part in last])

    def _of_packed(self, x: PackedSequence, state: Any) -> tuple[Any, Any]:
        steps, lengths = pad_packed_sequence(x)
        first = self._first(state, steps, False)
        # states come and go in the order of the caller's batch, as the padded sequences do
        y, last = self._through(steps, first, lengths.to(steps.device))
        return pack_padded_sequence(y, lengths, enforce_sorted=x.sorted_indices is None), self._last(last)

    def _first(self, state: Any, steps: torch.Tensor, single: bool) -> list[torch.Tensor]:
        sizes = [self.output_size, self.hidden_size] if self.mode == "LSTM" else [self.output_size]
        count, batch = len(self.directions), steps.shape[1]
        if state is None:
            return [steps.new_zeros(count, batch, size) for size in sizes]
        given = list(state) if self.mode == "LSTM" else [state]
        given = [part[:, None] if single and part.dim() == 2 else part for part in given]
        expected = [(count, batch, size) for size in sizes]
        if [tuple(part.shape) for part in given] != expected:
            raise refuse(
                self.name,
                f"the first state must have shapes {expected}; got {[tuple(part.shape) for part in given]}",
            )
        self.check_type(*given)
        return given

    def _last(self, parts: list[torch.Tensor]) -> Any:
        return tuple(parts) if self.mode == "LSTM" else parts[0]

    def _through(
        self, x: torch.Tensor, first: list[torch.Tensor], lengths: torch.Tensor | None
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """All layers over steps (steps, batch, values); ``lengths`` of the sequences, if they differ."""
        ends: list[State] = []
        ways = 1 + self.bidirectional
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = F.dropout(x, self.dropout, self.training)
            outputs = []
            for way in range(ways):
                place = layer * ways + way
                y, end = self._one_way(x, place, tuple(part[place] for part in first), lengths)
                outputs.append(y)
                ends.append(end)
            x = torch.cat(outputs, 2)
        return x, [torch.stack(part) for part in zip(*ends, strict=True)]

    def _one_way(
        self, x: torch.Tensor, place: int, state: State, lengths: torch.Tensor | None
    ) -> tuple[torch.Tensor, State]:
        products = self.products[place * self.kinds : (place + 1) * self.kinds]
        layer, suffix = self.directions[place]
        biases = [getattr(self, f"bias_{kind}_l{layer}{suffix}") for kind in ("ih", "hh")]
        given = x if self.combined else _plus(products[0].multiply(x), biases[0])
        projection = products[-1] if self.output_size != self.hidden_size else None
        step = _STEPS[self.mode]
        backwards = suffix != ""
        outputs: list[torch.Tensor] = []
        for t in reversed(range(len(x))) if backwards else range(len(x)):
            if self.combined:
                both = products[0].multiply(torch.cat((given[t], state[0]), 1))
                new = step(_plus(_plus(both, biases[0]), biases[1]), both.new_zeros(()), state)
            else:
                new = step(given[t], _plus(products[1].multiply(state[0]), biases[1]), state)
            if projection is not None:
                new = (projection.multiply(new[0]), *new[1:])
            if lengths is not None:  # a sequence that has ended, or has not begun from its end, keeps its state
                runs = (t < lengths)[:, None]
                new = tuple(torch.where(runs, after, before) for after, before in zip(new, state, strict=True))
            state = new
            outputs.append(new[0])
        return torch.stack(outputs[::-1] if backwards else outputs), state


def _matrix(module: nn.RNNBase, name: str) -> np.ndarray:
    """Weights (inputs, outputs) by their name; of a stack, those of the input first."""
    if "+" not in name:
        return matrix_of(getattr(module, name))
    return np.concatenate([matrix_of(getattr(module, name.replace("ih+hh", kind))) for kind in ("ih", "hh")])


def _plus(values: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    return values if bias is None else values + bias


def _lstm(given: torch.Tensor, own: torch.Tensor, state: State) -> State:
    entry, forget, cell, out = (given + own).chunk(4, 1)
    cells = torch.sigmoid(forget) * state[1] + torch.sigmoid(entry) * torch.tanh(cell)
    return torch.sigmoid(out) * torch.tanh(cells), cells


def _gru(given: torch.Tensor, own: torch.Tensor, state: State) -> State:
    (r, z, n), (own_r, own_z, own_n) = given.chunk(3, 1), own.chunk(3, 1)
    keep = torch.sigmoid(z + own_z)
    new = torch.tanh(n + torch.sigmoid(r + own_r) * own_n)
    return ((1.0 - keep) * new + keep * state[0],)


_STEPS: dict[str, Callable[[torch.Tensor, torch.Tensor, State], State]] = {
    "LSTM": _lstm,
    "GRU": _gru,
    "RNN_TANH": lambda given, own, state: (torch.tanh(given + own),),
    "RNN_RELU": lambda given, own, state: (torch.relu(given + own),),
}
