"""A third kind of study is one file and one line: run, resume, report and command line take it as it is."""

from __future__ import annotations

import pytest

from pcmphys import ParameterError
from pcmphys.study import read_config, registry, report, run
from tests.study.squares import KIND, SquareSettings, square


@pytest.fixture(autouse=True)
def _third_kind(monkeypatch):
    monkeypatch.setattr(registry, "KINDS", (*registry.KINDS, KIND))


def test_it_runs_from_a_file_a_dictionary_and_its_name(tmp_path):
    (tmp_path / "mine.toml").write_text('study = "square"\nsides = [3.0]')
    assert run(tmp_path / "mine.toml")["area"].values.tolist() == [9.0]
    assert read_config({"study": "square"}) == read_config("square") == SquareSettings()
    seen = []
    found = run("square", directory=tmp_path / "out", progress=lambda *steps: seen.append(steps))
    assert found["area"].values.tolist() == [1.0, 4.0]
    assert found.attrs["study"] == "square"
    assert seen[-1] == (2, 2)


def test_it_has_a_report_before_anyone_has_written_one(tmp_path):
    found = run("square")
    page = report.page(found)
    for word in ("<h1>squares</h1>", "area of a square", "m2", "sides"):
        assert word in page
    (table,) = report.tables(found)
    assert table.rows == [("area", "side", "area of a square", "m2", "1", "4")]
    assert report.remarks(found) == []
    assert report.write_overview(found, tmp_path / "overview.png") is None


def test_settings_of_a_kind_that_nobody_registered_are_refused_by_name(monkeypatch):
    monkeypatch.setattr(registry, "KINDS", registry.KINDS[:-1])
    with pytest.raises(
        ParameterError,
        match=r"known kind \(StudyConfig, .*, LayersConfig, ChipConfig, ChipScaleConfig, TrainingConfig\); got Sq",
    ):
        run(SquareSettings())
    assert "area of a square" in report.page(_squares())


def _squares():
    return KIND.plan(SquareSettings()).dataset([square(side, 0.0) for side in SquareSettings().sides])
