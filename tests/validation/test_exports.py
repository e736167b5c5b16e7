"""The case that runs exports in aihwkit: what it does without aihwkit, and how it judges."""

import numpy as np
import pytest

import pcmphys as pcm
from validation.exports import case, environment, network
from validation.result import NOT_CHECKABLE, MissingProgram


def test_without_aihwkit_it_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv(environment.VARIABLE, str(tmp_path / "python"))
    for make in (False, True):
        with pytest.raises(MissingProgram, match=r"names a Python with aihwkit==1\.1\.0 and torch==2\.10\.0"):
            environment.python(make=make)
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_stops_is_quoted(tmp_path):
    import sys

    with pytest.raises(RuntimeError, match="aihwkit: levels stopped"):
        environment.run(sys.executable, "levels", {"seed": 1}, {"targets": np.ones(1)})


def test_accuracies_are_judged_by_ten_chips():
    rng = np.random.default_rng(0)
    ours, theirs = 0.9 + 0.01 * rng.standard_normal((2, 40, 3))
    assert case.agreement("x", ours, theirs).passed
    assert not case.agreement("x", ours, theirs - 0.03).passed
    few = case.agreement("x", ours[:5], theirs[:5])
    assert few.standing == NOT_CHECKABLE


def test_errors_of_exported_spreads_are_those_of_the_levels_beside_them():
    source = pcm.export.sample(
        pcm.load_cell("ibm-90nm-statistical"), levels=[5e-6, 10e-6, 20e-6], times=[1e3, 1e7], devices=200
    )
    found = case.errors(source, "exponent_std", np.array([7e-6, 20e-6]), 1)
    error = source.exponent_std_error
    np.testing.assert_array_equal(found, [max(error[0], error[1]), max(error[1], error[2])])
    assert case.errors(source, "noise_std", np.array([7e-6]), 2).shape == (1, case.TIMES.size)


def test_the_network_is_the_digital_one_on_perfect_devices():
    digits = network.digits()
    assert set(network.arrays(digits)) == {"images", "labels", "w1", "b1", "w2", "b2", "w3", "b3"}
    perfect = pcm.export.from_crosssim([0.0], 25e-6, source="a test")
    found = network.accuracies(perfect, digits, np.array([20.0, 1e6]), 1, seed=0)
    np.testing.assert_array_equal(found, 358 / 360)
