"""The liner's rail and rungs against 30 digits, integrals and sums of rings."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcmphys.physics import liner
from pcmphys.physics.liner import LinerFloats, LinerParameters
from pcmphys.physics.state import SECTORS
from tests.physics.exact import EPS, error, exact

P = LinerFloats(1e4, 1e-10)
RADIUS = st.floats(5e-9, 200e-9)
WIDTH = st.floats(1e-10, 100e-9)


@exact
def rail(inner, outer):
    return SECTORS * mpmath.mpf(P.sheet_resistance) * mpmath.log(outer / inner) / (2 * mpmath.pi)


@exact
def rung(inner, outer):
    return mpmath.pi * (outer**2 - inner**2) / (SECTORS * mpmath.mpf(P.interface_resistance))


@given(inner=RADIUS, width=WIDTH)
def test_rail_resistance(inner, width):
    outer = inner + width
    # outer/inner rounds: what its logarithm keeps of it
    lost = 1 + 1 / math.log(outer / inner)
    assert error(liner.rail_resistance(inner, outer, P), rail(inner, outer)) < 4 * EPS * lost


@given(inner=RADIUS, width=WIDTH)
def test_rung_conductance(inner, width):
    outer = inner + width
    lost = outer**2 / (outer**2 - inner**2)
    assert error(liner.rung_conductance(inner, outer, P), rung(inner, outer)) < 8 * EPS * (1 + lost)


def test_rail_is_the_integral_of_squares_and_rung_that_of_area():
    with mpmath.workdps(30):
        squares = mpmath.quad(lambda r: mpmath.mpf(P.sheet_resistance) / (2 * mpmath.pi * r), [20e-9, 45e-9])
        area = mpmath.quad(lambda r: 2 * mpmath.pi * r / mpmath.mpf(P.interface_resistance), [20e-9, 45e-9])
        # a sector is one part in 16: 16 times the resistance, a sixteenth of the conductance
        assert error(liner.rail_resistance(20e-9, 45e-9, P), SECTORS * squares) < 1e-14
        assert error(liner.rung_conductance(20e-9, 45e-9, P), area / SECTORS) < 1e-14


def test_rings_add_up():
    edges = np.linspace(20e-9, 100e-9, 25)
    rings = list(itertools.pairwise(edges))
    series = math.fsum(liner.rail_resistance(a, b, P) for a, b in rings)
    parallel = math.fsum(liner.rung_conductance(a, b, P) for a, b in rings)
    assert series == pytest.approx(liner.rail_resistance(20e-9, 100e-9, P), rel=1e-13)
    assert parallel == pytest.approx(liner.rung_conductance(20e-9, 100e-9, P), rel=1e-13)
    assert liner.rail_resistance(30e-9, 30e-9, P) == 0.0
    assert liner.rung_conductance(30e-9, 30e-9, P) == 0.0


def test_the_most_that_a_liner_carries_is_through_two_halves_of_its_interface():
    half = math.pi * (100e-9) ** 2 / 2.0 / P.interface_resistance
    assert liner.most(100e-9, 1.0, P) == pytest.approx(1.0 / (1.0 / half + 1.0 / half), rel=1e-14)
    assert liner.most(100e-9, 2.0, P) == pytest.approx(0.5 * liner.most(100e-9, 1.0, P), rel=1e-14)


def test_no_liner_conducts_nothing():
    none = LinerFloats(math.inf, math.inf)
    assert liner.rail_resistance(20e-9, 45e-9, none) == math.inf
    assert liner.rung_conductance(20e-9, 45e-9, none) == 0.0
    assert liner.most(100e-9, 1.0, none) == 0.0
    assert LinerParameters(1e4, 1e-10).pack() == P
