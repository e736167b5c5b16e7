"""Speed and memory, as ratios measured in one run: `python -m validation.bench`."""

from __future__ import annotations

import importlib
import json
import os
import pathlib
import platform
import traceback
from dataclasses import asdict

import numba
import numpy as np
import scipy

from validation.bench.measure import Bench, table
from validation.runner import write_text

TOPICS = (
    "linear_solve",
    "nonlinear_solve",
    "statistical_population",
    "mushroom_population",
    "drift_fit",
    "networks",
    "training",
    "start_up",
    "studies",
)


def measure(out: pathlib.Path, quick: bool, topics: tuple[str, ...] = TOPICS) -> dict:
    """Run the topics, print their tables, and write ``bench.json`` into ``out``."""
    machine = describe_machine()
    rows: list[Bench] = []
    for topic in topics:
        found = _run(topic, quick)
        print(f"\n{topic}\n{table(found)}", flush=True)
        rows += found
    content = {"machine": machine, "quick": quick, "rows": [asdict(row) for row in rows]}
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "bench.json", json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return content


def _run(topic: str, quick: bool) -> list[Bench]:
    try:
        return importlib.import_module(f"validation.bench.{topic}").run(quick)
    except Exception as error:  # the accuracy cases before it must still be written up
        traceback.print_exc()
        return [Bench(topic, None, "", "", False, f"stopped with {type(error).__name__}: {error}")]


def describe_machine() -> str:
    """Say in one sentence what the numbers were measured on, and how busy it was."""
    load = f", load average {os.getloadavg()[0]:.1f} before the run" if hasattr(os, "getloadavg") else ""
    return (
        f"Measured on {_processor()}, {os.cpu_count()} cores, {numba.get_num_threads()} threads{load}; "
        f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}, "
        f"Numba {numba.__version__}."
    )


def _processor() -> str:
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
