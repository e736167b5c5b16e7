"""LSTM and GRU step by step, their input and hidden products open."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from pcmphys.errors import ParameterError
from pcmphys.nn.opened.edges import linear, product


class _OpenRecurrent:
    """What the open recurrent layers share: layers, directions, states; a subclass makes one step."""

    def forward(self, input: Tensor, hx: Any = None) -> tuple[Tensor, Any]:
        """See the class of torch; packed sequences are refused."""
        if isinstance(input, PackedSequence):
            raise ParameterError(
                f"input of {type(self).__mro__[-1].__name__}: a PackedSequence cannot go through open products; pad "
                "the sequences and take the outputs of their last steps"
            )
        batched = input.dim() == 3
        x = input if batched else input.unsqueeze(1)
        if batched and self.batch_first:
            x = x.transpose(0, 1)
        states = self._begin(x, hx, batched)
        last = []
        for layer in range(self.num_layers):
            found = []
            for direction in range(2 if self.bidirectional else 1):
                suffix = f"_l{layer}" + "_reverse" * direction
                state = tuple(part[len(last)] for part in states)
                outputs, state = self._direction(x.flip(0) if direction else x, state, suffix)
                found.append(outputs.flip(0) if direction else outputs)
                last.append(state)
            x = found[0] if len(found) == 1 else torch.cat(found, dim=-1)
            if self.dropout and layer < self.num_layers - 1:
                x = nn.functional.dropout(x, self.dropout, self.training)
        ends = tuple(torch.stack(parts) for parts in zip(*last, strict=True))
        if not batched:
            x, ends = x.squeeze(1), tuple(part.squeeze(1) for part in ends)
        elif self.batch_first:
            x = x.transpose(0, 1)
        return x, self._ends(ends)

    def _begin(self, x: Tensor, hx: Any, batched: bool) -> tuple[Tensor, ...]:
        sizes = self._state_sizes()
        if hx is None:
            count = self.num_layers * (2 if self.bidirectional else 1)
            return tuple(x.new_zeros(count, x.shape[1], size) for size in sizes)
        given = (hx,) if len(sizes) == 1 else hx
        return tuple(given) if batched else tuple(part.unsqueeze(1) for part in given)

    def _direction(self, x: Tensor, state: tuple[Tensor, ...], suffix: str) -> tuple[Tensor, tuple[Tensor, ...]]:
        """All steps of one layer in one direction; the input products of all steps are one."""
        entering = product(self, f"weight_ih{suffix}", x, getattr(self, f"weight_ih{suffix}"), linear)
        if self.bias:
            entering = entering + getattr(self, f"bias_ih{suffix}")
        # taken once: every step of a sequence meets the same devices
        hidden = getattr(self, f"weight_hh{suffix}")
        bias = getattr(self, f"bias_hh{suffix}") if self.bias else None
        projection = getattr(self, f"weight_hr{suffix}", None) if getattr(self, "proj_size", 0) else None
        outputs = []
        for step in entering.unbind(0):
            back = product(self, f"weight_hh{suffix}", state[0], hidden, linear)
            back = back if bias is None else back + bias
            state = self._step(step, back, state)
            if projection is not None:
                projected = product(self, f"weight_hr{suffix}", state[0], projection, linear)
                state = (projected, *state[1:])
            outputs.append(state[0])
        return torch.stack(outputs), state


class OpenLSTM(_OpenRecurrent, nn.LSTM):
    """`torch.nn.LSTM` with converters at the edges of its input, hidden and projection products."""

    def _state_sizes(self) -> tuple[int, ...]:
        return self.proj_size or self.hidden_size, self.hidden_size

    def _step(self, entering: Tensor, back: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        i, f, g, o = (entering + back).chunk(4, dim=-1)
        cell = torch.sigmoid(f) * state[1] + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(cell), cell

    def _ends(self, ends: tuple[Tensor, ...]) -> Any:
        return ends


class OpenGRU(_OpenRecurrent, nn.GRU):
    """`torch.nn.GRU` with converters at the edges of its input and hidden products."""

    def _state_sizes(self) -> tuple[int, ...]:
        return (self.hidden_size,)

    def _step(self, entering: Tensor, back: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        reset_in, update_in, new_in = entering.chunk(3, dim=-1)
        reset_back, update_back, new_back = back.chunk(3, dim=-1)
        reset, update = torch.sigmoid(reset_in + reset_back), torch.sigmoid(update_in + update_back)
        new = torch.tanh(new_in + reset * new_back)
        return ((1.0 - update) * new + update * state[0],)

    def _ends(self, ends: tuple[Tensor, ...]) -> Any:
        return ends[0]
