"""Program, wait and read of a large statistical population, and the floors under it.

The floors are those of the study of a whole chip (`pcmphys.study.chip_scale.floors`), measured on the same threads.
"""

from __future__ import annotations

import time
import tracemalloc

import numba
import numpy as np

import pcmphys as pcm
from pcmphys.study.chip_scale import floors
from validation.bench.measure import Bench, alternate, at_least, at_most, scaled, shown, table

CELL = "ibm-90nm-statistical"
BYTES = floors.BYTES_PROGRAMMED + floors.BYTES_READ
"""Bytes a device to and from memory."""


def run(quick: bool) -> list[Bench]:
    """Measure throughput on one and on two threads beside the floors, and the memory."""
    count = 200_000 if quick else 10_000_000
    threads = min(2, numba.config.NUMBA_NUM_THREADS)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        one = _cycle(count)
        numba.set_num_threads(threads)
        two = _cycle(count)
    finally:
        numba.set_num_threads(before)
    name = f"statistical program + wait + read of {count:.0e} devices".replace("e+0", "e")
    floor, with_making = (sum(_floor(two, count, made=made).values()) for made in (False, True))
    found = _noted(two, count)
    rows = [
        at_least(
            f"{name}, {threads} threads", 1e-6 * count / two["all"], 30, "million devices/s",
            f"medians: {scaled(two['all'])} = program {scaled(two['program'])} + read {scaled(two['read'])}; "
            f"float64, coherent noise; with making the population {scaled(two['made'])}", quick,
        ).over(two["all"] / floor),
        shown(
            f"the same if both threads had a core of their own: {threads} threads over CPU time",
            1e-6 * count * threads / two["processor"], "million devices/s", "what a busy machine hides",
        ),
        shown(f"{name}, 1 thread", 1e-6 * count / one["all"], "million devices/s", scaled(one["all"])).over(
            one["all"] / sum(_floor(one, count, made=False).values())
        ),
    ]  # fmt: skip
    rows += [
        shown(f"floor, {threads} threads: {what}", 1e9 * spent / count, "ns/device", note)
        for what, (spent, note) in found.items()
    ]
    rows += [
        at_most(
            "the cycle's time over the sum of these floors", two["all"] / floor, 1.2, "times", _shares(found, count),
            quick,
        ),
        at_most(
            "the same with the making of the population", two["made"] / with_making, 1.3, "times",
            f"{scaled(two['made'])}", quick,
        ),
    ]  # fmt: skip
    rows += _memory(count, quick)
    return rows + _aihwkit(count, two["all"], quick)


def _shares(found: dict[str, tuple[float, str]], count: int) -> str:
    spent = {name: value for name, (value, _) in found.items()}
    shares = ", ".join(f"{name} {1e9 * value / count:.1f}" for name, value in spent.items())
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

    def made():
        fresh = cell.population(count, seed=1)
        fresh.program(targets)
        fresh.wait(3600.0)
        fresh.read()

    tasks = {"all": both, "program": program, "read": read, "made": made, **floors.population_tasks(count)}
    # a virtual machine hands memory that lay free for a second or two back to its host, and who uses it next
    # pays for that, a population or the page faults of the floor: the median of five in a row is of memory at hand
    times = alternate({name: (task, 5) for name, task in tasks.items()}, 3)
    start = time.process_time()
    for _ in range(3):
        both()
    return times | {"processor": (time.process_time() - start) / 3}


def _floor(times: dict[str, float], count: int, *, made: bool) -> dict[str, float]:
    """Seconds of all devices, by part."""
    return {name: count * spent for name, spent in floors.population_floor(times, count, 1, made=made).items()}


def _noted(times: dict[str, float], count: int) -> dict[str, tuple[float, str]]:
    """The floors of the cycle, each with a note."""
    notes = (
        f"{1e-6 * 4 * count / times['philox']:.0f} million words/s",
        f"{1e-6 * 2 * count / times['normals']:.0f} million/s, their random words included",
        f"{1e-6 * count / times['exponentials']:.0f} million exp/s",
        f"{BYTES} bytes a device at {1e-9 * 16 * count / times['copy']:.0f} GB/s of a copy",
        "two result arrays are fresh memory each time",
    )
    spent = _floor(times, count, made=False)
    return {name: (spent[name], note) for name, note in zip(spent, notes, strict=True)}


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


def _aihwkit(count: int, ours: float, quick: bool) -> list[Bench]:
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
    return [at_least("statistical program + drift + read: faster than aihwkit", theirs / ours, 4, "times", note, quick)]


def main() -> None:
    """Print the full table."""
    print(table(run(quick=False)))


if __name__ == "__main__":
    main()
