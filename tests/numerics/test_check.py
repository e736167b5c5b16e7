"""Input checks: what passes, what is refused, and that the message names argument, unit and range."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pcmphys import ParameterError
from pcmphys.numerics import check as checks

RAGGED = [[1], [1, 2]]
NOT_NUMBERS = [
    "1", b"1", None, True, np.True_, np.array(True), 1j, np.complex128(1 + 2j), np.array("1.5"), np.timedelta64(5, "s"),
    [1.0], np.array([1.0]), RAGGED, 10**400, object(), {}, math.nan, math.inf, -math.inf,
]  # fmt: skip


@pytest.mark.parametrize("value", NOT_NUMBERS, ids=lambda v: repr(v).split(" at ")[0][:25])
def test_number_refuses_and_names(value):
    with pytest.raises(ParameterError, match=r"^width must be a number in s within"):
        checks.number("width", value, "s")


@pytest.mark.parametrize(
    "value", [1.5, 3, np.float32(1.5), np.int8(3), np.array(1.5), Fraction(3, 2), Decimal("1.5"), 10**30]
)
def test_number_accepts_every_kind_of_real_number(value):
    result = checks.number("width", value)
    assert type(result) is float
    assert result == float(value)


def test_number_bounds():
    assert checks.number("x", 0.0, low=0.0, high=1.0) == 0.0
    assert checks.number("x", 1.0, low=0.0, high=1.0) == 1.0
    for value, options in [(-1e-300, {}), (np.nextafter(1.0, 2.0), {}), (0.0, {"low_open": True})]:
        with pytest.raises(ParameterError, match="x must be a number"):
            checks.number("x", value, low=0.0, high=1.0, **options)


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({}, "number within (-inf, inf)"),
        ({"low": 0.0}, "number within [0, inf)"),
        ({"unit": "K", "low": 0.0, "low_open": True}, "number in K within (0, inf)"),
        ({"unit": "V", "low": -1.0, "high": 2.5}, "number in V within [-1, 2.5]"),
        ({"unit": "1", "high": 2.5}, "number within (-inf, 2.5]"),
    ],
)
def test_number_message_shows_range_and_unit(options, shown):
    with pytest.raises(ParameterError) as error:
        checks.number("x", math.nan, **options)
    assert shown in str(error.value)
    assert "nan" in str(error.value)


@pytest.mark.parametrize("value", [1.0, "1", None, True, np.True_, np.float64(2), [1], np.array([1]), 1j])
def test_integer_refuses(value):
    with pytest.raises(ParameterError, match=r"^seed must be a whole number"):
        checks.integer("seed", value)


def test_integer_bounds_and_numpy_integers():
    assert checks.integer("n", np.uint64(2**64 - 1), 0, 2**64 - 1) == 2**64 - 1
    assert type(checks.integer("n", np.int16(4))) is int
    for value in (-1, 2**64):
        with pytest.raises(ParameterError, match=r"n must be a whole number within \[0, 18446744073709551615\]; got"):
            checks.integer("n", value, 0, 2**64 - 1)


@pytest.mark.parametrize(
    "value", ["1", ["1"], True, [True], [1j], 1j, None, [1, None], RAGGED, object(), np.array(["2020"], "M8[D]")]
)
def test_array_refuses_what_is_not_real(value):
    with pytest.raises(ParameterError, match=r"^targets must be an array of real numbers in S; got"):
        checks.array("targets", value, "S")


@given(
    hnp.arrays(
        st.sampled_from([np.float64, np.float32, np.int32, np.uint8]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=4),
        elements=st.integers(0, 100),
    )
)
def test_array_keeps_shape_and_values(value):
    before = value.copy()
    result = checks.array("x", value)
    assert result.dtype == np.float64
    assert result.shape == value.shape
    assert result.flags.c_contiguous
    assert np.array_equal(result, before)
    assert np.array_equal(value, before)


def test_array_is_contiguous_for_any_layout():
    base = np.arange(24.0).reshape(4, 6)
    for view in (base.T, base[::2, ::3], base[:, ::-1], np.asfortranarray(base), base.astype(">f8")):
        result = checks.array("x", view)
        assert result.flags.c_contiguous
        assert result.dtype == np.dtype("float64")
        assert np.array_equal(result, view)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, -0.5, 2.5])
def test_array_names_the_first_wrong_element_and_counts(bad):
    values = np.ones((2, 3))
    values[1, 0] = values[1, 2] = bad
    with pytest.raises(ParameterError) as error:
        checks.array("x", values, "V", 0.0, 2.0)
    message = str(error.value)
    assert "x[1, 0] is" in message
    assert "in V within [0, 2]" in message
    assert "2 of 6 values" in message


def test_array_scalar_message_has_no_index():
    with pytest.raises(ParameterError, match=r"; x is -1 V"):
        checks.array("x", -1.0, "V", 0.0)


def test_array_shape_axes_and_emptiness():
    with pytest.raises(ParameterError, match=r"x must have shape \(2, 3\); got shape \(3, 2\)"):
        checks.array("x", np.ones((3, 2)), shape=(2, 3))
    with pytest.raises(ParameterError, match=r"x must have 1 or 2 axes; got shape \(\)"):
        checks.array("x", 1.0, ndim=(1, 2))
    with pytest.raises(ParameterError, match=r"x must not be empty; got shape \(0, 5\)"):
        checks.array("x", np.ones((0, 5)))
    assert checks.array("x", np.ones((0, 5)), empty=True).shape == (0, 5)
    assert checks.array("x", [], empty=True).shape == (0,)
    assert checks.array("x", 1.0, ndim=0).shape == ()


def test_increasing():
    checks.increasing("t", np.array([1.0]))
    checks.increasing("t", np.array([1.0, 2.0]))
    for values, place in ([1.0, 1.0, 2.0], 1), ([1.0, 2.0, 1.5], 2), ([1.0, math.nan, 2.0], 1):
        with pytest.raises(ParameterError, match=rf"t must increase strictly; t\[{place}\]"):
            checks.increasing("t", np.array(values), "s")


@pytest.mark.parametrize("value", [3, None, np.array(["half", "third"]), "Half", ""])
def test_choice_refuses(value):
    with pytest.raises(ParameterError, match=r"^scheme must be one of half, third; got"):
        checks.choice("scheme", value, ["half", "third"])


def test_choice_suggests_a_near_miss_only():
    assert checks.choice("scheme", "half", iter(["half", "third"])) == "half"
    with pytest.raises(ParameterError, match="did you mean 'half'"):
        checks.choice("scheme", "hlaf", ["half", "third"])
    assert checks.suggest("xyz", ["half", "third"]) == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((), ()), (0, (0,)), (np.int64(3), (3,)), ([2, np.uint8(3)], (2, 3)), (np.array([4, 5]), (4, 5)),
        (np.array(3), (3,)), ((0, 5), (0, 5)),
    ],
)  # fmt: skip
def test_shape(value, expected):
    result = checks.shape("shape", value)
    assert result == expected
    assert all(type(n) is int for n in result)


@pytest.mark.parametrize("value", [-1, (2, -1), 2.0, (2, 2.5), "34", None, True, [[1, 2]], RAGGED, {3}])
def test_shape_refuses(value):
    with pytest.raises(ParameterError, match=r"^shape"):
        checks.shape("shape", value)


HIDDEN = np.ma.array([[1e-5, 2e-5], [3e-5, 4e-5]], mask=[[0, 1], [0, 0]])


@pytest.mark.parametrize("check", [checks.array, checks.with_gaps, checks.unmasked])
@pytest.mark.parametrize(
    "value", [HIDDEN, list(HIDDEN), [[1e-5, np.ma.masked], [3e-5, 4e-5]]], ids=["array", "rows", "list"]
)
def test_masked_values_are_refused_by_name(check, value):
    with pytest.raises(ParameterError, match=r"^targets must not hold masked values; targets\[0, 1\] is masked"):
        check("targets", value)


def test_an_array_in_which_nothing_is_masked_is_a_plain_one():
    for mask in (np.ma.nomask, np.zeros((2, 2), bool)):
        open_ = np.ma.array(HIDDEN.data, mask=mask)
        assert np.array_equal(checks.array("targets", open_), HIDDEN.data)
        assert type(checks.array("targets", open_)) is np.ndarray
        assert checks.filled(open_) is open_
    assert checks.number("x", np.ma.array(2.0)) == 2.0
    with pytest.raises(ParameterError, match=r"^x must not hold masked values; x is masked"):
        checks.number("x", np.ma.masked)


def test_what_a_mask_hides_can_be_taken_as_missing():
    assert np.array_equal(checks.filled(HIDDEN), [[1e-5, np.nan], [3e-5, 4e-5]], equal_nan=True)
    counts = np.ma.array([1, 2], mask=[True, False])
    assert np.array_equal(checks.filled(counts), [np.nan, 2.0], equal_nan=True)


def test_gaps_are_nan_and_nothing_else():
    given = np.array([1.0, math.nan])
    found = checks.with_gaps("left", given, "V")
    assert np.array_equal(found, given, equal_nan=True)
    assert not np.shares_memory(found, given)
    assert np.isnan(checks.with_gaps("left", math.nan, "V", ndim=(0, 1)))
    for value in (math.inf, -0.5):
        with pytest.raises(ParameterError, match=r"left\[1\] is"):
            checks.with_gaps("left", [math.nan, value], "V", 0.0)


@pytest.mark.parametrize("mark", [9e37, 9.9e37, 9.91e37, -9.9e37, 1e300])
def test_marks_for_over_range_are_no_conductances(mark):
    with pytest.raises(ParameterError, match=r"^cells\[1\] is .* S: from 9e\+37 on .*over-range"):
        checks.array("cells", [1e-5, mark], "S", 0.0)
    with pytest.raises(ParameterError, match=r"over-range|within"):
        checks.number("ceiling", mark, "S", 0.0)
    assert checks.array("resistance", [1.0, mark], "ohm")[1] == mark  # an open wire may be any number


def test_flags():
    assert checks.flags("where", [True, False], (2,)).dtype == np.bool_
    for value in ([1, 0], [True], RAGGED, np.ma.array([True, False], mask=[0, 1])):
        with pytest.raises(ParameterError, match=r"^where must"):
            checks.flags("where", value, (2,))


def test_masked_values_in_lists_of_unequal_length_are_refused_as_well():
    with pytest.raises(ParameterError, match="x must not hold masked values; some are masked"):
        checks.array("x", [[1.0, np.ma.masked], [1.0]])
