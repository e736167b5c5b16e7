"""Weights as devices hold them: a parametrisation that draws a realisation at every forward pass in training."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pcmphys.nn.aware.tables import DRAWS, STEPS, Draws

_AGE, _DEVICES = 0, 1
"""What random numbers are for, besides seed, matrix and call."""
_SMALLEST = 1e-30
_A_WORD = 4
"""Draws that the bits of one random word pick, 16 each."""


@dataclass(eq=False)
class DeviceNoise:
    """What the matrices of one module share.

    Attributes
    ----------
    draws : Draws
        Of the devices.
    strength : float
        Factor of every deviation.
    clip : float or None
        Standard deviations of a matrix at which its weights are held.
    compensation : bool
        Whether one gain a block makes up for its drift.
    clean : bool
        Whether gradients are those of the clean weights.
    seed : int
        Of all draws.
    """

    draws: Draws
    strength: float
    clip: float | None
    compensation: bool
    clean: bool
    seed: int
    _last: tuple[int, torch.device, float, Tensor] | None = field(default=None, init=False, repr=False)

    def at_random_age(self, call: int, device: torch.device) -> tuple[float, Tensor]:
        """What is kept and the flat table of the rest, at an age uniform in its logarithm: one for all of a pass."""
        if self._last is None or self._last[:2] != (call, device):
            kept, rest = self._blended(call)
            self._last = (call, device, kept, rest.reshape(-1).to(device))
        return self._last[2:]

    def _blended(self, call: int) -> tuple[float, Tensor]:
        kept, rest = self.draws.kept, self.draws.rest
        if kept.size == 1:
            return float(kept[0]), rest[0]
        place = word(self.seed, 0, call, _AGE) / 2.0**63 * (kept.size - 1)
        before = min(math.floor(place), kept.size - 2)
        share = place - before
        blended = torch.lerp(rest[before], rest[before + 1], share)
        return float((1.0 - share) * kept[before] + share * kept[before + 1]), blended


class DeviceWeights(nn.Module):
    """Parametrisation of one stored matrix.

    In training, each access draws all devices anew, at an age drawn anew, and gives the weights that one read of them
    would find; the gradient is that of the weights themselves. In evaluation the weights are plain.

    Parameters
    ----------
    noise : DeviceNoise
    blocks : int
        Parts along the first axis with a scale and a gain of their own.
    number : int
        Of the matrix in its module: matrices draw apart.
    """

    def __init__(self, noise: DeviceNoise, blocks: int, number: int) -> None:
        super().__init__()
        self.noise = noise
        self.blocks = blocks
        self.number = number
        self.calls = 0

    def forward(self, weight: Tensor) -> Tensor:
        """Weights of this pass."""
        noise = self.noise
        if not self.training:
            if noise.clip is None:
                return weight
            bound = _bound(weight, noise.clip)
            return torch.clamp(weight, -bound, bound)
        if noise.clip is not None:
            bound = _bound(weight, noise.clip)
            weight.data.clamp_(-bound, bound)
        if noise.strength == 0.0:
            return weight
        found = _Stored.apply(weight, self._stored(weight.detach()))
        if noise.clean:
            found.clean = weight
        return found

    def right_inverse(self, weight: Tensor) -> Tensor:
        """Weights that are assigned are those behind the noise."""
        return weight

    def get_extra_state(self) -> Tensor:
        """How often it has drawn, so that a training goes on from a checkpoint as it would have."""
        return torch.tensor(self.calls)

    def set_extra_state(self, state: Tensor) -> None:
        """See `get_extra_state`."""
        self.calls = int(state)

    def extra_repr(self) -> str:
        """Its numbers, for torch's repr."""
        noise = self.noise
        return f"strength={noise.strength:g}, clip={noise.clip}, blocks={self.blocks}, seed={noise.seed}"

    def _stored(self, weight: Tensor) -> Tensor:
        noise, call = self.noise, self.calls
        self.calls = call + 1
        rows = weight.reshape(self.blocks, -1)
        largest = rows.abs().amax(dim=1, keepdim=True).clamp_(min=_SMALLEST)
        kept, rest = noise.at_random_age(call, weight.device)
        # to the nearest level, and from there to one of its draws
        level = (rows * (STEPS / largest)).add_(STEPS + 0.5).to(torch.int32)
        place = self._picked(level, call).add_(level, alpha=DRAWS)
        stored = rest.index_select(0, place.reshape(-1)).reshape(rows.shape).to(rows.dtype)
        stored = stored.mul_(largest).add_(rows, alpha=kept)
        if noise.compensation:
            own = torch.linalg.vector_norm(stored, dim=1, keepdim=True).square_().clamp_(min=_SMALLEST)
            stored = stored.mul_(torch.linalg.vecdot(rows, stored).unsqueeze(1) / own)
        stored = stored if noise.strength == 1.0 else torch.lerp(rows, stored, noise.strength)
        return stored.reshape(weight.shape)

    def _picked(self, level: Tensor, call: int) -> Tensor:
        """A random draw for every weight."""
        generator = torch.Generator(level.device)
        generator.manual_seed(word(self.noise.seed, self.number, call, _DEVICES))
        words = torch.empty(-(-level.numel() // _A_WORD), dtype=torch.int64, device=level.device)
        words.random_(-(2**63), None, generator=generator)
        picked = words.view(torch.int16)[: level.numel()] & (DRAWS - 1)
        return picked.reshape(level.shape).to(torch.int32)


class _Stored(torch.autograd.Function):
    """What is stored of weights, with the gradient of the weights."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, stored: Tensor) -> Tensor:
        return stored

    @staticmethod
    def backward(ctx: Any, given: Tensor) -> tuple[Tensor, None]:
        return given, None


def _bound(weight: Tensor, clip: float) -> float:
    """So many standard deviations of a matrix."""
    given = weight.detach()
    square = torch.linalg.vector_norm(given).square() / given.numel() - given.mean().square()
    return clip * math.sqrt(max(float(square), 0.0))


def word(seed: int, number: int, call: int, purpose: int) -> int:
    """A number of 63 bits that depends on all four, and on nothing else."""
    return int(np.random.SeedSequence([seed, number, call, purpose]).generate_state(1, np.uint64)[0] >> np.uint64(1))
