"""Training in place against aihwkit 1.1.0: updates and products of 784 x 256, and a network on MNIST digits.

CPU time of one thread, which a busy machine disturbs least; for two threads the time that passes, against the same CPU
time of aihwkit on one. aihwkit runs in an environment of its own, in turns with pcmphys: its best median of all turns
counts, and so does ours. Updates are whole trains of 31 slots (some 3700 coincidences); the network has the same
converters, trains and images on both sides.
"""

from __future__ import annotations

import functools
import json
import pathlib
import subprocess
import tempfile
import time
from collections.abc import Callable

import numba
import numpy as np

import pcmphys as pcm
from pcmphys.errors import ParameterError
from pcmphys.study.training.network import first_weights, learn
from pcmphys.training.digits import mnist_digits
from validation.bench.measure import Bench, at_least, at_most, scaled, shown, table
from validation.exports import environment
from validation.result import MissingProgram

THEIRS = pathlib.Path(__file__).with_name("training_in_aihwkit.py")
CELLS = {"ReRamSBPresetDevice": "rram-gong2018-softbounds", "ReRamESPresetDevice": "rram-gong2018"}
STEPS, LONGEST = 0.0737, 31
BYTES = 28.0
SIZES = (784, 256, 128, 10)
REQUIRED = ("update", "forward")


def run(quick: bool) -> list[Bench]:
    """Measure everything; few images and turns in quick runs."""
    memory = [_memory(name, quick) for name in CELLS.values()]
    try:
        data, program = mnist_digits(), environment.python(make=False)
    except (ParameterError, MissingProgram) as error:
        return [*memory, shown("training in place against aihwkit", None, "", f"not run: {error}")]
    count = 100 if quick else 1000
    chosen = np.arange(count) * len(data.inputs) // count
    images, labels = data.inputs[chosen], data.labels[chosen]
    theirs: dict[str, float] = {}
    ours: dict[str, float] = {}
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        for _ in range(1 if quick else 3):
            _keep(theirs, _in_aihwkit(program, images, labels))
            _keep(ours, _measured(images, labels, time.process_time))
    finally:
        numba.set_num_threads(threads)
    rows = [_row(name, theirs[name], time_, 1, quick) for name, time_ in ours.items()]
    if numba.config.NUMBA_NUM_THREADS > 1:
        numba.set_num_threads(2)
        passed: dict[str, float] = {}
        for _ in range(1 if quick else 3):
            _keep(passed, _measured(images, labels, time.perf_counter))
        numba.set_num_threads(threads)
        rows += [_row(name, theirs[name], time_, 2, quick) for name, time_ in passed.items()]
    return [*memory, *rows]


def _row(name: str, theirs: float, ours: float, threads: int, quick: bool) -> Bench:
    """A row of the table; two threads are asked for twice as much, where anything is."""
    if name == "network":
        title, asked = "network 784-256-128-10, batch 1, an image", True
    else:
        preset, task, batch = name.split(", ")
        title, asked = f"{task} of 784 x 256, {CELLS[preset]}, {batch}, a sample", task in REQUIRED
    words = "one thread" if threads == 1 else "two threads"
    title, note = f"{title}, {words}: faster than aihwkit 1.1.0", f"{scaled(ours)} against {scaled(theirs)}"
    if threads > 1:
        note += " of CPU on one thread"
    ratio = theirs / ours
    return at_least(title, ratio, float(threads), "times", note, quick) if asked else shown(title, ratio, "times", note)


def _measured(images: np.ndarray, labels: np.ndarray, clock: Callable[[], float]) -> dict[str, float]:
    """All that is compared, by a clock."""
    return _arrays(clock) | {"network": _network(images, labels, clock)}


def _memory(name: str, quick: bool) -> Bench:
    matrix = pcm.TrainableMatrix((784, 256), pcm.load_cell(name), seed=1)
    matrix.forward(np.ones(784))
    found = matrix.trained.planes[0].nbytes / (784 * 256)
    return at_most(f"{name}: memory of a device with all that it reads as", found, BYTES, "bytes", "784 x 256", quick)


def _arrays(clock: Callable[[], float]) -> dict[str, float]:
    """Updates and products, a sample."""
    random = np.random.default_rng(0)
    found = {}
    for preset, name in CELLS.items():
        cell = pcm.load_cell(name)
        for batch in (1, 32):
            x, d = random.uniform(-1.0, 1.0, (batch, 784)), random.uniform(-1.0, 1.0, (batch, 256))
            trains = pcm.UpdateTrains(LONGEST, managed=False)
            matrix = pcm.TrainableMatrix((784, 256), cell, seed=1, trains=trains, tile=(1024, 1024))
            tasks = {
                "update": functools.partial(matrix.update, x, d, STEPS * cell.granularity),
                "forward": functools.partial(matrix.forward, x),
                "backward": functools.partial(matrix.backward, d),
            }
            for task, call in tasks.items():
                found[f"{preset}, {task}, batch {batch}"] = _median(call, max(1, 64 // batch), clock=clock) / batch
    return found


def _network(images: np.ndarray, labels: np.ndarray, clock: Callable[[], float]) -> float:
    """An image of training."""
    layers, first_cell = [], 0
    for weights in first_weights(SIZES, 1):
        cell = pcm.load_cell("rram-gong2018-softbounds")
        matrix = pcm.TrainableMatrix(weights.shape, cell, seed=1, first_cell=first_cell, tile=(1024, 1024))
        matrix.program(weights)
        first_cell = matrix.last_cell
        layers.append(matrix)

    def go() -> None:
        for k in range(len(images)):
            learn(layers, images[k : k + 1], labels[k : k + 1], 0.01)

    return _median(go, 1, rounds=3, clock=clock) / len(images)


def _median(
    task: Callable[[], object], calls: int, rounds: int = 7, clock: Callable[[], float] = time.process_time
) -> float:
    """Median time of a call, over rounds of so many."""
    task()
    times = []
    for _ in range(rounds):
        start = clock()
        for _ in range(calls):
            task()
        times.append((clock() - start) / calls)
    return float(np.median(times))


def _keep(best: dict[str, float], found: dict[str, float]) -> None:
    for name, time_ in found.items():
        best[name] = min(time_, best.get(name, time_))


def _in_aihwkit(program: str, images: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "images.npz"
        np.savez(path, images=images, labels=labels)
        done = subprocess.run([program, str(THEIRS), str(path)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"aihwkit stopped:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Print the full table."""
    print(table(run(quick=False)))


if __name__ == "__main__":
    main()
