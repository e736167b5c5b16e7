"""Small modules of every kind that goes on tiles, with inputs for them."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402


class Last(nn.Module):
    """A recurrent layer and a linear one on its last step."""

    def __init__(self, layer, width):
        super().__init__()
        self.layer = layer
        self.out = nn.Linear(width, 3)

    def forward(self, x):
        return self.out(self.layer(x)[0][:, -1])


class Attending(nn.Module):
    """Attention over itself, or from one sequence to another of other widths."""

    def __init__(self, layer, other=None, **options):
        super().__init__()
        self.layer = layer
        self.other = other
        self.options = options

    def forward(self, x):
        key = x if self.other is None else x[..., : self.other[0]]
        value = x if self.other is None else x[..., : self.other[1]]
        out, shares = self.layer(x, key, value, **self.options)
        return out if shares is None else torch.cat([out.flatten(), shares.flatten()])


CAUSAL = torch.ones(5, 5, dtype=torch.bool).triu(1)
PADDED = torch.tensor([[False] * 5, [False] * 4 + [True], [False] * 3 + [True] * 2, [False] * 5])


def modules():
    """Name, module (made with a fixed seed) and input shape."""
    torch.manual_seed(3)
    return {
        "linear": (nn.Linear(7, 4), (5, 7)),
        "without bias": (nn.Linear(7, 4, bias=False), (2, 5, 7)),
        "conv1d": (nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2), (3, 4, 17)),
        "conv2d": (nn.Conv2d(2, 6, (3, 2), stride=(1, 2), padding=2, dilation=(2, 1)), (3, 2, 9, 8)),
        "same": (nn.Conv2d(4, 4, 3, padding="same", padding_mode="reflect", groups=4, bias=False), (2, 4, 6, 6)),
        "lstm": (Last(nn.LSTM(6, 5, num_layers=2, batch_first=True), 5), (4, 7, 6)),
        "lstm both ways": (Last(nn.LSTM(6, 5, bidirectional=True, proj_size=3, batch_first=True), 6), (4, 4, 6)),
        "gru": (Last(nn.GRU(6, 5, num_layers=2, bidirectional=True, bias=False, batch_first=True), 10), (4, 7, 6)),
        "rnn": (Last(nn.RNN(6, 5, nonlinearity="relu", batch_first=True), 5), (4, 7, 6)),
        "own keys": (
            Attending(
                nn.MultiheadAttention(8, 2, add_bias_kv=True, add_zero_attn=True, bias=False, batch_first=True),
                key_padding_mask=PADDED,
                attn_mask=CAUSAL,
            ),
            (4, 5, 8),
        ),
        "attention": (Attending(nn.MultiheadAttention(8, 2, batch_first=True)), (4, 5, 8)),
        "masked": (
            Attending(
                nn.MultiheadAttention(8, 2, batch_first=True),
                attn_mask=CAUSAL,
                key_padding_mask=PADDED,
                need_weights=False,
            ),
            (4, 5, 8),
        ),
        "other widths": (
            Attending(nn.MultiheadAttention(8, 4, kdim=5, vdim=3), (5, 3), average_attn_weights=False),
            (4, 5, 8),
        ),
        "encoder": (
            nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True), 2),
            (4, 5, 8),
        ),
    }


def inputs(shape, seed=1):
    """Normal numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
