"""Kinds of other packages: found by name, loaded when asked for, refused in words."""

from __future__ import annotations

import sys
import warnings
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import pcmphys as pcm
from pcmphys import ParameterError
from pcmphys.cells.registry import MODELS
from pcmphys.crossbar.selectors.registry import SELECTORS
from pcmphys.numerics import doors
from pcmphys.parameters import cite
from pcmphys.study import read_config, run
from pcmphys.study.registry import kinds, studies
from pcmphys.testing import check_cell, check_selector

STRANGER = Path(__file__).parents[1] / "stranger"
POINTS = {
    "pcmphys.cells": {"steady": "stranger.cell:KIND"},
    "pcmphys.technologies": {"stranger": "stranger"},
    "pcmphys.selectors": {"cubic": "stranger.selector:Cubic"},
    "pcmphys.studies": {"histogram": "stranger.study:KIND"},
}


@pytest.fixture
def offer(monkeypatch):
    """Entry points as installed packages would have them."""
    offered: dict[str, dict[str, tuple[EntryPoint, ...]]] = {}

    def more(group, name, value):
        here = offered.setdefault(group, {})
        here[name] = (*here.get(name, ()), EntryPoint(name, value, group))

    def entry_points(group):
        return offered.get(group, {})

    for module in (doors, sys.modules["pcmphys.parameters.shipped"]):
        monkeypatch.setattr(module, "entry_points", entry_points)
    return more


@pytest.fixture
def stranger(offer, monkeypatch):
    monkeypatch.syspath_prepend(str(STRANGER / "src"))
    for group, points in POINTS.items():
        for name, value in points.items():
            offer(group, name, value)


@pytest.mark.usefixtures("stranger")
def test_a_cell_of_another_package_is_a_cell():
    assert "steady" in pcm.list_cells()
    cell = pcm.load_cell("steady")
    assert len(check_cell(cell, many=16)) == 13
    assert "Resistors that keep their value" in cite(cell)
    matrix = pcm.AnalogMatrix([[0.5, -0.25]], cell, seed=3)
    matrix.program()
    assert matrix.matvec([1.0]) == pytest.approx([0.5, -0.25], abs=0.05)


@pytest.mark.usefixtures("stranger")
def test_its_numbers_are_checked_as_ours(tmp_path):
    text = (STRANGER / "src" / "stranger" / "steady.toml").read_text()
    mine = tmp_path / "mine.toml"
    mine.write_text(text.replace("value = 1e-6", "value = 60e-6"))
    (tmp_path / "mine.bib").write_text((STRANGER / "src" / "stranger" / "steady.bib").read_text())
    with pytest.raises(ParameterError, match=r"conductance\.maximum\.value: expected more than minimum = 6e-05"):
        pcm.load_cell(mine)
    (tmp_path / "based.toml").write_text('name = "based"\nbase = "steady"\n')
    assert pcm.load_cell(tmp_path / "based.toml").conductance_maximum == 50e-6


@pytest.mark.usefixtures("stranger")
def test_a_selector_of_another_package_is_compared():
    assert len(check_selector(SELECTORS["cubic"]())) == 7
    found = run({"study": "selector-margin", "selectors": ["none", "cubic"], "sizes": [4], "wires": [1.0], "inputs": 1,
                 "cubic": {"coefficient": 2e-3}})  # fmt: skip
    assert found["read_margin"].sel(selector="cubic").notnull().all()
    assert "Cubic(coefficient=0.002)" in found.attrs["selectors"]
    with pytest.raises(ParameterError, match=r"cubic\.coeficient: unknown key; .*did you mean 'coefficient'"):
        read_config({"study": "selector-margin", "cubic": {"coeficient": 1.0}})


@pytest.mark.usefixtures("stranger")
def test_a_study_of_another_package_runs(tmp_path):
    assert studies()[-1] == "histogram"
    (tmp_path / "mine.toml").write_text('study = "histogram"\ntargets = [30e-6]')
    assert run(tmp_path / "mine.toml")["spread"].values == pytest.approx([0.6e-6], rel=0.15)
    assert run("histogram", directory=tmp_path / "out").sizes == {"target": 2}


def test_names_load_nothing(offer):
    offer("pcmphys.selectors", "broken", "no_such_module:Thing")
    assert list(SELECTORS)[-1] == "broken"
    assert len(SELECTORS) == 5
    with pytest.raises(ParameterError, match=r"'broken' of the package no_such_module:Thing cannot be loaded \(Module"):
        SELECTORS["broken"]


@pytest.mark.parametrize(
    ("group", "mapping", "words"),
    [
        ("pcmphys.selectors", lambda: SELECTORS, "expected a subclass of Selector"),
        ("pcmphys.cells", lambda: MODELS, "expected a CellKind; got type"),
        ("pcmphys.studies", kinds, "expected a Kind .*; got type"),
    ],
)
def test_what_is_no_kind_is_refused(offer, group, mapping, words):
    offer(group, "wrong", "pathlib:Path")
    with pytest.raises(ParameterError, match=f"'wrong' of the package pathlib:Path .*{words}"):
        mapping()["wrong"]


@pytest.mark.usefixtures("stranger")
def test_a_study_under_another_name_is_refused(offer):
    offer("pcmphys.studies", "bars", "stranger.study:KIND")
    with pytest.raises(ParameterError, match="both must be 'bars'"):
        kinds()["bars"]


def test_two_packages_of_one_name_are_refused(offer):
    offer("pcmphys.selectors", "twice", "one:Selector")
    offer("pcmphys.selectors", "twice", "two:Selector")
    with pytest.raises(ParameterError, match=r"'twice' of .* is offered by one:Selector and two:Selector"):
        SELECTORS["twice"]


def test_our_own_names_stay_ours(offer):
    offer("pcmphys.selectors", "diode", "pathlib:Path")
    with pytest.warns(UserWarning, match="offers 'diode' under pcmphys.selectors, which is a name of pcmphys itself"):
        assert list(SELECTORS) == ["diode", "exponential", "transistor", "ots"]
    assert SELECTORS["diode"] is pcm.Diode


def test_technologies_that_cannot_be_listed_or_are_taken_are_said(offer):
    offer("pcmphys.technologies", "lost", "no_such_package")
    offer("pcmphys.technologies", "twin", "pcmphys.parameters")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        names = pcm.list_cells()
    words = [str(one.message) for one in said]
    assert any("technologies of no_such_package cannot be listed" in one for one in words)
    assert any("ships a technology 'ibm-90nm-projected', a name that is taken" in one for one in words)
    assert len(names) == len(set(names)) > 5
