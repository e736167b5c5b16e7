"""The command line for tests: in this process, which has loaded everything, or in one of its own."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import warnings
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).parents[1]


def pcmphys(*arguments, folder=None) -> subprocess.CompletedProcess:
    """The command as its entry point runs it; what it prints and its exit status."""
    from pcmphys.cli import main

    command = ["pcmphys", *map(str, arguments)]
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
    with (
        mock.patch.object(sys, "argv", command),
        contextlib.chdir(folder or os.getcwd()),
        contextlib.redirect_stdout(streams[0]),
        contextlib.redirect_stderr(streams[1]),
        warnings.catch_warnings(),
    ):
        warnings.resetwarnings()
        warnings.simplefilter("default")
        status = 0
        try:
            main()
        except SystemExit as ended:
            status = ended.code or 0
    said = [stream.buffer.getvalue().decode() for stream in streams]
    return subprocess.CompletedProcess(command, status, *said)


def own_process(*arguments, folder=None, module="pcmphys.cli", **environment) -> subprocess.CompletedProcess:
    """The command in a process of its own, with variables of its environment."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", cwd=folder, env=environment, timeout=300, check=False,
        preexec_fn=heard if os.name == "posix" else None,
    )  # fmt: skip


def squares(*arguments, folder=None) -> subprocess.CompletedProcess:
    """The command with a third kind of study, that takes as long as one likes."""
    from pcmphys.study import registry
    from tests.study.squares import KIND

    with mock.patch.object(registry, "KINDS", (*registry.KINDS, KIND)):
        return pcmphys(*arguments, folder=folder)


def heard() -> None:
    """Let control-C reach the process to be: those that a shell starts in the background do not hear it."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)
