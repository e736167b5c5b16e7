"""Structural relaxation: the two-way law against its rate equation, any chain of waits, one drift exponent, ages."""

import dataclasses
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcmphys as pcm
from pcmphys.physics import relaxation
from pcmphys.physics.relaxation import (
    RelaxationFloats,
    RelaxationParameters,
    age_of,
    ageing,
    drift_exponent,
    e_folds,
    felt_from,
    floor,
    kept_deviate,
    log_drift,
    older,
    order_of,
    relaxed,
)
from tests.physics.exact import BOLTZMANN, CHARGE, EPS, error

PARAMETERS = RelaxationParameters(2.5, 1e13, 0.90, 0.11, 0.05, 0.06, 0.06, 1e3, 450.0, 580.0, 100.0)
P = PARAMETERS.pack(300.0, 300.0)
TEMPERATURE = st.floats(77.0, 860.0)
DURATION = st.floats(-9, 12).map(lambda x: 10.0**x)
ORDER = st.floats(0.2, 0.9)


def reduced(temperature):
    return mpmath.mpf(P.barrier) / (BOLTZMANN * mpmath.mpf(temperature))


def floor_of(temperature):
    """Linear through the order that relaxes in the glass time at T_g, and S_0 at T_f."""
    a = reduced(450.0)
    at_glass = 1 - mpmath.log(100 * a * mpmath.mpf(10) ** 13) / a
    rise = (mpmath.mpf(P.initial) - at_glass) * (mpmath.mpf(temperature) - 450) / 130
    return min(mpmath.mpf(P.initial), at_glass + rise)


def order_after(order, duration, temperature):
    with mpmath.workdps(60):
        a, rest = reduced(temperature), floor_of(temperature)
        part = mpmath.mpf(duration) * a * mpmath.mpf(P.attempt_rate) * mpmath.exp(-a * (1 - rest))
        below = mpmath.exp(-a * (mpmath.mpf(order) - rest) - part) - mpmath.expm1(-part)
        return rest - mpmath.log(below) / a


def rounding(order, temperature):
    """Rounding of S: a logarithm of up to a (S - S_eq), over a; its exponents carry theirs of a (1 - S)."""
    return 16 * EPS * (1.0 + abs(1.0 - order) + abs(order - float(floor_of(temperature))))


@given(TEMPERATURE)
def test_the_floor_is_a_line_up_to_the_melt(temperature):
    with mpmath.workdps(30):
        assert abs(floor(temperature, P) - floor_of(temperature)) < 16 * EPS
    assert floor(450.0, P) == PARAMETERS.glass_order
    assert floor(600.0, P) == P.initial


def test_the_glass_takes_its_time_at_the_glass_temperature():
    """There the time constant is that of the parameters, by definition."""
    a = P.barrier / (1.380649e-23 * 450.0)
    assert math.exp(a * (1.0 - floor(450.0, P))) / (a * P.attempt_rate) == pytest.approx(100.0, rel=1e-12)


@given(order=ORDER, duration=DURATION, temperature=TEMPERATURE)
def test_relaxed_is_the_closed_solution(order, duration, temperature):
    value = relaxed(order, duration, temperature, P)
    assert abs(value - float(order_after(order, duration, temperature))) < rounding(order, temperature)
    rest = floor(temperature, P)
    assert min(order, rest) <= value <= max(order, rest)


@pytest.mark.parametrize(
    ("order", "temperature"),
    [(0.9, 280.0), (0.9, 300.0), (0.9, 370.0), (0.9, 500.0), (0.56, 500.0), (0.45, 540.0), (0.56, 570.0), (0.5, 450.0)],
)
@pytest.mark.parametrize("duration", [1e-9, 1e-7, 1e-3, 20.0, 1e7])
def test_relaxed_solves_its_rate_equation(order, temperature, duration):
    """dS/dt = -nu [e^(-a (1 - S)) - e^(-a (1 - S_eq))]: the time from S to S' is the integral of dS over the rate."""
    end = relaxed(order, duration, temperature, P)
    with mpmath.workdps(30):
        a, rest = reduced(temperature), floor_of(temperature)
        left = abs(end - rest)

        def slowness(s):
            rate = mpmath.mpf(P.attempt_rate) * (mpmath.exp(-a * (1 - s)) - mpmath.exp(-a * (1 - rest)))
            return -1 / rate

        if left < 1e-9 or end == order:  # at rest, or not moved by a last place
            assert left < 1e-9 or abs(float(order_after(order, duration, temperature)) - order) < 1e-15
            return
        time = mpmath.quad(slowness, mpmath.linspace(order, end, 24))
    # an error of one unit of S is E/kT in ln t; a change smaller than the last place of S is nothing to compare
    resolved = 4 * EPS / abs(order - end) + EPS / float(left)
    assert float(time) == pytest.approx(duration, rel=1e-8 + 100 * resolved)


