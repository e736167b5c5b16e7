"""Biases: their constructors, shapes, open ends, and what is refused."""

import numpy as np
import pytest

from pcmphys import Bias, Crossbar, Wires
from pcmphys.errors import ParameterError

CELLS = np.full((3, 4), 1e-5)


def test_schemes():
    for scheme, rows, columns in (("half", 0.5, 0.5), ("third", 1 / 3, 2 / 3), ("ground", 0.0, 0.0)):
        bias = Bias.select(1, 2, 1.2, scheme, rows=3, columns=4)
        np.testing.assert_allclose(bias.left, np.where(np.arange(3) == 1, 1.2, rows * 1.2))
        np.testing.assert_allclose(bias.bottom, np.where(np.arange(4) == 2, 0.0, columns * 1.2))
        assert np.isnan(bias.right).all()
        assert np.isnan(bias.top).all()
    bias = Bias.select(1, 2, 1.2, "float", rows=3, columns=4)
    assert np.isnan(bias.left).tolist() == [True, False, True]
    assert np.isnan(bias.bottom).tolist() == [True, True, False, True]


def test_a_selection_takes_the_size_of_the_array():
    solution = Crossbar(CELLS).solve(Bias.select(2, 0, 1.0, "ground"))
    assert solution.column_current.tolist() == [1e-5] * 4
    assert solution.row_current.tolist() == [0.0, 0.0, 4e-5]


def test_the_gate_of_a_selection_opens_its_word_line_only():
    assert Bias.select(1, 0, 1.0, gate=2.5, rows=3, columns=4).gate.tolist() == [0.0, 2.5, 0.0]


def test_numbers_fill_a_side():
    bias = Bias(left=0.5, bottom=0.1, gate=2.0).sized(3, 4)
    assert bias.left.tolist() == [0.5] * 3
    assert bias.bottom.tolist() == [0.1] * 4
    assert bias.gate.tolist() == [2.0] * 3


def test_one_side_may_have_a_batch_and_the_other_not():
    left = np.arange(6.0).reshape(3, 2) / 10
    both = Crossbar(CELLS, Wires(row=2.0, column=1.0)).solve(Bias(left, [0.0, 0.1, 0.0, 0.2]))
    for k in range(2):
        one = Crossbar(CELLS, Wires(row=2.0, column=1.0)).solve(Bias(left[:, k], [0.0, 0.1, 0.0, 0.2]))
        np.testing.assert_allclose(both.column_current[:, k], one.column_current, rtol=0, atol=1e-16)


def test_inputs_of_a_batch_may_leave_different_ends_open():
    left = np.array([[0.3, np.nan, 0.3], [0.2, 0.2, np.nan], [0.1, 0.1, 0.1]])
    xbar = Crossbar(np.arange(1, 13).reshape(3, 4) * 1e-6, Wires(row=2.0, column=1.0))
    both = xbar.solve(Bias.voltages(left, 0.0))
    for k in range(3):
        one = xbar.solve(Bias.voltages(left[:, k], 0.0))
        for name in ("row_current", "column_current"):
            np.testing.assert_allclose(getattr(both, name)[:, k], getattr(one, name), rtol=1e-10, atol=1e-20)
        np.testing.assert_allclose(both.row_voltage[..., k], one.row_voltage, rtol=1e-10)
    assert both.row_current[0, 1] == 0.0


def test_a_ramp_keeps_open_ends_and_gates():
    bias = Bias.select(0, 0, 1.0, "float", gate=2.0, rows=3, columns=4).scaled([0.0, 0.5])
    assert bias.left[0].tolist() == [0.0, 0.5]
    assert np.isnan(bias.left[1:]).all()
    assert bias.gate.tolist() == [2.0, 0.0, 0.0]


def test_a_bias_is_a_copy():
    voltage = np.array([0.1, 0.2])
    bias = Bias.matvec(voltage)
    voltage[:] = 9.0
    assert bias.left.tolist() == [0.1, 0.2]
    with pytest.raises(ValueError, match="read-only"):
        bias.left[0] = 1.0


def test_a_selection_is_scaled_like_a_bias():
    """Without a size as with one: by a number, by a list, one after the other."""
    for scheme in ("half", "third", "float", "ground"):
        for factors in ((0.5,), ([0.0, 0.5, 1.0],), (0.5, [0.0, 1.0]), ([0.0, 1.0], -2.0)):
            free = Bias.select(1, 2, 1.2, scheme)
            sized = Bias.select(1, 2, 1.2, scheme, rows=3, columns=4)
            for factor in factors:
                free, sized = free.scaled(factor), sized.scaled(factor)
            for end in ("left", "bottom", "right", "top"):
                np.testing.assert_allclose(getattr(free.sized(3, 4), end), getattr(sized, end))
            assert free.batch == sized.batch
    xbar = Crossbar(CELLS)
    one, two = xbar.solve(Bias.select(1, 2, 1.2).scaled(0.5)), xbar.solve(Bias.select(1, 2, 0.6))
    assert (one.column_current == two.column_current).all()
    assert xbar.solve(Bias.select(1, 2, 1.2, gate=None).scaled([0.5, 1.0])).column_current.shape == (4, 2)
    assert repr(Bias.select(1, 2, 1.2)) == "Bias.select(1, 2, 1.2, 'half')"


