"""Worker processes of this machine: they die, are replaced, and leave nothing."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import time
from concurrent.futures import ProcessPoolExecutor

import pytest

from pcmphys import ParameterError
from pcmphys.numerics.parts import Parts
from pcmphys.study import WorkerDied, Workers, run
from pcmphys.study.chunk import computed
from tests.study.squares import Squares, SquareSettings, square

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")
STUDY = SquareSettings(sides=[1.0, 2.0, 3.0, 4.0])


@pytest.fixture(autouse=True)
def _third_kind(third_kind):
    pass


def die(side, flag, tick=None):
    """Take the worker along: at 2 m2 the first time, at 3 m2 always."""
    if side == 3.0 or (side == 2.0 and not os.path.exists(flag)):
        open(flag, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return square(side, 0.0, tick)


@pytest.fixture
def deadly(monkeypatch, tmp_path):
    """A study some of whose chunks kill the process that they run in."""
    monkeypatch.setattr(Squares, "task", lambda self, key: (die, (self.config.sides[key[0]], str(tmp_path / "flag"))))


@pytest.mark.slow
def test_a_chunk_whose_worker_dies_is_run_again(deadly, tmp_path):
    with Workers(2) as workers:
        found = run(SquareSettings(sides=[1.0, 2.0, 4.0]), workers, directory=tmp_path / "out")
    assert found["area"].values.tolist() == [1.0, 4.0, 16.0]
    assert (tmp_path / "flag").exists()


@pytest.mark.slow
def test_a_chunk_that_always_kills_ends_the_study_and_the_others_are_kept(deadly, tmp_path):
    (tmp_path / "flag").touch()
    folder = tmp_path / "out"
    wanted = (
        r"died 3 times at the same part .* not enough memory: fewer workers need less\); \d of 4 parts are finished "
        rf"and kept in {folder}/parts: the same study with the same directory goes on from them"
    )
    with Workers(1) as workers, pytest.raises(WorkerDied, match=wanted):
        run(STUDY, workers, directory=folder)
    kept = sorted(path.name[-6:-4] for path in (folder / "parts").iterdir())
    assert kept[:2] == ["00", "01"]
    assert "02" not in kept


def test_the_death_of_a_pool_of_the_users_is_told_in_the_same_way(deadly, tmp_path):
    spawn = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(1, mp_context=spawn) as pool,
        pytest.raises(WorkerDied, match=r"a worker process died .*kept"),
    ):
        run(STUDY, pool, directory=tmp_path / "out")


def test_an_error_of_a_chunk_arrives_as_it_is_and_the_workers_go_on():
    with Workers(2) as workers:
        with pytest.raises(ParameterError, match="runs another version of pcmphys than this process; install the same"):
            workers.submit(computed, "another version", square, 1.0, 0.0).result()
        assert workers.submit(square, 3.0, 0.0).result()["area"] == 9.0


def test_stopped_workers_are_gone_at_once_and_what_waited_is_cancelled():
    workers = Workers(1)
    asleep, waiting = workers.submit(time.sleep, 60.0), workers.submit(time.sleep, 60.0)
    process = pid_of(workers)
    start = time.monotonic()
    workers.stop()
    assert isinstance(asleep.exception(timeout=10.0), WorkerDied)
    assert waiting.cancelled()
    assert time.monotonic() - start < 5.0
    assert not runs(process)
    with pytest.raises(RuntimeError, match="shut down"):
        workers.submit(abs, 1)


def test_a_number_of_workers_that_is_none_is_refused():
    for count in (0, -1, 2.5, "two", True):
        with pytest.raises(ParameterError, match="workers must be"):
            Workers(count)
    with Workers(3) as workers:
        assert repr(workers) == "Workers(3)"
        assert pickle.loads(pickle.dumps(workers)).count == 3
        assert list(workers.map(abs, [])) == []


def test_parts_on_a_disk_that_fills_up_end_the_study_and_the_rest_is_kept(monkeypatch, tmp_path):
    save, saved = Parts.save, []

    def full(self, key, part):
        saved.append(key)
        if len(saved) > 2:
            raise OSError(28, "No space left on device", str(self.path(key)))
        save(self, key, part)

    monkeypatch.setattr(Parts, "save", full)
    with Workers(2) as workers, pytest.raises(OSError, match="No space left on device"):
        run(STUDY, workers, directory=tmp_path / "out")
    monkeypatch.undo()
    assert len(list((tmp_path / "out" / "parts").iterdir())) == 2


def pid_of(workers: Workers) -> int:
    slot = workers._slots[0]
    for _ in range(600):
        if slot._process:
            return slot._process
        time.sleep(0.1)
    raise AssertionError("no worker started")


def runs(process: int) -> bool:
    for _ in range(50):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.1)
    return True
