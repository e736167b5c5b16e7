"""Sums over lines of weights: in the order that is stated, with the same bits for one input and for four."""

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.numerics.random import U64
from pcmphys.training import sums
from tests.cells.pulsed.technologies import cell

SHAPES = [(1, 1), (3, 7), (5, 8), (9, 16), (6, 31), (4, 32), (7, 41), (2, 64), (5, 77)]
FIRST, BEHIND = 3, 2
"""Columns of the array before and behind those that are summed."""


def block(rows, columns, dtype, seed=1):
    """An array that holds the block from its column `FIRST` on; four levels a line, and four a column."""
    random = np.random.default_rng(seed)
    array = random.normal(size=(rows, FIRST + columns + BEHIND)).astype(dtype)
    return array, random.normal(size=(4, rows)), random.normal(size=(4, columns))


def in_order(factors, lines):
    """One line after the other, each times its factor."""
    found = np.zeros(lines.shape[1])
    for factor, line in zip(factors, lines.astype(float), strict=True):
        found = found + factor * line
    return found


def in_lanes(levels, line):
    """Every 32nd product to its sum; then the upper half of the sums onto the lower one."""
    found = np.zeros(32)
    for k, (level, weight) in enumerate(zip(levels, line.astype(float), strict=True)):
        found[k % 32] += level * weight
    while found.size > 1:
        found = found[: found.size // 2] + found[found.size // 2 :]
    return found[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_sums_are_those_in_their_order(rows, columns, dtype):
    array, across_levels, along_levels = block(rows, columns, dtype)
    array_of, inner = array.reshape(-1), array[:, FIRST : FIRST + columns]
    first, across = U64(FIRST), array.shape[1]
    lines = (np.arange(rows) * across + FIRST).astype(np.uint64)
    four = np.full((4, -(-columns // 8), 8), np.nan)
    sums.add_lines_of_four(rows, across_levels, lines, array_of, columns, four)
    padded = np.zeros((4, sums.padded(columns)))
    padded[:, :columns] = along_levels
    each, end = np.full((4, rows), np.nan), np.zeros(32)
    sums.along_four(padded, first, across, columns, array_of, end, each)
    for k in range(4):
        out = np.zeros(columns)
        sums.add_lines(rows, across_levels[k], lines, array_of, out)
        assert np.array_equal(out, in_order(across_levels[k], inner))
        assert np.array_equal(four[k].reshape(-1)[:columns], out)
        own = np.full(rows, np.nan)
        sums.along_each(padded[k], first, across, columns, array_of, end, own)
        assert np.array_equal(own, [in_lanes(along_levels[k], line) for line in inner])
        assert np.array_equal(each[k], own)
    # in another order the last digits are others
    assert rows * columns < 100 or not np.array_equal(own, inner.astype(float) @ along_levels[3])


@pytest.mark.parametrize("zeros", [0.0, 0.3, 0.9, 1.0])
@pytest.mark.parametrize("name", ["rram-gong2018-softbounds", "pcm-nandakumar2018"])
@pytest.mark.parametrize("wires", [None, pcm.Wires(row=2.0, column=2.0)])
def test_products_of_a_batch_have_the_bits_of_each_alone(zeros, name, wires):
    """Four inputs at a time or one; few or many of them zero; read noise is that of each input."""
    rule = pcm.OneSided() if cell(name).one_sided else pcm.Sgd()
    random = np.random.default_rng(2)
    x, d = random.uniform(-1.0, 1.0, (7, 21)), random.uniform(-1.0, 1.0, (7, 43))
    x[random.random(x.shape) < zeros] = 0.0
    matrix = pcm.TrainableMatrix((21, 43), cell(name), rule, seed=3, tile=(16, 40), wires=wires)
    matrix.update(random.uniform(-1.0, 1.0, (9, 21)), random.uniform(-1.0, 1.0, (9, 43)), 0.1)
    together, alone = matrix.copy(), matrix.copy()
    assert np.array_equal(together.forward(x), [alone.forward(one) for one in x])
    assert np.array_equal(together.backward(d), [alone.backward(one) for one in d])
    assert together.counts == alone.counts
