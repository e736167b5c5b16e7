"""Recurrent layers step by step, their input and hidden products open."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from pcmphys.nn.opened.edges import fixed, linear, product
from pcmphys.nn.opened.sequence import LstmSteps

State = tuple[Tensor, ...]
"""What goes from one step to the next: hidden values, and with an LSTM its cells."""


class _OpenRecurrent:
    """What the open recurrent layers share: layers, directions, states; a subclass makes one step."""

    def _init_flat_weights(self) -> None:
        """Nothing: torch's own loop takes its weights from a list, and to fill that would draw devices."""
        self._flat_weights = [None] * len(self._flat_weights_names)

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """See the class of torch."""
        if isinstance(input, PackedSequence):
            return self._of_packed(input, hx)
        batched = input.dim() == 3
        x = input if batched else input.unsqueeze(1)
        if batched and self.batch_first:
            x = x.transpose(0, 1)
        x, ends = self._through(x, self._begin(x, hx, batched), None)
        if not batched:
            x, ends = x.squeeze(1), tuple(part.squeeze(1) for part in ends)
        elif self.batch_first:
            x = x.transpose(0, 1)
        return x, self._ends(ends)

    def _of_packed(self, packed: PackedSequence, hx: Any) -> tuple[PackedSequence, Any]:
        x, lengths = pad_packed_sequence(packed)
        x, ends = self._through(x, self._begin(x, hx, True), lengths.to(x.device))
        # states come and go in the order of the caller's batch, as the padded sequences do
        return pack_padded_sequence(x, lengths, enforce_sorted=packed.sorted_indices is None), self._ends(ends)

    def _through(self, x: Tensor, states: State, lengths: Tensor | None) -> tuple[Tensor, State]:
        """All layers over steps (steps, batch, values); ``lengths`` of the sequences, if they differ."""
        last: list[State] = []
        for layer in range(self.num_layers):
            found = []
            for direction in range(2 if self.bidirectional else 1):
                state = tuple(part[len(last)] for part in states)
                outputs, state = self._direction(x, state, f"_l{layer}" + "_reverse" * direction, lengths)
                found.append(outputs)
                last.append(state)
            x = found[0] if len(found) == 1 else torch.cat(found, dim=-1)
            if self.dropout and layer < self.num_layers - 1:
                x = nn.functional.dropout(x, self.dropout, self.training)
        return x, tuple(torch.stack(parts) for parts in zip(*last, strict=True))

    def _begin(self, x: Tensor, hx: Any, batched: bool) -> State:
        sizes = self._state_sizes()
        if hx is None:
            count = self.num_layers * (2 if self.bidirectional else 1)
            return tuple(x.new_zeros(count, x.shape[1], size) for size in sizes)
        given = (hx,) if len(sizes) == 1 else hx
        return tuple(given) if batched else tuple(part.unsqueeze(1) for part in given)

    def _direction(self, x: Tensor, state: State, suffix: str, lengths: Tensor | None) -> tuple[Tensor, State]:
        """All steps of one layer in one direction; the input products of all steps are one."""
        entering = product(self, f"weight_ih{suffix}", x, getattr(self, f"weight_ih{suffix}"), linear)
        # taken once: every step of a sequence meets the same devices
        hidden = getattr(self, f"weight_hh{suffix}")
        if lengths is None and not self.proj_size and len(x):
            found = self._at_once(entering, state, suffix, hidden)
            if found is not None:
                return found
        projection = getattr(self, f"weight_hr{suffix}") if self.proj_size else None
        bias = None
        if self.bias:
            entering, bias = entering + getattr(self, f"bias_ih{suffix}"), getattr(self, f"bias_hh{suffix}")
        steps = entering.unbind(0)
        order = range(len(steps))[:: -1 if suffix.endswith("_reverse") else 1]
        outputs: list[Tensor] = [entering] * len(steps)
        for t in order:
            back = product(self, f"weight_hh{suffix}", state[0], hidden, linear)
            new = self._step(steps[t], back if bias is None else back + bias, state)
            if projection is not None:
                new = (product(self, f"weight_hr{suffix}", new[0], projection, linear), *new[1:])
            if lengths is not None:  # a sequence that has ended, or has not begun from its end, keeps its state
                runs = (t < lengths)[:, None]
                new = tuple(torch.where(runs, after, before) for after, before in zip(new, state, strict=True))
            state = new
            outputs[t] = state[0]
        return torch.stack(outputs), state

    def _at_once(self, entering: Tensor, state: State, suffix: str, hidden: Tensor) -> tuple[Tensor, State] | None:
        """All steps in one node, by a class that can; None: step by step."""
        return None


class OpenLSTM(_OpenRecurrent, nn.LSTM):
    """`torch.nn.LSTM` with converters at the edges of its input, hidden and projection products."""

    def _state_sizes(self) -> tuple[int, ...]:
        return self.proj_size or self.hidden_size, self.hidden_size

    def _step(self, entering: Tensor, back: Tensor, state: State) -> State:
        i, f, g, o = (entering + back).chunk(4, dim=-1)
        cell = torch.sigmoid(f) * state[1] + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(cell), cell

    def _at_once(self, entering: Tensor, state: State, suffix: str, hidden: Tensor) -> tuple[Tensor, State] | None:
        edge = fixed(self, f"weight_hh{suffix}")
        if edge is None or getattr(hidden, "clean", None) is not None:
            return None
        if not entering.dtype == hidden.dtype == state[0].dtype:  # as autocast mixes them
            return None
        if self.bias:
            entering = entering + (getattr(self, f"bias_ih{suffix}") + getattr(self, f"bias_hh{suffix}"))
        backwards = suffix.endswith("_reverse")
        outputs, cell = LstmSteps.apply(entering.flip(0) if backwards else entering, hidden, *state, *edge)
        return outputs.flip(0) if backwards else outputs, (outputs[-1], cell)

    def _ends(self, ends: State) -> Any:
        return ends


class OpenGRU(_OpenRecurrent, nn.GRU):
    """`torch.nn.GRU` with converters at the edges of its input and hidden products."""

    def _state_sizes(self) -> tuple[int, ...]:
        return (self.hidden_size,)

    def _step(self, entering: Tensor, back: Tensor, state: State) -> State:
        reset_in, update_in, new_in = entering.chunk(3, dim=-1)
        reset_back, update_back, new_back = back.chunk(3, dim=-1)
        reset, update = torch.sigmoid(reset_in + reset_back), torch.sigmoid(update_in + update_back)
        new = torch.tanh(new_in + reset * new_back)
        return ((1.0 - update) * new + update * state[0],)

    def _ends(self, ends: State) -> Any:
        return ends[0]


class OpenRNN(_OpenRecurrent, nn.RNN):
    """`torch.nn.RNN` with converters at the edges of its input and hidden products."""

    def _state_sizes(self) -> tuple[int, ...]:
        return (self.hidden_size,)

    def _step(self, entering: Tensor, back: Tensor, state: State) -> State:
        bend = torch.tanh if self.mode == "RNN_TANH" else torch.relu
        return (bend(entering + back),)

    def _ends(self, ends: State) -> Any:
        return ends[0]
