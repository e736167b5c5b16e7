import json
import math
import types

import pytest

from validation import __main__ as command
from validation import report, runner
from validation.result import MEASURED, NOT_CHECKABLE, MissingProgram, Result, within

GOOD = within("good", 1e-12, 1e-9, "nature", MEASURED)
BAD = within("bad", 1.0, 1e-9, "nature", MEASURED)


def outcome(*results, **more):
    return runner.Outcome("case", "A case", list(results), **more)


def test_nan_never_passes():
    assert not within("x", math.nan, 1.0, "", MEASURED).passed


def test_unknown_standing_is_refused():
    with pytest.raises(ValueError, match="standing"):
        Result("x", 1.0, "", "", True, "trust me")


def test_a_miss_fails_also_when_known_unless_allowed():
    case = outcome(GOOD, BAD, known_misses={"bad": "because"})
    assert len(runner.failures([case], quick=False, allow_known_misses=False)) == 1
    assert runner.failures([case], quick=False, allow_known_misses=True) == []
    unknown = outcome(GOOD, BAD)
    assert len(runner.failures([unknown], quick=True, allow_known_misses=True)) == 1


def test_missing_program_fails_only_full_runs():
    case = outcome(not_run="not run: needs it", missing_program=True)
    assert runner.failures([case], quick=True, allow_known_misses=False) == []
    assert len(runner.failures([case], quick=False, allow_known_misses=True)) == 1


@pytest.mark.parametrize(("error", "missing"), [(MissingProgram("x"), True), (RuntimeError("x"), False)])
def test_trouble_inside_a_case_becomes_its_outcome(tmp_path, monkeypatch, error, missing):
    def run(out, quick):
        raise error

    monkeypatch.setattr(runner, "load_case", lambda name: types.SimpleNamespace(TITLE="t", run=run))
    found = runner.run_case("case", tmp_path, quick=True)
    assert not found.complete
    assert found.missing_program is missing
    assert (runner.failures([found], quick=True, allow_known_misses=True) == []) is missing


def test_stale_known_misses_are_named():
    lines = runner.stale(outcome(GOOD, known_misses={"good": "", "gone": ""}))
    assert len(lines) == 2


def test_json_round_trip_keeps_nan():
    case = outcome(GOOD, within("nan", math.nan, 1.0, "", MEASURED))
    text = runner.as_json([case], {"machine": "m", "rows": []})
    json.loads(text, parse_constant=lambda name: pytest.fail(name))
    (back,), bench = runner.from_json(text)
    assert back.results[0] == GOOD
    assert math.isnan(back.results[1].value)
    assert bench["machine"] == "m"


def test_report_names_misses_with_their_reason():
    shown = Result("odd | one", 2.0, "", "none", True, NOT_CHECKABLE)
    text = report.report([outcome(GOOD, BAD, shown, known_misses={"bad": "because of this"})], None, full=False)
    assert "**MISS (known)**" in text
    assert "because of this" in text
    assert "odd \\| one" in text
    assert "1 of 2 (1 known miss)" in text


def test_readme_block_is_replaced_and_its_absence_told(tmp_path, monkeypatch, capsys):
    readme, results = tmp_path / "README.md", tmp_path / "results.json"
    monkeypatch.setattr(command, "README", readme)
    monkeypatch.setattr(command, "RESULTS", results)
    results.write_text(runner.as_json([outcome(GOOD)], None))
    readme.write_text("no markers")
    assert command.main(["--readme"]) == 1
    assert "validation:begin" in capsys.readouterr().err
    assert readme.read_text() == "no markers"
    readme.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    assert command.main(["--readme"]) == 0
    text = readme.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "| A case | 1 of 1 | measured |" in text


def test_partial_and_quick_runs_leave_the_committed_report_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "run_case", lambda name, out, quick: outcome(GOOD))
    monkeypatch.setattr(command, "HERE", tmp_path / "committed")
    out = tmp_path / "out"
    assert command.main(["--quick", "--out", str(out)]) == 0
    assert command.main(["crossbar_direct", "--out", str(out)]) == 0
    assert (out / "REPORT.md").is_file()
    assert not (tmp_path / "committed").exists()


def test_an_update_runs_the_named_and_a_full_run_keeps_the_long(tmp_path, monkeypatch):
    ran = []

    def run_case(name, out, quick):
        ran.append(name)
        return runner.Outcome(name, name, [GOOD])

    monkeypatch.setattr(runner, "run_case", run_case)
    published = []
    monkeypatch.setattr(runner, "publish_figures", lambda names, out: published.append(names))
    monkeypatch.setattr(command, "HERE", tmp_path)
    monkeypatch.setattr(command, "RESULTS", tmp_path / "results.json")
    before = [runner.Outcome(name, name, [BAD], {BAD.quantity: "why"}) for name in ("crossbar_direct", "exports")]
    command.RESULTS.write_text(runner.as_json(before, {"machine": "m", "rows": []}))
    assert command.main(["--update", "crossbar_direct", "--allow-known-misses", "--out", str(tmp_path / "out")]) == 0
    assert ran == published[0] == ["crossbar_direct"]
    found = {one.name: one.results for one in runner.from_json(command.RESULTS.read_text())[0]}
    assert found == {"crossbar_direct": [GOOD], "exports": [BAD]}
    command.main(["--no-bench", "--allow-known-misses", "--out", str(tmp_path / "out")])
    assert set(ran) == set(runner.case_names()) - {
        "exports",
        "pulsed_devices",
        "training_fashion",
        "training_published",
    }
    for wrong in (["--update"], ["--update", "--quick", "crossbar_direct"]):
        with pytest.raises(SystemExit):
            command.main(wrong)


def test_every_case_can_be_listed(capsys):
    assert command.main(["--list"]) == 0
    assert {"crossbar_direct", "statistical_cells"} <= set(runner.case_names())
    assert "crossbar_direct" in capsys.readouterr().out
