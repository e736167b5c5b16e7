"""exp, ln and the sine pair against 30-digit arithmetic; the bounds are those of the docstrings."""

import math

import mpmath
import numba
import numpy as np
import pytest

from pcmphys.numerics.elementary import exp, log, sine_pair


@numba.njit
def exp_all(x):
    out = np.empty_like(x)
    for i in range(x.size):
        out[i] = exp(x[i])
    return out


@numba.njit
def log_all(x):
    out = np.empty_like(x)
    for i in range(x.size):
        out[i] = log(x[i])
    return out


@numba.njit
def sine_pair_all(x):
    cosine, sine = np.empty_like(x), np.empty_like(x)
    for i in range(x.size):
        cosine[i], sine[i] = sine_pair(x[i])
    return cosine, sine


def last_places(values, exact):
    """Largest error in units in the last place of the exact result."""
    worst = 0.0
    with mpmath.workdps(30):
        for value, true in zip(values, exact):
            worst = max(worst, float(abs(mpmath.mpf(float(value)) - true)) / math.ulp(float(true)))
    return worst


def exact(function, arguments):
    with mpmath.workdps(30):
        return [function(mpmath.mpf(float(x))) for x in arguments]


def exp_arguments():
    rng = np.random.default_rng(1)
    halves = (np.arange(-2040, 2044) / 2) * math.log(2)  # where the range reduction changes its whole number
    halves = halves[(halves > -708) & (halves < 709)]
    return np.concatenate(
        [
            rng.uniform(-708, 709, 6000), rng.uniform(-1, 1, 3000), np.geomspace(1e-300, 1, 200),
            -np.geomspace(1e-300, 1, 200), halves, np.nextafter(halves, 1e3), [0.0, -0.0, -708.0, 709.0],
        ]
    )  # fmt: skip


def log_arguments():
    rng = np.random.default_rng(2)
    steps = np.arange(1, 300) * 2.0**-52
    borders = math.sqrt(0.5) * 2.0 ** np.arange(-1020, 1020, 7)  # where the exponent is split off
    return np.concatenate(
        [
            np.exp(rng.uniform(-707, 709, 6000)), rng.uniform(0.5, 2, 6000), 1 + steps, 1 - steps / 2,
            1 + rng.uniform(-1e-3, 1e-3, 1000), borders, np.nextafter(borders, 0), 2.0 ** np.arange(-1022, 1024),
            [np.finfo(float).tiny, np.finfo(float).max],
        ]
    )  # fmt: skip


def turn_arguments():
    rng = np.random.default_rng(3)
    eighths = np.arange(8) / 8
    return np.concatenate(
        [
            rng.uniform(0, 1, 8000), eighths, np.nextafter(eighths, 1), np.nextafter(eighths[1:], 0),
            [np.nextafter(1, 0), 2.0**-54],
        ]
    )  # fmt: skip


def test_exp_error():
    x = exp_arguments()
    assert last_places(exp_all(x), exact(mpmath.exp, x)) < 2.0


def test_exp_outside_its_range_is_the_value_at_the_nearer_end():
    for x in (-709.0, -1e300, -math.inf):
        assert exp(x) == exp(-708.0) > 0.0
    for x in (710.0, 1e300, math.inf):
        assert exp(x) == exp(709.0) < math.inf


def test_exp_and_log_fixed_points():
    assert exp(0.0) == 1.0
    assert log(1.0) == 0.0
    assert log(2.0) == math.log(2.0)


def test_log_error():
    x = log_arguments()
    values, true = log_all(x), exact(mpmath.log, x)
    assert last_places(values[x != 1.0], [t for t, a in zip(true, x) if a != 1.0]) < 2.0
    assert (values[x == 1.0] == 0.0).all()


def test_sine_pair_error():
    turns = turn_arguments()
    cosine, sine = sine_pair_all(turns)
    with mpmath.workdps(30):
        for c, s, t in zip(cosine, sine, turns):
            assert abs(mpmath.mpf(float(c)) - mpmath.cospi(2 * mpmath.mpf(float(t)))) < 4e-16
            assert abs(mpmath.mpf(float(s)) - mpmath.sinpi(2 * mpmath.mpf(float(t)))) < 4e-16


def test_sine_pair_is_exact_at_quarter_turns():
    assert [sine_pair(t) for t in (0.0, 0.25, 0.5, 0.75)] == [(1, 0), (0, 1), (-1, 0), (0, -1)]


def test_nan_goes_through():
    assert math.isnan(exp(math.nan))
    assert math.isnan(log(math.nan))
    assert all(map(math.isnan, sine_pair(math.nan)))


@pytest.mark.parametrize(
    ("vectorised", "single", "arguments"),
    [(exp_all, exp, exp_arguments()), (log_all, log, log_arguments())],
    ids=["exp", "log"],
)
def test_a_loop_gives_the_bits_of_a_single_call(vectorised, single, arguments):
    arguments = arguments[::7]
    assert np.array_equal(vectorised(arguments), [single(x) for x in arguments])
    # and does not depend on where in the loop (vector body or remainder) a number falls
    assert np.array_equal(vectorised(arguments[3:]), vectorised(arguments)[3:])
