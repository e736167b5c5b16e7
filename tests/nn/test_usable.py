"""Modules as users bring them: what cannot be taken yet is said by layer, with what to do."""
# ruff: noqa: E402 (without torch there is nothing to import)

import copy

import pytest

torch = pytest.importorskip("torch")

from torch import nn as tnn
from torch.utils.checkpoint import checkpoint

import pcmphys as pcm
from pcmphys import nn
from pcmphys.errors import ParameterError
from tests.nn.networks import HERMES

X = torch.ones(2, 4)
WAYS = {
    "convert": lambda module: nn.convert(module, HERMES),
    "live": lambda module: nn.convert(module, pcm.load_cell("ecram-tang2018"), rule=pcm.TikiTaka()),
    "hardware_aware": lambda module: nn.hardware_aware(module, HERMES),
    "quantised": lambda module: nn.quantised(module, calibrate=X),
    "shapes": lambda module: nn.shapes(module, X),
}


def lazy():
    return tnn.Sequential(tnn.ReLU(), tnn.LazyLinear(3))


def hooked():
    return tnn.Sequential(torch.nn.utils.weight_norm(tnn.Linear(4, 3)))


def broken():
    module = tnn.Sequential(tnn.Linear(4, 3), tnn.Linear(3, 2))
    with torch.no_grad():
        module[1].weight[1, 2] = float("nan")
    return module


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lazy, r"layer '1': LazyLinear has no weights before its first input; call the module once"),
        (hooked, r"layer '0': a hook computes its weight, .*remove_weight_norm"),
        (broken, r"layer '1': weights.*\[1, 2\] is nan|layer '1': weights.*\[2, 1\] is nan"),
        (lambda: X, r"module must be a torch\.nn\.Module; got Tensor"),
    ],
)
def test_what_has_to_be_done_first_is_told(way, make, words):
    with pytest.raises(ParameterError, match=words):
        WAYS[way](make())


@pytest.mark.parametrize("way", ["hardware_aware", "quantised"])
def test_weights_are_parametrised_once(way):
    module = tnn.Sequential(torch.nn.utils.parametrizations.weight_norm(tnn.Linear(4, 3)), tnn.Linear(3, 2))
    with pytest.raises(ParameterError, match=r"layer '0': its weight is parametrised.*remove_parametrizations"):
        WAYS[way](module)
    assert type(module[1]) is tnn.Linear
    nn.plain(nn.hardware_aware(copy.deepcopy(module), HERMES, exclude=["0"]))
    torch.nn.utils.parametrize.remove_parametrizations(module[0], "weight")
    WAYS[way](module)


def test_tied_weights_stay_tied():
    module = tnn.Sequential(tnn.Embedding(10, 4), tnn.Linear(4, 4), tnn.Linear(4, 10, bias=False))
    module[2].weight = module[0].weight
    aware = nn.hardware_aware(module, HERMES)
    optimiser = torch.optim.SGD(aware.parameters(), 0.1)
    aware(torch.arange(5)).square().sum().backward()
    optimiser.step()
    assert nn.plain(aware)[2].weight is module[0].weight


class Reuses(tnn.Module):
    """Code that takes the weights of a layer itself."""

    def __init__(self):
        super().__init__()
        self.inner = tnn.Linear(4, 4)

    def forward(self, x):
        return tnn.functional.linear(self.inner(x), self.inner.weight)


def test_weights_that_are_on_devices_are_missed_with_a_reason():
    twin = nn.convert(Reuses(), HERMES)
    twin.program()
    with pytest.raises(AttributeError, match=r"layer 'inner' has no 'weight': its weights are on devices.*exclude="):
        twin(X)
    assert not hasattr(twin.module.inner, "weight")
    with pytest.raises(AttributeError, match="no attribute 'wait'"):
        twin.module.inner.wait  # noqa: B018
    assert copy.deepcopy(twin).module.inner.name == "inner"


@pytest.mark.parametrize("reentrant", [True, False])
def test_a_pass_that_is_repeated_for_its_gradient_is_refused(reentrant):
    aware = nn.hardware_aware(tnn.Linear(4, 3), HERMES)
    y = checkpoint(aware, X.clone().requires_grad_(), use_reentrant=reentrant)
    with pytest.raises(ParameterError, match=r"within a backward pass, as torch\.utils\.checkpoint does"):
        y.sum().backward()


def test_mixed_precision_trains():
    aware = nn.hardware_aware(tnn.LSTM(4, 3), HERMES)
    for _ in range(40):
        with torch.autocast("cpu", torch.bfloat16):
            y, _ = aware(X.expand(5, 2, 4))
        y.float().sum().backward()
    weights = [p for p in aware.parameters() if p.dim()]
    assert len(weights) == 4
    assert all(torch.isfinite(p.grad).all() and p.grad.any() for p in weights)
