"""Eight inputs at once have the bits of each by itself."""

import numpy as np
import pytest

from pcmphys import Bias, Crossbar, Wires
from pcmphys.crossbar.solver import batch, linear, lines, polynomial, richardson, side_by_side
from pcmphys.crossbar.solver.ends import joined
from tests.crossbar.networks import logarithmic


def eliminated(cells, wires, left, bottom=0.0, **ends):
    ((found, _, drives),) = joined(
        Bias(left, bottom, **ends).sized(*cells.shape), Wires(**wires).per_line(*cells.shape)
    )
    return linear.network(np.array(cells), found), drives


@pytest.mark.parametrize("count", [8, 5, 1])
@pytest.mark.parametrize(
    "wires", [{"row": 1.0, "column": 2.0}, {"row": 20.0, "column": 0.0, "source": 30.0, "sense": 9.0}]
)
@pytest.mark.parametrize("shape", [(40, 33), (1, 9), (9, 1)])
def test_bits_of_each_input_by_itself(shape, wires, count):
    rng = np.random.default_rng(1)
    cells = logarithmic(rng, 1e-7, 3e-5, shape)
    cells[rng.random(shape) < 0.1] = 0.0
    net, drives = eliminated(cells, wires, rng.normal(size=(shape[0], count)), rng.normal(size=(shape[1], count)))
    lengths = polynomial.of_network(net, 1e-12)
    answer = side_by_side.solve(side_by_side.woven(net), drives, lengths)
    x, current, voltage = (np.empty(shape) for _ in range(3))
    for k, drive in enumerate(drives):
        richardson.sweep(net, drive, lengths, x, current, np.zeros((lines.ROOM, shape[1])), np.empty((2, shape[1])))
        own = linear.Currents.empty(*shape)
        residual = linear.measure(net, drive, x, voltage, own)
        assert (answer.row_current[:, k] == own.row).all()
        assert (answer.column_current[:, k] == own.column).all()
        assert answer.residual[k] == residual


def test_open_near_ends():
    """Lines that only their cells hold: no current at the open end, and the bits of each input by itself."""
    rng = np.random.default_rng(2)
    cells = logarithmic(rng, 1e-6, 3e-5, (20, 30))
    left = rng.normal(size=(20, 8))
    left[4] = np.nan
    net, drives = eliminated(cells, {"row": 5.0, "column": 5.0}, left)
    lengths = polynomial.of_network(net, 1e-12)
    answer = side_by_side.solve(side_by_side.woven(net), drives, lengths)
    assert (answer.row_current[4] == 0.0).all()
    x, current, voltage = (np.empty((20, 30)) for _ in range(3))
    richardson.sweep(net, drives[3], lengths, x, current, np.zeros((lines.ROOM, 30)), np.empty((2, 30)))
    own = linear.Currents.empty(20, 30)
    assert linear.measure(net, drives[3], x, voltage, own) == answer.residual[3]
    assert (answer.column_current[:, 3] == own.column).all()


def test_what_does_not_fit():
    cells = np.full((6, 5), 1e-5)
    assert side_by_side.fits(eliminated(cells, {"row": 1.0}, np.ones((6, 2)))[0])
    assert not side_by_side.fits(eliminated(cells, {"row": 1.0}, np.ones((6, 2)), right=0.1)[0])
    assert not side_by_side.fits(eliminated(cells, {"column": 1.0}, np.ones((6, 2)), top=0.1)[0])


def test_an_input_that_is_not_solved_side_by_side_is_solved_by_itself():
    """Steps of a wrong length for one input: its residual tells, and iterations of its own follow."""
    rng = np.random.default_rng(3)
    cells, voltage = rng.uniform(1e-6, 2e-5, (30, 20)), rng.normal(size=(30, 9))
    net, drives = eliminated(cells, {"row": 50.0, "column": 50.0}, voltage)
    inputs = batch.Inputs(net, drives, 1e-12, 100)
    right = Crossbar(cells, Wires(row=50.0, column=50.0)).solve(Bias.matvec(voltage))
    inputs.lengths = np.ones(2)
    found = inputs.solve(0, 9)
    assert all(residual <= 4e-12 for residual, _ in found)
    np.testing.assert_allclose(inputs.currents.column.T, right.column_current, rtol=1e-9, atol=1e-18)


def test_a_number_that_is_none_is_not_lost():
    """A residual of NaN is refused, in one input and without harm to those beside it."""
    rng = np.random.default_rng(4)
    cells = rng.uniform(1e-6, 2e-5, (12, 10))
    net, drives = eliminated(cells, {"row": 5.0, "column": 5.0}, rng.normal(size=(12, 8)))
    lengths = polynomial.of_network(net, 1e-12)
    right = side_by_side.solve(side_by_side.woven(net), drives, lengths)
    drives[2].row[0, 3] = np.nan
    answer = side_by_side.solve(side_by_side.woven(net), drives, lengths)
    others = np.arange(8) != 2
    assert np.isnan(answer.residual[2])
    assert (answer.residual[others] == right.residual[others]).all()
