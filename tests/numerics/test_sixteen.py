"""Sixteen neighbours at once, held against numpy; and that asking for memory ahead changes nothing."""

from typing import NamedTuple

import numpy as np
import pytest

from pcmphys.numerics.compile import kernel
from pcmphys.numerics.prefetch import fetch_ahead
from pcmphys.numerics.sixteen import SIXTEEN, largest_of, look_up, sum_of


@kernel
def across(values, first, out):
    """Sum and largest of sixteen neighbours."""
    out[0], out[1] = sum_of(values, first), largest_of(values, first)


@kernel
def from_table(table, step, values, entry, first, second):
    """What a table holds for sixteen entries, and right after them."""
    look_up(table, step, values, entry, first, second)


def halves(values):
    """The sum in the order that the docstring tells of: halves together, and again."""
    while values.size > 1:
        values = values[: values.size // 2] + values[values.size // 2 :]
    return values[0]


@pytest.mark.parametrize("first", [0, 3, 7])
def test_sum_and_largest_of_neighbours_wherever_they_stand(first):
    values, out = np.random.default_rng(first).normal(size=23), np.empty(2)
    across(values, first, out)
    part = values[first : first + SIXTEEN]
    assert out[0] == halves(part)
    assert out[0] == pytest.approx(part.sum(), rel=1e-13)
    assert out[1] == part.max()


def test_no_neighbour_is_left_out():
    for s in range(SIXTEEN):
        values, out = np.zeros(SIXTEEN + 2), np.empty(2)
        values[0], values[-1] = 7.0, 7.0  # these are not meant
        values[1 + s] = 1.0
        across(values, 1, out)
        assert out.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("step", [1, 2])
def test_a_table_is_read_at_the_whole_part_of_an_entry_and_right_after(step):
    rng = np.random.default_rng(step)
    table = rng.normal(size=(40, 2)) if step == 2 else rng.normal(size=40)
    values = np.full(5 * SIXTEEN, np.nan)
    entries = values[SIXTEEN : 2 * SIXTEEN]
    entries[:] = rng.uniform(0.0, 38.999, SIXTEEN)
    entries[:3] = 0.0, 38.0, 0.999
    before = entries.copy()
    from_table(table, step, values, SIXTEEN, 2 * SIXTEEN, 4 * SIXTEEN)
    k = step * before.astype(int)
    assert (entries == before).all()
    assert (values[2 * SIXTEEN : 3 * SIXTEEN] == table.reshape(-1)[k]).all()
    assert (values[4 * SIXTEEN :] == table.reshape(-1)[k + 1]).all()
    assert np.isnan(values[:SIXTEEN]).all()
    assert np.isnan(values[3 * SIXTEEN : 4 * SIXTEEN]).all()


class Cells(NamedTuple):
    """Arrays with rows of different lengths and kinds."""

    wide: np.ndarray
    narrow: np.ndarray


@kernel
def doubled(start, stop, cells, out):
    """Twice the sum of each cell's row, the next one asked for ahead."""
    for i in range(start, stop):
        fetch_ahead(cells, min(i + 1, stop - 1))
        fetch_ahead(cells.wide, i)
        out[i] = 2.0 * (cells.wide[i].sum() + cells.narrow[i])


def test_memory_asked_for_ahead_is_only_read():
    rng = np.random.default_rng(1)
    cells = Cells(rng.normal(size=(9, 16, 3)), rng.normal(size=9).astype(np.float32))
    kept, out = Cells(*(part.copy() for part in cells)), np.empty(9)
    doubled(0, 9, cells, out)
    assert out == pytest.approx(2.0 * (kept.wide.sum(axis=(1, 2)) + kept.narrow))
    assert all((part == before).all() for part, before in zip(cells, kept, strict=True))
