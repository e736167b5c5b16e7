"""Without noise and converters a twin is its module: every kind of layer, forward and backward."""

import copy
import math

import pytest

torch = pytest.importorskip("torch")

from torch import nn as tnn  # noqa: E402

import pcmphys as pcm  # noqa: E402
from pcmphys import nn  # noqa: E402
from tests.matrix.test_analog_matrix import quiet_cell  # noqa: E402

IDEAL = pcm.Periphery(dac_bits=None, adc_bits=None)
TILE = (20, 6)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    return quiet_cell(tmp_path_factory.mktemp("cells"))


def images(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def conv1d(**options):
    return tnn.Conv1d(4, 6, **options), (images(3, 4, 17),)


def conv2d(**options):
    return tnn.Conv2d(4, 6, **options), (images(3, 4, 11, 9),)


def sequence(kind, **options):
    return kind(5, 7, **options), (images(6, 3, 5),)


def attention(**options):
    x = images(6, 4, 8)
    return tnn.MultiheadAttention(8, 2, **options), (x, x, x)


def masked():
    query, key = images(2, 5, 8), images(2, 6, 8)
    hidden = torch.zeros(2, 6, dtype=torch.bool)
    hidden[1, 4:] = True
    causal = torch.ones(5, 6, dtype=torch.bool).triu(1)
    layer = tnn.MultiheadAttention(8, 2, batch_first=True, add_bias_kv=True, add_zero_attn=True)
    return Call(layer, key_padding_mask=hidden, attn_mask=causal, average_attn_weights=False), (query, key, key + 1.0)


class Call(tnn.Module):
    """A layer called with options."""

    def __init__(self, layer, **options):
        super().__init__()
        self.layer, self.options = layer, options

    def forward(self, *inputs):
        return self.layer(*inputs, **self.options)


def encoder(**options):
    layer = tnn.TransformerEncoderLayer(8, 2, 12, batch_first=True, **options)
    return tnn.TransformerEncoder(layer, 2), (images(3, 5, 8),)


def packed():
    lengths = torch.tensor([4, 6, 1])
    x = tnn.utils.rnn.pack_padded_sequence(images(6, 3, 5), lengths, enforce_sorted=False)
    return tnn.LSTM(5, 7, num_layers=2, bidirectional=True), (x,)


CASES = {
    "linear": lambda: (tnn.Linear(33, 15), (images(2, 5, 33),)),
    "linear without bias, one vector": lambda: (tnn.Linear(33, 15, bias=False), (images(33),)),
    "conv1d": lambda: conv1d(kernel_size=3),
    "conv1d same, dilated": lambda: conv1d(kernel_size=4, padding="same", dilation=2),
    "conv1d groups": lambda: conv1d(kernel_size=5, stride=3, padding=2, groups=2, bias=False),
    "conv1d reflect": lambda: conv1d(kernel_size=5, padding=3, padding_mode="reflect"),
    "conv1d circular": lambda: conv1d(kernel_size=5, padding=3, padding_mode="circular"),
    "conv1d alone": lambda: (tnn.Conv1d(4, 6, 3), (images(4, 17),)),
    "conv2d": lambda: conv2d(kernel_size=3),
    "conv2d valid": lambda: conv2d(kernel_size=1, padding="valid"),
    "conv2d stride, padding": lambda: conv2d(kernel_size=(3, 2), stride=(2, 3), padding=(1, 2)),
    "conv2d same": lambda: conv2d(kernel_size=(4, 3), padding="same", dilation=(2, 1)),
    "conv2d depthwise": lambda: (tnn.Conv2d(4, 8, 3, groups=4), (images(2, 4, 8, 7),)),
    "conv2d replicate": lambda: conv2d(kernel_size=3, padding=2, padding_mode="replicate"),
    "conv2d circular": lambda: conv2d(kernel_size=3, padding=(2, 1), padding_mode="circular"),
    "conv2d alone": lambda: (tnn.Conv2d(4, 6, 3), (images(4, 11, 9),)),
    "conv2d no image": lambda: (tnn.Conv2d(4, 6, 3), (images(0, 4, 11, 9),)),
    "conv2d double": lambda: (tnn.Conv2d(4, 6, 3).double(), (images(2, 4, 11, 9).double(),)),
    "lstm": lambda: sequence(tnn.LSTM),
    "lstm deep, both ways": lambda: sequence(tnn.LSTM, num_layers=2, bidirectional=True, batch_first=True),
    "lstm projected": lambda: sequence(tnn.LSTM, num_layers=2, proj_size=3, bidirectional=True),
    "lstm without bias": lambda: sequence(tnn.LSTM, bias=False),
    "lstm one sequence": lambda: (tnn.LSTM(5, 7), (images(6, 5), (images(1, 7), images(1, 7)))),
    "lstm packed": packed,
    "gru": lambda: sequence(tnn.GRU, num_layers=2, bidirectional=True),
    "gru from a state": lambda: (tnn.GRU(5, 7), (images(6, 3, 5), images(1, 3, 7))),
    "rnn": lambda: sequence(tnn.RNN, nonlinearity="relu", batch_first=True),
    "attention": lambda: attention(),
    "attention batch first": lambda: attention(batch_first=True, bias=False),
    "attention other sizes": lambda: (
        tnn.MultiheadAttention(8, 2, kdim=5, vdim=3), (images(4, 2, 8), images(6, 2, 5), images(6, 2, 3)),
    ),
    "attention one sequence": lambda: (tnn.MultiheadAttention(8, 4), (images(6, 8),) * 3),
    "attention masked": masked,
    "transformer": lambda: encoder(),
    "transformer norm first": lambda: encoder(norm_first=True, activation="gelu"),
}  # fmt: skip


def tensors(value):
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (tuple, list)):
        return [one for part in value for one in tensors(part)]
    return []


