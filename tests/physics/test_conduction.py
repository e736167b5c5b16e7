"""Activation, polycrystal, effective medium."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pcmphys.cells import load_cell
from pcmphys.physics.conduction import laws as conduction
from tests.physics.exact import BOLTZMANN, EPS, error, exact

P = (
    load_cell("ibm-90nm-doped-gst")
    .parameters.pack()
    .conduction._replace(crystal_conductivity=750.0, boundary_length=10e-9, texture_spread=0.6)
)
FRACTION = st.floats(0, 1)
CONDUCTIVITY = st.floats(-6, 6).map(lambda x: 10.0**x)
TEMPERATURE = st.floats(77.0, 900.0)


@exact
def activation(energy, temperature, reference):
    return mpmath.exp(energy / BOLTZMANN * (1 / reference - 1 / temperature))


def effective(x, amorphous, crystal):
    """Root of Bruggeman's equation 2 s^2 - b s - a c = 0, and its logarithmic derivative, in twice the digits."""
    with mpmath.workdps(60):
        x, a, c = (mpmath.mpf(v) for v in (x, amorphous, crystal))
        b = (3 * x - 1) * c + (2 - 3 * x) * a
        value = (b + mpmath.sqrt(b * b + 8 * a * c)) / 4
        slope = ((2 - 3 * x) * value + c) / (4 * value - b)
        return value, a * slope / value


@given(energy=st.floats(0, 1.0), temperature=TEMPERATURE, reference=TEMPERATURE)
def test_activated_is_the_formula(energy, temperature, reference):
    energy *= 1.602176634e-19
    size = energy / float(BOLTZMANN) * (1 / temperature + 1 / reference)
    reference_value = activation(energy, temperature, reference)
    if 1e-290 < reference_value < 1e290:
        # rounding of the two reciprocals, times the activation over kT
        assert error(conduction.activated(energy, temperature, reference), reference_value) < 4 * EPS * (1 + size)


def test_activated_is_a_chain_and_one_at_the_reference():
    energy = 0.38 * 1.602176634e-19
    assert conduction.activated(energy, 300.0, 300.0) == 1.0
    assert conduction.activated(0.0, 400.0, 300.0) == 1.0
    two_steps = conduction.activated(energy, 350.0, 300.0) * conduction.activated(energy, 420.0, 350.0)
    assert two_steps == pytest.approx(conduction.activated(energy, 420.0, 300.0), rel=1e-13)


@given(grain=st.floats(1e-10, 1e-6))
def test_polycrystal(grain):
    with mpmath.workdps(30):
        formula = mpmath.mpf(P.crystal_conductivity) * grain / (mpmath.mpf(grain) + mpmath.mpf(P.boundary_length))
    assert error(conduction.polycrystal(grain, P), formula) < 4 * EPS
    # resistance of grain and film in series: a film adds the same to grains of any size
    added = (1 / conduction.polycrystal(grain, P) - 1 / P.crystal_conductivity) * grain
    # the difference of two resistivities is lost where the film is thin against the grain
    lost = 1 + grain / P.boundary_length
    assert added == pytest.approx(P.boundary_length / P.crystal_conductivity, rel=8 * EPS * lost, abs=0)


def test_polycrystal_at_its_limits():
    assert conduction.polycrystal(P.boundary_length, P) == pytest.approx(0.5 * P.crystal_conductivity, rel=1e-15)
    assert conduction.polycrystal(1.0, P) == pytest.approx(P.crystal_conductivity, rel=1e-7)
    assert conduction.polycrystal(5e-9, P._replace(boundary_length=0.0)) == P.crystal_conductivity
    assert conduction.polycrystal(0.0, P) == 0.0


def test_texture_is_log_normal_of_mean_one():
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    for spread in (0.0, 0.3, 0.6, 1.0):
        p = P._replace(texture_spread=spread)
        factors = np.array([conduction.texture(z, p) for z in nodes])
        assert np.average(factors, weights=weights) == pytest.approx(1.0, rel=1e-12)
        assert np.average(np.log(factors), weights=weights) == pytest.approx(-0.5 * spread**2, abs=1e-13)
    with mpmath.workdps(30):
        formula = mpmath.exp(mpmath.mpf(0.6) * (mpmath.mpf(1.25) - mpmath.mpf(0.3)))
    assert error(conduction.texture(1.25, P), formula) < 4 * EPS


@given(x=FRACTION, a=CONDUCTIVITY, c=CONDUCTIVITY)
@example(x=1 / 3, a=1.0, c=1e6)
@example(x=1 / 3, a=1e-6, c=1e6)
@example(x=0.3, a=1e-6, c=1e6)
@example(x=0.5, a=3.0, c=3.0)
def test_mixture_is_bruggemans_root(x, a, c):
    value, _ = conduction.mixture(x, a, c)
    reference, _ = effective(x, a, c)
    # near percolation 3X - 1 cancels: its rounding, times how strongly the root feels it
    b_lost = 4 * EPS * (c + a) / float(mpmath.sqrt(effective_root(x, a, c)))
    assert error(value, reference) < 16 * EPS + b_lost
    # and it solves the equation as printed
    with mpmath.workdps(30):
        s, crystalline = mpmath.mpf(value), mpmath.mpf(x)
        terms = (crystalline * (c - s) / (c + 2 * s), (1 - crystalline) * (a - s) / (a + 2 * s))
        assert abs(sum(terms)) < 16 * EPS + b_lost


