"""Mean and spread of a population: the precision-weighted estimate where it holds, the plain one where it does not."""

import math
import warnings

import numpy as np
import pytest

from pcmphys import fit, load_cell
from pcmphys.fit.drift import spread as spreads
from tests.fit.drift.test_fit import LOG_TIMES, devices_of, flicker

COUNT = 600


def fitted(rng, exponent, noise):
    noise = noise[:, None] * flicker(rng, exponent.size, LOG_TIMES)
    return fit.drift(LOG_TIMES, np.maximum(devices_of(noise, exponent, 0.003, rng, LOG_TIMES), 0.0))


def pull(estimate, truth):
    return (estimate.mean - truth.mean()) / estimate.mean_error


@pytest.mark.parametrize("seed", range(3))
def test_exponents_that_rise_with_their_error_are_averaged_plainly(seed):
    rng = np.random.default_rng(seed)
    exponent = rng.normal(0.05, 0.01, COUNT)
    population = fitted(rng, exponent, 0.01 * np.exp(60.0 * (exponent - 0.05)))
    assert population.exponent_method == "plain"
    assert "exponents depend on the fit errors" in population.exponent_reason
    assert population.exponent_mean == population.plain.mean
    assert abs(pull(population.plain, exponent)) < 1.5
    assert pull(population.weighted, exponent) < -3.0  # the twin that must fail: fast drifters hardly count
    assert abs(population.exponent_spread - exponent.std()) < 3 * population.exponent_spread_error


@pytest.mark.parametrize("seed", range(3))
def test_a_heavy_tail_of_noisy_fast_drifters_is_averaged_plainly(seed):
    """As in measured relaxation of 16 000 devices: exponents .0020, .0030, .0046, .0110 by quartiles of their error."""
    rng = np.random.default_rng(seed)
    exponent = 0.02 + 0.02 * rng.pareto(2.5, COUNT)
    population = fitted(rng, exponent, np.minimum(exponent / 3.0, 0.05))
    assert population.exponent_method == "plain"
    assert abs(pull(population.plain, exponent)) < 1.0
    assert population.plain.mean_error == pytest.approx(exponent.std() / math.sqrt(COUNT), rel=0.2)
    assert population.weighted.mean_error < 0.75 * population.plain.mean_error
    assert pull(population.weighted, exponent) < -3.0


def test_a_heavy_tail_alone_has_an_honest_error_of_its_spread():
    rng = np.random.default_rng(3)
    exponent = 0.03 + 0.01 * rng.standard_t(2.2, COUNT)
    population = fitted(rng, exponent, np.full(COUNT, 0.01))
    assert population.exponent_method == "plain"
    assert "heavy tail" in population.exponent_reason
    assert population.plain.spread_error > 2.0 * population.weighted.spread_error


@pytest.mark.parametrize("noise", [0.0, 0.7])
def test_a_normal_population_is_weighted(noise):
    rng = np.random.default_rng(4)
    exponent = rng.normal(0.05, 0.01, COUNT)
    population = fitted(rng, exponent, 0.01 * np.exp(rng.normal(0.0, noise, COUNT)))
    assert population.exponent_method == "weighted"
    assert population.exponent_mean == population.weighted.mean
    assert abs(pull(population.weighted, exponent)) < 1.0
    assert abs(pull(population.plain, exponent)) < 1.0
    assert population.plain.spread == pytest.approx(exponent.std(), abs=3 * population.plain.spread_error)
    assert population.exponent_scatter > population.plain.spread


@pytest.mark.parametrize("reads", [8, 20])
def test_the_packages_own_statistical_cells_are_right(reads):
    time = np.geomspace(20.0, 1e5, reads)
    devices = load_cell("ibm-90nm-statistical").population(2000, seed=1)
    devices.program(25e-6 * np.random.default_rng(1).uniform(0.15, 1.0, 2000))
    found = []
    for moment in time:
        devices.wait(moment - devices.time)
        found.append(devices.read())
    population = fit.drift(time, np.array(found).T)
    assert abs(pull(population.weighted, devices.drift_exponent)) < 0.5
    assert abs(pull(population.plain, devices.drift_exponent)) < 0.5
    true = devices.drift_exponent
    # fit errors that were too wide would take a sixth of it
    assert population.exponent_spread == pytest.approx(true.std(), rel=0.06)
    inside = population.interval(0.6827)
    assert np.mean((inside[:, 0] <= true) & (true <= inside[:, 1])) == pytest.approx(0.683, abs=0.03)


