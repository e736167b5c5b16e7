"""What every resistor network obeys: Kirchhoff's current law, power balance, reciprocity, superposition, passivity."""

import numpy as np
import pytest
from hypothesis import given, settings

from pcmphys import Crossbar, Wires
from tests.crossbar.networks import Network, logarithmic, networks, random_network
from tests.oracles.sparse_crossbar import per_line

EPS = np.finfo(float).eps
SCALAR = ("scalar",) * 4


def wire_drops(network, solution):
    """Voltage drop and resistance of every segment: word lines (rows, columns), bit lines (rows, columns)."""
    rows, columns = network.cells.shape
    row, column = solution.row_voltage, solution.column_voltage
    along_rows = np.diff(np.column_stack([network.voltage, row]), axis=1) * -1
    down_columns = np.diff(np.vstack([column, np.zeros(columns)]), axis=0) * -1
    of_rows = np.repeat(np.array(per_line(network.wires.get("row", 0.0), rows))[:, None], columns, axis=1)
    of_rows[:, 0] += per_line(network.wires.get("source", 0.0), rows)
    of_columns = np.repeat(np.array(per_line(network.wires.get("column", 0.0), columns))[None, :], rows, axis=0)
    of_columns[-1] += per_line(network.wires.get("sense", 0.0), columns)
    return along_rows, of_rows, down_columns, of_columns


