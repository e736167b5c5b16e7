"""Figures of a design space.

Each takes the data set and returns the Figure. A colour is a selector, a marker an array size, a line style a wire
resistance; along a line the current of the RESET pulse grows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pcmphys.plot import style
from pcmphys.plot.axes import SMALL
from pcmphys.plot.figures import plain

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = {
    "none": style.GREY,
    "diode": style.BLUE,
    "exponential": style.VERMILION,
    "transistor": style.GREEN,
    "ots": style.PURPLE,
}
_MARKERS, _LINES = "osD^vPX*", ("-", "--", ":", "-.")
_LOWEST = -0.05
"""Where a margin of zero or less is drawn."""
_ENTRY = 1.6
"""Width of a legend's entry [inch], the widest ("a neighbour may switch")."""


def trade_off(dataset: xr.Dataset) -> Figure:
    """Read margin of the weak bits at the last time against the energy of a write, a panel for each cell."""
    cells = [str(name) for name in dataset["cell"].values]
    with style.figure(1, len(cells), figsize=(1.2 + 5.2 * len(cells), 5.0), sharey=True, squeeze=False) as made:
        figure, panels = made
        for cell, axes in zip(cells, panels[0], strict=True):
            _margin_by_energy(dataset.sel(cell=cell).isel(time=-1), axes)
            axes.set_title(plain(cell), fontsize=10)
        last = style.time_name(float(dataset["time"].values[-1]))
        panels[0, 0].set_ylabel(f"read margin of weak bits after {last}")
        _legend(figure, dataset)
        return figure


def margin_over_time(dataset: xr.Dataset) -> Figure:
    """Read margin of the weak bits over time, a panel for each cell: the largest array, the least wire resistance."""
    cells = [str(name) for name in dataset["cell"].values]
    one = dataset["read_margin"].isel(size=-1, wire=0)
    with style.figure(1, len(cells), figsize=(1.2 + 5.2 * len(cells), 4.4), sharey=True, squeeze=False) as made:
        figure, panels = made
        for cell, axes in zip(cells, panels[0], strict=True):
            for k, pulse in enumerate(dataset["pulse"].values):
                for name in dataset["selector"].values:
                    values = one.sel(cell=cell, pulse=pulse, selector=name).values
                    axes.plot(
                        dataset["time"].values, _shown(values), _LINES[k % len(_LINES)], color=_COLOURS[str(name)],
                        marker=_MARKERS[k % len(_MARKERS)], ms=5,
                    )  # fmt: skip
            _margin_axis(axes)
            style.time_axis(axes, dataset["time"].values)
            axes.set_title(plain(cell), fontsize=10)
        size, wire = int(dataset["size"].values[-1]), float(dataset["wire"].values[0])
        panels[0, 0].set_ylabel("read margin of weak bits")
        _legend(figure, dataset, pulses=True, title=f"{size} × {size} cells, {wire:g} Ω a segment")
        return figure


def windows(dataset: xr.Dataset) -> Figure:
    """Conductance of the weak bits of both states against the RESET current, at each time."""
    cells = [str(name) for name in dataset["cell"].values]
    with style.figure(1, len(cells), figsize=(1.2 + 5.2 * len(cells), 4.2), sharey=True, squeeze=False) as made:
        figure, panels = made
        for cell, axes in zip(cells, panels[0], strict=True):
            order = np.argsort(dataset["current"].values, kind="stable")
            current = 1e6 * dataset["current"].values[order]
            for k, time in enumerate(dataset["time"].values):
                one = dataset.sel(cell=cell, time=time)
                name = style.time_name(float(time))
                for state, colour in (("high", style.BLUE), ("low", style.VERMILION)):
                    values = 1e6 * one[f"weak_{state}"].values[order]
                    axes.plot(
                        current, values, _LINES[k % len(_LINES)], color=colour, marker="o", ms=4,
                        label=f"{'SET' if state == 'high' else 'RESET'}, {name}",
                    )  # fmt: skip
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")
            axes.set_xlabel("current of the RESET pulse [µA]")
            axes.set_title(plain(cell), fontsize=10)
        panels[0, 0].set_ylabel("conductance of the weak bit [µS]")
        handles, labels = panels[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=_columns(figure), fontsize=SMALL + 1)
        return figure


def _margin_by_energy(one: xr.Dataset, axes: Axes) -> None:
    for name in one["selector"].values:
        for w, wire in enumerate(one["wire"].values):
            for s, size in enumerate(one["size"].values):
                design = one.sel(selector=name, wire=wire, size=size)
                energy, margin = 1e12 * design["write_energy"].values, _shown(design["read_margin"].values)
                colour = _COLOURS[str(name)]
                axes.plot(energy, margin, _LINES[w % len(_LINES)], color=colour, lw=1.1)
                switched = ~(design["disturb_margin"].values > 0.0)
                for chosen, face in ((~switched, colour), (switched, "white")):
                    axes.plot(
                        energy[chosen], margin[chosen], _MARKERS[s % len(_MARKERS)], ls="", ms=6, color=colour,
                        markerfacecolor=face,
                    )  # fmt: skip
    _margin_axis(axes)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("energy of a RESET, from all terminals [pJ]")


def _shown(margins: np.ndarray) -> np.ndarray:
    """No margin is drawn as a small one below zero, whatever it is."""
    return np.where(margins > 0.0, margins, np.where(np.isnan(margins), np.nan, 0.6 * _LOWEST))


def _margin_axis(axes: Axes) -> None:
    axes.axhspan(2 * _LOWEST, 0.0, color=style.VERMILION, alpha=0.08, lw=0)
    axes.set_ylim(_LOWEST, 1.03)


def _legend(figure: Figure, dataset: xr.Dataset, *, pulses: bool = False, title: str | None = None) -> None:
    from matplotlib.lines import Line2D

    entries = [
        Line2D([], [], color=_COLOURS[str(name)], lw=2.5, label=spoken(str(name)))
        for name in dataset["selector"].values
    ]
    if pulses:
        for k, pulse in enumerate(dataset["pulse"].values):
            look = {"color": "black", "ls": _LINES[k % len(_LINES)], "marker": _MARKERS[k % len(_MARKERS)]}
            entries.append(Line2D([], [], ms=5, label=str(pulse).replace("uA", "µA"), **look))
    else:
        for s, size in enumerate(dataset["size"].values):
            marker = _MARKERS[s % len(_MARKERS)]
            entries.append(Line2D([], [], color="black", marker=marker, ls="", label=f"{size} × {size} cells"))
        for w, wire in enumerate(dataset["wire"].values):
            line = _LINES[w % len(_LINES)]
            entries.append(Line2D([], [], color="black", ls=line, label=f"{wire:g} Ω a segment"))
        entries.append(
            Line2D([], [], color="black", marker="o", ls="", markerfacecolor="white", label="a neighbour may switch")
        )
    columns = _columns(figure)
    figure.legend(handles=entries, loc="outside lower center", ncols=columns, fontsize=SMALL + 1, title=title)


def _columns(figure: Figure) -> int:
    """As many columns of a legend as a figure has room for."""
    return max(2, int(figure.get_figwidth() / _ENTRY))


def spoken(name: str) -> str:
    """A selector's name for a reader."""
    return {"none": "no selector", "ots": "OTS"}.get(name, name)
