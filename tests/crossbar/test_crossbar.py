"""What Crossbar, Wires and Bias take, refuse, copy and keep."""

import pickle

import numpy as np
import pytest
import xarray as xr

import pcmphys
from pcmphys import Bias, Crossbar, Wires
from pcmphys.errors import ParameterError
from tests.crossbar.networks import logarithmic


@pytest.fixture
def cells():
    return logarithmic(np.random.default_rng(41), 1e-6, 1e-4, (4, 3))


VOLTAGE = np.array([0.1, -0.2, 0.3, 0.05])

# --- cells


def test_names_of_dimensions_are_not_read_the_wrong_way(cells):
    named = xr.DataArray(cells, dims=("row", "column"))
    assert (Crossbar(named).conductance == cells).all()
    with pytest.raises(ParameterError, match=r"cells: its dimensions are \(column, row\)"):
        Crossbar(named.T)


@pytest.mark.parametrize(
    ("place", "value", "shown"),
    [((2, 1), np.nan, "nan"), ((0, 2), np.inf, "inf"), ((3, 0), -1e-6, "-1e-06"), ((1, 1), -np.inf, "-inf")],
)
def test_bad_conductance_is_named(cells, place, value, shown):
    cells[place] = value
    with pytest.raises(ParameterError) as caught:
        Crossbar(cells)
    assert f"cells[{place[0]}, {place[1]}] is {shown} S" in str(caught.value)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 4), (0, 3), (3, 0), (0, 0)])
def test_bad_shape_of_cells(shape):
    with pytest.raises(ParameterError, match="cells"):
        Crossbar(np.ones(shape))


@pytest.mark.parametrize(
    "bad",
    [None, "cells", [[1.0], [1.0, 2.0]], [["a", "b"]], [[1j, 2.0]], [[True, False]], [[None, 1.0]], {"a": 1}],
)
def test_bad_kind_of_cells(bad):
    with pytest.raises(ParameterError, match="cells"):
        Crossbar(bad)


@pytest.mark.parametrize("selector", [1, "diode", object()])
def test_selector_is_refused(cells, selector):
    with pytest.raises(ParameterError, match="selector"):
        Crossbar(cells, selector=selector)


@pytest.mark.parametrize("wires", [1.0, {"row": 1.0}, (1.0, 1.0), Wires])
def test_wires_must_be_wires(cells, wires):
    with pytest.raises(ParameterError, match="wires must be a Wires"):
        Crossbar(cells, wires)


def test_layouts_of_cells(cells):
    expected = Crossbar(cells, Wires(row=1.0)).solve(Bias.matvec(VOLTAGE)).column_current
    wide = np.zeros((8, 6))
    wide[::2, ::2] = cells
    for same in (np.asfortranarray(cells), wide[::2, ::2], cells.tolist(), cells.astype(np.longdouble)):
        current = Crossbar(same, Wires(row=1.0)).solve(Bias.matvec(VOLTAGE)).column_current
        assert (current == expected).all()
    single = Crossbar(cells.astype(np.float32), Wires(row=1.0)).solve(Bias.matvec(VOLTAGE)).column_current
    assert single.dtype == np.float64
    np.testing.assert_allclose(single, expected, rtol=1e-6)
    assert Crossbar([[1, 0], [0, 1]]).transfer().tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_crossbar_is_a_copy(cells):
    original, wires, voltage = cells.copy(), np.array([1.0, 2.0, 3.0, 4.0]), VOLTAGE.copy()
    bias, metal = Bias.matvec(voltage), Wires(row=wires, column=1.0)
    xbar = Crossbar(cells, metal)
    assert xbar.shape == (4, 3)
    before = xbar.solve(bias).column_current.copy()
    late = Crossbar(cells, metal)  # has not looked at its cells yet when they change below
    assert (cells == original).all()
    assert cells.flags.writeable
    cells[:], wires[:], voltage[:] = 1.0, 50.0, 9.0
    for one in (xbar, late, Crossbar(original, metal)):
        assert (one.solve(bias).column_current == before).all()
    with pytest.raises(ValueError, match="read-only"):
        xbar.conductance[0, 0] = 1.0


def test_caller_may_use_read_only_arrays(cells):
    for array in (cells, VOLTAGE.copy()):
        array.flags.writeable = False
    current = Crossbar(cells, Wires(row=np.full(4, 2.0))).solve(Bias.matvec(VOLTAGE)).column_current
    assert current.flags.writeable


