"""All steps of an LSTM at once: the numbers and slopes of the steps one by one, which are the oracle."""
# ruff: noqa: E402 (without torch there is nothing to import)

import copy
import time

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import pcmphys as pcm
from pcmphys import nn
from pcmphys.nn.aware.noise import DeviceWeights
from pcmphys.nn.aware.ranges import LearnedRange
from pcmphys.nn.opened import recurrent

HERMES = pcm.load_cell("hermes-14nm-statistical")
PERIPHERIES = {
    "8 and 8 bit": pcm.Periphery(),
    "4 and 3 bit": pcm.Periphery(4, 3),
    "inputs alone": pcm.Periphery(4, None),
    "outputs alone": pcm.Periphery(None, 4),
    "none": pcm.Periphery(None, None),
}


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def settled(aware):
    """Ranges that are set and watch no more, some of them narrow enough to clip."""
    for k, part in enumerate(part for part in aware.modules() if isinstance(part, LearnedRange)):
        part.seen = 10**6
        part.range.data.fill_((0.3, 1.0, -0.7)[k % 3])
    return aware


def found_by(layer, periphery, seed=3):
    """Outputs, ends and all slopes of one pass."""
    aware = settled(nn.hardware_aware(copy.deepcopy(layer), HERMES, periphery=periphery, seed=seed))
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(4, 7, 6, dtype=torch.float64, generator=generator).requires_grad_()
    state = [torch.randn(4, 4, 5, dtype=torch.float64, generator=generator).requires_grad_() for _ in range(2)]
    y, ends = aware(x, tuple(state))
    weight = torch.linspace(-1.0, 2.0, ends[0].numel(), dtype=torch.float64).reshape(ends[0].shape)
    (y.square().sum() + (ends[0] * weight).sum() + (ends[1] * weight.exp()).sum()).backward()
    slopes = {name: p.grad for name, p in aware.named_parameters()}
    return {"y": y, "hidden": ends[0], "cell": ends[1], "x": x.grad, "h": state[0].grad, "c": state[1].grad, **slopes}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", PERIPHERIES)
def test_all_steps_at_once_are_the_steps_one_by_one(name, bias, monkeypatch):
    torch.manual_seed(0)
    layer = torch.nn.LSTM(6, 5, num_layers=2, bidirectional=True, batch_first=True, bias=bias).double()
    calls = []
    apply = recurrent.LstmSteps.apply
    monkeypatch.setattr(recurrent.LstmSteps, "apply", lambda *given: calls.append(1) or apply(*given))
    once = found_by(layer, PERIPHERIES[name])
    assert len(calls) == 4  # layers and directions
    monkeypatch.setattr(recurrent.OpenLSTM, "_at_once", lambda *_: None)
    stepwise = found_by(layer, PERIPHERIES[name])
    assert len(calls) == 4
    assert once.keys() == stepwise.keys()
    for key, value in stepwise.items():
        np.testing.assert_allclose(once[key].detach(), value.detach(), rtol=1e-5, atol=1e-9, err_msg=key)


def test_slopes_are_those_of_finite_differences():
    """Without converters the node is smooth: double precision, all inputs."""
    torch.manual_seed(0)
    steps = recurrent.LstmSteps
    given = [
        torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in ((3, 2, 8), (8, 2), (2, 2), (2, 2))
    ]
    assert torch.autograd.gradcheck(lambda *one: steps.apply(*one, None, None, (None, None)), given)


def test_what_must_go_step_by_step_does(monkeypatch):
    monkeypatch.setattr(recurrent.LstmSteps, "apply", lambda *_: pytest.fail("at once"))
    torch.manual_seed(0)
    x = torch.randn(5, 2, 3)
    projected = settled(nn.hardware_aware(torch.nn.LSTM(3, 4, proj_size=2), HERMES))
    clean = settled(nn.hardware_aware(torch.nn.LSTM(3, 4), HERMES, gradients="clean"))
    watching = nn.hardware_aware(torch.nn.LSTM(3, 4), HERMES)
    fixed = nn.quantised(torch.nn.LSTM(3, 4), calibrate=x)
    for layer in (projected, clean, watching, fixed):
        layer(x)
    packed = torch.nn.utils.rnn.pack_sequence([torch.randn(n, 3) for n in (4, 2)])
    settled(nn.hardware_aware(torch.nn.LSTM(3, 4), HERMES))(packed)


def test_moving_and_converting_a_layer_draws_nothing():
    aware = nn.hardware_aware(torch.nn.LSTM(3, 4, num_layers=2), HERMES)
    parts = [part for part in aware.modules() if isinstance(part, DeviceWeights)]
    aware.to("cpu").double().float()
    aware.flatten_parameters()
    assert [part.calls for part in parts] == [0] * 4
    plain = nn.plain(aware.double())
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    fresh = torch.nn.LSTM(3, 4, num_layers=2).double()
    fresh.load_state_dict(plain.state_dict())
    assert torch.equal(plain(x)[0], fresh(x)[0])
    with torch.no_grad():
        plain.weight_hh_l0.zero_()  # torch's own loop sees it
        fresh.weight_hh_l0.zero_()
    assert torch.equal(plain(x)[0], fresh(x)[0])


@pytest.mark.slow
def test_a_step_of_training_takes_little_more_than_torch_s_own():
    """Medians of alternated steps, LSTM of 128 over 64 steps, batch 32, converters and noise: within 3.5 times."""
    layer = torch.nn.LSTM(32, 128, batch_first=True)
    x = torch.randn(32, 64, 32)
    aware = settled(nn.hardware_aware(copy.deepcopy(layer), HERMES))
    taken = ([], [])
    for _ in range(25):
        for one, mine in zip((layer, aware), taken, strict=True):
            start = time.process_time()
            one(x)[0].sum().backward()
            mine.append(time.process_time() - start)
    plain, noisy = (np.median(one[5:]) for one in taken)
    print(f"a step: {1e3 * plain:.1f} ms plain, {1e3 * noisy:.1f} ms noise-aware: {noisy / plain:.2f}x")
    assert noisy < 3.5 * plain
