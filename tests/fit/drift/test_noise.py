"""The fast engine of drift fits against a dense twin; relaxations against the spectra they stand for."""

import numba
import numpy as np
import pytest
from scipy import stats

from pcmphys import fit
from pcmphys.fit.drift import modes, noise, student
from pcmphys.numerics.compile import kernel
from tests.oracles import drift as twin

TIMES = np.concatenate([np.arange(55.0, 400.0, 10.0), np.arange(590.0, 1e5, 4000.0)])
LOG_TIMES = np.geomspace(27.0, 1e5, 20)
DURATION = 250e-9
PART = 0.005
"""How far the engine may be from the twin, in parts of the error."""


def reads_of(time, seed, intrinsic=0.01, white=0.005):
    """Noise that ages: neither kind is quite right for it."""
    rng = np.random.default_rng(seed)
    cover = twin.covariance(time, time, (1.1, True), DURATION, time[-1])
    slow = np.linalg.cholesky(cover + 1e-9 * np.eye(time.size)) @ rng.standard_normal(time.size)
    return 1e-5 * (time / time[0]) ** -0.06 * (1 + intrinsic * slow) + 1e-5 * white * rng.standard_normal(time.size)


@kernel
def relaxations_between(found, trials, shortest, longest):
    return modes.find_modes(found, trials, shortest, longest, DURATION)


@pytest.mark.parametrize("slope", [1.0, 1.05, 1.2, 1.4, 1.5])
@pytest.mark.parametrize("lags", [(10.0, 1e5), (1e-8, 1e-3), (1e-7, 3e8), (5.0, 5.0)])
def test_relaxations_have_the_spectrum(slope, lags):
    trials = modes.trials_of(((slope, False),), np.zeros(1), np.ones(1))
    most = modes.most_modes(np.array([lags[0]]), np.array([lags[1]]), DURATION)
    found = modes.Modes(np.empty(most), np.empty((1, most)), np.empty(1))
    count = relaxations_between(found, trials, *lags)
    assert 3 <= count <= most
    lag = np.geomspace(*lags, 500)
    sum_ = found.white[0] - found.weight[0, :count] @ np.expm1(-found.rate[:count, None] * lag)
    error = np.abs(sum_ / twin.variogram(lag, slope, DURATION) - 1.0)
    assert error.max() < modes.ACCURACY
    assert error[lag > 4 * DURATION].max(initial=0.0) < modes.ACCURACY / 2


def prior_of(kinds, known):
    table = np.zeros((1, 3))
    traces = noise.Traces(table, table, table if known else None, np.zeros(1), 1.0, DURATION, kinds)
    return noise.first_prior(traces)


@pytest.mark.parametrize("time", [TIMES, LOG_TIMES, LOG_TIMES[[0, 5, 12]]], ids=["mixed", "log", "three"])
@pytest.mark.parametrize("declared", ["stationary", "ageing", "either"])
def test_the_engine_agrees_with_the_dense_twin(time, declared):
    reads = reads_of(time, seed=time.size)
    found = fit.drift(time, reads, noise=declared, reference_time=1.0)
    solved = found._solution.branches[0].solved
    kinds = found._solution.traces.kinds
    level, exponent, centre = solved.curve[0]
    dense = twin.Fit(
        time, reads, kinds, prior_of(kinds, False), curve=(level + exponent * centre, exponent), shares=noise.SHARES
    )
    value, error = dense.mean_and_width(1)
    assert abs(found.exponent - value) < PART * error
    assert found.exponent_error == pytest.approx(error, rel=PART)
    value, error = dense.mean_and_width(0)
    assert abs(np.log(found.g0) - value) < PART * error
    assert found.g0_error == pytest.approx(error * found.g0, rel=PART)
    low, high = found.interval(0.95)
    assert 0.5 * (high - low) == pytest.approx(dense.mean_and_width(1, 0.95)[1], rel=PART)
    for ahead in (0.4 * time[0], 2.3 * time[1], time[1], 1.5 * time[-1], 100.0 * time[-1]):
        value, error = dense.predict(ahead)
        mean, std = found.predict(ahead)
        assert abs(mean - value) < PART * error
        assert std == pytest.approx(error, rel=2 * PART)


@pytest.mark.parametrize("declared", ["stationary", "ageing"])
def test_the_engine_agrees_with_the_twin_where_the_white_noise_is_known(declared):
    reads, white = reads_of(TIMES, seed=8), np.linspace(4e-8, 7e-8, TIMES.size)
    found = fit.drift(TIMES, reads, conductance_error=white, noise=declared, noise_slope=1.0, reference_time=1.0)
    level, exponent, centre = found._solution.branches[0].solved.curve[0]
    dense = twin.Fit(
        TIMES,
        reads,
        found._solution.traces.kinds,
        np.ones(noise.AMPLITUDES),
        curve=(level + exponent * centre, exponent),
        known=(white, found._solution.branches[0].solved.mixture.flicker[0]),
    )
    value, error = dense.mean_and_width(1)
    assert abs(found.exponent - value) < PART * error
    assert found.exponent_error == pytest.approx(error, rel=PART)


@pytest.mark.parametrize("freedom", [1, 2, 3, 8, 15, 16, 40, 99_998, np.inf])
def test_probabilities_of_student(freedom):
    x = np.concatenate([-np.geomspace(1e-3, 30.0, 40), [0.0], np.geomspace(1e-3, 30.0, 40)])
    exact = stats.norm.cdf(x) if np.isinf(freedom) else stats.t.cdf(x, freedom)
    assert [student.below(value, float(freedom)) for value in x] == pytest.approx(exact, abs=1e-10)


def test_half_widths_hold_what_they_should():
    rng = np.random.default_rng(3)
    weight = rng.dirichlet(np.ones(9), 50)
    centre, scale = rng.standard_normal((50, 9)), np.exp(2.0 * rng.standard_normal((50, 9)))
    freedom = np.array([1.0, 3.0, 18.0, 200.0, np.inf])[np.arange(50) % 5]
    for probability in (0.05, 0.6827, 0.999):
        width = student.half_widths(weight, centre, scale, freedom, probability)
        middle = (weight * centre).sum(axis=1, keepdims=True)
        up, down = (width[:, None] - centre + middle) / scale, (-width[:, None] - centre + middle) / scale
        degrees = np.where(np.isinf(freedom), 1e9, freedom)[:, None]
        inside = (weight * (stats.t.cdf(up, degrees) - stats.t.cdf(down, degrees))).sum(axis=1)
        assert inside == pytest.approx(probability, abs=1e-6)


def test_the_result_does_not_depend_on_threads():
    rng = np.random.default_rng(4)
    reads = np.array([reads_of(TIMES, seed) for seed in range(6)])
    reads = np.concatenate([reads * (1 + 1e-3 * rng.standard_normal(reads.shape)) for _ in range(200)])
    threads = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        one = fit.drift(TIMES, reads)
    finally:
        numba.set_num_threads(threads)
    many = fit.drift(TIMES, reads)
    assert np.array_equal(one.exponent, many.exponent)
    assert np.array_equal(one.exponent_error, many.exponent_error)
