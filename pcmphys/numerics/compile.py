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
    """Threads that `launch` may use now: ``numba.get_num_threads()``, and 1 inside a running launch."""
    return 1 if getattr(_local, "inside", False) else numba.get_num_threads()


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
    """Run independent tasks on the threads at hand and return their results in order."""
    threads = min(thread_count(), len(tasks))
    if threads <= 1:
        return [task() for task in tasks]
    pool = _pool(threads)
    # the calling thread takes the first task itself: one hand-over less, and no idle core while it waits
    waiting = [pool.submit(_inside, task) for task in tasks[1:]]
    try:
        first = _inside(tasks[0])
    finally:
        wait(waiting)  # also when a task fails: nothing may go on writing into the caller's arrays
    return [first, *(future.result() for future in waiting)]


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


def _inside(task: Callable[[], Result]) -> Result:
    with single_thread():
        return task()


@functools.lru_cache(maxsize=1)
def _pool_of(process: int, threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads - 1, thread_name_prefix="pcmphys")


def _pool(threads: int) -> ThreadPoolExecutor:
    # a pool does not survive a fork: the process number is part of its key
    return _pool_of(os.getpid(), threads)
