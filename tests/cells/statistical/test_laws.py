"""Laws of the statistical cells against the published formulas, typed a second time in uS (tests/oracles)."""

import math
from dataclasses import replace

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.cells.statistical import laws
from tests.oracles.statistical_cell import BRANCH_POINTS, TECHNOLOGIES, Hermes14

LEVELS = np.unique(
    np.concatenate(
        [
            [0.0, 1e-15, 1e-12, 1e-9, 1e-6], np.geomspace(1e-4, 1, 60), np.linspace(0, 1, 101),
            *([np.nextafter(b, 0), b, np.nextafter(b, 1)] for b in BRANCH_POINTS),
        ]
    )
)  # fmt: skip


def cells():
    return [(technology, pcm.load_cell(technology.name)) for technology in TECHNOLOGIES]


@pytest.fixture(params=cells(), ids=lambda pair: pair[0].name)
def pair(request):
    return request.param


@pytest.mark.parametrize(
    ("published", "name"),
    [("drift_mean", "exponent_mean"), ("drift_spread", "exponent_spread"), ("read_noise", "read_noise")],
)
def test_moment_is_the_published_formula(pair, published, name):
    technology, cell = pair
    coefficients = getattr(cell.parameters.pack(), name)
    for g in LEVELS:
        value = laws.moment(g, laws.logarithm_of_level(g), coefficients)
        assert value == pytest.approx(getattr(technology, published)(g), rel=1e-12, abs=0), g


def test_programming_spread_is_the_published_formula(pair):
    technology, cell = pair
    for g in LEVELS:
        value = laws.programming_spread(g, cell.parameters.pack())
        assert value * 1e6 == pytest.approx(technology.programming_error(g), rel=1e-12, abs=0)


def test_cell_constants(pair):
    technology, cell = pair
    assert cell.conductance_maximum == pytest.approx(technology.maximum * 1e-6, rel=1e-15)
    assert cell.reference_time == technology.reference_time
    assert cell.parameters.read_duration == technology.read_duration


def test_moments_of_a_cell(pair):
    technology, cell = pair
    targets = np.array([[0.0, 0.1], [0.55, 1.0]]) * cell.conductance_maximum
    moments = cell.moments(targets)
    for name, published, unit in [
        ("programming_error", "programming_error", 1e-6),
        ("drift_exponent_mean", "drift_mean", 1),
        ("drift_exponent_spread", "drift_spread", 1),
        ("read_noise", "read_noise", 1),
    ]:
        expected = [[unit * getattr(technology, published)(g) for g in row] for row in ([0.0, 0.1], [0.55, 1.0])]
        assert moments[name] == pytest.approx(np.array(expected), rel=1e-12, abs=0)
    assert cell.moments(5e-6)["read_noise"].shape == ()
    assert cell.moments([])["read_noise"].shape == (0,)
    for bad in (-1e-9, 1.01 * cell.conductance_maximum, math.nan, "5e-6"):
        with pytest.raises(pcm.ParameterError, match=r"^target"):
            cell.moments(bad)


def test_the_polynomial_holds_from_the_split_on():
    cell = pcm.load_cell(Hermes14.name)
    p = cell.parameters.pack().read_noise
    below, at = (laws.moment(g, laws.logarithm_of_level(g), p) for g in (np.nextafter(0.1591, 0), 0.1591))
    # the published branches do not quite meet; the step is kept
    assert below == pytest.approx(-0.0078 * math.log(0.1591) + 0.0038, rel=1e-9)
    assert at == pytest.approx(0.0664 * 0.1591**3 - 0.1352 * 0.1591**2 + 0.0768 * 0.1591 + 0.0088, rel=1e-12)
    assert abs(below - at) > 1e-5


def test_programmed_conductance_is_never_negative_and_nan_goes_through(pair):
    _, cell = pair
    p = cell.parameters.pack()
    assert laws.programmed(0.0, -1.0, p) == 0.0
    assert laws.programmed(0.0, 1.0, p) == p.e0
    assert laws.programmed(5e-6, 0.0, p) == 5e-6
    assert math.isnan(laws.programmed(math.nan, 0.0, p))
    assert math.isnan(laws.programmed(5e-6, math.nan, p))


def test_nan_level_gives_nan_moments(pair):
    _, cell = pair
    p = cell.parameters.pack()
    for moment in (p.exponent_mean, p.exponent_spread, p.read_noise):
        assert math.isnan(laws.moment(math.nan, laws.logarithm_of_level(math.nan), moment))
    assert math.isnan(laws.programming_spread(math.nan, p))


def test_a_spread_that_would_be_negative_is_zero(pair):
    _, cell = pair
    p = replace(cell.parameters, programming_error=(1e-6, -4e-6)).pack()
    assert laws.programming_spread(0.5, p) == 0.0
    assert laws.programming_spread(0.125, p) == 0.5e-6


def test_drift_exponent_is_the_magnitude_of_the_draw(pair):
    technology, cell = pair
    p = cell.parameters.pack()
    for g in (0.0, 0.05, 0.5, 1.0):
        for z in (-8.0, -2.0, 0.0, 1.5):
            expected = abs(technology.drift_mean(g) + technology.drift_spread(g) * z)
            value = laws.drift_exponent(g, laws.logarithm_of_level(g), z, p)
            assert value == pytest.approx(expected, rel=1e-12)


def test_a_moment_without_a_power_law_is_the_same_moment(pair):
    _, cell = pair
    p = cell.parameters.pack()
    for one in (p.exponent_mean, p.exponent_spread, p.read_noise):
        for g in (0.0, 0.05, 0.159, 0.16, 0.5, 1.0):
            plain, log_level = one._replace(power_factor=0.0), laws.logarithm_of_level(g)
            assert laws.moment_by_logarithm(g, log_level, one) == laws.moment(g, log_level, plain)
    for g in (0.0, 0.3, 1.0):
        given = g, laws.logarithm_of_level(g), -1.5, p
        assert laws.drift_exponent_by_logarithm(*given) == laws.drift_exponent(*given)  # both cells have none


def test_drifted_is_the_power_law():
    for exponent in (0.0, 0.05, 0.1, 0.3):
        for age in (1.0, 3600.0 / 20.0, 1e8):
            value = laws.drifted(10e-6, exponent, math.log(age))
            assert value == pytest.approx(10e-6 * age**-exponent, rel=1e-13)
    assert laws.drifted(10e-6, 0.07, 0.0) == 10e-6


def test_pack_fills_short_rows_with_zeros(pair):
    _, cell = pair
    packed = replace(cell.parameters, programming_error=(1e-6,)).pack()
    assert packed[1:5] == (1e-6, 0.0, 0.0, 0.0)
    assert laws.programming_spread(0.7, packed) == 1e-6