@pytest.mark.parametrize(("tolerance", "allowed"), [(1e-12, 1e-11), (1e-13, 1e-12)])
@pytest.mark.parametrize(
    ("shape", "low", "high", "wires"),
    [
        ((64, 64), 1e-7, 25e-6, {"row": 5.0, "column": 5.0}),
        ((64, 64), 1e-7, 25e-6, {"row": 1.0, "column": 1.0}),
        ((64, 64), 1e-7, 25e-6, {"row": 0.1, "column": 0.1}),
        ((33, 70), 1e-7, 25e-6, {"row": 2.5, "column": 5.0, "source": 100.0, "sense": 50.0}),
        ((200, 200), 1e-7, 25e-6, {"row": 5.0, "column": 5.0}),
        ((40, 40), 1e-12, 1e-3, {"row": 100.0, "column": 10.0}),
        ((1, 300), 1e-7, 25e-6, {"row": 3.0, "column": 1.0}),
        ((300, 1), 1e-7, 25e-6, {"row": 3.0, "column": 1.0}),
    ],
)
def test_current_law_at_every_node(shape, low, high, wires, tolerance, allowed):
    rng = np.random.default_rng(21)
    network = Network(logarithmic(rng, low, high, shape), wires, rng.random(shape[0]))
    solution = network.solve(tolerance=tolerance)
    along_rows, of_rows, down_columns, of_columns = wire_drops(network, solution)
    in_rows, in_columns = along_rows / of_rows, down_columns / of_columns
    cell = network.cells * (solution.row_voltage - solution.column_voltage)
    row_node = in_rows - cell
    row_node[:, :-1] -= in_rows[:, 1:]
    column_node = cell - in_columns
    column_node[1:] += in_columns[:-1]
    largest = max(np.abs(in_rows).max(), np.abs(in_columns).max())
    # a node voltage rounded to double moves this much current through its wires
    allowed = allowed * largest + 2 * EPS * np.abs(network.voltage).max() / min(wires["row"], wires["column"])
    assert np.abs(row_node).max() <= allowed
    assert np.abs(column_node).max() <= allowed
    # the imbalances of all nodes of a line add up at its end
    np.testing.assert_allclose(solution.row_current, in_rows[:, 0], rtol=0, atol=10 * allowed)
    np.testing.assert_allclose(solution.column_current, in_columns[-1], rtol=0, atol=10 * allowed)
    assert solution.row_current.sum() == pytest.approx(solution.column_current.sum(), rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(networks())
def test_power_balance(network):
    solution = network.solve()
    heat = (network.cells * solution.cell_voltage**2).sum()
    drops = wire_drops(network, solution)
    for drop, resistance in (drops[:2], drops[2:]):
        assert (np.abs(drop[resistance == 0.0]) == 0.0).all()
        heat += (drop[resistance > 0.0] ** 2 / resistance[resistance > 0.0]).sum()
    # a drop below the rounding of the voltages cannot be seen from them
    rounding = (EPS * np.abs(network.voltage).max()) ** 2 * sum((1 / r[r > 0.0]).sum() for r in (drops[1], drops[3]))
    assert abs(solution.power - heat) <= 1e-9 * heat + rounding
    assert heat >= 0.0


@pytest.mark.parametrize("seed", range(6))
def test_reciprocity(seed):
    """The current at j for 1 V at i equals the current at i for 1 V at j: drive the bit lines of the turned array."""
    network = random_network(np.random.default_rng(seed), 9, 7, ("per line",) * 4)
    w = network.wires
    forward = Crossbar(network.cells, Wires(**w)).transfer()
    # seen from its bit lines: they become word lines, fed from the bottom cell on
    turned = Wires(row=w["column"][::-1], source=w["sense"][::-1], column=w["row"][::-1], sense=w["source"][::-1])
    backward = Crossbar(network.cells.T[::-1, ::-1].copy(), turned).transfer()
    # in the turned array the near cell of a word line is the bottom one and the near cell of a bit line the left one
    scale = network.cells.sum(axis=0)[:, None]
    assert (np.abs(forward - backward[::-1, ::-1].T) <= 1e-11 * scale).all()


@settings(max_examples=40, deadline=None)
@given(networks())
def test_superposition(network):
    rng = np.random.default_rng(22)
    one, other = rng.normal(size=(2, network.voltage.size))
    currents = [
        network._replace(voltage=voltage).solve().column_current for voltage in (one, other, 2.0 * one - 3.0 * other)
    ]
    scale = network.cells.sum(axis=0) * 5 * max(np.abs(one).max(), np.abs(other).max())
    assert (np.abs(2.0 * currents[0] - 3.0 * currents[1] - currents[2]) <= 1e-11 * scale).all()


@settings(max_examples=60, deadline=None)
@given(networks())
def test_passivity(network):
    network = network._replace(voltage=np.abs(network.voltage))
    solution = network.solve()
    largest = network.voltage.max()
    slack = 1e-11 * largest
    for voltage in (solution.row_voltage, solution.column_voltage):
        assert voltage.min() >= -slack
        assert voltage.max() <= largest + slack
    assert (solution.column_current >= -slack * network.cells.sum(axis=0)).all()
    assert solution.power >= 0.0
    # no wire makes a column conduct better than its cells
    ideal = network.cells.T @ network.voltage
    assert (solution.column_current <= largest * network.cells.sum(axis=0) * (1 + 1e-11)).all()
    assert solution.column_current.sum() <= ideal.sum() + slack * network.cells.sum()


@pytest.mark.parametrize("seed", range(4))
def test_more_resistance_less_current(seed):
    rng = np.random.default_rng([23, seed])
    network = random_network(rng, 20, 15, SCALAR, 0.1)
    network = network._replace(voltage=np.full(20, 0.2))
    totals = []
    for factor in (0.0, 1.0, 2.0, 10.0, 100.0):
        wires = {name: factor * value for name, value in network.wires.items()}
        totals.append(network._replace(wires=wires).solve().row_current.sum())
    assert (np.diff(totals) < 0.0).all()


def test_a_better_cell_takes_more_current():
    rng = np.random.default_rng(24)
    network = random_network(rng, 12, 10, SCALAR, 0.0, "positive")
    before = network.solve()
    network.cells[4, 6] *= 3.0
    after = network.solve()
    assert after.power > before.power
    assert after.cell_current[4, 6] > before.cell_current[4, 6]
