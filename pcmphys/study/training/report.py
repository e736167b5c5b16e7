"""The report of a study of training: what devices and rules make of a network that learns in place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.plot import page
from pcmphys.plot.page import PageTable
from pcmphys.study.training import figures
from pcmphys.study.training.figures import SPOKEN, final, of, worst_cell
from pcmphys.study.training.runs import ASYMMETRY, CAPACITOR, DEVICES, FLOAT, PAIR, STATES

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

_TITLES = {
    DEVICES: "Devices and rules",
    ASYMMETRY: "Asymmetry: share of a step that is lost at the bound",
    STATES: "Number of states",
    CAPACITOR: "Capacitor beside a pair of phase-change devices",
}
_CAPTION = (
    "Test error of a network trained in place, mean and standard deviation over seeds. Black: the same network, first "
    "weights and order of images in floating point."
)


def overview(dataset: xr.Dataset) -> Figure:
    """The picture of all runs."""
    return figures.overview(dataset)


def tables(dataset: xr.Dataset) -> list[PageTable]:
    """One table a part of the study."""
    parts = set(map(str, dataset["part"].values))
    return [_table(dataset, part) for part in _TITLES if part in parts]


def remarks(dataset: xr.Dataset) -> list[str]:
    """What must be said with the tables."""
    epochs, seeds = dataset.sizes["epoch"], dataset.sizes["seed"]
    after = f"errors after {epochs} epoch{'s' * (epochs > 1)}, {seeds} seed{'s' * (seeds > 1)}"
    return [f"{after}; pulses: steps of all devices an image of training"]


def body(dataset: xr.Dataset) -> list[str]:
    """The report, below its title."""
    found = [page.answer(_answer(dataset)), page.drawn(overview(dataset), _CAPTION)]
    found.append(page.paragraph(_introduction(dataset)))
    for table in tables(dataset):
        found += [page.heading(table.title), page.table(table)]
    return [*found, page.heading("How to read this"), page.items(_LIMITS), page.sources(dataset)]


def _answer(dataset: xr.Dataset) -> str:
    reference = float(final(of(dataset, DEVICES, FLOAT)).mean())
    words = [f"In floating point the network ends at {reference:.1f} % test error"]
    cell = worst_cell(dataset)
    if cell is not None:
        own = of(dataset, DEVICES, cell=cell)
        words.append(f"on {cell} at {_listed(own)}")
    singles = [
        f"{cell} {float(final(of(dataset, DEVICES, cell=cell)).mean('seed').min()):.1f} %"
        for cell in dict.fromkeys(map(str, of(dataset, DEVICES)["cell"].values))
        if cell
    ]
    text = "; ".join(words)
    if singles:
        text += f". The best rule on each technology: {', '.join(singles)}"
    pair = of(dataset, CAPACITOR, PAIR)
    if pair.sizes["run"]:
        ways = {1.0: "with", 0.0: "without"}
        each = [
            f"{float(final(pair.isel(run=k)).mean()):.1f} % {ways[float(pair['value'][k])]} polarity inversion"
            for k in range(pair.sizes["run"])
        ]
        alone = float(final(of(dataset, CAPACITOR, "sgd")).mean())
        text += f". An imbalanced capacitor alone ends at {alone:.1f} %, beside a pair at {' and '.join(each)}"
    return f"{text}."


def _listed(runs: xr.Dataset) -> str:
    values = [
        f"{float(final(runs.isel(run=k)).mean()):.1f} % by {SPOKEN[str(runs['rule'].values[k])]}"
        for k in range(runs.sizes["run"])
    ]
    return ", ".join(values)


def _table(dataset: xr.Dataset, part: str) -> PageTable:
    runs = of(dataset, part)
    swept = part in (ASYMMETRY, STATES)
    rows = []
    for k in range(runs.sizes["run"]):
        one = runs.isel(run=k)
        rule, value = str(one["rule"].values), float(one["value"])
        words = [str(one["cell"].values) or "-", SPOKEN[rule] + _inverted(rule, value)]
        if swept:
            words.append(f"{value:g}")
        errors = [_mean_std(100.0 * one[name].isel(epoch=-1).values) for name in ("error", "training_error")]
        device = rule != FLOAT
        pulses = f"{float(one['pulses'].mean()):.0f}" if device else "-"
        saturated = f"{100.0 * float(one['saturated'].mean()):.1f}" if device else "-"
        rows.append((*words, *errors, pulses, saturated))
    left = ("technology", "rule", *((part,) if swept else ()))
    headings = (*left, "test error [%]", "training error [%]", "pulses an image", "saturated [%]")
    return PageTable(_TITLES[part], headings, rows, 2)


def _inverted(rule: str, value: float) -> str:
    return "" if rule != PAIR else ", polarity inverted" if value else ", without inversion"


def _mean_std(values: np.ndarray) -> str:
    if values.size == 1:
        return f"{float(values.reshape(-1)[0]):.1f}"
    return f"{values.mean():.1f} ± {values.std(ddof=1):.1f}"


def _introduction(dataset: xr.Dataset) -> str:
    settings = json.loads(dataset.attrs["settings"])
    hidden = "-".join(map(str, settings["hidden"]))
    images = {"digits": "1437 handwritten digits of 8 × 8 pixels", "mnist": "4000 MNIST digits of 28 × 28 pixels"}
    used = f"{settings['images']} of " if settings["images"] else ""
    return (
        f"A network with {hidden} hidden sigmoids and a softmax learns {used}{images[settings['data']]} for "
        f"{settings['epochs']} epochs, {settings['batch']} image{'s' * (settings['batch'] > 1)} an update, at a rate "
        f"of {settings['rate']:g} ({settings['one_sided']['rate']:g} by the rule of pairs that only go up) that is "
        f"halved every {settings['halve']} epochs. Products forward and backward go through the same arrays with "
        "7-bit inputs and 9-bit outputs, repeated with smaller inputs where they leave the range; updates are "
        "trains of at most 31 pulses. First weights are programmed, biases are weights of an input of one."
    )


_LIMITS = (
    "One learning rate serves all rules and devices (but the rule of pairs that only go up): it is best for none of "
    "them, and a device's rank here is no verdict on the technology.",
    "Tiki-Taka needs devices whose symmetry point is the zero of their weights, as those of the sweep are.",
    "The test images are few: an error of 5 % of 360 images has a standard error of 1.1 %, common to all rows.",
    "Saturated: updates that would have needed a line to fire more often than in every slot of the longest train.",
    "Not modelled: disturbance of other devices on a line by its pulses, IR drop of pulses, temperature.",
)
