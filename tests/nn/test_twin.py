"""A twin's life: one clock, one read between two moments, the same bits however inputs are split; what it reports."""

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
from tests.nn.networks import HERMES, IBM, IDEAL, Language, Vision, noise, small  # noqa: E402

WIRES = pcm.Wires(row=2.0, column=2.0)
TRANSISTOR = pcm.Transistor(threshold_voltage=0.4, transconductance=200e-6)


@pytest.fixture
def threads():
    before = numba.get_num_threads()
    yield numba.set_num_threads
    numba.set_num_threads(before)


def twin_of(module, cell=HERMES, **options):
    twin = nn.convert(module, cell, **({"tile": (20, 6), "seed": 3} | options))
    twin.program()
    return twin


@torch.no_grad()
def answers(twin, x, size=None):
    return torch.cat([twin(part) for part in x.split(size or len(x))])


# ---- the same bits


@pytest.mark.parametrize("options", [{}, {"wires": WIRES}, {"periphery": IDEAL}], ids=["tiles", "wires", "ideal"])
def test_batches_and_threads_change_no_bit(options, threads):
    x = noise(9, 1, 8, 8)
    twin = twin_of(small(), **options)
    twin.wait(100.0)
    twin.calibrate()
    expected = answers(twin, x)
    for size, count in ((1, 1), (4, 2), (9, 4)):
        threads(count)
        again = twin_of(small(), **options)
        again.wait(100.0)
        again.calibrate()
        assert torch.equal(answers(again, x, size), expected)
    assert not torch.equal(answers(twin_of(small(), seed=4, **options), x), expected)


def test_products_are_those_of_the_matrix():
    layer = tnn.Linear(33, 15, bias=False)
    twin = twin_of(layer, periphery=pcm.Periphery(dac_bits=6, adc_bits=7)).double()
    matrix = pcm.AnalogMatrix(
        layer.weight.detach().double().numpy().T, HERMES, tile=(20, 6), seed=3,
        periphery=pcm.Periphery(dac_bits=6, adc_bits=7),
    )  # fmt: skip
    matrix.program()
    x = noise(40, 33).double()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ValidityWarning)
        found, expected = answers(twin, x).numpy(), matrix.matvec(x.numpy())
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
        # wires: one transfer matrix a tile, also for a single input
        twin.maker.tiles[0].matrix = twin.maker.tiles[0].matrix.rewired(WIRES)
        twin.wait(10.0)
        matrix = matrix.rewired(WIRES)
        matrix.wait(10.0)
        np.testing.assert_allclose(answers(twin, x).numpy(), matrix.matvec(x.numpy()), rtol=1e-9, atol=1e-9)


def test_behind_selectors_the_circuit_is_solved():
    layer = tnn.Linear(9, 4, bias=False)
    options = {"selector": TRANSISTOR, "gate": 1.5, "periphery": IDEAL, "seed": 3}
    twin = twin_of(layer, **options)
    matrix = pcm.AnalogMatrix(layer.weight.detach().double().numpy().T, HERMES, tile=(20, 6), **options)
    matrix.program()
    x = noise(5, 9)
    np.testing.assert_allclose(answers(twin, x).numpy(), matrix.matvec(x.numpy()), rtol=1e-5, atol=1e-6)
    with pytest.raises(ParameterError, match=r"layer 'Linear': a gradient cannot be had behind Transistor"):
        twin(x.requires_grad_()).sum().backward()
    image = noise(2, 1, 4, 5)
    convolution = tnn.Conv2d(1, 3, 2)
    same = (answers(twin_of(convolution, **options), image) - convolution(image)).norm() / convolution(image).norm()
    assert same < 0.3


# ---- one clock


def test_one_clock_for_all_tiles_and_reads_do_not_depend_on_batches():
    twin = twin_of(small(), periphery=IDEAL)
    x = noise(6, 1, 8, 8)
    start = twin.time
    first = answers(twin, x)
    read = HERMES.parameters.read_duration
    assert twin.time - start == pytest.approx(read, rel=1e-6)
    assert torch.equal(answers(twin, x, 2), first)
    assert twin.time - start == pytest.approx(read, rel=1e-6)
    twin.wait(1000.0)
    first = answers(twin, x)
    twin.wait(1e-3)
    twin.read()
    assert not torch.equal(answers(twin, x), first)
    twin.calibrate()
    answers(twin, x)
    assert twin.time - start == pytest.approx(1000.001 + 5.0 * read, rel=1e-12)
    assert len({tiles.matrix.time for tiles in twin.maker.tiles}) == 1


def test_physical_devices_share_the_clock_of_the_slowest():
    twin = nn.convert(tnn.Sequential(tnn.Linear(3, 2), tnn.Linear(2, 1)), pcm.load_cell("ibm-90nm-doped-gst"))
    report = twin.program()
    assert len({tiles.matrix.time for tiles in twin.maker.tiles}) == 1
    assert twin.time > 0.0
    assert report["0"].programming_error < 0.1
    assert twin(torch.ones(2, 3)).shape == (2, 1)


