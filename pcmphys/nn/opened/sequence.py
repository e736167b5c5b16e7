"""All steps of an LSTM as one node of the graph: what is twenty nodes a step otherwise."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from pcmphys.nn.opened.rounding import Rounding

_CACHED = 2**17
"""Values of a few arrays that a processor keeps close."""


class LstmSteps(torch.autograd.Function):
    """Hidden values of all steps, and the last cells.

    ``apply(entering, weight, hidden, cell, inward_range, outward_range, (inward, outward))``: input products with all
    biases (steps, batch, 4 n), hidden weights (4 n, n), first states (batch, n), the ranges of the converters around
    the hidden product as parameters and what they do now; None for no converter.
    """

    @staticmethod
    def forward(
        ctx: Any,
        entering: Tensor,
        weight: Tensor,
        hidden: Tensor,
        cell: Tensor,
        inward_range: Tensor | None,
        outward_range: Tensor | None,
        roundings: tuple[Rounding | None, Rounding | None],
    ) -> tuple[Tensor, Tensor]:
        """Step by step."""
        inward, outward = roundings
        count, batch, _ = entering.shape
        size = cell.shape[-1]
        gates = torch.empty_like(entering)
        products = gates if outward is None else torch.empty_like(entering)
        hiddens, given = (entering.new_empty(count + 1, batch, size) for _ in range(2))
        cells, bent = (entering.new_empty(count + 1, batch, size) for _ in range(2))
        hiddens[0], cells[0] = hidden, cell
        across = weight.t()
        lines = (part.unbind(0) for part in (entering, gates, products, hiddens, given, cells, bent))
        arriving, gate, product, state, rounded, kept, tanh = (list(part) for part in lines)
        for t in range(count):
            x = state[t] if inward is None else inward.rounded(state[t], rounded[t])
            now = gate[t]
            if outward is None:
                torch.addmm(arriving[t], x, across, out=now)
            else:
                outward.rounded(torch.mm(x, across, out=product[t]), now).add_(arriving[t])
            i, f, g, o = now.split(size, 1)
            # tanh(x) = 2 sigmoid(2 x) - 1, which PyTorch computes in a quarter of the time
            g.mul_(2.0)
            now.sigmoid_()
            g.mul_(2.0).sub_(1.0)
            torch.mul(f, kept[t], out=kept[t + 1]).addcmul_(i, g)
            torch.mul(kept[t + 1], 2.0, out=tanh[t]).sigmoid_().mul_(2.0).sub_(1.0)
            torch.mul(o, tanh[t], out=state[t + 1])
        ctx.save_for_backward(weight, gates, products, hiddens, hiddens if inward is None else given, cells, bent)
        ctx.inward, ctx.outward = inward, outward
        return hiddens[1:], cells[count]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *d: Tensor) -> tuple[Tensor | None, ...]:
        """From the last step to the first; what does not depend on later steps for all of them at once."""
        weight, gates, products, hiddens, given, cells, bent = ctx.saved_tensors
        inward, outward = ctx.inward, ctx.outward
        count, batch, width = gates.shape
        size = width // 4
        d_gates = torch.empty_like(gates)
        d_products = d_gates if outward is None else torch.empty_like(gates)
        d_hidden, d_cell = gates.new_zeros(batch, size), d[1]
        d_given = None if inward is None else gates.new_empty(2, count, batch, size)
        parts = (d[0], gates, d_gates, d_products, products, hiddens, cells, bent)
        arriving, gate, d_gate, d_product, product, state, kept, tanh = (part.unbind(0) for part in parts)
        for t in reversed(range(count)):
            d_cell = _through_gates(arriving[t] + d_hidden, d_cell, gate[t], (kept[t], tanh[t]), d_gate[t])
            if outward is not None:
                outward.passed(d_gate[t], product[t], d_product[t])
            if inward is None:
                d_hidden = torch.mm(d_product[t], weight)
            else:
                d_hidden = inward.passed(torch.mm(d_product[t], weight, out=d_given[0, t]), state[t], d_given[1, t])
        d_weight = d_products.flatten(0, 1).t() @ given[:count].flatten(0, 1)
        d_ranges: list[Tensor | None] = [None, None]
        if inward is not None and ctx.needs_input_grad[4]:
            d_ranges[0] = inward.share((given[:count], d_given[0]), (hiddens[:count], d_given[1]), batch * size)
        if outward is not None and ctx.needs_input_grad[5]:
            parts = zip(*(one.split(_chunk(batch * width)) for one in (products, d_gates, d_products)), strict=True)
            d_ranges[1] = sum(outward.share((outward.rounded(x), d), (x, b), batch * width) for x, d, b in parts)
        return d_gates, d_weight, d_hidden, d_cell, *d_ranges, None


def _chunk(values: int) -> int:
    """Steps of so many values that stay in a processor's cache."""
    return max(1, _CACHED // values)


def _through_gates(
    d_hidden: Tensor, d_cell: Tensor, gates: Tensor, states: tuple[Tensor, Tensor], d_gates: Tensor
) -> Tensor:
    """One step back: into ``d_gates``, and the gradient of the cells before it.

    ``states`` are the cells before the step and the hyperbolic tangent of those after it.
    """
    size = d_cell.shape[1]
    i, f, g, o = gates.split(size, 1)
    d_i, d_f, d_g, d_o = d_gates.split(size, 1)
    kept, tanh = states
    sigmoid_backward, tanh_backward = torch.ops.aten.sigmoid_backward, torch.ops.aten.tanh_backward
    sigmoid_backward.grad_input(d_hidden * tanh, o, grad_input=d_o)
    d_cell = d_cell + tanh_backward(d_hidden * o, tanh)
    sigmoid_backward.grad_input(d_cell * g, i, grad_input=d_i)
    sigmoid_backward.grad_input(d_cell * kept, f, grad_input=d_f)
    tanh_backward.grad_input(d_cell * i, g, grad_input=d_g)
    return d_cell * f
