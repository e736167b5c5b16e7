"""Several pairs, a reference column, a ceiling: nothing lost, nothing outside the range, each against its slow twin."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pcmphys import ParameterError
from pcmphys.matrix import DifferentialPair, Mapping, ReferenceColumn, SeveralPairs, Split
from tests.oracles import analog_matrix as twin

NAMED = ["equal", "most-significant-first", "least-significant-first"]
WEIGHTS = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=4),
    elements=st.floats(-1e6, 1e6).map(lambda w: w if abs(w) > 1e-6 else 0.0),
)  # fmt: skip
RANGE = st.tuples(st.floats(0.0, 1e-5), st.floats(2e-5, 1e-3))
PAIRS = st.integers(1, 4)
FACTOR = st.floats(1.0, 8.0)


@given(weights=WEIGHTS, limits=RANGE, pairs=PAIRS, factor=FACTOR, split=st.sampled_from(NAMED))
def test_several_pairs_do_what_their_slow_twin_does(weights, limits, pairs, factor, split):
    low, high = limits
    mapping = SeveralPairs(pairs, factor, split)
    scale = mapping.scale(weights, high, low)
    targets = mapping.targets(weights, scale, high, low)
    assert targets.shape == mapping.shape(*weights.shape) == (2 * pairs, *weights.shape)
    largest = np.abs(weights).max() or 1.0
    for place, weight in np.ndenumerate(weights):
        wanted = twin.pair_targets(weight, largest, pairs, factor, split, low, high)
        np.testing.assert_allclose(targets[(slice(None), *place)], wanted, rtol=0.0, atol=1e-13 * high * factor**pairs)
    assert targets.min() >= low  # not even by a rounding error
    assert targets.max() <= high
    np.testing.assert_allclose(mapping.weights(targets, scale), weights, rtol=0.0, atol=1e-13 * largest * factor**pairs)


@given(weights=WEIGHTS, limits=RANGE, split=st.sampled_from(NAMED))
def test_opposite_weights_swap_the_devices_of_every_pair(weights, limits, split):
    low, high = limits
    mapping = SeveralPairs(3, 2.0, split)
    scale = mapping.scale(weights, high, low)
    targets = mapping.targets(weights, scale, high, low)
    opposite = mapping.targets(-weights, mapping.scale(-weights, high, low), high, low)
    assert (opposite == targets[[1, 0, 3, 2, 5, 4]]).all()


@given(magnitude=st.floats(0.0, 1.0), pairs=PAIRS, factor=FACTOR)
def test_who_comes_first_is_full_before_the_next_gets_anything(magnitude, pairs, factor):
    weights = np.array([[magnitude, -1.0]])
    for split, order in (("most-significant-first", 1), ("least-significant-first", -1)):
        mapping = SeveralPairs(pairs, factor, split)
        used = mapping.targets(weights, mapping.scale(weights, 1.0), 1.0)[::2, 0, 0][::order]
        for first, then in itertools.pairwise(used):
            assert then == 0.0 or first > 1.0 - 1e-12 * factor**pairs


@pytest.mark.parametrize("split", NAMED)
def test_one_pair_is_a_differential_pair(split):
    weights = np.random.default_rng(0).normal(size=(5, 4))
    one, pair = SeveralPairs(1, 2.0, split), DifferentialPair()
    scale = pair.scale(weights, 2.5e-5, 1e-6)
    assert one.scale(weights, 2.5e-5, 1e-6) == scale
    found = one.targets(weights, scale, 2.5e-5, 1e-6)
    np.testing.assert_allclose(found, pair.targets(weights, scale, 2.5e-5, 1e-6), rtol=1e-14)
    assert (one.combine(found) == pair.combine(found)).all()


def test_significance_falls_from_pair_to_pair():
    conductance = np.zeros((6, 1, 1))
    conductance[[0, 2, 4]] = 1e-6
    conductance[5] = 3e-6
    assert SeveralPairs(3, 4.0).weights(conductance, 1e6)[0, 0] == pytest.approx(1.0 + 1 / 4 - 2 / 16, rel=1e-14)


@given(weights=WEIGHTS, limits=RANGE)
def test_a_reference_column_there_and_back(weights, limits):
    low, high = limits
    mapping = ReferenceColumn()
    scale = mapping.scale(weights, high, low)
    targets = mapping.targets(weights, scale, high, low)
    assert targets.shape == mapping.shape(*weights.shape) == (1, weights.shape[0], weights.shape[1] + 1)
    largest = np.abs(weights).max() or 1.0
    middle = 0.5 * (low + high)
    for (i, j), weight in np.ndenumerate(weights):
        assert targets[0, i, j] == pytest.approx(middle + weight / largest * 0.5 * (high - low), abs=1e-14 * high)
    assert (targets[0, :, -1] == middle).all()
    assert targets.min() >= low
    assert targets.max() <= high
    np.testing.assert_allclose(mapping.weights(targets, scale), weights, rtol=0.0, atol=1e-12 * largest)


@given(
    weights=WEIGHTS,
    points=st.integers(2, 6),
    pairs=st.integers(1, 3),
    seed=st.integers(0, 2**32),
)
def test_a_split_table_does_what_its_slow_twin_does(weights, points, pairs, seed):
    rng = np.random.default_rng(seed)
    magnitude = np.concatenate([[0.0], np.sort(rng.uniform(0.01, 0.99, points - 2)), [1.0]])
    table = rng.uniform(0.0, 1e-5, (points, 2 * pairs))
    table[:, ::2] += 1e-5 * magnitude[:, None]
    table[:, 1::2] *= 1e-3
    split = Split(magnitude, table, 2.0)
    mapping = SeveralPairs(pairs, 2.0, split)
    scale = mapping.scale(weights, 2.5e-5)
    targets = mapping.targets(weights, scale, 2.5e-5)
    largest = np.abs(weights).max() or 1.0
    assert scale == pytest.approx(largest / split.full, rel=1e-14, abs=0.0)
    for place, weight in np.ndenumerate(weights):
        wanted = twin.table_targets(weight, largest, magnitude.tolist(), table.tolist())
        np.testing.assert_allclose(targets[(slice(None), *place)], wanted, rtol=0.0, atol=1e-17)
    np.testing.assert_allclose(mapping.ideal(weights, scale, 2.5e-5), weights / scale, rtol=1e-15)


def test_a_split_that_is_a_named_one():
    first = Split([0.0, 1 / 3, 1.0], [[0, 0, 0, 0], [0, 0, 2e-5, 0], [2e-5, 0, 2e-5, 0]], 2.0)
    weights = np.random.default_rng(1).normal(size=(6, 5))
    ours, named = SeveralPairs(2, 2.0, first), SeveralPairs(2, 2.0, "least-significant-first")
    scale = named.scale(weights, 2e-5)
    assert ours.scale(weights, 2e-5) == pytest.approx(scale, rel=1e-14)
    np.testing.assert_allclose(ours.targets(weights, scale, 2e-5), named.targets(weights, scale, 2e-5), atol=1e-18)
    np.testing.assert_allclose(ours.weights(ours.targets(weights, scale, 2e-5), scale), weights, rtol=1e-12)


def test_full_scale_does_not_depend_on_where_the_points_lie():
    line = [[0.0, 0.0], [0.25e-5, 0.0], [1e-5, 0.0]]
    assert Split([0.0, 0.25, 1.0], line, 1.0).full == pytest.approx(1e-5, rel=1e-14, abs=0.0)
    fine = np.concatenate([np.linspace(0.0, 0.1, 50), [1.0]])
    bent = np.stack([np.minimum(1.2 * fine, 1.0) * 1e-5, 0.0 * fine], axis=1)
    coarse = np.linspace(0.0, 1.0, 400)
    same = np.stack([np.interp(coarse, fine, bent[:, 0]), 0.0 * coarse], axis=1)
    assert Split(fine, bent, 1.0).full == pytest.approx(Split(coarse, same, 1.0).full, rel=0.05, abs=0.0)


# ---- ceilings


@pytest.mark.parametrize("make", [DifferentialPair, SeveralPairs, ReferenceColumn])
def test_a_ceiling_is_the_top_of_the_range(make):
    weights = np.random.default_rng(2).normal(size=(6, 5))
    limited, short = make(ceiling=1.3e-5), make()
    scale = limited.scale(weights, 2.5e-5, 1e-6)
    assert scale == short.scale(weights, 1.3e-5, 1e-6)
    targets = limited.targets(weights, scale, 2.5e-5, 1e-6)
    assert (targets == short.targets(weights, scale, 1.3e-5, 1e-6)).all()
    assert max(targets.max() / 1.3e-5, 1e-6 / targets.min()) == pytest.approx(1.0, rel=1e-12)
    np.testing.assert_allclose(limited.weights(targets, scale), weights, rtol=0.0, atol=1e-12)


@pytest.mark.parametrize("make", [DifferentialPair, SeveralPairs, ReferenceColumn])
@pytest.mark.parametrize("ceiling", [2.6e-5, 1.0, 1e-6, 5e-7])
def test_a_ceiling_lies_within_the_cells_range(make, ceiling):
    mapping = make(ceiling=ceiling)
    with pytest.raises(ParameterError, match=r"ceiling must be a number in S within \(1e-06, 2\.5e-05\].*got .* S"):
        mapping.scale(np.eye(2), 2.5e-5, 1e-6)
    with pytest.raises(ParameterError, match="ceiling"):
        mapping.targets(np.eye(2), 1.0, 2.5e-5, 1e-6)


@pytest.mark.parametrize("make", [DifferentialPair, SeveralPairs, ReferenceColumn])
@pytest.mark.parametrize("ceiling", [0.0, -1e-6, np.nan, np.inf, "1e-6", True])
def test_a_ceiling_is_a_conductance(make, ceiling):
    with pytest.raises(ParameterError, match=r"ceiling must be a number in S within \(0, inf\)"):
        make(ceiling=ceiling)


# ---- refusals


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pairs": 0}, r"pairs must be a whole number within \[1, 16\]; got 0"),
        ({"pairs": 1.5}, r"pairs must be a whole number"),
        ({"factor": 0.5}, r"factor must be a number within \[1, 1000\]; got 0\.5"),
        ({"factor": np.nan}, r"factor must be a number"),
        ({"split": "most-significant"}, r"split must be one of equal, most-.*did you mean 'most-significant-first'"),
        ({"split": 3}, r"split must be one of equal, .*, or a Split; got 3"),
        ({"split": Split([0, 1], [[0, 0], [1, 0]], 2.0)}, r"split is for 1 pairs of factor 2; got pairs=2, factor=2"),
        (
            {"split": Split([0, 1], [[0, 0, 0, 0], [1, 0, 1, 0]], 3.0)},
            r"split is for 2 pairs of factor 3; got pairs=2, factor=2",
        ),
    ],
)
def test_bad_pairs(options, message):
    with pytest.raises(ParameterError, match=message):
        SeveralPairs(**options)


@pytest.mark.parametrize(("low", "high"), [(1e-6, 2.5e-5), (0.0, 1e-5)])
def test_a_split_must_fit_the_cell(low, high):
    split = Split([0.0, 1.0], [[0.0, 0.0, 0.0, 0.0], [2e-5, 0.0, 2e-5, 0.0]], 2.0)
    with pytest.raises(ParameterError, match=r"split must ask for conductances in S within .*; got 0 to 2e-05 S"):
        SeveralPairs(split=split).scale(np.eye(2), high, low)
    with pytest.raises(ParameterError, match="up to the ceiling"):
        SeveralPairs(split=split, ceiling=1.9e-5).scale(np.eye(2), 2.5e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.0, 0.5], [[0, 0], [1, 0]], 2.0), r"magnitude must go from 0 to 1; got 0 to 0\.5"),
        (([0.1, 1.0], [[0, 0], [1, 0]], 2.0), r"magnitude must go from 0 to 1; got 0\.1 to 1"),
        (([0.0], [[0, 0]], 2.0), r"magnitude must go from 0 to 1"),
        (([0.0, 0.6, 0.4, 1.0], np.zeros((4, 2)), 2.0), r"magnitude must increase strictly"),
        (([0.0, 2.0], [[0, 0], [1, 0]], 2.0), r"magnitude must hold finite numbers within \[0, 1\]"),
        (([0.0, 1.0], [[0, 0]], 2.0), r"targets must have shape \(2, 2 pairs\); got shape \(1, 2\)"),
        (([0.0, 1.0], [[0], [1]], 2.0), r"targets must have shape \(2, 2 pairs\); got shape \(2, 1\)"),
        (([0.0, 1.0], [[0, -1], [1, 0]], 2.0), r"targets\[0, 1\] is -1 S"),
        (([0.0, 1.0], [[0, 0], [np.nan, 0]], 2.0), r"targets\[1, 0\] is nan"),
        (([0.0, 1.0], [[0, 0], [0, 1]], 2.0), r"combined conductance must grow with the magnitude"),
        (([0.0, 1.0], [[0, 0], [1, 0]], 0.9), r"factor must be a number within \[1, inf\)"),
    ],
)
def test_bad_splits(arguments, message):
    with pytest.raises(ParameterError, match=message):
        Split(*arguments)


def test_a_split_is_its_own():
    magnitude, targets = np.array([0.0, 1.0]), np.array([[0.0, 0.0], [1e-5, 0.0]])
    split = Split(magnitude, targets, 2.0)
    targets[:] = 1.0
    assert split.targets.max() == 1e-5
    with pytest.raises(ValueError, match="read-only"):
        split.targets[0, 0] = 1.0


def test_the_callers_weights_are_not_changed():
    weights = np.array([[1.0, -2.0]])
    split = Split([0.0, 1.0], [[0.0, 0.0, 0.0, 0.0], [1e-5, 0.0, 1e-5, 0.0]], 2.0)
    for mapping in (SeveralPairs(), SeveralPairs(split=split), ReferenceColumn()):
        mapping.targets(weights, mapping.scale(weights, 1e-5), 1e-5)
    assert weights.tolist() == [[1.0, -2.0]]


def test_the_base_class_says_what_is_missing():
    with pytest.raises(TypeError, match="abstract method"):
        Mapping()
    assert DifferentialPair().shape(3, 4) == (2, 3, 4)
