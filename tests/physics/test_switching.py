"""Threshold, on-state and its folds: the formulas to rounding, their shape, and an I-V that snaps back under a load."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcmphys.physics import switching
from pcmphys.physics.switching import OnState, SwitchingFloats, SwitchingParameters, threshold_voltage
from tests.oracles import mushroom_pulse as slow
from tests.physics.exact import EPS, error, exact

P = SwitchingFloats(0.37, 31.5e6, 300.0, 6.2e-3, 0.155, 40e-6, 1.65, 4.0)
HOLD, HEATER, LEADS = 0.8, 200.0, 1800.0


@exact
def threshold(thickness, temperature, log_drift):
    offset, field, reference, slope, gain = (mpmath.mpf(x) for x in P[:5])
    if thickness == 0:
        return mpmath.mpf(0)
    cold = (offset + field * thickness) * (1 + gain * max(log_drift, mpmath.mpf(0)))
    return cold * mpmath.exp(-slope * (temperature - reference))


@exact
def on_voltage(current, hold, excess, resistance):
    left = 1 / (1 + (abs(current) / mpmath.mpf(P.decay_current)) ** mpmath.mpf(P.decay_power))
    return hold + excess * left + resistance * abs(current)


THICKNESS = st.floats(1e-9, 80e-9)
DRIFT = st.floats(-1, 5)
CURRENT = st.floats(1e-9, 1e-3)
BRANCH = st.builds(OnState, st.floats(0.1, 2.0), st.floats(0.0, 3.0), st.floats(1.0, 2e4))


@given(thickness=THICKNESS, temperature=st.floats(77.0, 880.0), drift=DRIFT)
def test_threshold_is_the_formula(thickness, temperature, drift):
    # an exponent of up to 4 carries its rounding along
    assert (
        error(threshold_voltage(thickness, temperature, drift, P), threshold(thickness, temperature, drift)) < 16 * EPS
    )


def test_threshold_at_its_limits():
    assert threshold_voltage(0.0, 300.0, 3.0, P) == 0.0  # no dome, no threshold
    assert threshold_voltage(1e-12, 300.0, 0.0, P) == pytest.approx(P.threshold_offset, rel=1e-3)
    assert threshold_voltage(25e-9, 300.0, 0.0, P) == pytest.approx(0.37 + 0.7875, rel=1e-15)
    # a resistance that was lowered counts as not drifted
    assert threshold_voltage(25e-9, 300.0, -1.0, P) == threshold_voltage(25e-9, 300.0, 0.0, P)
    assert threshold_voltage(25e-9, 300.0, 2.0, P) == pytest.approx(1.31 * 1.1575, rel=1e-14)


def test_threshold_has_the_slopes_that_it_was_fitted_to():
    """In thickness 31.5 MV/m; apparent field 45 MV/m at 25 nm, 38 at 60; 5 to 7 mV/K; 49 mV a decade at nu 0.11."""
    at = [threshold_voltage(u, 300.0, 0.0, P) for u in (25e-9, 60e-9)]
    assert (at[1] - at[0]) / 35e-9 == pytest.approx(31.5e6, rel=1e-12)
    assert [v / u for v, u in zip(at, (25e-9, 60e-9))] == pytest.approx([46.3e6, 37.7e6], rel=1e-2)
    cold, hot = (threshold_voltage(25e-9, t, 0.0, P) for t in (295.0, 305.0))
    assert 5e-3 < (cold - hot) / 10.0 < 7.5e-3
    decade = threshold_voltage(25e-9, 300.0, 0.11 * math.log(10.0), P) - at[0]
    assert decade == pytest.approx(0.049, abs=0.005)


@given(temperatures=st.tuples(st.floats(77.0, 900.0), st.floats(77.0, 900.0)), drifts=st.tuples(DRIFT, DRIFT))
def test_threshold_falls_with_temperature_and_rises_with_drift(temperatures, drifts):
    cold, hot = sorted(temperatures)
    fresh, aged = sorted(drifts)
    assert threshold_voltage(25e-9, hot, fresh, P) <= threshold_voltage(25e-9, cold, fresh, P)
    assert threshold_voltage(25e-9, cold, fresh, P) <= threshold_voltage(25e-9, cold, aged, P)


@given(current=CURRENT, branch=BRANCH)
def test_the_on_state_is_the_formula_whatever_the_sign(current, branch):
    value = switching.on_voltage(current, branch, P)
    assert error(value, on_voltage(current, *branch)) < 32 * EPS
    assert switching.on_voltage(-current, branch, P) == value


@given(current=st.floats(1e-8, 9e-4), branch=BRANCH)
def test_the_slope_is_the_derivative(current, branch):
    step = 1e-6 * current
    up, down = (switching.on_voltage(current + s, branch, P) for s in (step, -step))
    value = switching.slope(current, branch, P)
    assert (up - down) / (2 * step) == pytest.approx(value, rel=1e-5, abs=1e-9 * (branch.hold + branch.excess) / step)


@given(branch=BRANCH)
def test_folds_are_where_the_slope_is_zero(branch):
    first, second = switching.folds(branch, P)
    m = P.decay_power
    steepest = P.decay_current * ((m - 1) / (m + 1)) ** (1 / m)
    if first == 0.0:
        assert second == 0.0
        assert branch.excess == 0.0 or switching.slope(steepest, branch, P) > -1e-9 * branch.resistance
        return
    assert first < steepest < second
    for fold in (first, second):
        if fold > 1e-14 * P.decay_current:
            assert abs(switching.slope(fold, branch, P)) < 1e-9 * branch.resistance
    # it rises, falls, and rises again
    assert switching.on_voltage(first, branch, P) >= switching.on_voltage(second, branch, P)
    assert switching.slope(0.5 * first, branch, P) > 0.0 > switching.slope(steepest, branch, P)
    assert switching.slope(2.0 * second, branch, P) > 0.0


@given(branch=BRANCH, part=st.floats(0.0, 1.0))
def test_currents_of_the_on_state_solve_it(branch, part):
    """W(I) - V below 1e-9 of V on both stretches that rise; the load line is never left unsolved."""
    first, second = switching.folds(branch, P)
    high = second + part * 2e-3
    voltage = switching.on_voltage(high, branch, P)
    most = switching.highest_current(voltage, branch)
    assert most >= high * (1 - 1e-9) or voltage <= branch.hold
    found = switching.on_current(voltage, second, most, branch, P)
    assert switching.on_voltage(found, branch, P) == pytest.approx(voltage, rel=1e-9)
    assert found >= second
    if first > 0.0:
        voltage = switching.on_voltage(part * first, branch, P)
        found = switching.on_current(voltage, 0.0, first, branch, P)
        assert switching.on_voltage(found, branch, P) == pytest.approx(voltage, rel=1e-9)
        assert found <= first
    # beyond the ends, the ends
    assert switching.on_current(1e6, second, 1e-3 + second, branch, P) == 1e-3 + second
    assert switching.on_current(0.0, second, 1e-3 + second, branch, P) == second


@pytest.mark.parametrize("thickness", [8e-9, 15e-9, 25e-9, 40e-9, 60e-9])
@pytest.mark.parametrize("load", [0.0, LEADS, 5000.0, 20e3])
def test_folds_and_currents_agree_with_bisection(thickness, load):
    """The slow twin knows the derivative and halves intervals 200 times."""
    h = type("Heat", (), {"on_voltage": HOLD})
    v_th = threshold_voltage(thickness, 300.0, 0.0, P)
    branch = OnState(HOLD, max(v_th - HOLD, 0.0), HEATER + load)
    expected = slow.folds(v_th, HEATER + load, h, P)
    assert switching.folds(branch, P) == pytest.approx(expected, rel=1e-9)
    for voltage in np.linspace(v_th + 0.05, v_th + 1.5, 5):
        most = switching.highest_current(voltage, branch)

        def miss(i, voltage=voltage):
            return slow.on_state(i, v_th, h, P) + (HEATER + load) * i - voltage

        by_halves = slow.bisected(miss, max(expected[1], 1e-20), most)
        assert switching.on_current(voltage, expected[1], most, branch, P) == pytest.approx(by_halves, rel=1e-10)


# ---- the shape that a device physicist expects


def off_state(current, thickness):
    """Voltage of an off-state, for the tests of the shape: hopping in shells over 1/r^2, and a crystal around them."""
    radius, layer, k, q = 20e-9, 100e-9, 1.380649e-23, 1.602176634e-19
    field = 2.0 * k * 300.0 / (q * 6e-9)
    edges = radius + np.linspace(0.0, thickness, 25)
    density = current / (2.0 * math.pi * edges[1:] * edges[:-1])
    crystal = current * (1.0 / (radius + thickness) - 1.0 / layer) / (2.0 * math.pi * 350.0)
    return float((field * np.arcsinh(density / (0.35 * field)) * np.diff(edges)).sum()) + crystal


def cell(current, thickness):
    v_th = threshold_voltage(thickness, 300.0, 0.0, P)
    on = switching.on_voltage(current, OnState(HOLD, max(v_th - HOLD, 0.0), 0.0), P)
    return min(off_state(current, thickness), on) + HEATER * current


@pytest.mark.parametrize("thickness", [15e-9, 19e-9, 25e-9, 40e-9])
def test_the_cell_snaps_back_below_100_ua(thickness):
    currents = np.geomspace(1e-9, 100e-6, 400)
    voltage = np.array([cell(i, thickness) for i in currents])
    assert (np.diff(voltage) < 0.0).any()
    assert voltage[np.argmax(voltage)] == pytest.approx(threshold_voltage(thickness, 300.0, 0.0, P), abs=0.03)


@pytest.mark.parametrize("thickness", [0.0, 10e-9, 25e-9, 40e-9])
def test_beyond_100_ua_all_cells_keep_about_the_holding_voltage(thickness):
    for current in (100e-6, 200e-6, 440e-6):
        voltage = cell(current, thickness)
        assert 0.8 <= voltage < 1.0
        assert voltage - HEATER * current >= HOLD
    # R_d = A/I + B of RESET: V is linear in I
    currents = np.linspace(300e-6, 600e-6, 31)
    volts = np.array([cell(i, thickness) for i in currents])
    slope, offset = np.polyfit(currents, volts, 1)
    assert np.corrcoef(currents, volts)[0, 1] ** 2 > 0.97
    assert offset == pytest.approx(HOLD, abs=0.05)
    assert slope == pytest.approx(HEATER, abs=70.0)


@pytest.mark.parametrize(
    ("load", "thickness", "up", "current", "down"),
    [(LEADS, 25e-9, 1.16, 164e-6, 1.04), (5000.0, 40e-9, 1.64, 143e-6, 1.40)],
)
def test_a_load_line_switches_where_the_static_curve_folds(load, thickness, up, current, down):
    """The numbers of the prototype, a search on a grid of 6000 currents: within its step of 5 mV twice, and 1 %."""
    v_th = threshold_voltage(thickness, 300.0, 0.0, P)
    branch = OnState(HOLD, v_th - HOLD, HEATER + load)
    first, second = switching.folds(branch, P)
    crossing = min(np.geomspace(1e-8, 1e-5, 4000), key=lambda i: abs(off_state(i, thickness) - v_th))
    start = max(first, crossing)
    on_at = switching.on_voltage(start, branch, P)
    assert on_at == pytest.approx(up, abs=0.01)
    assert switching.on_voltage(second, branch, P) == pytest.approx(down, abs=0.01)
    landed = switching.on_current(up, second, 1e-3, branch, P)
    assert landed == pytest.approx(current, rel=0.01)


def test_a_large_load_takes_the_jump_away():
    v_th = threshold_voltage(25e-9, 300.0, 0.0, P)
    assert switching.folds(OnState(HOLD, v_th - HOLD, HEATER + 5000.0), P) != (0.0, 0.0)
    assert switching.folds(OnState(HOLD, v_th - HOLD, HEATER + 6000.0), P) == (0.0, 0.0)
    # below the holding voltage nothing snaps back, whatever the load
    assert switching.folds(OnState(HOLD, 0.0, 1e-3), P) == (0.0, 0.0)


def test_pack_keeps_the_order():
    assert SwitchingParameters(*P).pack() == P
