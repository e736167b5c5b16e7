"""State dicts carry devices: PyTorch's own checkpoints resume to the same bits, and foreign ones are refused."""

import copy
import io

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn as tnn  # noqa: E402
from torch.utils.checkpoint import checkpoint as checkpoint_of  # noqa: E402

import pcmphys as pcm  # noqa: E402
from pcmphys import nn  # noqa: E402
from pcmphys.errors import ParameterError  # noqa: E402
from tests.nn.networks import HERMES, IBM, noise, small  # noqa: E402
from tests.nn.test_in_place import ECRAM, FINE, RRAM, RULES, live_small, same, trained  # noqa: E402
from tests.training.ideal import EXPECTED, OPEN  # noqa: E402

KEY = "module.0._extra_state"
PHYSICAL = pcm.load_cell("ibm-90nm-doped-gst")


def checkpoint(module):
    """Its state dict through a file, as PyTorch reads it by default: tensors and nothing to run."""
    stream = io.BytesIO()
    torch.save(module.state_dict(), stream)
    stream.seek(0)
    return torch.load(stream, weights_only=True)


@pytest.mark.parametrize(("cell", "rule"), RULES[::2], ids=lambda part: type(part).__name__)
def test_a_training_goes_on_to_the_same_bits(cell, rule):
    live = trained(live_small(cell, rule))
    other = live_small(cell, rule, seed=8)
    assert not same(other, live)
    assert str(other.load_state_dict(checkpoint(live))) == "<All keys matched successfully>"
    assert same(other, live)
    assert other.report() == live.report() or np.isnan(live.report().energy)
    after = trained(live, seed=7)
    assert same(trained(other, seed=7), after)
    assert not same(trained(live_small(cell, rule, seed=8), seed=7), after)


def test_a_snapshot_stays_as_it_was():
    live = trained(live_small())
    before, best = live.weights, {name: value.clone() for name, value in live.state_dict().items()}
    trained(live, seed=9)
    assert any((live.weights[name] != weights).any() for name, weights in before.items())
    live.load_state_dict(best)
    assert all((live.weights[name] == weights).all() for name, weights in before.items())


def test_what_is_assigned_keeps_learning():
    live, other = trained(live_small()), live_small()
    other.load_state_dict(checkpoint(live), assign=True)
    assert same(trained(other, seed=7), trained(live, seed=7))
    assert other.report().pulses > 0


def test_digital_parameters_that_are_assigned_alone_leave_the_rest_learning():
    state = {key: value for key, value in trained(live_small()).state_dict().items() if "_extra_state" not in key}
    copied, assigned = live_small(), live_small()
    optimizer = nn.PulsedOptimizer(assigned.module[0].parameters(), lr=0.05)
    for other, assign in ((copied, False), (assigned, True)):
        before = other.weights
        other.load_state_dict(state, strict=False, assign=assign)
        assert all((other.weights[name] == weights).all() for name, weights in before.items())
    assert [type(part) for part in assigned.parameters()] == [type(part) for part in copied.parameters()]
    assert optimizer.param_groups[0]["params"][0] is next(assigned.module[0].parameters())
    assert same(trained(assigned, seed=7), trained(copied, seed=7))
    assert assigned.report().pulses > 0


def test_what_was_gathered_before_devices_were_loaded_is_not_sent_to_them():
    live, other = trained(live_small()), live_small()
    state, optimizer = live.state_dict(), nn.PulsedOptimizer(other.parameters(), lr=0.05)
    for load in (lambda: other.load_state_dict(state), lambda: other.module[0].set_extra_state(state[KEY])):
        other(noise(3, 1, 8, 8)).square().sum().backward()
        load()
        optimizer.step()
        assert np.array_equal(other.weights["0"], live.weights["0"])


def lived(module, cell, seed=3):
    twin = nn.convert(module, cell, tile=(40, 6), seed=seed)
    twin.program()
    twin.wait(3600.0)
    twin.calibrate()
    return twin


