"""The small network of loose lines: ways out, elimination without subtraction, sums to twice the digits."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from pcmphys import Bias, Crossbar, Wires
from pcmphys.crossbar.solver import linear, loose
from pcmphys.crossbar.solver.ends import joined
from tests.crossbar.networks import logarithmic


def network(cells, wires, bias):
    xbar = Crossbar(cells, wires)
    ((ends, _, drives),) = joined(bias.sized(*xbar.shape), wires.per_line(*xbar.shape))
    return linear.network(np.array(cells, dtype=float), ends), drives[0]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_ways_are_the_widest(seed):
    """The best way's weakest link is the largest conductance above which a line is still joined to a terminal."""
    rng = np.random.default_rng(seed)
    rows, columns = (int(n) for n in rng.integers(1, 7, 2))
    cells = logarithmic(rng, 1e-12, 1e-3, (rows, columns)) * (rng.random((rows, columns)) < 0.6)
    ends = [logarithmic(rng, 1e-12, 1e-3, count) * (rng.random(count) < 0.4) for count in (rows, columns)]
    links = np.zeros((rows + columns + 1,) * 2)  # the last node is all terminals
    links[:rows, rows:-1] = cells
    links[:-1, -1] = np.concatenate(ends)
    expected = np.zeros(rows + columns)
    for least in np.sort(links[links > 0.0]):
        _, label = connected_components(csr_array(np.where(links >= least, links, 0.0)), directed=False)
        expected[label[:-1] == label[-1]] = least
    assert (np.concatenate(loose.ways(cells, *ends)) == expected).all()


@pytest.mark.parametrize("seed", range(12))
def test_shifts_against_sixty_digits(seed):
    """Currents of 1 A in circles, leaks below their last digit: each shift to ten digits.

    Sums over the lines without the digits that rounding takes, the twin that must fail, know nothing of the leaks.
    """
    rng = np.random.default_rng([7, seed])
    rows, columns = (int(n) for n in rng.integers(4, 8, 2))
    cells = logarithmic(rng, 1e-3, 1.0, (rows, columns))
    cells[0], cells[:, -1] = 0.0, 0.0
    cells[0, 0], cells[-1, -1] = 1e-17, 3e-18
    left, bottom = np.full(rows, np.nan), np.full(columns, np.nan)
    left[0], bottom[-1] = 1.0, 0.0
    net, drive = network(cells, Wires(), Bias.voltages(rows=left, columns=bottom))
    lines = loose.find(net)
    assert lines.rows.tolist() == list(range(1, rows))
    voltage, x = np.full((rows, columns), 0.3), np.full((rows, columns), 0.3)
    voltage[0], x[:, -1] = 1.0, 0.0
    current = cells * (voltage - x)
    for i, k, j, m in zip(*(rng.integers(1, rows, (2, 30))), *(rng.integers(0, columns - 1, (2, 30))), strict=True):
        size = rng.random()
        for sign, place in ((1, (i, j)), (-1, (i, m)), (1, (k, m)), (-1, (k, j))):
            current[place] += sign * size
    found, exact = np.concatenate(lines.shifts(net, drive, current, voltage, x)), exact_shifts(cells, current)
    np.testing.assert_allclose(found, exact, rtol=1e-10, atol=0)
    assert abs(exact).max() > 0.1
    careless = exact_shifts(cells, current, miss=(-current.sum(axis=1), current.sum(axis=0)))
    assert abs(careless - exact).max() > 1e-3


def exact_shifts(cells, current, miss=None):
    """The same balance with sixty digits: lines 1.. and columns ..-1 are free, the first and the last are held."""
    rows, columns = cells.shape
    free = [*range(1, rows), *range(rows, rows + columns - 1)]
    with mpmath.workdps(60):
        matrix, sums = mpmath.zeros(rows + columns), mpmath.zeros(rows + columns, 1)
        for i in range(rows):
            for j in range(columns):
                g, c = mpmath.mpf(float(cells[i, j])), mpmath.mpf(float(current[i, j]))
                for here, there, sign in ((i, rows + j, -1), (rows + j, i, 1)):
                    matrix[here, here] += g
                    matrix[here, there] -= g
                    sums[here] += sign * c
        if miss is not None:
            sums = mpmath.matrix(np.concatenate(miss).tolist())
        size = len(free)
        small = mpmath.matrix(size, size)
        for a, p in enumerate(free):
            for b, q in enumerate(free):
                small[a, b] = matrix[p, q]
        solved = mpmath.lu_solve(small, mpmath.matrix([sums[p] for p in free]))
        out = np.zeros(rows + columns)
        out[free] = [float(value) for value in solved]
    return out


def test_sums_keep_what_rounding_takes():
    current = np.array([[1.0, 1e-20, -1.0], [1e-17, 1e17, 1.0], [0.0, -1e17, 2.5]])
    of_rows, of_columns = np.empty(3), np.empty(3)
    loose.collected(current, of_rows, of_columns)
    assert of_rows.tolist() == [1e-20, 1e17 + 1.0, -1e17 + 2.5]
    assert of_columns.tolist() == [1.0, 1e-20, 2.5]


def test_ordinary_arrays_have_no_loose_lines():
    rng = np.random.default_rng(3)
    cells = rng.uniform(1e-7, 25e-6, (120, 130))
    for bias in (Bias.matvec(np.ones(120)), Bias.select(3, 5, 1.0, "float"), Bias.select(3, 5, 1.0, "half")):
        net, _ = network(cells, Wires(row=1.0, column=1.0, sense=50.0), bias)
        assert loose.find(net) is None
