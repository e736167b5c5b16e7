"""Trains of pulses: how often lines fire together, and that every weight keeps its bits."""

import itertools
import math
import threading

import numba
import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.cells.pulsed.kernels import State, Traits
from pcmphys.training import plane
from pcmphys.training.coincidence import coincide, train
from tests.cells.pulsed.technologies import cell
from tests.oracles.training import Matrix, fires
from tests.training.ideal import EXPECTED, IDEAL, OPEN, STEP

DRAWS = 100_000
NOT_KEPT = np.zeros((0, 0), dtype=np.float32)
RNG = np.random.default_rng(5)
X, D = RNG.uniform(-1.0, 1.0, (64, 6)), RNG.uniform(-1.0, 1.0, (64, 9))


@pytest.mark.parametrize("length", [31, 64])
@pytest.mark.parametrize("p", [1e-3, 0.03, 0.5, 1.0])
def test_coincidences_have_the_mean_and_variance_of_their_chance(p, length):
    chance, bits = math.sqrt(p), np.empty(DRAWS, dtype=np.int64)
    for k in range(DRAWS):
        both = train(chance, length, 1, k, 2, 45) & train(chance, length, 1, k, 2, 46)
        bits[k] = int(both).bit_count()
    if p == 1.0:
        assert (bits == length).all()
        return
    mean, variance = length * p, length * p * (1.0 - p)
    assert bits.mean() == pytest.approx(mean, abs=4.0 * math.sqrt(variance / DRAWS))
    kurtosis = (1.0 - 6.0 * p * (1.0 - p)) / variance  # excess, of a binomial
    assert bits.var() == pytest.approx(variance, abs=4.0 * variance * math.sqrt((2.0 + kurtosis) / DRAWS))
    assert not abs(bits.mean() - 1.05 * mean) < 4.0 * math.sqrt(variance / DRAWS) or p < 2e-3


def test_lines_fire_as_drawn_slot_by_slot():
    for length in (1, 31, 32, 33, 64):
        for k, chance in enumerate((1e-9, 0.01, 0.3, 0.75, 1.0 - 1e-12, 1.0, 1.7)):
            found = train(chance, length, 3, 2**40 + k, 7, 45)
            expected = fires(chance, length, 3, 2**40 + k, 7, 45)
            assert [bool(int(found) >> slot & 1) for slot in range(length)] == expected
            assert int(found) < 2**length
    assert train(0.0, 64, 1, 2, 3, 45) == 0


def test_weights_change_by_the_outer_product_on_average():
    matrix = pcm.TrainableMatrix((3, 2), IDEAL, seed=2, periphery=OPEN)
    x, d = np.array([0.9, -0.4, 0.05]), np.array([0.7, -0.2])
    rate, many = 2.5e-5, 12_000
    matrix.update(np.tile(x, (many, 1)), np.tile(d, (many, 1)), rate)
    expected = -rate * many * np.outer(x, d)
    # at such a rate a train has one slot
    p = rate * np.abs(np.outer(x, d)) / STEP
    assert np.abs(matrix.weights - expected).max() < 4.0 * STEP * np.sqrt(many * p.max())
    assert (np.abs(matrix.weights - expected) <= 4.0 * STEP * np.sqrt(many * p * (1 - p))).all()
    assert matrix.counts.saturated == 0
    assert matrix.counts.updates == many
    assert matrix.counts.pulses == pytest.approx(many * p.sum(), rel=0.25)


def test_too_large_an_update_is_cut_off_and_counted():
    for pulses in ("stochastic", "expected"):
        trains = pcm.UpdateTrains(length=10, pulses=pulses)
        matrix = pcm.TrainableMatrix((1, 2), IDEAL, seed=2, trains=trains)
        matrix.update([1.0], [-1.0, 0.5], rate=1.0)
        assert matrix.weights == pytest.approx(np.array([[10 * STEP, -10 * STEP]]), abs=1e-7)
        assert matrix.counts.saturated == 1


