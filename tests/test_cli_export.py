"""The commands that write exports, as a user meets them."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from tests.command import pcmphys

TARGETS = ("aihwkit", "crosssim", "tables", "neurosim")


@pytest.mark.parametrize(
    ("target", "count"),
    [
        pytest.param("aihwkit", 3, marks=pytest.mark.slow),
        pytest.param("crosssim", 2, marks=pytest.mark.slow),
        ("tables", 1),
        ("neurosim", 1),
    ],
)
def test_the_examples_in_the_help_run(target, count, tmp_path):
    text = pcmphys("export", target, "--help").stdout
    examples = re.findall(rf"Example:  pcmphys (export {target} [^│]*?)(?:\n\s*\n|\n *Example|$)", text)
    assert len(examples) == count
    for example in examples:
        words = shlex.split(example)
        result = pcmphys(*words, folder=tmp_path)
        assert result.returncode == 0, result.stderr
        folder = tmp_path / words[words.index("--out") + 1]
        if words[2] == "rram-gong2018":  # trained in place: a device, of which nothing is sampled
            assert "device  ExpStepDevice" in result.stdout
            assert "report" not in result.stdout
            assert (folder / "pulsed_device.py").exists()
            continue
        assert "bins within bounds" in result.stdout
        assert f"report  {folder / 'round_trip.html'}" in result.stdout
        assert (folder / "round_trip.html").stat().st_size > 5000
        assert json.loads((folder / "pcmphys-export.json").read_text())["cell"] == words[2]


def test_the_example_of_ngspice_runs(tmp_path):
    text = pcmphys("export", "ngspice", "--help").stdout
    words = shlex.split(re.search(r"Example:  pcmphys (export ngspice .*?)\n\s*\n", text, re.DOTALL)[1])
    result = pcmphys(*words, folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "devices.lib").read_text().count(".subckt pcm_") == 20
    again = pcmphys(*words, folder=tmp_path)
    assert again.returncode == 2
    assert "is there already; --overwrite replaces it" in again.stderr
    assert pcmphys(*words, "--overwrite", folder=tmp_path).returncode == 0
    film = [word.replace("ibm-90nm-doped-gst", "gst225-film") for word in words]
    assert "has no devices" in pcmphys(*film, "--overwrite", folder=tmp_path).stderr


def test_the_example_of_updates_runs(tmp_path):
    text = pcmphys("export", "updates", "--help").stdout
    words = shlex.split(re.search(r"Example:  pcmphys (export updates .*?)\n\s*\n", text, re.DOTALL)[1])
    result = pcmphys(*words, folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "device  tables of steps" in result.stdout
    assert (tmp_path / "updates" / "neurosim.csv").read_text().startswith("name,value\nminConductance,3.3")
    assert "trained in place" in pcmphys("export", "updates", "ibm-90nm-statistical", "--out", tmp_path / "x").stderr


def test_every_command_has_help():
    for words in ((), *((target,) for target in (*TARGETS, "ngspice", "updates"))):
        result = pcmphys("export", *words, "--help")
        assert result.returncode == 0
        assert words == () or "Example" in result.stdout


@pytest.mark.parametrize("target", TARGETS)
def test_a_folder_with_other_files_stays_as_it_was(target, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    result = pcmphys("export", target, "ibm-90nm-statistical", "--out", tmp_path, "--overwrite")
    assert result.returncode == 2
    assert "holds other files (mine.txt)" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("aihwkit", "ibm-90nm-statistcal"), "did you mean 'ibm-90nm-statistical'"),
        (("aihwkit", "gst225-film"), "a FilmCell has none"),
        (("aihwkit", "ibm-90nm-statistical", "--name", "class"), "a word of Python itself"),
        (("aihwkit", "ibm-90nm-statistical", "--name", "LOSS"), "that the written module uses"),
        (("crosssim", "ibm-90nm-statistical", "--devices", "0"), "devices must be a whole number within [100"),
        (("tables", "ibm-90nm-statistical", "--levels", "1"), "levels must be a whole number within [2"),
        (("tables", "ibm-90nm-statistical", "--levels", "1,5,10"), "say the unit, as in '1,5,10 uS'"),
        (("tables", "ibm-90nm-statistical", "--levels", "1,5,10 cm"), "--levels must be a number with its unit"),
        (("tables", "ibm-90nm-statistical", "--times", "1h,x"), "--times must be times [s] divided by commas"),
        (("neurosim", "ibm-90nm-statistical", "--bits", "0"), "bits must be a whole number within [1"),
        (("crosssim", "rram-gong2018"), "does not drift"),
    ],
)
def test_what_cannot_be_is_one_line(arguments, words, tmp_path):
    result = pcmphys("export", *arguments, "--out", tmp_path / "x")
    assert result.returncode == 2
    lines = [line for line in result.stderr.strip().splitlines() if "compiles" not in line]
    assert len(lines) == 1
    assert words in lines[0]
    assert not (tmp_path / "x").exists()
