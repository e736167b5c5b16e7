"""Converters with a range that is learned, as Esser's learned step size: rounding with a straight-through slope."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

WATCHED = 100
"""Calls in training in which a range grows to the largest magnitude seen; from then on it learns alone."""


class _Rounded(torch.autograd.Function):
    """Rounding to ``steps`` on either side of zero up to ``full``; see `LearnedRange` for the gradients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, full: Tensor, steps: int) -> Tensor:
        # four passes over the values; torch's own fake quantisation takes ten times as long on a CPU
        found = (x * (steps / full)).round_().clamp_(-steps, steps).mul_(full / steps)
        ctx.save_for_backward(x, found, full)
        ctx.steps = steps
        return found

    @staticmethod
    def backward(ctx: Any, given: Tensor) -> tuple[Tensor, Tensor, None]:
        x, found, full = ctx.saved_tensors
        back = x.abs().le_(full).mul_(given)
        # d(rounded)/d(full): the rounded share, less that of the input where the rounding passes it on
        share = torch.dot(found.reshape(-1), given.reshape(-1)) - torch.dot(back.reshape(-1), x.reshape(-1))
        return back, (share / full / math.sqrt(x.numel() * ctx.steps)).reshape(full.shape), None


class LearnedRange(nn.Module):
    """A symmetric converter of so many bits, 2^(bits-1) - 1 steps on either side, whose full scale is a parameter.

    The slope of the rounding is one within the range and none outside; the range gets the gradient of what it clips
    and rounds, scaled by 1/sqrt(values * steps) so that it learns as fast as weights do.

    Parameters
    ----------
    bits : int
    start : float, optional
        Range to begin with; default: the largest magnitude of the first `WATCHED` calls in training.

    Notes
    -----
    A range that has seen nothing but zeros rounds nothing. That of inputs which need no gradient, a network's own,
    stays at the largest that it has seen: to learn it would take their gradient, which can cost more than all others.

    References
    ----------
    S. K. Esser et al., ICLR (2020), arXiv:1902.08153, eqs. 1 to 3 and section 2.2.
    """

    def __init__(self, bits: int, start: float | None = None) -> None:
        super().__init__()
        self.steps: int = 2 ** (bits - 1) - 1
        self.seen: int = 0 if start is None else WATCHED
        self.range = nn.Parameter(torch.tensor(0.0 if start is None else start))

    def forward(self, x: Tensor) -> Tensor:
        """Rounded and clipped values."""
        if self.training and self.seen < WATCHED:
            self.seen += 1
            largest = torch.maximum(self.range.detach(), x.detach().abs().amax())
            # behind the back of autograd: steps of a sequence before this one hold the range for their gradients
            self.range.data = largest
        full = self.range.abs() if x.requires_grad else self.range.detach().abs()
        return _Rounded.apply(x, full, self.steps) if float(full.detach()) > 0.0 else x

    def get_extra_state(self) -> Tensor:
        """How many calls it has watched."""
        return torch.tensor(self.seen)

    def set_extra_state(self, state: Tensor) -> None:
        """See `get_extra_state`."""
        self.seen = int(state)

    def extra_repr(self) -> str:
        """Its numbers, for torch's repr."""
        return f"steps={self.steps}, range={float(self.range.detach()):.4g}"