@given(order=ORDER, duration=DURATION, temperature=TEMPERATURE)
def test_two_halves_are_the_whole(order, duration, temperature):
    halves = relaxed(relaxed(order, 0.5 * duration, temperature, P), 0.5 * duration, temperature, P)
    assert halves == pytest.approx(relaxed(order, duration, temperature, P), abs=1e-12)


@given(order=ORDER, durations=st.tuples(DURATION, DURATION), temperature=TEMPERATURE)
def test_two_waits_are_one(order, durations, temperature):
    first, second = durations
    step = relaxed(relaxed(order, first, temperature, P), second, temperature, P)
    assert step == pytest.approx(relaxed(order, first + second, temperature, P), abs=1e-12)


def test_waits_at_two_temperatures_are_not_exchangeable_halves_of_one():
    """A wrong twin: adding up times at a mean temperature instead of chaining the waits."""
    chained = relaxed(relaxed(0.78, 100.0, 300.0, P), 100.0, 360.0, P)
    averaged = relaxed(0.78, 200.0, 330.0, P)
    assert abs(chained - averaged) > 0.01


@given(order=ORDER, pair=st.tuples(DURATION, DURATION), temperature=st.floats(250.0, 440.0))
def test_longer_and_hotter_relaxes_more_far_above_the_floor(order, pair, temperature):
    short, long = sorted(pair)
    towards = 1.0 if order > floor(temperature, P) else -1.0
    assert towards * (relaxed(order, short, temperature, P) - relaxed(order, long, temperature, P)) >= -2 * EPS
    if relaxed(order, short, temperature + 20.0, P) > floor(temperature + 20.0, P) + 0.05:
        assert relaxed(order, short, temperature + 20.0, P) <= relaxed(order, short, temperature, P) + 2 * EPS


def test_an_aged_glass_wakes_between_500_and_550_kelvin():
    """50 ns after an hour at room temperature: resistance times 1.000, 0.84 and 0.09 at 500, 525 and 550 K."""
    aged = relaxed(P.initial, 3600.0, 300.0, P)
    kept = [
        math.exp(log_drift(age_of(relaxed(aged, 50e-9, t, P), P), 0.11, 300.0, P) - log_drift(3600.0, 0.11, 300.0, P))
        for t in (480.0, 500.0, 525.0, 550.0)
    ]
    assert kept == pytest.approx([1.0, 1.0, 0.839, 0.0903], rel=1e-3)


def test_a_wait_ends_at_the_floor():
    assert relaxed(0.4, 1e8, 800.0, P) == P.initial
    assert relaxed(P.initial, 1e8, 800.0, P) == P.initial
    assert relaxed(P.initial, 1e9, 470.0, P) == pytest.approx(floor(470.0, P), abs=1e-14)
    assert relaxed(0.2, 1e9, 470.0, P) == pytest.approx(floor(470.0, P), abs=1e-12)


def test_relaxed_at_its_limits():
    for temperature in (77.0, 300.0, 600.0):
        for order in (0.2, 0.9):
            assert relaxed(order, 0.0, temperature, P) == order
            assert relaxed(order, 1e-300, temperature, P) == pytest.approx(order, abs=2 * EPS)
            assert math.isfinite(relaxed(order, 1e308, temperature, P))
            assert math.isnan(relaxed(math.nan, 1.0, temperature, P))
    # in the cold a relaxed glass does not move in an hour
    assert relaxed(0.78, 3600.0, 77.0, P) == pytest.approx(0.78, abs=1e-9)


@pytest.mark.parametrize("temperature", [300.0, 373.0])
def test_the_drift_exponent_is_the_domes_from_a_second_on(temperature):
    times = np.geomspace(1.0, 1e5, 6)
    ages = [age_of(relaxed(P.initial, t, temperature, P), P) for t in times]
    drift = [log_drift(age, 0.11, temperature, P) for age in ages]
    assert np.diff(drift) / np.diff(np.log(times)) == pytest.approx(0.11, abs=1e-6)


