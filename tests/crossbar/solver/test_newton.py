"""Nonlinear crossbars: against an independent nodal solver, Kirchhoff's laws, convergence, and what must fail."""

import itertools
import re

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcmphys as pcm
from pcmphys import Bias, Crossbar, Wires
from pcmphys.crossbar import Diode, Exponential, Selector, Transistor
from pcmphys.errors import ConvergenceError, ParameterError, ValidityWarning
from tests.crossbar.networks import logarithmic
from tests.crossbar.nonlinear_networks import SCHEMES, SELECTORS, allowed_error, random_case, reference, worst_error

SMOOTH = ("none", "diode", "exponential", "transistor")
WIRES = Wires(row=1.0, column=1.0)
DIODE = Diode(saturation_current=1e-12, ideality=1.5)


def typical(selector, n=24, seed=0, wires=WIRES):
    rng = np.random.default_rng(seed)
    gate = 1.2 if selector == "transistor" else None
    xbar = Crossbar(logarithmic(rng, 1e-6, 25e-6, (n, n)), wires, SELECTORS[selector])
    return xbar, Bias.matvec(rng.uniform(0.5, 1.0, n), gate=gate)


NO_CIRCUIT = "no path to a terminal|has no resistance and is driven at both ends with different voltages"


def check_against_reference(selector, scheme, rng, largest) -> bool:
    """Draw an array and hold its solution against the oracle's; whether it has one, as hardly one in 100 has not.

    In 25 000 arrays of up to 6 x 6 all that have a solution were solved.
    """
    rows, columns = rng.integers(1, largest + 1, 2)
    xbar, bias = random_case(rng, selector, scheme, int(rows), int(columns))
    try:
        solution = xbar.solve(bias)
    except ParameterError as refused:
        # the draw may leave an island, or drive a line without resistance at both ends
        assert re.search(NO_CIRCUIT, str(refused))  # noqa: PT017
        return False
    try:
        answer = reference(xbar, bias)
    except ArithmeticError:
        answer = reference(xbar, bias, digits=40)
    assert worst_error(solution, answer, xbar) <= allowed_error(solution, answer, xbar)
    return True


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SMOOTH), st.sampled_from(SCHEMES), st.integers(0, 2**32 - 1))
def test_random_networks(selector, scheme, seed):
    check_against_reference(selector, scheme, np.random.default_rng(seed), 6)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_many_networks(block):
    rng = np.random.default_rng([91, block])
    solved = [check_against_reference(str(rng.choice(SMOOTH)), str(rng.choice(SCHEMES)), rng, 7) for _ in range(200)]
    assert np.mean(solved) > 0.95


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_large_networks(seed):
    # the bias of the seventh drives a line without resistance at both ends
    solved = check_against_reference(SMOOTH[seed % 4], SCHEMES[seed % 8], np.random.default_rng([92, seed]), 200)
    assert solved == (seed != 6)


@pytest.mark.parametrize("selector", SMOOTH[1:])
@pytest.mark.parametrize("scheme", ["matvec", "half", "float"])
def test_typical_arrays(selector, scheme):
    xbar, bias = typical(selector)
    if scheme != "matvec":
        bias = Bias.select(3, 17, 1.0, scheme, gate=1.2 if selector == "transistor" else None, rows=24, columns=24)
    solution, answer = xbar.solve(bias), reference(xbar, bias)
    assert worst_error(solution, answer, xbar) < 1e-12
    np.testing.assert_allclose(solution.selector_voltage, answer.inner_voltage, rtol=0, atol=1e-12)
    largest = np.abs(answer.cell_current).max()
    np.testing.assert_allclose(solution.cell_current, answer.cell_current, rtol=0, atol=1e-12 * largest)
    assert solution.residual <= 1e-12


@pytest.mark.parametrize("selector", SMOOTH[1:])
def test_current_law_and_power_balance(selector):
    xbar, bias = typical(selector, 64)
    solution = xbar.solve(bias)
    row, column = solution.row_voltage, solution.column_voltage
    into = np.diff(np.column_stack([bias.left, row]), axis=1) * -1.0
    down = np.diff(np.vstack([column, np.zeros(64)]), axis=0) * -1.0
    at_row = into - solution.cell_current
    at_row[:, :-1] -= into[:, 1:]
    at_column = solution.cell_current - down
    at_column[1:] += down[:-1]
    largest = np.abs(solution.row_current).max()
    # a node voltage rounded to double moves 2 eps V / 1 ohm through its wires
    assert np.abs(at_row).max() <= 1e-12 * largest + 4.5e-16
    assert np.abs(at_column).max() <= 1e-12 * largest + 4.5e-16
    dissipated = (into**2).sum() + (down**2).sum() + (solution.cell_current * solution.cell_voltage).sum()
    assert solution.power == pytest.approx(dissipated, rel=1e-11)


