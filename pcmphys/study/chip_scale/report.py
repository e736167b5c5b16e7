"""The report of the study of a whole chip: what its devices do, and what this machine took for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.plot import page, style
from pcmphys.plot.page import PageTable
from pcmphys.study.chip_scale import figures
from pcmphys.study.chip_scale.settings import CLOSED_LOOP, POPULATION, WIRES
from pcmphys.study.chip_scale.tally import tally

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

_CAPTION = (
    "Physics of the chip by part, and the time of each part over the sum of what it cannot be done without, measured "
    "on its own in the same run."
)


def overview(dataset: xr.Dataset) -> Figure:
    """The picture of all parts."""
    return figures.overview(dataset)


def tables(dataset: xr.Dataset) -> list[PageTable]:
    """What each part took, one row a part."""
    headings = ("part", "devices", "core [s]", "clock [s]", "devices/s a core", "memory [GB]", "over floor")
    rows = []
    for part in map(str, dataset["part"].values):
        one = dataset.sel(part=part)
        rows.append((
            part,
            _count(float(one["devices"])),
            f"{float(one['core_seconds']):.2f}",
            f"{float(one['seconds']):.2f}",
            _count(float(one["rate"])),
            f"{1e-9 * float(one['memory']):.2f}",
            f"{float(one['distance']):.2f}",
        ))  # fmt: skip
    return [PageTable("a whole chip: what this machine took", headings, rows)]


def remarks(dataset: xr.Dataset) -> list[str]:
    """What the devices do, a line a part."""
    settings = json.loads(dataset.attrs["settings"])
    return [_PHYSICS[str(part)](dataset, settings) for part in dataset["part"].values]


def body(dataset: xr.Dataset) -> list[str]:
    """The report, below its title."""
    found = [page.answer(_answer(dataset)), page.drawn(overview(dataset), _CAPTION)]
    for table in tables(dataset):
        found += [page.heading("What this machine took"), page.table(table)]
    found += [page.heading("What the devices do"), page.items(remarks(dataset))]
    found += [page.heading("Floors"), page.table(_floors(dataset)), page.heading("What results.nc holds")]
    found += [page.table(page.variables(dataset)), page.heading("How to read this"), page.items(_LIMITS)]
    return [*found, page.sources(dataset)]


def _answer(dataset: xr.Dataset) -> str:
    words = []
    for part in map(str, dataset["part"].values):
        one = dataset.sel(part=part)
        words.append(
            f"{_count(float(one['devices']))} {_DEVICES[part]} in {float(one['seconds']):.2g} s on the clock and "
            f"{1e-9 * float(one['memory']):.2g} GB, {float(one['distance']):.2f} times the floor"
        )
    return f"{'; '.join(words)}."


def _of_population(dataset: xr.Dataset, settings: dict[str, Any]) -> str:
    own = settings["population"]
    last = dataset.isel(time=-1)
    mean, spread = figures.over_tiles(last)
    targets = dataset["level"].values
    error = float(np.sqrt((dataset["programming_error"] ** 2).mean()))
    return (
        f"population, {own['cell']}: programmed within {1e6 * error:.2g} µS (rms); after "
        f"{style.time_name(float(last['time']))} a target of {1e6 * targets[-1]:.3g} µS reads "
        f"{1e6 * mean[-1]:.3g} ± {1e6 * spread[-1]:.2g} µS"
    )


def _of_wires(dataset: xr.Dataset, settings: dict[str, Any]) -> str:
    own = settings["wires"]
    alone, wired, gain = (float(dataset[name].mean()) for name in ("devices_error", "wires_error", "wires_gain"))
    return (
        f"wires, {own['rows']} × {own['columns']} pairs of {own['cell']} at {own['segment']:g} ohm a segment, "
        f"{style.time_name(own['time'])} after programming: products are {100.0 * alone:.1f} % off without wires and "
        f"{100.0 * wired:.1f} % with them, which leave {100.0 * gain:.1f} % of the outputs"
    )


def _of_loop(dataset: xr.Dataset, settings: dict[str, Any]) -> str:
    own, pairs = settings["closed_loop"], settings["wires"]
    loop = tally(dataset)
    whole = 2 * pairs["tiles"] * pairs["rows"] * pairs["columns"]
    seconds = whole / float(dataset["rate"].sel(part=CLOSED_LOOP))
    text = (
        f"closed loop, {own['cell']}, {own['scheme']}: {100.0 * loop.converged:.2f} % converged after "
        f"{loop.pulses:.1f} pulses on average, rms error {1e6 * loop.error:.2g} µS"
    )
    if own["devices"] < whole:
        text += f"; all {whole} devices of {pairs['tiles']} tiles of pairs would take {seconds:.0f} s of a core"
    return text


_PHYSICS = {POPULATION: _of_population, WIRES: _of_wires, CLOSED_LOOP: _of_loop}
_DEVICES = {
    POPULATION: "devices programmed, aged and read",
    WIRES: "devices on tiles of pairs, with their transfer matrices behind wires,",
    CLOSED_LOOP: "physical devices programmed by closed loop",
}


def _floors(dataset: xr.Dataset) -> PageTable:
    rows = []
    for name, value in zip(dataset["floor_part"].values, dataset["floor"].values, strict=True):
        part, _, of = str(name).partition(": ")
        rows.append((part, of, _seconds(float(value)), _EACH[part]))
    return PageTable("floors", ("part", "floor of", "time", "for"), rows, left=2)


_EACH = {POPULATION: "a device", WIRES: "a pair of arrays", CLOSED_LOOP: "a turn of a device"}


def _count(value: float) -> str:
    for size, name in ((1e6, "million"), (1e3, "thousand")):
        if value >= size:
            return f"{value / size:.3g} {name}"
    return f"{value:.3g}"


def _seconds(value: float) -> str:
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


_LIMITS = (
    "Seconds and memory are of the machine that ran the study, and of what else ran on it; all other results are the "
    "same bits on any machine, with any threads, workers or slices.",
    "Core seconds are those of the threads that worked, from the making of the devices on; clock seconds are those in "
    "which any of them worked. Statistics, files and the compilation of kernels are not counted.",
    "Memory is the most that a process has held, the program itself (about 0.2 GB) included; with several workers each "
    "has its own.",
    "Floors: what the work cannot be done without, by the package's own random numbers, elementary functions, sweeps "
    "and pulses; a linear solve takes several sweeps an input, so that its distance is above one by nature.",
    "Errors of products: inputs that are independent of each other and of equal strength; one gain a tile, the best.",
    "Not modelled: converters (ideal here), wires of the population, temperature of published moments.",
)