@pytest.mark.parametrize(
    ("make", "x", "cell"),
    [(small, noise(5, 1, 8, 8), HERMES), (lambda: tnn.Linear(3, 2), noise(4, 3), PHYSICAL)],
    ids=["published", "physical"],
)
def test_a_twin_that_predicts_has_the_same_future(make, x, cell):
    twin, fresh = lived(make(), cell), make()
    for parameter in fresh.parameters():
        parameter.data.fill_(0.25)
    other = lived(fresh, cell, seed=8)
    other.load_state_dict(checkpoint(twin))
    assert repr(other.report().layers) == repr(twin.report().layers)
    with torch.no_grad():
        assert torch.equal(other(x), twin(x))
        for one in (other, twin):
            one.wait(1e5)
            one.calibrate()
        assert torch.equal(other(x), twin(x))


def test_digital_arithmetic_takes_its_weights_along():
    other = nn.convert(tnn.Linear(4, 3), nn.Digital(4, 8))
    twin, x = nn.convert(tnn.Linear(4, 3), nn.Digital(4, 8)), noise(5, 4)
    other.load_state_dict(checkpoint(twin))
    assert torch.equal(other(x), twin(x))
    with pytest.raises(ParameterError, match=r"layer 'Linear': its devices were made with another cell: Digital"):
        nn.convert(tnn.Linear(4, 3), nn.Digital(8, 8)).load_state_dict(twin.state_dict())


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"rule": pcm.TikiTaka()}, "rule: Sgd"), ({"cell": RRAM}, "cell: ecram"), ({"scale": 2.0}, "scale: 1.0"),
        ({"wires": pcm.Wires(row=1.0, column=1.0)}, "wires: Wires"), ({"refresh": 7}, "refresh: 1"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)  # fmt: skip
def test_devices_of_another_make_are_refused_and_nothing_changes(options, word):
    state = trained(live_small()).state_dict()
    other = live_small(**options)
    before, biases = other.weights, [part.clone() for part in other.parameters()]
    with pytest.raises(ParameterError, match=f"state of layer '0': its devices were made with another {word}"):
        other.load_state_dict(state)
    assert all((other.weights[name] == weights).all() for name, weights in before.items())
    assert all(torch.equal(a, b) for a, b in zip(other.parameters(), biases, strict=True))


def test_states_of_other_twins_and_broken_ones_are_told():
    layer = tnn.Linear(4, 3)
    live = nn.convert(layer, ECRAM, rule=pcm.Sgd())
    state = live.state_dict()
    with pytest.raises(ParameterError, match=r"state of layer 'Linear' does not fit this layer \(products/0"):
        nn.convert(tnn.Linear(5, 3), ECRAM, rule=pcm.Sgd()).load_state_dict(state)
    with pytest.raises(ParameterError, match="made with another cell: ecram"):
        nn.convert(layer, HERMES).load_state_dict(state)
    with pytest.raises(ParameterError, match="made with another cell: hermes"):
        nn.convert(layer, IBM).load_state_dict(nn.convert(layer, HERMES).state_dict())
    key = "module._extra_state"
    broken = state[key].clone()
    broken[-3] += 1
    for wrong, words in (
        (broken, "nothing that state_dict.. has written whole .its check sum is another"),
        (state[key][:100], "has written whole"), (state[key].float(), "got one of torch.float32"), (None, "NoneType"),
    ):  # fmt: skip
        with pytest.raises(ParameterError, match=f"state of layer 'Linear' .*{words}"):
            live.load_state_dict(state | {key: wrong})
    del state[key]
    with pytest.raises(RuntimeError, match=r"Missing key\(s\) in state_dict: \"module._extra_state\""):
        live.load_state_dict(state)


def test_within_a_larger_module_too():
    class Larger(tnn.Module):
        def __init__(self):
            super().__init__()
            self.net = live_small()

    larger = Larger()
    trained(larger.net)
    other = Larger()
    other.load_state_dict(checkpoint(larger))
    assert same(other.net, larger.net)


