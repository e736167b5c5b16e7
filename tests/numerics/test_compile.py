"""Cutting and threads."""

import threading
import time

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcmphys.numerics import compile

COUNT = st.integers(0, 5000)
PARTS = st.integers(1, 40)
ALIGN = st.integers(1, 700)


@pytest.fixture
def threads(monkeypatch):
    """Pretend that this many threads are at hand, whatever the machine."""

    def use(number):
        monkeypatch.setattr(compile, "thread_count", lambda: 1 if getattr(compile._local, "inside", False) else number)

    return use


@given(COUNT, PARTS, ALIGN)
def test_spans_cover_each_cell_once(count, parts, align):
    runs = compile.spans(count, parts, align)
    covered = [cell for start, stop in runs for cell in range(start, stop)]
    assert covered == list(range(count))
    assert 1 <= len(runs) <= parts
    assert all(start % align == 0 for start, _ in runs)
    if count:
        assert all(stop > start for start, stop in runs)
        sizes = [stop - start for start, stop in runs]
        assert max(sizes) - min(sizes) < 2 * align  # evenly spread


@given(COUNT, PARTS, ALIGN, st.integers(1, 300))
def test_launch_covers_each_cell_once(count, parts, align, grain):
    seen = np.zeros(count, dtype=np.int64)
    runs = []

    def visit(start, stop, array, amount):
        runs.append((start, stop))
        array[start:stop] += amount

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compile, "thread_count", lambda: parts)
        compile.launch(visit, count, seen, 3, align=align, grain=grain)
    assert (seen == 3).all()
    assert len(runs) <= min(parts, max(1, count // grain))
    assert count == 0 or len(runs) >= 1


def test_launch_really_uses_the_threads(threads):
    threads(3)
    names = []
    meet = threading.Barrier(3, timeout=20)

    def visit(start, stop):
        meet.wait()  # passes only when three threads are here at the same time
        names.append(threading.get_ident())

    compile.launch(visit, 300, grain=100)
    assert len(set(names)) == 3
    assert threading.get_ident() in names  # the caller does its share


def test_small_arrays_stay_on_the_calling_thread(threads):
    threads(8)
    names = []
    compile.launch(lambda start, stop: names.append(threading.get_ident()), compile._CELLS_PER_THREAD * 2 - 1)
    assert names == [threading.get_ident()]


def test_results_come_in_order(threads):
    threads(4)

    def task(k):
        time.sleep(0.01 * (5 - k) if k < 5 else 0.0)
        return k

    assert compile.together([lambda k=k: task(k) for k in range(20)]) == list(range(20))
    assert compile.together([]) == []


def test_the_calling_thread_takes_as_many_tasks_as_any_other(threads):
    """It took the first and then waited: twenty tasks on two threads took as long as nineteen."""
    threads(2)
    meet = threading.Barrier(2, timeout=20)
    compile.together([meet.wait] * 20)  # passes only if two tasks run at a time, down to the last


def test_an_interruption_leaves_the_tasks_that_have_not_begun(threads):
    threads(2)
    ran = []

    def stop():
        time.sleep(0.02)
        raise KeyboardInterrupt

    def task(k):
        ran.append(k)
        time.sleep(0.05)

    with pytest.raises(KeyboardInterrupt):
        compile.together([stop, *(lambda k=k: task(k) for k in range(50))])
    assert len(ran) < 25
    assert not getattr(compile._local, "inside", False)


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("failing", [0, 1, 2])
def test_an_error_in_a_task_reaches_the_caller_and_nothing_runs_on(threads, number, failing):
    threads(number)
    running = []

    def task(k):
        running.append(k)
        try:
            if k == failing:
                raise ZeroDivisionError(f"task {k}")
            time.sleep(0.05)
        finally:
            running.remove(k)

    with pytest.raises(ZeroDivisionError, match=f"task {failing}"):
        compile.together([lambda k=k: task(k) for k in range(3)])
    assert running == []
    assert not getattr(compile._local, "inside", False)
    # and the pool is still good
    assert compile.together([lambda k=k: k for k in range(3)]) == [0, 1, 2]


def test_of_several_errors_the_first_in_order_is_heard_of(threads):
    threads(2)
    later = threading.Event()

    def first():
        later.wait(20.0)
        raise ZeroDivisionError("first")

    def second():
        later.set()
        raise ZeroDivisionError("second")

    with pytest.raises(ZeroDivisionError, match="first"):
        compile.together([first, second])


def test_a_launch_inside_a_launch_runs_on_its_own_thread(threads):
    threads(2)
    seen = np.zeros((4, 1000))

    def inner(start, stop, row):
        assert compile.thread_count() == 1
        row[start:stop] += 1

    def outer(start, stop):
        for k in range(start, stop):
            compile.launch(inner, 1000, seen[k], grain=1)

    worker = threading.Thread(target=compile.launch, args=(outer, 4), kwargs={"grain": 1}, daemon=True)
    worker.start()
    worker.join(timeout=20)
    assert not worker.is_alive(), "deadlock"
    assert (seen == 1).all()
    assert compile.thread_count() == 2


def test_several_callers_share_the_pool(threads):
    threads(2)
    seen = np.zeros((6, 100))

    def visit(start, stop, row):
        time.sleep(0.002)
        row[start:stop] += 1

    def call(k):
        for _ in range(5):
            compile.launch(visit, 100, seen[k], grain=1)

    callers = [threading.Thread(target=call, args=(k,), daemon=True) for k in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(timeout=20)
    assert (seen == 5).all()


def test_a_caller_that_is_itself_parallel_can_keep_to_its_thread(threads):
    threads(4)
    names = []
    with compile.single_thread():
        compile.launch(lambda start, stop: names.append(threading.get_ident()), 100, grain=1)
        with compile.single_thread():
            pass
        assert compile.thread_count() == 1  # the inner one has not let the outer one loose
    assert names == [threading.get_ident()]
    assert compile.thread_count() == 4
    with pytest.raises(ZeroDivisionError), compile.single_thread():
        raise ZeroDivisionError
    assert compile.thread_count() == 4


def test_threads_are_shared_by_those_who_run():
    shared = compile.SharedThreads(4)
    begun, ended = threading.Event(), threading.Event()
    seen = []

    def other():
        with shared.shared():
            seen.append(compile.thread_count())
            begun.set()
            assert ended.wait(20)
            with compile.single_thread():
                seen.append(compile.thread_count())

    before = compile.thread_count()
    with shared.shared():
        assert compile.thread_count() == 4
        worker = threading.Thread(target=other, daemon=True)
        worker.start()
        assert begun.wait(20)
        assert compile.thread_count() == 2
        ended.set()
        worker.join(timeout=20)
        assert compile.thread_count() == 4  # those of the one that has ended
    assert seen == [2, 1]
    assert compile.thread_count() == before


def test_more_callers_than_threads_have_one_each():
    shared = compile.SharedThreads(1)
    with shared.shared(), shared.shared():
        assert compile.thread_count() == 1
    with pytest.raises(ZeroDivisionError), shared.shared():
        raise ZeroDivisionError
    assert shared.part == 1
    assert shared._callers == 0


def test_thread_count_follows_numba():
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        assert compile.thread_count() == 1
    finally:
        numba.set_num_threads(before)
    assert compile.thread_count() == before


@pytest.mark.parametrize("shape", [(), (0, 5), (3, 4), (300, 200), (2**21, 3)])
def test_scratch_arrays_do_not_overlap(shape):
    arrays = compile.scratch(3, shape)
    for number, array in enumerate(arrays):
        assert array.shape == shape
        assert array.dtype == np.float64
        assert array.flags.c_contiguous
        array[...] = number
    for number, array in enumerate(arrays):
        assert (array == number).all()


def test_each_thread_has_its_own_scratch():
    (mine,) = compile.scratch(1, (100,))
    mine[:] = 1.0
    others = []
    worker = threading.Thread(target=lambda: others.extend(compile.scratch(1, (100,))))
    worker.start()
    worker.join()
    others[0][:] = 2.0
    assert (mine == 1.0).all()
    # the same thread gets the same memory again, and large arrays are fresh
    assert np.shares_memory(mine, compile.scratch(1, (100,))[0])
    large = (compile._SCRATCH_BYTES // 8 + 1,)
    assert not np.shares_memory(compile.scratch(1, large)[0], compile.scratch(1, large)[0])


def test_law_and_kernel_options():
    @compile.law
    def ratio(a, b):
        return a / b

    assert np.isnan(ratio(0.0, 0.0))  # error_model="numpy": no ZeroDivisionError
    assert ratio(1.0, 0.0) == np.inf
