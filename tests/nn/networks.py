"""Small networks, cells and inputs that the tests share."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn as tnn  # noqa: E402

import pcmphys as pcm  # noqa: E402

HERMES = pcm.load_cell("hermes-14nm-statistical")
IBM = pcm.load_cell("ibm-90nm-statistical")
IDEAL = pcm.Periphery(dac_bits=None, adc_bits=None)


def noise(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def small():
    """A convolutional network for images (n, 1, 8, 8)."""
    torch.manual_seed(0)
    return tnn.Sequential(
        tnn.Conv2d(1, 6, 3, padding=1), tnn.BatchNorm2d(6), tnn.ReLU(), tnn.MaxPool2d(2), tnn.Conv2d(6, 8, 3),
        tnn.ReLU(), tnn.Flatten(), tnn.Linear(32, 10),
    ).eval()  # fmt: skip


class Language(tnn.Module):
    """An embedding, an LSTM and a decoder."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embedding = tnn.Embedding(11, 6)
        self.lstm = tnn.LSTM(6, 9, batch_first=True)
        self.decoder = tnn.Linear(9, 11)

    def forward(self, letters):
        return self.decoder(self.lstm(self.embedding(letters))[0])


class Vision(tnn.Module):
    """A transformer with weights of its own."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.position = tnn.Parameter(torch.randn(1, 4, 8))
        self.layer = tnn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.head = tnn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.layer(x + self.position).mean(1))