@pytest.mark.parametrize("selector", SMOOTH[1:])
def test_convergence_is_quadratic(selector):
    """Each residual is of the order of the square of the one before, from the second step on: the first is loose."""
    for n, wire in ((64, 1.0), (64, 10.0), (16, 100.0)):
        xbar, bias = typical(selector, n, wires=Wires(row=wire, column=wire))
        history = xbar.solve(bias).history
        assert len(history) <= 6
        assert history[0] > 1e-5 > 1e-12 >= history[-1]
        for before, after in itertools.pairwise(history[1:]):
            assert after <= max(30.0 * before**2, 1e-12)


class Shortcut(Selector):
    """A law that hands out its slope as if it were its conductance, as a careless companion model would."""

    def current(self, voltage):
        _, slope = DIODE.current(voltage)
        return slope * voltage, slope


def test_slope_taken_for_conductance_is_another_law():
    """The twin that must fail: with I = slope x V in place of the companion source the answer is wrong."""
    right, bias = typical("diode")
    wrong = Crossbar(right.conductance, right.wires, Shortcut())
    answer = reference(right, bias)
    assert worst_error(right.solve(bias), answer, right) < 1e-12
    try:
        found = wrong.solve(bias)
    except (ConvergenceError, ParameterError):
        return
    assert worst_error(found, answer, right) > 1e-2


def test_a_users_selector_equals_the_built_in_one():
    class Own(Selector):
        def current(self, voltage):
            return DIODE.current(voltage)

    xbar, bias = typical("diode")
    own = Crossbar(xbar.conductance, xbar.wires, Own())
    for one in (bias, Bias.select(3, 4, 1.0, "third")):
        np.testing.assert_allclose(own.solve(one).cell_current, xbar.solve(one).cell_current, rtol=1e-9, atol=1e-24)


@pytest.mark.parametrize(
    ("law", "message"),
    [
        (lambda v: (np.full_like(v, np.nan), np.ones_like(v)), r"Own.*cell"),
        (lambda v: (1e-5 * np.sin(8.0 * v), 8e-5 * np.cos(8.0 * v)), "Own"),
        (lambda v: (1e-5 * (v + 0.1), np.full_like(v, 1e-5)), "Own"),
        (lambda v: (v[0], v), "Own"),
    ],
)
def test_a_bad_users_law(law, message):
    class Own(Selector):
        def current(self, voltage):
            return law(voltage)

    with pytest.raises(ParameterError, match=message):
        Crossbar(np.full((3, 2), 1e-5), WIRES, Own()).solve(Bias.matvec([0.5, 0.9, 1.0]))


def test_a_linear_law_gives_the_linear_solution():
    class Resistor(Selector):
        def current(self, voltage):
            return 4e-5 * voltage, np.full_like(voltage, 4e-5)

    rng = np.random.default_rng(5)
    cells = logarithmic(rng, 1e-6, 1e-4, (9, 7))
    bias = Bias(rng.normal(size=9), rng.normal(size=7), right=rng.normal(size=9))
    wires = Wires(row=5.0, column=3.0, right=10.0)
    found = Crossbar(cells, wires, Resistor()).solve(bias)
    linear = Crossbar(1.0 / (1.0 / cells + 1.0 / 4e-5), wires).solve(bias)
    for name in ("row_current", "column_current", "right_current", "cell_current", "row_voltage"):
        expected = getattr(linear, name)
        np.testing.assert_allclose(getattr(found, name), expected, rtol=0, atol=1e-11 * np.abs(expected).max())


@pytest.mark.parametrize("selector", SMOOTH[1:])
def test_no_wires_and_open_cells_are_exact(selector):
    gate = np.array([1.2, 0.8]) if selector == "transistor" else None
    cells = np.array([[1e-5, 0.0, 1e-7], [0.0, 0.0, 1e-4]])
    xbar, bias = Crossbar(cells, None, SELECTORS[selector]), Bias.matvec([0.8, -0.3], gate=gate)
    solution = xbar.solve(bias)
    assert worst_error(solution, reference(xbar, bias), xbar) < 1e-14
    assert (solution.cell_current[cells == 0.0] == 0.0).all()
    assert solution.column_current[1] == 0.0


def test_zero_input_gives_zero():
    solution = Crossbar(np.full((3, 2), 1e-5), WIRES, DIODE).solve(Bias.matvec(np.zeros(3)))
    assert (solution.column_current == 0.0).all()
    assert solution.power == 0.0


@pytest.mark.parametrize("selector", ["diode", "transistor"])
def test_a_batch_equals_single_inputs(selector):
    xbar, _ = typical(selector, 16)
    rng = np.random.default_rng(3)
    left = rng.uniform(0.0, 1.0, (16, 5))
    gate = None if selector == "diode" else rng.uniform(0.8, 1.4, (16, 5))
    both = xbar.solve(Bias.matvec(left, gate=gate))
    for k in range(5):
        one = xbar.solve(Bias.matvec(left[:, k], gate=None if gate is None else gate[:, k]))
        assert (both.column_current[:, k] == one.column_current).all()
        assert (both.cell_voltage[..., k] == one.cell_voltage).all()
    assert both.history is None


