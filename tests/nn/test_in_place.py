"""Networks that learn in place: gradients of PyTorch as pulses, the same bits in any way, checkpoints, bad input."""

import copy
import pickle
import warnings

import numba
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn as tnn  # noqa: E402

import pcmphys as pcm  # noqa: E402
from pcmphys import nn  # noqa: E402
from pcmphys.errors import ParameterError, ValidityWarning  # noqa: E402
from tests.cells.pulsed.technologies import loaded, text  # noqa: E402
from tests.nn.kinds import inputs, modules  # noqa: E402
from tests.nn.networks import HERMES, noise, small  # noqa: E402
from tests.training.ideal import EXPECTED, OPEN  # noqa: E402

FINE = loaded(text("fine", "constant", {"step": 1e-4}))
ECRAM, RRAM, PCM = (pcm.load_cell(name) for name in ("ecram-tang2018", "rram-gong2018", "pcm-nandakumar2020"))
MODULES = modules()


@pytest.fixture
def threads():
    before = numba.get_num_threads()
    yield numba.set_num_threads
    numba.set_num_threads(before)


def gradient(module, x):
    """Of a loss that weighs every output otherwise; by the name of each parameter."""
    module.zero_grad()
    y = module(x)
    (y * torch.linspace(-1.0, 1.0, y.numel(), dtype=y.dtype).view_as(y)).sum().backward()
    return {name: part.grad for name, part in module.named_parameters()}


@pytest.mark.parametrize("name", MODULES)
def test_without_noise_a_step_is_one_of_gradient_descent(name):
    module, shape = MODULES[name]
    module = copy.deepcopy(module).double().eval()
    live = nn.convert(module, FINE, rule=pcm.Sgd(), periphery=OPEN, trains=EXPECTED)
    x, rate = inputs(shape).double(), 1e-4
    before = live.weights
    optimizer = nn.PulsedOptimizer(live.parameters(), lr=rate)
    exact = gradient(module, x)
    gradient(live, x)
    optimizer.step()
    change = np.concatenate([(live.weights[key] - before[key]).ravel() for key in before])
    found = np.sort(change / -rate)
    # the same numbers, whichever matrix they stand in; float32 weights keep four digits of such changes
    weights = [part for key, part in exact.items() if part.dim() > 1 and "bias" not in key]
    expected = np.sort(torch.cat([part.flatten() for part in weights]).numpy())
    np.testing.assert_allclose(found, expected, atol=1e-2 * np.abs(expected).max())
    biases = {key: part for key, part in module.named_parameters() if part.dim() == 1}
    stepped = torch.cat([(part - rate * exact[key]).flatten() for key, part in biases.items()] or [torch.zeros(0)])
    mine = [part for part in live.parameters() if type(part) is tnn.Parameter and (part.dim() == 1)]
    torch.testing.assert_close(
        torch.cat([part.detach().flatten() for part in mine] or [torch.zeros(0)]).sort().values.double(),
        stepped.detach().sort().values.double(), rtol=1e-3, atol=1e-6,
    )  # fmt: skip


def trained(live, steps=3, split=None, seed=1):
    """Some steps on noise, with gradients gathered over parts of each batch."""
    optimizer = nn.PulsedOptimizer(live.parameters(), lr=0.05)
    for k in range(steps):
        x = noise(6, 1, 8, 8, seed=seed + k)
        optimizer.zero_grad()
        for part in x.split(split or len(x)):
            (live(part).square().sum() / len(x)).backward()
        optimizer.step()
    return live


def same(a, b):
    return all(np.array_equal(a.weights[key], b.weights[key]) for key in a.weights) and all(
        torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True)
    )


def live_small(cell=ECRAM, rule=None, **options):
    return nn.convert(small(), cell, **({"rule": rule or pcm.Sgd(), "tile": (20, 6), "seed": 3} | options))


