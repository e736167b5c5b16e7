"""Results in a zarr store: the same as in a file, readable meanwhile, never half and taken for whole."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from pcmphys import ParameterError
from pcmphys.numerics.parts import Parts
from pcmphys.study import open_store, run
from pcmphys.study.store import Store
from tests.study.squares import SquareSettings

pytest.importorskip("zarr")


class Broken(Exception):
    """Stands for whatever ends a study before its end."""


@pytest.fixture
def half_way(small_study, tmp_path, monkeypatch):
    """A folder in which a study has ended after one of its three parts."""
    real, saved = Parts.save, []

    def save_one(self, key, part):
        saved.append(key)
        if len(saved) > 1:
            raise Broken
        real(self, key, part)

    with monkeypatch.context() as patch:
        patch.setattr(Parts, "save", save_one)
        with pytest.raises(Broken):
            run(small_study, directory=tmp_path, store="zarr")
    return tmp_path


def test_a_store_holds_what_a_file_holds(small_study, tmp_path):
    there = run(small_study, directory=tmp_path, store="zarr")
    assert [path.name for path in tmp_path.iterdir()] == ["results.zarr"]
    here = run(small_study)
    assert there.load().identical(here)
    assert "source" not in there.encoding
    again = run(small_study, directory=tmp_path, store="zarr")
    assert again.encoding["source"] == str(tmp_path / "results.zarr")
    assert again.load().identical(here)
    # any reader of zarr finds it, without a word of warning
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with xr.open_zarr(tmp_path / "results.zarr", consolidated=False) as plain:
            assert plain["accuracy"].attrs["units"] == "1"


def test_it_can_be_read_while_the_study_runs(small_study, tmp_path):
    seen = []

    def look(done, _total):
        if done:
            found = open_store(tmp_path / "results.zarr")
            accuracy = found["accuracy"].values
            whole = ~np.isnan(accuracy).any(axis=(-3, -2, -1))
            assert not (np.isnan(accuracy).any(axis=(-3, -2, -1)) & ~np.isnan(accuracy).all(axis=(-3, -2, -1))).any()
            seen.append((found.attrs["unfinished_parts"], int(whole.sum())))

    run(small_study, directory=tmp_path, store="zarr", progress=look)
    assert seen[0] == (3, 0)
    assert [left for left, _ in seen] == sorted((left for left, _ in seen), reverse=True)
    assert "unfinished_parts" not in open_store(tmp_path / "results.zarr").attrs


def test_an_interrupted_store_is_unfinished_and_goes_on(half_way, small_study):
    found = open_store(half_way / "results.zarr")
    assert found.attrs["unfinished_parts"] == 2
    assert np.isnan(found["accuracy"]).any()
    assert "trace" not in found
    (half_way / "parts" / "results.zarr").mkdir()  # what a run that was killed in its first moment leaves
    again = run(small_study, directory=half_way, store="zarr")
    assert again.load().identical(run(small_study))
    assert [path.name for path in half_way.iterdir()] == ["results.zarr"]


def test_the_end_of_a_study_may_fail_and_is_made_up_for(small_study, tmp_path, monkeypatch):
    def fail(self):
        raise Broken

    with monkeypatch.context() as patch:
        patch.setattr(Store, "finish", fail)
        with pytest.raises(Broken):
            run(small_study, directory=tmp_path, store="zarr")
    assert open_store(tmp_path / "results.zarr").attrs["unfinished_parts"] == 0
    ran = []
    run(small_study, directory=tmp_path, store="zarr", progress=lambda *steps: ran.append(steps))
    assert ran[0] == (12, 12)
    assert "unfinished_parts" not in open_store(tmp_path / "results.zarr").attrs


def test_a_changed_byte_is_an_error_and_no_number(small_study, tmp_path):
    run(small_study, directory=tmp_path, store="zarr")
    piece = tmp_path / "results.zarr" / "layer_error" / "c" / "0" / "1" / "0" / "0" / "0" / "0"
    content = bytearray(piece.read_bytes())
    content[len(content) // 2] ^= 1
    piece.write_bytes(content)
    with pytest.raises(ValueError, match="checksum"):
        open_store(tmp_path / "results.zarr")["layer_error"].load()


def test_what_is_not_this_study_is_not_replaced_without_a_word(small_study, tmp_path):
    other = {**small_study, "seed": 2}
    run(other, directory=tmp_path, store="zarr")
    with pytest.raises(ParameterError, match=r"results\.zarr holds the results of another study .*overwrite=True"):
        run(small_study, directory=tmp_path, store="zarr")
    assert json.loads(open_store(tmp_path / "results.zarr").attrs["settings"])["seed"] == 2
    found = run(small_study, directory=tmp_path, store="zarr", overwrite=True)
    assert json.loads(found.attrs["settings"])["seed"] == 1
    foreign = tmp_path / "mine" / "results.zarr"
    foreign.mkdir(parents=True)
    (foreign / "notes.txt").write_text("a colleague's")
    for overwrite in (False, True):
        with pytest.raises(ParameterError, match=r"results\.zarr is no store of results; move it away"):
            run(small_study, directory=tmp_path / "mine", store="zarr", overwrite=overwrite)
    assert (foreign / "notes.txt").exists()


def test_a_store_that_cannot_be_is_refused_first(small_study, tmp_path, third_kind):
    with pytest.raises(ParameterError, match="writes into the study's folder; give a directory"):
        run(small_study, store="zarr")
    with pytest.raises(ParameterError, match=r"kind 'square' are put together at its end, .*leave out --zarr \(store"):
        run(SquareSettings(), directory=tmp_path / "o", store="zarr")
    with pytest.raises(ParameterError, match="store must be one of netcdf, zarr; got 'zar'; did you mean 'zarr'"):
        run(small_study, directory=tmp_path / "o", store="zar")
    with pytest.raises(ParameterError, match="cannot be read as a zarr store"):
        open_store(tmp_path / "nowhere")
    assert not (tmp_path / "o").exists()


LARGE = """study = "design-space"
cells = ["ibm-90nm-projected"]
selectors = ["none"]
wires = [1.0]
sizes = [4]
times = [20.0, 3600.0]
devices = 20_000
slice = 1_000
keep_reads = true
[[pulses]]
current = 480e-6
width = 50e-9
"""


def started(folder, *options):
    (folder / "large.toml").write_text(LARGE)
    command = [sys.executable, "-m", "pcmphys", "study", "large.toml", "--zarr", *options]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "NUMBA_NUM_THREADS": "1"}
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_killed_store_can_be_read_and_goes_on(tmp_path):
    process = started(tmp_path, "--out", "o")
    while len(list(tmp_path.glob("o/parts/*.npz"))) < 3:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.kill()
    process.communicate()
    found = open_store(tmp_path / "o" / "results.zarr")
    reads = found["read"].values
    left = found.attrs["unfinished_parts"]
    assert 0 < left < 22
    # 22 parts: twenty slices, one that puts them together, one array
    filled = ~np.isnan(reads[0, 0, 0, 0])
    assert filled.sum() in {1000 * (22 - left), 1000 * (23 - left)}  # the count is written after the numbers
    again = started(tmp_path, "--out", "o")
    assert again.wait(timeout=300) == 0, again.communicate()
    again.communicate()
    whole = run(tmp_path / "large.toml")
    assert open_store(tmp_path / "o" / "results.zarr").load().identical(whole)
    assert np.array_equal(reads[..., filled], whole["read"].values[..., filled])
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == ["overview.png", "report.html", "results.zarr"]
    assert not list((tmp_path / "o").rglob("*.partial"))


@pytest.mark.slow
def test_a_store_on_a_full_disk_is_one_line_and_goes_on_when_there_is_room(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a disk")
    try:
        process = started(tmp_path, "--out", "disk/o")
        _, complained = process.communicate(timeout=300)
        assert process.returncode == 2, complained
        wanted = r"error: disk/o/.*: No space left on device; \d+ of \d+ parts are finished and kept; once it can be"
        assert re.match(wanted, complained.splitlines()[-1])
        assert "Traceback" not in complained
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        again = started(tmp_path, "--out", "disk/o")
        _, complained = again.communicate(timeout=300)
        assert again.returncode == 0, complained
        assert open_store(disk / "o" / "results.zarr").load().identical(run(tmp_path / "large.toml"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)
