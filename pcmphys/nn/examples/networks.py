"""The networks of the examples, and their trained weights."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from pcmphys.errors import ParameterError
from pcmphys.nn.examples.data import CONTEXT, Samples, digits, text, vowels
from pcmphys.numerics import check
from pcmphys.numerics.packaged import shipped_folder

TRAININGS = ("plain", "aware")
"""How weights were trained: without devices, and by `pcmphys.nn.hardware_aware`."""
_CHANNELS, _HIDDEN, _SPEAKERS = 12, 64, 9
_WIDTH, _HEADS, _BLOCKS, _LETTERS = 64, 4, 2, 63
_EMBEDDED, _UNITS = 32, 128


def convolution() -> nn.Module:
    """Two convolutions of 5 x 5 and two linear layers for digits of 28 x 28."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


class Speakers(nn.Module):
    """An LSTM over the steps of an utterance, a linear layer on its last."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(_CHANNELS, _HIDDEN, batch_first=True)
        self.out = nn.Linear(_HIDDEN, _SPEAKERS)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of speakers (batch, 9) for utterances (batch, steps, 12)."""
        return self.out(self.lstm(x)[0][:, -1])


class Speller(nn.Module):
    """An LSTM that predicts the next character from those before it."""

    def __init__(self) -> None:
        super().__init__()
        self.letters = nn.Embedding(_LETTERS, _EMBEDDED)
        self.lstm = nn.LSTM(_EMBEDDED, _UNITS, batch_first=True)
        self.out = nn.Linear(_UNITS, _LETTERS)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the next characters (batch, steps, 63) for characters (batch, steps)."""
        return self.out(self.lstm(self.letters(x))[0])


class Writer(nn.Module):
    """A transformer of two blocks that predicts the next character from those before it."""

    def __init__(self) -> None:
        super().__init__()
        self.letters = nn.Embedding(_LETTERS, _WIDTH)
        self.places = nn.Embedding(CONTEXT, _WIDTH)
        block = nn.TransformerEncoderLayer(_WIDTH, _HEADS, 4 * _WIDTH, dropout=0.1, batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(block, _BLOCKS, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(_WIDTH)
        self.out = nn.Linear(_WIDTH, _LETTERS)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the next characters (batch, steps, 63) for characters (batch, steps)."""
        steps = x.shape[1]
        before = torch.ones(steps, steps, dtype=torch.bool, device=x.device).triu(1)
        found = self.letters(x) + self.places.weight[:steps]
        return self.out(self.norm(self.blocks(found, mask=before, is_causal=True)))


class Example(NamedTuple):
    """A network and its data.

    Attributes
    ----------
    title : str
        For a reader.
    make : callable
        Makes the network, with weights as torch draws them.
    data : callable
        Loads its data.
    """

    title: str
    make: Callable[[], nn.Module]
    data: Callable[[], Samples]


EXAMPLES: dict[str, Example] = {
    "convolution": Example("convolutional network on handwritten digits", convolution, digits),
    "lstm": Example("LSTM on spoken vowels", Speakers, vowels),
    "transformer": Example("transformer on a text", Writer, text),
    "characters": Example("LSTM on a text", Speller, text),
}
"""All of them, by name."""


def example(name: str) -> Example:
    """One of `EXAMPLES`."""
    return EXAMPLES[check.choice("network", name, EXAMPLES)]


def trained(name: str, training: str = "plain") -> nn.Module:
    """An example's network with trained weights, in evaluation.

    Parameters
    ----------
    name : str
        One of `EXAMPLES`.
    training : str
        "plain", or "aware": with the noise of the cell that `data/layer-networks/SOURCE.md` names.

    Raises
    ------
    ParameterError
        An unknown name, or a file of weights that does not fit.
    """
    module = example(name).make()
    check.choice("training", training, TRAININGS)
    path = shipped_folder("layer-networks").joinpath(f"{name}-{training}.npz")
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            weights = {key: torch.from_numpy(archive[key].astype(np.float32)) for key in archive.files}
        module.load_state_dict(weights)
    except (OSError, ValueError, RuntimeError) as error:
        raise ParameterError(f"weights of {name!r}: {path} cannot be used ({error})") from None
    return module.eval()


def fingerprint(name: str, training: str) -> str:
    """SHA-256 of a file of weights: results depend on it."""
    return hashlib.sha256(shipped_folder("layer-networks").joinpath(f"{name}-{training}.npz").read_bytes()).hexdigest()
