"""Selector and device in series: every digit against a 40-digit root, limits, and the same bits on any threads."""

import mpmath
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from mpmath import mpf

from pcmphys.crossbar.selectors import OTS, Diode, Exponential, Series, Transistor
from tests.crossbar.selectors import exact
from tests.crossbar.selectors.cases import (
    KINDS,
    logarithmic,
    problems,
    random_selector,
    solve,
    state_of,
    states,
    voltages,
)

CURRENT = {"diode": 2e-14, "exponential": 2e-14, "transistor": 1e-12, "ots": 1e-13}
SLOPE = 1e-10
INNER = 1e-14
"""Error of the inner voltage relative to the voltage across both."""


@pytest.fixture(autouse=True)
def digits():
    with mpmath.workdps(exact.DIGITS):
        yield


def check(selector, kind, voltage, conductance, keywords):
    work = solve(selector, voltage, conductance, **keywords)
    for i, j in np.ndindex(voltage.shape):
        true = exact.node(exact.law_of(selector, **state_of(keywords, i, j)), voltage[i, j], conductance[i, j])
        current, slope, inner = (mpf(array[i, j]) for array in work)
        # the current of a nearly ideal cell at the edge of the on-state is a difference of voltages
        noise = 4e-16 * conductance[i, j] * abs(voltage[i, j]) if kind == "ots" and keywords["on"][i, j] else 0
        assert abs(current - true.current) <= CURRENT[kind] * abs(true.current) + noise + 1e-300
        # the last step of the diode in deep reverse is below the smallest number
        assert abs(slope - true.slope) <= SLOPE * true.slope + 1e-290
        assert abs(inner - true.inner) <= INNER * abs(voltage[i, j])


@pytest.mark.parametrize("kind", KINDS)
def test_node_is_the_root(kind):
    rng = np.random.default_rng([51, KINDS.index(kind)])
    shape = (2, 3)
    for _ in range(60):
        conductance = logarithmic(rng, 1e-12, 1.0, shape)
        check(random_selector(rng, kind), kind, voltages(rng, shape), conductance, states(rng, kind, shape))


@pytest.mark.parametrize("kind", KINDS)
def test_moderate_cells(kind):
    """Where arrays work: 0.1 to 100 uS, volts."""
    rng = np.random.default_rng([52, KINDS.index(kind)])
    shape = (4, 10)
    selector = {
        "diode": Diode(1e-12, 1.5),
        "exponential": Exponential(1e-9, 0.1),
        "transistor": Transistor(0.4, 2e-4, modulation=0.1),
        "ots": OTS(),
    }[kind]
    keywords = {"gate": np.array([0.0, 0.5, 1.0, 2.0])} if kind == "transistor" else states(rng, kind, shape)
    check(selector, kind, rng.uniform(-2.5, 2.5, shape), logarithmic(rng, 1e-7, 1e-4, shape), keywords)


def test_slope_is_the_derivative_of_the_solved_current():
    rng = np.random.default_rng(53)
    h = mpf("1e-12")
    for selector in (Diode(1e-9), Exponential(1e-7, 0.2), Transistor(0.4, 1e-4, gate_voltage=1.0), OTS()):
        state = {"gate": 1.0} if isinstance(selector, Transistor) else {}
        law = exact.law_of(selector, **state)
        for voltage in rng.uniform(-1.0, 1.5, 4):
            low, high = (exact.root(law, mpf(voltage) + d, mpf(1e-5)) for d in (-h, h))
            derivative = (law(high).current - law(low).current) / (2 * h)
            work = solve(selector, np.array([[voltage]]), np.array([[1e-5]]))
            assert float(derivative) == pytest.approx(work.slope.item(), rel=1e-10)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("voltage", [0.0, -0.0])
