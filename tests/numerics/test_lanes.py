"""Eight numbers side by side, held against numpy."""

import numpy as np
import pytest

from pcmphys.numerics.compile import kernel
from pcmphys.numerics.lanes import LANES, down, eight, everywhere, larger_of, load, neighbours, store, store_down, total


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


@kernel
def gathered(numbers, values, first, last, out):
    """What lies side by side, and one below the other; and the latter put back."""
    store(neighbours(numbers, first, last), 0, out)
    store(down(values, first, last, 3), 1, out)
    store_down(neighbours(numbers, first, last), 2, values)


@pytest.mark.parametrize(("first", "last"), [(0, 20), (8, 11), (20, 20), (13, 20)])
def test_neighbours_and_columns(first, last):
    rng = np.random.default_rng(3)
    numbers, values, out = rng.normal(size=21), rng.normal(size=(21, 5)), np.empty((2, LANES))
    before, rows = values.copy(), np.minimum(np.arange(first, first + LANES), last)
    gathered(numbers, values, first, last, out)
    assert (out[0] == numbers[rows]).all()
    assert (out[1] == before[rows, 3]).all()
    assert (values[:LANES, 2] == numbers[rows]).all()
    before[:LANES, 2] = values[:LANES, 2]
    assert (values == before).all()


@kernel
def sums_of_eight(values, first, out):
    """Eight neighbours from each place on, and their sum."""
    for k in range(first.size):
        found = eight(values, first[k])
        store(found, k, out)
        out[k, 0] = total(found)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_eight_of_either_precision_and_their_sum(dtype):
    values, first, out = np.random.default_rng(4).normal(size=11).astype(dtype), np.arange(4), np.empty((4, LANES))
    sums_of_eight(values, first, out)
    for k in first:
        x = values[k : k + LANES].astype(float)
        assert np.array_equal(out[k, 1:], x[1:])
        assert out[k, 0] == ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]))
