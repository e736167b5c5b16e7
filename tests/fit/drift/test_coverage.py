"""Coverage of intervals over a thousand devices of known truth, and a measured population of long relaxation."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from pcmphys import fit, load_cell
from pcmphys.errors import ValidityWarning
from tests.oracles import drift as twin

DEVICES = 1000
SEEDS = range(4)
POINTS = 0.03
DURATION = 250e-9
MIXED = np.concatenate([np.arange(55.0, 400.0, 10.0), np.arange(590.0, 1e5, 4000.0)])
LOGARITHMIC = np.geomspace(27.0, 1e5, 20)
MEASURED = Path(__file__).parents[3] / "data" / "rram-relaxation-long" / "techC_model_head.tsv"


def covered(found, true, probability):
    inside = found.interval(probability)
    return np.mean((inside[:, 0] <= true) & (true <= inside[:, 1]))


def check_coverage(populations, points=POINTS):
    """Coverage and spread of several populations of a thousand; a single one is uncertain by 1.5 points."""
    parts = []
    for found, true in populations:
        assert abs(found.exponent_mean - true.mean()) < 3.0 * found.exponent_mean_error
        spread = found.exponent_spread / true.std()
        parts.append([covered(found, true, 0.6827), covered(found, true, 0.95), spread])
    one_sigma, two_sigma, spread = np.mean(parts, axis=0)
    assert one_sigma == pytest.approx(0.683, abs=points)
    assert two_sigma == pytest.approx(0.95, abs=points)
    assert spread == pytest.approx(1.0, abs=0.05)


def simulated(time, ageing, seed):
    """Gaussian noise with the covariance of the dense twin; what is slower than ten traces is left out."""
    rng = np.random.default_rng(seed)
    true = rng.normal(0.05, 0.01, DEVICES)
    cover = twin.covariance(time, time, (1.0, ageing), DURATION, 10.0 * time[-1])
    slow = rng.standard_normal((DEVICES, time.size)) @ np.linalg.cholesky(cover).T
    white = 0.005 * rng.standard_normal(slow.shape)
    return (time / time[0]) ** -true[:, None] * (1.0 + 0.01 * slow + white), true


@pytest.mark.parametrize("time", [MIXED, LOGARITHMIC], ids=["mixed", "log"])
@pytest.mark.parametrize("ageing", [False, True], ids=["stationary", "ageing"])
def test_intervals_cover_stationary_noise_and_noise_that_ages(time, ageing):
    made = [simulated(time, ageing, seed) for seed in SEEDS]
    check_coverage([(fit.drift(time, reads, noise="ageing" if ageing else "stationary"), true) for reads, true in made])
    check_coverage([(fit.drift(time, reads), true) for reads, true in made])


def test_the_wrong_kind_of_noise_does_not_cover_and_a_population_tells_which_is_right():
    reads, true = simulated(MIXED, True, 1)
    assert fit.drift(MIXED, reads).ageing_chance > 0.9
    assert "the noise ages with a chance of" in fit.drift(MIXED, reads).summary(0)
    assert covered(fit.drift(MIXED, reads, noise="stationary"), true, 0.6827) > 0.78
    reads, true = simulated(MIXED, False, 1)
    assert fit.drift(MIXED, reads).ageing_chance < 0.1
    assert np.isnan(fit.drift(MIXED, reads, noise="ageing").ageing_chance)
    assert covered(fit.drift(MIXED, reads, noise="ageing"), true, 0.6827) < 0.6


def of_our_own(cell, time, seed):
    devices = cell.population(DEVICES, seed=seed)
    devices.program(np.full(DEVICES, 0.5 * cell.parameters.conductance_maximum))
    reads = np.empty((DEVICES, time.size))
    for k, moment in enumerate(time):
        devices.wait(moment - devices.time)
        reads[:, k] = devices.read()
    return reads, devices.drift_exponent


@pytest.mark.parametrize("time", [MIXED, np.geomspace(20.0, 1e6, 60)], ids=["mixed", "log"])
@pytest.mark.parametrize("name", ["ibm-90nm-statistical", "hermes-14nm-statistical"])
def test_intervals_cover_the_reads_of_our_own_cells(name, time):
    cell = load_cell(name)
    time, duration = time + cell.parameters.reference_time, cell.parameters.read_duration
    made = [of_our_own(cell, time, seed) for seed in SEEDS]
    check_coverage([(fit.drift(time, reads, noise="ageing", read_duration=duration), true) for reads, true in made])
    # undeclared, some populations of a thousand do not tell: a little too wide on average
    check_coverage([(fit.drift(time, reads, read_duration=duration), true) for reads, true in made], points=0.04)


@pytest.mark.slow
def test_single_traces_cover():
    """One device does not tell which noise it has: declared, its intervals hold; undeclared, they are rather wide."""
    for ageing in (False, True):
        reads, true = simulated(LOGARITHMIC, ageing, 2)
        declared = "ageing" if ageing else "stationary"
        for noise, low, high in ((declared, 0.65, 0.73), ("either", 0.65, 0.85)):
            inside = [fit.drift(LOGARITHMIC, one, noise=noise).interval(0.6827) for one in reads]
            hit = np.mean([low_ <= nu <= high_ for (low_, high_), nu in zip(inside, true, strict=True)])
            assert low < hit < high, (declared, noise)


def test_long_relaxation_of_measured_devices():
    """Filaments that relax, 0.01 s to 1e5 s: ordinary least squares as its source says, and the fit beside it."""
    address, time, conductance = np.loadtxt(MEASURED, skiprows=1, usecols=(0, 1, 2)).T
    wanted = np.array([0.01, 0.1, 1.0, 1e5])
    rows = []
    for one in np.unique(address):
        known = dict(zip(time[address == one], conductance[address == one], strict=True))
        if all(known.get(moment, 0.0) > 0.0 for moment in wanted):
            rows.append([known[moment] for moment in wanted])
    reads = np.array(rows)
    assert len(reads) == 294
    line = -np.polyfit(np.log(wanted), np.log(reads).T, 1)[0]
    assert line.mean() == pytest.approx(0.004712, abs=5e-7)
    assert line.std(ddof=1) == pytest.approx(0.028631, abs=5e-7)
    with warnings.catch_warnings():  # a device that jumps by a factor of ten, up and down, is no drift
        warnings.simplefilter("ignore", ValidityWarning)
        found = fit.drift(wanted, reads)
    settled = np.isfinite(found.exponent)
    assert settled.sum() >= 293
    assert np.mean((np.abs(found.exponent - line) < found.exponent_error)[settled]) > 0.7
    assert found.plain.mean == pytest.approx(line.mean(), abs=found.plain.mean_error)
    assert found.plain.spread == pytest.approx(line.std(ddof=1), abs=found.plain.spread_error)
