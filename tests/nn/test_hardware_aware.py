"""Noise-aware training: what is drawn is what devices do, nothing is left without noise, and seeds hold."""
# ruff: noqa: E402 (without torch there is nothing to import)

import copy
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import pcmphys as pcm
from pcmphys import nn
from pcmphys.cells.statistical import laws as numba_laws
from pcmphys.errors import ParameterError
from pcmphys.export.generated import TableCarrier, filled, tables
from pcmphys.nn.aware import laws
from pcmphys.nn.aware.devices import PublishedReadings, SampledReadings
from pcmphys.nn.aware.noise import DeviceWeights
from pcmphys.nn.aware.ranges import WATCHED, LearnedRange
from pcmphys.nn.aware.tables import DRAWS, STEPS, ages, draws
from tests.nn.kinds import Last, inputs, modules

STATISTICAL = pcm.load_cell("ibm-90nm-statistical")
HERMES = pcm.load_cell("hermes-14nm-statistical")
PHYSICAL = pcm.load_cell("ibm-90nm-doped-gst")
BARE = pcm.Periphery(dac_bits=None, adc_bits=None)
DAY = 86400.0


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def gradients(module, x):
    """Output, and gradients by the names that parameters have in a plain module."""
    module.zero_grad()
    y = module(x)
    (y * torch.linspace(-1.0, 1.0, y.numel()).reshape(y.shape)).sum().backward()
    names = {
        name.replace("parametrizations.", "").removesuffix(".original"): p for name, p in module.named_parameters()
    }
    return y.detach(), {name: p.grad for name, p in names.items()}


# --- without noise a module is itself


