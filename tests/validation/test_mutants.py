"""The sixty mistakes: each still fits the package, and what is said of the tests is true."""

from pathlib import Path

import pytest

from validation.mutants import __main__ as command
from validation.mutants import run
from validation.mutants.changes import CHANGES, Change


def test_there_are_sixty_or_more_over_all_rooms():
    assert len(CHANGES) == len({(change.file, change.old, change.new) for change in CHANGES}) >= 60
    rooms = {change.file.split("/")[0] for change in CHANGES}
    assert rooms >= {"numerics", "physics", "cells", "programming", "crossbar", "matrix", "fit", "export", "study"}
    assert sum(bool(change.excuse) for change in CHANGES) <= len(CHANGES) - command.LEAST


@pytest.mark.parametrize("number", range(1, len(CHANGES) + 1))
def test_each_still_fits(number):
    change = CHANGES[number - 1]
    text = run.changed(change)
    compile(text, change.file, "exec")
    assert "\n" not in change.old.strip()
    assert text != (run.ROOT / "pcmphys" / change.file).read_text(encoding="utf-8")
    for name in run.tests_of(change):
        assert (run.ROOT / name).is_file(), name


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A package of one function, with one test, in the place of the whole."""
    for name, text in {
        "pcmphys/double.py": "def double(x):\n    return 2 * x\n",
        "pcmphys/__init__.py": "",
        "tests/test_double.py": "from pcmphys.double import double\n\n\ndef test_it():\n    assert double(2) == 4\n",
    }.items():
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(run, "ROOT", tmp_path / "root")
    monkeypatch.setattr(run, "_COPIED", ("pcmphys", "tests"))
    return tmp_path


def test_a_mistake_is_noticed_or_not_and_undone(tree):
    workspace = run.Workspace(tree / "work", None)
    for new, noticed in (("3 * x", True), ("x * 2", False), ("x + 2", False)):
        verdict = workspace.judge(Change("double.py", "2 * x", new, "test_double.py"))
        assert (verdict.noticed, verdict.by) == (noticed, "tests/test_double.py::test_it" if noticed else "")
    assert (workspace.tree / "pcmphys" / "double.py").read_text() == "def double(x):\n    return 2 * x\n"
    assert run.ROOT.joinpath("pcmphys", "double.py").read_text() == "def double(x):\n    return 2 * x\n"


def test_what_is_stale_or_cannot_run_is_told(tree):
    with pytest.raises(run.StaleChange, match=r"pcmphys/double.py: '4 \* x' occurs 0 times, not once"):
        run.changed(Change("double.py", "4 * x", "x", "test_double.py"), run.ROOT)
    with pytest.raises(run.StaleChange, match="'x' occurs 2 times"):
        run.changed(Change("double.py", "x", "y", "test_double.py"), run.ROOT)
    workspace = run.Workspace(tree / "work", None)
    with pytest.raises(run.BrokenRun, match="ended with 4"):
        workspace.judge(Change("double.py", "2 * x", "x", "test_triple.py"))


def test_the_readme_counts_them():
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert f"makes {len(CHANGES)} one-line mistakes" in text


def test_numbers_of_the_command_line(capsys):
    assert command._numbers("3,17-19") == [3, 17, 18, 19]
    for wrong in ("0", str(len(CHANGES) + 1), "a", "4-2"):
        with pytest.raises(SystemExit):
            command.main(["--only", wrong])
        assert f"--only takes numbers from 1 to {len(CHANGES)}" in capsys.readouterr().err
    assert command.main(["--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(CHANGES)


def test_the_exit_status_counts_what_was_missed(capsys):
    changes = {k: Change("double.py", "2 * x", "x", "", excuse="none sees it" if k == 2 else "") for k in (1, 2)}
    seen, missed = run.Verdict(True, "a test", 1.0), run.Verdict(False, "", 1.0)
    assert command._conclude(changes, {1: seen, 2: missed}) == 0
    assert "1 of 2 changes were noticed\n  2: none sees it" in capsys.readouterr().out
    assert command._conclude(changes, {1: missed, 2: seen}) == 1
    assert "1: a test is missing" in capsys.readouterr().out
