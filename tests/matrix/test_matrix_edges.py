"""Analog matrices at the edges: weights of any size or seen by no known input, read voltages, operators, pickling."""

import pickle

import numpy as np
import pytest
from scipy.linalg import null_space

from pcmphys import AnalogMatrix, Periphery, ReferenceColumn, SeveralPairs, Split, ValidityWarning, Wires, load_cell
from pcmphys.crossbar.solver import linear
from pcmphys.matrix import DifferentialPair
from pcmphys.matrix.compensation import PATTERNS, patterns
from tests.matrix.test_analog_matrix import DAY, IBM, IDEAL, WIRES, check_refused, normal, programmed

# ---- sizes


@pytest.mark.parametrize("largest", [1e-290, 1e290])
@pytest.mark.parametrize("mapping", [None, SeveralPairs(), ReferenceColumn()])
def test_weights_at_the_ends_of_their_range(quiet, largest, mapping):
    """No inf, no NaN, all digits; a row or column of zeros and weights far below the largest are nothing special."""
    weights = largest * np.array([[1.0, 0.0, -0.5], [0.0, 0.0, 0.0], [1e-10, 0.0, 0.25]])
    x = np.array([0.5, 1.0, -1.0])
    matrix = programmed(weights, quiet, mapping=mapping, periphery=IDEAL, tile=(2, 2))
    matrix.calibrate()
    for y in (matrix.matvec(x), matrix.matvec(1e10 * x) / 1e10):
        np.testing.assert_allclose(y / largest, x @ (weights / largest), rtol=0.0, atol=1e-9)


def test_products_beyond_a_float_are_refused(quiet):
    matrix = programmed(1e290 * np.eye(2), quiet)
    time = matrix.time
    for call in (matrix.matvec, matrix.snapshot().matvec, matrix.fit_range):
        check_refused(r"x: inputs up to 1e\+100 times these weights are beyond what a float holds", call, [0.0, 1e100])
    assert matrix.time == time + IBM.parameters.read_duration
    check_refused("beyond what a float holds", programmed(np.eye(2), quiet).matvec, [1e305, 0.0])


class Broken(DifferentialPair):
    """A mapping of a user whose scale is no number."""

    def __init__(self, scale):
        super().__init__()
        object.__setattr__(self, "found", scale)

    def scale(self, *arguments):
        return self.found


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf, "large", None])
def test_a_mapping_must_give_a_scale(scale):
    check_refused(r"mapping\.scale\(weights, \.\.\.\) must be a number", AnalogMatrix, np.eye(2), IBM, Broken(scale))


# ---- what known inputs see


def unseen(inputs, seed=0):
    """Weights that cancel in all known inputs."""
    directions = null_space(patterns(PATTERNS, inputs))
    return directions @ np.random.default_rng(seed).normal(size=(directions.shape[1], 3))


def test_weights_that_cancel_in_all_known_inputs_keep_a_gain_of_one(drifting):
    hidden = unseen(24)
    assert np.abs(patterns(PATTERNS, 24) @ hidden).max() < 1e-12
    matrix = programmed(hidden, drifting, periphery=IDEAL)
    matrix.wait(DAY)
    with pytest.warns(
        ValidityWarning, match=r"1 of 1 tiles keep a gain of 1.*tile 0: its weights cancel in all"
    ) as found:
        assert matrix.calibrate().tolist() == [1.0]
    assert found[0].filename == __file__
    # beside others that are seen, only their tiles are named
    both = programmed(np.hstack([normal((24, 3)), hidden]), drifting, periphery=IDEAL, tile=(24, 3))
    both.wait(DAY)
    with pytest.warns(ValidityWarning, match=r"1 of 2 tiles keep a gain of 1.*tile 1:"):
        gains = both.calibrate()
    assert gains[0] == pytest.approx((DAY / 20.0) ** 0.05, rel=1e-3)
    assert gains[1] == 1.0