def test_expected_pulses_make_the_outer_product_itself():
    matrix = pcm.TrainableMatrix((6, 9), IDEAL, seed=2, trains=EXPECTED)
    matrix.update(X, D, rate=0.002)
    assert matrix.weights == pytest.approx(-0.002 * X.T @ D, abs=1e-6)


@pytest.mark.parametrize(
    "name",
    ["rram-gong2018-softbounds", "rram-gong2018", "ecram-tang2018", "rpu-gokmen2016", "power", "nonlinear",
     "skew-table", "fresh-table", "early-table"],
)  # fmt: skip
def test_updates_are_those_computed_one_by_one(name):
    matrix = pcm.TrainableMatrix((6, 9), cell(name), seed=11, first_cell=2**33 + 1)
    slow = Matrix(cell(name), (6, 9), 11, 2**33 + 1)
    rate = 12.0 * cell(name).granularity
    matrix.update(X[:4], D[:4], rate)
    for x, d in zip(X[:4], D[:4], strict=True):
        slow.update(x, d, rate)
    assert np.ptp(matrix.weights) > 4 * cell(name).granularity
    assert matrix.weights == pytest.approx(slow.weights(), abs=2e-6)


NAMES = ["rram-gong2018-softbounds", "ecram-kim2019", "pcm-nandakumar2018"]


def rule_of(name):
    return pcm.OneSided(refresh=5) if cell(name).one_sided else pcm.Sgd()


@pytest.mark.parametrize("name", NAMES)
def test_same_bits_however_a_batch_is_cut(name):
    found = []
    for size in (1, 7, 64):
        matrix = pcm.TrainableMatrix((6, 9), cell(name), rule_of(name), seed=1, periphery=OPEN)
        for start in range(0, 64, size):
            # no time passes between samples for a part of a batch: drift would be that of another clock
            matrix.trained.update(X[start : start + size], D[start : start + size], 0.01)
        found.append([plane.devices.state.weight for plane in matrix.trained.planes])
    assert all(np.array_equal(one, found[0]) for one in found)


@pytest.mark.parametrize("blocks", [(0, 6), (0, 1, 6), (0, 2, 3, 5, 6)])
def test_same_bits_for_any_blocks_of_rows(blocks):
    matrix = pcm.TrainableMatrix((6, 9), cell("rram-gong2018"), seed=1)
    twin = matrix.copy()
    twin.update(X, D, 0.01)
    (own,) = matrix.trained.planes
    devices = own.devices
    levels = own.around.trains.levels(0.01 / matrix.cell.granularity, X, D)
    both, laws = (Traits(*devices.traits), State(*devices.state)), (devices.law, devices.table, False)
    address, sent = devices.events(64), np.zeros(6, dtype=np.int64)
    for start, stop in reversed(list(itertools.pairwise(blocks))):
        coincide(start, stop, address, laws, levels, 0.0, both, (sent, NOT_KEPT, np.zeros(1, dtype=np.float32)))
    assert np.array_equal(matrix.weights, twin.weights)
    assert sent.sum() == twin.counts.pulses


def test_same_bits_for_any_threads(monkeypatch):
    monkeypatch.setattr(plane, "_PULSED", 1)
    monkeypatch.setattr(plane, "_PRODUCTS", 1)
    x, d = RNG.uniform(-1, 1, (3, 300)), RNG.uniform(-1, 1, (3, 50))
    found = []
    for threads in {1, numba.config.NUMBA_NUM_THREADS}:
        numba.set_num_threads(threads)
        matrix = pcm.TrainableMatrix((300, 50), cell("rram-gong2018"), seed=1)
        matrix.update(x, d, 0.05)
        found.append((matrix.weights, matrix.forward(x), matrix.backward(d)))
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    for one in found:
        assert all(np.array_equal(a, b) for a, b in zip(one, found[0], strict=True))


