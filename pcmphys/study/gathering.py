"""Chunks on an executor: what is on disk is not run again, what has finished is kept whatever happens."""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ThreadPoolExecutor, as_completed, wait
from typing import Protocol

from pcmphys.numerics.compile import SharedThreads, thread_count
from pcmphys.numerics.files import probe
from pcmphys.numerics.parts import Part, Parts
from pcmphys.study.chunk import computed, computed_here, program
from pcmphys.study.plan import Key, Plan
from pcmphys.study.workers import WorkerDied, Workers, died, lost

Progress = Callable[[int, int], None]


class Keeper(Protocol):
    """What takes parts that are too many for memory."""

    def keep(self, key: Key, part: Part) -> None:
        """Take a part."""
        ...

    def publish(self) -> None:
        """All that had been finished before is here."""
        ...


class Gathering:
    """One run of the chunks that are not on disk yet.

    Attributes
    ----------
    left_running : bool
        Whether chunks still run in threads of this process, because it was interrupted twice.
    """

    def __init__(
        self,
        plan: Plan,
        executor: Executor | None,
        parts: Parts | None,
        progress: Progress | None,
        keeper: Keeper | None = None,
    ):
        self.plan: Plan = plan
        self.parts: Parts | None = parts
        self.left_running: bool = False
        self._local = executor is None
        self._executor = executor
        self._threads = SharedThreads(thread_count())
        self._counter = _Counter(len(plan.chunks) * plan.steps, progress)
        self._keeper = keeper
        self._found: dict[Key, Part | None] = {}
        self._futures: dict[Future, Key] = {}
        self._unmet: dict[Key, set[Key]] = {}

    def run(self) -> list[Part]:
        """The part of each chunk, in the order of the plan; none of them if a keeper has them."""
        self._resume()
        executor = ThreadPoolExecutor(self._threads.threads) if self._executor is None else self._executor
        try:
            self._begin(executor)
            while self._futures:
                for future in wait(self._futures, return_when=FIRST_COMPLETED).done:
                    self._go_on(executor, self._keep(future))
        except BaseException as error:
            # the first failure ends the study now, not after the chunks that are still waiting
            self._wind_up(executor, told=isinstance(error, KeyboardInterrupt))
            if died(error) or isinstance(error, CancelledError):
                raise self._named(error) from None
            raise
        finally:
            if self._local:
                executor.shutdown(wait=False)
        if self._keeper is not None:
            return []
        return [part for part in map(self._found.get, self.plan.chunks) if part is not None]

    def _resume(self) -> None:
        """Take what is on disk already."""
        if self.parts is not None:
            probe(self.parts.folder, "directory")
            for key in self.plan.chunks:
                part = self.parts.load(key)
                if part is not None:
                    self._remember(key, part)
        if self._keeper is not None:
            self._keeper.publish()
        self._counter.advance(self.plan.steps * len(self._found))

    def _begin(self, executor: Executor) -> None:
        """Hand over every chunk that needs no other, or whose needs are met."""
        for key in self.plan.chunks:
            if key not in self._found:
                unmet = {need for need in self.plan.needs(key) if need not in self._found}
                if unmet:
                    self._unmet[key] = unmet
                else:
                    self._submit(executor, key)

    def _go_on(self, executor: Executor, finished: Key) -> None:
        """Hand over the chunks that have waited for this one only."""
        for key in [key for key, unmet in self._unmet.items() if finished in unmet]:
            self._unmet[key].discard(finished)
            if not self._unmet[key]:
                del self._unmet[key]
                self._submit(executor, key)

    def _submit(self, executor: Executor, key: Key) -> None:
        function, arguments = self.plan.task(key, *map(self._part, self.plan.needs(key)))
        if self._local:
            future = executor.submit(computed_here, self._threads, function, *arguments, self._counter.tick)
        else:  # a callback does not travel to another process
            future = executor.submit(computed, program(), function, *arguments)
        self._futures[future] = key

    def _part(self, key: Key) -> Part:
        """A part that another chunk needs."""
        part = self._found[key]
        if part is None and self.parts is not None:
            part = self.parts.load(key)
        if part is None:
            raise OSError(f"a finished part of the study is gone from {self.parts and self.parts.folder}")
        return part

    def _keep(self, future: Future) -> Key:
        key, part = self._futures[future], future.result()
        if self.parts is not None:
            self.parts.save(key, part)
        self._remember(key, part)
        if not self._local:
            self._counter.advance(self.plan.steps)
        del self._futures[future]  # a future holds its result for as long as it is known
        return key

    def _remember(self, key: Key, part: Part) -> None:
        if self._keeper is not None:
            self._keeper.keep(key, part)
        self._found[key] = part if self._keeper is None else self.plan.handed_on(key, part)

    def _named(self, error: BaseException) -> WorkerDied:
        """The death of a worker, or of what hands out the work, with what is kept."""
        if isinstance(error, CancelledError):
            found = WorkerDied("the executor has given up its work (its scheduler is gone, or it was shut down)")
        else:
            found = lost(error)
        if self.parts is None:
            return found
        kept, total = self.parts.count(self.plan.chunks), len(self.plan.chunks)
        return WorkerDied(
            f"{found}; {kept} of {total} parts are finished and kept in {self.parts.folder}: the same study with the "
            "same directory goes on from them"
        )

    def _wind_up(self, executor: Executor, *, told: bool) -> None:
        """Cancel what waits, finish and keep what runs, unless interrupted once more."""
        running = [future for future in self._futures if not future.cancel()]
        if self.parts is None:  # nothing to finish for
            self._leave(executor, running, told=told)
            return
        try:
            if told and not all(future.done() for future in running):
                say = "interrupted: what is running is finished and kept; interrupt again to stop at once"
                warnings.warn(say, stacklevel=2)
            for future in as_completed(running):
                # the first failure is what the user hears of
                with contextlib.suppress(Exception):
                    self._keep(future)
        except KeyboardInterrupt:
            self._leave(executor, running, told=True)

    def _leave(self, executor: Executor, running: Iterable[Future], *, told: bool) -> None:
        """Wait for nothing any more."""
        self._counter.stop()
        if told and isinstance(executor, Workers):
            executor.stop()
        self.left_running = self._local and any(not future.done() for future in running)


class _Stopped(Exception):
    """Ends a chunk whose results nobody waits for."""


class _Counter:
    """Steps that are done, of all workers together."""

    def __init__(self, total: int, progress: Progress | None):
        self.done, self.total, self.progress = 0, total, progress
        self._lock = threading.Lock()
        self._stopped = False

    def tick(self) -> None:
        """One step of a chunk that runs in a thread of this process."""
        if self._stopped:
            raise _Stopped
        self.advance(1)

    def stop(self) -> None:
        """Let the next step be the last."""
        self._stopped = True

    def advance(self, steps: int) -> None:
        """Count steps and tell."""
        with self._lock:
            self.done += steps
            if self.progress is not None:
                self.progress(self.done, self.total)
