"""Figures of the study of layers; each takes the data set and returns the Figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pcmphys.plot import style
from pcmphys.plot.figures import plain

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPOKEN = {"plain": "trained without devices", "aware": "noise-aware training"}
"""Trainings for a reader."""
_COLOURS = {"plain": style.VERMILION, "aware": style.BLUE}
_LINES = {"ideal": "-", "IR drop": ":"}
_LEVELS = {"float32": "-", "INT8": "--", "INT4": "-.", "INT4 per tensor": ":"}
_LEAST_SPAN = 2.0
"""Per cent that an axis of accuracies spans at least."""


def accuracy_over_time(dataset: xr.Dataset) -> Figure:
    """Accuracy on chips against time: networks in rows, cells in columns, fixed point as levels."""
    networks = [str(name) for name in dataset["network"].values]
    cells = [str(name) for name in dataset["cell"].values]
    size = (1.6 + 4.4 * len(cells), 1.0 + 3.1 * len(networks))
    with style.figure(len(networks), len(cells), figsize=size, sharex=True, sharey="row", squeeze=False) as made:
        figure, panels = made
        for row, network in zip(panels, networks, strict=True):
            for axes, cell in zip(row, cells, strict=True):
                _panel(dataset.sel(network=network), cell, axes)
                axes.set_title(f"{network}, {plain(cell)}", fontsize=10)
            row[0].set_ylabel("right predictions [%]")
            _span(row[0])
        for axes in panels[-1]:
            style.time_axis(axes, dataset["time"].values)
        _legend(figure, dataset)
        return figure


def _panel(one: xr.Dataset, cell: str, axes: Axes) -> None:
    times = one["time"].values
    trainings = [str(name) for name in one["training"].values]
    wires = [str(name) for name in one["wires"].values]
    # levels of the training that stands for digital use: the first
    for name, line in _LEVELS.items():
        level = 100.0 * float(one["digital_accuracy"].sel(training=trainings[0], arithmetic=name))
        axes.axhline(level, color=style.GREY, ls=line, lw=1.0)
    count = len(trainings) * len(wires)
    for k, (training, way) in enumerate((a, b) for a in trainings for b in wires):
        values = 100.0 * one["accuracy"].sel(cell=cell, training=training, wires=way)
        spread = values.std("chip", ddof=1).values if values.sizes["chip"] > 1 else None
        # a small sidestep keeps error bars of equal times apart
        shifted = times * 1.06 ** (k - (count - 1) / 2)
        axes.errorbar(
            shifted, values.mean("chip").values, spread,
            color=_COLOURS[training], ls=_LINES[way], marker="o", ms=4, capsize=3,
        )  # fmt: skip
    style.time_axis(axes, times)
    axes.set_xlabel("")


def _span(axes: Axes) -> None:
    low, high = axes.get_ylim()
    middle = 0.5 * (low + high)
    half = max(high - low, _LEAST_SPAN) / 2.0
    axes.set_ylim(middle - half, min(middle + half, max(high, 100.0)))


def _legend(figure: Figure, dataset: xr.Dataset) -> None:
    from matplotlib.lines import Line2D

    entries = [
        Line2D([], [], color=_COLOURS[str(name)], marker="o", ms=4, label=SPOKEN[str(name)])
        for name in dataset["training"].values
    ]
    if dataset.sizes["wires"] > 1:
        entries += [Line2D([], [], color=style.BLACK, ls=_LINES[way], label=_wires(way)) for way in _LINES]
    entries += [
        Line2D([], [], color=style.GREY, lw=1.0, ls=line, label=f"digital, {name}") for name, line in _LEVELS.items()
    ]
    figure.legend(handles=entries, loc="outside lower center", ncols=4, fontsize=9)


def _wires(way: str) -> str:
    return "no IR drop" if way == "ideal" else "IR drop"


def mean_and_spread(values: np.ndarray, digits: int) -> str:
    """A mean, with the spread over chips if there are several."""
    if values.size == 1:
        return f"{float(values.reshape(-1)[0]):.{digits}f}"
    return f"{values.mean():.{digits}f} ± {values.std(ddof=1):.{digits}f}"
