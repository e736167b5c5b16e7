"""Eight inputs at once against each by itself."""

import numpy as np
import pytest

from pcmphys import Bias, Crossbar, Wires
from pcmphys.crossbar.solver import batch, linear, lines, polynomial, richardson, side_by_side
from pcmphys.crossbar.solver.ends import joined
from pcmphys.crossbar.solver.woven import woven
from tests.crossbar.networks import logarithmic


def eliminated(cells, wires, left, bottom=0.0, **ends):
    ((found, _, drives),) = joined(
        Bias(left, bottom, **ends).sized(*cells.shape), Wires(**wires).per_line(*cells.shape)
    )
    return linear.network(np.array(cells), found), drives


def abreast(net, drives, lengths):
    """All the drives, side by side: currents (inputs, lines) and residuals."""
    inputs = side_by_side.abreast(drives, linear.Currents.empty(*net.conductance.shape, (len(drives),)))
    side_by_side.solve(woven(net), lengths, inputs, 0, len(drives))
    return inputs


def by_itself(net, drive, lengths):
    """The same steps for one drive, its word lines and bit lines one after the other: currents and residual."""
    shape = net.conductance.shape
    x, current, voltage = (np.empty(shape) for _ in range(3))
    richardson.sweep(net, drive, lengths, x, current, np.zeros((lines.ROOM, shape[1])), np.empty((2, shape[1])))
    own = linear.Currents.empty(*shape)
    return own, linear.measure(net, drive, x, voltage, own)


@pytest.mark.parametrize(
    "wires", [{"row": 1.0, "column": 2.0}, {"row": 20.0, "column": 0.0, "source": 30.0, "sense": 9.0}]
)
@pytest.mark.parametrize("shape", [(40, 33), (1, 9), (9, 1), (6, 5), (7, 4)])
def test_each_input_by_itself(shape, wires):
    """Rounding apart, as the voltages of four word lines are carried from one four to the next."""
    rng = np.random.default_rng(1)
    cells = logarithmic(rng, 1e-7, 3e-5, shape)
    cells[rng.random(shape) < 0.1] = 0.0
    net, drives = eliminated(cells, wires, rng.normal(size=(shape[0], 13)), rng.normal(size=(shape[1], 13)))
    lengths = polynomial.of_network(net, 1e-12)
    answer = abreast(net, drives, lengths)
    for k, drive in enumerate(drives):
        own, residual = by_itself(net, drive, lengths)
        assert max(residual, answer.residual[k]) < 1e-13
        assert abs(residual - answer.residual[k]) < 1e-15
        np.testing.assert_allclose(answer.row_current[k], own.row, rtol=1e-13, atol=1e-15 * np.abs(own.row).max())
        np.testing.assert_allclose(
            answer.column_current[k], own.column, rtol=1e-13, atol=1e-15 * np.abs(own.column).max()
        )


def test_bits_do_not_depend_on_what_is_beside():
    rng = np.random.default_rng(5)
    net, drives = eliminated(
        logarithmic(rng, 1e-7, 3e-5, (30, 21)), {"row": 3.0, "column": 1.0}, rng.normal(size=(30, 19))
    )
    lengths = polynomial.of_network(net, 1e-12)
    together = abreast(net, drives, lengths)
    for some in (slice(0, 1), slice(7, 8), slice(3, 19), slice(18, None, -1), slice(2, 19, 5)):
        for part, all_of_it in zip(abreast(net, drives[some], lengths), together, strict=True):
            assert (part == all_of_it[some]).all()


def test_open_near_ends():
    """Lines that only their cells hold: no current at the open end."""
    rng = np.random.default_rng(2)
    cells = logarithmic(rng, 1e-6, 3e-5, (20, 30))
    left = rng.normal(size=(20, 8))
    left[4] = np.nan
    net, drives = eliminated(cells, {"row": 5.0, "column": 5.0}, left)
    lengths = polynomial.of_network(net, 1e-12)
    answer = abreast(net, drives, lengths)
    assert (answer.row_current[:, 4] == 0.0).all()
    own, residual = by_itself(net, drives[3], lengths)
    assert max(residual, answer.residual[3]) < 1e-15
    np.testing.assert_allclose(answer.column_current[3], own.column, rtol=1e-13)


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
    right = abreast(net, drives, lengths)
    drives[2].row[0, 3] = np.nan
    answer = abreast(net, drives, lengths)
    others = np.arange(8) != 2
    assert np.isnan(answer.residual[2])
    assert (answer.residual[others] == right.residual[others]).all()