def test_answers_may_be_changed(cells):
    xbar, bias = Crossbar(cells, Wires(row=2.0, column=1.0)), Bias.matvec(VOLTAGE)
    first = xbar.solve(bias)
    kept = first.column_current.copy()
    first.column_current[:] = first.row_voltage[:] = 7.0
    assert (xbar.solve(bias).column_current == kept).all()
    xbar.transfer()[:] = 0.0
    assert (xbar.solve(bias).column_current == kept).all()


@pytest.mark.parametrize("wires", [{}, {"row": 2.0, "column": 1.0}])
def test_population_as_cells(wires):
    devices = pcmphys.load_cell("ibm-90nm-statistical").population((4, 3), seed=1)
    devices.program(np.linspace(1e-6, 20e-6, 12).reshape(4, 3))
    conductance = devices.conductance()
    assert conductance.shape == (4, 3)
    xbar = Crossbar(devices, Wires(**wires))
    expected = Crossbar(conductance, Wires(**wires)).solve(Bias.matvec(VOLTAGE))
    assert (xbar.solve(Bias.matvec(VOLTAGE)).column_current == expected.column_current).all()
    assert (xbar.conductance == conductance).all()
    # the array holds the devices, not a picture of them: what happens to them shows in the next solve
    devices.wait(1e5)
    later = Crossbar(devices.conductance(), Wires(**wires)).solve(Bias.matvec(VOLTAGE))
    solution = xbar.solve(Bias.matvec(VOLTAGE))
    assert (solution.column_current == later.column_current).all()
    assert (solution.column_current < expected.column_current).all()


def test_population_of_a_wrong_shape():
    devices = pcmphys.load_cell("ibm-90nm-statistical").population((12,), seed=1)
    devices.program(np.full(12, 5e-6))
    with pytest.raises(ParameterError, match="cells"):
        Crossbar(devices)


def test_crossbar_crosses_processes(cells):
    xbar = Crossbar(cells, Wires(row=2.0, column=[1.0, 2.0, 0.0]))
    expected = xbar.solve(Bias.matvec(VOLTAGE)).column_current
    copy = pickle.loads(pickle.dumps(xbar))
    assert (copy.solve(Bias.matvec(VOLTAGE)).column_current == expected).all()


def test_repr_is_short(cells):
    assert repr(Crossbar(cells, Wires(row=2.0))).startswith("Crossbar(4 x 3, Wires(row=2.0")


def test_repr_of_what_holds_arrays_is_short(cells):
    wires = Wires(row=np.linspace(1.0, 2.0, 300), column=3.0)
    assert repr(wires).startswith("Wires(row=<300, 1 to 2>, column=3.0)")
    xbar = Crossbar(cells, Wires(row=[1.0, 2.0, 3.0, 4.0]))
    margin = pcmphys.write_margin(xbar, 1.0)
    noise = xbar.noise(Bias.matvec(VOLTAGE), 0.01)
    for thing in (wires, xbar, margin, noise):
        assert len(repr(thing)) < 250
        assert "\n" not in repr(thing)
    assert f"margin={margin.margin:.6g}" in repr(margin)
    assert "share=<4 x 3, " in repr(noise)


# --- wires


@pytest.mark.parametrize("name", ["row", "column", "source", "sense"])
@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf, [1.0, -2.0], [1.0, np.nan], "1", None, [[1.0]], [], True, 1j])
def test_bad_resistance(name, value):
    with pytest.raises(ParameterError, match=f"wires.{name}"):
        Wires(**{name: value})


@pytest.mark.parametrize(
    ("name", "length"), [("row", 3), ("source", 3), ("column", 4), ("sense", 4), ("row", 1), ("sense", 1)]
)
def test_wrong_number_of_lines(cells, name, length):
    with pytest.raises(ParameterError, match=rf"wires.{name} .*shape \({4 if name in ('row', 'source') else 3},\)"):
        Crossbar(cells, Wires(**{name: np.ones(length)}))


def test_one_resistance_a_line(cells):
    scalar = Crossbar(cells, Wires(row=1.0, column=2.0, source=3.0, sense=4.0))
    lines = Crossbar(
        cells, Wires(row=np.full(4, 1.0), column=[2.0] * 3, source=np.full(4, 3), sense=np.full(3, 4.0, np.float32))
    )
    assert (scalar.transfer() == lines.transfer()).all()


