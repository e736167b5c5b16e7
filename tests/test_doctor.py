"""The command that looks at the installation."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pcmphys.cli import doctor

ROOT = Path(__file__).parents[1]


def examined(**environment):
    command = [sys.executable, "-m", "pcmphys", "doctor"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_it_tells_what_a_report_of_a_fault_needs(tmp_path):
    found = examined(NUMBA_CACHE_DIR=str(tmp_path))
    assert found.returncode == 0, found.stderr
    assert found.stderr == ""
    said = found.stdout
    assert said.startswith(f"pcmphys   {importlib.metadata.version('pcmphys')} in {ROOT / 'pcmphys'}\n")
    assert f"numba {importlib.metadata.version('numba')}" in said
    assert re.search(
        r"^threads   \d+ cores for this process; kernels use \d+ \(NUMBA_NUM_THREADS\)$", said, re.MULTILINE
    )
    assert f"kernels   0 compiled ones, 0.0 MB, in {tmp_path / 'pcmphys-kernels'}" in said
    assert re.search(r"^compiler  a small kernel takes \d+\.\d\d s", said, re.MULTILINE)
    assert re.search(
        r"^extra     dask: (distributed \d|not installed: pip install \"pcmphys\[dask\]\")", said, re.MULTILINE
    )
    assert re.search(r"problems? found$", said)


def test_every_extra_for_users_is_told(capsys):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    doctor.examine()
    told = re.findall(r"^extra     (\w+): ", capsys.readouterr().out, re.MULTILINE)
    assert sorted(told) == sorted(set(extras) - {"test", "lint", "docs"})


def test_what_is_wrong_is_said_with_its_remedy():
    off = examined(NUMBA_DISABLE_JIT="1").stdout
    assert "problem   NUMBA_DISABLE_JIT is set: kernels run as plain Python, a thousand times slower; unset it" in off


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="asks the system for its cores")
def test_threads_that_are_left_idle_are_said():
    cores = len(os.sched_getaffinity(0))
    said = examined(NUMBA_NUM_THREADS="1").stdout
    assert (f"problem   kernels use 1 of {cores} cores" in said) == (cores > 1)


def test_a_package_that_is_missing_or_old_is_named(monkeypatch):
    installed = {"numpy": "1.0", "numba": "0.68.1"}
    monkeypatch.setattr(
        importlib.metadata, "requires", lambda _: ["numpy>=1.26", "numba>=0.60", "gone>=2", 'x; extra == "a"']
    )
    monkeypatch.setattr(doctor, "_version", installed.get)
    assert list(doctor._requirements()) == [
        "numpy is 1.0, pcmphys needs >=1.26: pip install -U 'numpy'",
        "cannot work: gone is missing; pip install 'gone>=2'",
    ]


def test_a_machine_without_a_compiler_or_a_cache_is_said(monkeypatch):
    def broken():
        raise OSError("no LLVM")

    monkeypatch.setattr(doctor, "_compiled_in", broken)
    monkeypatch.setattr("pcmphys.numerics.cache.cache_directory", lambda: None)
    monkeypatch.setattr("numba.config.DISABLE_JIT", 0)
    wrong = list(doctor._kernels([]))
    assert wrong[0].startswith(
        "compiled kernels cannot be kept: every start compiles for a minute; set NUMBA_CACHE_DIR"
    )
    assert wrong[1] == "cannot work: numba does not compile here (OSError: no LLVM)"
