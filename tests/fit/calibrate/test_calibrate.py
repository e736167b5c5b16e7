"""Calibration of cells to experiments: known answers, errors that hold, what is held out, resuming, bad input."""

from __future__ import annotations

import dataclasses
import math
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.fit import Free, Search, calibrate
from pcmphys.fit.experiments import (
    Bake,
    CurrentVoltage,
    ProgramAndVerify,
    PulseAmplitude,
    PulseTrain,
    ReadNoise,
    Simulated,
    Target,
)

STATISTICAL = pcm.load_cell("ibm-90nm-statistical")
LEVELS = np.geomspace(1e-6, 20e-6, 12)
SLOPE = Free("drift_exponent_mean.log_slope", -0.05, -0.001)
OFFSET = Free("drift_exponent_mean.offset", 0.005, 0.06)


def line(cell, x, devices, seed):
    """Mean exponent by the statistical cell's own law, unclipped, of few devices: with their scatter."""
    numbers = cell.parameters.drift_exponent_mean
    rng = np.random.default_rng(seed)
    mean = numbers.log_slope * np.log(x / 25e-6) + numbers.offset
    return {"nu": mean + 0.02 / math.sqrt(devices) * rng.normal(size=x.size)}


def measured(cell, error, rng, held_out=False, devices=600):
    exact = line(cell, LEVELS, 10**12, 0)["nu"]
    target = Target(exact + error * rng.normal(size=LEVELS.size), error, held_out)
    return Simulated(LEVELS, {"nu": target}, function=line, name="made up", devices=devices)


def fitted(error=1e-3, seed=0, devices=600, **options):
    data = measured(STATISTICAL, error, np.random.default_rng(seed), devices=devices)
    search = Search(**({"seed": 1000 + 20 * seed, "rounds": 5, "fresh": 4} | options))
    return calibrate(STATISTICAL, [data], [SLOPE, OFFSET], search=search)


def test_a_cell_is_found_again():
    truth = STATISTICAL.but({SLOPE.key: -0.02, OFFSET.key: 0.02})
    data = measured(truth, 1e-6, np.random.default_rng(1), devices=10**10)
    found = calibrate(STATISTICAL, [data], [SLOPE, OFFSET], search=Search(rounds=20, step=0.01, fresh=2))
    assert found[SLOPE.key].value == pytest.approx(-0.02, abs=4.0 * found[SLOPE.key].error)
    assert found[OFFSET.key].value == pytest.approx(0.02, abs=4.0 * found[OFFSET.key].error)
    assert found[SLOPE.key].error < 1e-5
    changed = found.cell.technology.quantities[SLOPE.key]
    assert (changed.kind, changed.value) == ("fit", found[SLOPE.key].value)
    assert "made up" in changed.source
    assert "standard error" in changed.note
    assert found.to_cell(STATISTICAL).technology.quantities[OFFSET.key].value == found[OFFSET.key].value


def coverage(repeats, judge=lambda found: found.errors, **options):
    """Shares of intervals of 68 % and 95 % that hold the truth, both numbers together."""
    truth = {SLOPE.key: -0.0155, OFFSET.key: 0.0244}
    off = []
    for seed in range(repeats):
        found = fitted(seed=seed, **options)
        errors = judge(found)
        off += [abs(found[key].value - value) / errors[key] for key, value in truth.items()]
    return np.mean(np.array(off)[:, None] < [1.0, 1.96], axis=0)


def exact_simulation(found):
    """Errors of the twin that must fail: as if a limited number of devices told exactly what a cell does."""
    x = np.log(LEVELS / 25e-6)
    slopes = np.stack([x, np.ones(x.size)], axis=1) / 1e-3
    return dict(zip((SLOPE.key, OFFSET.key), np.sqrt(np.diag(np.linalg.inv(slopes.T @ slopes))), strict=True))


def test_errors_hold_though_few_devices_are_simulated():
    shares = coverage(60, devices=150, rounds=3)
    # 120 intervals, not independent within a fit: three standard errors of 60
    assert abs(shares[0] - 0.68) < 3.0 * math.sqrt(0.68 * 0.32 / 60)
    assert shares[1] > 0.95 - 3.0 * math.sqrt(0.95 * 0.05 / 60)


