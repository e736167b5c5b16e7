"""What is told of a matrix that is trained: saturation, clipping, rules that cannot work, and ``x @ matrix``."""

from __future__ import annotations

import numpy as np
import pytest

import pcmphys as pcm

ECRAM = pcm.load_cell("ecram-tang2018")


@pytest.mark.parametrize("rule", [pcm.Sgd(), pcm.TikiTaka(), pcm.Buffered()])
@pytest.mark.parametrize("nothing", ["x", "d"])
def test_an_update_of_zero_saturates_no_line(rule, nothing):
    matrix = pcm.TrainableMatrix((4, 3), ECRAM, rule, seed=1)
    x, d = np.ones((2, 4)), np.array([[-1.0, 0.0, 1.0]] * 2)
    (x if nothing == "x" else d)[:] = 0.0
    matrix.update(x, d, 0.01)
    assert (matrix.counts.saturated, matrix.counts.pulses) == (0, 0)


def test_an_update_that_no_train_can_hold_is_counted():
    matrix = pcm.TrainableMatrix((4, 3), ECRAM, seed=1)
    matrix.update(np.ones(4), np.ones(3), 10.0)
    assert matrix.counts.saturated == 1


def test_weights_out_of_reach_are_clipped_with_a_warning():
    matrix = pcm.TrainableMatrix((4, 3), ECRAM, seed=1, scale=2.0)
    window = ECRAM.parameters.window
    asked = np.zeros((4, 3))
    asked[1, 2] = 2.0 * window.weight_maximum + 1.0
    with pytest.warns(pcm.ValidityWarning, match=f"1 of 12 lie outside of .*{2.0 * window.weight_maximum:g}.*clipped"):
        error = matrix.program(asked)
    assert error[1, 2] < -0.9


@pytest.mark.parametrize(
    ("cell", "rule", "most"),
    [
        ("pcm-nandakumar2018", pcm.OneSided(), 1.0),
        ("capacitor-li2018", pcm.PairCell(pair=pcm.load_cell("pcm-nandakumar2018"), gain=3.0), 3.0),
    ],
)
def test_pairs_reach_as_far_down_as_up(cell, rule, most):
    matrix = pcm.TrainableMatrix((4, 3), pcm.load_cell(cell), rule, seed=1)
    top = most * pcm.load_cell("pcm-nandakumar2018").parameters.window.weight_maximum
    assert matrix.trained.reach == (-top, top)
    matrix.program(np.full((4, 3), -0.9 * top))


@pytest.mark.parametrize("value", [1e101, -1e308])
@pytest.mark.parametrize("kind", [np.array, list])
def test_numbers_that_no_product_could_hold_are_refused(value, kind):
    matrix = pcm.TrainableMatrix((4, 3), ECRAM, seed=1)
    given = kind([value, 1.0, 1.0, 1.0])
    with pytest.raises(pcm.ParameterError, match=r"finite numbers within \[-1e\+100, 1e\+100\]; x\[0\] is"):
        matrix.forward(given)
    assert np.isfinite(matrix.forward([1e99, -1e99, 1e99, 1.0])).all()


def test_at_means_forward():
    one, other = (pcm.TrainableMatrix((4, 3), ECRAM, seed=1) for _ in range(2))
    x = np.arange(8.0).reshape(2, 4)
    assert np.array_equal(x @ one, other.forward(x))
    assert np.array_equal([1.0, 2.0, 3.0, 4.0] @ one, other.forward([1.0, 2.0, 3.0, 4.0]))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: pcm.Buffered(scaled="y"), "scaled must be True or False; got 'y'"),
        (lambda: pcm.Buffered(fast="x"), "fast must be a cell that is trained in place"),
        (lambda: pcm.Chopped(momentum=1.0), "momentum must be less than 1"),
        (lambda: pcm.OneSided(high=0.2, low=0.3), "low must be no more than high"),
        (lambda: pcm.MixedPrecision(high=0.2, low=0.3), "low must be no more than high"),
        (lambda: pcm.TrainableMatrix((4, 3), ECRAM, trains=31), "trains must be an UpdateTrains; got int"),
    ],
)
def test_rules_that_cannot_work_are_refused(make, words):
    with pytest.raises(pcm.ParameterError, match=words):
        make()
