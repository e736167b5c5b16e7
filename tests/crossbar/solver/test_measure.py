"""The residual: a violation of Kirchhoff's voltage law counts whatever its sign, on word lines and on bit lines."""

import math

import numpy as np
import pytest

from pcmphys import Bias, Crossbar, Diode, Wires
from pcmphys.crossbar.solver import linear, measure, newton
from pcmphys.crossbar.solver.ends import joined
from pcmphys.errors import ConvergenceError
from tests.crossbar.networks import logarithmic
from tests.crossbar.nonlinear_networks import reference

SHAPE = (9, 7)
WIRES = Wires(row=1.0, column=2.0, source=5.0, sense=4.0)


@pytest.mark.parametrize("worst", [0.0, 1.0, 3.0])
def test_the_larger_of_two_magnitudes(worst):
    for difference in (-2.0, 2.0):
        assert measure.larger(worst, difference) == max(worst, 2.0)
    assert math.isnan(measure.larger(worst, math.nan))
    assert math.isnan(measure.larger(math.nan, -2.0))


def solved():
    """A network, its drive, and the bit-line voltages that solve it to rounding."""
    rng = np.random.default_rng(71)
    cells = logarithmic(rng, 1e-7, 1e-5, SHAPE)
    bias = Bias.matvec(rng.uniform(0.5, 1.0, SHAPE[0])).sized(*SHAPE)
    ((ends, _, drives),) = joined(bias, WIRES.per_line(*SHAPE))
    net = linear.network(cells, ends)
    xbar = Crossbar(cells, WIRES).solve(bias)
    return net, drives[0], np.ascontiguousarray(xbar.column_voltage)


def residual(net, drive, x) -> float:
    """In volts."""
    return linear.measure(net, drive, x, np.empty(SHAPE), linear.Currents.empty(*SHAPE)) * linear.size_of(drive)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_jump_of_a_bit_line_counts_whatever_its_sign(sign):
    """All nodes of a line above one segment moved alike: this segment alone is wrong, and by just that.

    One that counted violations of one sign only would find nothing, as the cells (10 uS at most) change their current
    too little.
    """
    net, drive, x = solved()
    assert residual(net, drive, x) < 1e-14
    for j in range(SHAPE[1]):
        moved = x.copy()
        moved[:4, j] += sign * 1e-6
        assert residual(net, drive, moved) == pytest.approx(1e-6, rel=1e-2)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_jump_of_a_word_line_counts_whatever_its_sign(sign):
    """The same for a word line, all beyond one segment moved by a wrong elimination factor."""
    net, drive, x = solved()
    for i in range(SHAPE[0]):
        before = net.row_factor[i, 3]
        net.row_factor[i, 3] *= 1.0 + sign * 1e-6
        assert residual(net, drive, x) == pytest.approx(1e-6 * drive.row[0, i], rel=2e-2)
        net.row_factor[i, 3] = before


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_sensed_end_that_is_off_counts_whatever_its_sign(sign):
    """A whole bit line too high or too low: wrong at its near end alone, by what its feed and its cells share."""
    net, drive, x = solved()
    moved = x.copy()
    moved[:, 2] += sign * 1e-6
    assert residual(net, drive, moved) == pytest.approx(1e-6, rel=1e-2)


def test_a_nonlinear_solution_obeys_the_voltage_law_too(monkeypatch):
    """Currents that settle are not enough: where the wires' drops do not add up, there is no solution."""
    rng = np.random.default_rng(72)
    xbar = Crossbar(logarithmic(rng, 1e-6, 25e-6, SHAPE), WIRES, Diode(1e-12, ideality=1.5))
    bias = Bias.matvec(rng.uniform(0.5, 1.0, SHAPE[0]))
    assert xbar.solve(bias).residual <= 1e-12
    monkeypatch.setattr(newton.linear, "measure", lambda *arguments: 1e-3)
    with pytest.raises(ConvergenceError) as failed:
        xbar.solve(bias)
    assert failed.value.residual == 1e-3


@pytest.mark.parametrize("right", [0.0, 30.0, 1e4])
def test_currents_of_far_terminals_are_the_oracles(right):
    """Lines driven at both ends, through any resistance: both terminals' currents to nine digits."""
    rng = np.random.default_rng(73)
    wires = Wires(row=1.0, column=2.0, source=5.0, sense=4.0, right=right, top=0.5 * right)
    xbar = Crossbar(logarithmic(rng, 1e-5, 1e-3, SHAPE), wires)
    left, bottom = rng.uniform(0.5, 1.0, SHAPE[0]), rng.uniform(-0.1, 0.1, SHAPE[1])
    bias = Bias(left, bottom, right=left - 0.2, top=bottom + 0.1)
    solution, answer = xbar.solve(bias), reference(xbar, bias)
    for name in ("row_current", "column_current", "right_current", "top_current"):
        exact = getattr(answer, name)
        np.testing.assert_allclose(getattr(solution, name), exact, rtol=0, atol=1e-9 * np.abs(exact).max())