def test_a_ramp_starts_from_the_last_solution():
    xbar, bias = typical("exponential", 32)
    ramp = xbar.ramp(bias, np.linspace(0.0, 1.0, 6))
    for factor, found in zip(np.linspace(0.0, 1.0, 6), ramp, strict=True):
        alone = xbar.solve(bias.scaled(float(factor)))
        np.testing.assert_allclose(found.column_current, alone.column_current, rtol=1e-10, atol=1e-24)
    again = xbar.solve(bias, start=ramp[-1])
    assert len(again.history) == 1
    assert (ramp[-1].row_voltage == xbar.solve(bias, start=ramp[-2]).row_voltage).all()


@pytest.mark.parametrize("selector", [None, DIODE])
def test_physical_cells_in_the_array(selector):
    """The population's own I-V: its column currents against a reference whose elements are those devices."""
    devices = pcm.load_cell("ibm-90nm-doped-gst").population((3, 4), seed=3)
    devices.program(np.linspace(0.0, 20e-6, 12).reshape(3, 4))
    wires = Wires(row=50.0, column=30.0)
    xbar = Crossbar(devices, wires, selector)
    bias = Bias.matvec([0.2, 0.25, 0.3] if selector is None else [0.6, 0.7, 0.8])
    solution = xbar.solve(bias)
    device = solution.device_voltage
    np.testing.assert_allclose(devices.current(device)[0], solution.cell_current, rtol=1e-10, atol=1e-22)
    if selector is not None:
        behind = selector.current(solution.selector_voltage)[0]
        np.testing.assert_allclose(behind, solution.cell_current, rtol=1e-9, atol=1e-22)
    assert solution.residual <= 1e-12
    # an array of their conductances at the read voltage is another array, but not far off
    ohmic = Crossbar(devices.conductance(), wires, selector).solve(bias)
    assert not np.allclose(ohmic.column_current, solution.column_current, rtol=1e-6)
    np.testing.assert_allclose(ohmic.column_current, solution.column_current, rtol=0.2)
    with pytest.raises(ParameterError, match="not linear"):
        xbar.transfer()


def test_statistical_cells_behind_a_diode_are_ohmic():
    devices = pcm.load_cell("ibm-90nm-statistical").population((3, 4), seed=3)
    devices.program(np.full((3, 4), 10e-6))
    bias = Bias.matvec([0.6, 0.7, 0.8])
    found = Crossbar(devices, WIRES, DIODE).solve(bias)
    assert (found.column_current == Crossbar(devices.conductance(), WIRES, DIODE).solve(bias).column_current).all()


@pytest.mark.parametrize("selector", ["diode", "transistor"])
def test_threads_do_not_show(selector):
    before = numba.get_num_threads()
    found = []
    for threads in (1, 2):
        numba.set_num_threads(threads)
        xbar, bias = typical(selector, 520)
        found.append(xbar.solve(bias))
    numba.set_num_threads(before)
    for name in ("column_current", "row_voltage", "cell_current", "residual", "iterations", "history"):
        assert np.array_equal(getattr(found[0], name), getattr(found[1], name)), name


def test_errors_name_what_is_wrong():
    cells = np.full((3, 2), 1e-5)
    transistor = Transistor(threshold_voltage=0.4, transconductance=1e-4)
    with pytest.raises(ParameterError, match="gate voltage"):
        Crossbar(cells, WIRES, transistor).solve(Bias.matvec(np.ones(3)))
    with pytest.raises(ParameterError, match="has no gate"):
        Crossbar(cells, WIRES, DIODE).solve(Bias.matvec(np.ones(3), gate=1.0))
    with pytest.raises(ParameterError, match="gate must be a number or have shape"):
        Crossbar(cells, WIRES, transistor).solve(Bias.matvec(np.ones(3), gate=[1.0, 1.0]))
    cells[1] = 0.0
    with pytest.raises(ParameterError, match="word line 1"):
        Crossbar(cells, WIRES, DIODE).solve(Bias.voltages([1.0, np.nan, 1.0], 0.0))
    with pytest.raises(ParameterError, match="selector must be None or a Selector"):
        Crossbar(cells, WIRES, Exponential)


def test_too_few_iterations_are_an_error():
    xbar, bias = typical("diode", 128, wires=Wires(row=200.0, column=200.0))
    with pytest.raises(ConvergenceError, match="did not converge") as caught:
        xbar.solve(bias, max_iterations=3)
    assert caught.value.residual > 1e-12
    assert caught.value.iterations >= 3


def test_devices_above_their_threshold_are_solved_for_in_their_on_state():
    devices = pcm.load_cell("ibm-90nm-doped-gst").population((3, 4), seed=3)
    devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9))
    for selector in (None, DIODE):
        xbar = Crossbar(devices, WIRES, selector)
        assert xbar.solve(Bias.matvec(np.full(3, 2.0))).switched.all()
        with pytest.warns(ValidityWarning, match="12 of 12 devices carry more than 0.001 A"):
            xbar.solve(Bias.matvec(np.full(3, 4.0)))
        assert not xbar.solve(Bias.matvec(np.full(3, 0.2))).switched.any()  # a read
