"""Structural relaxation: the closed solution against its rate equation, any chain of waits, one drift exponent."""

import dataclasses
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcmphys.physics.relaxation import RelaxationFloats, RelaxationParameters, log_drift, log_time_constant, relaxed
from tests.physics.exact import BOLTZMANN, CHARGE, EPS, error

PARAMETERS = RelaxationParameters(2.5, 1e13, 0.78, 0.11, 0.05, 0.06, 0.06, 1e3)
P = PARAMETERS.pack(300.0)
TEMPERATURE = st.floats(250.0, 600.0)
DURATION = st.floats(-9, 12).map(lambda x: 10.0**x)


def time_constant(temperature):
    with mpmath.workdps(30):
        reduced = mpmath.mpf(P.barrier) / (BOLTZMANN * mpmath.mpf(temperature))
        return mpmath.exp(reduced) / (mpmath.mpf(P.attempt_rate) * reduced)


def order_after(order, duration, temperature):
    with mpmath.workdps(60):
        reduced = mpmath.mpf(P.barrier) / (BOLTZMANN * mpmath.mpf(temperature))
        start = mpmath.exp(-mpmath.mpf(order) * reduced)
        return -mpmath.log(start + mpmath.mpf(duration) / time_constant(temperature)) / reduced


@given(TEMPERATURE)
def test_time_constant(temperature):
    with mpmath.workdps(30):
        reference = mpmath.log(time_constant(temperature))
    assert error(log_time_constant(temperature, P), reference) < 8 * EPS


@given(order=st.floats(0.2, 0.78), duration=DURATION, temperature=TEMPERATURE)
def test_relaxed_is_the_closed_solution(order, duration, temperature):
    value = relaxed(order, duration, temperature, P)
    # absolute: an order of one is the scale, and exponents up to 120 carry their rounding
    assert abs(value - float(order_after(order, duration, temperature))) < 16 * EPS
    assert value <= order + 2 * EPS


@pytest.mark.parametrize("temperature", [280.0, 300.0, 370.0, 500.0])
@pytest.mark.parametrize("duration", [1e-7, 1e-3, 20.0, 1e7])
def test_relaxed_solves_its_rate_equation(temperature, duration):
    """dS/dt = -nu exp(-E (1 - S)/kT): the time from S_0 to S is the integral of dS over the rate."""
    end = relaxed(P.initial, duration, temperature, P)
    with mpmath.workdps(30):
        reduced = mpmath.mpf(P.barrier) / (BOLTZMANN * temperature)

        def slowness(s):
            return mpmath.exp(reduced * (1 - s)) / mpmath.mpf(P.attempt_rate)

        time = mpmath.quad(slowness, mpmath.linspace(end, P.initial, 12))
    # an error of one unit of S is E/kT in ln t; a change smaller than the last place of S is nothing to compare
    resolved = 4 * EPS / (P.initial - end)
    assert float(time) == pytest.approx(duration, rel=1e-10 + 100 * resolved)


@given(order=st.floats(0.3, 0.78), durations=st.tuples(DURATION, DURATION), temperature=TEMPERATURE)
def test_two_waits_are_one(order, durations, temperature):
    first, second = durations
    step = relaxed(relaxed(order, first, temperature, P), second, temperature, P)
    assert step == pytest.approx(relaxed(order, first + second, temperature, P), abs=16 * EPS)


@given(order=st.floats(0.3, 0.78), duration=DURATION, temperature=TEMPERATURE)
def test_two_halves_are_the_whole(order, duration, temperature):
    halves = relaxed(relaxed(order, 0.5 * duration, temperature, P), 0.5 * duration, temperature, P)
    assert halves == pytest.approx(relaxed(order, duration, temperature, P), abs=16 * EPS)


def test_waits_at_two_temperatures_are_not_exchangeable_halves_of_one():
    """A wrong twin: adding up times at a mean temperature instead of chaining the waits."""
    chained = relaxed(relaxed(0.78, 100.0, 300.0, P), 100.0, 360.0, P)
    averaged = relaxed(0.78, 200.0, 330.0, P)
    assert abs(chained - averaged) > 0.01
    # an equivalent time at 360 K exists: the chain is one wait there
    equivalent = math.exp(log_time_constant(360.0, P)) * (
        math.exp(-relaxed(0.78, 100.0, 300.0, P) * P.barrier / (1.380649e-23 * 360.0))
        - math.exp(-0.78 * P.barrier / (1.380649e-23 * 360.0))
    )
    assert relaxed(0.78, equivalent + 100.0, 360.0, P) == pytest.approx(chained, abs=1e-13)


