"""Products: right, of the same bits for any threads, slices and neighbours, and not BLAS's."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcmphys.numerics import product as products
from pcmphys.numerics.product import length, product


def in_order(left, right):
    """The oracle: each sum over its terms, one after the other."""
    out = np.zeros((left.shape[0], right.shape[1]))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for k in range(right.shape[0]):
                out[i, j] = out[i, j] + left[i, k] * right[k, j]
    return out


@given(st.integers(0, 7), st.integers(0, 13), st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_each_sum_runs_over_its_terms_in_order(rows, terms, columns, seed):
    rng = np.random.default_rng(seed)
    left, right = rng.normal(size=(rows, terms)) * 10.0 ** rng.integers(-8, 8), rng.normal(size=(terms, columns))
    assert np.array_equal(product(left, right), in_order(left, right))


def test_it_is_the_product():
    rng = np.random.default_rng(1)
    left, right = rng.normal(size=(60, 200)), rng.normal(size=(200, 70))
    np.testing.assert_allclose(product(left, right), left @ right, rtol=0.0, atol=1e-12)
    assert length(left) == pytest.approx(np.linalg.norm(left), rel=1e-14)


def test_bits_depend_on_neither_threads_nor_neighbours_nor_memory(monkeypatch):
    rng = np.random.default_rng(2)
    left, right = rng.normal(size=(64, 33)), rng.normal(size=(33, 19))
    whole = product(left, right)
    assert np.array_equal(product(left[10:20], right), whole[10:20])
    assert np.array_equal(product(left, right[:, 3:7]), whole[:, 3:7])
    assert np.array_equal(product(np.asfortranarray(left), right.T.copy().T), whole)
    monkeypatch.setattr(products, "_PRODUCTS_PER_THREAD", 1)
    before = numba.get_num_threads()
    try:
        for threads in (1, 2, 3):
            numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
            assert np.array_equal(product(left, right), whole)
    finally:
        numba.set_num_threads(before)
    # the twin: summed backwards, as a machine with other habits would
    assert not np.array_equal(product(left[:, ::-1], right[::-1]), whole)


def test_matrices_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"shapes \(2, 3\) and \(2, 2\) have no product"):
        product(np.zeros((2, 3)), np.zeros((2, 2)))