@pytest.mark.slow
def test_coverage_of_a_thousand_calibrations():
    shares = coverage(1000, devices=150, rounds=3, fresh=8)
    assert abs(shares[0] - 0.68) < 0.03
    assert abs(shares[1] - 0.95) < 0.03
    wrong = coverage(200, exact_simulation, devices=150, rounds=3)
    assert wrong[0] < 0.60
    assert wrong[1] < 0.89


def test_held_out_data_do_not_move_the_fit():
    rng = np.random.default_rng(2)
    held_out = np.arange(LEVELS.size) % 3 == 1
    data = measured(STATISTICAL, 1e-3, rng, held_out)
    value = np.where(held_out, 1.0, data.targets["nu"].value)
    wrong = dataclasses.replace(data, targets={"nu": Target(value, 1e-3, held_out)})
    search = Search(rounds=4, fresh=3)
    one, other = (calibrate(STATISTICAL, [d], [SLOPE, OFFSET], search=search) for d in (data, wrong))
    assert one.values == other.values
    seen, held = other.curves[0].off(held_out=False), other.curves[0].off(held_out=True)
    assert (seen.size, held.size) == (8, 4)
    assert np.abs(seen).max() < 5.0 < 800.0 < np.abs(held).min()
    assert other.curves[0].line()[4] != ""


def test_the_same_bits_on_any_executor_and_after_a_stop(tmp_path):
    alone = fitted(rounds=3, fresh=2, trials=4)
    for pool in (ThreadPoolExecutor(3), ProcessPoolExecutor(2)):
        with pool:
            data = measured(STATISTICAL, 1e-3, np.random.default_rng(0))
            search = Search(seed=1000, rounds=3, fresh=2, trials=4)
            assert calibrate(STATISTICAL, [data], [SLOPE, OFFSET], search=search, executor=pool).values == alone.values

    class Stop(Exception):
        pass

    def stop(done, total):
        if done == 9:
            raise Stop

    data = measured(STATISTICAL, 1e-3, np.random.default_rng(0))
    arguments = STATISTICAL, [data], [SLOPE, OFFSET]
    with pytest.raises(Stop):
        calibrate(*arguments, search=search, directory=tmp_path, progress=stop)
    assert len(list(tmp_path.iterdir())) == 9
    calls = []
    counted = dataclasses.replace(data, function=line)
    object.__setattr__(counted, "simulate", lambda *given: calls.append(given) or data.simulate(*given))
    again = calibrate(STATISTICAL, [counted], [SLOPE, OFFSET], search=search, directory=tmp_path)
    assert again.values == alone.values
    whole = len(list(tmp_path.iterdir()))
    calls.clear()
    longer = calibrate(STATISTICAL, [counted], [SLOPE, OFFSET], search=search, directory=tmp_path)
    assert longer.values == alone.values
    assert not calls
    assert len(list(tmp_path.iterdir())) == whole


def test_progress_ends_at_its_end():
    seen = []
    data = measured(STATISTICAL, 1e-3, np.random.default_rng(0))
    calibrate(
        STATISTICAL, [data], [OFFSET], search=Search(rounds=3, fresh=2), progress=lambda *given: seen.append(given)
    )
    done, total = np.array(seen[:-1]).T
    assert (np.diff(done) == 1).all()
    assert (total == total[0]).all()
    assert done[-1] <= total[0]
    assert seen[-1] == (total[0], total[0])