def test_terminal_resistance_adds_to_the_first_segment(cells):
    # without wires between the cells a source of 5 ohm is 5 ohm of wire before the first cell, whoever is asked
    xbar = Crossbar(cells[:, :1], Wires(row=2.0, source=3.0, column=0.0, sense=1.0))
    other = Crossbar(cells[:, :1], Wires(row=5.0, column=0.0, sense=1.0))
    assert (xbar.transfer() == other.transfer()).all()


def test_each_resistance_acts_where_it_should():
    cells = np.full((2, 2), 1e-3)
    plain = Wires(row=1.0, column=1.0, source=1.0, sense=1.0)
    base = Crossbar(cells, plain).transfer()
    for name in ("row", "source"):
        worse = Crossbar(cells, Wires(**(vars(plain) | {name: [1.0, 500.0]}))).transfer()
        assert (worse[:, 1] < 0.8 * base[:, 1]).all(), name
        assert (worse[:, 0] > 0.99 * base[:, 0]).all(), name
    for name in ("column", "sense"):
        worse = Crossbar(cells, Wires(**(vars(plain) | {name: [1.0, 500.0]}))).transfer()
        assert (worse[1] < 0.8 * base[1]).all(), name
        assert (worse[0] > 0.99 * base[0]).all(), name


# --- bias


@pytest.mark.parametrize(
    "bad", [0.2, np.ones((2, 2, 2)), [], np.ones((4, 0)), [np.nan, 1.0], [np.inf], "v", None, [1j], [True]]
)
def test_bad_voltage(bad):
    with pytest.raises(ParameterError, match="voltage"):
        Bias.matvec(bad)


@pytest.mark.parametrize("shape", [(3,), (5,), (3, 4), (1, 4)])
def test_bias_of_a_wrong_length(cells, shape):
    with pytest.raises(ParameterError, match=r"\(4,\) or \(4, batch\)"):
        Crossbar(cells).solve(Bias.matvec(np.ones(shape)))


@pytest.mark.parametrize("bias", [VOLTAGE, None, 0.2, "half"])
def test_bias_must_be_a_bias(cells, bias):
    with pytest.raises(ParameterError, match="bias must be a Bias"):
        Crossbar(cells).solve(bias)


@pytest.mark.parametrize("tolerance", [0.0, -1e-9, 1e-15, 0.1, np.nan, "small", None])
def test_bad_tolerance(cells, tolerance):
    with pytest.raises(ParameterError, match="tolerance"):
        Crossbar(cells).solve(Bias.matvec(VOLTAGE), tolerance=tolerance)
    with pytest.raises(ParameterError, match="tolerance"):
        Crossbar(cells).transfer(tolerance=tolerance)


@pytest.mark.parametrize("most", [0, -1, 1.5, "many", True])
def test_bad_iteration_limit(cells, most):
    with pytest.raises(ParameterError, match="max_iterations"):
        Crossbar(cells).solve(Bias.matvec(VOLTAGE), max_iterations=most)


def test_bias_is_a_copy_of_any_layout(cells):
    voltage = np.random.default_rng(42).normal(size=(4, 6))
    xbar = Crossbar(cells, Wires(row=1.0, column=1.0))
    expected = xbar.solve(Bias.matvec(voltage)).column_current
    assert (xbar.solve(Bias.matvec(np.asfortranarray(voltage))).column_current == expected).all()
    assert (xbar.solve(Bias.matvec(voltage.tolist())).column_current == expected).all()
    assert xbar.solve(Bias.matvec([1, 0, 0, 2])).column_current.shape == (3,)
    bias = Bias.matvec(voltage)
    solution = xbar.solve(bias)
    voltage[:] = 0.0
    assert (xbar.solve(bias).column_current == expected).all()
    # node voltages of a batch are computed late: they must still belong to the voltages of then
    np.testing.assert_allclose(solution.cell_current.sum(axis=0), expected, rtol=1e-9)


def test_conductances_in_another_unit_are_told():
    with pytest.warns(pcmphys.ValidityWarning, match=r"up to 25 S: is the unit right\? 25 uS is 25e-6"):
        Crossbar(np.full((2, 2), 25.0))


def test_wires_are_given_by_name():
    with pytest.raises(TypeError, match="positional"):
        Wires(1.0)
