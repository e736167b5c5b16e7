"""On-state, heat and the shape of the hot spot."""

import math

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcmphys.physics import heat
from pcmphys.physics.heat import HeatFloats
from tests.physics.exact import EPS, error, exact

P = HeatFloats(300.0, 0.95e6, 1e-9, 1.9, 300.0, 346e-6, 0.7, 0.5, 0.4, 0.98)
CURRENT = st.floats(1e-6, 1e-3)
ANGLE = st.floats(0, math.pi)


@exact
def power(current):
    return mpmath.mpf(P.on_voltage) * current + mpmath.mpf(P.on_resistance) * current**2


@exact
def rise(current):
    narrowing = max(mpmath.mpf(P.filling_current) / current, mpmath.mpf(1)) ** mpmath.mpf(P.crowding)
    return mpmath.mpf(P.thermal_resistance) * power(current) * narrowing


@exact
def beside(angle, current):
    part = min(current / mpmath.mpf(P.filling_current), mpmath.mpf(1))
    edge = mpmath.pi * part
    inside = min(angle / edge, mpmath.mpf(1))
    outside = max(angle - edge, mpmath.mpf(0))
    return (1 - mpmath.mpf(P.edge_drop) * (1 - part) * inside**2) * mpmath.exp(-outside / mpmath.mpf(P.lateral_angle))


@given(CURRENT)
def test_on_power_is_the_published_formula_whatever_the_sign(current):
    assert error(heat.on_power(current, P), power(current)) < 4 * EPS
    assert heat.on_power(-current, P) == heat.on_power(current, P)


@given(CURRENT)
def test_on_state_voltage_and_power_agree(current):
    voltage = P.on_voltage + P.on_resistance * current
    # the voltage is near A: the current keeps what its small part of the voltage resolves
    lost = voltage / (P.on_resistance * current)
    assert heat.on_current(voltage, P) == pytest.approx(current, rel=4 * EPS * lost, abs=0)
    assert heat.on_power(current, P) == pytest.approx(voltage * current, rel=4 * EPS, abs=0)


@given(st.floats(0, 3))
def test_on_current_is_odd_and_nothing_below_the_knee(voltage):
    assert heat.on_current(-voltage, P) == -heat.on_current(voltage, P)
    assert (heat.on_current(voltage, P) == 0.0) == (voltage <= P.on_voltage)


@given(CURRENT)
def test_heater_rise_is_the_formula(current):
    assert error(heat.heater_rise(current, P), rise(current)) < 8 * EPS
    assert heat.heater_rise(-current, P) == heat.heater_rise(current, P)


def test_heater_rise_at_its_limits():
    assert heat.heater_rise(0.0, P) == 0.0
    filled = P.filling_current
    assert heat.heater_rise(filled, P) == P.thermal_resistance * heat.on_power(filled, P)
    # continuous where the filament fills the heater
    assert heat.heater_rise(filled * (1 - 1e-9), P) == pytest.approx(heat.heater_rise(filled, P), rel=1e-8)
    # without crowding the hot spot does not matter; a disk gains the root, a column the full ratio
    for exponent, gain in ((0.0, 1.0), (0.5, 2.0), (1.0, 4.0)):
        p = P._replace(crowding=exponent)
        plain = P.thermal_resistance * heat.on_power(filled / 4, p)
        assert heat.heater_rise(filled / 4, p) == pytest.approx(gain * plain, rel=1e-14)


@given(st.tuples(CURRENT, CURRENT))
def test_more_current_makes_more_heat(currents):
    low, high = sorted(currents)
    assert heat.on_power(low, P) <= heat.on_power(high, P)
    # holds for any crowding up to one: P rises at least as fast as I
    for crowding in (0.0, 0.7, 1.0):
        p = P._replace(crowding=crowding)
        assert heat.heater_rise(low, p) <= heat.heater_rise(high, p) * (1 + 8 * EPS)


@given(angle=ANGLE, current=st.floats(5e-6, 1e-3))
def test_beside_filament_is_the_formula(angle, current):
    value = heat.beside_filament(angle, current, P)
    # an exponent of up to 8 carries its rounding along
    assert error(value, beside(angle, current)) < 32 * EPS
    assert heat.beside_filament(-angle, current, P) == value
    assert heat.beside_filament(angle, -current, P) == value


@given(angles=st.tuples(ANGLE, ANGLE), current=CURRENT)
def test_heat_falls_beside_the_filament(angles, current):
    near, far = sorted(angles)
    assert 0.0 < heat.beside_filament(far, current, P) <= heat.beside_filament(near, current, P) <= 1.0


def test_beside_filament_at_its_limits():
    assert heat.beside_filament(0.0, 100e-6, P) == 1.0
    # one that fills the heater heats all around
    for current in (P.filling_current, 2 * P.filling_current):
        assert heat.beside_filament(math.pi, current, P) == 1.0
    # continuous at its edge, where it has lost edge_drop times the empty part
    current = 0.25 * P.filling_current
    edge = 0.25 * math.pi
    at_edge = 1.0 - P.edge_drop * 0.75
    for angle in (edge * (1 - 1e-12), edge, edge * (1 + 1e-12)):
        assert heat.beside_filament(angle, current, P) == pytest.approx(at_edge, rel=1e-10)
    # one decay angle further out
    outside = heat.beside_filament(edge + P.lateral_angle, current, P)
    assert outside == pytest.approx(at_edge / math.e, rel=1e-14)
    # a thread: only the decay is left, and nothing divides by zero
    thin = heat.beside_filament(1.0, 0.0, P)
    assert thin == pytest.approx((1 - P.edge_drop) * math.exp(-1.0 / P.lateral_angle), rel=1e-5)


def test_profile_is_a_straight_line_to_the_top_electrode():
    per_span = 1.0 / 80e-9
    assert heat.profile(0.0, per_span, 1.0) == 1.0
    assert heat.profile(40e-9, per_span, 1.0) == pytest.approx(0.5, rel=1e-15)
    assert heat.profile(80e-9, per_span, 1.0) == pytest.approx(0.0, abs=1e-15)
    # a sector whose front lies 8 nm further out: as hot there as others are at the heater
    assert heat.profile(8e-9, per_span, 1.1) == pytest.approx(1.0, rel=1e-15)


@given(melting=st.floats(0.05, 3.0), shift=st.floats(-15e-9, 15e-9))
def test_the_melt_ends_where_the_profile_reaches_melting(melting, shift):
    span = 80e-9
    distance = heat.melt_distance(melting, span, shift)
    assert heat.profile(distance, 1.0 / span, 1.0 + shift / span) == pytest.approx(melting, rel=1e-12)
    with mpmath.workdps(30):
        formula = mpmath.mpf(span) * (1 - mpmath.mpf(melting)) + mpmath.mpf(shift)
    assert abs(distance - formula) < 4 * EPS * span * (1 + melting)


def test_what_stays_below_melting_melts_nothing():
    assert heat.melt_distance(580.0 / 1e-3, 80e-9, 0.0) < 0.0 < heat.melt_distance(580.0 / 581.0, 80e-9, 0.0)
