"""Threshold switches in the array: consistent states, hysteresis between solves, oscillation."""

from types import SimpleNamespace

import numpy as np
import pytest

from pcmphys import Bias, Crossbar, Diode, Wires
from pcmphys.crossbar import OTS, write_margin
from pcmphys.crossbar.solver.states import settle
from pcmphys.errors import ConvergenceError, ParameterError
from tests.crossbar.nonlinear_networks import SCHEMES, random_case, reference, worst_error

SWITCH = OTS(threshold_voltage=1.2, hold_voltage=0.4, holding_current=5e-6, on_resistance=1e3)


def consistent(xbar, solution):
    switch = xbar.selector
    starts = switch.switches_on(solution.selector_voltage) & ~solution.on
    ends = switch.switches_off(solution.cell_current) & solution.on
    return not (starts | ends).any()


def test_random_networks_end_in_consistent_states():
    """150 networks; an oscillating one is an error that names cells, and all others are right for their states."""
    found = {"settled": 0, "switched": 0, "oscillating": 0, "not solved": 0}
    for k in range(150):
        rng = np.random.default_rng([78, k])
        rows, columns = (int(n) for n in rng.integers(1, 7, 2))
        xbar, bias = random_case(rng, "ots", SCHEMES[k % len(SCHEMES)], rows, columns, low=1e-7)
        try:
            solution = xbar.solve(bias)
        except ConvergenceError as error:
            found["oscillating" if "oscillate: cells [" in str(error) else "not solved"] += 1
            continue
        except ParameterError:
            continue
        assert consistent(xbar, solution)
        answer = reference(xbar, bias, on=solution.on)
        assert worst_error(solution, answer, xbar) <= max(1e-9, 3.0 * answer.residual)
        found["switched" if solution.on.any() else "settled"] += 1
    assert found["settled"] > 30
    assert found["switched"] > 40
    assert found["oscillating"] < 30
    assert found["not solved"] == 0


def test_hysteresis_and_snapback_of_one_cell():
    """10 kohm behind the switch: off up to 1.2 V, then (V - 0.4 V) / 11 kohm down to the holding current at 0.455 V."""
    xbar = Crossbar([[1e-4]], None, SWITCH)
    up = np.linspace(0.0, 2.0, 21)
    currents = np.array([s.column_current[0] for s in xbar.ramp(Bias.matvec([1.0]), np.r_[up, up[::-1]])])
    rising, falling = currents[:21], currents[21:][::-1]
    on = (up - 0.4) / 11e3
    np.testing.assert_allclose(rising[up > 1.25], on[up > 1.25], rtol=1e-3)
    assert (rising[up < 1.2] < 1e-7).all()
    np.testing.assert_allclose(falling[up > 0.46], on[up > 0.46], rtol=1e-3)
    assert (falling[up < 0.45] < 1e-7).all()
    # between the two the current depends on the past
    assert falling[10] > 1e2 * rising[10]


def test_states_are_an_argument_and_a_result():
    xbar = Crossbar(np.full((2, 2), 1e-4), Wires(row=1.0, column=1.0), SWITCH)
    low, high = Bias.matvec([0.8, 0.8]), Bias.matvec([2.0, 0.5])
    assert not xbar.solve(low).on.any()
    first = xbar.solve(high)
    assert first.on.tolist() == [[True, True], [False, False]]
    # nothing is kept: a new solve begins with all off
    assert not xbar.solve(low).on.any()
    second, third = xbar.solve(low, on=first.on), xbar.solve(low, start=first)
    for found in (second, third):
        assert found.on.tolist() == [[True, True], [False, False]]
    np.testing.assert_allclose(second.column_current, third.column_current, rtol=1e-12)
    assert not xbar.solve(low, start=first, on=False).on.any()
    assert not xbar.solve(Bias.matvec([0.1, 0.1]), on=True).on.any()
    assert xbar.solve(low, on=True).on.all()
    assert Crossbar([[1e-4]]).solve(Bias.matvec([1.0])).on is None


