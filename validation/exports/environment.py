"""aihwkit in an environment of its own: its extension loads with one version of torch only, which is nobody else's."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import venv
from typing import Any

import numpy as np

from validation.result import MissingProgram

PACKAGES = ("aihwkit==1.1.0", "torch==2.10.0")
"""With torch 2.9.1 the extension has an undefined symbol; with 2.13 and 2.14 its tiles refuse every weight."""
VARIABLE = "PCMPHYS_AIHWKIT"
"""Path of a Python that has them, if there is one already."""
SCRIPT = pathlib.Path(__file__).with_name("in_aihwkit.py")
_FOLDER = pathlib.Path.home() / ".cache" / "pcmphys" / "aihwkit-1.1.0"


def python(*, make: bool) -> str:
    """The Python with aihwkit; made now (some gigabytes) if it is not there and ``make`` says so.

    Raises
    ------
    MissingProgram
        It is not there, or cannot be made.
    """
    found = os.environ.get(VARIABLE) or str(_FOLDER / "bin" / "python")
    if _works(found):
        return found
    how = f"{VARIABLE}=PYTHON names a Python with {' and '.join(PACKAGES)}"
    if not make or VARIABLE in os.environ or sys.version_info[:2] != (3, 11):
        raise MissingProgram(f"aihwkit: {how}; under Python 3.11 a full run of this case makes one in {_FOLDER}")
    print(f"making an environment for aihwkit in {_FOLDER}", flush=True)
    venv.create(_FOLDER, with_pip=True)
    done = subprocess.run([found, "-m", "pip", "install", "--quiet", *PACKAGES], capture_output=True, text=True)
    if done.returncode or not _works(found):
        raise MissingProgram(f"aihwkit: cannot be installed in {_FOLDER} ({done.stderr.strip()[-200:]}); {how}")
    return found


def _works(program: str) -> bool:
    if not pathlib.Path(program).is_file():
        return False
    check = "import aihwkit.simulator.configs, torch; assert torch.__version__.startswith('2.10.')"
    return subprocess.run([program, "-c", check], capture_output=True).returncode == 0


def run(
    program: str, task: str, settings: dict[str, Any], arrays: dict[str, np.ndarray], script: pathlib.Path = SCRIPT
) -> dict[str, np.ndarray]:
    """Run a task of a script for that Python; arrays go there and come back as files of numpy."""
    with tempfile.TemporaryDirectory() as folder:
        given, found = pathlib.Path(folder) / "given.npz", pathlib.Path(folder) / "found.npz"
        np.savez(given, **arrays)
        command = [program, str(script), task, json.dumps(settings), str(given), str(found)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"aihwkit: {task} stopped:\n{done.stderr[-2000:]}")
        with np.load(found) as archive:
            return dict(archive)
