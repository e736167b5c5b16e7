"""The programming delay: found where the reads tell it, averaged over and said where they do not."""

import re

import numpy as np
import pytest

from pcmphys import fit
from pcmphys.errors import ParameterError

TIME = np.geomspace(10.0, 1e5, 40)


def reads(delay, exponent, noise, seed=0, time=TIME):
    rng = np.random.default_rng(seed)
    return 1e-5 * (time - delay) ** -exponent * (1.0 + noise * rng.standard_normal(time.size))


@pytest.mark.parametrize(("delay", "exponent"), [(5.0, 0.05), (9.0, 0.02), (-40.0, 0.08), (0.0, 0.1), (2.0, -0.03)])
def test_an_exact_delay_is_found_exactly(delay, exponent):
    found = fit.drift(TIME, reads(delay, exponent, 0.0), delay="fit", reference_time=1.0)
    assert found.delay == pytest.approx(delay, abs=1e-5)
    assert found.exponent == pytest.approx(exponent, abs=1e-6)
    assert found.g0 == pytest.approx(1e-5, rel=1e-5)
    assert found.undetermined == ()
    assert found.predict(1e6).mean == pytest.approx(1e-5 * (1e6 - delay) ** -exponent, rel=1e-6)
    assert found.curve([20.0]) == pytest.approx(1e-5 * (20.0 - delay) ** -exponent, rel=1e-5)


def test_a_given_delay_moves_the_clock():
    noisy = reads(4.0, 0.05, 0.01)
    moved = fit.drift(TIME - 4.0, noisy, reference_time=1.0)
    found = fit.drift(TIME, noisy, delay=4.0, reference_time=1.0)
    assert found.exponent == pytest.approx(moved.exponent, rel=1e-12)
    assert found.exponent_error == pytest.approx(moved.exponent_error, rel=1e-12)
    assert found.predict(3e5).std == pytest.approx(moved.predict(3e5 - 4.0).std, rel=1e-9)
    assert (found.delay, found.delay_error) == (4.0, 0.0)
    assert "G = g0 ((t - delay) / 1 s)^-nu" in found.summary()


def test_delays_are_found_with_errors_that_cover():
    rng = np.random.default_rng(1)
    true, exponents = rng.uniform(-20.0, 8.0, 200), rng.normal(0.05, 0.01, 200)
    clean = 1e-5 * (TIME - true[:, None]) ** -exponents[:, None]
    found = fit.drift(TIME, clean * (1.0 + 0.002 * rng.standard_normal(clean.shape)), delay="fit")
    assert np.mean(np.abs(found.delay - true) < found.delay_error) > 0.6
    assert np.mean(np.abs(found.delay - true) < 3.0 * found.delay_error) > 0.95
    inside = found.interval(0.95)
    assert np.mean((inside[:, 0] < exponents) & (exponents < inside[:, 1])) > 0.93
    assert found.exponent_spread == pytest.approx(exponents.std(), rel=0.05)
    assert "delay [s]" in found.summary()
    assert found[7].delay == found.delay[7]
    # the twin that must fail: the delay left out
    assert abs(fit.drift(TIME, clean).exponent - exponents).max() > 0.003


def test_what_the_reads_do_not_tell_is_said():
    found = fit.drift(TIME, reads(0.0, 0.0, 0.005), delay="fit")
    assert len(found.undetermined) == 1
    assert "the reads do not tell the programming delay: anything from" in found.undetermined[0]
    assert found.undetermined[0] in found.summary()
    low, high = (float(number) for number in re.findall(r"(\S+) s(?: to| fits)", found.undetermined[0]))
    assert low < -50.0 < 5.0 < high < TIME[0]
    several = fit.drift(TIME, [reads(0.0, 0.0, 0.005), reads(5.0, 0.05, 1e-4)], delay="fit")
    assert "of 1 of 2 devices" in several.undetermined[0]
    assert several[1].undetermined == ()
    assert fit.drift(TIME, reads(0.0, 0.0, 0.005)).undetermined == ()


def test_a_delay_is_sought_in_a_range():
    noisy = reads(5.0, 0.05, 0.005)
    wide, narrow = fit.drift(TIME, noisy, delay=(-90.0, 9.9)), fit.drift(TIME, noisy, delay=(4.0, 6.0))
    assert 4.0 < narrow.delay < 6.0
    assert narrow.delay_error < 0.9
    assert abs(wide.delay - 5.0) < 3.0 * wide.delay_error
    own = fit.drift([TIME, TIME[3:]], [noisy, noisy[3:]], delay="fit")
    assert (np.abs(own.delay - 5.0) < 3.0 * own.delay_error).all()


def test_results_of_a_sought_delay_are_whole(tmp_path):
    found = fit.drift(TIME, [reads(5.0, 0.05, 1e-3, k) for k in range(3)], delay="fit")
    assert found.to_dataset().delay.attrs["units"] == "s"
    assert list(found.to_dataframe().columns[-2:]) == ["delay [s]", "delay_error [s]"]
    found.plot(tmp_path / "fit.png")
    found.to_csv(tmp_path / "fit.csv")
    assert "delay[s],delay_error[s]" in (tmp_path / "fit.csv").read_text()
    assert np.array_equal(found[1:].delay, found.delay[1:])
    assert found[1:].predict(1e6).std == pytest.approx(found.predict(1e6).std[1:])


@pytest.mark.parametrize(
    ("delay", "says"),
    [
        ("find", "delay must be one of fit; got 'find'"),
        (10.0, "below the first read used, at 10 s; got 10 s"),
        ((0.0, 12.0), "below the first read used"),
        ((5.0, 1.0), "range of two rising numbers.*got 5, 1"),
        ((1.0, 2.0, 3.0), "delay"),
        (np.nan, "delay"),
        ((-np.inf, 1.0), "delay"),
        (True, "delay"),
    ],
)
def test_delays_that_cannot_be_are_refused(delay, says):
    with pytest.raises(ParameterError, match=says):
        fit.drift(TIME, reads(0.0, 0.05, 0.001), delay=delay)


def test_nothing_is_predicted_before_programming():
    found = fit.drift(TIME, reads(5.0, 0.05, 0.001), delay=5.0)
    with pytest.raises(ParameterError, match="above the programming delay, up to 5 s"):
        found.predict(4.0)
    with pytest.raises(ParameterError, match="time"):
        found.curve([4.0])