@pytest.mark.parametrize(("temperature", "low", "high"), [(125.0, 0.06, 0.11), (80.0, 0.02, 0.1)])
def test_a_cold_glass_drifts_within_an_hour(temperature, low, high):
    """Measured: 0.075 at 125 K, 0.02 to 0.1 at 80 K, from a second to an hour; an S_0 of 0.78 would give nothing."""

    def exponent(p):
        ages = [age_of(relaxed(p.initial, t, temperature, p), p) for t in (1.0, 3600.0)]
        return np.diff([log_drift(age, 0.11, temperature, p) for age in ages])[0] / math.log(3600.0)

    assert low < exponent(P) < high + 1e-9
    assert exponent(dataclasses.replace(PARAMETERS, initial=0.78).pack(300.0, 300.0)) < 1e-3


# ---- ages


@given(ORDER)
def test_age_and_order_are_one_number(order):
    assert order_of(age_of(order, P), P) == pytest.approx(order, abs=4 * EPS)
    with mpmath.workdps(30):
        a = reduced(300.0)
        age = mpmath.exp(a * (1 - mpmath.mpf(order))) / (a * mpmath.mpf(P.attempt_rate))
    assert error(age_of(order, P), age) < 500 * EPS


@given(order=ORDER, duration=DURATION)
def test_a_wait_where_ages_count_is_a_product_and_a_sum(order, duration):
    left, gained = ageing(duration, P)
    after = order_of(age_of(order, P) * left + gained, P)
    assert after == pytest.approx(relaxed(order, duration, 300.0, P), abs=32 * EPS)
    back, lost = ageing(-duration, P)
    age = age_of(order, P)
    # what a time adds, the same time takes away, up to the digits of the larger
    assert (age * left + gained) * back + lost == pytest.approx(age, rel=1e-12, abs=8 * EPS * duration)


@given(st.floats(-9, 30).map(lambda x: 10.0**x))
def test_ages_near_a_floor_that_is_reached(duration):
    """Counted at a temperature at which the glass comes to rest within the times."""
    p = PARAMETERS.pack(300.0, 470.0)
    left, gained = ageing(duration, p)
    for order in (0.3, 0.9):
        assert order_of(age_of(order, p) * left + gained, p) == pytest.approx(
            relaxed(order, duration, 470.0, p), abs=64 * EPS
        )


@given(order=ORDER, duration=DURATION, temperature=st.floats(250.0, 860.0))
def test_older_is_the_law_in_ages(order, duration, temperature):
    after = order_of(older(age_of(order, P), duration, temperature, P), P)
    assert after == pytest.approx(relaxed(order, duration, temperature, P), abs=1e-13)


@given(order=st.floats(-0.5, 0.9), exponent=st.floats(1e-6, 0.3), temperature=TEMPERATURE)
def test_log_drift_is_the_formula(order, exponent, temperature):
    with mpmath.workdps(30):
        lost = mpmath.mpf(P.initial) - mpmath.mpf(order)
        formula = mpmath.mpf(exponent) * lost * reduced(temperature)
    value = log_drift(age_of(order, P), exponent, temperature, P)
    # the age carries the digits of its logarithm, of up to a hundred
    assert abs(value - float(formula)) < 400 * EPS * exponent * 300.0 / temperature + 4 * EPS * abs(float(formula))
    assert value == pytest.approx(exponent * e_folds(age_of(order, P), temperature, P), rel=2 * EPS)


def test_no_drift_without_relaxation_or_exponent():
    assert abs(log_drift(P.youngest, 0.11, 300.0, P)) < EPS
    assert log_drift(1e4, 0.0, 300.0, P) == 0.0


def test_a_fresh_glass_is_ten_picoseconds_old():
    """So that nothing of the onset is left to see; the parameter file's values."""
    p = pcm.load_cell("ibm-90nm-doped-gst").parameters.pack().relaxation
    assert 1e-11 < p.youngest < 2e-11


@pytest.mark.parametrize("count", [1, 7])
def test_kernels_are_the_law_sector_by_sector(count):
    rng = np.random.default_rng(count)
    ages = 10.0 ** rng.uniform(-11, 9, (count, 16))
    ages[0] = 3.0  # a device that melted as a whole
    temperature = rng.uniform(280.0, 560.0, count)
    temperature[-1] = 300.0
    own, alike, kept = ages.copy(), ages.copy(), ages.copy()
    relaxation.relax(0, count, 5.0, temperature, P, own)
    relaxation.relax_alike(0, count, 5.0, 370.0, P, alike)
    relaxation.relax_alike(0, count, 5.0, 300.0, P, kept)
    assert own == pytest.approx(
        np.array([[older(a, 5.0, t, P) for a in row] for row, t in zip(ages, temperature)]), rel=1e-11
    )
    assert alike == pytest.approx(np.array([[older(a, 5.0, 370.0, P) for a in row] for row in ages]), rel=1e-11)
    assert kept == pytest.approx(ages + 5.0, rel=1e-14)
    out, later = np.empty_like(ages), np.resize([2.0, -4.0], count)
    relaxation.later(0, count, later, P, ages, out)
    assert out == pytest.approx(np.maximum(ages + later[:, None], P.youngest), rel=1e-12)


