"""The correction of what is smooth: its coarse crossbar against dense matrices, and how few iterations it leaves."""

import numpy as np
import pytest

from pcmphys import Bias, Crossbar, Wires
from pcmphys.crossbar.solver import coarse, linear, two_grid
from pcmphys.crossbar.solver.ends import joined
from pcmphys.crossbar.solver.lines import FAR, FEED, WIRE
from tests.crossbar.networks import Network, assert_right, logarithmic

EVERY = {"row": 30.0, "column": 20.0, "source": 5.0, "sense": 70.0, "right": 11.0, "top": 13.0}


def eliminated(cells, wires, voltage, **ends):
    """Network and drive of an array, the far ends open unless given."""
    bias = Bias(voltage, 0.0, **ends).sized(*cells.shape)
    ((found, _, (drive,)),) = joined(bias, Wires(**wires).per_line(*cells.shape))
    return linear.network(np.array(cells), found), drive


def uniform(rows, columns, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.1e-6, 25e-6, (rows, columns)), rng.uniform(0.05, 0.2, rows)


def hats(nodes, count):
    """Bilinear functions on evenly spaced points, (nodes, points)."""
    place = np.linspace(0, count - 1, nodes)
    return np.maximum(1.0 - np.abs(place[:, None] - np.arange(count)), 0.0)


def ladder(line):
    """Conductance matrix of one line without its cells; ``line`` = (wire, feed, far) and its number of nodes."""
    wire, feed, far, nodes = line
    steps = np.diff(np.eye(nodes), axis=0)
    matrix = steps.T @ steps / wire
    matrix[0, 0] += 1.0 / feed
    matrix[-1, -1] += far
    return matrix


def dense(net):
    """Both fields' conductance matrix: word lines first, each node after node."""
    rows, columns = net.conductance.shape
    whole = np.zeros((2, rows, columns, 2, rows, columns))
    for i in range(rows):
        whole[0, i, :, 0, i, :] += ladder((*net.row_line[[WIRE, FEED, FAR], i], columns))
    for j in range(columns):
        # the near end of a bit line is its last node
        whole[1, :, j, 1, :, j] += ladder((*net.column_line[[WIRE, FEED, FAR], j], rows))[::-1, ::-1]
    for i in range(rows):
        for j in range(columns):
            g = net.conductance[i, j]
            whole[:, i, j, :, i, j] += g * np.array([[1.0, -1.0], [-1.0, 1.0]])
    return whole.reshape(2 * rows * columns, -1)


def test_places_are_those_of_hats():
    cells, voltage = uniform(37, 61)
    net, _ = eliminated(cells, EVERY, voltage, right=0.1, top=0.0)
    found = coarse.of_network(net, (5, 9))
    for places, nodes, count in ((found.row, 37, 5), (found.column, 61, 9)):
        matrix = np.zeros((nodes, count))
        matrix[np.arange(nodes), places.before] = 1.0 - places.share
        matrix[np.arange(nodes), places.before + 1] += places.share
        np.testing.assert_allclose(matrix, hats(nodes, count), atol=1e-13)


def test_coarse_crossbar_has_the_energy_of_smooth_voltages():
    """Voltages that fall evenly along the lines: their energy in wires, ends and cells is that of the coarse ones."""
    cells, voltage = uniform(49, 65)
    net, _ = eliminated(cells, EVERY, voltage, right=0.1, top=0.0)
    small = coarse.of_network(net, (7, 9)).net
    row, column = np.linspace(1.0, 0.3, 9) * np.ones((7, 1)), np.linspace(-0.2, 0.8, 7)[:, None] * np.ones(9)
    few = np.concatenate([row.ravel(), column.ravel()])
    many = np.concatenate([(hats(49, 7) @ part @ hats(65, 9).T).ravel() for part in (row, column)])
    assert few @ dense(small) @ few == pytest.approx(many @ dense(net) @ many, rel=2e-3)


def test_a_correction_solves_the_coarse_crossbar():
    cells, voltage = uniform(49, 65, seed=3)
    net, _ = eliminated(cells, EVERY, voltage, right=0.1, top=0.0)
    found = coarse.of_network(net, (7, 9))
    excess = np.random.default_rng(4).normal(size=(49, 65)) * 1e-6
    found.strip[...] = hats(49, 7).T @ excess
    largest = coarse.correct(found)
    points = (hats(49, 7).T @ excess @ hats(65, 9)).ravel()
    exact = np.linalg.solve(dense(found.net), np.concatenate([points, 0.0 * points]))[63:].reshape(7, 9)
    size = np.abs(exact).max()
    assert largest == pytest.approx(size, rel=10 * coarse.REDUCTION)
    np.testing.assert_allclose(found.strip, exact @ hats(65, 9).T, rtol=0, atol=10 * coarse.REDUCTION * size)


@pytest.mark.parametrize("wires", [{"row": 30.0, "column": 20.0}, EVERY, {"row": 5.0, "column": 80.0, "sense": 1e3}])
@pytest.mark.parametrize("shape", [(90, 70), (64, 128)])
def test_answers(shape, wires):
    cells, voltage = uniform(*shape)
    network = Network(cells, {k: v for k, v in wires.items() if k not in ("right", "top")}, voltage)
    solution = network.solve()
    assert_right(network, solution, network.reference(), 1e-11)
    assert solution.iterations <= 9


@pytest.mark.parametrize("resistance", [0.25, 1.0, 5.0])
@pytest.mark.parametrize("size", [256, 512, pytest.param(2048, marks=pytest.mark.slow)])
def test_iterations_do_not_grow_with_the_array(size, resistance):
    cells, voltage = uniform(size, size, size)
    wires = Wires(row=resistance, column=resistance)
    assert Crossbar(cells, wires).solve(Bias.matvec(voltage)).iterations <= 8


@pytest.mark.parametrize("size", [256, 512, pytest.param(2048, marks=pytest.mark.slow)])
def test_iterations_on_lines_that_lose_most_of_their_voltage(size):
    cells, voltage = uniform(size, size, size)
    solution = Crossbar(cells, Wires(row=500.0, column=500.0)).solve(Bias.matvec(voltage))
    assert solution.iterations <= 20
    assert solution.residual <= 4e-12


def test_where_nothing_is_smooth_conjugate_gradients_go_on():
    """Shorts at random: iterations between lines gain little, and the answer is as right as ever."""
    rng = np.random.default_rng(5)
    cells = logarithmic(rng, 1e-7, 1e-5, (60, 60))
    cells[rng.random(cells.shape) < 0.003] = 1e-2
    voltage = rng.uniform(0.1, 0.3, 60)
    network = Network(cells, {"row": 100.0, "column": 100.0}, voltage)
    net, drive = eliminated(network.cells, network.wires, voltage)
    x, y = np.zeros_like(cells), np.empty_like(cells)
    iterations, enough = two_grid.improve(net, drive, x, y, 1e-12, 100)
    assert iterations > 0
    assert not enough
    assert_right(network, network.solve(), network.reference())


@pytest.mark.parametrize(
    "wires",
    [{"row": 0.0, "column": 5.0}, {"row": np.where(np.arange(80) == 3, 1e4, 1.0), "column": 5.0}, {"row": 1e-3}],
)
def test_where_a_coarse_crossbar_does_not_fit_or_pay(wires):
    cells, voltage = uniform(80, 80)
    net, drive = eliminated(cells, {"column": 1e-3} | wires, voltage)
    assert two_grid.improve(net, drive, np.zeros_like(cells), np.empty_like(cells), 1e-12, 100) == (0, False)