def twin_of(module, cell, **options):
    twin = nn.convert(module, cell, **({"tile": TILE, "periphery": IDEAL} | options))
    twin.program()
    return twin


@pytest.mark.parametrize("name", CASES)
def test_a_twin_without_noise_is_its_module(name, quiet):
    torch.manual_seed(0)
    module, inputs = CASES[name]()
    module.eval()
    before = copy.deepcopy(module.state_dict())
    twin = twin_of(module, quiet)
    with torch.no_grad():
        expected, found = tensors(module(*inputs)), tensors(twin(*inputs))
    assert len(found) == len(expected) > 0
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.dtype == theirs.dtype
        assert mine.shape == theirs.shape
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-5)
    after = module.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)
    # what is read from the devices is what the module holds
    assert len(list(module.parameters())) == 0 or len(twin.layers) > 0


@pytest.mark.parametrize("name", [name for name in CASES if name != "lstm packed"])
def test_gradients_go_back_through_the_tiles(name, quiet):
    torch.manual_seed(0)
    module, inputs = CASES[name]()
    module.eval()
    twin = twin_of(module, quiet)
    found = []
    for one in (module, twin):
        fresh = [part.clone().requires_grad_() if isinstance(part, torch.Tensor) else part for part in inputs]
        sum(part.square().sum() for part in tensors(one(*fresh))).backward()
        found.append([part.grad for part in fresh if isinstance(part, torch.Tensor)])
    for mine, theirs in zip(found[1], found[0], strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("kernel", "channels", "outputs", "groups"), [(3, 16, 32, 1), (5, 3, 70, 1), (3, 16, 32, 4)])
def test_convolutions_take_as_many_tiles_as_their_kernel_asks_for(kernel, channels, outputs, groups, quiet):
    rows, columns = 64, 24
    twin = nn.convert(tnn.Conv2d(channels, outputs, kernel, groups=groups), quiet, tile=(rows, columns))
    down = math.ceil(kernel * kernel * (channels // groups) / rows)
    across = math.ceil(outputs // groups / columns)
    assert sum(line.tiles for line in twin.report().layers) == groups * down * across


def test_parameters_that_stay_digital_are_trained_through_the_tiles(quiet):
    torch.manual_seed(0)
    module = tnn.Sequential(tnn.Linear(6, 5), tnn.LayerNorm(5), tnn.Linear(5, 3))
    twin = twin_of(module, quiet)
    x = images(4, 6)
    module(x).square().sum().backward()
    twin(x).square().sum().backward()
    names = dict(module.named_parameters())
    for name, parameter in twin.module.named_parameters():
        torch.testing.assert_close(parameter.grad, names[name].grad, rtol=1e-4, atol=1e-5)
    assert {name for name, _ in twin.module.named_parameters()} == {"0.bias", "1.weight", "1.bias", "2.bias"}


RECURRENT = {name: make for name, make in CASES.items() if name.split()[0].strip(",") in ("lstm", "rnn", "gru")}


@pytest.mark.parametrize("name", RECURRENT)
def test_input_and_hidden_weights_in_one_stack_are_the_module_too(name, quiet):
    torch.manual_seed(0)
    module, inputs = RECURRENT[name]()
    twin = twin_of(module.eval(), quiet, combined=True)
    for one in (module, twin):
        one.zero_grad()
    found = []
    for one in (module, twin):
        fresh = [part.clone().requires_grad_() if isinstance(part, torch.Tensor) else part for part in inputs]
        outputs = tensors(one(*fresh))
        sum(part.square().sum() for part in outputs).backward()
        found.append([*outputs, *(part.grad for part in fresh if isinstance(part, torch.Tensor))])
    for mine, theirs in zip(found[1], found[0], strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)
    stacks = [line for line in twin.report().layers if "ih+hh" in line.name]
    if "gru" in name:  # the reset gate stands between its two products
        assert not stacks
        return
    ways = module.num_layers * (1 + module.bidirectional)
    assert len(stacks) == ways
    assert len(twin.products) == ways * (1 + bool(module.proj_size))
    first = stacks[0]
    assert first.rows == module.input_size + (module.proj_size or module.hidden_size)
    assert first.tiles == math.ceil(first.rows / TILE[0]) * math.ceil(first.columns / TILE[1])
    shapes = nn.shapes(module, inputs, samples=3, combined=True)
    assert [(shape.name, shape.rows) for shape in shapes] == [(line.name, line.rows) for line in twin.report().layers]


def test_a_stack_learns_in_place():
    live = nn.convert(tnn.LSTM(3, 4), pcm.load_cell("ecram-tang2018"), rule=pcm.Sgd(), combined=True)
    optimiser = nn.PulsedOptimizer(live.parameters(), lr=0.1)
    before = {name: weights.copy() for name, weights in live.weights.items()}
    assert before.keys() == {"LSTM.weight_ih+hh_l0"}
    live(images(5, 2, 3))[0].square().sum().backward()
    optimiser.step()
    assert (live.weights["LSTM.weight_ih+hh_l0"] != before["LSTM.weight_ih+hh_l0"]).any()
