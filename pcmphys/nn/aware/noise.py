"""Weights as devices hold them: a parametrisation that draws a realisation at every forward pass in training."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from pcmphys.errors import ParameterError
from pcmphys.nn.aware.tables import DRAWS, STEPS, Draws
from pcmphys.nn.opened.rounding import number

_AGE, _DEVICES = 0, 1
"""What random numbers are for, besides seed, matrix and call."""
_SMALLEST = 1e-30
_A_WORD = 8
"""Draws that one random word picks, a byte each."""
_BITS = 2**64 - 1


class WorkingMemory(threading.local):
    """Memory that is kept from matrix to matrix, each thread its own: to ask for it anew takes as long as its use."""

    def __init__(self) -> None:
        self._kept: dict[tuple[torch.device, torch.dtype], tuple[Tensor, ...]] = {}

    def like(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """As many numbers as there are in ``rows``, of its type, twice as many integers, and random words for them."""
        count, key = rows.numel(), (rows.device, rows.dtype)
        kept = self._kept.get(key)
        if kept is None or kept[0].numel() < count:
            types = (rows.dtype, torch.int32, torch.int32)
            numbers = [torch.empty(count, dtype=one, device=rows.device) for one in types]
            words = torch.empty(-(-count // _A_WORD), dtype=torch.int64, device=rows.device)
            kept = self._kept[key] = (*numbers, words)
        found, level, place = (one[:count].view(rows.shape) for one in kept[:3])
        return found, level, place, kept[3][: -(-count // _A_WORD)]


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
    work : WorkingMemory
        Where draws are made; copies have their own.
    """

    draws: Draws
    strength: float
    clip: float | None
    compensation: bool
    clean: bool
    seed: int
    work: WorkingMemory = field(default_factory=WorkingMemory, init=False, repr=False)
    _last: tuple[tuple[int, torch.device, torch.dtype], float, Tensor] | None = field(
        default=None, init=False, repr=False
    )

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("work", "_last")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, work=WorkingMemory(), _last=None)

    def at_random_age(self, call: int, like: Tensor) -> tuple[float, Tensor]:
        """What is kept and the flat table of the rest, at an age uniform in its logarithm: one for all of a pass.

        Of the type of ``like``, and where it is.
        """
        key = (call, like.device, like.dtype)
        if self._last is None or self._last[0] != key:
            kept, rest = self._blended(call)
            self._last = (key, kept, rest.reshape(-1).to(like))
        return self._last[1:]

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
        if torch._C._current_graph_task_id() >= 0:
            raise ParameterError(
                "a noise-aware layer was called within a backward pass, as torch.utils.checkpoint does: it would draw "
                "other devices than the forward pass had; train without checkpoints"
            )
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
        found = weight + self._off(weight.detach())
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

    def _off(self, weight: Tensor) -> Tensor:
        """What one read finds, less the weights; in memory that the next call uses again."""
        noise, call = self.noise, self.calls
        self.calls = call + 1
        rows = weight.reshape(self.blocks, -1)
        kept, rest = noise.at_random_age(call, weight)
        largest = _largest(rows)
        found, level, place, words = noise.work.like(rows)
        # to the nearest level, and from there to one of its draws
        level.copy_(torch.mul(rows, STEPS / largest, out=found).add_(STEPS + 0.5))
        self._pick(words, place, call).add_(level, alpha=DRAWS)
        torch.index_select(rest, 0, place.reshape(-1), out=found.reshape(-1))
        gain = _gain(rows, found, kept, largest) if noise.compensation else 1.0
        found.mul_(largest * gain * noise.strength)
        share = noise.strength * (gain * kept - 1.0)
        found = found.add_(rows, alpha=share) if isinstance(share, float) else found.addcmul_(rows, share)
        return found.reshape(weight.shape)

    def _pick(self, words: Tensor, place: Tensor, call: int) -> Tensor:
        """A random draw for every weight, a byte of the words each, into ``place``."""
        generator = generator_on(words.device)
        generator.manual_seed(word(self.noise.seed, self.number, call, _DEVICES))
        words.random_(-(2**63), None, generator=generator)
        return place.copy_(words.view(torch.uint8)[: place.numel()].reshape(place.shape))


def generator_on(device: torch.device) -> torch.Generator:
    """A generator of random numbers for tensors of a device."""
    return torch.Generator(device)


def _gain(rows: Tensor, rest: Tensor, kept: float, largest: float | Tensor) -> float | Tensor:
    """The factor that brings kept * rows + largest * rest closest to the rows, of each block."""
    kept_power = kept * _products(rows, rows)
    mixed = largest * _products(rows, rest)
    own = kept * (kept_power + 2.0 * mixed) + largest * largest * _products(rest, rest)
    return (kept_power + mixed) / (own + _SMALLEST)


def _largest(rows: Tensor) -> float | Tensor:
    """Largest magnitude of each row, a little above zero."""
    if _simple(rows):
        low, high = torch.aminmax(rows)
        return max(number(high), -number(low)) + _SMALLEST
    return rows.abs().amax(dim=1, keepdim=True).add_(_SMALLEST)


def _products(left: Tensor, right: Tensor) -> float | Tensor:
    """Scalar product of each row, (rows, 1)."""
    if _simple(left):
        return number(torch.dot(left.reshape(-1), right.reshape(-1)))
    return torch.linalg.vecdot(left, right).unsqueeze(1)


def _simple(rows: Tensor) -> bool:
    """Whether plain numbers are quicker than tensors of one number: of one block, where nothing is waited for."""
    return len(rows) == 1 and rows.device.type == "cpu"


def _bound(weight: Tensor, clip: float) -> float:
    """So many standard deviations of a matrix."""
    given = weight.detach().reshape(-1)
    square = torch.dot(given, given) / given.numel() - given.mean().square()
    return clip * math.sqrt(max(number(square), 0.0))


def word(seed: int, matrix: int, call: int, purpose: int) -> int:
    """A number of 63 bits that depends on all four, and on nothing else (splitmix64, Steele et al. 2014)."""
    state = purpose
    for part in (seed, matrix, call):
        state = (state + part + 0x9E3779B97F4A7C15) & _BITS
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & _BITS
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & _BITS
        state ^= state >> 31
    return state >> 1
