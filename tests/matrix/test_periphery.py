"""Converters: exact codes, half a step at most, symmetric, monotone, and every lost value counted."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pcmphys import ParameterError, Periphery
from tests.oracles import analog_matrix as twin

quantise = Periphery.quantise
BITS = st.integers(2, 24)
FULL = st.floats(1e-9, 1e9)
RELATIVE = st.lists(st.floats(-1.5, 1.5), min_size=1, max_size=20)


def steps(bits):
    return 2 ** (bits - 1) - 1


# ---- codes


@given(
    bits=BITS,
    numerators=st.lists(st.integers(-3 * 2**18, 3 * 2**18), min_size=1, max_size=20),
    exponent=st.integers(-20, 20),
)
def test_codes_and_counts_are_exact_where_the_ratio_is(bits, numerators, exponent):
    # a power of two as full scale and dyadic values: no rounding before the converter's own, ties included
    full = 2.0**exponent
    values = np.array(numerators) * (full / 2**19)
    found, clipped = quantise(values, full, bits)
    wanted = [twin.code(v, full, bits) for v in values]
    assert np.rint(found / full * steps(bits)).astype(int).tolist() == [number for number, _ in wanted]
    np.testing.assert_allclose(found, [twin.convert(v, full, bits)[0] for v in values], rtol=1e-15)
    # exactly half a step outside is a tie: not lost by the twin, and inexact as a float limit
    assume(not any(abs(Fraction(v) / Fraction(full) * steps(bits)) == steps(bits) + twin.HALF for v in values))
    assert clipped == sum(lost for _, lost in wanted)


@pytest.mark.parametrize(
    ("value", "code"),
    [(0.0, 0), (0.4, 1), (0.5, 2), (0.16, 0), (0.17, 1), (1.0, 3), (1.1, 3), (9.0, 3), (-0.4, -1), (-9.0, -3)],
)
def test_three_bits_have_three_steps_on_either_side(value, code):
    assert quantise(np.array([value]), 1.0, 3)[0][0] == code / 3


def test_two_bits_know_minus_one_zero_and_one():
    found, _ = quantise(np.linspace(-2.0, 2.0, 41), 1.0, 2)
    assert np.unique(found).tolist() == [-1.0, 0.0, 1.0]


@pytest.mark.parametrize("bits", [2, 3, 8, 12])
def test_number_of_levels(bits):
    found, _ = quantise(np.linspace(-1.0, 1.0, 40 * 2**bits), 1.0, bits)
    assert np.unique(found).size == 2**bits - 1


# ---- properties


@given(bits=BITS, full=FULL, relative=RELATIVE)
def test_error_is_half_a_step_at_most_and_beyond_the_range_the_end_of_it(bits, full, relative):
    values = np.array(relative) * full
    found, _ = quantise(values, full, bits)
    inside = np.abs(values) <= full
    assert (np.abs(found - values)[inside] <= (0.5 / steps(bits) + 1e-14) * full).all()
    np.testing.assert_allclose(found[~inside], np.sign(values[~inside]) * full, rtol=1e-15)


@given(bits=BITS, full=FULL, relative=RELATIVE)
def test_symmetric_monotone_and_idempotent(bits, full, relative):
    values = np.sort(np.array(relative)) * full
    found, clipped = quantise(values, full, bits)
    mirrored, clipped_too = quantise(-values, full, bits)
    assert (mirrored == -found).all()
    assert clipped_too == clipped
    assert (np.diff(found) >= 0.0).all()
    again, none = quantise(found, full, bits)
    assert (again == found).all()
    assert none == 0


@given(bits=BITS, relative=RELATIVE, exponent=st.integers(-30, 30))
def test_only_the_ratio_to_full_scale_matters(bits, relative, exponent):
    values, factor = np.array(relative), 2.0**exponent
    found, clipped = quantise(values, 1.0, bits)
    scaled, clipped_too = quantise(values * factor, factor, bits)
    assert (scaled == found * factor).all()
    assert clipped_too == clipped


def test_each_row_has_its_own_full_scale():
    values, full = np.array([[0.3, -1.0], [30.0, -200.0]]), np.array([[1.0], [100.0]])
    found, clipped = quantise(values, full, 4)
    rows = [quantise(v, f[0], 4) for v, f in zip(values, full)]
    assert (found == np.array([row for row, _ in rows])).all()
    assert clipped == 1


@pytest.mark.parametrize(("relative", "lost"), [(1.0, 0), (1.0 + 0.49 / 127, 0), (1.0 + 0.51 / 127, 1), (5.0, 1)])
def test_a_value_that_still_rounds_to_the_last_code_is_not_lost(relative, lost):
    found, clipped = quantise(np.array([relative, -relative, 0.2]), 1.0, 8)
    assert clipped == 2 * lost
    assert found[:2].tolist() == [1.0, -1.0]


def test_without_bits_nothing_changes_and_nothing_clips():
    values = np.array([-7.0, 0.123456789, 1e300])
    found, clipped = quantise(values, 1.0, None)
    assert (found == values).all()
    assert clipped == 0


def test_no_value_is_no_work():
    found, clipped = quantise(np.empty((0, 3)), np.empty((0, 1)), 8)
    assert found.shape == (0, 3)
    assert clipped == 0


def test_the_callers_array_is_not_changed():
    values = np.array([0.1234, 3.0])
    quantise(values, 1.0, 3)
    assert values.tolist() == [0.1234, 3.0]


# ---- settings


@pytest.mark.parametrize("name", ["dac_bits", "adc_bits"])
@pytest.mark.parametrize("value", [1, 0, -8, 25, 2.5, 8.0, True, "8", np.nan])
def test_bad_bits_are_refused_by_name(name, value):
    with pytest.raises(ParameterError, match=rf"periphery\.{name} must be a whole number within \[2, 24\]"):
        Periphery(**{name: value})


@pytest.mark.parametrize("name", ["input_range", "adc_range", "read_voltage", "read_duration"])
@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf, True, "1", [1.0]])
def test_bad_ranges_are_refused_by_name(name, value):
    with pytest.raises(ParameterError, match=rf"periphery\.{name} must be a number"):
        Periphery(**{name: value})


@pytest.mark.parametrize("bits", [2, 24, None, np.int64(8)])
def test_allowed_bits(bits):
    assert Periphery(dac_bits=bits, adc_bits=bits).dac_bits == bits


def test_any_kind_of_number_is_kept_as_a_plain_one():
    periphery = Periphery(dac_bits=np.uint8(8), input_range=Fraction(1, 2), adc_range=np.float32(0.5), read_voltage=1)
    assert type(periphery.dac_bits) is int
    assert [type(v) for v in (periphery.input_range, periphery.adc_range, periphery.read_voltage)] == [float] * 3
    assert periphery == Periphery(input_range=0.5, adc_range=0.5, read_voltage=1.0)


def test_settings_cannot_be_changed_behind_the_check():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Periphery().adc_bits = 1


@pytest.mark.parametrize("name", ["dac_bits", "adc_bits"])
@pytest.mark.parametrize("bits", [0, 1, 25, 8.0, True, "ideal"])
def test_the_way_to_an_ideal_converter_is_told(name, bits):
    with pytest.raises(ParameterError, match=rf"periphery\.{name} must be a whole number within \[2, 24\]; got .*None"):
        Periphery(**{name: bits})
