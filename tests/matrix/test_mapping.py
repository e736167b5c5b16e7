"""Weights to pairs of conductances and back: nothing lost, nothing outside the cell's range."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pcmphys import DifferentialPair

PAIR = DifferentialPair()
WEIGHTS = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=5),
    elements=st.floats(-1e6, 1e6).map(lambda w: w if abs(w) > 1e-6 else 0.0),
)  # fmt: skip
MAXIMUM = st.floats(1e-9, 1e-2)


@given(weights=WEIGHTS, maximum=MAXIMUM)
def test_there_and_back(weights, maximum):
    scale = PAIR.scale(weights, maximum)
    back = PAIR.weights(PAIR.targets(weights, scale, maximum), scale)
    np.testing.assert_allclose(back, weights, rtol=1e-15 * 4, atol=0.0)


@given(weights=WEIGHTS, maximum=MAXIMUM)
def test_targets_are_in_the_cells_range_and_one_of_each_pair_is_zero(weights, maximum):
    targets = PAIR.targets(weights, PAIR.scale(weights, maximum), maximum)
    assert targets.shape == (2, *weights.shape)
    assert targets.min() >= 0.0
    assert targets.max() <= maximum  # not even by a rounding error
    assert not (targets[0] * targets[1]).any()
    assert ((targets[0] > 0.0) == (weights > 0.0)).all()
    assert ((targets[1] > 0.0) == (weights < 0.0)).all()
    assert targets.max() >= maximum * (1.0 - 1e-15) or not weights.any()


@given(weights=WEIGHTS, maximum=MAXIMUM)
def test_opposite_weights_swap_the_devices(weights, maximum):
    scale = PAIR.scale(weights, maximum)
    assert PAIR.scale(-weights, maximum) == scale
    assert (PAIR.targets(-weights, scale, maximum) == PAIR.targets(weights, scale, maximum)[::-1]).all()


def test_the_largest_magnitude_gets_the_largest_conductance():
    weights = np.array([[0.5, -4.0], [1.0, 2.0]])
    scale = PAIR.scale(weights, 2e-5)
    assert scale == pytest.approx(4.0 / 2e-5, rel=1e-15)
    targets = PAIR.targets(weights, scale, 2e-5)
    np.testing.assert_allclose(targets[0], [[2.5e-6, 0.0], [5e-6, 1e-5]], rtol=1e-14)
    np.testing.assert_allclose(targets[1], [[0.0, 2e-5], [0.0, 0.0]], rtol=1e-14)


def test_zeros_alone_get_the_scale_of_one():
    weights = np.zeros((2, 3))
    scale = PAIR.scale(weights, 2e-5)
    assert scale == 1.0 / 2e-5
    assert not PAIR.targets(weights, scale, 2e-5).any()


def test_devices_of_a_weight_count_against_each_other():
    conductance = np.array([[[3e-6, 1e-6]], [[1e-6, 4e-6]]])
    np.testing.assert_allclose(PAIR.weights(conductance, 1e6), [[2.0, -3.0]], rtol=1e-14)


def test_the_callers_weights_are_not_changed():
    weights = np.array([[1.0, -2.0]])
    PAIR.targets(weights, PAIR.scale(weights, 1e-5), 1e-5)
    assert weights.tolist() == [[1.0, -2.0]]