def test_what_the_data_do_not_determine_is_said():
    """Two numbers that only their product matters of, and one that matters nowhere."""

    def product(cell, x, devices, seed):
        numbers = cell.parameters
        return {"y": numbers.drift_exponent_mean.offset * numbers.drift_exponent_spread.high * x}

    data = Simulated([1.0, 2.0, 3.0, 4.0], {"y": Target(0.0244 * 0.045 * np.arange(1.0, 5.0), 1e-4)}, function=product)
    free = [OFFSET, Free("drift_exponent_spread.high", 0.01, 0.2), Free("drift_exponent_mean.low", 0.01, 0.08)]
    found = calibrate(STATISTICAL, [data], free, search=Search(rounds=3, fresh=2))
    words = " ".join(found.undetermined)
    assert "drift_exponent_mean.low: the data do not depend on it" in words
    assert "only together" in words
    assert not np.isfinite([one.error for one in found]).any()
    with_prior = calibrate(
        STATISTICAL, [data], [OFFSET, dataclasses.replace(free[1], prior=(0.045, 0.002))],
        search=Search(rounds=3, fresh=2),
    )  # fmt: skip
    assert with_prior["drift_exponent_spread.high"].error == pytest.approx(0.002, rel=0.1)


def test_a_bound_is_named_and_has_no_error():
    data = measured(STATISTICAL.but({OFFSET.key: 0.0244}), 1e-4, np.random.default_rng(3))
    found = calibrate(
        STATISTICAL, [data], [SLOPE, Free(OFFSET.key, 0.005, 0.02, start=0.01)], search=Search(rounds=10, fresh=2)
    )
    assert found[OFFSET.key].bound == "high"
    assert math.isnan(found[OFFSET.key].error)
    assert "at its high bound" in found.summary()
    assert "do not agree" in found.summary()


def test_trials_find_what_the_start_cannot():
    """Two valleys: from the start only the shallow one is reached."""

    def valleys(cell, x, devices, seed):
        way = (cell.parameters.drift_exponent_mean.offset - 0.001) / 0.059
        return {"y": np.full(x.size, (way - 0.9) * ((way - 0.2) ** 2 + 0.02))}

    data = Simulated([1.0, 2.0, 3.0], {"y": Target(np.zeros(3), 1e-3)}, function=valleys)
    free = [Free(OFFSET.key, 0.001, 0.06, start=0.006)]
    stuck, found = (
        calibrate(STATISTICAL, [data], free, search=Search(trials=trials, rounds=20, step=0.01, fresh=2))
        for trials in (0, 32)
    )
    assert stuck[OFFSET.key].value == pytest.approx(0.001 + 0.2 * 0.059, abs=2e-3)
    assert found[OFFSET.key].value == pytest.approx(0.001 + 0.9 * 0.059, abs=1e-4)


def test_a_trial_that_fails_is_left():
    """A region in which nothing converges does not end the search."""

    def fragile(cell, x, devices, seed):
        if cell.parameters.drift_exponent_mean.offset > 0.03:
            raise pcm.ConvergenceError("no luck", residual=1.0, iterations=3)
        return line(cell, x, devices, seed)

    good = measured(STATISTICAL, 1e-3, np.random.default_rng(4))
    data = Simulated(good.x, good.targets, function=fragile)
    found = calibrate(STATISTICAL, [data], [Free(OFFSET.key, 0.02, 0.06)], search=Search(trials=8, rounds=6, fresh=2))
    assert found[OFFSET.key].value == pytest.approx(0.0244, abs=1e-3)
    with pytest.raises(pcm.ConvergenceError, match="the start failed: ConvergenceError: no luck"):
        calibrate(STATISTICAL, [data], [Free(OFFSET.key, 0.02, 0.06, start=0.05)])


def test_an_end_that_other_random_numbers_do_not_bear_is_no_end():
    """Only the search's own random numbers converge."""

    def lucky(cell, x, devices, seed):
        if seed != 7:
            raise pcm.ConvergenceError("no luck", residual=1.0, iterations=3)
        return line(cell, x, devices, seed)

    good = measured(STATISTICAL, 1e-3, np.random.default_rng(4))
    data = Simulated(good.x, good.targets, function=lucky)
    with pytest.raises(pcm.ConvergenceError, match="of 3 simulations with fresh random numbers 3 failed"):
        calibrate(STATISTICAL, [data], [OFFSET], search=Search(seed=7, rounds=2, fresh=3))