def test_the_same_bits_for_threads_and_splits_of_a_batch(threads):
    threads(1)
    whole = trained(live_small())
    threads(2)
    assert same(trained(live_small()), whole)
    parts = trained(live_small(), split=2)
    # sums of gradients of norms and biases are PyTorch's, in another order: pulses are those of nearly equal numbers
    for key, weights in whole.weights.items():
        assert np.abs(parts.weights[key] - weights).max() < 0.05
    layer = tnn.Linear(64, 5, bias=False)
    one, split = (nn.convert(layer, ECRAM, rule=pcm.Sgd(), seed=3) for _ in range(2))
    for live, size in ((one, 9), (split, 4)):
        optimizer = nn.PulsedOptimizer(live.parameters(), lr=0.5)
        for part in noise(9, 64).split(size):
            live(part).square().sum().backward()
        optimizer.step()
    assert same(one, split)
    assert not same(one, nn.convert(layer, ECRAM, rule=pcm.Sgd(), seed=3))
    assert not same(trained(live_small(seed=4)), whole)


RULES = (
    (ECRAM, pcm.TikiTaka(transfer_every=2, gamma=0.1)), (ECRAM, pcm.Chopped(chop=0.3)),
    (ECRAM, pcm.DynamicReference(chop=0.3)), (RRAM, pcm.MixedPrecision()), (PCM, pcm.OneSided()),
    (pcm.load_cell("capacitor-li2018"), pcm.PairCell(pair=PCM, transfer_every=8)),
)  # fmt: skip


@pytest.mark.parametrize(("cell", "rule"), RULES, ids=lambda part: type(part).__name__)
def test_checkpoints_resume_to_the_same_bits(cell, rule, tmp_path):
    live = trained(live_small(cell, rule))
    live.save(tmp_path / "live.npz")
    resumed = live_small(cell, rule).load(tmp_path / "live.npz")
    twins = (resumed, copy.deepcopy(live), pickle.loads(pickle.dumps(live)))
    assert all(same(twin, live) and twin.report() == live.report() for twin in twins) or np.isnan(live.report().energy)
    after = trained(live, seed=7)
    assert all(same(trained(twin, seed=7), after) for twin in twins)
    assert resumed.report().pulses == after.report().pulses > 0


def test_checkpoints_of_another_make_are_refused(tmp_path):
    live_small().save(tmp_path / "live.npz")
    for options, word in (({"seed": 4}, "seed"), ({"rule": pcm.TikiTaka()}, "rule"), ({"cell": RRAM}, "cell")):
        with pytest.raises(ParameterError, match=f"another {word}"):
            live_small(**options).load(tmp_path / "live.npz")
    with pytest.raises(ParameterError, match="layers are others"):
        nn.convert(tnn.Linear(3, 2), ECRAM, rule=pcm.Sgd(), tile=(20, 6), seed=3).load(tmp_path / "live.npz")
    live = live_small()
    live(noise(2, 1, 8, 8)).sum().backward()
    with pytest.raises(ParameterError, match="layer '0': 1 backward passes were noted and not sent"):
        live.save(tmp_path / "late.npz")
    twin = nn.convert(small(), HERMES, tile=(20, 6))
    twin.program()
    twin.save(tmp_path / "twin.npz")
    with pytest.raises(ParameterError, match="analog twin, format 2"):
        live.load(tmp_path / "twin.npz")