@pytest.mark.parametrize("kind", modules())
def test_without_strength_and_converters_it_is_the_module(kind):
    module, shape = modules()[kind]
    x = inputs(shape)
    expected, slopes = gradients(module, x)
    aware = nn.hardware_aware(copy.deepcopy(module), STATISTICAL, strength=0.0, periphery=BARE, clip=None)
    found, own = gradients(aware, x)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert own.keys() == slopes.keys()
    for name, slope in slopes.items():
        np.testing.assert_allclose(own[name], slope, rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("kind", modules())
def test_evaluation_shows_plain_weights_and_so_does_what_is_left(kind):
    module, shape = modules()[kind]
    x = inputs(shape)
    module.eval()
    expected = module(x).detach()
    aware = nn.hardware_aware(copy.deepcopy(module), STATISTICAL, periphery=BARE, clip=None)
    with torch.no_grad():  # where torch would take its fused layers
        np.testing.assert_allclose(aware(x), expected, rtol=1e-5, atol=1e-6)
    again = nn.plain(aware)
    assert again is aware
    assert [type(part) for part in again.modules()] == [type(part) for part in module.modules()]
    assert again.state_dict().keys() == module.state_dict().keys()
    torch.testing.assert_close(again(x).detach(), expected)


@pytest.mark.parametrize("kind", modules())
def test_every_matrix_is_drawn_anew_at_every_pass(kind):
    module, shape = modules()[kind]
    aware = nn.hardware_aware(module, STATISTICAL, periphery=BARE)
    parts = [part for part in aware.modules() if isinstance(part, DeviceWeights)]
    matrices = sum(p.dim() >= 2 and "bias" not in name for name, p in aware.named_parameters())
    assert len(parts) == matrices
    first, second = aware(inputs(shape)), aware(inputs(shape))
    assert [part.calls for part in parts] == [2] * matrices
    assert not torch.equal(first, second)


def test_unbatched_sequences_and_given_states():
    torch.manual_seed(0)
    for layer, state in (
        (torch.nn.LSTM(3, 4), (torch.randn(1, 4), torch.randn(1, 4))),
        (torch.nn.GRU(3, 4), torch.randn(1, 4)),
    ):
        x = inputs((6, 3))
        expected, ends = layer(x, state)
        found, own = nn.hardware_aware(copy.deepcopy(layer), HERMES, 300.0, 0.0, periphery=BARE, clip=None)(x, state)
        torch.testing.assert_close(found, expected)
        torch.testing.assert_close(own, ends)
    attention = torch.nn.MultiheadAttention(4, 2)
    x = inputs((6, 4))
    expected = attention(x, x, x)
    torch.testing.assert_close(
        nn.hardware_aware(attention, HERMES, 300.0, 0.0, periphery=BARE, clip=None)(x, x, x), expected
    )


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_packed_sequences_are_as_those_of_torch(kind):
    torch.manual_seed(0)
    layer = getattr(torch.nn, kind)(3, 4, bidirectional=True)
    packed = torch.nn.utils.rnn.pack_sequence([inputs((n, 3), n) for n in (2, 5, 3)], enforce_sorted=False)
    expected, ends = layer(packed)
    found, own = nn.hardware_aware(copy.deepcopy(layer), HERMES, 300.0, 0.0, periphery=BARE, clip=None)(packed)
    torch.testing.assert_close(found.data, expected.data)
    torch.testing.assert_close(own, ends)


# --- the laws


@pytest.mark.parametrize("cell", [STATISTICAL, HERMES], ids=lambda cell: cell.name)
def test_laws_on_tensors_are_those_of_the_devices(cell):
    p = cell.parameters.pack()
    rng = np.random.default_rng(0)
    target = np.concatenate([[0.0, cell.conductance_maximum], rng.uniform(0.0, cell.conductance_maximum, 100)])
    z = rng.standard_normal((2, target.size))
    t, z0, z1 = torch.from_numpy(target), *torch.from_numpy(z)
    level = t / p.conductance_maximum
    log_level = laws.logarithm_of_level(level)
    for k in range(target.size):
        one = target[k] / p.conductance_maximum
        log = numba_laws.logarithm_of_level(one)
        programmed = numba_laws.programmed(target[k], z[0, k], p)
        exponent = numba_laws.drift_exponent(one, log, z[1, k], p)
        expected = (
            programmed,
            exponent,
            numba_laws.drifted(programmed, exponent, 8.0),
            numba_laws.moment(one, log, p.read_noise),
            numba_laws.programming_spread(one, p),
        )
        own = laws.programmed(t[k], z0[k], p)
        own_exponent = laws.drift_exponent(level[k], log_level[k], z1[k], p)
        found = (
            own,
            own_exponent,
            laws.drifted(own, own_exponent, 8.0),
            laws.moment(level[k], log_level[k], p.read_noise),
            laws.programming_spread(level[k], p),
        )
        np.testing.assert_allclose([float(value) for value in found], expected, rtol=1e-6, atol=1e-18)


def test_tables_on_tensors_are_those_of_the_exports():
    source = pcm.export.sample(PHYSICAL, levels=5, times=4, devices=100)
    carrier = TableCarrier(_module(source), 1e-6)
    rng = np.random.default_rng(1)
    z = rng.standard_normal((3, 200))
    readings = SampledReadings(source)
    for level, target in enumerate(source.target):
        for time, age in enumerate(source.time):
            start = carrier.programmed(level, z[0])
            now = start * np.exp(-carrier.loss(level, time, z[1], z[0]))
            expected = now * (1.0 + carrier.noise(level, time, z[2], now))
            found = readings.reading(torch.full((200,), target, dtype=torch.float64), age, torch.from_numpy(z))
            np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-12)  # modules are written with 7 digits


def _module(source):
    unit = 1e-6
    numbers = {"g_min": source.target[0] / unit, "g_max": source.target[-1] / unit}
    words = {"name": "Noise", "module": "noise", "constructor": {}}
    return filled("aihwkit.py.txt", {**tables(source, unit), **numbers, **words})


# --- the draws


PAIR, SEVERAL = pcm.DifferentialPair(), pcm.SeveralPairs(pairs=2)


