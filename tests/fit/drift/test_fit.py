"""Drift fits against simulated devices: a plain-numpy generator that shares no code with the fit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from pcmphys import fit
from pcmphys.errors import ParameterError, ValidityWarning

TIMES = np.concatenate([np.arange(55.0, 400.0, 10.0), np.arange(590.0, 1e5, 4000.0)])
LOG_TIMES = np.geomspace(27.0, 1e5, 20)


def flicker(rng, devices, time, duration=250e-9):
    """Exact Gaussian noise of spectrum 1/f below half the read rate, by Cholesky; slowest period 10 times the trace."""
    covariance = np.empty((time.size, time.size))
    for i in range(time.size):
        for j in range(time.size):
            covariance[i, j] = np.log((10 * time[-1] + 2 * duration) / (abs(time[i] - time[j]) + 2 * duration))
    return rng.standard_normal((devices, time.size)) @ np.linalg.cholesky(covariance).T


def traps(rng, devices, time, number=30):
    """Sum of two-state traps of log-uniform time constants, 1 us to 1e8 s, scaled to the spectrum 1/f of unit Q."""
    low, high = 1e-6, 1e8
    total = np.zeros((devices, time.size))
    for _ in range(number):
        tau = np.exp(rng.uniform(np.log(low), np.log(high), devices))
        state = rng.random(devices) < 0.5
        total[:, 0] += state
        for k in range(1, time.size):
            flip = rng.random(devices) < 0.5 * (1 - np.exp(-2 * (time[k] - time[k - 1]) / tau))
            state = state ^ flip
            total[:, k] += state
    amplitude = 2.0 * np.sqrt(np.log(high / low) / number)  # Q = (A/2) sqrt(N/L)
    return amplitude * (total - number / 2)


def devices_of(noise, exponent, white, rng, time):
    clean = (time / time[0]) ** -np.broadcast_to(exponent, len(noise))[:, None]
    return clean * (1 + noise) + white * rng.standard_normal(noise.shape)


def plain_line(time, conductance):
    """Exponent and its textbook error by unweighted least squares in ln G on ln t."""
    x = np.log(time) - np.log(time).mean()
    y = np.log(conductance)
    slope = y @ x / (x @ x)
    residual = y - y.mean(axis=1, keepdims=True) - slope[:, None] * x
    return -slope, np.sqrt((residual**2).sum(axis=1) / (time.size - 2) / (x @ x))


def covered(fitted, exponent, probability):
    interval = fitted.interval(probability)
    return np.mean((interval[:, 0] <= exponent) & (exponent <= interval[:, 1]))


# binomial standard deviation of a coverage of 0.683 in 400 devices is 0.023; of 0.95, 0.011: bounds at +-4
@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("source", [flicker, traps])
def test_intervals_cover_and_plain_ones_do_not(source, known):
    rng = np.random.default_rng(20)
    conductance = devices_of(0.01 * source(rng, 400, TIMES), 0.05, 0.01, rng, TIMES)
    fitted = fit.drift(TIMES, conductance, conductance_error=0.01 if known else None)
    assert abs(covered(fitted, 0.05, 0.6827) - 0.683) < 0.093
    assert abs(covered(fitted, 0.05, 0.95) - 0.95) < 0.045
    plain, error = plain_line(TIMES, conductance)
    # the twin that must fail: independent residuals
    assert np.mean(np.abs(plain - 0.05) < error) < 0.45


def test_white_noise_alone_is_covered():
    rng = np.random.default_rng(21)
    conductance = devices_of(np.zeros((400, 20)), 0.05, 0.03, rng, LOG_TIMES)
    fitted = fit.drift(LOG_TIMES, conductance)
    assert 0.62 < covered(fitted, 0.05, 0.6827) < 0.83  # a little of 1/f noise cannot be ruled out
    assert fitted.exponent_spread < 2 * fitted.exponent_spread_error


@pytest.mark.parametrize("noise_slope", [None, 1.0])
def test_predicted_reads_are_covered(noise_slope):
    rng = np.random.default_rng(22)
    time = np.append(LOG_TIMES, 1e6)
    conductance = devices_of(0.02 * flicker(rng, 400, time), 0.05, 0.005, rng, time)
    fitted = fit.drift(time[:-1], conductance[:, :-1], noise_slope=noise_slope)
    mean, std = fitted.predict(1e6)
    assert mean.shape == std.shape == (400,)
    assert 0.61 < np.mean(np.abs(conductance[:, -1] - mean) < std) < 0.80
    # the error of a read must contain that of the curve: leaving it out is too narrow
    assert np.mean(np.abs(conductance[:, -1] - mean) < 0.02 * mean) < 0.5


def test_prediction_does_not_depend_on_the_undefined_constant():
    """Kriging with a covariance known up to a constant: brute force with ten times the constant, one noise model.

    The fit's noise is a sum of relaxations that is right to a part of 0.003: predictions to that part of their error.
    """
    rng = np.random.default_rng(23)
    time, ahead, duration = LOG_TIMES, 3e6, 250e-9
    conductance = devices_of(0.02 * flicker(rng, 1, time), 0.05, 0.0, rng, time)[0]
    fitted = fit.drift(time, conductance, conductance_error=0.01, noise_slope=1.0, noise="stationary")
    solved = fitted._solution.branches[0].solved
    weight, q2 = solved.mixture.weight[0], solved.mixture.flicker[0]
    level, exponent, middle = solved.curve[0]
    curve, log_time = np.exp(level - exponent * (np.log(time[0]) - middle)), np.log(time / time[0])
    m = curve * np.exp(-exponent * log_time)
    design = np.stack([m, -m * log_time], axis=1)
    far = curve * np.exp(-exponent * np.log(ahead / time[0]))
    centre, scale = [], []
    constant = 300.0
    for q in q2:
        lag = np.abs(time[:, None] - time)
        cover = q * (constant - np.log1p(lag / 2 / duration)) * np.outer(m, m) + 1e-4 * np.eye(time.size)
        link = q * (constant - np.log1p((ahead - time) / 2 / duration)) * m * far
        x = far * np.array([1.0, -np.log(ahead / time[0])])
        inverse = np.linalg.inv(cover)
        info = design.T @ inverse @ design
        step = np.linalg.solve(info, design.T @ inverse @ (conductance - m))
        centre.append(far + x @ step + link @ inverse @ (conductance - m - design @ step))
        lever = x - design.T @ inverse @ link
        variance = q * constant * far**2 - link @ inverse @ link + lever @ np.linalg.solve(info, lever) + 1e-4
        scale.append(np.sqrt(variance))
    centre, scale = np.array(centre), np.array(scale)
    mean, std = fitted.predict(ahead)
    assert mean == pytest.approx(weight @ centre, abs=0.003 * std)
    inside = norm.cdf((mean + std - centre) / scale) - norm.cdf((mean - std - centre) / scale)
    assert weight @ inside == pytest.approx(0.682689, abs=0.002)


def test_spread_of_exponents_is_freed_of_fit_error():
    rng = np.random.default_rng(24)
    true = rng.normal(0.05, 0.01, 600)
    conductance = devices_of(0.015 * flicker(rng, 600, LOG_TIMES), true, 0.003, rng, LOG_TIMES)
    fitted = fit.drift(LOG_TIMES, conductance)
    assert abs(fitted.exponent_mean - 0.05) < 3 * fitted.exponent_mean_error
    assert abs(fitted.exponent_spread - 0.01) < 3 * fitted.exponent_spread_error
    assert fitted.exponent_spread_error < 0.002
    naive = plain_line(LOG_TIMES, conductance)[0].std()
    assert naive > 0.0125  # the twin: the scatter of the fits is no spread of devices


def test_equal_devices_have_no_spread_to_speak_of():
    rng = np.random.default_rng(25)
    conductance = devices_of(0.015 * flicker(rng, 600, LOG_TIMES), 0.05, 0.003, rng, LOG_TIMES)
    fitted = fit.drift(LOG_TIMES, conductance, conductance_error=0.003)
    assert plain_line(LOG_TIMES, conductance)[0].std() > 0.008
    assert fitted.exponent_spread < 0.0035


def test_noise_is_found():
    rng = np.random.default_rng(26)
    conductance = devices_of(0.012 * flicker(rng, 200, TIMES), 0.05, 0.01, rng, TIMES)
    fitted = fit.drift(TIMES, conductance, conductance_error=0.01)
    assert np.median(fitted.noise_amplitude) == pytest.approx(0.012, rel=0.08)
    assert fitted.noise_slope.mean() < 1.06
    steep = np.cumsum(rng.standard_normal((200, 60)), axis=1) * 0.01  # a random walk: the steepest slope on offer
    even = np.arange(1.0, 61.0) * 100.0
    assert fit.drift(even, devices_of(steep, 0.05, 0.0, rng, even)).noise_slope.mean() > 1.35


def test_exact_power_law():
    time = np.geomspace(1.0, 1e6, 15)
    for exponent in (-0.02, 0.0, 0.05, 0.4):
        fitted = fit.drift(time, 3e-6 * time**-exponent, reference_time=100.0)
        assert fitted.exponent == pytest.approx(exponent, abs=1e-10)
        assert fitted.g0 == pytest.approx(3e-6 * 100.0**-exponent, rel=1e-10)
        assert fitted.exponent_error < 1e-10
        assert fitted.predict(1e7).mean == pytest.approx(3e-6 * 1e7**-exponent, rel=1e-9)


def test_reads_at_zero_do_no_harm():
    rng = np.random.default_rng(27)
    clean = 0.03 * (LOG_TIMES / 27.0) ** -0.1
    reads = np.maximum(clean + 0.012 * rng.standard_normal((300, 20)), 0.0)
    assert (reads == 0).any()
    fitted = fit.drift(LOG_TIMES, reads, conductance_error=0.012)
    assert fitted.exponent_mean == pytest.approx(0.1, abs=0.02)


def test_missing_reads_are_as_if_never_listed():
    rng = np.random.default_rng(28)
    reads = devices_of(0.01 * flicker(rng, 1, TIMES), 0.05, 0.01, rng, TIMES)[0]
    kept = np.ones(TIMES.size, bool)
    kept[[3, 17, 40]] = False
    gappy = np.where(kept, reads, np.nan)
    whole = fit.drift(TIMES[kept], reads[kept], noise_slope=1.0)
    skipped = fit.drift(TIMES, gappy, noise_slope=1.0, missing="skip")
    # the trial noise models are spaced by all listed times, so agreement is close and not exact
    assert skipped.exponent == pytest.approx(whole.exponent, abs=0.02 * whole.exponent_error)
    assert skipped.exponent_error == pytest.approx(whole.exponent_error, rel=0.02)
    with pytest.raises(ParameterError, match="conductance"):
        fit.drift(TIMES, gappy)


def test_start_leaves_out_early_reads():
    time = np.geomspace(1.0, 1e5, 20)
    reads = time**-0.05
    spoiled = np.where(time < 50, 3.0, reads)
    fitted = fit.drift(time, spoiled, start=50.0)
    assert fitted.time[0] >= 50
    assert fitted.exponent == pytest.approx(0.05, abs=1e-10)
    assert fit.drift(time, spoiled).exponent > 0.06


def test_population_gives_single_fits():
    rng = np.random.default_rng(29)
    population = fit.drift(LOG_TIMES, devices_of(0.01 * flicker(rng, 5, LOG_TIMES), 0.05, 0.01, rng, LOG_TIMES))
    assert len(population) == 5
    one = population["device 2"]
    assert one.exponent == population.exponent[2] == population[-3].exponent
    assert one.interval(0.6827) == pytest.approx(
        (one.exponent - one.exponent_error, one.exponent + one.exponent_error), abs=1e-5
    )
    assert population.predict([1e6, 2e6]).mean.shape == (5, 2)
    assert population.predict(1e6).std[2] == pytest.approx(one.predict(1e6).std)
    with pytest.raises(ParameterError, match="device 2"):
        population["device 22"]
    with pytest.raises(IndexError):
        population[5]


def test_text_and_figure(tmp_path):
    rng = np.random.default_rng(30)
    reads = 1e-5 * devices_of(0.01 * flicker(rng, 4, LOG_TIMES), 0.05, 0.01, rng, LOG_TIMES)
    population = fit.drift(LOG_TIMES, reads)
    assert "intrinsic spread of nu" in population.summary()
    assert "4 devices in all, 2 shown" in population.summary(devices=2)
    assert "g0 [uS]" in population[0].summary()
    population.plot(tmp_path / "all.png")
    population[0].plot(tmp_path / "one.svg")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["all.png", "one.svg"]
    with pytest.raises(ParameterError, match="must end in"):
        population.plot(tmp_path / "all.xyz")
    with pytest.raises(ParameterError, match="no folder"):
        population.plot(tmp_path / "nowhere" / "all.png")
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.filterwarnings("ignore:conductance:pcmphys.errors.ValidityWarning")
@settings(max_examples=15, deadline=None)
@given(
    scale=st.floats(1e-9, 1e6),
    unit=st.floats(1e-6, 1e6),
    seed=st.integers(0, 1000),
    known=st.booleans(),
)
def test_units_do_not_matter(scale, unit, seed, known):
    rng = np.random.default_rng(seed)
    reads = devices_of(0.01 * flicker(rng, 1, LOG_TIMES), 0.05, 0.01, rng, LOG_TIMES)[0]
    error = 0.01 if known else None
    one = fit.drift(LOG_TIMES, reads, conductance_error=error)
    other = fit.drift(
        LOG_TIMES * unit,
        reads * scale,
        conductance_error=None if error is None else error * scale,
        read_duration=250e-9 * unit,
    )
    assert other.exponent == pytest.approx(one.exponent, abs=1e-8)
    assert other.exponent_error == pytest.approx(one.exponent_error, rel=1e-6)
    assert other.g0 == pytest.approx(one.g0 * scale, rel=1e-8)
    assert other.noise_amplitude == pytest.approx(one.noise_amplitude, rel=1e-6)


@settings(max_examples=15, deadline=None)
@given(reference=st.floats(1e-3, 1e9))
def test_reference_time_moves_g0_along_the_curve(reference):
    rng = np.random.default_rng(31)
    reads = devices_of(0.01 * flicker(rng, 1, LOG_TIMES), 0.05, 0.01, rng, LOG_TIMES)[0]
    one, other = fit.drift(LOG_TIMES, reads), fit.drift(LOG_TIMES, reads, reference_time=reference)
    assert other.exponent == pytest.approx(one.exponent, abs=1e-7)
    assert other.exponent_error == pytest.approx(one.exponent_error, rel=1e-4)
    assert other.g0 == pytest.approx(float(one.curve(reference)), rel=1e-5)


GOOD = np.ones(20)


@pytest.mark.parametrize(
    ("time", "conductance", "options", "says"),
    [
        (LOG_TIMES[::-1], GOOD, {}, "increase"),
        (np.append(0.0, LOG_TIMES[1:]), GOOD, {}, "above 0 s"),
        (LOG_TIMES, -GOOD, {}, r"conductance\[0\] is -1"),
        (LOG_TIMES, GOOD[:5], {}, "20 reads"),
        (LOG_TIMES, 0 * GOOD, {}, "zero at every time"),
        (LOG_TIMES[:2], GOOD[:2], {}, "at least 3 reads"),
        (LOG_TIMES, GOOD, {"start": 9e4}, "at least 3 reads from 90000 s on"),
        (LOG_TIMES, GOOD * np.nan, {}, "conductance"),
        (LOG_TIMES, GOOD * np.nan, {"missing": "skip"}, "has 0"),
        (LOG_TIMES, GOOD, {"missing": "skp"}, "did you mean 'skip'"),
        (LOG_TIMES, GOOD, {"conductance_error": 0.0}, "above 0"),
        (LOG_TIMES, GOOD, {"conductance_error": GOOD[:3]}, "fit conductances"),
        (LOG_TIMES, GOOD, {"noise_slope": 2.0}, "noise_slope"),
        (LOG_TIMES, GOOD, {"read_duration": 0.0}, "read_duration"),
        (LOG_TIMES, GOOD, {"reference_time": -1.0}, "reference_time"),
        (LOG_TIMES, None, {}, "conductance is missing"),
        (LOG_TIMES, ["a"] * 20, {}, "real numbers"),
    ],
)
def test_bad_input(time, conductance, options, says):
    with pytest.raises(ParameterError, match=says):
        fit.drift(time, conductance, **options)


def test_bad_questions():
    fitted = fit.drift(LOG_TIMES, LOG_TIMES**-0.05)
    with pytest.raises(ParameterError, match="above 0 s"):
        fitted.predict(0.0)
    with pytest.raises(ParameterError, match="probability"):
        fitted.interval(95)


def test_a_lost_device_is_reported_and_left_out(monkeypatch):
    from pcmphys.errors import ConvergenceError
    from pcmphys.fit.drift import noise as noises

    rng = np.random.default_rng(32)
    reads = devices_of(0.01 * flicker(rng, 4, LOG_TIMES), 0.05, 0.01, rng, LOG_TIMES)
    real = noises.solve

    def lose_first(traces):
        solved = real(traces)
        return solved._replace(last=np.where(np.arange(solved.last.size) == 0, 1.0, solved.last))

    monkeypatch.setattr(noises, "solve", lose_first)
    with pytest.warns(ValidityWarning, match="1 of 4"):
        population = fit.drift(LOG_TIMES, reads)
    assert np.isnan(population.exponent[0])
    assert np.isfinite(population.exponent_mean)
    with pytest.raises(ConvergenceError, match="after 60 iterations"):
        fit.drift(LOG_TIMES, reads[0])


@pytest.mark.slow
def test_ten_thousand_devices():
    rng = np.random.default_rng(33)
    conductance = devices_of(0.01 * flicker(rng, 10_000, LOG_TIMES), 0.05, 0.01, rng, LOG_TIMES)
    fitted = fit.drift(LOG_TIMES, conductance)
    assert abs(covered(fitted, 0.05, 0.6827) - 0.683) < 0.06
