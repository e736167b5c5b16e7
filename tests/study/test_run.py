"""Running studies: the same result for any executor, resuming, labelled and whole results, bad networks."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from importlib import resources

import numpy as np
import pytest
import xarray as xr

import pcmphys as pcm
from pcmphys.cells.mushroom import devices
from pcmphys.numerics.compile import thread_count
from pcmphys.numerics.parts import Parts
from pcmphys.study import gathering, results, run, save
from pcmphys.study.network import study
from pcmphys.study.network.chip import fixed_point_errors
from pcmphys.study.network.network import load_network
from pcmphys.study.plan import fingerprint
from pcmphys.study.registry import plan_of


def test_the_result_does_not_depend_on_the_executor(small_study):
    here = run(small_study)
    with ThreadPoolExecutor(3) as threads:
        assert run(small_study, threads).identical(here)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as processes:
        assert run(small_study, processes).identical(here)


def test_the_last_chip_has_the_threads_of_those_that_have_ended(small_study, monkeypatch):
    """It ran on one thread, while the others' had nothing to do."""
    seen = []
    original = study.run_chip

    def chip(*task):
        found = original(*task)
        until = time.monotonic() + 20.0
        while task[3] == 2 and thread_count() == 1 and time.monotonic() < until:
            time.sleep(0.01)  # the last one begun: the others end
        seen.append(thread_count())
        return found

    monkeypatch.setattr(study, "run_chip", chip)
    monkeypatch.setattr(gathering, "thread_count", lambda: 2)
    run(small_study)
    assert seen[-1] == 2
    assert set(seen) <= {1, 2}


@pytest.mark.filterwarnings("ignore::pcmphys.errors.ValidityWarning")
def test_the_result_does_not_depend_on_the_threads(small_study, monkeypatch):
    settings = {**small_study, "cells": ["ibm-90nm-projected"], "chips": 2, "times": [20.0]}
    monkeypatch.setattr(devices, "GRAIN", 1)  # else so few devices stay on one thread
    alone = run(settings)
    monkeypatch.setattr(gathering, "thread_count", lambda: 5)
    assert run(settings).identical(alone)


def test_seeds_and_chips_differ_and_repeat(small_study):
    first = run(small_study)
    assert run(small_study).identical(first)
    errors = first["matvec_error"].isel(cell=0, wires=0, compensation=0, time=0).values
    assert len(set(errors)) == len(errors)
    assert not run({**small_study, "seed": 2})["matvec_error"].equals(first["matvec_error"])


def test_every_variable_has_a_unit_and_is_finite(small_study):
    dataset = run(small_study)
    for name, variable in dataset.data_vars.items():
        assert "units" in variable.attrs, name
        assert np.isfinite(variable.values).all(), name
    assert dataset["time"].attrs["units"] == "s"
    assert "@article{joshi2020" in dataset.attrs["references"]


def test_drift_compensation_and_wires_do_what_they_should(small_study):
    strong = {**small_study, "times": [20.0, 2.6e6], "wires": {"row": 2000.0, "column": 2000.0}, "chips": 4}
    error = run(strong)["layer_error"].isel(cell=0, time=1).mean(("chip", "layer"))
    off = error.sel(compensation="off")
    assert float(off.sel(wires="ideal")) > float(error.sel(compensation="on", wires="ideal"))
    assert float(off.sel(wires="IR drop")) > float(off.sel(wires="ideal"))