@pytest.mark.parametrize(
    ("cell", "mapping"),
    [
        (STATISTICAL, PAIR),
        (STATISTICAL, SEVERAL),
        (HERMES, PAIR),
        pytest.param(PHYSICAL, PAIR, marks=pytest.mark.slow),
        pytest.param(PHYSICAL, SEVERAL, marks=pytest.mark.slow),
        pytest.param(pcm.load_cell("ibm-90nm-projected"), PAIR, marks=pytest.mark.slow),
    ],
    ids=lambda value: getattr(value, "name", type(value).__name__),
)
def test_stored_weights_are_those_of_a_matrix_on_tiles(cell, mapping):
    """Mean and spread of stored weights at a day, level by level, against devices: 4 sigma, and 5 % of the spread."""
    count, physical = 400, cell not in (STATISTICAL, HERMES)
    level = np.linspace(-1.0, 1.0, 9)
    weights = np.repeat(level[:, None], count, axis=1)
    matrix = pcm.AnalogMatrix(weights, cell, mapping=mapping, periphery=BARE, tile=(9, count), seed=5)
    matrix.program()
    matrix.wait(DAY)
    found = _read(matrix)
    source = pcm.export.sample(cell, levels=17, times=[DAY], devices=1000) if physical else cell
    readings = PublishedReadings(cell) if source is cell else SampledReadings(source)
    drawn = draws(readings, mapping, (DAY,))
    own = drawn.kept[0] * level[:, None] + drawn.rest[0].numpy()[:: STEPS // 4]
    spread = own.std(axis=1)
    sampled = 1000 if source is not cell else np.inf
    error = 4.0 * spread * np.sqrt(1.0 / count + 1.0 / sampled)
    assert (np.abs(found.mean(axis=1) - own.mean(axis=1)) < error + 0.05 * spread).all()
    np.testing.assert_allclose(found.std(axis=1), spread, rtol=4.0 * np.sqrt(0.5 / count) + 0.05)


def _read(matrix):
    return np.eye(matrix.shape[0]) @ matrix


def test_one_pass_has_the_moments_of_its_devices():
    """Deviations of 200 000 equal weights: mean and spread of the table, 4 sigma."""
    layer = torch.nn.Linear(500, 400, bias=False)
    with torch.no_grad():
        layer.weight.fill_(0.3)
        layer.weight[0, 0] = 1.0
    aware = nn.hardware_aware(layer, HERMES, DAY, periphery=BARE, clip=None, compensation=False, seed=4)
    found = aware.weight.detach()[1:].numpy().ravel().astype(float)
    table = draws(PublishedReadings(HERMES), pcm.DifferentialPair(), (DAY,))
    nearest = round(0.3 * STEPS)
    own = table.kept[0] * 0.3 + table.rest[0, STEPS + nearest].numpy()
    assert abs(found.mean() - own.mean()) < 4.0 * own.std() / np.sqrt(found.size)
    assert abs(found.std() / own.std() - 1.0) < 4.0 * np.sqrt(1.0 / found.size)
    assert np.unique(found).size == DRAWS


def test_each_block_has_a_scale_and_a_gain_of_its_own():
    layer = torch.nn.Conv1d(2, 2, 50, groups=2, bias=False)
    with torch.no_grad():
        layer.weight[0], layer.weight[1] = 1.0, 1e-3
    aware = nn.hardware_aware(layer, HERMES, DAY, periphery=BARE, clip=None)
    found = aware.weight.detach().reshape(2, -1) / layer.weight.detach().new_tensor([[1.0], [1e-3]])
    spread = found.std(dim=1)
    assert (spread > 0.01).all()
    assert (spread < 0.2).all()
    np.testing.assert_allclose(found.mean(dim=1), 1.0, atol=0.02)  # the gain


def test_the_gain_makes_up_for_drift():
    torch.manual_seed(1)
    layer = torch.nn.Linear(200, 200, bias=False)
    plain = layer.weight.detach().clone()
    for compensation, low, high in ((True, 0.9, 1.0), (False, 0.4, 0.6)):
        aware = nn.hardware_aware(
            copy.deepcopy(layer), STATISTICAL, 3e7, compensation=compensation, periphery=BARE, clip=None
        )
        slope = float((aware.weight.detach() * plain).sum() / (plain * plain).sum())
        assert low < slope < high


def test_ages_are_uniform_in_their_logarithm():
    assert ages((1.0, 3e7))[[0, -1]].tolist() == [1.0, 3e7]
    layer = torch.nn.Linear(64, 64, bias=False)
    aware = nn.hardware_aware(layer, STATISTICAL, (20.0, 3e7), periphery=BARE, clip=None, compensation=False)
    drawn = next(part for part in aware.modules() if isinstance(part, DeviceWeights))
    kept = np.array([drawn.noise.at_random_age(call, torch.zeros(1))[0] for call in range(400)])
    low, high = drawn.noise.draws.kept[[-1, 0]]
    assert low <= kept.min() < low + 0.02
    assert high - 0.02 < kept.max() <= high
    place = np.interp(kept, drawn.noise.draws.kept[::-1], np.linspace(1.0, 0.0, drawn.noise.draws.kept.size))
    assert abs(place.mean() - 0.5) < 4.0 / np.sqrt(12.0 * 400)


def test_all_matrices_of_a_pass_have_the_same_age():
    net = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.Linear(64, 64))
    aware = nn.hardware_aware(net, STATISTICAL, (20.0, 3e7), periphery=BARE, clip=None, compensation=False)
    for _ in range(5):
        slopes = [float((w * o).sum() / (o * o).sum()) for w, o in _weights(aware)]
        assert abs(slopes[0] - slopes[1]) < 0.02


