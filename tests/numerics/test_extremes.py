"""Least and largest of many numbers against NumPy's, on one thread and more; NaN of either sign comes through."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pcmphys.numerics import extremes as room
from pcmphys.numerics.compile import single_thread
from pcmphys.numerics.extremes import extremes


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(room, "_FEW", 1)


NUMBERS = st.floats(allow_nan=False, allow_infinity=True, allow_subnormal=True)


@given(values=arrays(float, st.integers(1, 70), elements=NUMBERS))
def test_extremes_are_those_of_numpy(values):
    assert extremes(values) == (values.min(), values.max())
    with single_thread():
        assert extremes(values) == (values.min(), values.max())


def test_any_shape():
    values = np.random.default_rng(5).normal(size=(7, 41))
    assert extremes(values) == (values.min(), values.max())
    assert extremes(np.array(3.0)) == (3.0, 3.0)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("place", [0, 16, 150, 286])
def test_a_nan_comes_through(place, sign):
    values = np.random.default_rng(5).normal(size=287)
    values[place] = math.copysign(math.nan, sign)
    assert all(math.isnan(found) for found in extremes(values))


def test_infinities_are_numbers():
    assert extremes(np.array([1.0, -math.inf, math.inf])) == (-math.inf, math.inf)


def test_few_numbers_need_no_kernel(monkeypatch):
    monkeypatch.setattr(room, "_FEW", 4)
    monkeypatch.setattr(room, "launch", None)
    assert extremes(np.array([1.0, -2.0, 5.0])) == (-2.0, 5.0)
