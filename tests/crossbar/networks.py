"""Random crossbars for the tests, and what may separate an answer from the reference."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from pcmphys import Bias, Crossbar, Wires
from tests.oracles import sparse_crossbar

ACCEPTED = 4e-12
"""Violation on a segment, relative to the largest input, that a solve with the default tolerance may leave."""
RANDOM = 1e-11
"""Error of node voltages in random networks (cells up to 1 mS): violations hardly add up there."""


class Network(NamedTuple):
    cells: np.ndarray
    wires: dict
    voltage: np.ndarray

    def solve(self, **options):
        return Crossbar(self.cells, Wires(**self.wires)).solve(Bias.matvec(self.voltage), **options)

    def reference(self, digits=None):
        return sparse_crossbar.solve(self.cells, self.voltage, **self.wires, digits=digits)


def logarithmic(rng, low, high, size=None):
    return 10 ** rng.uniform(np.log10(low), np.log10(high), size)


def resistance(rng, kind, count):
    if kind == "zero":
        return 0.0
    if kind == "scalar":
        return float(logarithmic(rng, 1e-3, 1e3))
    values = logarithmic(rng, 1e-3, 1e3, count)
    if kind == "some zero":
        values[rng.random(count) < 0.4] = 0.0
    return values


KINDS = ("zero", "scalar", "per line", "some zero")


def random_network(rng, rows, columns, kinds=None, open_cells=None, signs=None) -> Network:
    """Cells of 1 pS to 1 mS, resistances of 1 mohm to 1 kohm; what is None is drawn."""
    row, column, source, sense = rng.choice(KINDS, 4) if kinds is None else kinds
    open_cells = rng.choice([0.0, 0.1, 0.6, 0.95]) if open_cells is None else open_cells
    cells = logarithmic(rng, 1e-12, 1e-3, (rows, columns))
    cells[rng.random((rows, columns)) < open_cells] = 0.0
    signs = rng.choice(["positive", "both"]) if signs is None else signs
    voltage = rng.random(rows) if signs == "positive" else rng.normal(size=rows)
    wires = {
        "row": resistance(rng, row, rows),
        "column": resistance(rng, column, columns),
        "source": resistance(rng, source, rows),
        "sense": resistance(rng, sense, columns),
    }
    return Network(cells, wires, voltage)


@st.composite
def networks(draw, largest=12):
    rows, columns = draw(st.integers(1, largest)), draw(st.integers(1, largest))
    kinds = draw(st.tuples(*[st.sampled_from(KINDS)] * 4))
    open_cells = draw(st.sampled_from([0.0, 0.1, 0.6, 0.95]))
    signs = draw(st.sampled_from(["positive", "both"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return random_network(rng, rows, columns, kinds, open_cells, signs)


def assert_right(network: Network, solution, reference, voltage_error=None):
    """Voltages and currents against a reference.

    A violation of Kirchhoff's voltage law is a hidden source in series with a wire segment. Hidden sources add up
    along the way of the current from a terminal to a node, at most rows + columns segments: so much error is allowed.
    A current may then be wrong by the error of the cell voltage (two nodes) times the conductance on its line.
    """
    rows, columns = network.cells.shape
    largest = np.abs(network.voltage).max()
    allowed = (ACCEPTED * (rows + columns) if voltage_error is None else voltage_error) * largest
    assert solution.residual <= ACCEPTED
    for name in ("row_voltage", "column_voltage"):
        np.testing.assert_allclose(getattr(solution, name), getattr(reference, name), rtol=0, atol=allowed)
    for name, axis in (("row_current", 1), ("column_current", 0)):
        error = np.abs(getattr(solution, name) - getattr(reference, name))
        assert (error <= 2 * allowed * network.cells.sum(axis=axis) + 1e-300).all(), name