def _weights(aware):
    return [(layer.weight.detach(), layer.parametrizations.weight.original.detach()) for layer in (aware[0], aware[1])]


def test_strength_scales_deviations():
    torch.manual_seed(1)
    layer = torch.nn.Linear(50, 50)
    found = [
        nn.hardware_aware(copy.deepcopy(layer), HERMES, DAY, strength, periphery=BARE, clip=None).weight - layer.weight
        for strength in (1.0, 2.0)
    ]
    torch.testing.assert_close(2.0 * found[0], found[1], rtol=1e-4, atol=1e-6)


# --- training


def trained(seed=0, steps=5, net=None, **options):
    torch.manual_seed(7)
    net = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)) if net is None else net
    aware = nn.hardware_aware(net, HERMES, (200.0, DAY), seed=seed, **options)
    optimiser = torch.optim.SGD(aware.parameters(), 0.1)
    for k in range(steps):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(aware(inputs((16, 6), k)), torch.arange(16) % 3).backward()
        optimiser.step()
    return aware


def test_same_seed_same_training_whatever_the_global_generator():
    first = trained()
    state = torch.random.get_rng_state()
    torch.rand(3)
    second = trained()
    torch.random.set_rng_state(state)
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)
    assert any(not torch.equal(a, b) for a, b in zip(first.parameters(), trained(seed=1).parameters(), strict=True))
    torch.manual_seed(0)
    expected = torch.rand(1)
    aware = nn.hardware_aware(torch.nn.Linear(6, 3), HERMES)
    torch.manual_seed(0)
    aware(inputs((2, 6)))
    assert torch.equal(torch.rand(1), expected)


def test_a_training_goes_on_from_a_checkpoint():
    whole, half = trained(steps=6), trained(steps=3)
    other = nn.hardware_aware(
        torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)), HERMES, (200.0, DAY)
    )
    other.load_state_dict(half.state_dict())
    optimiser = torch.optim.SGD(other.parameters(), 0.1)
    for k in range(3, 6):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(other(inputs((16, 6), k)), torch.arange(16) % 3).backward()
        optimiser.step()
    for one, two in zip(whole.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)


