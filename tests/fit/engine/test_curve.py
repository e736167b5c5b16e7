"""Bounds, ties, losses, correlated data, intervals, what stays open, and what is refused."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy.optimize import curve_fit

import pcmphys as pcm
from pcmphys.errors import ParameterError
from pcmphys.fit import CurveFit, Parameter, curve

TIME = np.geomspace(1.0, 100.0, 12)
RNG = np.random.default_rng(4)
READS = 20.0 * TIME**-0.05 + 0.1 * RNG.normal(size=TIME.size)


def power(x, g0, nu):
    return g0 * x**-nu


def line(x, a, b):
    return a + b * x


FREE = (Parameter("g0", 10.0, unit="uS"), Parameter("nu", 0.1))


def test_known_and_unknown_errors_as_scipy_has_them():
    for error in (None, 0.1):
        found = curve(power, TIME, READS, FREE, error=error)
        sigma = None if error is None else np.full(TIME.size, error)
        values, covariance = curve_fit(power, TIME, READS, [10, 0.1], sigma=sigma, absolute_sigma=error is not None)
        np.testing.assert_allclose(list(found.values.values()), values, rtol=1e-6)
        np.testing.assert_allclose(found.covariance, covariance, rtol=1e-4)
        assert found.goodness.known is (error is not None)
    assert 0.01 < found.goodness.p < 1.0
    assert np.isnan(curve(power, TIME, READS, FREE).goodness.p)
    assert found.correlation[0, 0] == pytest.approx(1.0)


def test_correlated_data_are_weighted_by_their_covariance():
    lag = np.abs(np.subtract.outer(np.arange(12), np.arange(12)))
    covariance = 0.04 * 0.8**lag
    found = curve(line, TIME, READS, [Parameter("a", 1.0), Parameter("b", 0.0)], covariance=covariance)
    design = np.stack([np.ones(12), TIME], axis=1)
    inverse = np.linalg.inv(covariance)
    expected = np.linalg.inv(design.T @ inverse @ design)
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-6)
    np.testing.assert_allclose(list(found.values.values()), expected @ design.T @ inverse @ READS, rtol=1e-8)
    factor = np.linalg.cholesky(covariance)
    again = curve(line, TIME, READS, [Parameter("a", 1.0), Parameter("b", 0.0)], cholesky=factor)
    np.testing.assert_allclose(again.covariance, found.covariance, rtol=1e-8)
    residual = READS - design @ list(found.values.values())
    assert found.goodness.chi2 == pytest.approx(residual @ inverse @ residual)


def test_fixed_and_tied_parameters():
    found = curve(lambda x, a, b, c: a + b * x + c * x**2, TIME, READS, [
        Parameter("a", 20.0), Parameter("b", 0.0, tied="0.01 * a"), Parameter("c", -0.002, fixed=True),
    ])  # fmt: skip
    assert found["b"].value == pytest.approx(0.01 * found["a"].value)
    assert found["b"].error == pytest.approx(0.01 * found["a"].error)
    assert found["c"].value == -0.002
    assert np.isnan(found["c"].error)
    assert [one.role for one in found] == ["free", "tied", "fixed"]
    assert found.correlation[0, 1] == pytest.approx(1.0)
    assert found.goodness.free == 1
    assert "tied" in found.summary()
    with pytest.raises(ParameterError, match="c is fixed: it has no profile"):
        found.interval("c")


def test_a_parameter_at_its_bound_is_held_and_named():
    found = curve(power, TIME, READS, [Parameter("g0", 10.0, unit="uS"), Parameter("nu", 0.1, low=0.08, high=0.2)])
    assert found["nu"].value == 0.08
    assert found["nu"].bound == "low"
    assert np.isnan(found["nu"].error)
    held = curve(power, TIME, READS, [Parameter("g0", 10.0), Parameter("nu", 0.08, fixed=True)])
    assert found["g0"].value == pytest.approx(held["g0"].value)
    assert found["g0"].error == pytest.approx(held["g0"].error, rel=1e-6)
    assert "nu ended at its low bound, 0.08" in found.summary()
    with pytest.raises(ParameterError, match="nu ended at its low bound"):
        found.interval("nu")


def test_what_the_data_leave_open_is_said():
    found = curve(lambda x, a, b, c: a * b * x + 0.0 * c, TIME, READS, [
        Parameter("a", 2.0), Parameter("b", 3.0), Parameter("c", 1.0),
    ])  # fmt: skip
    words = " | ".join(found.undetermined)
    assert "c: the data do not depend on it" in words
    assert "only together, not each by itself" in words
    assert "a up by 10 %" in words.replace("b up by 10 % and a down", "a up by 10 % and b down")
    assert [np.isinf(found[name].error) for name in "abc"] == [True] * 3
    # determined in principle, but to no better than its own size
    x = np.linspace(1.0, 1.05, 8)
    y = 0.5 + np.exp(-x) + 1e-3 * np.array([1, -1, 1, 1, -1, -1, 1, -1])
    poor = curve(lambda x, a, b, c: a * np.exp(-b * x) + c, x, y, [
        Parameter("a", 1.0), Parameter("b", 1.0), Parameter("c", 0.1),
    ])  # fmt: skip
    assert any(words.startswith("hardly more than together") for words in poor.undetermined)
    assert curve(power, TIME, READS, FREE).undetermined == ()


@pytest.mark.parametrize("loss", ["huber", "cauchy", "tukey"])
def test_outliers_hardly_count_with_a_robust_loss(loss):
    rng = np.random.default_rng(0)
    x = np.linspace(0.0, 10.0, 60)
    y = 1.0 + 2.0 * x + 0.1 * rng.normal(size=x.size)
    start = [Parameter("a", 0.0), Parameter("b", 1.0)]
    clean = curve(line, x, y, start)
    y[::10] += 5.0
    found, plain = curve(line, x, y, start, loss=loss), curve(line, x, y, start)
    assert abs(found["a"].value - 1.0) < 5 * found["a"].error
    assert abs(plain["a"].value - 1.0) > 0.3
    assert clean["a"].error < found["a"].error < 2.0 * clean["a"].error
    assert "robust fit" in found.summary()
    with pytest.raises(ParameterError, match="need the linear loss"):
        found.interval("a")


def test_robust_errors_have_the_efficiency_that_is_promised():
    rng = np.random.default_rng(8)
    x = np.linspace(0.0, 1.0, 40)
    values, errors = [], []
    for _ in range(150):
        found = curve(line, x, 1.0 + rng.normal(size=40), [Parameter("a", 0.5), Parameter("b", 0.1)], loss="huber")
        values.append(found["b"].value)
        errors.append(found["b"].error)
    # three standard errors of a standard deviation from 150 repeats: 17 %
    assert np.std(values) == pytest.approx(np.mean(errors), rel=0.17)


def test_the_profile_of_a_linear_model_is_its_error_and_may_be_lopsided():
    from scipy.stats import t

    found = curve(line, TIME, READS, [Parameter("a", 1.0), Parameter("b", 0.0)])
    low, high = found.interval("b", 0.9)
    width = t(10).ppf(0.95) * found["b"].error
    assert (low, high) == pytest.approx((found["b"].value - width, found["b"].value + width), rel=1e-6)
    rate = np.array([1.0, 2.0, 4.0])
    skew = curve(lambda x, a, k: a * (1 - np.exp(-k * x)), rate, [0.8, 0.95, 1.02],
                 [Parameter("a", 1.0), Parameter("k", 1.0)], error=0.05)  # fmt: skip
    low, high = skew.interval("k", 0.95)
    assert high - skew["k"].value > 1.5 * (skew["k"].value - low)
    # by hand: the best a is linear, chi2 rises by 3.8415 at the ends
    for end in (low, high):
        shape = 1 - np.exp(-end * rate)
        a = shape @ [0.8, 0.95, 1.02] / (shape @ shape)
        rise = ((np.array([0.8, 0.95, 1.02]) - a * shape) ** 2).sum() / 0.05**2 - skew.goodness.chi2
        assert rise == pytest.approx(3.8415, abs=1e-3)


def test_a_profile_stops_at_a_bound_and_says_where_there_is_no_end():
    rate = np.array([5.0, 6.0, 7.0])
    saturated = {"x": rate, "y": [1.0, 1.02, 0.98], "error": 0.05}
    model = lambda x, a, k: a * (1 - np.exp(-k * x))  # noqa: E731
    open_ended = curve(model, parameters=[Parameter("a", 1.0), Parameter("k", 1.0, low=0.0)], **saturated)
    assert open_ended.interval("k")[1] == np.inf
    bounded = curve(model, parameters=[Parameter("a", 1.0), Parameter("k", 1.0, low=0.0, high=20.0)], **saturated)
    if not bounded["k"].bound:
        assert bounded.interval("k")[1] == 20.0


def test_errors_scale_with_tiny_units():
    found = curve(power, TIME, READS * 1e-9, [Parameter("g0", 1e-8, unit="S"), Parameter("nu", 0.1)])
    scaled = curve(power, TIME, READS, FREE)
    assert found["nu"].value == pytest.approx(scaled["nu"].value, rel=1e-7)
    assert found["g0"].error * 1e9 == pytest.approx(scaled["g0"].error, rel=1e-5)
    assert found.interval("nu") == pytest.approx(scaled.interval("nu"), rel=1e-5)


def test_result_shows_itself(tmp_path):
    found = curve(power, TIME, READS, FREE, error=0.1)
    assert isinstance(found, CurveFit)
    assert "g0 = " in repr(found)
    text = found.summary()
    assert "correlations: g0-nu" in text
    assert "chi2" in text
    figure = found.plot(tmp_path / "fit.png")
    assert (tmp_path / "fit.png").stat().st_size > 10_000
    assert figure.axes[1].get_ylabel().startswith("residual")
    table = found.to_dataset()
    assert float(table.value.sel(parameter="nu")) == found["nu"].value
    assert table.attrs["dof"] == 10
    assert table.fit.shape == (12,)
    np.testing.assert_allclose(found(TIME), found.fit)
    with pytest.raises(ParameterError, match=r"nothing that is a number of .*it gives g0 and nu"):
        found.to_cell(pcm.load_cell("ibm-90nm-statistical"))
    with pytest.raises(ParameterError, match="did you mean 'nu'"):
        _ = found["nuu"]


def test_data_on_the_model_and_a_stored_fit():
    found = curve(line, TIME, 1.0 + 2.0 * TIME, [Parameter("a", 0.0), Parameter("b", 1.0)])
    low, high = found.interval("b")
    assert low == pytest.approx(2.0)
    assert high == pytest.approx(2.0)
    again = pickle.loads(pickle.dumps(found))
    assert again.summary() == found.summary()
    np.testing.assert_allclose(again(TIME), found.fit)
    with pytest.raises(ParameterError, match="stored and loaded"):
        again.interval("b")


BAD = [
    ({"y": READS[:5]}, "as many data"),
    ({"y": np.full(12, np.nan)}, r"y\[0\] is nan"),
    ({"y": np.ma.masked_less(READS, 19.0)}, "masked"),
    ({"y": np.where(TIME > 50, 9.9e37, READS)}, "over-range"),
    ({"error": 0.0}, "error must be above 0"),
    ({"error": np.ones(3)}, "one for each of 12"),
    ({"error": 0.1, "covariance": np.eye(12)}, "give one of error"),
    ({"covariance": np.ones((12, 12))}, "positive definite"),
    ({"covariance": np.triu(np.ones((12, 12)))}, "symmetric"),
    ({"cholesky": np.ones((12, 12))}, "lower triangular"),
    ({"loss": "hubert"}, "did you mean 'huber'"),
    ({"model": lambda x, g0: x}, "by name"),
    ({"model": lambda x, g0, nu: np.ones(3)}, "as many numbers as y"),
    ({"model": lambda x, g0, nu: np.log(-x)}, "finite at the start"),
    ({"parameters": [Parameter("g0", 1.0, fixed=True), Parameter("nu", 1.0, fixed=True)]}, "nothing is left"),
    ({"parameters": [Parameter("g0", 1.0), Parameter("g0", 1.0)]}, "twice"),
    ({"parameters": [Parameter("g0", 1.0), Parameter("nu", 1.0, tied="2 * g1")]}, "no expression"),
    ({"x": TIME[:2], "y": READS[:2]}, "too few"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), BAD, ids=[words for _, words in BAD])
def test_bad_input_is_refused_in_words(change, words):
    given = {"model": power, "x": TIME, "y": READS, "parameters": FREE} | change
    with pytest.raises(ParameterError, match=words):
        curve(**given)


def test_bad_parameters_are_refused():
    for bad, words in [
        ({"name": "2x", "start": 1.0}, "argument's name"),
        ({"name": "a", "start": 1.0, "low": 2.0}, "start of a"),
        ({"name": "a", "start": 1.0, "low": 2.0, "high": 1.0}, "must rise"),
        ({"name": "a", "start": np.nan}, "start of a"),
    ]:
        with pytest.raises(ParameterError, match=words):
            Parameter(**bad)


def test_a_model_that_is_no_number_elsewhere_is_left_out():
    found = curve(lambda x, a: np.sqrt(a - 1.0) * x, TIME, 0.0 * TIME + 1e-3 * TIME, [Parameter("a", 2.0)])
    assert found["a"].value == pytest.approx(1.0 + 1e-6, abs=1e-9)


def test_inputs_stay_as_they_are():
    x, y = TIME.copy(), READS.copy()
    curve(power, x, y, FREE)
    np.testing.assert_array_equal(x, TIME)
    np.testing.assert_array_equal(y, READS)


@pytest.mark.slow
def test_profiles_cover_what_they_promise():
    """1000 repeats, 3 points, with known and with estimated scatter, of a model that is not linear."""
    rng = np.random.default_rng(11)
    x = np.linspace(0.5, 6.0, 12)
    truth = {"a": 1.0, "k": 0.6}
    inside = np.zeros((2, 2, 2))
    for _ in range(1000):
        y = truth["a"] * (1 - np.exp(-truth["k"] * x)) + 0.05 * rng.normal(size=x.size)
        for known, error in enumerate((None, 0.05)):
            found = curve(lambda x, a, k: a * (1 - np.exp(-k * x)), x, y,
                          [Parameter("a", 0.8), Parameter("k", 1.0, low=0.0)], error=error)  # fmt: skip
            for which, name in enumerate(truth):
                for level, probability in enumerate((0.683, 0.954)):
                    low, high = found.interval(name, probability)
                    inside[known, which, level] += low <= truth[name] <= high
    np.testing.assert_allclose(inside / 1000, np.broadcast_to([0.683, 0.954], inside.shape), atol=0.03)