def test_results_show_themselves(tmp_path):
    found = fitted(rounds=2, fresh=2)
    assert "made up: nu" in found.summary()
    assert "held out" in found.summary()
    found.plot(tmp_path / "fit.png")
    assert (tmp_path / "fit.png").stat().st_size > 10_000
    data = found.to_dataset()
    assert data.curve0_value.size == LEVELS.size
    assert data.history.size == found.history.size
    assert str(found.curves[0]) == "CalibratedCurve('made up', 'nu', places=12)" or "made up" in repr(found.curves[0])


PULSE = pcm.Pulse(current=100e-6, width=50e-9, fall=5e-9)
CELL = pcm.load_cell("ibm-90nm-doped-gst")
KINDS = [
    PulseTrain([1.0, 3.0], {q: Target([1e-6, 2e-6], 1e-7) for q in PulseTrain.quantities}, pulse=PULSE, devices=8),
    ProgramAndVerify(
        [5e-6, 1e-5], {q: Target([0.1, 0.1], 0.01) for q in ProgramAndVerify.quantities}, devices=8
    ),
    ReadNoise([5e-6, 1e-5], {"amplitude": Target([0.03, 0.02], 0.002)}, devices=8, reads=64, band=(40.0, 400.0)),
    PulseAmplitude([1e-4, 4e-4], {q: Target([-10.0, -14.0], 0.1) for q in PulseAmplitude.quantities}, devices=8),
    CurrentVoltage([0.1, 0.2], {q: Target([-15.0, -14.0], 0.1) for q in CurrentVoltage.quantities}, devices=8),
    Bake([1e2, 1e4], {q: Target([-16.0, -15.0], 0.1) for q in Bake.quantities}, temperature=400.0, devices=8),
]  # fmt: skip


@pytest.mark.parametrize("experiment", KINDS, ids=lambda one: type(one).__name__)
def test_each_kind_simulates_what_it_names(experiment):
    found = experiment.simulate(CELL, 5)
    again = experiment.simulate(CELL, 5)
    for quantity in experiment.quantities:
        assert found[quantity].shape == (2,)
        assert np.isfinite(found[quantity]).all()
        assert (found[quantity] == again[quantity]).all()
    assert (
        experiment.digest()
        == dataclasses.replace(experiment).digest()
        != dataclasses.replace(experiment, devices=9).digest()
    )


def test_experiments_measure_what_their_names_say():
    """Against the same done by hand."""
    train = KINDS[0].simulate(CELL, 5)
    devices = CELL.population(8, seed=5)
    devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9))
    devices.wait(20.0)
    reads = [devices.read()]
    for _ in range(3):
        devices.apply(PULSE)
        devices.wait(20.0)
        reads.append(devices.read())
    np.testing.assert_allclose(train["conductance_mean"], [reads[1].mean(), reads[3].mean()], rtol=1e-14)
    np.testing.assert_allclose(train["step_std"][1], (reads[3] - reads[2]).std(ddof=1), rtol=1e-12)
    curve = KINDS[4].simulate(CELL, 5)
    devices = CELL.population(8, seed=5)
    devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9))
    devices.wait(20.0)
    current = devices.current(np.full(8, 0.2))[0]
    assert curve["log_current"][1] == pytest.approx(np.log(current).mean(), rel=1e-12)


def test_exponents_are_those_of_the_statistical_cell():
    levels = np.array([2.5e-6, 1e-5, 2e-5])
    experiment = ProgramAndVerify(levels, {"exponent_mean": Target([0.05] * 3, 0.01)}, devices=4000)
    found = experiment.simulate(STATISTICAL, 3)
    moments = STATISTICAL.moments(levels)
    # the logarithm of reads whose noise grows falls by half its variance: 0.001 at the lowest level
    np.testing.assert_allclose(found["exponent_mean"], moments["drift_exponent_mean"], atol=2.5e-3)
    # the read at the reference time has its own noise, Q_s^2 ln((t + d)/2d) (nandakumar2019)
    noise = 0.0088 / (levels / 25e-6) ** 0.65 * np.sqrt(np.log((20.0 + 250e-9) / 500e-9))
    expected = np.hypot(moments["programming_error"], levels * noise)
    np.testing.assert_allclose(found["programming_error"], expected, rtol=0.06)