def test_zero_volts(kind, voltage):
    rng = np.random.default_rng([54, KINDS.index(kind)])
    shape = (3, 4)
    selector, conductance = random_selector(rng, kind), logarithmic(rng, 1e-12, 1.0, shape)
    keywords = states(rng, kind, shape)
    work = solve(selector, np.full(shape, voltage), conductance, **keywords)
    assert (work.current == 0.0).all()
    assert (work.inner == 0.0).all()
    for i, j in np.ndindex(shape):
        true = exact.node(exact.law_of(selector, **state_of(keywords, i, j)), 0.0, conductance[i, j])
        assert abs(mpf(work.slope[i, j]) - true.slope) <= 1e-13 * true.slope + 1e-300


@pytest.mark.parametrize("kind", KINDS)
def test_open_device_takes_the_whole_voltage(kind):
    rng = np.random.default_rng([55, KINDS.index(kind)])
    shape = (3, 7)
    conductance = logarithmic(rng, 1e-9, 1e-3, shape)
    selector, voltage, keywords = random_selector(rng, kind), voltages(rng, shape), states(rng, kind, shape)
    full = solve(selector, voltage, conductance, **keywords)
    is_open = rng.random(shape) < 0.4
    some = solve(selector, voltage, np.where(is_open, 0.0, conductance), **keywords)
    for a, b in zip(full, some):
        assert (b[is_open] == 0.0).all()
        # nothing else is touched by the open ones
        assert np.array_equal(a[~is_open], b[~is_open])


@settings(max_examples=60, deadline=None)
@given(problems())
def test_passive_and_between_the_ends(problem):
    selector, _, voltage, conductance, keywords = problem
    work = solve(selector, voltage, conductance, **keywords)
    assert all(np.isfinite(array).all() for array in work)
    assert (work.current * voltage >= 0.0).all()
    assert (work.inner * voltage >= 0.0).all()
    assert (np.abs(work.inner) <= np.abs(voltage) * (1 + 1e-15)).all()
    assert (work.slope >= 0.0).all()
    assert (work.slope <= conductance * (1 + 1e-15)).all()
    # Kirchhoff: what is not across the selector is across the device
    assert (np.abs(conductance * (voltage - work.inner) - work.current) <= 1e-14 * conductance * np.abs(voltage)).all()


@settings(max_examples=40, deadline=None)
@given(problems())
def test_more_voltage_more_current(problem):
    selector, _, voltage, conductance, keywords = problem
    low = solve(selector, voltage, conductance, **keywords)
    high = solve(selector, voltage + 1e-3 * np.abs(voltage), conductance, **keywords)
    assert (high.current >= low.current - 1e-12 * np.abs(low.current)).all()
    assert (high.inner >= low.inner - 1e-13 * np.abs(voltage)).all()


@settings(max_examples=40, deadline=None)
@given(problems(kinds=("exponential", "ots")))
def test_odd(problem):
    selector, _, voltage, conductance, keywords = problem
    forth, back = (solve(selector, v, conductance, **keywords) for v in (voltage, -voltage))
    assert np.array_equal(forth.current, -back.current)
    assert np.array_equal(forth.slope, back.slope)
    assert np.array_equal(forth.inner, -back.inner)


