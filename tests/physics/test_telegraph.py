"""Two-state traps: Machlup's law as a Markov chain, the grid of rates, the 1/f spectrum, and the amplitude."""

import dataclasses
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from pcmphys.physics.telegraph import laws as telegraph
from pcmphys.physics.telegraph.laws import GRID, MOST_TRAPS, TelegraphParameters
from tests.physics.exact import BOLTZMANN, EPS, error

PARAMETERS = TelegraphParameters(30.0, 1e-6, 1e8, 1.0, 0.3, 300.0, 1.5, 0.16, 1.4, 2.0)
P = PARAMETERS.pack()
PART = st.floats(0, 1)
RESISTANCE = st.floats(2, 9).map(lambda x: 10.0**x)


def test_rates_are_log_uniform_and_cover_the_range():
    rates = telegraph.relaxation_rates(PARAMETERS)
    assert rates.shape == (GRID,)
    with mpmath.workdps(30):
        ratio = (mpmath.mpf(1e8) / mpmath.mpf(1e-6)) ** (mpmath.mpf(1) / GRID)
        exact = [1 / (mpmath.mpf(1e-6) * ratio ** (k + mpmath.mpf(1) / 2)) for k in range(GRID)]
    # the exponent is up to 18 and comes from a sum of two: some units in its last place
    assert max(error(r, e) for r, e in zip(rates, exact)) < 100 * EPS


@given(temperature=st.floats(77.0, 900.0))
def test_acceleration(temperature):
    with mpmath.workdps(30):
        reach = mpmath.mpf(P.activation) / BOLTZMANN * (1 / mpmath.mpf(300) - 1 / mpmath.mpf(temperature))
        formula = mpmath.exp(reach)
    size = P.activation / 1.380649e-23 * (1 / 300 + 1 / temperature)
    assert error(telegraph.acceleration(temperature, P), formula) < 4 * EPS * (1 + size)


def test_acceleration_is_one_at_the_reference_and_without_activation():
    assert telegraph.acceleration(300.0, P) == 1.0
    assert telegraph.acceleration(400.0, P._replace(activation=0.0)) == 1.0
    assert telegraph.acceleration(310.0, P) > 1.0 > telegraph.acceleration(290.0, P)


@given(filled=PART, decay=PART, was=st.sampled_from([0.0, 1.0]))
def test_filled_after_is_machlups_law(filled, decay, was):
    with mpmath.workdps(30):
        f, d = mpmath.mpf(filled), mpmath.mpf(decay)
        formula = f + (mpmath.mpf(was) - f) * d
    value = telegraph.filled_after(was, decay, filled)
    assert abs(value - float(formula)) < 2 * EPS
    assert -EPS <= value <= 1.0 + EPS


@pytest.mark.parametrize("filled", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("elapsed", [1e-3, 0.7, 20.0])
def test_filled_after_is_the_exponential_of_the_generator(filled, elapsed):
    """Capture and emission rates 1/tau_c and 1/tau_e with 1/tau_c + 1/tau_e = 1 s^-1."""
    capture, emission = filled, 1.0 - filled
    chances = expm(elapsed * np.array([[-capture, capture], [emission, -emission]]))
    for was in (0, 1):
        value = telegraph.filled_after(float(was), math.exp(-elapsed), filled)
        assert value == pytest.approx(chances[was, 1], rel=1e-12)


@given(filled=PART, decays=st.tuples(PART, PART), was=st.sampled_from([0.0, 1.0]))
def test_two_intervals_are_one(filled, decays, was):
    first = telegraph.filled_after(was, decays[0], filled)
    chained = telegraph.filled_after(first, decays[1], filled)
    assert chained == pytest.approx(telegraph.filled_after(was, decays[0] * decays[1], filled), abs=4 * EPS)


def test_filled_after_no_time_and_for_ever():
    for was in (0.0, 1.0):
        assert telegraph.filled_after(was, 1.0, 0.3) == pytest.approx(was, abs=EPS)
        assert telegraph.filled_after(was, 0.0, 0.3) == 0.3


@given(dome=RESISTANCE, films=RESISTANCE, path=st.floats(0.01, 1.0))
def test_amplitude_is_the_formula(dome, films, path):
    with mpmath.workdps(30):
        d, b = mpmath.mpf(dome), mpmath.mpf(films)
        crowded = mpmath.mpf(P.boundary_amplitude) * mpmath.mpf(path) ** -mpmath.mpf(P.crowding)
        mean = (d * mpmath.mpf(P.dome_amplitude) + b * crowded) / (d + b)
        formula = min(mean, mpmath.mpf(P.largest_amplitude))
    assert error(telegraph.amplitude(dome, films, path, P), formula) < 32 * EPS


def test_amplitude_at_its_limits():
    assert telegraph.amplitude(1e6, 0.0, 1.0, P) == P.dome_amplitude
    assert telegraph.amplitude(0.0, 1e4, 1.0, P) == P.boundary_amplitude
    # a path of a hundredth would give 0.16 * 100^1.4 = 101
    assert telegraph.amplitude(0.0, 1e4, 0.01, P) == P.largest_amplitude
    assert telegraph.amplitude(0.0, 1e4, 0.01, P._replace(crowding=0.0)) == P.boundary_amplitude


@given(dome=RESISTANCE, films=RESISTANCE, paths=st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)))
def test_a_narrower_path_makes_a_trap_heavier(dome, films, paths):
    narrow, wide = sorted(paths)
    assert telegraph.amplitude(dome, films, narrow, P) >= telegraph.amplitude(dome, films, wide, P) * (1 - 8 * EPS)