def trained(others):
    matrix = pcm.TrainableMatrix((6, 9), cell("rram-gong2018"), pcm.TikiTaka(), seed=1)
    if others:
        more = [pcm.TrainableMatrix((6, 9), cell("rram-gong2018"), seed=1, first_cell=matrix.last_cell) for _ in "ab"]
    for k in range(20):
        matrix.update(X[k], D[k], 0.05)
        if others:
            for other in more:
                other.update(X[k], D[k], 0.05)
    return matrix.weights


def test_other_matrices_change_nothing_also_in_other_threads():
    alone = trained(others=False)
    assert np.array_equal(trained(others=True), alone)
    found = {}
    threads = [threading.Thread(target=lambda k=k: found.update({k: trained(others=k > 0)})) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(found[k], alone) for k in range(3))
    other = pcm.TrainableMatrix((6, 9), cell("rram-gong2018"), seed=1, first_cell=54)
    same = pcm.TrainableMatrix((6, 9), cell("rram-gong2018"), seed=1)
    for matrix in (other, same):
        matrix.update(X[0], D[0], 0.05)
    assert not np.array_equal(other.weights, same.weights)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: pcm.UpdateTrains(length=65), "trains.length must be a whole number within .1, 64."),
        (lambda: pcm.UpdateTrains(length=0), "trains.length"),
        (lambda: pcm.UpdateTrains(pulses="expect"), "did you mean 'expected'"),
        (lambda: pcm.UpdateTrains(managed=1), "trains.managed must be True or False"),
        (lambda: matrix().update(X, D, 0.0), "rate must be a number"),
        (lambda: matrix().update(X, D, -0.1), "rate must be a number"),
        (lambda: matrix().update(X, D[:3], 0.1), "one batch; got 64 inputs and 3"),
        (lambda: matrix().update(X[:, :2], D, 0.1), r"x must have shape \(6,\) or \(batch, 6\)"),
        (lambda: matrix().forward(np.full(6, np.nan)), "x must hold finite"),
        (lambda: matrix().backward(X), r"d must have shape \(9,\)"),
        (lambda: pcm.TrainableMatrix((6, 0), IDEAL), "both at least 1"),
        (lambda: pcm.TrainableMatrix((6, 9), pcm.load_cell("ibm-90nm-statistical")), "a cell that is trained in place"),
        (lambda: pcm.TrainableMatrix((6, 9), cell("pcm-nandakumar2018")), "OneSided trains pairs"),
        (lambda: pcm.TrainableMatrix((6, 9), IDEAL, pcm.OneSided()), "devices that can be RESET"),
        (lambda: pcm.TrainableMatrix((6, 9), IDEAL, pcm.PairCell()), "needs devices for the pair"),
        (lambda: pcm.TrainableMatrix((6, 9), IDEAL, pcm.PairCell(pair=IDEAL)), "devices that can be RESET"),
        (lambda: pcm.TrainableMatrix((6, 9), IDEAL, "sgd"), "rule must be a rule"),
        (lambda: pcm.TrainableMatrix((6, 9), IDEAL, scale=0.0), "scale"),
        (lambda: pcm.TrainableMatrix((6, 9), IDEAL, trains=31), "trains must be an UpdateTrains"),
        (lambda: pcm.TrainableMatrix((6, 9), IDEAL, wires=1.0), "wires must be a Wires"),
        (lambda: pcm.TikiTaka(transfer_every=0), "transfer_every"),
        (lambda: pcm.Chopped(chop=2.0), "chop"),
        (lambda: pcm.DynamicReference(chop=0.0), "chop"),
    ],
)
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(pcm.ParameterError, match=words):
        call()


def matrix():
    return pcm.TrainableMatrix((6, 9), IDEAL)


def test_updates_stop_before_their_numbers_run_out():
    found = matrix()
    (own,) = found.trained.planes
    own.devices.events(2**32 - 1 - 60)
    with pytest.raises(pcm.ParameterError, match="64 more updates are asked for"):
        found.update(X, D, 0.1)
    assert (found.weights == 0.0).all()
    found.update(X[:60], D[:60], 0.1)
    with pytest.raises(pcm.ParameterError, match="0 are left"):
        found.update(X[:1], D[:1], 0.1)
