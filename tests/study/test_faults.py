"""What happens to studies: killed, interrupted, started twice, on disks that are full or may not be written.

Each is really done, to a study in a process of its own. In the end the results are, byte for byte, those of a study
that nothing has happened to, and nothing else is left.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "tests.study.squares", "study", "study.toml", "--out", "o"]
STUDY = 'study = "square"\nsides = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]\npause = {}\n'
pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes as Linux shows them")


def environment():
    return os.environ | {"PYTHONPATH": str(ROOT), "NUMBA_NUM_THREADS": "2"}


@pytest.fixture
def study(tmp_path):
    """The folder of a study file whose chunks take a second each."""
    (tmp_path / "study.toml").write_text(STUDY.format(0.5))
    return tmp_path


def start(folder, *options, limit=None):
    """The study in a process group of its own, as a terminal has it."""
    return subprocess.Popen(
        [*COMMAND, *options], cwd=folder, env=environment(), text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=limit,
    )  # fmt: skip


def finish(folder, *options, limit=None):
    with start(folder, *options, limit=limit) as process:
        said, complained = process.communicate(timeout=120)
    return subprocess.CompletedProcess(COMMAND, process.returncode, said, complained)


def await_parts(process, folder, count=1):
    """Wait until so many parts are on disk."""
    for _ in range(1200):
        if len(list(folder.glob("o/parts/*.npz"))) >= count:
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.kill()
    raise AssertionError(process.communicate())


def workers_of(process):
    """Worker processes, by their number."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if parent == process.pid and b"spawn_main" in command:
                found.append(int(entry.name))
    return found


def gone(processes, seconds=15.0):
    """Whether all of them end within some time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(Path(f"/proc/{process}").exists() for process in processes):
            return True
        time.sleep(0.1)
    return False


def names(folder):
    return sorted(path.name for path in (folder / "o").iterdir())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Bytes of the results of a run that nothing happens to."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "study.toml").write_text(STUDY.format(0.5))
    assert finish(folder).returncode == 0
    return (folder / "o" / "results.nc").read_bytes()


@pytest.mark.slow
def test_a_killed_parent_leaves_no_workers_no_lock_and_parts_to_go_on_from(study, undisturbed):
    process = start(study, "--workers", "2")
    await_parts(process, study)
    workers = workers_of(process)
    assert len(workers) == 2
    process.kill()
    process.communicate(timeout=60)
    assert gone(workers)
    assert not (study / "o" / "results.nc").exists()
    kept = {path.name: path.read_bytes() for path in study.glob("o/parts/*.npz")}
    again = finish(study, "--workers", "2")
    assert again.returncode == 0, again.stderr
    assert kept
    assert names(study) == ["report.html", "results.nc"]
    assert (study / "o" / "results.nc").read_bytes() == undisturbed


@pytest.mark.slow
def test_a_killed_worker_is_replaced(study, undisturbed):
    process = start(study, "--workers", "2")
    await_parts(process, study)
    os.kill(workers_of(process)[0], signal.SIGKILL)
    _, complained = process.communicate(timeout=120)
    assert process.returncode == 0, complained
    assert (study / "o" / "results.nc").read_bytes() == undisturbed
    assert names(study) == ["report.html", "results.nc"]


@pytest.mark.slow
def test_control_c_finishes_what_the_workers_run(study, undisturbed):
    process = start(study, "--workers", "2")
    await_parts(process, study)
    workers = workers_of(process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers, too
    _, complained = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted: what is running is finished and kept; interrupt again to stop at once" in complained
    assert "of 6 parts are finished and kept; go on with: pcmphys study study.toml --out o --workers 2" in complained
    assert "Traceback" not in complained
    assert gone(workers)
    assert len(list(study.glob("o/parts/*.npz"))) >= 3
    assert finish(study).returncode == 0
    assert (study / "o" / "results.nc").read_bytes() == undisturbed


@pytest.mark.slow
def test_control_c_twice_stops_the_workers(study):
    (study / "study.toml").write_text(STUDY.format(30.0))
    process = start(study, "--workers", "2")
    for _ in range(1200):
        if len(workers := workers_of(process)) == 2:
            break
        time.sleep(0.05)
    time.sleep(2.0)
    os.killpg(process.pid, signal.SIGINT)
    for said in process.stderr:
        if "again to stop at once" in said:
            break
    os.killpg(process.pid, signal.SIGINT)
    began = time.monotonic()
    _, complained = process.communicate(timeout=60)
    assert time.monotonic() - began < 20.0  # of a busy machine; a chunk takes 30
    assert process.returncode == 130, complained
    assert "interrupted: 0 of 6 parts are finished and kept; go on with" in complained
    assert gone(workers)
    assert not list(study.glob("o/parts/*.npz"))


def test_a_second_run_in_the_folder_is_refused_and_the_first_goes_on(study):
    first = start(study)
    await_parts(first, study)
    first.send_signal(signal.SIGSTOP)  # or it would be done before the second has begun, on a busy machine
    second = finish(study)
    first.send_signal(signal.SIGCONT)
    assert second.returncode == 2
    assert f"error: directory: o is in use by another run (process {first.pid} on" in second.stderr
    assert second.stderr.endswith("wait until it is finished, stop it, or give another folder\n")
    assert first.wait(timeout=60) == 0
    first.communicate()
    assert names(study) == ["report.html", "results.nc"]


KEPT = "parts are finished and kept; once it can be written again, the same study with the same directory goes on"


def small_files():
    """Let no file grow beyond 4 kB, as a quota does: a disk that is full for the rest."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


