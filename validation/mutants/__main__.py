"""Command line: ``python -m validation.mutants [--only N,M] [--jobs N] [--list]``."""

from __future__ import annotations

import argparse
import pathlib
import queue
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed

from pcmphys.numerics.cache import cache_directory
from validation.mutants.changes import CHANGES, Change
from validation.mutants.run import Verdict, Workspace, changed, tests_of

LEAST = 60
"""So many of all changes must be noticed."""


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m validation.mutants",
        description="Change one line of the package at a time, in a copy, and see whether the tests of its room "
        "notice. Takes about half a minute a change; the tests must pass without a change first.",
        epilog="Example: nice python -m validation.mutants --only 3,17-19 --jobs 2",
    )
    parser.add_argument("--only", metavar="N,M-K", help="numbers of the changes, as --list shows them (default: all)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="how many at once (default: 1)")
    parser.add_argument("--list", action="store_true", help="print the changes and stop")
    parser.add_argument("--unchecked", action="store_true", help="do not run the tests without a change before")
    arguments = parser.parse_args(argv)
    if arguments.jobs < 1:
        parser.error(f"--jobs must be at least 1; got {arguments.jobs}")
    try:
        arguments.numbers = _numbers(arguments.only)
    except ValueError:
        parser.error(f"--only takes numbers from 1 to {len(CHANGES)} such as 3,17-19; got {arguments.only!r}")
    return arguments


def _numbers(only: str | None) -> list[int]:
    if only is None:
        return list(range(1, len(CHANGES) + 1))
    found: list[int] = []
    for part in only.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    if not found or min(found) < 1 or max(found) > len(CHANGES):
        raise ValueError
    return found


def main(argv: list[str] | None = None) -> int:
    """Try the changes asked for; the exit status is 1 where one that should be noticed was not."""
    arguments = _arguments(argv)
    if arguments.list:
        for number, change in enumerate(CHANGES, 1):
            print(f"{number:3d} {_shown(change)}")
        return 0
    chosen = {number: CHANGES[number - 1] for number in arguments.numbers}
    for change in chosen.values():
        changed(change)  # a stale one ends the run now, not after an hour
    with tempfile.TemporaryDirectory(prefix="pcmphys-mutants-") as folder:
        verdicts = _try(chosen, pathlib.Path(folder), arguments)
    return _conclude(chosen, verdicts)


def _try(chosen: dict[int, Change], folder: pathlib.Path, arguments) -> dict[int, Verdict]:
    first = Workspace(folder / "0", cache_directory())
    if not arguments.unchecked:
        names = sorted({name for change in chosen.values() for name in tests_of(change)})
        clean = first.run(names)
        if clean.noticed:
            sys.exit(f"the tests fail without a change: {clean.by}")
        print(f"without a change all tests pass, {clean.seconds:.0f} s", flush=True)
    free: queue.Queue[Workspace] = queue.Queue()
    free.put(first)
    for k in range(1, min(arguments.jobs, len(chosen))):
        free.put(Workspace(folder / str(k), first.cache))

    def judge(change: Change) -> Verdict:
        workspace = free.get()
        try:
            return workspace.judge(change)
        finally:
            free.put(workspace)

    verdicts: dict[int, Verdict] = {}
    with ThreadPoolExecutor(arguments.jobs) as pool:
        futures = {pool.submit(judge, change): number for number, change in chosen.items()}
        for future in as_completed(futures):
            number = futures[future]
            verdicts[number] = verdict = future.result()
            word = "noticed" if verdict.noticed else "NOT NOTICED"
            print(f"{number:3d} {word:12s}{verdict.seconds:4.0f} s  {_shown(chosen[number])}  {verdict.by}", flush=True)
    return verdicts


def _conclude(chosen: dict[int, Change], verdicts: dict[int, Verdict]) -> int:
    missed = [number for number in chosen if not verdicts[number].noticed]
    print(f"{len(chosen) - len(missed)} of {len(chosen)} changes were noticed")
    for number in missed:
        print(f"  {number}: {chosen[number].excuse or 'a test is missing'}")
    unexcused = [number for number in missed if not chosen[number].excuse]
    return int(bool(unexcused) or len(missed) > len(CHANGES) - LEAST)


def _shown(change: Change) -> str:
    return f"{change.file}: {' '.join(change.old.split())} -> {' '.join(change.new.split())}"


if __name__ == "__main__":
    sys.exit(main())