def test_gradients_are_those_of_the_drawn_weights_or_of_the_clean_ones():
    layer, x = torch.nn.Linear(6, 4), inputs((5, 6))
    slopes = {}
    for kind in ("noisy", "clean"):
        given = x.clone().requires_grad_()
        aware = nn.hardware_aware(copy.deepcopy(layer), HERMES, DAY, 5.0, periphery=BARE, gradients=kind, seed=2)
        y = aware(given)
        y.sum().backward()
        slopes[kind] = y.detach(), given.grad, aware.parametrizations.weight.original.grad
    torch.testing.assert_close(slopes["noisy"][0], slopes["clean"][0])
    torch.testing.assert_close(slopes["noisy"][2], slopes["clean"][2])
    held = nn.plain(nn.hardware_aware(copy.deepcopy(layer), HERMES, DAY, 5.0, periphery=BARE)).weight
    torch.testing.assert_close(slopes["clean"][1], held.detach().sum(0).expand(5, 6))
    assert not torch.allclose(slopes["noisy"][1], slopes["clean"][1], rtol=1e-3)


@pytest.mark.parametrize("kind", ["conv2d", "lstm", "gru", "masked", "other widths"])
def test_clean_gradients_reach_every_product(kind):
    module, shape = modules()[kind]
    found = []
    for gradient in ("noisy", "clean"):
        aware = nn.hardware_aware(
            copy.deepcopy(module), HERMES, DAY, periphery=BARE, gradients=gradient, clip=None, seed=1
        )
        x = inputs(shape).requires_grad_()
        y, slopes = gradients(aware, x)
        found.append((y, [*slopes.values(), x.grad]))
    torch.testing.assert_close(found[0][0], found[1][0], rtol=1e-4, atol=1e-5)
    assert any(not torch.allclose(a, b, rtol=1e-3) for a, b in zip(found[0][1], found[1][1], strict=True))


def test_weights_are_clipped_in_place():
    layer = torch.nn.Linear(100, 100)
    with torch.no_grad():
        layer.weight.normal_(generator=torch.Generator().manual_seed(1))
    aware = nn.hardware_aware(layer, HERMES, DAY, clip=2.0)
    aware(torch.ones(1, 100))
    original = aware.parametrizations.weight.original.detach()
    assert 1.8 < float(original.abs().max()) < 2.02
    left = nn.plain(aware).weight.detach()
    assert float(left.abs().max()) <= 2.0 * float(original.std()) * 1.001


def test_noise_aware_training_withstands_noise():
    """Mean loss on 20 draws of the devices: less after training with them than after training without."""
    losses = []
    for strength in (0.0, 3.0):
        net = nn.plain(trained(steps=150, strength=strength, periphery=BARE))
        again = nn.hardware_aware(net, HERMES, (200.0, DAY), 3.0, seed=9, periphery=BARE)
        with torch.no_grad():
            found = [
                float(torch.nn.functional.cross_entropy(again(inputs((16, 6), k)), torch.arange(16) % 3))
                for k in range(20)
            ]
        losses.append(np.mean(found))
    assert losses[1] < losses[0]


# --- converters


def test_a_range_rounds_clips_and_learns():
    converter = LearnedRange(3, start=1.5)
    x = torch.tensor([-2.0, -0.4, 0.2, 0.3, 5.0], requires_grad=True)
    y = converter(x)
    np.testing.assert_allclose(y.detach(), [-1.5, -0.5, 0.0, 0.5, 1.5], atol=1e-6)
    given = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0])
    y.backward(given)
    assert x.grad.tolist() == [0.0, 2.0, 3.0, 4.0, 0.0]
    # Esser 2020, eq. 3: the rounded share less the share, and the sign where it is clipped
    slope = -1.0 + 2.0 * (-1.0 / 3.0 + 0.4 / 1.5) + 3.0 * (0.0 - 0.2 / 1.5) + 4.0 * (1.0 / 3.0 - 0.3 / 1.5) + 5.0
    np.testing.assert_allclose(converter.range.grad, slope / np.sqrt(5 * 3), rtol=1e-5)


