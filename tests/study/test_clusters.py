"""Studies on Dask: the same bits, workers and schedulers that come, go and do not answer."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pcmphys import ParameterError
from pcmphys.study import WorkerDied, Workers, clusters, connect, run
from tests.study.squares import SquareSettings

distributed = pytest.importorskip("distributed")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def inside():
    """A cluster in this process: a scheduler and two workers."""
    with local(n_workers=2, threads_per_worker=1, processes=False) as cluster:
        yield cluster


def local(**options):
    return distributed.LocalCluster(dashboard_address=None, **options)


def test_a_cluster_gives_the_same_bits(inside, small_study):
    here = run(small_study)
    seen = []
    with connect(inside) as executor:
        found = run(small_study, executor, progress=lambda *steps: seen.append(steps))
    assert found.identical(here)
    assert seen[0] == (0, 12)
    assert seen[-1] == (12, 12)
    with distributed.Client(inside, set_as_default=False) as client:
        assert run(small_study, client).identical(here)


def test_workers_with_another_version_are_refused(inside, monkeypatch):
    def program():
        return "ours" if threading.current_thread() is threading.main_thread() else "theirs"

    monkeypatch.setattr(clusters, "program", program)
    with (
        pytest.raises(ParameterError, match="2 of 2 workers run another version of pcmphys") as caught,
        connect(inside),
    ):
        pass
    assert "install the same one on all and start them again" in str(caught.value)


def test_a_scheduler_that_is_none_or_silent_or_has_no_workers_is_named(tmp_path):
    for given in ("foo://bar", "", "tcp://127.0.0.1", 3, None, True):
        with pytest.raises(ParameterError, match="scheduler must be the address of a Dask scheduler"), connect(given):
            pass
    wanted = r"no Dask scheduler answers at tcp://127\.0\.0\.1:1 within 0\.5 s"
    with pytest.raises(ParameterError, match=wanted), connect("127.0.0.1:1", timeout=0.5):
        pass
    file = tmp_path / "scheduler.json"
    with pytest.raises(ParameterError, match=r"scheduler\.json cannot be read \(No such file"), connect(str(file)):
        pass
    file.write_text("{}")
    with pytest.raises(ParameterError, match="not one that `dask scheduler --scheduler-file` writes"), connect(file):
        pass
    with pytest.raises(ParameterError, match="timeout"), connect("127.0.0.1:1", timeout=0.0):
        pass
    wanted = r"has no workers, and got none within 0\.5 s; start some: dask worker"
    with local(n_workers=0, processes=False, protocol="tcp") as empty:
        address = empty.scheduler_address
        with pytest.raises(ParameterError, match=wanted), connect(address, timeout=0.5):
            pass


def test_another_program_at_the_address_is_no_scheduler():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            talk, _ = server.accept()
            talk.sendall(b"HTTP/1.0 400 Bad request\r\n" * 10)

        threading.Thread(target=answer, daemon=True).start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        wanted = f"no Dask scheduler answers at {address} within 1 s"
        with pytest.raises(ParameterError, match=wanted), connect(address, timeout=1.0):
            pass


@pytest.mark.slow
def test_threads_processes_and_a_cluster_of_processes_give_the_same_bits():
    """What BLAS adds up follows its number of threads, of which a worker of Dask has one."""
    study = {"cells": ["ibm-90nm-statistical"], "chips": 3, "times": [20.0, 86400.0], "inputs": 100}
    with ThreadPoolExecutor(2) as threads:
        here = run(study, threads)
    with Workers(2) as workers:
        assert run(study, workers).identical(here)
    with local(n_workers=2, threads_per_worker=1) as cluster, connect(cluster.scheduler_address) as executor:
        assert run(study, executor).identical(here)


@pytest.fixture
def outside(tmp_path):
    """A scheduler and two workers, each a process of its own: their file and the processes."""
    file = tmp_path / "scheduler.json"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    quiet = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    processes = [subprocess.Popen([*dask, "--no-dashboard", "--scheduler-file", str(file)], **quiet)]
    for _ in range(300):
        if file.exists():
            break
        time.sleep(0.1)
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(file), "--nthreads", "1"]
    processes += [subprocess.Popen([*worker, "--no-nanny", "--no-dashboard"], **quiet) for _ in range(2)]
    yield str(file), processes
    for process in processes:
        process.kill()
        process.wait()


STUDY = SquareSettings(sides=[float(side) for side in range(1, 9)], pause=1.0)


@pytest.mark.slow
def test_a_worker_of_a_cluster_may_die(outside, tmp_path, third_kind):
    file, (_, first, _) = outside

    def kill(done, _total):
        if done == 2:
            first.kill()

    with connect(file, timeout=60.0) as executor:
        found = run(STUDY, executor, directory=tmp_path / "o", progress=kill)
    assert found["area"].values.tolist() == [side**2 for side in STUDY.sides]
    assert [path.name for path in (tmp_path / "o").iterdir()] == ["results.nc"]


@pytest.mark.slow
def test_the_death_of_the_scheduler_is_told_and_the_parts_are_kept(outside, tmp_path, third_kind):
    file, (scheduler, *_) = outside

    def kill(done, _total):
        if done == 2:
            scheduler.kill()

    wanted = r"scheduler is gone, or it was shut down\); \d of 8 parts are finished and kept in"
    with pytest.raises(WorkerDied, match=wanted), connect(file, timeout=60.0) as executor:
        run(STUDY, executor, directory=tmp_path / "o", progress=kill)
    assert len(list((tmp_path / "o" / "parts").iterdir())) >= 2
    assert run(STUDY, directory=tmp_path / "o")["area"].values.tolist() == [side**2 for side in STUDY.sides]
