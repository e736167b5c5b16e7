"""Neighbours as one cell: the mean of what they draw, and what each bit line draws beyond it."""

import numpy as np
import pytest

from pcmphys import Diode, Exponential, Transistor
from pcmphys.crossbar.selectors import Series
from pcmphys.crossbar.solver.cells import Selected
from pcmphys.crossbar.solver.merging import Merged

DIODE = Diode(saturation_current=1e-12, ideality=1.5)
COUNT = 16


def empty(shape):
    return Series(np.empty(shape), np.empty(shape), np.full(shape, np.nan))


def groups(columns):
    return [slice(first, min(first + COUNT, columns)) for first in range(0, columns, COUNT)]


def of_all(cells, selector, voltage, gate=None):
    """Current and slope of each cell at the voltage of its group: the twin."""
    series = empty(cells.shape)
    everywhere = np.repeat(voltage, COUNT, axis=1)[:, : cells.shape[1]]
    Selected(cells, selector, gate).evaluate(everywhere, series)
    return series.current, series.slope


def log_uniform(columns, rng):
    return 10.0 ** rng.uniform(-6.0, np.log10(25e-6), (5, columns))


def two_kinds(columns, rng):
    return np.where(rng.random((5, columns)) < 0.2, 20e-6, 0.1e-6)


def on_and_open(columns, rng):
    return np.where(rng.random((5, columns)) < 0.6, 20e-6, 0.0)


@pytest.mark.parametrize("columns", [48, 37])
@pytest.mark.parametrize(("cells", "bound"), [(log_uniform, 0.06), (two_kinds, 1e-9), (on_and_open, 1e-9)])
@pytest.mark.parametrize(
    "selector", [DIODE, Exponential(current=1e-9, voltage=0.1), Transistor(0.4, transconductance=2e-4)]
)
def test_draws_the_mean_of_what_the_neighbours_draw(selector, cells, bound, columns):
    rng = np.random.default_rng(columns)
    cells, voltage = cells(columns, rng), rng.uniform(0.4, 1.0, (5, len(groups(columns))))
    gate = np.full(5, 1.2) if selector.gated else None
    merged, found = Merged(cells, COUNT, selector, gate), empty(voltage.shape)
    for _ in range(2):  # the second time from its own inner nodes
        merged.evaluate(voltage, found)
    one, mean = empty(voltage.shape), np.stack([cells[:, own].mean(axis=1) for own in groups(columns)], axis=1)
    Selected(mean, selector, gate).evaluate(voltage, one)
    for part, all_of_it, plain in zip(found[:2], of_all(cells, selector, voltage, gate), one[:2], strict=True):
        right = np.stack([all_of_it[:, own].mean(axis=1) for own in groups(columns)], axis=1)
        assert np.abs(part / right - 1.0).max() <= bound
        assert np.abs(part - right).max() < 0.2 * np.abs(plain - right).max()  # one cell of the mean conductance


def test_equal_neighbours_are_any_of_them():
    voltage, found, right = np.full((3, 2), 0.7), empty((3, 2)), empty((3, 2))
    Merged(np.full((3, 20), 5e-6), COUNT, DIODE, None).evaluate(voltage, found)
    Selected(np.full((3, 2), 5e-6), DIODE).evaluate(voltage, right)
    np.testing.assert_array_equal(found.current, right.current)


def test_open_neighbours_draw_nothing():
    cells = np.zeros((2, 32))
    cells[1, 20] = 1e-5
    merged, found = Merged(cells, COUNT, DIODE, None), empty((2, 2))
    merged.evaluate(np.full((2, 2), 0.7), found)
    assert merged.conducts.tolist() == [[False, False], [False, True]]
    assert ((found.current > 0.0) == merged.conducts).all()


@pytest.mark.parametrize("cells", [log_uniform, two_kinds, on_and_open])
@pytest.mark.parametrize("together", [2, 5])
def test_what_bit_lines_get_beyond_the_mean(cells, together):
    rng = np.random.default_rng(together)
    cells, voltage = cells(37, rng), rng.uniform(0.5, 0.9, (5, 3))
    merged = Merged(cells, COUNT, DIODE, None)
    merged.evaluate(voltage, empty(voltage.shape))
    found = merged.beyond_mean(together)
    current, _ = of_all(cells, DIODE, voltage)
    apart = np.concatenate(
        [current[:, own] - current[:, own].mean(axis=1, keepdims=True) for own in groups(37)], axis=1
    )
    right = np.add.reduceat(apart, np.arange(0, 5, together), axis=0)
    assert found.shape == right.shape
    assert np.abs(found - right).max() <= 0.1 * np.abs(right).max()
    for own in groups(37):
        assert np.abs(found[:, own].sum(axis=1)).max() <= 1e-9 * np.abs(right).max()
