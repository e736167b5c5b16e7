"""law, kernel, launch: the only place with Numba options and threads.

A *law* is a pure scalar function; it is inlined into the kernels that call it. A *kernel* is a loop over the cells
``start <= cell < stop`` that fills preallocated arrays and never raises. `launch` runs a kernel over all cells, on
as many threads as ``numba.get_num_threads()`` says.

Threads are ordinary Python threads that run a kernel without the interpreter lock, not Numba's ``parallel=True``:
the same machine code then serves one thread and many (compiled once, several times faster than a parallel region),
a small array never enters a thread pool, and the answer cannot depend on the number of threads because no cell's
result depends on the chunk it falls in.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import itertools
import math
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, TypeVar

import numba
import numpy as np

from pcmphys.numerics.cache import KernelCache
from pcmphys.numerics.callee import callee, quickly
from pcmphys.numerics.interpreted import interpreted

_CELLS_PER_THREAD = 32_768
"""Below this many cells a thread more costs about as much as it saves."""
_KEPT_BYTES = 30 * 2**20
_SCRATCH_BYTES = 2**25
"""Largest scratch memory [bytes] that a thread keeps between calls."""

Result = TypeVar("Result")
Law = TypeVar("Law", bound=Callable[..., Any])

_local = threading.local()


def _let_the_allocator_keep_arrays() -> None:
    """Give back a large block once, never touched, so that the GNU allocator keeps arrays up to that size.

    Else it returns each array to the system, and the next one comes page by page: a fifth of the time of a solve.
    """
    np.empty(_KEPT_BYTES // 8)


_let_the_allocator_keep_arrays()


def law(function: Law) -> Law:
    """Compile a pure scalar law; it can also be called from Python, one number at a time."""
    if numba.config.DISABLE_JIT:
        return interpreted(function)
    options = {"error_model": "numpy", "forceinline": True}
    return callee(numba.njit(**options)(function), function, **options)


def kernel(function: Callable[..., None]) -> Callable[..., None]:
    """Compile a loop over cells: without the interpreter lock, kept on disk, no fast-math."""
    if numba.config.DISABLE_JIT:
        return interpreted(function)
    compiled = numba.njit(nogil=True, error_model="numpy")(function)
    compiled._cache = KernelCache(function)
    return quickly(callee(compiled, function, error_model="numpy"))


def thread_count() -> int:
    """Threads that `launch` may use now: ``numba.get_num_threads()``, a part of `SharedThreads`, 1 in a launch."""
    if getattr(_local, "inside", False):
        return 1
    shared = getattr(_local, "shared", None)
    return numba.get_num_threads() if shared is None else shared.part


class SharedThreads:
    """Threads that callers share who run side by side: each has an equal part, and the last one has them all.

    Attributes
    ----------
    threads : int
        Threads in all.
    """

    def __init__(self, threads: int):
        self.threads: int = threads
        self._callers = 0
        self._lock = threading.Lock()

    @property
    def part(self) -> int:
        """Threads for each of those who run now; it grows when others end."""
        return max(1, self.threads // max(1, self._callers))

    @contextlib.contextmanager
    def shared(self):
        """Within this context the calling thread launches on its part of the threads."""
        outer = getattr(_local, "shared", None)
        with self._lock:
            self._callers += 1
        _local.shared = self
        try:
            yield
        finally:
            _local.shared = outer
            with self._lock:
                self._callers -= 1


@contextlib.contextmanager
def single_thread():
    """Within this context the calling thread hands nothing to others: for callers that are themselves parallel."""
    outer = getattr(_local, "inside", False)
    _local.inside = True
    try:
        yield
    finally:
        _local.inside = outer


def spans(count: int, parts: int, align: int = 1) -> list[tuple[int, int]]:
    """Cut ``range(count)`` into at most ``parts`` runs whose inner borders are multiples of ``align``."""
    blocks = -(-count // align)
    parts = max(1, min(parts, blocks))
    borders = [min(count, align * (blocks * k // parts)) for k in range(parts + 1)]
    return list(itertools.pairwise(borders))


def launch(compiled: Callable, count: int, *arguments: Any, align: int = 1, grain: int = _CELLS_PER_THREAD) -> None:
    """Call ``compiled(start, stop, *arguments)`` so that every cell of ``range(count)`` is covered once.

    ``grain`` is the least number of cells worth a thread of its own; ``align`` keeps chunk borders on multiples.
    """
    if count == 0:
        return
    if count < 2 * grain:  # thousands of small arrays: asking for threads would cost more than the work
        compiled(0, count, *arguments)
        return
    runs = spans(count, min(thread_count(), count // grain), align)
    together([functools.partial(compiled, start, stop, *arguments) for start, stop in runs])


def together(tasks: Sequence[Callable[[], Result]]) -> list[Result]:
    """Run independent tasks on the threads at hand and return their results in order.

    Where tasks fail, all have run, and the first of them in order is heard of.
    """
    threads = min(thread_count(), len(tasks))
    if threads <= 1:
        return [task() for task in tasks]
    left = collections.deque(range(len(tasks)))
    found: list[Any] = [None] * len(tasks)
    failed: dict[int, Exception] = {}

    def work() -> None:
        # whoever is free takes the next task
        with contextlib.suppress(IndexError), single_thread():
            while True:
                k = left.popleft()
                try:
                    found[k] = tasks[k]()
                except Exception as error:
                    failed[k] = error

    helpers = [_pool(threads).submit(work) for _ in range(threads - 1)]
    try:
        work()  # also by the calling thread: one hand-over less, and no idle core while it waits
    finally:
        left.clear()  # after an interruption
        # nothing may go on writing into the caller's arrays; a helper that found no thread is not waited for
        helpers = [helper for helper in helpers if not helper.cancel()]
        wait(helpers)
    for helper in helpers:
        helper.result()
    if failed:
        raise failed[min(failed)]
    return found


def scratch(count: int, shape: tuple[int, ...]) -> list[np.ndarray]:
    """``count`` float64 arrays of one shape with undefined content, from memory that this thread keeps.

    Fresh memory costs a page fault every 4 kB, which for a small solve is more than its arithmetic. The arrays are
    good until the same thread asks again: never hand them out or keep them.
    """
    size = math.prod(shape)
    if 8 * count * size > _SCRATCH_BYTES:
        return [np.empty(shape) for _ in range(count)]
    memory = getattr(_local, "scratch", None)
    if memory is None or memory.size < count * size:
        memory = _local.scratch = np.empty(count * size)
    return [memory[k * size : (k + 1) * size].reshape(shape) for k in range(count)]


@functools.lru_cache(maxsize=1)
def _pool_of(process: int, threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads - 1, thread_name_prefix="pcmphys")


def _pool(threads: int) -> ThreadPoolExecutor:
    # a pool does not survive a fork: the process number is part of its key; one for all numbers of threads, as those
    # who share threads use it side by side
    return _pool_of(os.getpid(), max(threads, numba.config.NUMBA_NUM_THREADS))
