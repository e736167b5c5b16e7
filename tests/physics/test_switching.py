"""Threshold voltage: linear in the layer, falling with temperature, rising with drift."""

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcmphys.physics.switching import SwitchingFloats, SwitchingParameters, threshold_voltage
from tests.physics.exact import EPS, error, exact

P = SwitchingFloats(40e6, 300.0, 2e-3, 0.05, 20e-6, 4.0)


@exact
def threshold(thickness, temperature, log_drift):
    field, reference, slope, gain = (mpmath.mpf(x) for x in P[:4])
    thermal = max(1 - slope * (temperature - reference), mpmath.mpf(0))
    return field * thickness * thermal * (1 + gain * max(log_drift, mpmath.mpf(0)))


THICKNESS = st.floats(0, 80e-9)
DRIFT = st.floats(-1, 5)


@given(thickness=THICKNESS, temperature=st.floats(77.0, 780.0), drift=DRIFT)
def test_threshold_is_the_formula(thickness, temperature, drift):
    value = threshold_voltage(thickness, temperature, drift, P)
    # near 800 K, where the threshold vanishes, one minus a number near one
    lost = 1 / abs(1 - 2e-3 * (temperature - 300.0))
    assert error(value, threshold(thickness, temperature, drift)) < 8 * EPS * (1 + lost)


def test_threshold_at_its_limits():
    assert threshold_voltage(0.0, 300.0, 3.0, P) == 0.0
    assert threshold_voltage(25e-9, 300.0, 0.0, P) == pytest.approx(1.0, rel=1e-15)
    # it would vanish at 800 K, and does not go below zero
    assert threshold_voltage(25e-9, 801.0, 0.0, P) == 0.0
    assert threshold_voltage(25e-9, 799.0, 0.0, P) > 0.0
    # a resistance that was lowered counts as not drifted
    assert threshold_voltage(25e-9, 300.0, -1.0, P) == threshold_voltage(25e-9, 300.0, 0.0, P)
    assert threshold_voltage(25e-9, 300.0, 2.0, P) == pytest.approx(1.1, rel=1e-15)


@given(pair=st.tuples(THICKNESS, THICKNESS), temperature=st.floats(77.0, 780.0), drift=DRIFT)
def test_threshold_is_linear_in_the_thickness(pair, temperature, drift):
    one, other = (threshold_voltage(u, temperature, drift, P) for u in pair)
    both = threshold_voltage(pair[0] + pair[1], temperature, drift, P)
    assert both == pytest.approx(one + other, rel=1e-14, abs=1e-300)


@given(temperatures=st.tuples(st.floats(77.0, 900.0), st.floats(77.0, 900.0)), drifts=st.tuples(DRIFT, DRIFT))
def test_threshold_falls_with_temperature_and_rises_with_drift(temperatures, drifts):
    cold, hot = sorted(temperatures)
    fresh, aged = sorted(drifts)
    assert threshold_voltage(25e-9, hot, fresh, P) <= threshold_voltage(25e-9, cold, fresh, P)
    assert threshold_voltage(25e-9, cold, fresh, P) <= threshold_voltage(25e-9, cold, aged, P)


def test_pack_keeps_the_order():
    assert SwitchingParameters(*P).pack() == P
