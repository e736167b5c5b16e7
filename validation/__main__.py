"""Command line of the validation: ``python -m validation [--quick] [CASE ...]``."""

from __future__ import annotations

import argparse
import json
import pathlib
import sys

from validation import pictures, report, runner
from validation.runner import HERE, Outcome

README = HERE.parent / "README.md"
RESULTS = HERE / "results.json"


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m validation",
        description="Hold pcmphys against measured data, published fits and outside programs. A full run of all cases "
        "rewrites validation/REPORT.md, results.json and the figures, and takes over the last results of LONG cases; "
        "any other run writes into --out only, unless --update.",
        epilog="Example: python -m validation --quick crossbar_direct",
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help="cases to run (default: all; see --list)")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, no benchmarks; for every commit")
    parser.add_argument("--list", action="store_true", help="print the cases and stop")
    parser.add_argument(
        "--out", type=pathlib.Path, default=HERE / "out", metavar="DIR", help="folder for working files"
    )
    parser.add_argument(
        "--allow-known-misses", action="store_true", help="misses that a case lists with a reason do not fail the run"
    )
    parser.add_argument("--no-bench", action="store_true", help="full run: keep the last table of speed and memory")
    parser.add_argument(
        "--update", action="store_true", help="put the named cases into the report, with the last results of all others"
    )
    parser.add_argument(
        "--readme", action="store_true", help="only rewrite the summary in README.md from validation/results.json"
    )
    arguments = parser.parse_args(argv)
    unknown = sorted(set(arguments.cases) - set(runner.case_names()))
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(runner.case_names())}")
    if arguments.update and (arguments.quick or not arguments.cases):
        parser.error("--update takes names of cases, and runs them at full size")
    return arguments


def main(argv: list[str] | None = None) -> int:
    """Run what was asked for; the exit status is 1 when anything missed."""
    arguments = _arguments(argv)
    if arguments.list:
        for name in runner.case_names():
            print(f"{name:24s} {runner.load_case(name).TITLE}")
        return 0
    if arguments.readme:
        return _rewrite_readme()
    arguments.out.mkdir(parents=True, exist_ok=True)
    whole = arguments.update or not (arguments.cases or arguments.quick)
    last = {outcome.name: outcome for outcome in _last_outcomes()} if whole else {}
    named = list(dict.fromkeys(arguments.cases))
    if arguments.update:
        kept = last.keys() - set(named)
    else:
        kept = {name for name in last if _is_long(name)}
    if named and not arguments.update:
        names = named
    else:
        names = [name for name in runner.case_names() if name in kept or name in named or not _is_long(name)]
    if arguments.update:
        names = [name for name in names if name in kept or name in named]
    outcomes = [last[name] if name in kept else runner.run_case(name, arguments.out, arguments.quick) for name in names]
    _write(arguments, outcomes, whole, [name for name in names if name not in kept])
    return _conclude(arguments, outcomes)


def _is_long(name: str) -> bool:
    """Whether a case runs by its name only."""
    return getattr(runner.load_case(name), "LONG", False)


def _last_outcomes() -> list[Outcome]:
    """Results of the last report, of cases that are still there."""
    if not RESULTS.is_file():
        return []
    found, _ = runner.from_json(RESULTS.read_text(encoding="utf-8"))
    return [outcome for outcome in found if outcome.name in runner.case_names()]


def _write(arguments: argparse.Namespace, outcomes: list[Outcome], full: bool, ran: list[str]) -> None:
    complete = full and all(outcome.complete for outcome in outcomes)
    bench = None
    if full:
        bench = _last_bench() if arguments.no_bench or arguments.update else _fresh_bench(arguments.out)
    if full and not complete:
        print("\nA case did not run: validation/REPORT.md stays as it was.")
    target = HERE if complete else arguments.out
    if complete:
        runner.publish_figures(ran, arguments.out)  # what lies there of other cases is old
        pictures.cell(HERE / "cell.png")
    runner.write_text(target / "REPORT.md", report.report(outcomes, bench, full=complete))
    runner.write_text(target / "results.json", runner.as_json(outcomes, bench))
    print(f"\nReport: {target / 'REPORT.md'}")


def _fresh_bench(out: pathlib.Path) -> dict:
    from validation.bench import measure

    return measure(out, quick=False)


def _last_bench() -> dict | None:
    if not RESULTS.is_file():
        return None
    bench = json.loads(RESULTS.read_text(encoding="utf-8"))["bench"]
    return None if bench is None else bench | {"carried_over": True}


def _conclude(arguments: argparse.Namespace, outcomes: list[Outcome]) -> int:
    for outcome in outcomes:
        if outcome.not_run:
            print(f"{outcome.name}: {outcome.not_run}")
    failed = runner.failures(outcomes, arguments.quick, arguments.allow_known_misses)
    count = sum(len(outcome.results) for outcome in outcomes)
    if failed:
        print(f"\nFAILED, {len(failed)} of {count} results or cases:")
        print("\n".join(f"  {line}" for line in failed))
        return 1
    known = sum(len(outcome.unmet) for outcome in outcomes)
    print(f"\nPASSED: {count - known} of {count} results" + (f"; {known} known misses allowed" if known else ""))
    return 0


def _rewrite_readme() -> int:
    if not RESULTS.is_file():
        print("there is no validation/results.json yet: run python -m validation first", file=sys.stderr)
        return 1
    block = report.readme_block(*runner.from_json(RESULTS.read_text(encoding="utf-8")))
    text = report.with_block(README, block)
    if text is None:
        print(f"README.md has no lines {report.BEGIN} and {report.END}: nothing written", file=sys.stderr)
        return 1
    runner.write_text(README, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
