"""Low-precision twins: codes are whole, round trips exact, more bits err less, and the original stays as it was."""
# ruff: noqa: E402 (without torch there is nothing to import)

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import pcmphys as pcm
from pcmphys import nn
from pcmphys.errors import ParameterError
from tests.nn.kinds import inputs, modules


def matrices(twin):
    """Rounded weights, scales and the original of every matrix of a twin."""
    for part in twin.modules():
        for name, chain in getattr(part, "parametrizations", {}).items():
            yield getattr(part, name).detach(), chain[0], chain.original.detach()


@pytest.mark.parametrize("per", ["column", "tensor"])
@pytest.mark.parametrize("bits", [8, 4, 2])
@pytest.mark.parametrize("kind", modules())
def test_round_trip_is_exact(kind, bits, per):
    """Codes are whole numbers within the range, and rounding what was rounded changes no bit."""
    module, _ = modules()[kind]
    twin = nn.quantised(module, bits, activations=None, per=per)
    most, count = 2 ** (bits - 1) - 1, 0
    for rounded, converter, original in matrices(twin):
        scale = converter.scale.reshape(-1, *[1] * (rounded.dim() - 1)).double()
        codes = (rounded.double() / scale).round()
        assert int(codes.abs().max()) <= most
        assert torch.equal((codes * scale).float(), rounded)
        assert torch.equal(converter(rounded), rounded)
        assert (rounded - original).abs().max() <= 0.5 * scale.max() * (1.0 + 1e-5)
        # the largest magnitude of every column (or of all) is the last code
        assert (codes.abs().flatten(1).amax(1) == most).sum() >= (len(codes) if per == "column" else 1)
        count += 1
    assert count == sum(p.dim() >= 2 and "bias" not in name for name, p in module.named_parameters())


@pytest.mark.parametrize("kind", ["linear", "conv2d", "gru", "other widths", "encoder"])
def test_more_bits_err_less_and_eight_hardly(kind):
    module, shape = modules()[kind]
    module.eval()
    x = inputs(shape)
    before = copy.deepcopy(module.state_dict())
    expected = module(x).detach()
    error = {
        bits: float((nn.quantised(module, bits, calibrate=x)(x).detach() - expected).norm() / expected.norm())
        for bits in (2, 4, 8)
    }
    assert error[8] < error[4] < error[2]
    assert 0.0 < error[8] < 0.03
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name])


def test_scales_are_those_of_columns_or_of_the_tensor():
    layer = torch.nn.Linear(3, 2, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[0.7, -0.3, 0.06], [-7.0, 2.0, 0.1]]))
    column = nn.quantised(layer, 4, activations=None).weight
    torch.testing.assert_close(column.detach(), torch.tensor([[0.7, -0.3, 0.1], [-7.0, 2.0, 0.0]]))
    tensor = nn.quantised(layer, 4, activations=None, per="tensor").weight
    torch.testing.assert_close(tensor.detach(), torch.tensor([[1.0, 0.0, 0.0], [-7.0, 2.0, 0.0]]))


def test_activations_are_rounded_to_the_codes_of_their_range():
    layer = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        layer.weight.fill_(1.0)
    x = torch.linspace(-1.0, 3.0, 2001)[:, None]
    found = nn.quantised(layer, activations=3, calibrate=x)(x).detach().unique()
    assert found.numel() == 8
    assert 0.0 in found
    steps = found.diff()
    torch.testing.assert_close(steps, steps[:1].expand(7))
    np.testing.assert_allclose(found[[0, -1]], [-1.0, 3.0], atol=0.3)


def test_inputs_may_come_in_batches_and_by_name():
    layer = torch.nn.MultiheadAttention(4, 2, batch_first=True)
    x = inputs((2, 3, 4))
    one = nn.quantised(layer, calibrate=(x, x, x))
    two = nn.quantised(layer, calibrate=[{"query": x, "key": x, "value": x}])
    three = nn.quantised(layer, calibrate=[(x[:1], x[:1], x[:1]), (x[1:], x[1:], x[1:])])
    assert torch.equal(one(x, x, x)[0], two(x, x, x)[0])
    torch.testing.assert_close(one(x, x, x)[0], three(x, x, x)[0], rtol=0.2, atol=0.02)


def test_modes_stay_and_dropout_does_not_disturb_the_calibration():
    net = torch.nn.Sequential(torch.nn.Dropout(0.9), torch.nn.Linear(4, 4))
    x = inputs((64, 4))
    first, second = nn.quantised(net, calibrate=x), nn.quantised(net, calibrate=x)
    assert all(part.training for part in first.modules())
    assert torch.equal(first.eval()(x), second.eval()(x))


def test_what_is_left_are_ordinary_layers_with_rounded_weights():
    net = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.ReLU(), torch.nn.LSTM(4, 3))
    twin = nn.quantised(net, 4, calibrate=inputs((5, 6)))
    rounded = [w.clone() for w, _, _ in matrices(twin)]
    left = nn.plain(twin)
    assert left.state_dict().keys() == net.state_dict().keys()
    assert type(left[0]) is torch.nn.Linear
    for one, other in zip(rounded, (p for p in left.parameters() if p.dim() == 2), strict=True):
        assert torch.equal(one, other)
    left(inputs((5, 6)))


def test_training_goes_on_through_it():
    twin = nn.quantised(torch.nn.Linear(4, 2), calibrate=inputs((8, 4)))
    twin(inputs((8, 4))).sum().backward()
    assert twin.parametrizations.weight.original.grad.abs().sum() > 0.0


def test_a_state_is_saved_and_loaded():
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
    x = inputs((32, 4))
    twin = nn.quantised(net, 4, calibrate=x)
    other = nn.quantised(torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2)), 4,
                         calibrate=3.0 * x)  # fmt: skip
    other.load_state_dict(twin.state_dict())
    assert torch.equal(other(x), twin(x))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weights": 3}, "weights must be 8, 4 or 2 bits; got 3"),
        ({"weights": True}, "weights must be 8, 4 or 2"),
        ({"activations": 9}, "activations"),
        ({"per": "colum"}, "did you mean 'column'"),
        ({}, r"calibrate must hold typical inputs.*x\[:200\]"),
        ({"calibrate": np.ones((3, 4))}, "got ndarray"),
        ({"calibrate": []}, "calibrate must hold"),
        ({"activations": None, "exclude": ["1"]}, "has no layer '1'"),
    ],
)
def test_what_cannot_be_is_named(options, words):
    with pytest.raises(ParameterError, match=words):
        nn.quantised(torch.nn.Sequential(torch.nn.Linear(4, 2)), **options)


def test_a_twin_is_not_quantised_twice():
    twin = nn.quantised(torch.nn.Linear(4, 2), activations=None)
    with pytest.raises(ParameterError, match=r"nn\.plain"):
        nn.quantised(twin, activations=None)
    with pytest.raises(ParameterError, match=r"nn\.plain"):
        nn.hardware_aware(twin, pcm.load_cell("hermes-14nm-statistical"))
