"""The report of a study of selectors: which array sizes each of them allows."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.plot import page
from pcmphys.plot.page import PageTable
from pcmphys.study.selector_margin import figures

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

_FIGURES = (
    (
        figures.read_margins,
        "Worst-case read margin: the cell farthest from driver and sense, all others in the other state. Arrows: a "
        "high cell reads lower than a low one. A margin of 0.99 is that of the two conductances alone.",
    ),
    (
        figures.write_margin_by_size,
        "What reaches the written device less the largest disturb, over the applied voltage.",
    ),
    (
        figures.write_voltages,
        "The two voltages of the write margin. A device is disturbed where the largest one comes near the threshold "
        "voltage of its amorphous state.",
    ),
    (
        figures.matvec_error_by_size,
        "Error of the column currents after one common gain: wires, and what a selector does to the law of a cell "
        "(left end: small arrays without IR drop, whose currents are not proportional to the conductances).",
    ),
    (figures.device_voltages, "The heaviest load, all word lines on and all devices at high conductance: IR drop."),
)

_WHAT = ("selector", "wire [Ω]")


def overview(dataset: xr.Dataset) -> Figure:
    """Read margin, write margin and matvec error side by side."""
    return figures.overview_of_selectors(dataset)


def tables(dataset: xr.Dataset) -> list[PageTable]:
    """The largest array of the study, for each selector and wire resistance."""
    return _tables(dataset, int(dataset["size"].values[-1]))


def remarks(dataset: xr.Dataset) -> list[str]:
    """What must be said with the table."""
    found = []
    for name, selector in json.loads(dataset.attrs["selectors"]).items():
        read, write = (float(dataset[key].sel(selector=name)) for key in ("read_voltage", "write_voltage"))
        what = figures.spoken(name) if name == "none" else selector
        found.append(f"assumed: {what}, read at {read:.3g} V, written at {write:.3g} V")
    return found + [f"without answer: {note}" for note in json.loads(dataset.attrs["without_answer"])]


def body(dataset: xr.Dataset) -> list[str]:
    """The report, below its title."""
    found = [page.answer(_answer(dataset)), page.drawn(overview(dataset), _OVERVIEW), _introduction(dataset)]
    found += [page.heading("Margins and errors"), *(page.drawn(draw(dataset), caption) for draw, caption in _FIGURES)]
    found.append(page.heading("Numbers"))
    for size in dataset["size"].values[::-1]:
        for table in _tables(dataset, int(size)):
            found += [f"<h3>{html.escape(table.title)}</h3>", page.table(table)]
    found += [page.heading("Selectors (assumed, not measured)"), page.items(remarks(dataset))]
    found += [
        page.heading("What results.nc holds"),
        page.table(page.variables(dataset)),
        page.heading("How to read this"),
    ]
    return [*found, _LIMITS, page.sources(dataset)]


_OVERVIEW = "Read margin, write margin and matvec error against the size of the array."
_GOOD = 0.5
"""Read margin of which an array is said to be read well."""


def _answer(dataset: xr.Dataset) -> str:
    """The largest array that each selector reads well, by the best scheme, at the middle wire resistance."""
    wire = float(dataset["wire"].values[len(dataset["wire"]) // 2])
    margins = dataset["read_margin"].sel(wire=wire)
    words = []
    for name in dataset["selector"].values:
        margin = margins.sel(selector=name).transpose("size", "scheme")
        good = np.flatnonzero((margin >= _GOOD).any("scheme").values)
        size = "at no size"
        if good.size:
            lines, best = int(dataset["size"].values[good[-1]]), margin.isel(size=int(good[-1])).fillna(-1.0)
            scheme = str(dataset["scheme"].values[int(np.argmax(best.values))])
            size = f"up to {lines} × {lines} cells ({figures.SCHEMES[scheme]})"
        words.append(f"{figures.spoken(str(name))} {size}")
    drawn = figures.SCHEMES[str(dataset["scheme"].values[0])]
    return (
        f"With {wire:g} Ω a wire segment and the best scheme of bias, the read margin is at least {_GOOD:g} for: "
        f"{'; '.join(words)} (of {int(dataset['size'].values[-1])} tried). The picture below is of {drawn}."
    )


def _tables(dataset: xr.Dataset, size: int) -> list[PageTable]:
    """One of the read margins, and one of what else was asked; each fits on a terminal of 80 columns."""
    schemes = [str(scheme) for scheme in dataset["scheme"].values]
    read, others = [], []
    for name in dataset["selector"].values:
        for wire in dataset["wire"].values:
            one = dataset.sel(selector=name, wire=wire, size=size)
            what = figures.spoken(str(name)), f"{wire:g}"
            read.append((*what, *(_margin(one["read_margin"].sel(scheme=scheme)) for scheme in schemes)))
            others.append((
                *what,
                _margin(one["write_margin"]),
                _number(one["write_disturb"], 2),
                _number(100.0 * one["matvec_error"], 2),
                _number(1e3 * one["matvec_power"], 1),
            ))  # fmt: skip
    cells, block = f"{size} × {size} cells", dataset.sizes["wire"]
    headings = ("write margin", "disturb [V]", "matvec error [%]", "power [mW]")
    return [
        PageTable(f"{cells}: read margin, by scheme of the other lines", (*_WHAT, *schemes), read, block=block),
        PageTable(f"{cells}: writing and matvec", (*_WHAT, *headings), others, block=block),
    ]


def _margin(value) -> str:
    value = float(value)
    return "-" if np.isnan(value) else "≤ 0" if value <= 0.0 else f"{value:.3f}"


def _number(value, digits: int) -> str:
    return "-" if np.isnan(value) else f"{float(value):.{digits}f}"


def _introduction(dataset: xr.Dataset) -> str:
    settings = json.loads(dataset.attrs["settings"])
    current = 1e6 * settings["high"] * settings["device_read_voltage"]
    return page.paragraph(
        f"Arrays of ohmic devices of {1e6 * settings['high']:g} and {1e6 * settings['low']:g} µS, each behind a "
        f"selector, with wires of {', '.join(f'{wire:g}' for wire in settings['wires'])} Ω a segment, solved exactly. "
        f"Each selector is driven such that a single cell without wires sees {settings['device_read_voltage']:g} V "
        f"({current:g} µA) while it is read and {settings['device_write_voltage']:g} V "
        f"({1e6 * settings['write_current']:g} µA) while it is written; a threshold switch gets at least "
        f"{100 * settings['overdrive']:g} % more than it needs to switch on. Wires of one 2F cell in NeuroSim's "
        "technology table: 0.25 Ω at 90 nm, 0.35 at 45, 0.78 at 22, 1.02 at 14, 2.09 at 7 nm."
    )


_LIMITS = (
    "<ul>"
    "<li>Read margin: (high - low) / high of the sensed current; zero or less where the states cannot be told apart. "
    "It does not say how much current is left: where wires take most of both, it can rise with their resistance.</li>"
    "<li>Write margin: the worse of two arrays, all other devices at high conductance (the heaviest load) and all at "
    "low (which take more of a half-selected cell's voltage).</li>"
    "<li>Matvec error: one common gain is taken out, as a calibration would; it is not one gain a column.</li>"
    "<li>Not modelled: devices that are not ohmic or change while written, spread of devices and selectors, noise, "
    "resistance of drivers and sense amplifiers, capacitance.</li>"
    "</ul>"
)
