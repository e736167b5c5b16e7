"""Program, wait and read of a large statistical population, and the floors under it.

The floors are measured with the package's own random numbers and elementary functions, on the same threads: what a
device needs of each (three Philox blocks, one pair of normal deviates, four exponentials or logarithms, 112 bytes to
and from memory, two fresh result arrays), without any bookkeeping. The Philox block of the
normal deviates is counted with them.
"""

from __future__ import annotations

import time
import tracemalloc

import numba
import numpy as np

import pcmphys as pcm
from pcmphys.numerics.compile import kernel, launch
from pcmphys.numerics.elementary import exp
from pcmphys.numerics.random import U64, normal_pair, words
from validation.bench.measure import Bench, alternate, at_least, at_most, scaled, shown, table

_BLOCK = 512
CELL = "ibm-90nm-statistical"
TRAP_BLOCKS = 2
"""Philox blocks that the traps of a device take a read, besides the one of programming."""
EXPONENTIALS = 4
"""Exponentials and logarithms a device: two logarithms of the level, the power law of the noise, the drift."""
BYTES = 112
"""Bytes a device read + written: program 8 + 44, refresh of traps 8 + 8, read 36 + 8."""


def run(quick: bool) -> list[Bench]:
    """Measure throughput on one and on two threads, the floors, and the memory."""
    count = 200_000 if quick else 10_000_000
    threads = min(2, numba.config.NUMBA_NUM_THREADS)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        one = _cycle(count)
        numba.set_num_threads(threads)
        two = _cycle(count)
        floors = _floors(count)
    finally:
        numba.set_num_threads(before)
    name = f"statistical program + wait + read of {count:.0e} devices".replace("e+0", "e")
    rows = [
        at_least(
            f"{name}, {threads} threads", 1e-6 * count / two["all"], 30, "million devices/s",
            f"medians: {scaled(two['all'])} = program {scaled(two['program'])} + read {scaled(two['read'])}; "
            f"float64, coherent noise; with making the population {scaled(two['fresh'])}", quick,
        ),
        shown(
            f"the same if both threads had a core of their own: {threads} threads over CPU time",
            1e-6 * count * threads / two["processor"], "million devices/s", "what a busy machine hides",
        ),
        shown(f"{name}, 1 thread", 1e-6 * count / one["all"], "million devices/s", scaled(one["all"])),
    ]  # fmt: skip
    rows += [
        shown(f"floor, {threads} threads: {what}", 1e9 * spent / count, "ns/device", note)
        for what, (spent, note) in floors.items()
    ]
    total = sum(spent for spent, _ in floors.values())
    rows.append(
        shown(
            "the cycle's time over the sum of these floors", two["all"] / total, "times",
            _shares(floors, count),
        )
    )  # fmt: skip
    rows += _memory(count, quick)
    return rows + _aihwkit(count, two["all"])


def _shares(floors: dict[str, tuple[float, str]], count: int) -> str:
    kinds = {
        "random numbers": ("random words of the traps", "normal deviates"),
        "exponentials": ("exponentials and logarithms",),
        "memory": ("memory", "page faults"),
    }
    spent = {kind: sum(floors[name][0] for name in names) for kind, names in kinds.items()}
    shares = ", ".join(f"{kind} {1e9 * value / count:.1f}" for kind, value in spent.items())
    return f"largest: {max(spent, key=spent.get)}; in ns/device: {shares}; arithmetic and memory overlap in part"


def _targets(count: int) -> np.ndarray:
    return np.linspace(0.5e-6, 25e-6, count)


def _cycle(count: int) -> dict[str, float]:
    cell, targets = pcm.load_cell(CELL), _targets(count)
    devices = cell.population(count, seed=1)

    def program():
        devices.program(targets)

    def read():
        devices.wait(3600.0)
        devices.read()

    def both():
        program()
        read()

    def fresh():
        made = cell.population(count, seed=1)
        made.program(targets)
        made.wait(3600.0)
        made.read()

    times = alternate({"all": (both, 2), "program": (program, 2), "read": (read, 2), "fresh": (fresh, 2)}, 3)
    start = time.process_time()
    for _ in range(3):
        both()
    return times | {"processor": (time.process_time() - start) / 3}


