"""Import time, and the first and second run of the built-in study, each in a process of its own."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from validation.bench.measure import Bench, at_most, shown, table

ROOT = pathlib.Path(__file__).parents[2]
IMPORT = "import time; t = time.perf_counter(); import pcmphys; print(time.perf_counter() - t)"
STUDY = "import sys; sys.argv[0] = 'pcmphys'; from pcmphys.cli import main; main()"

_ALONE = 'cells = ["ibm-90nm-statistical"]\nchips = 5\n'


def run(quick: bool) -> list[Bench]:
    """Measure the import; in full runs also the study, first with an empty cache of compiled kernels, then again."""
    times = [float(_python(IMPORT).stdout) for _ in range(2 if quick else 5)]
    note = f"median of {len(times)} processes, {min(times):.2f} to {max(times):.2f} s"
    rows = [at_most("import pcmphys", statistics.median(times), 1.0, "s", note, quick)]
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
    runs = (
        ("pcmphys study (three cells, three chips), first run, nothing compiled yet", "", 120.0),
        ("pcmphys study (three cells, three chips), second run", "", 60.0),
        ("pcmphys study of the statistical cell alone, five chips, second run", _ALONE, 25.0),
    )
    if importlib.util.find_spec("pcmphys.cli") is None:
        return [shown(name, None, "s", "not run: there is no command line yet") for name, _, _ in runs]
    rows = []
    with tempfile.TemporaryDirectory() as cache:
        for name, settings, limit in runs:
            with tempfile.TemporaryDirectory() as folder:
                arguments = ["study"]
                if settings:
                    file = pathlib.Path(folder) / "alone.toml"
                    file.write_text(settings, encoding="utf-8")
                    arguments.append(str(file))
                start = time.perf_counter()
                try:
                    _python(STUDY, *arguments, folder=folder, NUMBA_CACHE_DIR=cache)
                except subprocess.CalledProcessError as error:
                    last = (error.stderr.strip().splitlines() or [f"exit status {error.returncode}"])[-1]
                    return [*rows, Bench(name, None, "s", f"≤ {limit:g} s", False, f"failed: {last}")]
                spent = time.perf_counter() - start
            rows.append(
                at_most(name, spent, limit, "s", "whole process, the interpreter's start included", quick=False)
            )
    return rows


def main() -> None:
    """Print the full table."""
    print(table(run(quick=False)))


if __name__ == "__main__":
    main()
