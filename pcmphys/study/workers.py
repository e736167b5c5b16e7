"""Worker processes of this machine: where one dies, only its chunk is run again."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from typing import Any

from pcmphys.errors import ParameterError
from pcmphys.numerics import check

MOST_WORKERS = 1024
TRIES = 3
"""How often a chunk may take its worker with it before the study ends."""


class WorkerDied(ChildProcessError):
    """A worker process ended before its chunk did: killed, out of memory, or a crash below Python."""


class Workers(Executor):
    """Worker processes of this machine, an executor for `run`; results do not depend on their number.

    Unlike `concurrent.futures.ProcessPoolExecutor`, of which nothing is left after the death of one process, each
    worker is a pool of its own: a chunk whose worker dies goes to a new one, and fails with `WorkerDied` the third
    time. Control-C is left to the process that asks, and a worker whose asking process is gone ends itself.

    Parameters
    ----------
    count : int
        Number of processes; they start when there is work for them. Each holds what a chunk needs, see `Plan.memory`.

    Raises
    ------
    ParameterError
        Not a number of processes.

    Examples
    --------
    >>> with Workers(2) as workers:
    ...     list(workers.map(abs, [-1, 2, -3]))
    [1, 2, 3]
    """

    def __init__(self, count: int):
        self.count: int = check.integer("workers", count, 1, MOST_WORKERS)
        self._waiting: queue.SimpleQueue = queue.SimpleQueue()
        self._slots = [_Slot(self._waiting) for _ in range(self.count)]
        self._ended = False

    def __repr__(self) -> str:
        return f"Workers({self.count})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.count,)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """See `concurrent.futures.Executor`."""
        if self._ended:
            raise RuntimeError("the workers have been shut down")
        future: Future[Any] = Future()
        self._waiting.put((future, functools.partial(fn, *args, **kwargs)))
        for slot in self._slots:
            slot.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """See `concurrent.futures.Executor`."""
        self._ended = True
        if cancel_futures:
            with contextlib.suppress(queue.Empty):
                while True:
                    work = self._waiting.get_nowait()
                    if work is not None:  # shut down once more
                        work[0].cancel()
        for _ in self._slots:
            self._waiting.put(None)
        if wait:
            for slot in self._slots:
                slot.join()

    def stop(self) -> None:
        """End the processes now, whatever they are at; chunks that ran or waited fail or are cancelled."""
        self.shutdown(wait=False, cancel_futures=True)
        for slot in self._slots:
            slot.stop()


class _Slot:
    """One worker process, and the thread that hands it a chunk after the other."""

    def __init__(self, waiting: queue.SimpleQueue):
        self._waiting = waiting
        self._thread = threading.Thread(target=self._serve, name="pcmphys worker", daemon=True)
        self._lock = threading.Lock()
        self._stopped = False
        self._process = 0

    def start(self) -> None:
        with self._lock:
            if self._thread.ident is None:
                self._thread.start()

    def join(self) -> None:
        if self._thread.ident is not None:
            self._thread.join()

    def stop(self) -> None:
        self._stopped = True
        _end(self._process)

    def _serve(self) -> None:
        pool = None
        while (work := self._waiting.get()) is not None:
            future, call = work
            if future.set_running_or_notify_cancel():
                pool = self._settle(future, call, pool)
        if pool is not None:
            pool.shutdown()

    def _settle(self, future: Future, call: Callable[[], Any], pool: ProcessPoolExecutor | None):
        """Run one chunk to its end; returns the pool for the next one, as this one may have cost it."""
        for _ in range(TRIES):
            try:
                pool = pool or self._new()
                result = pool.submit(call).result()
            except BrokenExecutor:
                pool = _thrown_away(pool)
                if self._stopped:
                    break
            except BaseException as error:
                future.set_exception(error)
                return pool
            else:
                future.set_result(result)
                return pool
        future.set_exception(
            WorkerDied(
                f"a worker process died {TRIES} times at the same part of the study (killed from outside, a crash, or "
                "not enough memory: fewer workers need less)"
            )
        )
        return pool

    def _new(self) -> ProcessPoolExecutor:
        # a forked process would inherit locks that threads of this one hold
        spawn = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_begin)
        with _control_c_held_back():
            first = pool.submit(os.getpid)
        self._process = first.result()
        if self._stopped:
            _end(self._process)
        return pool


def _thrown_away(pool: ProcessPoolExecutor | None) -> None:
    if pool is not None:
        pool.shutdown(wait=False)


def _end(process: int) -> None:
    if process:
        with contextlib.suppress(OSError):
            os.kill(process, getattr(signal, "SIGKILL", signal.SIGTERM))


@contextlib.contextmanager
def _control_c_held_back() -> Iterator[None]:
    """Let a process that is started here not see control-C until it has said what it does then."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """First of all in a worker."""
    # a terminal sends control-C to all: what runs is finished, and the process that asks says when to stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, name="pcmphys parent", daemon=True).start()


def _end_with_parent() -> None:
    """Wait for the end of the asking process: one that was killed does not say goodbye, and a worker would wait on."""
    from multiprocessing.connection import wait

    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def died(error: BaseException) -> bool:
    """Whether an executor says that a worker is gone: that of Python, ours, or Dask's."""
    return isinstance(error, BrokenExecutor | WorkerDied) or type(error).__name__ == "KilledWorker"


def lost(error: BaseException) -> WorkerDied:
    """What the user hears of it."""
    if isinstance(error, WorkerDied):
        return error
    words = " ".join(str(error).split())
    return WorkerDied(f"a worker process died (killed from outside, a crash, or not enough memory): {words}")


def checked(executor: Any) -> Executor | None:
    """Something with ``submit``, as `concurrent.futures.Executor` has it."""
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise ParameterError(f"executor must be a concurrent.futures.Executor; got {type(executor).__name__}")
    if executor is not None and hasattr(executor, "get_executor"):  # a Dask client's own futures are of another kind
        return executor.get_executor()
    return executor