def effective_root(x, a, c):
    with mpmath.workdps(60):
        b = (3 * mpmath.mpf(x) - 1) * mpmath.mpf(c) + (2 - 3 * mpmath.mpf(x)) * mpmath.mpf(a)
        return b * b + 8 * mpmath.mpf(a) * mpmath.mpf(c)


@given(x=st.floats(0.001, 0.999), a=st.floats(-2, 2).map(lambda v: 10.0**v), contrast=st.floats(-3, 3))
def test_the_share_is_the_logarithmic_derivative(x, a, contrast):
    c = a * 10.0**contrast
    _, share = conduction.mixture(x, a, c)
    with mpmath.workdps(60):
        step = mpmath.mpf(10) ** -15
        up, down = (effective(x, a * mpmath.exp(s), c)[0] for s in (step, -step))
        numerical = (mpmath.log(up) - mpmath.log(down)) / (2 * step)
    assert share == pytest.approx(float(numerical), rel=1e-11, abs=1e-14)
    # the other phase feels the rest
    other = conduction.mixture(1.0 - x, c, a)[1]
    assert share + other == pytest.approx(1.0, abs=1e-12)


@given(a=CONDUCTIVITY, c=CONDUCTIVITY)
def test_pure_phases(a, c):
    assert conduction.mixture(0.0, a, c)[0] == pytest.approx(a, rel=1e-14, abs=0)
    assert conduction.mixture(0.0, a, c)[1] == pytest.approx(1.0, abs=1e-14)
    assert conduction.mixture(1.0, a, c)[0] == pytest.approx(c, rel=1e-14, abs=0)
    assert conduction.mixture(1.0, a, c)[1] == pytest.approx(0.0, abs=1e-14)


def test_percolation_at_one_third():
    contrast = 1e12
    below, at, above = (conduction.mixture(x, 1.0, contrast)[0] for x in (0.30, 1 / 3, 0.36))
    # a/(1 - 3X) below, the geometric mean over root 2 at it, c (3X - 1)/2 above
    assert below == pytest.approx(1 / (1 - 0.9), rel=1e-9)
    assert at == pytest.approx(math.sqrt(0.5 * contrast), rel=1e-4)
    assert above == pytest.approx(contrast * 0.04, rel=1e-9)
    # below, all of a change of the amorphous phase is felt; at it, half; above, nothing
    shares = [conduction.mixture(x, 1.0, contrast)[1] for x in (0.30, 1 / 3, 0.36)]
    assert shares == pytest.approx([1.0, 0.5, 0.0], abs=1e-3)


@given(x=FRACTION, a=CONDUCTIVITY, c=CONDUCTIVITY, scale=st.floats(1e-3, 1e3))
def test_mixture_scales_and_is_symmetric(x, a, c, scale):
    value, share = conduction.mixture(x, a, c)
    lost = 64 * EPS * (a + c) / float(mpmath.sqrt(effective_root(x, a, c)))
    scaled, same_share = conduction.mixture(x, scale * a, scale * c)
    assert scaled == pytest.approx(scale * value, rel=1e-14 + lost, abs=0)
    assert same_share == pytest.approx(share, abs=1e-13 + lost)
    assert 0.0 <= share <= 1.0
    # exchanged phases; 1 - x rounds
    assert conduction.mixture(1.0 - x, c, a)[0] == pytest.approx(value, rel=1e-14 + lost, abs=0)


@given(x=FRACTION, a=CONDUCTIVITY, c=CONDUCTIVITY)
def test_mixture_lies_within_the_bounds_of_hashin_and_shtrikman(x, a, c):
    value, _ = conduction.mixture(x, a, c)
    low, high = min(a, c), max(a, c)
    part_high = x if c >= a else 1.0 - x
    if low < high:
        lower = low + part_high / (1 / (high - low) + (1 - part_high) / (3 * low))
        upper = high + (1 - part_high) / (1 / (low - high) + part_high / (3 * high))
    else:
        lower = upper = low
    assert lower * (1 - 1e-12) <= value
    # the upper bound is a difference of numbers as large as the better conductor
    assert value <= upper * (1 + 1e-12) + 8 * EPS * high


@given(xs=st.tuples(FRACTION, FRACTION), contrast=st.floats(0, 6))
def test_more_crystal_conducts_more(xs, contrast):
    low, high = sorted(xs)
    c = 10.0**contrast
    assert conduction.mixture(low, 1.0, c)[0] <= conduction.mixture(high, 1.0, c)[0] * (1 + 1e-12)