def test_a_range_grows_while_it_watches():
    converter = LearnedRange(8)
    assert torch.equal(converter(torch.zeros(3)), torch.zeros(3))
    for k in range(WATCHED + 5):
        converter(torch.full((2,), 0.01 * (k + 1)))
    np.testing.assert_allclose(float(converter.range.detach()), 0.01 * (WATCHED - 1), rtol=1e-5)
    converter.eval()
    assert float(converter(torch.tensor(7.0)).detach()) == float(converter.range.detach())


def test_ranges_grow_from_step_to_step_of_a_sequence():
    aware = nn.hardware_aware(torch.nn.RNN(3, 4, nonlinearity="relu"), HERMES)
    aware(inputs((6, 2, 3)).requires_grad_())[0].sum().backward()
    assert all(p.grad is not None for p in aware.parameters())


def test_ranges_are_found_by_layer_and_are_trained():
    net = Last(torch.nn.LSTM(6, 5, batch_first=True), 5)
    aware = nn.hardware_aware(net, HERMES, periphery=pcm.Periphery(dac_bits=6, adc_bits=None))
    aware(inputs((4, 7, 6)))
    found = nn.learned_ranges(aware)
    assert found.keys() == {"layer.weight_ih_l0", "layer.weight_hh_l0", "out"}
    assert found["layer.weight_hh_l0"] == (1.0, None)
    assert found["out"][0] > 0.0
    assert nn.learned_ranges(torch.nn.Sequential(torch.nn.Linear(2, 2))) == {}
    assert nn.learned_ranges(nn.hardware_aware(torch.nn.Linear(2, 2), HERMES)).keys() == {""}


def test_converters_round_products_in_evaluation_too():
    aware = nn.hardware_aware(torch.nn.Linear(6, 4, bias=False), HERMES, periphery=pcm.Periphery(4, 4))
    aware(inputs((64, 6)))
    aware.eval()
    codes = aware(inputs((64, 6), 3)).detach() / nn.learned_ranges(aware)[""][1] * 7
    np.testing.assert_allclose(codes, codes.round(), atol=1e-4)
    assert codes.abs().max() <= 7.0


# --- objects


def test_copies_go_on_apart():
    aware = trained()
    twin = copy.deepcopy(aware)
    x = inputs((3, 6))
    assert torch.equal(aware(x), twin(x))
    twin(x)
    assert not torch.equal(aware(x), twin(x))


def test_modes_stay_as_they_were():
    net = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Dropout())
    net.eval()
    aware = nn.hardware_aware(net, HERMES)
    assert not any(part.training for part in aware.modules())
    aware.train()
    left = nn.plain(aware)
    assert all(part.training for part in left.modules())


def test_other_layers_may_stay_digital():
    net = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Sequential(torch.nn.Linear(3, 3)))
    aware = nn.hardware_aware(net, HERMES, exclude=["1"])
    assert type(aware[1][0]) is torch.nn.Linear
    assert type(aware[0]) is not torch.nn.Linear


