"""Calibrations as files."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.fit import read_calibration

DATA = Path(__file__).parents[3] / "data"
TEXT = (DATA / "ibm-90nm-steps.toml").read_text(encoding="utf-8")


def written(tmp_path, *changes):
    """The example with pieces of text exchanged, beside its table."""
    text = TEXT.replace("ibm-pcm-published-laws", str(DATA / "ibm-pcm-published-laws"))
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_becomes_experiments(tmp_path):
    plan = read_calibration(written(tmp_path))
    assert [one.key for one in plan.free] == ["heat.edge_drop", "crystallization.growth_factor"]
    assert plan.free[0].prior == (0.55, 0.1)
    (train,) = plan.experiments
    assert (train.x == np.arange(1.0, 21.0)).all()
    assert train.pulse.peak == 100e-6
    target = train.targets["conductance_mean"]
    assert target.value[0] == pytest.approx(1.833e-6)
    assert target.error[0] == pytest.approx(0.05 * 1.833e-6)
    assert (target.used == (np.arange(20) % 2 == 0)).all()
    assert not train.targets["step_std"].used.any()
    assert "incremental_set.csv" in train.source
    assert "published formula" in train.source
    smaller = plan.but(rounds=2, devices=50)
    assert (smaller.search.rounds, smaller.experiments[0].devices) == (2, 50)
    assert plan.but() is not None
    assert plan.but().search == plan.search


def test_the_file_of_the_shipped_cell_is_one():
    plan = read_calibration(DATA / "ibm-90nm-calibration.toml")
    assert {type(one).__name__ for one in plan.experiments} == {"PulseTrain", "ProgramAndVerify", "ReadNoise"}
    for experiment in plan.experiments:
        for quantity, target in experiment.targets.items():
            held_out = target.measured & ~target.used
            assert held_out.any(), f"{experiment.title}: nothing of {quantity} is held out"


def test_a_plan_runs(tmp_path):
    plan = read_calibration(written(tmp_path)).but(rounds=1, devices=60)
    found = plan.run(directory=tmp_path / "kept")
    assert found.cell.name == "ibm-90nm-steps"
    assert any("incremental_set.csv" in note for note in found.notes)
    again = plan.run(directory=tmp_path / "kept")
    assert again.values == found.values


BAD = [
    (('kind = "PulseTrain"', 'kind = "PulseTrian"'), "did you mean 'PulseTrain'"),
    (("conductance_mean =", "conductance_maen ="), "did you mean 'conductance_mean'"),
    (("relative_error = 0.2", "relative_eror = 0.2"), "relative_eror"),
    (('x = "pulse[1]"', 'x = "puls[1]"'), "puls"),
    (("x_to = 20", "x_upto = 20"), "did you mean 'x_to'"),
    (("low = 0.3", "low = 1.3"), "mine.toml: bounds of heat.edge_drop must rise"),
    (
        ('"heat.edge_drop"', '"heat.edge_dorp"'),
        "mine.toml: free: 'heat.edge_dorp' is no number of",
    ),
    (('"step_std_uS[uS]"', '"cond[uS]"'), "mine.toml: "),
    (('"step_std_uS[uS]"', '"cond[uS]"'), "experiments[0].targets.step_std.column"),
    (('cell = "ibm-90nm-doped-gst"', 'cell = "ibm-90nm-dope"'), "mine.toml: "),
    (("rounds = 6", "round = 6"), "did you mean 'rounds'"),
    (("width = 50e-9", "widht = 50e-9"), "widht"),
    (("pulse = {", "puls = {"), "did you mean 'pulse'"),
    (('cell = "ibm-90nm-doped-gst"', 'cell = "ibm-90nm-doped"'), "ibm-90nm-doped-gst"),
    (("seen = { every = 2 }", "seen = { every = 0 }"), "seen"),
    (('"conductance_mean_uS[uS]"', '"conductance_mean_uS[V]"'), "V"),
]


@pytest.mark.parametrize(("change", "words"), BAD, ids=lambda part: part if isinstance(part, str) else "")
def test_what_is_wrong_in_a_file_is_named(tmp_path, change, words):
    with pytest.raises(pcm.ParameterError, match=re.escape(words)):
        read_calibration(written(tmp_path, change))
