"""A package of somebody else, installed by pip: found, listed, checked and run from the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

STRANGER = Path(__file__).parent / "stranger"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Environment in which the package is installed, in a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), str(STRANGER)]
    subprocess.run(pip, check=True, capture_output=True, timeout=300)
    paths = [str(folder), str(Path(__file__).parents[1])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def said(environment, folder, *arguments) -> str:
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_it_is_found_once_it_is_installed(installed, tmp_path):
    assert "steady" in said(installed, tmp_path, "pcmphys", "cells")
    shown = said(installed, tmp_path, "pcmphys", "cells", "show", "steady")
    assert "stranger2026" in shown
    assert "Resistors that keep their value" in said(installed, tmp_path, "pcmphys", "cite", "steady")
    (tmp_path / "check.py").write_text(
        "import pcmphys as pcm\n"
        "from pcmphys.crossbar.selectors.registry import SELECTORS\n"
        "print(len(pcm.testing.check_cell(pcm.load_cell('steady'), many=16)))\n"
        "print(len(pcm.testing.check_selector(SELECTORS['cubic']())))\n"
    )
    assert said(installed, tmp_path, "check").split() == ["13", "7"]


@pytest.mark.slow
def test_its_kinds_run_in_studies(installed, tmp_path):
    assert "spread" in said(installed, tmp_path, "pcmphys", "study", "histogram", "--out", "bars")
    (tmp_path / "margins.toml").write_text(
        'study = "selector-margin"\nselectors = ["none", "cubic"]\nsizes = [4]\nwires = [1.0]\n'
        "[cubic]\ncoefficient = 2e-3\n"
    )
    assert "cubic" in said(installed, tmp_path, "pcmphys", "study", "margins.toml", "--out", "margins")
    (tmp_path / "net.toml").write_text('cells = ["steady"]\nchips = 1\ntimes = [20.0]\ninputs = 50\n')
    assert "steady" in said(installed, tmp_path, "pcmphys", "study", "net.toml", "--out", "net")


@pytest.mark.slow
def test_its_target_is_written_for(installed, tmp_path):
    options = ["--levels", "3", "--times", "2", "--devices", "100", "--out", "means"]
    assert "means" in said(installed, tmp_path, "pcmphys", "export", "other", "steady", "means", *options)
    assert len((tmp_path / "means" / "means.txt").read_text().splitlines()) == 3
