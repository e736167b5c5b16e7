"""Find the cases, run them, and say what came out."""

from __future__ import annotations

import importlib
import json
import math
import os
import pathlib
import shutil
import sys
import tempfile
import time
import traceback
from dataclasses import asdict, dataclass, field
from types import ModuleType

from validation.result import NOT_CHECKABLE, MissingProgram, Result

HERE = pathlib.Path(__file__).parent


@dataclass(frozen=True)
class Outcome:
    """What a case gave: its results, or why there are none."""

    name: str
    title: str
    results: list[Result] = field(default_factory=list)
    known_misses: dict[str, str] = field(default_factory=dict)
    notes: str = ""
    not_run: str = ""
    missing_program: bool = False

    @property
    def unmet(self) -> list[Result]:
        """Results outside their tolerance."""
        return [result for result in self.results if not result.passed]

    @property
    def complete(self) -> bool:
        """Whether the case ran to its end."""
        return not self.not_run

    def standing(self, result: Result) -> str:
        """How a result is printed: "pass", "MISS", "MISS (known)" or, where there is no verdict, "shown"."""
        if result.standing == NOT_CHECKABLE:
            return "shown"
        if result.passed:
            return "pass"
        return "MISS (known)" if result.quantity in self.known_misses else "MISS"


def case_names() -> list[str]:
    """Folders of validation/ that hold a case.py."""
    return sorted(path.parent.name for path in HERE.glob("*/case.py"))


def load_case(name: str) -> ModuleType:
    """Import a case and check that it has what the runner needs."""
    module = importlib.import_module(f"validation.{name}.case")
    for needed in ("NAME", "TITLE", "run"):
        if not hasattr(module, needed):
            raise AttributeError(f"validation/{name}/case.py has no {needed}")
    return module


def run_case(name: str, out: pathlib.Path, quick: bool) -> Outcome:
    """Run one case; whatever goes wrong inside it is part of the outcome."""
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    title = name
    started = time.perf_counter()
    try:
        module = load_case(name)
        title = module.TITLE
        results = list(module.run(folder, quick))
    except MissingProgram as error:
        return Outcome(name, title, not_run=f"not run: {error}", missing_program=True)
    except Exception as error:
        traceback.print_exc()
        return Outcome(name, title, not_run=f"stopped with {type(error).__name__}: {error}")
    if not results:
        return Outcome(name, title, not_run="gave no result")
    known = dict(getattr(module, "KNOWN_MISSES", {}))
    outcome = Outcome(name, title, results, known, getattr(module, "NOTES", ""))
    print_outcome(outcome, time.perf_counter() - started)
    return outcome


def print_outcome(outcome: Outcome, seconds: float) -> None:
    """Print a case as it finishes."""
    print(f"\n{outcome.name}: {outcome.title}  ({seconds:.1f} s)")
    for result in outcome.results:
        verdict = outcome.standing(result)
        print(f"  {verdict:12s}  {result.value:10.3g}  ({result.tolerance})  {result.quantity}")
        if verdict == "MISS (known)":
            print(f"  {'':12s}  known: {outcome.known_misses[result.quantity]}")
    for line in stale(outcome):
        print(f"  note: {line}")
    sys.stdout.flush()


def stale(outcome: Outcome) -> list[str]:
    """Known misses that are none, or not there."""
    passed = {result.quantity for result in outcome.results if result.passed}
    present = {result.quantity for result in outcome.results}
    lines = [f"listed as a known miss, but it passes: {name}" for name in outcome.known_misses if name in passed]
    return lines + [f"known miss of no result: {name}" for name in outcome.known_misses if name not in present]


def failures(outcomes: list[Outcome], quick: bool, allow_known_misses: bool) -> list[str]:
    """Reasons why the run must not count as passed; empty when it may."""
    lines = []
    for outcome in outcomes:
        if outcome.not_run and not (quick and outcome.missing_program):
            lines.append(f"{outcome.name}: {outcome.not_run}")
        for result in outcome.unmet:
            if not (allow_known_misses and result.quantity in outcome.known_misses):
                lines.append(f"{outcome.name}: {outcome.standing(result)}: {result.quantity} = {result.value:.3g}")
    return lines


def write_text(path: pathlib.Path, text: str) -> None:
    """Write a file under a temporary name and rename it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def as_json(outcomes: list[Outcome], bench: dict | None) -> str:
    """Machine-readable form of a run."""
    cases = [asdict(outcome) for outcome in outcomes]
    for result in (r for case in cases for r in case["results"]):
        # JSON has no NaN
        result["value"] = result["value"] if math.isfinite(result["value"]) else None
    return json.dumps({"cases": cases, "bench": bench}, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str) -> tuple[list[Outcome], dict | None]:
    """Read `as_json` back."""
    content = json.loads(text)
    for case in content["cases"]:
        for result in case["results"]:
            result["value"] = math.nan if result["value"] is None else result["value"]
        case["results"] = [Result(**result) for result in case["results"]]
    return [Outcome(**case) for case in content["cases"]], content["bench"]


def publish_figures(names: list[str], out: pathlib.Path) -> None:
    """Move the figures of a complete full run into the folders of their cases."""
    for name in names:
        fresh = out / name / "figure.png"
        if fresh.is_file():
            beside = HERE / name / ".figure.png"
            shutil.copyfile(fresh, beside)
            os.replace(beside, HERE / name / "figure.png")