@pytest.mark.parametrize("kind", KINDS)
def test_extremes_stay_numbers(kind):
    """Far outside of what anything is made of: still finite, passive, and within the ends."""
    rng = np.random.default_rng([56, KINDS.index(kind)])
    voltage = np.array([[-1e3, -20.0, -1e-300, 5e-324, 1e-200, 20.0, 1e3]])
    for conductance in (5e-324, 1e-300, 1e-30, 1.0, 1e6):
        keywords = states(rng, kind, voltage.shape)
        work = solve(random_selector(rng, kind), voltage, np.full(voltage.shape, conductance), **keywords)
        assert all(np.isfinite(array).all() for array in work)
        assert (work.current * voltage >= 0.0).all()
        assert (np.abs(work.inner) <= np.abs(voltage) * (1 + 1e-15)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_not_a_number_goes_through(kind):
    """A wrong voltage must not turn into a plausible current."""
    rng = np.random.default_rng([57, KINDS.index(kind)])
    voltage, conductance = np.full((2, 5), 0.5), np.full((2, 5), 1e-6)
    voltage[0, 1] = conductance[1, 3] = np.nan
    keywords = states(rng, kind, voltage.shape)
    work = solve(random_selector(rng, kind), voltage, conductance, **keywords)
    wrong = np.isnan(voltage) | np.isnan(conductance)
    for array in work:
        assert np.array_equal(np.isnan(array), wrong)


@pytest.mark.parametrize("kind", KINDS)
def test_same_bits_on_any_number_of_threads(kind):
    rng = np.random.default_rng([58, KINDS.index(kind)])
    shape = (311, 419)
    selector, conductance = random_selector(rng, kind), logarithmic(rng, 1e-9, 1e-3, shape)
    voltage, keywords = rng.uniform(-2, 2, shape), states(rng, kind, shape)
    before = numba.get_num_threads()
    try:
        answers = []
        for threads in (1, 2):
            numba.set_num_threads(threads)
            answers.append(solve(selector, voltage, conductance, **keywords))
    finally:
        numba.set_num_threads(before)
    for one, two in zip(*answers):
        assert np.array_equal(one, two)
    # and a cell's answer does not depend on its neighbours or its place in the row
    part = {name: value[7:] if name == "gate" else value[7:, 5:].copy() for name, value in keywords.items()}
    inner = solve(selector, voltage[7:, 5:].copy(), conductance[7:, 5:].copy(), **part)
    for whole, cut in zip(answers[0], inner):
        assert np.array_equal(whole[7:, 5:], cut)


def test_inputs_are_not_changed():
    voltage, conductance = np.full((2, 3), 0.7), np.array([[0.0, 1e-6, 1e-3]] * 2)
    gate, on = np.ones(2), np.ones((2, 3), bool)
    before = [array.copy() for array in (voltage, conductance, gate, on)]
    for selector in (Diode(1e-12), Exponential(1e-9, 0.1)):
        solve(selector, voltage, conductance)
    solve(Transistor(0.4, 1e-4), voltage, conductance, gate=gate)
    solve(OTS(), voltage, conductance, on=on)
    assert all(np.array_equal(a, b) for a, b in zip(before, (voltage, conductance, gate, on)))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (0, 3), (3, 0)])
def test_shapes(shape):
    for selector in (Diode(1e-12), Exponential(1e-9, 0.1), Transistor(0.4, 1e-4, gate_voltage=1.0), OTS()):
        work = solve(selector, np.full(shape, 0.5), np.full(shape, 1e-6))
        assert isinstance(work, Series)
        assert np.isfinite(work.current).all()


def test_ots_hysteresis():
    """One voltage, two states: the off cell holds the voltage back, the on cell passes it on."""
    switch = OTS()
    voltage, conductance = np.full((1, 2), 1.5), np.full((1, 2), 1e-3)
    work = solve(switch, voltage, conductance, on=np.array([[False, True]]))
    assert work.inner[0, 0] > 1.49
    assert work.current[0, 1] == pytest.approx((1.5 - 0.4) / 2e3, rel=1e-4)
    assert not switch.switches_on(work.inner).any()
    assert np.array_equal(switch.switches_off(work.current), [[True, False]])


def test_ots_on_below_its_hold_voltage_is_the_leakage():
    switch = OTS(hold_voltage=0.5)
    voltage, conductance = np.array([[0.45, -0.3, 0.0]]), np.full((1, 3), 1e-4)
    on, off = (solve(switch, voltage, conductance, on=np.full((1, 3), state)) for state in (True, False))
    assert all(np.array_equal(a, b) for a, b in zip(on, off))


def test_gate_of_each_row():
    transistor = Transistor(0.4, 1e-4, gate_voltage=0.7)
    voltage, conductance = np.full((3, 2), 0.5), np.full((3, 2), 1e-5)
    rows = solve(transistor, voltage, conductance, gate=np.array([0.0, 0.7, 2.0])).current
    assert (np.diff(rows, axis=0) > 0.0).all()
    default = solve(transistor, voltage, conductance).current
    assert np.array_equal(default, solve(transistor, voltage, conductance, gate=0.7).current)
    assert np.array_equal(default[0], rows[1])
