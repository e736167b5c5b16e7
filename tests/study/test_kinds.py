"""A third kind of study is one file and one line: run, resume, report and command line take it as it is."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import pytest

from pcmphys.plot import report
from pcmphys.study import kinds, read_config, run
from pcmphys.study.plan import Plan, labelled
from pcmphys.study.settings import Positive, Settings


class SquareSettings(Settings):
    """Squares of some numbers."""

    built_in: ClassVar[str] = "square"
    template: ClassVar[str] = 'study = "square"\nsides = [1.0, 2.0]\n'
    doing: ClassVar[str] = "multiplying"

    study: Literal["square"] = "square"
    sides: tuple[Positive, ...] = (1.0, 2.0)

    def plan(self):
        return Squares(self)


class Squares(Plan):
    """One chunk a number."""

    def __init__(self, config):
        self.config = config
        self.chunks = [(k,) for k in range(len(config.sides))]

    def task(self, key):
        return square, (self.config.sides[key[0]],)

    def dataset(self, parts):
        variables = {"area": (("side",), [part["area"] for part in parts], "m2", "area of a square")}
        return labelled(self.config, "squares", variables, {"side": list(self.config.sides)}, {})


def square(side, tick=None):
    if tick is not None:
        tick()
    return {"area": np.array(side * side)}


@pytest.fixture(autouse=True)
def _third_kind(monkeypatch):
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, SquareSettings))


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
