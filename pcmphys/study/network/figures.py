"""Figures of a study's results.

Each takes the data set, the name of a cell and, if it is to be part of a larger figure, matplotlib axes; each returns
the Figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pcmphys.plot import style
from pcmphys.plot.figures import plain

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LOOK = {
    ("ideal", "off"): (style.VERMILION, "o", ":", "no IR drop, no compensation"),
    ("ideal", "on"): (style.BLUE, "o", "-", "no IR drop, compensated"),
    ("IR drop", "off"): (style.PURPLE, "s", ":", "IR drop, no compensation"),
    ("IR drop", "on"): (style.GREEN, "s", "-", "IR drop, compensated"),
}


def overview_of_cell(dataset: xr.Dataset, cell: str) -> Figure:
    """Devices, wires and network side by side."""
    with style.figure(1, 3, figsize=(15.0, 4.2)) as (figure, panels):
        for draw, axes in zip((traces, ir_drop, accuracy_over_time), panels, strict=True):
            draw(dataset, cell, axes)
        return figure


def accuracy_over_time(dataset: xr.Dataset, cell: str, axes: Axes | None = None) -> Figure:
    """Accuracy of the network against time, mean and standard deviation over chips."""
    return _against_time(dataset, cell, "accuracy", 100.0, "test accuracy [%]", axes)


def matvec_error_over_time(dataset: xr.Dataset, cell: str, axes: Axes | None = None) -> Figure:
    """Relative error of the matrix-vector products against time."""
    return _against_time(dataset, cell, "matvec_error", 100.0, "relative matvec error [%]", axes)


def _against_time(dataset: xr.Dataset, cell: str, name: str, scale: float, label: str, axes):
    with style.panel(axes) as (figure, axes):
        values = scale * dataset[name].sel(cell=cell)
        times = dataset["time"].values
        count = values.sizes["wires"] * values.sizes["compensation"]
        k = 0
        for wires in dataset["wires"].values:
            for compensation in dataset["compensation"].values:
                colour, marker, line, text = _LOOK[wires, compensation]
                one = values.sel(wires=wires, compensation=compensation)
                # a small sidestep keeps error bars of equal times apart
                shifted = times * 1.04 ** (k - (count - 1) / 2)
                spread = one.std("chip", ddof=1).values if one.sizes["chip"] > 1 else None
                axes.errorbar(
                    shifted, one.mean("chip").values, spread,
                    color=colour, marker=marker, ls=line, ms=5, capsize=3, label=text,
                )  # fmt: skip
                k += 1
        if name == "accuracy":
            level = scale * float(dataset["digital_accuracy"])
            axes.axhline(level, color=style.GREY, lw=1, label=f"digital, float64: {level:.1f} %")
        else:
            level = scale * float(np.sqrt((dataset["fixed_point_error"].values ** 2).mean()))
            axes.axhline(level, color=style.GREY, lw=1, label=f"8-bit fixed point: {level:.2f} %")
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")
        style.time_axis(axes, times)
        axes.set_ylabel(label)
        axes.set_title(_title(dataset, cell), fontsize=10)
        # the reference line runs along one edge: keep the legend off it
        place = {"loc": "lower left", "bbox_to_anchor": (0.0, 0.06)}
        axes.legend(fontsize=8, **place)
        return figure


def side_by_side(dataset: xr.Dataset) -> Figure:
    """Accuracy and matvec error of all cells against time, compensated where that was run."""
    with style.figure(1, 2, figsize=(11.0, 4.2)) as (figure, panels):
        compensation = dataset["compensation"].values[-1]
        times = dataset["time"].values
        drawn = (("accuracy", "test accuracy [%]"), ("matvec_error", "relative matvec error [%]"))
        for axes, (name, label) in zip(panels, drawn, strict=True):
            for k, cell in enumerate(dataset["cell"].values):
                colour = style.COLOURS[k % len(style.COLOURS)]
                for wires, line in zip(dataset["wires"].values, ("-", ":"), strict=False):
                    one = 100.0 * dataset[name].sel(cell=cell, wires=wires, compensation=compensation)
                    spread = one.std("chip", ddof=1).values if one.sizes["chip"] > 1 else None
                    axes.errorbar(
                        times * 1.06 ** (k - 1), one.mean("chip").values, spread, color=colour,
                        marker="o", ms=4, ls=line, capsize=3,
                        label=f"{plain(cell)}, {'no ' * (wires == 'ideal')}IR drop",
                    )  # fmt: skip
            style.time_axis(axes, times)
            axes.set_ylabel(label)
            axes.set_title(f"drift compensation {compensation}", fontsize=10)
        panels[0].legend(fontsize=7, loc="lower left")
        return figure


def _title(dataset: xr.Dataset, cell: str) -> str:
    chips = dataset.sizes["chip"]
    return f"{plain(cell)}, mean ± std of {chips} chips" if chips > 1 else f"{plain(cell)}, one chip"


def traces(dataset: xr.Dataset, cell: str, axes: Axes | None = None) -> Figure:
    """Reads of single devices over time: drift with its spread, and 1/f noise."""
    with style.panel(axes) as (figure, axes):
        import matplotlib as mpl

        one = dataset.sel(cell=cell)
        targets = 1e6 * one["trace_target"].values
        times = dataset["trace_time"].values
        colours = mpl.colormaps[style.ORDERED]
        for trace, target in zip(1e6 * one["trace"].values, targets, strict=True):
            axes.plot(times, trace, color=colours(0.9 * target / targets.max()), lw=0.9, alpha=0.9)
        for target in np.unique(targets):
            axes.plot(times[0] / 1.25, target, ">", color=colours(0.9 * target / targets.max()), ms=6, clip_on=False)
        style.time_axis(axes, times)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set_ylim(bottom=0.3 * targets.min())
        axes.set_ylabel("conductance [µS]")
        axes.set_title(f"single devices of {plain(cell)} (arrows: targets)", fontsize=10)
        return figure


def layer_error(dataset: xr.Dataset, cell: str, axes: Axes | None = None) -> Figure:
    """Relative error of each layer's product at the first and the last time, compensated where that was run."""
    with style.panel(axes) as (figure, axes):
        compensation = dataset["compensation"].values[-1]
        layers = dataset["layer"].values
        bars = [(w, t) for w in dataset["wires"].values for t in (dataset["time"].values[[0, -1]])]
        width = 0.8 / len(bars)
        for k, (wires, time) in enumerate(bars):
            one = 100.0 * dataset["layer_error"].sel(cell=cell, wires=wires, compensation=compensation, time=time)
            spread = one.std("chip", ddof=1).values if one.sizes["chip"] > 1 else None
            colour = style.BLUE if wires == "ideal" else style.GREEN
            axes.bar(
                layers + (k - (len(bars) - 1) / 2) * width, one.mean("chip").values, width, yerr=spread, capsize=3,
                color=colour, alpha=0.55 if time == bars[0][1] else 1.0,
                label=f"{'no IR drop' if wires == 'ideal' else 'IR drop'}, {style.time_name(time)}",
            )  # fmt: skip
        axes.set_xticks(layers, [f"layer {k}" for k in layers])
        axes.set_ylabel("relative matvec error [%]")
        axes.set_title(f"{plain(cell)}, drift compensation {compensation}", fontsize=10)
        axes.legend(fontsize=8, ncols=2)
        return figure


def ir_drop(dataset: xr.Dataset, cell: str, axes: Axes | None = None) -> Figure:
    """Voltage across each cell of the largest tile under full drive: where IR drop bites."""
    with style.panel(axes, figsize=(6.4, 4.4)) as (figure, axes):
        values = 1e3 * dataset["cell_voltage"].sel(cell=cell).values
        image = axes.imshow(values, cmap=style.VOLTAGES, aspect="auto", interpolation="nearest")
        figure.colorbar(image, ax=axes, label="cell voltage [mV]")
        axes.grid(False)
        axes.set_xlabel("bit line (word lines are driven from the left)")
        axes.set_ylabel("word line (bit lines are sensed at the bottom)")
        axes.set_title("IR drop with all word lines at full read voltage", fontsize=10)
        return figure
