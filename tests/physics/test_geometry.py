"""Shells, domes and grains against 30 digits, integrals, and points counted on a sphere."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcmphys.physics import geometry
from pcmphys.physics.geometry import GeometryParameters
from pcmphys.physics.state import SECTORS, SHELLS
from tests.physics.exact import EPS, error, exact

LENGTH = st.floats(1e-9, 500e-9)


@exact
def shell(inner, outer):
    return SECTORS / (2 * mpmath.pi) * (1 / inner - 1 / outer)


@exact
def dome(heater, thickness):
    return 2 * mpmath.pi / 3 * ((heater + thickness) ** 3 - heater**3)


@exact
def share(radius, centre, size):
    covered = SECTORS * (1 - (radius**2 + centre**2 - size**2) / (2 * radius * centre))
    return min(max(covered, mpmath.mpf(0)), mpmath.mpf(1))


@given(inner=LENGTH, width=st.floats(1e-11, 100e-9))
def test_shell_factor_is_the_published_formula(inner, width):
    outer = inner + width
    # the difference of two radii is exact to rounding of the radii themselves, which both sides share
    assert error(geometry.shell_factor(inner, outer), shell(inner, outer)) < 8 * EPS


@pytest.mark.parametrize(("inner", "outer"), [(20e-9, 45e-9), (20e-9, 20.1e-9), (5e-9, 100e-9)])
def test_shell_factor_is_the_integral_over_the_sectors_area(inner, outer):
    with mpmath.workdps(30):
        whole = mpmath.quad(lambda r: SECTORS / (2 * mpmath.pi * r**2), mpmath.linspace(inner, outer, 9))
    assert error(geometry.shell_factor(inner, outer), whole) < 1e-14


def test_shells_in_series_add_up():
    edges = np.linspace(20e-9, 100e-9, SHELLS + 1)
    parts = math.fsum(geometry.shell_factor(a, b) for a, b in itertools.pairwise(edges))
    assert parts == pytest.approx(geometry.shell_factor(20e-9, 100e-9), rel=1e-14, abs=0)
    assert geometry.shell_factor(30e-9, 30e-9) == 0.0


@given(heater=st.floats(1e-9, 100e-9), thickness=st.floats(1e-11, 200e-9))
def test_dome_volume_is_the_hemisphere_without_the_heater(heater, thickness):
    rim = heater + thickness
    cancelled = rim**3 / (rim**3 - heater**3)
    assert error(geometry.dome_volume(heater, thickness), dome(heater, thickness)) < 8 * EPS * cancelled


def test_dome_volume_is_an_integral_of_shells():
    with mpmath.workdps(30):
        whole = mpmath.quad(lambda r: 2 * mpmath.pi * r**2, [20e-9, 45e-9])
    assert error(geometry.dome_volume(20e-9, 45e-9 - 20e-9), whole) < 1e-14
    assert geometry.dome_volume(20e-9, 0.0) == 0.0


@given(radius=LENGTH, centre=LENGTH, size=st.floats(0, 200e-9))
def test_grain_share_is_the_published_formula(radius, centre, size):
    # one minus a number near one: digits are lost in proportion to (r^2 + r_k^2 + a^2) / (2 r r_k)
    lost = SECTORS * (radius**2 + centre**2 + size**2) / (2 * radius * centre)
    difference = abs(geometry.grain_share(radius, centre, size) - float(share(radius, centre, size)))
    assert difference <= 8 * EPS * lost


def points_on_sphere(count):
    """Evenly spread points of the unit sphere (Fibonacci lattice), each standing for the same area."""
    height = 1 - (2 * np.arange(count) + 1) / count
    angle = math.pi * (1 + math.sqrt(5)) * np.arange(count)
    ring = np.sqrt(1 - height**2)
    return np.stack([ring * np.cos(angle), ring * np.sin(angle), height])


POINTS = points_on_sphere(400_000)


@pytest.mark.parametrize(
    ("radius", "centre", "size"), [(40, 40, 10), (40, 45, 8), (45, 40, 8), (30, 33, 5), (60, 58, 12), (50, 50, 4)]
)
def test_grain_share_counts_the_points_of_the_shell_inside_the_sphere(radius, centre, size):
    direction = np.array([2.0, -3.0, 6.0]) / 7.0
    inside = np.linalg.norm(radius * POINTS - centre * direction[:, None], axis=0) < size
    # a sector is one part in 16 of half a sphere
    counted = inside.mean() * 2 * SECTORS
    value = geometry.grain_share(radius * 1e-9, centre * 1e-9, size * 1e-9)
    # the lattice misses by some points on the rim of the cap: of the order of the root of those inside
    allowed = 2 * math.sqrt(inside.sum() + 1) / POINTS.shape[1] * 2 * SECTORS
    assert value == pytest.approx(counted, abs=allowed)
    assert allowed < 0.2 * value


def test_grain_share_at_its_limits():
    assert geometry.grain_share(40e-9, 40e-9, 0.0) == 0.0
    assert geometry.grain_share(40e-9, 30e-9, 9.99e-9) == 0.0  # does not reach
    assert geometry.grain_share(40e-9, 30e-9, 10.3e-9) > 0.0
    assert geometry.grain_share(20e-9, 40e-9, 19.9e-9) == 0.0
    assert geometry.grain_share(40e-9, 40e-9, 40e-9) == 1.0
    assert geometry.grain_share(40e-9, 40e-9, 1.0) == 1.0
    # the sector is full when the sphere covers a sixteenth of the hemisphere: a^2 = r^2 / 8
    assert geometry.grain_share(40e-9, 40e-9, 40e-9 / math.sqrt(8.0) * (1 - 1e-6)) < 1.0
    assert geometry.grain_share(40e-9, 40e-9, 40e-9 / math.sqrt(8.0) * (1 + 1e-6)) == 1.0


@given(radius=LENGTH, centre=LENGTH, sizes=st.tuples(st.floats(0, 200e-9), st.floats(0, 200e-9)))
def test_a_larger_grain_never_covers_less(radius, centre, sizes):
    small, large = (geometry.grain_share(radius, centre, a) for a in sorted(sizes))
    assert 0.0 <= small <= large <= 1.0


P = GeometryParameters(20e-9, 100e-9, 10e-9, 0.3).pack()


@exact
def front(device, cycle):
    kept = mpmath.mpf(P.device_weight) * device + mpmath.mpf(P.cycle_weight) * cycle
    bounded = 2 / (1 + mpmath.exp(-mpmath.mpf(1.702) * kept)) - 1
    return mpmath.sqrt(3) * mpmath.mpf(P.front_roughness) * bounded


@given(device=st.floats(-6, 6), cycle=st.floats(-6, 6))
def test_front_shift_is_the_formula_bounded_and_odd(device, cycle):
    value = geometry.front_shift(device, cycle, P)
    # one is taken from a number near two: an absolute error of the size of the roughness's last places
    assert abs(value - float(front(device, cycle))) < 32 * EPS * P.front_roughness
    assert abs(value) <= math.sqrt(3.0) * P.front_roughness
    assert geometry.front_shift(-device, -cycle, P) == pytest.approx(-value, rel=1e-12, abs=1e-22)


def test_front_shift_spreads_by_the_roughness():
    # mean of the square over the normal deviate of both parts, by Gauss-Hermite quadrature
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    shifts = [geometry.front_shift(P.device_weight * z, P.cycle_weight * z, P) for z in nodes]
    spread = math.sqrt(np.average(np.square(shifts), weights=weights))
    # uniform within 0.02 of the distribution function: the spread is that of a uniform one within 2 %
    assert spread == pytest.approx(P.front_roughness, rel=0.02)
    for z in np.linspace(-4, 4, 33):
        uniform = 0.5 + geometry.front_shift(P.device_weight * z, P.cycle_weight * z, P) / (math.sqrt(12.0) * 10e-9)
        assert uniform == pytest.approx(0.5 * math.erfc(-z / math.sqrt(2.0)), abs=0.02)


@given(memory=st.floats(0, 1))
def test_the_front_is_split_so_that_variances_add_up(memory):
    p = GeometryParameters(20e-9, 100e-9, 1e-9, memory).pack()
    assert math.hypot(p.cycle_weight, p.device_weight) == pytest.approx(1.0, rel=1e-15)
    assert p.device_weight**2 == pytest.approx(memory, rel=1e-14, abs=1e-300)


def test_pack_hands_over_the_dimensions():
    p = GeometryParameters(20e-9, 100e-9, 1e-9, 0.0).pack()
    assert p == (20e-9, 100e-9, 1e-9, 1.0, 0.0)
    # without roughness every front is round
    assert geometry.front_shift(3.0, -2.0, p._replace(front_roughness=0.0)) == 0.0
