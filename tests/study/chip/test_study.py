"""The study of chips: results are those of the floorplans, the report says what is assumed, bad input is named."""

from __future__ import annotations

import json
import re
import tomllib
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.errors import ParameterError
from pcmphys.study import ChipConfig, read_config, report, run
from pcmphys.study.chip import figures

OWN = {"name": "mine", "layers": [{"name": "conv", "rows": 27, "columns": 64, "vectors": 1024},
                                  {"name": "dense", "rows": 4096, "columns": 10, "operations": 2.0}]}  # fmt: skip
SMALL = {"study": "chip", "networks": ["keywords", "lstm"], "own": [OWN], "chips": ["hermes-14nm", "chang2019-90nm"],
         "points": 6, "devices": 20, "batch": 10}  # fmt: skip


@pytest.fixture(scope="module")
def dataset():
    return run(SMALL)


def test_every_result_is_there_with_its_unit(dataset):
    assert dataset["energy"].dims == ("network", "chip", "scope", "part")
    assert dataset["network"].values.tolist() == ["keywords", "lstm", "mine"]
    assert dataset["trade_decibel"].shape == (2, 6, 6)
    assert dataset["layer"].values[-1] == "mine: dense"
    for name, variable in dataset.data_vars.items():
        assert variable.attrs["units"], name
        assert variable.attrs["long_name"], name
        assert np.isfinite(variable.values).all(), name
    for source in ("@article{legallo2023", "@article{chang2019"):
        assert source in dataset.attrs["references"]


def test_results_are_those_of_the_floorplans(dataset):
    for name, chip in (("keywords", "hermes-14nm"), ("lstm", "chang2019-90nm")):
        plan = pcm.Floorplan(pcm.chip.network(name), chip, replicate=True)
        cost = plan.cost(10)
        one = dataset.sel(network=name, chip=chip)
        assert float(one["tiles"]) == plan.tiles
        assert float(one["macs"]) == plan.macs
        for at in cost:
            there = one.sel(scope=at.scope)
            assert float(there["energy"].sum()) == pytest.approx(at.energy.total / 10)
            assert float(there["area"].sum()) == pytest.approx(at.area.total)
            assert float(there["latency"]) == at.latency
            assert float(there["efficiency"]) == at.efficiency
    trade = pcm.chip.trade_off(
        "hermes-14nm", pcm.load_cell("hermes-14nm-statistical"), dataset["conductance"].values,
        dataset["integration"].values, devices=20, seed=1,
    )  # fmt: skip
    assert np.array_equal(dataset["trade_efficiency"].sel(chip="hermes-14nm").values, trade.efficiency)
    assert np.array_equal(dataset["trade_decibel"].sel(chip="hermes-14nm").values, trade.decibel)


def test_the_result_does_not_depend_on_the_executor(dataset):
    with ThreadPoolExecutor(2) as threads:
        assert run(SMALL, threads).identical(dataset)


def test_the_report_opens_with_the_answer_and_says_what_is_assumed(dataset, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = report.write(dataset, tmp_path / "report.html").read_text()
        report.write_overview(dataset, tmp_path / "overview.png")
    assert text.index("Least energy of a sample") < text.index("<img") < text.index("<nav") < text.index("<h2")
    assert text.count("data:image/png;base64,") == 4
    assert not re.search(r'(?:src|href)="(?!data:|#)', text)
    for words in ("of 29 numbers are assumed", "calibrated", "Not modelled", "@article{legallo2023", "mine: your own",
                  "standby", "µJ on"):  # fmt: skip
        assert words in text, words


def test_the_tables_are_the_numbers(dataset):
    (table,) = report.tables(dataset)
    assert len(table.rows) == 6
    first = dict(zip(table.headings, table.rows[0], strict=True))
    plan = pcm.Floorplan(pcm.chip.network("keywords"), "hermes-14nm", replicate=True)
    assert first["tiles"] == str(plan.tiles_in_use)
    assert first["energy"] == f"{1e5 * plan.cost(10).system.energy.total:.3g} µJ"
    assert max(len(" ".join(row)) for row in table.rows) < 80
    remarks = report.remarks(dataset)
    assert any("numbers are assumed" in line for line in remarks)
    assert any(
        line.startswith("hermes-14nm: a tile with devices of hermes-14nm-statistical has 20 dB") for line in remarks
    )


def test_a_wanted_signal_that_nothing_has_is_said():
    found = run({**SMALL, "networks": ["lstm"], "own": [], "chips": ["hermes-14nm"], "wanted": 90.0, "points": 2})
    assert any("no conductance and time give an output of 90 dB" in line for line in report.remarks(found))
    assert report.page(found).count("Energy of a sample") >= 1
    assert len(figures.energies(found).axes) == 1


def test_the_template_is_the_default():
    content = tomllib.loads(ChipConfig.template)
    assert ChipConfig(**content) == ChipConfig() == read_config("chip")
    commented = ChipConfig.template[ChipConfig.template.index("# [[own]]") :].replace("# ", "")
    own = ChipConfig(**tomllib.loads(commented))
    assert [layer.name for layer in own.layers()["mine"]] == ["conv", "dense"]


def test_files_beside_the_study_are_found_from_it(tmp_path):
    (tmp_path / "mine.toml").write_text('name = "mine"\nbase = "hermes-14nm"\n')
    (tmp_path / "study.toml").write_text(
        'study = "chip"\nnetworks = ["lstm"]\nchips = ["mine.toml", "hermes-14nm"]\npoints = 2\ndevices = 5\n'
    )
    found = run(tmp_path / "study.toml")
    assert found["chip"].values.tolist() == ["mine", "hermes-14nm"]
    twice = tmp_path / "twice.toml"
    twice.write_text('name = "hermes-14nm"\nbase = "hermes-14nm"\n')
    with pytest.raises(ParameterError, match="have the same name 'hermes-14nm'"):
        run({**SMALL, "chips": ["hermes-14nm", str(twice)]})


@pytest.mark.parametrize(("changes", "words"), [
    ({"networks": ["resnet-33"]}, ["networks", "did you mean 'resnet-32'"]),
    ({"chips": ["hermes-14"]}, ["chip 'hermes-14' is unknown", "did you mean 'hermes-14nm'"]),
    ({"networks": [], "own": []}, ["networks must hold at least one"]),
    ({"own": [OWN, OWN]}, ["each value may occur once"]),
    ({"own": [{**OWN, "layers": [{"name": "conv", "rows": 0, "columns": 64}]}]}, ["layers.0.rows must be at least 1"]),
    ({"own": [{**OWN, "layers": [{"name": "conv", "row": 7, "columns": 64}]}]}, ["row", "did you mean 'rows'"]),
    ({"most_chips": 1, "networks": ["resnet-32"], "chips": ["chang2019-90nm"]},
     ["network 'resnet-32': chips: layer 'conv3.6'", "needs 1 tile of"]),
    ({"shortest": 1e-5}, ["shortest [s] must be below longest [s]"]),
    ({"shortest": 0.0}, ["shortest must be above 0"]),
    ({"batch": 0}, ["batch must be at least 1"]),
    ({"cell": "hermes"}, ["cell 'hermes' is unknown"]),
    ({"cell": "gst225-film"}, ["cell: 'gst225-film' is no device"]),
])  # fmt: skip
def test_wrong_settings_are_named(changes, words):
    with pytest.raises(ParameterError) as error:
        run({**SMALL, **changes})
    for word in words:
        assert word in str(error.value), error.value


def test_settings_of_a_result_are_kept(dataset):
    assert json.loads(dataset.attrs["settings"])["own"][0]["name"] == "mine"