def test_outputs_that_do_not_follow_the_weights_are_said(quiet):
    matrix = programmed([[1.0], [1.0]], quiet, periphery=Periphery(dac_bits=None, adc_bits=4, adc_range=1.0))
    with pytest.warns(ValidityWarning, match="what it puts out does not follow its weights"):
        assert matrix.calibrate().tolist() == [1.0]  # all currents round to zero


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (2, 1), (300, 1), (17, 5)])
def test_ordinary_weights_are_seen(drifting, shape):
    for seed in range(5):
        matrix = programmed(normal(shape, seed=seed), drifting, periphery=IDEAL)
        matrix.wait(DAY)
        assert matrix.calibrate()[0] == pytest.approx((DAY / 20.0) ** 0.05, rel=1e-2)


# ---- read voltage, operators, what is kept, pickling


def test_a_read_voltage_that_disturbs_is_refused_at_once():
    cell = load_cell("ibm-90nm-doped-gst")
    limit = cell.parameters.read.largest_voltage
    message = rf"periphery\.read_voltage must be a number in V within \(0, {limit:g}\].*got 0\.5 V"
    check_refused(message, AnalogMatrix, np.eye(2), cell, periphery=Periphery(read_voltage=0.5))
    assert AnalogMatrix(np.eye(2), cell, periphery=Periphery(read_voltage=limit)).shape == (2, 2)


def test_at_means_matvec(quiet):
    weights, x = normal((10, 7)), normal((3, 10), seed=1)
    matrix = programmed(weights, quiet)
    snapshot = matrix.snapshot()
    for inputs in (x, x[0], x.tolist()):
        assert (inputs @ snapshot == snapshot.matvec(inputs)).all()
        np.testing.assert_allclose(inputs @ matrix, matrix.matvec(inputs), rtol=1e-12)
    # an operator applied to one input, as scipy's are: what matvec does, also where the matrix is square
    np.testing.assert_allclose(matrix @ x[0], matrix.matvec(x[0]), rtol=1e-12)
    assert (snapshot @ x[0] == snapshot.matvec(x[0])).all()
    square = programmed(normal((4, 4)), quiet)
    check_refused(r"write x @ matrix for a batch", lambda: square @ np.ones((4, 4)))
    with pytest.raises(TypeError):
        np.ones(4) * square


def test_products_of_one_snapshot_eliminate_once(quiet, monkeypatch):
    weights, x = normal((9, 7)), normal((20, 9), seed=1)
    matrix = programmed(weights, quiet, wires=Wires(**WIRES), tile=(5, 4))
    made = []
    network = linear.network
    monkeypatch.setattr(linear, "network", lambda *arguments: made.append(1) or network(*arguments))
    snapshot = matrix.snapshot()
    found = [snapshot.matvec(row) for row in x]
    assert len(made) == 4 * 2
    fresh = [pickle.loads(pickle.dumps(snapshot)).matvec(row) for row in x]
    assert (np.array(found) == np.array(fresh)).all()


def test_matrices_cross_processes(quiet):
    matrix = programmed(normal((9, 7)), IBM, wires=Wires(**WIRES), tile=(5, 4), selector=None)
    matrix.wait(DAY)
    matrix.calibrate()
    copy = pickle.loads(pickle.dumps(matrix))
    x = normal((3, 9), seed=1)
    assert (copy.gains == matrix.gains).all()
    assert repr(copy) == repr(matrix)
    first, second = matrix.snapshot(), copy.snapshot()
    assert (first.matvec(x) == second.matvec(x)).all()
    assert (copy.matvec(x) == matrix.matvec(x)).all()
    assert repr(first).startswith("Snapshot(AnalogMatrix(9 x 7 on 4 tiles")
    assert len(repr(first)) < 120
    report = pickle.loads(pickle.dumps(matrix.program()))
    assert report.error.shape == (2, 9, 7)


def test_splits_and_parts_cross_processes():
    split = Split([0.0, 0.5, 1.0], [[0, 0, 0, 0], [0, 0, 2e-5, 0], [2e-5, 0, 2e-5, 0]], factor=2.0)
    assert repr(split) == "Split(magnitude=<3, 0 to 1>, targets=<3 x 4, 0 to 2e-05>, factor=2.0)"
    for thing in (split, SeveralPairs(split=split), ReferenceColumn(ceiling=1e-5), Periphery(adc_bits=None)):
        assert repr(pickle.loads(pickle.dumps(thing))) == repr(thing)
    assert (pickle.loads(pickle.dumps(split)).targets == split.targets).all()