def test_nothing_that_is_asked_of_an_array_changes_its_next_answer():
    xbar = Crossbar(np.full((4, 4), 1e-3), selector=OTS(holding_current=1e-6))
    bias, strong = Bias.matvec([1.0, 0.0, 0.0, 0.0]), Bias.select(0, 0, 3.0, "half")
    first = xbar.solve(bias)
    on = xbar.solve(strong).on
    assert np.argwhere(on).tolist() == [[0, 0]]
    asked = [
        lambda: xbar.noise(strong, 0.01),
        lambda: xbar.noise_density(strong, 1e-6),
        lambda: xbar.sensitivity(strong, 0),
        lambda: xbar.ramp(strong, [0.5, 1.0]),
        lambda: write_margin(xbar, 3.0),
    ]
    for ask in asked:
        ask()
        assert (xbar.solve(bias).column_current == first.column_current).all()
    # noise of the array with its switch on is another
    weak = Bias.select(0, 0, 1.0, "half")
    assert xbar.noise(weak, 0.01, on=on).std[0] > 1e3 * xbar.noise(weak, 0.01).std[0]
    assert np.abs(xbar.sensitivity(weak, 0, on=on)).max() > 1e3 * np.abs(xbar.sensitivity(weak, 0)).max()


@pytest.mark.parametrize("bad", [5, [True, False], "on", 1.0, np.zeros((2, 2))])
def test_bad_states_are_named(bad):
    xbar = Crossbar(np.full((2, 2), 1e-4), None, SWITCH)
    with pytest.raises(ParameterError, match=r"on must be an array of bool of shape \(2, 2\)"):
        xbar.solve(Bias.matvec([1.0, 1.0]), on=bad)


def test_states_without_hysteresis_are_refused():
    for selector in (None, Diode(1e-12)):
        with pytest.raises(ParameterError, match="on must be None"):
            Crossbar([[1e-4]], selector=selector).solve(Bias.matvec([1.0]), on=True)


@pytest.mark.parametrize("name", ["on", "wires", "selector", "shape", "conductance"])
def test_an_array_is_not_changed(name):
    xbar = Crossbar([[1e-4]], None, SWITCH)
    with pytest.raises(ParameterError, match=f"{name}: a Crossbar is not changed"):
        setattr(xbar, name, True)


def test_inputs_of_a_batch_follow_one_another():
    xbar = Crossbar([[1e-4]], None, SWITCH)
    batch = xbar.solve(Bias.matvec([[0.8, 2.0, 0.8]]))
    assert batch.column_current[0, 0] < 1e-7 < 1e-5 < batch.column_current[0, 2]
    assert batch.cell_voltage[0, 0].tolist() == [0.8, 2.0, 0.8]
    assert batch.on[0, 0].tolist() == [False, True, True]
    np.testing.assert_allclose(batch.cell_current[0, 0], batch.column_current[0], rtol=1e-12)


def test_a_selected_cell_switches_alone():
    xbar = Crossbar(np.full((16, 16), 2e-5), Wires(row=1.0, column=1.0), SWITCH)
    solution = xbar.solve(Bias.select(3, 5, 1.6, "half"))
    assert np.argwhere(solution.on).tolist() == [[3, 5]]
    others = np.abs(solution.cell_current[~solution.on]).sum()
    assert others < 0.01 * solution.cell_current[3, 5]


def test_no_consistent_state_is_an_error_that_names_the_cell():
    """1 Mohm behind a switch that holds from 5 uA on: 1.5 V turn it on, and 1.1 uA turn it off."""
    cells = np.full((2, 3), 1e-4)
    cells[1, 2] = 1e-6
    xbar = Crossbar(cells, None, SWITCH)
    with pytest.raises(ConvergenceError, match=r"would oscillate: cells \[1, 2\]"):
        xbar.solve(Bias.matvec([1.5, 1.5]))


class Quarrel:
    """Four switches that all change together and back again, unless the strongest goes first."""

    def __init__(self):
        self.on = np.zeros((1, 2, 2), dtype=bool)
        self.tried = []

    def excess(self, fields):
        self.tried.append(self.on[0].astype(int).tolist())
        strength = np.array([[[3.0, 2.0], [2.0, 1.0]]])
        return np.where(self.on[0].sum() == 1 and self.on[0, 0, 0], -strength, strength)


def test_one_cell_of_a_word_line_and_of_a_bit_line_changes_at_a_time():
    """In a circle only the cell that is the farthest out of its range on both of its lines goes on."""
    cells = Quarrel()
    settle(cells, lambda: SimpleNamespace(fields=SimpleNamespace(cell_current=np.zeros((2, 2)))))
    assert cells.tried == [[[0, 0], [0, 0]], [[1, 1], [1, 1]], [[0, 0], [0, 0]], [[1, 0], [0, 0]]]