@kernel
def _philox_blocks(start, stop, sink):
    """Random words of devices start..stop into scratch that stays in the cache, as are the next two."""
    scratch = np.zeros(_BLOCK, dtype=np.uint64)
    for begin in range(start, stop, _BLOCK):
        _philox_block(begin, scratch)
        sink[begin // _BLOCK] = scratch[0]


@kernel
def _philox_block(begin, out):
    for i in range(out.size):
        w0, w1, w2, w3 = words(U64(1), U64(begin + i), U64(2), U64(3), U64(0))
        out[i] = w0 ^ w1 ^ w2 ^ w3


@kernel
def _normals(start, stop, sink):
    first, second = np.zeros(_BLOCK), np.zeros(_BLOCK)
    for begin in range(start, stop, _BLOCK):
        _normal_block(begin, first, second)
        sink[begin // _BLOCK] = first[0] + second[0]


@kernel
def _normal_block(begin, first, second):
    for i in range(first.size):
        w0, w1, w2, w3 = words(U64(1), U64(begin + i), U64(2), U64(3), U64(0))
        first[i], second[i] = normal_pair(w0, w1, w2, w3)


@kernel
def _exponentials(start, stop, sink):
    x, out = np.linspace(-3.0, 0.0, _BLOCK), np.zeros(_BLOCK)
    for begin in range(start, stop, _BLOCK):
        x[0] = -1.0 / (begin + 1)
        _exponential_block(x, out)
        sink[begin // _BLOCK] = out[0]


@kernel
def _exponential_block(x, out):
    for i in range(out.size):
        out[i] = exp(x[i])


@kernel
def _copy(start, stop, x, out):
    x, out = x[start:stop], out[start:stop]
    for i in range(out.size):
        out[i] = x[i]


def _floors(count: int) -> dict[str, tuple[float, str]]:
    # arithmetic on scratch in the cache, without memory traffic; the copy is the traffic without arithmetic
    whole = count - count % _BLOCK
    bits, sink = np.zeros(count // _BLOCK, dtype=np.uint64), np.zeros(count // _BLOCK)
    source, target = np.ones(count), np.zeros(count)
    times = alternate(
        {
            "philox": (lambda: launch(_philox_blocks, whole, bits, align=_BLOCK), 2),
            "normals": (lambda: launch(_normals, whole, sink, align=_BLOCK), 2),
            "exponentials": (lambda: launch(_exponentials, whole, sink, align=_BLOCK), 2),
            "copy": (lambda: launch(_copy, count, source, target), 2),
            "fresh": (lambda: launch(_copy, count, source, np.empty(count)), 2),
        },
        3,
    )
    philox, normals, exponential = (times[name] for name in ("philox", "normals", "exponentials"))
    bandwidth = 16 * count / times["copy"]
    return {
        "random words of the traps": (TRAP_BLOCKS * philox, f"{1e-6 * 4 * count / philox:.0f} million words/s"),
        "normal deviates": (normals, f"{1e-6 * 2 * count / normals:.0f} million/s, their random words included"),
        "exponentials and logarithms": (EXPONENTIALS * exponential, f"{1e-6 * count / exponential:.0f} million exp/s"),
        "memory": (BYTES * count / bandwidth, f"{BYTES} bytes a device at {1e-9 * bandwidth:.0f} GB/s of a copy"),
        "page faults": (2 * max(times["fresh"] - times["copy"], 0.0), "two result arrays are fresh memory each time"),
    }


def _memory(count: int, quick: bool) -> list[Bench]:
    cell, targets = pcm.load_cell(CELL), _targets(count)
    tracemalloc.start()
    try:
        devices = cell.population(count, seed=1)
        state, _ = tracemalloc.get_traced_memory()
        report = devices.program(targets)
        devices.wait(3600.0)
        reading = devices.read()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    kept = (report.error.nbytes + reading.nbytes) / count
    note = (
        f"{state / count:.1f} of state, {kept:.0f} of errors and readings (both kept), 8 of targets; the rest passing"
    )
    return [at_most("memory of program + wait + read, peak", peak / count + 8, 80, "bytes/device", note, quick)]


def _aihwkit(count: int, ours: float) -> list[Bench]:
    """The same three steps in aihwkit, where it is installed; its reads are fresh draws, not one trajectory."""
    try:
        import torch
        from aihwkit.inference import PCMLikeNoiseModel
    except ImportError:
        return []
    model = PCMLikeNoiseModel(g_max=25.0)
    targets = torch.tensor(1e6 * _targets(count), dtype=torch.float64)

    def task():
        programmed = model.apply_programming_noise_to_conductance(targets)
        coefficient = model.generate_drift_coefficients(targets)
        model.apply_drift_noise_to_conductance(programmed, coefficient, 3600.0)

    theirs = alternate({"aihwkit": (task, 1)}, 3)["aihwkit"]
    note = f"{scaled(ours)} against {scaled(theirs)}; aihwkit draws the noise of each read afresh"
    return [shown("statistical program + drift + read: faster than aihwkit", theirs / ours, "times", note)]


def main() -> None:
    """Print the full table."""
    print(table(run(quick=False)))


if __name__ == "__main__":
    main()