# ---- what a pulse may leave out


@given(duration=st.floats(-10, -3).map(lambda x: 10.0**x), below=st.floats(0.01, 60.0))
def test_what_is_not_felt_changes_nothing_that_a_read_sees(duration, below):
    ages, wakes = felt_from(duration, P)
    # kT/E_s within the logarithm is that of 300 K, and a rough logarithm: hence a factor of two
    fresh = age_of(relaxed(P.initial, duration, min(ages, 580.0) - below, P), P)
    assert fresh < 2.0 * relaxation.SEEN
    aged = relaxed(P.initial, 3600.0, 300.0, P)
    assert relaxed(aged, duration, wakes - below, P) < aged + 2e-3 / 50.0
    assert wakes <= ages


def test_what_is_felt_can_be_seen():
    """The bounds are not so wide that they leave out what a read sees."""
    for duration in (50e-9, 1e-6, 1e-4):
        ages, _ = felt_from(duration, P)
        assert age_of(relaxed(P.initial, duration, ages + 50.0, P), P) > 5.0 * relaxation.SEEN


def test_a_fluid_glass_follows_at_once():
    assert P.fluid == 580.0
    slow = dataclasses.replace(PARAMETERS, initial=0.78).pack(300.0, 300.0)
    a = slow.barrier / (1.380649e-23 * slow.fluid)
    assert math.exp(a * (1.0 - 0.78)) / (a * 1e13) == pytest.approx(1e-12, rel=0.05)
    assert dataclasses.replace(PARAMETERS, initial=0.5, attempt_rate=1e9, glass_time=1e5).pack(300.0, 300.0).fluid > 2e3


# ---- quenches


@given(mean=st.floats(0.0, 0.3), own=st.floats(0.0, 2.0), z=st.floats(-9.0, 9.0))
def test_exponents_are_kept_to_a_hundredth_of_a_percent(mean, own, z):
    kept = kept_deviate(z)
    assert kept == int(np.int16(kept))
    exact = mean * own * max(1.0 + P.cycle_spread * min(max(z, -7.9999), 7.9999), 0.0)
    assert drift_exponent(mean, own, float(kept), P) == pytest.approx(exact, abs=mean * own * 1e-5)


# ---- parameters


def test_pack_converts_the_barrier():
    assert isinstance(P, RelaxationFloats)
    assert error(P.barrier, mpmath.mpf(2.5) * CHARGE) < 2 * EPS
    assert P[1:7] == (1e13, 0.90, 0.11, 0.05, 0.06, 0.06)


@pytest.mark.parametrize(("temperature", "age"), [(300.0, 1e3), (350.0, 1e-3), (300.0, 1e-9)])
def test_pack_foresees_the_mean_drift_factors(temperature, age):
    """The closed form of the factors that the laws give for a glass of that age, kept and read at one temperature."""
    p = dataclasses.replace(PARAMETERS, mixture_age=age).pack(temperature, 300.0)
    aged = age_of(relaxed(p.initial, age, temperature, p), p)
    for factor, exponent in ((p.dome_aged, 0.11), (p.films_aged, 0.05)):
        assert factor == pytest.approx(math.exp(log_drift(aged, exponent, temperature, p)), rel=1e-12)


def test_a_floor_above_the_melts_order_is_refused():
    with pytest.raises(pcm.ParameterError, match=r"glass_time.*floor.*0\.9\d+.*below initial = 0\.9; got a glass_time"):
        RelaxationParameters(2.5, 1e13, 0.90, 0.11, 0.05, 0.06, 0.06, 1e3, 450.0, 580.0, 1e-13)


def test_a_glass_that_turns_fluid_below_the_glass_temperature_is_refused():
    with pytest.raises(pcm.ParameterError, match=r"fluid_temperature.*more than glass_temperature = 450; got 440"):
        pcm.load_cell("ibm-90nm-doped-gst").but({"relaxation.fluid_temperature": 440.0}, source="mine")
    with pytest.raises(pcm.ParameterError, match=r"relaxation.fluid_temperature.*below.*melting_temperature.*880"):
        pcm.load_cell("ibm-90nm-doped-gst").but({"relaxation.fluid_temperature": 900.0}, source="mine")