def test_devices_that_are_no_numbers_are_refused(tmp_path):
    live = live_small()
    devices = live.maker.products[0].matrix.trained.planes[0].devices
    devices.state.weight[3] = np.nan
    live.save(tmp_path / "live.npz")
    words = r"state of layer '0' does not fit this layer \(products/0/.*/weight|holds 1 values of 54 that are nan"
    for load in (lambda: live_small().load(tmp_path / "live.npz"),
                 lambda: live_small().load_state_dict(live.state_dict())):  # fmt: skip
        with pytest.raises(ParameterError, match=words):
            load()


def test_a_copy_has_no_gradient_as_in_pytorch():
    live = live_small()
    live(noise(2, 1, 8, 8)).square().sum().backward()
    twin, before = copy.deepcopy(live), live.weights
    nn.PulsedOptimizer(twin.parameters(), lr=0.1).step()
    assert all((twin.weights[name] == weights).all() for name, weights in before.items())
    assert same(twin, live)
    nn.PulsedOptimizer(live.parameters(), lr=0.1).step()
    assert any((live.weights[name] != weights).any() for name, weights in before.items())
    assert same(trained(copy.deepcopy(live), seed=7), trained(live, seed=7))


def test_scaled_losses_and_checkpoints_of_activations_change_no_bit():
    def steps(call, scaled=False):
        live = nn.convert(tnn.Sequential(tnn.Linear(6, 5), tnn.Tanh(), tnn.Linear(5, 3)), ECRAM, rule=pcm.Sgd())
        optimizer, scaler = nn.PulsedOptimizer(live.parameters(), lr=0.05), torch.amp.GradScaler("cpu", enabled=scaled)
        for _ in range(3):
            optimizer.zero_grad()
            scaler.scale(call(live).square().sum()).backward()
            scaler.step(optimizer)
            scaler.update()
        return live

    x = noise(4, 6)
    torch.manual_seed(0)
    expected = steps(lambda live: live(x))
    assert expected.report().pulses > 0
    for call, scaled in (
        (lambda live: live(x), True),
        (lambda live: checkpoint_of(live, x, use_reentrant=False), False),
    ):
        torch.manual_seed(0)
        assert same(steps(call, scaled), expected)


def test_a_layer_inside_and_outside_of_a_reentrant_checkpoint_learns_from_both():
    layer, x = tnn.Linear(5, 5), noise(3, 5)

    def trained_by(call):
        live = nn.convert(layer, FINE, rule=pcm.Sgd(), periphery=OPEN, trains=EXPECTED)
        optimizer = nn.PulsedOptimizer(live.parameters(), lr=1e-4)
        before = live.weights["Linear"]
        call(live).square().sum().backward()
        updates = [len(product.gathered.vectors()[0]) for product in optimizer.products]
        optimizer.step()
        return updates, live.weights["Linear"] - before

    (updates, change), (same_updates, expected) = (
        trained_by(lambda live: live(checkpoint_of(live, torch.tanh(live(x)), use_reentrant=True))),
        trained_by(lambda live: live(live(torch.tanh(live(x))))),
    )
    assert updates == same_updates == [9]
    np.testing.assert_allclose(change, expected, atol=1e-3 * np.abs(expected).max())


def test_what_a_file_cannot_hold_is_named(tmp_path):
    class Noting(tnn.Identity):
        def get_extra_state(self):
            return {"seen": 3}

        def set_extra_state(self, state):
            pass

    live = nn.convert(tnn.Sequential(tnn.Linear(4, 3), Noting()), ECRAM, rule=pcm.Sgd())
    with pytest.raises(ParameterError, match=r"module\.1\._extra_state is a dict, .*torch\.save\(twin\.state_dict"):
        live.save(tmp_path / "live.npz")
    live.load_state_dict(checkpoint(live))


@pytest.mark.parametrize(("cell", "rule"), RULES[1::2], ids=lambda part: type(part).__name__)
def test_a_state_that_is_only_looked_at_changes_nothing(cell, rule):
    live, other = trained(live_small(cell, rule)), live_small(cell, rule)
    live.wait(5.0)
    before = other.state_dict()
    for name, layer in other.layers.items():
        layer.taken(live.layers[name].get_extra_state())
    assert all(torch.equal(before[name], value) for name, value in other.state_dict().items())