def test_calibration_takes_the_drift_back():
    module, x = small(), noise(50, 1, 8, 8)
    twin = twin_of(module, IBM, tile=(64, 64))
    twin.calibrate_ranges(x)
    twin.wait(1e7)
    with torch.no_grad():
        exact = module(x)
    before = float((answers(twin, x) - exact).norm() / exact.norm())
    gains = twin.calibrate()
    after = float((answers(twin, x) - exact).norm() / exact.norm())
    assert after < 0.7 * before
    assert gains.keys() == {"0", "4", "7"}
    assert all((found > 1.1).all() for found in gains.values())


# ---- ranges and reports


def test_ranges_follow_samples_and_only_grow_with_more_of_them():
    module = tnn.Conv2d(1, 3, 3, bias=False)
    twin = twin_of(module, tile=(256, 256))
    x = noise(40, 1, 8, 8)
    twin.calibrate_ranges(x)
    (part,) = twin.maker.tiles[0].matrix.tiles
    patches = torch.nn.functional.unfold(x, 3).transpose(1, 2).reshape(-1, 9).double()
    matrix = pcm.AnalogMatrix(module.weight.detach().flatten(1).double().numpy().T, HERMES)
    matrix.fit_range(patches.numpy())
    assert part.adc_range == pytest.approx(matrix.tiles[0].adc_range, rel=1e-12)
    answers(twin, x)
    assert twin.report().layers[0].adc_clipped < 1e-3


def test_clipping_is_counted_and_said_with_the_layer():
    twin = twin_of(tnn.Sequential(tnn.Conv2d(1, 6, 3)), periphery=pcm.Periphery(adc_range=1e-7))
    with pytest.warns(ValidityWarning, match=r"layer '0': \d+ of \d+ converted outputs were clipped") as caught:
        twin(noise(4, 1, 8, 8))
    assert caught[0].filename == __file__
    assert twin.report()["0"].adc_clipped > 0.05
    twin = twin_of(tnn.Linear(9, 6), periphery=pcm.Periphery(input_range=1e-2))
    with pytest.warns(ValidityWarning, match=r"layer 'Linear': \d+ of 36 converted inputs .* a larger periphery.input"):
        twin(noise(4, 9))
    assert twin.report()["Linear"].dac_clipped > 0.9


def test_a_report_measures_each_product_for_its_exact_inputs():
    module, x = small(), noise(30, 1, 8, 8)
    twin = twin_of(module, IBM, tile=(64, 64))
    twin.calibrate_ranges(x)
    assert np.isnan(twin.report()["7"].matvec_error)
    line = twin.report(x)["7"]
    with torch.no_grad():
        inputs = module[:7](x).double().numpy()
    tiles = twin.maker.tiles[-1]
    exact = inputs @ tiles.exact
    error = np.linalg.norm(tiles.forward(inputs) - exact) / np.linalg.norm(exact)
    assert line.matvec_error == pytest.approx(error, rel=1e-4)
    assert line.effective_bits == pytest.approx((-20 * np.log10(line.matvec_error) - 1.76) / 6.02)
    assert (line.rows, line.columns, line.tiles, line.devices, line.vectors) == (32, 10, 1, 640, 30)
    assert 0.0 < line.programming_error < 0.1
    assert line.converged == 1.0
    frame = twin.report(x).to_dataframe()
    assert list(frame.index) == ["0", "4", "7"]
    assert "effective_bits" in frame


def test_what_stays_digital_is_said():
    report = nn.convert(Language(), HERMES).report()
    parts = {part.name: (part.kind, part.what) for part in report.digital}
    assert parts == {
        "embedding": ("Embedding", ""),
        "lstm": ("LSTM", "gates, biases"),
        "decoder": ("Linear", "bias"),
    }
    assert [line.name for line in report.layers] == ["lstm.weight_ih_l0", "lstm.weight_hh_l0", "decoder"]
    assert "embedding (Embedding)" in str(report)
    report = nn.convert(Vision(), HERMES, exclude=["position", "head"]).report()
    parts = {part.name: (part.kind, part.what) for part in report.digital}
    assert parts["position"] == ("Parameter", "excluded")
    assert parts["head"] == ("Linear", "excluded")
    assert parts["layer.self_attn"][1] == "query x key, softmax, attention x value, biases"
    assert parts["layer.norm1"] == ("LayerNorm", "")
    names = [f"layer.self_attn.{one}" for one in ("query", "key", "value", "output")]
    assert [line.name for line in report.layers] == [*names, "layer.linear1", "layer.linear2"]


