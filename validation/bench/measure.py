"""One measurement, and fair ways to take it."""

from __future__ import annotations

import gc
import pathlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Bench:
    """One measured ratio or amount; ``passed`` is None where nothing is required, ``measured`` if not taken.

    ``floor`` is the time that it took over that of what it cannot be done without, measured in the same run; None where
    no such floor is measured.
    """

    name: str
    measured: float | None
    unit: str
    required: str
    passed: bool | None
    note: str
    floor: float | None = None

    def over(self, floor: float) -> Bench:
        """The same with its distance to the floor."""
        return replace(self, floor=float(floor))


def at_least(name: str, measured: float, limit: float, unit: str, note: str, quick: bool) -> Bench:
    """Make a measurement that must reach ``limit``; in quick runs, at other sizes, nothing is required."""
    passed = None if quick else bool(measured >= limit)
    return Bench(name, float(measured), unit, "" if quick else f"≥ {limit:g} {unit}".strip(), passed, note)


def at_most(name: str, measured: float, limit: float, unit: str, note: str, quick: bool) -> Bench:
    """Make a measurement that must stay below ``limit``."""
    passed = None if quick else bool(measured <= limit)
    return Bench(name, float(measured), unit, "" if quick else f"≤ {limit:g} {unit}".strip(), passed, note)


def shown(name: str, measured: float | None, unit: str, note: str) -> Bench:
    """Make a measurement with no requirement."""
    return Bench(name, None if measured is None else float(measured), unit, "", None, note)


def amount(measured: float | None, unit: str) -> str:
    """A number with its unit."""
    return "not measured" if measured is None else f"{measured:.3g} {unit}".strip()


def seconds(task: Callable[[], object]) -> float:
    """Time of one call."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def alternate(tasks: dict[str, tuple[Callable[[], object], int]], rounds: int) -> dict[str, float]:
    """Median time of each task; every round runs each one its own number of times, so that all see the same weather.

    The first call of each is a warm-up and not counted.
    """
    found: dict[str, list[float]] = {name: [] for name in tasks}
    for task, repeats in tasks.values():
        if repeats > 1:  # the long ones are their own warm-up
            task()
    for _ in range(rounds):
        for name, (task, repeats) in tasks.items():
            found[name] += [seconds(task) for _ in range(repeats)]
    return {name: statistics.median(times) for name, times in found.items()}


def has_peak() -> bool:
    """Whether the peak memory of a process can be measured here."""
    return pathlib.Path("/proc/self/clear_refs").exists()


def peak_of(task: Callable[[], object]) -> float:
    """Growth [bytes] of this process' peak memory over what it held before, by one call."""
    gc.collect()
    pathlib.Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts again from here
    before = _status("VmRSS")
    answer = task()
    found = _status("VmHWM") - before
    del answer
    return 1024.0 * found


def grown(program: str) -> float:
    """What a program that prints a number prints, in a process of its own."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=pathlib.Path(__file__).parents[2])
    return float(done.stdout)


def _status(name: str) -> int:
    lines = pathlib.Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def scaled(time_: float) -> str:
    """Time with a fitting unit."""
    return f"{time_:.2f} s" if time_ >= 1 else f"{1e3 * time_:.3g} ms"


def table(rows: list[Bench]) -> str:
    """Rows as aligned text."""
    verdict = {True: "pass", False: "MISS", None: ""}
    lines = []
    for row in rows:
        found = amount(row.measured, row.unit)
        lines.append(f"  {verdict[row.passed]:5s} {found:>22s}  {row.required:24s} {row.name}\n{'':32s}{row.note}")
    return "\n".join(lines)
