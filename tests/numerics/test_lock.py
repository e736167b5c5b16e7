"""A folder for one run at a time."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pcmphys import ParameterError
from pcmphys.numerics import lock
from pcmphys.numerics.lock import held

HOLD = """
import sys, time
from pathlib import Path
from pcmphys.numerics.lock import held
with held(Path(sys.argv[1]), "directory"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_refused_and_hears_who_holds_the_folder(tmp_path):
    with held(tmp_path / "parts", "directory"):
        with pytest.raises(ParameterError) as caught, held(tmp_path / "parts", "directory"):
            pass
        wanted = (
            rf"directory: {tmp_path} is in use by another run \(process {os.getpid()} on .+, since 2.+\); wait until"
        )
        assert re.match(wanted, str(caught.value))
    assert not (tmp_path / "parts").exists()
    with held(tmp_path / "parts", "directory"):
        pass


def test_what_lies_there_stays(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "part.npz").write_bytes(b"1")
    with pytest.raises(ZeroDivisionError), held(tmp_path / "parts", "directory"):
        raise ZeroDivisionError
    assert [path.name for path in (tmp_path / "parts").iterdir()] == ["part.npz"]


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_killed_run_leaves_no_lock(tmp_path):
    folder = tmp_path / "parts"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(ParameterError, match=f"process {holder.pid} on"), held(folder, "directory"):
            pass
        holder.send_signal(signal.SIGKILL)
    with held(folder, "directory"):
        pass
    assert not folder.exists()


def test_of_many_that_come_and_go_one_holds_it_at_a_time(tmp_path):
    inside, most, entered = [], [], []

    def come_and_go():
        for _ in range(200):
            try:
                with held(tmp_path / "parts", "directory"):
                    inside.append(1)
                    most.append(len(inside))
                    entered.append(1)
                    inside.pop()
            except ParameterError:
                pass

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) == {1}
    assert len(entered) > 20
    assert not (tmp_path / "parts").exists()


def test_a_file_system_without_locks_is_told_of(tmp_path, monkeypatch):
    def no_locks(_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(lock, "_lock", no_locks)
    with pytest.warns(UserWarning, match="without locks"), held(tmp_path / "parts", "directory"):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    wanted = r"directory: .*file/parts cannot be written \(Not a directory\)"
    with pytest.raises(ParameterError, match=wanted), held(tmp_path / "file" / "parts", "directory"):
        pass
