"""Thermal crosstalk against a plain sum, and its limits."""

import math

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcmphys.crossbar import ThermalCrosstalk
from pcmphys.errors import ParameterError


def plain(power, warm):
    out = np.zeros_like(power)
    for i, j in np.ndindex(power.shape):
        for k, m in np.ndindex(power.shape):
            if (i, j) != (k, m):
                r = warm.pitch * math.hypot(i - k, j - m)
                out[i, j] += power[k, m] * math.exp(-r / warm.screening_length) / (2 * math.pi * warm.conductivity * r)
    return out


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (9, 1), (8, 11)])
def test_equals_the_plain_sum(shape):
    warm = ThermalCrosstalk(pitch=80e-9, conductivity=1.1, screening_length=150e-9)
    power = np.random.default_rng(1).uniform(0.0, 1e-3, shape)
    # what lies farther off than 14 screening lengths is left out
    np.testing.assert_allclose(warm.rise(power), plain(power, warm), rtol=1e-5)


def test_one_heated_cell():
    warm = ThermalCrosstalk(pitch=200e-9)
    power = np.zeros((5, 5))
    power[2, 2] = 0.7e-3
    rise = warm.rise(power)
    assert rise[2, 2] == 0.0
    expected = 0.7e-3 * math.exp(-2.0) / (2 * math.pi * 1.4 * 200e-9)
    assert rise[2, 1] == pytest.approx(expected, rel=1e-14)
    assert (rise == rise.T).all()
    assert rise[2, 1] > rise[1, 1] > rise[2, 0] > 0.0


@given(st.floats(0.1, 10.0))
def test_linear_in_the_power(factor):
    warm = ThermalCrosstalk(pitch=100e-9)
    power = np.random.default_rng(2).uniform(0.0, 1e-3, (4, 5))
    np.testing.assert_allclose(warm.rise(factor * power), factor * warm.rise(power), rtol=1e-12)


def test_a_long_screening_length_looks_at_the_nearest_32_cells():
    warm = ThermalCrosstalk(pitch=100e-9, screening_length=1.0)
    power = np.zeros((1, 80))
    power[0, 0] = 1e-3
    rise = warm.rise(power)[0]
    assert (rise[1:33] > 0.0).all()
    assert (rise[33:] == 0.0).all()


def test_threads_do_not_show():
    warm = ThermalCrosstalk(pitch=100e-9)
    power = np.random.default_rng(3).uniform(0.0, 1e-3, (300, 400))
    before = numba.get_num_threads()
    found = []
    for threads in (1, 4):
        numba.set_num_threads(threads)
        found.append(warm.rise(power))
    numba.set_num_threads(before)
    assert all((one == found[0]).all() for one in found)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"pitch": 0.0}, "pitch"), ({"pitch": 1e-7, "conductivity": -1.0}, r"conductivity .*W/\(m K\)"),
     ({"pitch": 1e-7, "screening_length": 0.0}, "screening_length")],
)  # fmt: skip
def test_bad_parameters(arguments, message):
    with pytest.raises(ParameterError, match=message):
        ThermalCrosstalk(**arguments)


def test_bad_power():
    with pytest.raises(ParameterError, match="power"):
        ThermalCrosstalk(pitch=1e-7).rise([[-1.0]])