@pytest.mark.parametrize("frequency", [1e-5, 1e-2, 1.0, 1e3])
def test_many_traps_make_the_stated_spectrum(frequency):
    """N Lorentzians of variance A^2/4 and time constants of the grid: S = N A^2 / (4 L f)."""
    traps, size = 30, 0.01
    tau = 1.0 / telegraph.relaxation_rates(PARAMETERS)
    lorentzians = 4.0 * tau / (1.0 + (2.0 * math.pi * frequency * tau) ** 2)
    spectrum = traps * 0.25 * size**2 * lorentzians.mean()
    stated = traps * size**2 / (4.0 * math.log(1e8 / 1e-6) * frequency)
    # the ends of the range are cut off: arctan of 2 pi f tau_max and tau_min, at most 0.5 % here
    assert spectrum == pytest.approx(stated, rel=0.005)
    assert spectrum * (traps - 1) / traps != pytest.approx(stated, rel=0.005)  # a trap less does not


@pytest.mark.parametrize(("ratio", "filled"), [(1.0, 0.5), (3.0, 0.75), (0.25, 0.2)])
def test_pack_fills_traps_by_the_ratio_of_emission_to_capture(ratio, filled):
    p = dataclasses.replace(PARAMETERS, emission_over_capture=ratio).pack()
    assert p.filled == pytest.approx(filled, rel=1e-15)


@pytest.mark.parametrize(("given", "packed"), [(0.0, 0), (29.6, 30), (32.0, 32), (100.0, MOST_TRAPS)])
def test_pack_rounds_the_number_of_traps(given, packed):
    assert dataclasses.replace(PARAMETERS, traps=given).pack().traps == packed


@pytest.mark.parametrize("traps", [1, 2, 7, 30, 32])
def test_weights_are_exponential_quantiles_of_mean_square_one(traps):
    found = telegraph.weights(traps)
    assert found.shape == (MOST_TRAPS,)
    assert (found[:traps] > 0.0).all()
    assert (found[traps:] == 0.0).all()
    assert (found**2).sum() == pytest.approx(traps, rel=1e-14)
    # the k-th of n sorted amplitudes of an exponential distribution: -ln(1 - (k + 1/2)/n), but for the scale
    inner = np.exp(-np.sort(found[:traps]) / found[:traps].max() * math.log(2.0 * traps))
    assert inner == pytest.approx(1.0 - (np.arange(traps) + 0.5) / traps, abs=1e-12)


def test_weights_of_a_sectors_traps_differ():
    """Trap k and trap k + 16 share a sector; and no half of the sectors has all the strong ones."""
    found = telegraph.weights(30)
    assert np.mean(found[:30]) == pytest.approx(0.707, abs=0.02)
    assert np.sqrt(found[:16] ** 2 + found[16:] ** 2).max() < 3.3
    assert (found[:8] ** 2).sum() + (found[16:24] ** 2).sum() == pytest.approx(16.0, abs=6.0)
    assert telegraph.weights(0).tolist() == [0.0] * MOST_TRAPS


def test_no_trap_adds_more_than_the_largest_amplitude():
    assert telegraph.height(1.5, 3.0, P) == P.largest_amplitude
    assert telegraph.height(0.1, 0.5, P) == 0.05
