"""Programming experiments as files: tables with their units and source, and the command."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import pcmphys as pcm
from pcmphys.errors import ParameterError
from pcmphys.fit import PulseTrains, programming, programming_curve, pulse_train, read_table
from tests.command import pcmphys

from . import truth

ROOT = Path(__file__).parents[3]


def curve_file(folder: Path, reads: np.ndarray) -> Path:
    path = folder / "curve.csv"
    rows = [
        f"{1e6 * level:.9g},d{k},{1e-3 / read:.12g}"
        for level, line in zip(truth.CURRENT, reads, strict=True)
        for k, read in enumerate(line)
    ]
    path.write_text("\n".join(["I pulse (uA),device,R (kohm)", *rows]), encoding="utf-8")
    return path


def train_file(folder: Path, trains: dict[float, np.ndarray]) -> Path:
    path = folder / "train.csv"
    rows = [
        f"{height},{n},{k},{1e6 * read:.12g}"
        for height, reads in trains.items()
        for n, line in enumerate(reads)
        for k, read in enumerate(line)
    ]
    path.write_text("\n".join(["amplitude[uA],pulse,device,conductance[uS]", *rows]), encoding="utf-8")
    return path


def test_a_table_is_a_curve(tmp_path):
    reads = truth.curve(np.random.default_rng(1), 20, rises=False) + 3e-6
    plain = programming_curve(truth.CURRENT, reads)
    table = read_table(curve_file(tmp_path, reads), amplitude="I pulse", device="device")
    for found in (programming_curve(table), programming(table)):
        for name, value in plain.values.items():
            assert found[name].value == pytest.approx(value, rel=1e-5, abs=1e-12)
            assert found[name].error == pytest.approx(plain[name].error, rel=1e-3)
        assert found.unit == "A"
        assert found.source == table.source
        assert "data: curve.csv (sha256 " in found.summary()
        assert found.to_dataset().attrs["sha256"] == table.source.sha256
    with pytest.raises(ParameterError, match="resistance: the table has it"):
        programming_curve(table, resistance=reads)
    with pytest.raises(ParameterError, match="no amplitude of the pulses"):
        programming_curve(table.only("resistance"))
    with pytest.raises(
        ParameterError, match=r"curve\.csv has no conductance and no resistance after each pulse; it has amplitude"
    ):
        programming_curve(table.only("amplitude"))
    with pytest.raises(ParameterError, match="the table has no pulse"):
        pulse_train(table)
    with pytest.raises(ParameterError, match="amplitude: the table has it"):
        programming(table, amplitude=truth.CURRENT)


def test_a_table_is_one_train_or_several(tmp_path):
    rng = np.random.default_rng(2)
    trains = {60.0: truth.train(rng, 30, 15) + 1e-6, 90.0: truth.train(rng, 25, 12) + 1e-6}
    found = programming(read_table(train_file(tmp_path, trains), device="device"), read_error=0.05e-6)
    assert isinstance(found, PulseTrains)
    for height, reads in trains.items():
        plain = pulse_train(reads, read_error=0.05e-6)
        one = found.at(height * 1e-6)
        for name, value in plain.values.items():
            assert one[name].value == pytest.approx(value, rel=1e-4, abs=1e-12)
        assert one.steps.change.size == plain.steps.change.size
        assert "data: train.csv" in one.summary()
    alone = programming(read_table(train_file(tmp_path, {60.0: trains[60.0]}), device="device"))
    assert alone.amplitude == pytest.approx(60e-6)
    single = read_table(train_file(tmp_path, {60.0: trains[60.0][:, :1]})).only("pulse", "conductance")
    with pytest.raises(ParameterError, match="15 steps are too few"):
        pulse_train(single)
    data = found.to_dataset()
    assert np.isfinite(data["pulse_mean"]).sum() == 15 + 12
    data.to_netcdf(tmp_path / "trains.nc", engine="h5netcdf")


def test_a_staircase_is_no_train():
    number = np.tile(np.arange(12), 3)
    device = np.repeat([0, 1, 2], 12)
    with pytest.raises(ParameterError, match="a staircase is no train of equal pulses"):
        pulse_train(1e-6 * (1.0 + number), pulse=number, device=device, amplitude=1e-5 * (1.0 + number))


def test_the_example_of_the_help_runs_on_data_of_the_repository(tmp_path):
    text = " ".join(pcmphys("fit", "programming", "--help").stdout.split())
    example = re.search(r"Example: pcmphys (.*?\.nc)", text)[1].split()
    example = [str(ROOT / word) if word.startswith("data/") else word for word in example]
    result = pcmphys(*example, folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "set_voltage" in result.stdout
    assert "licence MIT" in result.stdout
    assert (tmp_path / "set.png").stat().st_size > 20_000
    with xr.open_dataset(tmp_path / "set.nc") as table:
        assert table.sizes["amplitude"] == 30


def test_the_command_writes_a_cell(tmp_path):
    file = curve_file(tmp_path, truth.curve(np.random.default_rng(3), 20, rises=False) + 3e-6)
    given = ("fit", "programming", file, "--amplitude", "I pulse", "--device", "device")
    result = pcmphys(*given, "--out", "cell.toml", "--cell", "ibm-90nm-doped-gst", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "heat.thermal_resistance" in result.stdout
    cell = pcm.load_cell(tmp_path / "cell.toml")
    assert cell.parameters.heat.thermal_resistance == pytest.approx(2.29e6, rel=0.1)
    result = pcmphys(*given, "--out", "cell.toml", "--cell", "ibm-90nm-statistical", folder=tmp_path)
    assert result.returncode == 2
    assert "--out: cell.toml is there already; --overwrite replaces it" in result.stderr
    result = pcmphys(*given, "--out", "cell.toml", "--cell", "ibm-90nm-statistical", "--overwrite", folder=tmp_path)
    assert result.returncode == 2
    assert "nothing that is a number of" in result.stderr


def test_the_command_fits_trains(tmp_path):
    file = train_file(tmp_path, {60.0: truth.train(np.random.default_rng(4), 30, 15) + 1e-6})
    result = pcmphys("fit", "programming", file, "--read-error", "50 nS", "--plot", "train.png", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "pulse train of 6e-05 A: 450 steps of 30 devices" in result.stdout
    result = pcmphys("fit", "programming", file, "--read-error", "50", folder=tmp_path)
    assert result.returncode == 2
    assert "--read-error" in result.stderr
