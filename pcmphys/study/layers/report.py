"""The report of a study of layers: what devices do to networks, and what training with them gives back."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING

from pcmphys.parameters import Technology
from pcmphys.plot import page
from pcmphys.plot.page import PageTable
from pcmphys.plot.style import time_name
from pcmphys.study.layers.figures import SPOKEN, accuracy_over_time, mean_and_spread

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

_HEADINGS = ("cell", "training", "IR drop")
_CAPTION = (
    "Predictions that are right on chips of the simulated cells, mean and standard deviation over chips, against the "
    "time since programming; drift compensated at each read. Grey: the network trained without devices, digital, with "
    "8-bit activations."
)


def overview(dataset: xr.Dataset) -> Figure:
    """The picture of all networks and cells."""
    return accuracy_over_time(dataset)


def tables(dataset: xr.Dataset) -> list[PageTable]:
    """A table of fixed point, then one a network."""
    return [_digital(dataset), *(_on_chips(dataset, str(name)) for name in dataset["network"].values)]


def remarks(dataset: xr.Dataset) -> list[str]:
    """What must be said with the tables."""
    found = ["right predictions [%]; bit: cross entropy of a prediction; drift compensated by one gain a tile"]
    if "aware" in dataset["training"].values:
        found.append(
            "noise-aware weights were trained on devices of hermes-14nm-statistical, at ages from 200 s to 1 yr"
        )
    return found


def body(dataset: xr.Dataset) -> list[str]:
    """The report, below its title."""
    found = [page.answer(_answer(dataset)), page.drawn(accuracy_over_time(dataset), _CAPTION)]
    found.append(page.paragraph(_introduction(dataset)))
    titles = json.loads(dataset.attrs["titles"])
    first, *others = tables(dataset)
    found += [page.heading("Digital, in fixed point"), page.table(first)]
    for table, name in zip(others, map(str, dataset["network"].values), strict=True):
        weights = int(dataset["weights"].sel(network=name))
        found += [
            page.heading(f"{name}: {titles[name]}"),
            page.paragraph(f"{weights} weights on tiles."),
            page.table(table),
        ]
    found += [page.heading("The cells"), *(_assumptions(one) for one in _technologies(dataset))]
    return [*found, page.heading("How to read this"), page.items(_LIMITS), page.sources(dataset)]


def _answer(dataset: xr.Dataset) -> str:
    last = float(dataset["time"].values[-1])
    way = str(dataset["wires"].values[-1])
    cell = str(dataset["cell"].values[0])
    words = []
    for name in map(str, dataset["network"].values):
        one = dataset.sel(network=name)
        digital = 100.0 * one["digital_accuracy"].sel(training=str(dataset["training"].values[0]))
        kept = 100.0 * one["accuracy"].sel(cell=cell, wires=way, time=last).mean("chip")
        chips = " and ".join(f"{float(kept.sel(training=t)):.1f} % ({SPOKEN[str(t)]})" for t in one["training"].values)
        words.append(
            f"{name} {float(digital.sel(arithmetic='float32')):.1f} % in float32, "
            f"{float(digital.sel(arithmetic='INT4')):.1f} % with 4-bit weights, {chips} on chips"
        )
    wires = " with IR drop" if way == "IR drop" else ""
    return f"After {time_name(last)} on {cell}{wires}: {'; '.join(words)}."


def _digital(dataset: xr.Dataset) -> PageTable:
    names = [str(name) for name in dataset["arithmetic"].values]
    rows = []
    for network in map(str, dataset["network"].values):
        for training in map(str, dataset["training"].values):
            one = dataset.sel(network=network, training=training)
            values = [
                f"{100.0 * float(one['digital_accuracy'].sel(arithmetic=name)):.1f} "
                f"({float(one['digital_loss'].sel(arithmetic=name)):.3f} bit)"
                for name in names
            ]
            rows.append((network, training, *values))
    return PageTable("digital, 8-bit activations", ("network", "training", *names), rows, 2, dataset.sizes["training"])


def _on_chips(dataset: xr.Dataset, network: str) -> PageTable:
    times = dataset["time"].values
    rows = []
    for cell in map(str, dataset["cell"].values):
        for training in map(str, dataset["training"].values):
            for way in map(str, dataset["wires"].values):
                one = dataset.sel(network=network, cell=cell, training=training, wires=way)
                accuracy = [mean_and_spread(100.0 * one["accuracy"].sel(time=t).values, 1) for t in times]
                loss = f"{float(one['loss'].isel(time=-1).mean()):.3f}"
                rows.append((cell, training, "no" if way == "ideal" else "yes", *accuracy, loss))
    headings = (*_HEADINGS, *(time_name(float(t)) for t in times), "bit at the end")
    chips = dataset.sizes["chip"]
    of = f"mean ± std of {chips} chips" if chips > 1 else "one chip"
    return PageTable(f"{network}, right [%]: {of}", headings, rows, 3, dataset.sizes["wires"])


def _introduction(dataset: xr.Dataset) -> str:
    settings = json.loads(dataset.attrs["settings"])
    tile, wires, periphery = (settings[key] for key in ("tile", "wires", "periphery"))
    resolution = [
        f"{periphery[key]}-bit {what}" if periphery[key] else f"{what} without rounding"
        for key, what in (("dac_bits", "inputs"), ("adc_bits", "outputs"))
    ]
    error = 100.0 * dataset["programming_error"].max(("network", "training", "chip"))
    errors = ", ".join(f"{name} {float(error.sel(cell=name)):.1f} %" for name in dataset["cell"].values)
    text = (
        f"Products with stored weights are on {_pairs(settings['pairs'])} of devices, on tiles of at most "
        f"{tile['rows']} × {tile['columns']} weights, {resolution[0]} and {resolution[1]}; norms, activations, "
        "embeddings, gates, biases, softmax and the products between queries, keys and values are digital. "
        f"Programming error (rms of the worst layer, of the largest conductance): {errors}."
    )
    if any(settings["ir_drop"]):
        text += (
            f" IR drop: {wires['row']:g} Ω a word-line segment, {wires['column']:g} Ω a bit-line segment, "
            f"{wires['source']:g} Ω at each driver, {wires['sense']:g} Ω at each sense end (chosen, not measured)."
        )
    return text


def _pairs(count: int) -> str:
    return "differential pairs" if count == 1 else f"{count} differential pairs a weight"


def _technologies(dataset: xr.Dataset) -> list[Technology]:
    return [Technology.model_validate(entry) for entry in json.loads(dataset.attrs["technologies"])]


def _assumptions(technology: Technology) -> str:
    assumed = [
        f"<li><code>{key}</code> = {', '.join(q.numbers)} {html.escape(q.unit)}: {html.escape(q.note)}</li>"
        for key, q in technology.quantities.items()
        if q.kind == "assumed"
    ]
    return f'<p class="assumed">{html.escape(technology.name)}: assumed, not published:</p><ul>{"".join(assumed)}</ul>'


_LIMITS = (
    "Noise-aware weights: the plain ones, trained on with programming errors, drift, read noise and converters of "
    "hermes-14nm-statistical, at ages from 200 s to a year; those of the text with two devices a polarity, as a cell "
    "of that chip has (data/layer-networks/SOURCE.md).",
    "INT8, INT4: weights rounded after training, one scale a column (or a matrix), ranges of the activations from "
    "training inputs.",
    "Compensation: one gain a tile, found at each time from a read of known inputs.",
    "All inputs at one time meet the same conductances. Not modelled: temperature, correlations between devices, "
    "offsets and noise of converters, read disturb.",
    "The test inputs are few: an accuracy near 98 % of 1000 inputs has a standard error of 0.4 %, common to all rows.",
)