def test_plain_errors_are_right_by_repetition():
    rng = np.random.default_rng(5)
    error = 0.01 * rng.gamma(4.0, 0.25, (400, 300))
    value = 0.05 + 0.01 * rng.standard_normal(error.shape) + error * rng.standard_normal(error.shape)
    found = [spreads.plain_spread(v, e**2) for v, e in zip(value, error)]
    mean, mean_error, spread, spread_error = np.array(found).T
    assert np.std((mean - 0.05) / mean_error) == pytest.approx(1.0, abs=0.15)
    assert np.std((spread - 0.01) / spread_error) == pytest.approx(1.0, abs=0.15)
    assert spread.mean() == pytest.approx(0.01, abs=2e-4)


def test_the_tests_seldom_reject_what_is_normal():
    rng = np.random.default_rng(6)
    wrong = 0
    for _ in range(300):
        error = 0.01 * rng.gamma(4.0, 0.25, 100)
        value = rng.normal(0.05, 0.01, 100) + error * rng.standard_normal(100)
        wrong += spreads.population(value, error**2, np.full(100, 50.0)).method == "plain"
    assert wrong <= 9  # 3 tests at 0.27 % each, and the smallest effect that counts: 2.4 expected


@pytest.mark.parametrize("wild", [1e-4, 2e-3, 1.5e-5])
def test_one_wild_read_in_noiseless_devices_is_no_division_by_zero(wild):
    time = np.geomspace(1.0, 1e5, 12)
    reads = np.stack([2e-5 * time**-0.05, 1e-5 * time**-0.08])
    reads[0, 5] = wild
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        population = fit.drift(time, reads)
    assert np.isfinite([*population.weighted, *population.plain]).all()


def test_any_variances_give_numbers_without_warnings():
    rng = np.random.default_rng(7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(1000):
            count = int(rng.integers(2, 40))
            variance = 10.0 ** rng.uniform(-33.0, 0.0, count) * (rng.random(count) > 0.1)
            value = rng.choice([rng.normal(0.05, 0.01, count), np.full(count, 0.05), rng.standard_cauchy(count)])
            found = spreads.population(value, variance, np.full(count, float(rng.integers(1, 20))))
            assert np.isfinite([*found.weighted, *found.plain, found.scatter, found.scatter_error]).all()
            assert found.chosen in (found.weighted, found.plain)


def test_reml_information_is_that_of_the_matrix():
    """Against the definition, half the trace of PP, at the REML optimum of a few devices."""
    rng = np.random.default_rng(8)
    variance = 10.0 ** rng.uniform(-5.0, -3.5, 12)
    found = spreads.intrinsic_spread(rng.normal(0.05, 0.02, 12), variance)
    weight = 1.0 / (found.spread**2 + variance)
    p = np.diag(weight) - np.outer(weight, weight) / weight.sum()
    step = (0.5 * np.trace(p @ p)) ** -0.5
    ends = math.sqrt(found.spread**2 + step), math.sqrt(max(found.spread**2 - step, 0.0))
    error = max(ends[0] - found.spread, 0.5 * (ends[0] - ends[1]))
    assert found.spread_error == pytest.approx(error, rel=1e-9)


@pytest.mark.parametrize("devices", [10, 20, 60])
def test_the_error_of_a_spread_covers(devices):
    """1000 populations: two standard errors of 3 and 1.4 points."""
    rng = np.random.default_rng(0)
    away = []
    for _ in range(1000):
        value = rng.normal(0.05, 0.01, devices) + rng.normal(0.0, 0.006, devices)
        found = spreads.intrinsic_spread(value, np.full(devices, 0.006**2))
        away.append(abs(found.spread - 0.01) / found.spread_error)
    assert np.mean(np.array(away) < 1.0) == pytest.approx(0.683, abs=0.03)
    assert np.mean(np.array(away) < 1.96) == pytest.approx(0.95, abs=0.014)
