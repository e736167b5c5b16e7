"""Factors of device-to-device spread: log-normal around one."""

import dataclasses

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcmphys.physics.variability import VariabilityFloats, VariabilityParameters, factor
from tests.physics.exact import EPS, error, exact


@exact
def log_normal(spread, deviate):
    return mpmath.exp(spread * deviate)


SPREAD = st.floats(0, 1)
DEVIATE = st.floats(-7, 7)


@given(spread=SPREAD, deviate=DEVIATE)
def test_factor_is_the_exponential(spread, deviate):
    assert error(factor(spread, deviate), log_normal(spread, deviate)) < 2 * EPS * (1 + abs(spread * deviate))
    # as likely above as below: the median is one
    assert factor(spread, deviate) * factor(spread, -deviate) == pytest.approx(1.0, abs=16 * EPS)


@given(deviate=DEVIATE, spreads=st.tuples(SPREAD, SPREAD))
def test_factor_at_its_limits_and_its_order(deviate, spreads):
    assert factor(0.0, deviate) == 1.0
    assert factor(spreads[0], 0.0) == 1.0
    narrow, wide = sorted(spreads)
    assert factor(narrow, abs(deviate)) <= factor(wide, abs(deviate)) * (1 + 2 * EPS)


def test_pack_keeps_names_and_order():
    values = [0.01 * (k + 1) for k in range(len(dataclasses.fields(VariabilityParameters)))]
    packed = VariabilityParameters(*values).pack()
    assert isinstance(packed, VariabilityFloats)
    assert packed._asdict() == dataclasses.asdict(VariabilityParameters(*values))
