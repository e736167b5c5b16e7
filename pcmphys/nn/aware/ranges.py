"""Converters with a range that is learned, as Esser's learned step size: rounding with a straight-through slope."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from pcmphys.nn.opened.rounding import Rounding, number

WATCHED = 100
"""Calls in training in which a range grows to the largest magnitude seen; from then on it learns alone."""


class _Rounded(torch.autograd.Function):
    """Rounding with a full scale that learns; see `LearnedRange` for the gradients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, full: Tensor, rounding: Rounding) -> Tensor:
        found = rounding.rounded(x)
        ctx.save_for_backward(x, found)
        ctx.rounding = rounding
        return found

    @staticmethod
    def backward(ctx: Any, given: Tensor) -> tuple[Tensor, Tensor | None, None]:
        x, found = ctx.saved_tensors
        back = ctx.rounding.passed(given, x)
        if not ctx.needs_input_grad[1]:
            return back, None, None
        return back, ctx.rounding.share((found, given), (x, back), x.numel()), None


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

    @property
    def watches(self) -> bool:
        """Whether its range still grows with what it sees."""
        return self.training and self.seen < WATCHED

    def rounding(self) -> Rounding | None:
        """What it does with its present range; None: nothing."""
        full = number(self.range)
        return Rounding(full, self.steps) if full != 0.0 else None

    def forward(self, x: Tensor) -> Tensor:
        """Rounded and clipped values."""
        if self.watches:
            self.seen += 1
            largest = torch.maximum(self.range.detach(), x.detach().abs().amax())
            # behind the back of autograd: steps of a sequence before this one hold the range for their gradients
            self.range.data = largest
        rounding = self.rounding()
        if rounding is None:
            return x
        return _Rounded.apply(x, self.range if x.requires_grad else self.range.detach(), rounding)

    def get_extra_state(self) -> Tensor:
        """How many calls it has watched."""
        return torch.tensor(self.seen)

    def set_extra_state(self, state: Tensor) -> None:
        """See `get_extra_state`."""
        self.seen = int(state)

    def extra_repr(self) -> str:
        """Its numbers, for torch's repr."""
        return f"steps={self.steps}, range={float(self.range.detach()):.4g}"
