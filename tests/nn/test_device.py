"""Where tensors are: noise-aware training keeps to the device of its module, tried on a device without numbers.

On "meta" tensors have a device and a shape, and PyTorch refuses to mix them with those of main memory; the few numbers
that are read back are made up. A graphics card is tried where there is one.
"""
# ruff: noqa: E402 (without torch there is nothing to import)

import copy

import pytest

torch = pytest.importorskip("torch")

import pcmphys as pcm
from pcmphys import nn
from pcmphys.nn.aware import noise, ranges
from tests.nn.kinds import Last, inputs, modules

HERMES = pcm.load_cell("hermes-14nm-statistical")
SAMPLED = pcm.export.sample(pcm.load_cell("ibm-90nm-statistical"), levels=3, times=[100.0, 86400.0], devices=100)
OPTIONS = {
    "default": {},
    "clean": {"gradients": "clean"},
    "not compensated": {"compensation": False, "strength": 0.5},
    "no converters": {"periphery": pcm.Periphery(None, None), "clip": None},
    "from tables": {"times": [100.0, 86400.0]},
}


@pytest.fixture
def meta(monkeypatch):
    """Numbers that are read back are made up, and random ones come from any generator."""
    asked = []

    def generator(device):
        asked.append(device.type)
        return torch.Generator()

    monkeypatch.setattr(noise, "generator_on", generator)
    for module in (noise, ranges):
        monkeypatch.setattr(module, "number", lambda _: 1.0)
    yield asked
    assert {*asked} == {"meta"}


@pytest.mark.parametrize(
    ("kind", "option"),
    [
        *((kind, "default") for kind in modules()),
        *((kind, o) for kind in ("conv2d", "lstm", "masked") for o in OPTIONS),
    ],
)
def test_nothing_of_a_training_stays_in_main_memory(kind, option, meta):
    module, shape = modules()[kind]
    if isinstance(getattr(module, "options", None), dict):
        module.options = {k: v.to("meta") if isinstance(v, torch.Tensor) else v for k, v in module.options.items()}
    cell = SAMPLED if option == "from tables" else HERMES
    aware = nn.hardware_aware(module, cell, **OPTIONS[option]).to("meta")
    x = inputs(shape).to("meta").requires_grad_()
    for seen in (0, ranges.WATCHED):  # ranges that watch, and ranges that learn
        for part in aware.modules():
            if isinstance(part, ranges.LearnedRange):
                part.seen = seen
        aware.zero_grad()
        found = aware(x)
        assert found.is_meta
        found.sum().backward()
        assert all(p.grad is not None and p.grad.is_meta for p in aware.parameters())


def test_a_tensor_that_stays_behind_is_seen(meta):
    """The wrong twin: a table that is not moved."""
    aware = nn.hardware_aware(torch.nn.Linear(4, 3), HERMES).to("meta")
    drawn = aware.parametrizations.weight[0]
    stays = torch.zeros(1)
    before = drawn.noise.at_random_age
    drawn.noise.at_random_age = lambda call, like: (before(call, like)[0], before(call, stays)[1])
    with pytest.raises(RuntimeError, match="device"):
        aware(torch.ones(2, 4, device="meta"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("kind", modules())
def test_it_runs_on_a_gpu(kind):
    module, shape = modules()[kind]
    if isinstance(getattr(module, "options", None), dict):
        module.options = {k: v.cuda() if isinstance(v, torch.Tensor) else v for k, v in module.options.items()}
    aware = nn.hardware_aware(copy.deepcopy(module).cuda(), HERMES)
    found = aware(inputs(shape).cuda())
    found.sum().backward()
    assert found.is_cuda


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_module_may_move_to_a_gpu_afterwards():
    aware = nn.hardware_aware(Last(torch.nn.LSTM(6, 5, batch_first=True), 5), HERMES).cuda()
    aware(inputs((4, 7, 6)).cuda()).sum().backward()
