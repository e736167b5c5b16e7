"""The commands that fit spectra, telegraph noise and retention, as a user meets them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import xarray as xr

from tests.command import pcmphys

ROOT = Path(__file__).parents[1]


def test_the_example_of_the_help_can_be_written(tmp_path):
    text = " ".join(pcmphys("fit", "retention", "--help").stdout.split())
    example = re.search(r"Example: pcmphys (.*?\.png)", text)[1].split()
    example = [str(ROOT / word) if word.startswith("data/") else word for word in example]
    result = pcmphys(*example, "--out", "fit.nc", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "note: " in result.stdout
    assert next(tmp_path.glob("*.png")).stat().st_size > 20_000
    with xr.open_dataset(tmp_path / "fit.nc") as table:
        assert table.value.dims == ("parameter",)
        assert table.attrs["title"] in result.stdout


def write(path, *lines):
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_units_are_asked_for_and_used(tmp_path):
    rng = np.random.default_rng(0)
    trace = 10.0 - (np.cumsum(rng.random(1000) < 0.02) % 2) + 0.2 * rng.normal(size=1000)
    file = write(tmp_path / "t.csv", "time,g", *(f"{k},{value:.6f}" for k, value in enumerate(trace)))
    result = pcmphys("fit", "telegraph", file, "--trace", "g", "--dt", 1.0)
    assert result.returncode == 2
    assert "column 'g' has no unit; declare it, such as" in result.stderr
    result = pcmphys("fit", "telegraph", file, "--trace", "g[uS]", "--dt", 1.0, "--traps", 1)
    assert result.returncode == 0, result.stderr
    assert re.search(r"amplitude_1 +(9|10|1)\.\d+e-0[67] .* S", result.stdout), result.stdout
    result = pcmphys("fit", "telegraph", file, "--trace", "h[uS]", "--dt", 1.0)
    assert "no trace column 'h'; the columns are time, g" in result.stderr


def test_what_cannot_be_is_one_line(tmp_path):
    bad = write(tmp_path / "bad.csv", "g[uS]", "1", "x", "2")
    for arguments, words in [
        (("spectrum", bad, "--trace", "g", "--dt", 1.0), "line 3, column 'g[uS]': 'x' is not a number"),
        (("spectrum", tmp_path / "none.csv", "--dt", 1.0), "No such file"),
        (("telegraph", bad, "--trace", "g", "--dt", 1.0, "--plot", tmp_path / "a.txt"), "must end in one of"),
        (
            ("retention", ROOT / "data/stanford-rram/bake.csv", "--failed", "time[s]"),
            "column 'time[s]' has the unit 's'",
        ),
        (("retention", ROOT / "data/stanford-rram/bake.csv", "--once", "--since", "time"), "not both"),
    ]:
        result = pcmphys("fit", *arguments)
        assert result.returncode == 2
        assert words in result.stderr
        assert "Traceback" not in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1


def test_celsius_become_kelvin(tmp_path):
    rows = [f"{kelvin - 273.15:.2f},{time:.6g}" for kelvin, time in
            [(500, 3e3), (500, 5e3), (520, 4e2), (520, 9e2), (540, 8e1), (540, 1.5e2)]]  # fmt: skip
    result = pcmphys(
        "fit", "retention", write(tmp_path / "r.csv", "T[degC],t[s]", *rows), "--time", "t", "--temperature", "T"
    )
    assert result.returncode == 0, result.stderr
    assert "500 K: 2" in result.stdout
