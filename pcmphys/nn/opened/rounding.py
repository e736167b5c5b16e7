"""A converter as arithmetic: rounding to steps of a range, and its slopes."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

_NEXT = 1.0 + 2.0**-22
"""What is at full scale is within it; in float32 this is the next number but one."""


def number(x: Tensor) -> float:
    """A tensor's number, read back from its device: a graphics card is waited for."""
    return float(x.detach())


class Rounding(NamedTuple):
    """Rounding to whole ``steps`` on either side of zero, up to ``full``; the slope is one within and none outside.

    A full scale that has learned to be negative is the same converter, with the slope of the other side.
    """

    full: float
    steps: int

    def rounded(self, x: Tensor, out: Tensor | None = None) -> Tensor:
        """Rounded and clipped values, into ``out`` if it is given."""
        # four passes over the values; torch's own fake quantisation takes six times as long on a CPU
        scaled = torch.mul(x, self.steps / self.full, out=out)
        return scaled.round_().clamp_(-self.steps, self.steps).mul_(self.full / self.steps)

    def passed(self, given: Tensor, x: Tensor, out: Tensor | None = None) -> Tensor:
        """Gradient of the values ``x`` from that of the rounded ones, into ``out`` if it is given."""
        bound = abs(self.full) * _NEXT
        if out is None:
            return torch.ops.aten.hardtanh_backward(given, x, -bound, bound)
        return torch.ops.aten.hardtanh_backward.grad_input(given, x, -bound, bound, grad_input=out)

    def share(self, rounded: tuple[Tensor, Tensor], plain: tuple[Tensor, Tensor], values: int) -> Tensor:
        """Gradient of the full scale, scaled as Esser 2020 does for so many ``values`` a call.

        From the rounded values and their gradient, and from the values and theirs: what rounding adds to a value grows
        with the full scale, what it clips does so as a whole.
        """
        share = _product(*rounded) - _product(*plain)
        return share / (self.full * math.sqrt(values * self.steps))


def _product(left: Tensor, right: Tensor) -> Tensor:
    return torch.dot(left.reshape(-1), right.reshape(-1))
