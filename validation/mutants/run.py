"""Make a mistake in a copy of the tree, run the tests of its room, say whether they noticed."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
from typing import NamedTuple

from validation.mutants.changes import Change

ROOT = pathlib.Path(__file__).parents[2]
_COPIED = ("pcmphys", "tests", "data", "validation", "pyproject.toml", "README.md", "CHANGELOG.md")
_LIMIT = 900.0
"""Time [s] after which tests that hang have noticed, too."""
_FAILED = 1
"""Exit status of pytest where tests ran and failed."""


class StaleChange(Exception):
    """The text that a change replaces is not there exactly once."""


class BrokenRun(Exception):
    """Tests could not be run at all: that says nothing of the change."""


class Verdict(NamedTuple):
    """Whether the tests noticed, the first that did, and the time [s] that it took."""

    noticed: bool
    by: str
    seconds: float


def changed(change: Change, root: pathlib.Path | None = None) -> str:
    """Text of the file with the mistake in it."""
    text = ((root or ROOT) / "pcmphys" / change.file).read_text(encoding="utf-8")
    count = text.count(change.old)
    if count != 1:
        raise StaleChange(f"pcmphys/{change.file}: {change.old!r} occurs {count} times, not once")
    return text.replace(change.old, change.new)


class Workspace:
    """A copy of the tree with a cache of compiled kernels of its own, so that only changed kernels compile anew."""

    def __init__(self, folder: pathlib.Path, kernels: pathlib.Path | None):
        self.tree, self.cache = folder / "tree", folder / "kernels"
        self.tree.mkdir(parents=True)
        for name in _COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, self.tree / name, ignore=shutil.ignore_patterns("__pycache__", "out"))
            else:
                shutil.copy2(source, self.tree / name)
        if kernels is None:
            self.cache.mkdir()
        else:
            shutil.copytree(kernels, self.cache)

    def judge(self, change: Change) -> Verdict:
        """Make the mistake, run the tests, and put the file back."""
        path = self.tree / "pcmphys" / change.file
        before, after = path.read_text(encoding="utf-8"), changed(change, self.tree)
        path.write_text(after, encoding="utf-8")
        try:
            return self.run(tests_of(change))
        finally:
            path.write_text(before, encoding="utf-8")

    def run(self, tests: list[str]) -> Verdict:
        """Run files of tests up to the first failure."""
        # bytecode is kept by whole seconds and sizes of files, too coarse for what is changed and put back
        own = {"PYTHONPATH": str(self.tree), "NUMBA_CACHE_DIR": str(self.cache), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *tests]
        began = time.monotonic()
        try:
            done = subprocess.run(
                command, cwd=self.tree, env=os.environ | own, capture_output=True, text=True, timeout=_LIMIT
            )
        except subprocess.TimeoutExpired:
            return Verdict(True, f"nothing came back within {_LIMIT:g} s", time.monotonic() - began)
        spent = time.monotonic() - began
        if done.returncode not in (0, _FAILED):
            raise BrokenRun(f"pytest {' '.join(tests)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        first = re.search(r"^FAILED (\S+)|^ERROR (\S+)", done.stdout, re.MULTILINE)
        return Verdict(done.returncode == _FAILED, (first[1] or first[2]) if first else "", spent)


def tests_of(change: Change) -> list[str]:
    """Paths of the tests that should notice: those of the room, before them the doctests of the file."""
    return [f"pcmphys/{change.file}", *(f"tests/{name}" for name in change.tests.split())]
