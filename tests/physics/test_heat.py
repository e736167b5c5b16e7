"""On-state, heat and the shape of the hot spot."""

import math

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcmphys.physics import heat
from pcmphys.physics.heat import HeatFloats
from tests.physics.exact import EPS, error, exact

P = HeatFloats(300.0, 2.17e6, 1e-9, 0.8, 200.0, 390e-6, 0.6, 0.5, 0.4, 0.98)
CURRENT = st.floats(1e-6, 1e-3)
ANGLE = st.floats(0, math.pi)


@exact
def narrow(current):
    return max(mpmath.mpf(P.filling_current) / current, mpmath.mpf(1)) ** mpmath.mpf(P.crowding)


@exact
def beside(angle, current):
    part = min(current / mpmath.mpf(P.filling_current), mpmath.mpf(1))
    edge = mpmath.pi * part
    inside = min(angle / edge, mpmath.mpf(1))
    outside = max(angle - edge, mpmath.mpf(0))
    return (1 - mpmath.mpf(P.edge_drop) * (1 - part) * inside**2) * mpmath.exp(-outside / mpmath.mpf(P.lateral_angle))


@given(CURRENT)
def test_narrowing_is_the_formula_whatever_the_sign(current):
    assert error(heat.narrowing(current, P), narrow(current)) < 8 * EPS
    assert heat.narrowing(-current, P) == heat.narrowing(current, P)


@given(power=st.floats(0.0, 1e-2), current=CURRENT)
def test_heater_rise_is_the_power_through_the_resistance(power, current):
    assert heat.heater_rise(power, current, False, P) == P.thermal_resistance * power
    expected = P.thermal_resistance * power * heat.narrowing(current, P)
    assert heat.heater_rise(power, current, True, P) == pytest.approx(expected, rel=4 * EPS, abs=0)
    # a narrow spot is never colder
    assert heat.heater_rise(power, current, True, P) >= heat.heater_rise(power, current, False, P)


def test_narrowing_at_its_limits():
    filled = P.filling_current
    assert heat.narrowing(filled, P) == heat.narrowing(2 * filled, P) == 1.0
    # continuous where the filament fills the heater
    assert heat.narrowing(filled * (1 - 1e-9), P) == pytest.approx(1.0, rel=1e-8)
    # without crowding the hot spot does not matter; a disk gains the root, a column the full ratio
    for exponent, gain in ((0.0, 1.0), (0.5, 2.0), (1.0, 4.0)):
        p = P._replace(crowding=exponent)
        assert heat.narrowing(filled / 4, p) == pytest.approx(gain, rel=1e-14)
    # no current divides by nothing
    assert math.isfinite(heat.narrowing(0.0, P))
    assert heat.heater_rise(0.0, 0.0, True, P) == 0.0


@given(currents=st.tuples(CURRENT, CURRENT), crowding=st.sampled_from([0.0, 0.6, 1.0]))
def test_more_current_makes_more_heat_where_the_voltage_holds(currents, crowding):
    low, high = sorted(currents)
    # for any crowding up to one: P rises at least as fast as I
    p = P._replace(crowding=crowding)
    rises = [heat.heater_rise(i * (p.on_voltage + p.on_resistance * i), i, True, p) for i in (low, high)]
    assert rises[0] <= rises[1] * (1 + 16 * EPS)


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
