"""The command line as a user meets it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TRACES = Path(__file__).parents[1] / "data" / "ibm-pcm-joshi-digitised" / "pcm_drift_traces_nodes.csv"


def pcmphys(*arguments, folder=None):
    command = [sys.executable, "-m", "pcmphys.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=300, check=False)


@pytest.mark.parametrize("command", [[], ["study"], ["cells"], ["cells", "show"], ["cite"], ["fit"], ["fit", "drift"]])
def test_every_command_has_help(command):
    result = pcmphys(*command, "--help")
    assert result.returncode == 0
    assert "Usage" in result.stdout
    assert len(command) == 0 or command == ["fit"] or "Example" in result.stdout


def test_cells_show_and_cite():
    assert "ibm-90nm-statistical" in pcmphys("cells").stdout
    shown = pcmphys("cells", "show", "ibm-90nm-statistical").stdout
    assert "assumed" in shown
    assert "trap_fastest" in shown
    assert pcmphys("cite", "hermes-14nm-statistical").stdout.startswith("@")


def test_an_error_is_one_line_without_a_traceback():
    result = pcmphys("cells", "show", "ibm-90nm-statistcal")
    assert result.returncode == 2
    assert "did you mean 'ibm-90nm-statistical'" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_study_writes_its_files_and_shows_no_bar_in_a_pipe(small_network, tmp_path):
    template = pcmphys("study", "--template").stdout
    settings = template.replace('network = "digits"', f'network = "{small_network}"').replace("chips = 5", "chips = 2")
    (tmp_path / "mine.toml").write_text(settings)
    result = pcmphys("study", "mine.toml", "--out", "mine", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert sorted(p.name for p in (tmp_path / "mine").iterdir()) == ["overview.png", "report.html", "results.nc"]
    assert "effective bits" in result.stdout
    assert result.stderr == ""


def test_the_study_of_selectors_runs_from_its_template(tmp_path):
    template = pcmphys("study", "selector-margin", "--template").stdout
    assert "NeuroSim" in template
    lines = ["sizes = [3, 4]" if line.startswith("sizes") else line for line in template.splitlines()]
    (tmp_path / "mine.toml").write_text("\n".join(lines), encoding="utf-8")
    result = pcmphys("study", "mine.toml", "--out", "mine", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert sorted(p.name for p in (tmp_path / "mine").iterdir()) == ["overview.png", "report.html", "results.nc"]
    assert "4 × 4 cells" in result.stdout
    assert "assumed: Diode(" in result.stdout
    assert result.stderr == ""


def test_a_misspelt_study_is_named():
    for options in ([], ["--template"]):
        result = pcmphys("study", "selector-margn", *options)
        assert result.returncode == 2
        assert "did you mean 'selector-margin'" in result.stderr
    assert "pcmphys study selector-margin" in pcmphys("study", "--help").stdout


def test_a_bad_study_writes_nothing(tmp_path):
    (tmp_path / "bad.toml").write_text("chip = 3\n")
    result = pcmphys("study", "bad.toml", "--out", "bad", folder=tmp_path)
    assert result.returncode == 2
    assert "did you mean 'chips'" in result.stderr
    assert not (tmp_path / "bad").exists()


def test_fit_drift_prints_the_fit_and_draws_it(tmp_path):
    options = ["--time", "t_s[s]", "--conductance", "g_c1_*[1]", "--start", 55, "--slope", 1.0, "--error", 0.007]
    result = pcmphys("fit", "drift", TRACES, *options, "--figure", tmp_path / "d.png")
    assert result.returncode == 0, result.stderr
    assert "g_c1_purple" in result.stdout
    assert (tmp_path / "d.png").stat().st_size > 10_000


def test_fit_drift_lists_every_device_and_writes_them(tmp_path):
    rows = [",".join(["time (s)", *(f"conductance{k} (uS)" for k in range(25))])]
    rows += [
        ",".join([str(t), *(f"{20 * t**-0.05 + 0.01 * ((7 * k + t) % 5):.4f}" for k in range(25))])
        for t in (1, 3, 9, 30)
    ]
    (tmp_path / "many.csv").write_text("\n".join(rows))
    short = pcmphys("fit", "drift", "many.csv", folder=tmp_path)
    assert "25 devices in all, 20 shown" in short.stdout
    assert "conductance24 " not in short.stdout
    full = pcmphys("fit", "drift", "many.csv", "--all", "--csv", "fit.csv", folder=tmp_path)
    assert full.returncode == 0, full.stderr
    assert "conductance24 " in full.stdout
    assert "because" in full.stdout
    assert len((tmp_path / "fit.csv").read_text().splitlines()) == 26


def test_fit_drift_refuses_marks_for_over_range_and_tells_of_large_conductances(tmp_path):
    text = "time (s),g1 (S),g2 (S)\n1,2e-5,{0}\n2,1.9e-5,{0}\n5,1.8e-5,{0}\n9,1.7e-5,{0}\n"
    (tmp_path / "a.csv").write_text(text.format("9.9E37"))
    result = pcmphys("fit", "drift", "a.csv", "--conductance", "g*", folder=tmp_path)
    assert result.returncode == 2
    assert "a.csv, line 2, column 'g2 (S)': 9.9E37 is a tester's mark for over-range" in result.stderr
    (tmp_path / "a.csv").write_text(text.format("5"))
    result = pcmphys("fit", "drift", "a.csv", "--conductance", "g*", folder=tmp_path)
    assert result.returncode == 0
    assert result.stderr.startswith("warning: a.csv, line 2, column 'g2 (S)': 5 S")
    assert "ValidityWarning" not in result.stderr
    # where to write is looked at before the fit
    for option, path, says in (("--figure", "x/d.png", "no folder x"), ("--csv", ".", "is a folder")):
        result = pcmphys("fit", "drift", "a.csv", "--conductance", "g*", option, path, folder=tmp_path)
        assert result.returncode == 2
        assert says in result.stderr
        assert result.stdout == ""


def test_fit_drift_names_a_missing_column():
    result = pcmphys("fit", "drift", TRACES, "--time", "t_seconds[s]", "--conductance", "g_*[1]")
    assert result.returncode == 2
    assert "t_seconds" in result.stderr
    assert "t_s" in result.stderr


def test_units_survive_in_the_help_and_the_version_is_told():
    text = pcmphys("fit", "drift", "--help").stdout
    assert "t_s[s]" in text
    assert "g_*[1]" in text
    assert "conductance*" in text
    assert "S mS uS nS" in text
    assert "--read-duration" in text
    assert pcmphys("--version").stdout.startswith("pcmphys 0.")
    assert subprocess.run([sys.executable, "-m", "pcmphys", "cells"], capture_output=True, check=False).returncode == 0