@pytest.mark.parametrize("end", ["left", "bottom", "right", "top"])
def test_masked_voltages_are_refused(end):
    hidden = np.ma.array([0.1, 0.2, 0.3], mask=[False, True, False])
    with pytest.raises(ParameterError, match=f"{end} must not hold masked values"):
        Bias(**({"left": 0.1} | {end: hidden}))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Bias.select(0, 0, 1.0, rows=3), "rows and columns go together"),
        (lambda: Bias.select(0, 0, 1.0, rows=3, columns=0), "columns must be a whole number"),
        (lambda: Bias.select(0, 0, 1.0).scaled(np.nan), "factor"),
        (lambda: Bias.select(0, 0, 1.0).scaled([1.0, 2.0]).scaled([1.0]), "batch of 2"),
        (lambda: Bias.select(0, 0, 0.0), "voltage must not be zero"),
        (lambda: Bias.select(0, 0, 1.0, "halves"), "did you mean 'half'"),
        (lambda: Bias.select(-1, 0, 1.0), "i must be a whole number"),
        (lambda: Bias.select(0, 4, 1.0, rows=3, columns=4), "j must be a whole number within"),
        (lambda: Bias.select(0, 0, np.nan), "voltage"),
        (lambda: Bias.voltages(), "at least one end"),
        (lambda: Bias.voltages([np.nan, np.nan], np.nan), "at least one end"),
        (lambda: Bias.voltages([np.inf, 0.1], 0.0), r"left\[0\] is inf"),
        (lambda: Bias.matvec([np.nan, 0.1]), r"voltage\[0\] is nan"),
        (lambda: Bias.matvec([0.1], gate=[np.nan]), r"gate\[0\] is nan"),
        (lambda: Bias(np.ones((3, 2)), np.ones((4, 3))), "same batch"),
        (lambda: Bias(0.5).scaled([0.0, 1.0]), "one voltage a line"),
        (lambda: Bias(np.ones((3, 2))).scaled([0.0, 1.0]), "batch of 2"),
        (lambda: Bias("a"), "left must be an array of real numbers"),
    ],
)
def test_bad_bias(make, message):
    with pytest.raises(ParameterError, match=message):
        make()


@pytest.mark.parametrize(
    ("bias", "message"),
    [
        (Bias([0.1] * 4), r"left must be a number or have shape \(3,\).* 3 word lines; got shape \(4,\)"),
        (Bias([0.1] * 3, [0.0] * 3), r"bottom .*\(4,\) or \(4, batch\) for 4 bit lines"),
        (Bias(0.1, right=[0.1] * 2), "right"),
        (Bias(0.1, top=[0.1] * 2), "top"),
        (Bias.matvec([0.1] * 3, gate=1.0), "has no gate"),
        (Bias.select(3, 0, 1.0), r"i must be a whole number within \[0, 2\]"),
    ],
)
def test_a_bias_that_does_not_fit(bias, message):
    with pytest.raises(ParameterError, match=message):
        Crossbar(CELLS).solve(bias)


def test_a_line_without_resistance_has_one_voltage():
    with pytest.raises(ParameterError, match=r"word line 1 has no resistance .* 0\.2 V and 0\.3 V"):
        Crossbar(CELLS).solve(Bias([0.1, 0.2, 0.1], right=[0.1, 0.3, np.nan]))
    solution = Crossbar(CELLS).solve(Bias([0.1, 0.2, 0.1], right=[0.1, 0.2, np.nan]))
    assert (solution.right_current == 0.0).all()  # the near terminal gives it all
    np.testing.assert_allclose(solution.column_current, 4e-6, rtol=1e-12)


def test_floating_islands_are_named():
    cells = np.full((3, 4), 1e-5)
    cells[1, :] = 0.0
    cells[:, 2] = 0.0
    with pytest.raises(ParameterError, match="no path to a terminal: word line 1, bit line 2 left open"):
        Crossbar(cells).solve(Bias.voltages([0.1, np.nan, 0.1], [0.0, 0.0, np.nan, 0.0]))
    # an island of a word and a bit line that only touch each other
    cells[1, 2] = 1e-5
    with pytest.raises(ParameterError, match="word line 1, bit line 2"):
        Crossbar(cells, Wires(row=1.0)).solve(Bias.voltages([0.1, np.nan, 0.1], [0.0, 0.0, np.nan, 0.0]))
    # one more cell joins it to a driven line
    cells[1, 0] = 1e-5
    solution = Crossbar(cells, Wires(row=1.0)).solve(Bias.voltages([0.1, np.nan, 0.1], [0.0, 0.0, np.nan, 0.0]))
    assert solution.residual < 1e-11
