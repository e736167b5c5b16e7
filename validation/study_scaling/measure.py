"""One study on one and two worker processes, on a Dask cluster of two, and gone on with; bits and times of each."""

from __future__ import annotations

import os
import pathlib
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from pcmphys.study import Workers, connect, finished, run
from validation.result import MissingProgram

SLICE = 12_500
_IDLE = 5.0
_SETTINGS = {
    "distributed.worker.profile.enabled": False,
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 2**28,
}
"""Of Dask, as the page on clusters says."""
TIMES = tuple(np.geomspace(20.0, 2592000.0, 10).tolist())


def study(devices: int) -> dict[str, Any]:
    """A design space of one cell: nearly all of its time are pulses, waits and reads of devices."""
    return {
        "study": "design-space",
        "cells": ["ibm-90nm-doped-gst"],
        "selectors": ["none"],
        "wires": [1.0],
        "sizes": [16],
        "times": TIMES,
        "devices": devices,
        "slice": SLICE,
        "pulses": [{"current": 480e-6, "width": 50e-9}],
    }


@dataclass(frozen=True)
class Timed:
    """A run of the study.

    Attributes
    ----------
    workers : int
        Its worker processes.
    wall, own, theirs : float [s]
        Time on the clock; processor time of the process that asks, and of all workers together.
    idle_own, idle_theirs : float
        The same for a second in which nobody had anything to do: processes of Dask keep asking after each other.
    results : Dataset
        What it gave.
    """

    workers: int
    wall: float
    own: float
    theirs: float
    idle_own: float
    idle_theirs: float
    results: xr.Dataset

    @property
    def alone(self) -> float:
        """Time [s] on the clock if the study had as many cores to itself as workers: what a busy machine hides.

        What idle processes spend is that of the time on the clock, which a busy machine makes long.
        """
        idle = self.idle_own + self.idle_theirs
        return (self.own + self.theirs - idle * self.wall) / (self.workers - idle)


def timed(devices: int, workers: int, executor: Executor) -> Timed:
    """Run the study on workers that have done a little of it before, so that they are started and warm."""
    run({**study(SLICE * 2 * workers), "slice": SLICE // 4, "seed": 2}, executor)
    before = _clocks()
    time.sleep(_IDLE)
    start = _clocks()
    results = run(study(devices), executor)
    wall, own, theirs = _clocks() - start
    idle = (start - before) / (start - before)[0]
    return Timed(workers, wall, own, theirs, idle[1], idle[2], results)


def _clocks() -> np.ndarray:
    return np.array([time.perf_counter(), time.process_time(), _of_children()])


@contextmanager
def pool(workers: int) -> Iterator[Executor]:
    """Worker processes of this machine."""
    with Workers(workers) as executor:
        yield executor


@contextmanager
def cluster(workers: int) -> Iterator[Executor]:
    """A Dask scheduler and its workers, each a process of this machine."""
    try:
        import dask
        from distributed import LocalCluster
    except ImportError:
        raise MissingProgram('Dask: pip install "pcmphys[dask]"') from None
    with (
        dask.config.set(_SETTINGS),
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as made,
        connect(made.scheduler_address) as executor,
    ):
        yield executor


def on(kind: Callable[[int], Any], workers: int, devices: int) -> Timed:
    """The study on so many workers of a kind."""
    with kind(workers) as executor:
        return timed(devices, workers, executor)


class _Stop(Exception):
    pass


def going_on(devices: int) -> tuple[float, float, bool]:
    """Processor time [s] of a study with a folder, of going on with it when all parts are there, and whether the bits
    are the same.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        start = time.process_time()
        try:
            with finished(study(devices), directory=folder) as whole:
                raise _Stop
        except _Stop:
            spent = time.process_time() - start
        (folder / "results.nc").unlink()
        start = time.process_time()
        again = run(study(devices), directory=folder)
        return spent, time.process_time() - start, again.identical(whole)


def _of_children() -> float:
    """Processor time [s] of the processes that this one has started and that still run."""
    ticks = os.sysconf("SC_CLK_TCK")
    parents, spent = {}, {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            spent[int(entry.name)] = (int(fields[11]) + int(fields[12])) / ticks
    found, newest = set(), {os.getpid()}
    while newest:
        newest = {process for process, parent in parents.items() if parent in newest} - found
        found |= newest
    return sum(spent[process] for process in found)