def test_progress_counts_every_step(small_study):
    seen = []
    run(small_study, progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (12, 12)  # 3 chips, 2 wire settings, 2 times


def test_times_closer_together_than_reads_are_refused(small_study):
    """They were read when the reads before had ended, and labelled as asked for."""
    with pytest.raises(pcm.ParameterError, match="times: at 20 s the reads of the time before"):
        run({**small_study, "times": [20.0, 20.0 + 1e-7]})


def test_traces_are_labelled_with_when_they_were_read(small_study):
    dataset = run({**small_study, "times": [1e-7, 20.0]})
    times = dataset["trace_time"].values
    assert times[0] == pytest.approx(1e-7)
    assert (np.diff(times) > 249e-9).all()  # the published read takes 250 ns


class Interrupted(Exception):
    """Stands for the user's control-C."""


def test_an_interrupted_study_goes_on_from_its_finished_chips(small_study, tmp_path, monkeypatch):
    whole = run(small_study)
    real = Parts.save
    saved = []

    def save_two(self, key, part):
        real(self, key, part)
        saved.append(key)
        if len(saved) == 2:
            raise Interrupted

    monkeypatch.setattr(Parts, "save", save_two)
    with pytest.raises(Interrupted):
        run(small_study, directory=tmp_path)
    monkeypatch.setattr(Parts, "save", real)
    kept = len(list((tmp_path / "parts").glob("*.npz")))
    assert kept >= 2  # also what was running is kept

    ran = []
    original = study.run_chip
    monkeypatch.setattr(study, "run_chip", lambda *task: ran.append(task[3]) or original(*task))
    assert run(small_study, directory=tmp_path).identical(whole)
    assert len(ran) == 3 - kept
    assert not (tmp_path / "parts").exists()


def test_results_survive_the_file(small_study, tmp_path):
    dataset = run(small_study)
    path = save(dataset, tmp_path / "deep" / "results.nc")
    with xr.open_dataset(path, engine="h5netcdf") as read:
        xr.testing.assert_equal(read.load(), dataset)
        assert read["accuracy"].attrs["units"] == "1"
    assert [p.name for p in path.parent.iterdir()] == ["results.nc"]


def test_a_failed_write_leaves_the_old_file(small_study, tmp_path, monkeypatch):
    path = tmp_path / "results.nc"
    path.write_bytes(b"old")

    def fail(*_args, **_options):
        raise OSError("disk full")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", fail)
    with pytest.raises(OSError, match="disk full"):
        save(xr.Dataset(), path)
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_bad_cells_and_networks_fail_before_anything_runs(small_study, tmp_path):
    with pytest.raises(pcm.ParameterError, match="did you mean 'ibm-90nm-statistical'"):
        run({**small_study, "cells": ["ibm-90nm-statistcal"]}, directory=tmp_path)
    with pytest.raises(pcm.ParameterError, match=r"weights\.npz cannot be read"):
        run({**small_study, "network": str(tmp_path)})
    assert not (tmp_path / "parts").exists()


def test_eight_bit_fixed_point_is_8_effective_bits(small_network):
    network = load_network(str(small_network))
    errors = fixed_point_errors(network)
    x, weights = network.inputs, network.weights[0]
    full = np.abs(x).max(axis=1, keepdims=True)
    x8 = np.round(x / full * 127) / 127 * full
    w8 = np.round(weights / np.abs(weights).max() * 127) / 127 * np.abs(weights).max()
    exact = x @ weights
    assert errors[0] == pytest.approx(np.linalg.norm(x8 @ w8 - exact) / np.linalg.norm(exact), rel=1e-12)


def test_the_built_in_network_classifies_as_its_source_says():
    network = load_network("digits")
    logits = network.activations(network.inputs)[-1]
    assert [w.shape for w in network.weights] == [(64, 256), (256, 128), (128, 10)]
    assert (logits.argmax(axis=1) == network.labels).sum() == 358


def test_cells_with_the_same_name_are_refused_before_anything_runs(small_study, tmp_path):
    text = resources.files("pcmphys.parameters").joinpath("ibm-90nm-statistical.toml").read_text()
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(pcm.ParameterError, match="same name 'ibm-90nm-statistical'"):
        run({**small_study, "cells": ["ibm-90nm-statistical", str(tmp_path / "mine.toml")]})


def test_a_changed_network_or_cell_file_makes_its_parts_void(small_study, tmp_path):
    text = resources.files("pcmphys.parameters").joinpath("ibm-90nm-statistical.toml").read_text()
    mine = tmp_path / "mine.toml"
    keys = set()
    for number in ("20.0", "21.0"):
        mine.write_text(text.replace("value = 20.0", f"value = {number}"))
        plan = plan_of(pcm.study.read_config({**small_study, "cells": [str(mine)]}))
        other = plan.network._replace(biases=(plan.network.biases[0] + 1.0, plan.network.biases[1]))
        for network in (plan.network, other):
            plan.network = network
            keys.add(fingerprint(plan))
    assert len(keys) == 4


def test_with_a_directory_the_results_are_written_before_the_parts_go(small_study, tmp_path, monkeypatch):
    def fail(*_arguments):
        raise OSError("disk full")

    monkeypatch.setattr(results, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        run(small_study, directory=tmp_path)
    assert len(list((tmp_path / "parts").glob("*.npz"))) == 3
    monkeypatch.undo()
    run(small_study, directory=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["results.nc"]


def test_an_unusable_folder_or_executor_is_refused_first(small_study, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(pcm.ParameterError, match=r"directory: .*file cannot be written \(File exists\)"):
        run(small_study, directory=tmp_path / "file")
    with pytest.raises(pcm.ParameterError, match="executor must be"):
        run(small_study, executor=4)
    with pytest.raises(pcm.ParameterError, match="directory must be a path; got int"):
        run(small_study, directory=4)
    with pytest.raises(pcm.ParameterError, match="progress must be callable"):
        run(small_study, progress=4)
    with pytest.raises(pcm.ParameterError, match=r"directory: .* cannot be written"):
        run(small_study, directory="null\0byte")
