"""A study on one and two worker processes, on a Dask cluster of two, and gone on with from its parts."""

from __future__ import annotations

import pathlib

from validation.bench.measure import Bench, at_least, at_most, scaled, shown
from validation.result import MissingProgram
from validation.study_scaling import measure

_READS_A_DEVICE = 2 * len(measure.TIMES)


def run(quick: bool) -> list[Bench]:
    """Measure; what must be reached is what processor times say, as the clock of a busy machine says something else."""
    if not pathlib.Path("/proc/self/stat").exists():
        return [shown("studies on several workers", None, "", "not run: needs Linux to ask for processor times")]
    devices = 25_000 if quick else 500_000
    one, two = (measure.on(measure.pool, workers, devices) for workers in (1, 2))
    spent, again, _ = measure.going_on(devices)
    name = f"study of {devices * _READS_A_DEVICE:.0e} device reads".replace("e+0", "e")
    rows = [
        at_least(
            f"{name}, 2 worker processes: faster than 1, with a core for each to itself", one.alone / two.alone, 1.7,
            "times", f"{scaled(one.alone)} and {scaled(two.alone)}, from processor times", quick,
        ),
        shown(f"the same on the clock, other programs included: {name}", one.wall / two.wall, "times",
              f"{scaled(one.wall)} and {scaled(two.wall)}"),
        at_most("going on with it from all its parts", 100.0 * again / spent, 5.0, "%", scaled(again), quick),
    ]  # fmt: skip
    try:
        dask = measure.on(measure.cluster, 2, devices)
    except MissingProgram as missing:
        return [*rows, shown("the same on 2 Dask workers", None, "", f"not run: needs {missing}")]
    note = (
        f"{scaled(dask.alone)} against {scaled(two.alone)}; {scaled(dask.wall)} against {scaled(two.wall)} on the clock"
    )
    rows.append(
        at_most("2 Dask workers over 2 worker processes, time", dask.alone / two.alone, 1.15, "times", note, quick)
    )
    return rows
