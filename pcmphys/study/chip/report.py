"""The report of the study of chips: which chip takes least for which network, and what of it is assumed."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.plot import page
from pcmphys.plot.page import PageTable
from pcmphys.study.chip import figures

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

_OVERVIEW = (
    "Energy of a sample with all that is around the chips, against the time from sample to sample once the pipeline is "
    "full. Down and to the left is better."
)
_ENERGIES = "Where the energy goes. Beside each bar stands the energy of a sample."
_TRADE = (
    "A full tile, all devices at one conductance. Left: the efficiency falls from the plateau of the periphery to the "
    "limit of the devices; right: the throughput over area falls with time. The noise of the output, from the read "
    "noise of the cell at that conductance and time and from the heat of the devices, bounds both on the other side: a "
    "star is the best point that has the wanted signal over noise."
)


def overview(dataset: xr.Dataset) -> Figure:
    """Energy against time of all networks and chips."""
    return figures.energy_and_time(dataset)


def tables(dataset: xr.Dataset) -> list[PageTable]:
    """One row a network and chip: tiles, energy, time and efficiency, at the scope of the system."""
    headings = ("network", "chip", "tiles", "used [%]", "energy", "period", "TOPS/W")
    rows = []
    for network in dataset["network"].values:
        for chip in dataset["chip"].values:
            one = dataset.sel(network=network, chip=chip)
            system = one.sel(scope="system")
            rows.append((
                str(network),
                str(chip),
                f"{float(one['tiles_in_use']):.0f}",
                f"{100.0 * float(one['utilisation']):.0f}",
                _amount(float(system["energy"].sum("part")), "J"),
                _amount(float(system["period"]), "s"),
                _digits(1e-12 * float(system["efficiency"])),
            ))  # fmt: skip
    title = "a sample on the whole system: energy, and time from sample to sample"
    return [PageTable(title, headings, rows, left=2, block=dataset.sizes["chip"])]


def remarks(dataset: xr.Dataset) -> list[str]:
    """What must be said with the table."""
    settings = json.loads(dataset.attrs["settings"])
    found = [
        f"{settings['batch']} samples follow each other; tiles are with copies of slow layers"
        if settings["replicate"]
        else f"{settings['batch']} samples follow each other"
    ]
    for name, one in json.loads(dataset.attrs["chips"]).items():
        found.append(f"{name}: {one['assumed']} of {one['numbers']} numbers are assumed; totals that it prints are "
                     "calibrated to, not tested")  # fmt: skip
    return found + [_best(dataset, str(chip)) for chip in dataset["chip"].values]


def body(dataset: xr.Dataset) -> list[str]:
    """The report, below its title."""
    found = [page.answer(_answer(dataset)), page.drawn(overview(dataset), _OVERVIEW), _introduction(dataset)]
    for table in tables(dataset):
        found += [page.heading("Networks on chips"), page.table(table)]
    found += [page.items(remarks(dataset)), page.heading("Where the energy goes")]
    found += [page.drawn(figures.energies(dataset), _ENERGIES), page.heading("Area"), page.table(_areas(dataset))]
    found.append(page.heading("What conductance and integration time buy"))
    for k, chip in enumerate(map(str, dataset["chip"].values)):
        found.append(page.drawn(figures.trade(dataset, chip), html.escape(f"The same for {chip}.") if k else _TRADE))
    found += [page.heading("Layers"), page.table(_layers(dataset)), page.heading("Standing of the chips")]
    found.append(_standings(dataset))
    found += [page.heading("What results.nc holds"), page.table(page.variables(dataset))]
    return [*found, page.heading("How to read this"), _LIMITS, page.sources(dataset)]


def _answer(dataset: xr.Dataset) -> str:
    """The chip that takes least energy for each network."""
    system = dataset.sel(scope="system")
    energy = system["energy"].sum("part")
    words, best = [], []
    for network in dataset["network"].values:
        chip = str(dataset["chip"].values[np.argmin(energy.sel(network=network).values)])
        best.append(chip)
        one = system.sel(network=network, chip=chip)
        chips = int(one["chips"])
        words.append(
            f"{network} {_amount(float(one['energy'].sum('part')), 'J')} on "
            f"{'one' if chips == 1 else chips} {chip} (a sample every {_amount(float(one['period']), 's')})"
        )
    least = "Least energy" if dataset.sizes["chip"] > 1 else "Energy"
    standing = "; ".join(
        f"{one['assumed']} of {one['numbers']} numbers of {name}"
        for name, one in json.loads(dataset.attrs["chips"]).items()
        if name in best
    )
    return (
        f"{least} of a sample, whole system: {'; '.join(words)}. Assumed are {standing}: see the standing of the chips."
    )


def _best(dataset: xr.Dataset, chip: str) -> str:
    """The best point of the trade-off of one chip."""
    wanted = json.loads(dataset.attrs["settings"])["wanted"]
    one = figures.traded(dataset, chip)
    values = np.where(one.decibel >= wanted, one.efficiency, -np.inf)
    if not np.isfinite(values).any():
        return f"{chip}: no conductance and time give an output of {wanted:g} dB with {one.cell}"
    i, j = np.unravel_index(np.argmax(values), values.shape)
    return (
        f"{chip}: a tile with devices of {one.cell} has {wanted:g} dB and most operations a joule at "
        f"{_amount(float(one.conductance[i]), 'S')} and {_amount(float(one.integration[j]), 's')}: "
        f"{1e-12 * one.efficiency[i, j]:.3g} TOPS/W"
    )


def _introduction(dataset: xr.Dataset) -> str:
    settings = json.loads(dataset.attrs["settings"])
    networks = "; ".join(f"{name}: {text}" for name, text in json.loads(dataset.attrs["networks"]).items())
    return page.paragraph(
        f"{networks}. Weights stay on their tiles; {settings['batch']} samples follow each other through a pipeline of "
        "layers. Energies and areas by part are those of three scopes, each of which holds the one before: tiles, "
        "chips, system."
    )


def _areas(dataset: xr.Dataset) -> PageTable:
    rows = []
    for network in dataset["network"].values:
        for chip in dataset["chip"].values:
            area = 1e6 * dataset["area"].sel(network=network, chip=chip, scope="system")
            density = 1e-18 * dataset["density"].sel(network=network, chip=chip)
            parts = [f"{float(area.sel(area_part=part)):.3g}" for part in dataset["area_part"].values]
            densities = [_digits(float(density.sel(scope=scope))) for scope in ("tile", "chip")]
            rows.append((str(network), str(chip), *parts, f"{float(area.sum()):.3g}", *densities))
    parts = [f"{part} [mm²]" for part in dataset["area_part"].values]
    headings = ("network", "chip", *parts, "all [mm²]", "tiles [TOPS/mm²]", "chips [TOPS/mm²]")
    return PageTable("area", headings, rows, left=2, block=dataset.sizes["chip"])


def _layers(dataset: xr.Dataset) -> PageTable:
    """Tiles, copies and time of each layer, for the first three chips that there are."""
    chips = [str(chip) for chip in dataset["chip"].values][:3]
    rows = []
    for layer in dataset["layer"].values:
        values = [str(layer)]
        for chip in chips:
            one = dataset.sel(layer=layer, chip=chip)
            values += [f"{float(one['layer_tiles']):.0f} × {float(one['layer_copies']):.0f}",
                       _amount(float(one["layer_time"]), "s")]  # fmt: skip
        rows.append(tuple(values))
    groups = (("", 1), *((chip, 2) for chip in chips))
    return PageTable("layers", ("layer", *(("tiles × copies", "time") * len(chips))), rows, groups=groups)


def _standings(dataset: xr.Dataset) -> str:
    text = ""
    for name, one in json.loads(dataset.attrs["chips"]).items():
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in one["notes"])
        assumed = f"{one['assumed']} of {one['numbers']} numbers are assumed."
        text += f"<h3>{html.escape(name)}</h3><p>{html.escape(one['title'])}. "
        text += f'<span class="assumed">{assumed}</span></p><ul>{notes}</ul>'
    return text


def _amount(value: float, unit: str) -> str:
    for scale, prefix in ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p")):
        if value >= 0.9995 * scale:
            return f"{value / scale:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}"


def _digits(value: float) -> str:
    return f"{value:.3g}"


_LIMITS = (
    "<ul>"
    "<li>Two operations a multiplication with addition. Efficiency: operations of all samples over their energy.</li>"
    "<li>Tile: devices, drivers, converters, lines, digital units. Chip: these, the mesh and what is always on. "
    "System: chips, links between them and to the outside, digital work outside.</li>"
    "<li>Samples are independent: the steps of one sequence through an LSTM wait for each other, and then its latency "
    "counts, not its period.</li>"
    "<li>Networks are compared as they are laid out; what noise and drift do to their accuracy is another study.</li>"
    "<li>Not modelled: two layers on one tile, convolutions that start before their input is complete, stalls on the "
    "mesh, buffers, writing of weights, time of digital work outside of the chips.</li>"
    "</ul>"
)
