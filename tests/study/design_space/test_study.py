"""The study of a design space as a whole: settings, executors, what it keeps, how it is shown."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pcmphys import ParameterError
from pcmphys.numerics.parts import Parts
from pcmphys.study import DesignSpaceConfig, Workers, memory, open_store, read_config, report, run
from pcmphys.study.design_space import figures
from pcmphys.study.registry import plan_of

SMALL = {
    "study": "design-space",
    "cells": ["ibm-90nm-doped-gst", "ibm-90nm-projected"],
    "selectors": ["none", "ots"],
    "sizes": [4, 8],
    "wires": [1.0],
    "times": [20.0, 86400.0],
    "devices": 120,
    "tail": 0.02,
    "slice": 50,
    "pulses": [{"current": 400e-6, "width": 50e-9}, {"current": 520e-6, "width": 50e-9}],
}


@pytest.fixture(scope="module")
def dataset():
    return run(SMALL)


def test_every_result_is_there_with_its_unit(dataset):
    assert dict(dataset.sizes) == {
        "cell": 2, "pulse": 2, "selector": 2, "wire": 1, "size": 2, "time": 2, "state": 2,
    }  # fmt: skip
    for name, values in dataset.data_vars.items():
        assert values.attrs["units"], name
        assert np.isfinite(values).all(), name
    assert dataset["pulse"].values.tolist() == ["400 uA, 50/5 ns", "520 uA, 50/5 ns"]
    assert dataset["current"].values.tolist() == [400e-6, 520e-6]
    assert "@" in dataset.attrs["references"]


def test_more_current_buys_a_window_with_energy(dataset):
    """What the figure is about: a thicker dome is a lower conductance, which costs."""
    assert (dataset["weak_low"].isel(pulse=1) < dataset["weak_low"].isel(pulse=0)).all()
    assert (dataset["write_energy"].isel(pulse=1) > dataset["write_energy"].isel(pulse=0)).all()
    behind_a_switch = dataset["read_margin"].sel(selector="ots").isel(pulse=1)
    assert (behind_a_switch > 0.5).all()
    assert (behind_a_switch > dataset["read_margin"].sel(selector="none").isel(pulse=1)).all()
    # devices are the same in all arrays, cells and pulses: a seed is an experiment
    assert (dataset["write_energy"].isel(size=1) > dataset["write_energy"].isel(size=0)).all()


@pytest.mark.slow
def test_the_result_depends_on_neither_executor_nor_store(dataset, tmp_path):
    with Workers(2) as workers:
        assert run(SMALL, workers).identical(dataset)
    assert run(SMALL, directory=tmp_path, store="zarr").load().identical(dataset)


def test_an_interrupted_study_goes_on_between_its_stages(dataset, tmp_path, monkeypatch):
    """Arrays need what all slices of a population say, which then comes from disk."""

    class Broken(Exception):
        pass

    real, saved = Parts.save, []

    def save(self, key, part):
        saved.append(key)
        if len(saved) == 20:
            raise Broken
        real(self, key, part)

    with monkeypatch.context() as patch:
        patch.setattr(Parts, "save", save)
        with pytest.raises(Broken):
            run(SMALL, directory=tmp_path)
    assert {key[0] for key in saved[:19]} == {0, 1, 2}
    assert run(SMALL, directory=tmp_path).identical(dataset)


def test_every_read_can_be_kept_and_read_while_it_is_written(tmp_path):
    seen = []

    def look(done, _total):
        seen.append(int((~np.isnan(open_store(tmp_path / "results.zarr")["read"])).sum()))

    one = {**SMALL, "cells": ["ibm-90nm-projected"], "selectors": ["none"], "sizes": [4], "keep_reads": True}
    found = run(one, directory=tmp_path, store="zarr", progress=look)
    reads = found["read"].values
    assert reads.shape == (1, 2, 2, 2, 120)
    assert not np.isnan(reads).any()
    assert seen[0] == 0
    assert seen == sorted(seen)
    assert len(set(seen)) > 3
    high, low = reads[0, 0, :, -1]
    assert float(found["weak_high"][0, 0, -1]) == np.sort(high)[1]
    assert float(found["weak_low"][0, 0, -1]) == np.sort(low)[-2]
    assert run(one)["read"].identical(found["read"].load())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cells": ["ibm-90nm-statistical"]}, "cells: 'ibm-90nm-statistical' takes no pulses"),
        ({"cells": ["gst225-film"]}, "cells: 'gst225-film' takes no pulses"),
        ({"cells": ["ibm-90nm-doped-gts"]}, "did you mean 'ibm-90nm-doped-gst'"),
        ({"pulses": [{"current": 1.0, "width": 50e-9}]}, r"pulses\.0: "),
        ({"set_pulse": {"current": 1.0, "width": 50e-9}}, "set_pulse: "),
        ({"pulses": []}, "pulses"),
        ({"pulses": [{"current": 1e-4}]}, r"pulses\.0\.width"),
        ({"pulses": [{"current": 1e-4, "width": 1e-7, "fal": 0.0}]}, r"pulses\.0\.fal: unknown key.* mean 'fall'"),
        ({"devices": 10, "tail": 1e-3}, "devices must be at least 1 / tail.*10 devices have none of 1000"),
        ({"selectors": ["otz"]}, "did you mean 'ots'"),
        ({"times": [20.0, 20.0]}, r"times \[s\] must increase strictly"),
        ({"scheme": "haf"}, "did you mean 'half'"),
        ({"transistor": {"gate_voltage": 0.8}, "selectors": ["transistor"]}, "does not carry 0.0004 A"),
        ({"temperature": 3000.0}, "temperature"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_before_anything_runs(changes, words, tmp_path):
    with pytest.raises(ParameterError, match=words):
        run({**SMALL, **changes}, directory=tmp_path / "o")
    assert not (tmp_path / "o").exists()


def test_the_template_names_every_number():
    settings = read_config("design-space")
    assert settings == DesignSpaceConfig()
    assert settings.beyond == 20
    assert DesignSpaceConfig(devices=1500, tail=1e-3).beyond == 2


def test_chunks_are_slices_of_bounded_memory():
    few, many = (DesignSpaceConfig(devices=devices, sizes=[4]) for devices in (20_000, 1_000_000))
    assert len(plan_of(many).chunks) == len(plan_of(few).chunks) + 8 * 196
    assert memory(many) == memory(few) < 50e6
    assert memory(DesignSpaceConfig(sizes=[1024])) > memory(few)


def test_figures_show_the_numbers(dataset):
    panels = figures.trade_off(dataset).axes
    assert [axes.get_title() for axes in panels] == dataset["cell"].values.tolist()
    line = panels[0].lines[0]
    first = dataset.isel(cell=0, selector=0, wire=0, size=0)
    np.testing.assert_allclose(line.get_xdata(), 1e12 * first["write_energy"])
    assert "1 day" in panels[0].get_ylabel()
    for draw in (figures.trade_off, figures.margin_over_time, figures.windows):
        axes = draw(dataset).axes[0]
        assert axes.get_ylabel()
        assert axes.get_xlabel()


def test_the_report_lists_the_cheapest_design_that_lasts(dataset, tmp_path):
    (table,) = report.tables(dataset)
    assert len(table.rows) == 4
    cell, size, _, selector, pulse, energy, margin, _ = table.rows[0]
    design = dataset.sel(cell=cell, size=int(size), wire=1.0, selector=selector.lower(), pulse=pulse).isel(time=-1)
    assert energy == f"{1e12 * float(design['write_energy']):.1f}"
    assert float(margin) >= json.loads(dataset.attrs["settings"])["wanted_margin"]
    page = report.page(dataset)
    assert page.count("data:image/png;base64,") == 3
    for word in ("cheapest write", "Not modelled", "assumed: OTS(", "weak_threshold", "120 devices of each cell"):
        assert word in page
    assert report.write_overview(dataset, tmp_path / "overview.png").stat().st_size > 10_000
    none = dataset.assign(read_margin=0.0 * dataset["read_margin"])
    assert report.tables(none)[0].rows[0][3:5] == ("none does", "-")
