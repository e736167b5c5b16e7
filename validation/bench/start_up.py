"""Import time, and the first and the second run of the built-in study, each in a process of its own."""

from __future__ import annotations

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from validation.bench.measure import Bench, at_most, table

ROOT = pathlib.Path(__file__).parents[2]
IMPORT = "import time; t = time.perf_counter(); import pcmphys; print(time.perf_counter() - t)"
STUDY = "import sys; sys.argv[0] = 'pcmphys'; from pcmphys.cli import main; main()"


def run(quick: bool) -> list[Bench]:
    """Measure the import; in full runs also the study, first with an empty cache of compiled kernels, then again."""
    times = [float(_python(IMPORT).stdout) for _ in range(2 if quick else 5)]
    note = f"median of {len(times)} processes, {min(times):.2f} to {max(times):.2f} s"
    rows = [at_most("import pcmphys", statistics.median(times), 0.5, "s", note, quick)]
    return rows if quick else rows + _study()


def _python(code: str, *arguments: str, folder: str | None = None, **variables: str) -> subprocess.CompletedProcess:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder or ROOT,
        env={**os.environ, "PYTHONPATH": path, **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=1200,
    )


def _study() -> list[Bench]:
    """The built-in study twice and that of one cell, all with the same cache of compiled kernels."""
    alone = 'cells = ["ibm-90nm-statistical"]\nchips = 5\n'
    runs = (
        ("pcmphys study, built in (three cells), first run, nothing compiled yet", "", 120.0),
        ("pcmphys study, built in (three cells), second run", "", 45.0),
        ("pcmphys study of the statistical cell alone, five chips, second run", alone, 25.0),
    )
    rows = []
    with tempfile.TemporaryDirectory() as cache:
        for name, settings, limit in runs:
            try:
                spent, processors = _timed(settings, cache)
            except subprocess.CalledProcessError as error:
                last = (error.stderr.strip().splitlines() or [f"exit status {error.returncode}"])[-1]
                return [*rows, Bench(name, None, "s", f"≤ {limit:g} s", False, f"failed: {last}")]
            note = f"whole process, the interpreter's start included; {processors:.0f} s of all processors"
            rows.append(at_most(name, spent, limit, "s", note, quick=False))
    return rows


def _timed(settings: str, cache: str) -> tuple[float, float]:
    """Seconds of a study in a folder of its own, and those of all processors."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["study"]
        if settings:
            file = pathlib.Path(folder) / "mine.toml"
            file.write_text(settings, encoding="utf-8")
            arguments.append(str(file))
        start, before = time.perf_counter(), os.times()
        _python(STUDY, *arguments, folder=folder, NUMBA_CACHE_DIR=cache)
        after = os.times()
    processors = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - start, processors


def main() -> None:
    """Print the full table."""
    print(table(run(quick=False)))


if __name__ == "__main__":
    main()
