"""Eight numbers side by side, held against numpy."""

import numpy as np
import pytest

from pcmphys.numerics.compile import kernel
from pcmphys.numerics.lanes import LANES, everywhere, larger_of, load, store


@kernel
def every_operation(x, y, number, out):
    """Each operation, a row of the answer each."""
    store(load(x, 0) + load(y, 1), 0, out)
    store(load(x, 0) - load(y, 1), 1, out)
    store(load(x, 0) * load(y, 1), 2, out)
    store(number * load(x, 0), 3, out)
    store(load(x, 0) - number, 4, out)
    store(everywhere(number), 5, out)
    store(2 + load(x, 0), 6, out)
    store(larger_of(load(x, 0) * load(x, 0), load(y, 1)), 7, out)


def test_operations_are_those_of_numpy():
    rng = np.random.default_rng(1)
    x, y, out = rng.normal(size=(2, LANES)), rng.normal(size=(2, LANES)), np.empty((8, LANES))
    every_operation(x, y, 0.3, out)
    a, b = x[0], y[1]
    expected = [a + b, a - b, a * b, 0.3 * a, a - 0.3, np.full(LANES, 0.3), 2 + a, np.maximum(a * a, np.abs(b))]
    for found, right in zip(out, expected, strict=True):
        assert (found == right).all()


@kernel
def prefix(values, factor, out):
    """A recursion along the rows."""
    total = everywhere(0.0)
    for i in range(values.shape[0]):
        total = factor[i] * (total + load(values, i))
        store(total, i, out)


def test_a_recursion_has_the_bits_of_each_alone():
    rng = np.random.default_rng(2)
    values, factor, out = rng.normal(size=(50, LANES)), rng.normal(size=50), np.empty((50, LANES))
    prefix(values, factor, out)
    for k in range(LANES):
        total = 0.0
        for i in range(50):
            total = factor[i] * (total + values[i, k])
            assert out[i, k] == total


@pytest.mark.parametrize(
    ("worst", "difference", "right"),
    [(1.0, -2.0, 2.0), (3.0, -2.0, 3.0), (np.nan, 1.0, np.nan), (1.0, np.nan, np.nan), (0.0, -0.0, 0.0)],
)
def test_larger_magnitude_lets_not_a_number_through(worst, difference, right):
    x, y, out = np.full((2, LANES), worst), np.full((2, LANES), difference), np.empty((8, LANES))
    larger(x, y, out)
    np.testing.assert_array_equal(out[0], np.full(LANES, right))


@kernel
def larger(x, y, out):
    """The larger magnitude of two."""
    store(larger_of(load(x, 0), load(y, 0)), 0, out)
