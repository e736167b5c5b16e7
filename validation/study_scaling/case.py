"""A study of many device reads on one and two worker processes and on a Dask cluster: the same bits, and what it takes.

The bits are a verdict. Times are shown: they are this machine's, and of whatever else runs on it. Beside the time on
the clock stands what it would have been by the processor times, had the study had as many cores to itself as workers.
"""

from __future__ import annotations

import pathlib

from pcmphys.plot import style
from pcmphys.plot.figures import save_figure
from validation.result import KNOWN_ANSWER, NOT_CHECKABLE, MissingProgram, Result
from validation.study_scaling import measure
from validation.study_scaling.measure import Timed

NAME = "study_scaling"
TITLE = "Studies on several workers: the same bits, and how their time falls"
READS_A_DEVICE = 2 * len(measure.TIMES)
POOL, DASK = "worker processes", "Dask workers"
NOTES = "Two cores are too few to say how far it goes; the serial part that the processor times show is."


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """Run the study on one and two workers of both kinds, and go on with it from its parts."""
    if not pathlib.Path("/proc/self/stat").exists():
        raise MissingProgram("Linux, which tells the processor time of other processes")
    devices = 25_000 if quick else 500_000
    found = {
        (name, workers): measure.on(kind, workers, devices)
        for workers in (1, 2)
        for name, kind in ((POOL, measure.pool), (DASK, measure.cluster))
    }
    spent, again, same = measure.going_on(devices)
    save_figure(_draw(found, devices), out / "figure.png")
    return [*_verdicts(found, same), *_shown(found, devices, again / spent)]


def _verdicts(found: dict[tuple[str, int], Timed], same: bool) -> list[Result]:
    first = found[POOL, 1].results
    rows = [
        _same(f"{workers} of the {name}: results that differ in a bit", one.results.identical(first), "one process")
        for (name, workers), one in found.items()
    ]
    return [*rows, _same("results that differ in a bit when a study goes on from its parts", same, "it in one go")]


def _same(quantity: str, same: bool, reference: str) -> Result:
    return Result(quantity, 0.0 if same else 1.0, reference, "0", same, KNOWN_ANSWER)


def _shown(found: dict[tuple[str, int], Timed], devices: int, resumed: float) -> list[Result]:
    rows = []
    reads = f"{devices * READS_A_DEVICE:.0e} device reads".replace("e+0", "e")
    for name in (POOL, DASK):
        one, two = found[name, 1], found[name, 2]
        rows += [
            _row(f"{reads}, 2 {name} against 1: speed-up on the clock of this busy machine", one.wall / two.wall),
            _row(f"{reads}, 2 {name} against 1: speed-up with a core for each to itself", one.alone / two.alone),
        ]
    pool, dask = found[POOL, 2], found[DASK, 2]
    rows.append(
        _row("2 Dask workers against 2 worker processes: time with a core for each to itself", dask.alone / pool.alone)
    )
    rows.append(_row("time of going on from all parts over that of the study [%]", 100.0 * resumed))
    return rows


def _row(quantity: str, value: float) -> Result:
    return Result(quantity, value, "", "none", True, NOT_CHECKABLE)


def _draw(found: dict[tuple[str, int], Timed], devices: int):
    with style.figure(1, 2, figsize=(10.5, 4.0)) as (figure, (clock, speed)):
        for name, colour in ((POOL, style.BLUE), (DASK, style.VERMILION)):
            runs = [found[name, workers] for workers in (1, 2)]
            counts = [one.workers for one in runs]
            clock.plot(counts, [one.wall for one in runs], "o-", color=colour, label=f"{name}, on the clock")
            clock.plot(counts, [one.alone for one in runs], "s--", color=colour, label=f"{name}, a core each")
            speed.plot(counts, [runs[0].wall / one.wall for one in runs], "o-", color=colour)
            speed.plot(counts, [runs[0].alone / one.alone for one in runs], "s--", color=colour)
        speed.plot([1, 2], [1, 2], ":", color=style.GREY, label="as many times faster as workers")
        handles = [*clock.lines, *speed.lines[-1:]]
        figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=8)
        for axes, label in ((clock, "time [s]"), (speed, "speed-up")):
            axes.set_xticks([1, 2])
            axes.set_xlabel("workers")
            axes.set_ylabel(label)
            axes.set_ylim(bottom=0.0)
        clock.set_title(f"{devices * READS_A_DEVICE:.0e} reads of devices".replace("e+0", "e"), fontsize=10)
        return figure