class Own(torch.nn.Linear):
    pass


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.hardware_aware(3, HERMES), "module must be a torch.nn.Module; got int"),
        (lambda: nn.hardware_aware(torch.nn.ReLU(), HERMES), "no layer that can go on tiles"),
        (lambda: nn.hardware_aware(torch.nn.Sequential(Own(2, 2)), HERMES), r"layer '0' \(Own\).*exclude=\['0'\]"),
        (lambda: nn.hardware_aware(torch.nn.Conv3d(1, 1, 2), HERMES), "Conv3d"),
        (lambda: nn.hardware_aware(torch.nn.Linear(2, 2), "hermes-14nm-statistical"), "load_cell"),
        (lambda: nn.hardware_aware(torch.nn.Linear(2, 2), pcm.load_cell("gst225-film")), "must have devices"),
        (lambda: nn.hardware_aware(torch.nn.Linear(2, 2), HERMES, times=[]), "times"),
        (lambda: nn.hardware_aware(torch.nn.Linear(2, 2), HERMES, times=[5.0, 2.0]), "times must increase"),
        (lambda: nn.hardware_aware(torch.nn.Linear(2, 2), HERMES, times=0.0), "above 0"),
        (lambda: nn.hardware_aware(torch.nn.Linear(2, 2), HERMES, strength=-1.0), "strength"),
        (lambda: nn.hardware_aware(torch.nn.Linear(2, 2), HERMES, clip=0.0), "clip"),
        (lambda: nn.hardware_aware(torch.nn.Linear(2, 2), HERMES, mapping=3), "mapping must be a Mapping"),
        (lambda: nn.hardware_aware(torch.nn.Linear(2, 2), HERMES, periphery=8), "periphery must be a Periphery"),
        (lambda: nn.hardware_aware(torch.nn.Linear(2, 2), HERMES, gradients="nosy"), "did you mean 'noisy'"),
        (
            lambda: nn.hardware_aware(torch.nn.Linear(2, 2), HERMES, exclude="wieght"),
            "exclude: the module has no layer",
        ),
        (lambda: nn.plain("x"), "module must be"),
    ],
)
def test_what_cannot_be_is_named(call, words):
    with pytest.raises(ParameterError, match=words):
        call()


def test_what_is_refused_stays_as_it_was():
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Bilinear(2, 2, 2))
    with pytest.raises(ParameterError, match="Bilinear"):
        nn.hardware_aware(net, HERMES)
    assert type(net[0]) is torch.nn.Linear
    aware = nn.hardware_aware(torch.nn.Linear(2, 2), HERMES)
    with pytest.raises(ParameterError, match=r"nn\.plain"):
        nn.hardware_aware(aware, HERMES)


def test_short_statistics_are_refused():
    source = pcm.export.sample(STATISTICAL, levels=3, times=[DAY], devices=100)
    with pytest.raises(ParameterError, match="end at 86400 s"):
        nn.hardware_aware(torch.nn.Linear(2, 2), source, times=[1.0, 1e6])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.hardware_aware(torch.nn.Linear(2, 2), source, times=[1.0, DAY])(torch.ones(1, 2)).sum().backward()


def test_double_precision_stays_double():
    aware = nn.hardware_aware(torch.nn.Linear(4, 2).double(), HERMES)
    assert aware(torch.ones(3, 4, dtype=torch.float64)).dtype == torch.float64


def test_a_module_is_looked_at_before_devices_are_sampled(monkeypatch):
    """Sampling a physical cell takes ten seconds: nobody waits for them to be told that it was for nothing."""
    sampled = []
    monkeypatch.setattr(
        "pcmphys.nn.aware.devices.sample", lambda cell, **_: sampled.append(cell) or pcm.export.sample(STATISTICAL)
    )
    cell = copy.copy(PHYSICAL)
    module = nn.hardware_aware(torch.nn.Linear(5, 3), cell)
    with pytest.raises(ParameterError, match="carry converters or noise already"):
        nn.hardware_aware(module, copy.copy(PHYSICAL))
    assert sampled == [cell]
    nn.hardware_aware(torch.nn.Linear(5, 3), cell)  # its tables are kept
    assert sampled == [cell]


def test_weights_that_have_a_gradient_are_numbers_like_others():
    weight = torch.nn.Linear(4, 3).weight
    assert (pcm.AnalogMatrix(weight, STATISTICAL).weights == weight.detach().double().numpy()).all()