@pytest.mark.slow
def test_files_that_cannot_grow_are_one_line_and_the_parts_are_kept(study):
    (study / "study.toml").write_text(STUDY.format(0.0))
    full = finish(study, limit=small_files)
    assert full.returncode == 2
    assert full.stderr.splitlines()[-1].startswith(f"error: o/results.nc: File too large; 6 of 6 {KEPT}")
    assert "Traceback" not in full.stderr
    assert names(study) == ["parts"]
    assert len(list(study.glob("o/parts/*.npz"))) == 6
    for out in ("o", "undisturbed"):
        assert finish(study, "--out", out).returncode == 0
    assert (study / "o" / "results.nc").read_bytes() == (study / "undisturbed" / "results.nc").read_bytes()


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own with room for a few parts, and what makes it larger."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(*options):
        done = subprocess.run(["mount", *options, "tmpfs", str(folder)], capture_output=True, check=False)
        return done.returncode == 0

    if os.geteuid() or not mount("-t", "tmpfs", "-o", "size=12k"):
        pytest.skip("needs the right to mount a disk")
    yield folder, lambda: mount("-o", "remount,size=1m")
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_keeps_whole_parts_and_the_study_goes_on_once_there_is_room(study, small_disk, undisturbed):
    disk, enlarge = small_disk
    full = finish(study, "--out", str(disk / "o"))
    assert full.returncode == 2
    last, parts = full.stderr.splitlines()[-1], list((disk / "o" / "parts").iterdir())
    assert f"No space left on device; {len(parts)} of 6 {KEPT}" in last
    assert 0 < len(parts) < 6
    assert not (disk / "o" / "results.nc").exists()
    assert enlarge()
    again = finish(study, "--out", str(disk / "o"))
    assert again.returncode == 0, again.stderr
    assert "damaged" not in again.stderr
    assert sorted(path.name for path in (disk / "o").iterdir()) == ["report.html", "results.nc"]
    assert (disk / "o" / "results.nc").read_bytes() == undisturbed


@pytest.fixture
def read_only(tmp_path):
    """A folder that may not be written: for the superuser a disk mounted so, for others by its mode."""
    folder = tmp_path / "locked"
    folder.mkdir()
    if os.geteuid():
        folder.chmod(0o500)
        yield folder
        folder.chmod(0o700)
        return
    mount = ["mount", "-t", "tmpfs", "-o", "ro,size=64k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_folder_that_may_not_be_written_is_found_before_anything_runs(study, read_only):
    for out in (read_only, read_only / "below"):
        found = finish(study, "--out", str(out))
        assert found.returncode == 2
        last = found.stderr.splitlines()[-1]
        assert last.startswith(f"error: directory: {out} cannot be written (")
        assert last.endswith("); give another folder")
        assert "starting" not in found.stderr
    assert not list(read_only.iterdir())


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_leaves_nothing(study):
    pytest.importorskip("distributed")
    found = finish(study, "--scheduler", "tcp://127.0.0.1:1")
    assert found.returncode == 2
    assert found.stderr.startswith(
        "error: scheduler: no Dask scheduler answers at tcp://127.0.0.1:1 within 10 s; is it"
    )
    assert found.stderr.count("\n") == 1
    assert not (study / "o").exists()
    both = finish(study, "--scheduler", "tcp://127.0.0.1:1", "--workers", "2")
    assert "give one" in both.stderr
    assert "workers must be a whole number within [1, 1024]; got 0" in finish(study, "--workers", "0").stderr
    assert not (study / "o").exists()
