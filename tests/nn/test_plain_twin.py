"""From twins back to PyTorch, and what twins are refused for."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn as tnn  # noqa: E402

import pcmphys as pcm  # noqa: E402
from pcmphys import nn  # noqa: E402
from pcmphys.errors import ParameterError  # noqa: E402
from tests.nn.kinds import inputs, modules  # noqa: E402
from tests.nn.networks import HERMES, noise, small  # noqa: E402
from tests.nn.test_in_place import ECRAM, FINE, trained  # noqa: E402
from tests.training.ideal import EXPECTED, OPEN  # noqa: E402

MODULES = modules()


@pytest.mark.parametrize("name", MODULES)
def test_a_twin_becomes_the_module_that_it_was(name):
    module, shape = MODULES[name]
    module.eval()
    generator = torch.get_rng_state()
    for combined in (False, True):
        plain = nn.plain(nn.convert(module, nn.Digital(None, None), combined=combined))
        assert repr(plain) == repr(module)
        for (mine, one), (theirs, other) in zip(plain.state_dict().items(), module.state_dict().items(), strict=True):
            assert mine == theirs
            assert torch.equal(one, other)
        assert torch.equal(plain(inputs(shape)), module(inputs(shape)))
    assert torch.equal(torch.get_rng_state(), generator)


@pytest.mark.parametrize("name", ["conv1d", "lstm both ways", "other widths", "encoder"])
def test_what_was_learned_is_what_is_left(name):
    module, shape = MODULES[name]
    module = copy.deepcopy(module).double().eval()
    x = inputs(shape).double()
    live = nn.convert(module, FINE, rule=pcm.Sgd(), periphery=OPEN)
    optimizer = nn.PulsedOptimizer(live.parameters(), lr=0.1)
    live(x).square().mean().backward()
    optimizer.step()
    plain = nn.plain(live)
    assert all(type(part) is tnn.Parameter for part in plain.parameters())
    assert (plain(x) - module(x)).norm() > 1e-3 * module(x).norm()
    with torch.no_grad():
        torch.testing.assert_close(plain(x), live(x), rtol=1e-4, atol=1e-5)
    # the twin stays, with memory of its own
    before = live.weights
    for part in plain.parameters():
        part.data.fill_(1.0)
    assert all((live.weights[key] == weights).all() for key, weights in before.items())


@pytest.mark.parametrize("shape", [(4, 1), (1, 4), (1, 1), (4, 3)], ids=str)
@pytest.mark.parametrize("cell", [HERMES, nn.Digital(8, 8)], ids=["tiles", "digital"])
def test_weights_of_a_plain_module_are_its_own(shape, cell):
    twin = nn.convert(tnn.Linear(*shape).double(), cell)
    before = twin.products[0].exact.copy()
    with torch.no_grad():
        nn.plain(twin).weight.add_(1.0)
    assert np.array_equal(twin.products[0].exact, before)


def test_modes_frozen_layers_and_what_holds_a_twin_are_kept():
    live = nn.convert(small().train(), ECRAM, rule=pcm.Sgd())
    live.module[0].requires_grad_(False)
    holder = tnn.Sequential(live, tnn.Linear(10, 2))
    plain = nn.plain(holder)
    assert type(plain[0]) is tnn.Sequential
    assert plain.training
    assert [part.requires_grad for part in plain[0][0].parameters()] == [False, False]
    assert plain[0][7].weight.requires_grad
    assert type(holder[0]) is nn.LiveTwin
    module = small()
    twin = nn.convert(module, HERMES)
    twin.program()
    twin.wait(1e6)
    for mine, theirs in zip(nn.plain(twin).parameters(), module.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_a_twin_is_no_plain_module():
    x, words = noise(2, 1, 8, 8), r"layer '0' is computed by a back end .*nn\.plain\(twin\) gives its plain module"
    live = nn.convert(small(), ECRAM, rule=pcm.Sgd())
    for twin in (live, nn.convert(small(), HERMES)):
        for take in (
            lambda twin: nn.convert(twin, HERMES),
            lambda twin: nn.convert(twin, ECRAM, rule=pcm.Sgd()),
            lambda twin: nn.quantised(twin, calibrate=x),
            lambda twin: nn.hardware_aware(twin, HERMES),
        ):
            with pytest.raises(ParameterError, match=words):
                take(twin)
    low = nn.quantised(nn.plain(trained(live)), calibrate=x)
    assert (low(x) - nn.plain(live)(x)).norm() < 0.1 * low(x).norm()


def test_shapes_of_a_network_that_learns_are_those_of_its_module():
    x = noise(2, 1, 8, 8)
    live = nn.convert(small(), ECRAM, rule=pcm.Sgd())
    assert nn.shapes(live, x) == nn.shapes(small(), x)
    assert live.report().pulses == 0
    with pytest.raises(ParameterError, match="combined and exclude are of plain modules"):
        nn.shapes(live, x, exclude=["0"])


class Tied(tnn.Module):
    """Two layers with one matrix."""

    def __init__(self, make=lambda: tnn.Linear(6, 6), share=("weight",)):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = make(), make()
        for name in share:
            setattr(self.second, name, getattr(self.first, name))

    def forward(self, x):
        return self.second(torch.tanh(self.first(x)))


def test_shared_weights_are_one_matrix():
    module, x, rate = Tied().double(), noise(5, 6).double(), 1e-4
    live = nn.convert(module, FINE, rule=pcm.Sgd(), periphery=OPEN, trains=EXPECTED)
    assert live.weights.keys() == {"first"}
    before = live.weights["first"]
    module(x).square().sum().backward()
    live(x).square().sum().backward()
    nn.PulsedOptimizer(live.parameters(), lr=rate).step()
    change = live.weights["first"] - before
    np.testing.assert_allclose(change, -rate * module.first.weight.grad.T, atol=0.01 * np.abs(change).max())
    # one of the two gradients alone is another
    assert np.abs(change).max() > 0.1 * rate
    assert live.report()["first"].updates == 10
    assert len(live.report().layers) == 1
    plain = nn.plain(live)
    assert plain.first.weight is plain.second.weight
    assert plain.first.bias is not plain.second.bias
    other = nn.convert(module, FINE, rule=pcm.Sgd(), periphery=OPEN, trains=EXPECTED, seed=5)
    other.load_state_dict(live.state_dict())
    assert torch.equal(other(x), live(x))


def test_shared_weights_of_other_kinds_and_of_twins_that_predict():
    live = nn.convert(Tied(lambda: tnn.Conv1d(6, 6, 3, padding=1, groups=2)), ECRAM, rule=pcm.Sgd())
    assert len(live.weights) == 2
    module, x = Tied(), noise(3, 6)
    twin = nn.convert(module, HERMES)
    assert [line.name for line in twin.program().layers] == ["first"]
    assert nn.shapes(module, x) == [nn.ProductShape("first", 6, 6, 2)]
    assert (twin(x) - module(x)).norm() < 0.3 * module(x).norm()
    assert len(twin.report(x).layers) == 1


def test_weights_that_devices_cannot_share_are_told():
    class Language(tnn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.decoder = tnn.Embedding(9, 6), tnn.Linear(6, 9)
            self.decoder.weight = self.embedding.weight

        def forward(self, letters):
            return self.decoder(self.embedding(letters))

    words = (
        r"layer 'decoder': its weight is embedding\.weight, too, and on devices the two would part; .*"
        r"exclude=\['decoder'\]"
    )
    with pytest.raises(ParameterError, match=words):
        nn.convert(Language(), ECRAM, rule=pcm.Sgd())
    live = nn.convert(Language(), ECRAM, rule=pcm.Sgd(), exclude=["decoder"])
    assert live.module.decoder.weight is live.module.embedding.weight
    assert nn.convert(Language(), HERMES).layers.keys() == {"decoder"}  # what only predicts does not part
    with pytest.raises(ParameterError, match=r"layer 'first': its weight is second\.weight, too"):
        nn.convert(Tied(), ECRAM, rule=pcm.Sgd(), exclude=["second"])
    lstm = tnn.LSTM(5, 5, num_layers=2)
    lstm.weight_hh_l1 = lstm.weight_hh_l0
    with pytest.raises(ParameterError, match=r"layer 'LSTM': its weight_hh_l0 is weight_hh_l1, too"):
        nn.convert(lstm, ECRAM, rule=pcm.Sgd())