BAD = [
    (lambda: Target([1.0, 2.0], 0.0), "error must be positive"),
    (lambda: Target([np.nan], 1.0), "all are NaN"),
    (lambda: Target([1.0, 2.0], [1.0, 1.0, 1.0]), r"error must be one, or one for each of 2 values"),
    (lambda: Free("heat.edge_drop", 0.5, 0.3), "bounds of heat.edge_drop must rise"),
    (lambda: Free("heat.edge_drop", 0.5, 0.9, start=0.3), "start of heat.edge_drop"),
    (lambda: Free("heat.edge_drop", 0.5, 0.9, prior=(0.5, 0.0)), "prior of heat.edge_drop"),
    (lambda: Search(rounds=0), "rounds"),
    (lambda: PulseTrain([1.5], {"step_std": Target([1e-6], 1e-7)}, pulse=PULSE), "numbers of pulses"),
    (lambda: PulseTrain([1.0], {"step_sdt": Target([1e-6], 1e-7)}, pulse=PULSE), "did you mean 'step_std'"),
    (lambda: PulseTrain([2.0, 1.0], {"step_std": Target([1e-6, 1e-6], 1e-7)}, pulse=PULSE), "x must"),
    (lambda: PulseTrain([1.0, 2.0], {"step_std": Target([1e-6], 1e-7)}, pulse=PULSE), "a value for each of the 2"),
    (lambda: PulseTrain([1.0], {}, pulse=PULSE), "targets must be a dict"),
    (lambda: CurrentVoltage([0.0, 0.1], {"log_current": Target([1.0, 1.0], 0.1)}), "above 0 V"),
    (lambda: ReadNoise([1e-6], {"amplitude": Target([0.03], 0.1)}, band=(900.0, 1000.0)), "band must hold"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "words"), BAD)
def test_bad_input_is_named(make, words):
    with pytest.raises(pcm.ParameterError, match=words):
        make()


def test_bad_calibrations_are_named():
    data = measured(STATISTICAL, 1e-3, np.random.default_rng(0))
    with pytest.raises(pcm.ParameterError, match="did you mean"):
        calibrate(STATISTICAL, [data], [Free("drift_exponent_mean.log_slop", -0.05, -0.001)])
    with pytest.raises(pcm.ParameterError, match="outside of its bounds"):
        calibrate(STATISTICAL, [data], [Free(OFFSET.key, 0.03, 0.06)])
    with pytest.raises(pcm.ParameterError, match="named twice"):
        calibrate(STATISTICAL, [data], [OFFSET, Free(SLOPE.key, -0.05, -0.001, also=(OFFSET.key,))])
    with pytest.raises(pcm.ParameterError, match="list of coefficients"):
        calibrate(STATISTICAL, [data], [Free("programming_error", 0.0, 1.0, start=0.5)])
    few, held = (
        dataclasses.replace(data, targets={"nu": Target(data.targets["nu"].value, 1e-3, out)})
        for out in (np.arange(12) > 0, True)
    )
    with pytest.raises(pcm.ParameterError, match="too few for 2 free numbers"):
        calibrate(STATISTICAL, [few], [SLOPE, OFFSET])
    with pytest.raises(pcm.ParameterError, match="nothing to fit to"):
        calibrate(STATISTICAL, [held], [SLOPE])
    with pytest.raises(pcm.ParameterError, match="experiments must be of"):
        calibrate(STATISTICAL, [line], [SLOPE])
    with pytest.raises(pcm.ParameterError, match="gives no 'nu'"):
        calibrate(STATISTICAL, [dataclasses.replace(data, function=lambda *given: {"mu": 1.0})], [SLOPE])


def test_free_numbers_turn_over_their_bounds():
    for one in (Free("a.b", 1e-9, 1e-3), Free("a.b", -2.0, 5.0)):
        for share in (0.0, 0.3, 1.0):
            assert one.share(one.at(share)) == pytest.approx(share, abs=1e-12)
        step = 1e-6
        slope = (one.at(0.3 + step) - one.at(0.3 - step)) / (2.0 * step)
        assert one.slope(one.at(0.3)) == pytest.approx(slope, rel=1e-6)
