"""Elementary functions against 30-digit arithmetic; the bounds are those of the docstrings."""

import math
import os
import subprocess
import sys

import mpmath
import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcmphys.numerics.bits import bits_of, float_of
from pcmphys.numerics.elementary import (
    exp,
    exp_in_chains,
    exp_pair,
    hyperbolic,
    hyperbolic_in_chains,
    log,
    log1p,
    reciprocal_tail,
    rough_log,
    sine_pair,
)

EPS = np.finfo(float).eps


@numba.njit
def bits_of_one(value):
    return bits_of(value)


@numba.njit
def float_of_one(bits):
    return float_of(bits)


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


def test_pair_keeps_the_digits_near_zero():
    rng = np.random.default_rng(45)
    halves = np.arange(-2040, 2044) / 2 * math.log(2)
    halves = halves[(halves > -708) & (halves < 709) & (halves != 0.0)][::17]
    x = np.concatenate([rng.uniform(-708, 709, 500), rng.uniform(-1, 1, 500), np.geomspace(1e-300, 1, 200), halves])
    with mpmath.workdps(30):
        for value in np.concatenate([x, -np.geomspace(1e-300, 1, 200)]):
            less, power = exp_pair(value)
            assert abs(mpmath.mpf(less) / mpmath.expm1(mpmath.mpf(value)) - 1) < 2 * EPS
            assert abs(mpmath.mpf(power) / mpmath.exp(mpmath.mpf(value)) - 1) < 2 * EPS
    assert exp_pair(0.0) == (0.0, 1.0)
    assert exp_pair(-1e5) == exp_pair(-708.0)
    assert all(map(math.isnan, exp_pair(math.nan)))


@given(size=st.floats(-300, 2.845), sign=st.sampled_from([-1.0, 1.0]))
def test_functions_in_chains_keep_their_digits(size, sign):
    y = 10.0**size
    with mpmath.workdps(40):
        exact = [mpmath.sinh(mpmath.mpf(y)), mpmath.cosh(mpmath.mpf(y)), mpmath.exp(mpmath.mpf(sign * y))]
    for value, true in zip((*hyperbolic_in_chains(y), exp_in_chains(sign * y)), exact):
        assert abs(mpmath.mpf(value) / true - 1) < 3 * 2.0**-52
    assert hyperbolic_in_chains(0.0) == (0.0, 1.0)
    assert hyperbolic_in_chains(1e9) == hyperbolic_in_chains(700.0)
    assert exp_in_chains(-1e9) == exp_in_chains(-700.0)


@given(size=st.floats(-300, 2.845))
def test_hyperbolic_functions_keep_their_digits(size):
    y = 10.0**size
    with mpmath.workdps(40):
        exact = [mpmath.sinh(mpmath.mpf(y)), mpmath.cosh(mpmath.mpf(y))]
    for value, true in zip(hyperbolic(y), exact):
        assert abs(mpmath.mpf(value) / true - 1) < 4 * EPS


def test_log1p_keeps_the_digits_near_zero():
    rng = np.random.default_rng(47)
    with mpmath.workdps(40):
        for x in np.concatenate([np.geomspace(1e-300, 1e300, 400), rng.uniform(0, 4, 600)]):
            assert abs(mpmath.mpf(log1p(x)) / mpmath.log1p(mpmath.mpf(x)) - 1) < 4 * EPS
    assert log1p(0.0) == 0.0


def test_starts_are_as_near_as_they_say():
    for x in np.exp(np.random.default_rng(46).uniform(-690, 690, 300)):
        assert rough_log(x) == pytest.approx(math.log(x), abs=2e-4)
    for z in np.linspace(-40.0, 1.0, 200):
        # omega + ln omega = z is omega = W(e^z)
        assert 1.0 / reciprocal_tail(z) == pytest.approx(float(mpmath.lambertw(mpmath.exp(z)).real), abs=0.03)


def test_bits_go_there_and_back():
    for value in (0.0, -0.0, 1.0, -1.5, 5e-324, math.inf, -math.inf, 1.7976931348623157e308):
        bits = bits_of_one(value)
        assert int(bits) == int(np.float64(value).view(np.int64))
        assert math.copysign(1.0, float_of_one(np.int64(bits))) == math.copysign(1.0, value)
        assert float_of_one(np.int64(bits)) == value


WITHOUT_COMPILER = """
import warnings
import numpy as np
from pcmphys.numerics import elementary
warnings.simplefilter("error")
rng = np.random.default_rng(9)
x = np.concatenate([rng.uniform(-720, 720, 300), rng.uniform(-1, 1, 100), np.geomspace(1e-300, 1, 50)])
for name in ("exp", "exp_pair", "exp_in_chains"):
    for value in x:
        print(name, np.float64(getattr(elementary, name)(value)).tobytes().hex())
for name in ("log", "log1p", "rough_log", "hyperbolic", "hyperbolic_in_chains"):
    for value in np.abs(x):
        print(name, np.float64(getattr(elementary, name)(value)).tobytes().hex())
for value in rng.random(100):
    print(np.float64(elementary.sine_pair(value)).tobytes().hex())
"""


def test_without_the_compiler_the_same_bits():
    answers = [
        subprocess.run(
            [sys.executable, "-c", WITHOUT_COMPILER], env={**os.environ, "NUMBA_DISABLE_JIT": off}, check=True,
            capture_output=True, text=True,
        ).stdout
        for off in ("0", "1")
    ]  # fmt: skip
    assert answers[0] == answers[1] != ""