def test_an_lstm_learns():
    torch.manual_seed(1)
    lstm, out = tnn.LSTM(4, 12, batch_first=True), tnn.Linear(12, 1)

    class Sum(tnn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.out = lstm, out

        def forward(self, x):
            return self.out(self.lstm(x)[0][:, -1])

    x = noise(32, 6, 4)
    y = x[:, -2:, :1].sum(1)
    live = nn.convert(Sum(), ECRAM, rule=pcm.Sgd())
    optimizer = nn.PulsedOptimizer(live.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 40, 0.5)
    losses = []
    for _ in range(80):
        optimizer.zero_grad()
        loss = (live(x) - y).square().mean()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.3 * losses[0]
    report = live.report(pulse_voltage=1.0)
    assert report["lstm.weight_hh_l0"].updates == 80 * 32 * 6
    assert report.energy > 0.0
    assert np.isnan(live.report().energy)
    assert "lstm.weight_ih_l0" in str(report)
    assert len(report.to_dataframe()["energy [J]"]) == 3


def test_frozen_layers_stay_and_modes_are_kept():
    live = live_small()
    assert not live.training
    assert nn.convert(small().train(), ECRAM, rule=pcm.Sgd()).training
    live.module[0].requires_grad_(False)
    before = live.weights
    trained(live)
    assert np.array_equal(live.weights["0"], before["0"])
    assert not np.array_equal(live.weights["7"], before["7"])
    with torch.no_grad():
        live(noise(2, 1, 8, 8))
    assert live.report()["0"].updates == 0
    live.wait(10.0)
    assert live.time >= 10.0


def test_what_learns_is_told_what_cannot_be(tmp_path):
    layer = tnn.Sequential(tnn.Linear(4, 3), tnn.Linear(3, 2))
    for cell, rule, words in (
        (HERMES, pcm.Sgd(), "layer '0': .*cell that is trained in place.*hermes"),
        (pcm.load_cell("ibm-90nm-doped-gst"), pcm.Sgd(), "layer '0': .*cell that is trained in place"),
        (PCM, pcm.TikiTaka(), "layer '0': rule TikiTaka needs devices that can be pulsed up and down"),
        (ECRAM, pcm.OneSided(), "layer '0': rule OneSided needs devices that can be RESET"),
        (ECRAM, pcm.PairCell(), "layer '0': rule PairCell needs devices for the pair"),
        (ECRAM, "sgd", "layer '0': rule must be a rule"),
    ):
        with pytest.raises(ParameterError, match=words):
            nn.convert(layer, cell, rule=rule)
    for options, words in (({"gate": 1.0}, "gate must be None"), ({"scale": 0.0}, "layer '0': scale")):
        with pytest.raises(ParameterError, match=words):
            nn.convert(layer, ECRAM, rule=pcm.Sgd(), **options)
    with pytest.raises(ParameterError, match="give a rule, too"):
        nn.convert(layer, HERMES, scale=2.0)
    live = nn.convert(layer, ECRAM, rule=pcm.Sgd())
    for rate in (0.0, -1.0, float("nan")):
        with pytest.raises(ParameterError, match="lr"):
            nn.PulsedOptimizer(live.parameters(), lr=rate)
        with pytest.raises(ParameterError, match="lr"):
            nn.PulsedOptimizer([{"params": live.parameters(), "lr": rate}], lr=0.1)
    with pytest.raises(ParameterError, match="programmed to the module's weights when it was made"):
        live.program()
    with pytest.raises(ParameterError, match="pulse_voltage"):
        live.report(pulse_voltage=0.0)


def test_what_would_train_nothing_is_refused():
    live = nn.convert(tnn.Linear(4, 3), ECRAM, rule=pcm.Sgd())
    other = torch.optim.SGD(live.parameters(), lr=0.1)
    live(noise(5, 4)).sum().backward()
    other.step()
    with pytest.raises(ParameterError, match="layer 'Linear': an optimiser that sends no pulses"):
        live(noise(5, 4))


@pytest.mark.parametrize("name", ["linear", "conv2d", "lstm"])
def test_gradients_are_clipped_by_their_norm_as_in_pytorch(name):
    """The norm is the module's own, and the step is one of the clipped gradient; over two passes, too."""
    module, shape = MODULES[name]
    module = copy.deepcopy(module).double().eval()
    live = nn.convert(module, FINE, rule=pcm.Sgd(), periphery=OPEN, trains=EXPECTED)
    rate, most = 0.3, 1e-2
    optimizer, plain = nn.PulsedOptimizer(live.parameters(), lr=rate), nn.plain(live)
    for one in (live, plain):
        one.zero_grad()
        for seed in (1, 2):
            one(inputs(shape, seed).double()).square().mean().backward()
    with torch.no_grad():
        norms = [float(torch.nn.utils.clip_grad_norm_(one.parameters(), most)) for one in (live, plain)]
    assert norms[0] == pytest.approx(norms[1], rel=1e-4)
    assert norms[0] > 2.0 * most
    before = nn.plain(live).state_dict()
    optimizer.step()
    for key, part in plain.named_parameters():
        change = nn.plain(live).state_dict()[key] - before[key]
        torch.testing.assert_close(
            change, -rate * part.grad, rtol=1e-2, atol=1e-2 * rate * float(part.grad.abs().max())
        )


def test_a_norm_that_is_not_too_large_changes_no_bit():
    live, clipped = live_small(), live_small()
    for one, most in ((live, None), (clipped, 1e6)):
        optimizer = nn.PulsedOptimizer(one.parameters(), lr=0.05)
        one(noise(3, 1, 8, 8)).square().sum().backward()
        if most is not None:
            torch.nn.utils.clip_grad_norm_(one.parameters(), most)
        optimizer.step()
    assert same(live, clipped)


def test_what_a_gradient_counts_is_what_pytorch_counts():
    layer, x = tnn.Linear(4, 3, bias=False), noise(5, 4)

    def stepped(*passes):
        live = nn.convert(layer, ECRAM, rule=pcm.Sgd())
        for one in passes:
            one(live)
        nn.PulsedOptimizer(live.parameters(), lr=0.05).step()
        return live

    def backward(live):
        live(x).square().sum().backward()

    def looked_at(live):
        torch.autograd.grad(live(x).square().sum(), list(live.parameters()))

    def taken_away(live):
        next(live.parameters()).grad = None

    def halved(live):
        next(live.parameters()).grad.mul_(0.5)

    untouched, once = nn.convert(layer, ECRAM, rule=pcm.Sgd()), stepped(backward)
    assert not same(once, untouched)
    assert same(stepped(looked_at), untouched)
    assert same(stepped(looked_at, backward), once)
    assert same(stepped(backward, looked_at), once)
    assert same(stepped(backward, taken_away), untouched)
    assert same(stepped(backward, taken_away, backward), once)
    assert not same(stepped(backward, halved), once)
    # as a loss of half the size
    assert same(stepped(backward, halved), stepped(lambda live: (0.5 * live(x).square().sum()).backward()))


@pytest.mark.parametrize("layer", [tnn.Linear(6, 3), tnn.Conv1d(2, 4, 3, groups=2)], ids=["linear", "grouped"])
def test_buffers_of_inputs_may_be_filled_anew(layer):
    shape = (8, 6) if isinstance(layer, tnn.Linear) else (3, 2, 7)
    found = []
    for reused in (True, False):
        live, buffer = nn.convert(layer, ECRAM, rule=pcm.Sgd()), torch.empty(shape)
        optimizer = nn.PulsedOptimizer(live.parameters(), lr=0.3)
        for seed in (1, 2):
            batch = noise(*shape, seed=seed)
            live(buffer.copy_(batch) if reused else batch).square().mean().backward()
        buffer.zero_()
        optimizer.step()
        found.append(live)
    assert same(*found)
    assert found[0].report().pulses > 0


def test_gradients_of_single_weights_cannot_be_clipped():
    live = nn.convert(tnn.Linear(4, 3), ECRAM, rule=pcm.Sgd())
    optimizer = nn.PulsedOptimizer(live.parameters(), lr=0.05)
    for spoil in (
        lambda: torch.nn.utils.clip_grad_value_(live.parameters(), 1e-3),
        lambda: next(live.parameters()).grad.add_(1.0),
        lambda: next(live.parameters()).grad.fill_(float("nan")),
    ):
        optimizer.zero_grad()
        live(noise(5, 4)).sum().backward()
        spoil()
        with pytest.raises(ParameterError, match=r"layer 'Linear': .*clip_grad_norm_ does\. Instead .*lower lr, or"):
            optimizer.step()


@pytest.mark.parametrize("of_inputs", [True, False])
def test_gradients_that_are_only_looked_at_leave_nothing_behind(of_inputs):
    live, x = nn.convert(tnn.Linear(4, 3), ECRAM, rule=pcm.Sgd()), noise(5, 4).requires_grad_()
    before = len(pickle.dumps(vars(live.maker.products[0])))
    for _ in range(3):
        torch.autograd.grad(live(x).square().sum(), x if of_inputs else list(live.parameters()))
    assert len(pickle.dumps(vars(live.maker.products[0]))) < before + 100


def test_hooks_that_would_do_nothing_are_refused():
    def stepped(factor):
        live = nn.convert(tnn.Linear(4, 3, bias=False), ECRAM, rule=pcm.Sgd())

        def scale(handle):
            handle.grad.mul_(factor)

        handle = next(live.parameters())
        with pytest.raises(ParameterError, match=r"'Linear': register_hook .*register_post_accumulate_grad_hook"):
            handle.register_hook(lambda gradient: factor * gradient)
        handle.register_post_accumulate_grad_hook(scale)  # which is offered instead
        optimizer = nn.PulsedOptimizer(live.parameters(), lr=0.05)
        live(noise(5, 4)).square().sum().backward()
        optimizer.step()
        return live.report().pulses

    assert stepped(0.0) == 0
    assert stepped(1.0) > 0


def test_parameter_groups_hold_what_the_optimizer_has():
    live = nn.convert(tnn.Linear(4, 3), ECRAM, rule=pcm.Sgd())
    own = {"params": list(live.parameters())}
    for options, words in (
        ({"momentum": 0.9}, "may hold params, lr, .*; got momentum=0.9"), ({"weight_decay": 0.1}, "weight_decay=0.1"),
        ({"nesterov": True}, "nesterov=True"), ({"lrr": 0.1}, "did you mean 'lr'"),
    ):  # fmt: skip
        with pytest.raises(ParameterError, match=words):
            nn.PulsedOptimizer([own | options], lr=0.1)
    nn.PulsedOptimizer([own | {"weight_decay": 0.0, "name": "all", "lr": 0.2}], lr=0.1)
    nn.PulsedOptimizer(live.named_parameters(), lr=0.1)


def test_inputs_are_of_the_type_of_the_network():
    live, x = nn.convert(tnn.Linear(4, 3), ECRAM, rule=pcm.Sgd()), noise(5, 4)
    with pytest.raises(
        ParameterError, match=r"'Linear': the input must be of float32, as .* float64: .*\.to\(torch\.fl"
    ):
        live(x.double())
    assert live(x).dtype == torch.float32
    live.double()
    assert live(x.double()).dtype == torch.float64
    with pytest.raises(ParameterError, match="must be of float64, as the layer; it is of float32"):
        live(x)
    with pytest.raises(ParameterError, match="must be tensors"):
        live(x.numpy())
    for layer, given in ((tnn.Conv1d(4, 3, 1), noise(2, 4, 5)), (tnn.GRU(4, 3), x), (tnn.LSTM(4, 3), x)):
        with pytest.raises(ParameterError, match="the input must be of float32"):
            nn.convert(layer, nn.Digital())(given.double())
    with pytest.raises(ParameterError, match="the input must be of float32"):
        nn.convert(tnn.MultiheadAttention(4, 2), nn.Digital())(x, x, x.double())


def test_what_is_around_the_devices_is_that_of_a_trainable_matrix():
    matrix = pcm.TrainableMatrix((2, 2), ECRAM)
    live = nn.convert(tnn.Linear(2, 2), ECRAM, rule=pcm.Sgd())
    around = [repr(one.trained.planes[0].around) for one in (live.maker.products[0].matrix, matrix)]
    assert around[0] == around[1]
    twin = nn.convert(tnn.Linear(2, 2), HERMES)
    assert twin.products[0].matrix.tile == pcm.AnalogMatrix(np.eye(2), HERMES).tile
    wires, (x, y) = pcm.Wires(row=50.0, column=50.0), (noise(4, 20), noise(4, 20, seed=2))
    found = []
    for refresh in (1, 100):
        live = nn.convert(tnn.Linear(20, 20), ECRAM, rule=pcm.Sgd(), wires=wires, refresh=refresh, halvings=3)
        around = live.maker.products[0].matrix.trained.planes[0].around
        assert (around.refresh, around.halvings) == (refresh, 3)
        optimizer = nn.PulsedOptimizer(live.parameters(), lr=0.5)
        first = live(x)
        (first - y).square().sum().backward()
        optimizer.step()
        found.append(float((live(x) - first).detach().square().sum()))
    assert found[0] > 0.0
    for options in ({"refresh": 2}, {"halvings": 0}):
        with pytest.raises(ParameterError, match="refresh and halvings are of networks that learn in place"):
            nn.convert(tnn.Linear(2, 2), HERMES, **options)


def test_weights_that_no_device_holds_are_named():
    layer = tnn.Linear(4, 3)
    with torch.no_grad():
        layer.weight[0, 0] = 3.0
    with pytest.warns(ValidityWarning, match="layer 'Linear': weights from .* to 3 are clipped.* larger scale"):
        nn.convert(layer, ECRAM, rule=pcm.Sgd())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        live = nn.convert(layer, ECRAM, rule=pcm.Sgd(), scale=4.0)
    assert abs(live.weights["Linear"][0, 0] - 3.0) < 0.02
