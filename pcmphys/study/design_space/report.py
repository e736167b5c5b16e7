"""The report of a design space: the cheapest write of each array that still can be read at the end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.plot import page, style
from pcmphys.plot.page import PageTable
from pcmphys.study.design_space import figures

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

_FIGURES = (
    (
        figures.trade_off,
        "What a lasting bit costs. Along a line the RESET current grows: more energy, a thicker dome, a wider window. "
        "Up and to the left is better. In the red strip the weak bits cannot be told apart; at hollow marks the "
        "largest voltage across a neighbour exceeds the threshold voltage of the weakest devices.",
    ),
    (
        figures.margin_over_time,
        "Read margin of the weak bits over time: drift of the low state widens it, drift and noise of the high state "
        "narrow it.",
    ),
    (figures.windows, "The devices alone: the weak bits of both states, which leave an array that much to tell apart."),
)


def overview(dataset: xr.Dataset) -> Figure:
    """Read margin against energy of a write."""
    return figures.trade_off(dataset)


def tables(dataset: xr.Dataset) -> list[PageTable]:
    """For each cell, size and wire the design that writes with the least energy and lasts."""
    settings = json.loads(dataset.attrs["settings"])
    wanted, last = settings["wanted_margin"], style.time_name(float(dataset["time"].values[-1]))
    rows = []
    for cell in dataset["cell"].values:
        for size in dataset["size"].values:
            for wire in dataset["wire"].values:
                one = dataset.sel(cell=cell, size=size, wire=wire).isel(time=-1)
                rows.append((str(cell), str(size), f"{wire:g}", *_cheapest(one, wanted)))
    headings = ("cell", "lines", "wire [Ω]", "selector", "RESET", "energy [pJ]", "margin", "disturb")
    title = f"the cheapest write with a read margin of {wanted:g} after {last} that switches no neighbour"
    return [PageTable(title, headings, rows, block=dataset.sizes["size"] * dataset.sizes["wire"])]


def remarks(dataset: xr.Dataset) -> list[str]:
    """What must be said with the table."""
    settings = json.loads(dataset.attrs["settings"])
    found = [
        f"margins are those of the weak bits: the device at {settings['tail']:g} of {settings['devices']} of each "
        "state, read with its noise",
        "disturb: (threshold - largest voltage across a neighbour) / threshold of the weak bits, at the first time",
    ]
    for name, selector in json.loads(dataset.attrs["selectors"]).items():
        if name != "none":
            found.append(f"assumed: {selector}")
    return found + [f"without answer: {note}" for note in json.loads(dataset.attrs["without_answer"])]


def body(dataset: xr.Dataset) -> list[str]:
    """The report, below its title."""
    (draw, caption), *others = _FIGURES
    found = [page.drawn(draw(dataset), caption), _introduction(dataset)]
    for table in tables(dataset):
        found += [page.heading(table.title.capitalize()), page.table(table)]
    found.append(page.items(remarks(dataset)))
    if others:
        found += [page.heading("Figures"), *(page.drawn(draw(dataset), caption) for draw, caption in others)]
    found += [page.heading("What the results hold"), page.table(page.variables(dataset))]
    return [*found, page.heading("How to read this"), _LIMITS, page.sources(dataset)]


def _cheapest(one: xr.Dataset, wanted: float) -> tuple[str, ...]:
    """Selector, pulse, energy, margin and disturb margin of the design that writes with the least energy."""
    energy = one["write_energy"].where((one["read_margin"] >= wanted) & (one["disturb_margin"] > 0.0))
    if np.isnan(energy.values).all():
        return "none does", "-", "-", "-", "-"
    place = energy.argmin(...)
    best = one.isel(place)
    return (
        figures.spoken(str(best["selector"].values)),
        str(best["pulse"].values),
        f"{1e12 * float(best['write_energy']):.1f}",
        f"{float(best['read_margin']):.3f}",
        f"{float(best['disturb_margin']):.2f}",
    )


def _introduction(dataset: xr.Dataset) -> str:
    settings = json.loads(dataset.attrs["settings"])
    reads = settings["devices"] * len(settings["times"]) * 2 * dataset.sizes["cell"] * dataset.sizes["pulse"]
    return page.paragraph(
        f"{settings['devices']} devices of each cell, RESET with each of {dataset.sizes['pulse']} pulses and SET with "
        f"one, read {reads} times in all up to {style.time_name(float(dataset['time'].values[-1]))} at "
        f"{settings['temperature']:g} K; their weak bits in arrays of "
        f"{', '.join(str(size) for size in settings['sizes'])} lines each way, solved exactly."
    )


_LIMITS = (
    "<ul>"
    "<li>Read margin: (high - low) / high of the sensed current of the farthest cell, the weak high bit among weak low "
    "ones and the other way round; zero or less where the states cannot be told apart.</li>"
    "<li>Energy: from all terminals over the plateau of the pulse, with a word line driven so that the farthest device "
    "gets its current; half-selected cells and wires are in it. A near device then gets more than it needs.</li>"
    "<li>The leads of a cell hold an access device (2 kΩ in all), which comes on top of the selector.</li>"
    "<li>Not modelled: arrays whose devices differ from cell to cell, devices that are not ohmic while read or change "
    "while written, spread of selectors, resistance of drivers and sense amplifiers, capacitance, verify and retry."
    "</li></ul>"
)