@given(order=st.floats(0.3, 0.78), pair=st.tuples(DURATION, DURATION), temperature=TEMPERATURE)
def test_longer_and_hotter_relaxes_more(order, pair, temperature):
    short, long = sorted(pair)
    assert relaxed(order, long, temperature, P) <= relaxed(order, short, temperature, P) + 2 * EPS
    assert relaxed(order, short, temperature + 20.0, P) <= relaxed(order, short, temperature, P) + 2 * EPS


def test_relaxed_at_its_limits():
    for temperature in (77.0, 300.0, 600.0):
        assert relaxed(0.78, 0.0, temperature, P) == pytest.approx(0.78, abs=2 * EPS)
        assert relaxed(0.78, 1e-300, temperature, P) == pytest.approx(0.78, abs=2 * EPS)
        assert math.isfinite(relaxed(0.78, 1e30, temperature, P))
    # in the cold nothing moves in an hour
    assert relaxed(0.78, 3600.0, 77.0, P) == pytest.approx(0.78, abs=1e-9)


@given(temperature=st.floats(290.0, 400.0), exponent=st.floats(0.01, 0.2))
def test_the_drift_exponent_does_not_depend_on_the_temperature(temperature, exponent):
    times = np.geomspace(1e2, 1e8, 7)
    drift = [log_drift(relaxed(P.initial, t, temperature, P), exponent, temperature, P) for t in times]
    slopes = np.diff(drift) / np.diff(np.log(times))
    # the onset is microseconds at 300 K: a hundred seconds later the law is a power law
    assert slopes == pytest.approx(exponent, rel=1e-5)


@given(temperature=TEMPERATURE, duration=st.floats(-3, 10).map(lambda x: 10.0**x))
def test_resistance_rises_as_a_power_of_one_plus_time_over_onset(temperature, duration):
    reduced = P.barrier / (1.380649e-23 * temperature)
    log_onset = log_time_constant(temperature, P) - P.initial * reduced
    expected = 0.11 * math.log1p(duration / math.exp(log_onset))
    drift = log_drift(relaxed(P.initial, duration, temperature, P), 0.11, temperature, P)
    # S_0 - S in units of its last place, times nu E / kT
    assert drift == pytest.approx(expected, abs=0.11 * reduced * 16 * EPS, rel=1e-12)


@given(order=st.floats(-0.5, 0.78), exponent=st.floats(1e-6, 0.3), temperature=TEMPERATURE)
def test_log_drift_is_the_formula(order, exponent, temperature):
    with mpmath.workdps(30):
        lost = mpmath.mpf(P.initial) - mpmath.mpf(order)
        formula = mpmath.mpf(exponent) * lost * mpmath.mpf(P.barrier) / (BOLTZMANN * mpmath.mpf(temperature))
    assert error(log_drift(order, exponent, temperature, P), formula) < 8 * EPS


def test_no_drift_without_relaxation_or_exponent():
    assert log_drift(P.initial, 0.11, 300.0, P) == 0.0
    assert log_drift(0.2, 0.0, 300.0, P) == 0.0


def test_drift_sets_in_after_microseconds():
    """As the parameter file says of the shipped values."""
    onset = math.exp(log_time_constant(300.0, P) - P.initial * P.barrier / (1.380649e-23 * 300.0))
    assert 5e-7 < onset < 5e-6


def test_pack_converts_the_barrier():
    assert isinstance(P, RelaxationFloats)
    assert error(P.barrier, mpmath.mpf(2.5) * CHARGE) < 2 * EPS
    assert P[1:7] == (1e13, 0.78, 0.11, 0.05, 0.06, 0.06)


@pytest.mark.parametrize(("temperature", "age"), [(300.0, 1e3), (350.0, 1e-3), (300.0, 0.0)])
def test_pack_foresees_the_mean_drift_factors(temperature, age):
    """The closed form of the factors that the laws give for a glass of that age, kept and read at one temperature."""
    p = dataclasses.replace(PARAMETERS, mixture_age=age).pack(temperature)
    order = relaxed(p.initial, age, temperature, p)
    for factor, exponent in ((p.dome_aged, 0.11), (p.films_aged, 0.05)):
        assert factor == pytest.approx(math.exp(log_drift(order, exponent, temperature, p)), rel=1e-12)
