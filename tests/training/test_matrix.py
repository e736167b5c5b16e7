"""Products of matrices that are trained: both ways, through converters, tiles and wires."""

import numpy as np
import pytest

import pcmphys as pcm
from tests.cells.pulsed.technologies import cell
from tests.training.ideal import IDEAL, OPEN

RNG = np.random.default_rng(2)
X, D = RNG.uniform(-1.0, 1.0, (7, 20)), RNG.uniform(-1.0, 1.0, (7, 13))


def made(technology=IDEAL, **options):
    matrix = pcm.TrainableMatrix((20, 13), technology, seed=4, **{"periphery": OPEN, **options})
    matrix.update(X, D, rate=10.0 * technology.granularity)
    return matrix


@pytest.mark.parametrize("name", ["rram-gong2018", "rram-gong2018-softbounds", "ecram-tang2018", "capacitor-li2018"])
@pytest.mark.parametrize("options", [{}, {"tile": (8, 5)}, {"scale": 0.25}])
def test_products_are_those_of_the_weights(name, options):
    matrix = made(cell(name), **options)
    weights = matrix.weights
    assert matrix.forward(X) == pytest.approx(X @ weights, abs=1e-6 * np.abs(weights).max() * 20)
    assert matrix.backward(D) == pytest.approx(D @ weights.T, abs=1e-6 * np.abs(weights).max() * 20)
    assert matrix.forward(X[0]) == pytest.approx(matrix.forward(X)[0])
    assert matrix.backward(D[0]).shape == (20,)
    assert matrix.forward(np.empty((0, 20))).shape == (0, 13)


def test_converters_round_and_clip_both_ways():
    exact, coarse = made(), made(periphery=pcm.Periphery(5, 5))
    for one, other, given in ((exact.forward, coarse.forward, X), (exact.backward, coarse.backward, D)):
        off = np.abs(one(given) - other(given)).max()
        assert 0.0 < off < 12.0 / 15.0 + 20 * 0.1 / 15.0
    narrow = made(periphery=pcm.Periphery(None, 8, adc_range=1e-9), halvings=0)
    assert np.abs(narrow.forward(X)).max() < 1e-3
    assert narrow.counts.clipped > 0


def quantised(periphery, given, weights, full, bound):
    levels, _ = periphery.quantise(given, full, periphery.dac_bits)
    return periphery.quantise(levels @ weights, full * bound, periphery.adc_bits)[0]


def test_converters_are_those_of_the_periphery():
    periphery = pcm.Periphery(5, 6)
    matrix, bound = made(periphery=periphery), 12.0
    for call, given, weights in ((matrix.forward, X, matrix.weights), (matrix.backward, D, matrix.weights.T)):
        full = np.abs(given).max(axis=1, keepdims=True)
        assert call(given) == pytest.approx(quantised(periphery, given, weights, full, bound), abs=1e-6)


def test_a_product_that_leaves_the_range_is_repeated_with_smaller_inputs():
    periphery = pcm.Periphery(7, 9, adc_range=1e-7)
    matrix, clipping = made(periphery=periphery), made(periphery=periphery, halvings=0)
    bound = 1e-7 / (IDEAL.parameters.window.unit * IDEAL.read_voltage)
    full = np.abs(X).max(axis=1, keepdims=True)
    while (
        over := (np.abs(quantised(pcm.Periphery(7, None), X, matrix.weights, full, 1.0)) / full).max(1) > bound
    ).any():
        full[over] *= 2.0
    expected = quantised(periphery, X, matrix.weights, full, bound)
    assert full.max() > 2.0 * np.abs(X).max()
    assert matrix.forward(X) == pytest.approx(expected, abs=1e-6)
    assert matrix.counts.clipped == 0
    clipping.forward(X)
    assert clipping.counts.clipped > 0
    assert np.array_equal(matrix.forward(X)[3], matrix.forward(X[3]))


