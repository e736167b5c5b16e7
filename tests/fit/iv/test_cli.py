"""`pcmphys fit iv` as a user meets it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import pcmphys as pcm
from tests.command import pcmphys

ROOT = Path(__file__).parents[3]
SWEEPS = ROOT / "data" / "iv-synthetic" / "sweeps.csv"


def test_the_examples_of_the_help_run(tmp_path):
    text = pcmphys("fit", "iv", "--help").stdout
    examples = re.findall(r"Example:  pcmphys (fit iv [^│]*?)(?:\n\s*\n|\n *Example|$)", text)
    assert len(examples) == 2
    for example in examples:
        words = shlex.split(example)
        for k, word in enumerate(words):
            if word in ("--plot", "--out"):
                words[k + 1] = str(tmp_path / words[k + 1])
        result = pcmphys(*words, folder=ROOT)
        assert result.returncode == 0, result.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"iv.png", "cell.toml", "read.png"}
    assert all(path.stat().st_size > 1000 for path in tmp_path.iterdir())
    cell = pcm.load_cell(tmp_path / "cell.toml")
    assert cell.parameters.heat.on_voltage == pytest.approx(0.8, abs=0.02)
    # 1.13 V over 25 nm at 300 K
    assert cell.parameters.switching.threshold_field == pytest.approx(45.2e6, rel=0.02)
    quantity = cell.technology.quantities["heat.on_voltage"]
    assert quantity.kind == "fit"
    assert "+-" in quantity.note
    assert "sweeps.csv" in quantity.source


def test_every_option_reaches_the_fit(tmp_path):
    out = tmp_path / "fit.nc"
    result = pcmphys(
        "fit", "iv", SWEEPS, "--thickness", "25 nm", "--relative-error", 0.02, "--floor", "10 pA", "--below", "keep",
        "--free", "current_offset", "--free", "voltage_offset", "--largest-voltage", 0.9, "--compliance", "500 uA",
        "--least-on-current", "150 uA", "--jump", 5, "--voltage", "V", "--current", "I", "--out", out,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    with xr.open_dataset(out) as data:
        values = dict(zip(data.parameter.values.tolist(), data.value.values.tolist()))
        assert values["hop_distance"] == pytest.approx(6e-9, rel=0.03)
        assert {"current_offset", "voltage_offset"} <= values.keys()
        assert data.sizes["sweep"] == 3
        assert "sweeps.csv" in str(data.attrs)
        off = data.branch.values == "off"
        assert np.abs(data.voltage.values[off]).max() <= 0.9
        assert (data.branch.values == "limited").any()
    quiet = pcmphys("fit", "iv", SWEEPS, "--floor", "10 pA", "--below", "keep", "--jump", 0)
    assert "threshold_" not in quiet.stdout
    assert "hold_voltage" not in quiet.stdout


def test_what_is_wrong_is_one_line(tmp_path):
    for options, words in (
        (("--floor", "10"), "--floor must be a number with its unit"),
        (("--hop-distance", "6"), "--hop-distance must be a number with its unit (m, um, nm)"),
        (("--law", "pool"), "did you mean 'poole'"),
        (("--floor", "10 nA"), "a current is below the floor: "),
        (("--free", "offset"), "free must be one of"),
        (("--heater-radius", "20 nm", "--law", "ohmic"), "--heater-radius makes a dome of the law poole"),
        (("--heater-radius", "20 nm", "--floor", "10 pA"), "'poole-dome' needs the thickness, or its hop_distance"),
        (("--voltage", "U"), "'U'"),
        (("--out", tmp_path / "a.toml"), "--cell says from which it starts"),
    ):
        result = pcmphys("fit", "iv", SWEEPS, *options)
        assert result.returncode == 2, words
        assert words in result.stderr
        assert result.stderr.count("\n") == 1


def test_thicknesses_of_a_column(tmp_path):
    rows = ["u[nm],V[V],I[A]"]
    rng = np.random.default_rng(0)
    for thick in (20.0, 30.0, 40.0):
        bend = 2 * 8.617333262e-5 * 300.0 * thick / 6.0
        for v in np.linspace(0.02, 1.0, 40):
            rows.append(f"{thick:g},{v:.4f},{1e-8 * bend * np.sinh(v / bend) * (1 + 0.01 * rng.standard_normal()):.6g}")
    file = tmp_path / "u.csv"
    file.write_text("\n".join(rows))
    result = pcmphys("fit", "iv", file, "--column", "thickness=u[nm]", "--temperature", "300 K")
    assert result.returncode == 0, result.stderr
    found = re.search(r"hop_distance +(\d\.\d+)e-09", result.stdout)
    assert float(found[1]) == pytest.approx(6.0, rel=0.02)
    assert "3 sweeps of 3 devices" in result.stdout
