"""Mauro's and Vogel's melts, and the glass that joins them."""

import math

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcmphys.physics.crystallization.viscosity import (
    MauroParameters,
    ViscosityFloats,
    ViscosityParameters,
    VogelParameters,
    log_viscosity_melt,
    viscosity,
)
from tests.physics.exact import BOLTZMANN, EPS, error, exact

MAURO = ViscosityParameters(450.0, 500.0, 2.7, mauro=MauroParameters(115.0, -3.0)).pack()
VOGEL = ViscosityParameters(428.0, 428.0, 2.3, vogel=VogelParameters(8.21748, 24.25, 393.0)).pack()
BOTH = pytest.mark.parametrize("p", [MAURO, VOGEL], ids=["mauro", "vogel"])
TEMPERATURE = st.floats(200.0, 1500.0)


@exact
def mauro(temperature):
    glass, a, m = (mpmath.mpf(x) for x in (450.0, -3.0, 115.0))
    reach = (m / (12 - a) - 1) * (glass / temperature - 1)
    return a + (12 - a) * glass / temperature * mpmath.exp(reach)


@exact
def vogel(temperature):
    glass, freezing, d = (mpmath.mpf(x) for x in (428.0, 393.0, 24.25))
    level = mpmath.mpf(8.21748)
    return level + d * ((glass - freezing) / (temperature - freezing) - 1) / mpmath.log(10)


def melt(p, temperature):
    return (vogel if p.vogel else mauro)(temperature)


def whole(p, temperature):
    """Viscosity with 30 digits: the melt above the glass point, Arrhenius below."""
    with mpmath.workdps(30):
        if temperature >= p.glass_point:
            return mpmath.mpf(10) ** melt(p, temperature)
        slope = mpmath.mpf(p.glass_activation) / BOLTZMANN
        reach = slope * (1 / mpmath.mpf(temperature) - 1 / mpmath.mpf(p.glass_point))
        return mpmath.mpf(10) ** melt(p, p.glass_point) * mpmath.exp(reach)


@BOTH
@given(temperature=st.floats(430.0, 3000.0))
def test_melt_is_the_published_formula(p, temperature):
    # the logarithm passes through zero: an absolute error of a few units in its largest term, 8.2 to 13
    difference = abs(log_viscosity_melt(temperature, p) - float(melt(p, temperature)))
    assert difference < 64 * EPS * (1 + abs(float(melt(p, temperature))))


@BOTH
@given(temperature=TEMPERATURE)
def test_viscosity_is_the_published_formula(p, temperature):
    exponent = abs(math.log(whole(p, temperature)))
    # rounding of the exponent, times its own size
    assert error(viscosity(temperature, p), whole(p, temperature)) < 16 * EPS * (10 + exponent)


def test_mauro_at_the_glass_transition_has_the_fragility_as_its_slope():
    assert log_viscosity_melt(450.0, MAURO) == 12.0
    step = 1e-5
    above, below = (log_viscosity_melt(450.0 / (1 + s), MAURO) for s in (step, -step))
    assert (above - below) / (2 * step) == pytest.approx(115.0, rel=1e-7)
    assert log_viscosity_melt(1e12, MAURO) == pytest.approx(-3.0, abs=1e-6)


def test_vogel_at_the_glass_transition_and_at_freezing():
    assert log_viscosity_melt(428.0, VOGEL) == 8.21748
    assert log_viscosity_melt(1e12, VOGEL) == pytest.approx(8.21748 - 24.25 / math.log(10.0), rel=1e-8)
    # at and below the temperature where it would freeze the form has a pole; it stays a number
    assert math.isfinite(log_viscosity_melt(393.0, VOGEL))
    assert math.isfinite(log_viscosity_melt(300.0, VOGEL))


def test_vogel_has_the_signs_of_a_liquid_not_those_of_the_print():
    # with both exponents reversed, as printed, the melt would get thicker as it gets hotter
    assert viscosity(500.0, VOGEL) > 100 * viscosity(900.0, VOGEL)
    assert viscosity(400.0, VOGEL) > 10 * viscosity(428.0, VOGEL)


@BOTH
def test_glass_and_melt_join(p):
    point = p.glass_point
    assert viscosity(point * (1 - 1e-12), p) == pytest.approx(viscosity(point, p), rel=1e-9)
    # below it, ln eta falls by the activation over kT
    low, high = 320.0, 400.0
    slope = math.log(viscosity(low, p) / viscosity(high, p)) / (1 / low - 1 / high)
    assert slope * float(BOLTZMANN) == pytest.approx(p.glass_activation, rel=1e-12)


@BOTH
@given(temperatures=st.tuples(TEMPERATURE, TEMPERATURE))
def test_hotter_is_thinner(p, temperatures):
    cold, hot = sorted(temperatures)
    assert viscosity(cold, p) >= viscosity(hot, p) * (1 - 1e-13)
    assert viscosity(hot, p) > 0.0


def test_pack_takes_one_of_the_two_forms():
    assert isinstance(MAURO, ViscosityFloats)
    assert not MAURO.vogel
    assert VOGEL.vogel
    assert MAURO.glass_activation == pytest.approx(2.7 * 1.602176634e-19, rel=1e-15)
    with pytest.raises(ValueError, match="mauro or its table vogel"):
        ViscosityParameters(450.0, 500.0, 2.7).pack()
