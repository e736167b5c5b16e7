"""Where Newton's method begins on a large array: close to the answer, which is what it was."""

import numpy as np
import pytest

from pcmphys import Bias, Crossbar, Diode, Exponential, Transistor, Wires
from pcmphys.crossbar import OTS
from pcmphys.crossbar.solver import beginning
from pcmphys.crossbar.solver.cells import Selected
from pcmphys.crossbar.solver.ends import first_guess, joined

SHAPE = (96, 150)
WIRES = Wires(row=12.0, column=10.0, source=30.0, sense=20.0)
DIODE = Diode(saturation_current=1e-12, ideality=1.5)


@pytest.fixture(autouse=True)
def small_arrays_count_as_large(monkeypatch):
    monkeypatch.setattr(beginning, "LARGE", 2**10)


def network(seed=1):
    rng = np.random.default_rng(seed)
    return 10.0 ** rng.uniform(-6.0, -4.6, SHAPE), rng.uniform(0.5, 1.0, SHAPE[0])


def ends_of(bias, wires=WIRES):
    ((ends, _, (drive,)),) = joined(bias.sized(*SHAPE), wires.per_line(*SHAPE))
    return ends, drive


@pytest.mark.parametrize(
    "selector",
    [DIODE, Exponential(current=1e-9, voltage=0.1), Transistor(0.4, transconductance=2e-4, gate_voltage=1.2)],
)
def test_close_to_the_answer_which_does_not_change(monkeypatch, selector):
    cells, voltage = network()
    bias = Bias.matvec(voltage)
    gate = np.full(SHAPE[0], 1.2) if selector.gated else None
    ends, drive = ends_of(bias)
    begin = beginning.of_merged(Selected(cells, selector, gate), ends, drive, 1000)
    xbar = Crossbar(cells, WIRES, selector)
    fast = xbar.solve(bias)
    monkeypatch.setattr(beginning, "of_merged", lambda *arguments: None)
    right = xbar.solve(bias)
    for found, plain, exact in zip(
        begin, first_guess(ends, drive), (right.row_voltage, right.column_voltage), strict=True
    ):
        assert np.abs(found - exact).max() <= 0.25 * np.abs(plain - exact).max()
    np.testing.assert_allclose(fast.column_current, right.column_current, rtol=1e-11)
    np.testing.assert_allclose(fast.row_voltage, right.row_voltage, rtol=0, atol=1e-12)
    assert fast.history[0] < 0.1 * right.history[0]
    assert len(fast.history) <= len(right.history)


@pytest.mark.parametrize(
    "bias",
    [
        Bias.select(3, 5, 0.8, "float"),
        Bias.voltages(rows=0.8, columns=np.where(np.arange(150) == 9, np.nan, 0.0)),
        Bias(0.8, 0.0, right=0.7),
    ],
)
def test_other_ends_begin_as_before(bias):
    cells, _ = network()
    assert beginning.of_merged(Selected(cells, DIODE), *ends_of(bias), 1000) is None
    assert Crossbar(cells, WIRES, DIODE).solve(bias).residual <= 1e-12


def test_cells_with_states_of_their_own_begin_as_before():
    cells, voltage = network()
    selector = OTS(threshold_voltage=1.2, holding_current=5e-6)
    own = Selected(cells, selector, None, np.zeros((1, *SHAPE), bool))
    assert beginning.of_merged(own, *ends_of(Bias.matvec(voltage)), 1000) is None


def test_merged_cells_are_like_their_members():
    """Equal cells: the merged array is the array itself but for its grain, and the last ones, which are fewer."""
    voltage = np.linspace(0.6, 0.9, SHAPE[0])
    cells = np.full(SHAPE, 3e-6)
    ends, drive = ends_of(Bias.matvec(voltage))
    row, column = beginning.of_merged(Selected(cells, DIODE), ends, drive, 1000)
    right = Crossbar(cells, WIRES, DIODE).solve(Bias.matvec(voltage))
    np.testing.assert_allclose(row, right.row_voltage, atol=0.05 * np.ptp(right.row_voltage))
    np.testing.assert_allclose(column, right.column_voltage, atol=0.05 * np.ptp(right.column_voltage))


def test_bit_lines_are_told_from_their_neighbours(monkeypatch):
    """Cells of one bit line in sixteen conduct more: its voltages are not those of its neighbours."""
    cells, voltage = network()
    cells[:, 5::16] *= 2.0
    ends, drive = ends_of(Bias.matvec(voltage))
    right = Crossbar(cells, WIRES, DIODE).solve(Bias.matvec(voltage)).column_voltage
    _, column = beginning.of_merged(Selected(cells, DIODE), ends, drive, 1000)
    monkeypatch.setattr(beginning, "_tell_apart", lambda *arguments: None)
    _, alike = beginning.of_merged(Selected(cells, DIODE), ends, drive, 1000)
    assert np.abs(column - right).max() < 0.4 * np.abs(alike - right).max()