def test_wires_take_their_share_both_ways_alike():
    ideal, wired = made(), made(wires=pcm.Wires(row=20.0, column=20.0, source=50.0, sense=30.0))
    forward, backward = wired.forward(np.eye(20)), wired.backward(np.eye(13))
    assert forward == pytest.approx(backward.T, rel=1e-6, abs=1e-9)
    assert 0.001 < np.abs(forward - ideal.weights).max() < 0.5 * np.abs(ideal.weights).max() + 0.02
    g = wired.trained.planes[0].devices.conductance()
    reference = wired.trained.planes[0].devices.reference
    transfer = [pcm.Crossbar(part, wired.trained.planes[0].around.wires).transfer() for part in (g, reference)]
    unit = IDEAL.parameters.window.unit
    assert forward == pytest.approx((transfer[0] - transfer[1]).T / unit, abs=1e-9)


def test_wires_are_computed_anew_as_often_as_asked():
    often, seldom = (made(wires=pcm.Wires(row=20.0), refresh=refresh) for refresh in (1, 100))
    for matrix in (often, seldom):
        matrix.forward(X)
        matrix.update(X, D, 0.01)
    assert not np.array_equal(often.forward(X), seldom.forward(X))
    for _ in range(20):
        for matrix in (often, seldom):
            matrix.update(X, D, 0.001)
    assert seldom.forward(X) == pytest.approx(often.forward(X), abs=1e-12)


def test_read_noise_is_that_of_all_devices_of_a_product():
    technology = cell("pcm-nandakumar2018")
    matrix = pcm.TrainableMatrix((20, 13), technology, pcm.OneSided(), seed=4, periphery=OPEN)
    matrix.update(X, D, 0.5)
    read, unit = technology.parameters.read, technology.parameters.window.unit
    g = np.array([plane.devices.conductance() for plane in matrix.trained.planes])
    variance = (((read.noise + read.relative_noise * g) / unit) ** 2).sum(axis=0)
    for call, given, weights, expected in (
        (matrix.forward, X[0], matrix.weights, X[0] ** 2 @ variance),
        (matrix.backward, D[0], matrix.weights.T, D[0] ** 2 @ variance.T),
    ):
        found = call(np.tile(given, (4000, 1)))
        assert not np.array_equal(found[0], found[1])
        off = found.mean(axis=0) - given @ weights
        assert np.abs(off / np.sqrt(expected / 4000)).max() < 4.5
        assert np.abs(found.var(axis=0) / expected - 1.0).max() < 4.5 * np.sqrt(2 / 4000)
        assert np.abs(found.var(axis=0) / (1.3 * expected) - 1.0).max() > 4.5 * np.sqrt(2 / 4000)
        assert np.abs(np.corrcoef(found.T) - np.eye(found.shape[1])).max() < 5.0 / np.sqrt(4000)


def test_read_noise_does_not_depend_on_how_a_batch_is_cut():
    whole, cut = (
        pcm.TrainableMatrix((20, 13), cell("pcm-nandakumar2018"), pcm.OneSided(), seed=4, tile=(8, 5)) for _ in "ab"
    )
    found = whole.forward(X)
    assert np.array_equal(found, np.vstack([cut.forward(X[:3]), cut.forward(X[3:])]))


def test_a_mini_batch_of_a_capacitor_leaks_once():
    technology = cell("capacitor-li2018").but({"leak.lifetime": 50.0, "leak.spread": 0.0})
    matrix = pcm.TrainableMatrix((20, 13), technology, seed=4, periphery=OPEN)
    matrix.update(X, D, 0.2)
    before = matrix.weights
    for _ in range(10):
        matrix.update(np.zeros(20), np.zeros(13), 0.1)
    assert matrix.weights == pytest.approx(before * (1.0 - 1.0 / 50.0) ** 10, abs=1e-6)
    matrix.wait(technology.parameters.leak.batch_duration * 1000.0)
    assert np.abs(matrix.weights).max() < 1e-6


def test_time_is_that_of_reads_and_pulses():
    matrix = pcm.TrainableMatrix((20, 13), IDEAL, seed=4)
    matrix.update(X[:1], D[:1], rate=5.0 * IDEAL.granularity)
    assert 0.0 < matrix.time <= 5 * IDEAL.parameters.pulse.duration


def test_it_says_what_it_is():
    assert repr(made()) == "TrainableMatrix(20 x 13 of 'ideal', Sgd, 7 updates)"