def test_layers_that_are_excluded_are_exact():
    module, x = small(), noise(4, 1, 8, 8)
    twin = nn.convert(module, HERMES, exclude=["0", "4", "7"])
    twin.program()
    assert twin.layers == {}
    torch.testing.assert_close(answers(twin, x), module(x).detach())


def test_a_module_that_stands_twice_is_one_layer():
    shared = tnn.Linear(5, 5)
    twin = twin_of(tnn.Sequential(shared, tnn.ReLU(), shared))
    assert len(twin.maker.tiles) == 1
    assert twin.module[0] is twin.module[2]


def test_weights_behind_parametrisations_are_those_of_evaluation():
    layer = torch.nn.utils.parametrizations.weight_norm(tnn.Linear(6, 4))
    twin = twin_of(layer, periphery=IDEAL)
    np.testing.assert_allclose(twin.products[0].exact, layer.weight.detach().double().numpy().T)
    assert [name for name, _ in twin.named_parameters()] == ["module.bias"]


# ---- fixed point


def test_fixed_point_is_the_arithmetic_it_says():
    layer = tnn.Linear(12, 5, bias=False)
    x = noise(20, 12)
    found = nn.convert(layer, nn.Digital(4, 5))(x)
    w, v = layer.weight.detach().double().numpy().T, x.double().numpy()
    for array, steps, axis in ((w, 7, 0), (v, 15, 1)):
        full = np.abs(array).max(axis=axis, keepdims=True)
        array[:] = np.rint(array / full * steps) / steps * full
    np.testing.assert_allclose(found.detach().numpy(), v @ w, rtol=1e-5, atol=1e-6)
    errors = [(nn.convert(layer, nn.Digital(bits, bits))(x) - layer(x)).norm() for bits in (2, 4, 8, 16)]
    assert errors == sorted(errors, reverse=True)
    exact = nn.convert(layer, nn.Digital(None, None))
    torch.testing.assert_close(exact(x), layer(x))
    assert repr(exact) == "AnalogTwin(Linear, 1 layers in Digital(weights=None, activations=None))"
    with pytest.raises(ParameterError, match=r"program\(\) is of twins on devices; this one computes in Digital"):
        exact.program()


# ---- shapes


def test_shapes_count_vectors_of_a_sample():
    found = nn.shapes(small(), torch.zeros(3, 1, 8, 8))
    assert [tuple(one) for one in found] == [("0", 9, 6, 64), ("4", 54, 8, 4), ("7", 32, 10, 1)]
    found = nn.shapes(Language(), torch.zeros(2, 5, dtype=torch.long))
    assert [tuple(one) for one in found] == [
        ("lstm.weight_ih_l0", 6, 36, 5), ("lstm.weight_hh_l0", 9, 36, 5), ("decoder", 9, 11, 5),
    ]  # fmt: skip
    grouped = nn.shapes(nn.convert(tnn.Conv1d(4, 6, 3, groups=2), HERMES), torch.zeros(2, 4, 9))
    assert [tuple(one) for one in grouped] == [("Conv1d group 0", 6, 3, 7), ("Conv1d group 1", 6, 3, 7)]
    assert nn.shapes(tnn.Linear(3, 2), torch.zeros(3), samples=1)[0].vectors == 1
    assert nn.shapes(Vision(), torch.zeros(2, 4, 8), exclude=["position"])[-1] == ("head", 8, 3, 1)


def test_a_floorplan_takes_the_shapes():
    plan = pcm.chip.Floorplan(nn.shapes(small(), torch.zeros(1, 1, 8, 8)), chip="hermes-14nm")
    assert plan.tiles == 3


# ---- objects that travel


OBJECTS = {
    "AnalogTwin": lambda: twin_of(small()),
    "Digital": lambda: nn.Digital(4, 8),
    "DigitalPart": lambda: twin_of(small()).report().digital[0],
    "LayerReport": lambda: twin_of(small()).report().layers[0],
    "ProductShape": lambda: nn.shapes(tnn.Linear(3, 2), torch.zeros(2, 3))[0],
    "TwinReport": lambda: twin_of(small()).report(),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_objects_travel_and_fit_on_one_line(name):
    thing = OBJECTS[name]()
    for twin in (copy.deepcopy(thing), pickle.loads(pickle.dumps(thing))):
        assert type(twin) is type(thing)
        assert repr(twin) == repr(thing)
    assert "\n" not in repr(thing)
    assert len(repr(thing)) < 200
    assert type(thing).__name__ in repr(thing)


def test_copies_have_the_same_future():
    x = noise(4, 1, 8, 8)
    twin = twin_of(small())
    twin.wait(10.0)
    answers(twin, x)
    copies = copy.deepcopy(twin), pickle.loads(pickle.dumps(twin))
    for one in (twin, *copies):
        one.wait(1e4)
        one.calibrate()
    expected = answers(twin, x)
    assert all(torch.equal(answers(one, x), expected) for one in copies)
