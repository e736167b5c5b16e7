"""What a study keeps on disk: damaged parts, leftovers, results of another study, and what is used again."""

from __future__ import annotations

import os
import time
import warnings

import pytest
import xarray as xr

from pcmphys import ParameterError
from pcmphys.numerics.files import write_whole
from pcmphys.numerics.parts import Parts
from pcmphys.study import finished, read_config, registry, run
from pcmphys.study.plan import fingerprint
from pcmphys.study.registry import plan_of
from tests.study.squares import KIND, Squares, SquareSettings

STUDY = SquareSettings(sides=[1.0, 2.0, 3.0])


@pytest.fixture(scope="module", autouse=True)
def _third_kind():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "KINDS", (*registry.KINDS, KIND))
        yield


class Broken(Exception):
    """Stands for whatever ends a study before its end."""


@pytest.fixture
def half_way(tmp_path, monkeypatch):
    """A folder with all parts of the study and no results."""

    def fail(*_):
        raise Broken

    monkeypatch.setattr(Squares, "dataset", fail)
    with pytest.raises(Broken):
        run(STUDY, directory=tmp_path)
    monkeypatch.undo()
    assert len(list((tmp_path / "parts").iterdir())) == 3
    return tmp_path


def test_any_changed_byte_of_a_part_is_found_and_the_part_computed_anew(half_way):
    parts = Parts(half_way / "parts", fingerprint(plan_of(STUDY)))
    path = parts.path((1,))
    whole = path.read_bytes()
    assert parts.load((1,))["area"] == 4.0
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        with pytest.warns(UserWarning, match=r"00001\.npz is damaged and is computed anew"):
            assert parts.load((1,)) is None
    for size in (0, 1, 31, 32, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.warns(UserWarning, match="damaged"):
            assert parts.load((1,)) is None
    with pytest.warns(UserWarning, match="damaged"):
        assert run(STUDY, directory=half_way)["area"].values.tolist() == [1.0, 4.0, 9.0]
    assert [path.name for path in half_way.iterdir()] == ["results.nc"]


def test_parts_of_another_study_stay_and_are_not_used(half_way):
    other = half_way / "parts" / "other-00000.npz"
    other.write_bytes(b"someone else's")
    run(SquareSettings(sides=[5.0]), directory=half_way)
    assert len(list((half_way / "parts").iterdir())) == 4
    run(STUDY, directory=half_way, overwrite=True)
    assert list((half_way / "parts").iterdir()) == [other]


def test_leftovers_of_killed_writes_go_and_nobody_elses_files(half_way):
    for folder in (half_way, half_way / "parts"):
        name = None

        def peek(path):
            nonlocal name
            name = path.name

        write_whole(folder / "some.npz", peek)
        dead = name.replace(f"-{os.getpid()}-", "-999999999-")
        for leftover in (dead, ".results.x.nc", ".bashrc", "some.npz"):
            (folder / leftover).write_bytes(b"half")
    run(STUDY, directory=half_way)
    assert sorted(path.name for path in (half_way / "parts").iterdir()) == [".bashrc", ".results.x.nc", "some.npz"]
    assert sorted(path.name for path in half_way.iterdir()) == [
        ".bashrc", ".results.x.nc", "parts", "results.nc", "some.npz",
    ]  # fmt: skip


def test_results_that_are_there_are_used_again_and_equal(tmp_path):
    first = run(STUDY, directory=tmp_path)
    written = (tmp_path / "results.nc").read_bytes()
    ran = []
    again = run(STUDY, directory=tmp_path, progress=lambda *steps: ran.append(steps))
    assert again.identical(first)
    assert ran == [(3, 3)]
    assert (tmp_path / "results.nc").read_bytes() == written
    assert [path.name for path in tmp_path.iterdir()] == ["results.nc"]


def test_parts_stay_until_the_block_of_finished_ends_well(half_way):
    for _ in range(2):
        with pytest.raises(Broken), finished(STUDY, directory=half_way):
            raise Broken
        assert len(list((half_way / "parts").iterdir())) == 3
        assert (half_way / "results.nc").exists()
    with finished(STUDY, directory=half_way) as dataset:
        assert dataset["area"].values.tolist() == [1.0, 4.0, 9.0]
    assert [path.name for path in half_way.iterdir()] == ["results.nc"]


def test_results_of_another_study_are_not_replaced_without_a_word(tmp_path):
    run(STUDY, directory=tmp_path)
    before = (tmp_path / "results.nc").read_bytes()
    other = SquareSettings(sides=[7.0])
    with pytest.raises(ParameterError, match=r"results\.nc holds .* another study \(squares\); give another folder"):
        run(other, directory=tmp_path)
    assert (tmp_path / "results.nc").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["results.nc"]
    assert run(other, directory=tmp_path, overwrite=True)["area"].values.tolist() == [49.0]
    (tmp_path / "results.nc").write_bytes(b"the notes of a colleague")
    with pytest.raises(ParameterError, match="is damaged, changed since, or no file of results; give another folder"):
        run(other, directory=tmp_path)
    (tmp_path / "foreign").mkdir()
    xr.Dataset({"x": 1.0}).to_netcdf(tmp_path / "foreign" / "results.nc", engine="h5netcdf")
    with pytest.raises(ParameterError, match="no file of results"):
        run(other, directory=tmp_path / "foreign")


def test_damaged_results_are_not_used(tmp_path):
    run(STUDY, directory=tmp_path)
    path = tmp_path / "results.nc"
    whole = path.read_bytes()
    for place in range(0, len(whole), 97):
        changed = bytearray(whole)
        changed[place] ^= 0x10
        path.write_bytes(changed)
        with pytest.raises(ParameterError, match=r"results\.nc is damaged"):
            run(STUDY, directory=tmp_path)
    assert run(STUDY, directory=tmp_path, overwrite=True)["area"].values.tolist() == [1.0, 4.0, 9.0]
    assert path.read_bytes() == whole


def test_results_of_another_version_are_replaced_with_a_word(tmp_path, monkeypatch):
    run(STUDY, directory=tmp_path)
    monkeypatch.setattr(Squares, "content", lambda self: "a cell that has changed")
    with pytest.warns(UserWarning, match=r"results\.nc is of another version .* computed anew and replaced"):
        run(STUDY, directory=tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(STUDY, directory=tmp_path)


def test_a_folder_that_cannot_be_written_is_found_before_anything_runs(half_way, monkeypatch):
    started = []
    monkeypatch.setattr(Squares, "task", lambda self, key: started.append(key))

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("pcmphys.numerics.files._fill", full)
        with pytest.raises(ParameterError, match=r"directory: .*No space left on device\)"):
            run(STUDY, directory=half_way)
    (half_way / "results.nc").mkdir()
    with pytest.raises(ParameterError, match=r"directory: .*results\.nc is a folder; move it away"):
        run(STUDY, directory=half_way)
    assert started == []


def test_a_failed_chunk_ends_the_study_and_keeps_what_ran(tmp_path, monkeypatch):
    def sometimes(side, _pause, tick=None):
        if side == 1.0:
            raise Broken
        time.sleep(0.2)
        return {"area": side * side}

    monkeypatch.setattr("tests.study.squares.square", sometimes)
    with pytest.raises(Broken):
        run(STUDY, directory=tmp_path)
    assert len(list(tmp_path.glob("parts/*"))) <= 2


def test_relative_paths_count_from_the_file_and_a_moved_study_is_the_same(small_network, tmp_path, monkeypatch):
    from importlib import resources

    text = resources.files("pcmphys.parameters").joinpath("ibm-90nm-statistical.toml").read_text()
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
        (folder / "cell.toml").write_text(text)
        (folder / "net").symlink_to(small_network)
        (folder / "mine.toml").write_text('network = "net"\ncells = ["cell.toml"]\nchips = 1\ntimes = [20.0]')
    marks = {fingerprint(plan_of(read_config(folder / "mine.toml"))) for folder in (here, there)}
    monkeypatch.chdir(here)
    marks |= {fingerprint(plan_of(read_config(file))) for file in ("mine.toml", "../there/mine.toml")}
    assert len(marks) == 1
    plan_of(read_config({"network": "net", "cells": ["cell.toml"]}))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError, match=rf"network 'net': {tmp_path}/net/weights\.npz cannot be read"):
        plan_of(read_config({"network": "net"}))
    (here / "cell.toml").unlink()
    with pytest.raises(ParameterError, match=rf"{here}/cell\.toml: cannot be read"):
        plan_of(read_config(here / "mine.toml"))
