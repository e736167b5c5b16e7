"""Figures of a study of selectors.

Each takes the data set and, if it is to be part of a larger figure, matplotlib axes, and returns the Figure. A colour
is a selector, a line style a wire resistance.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.plot import arrays, style
from pcmphys.plot.axes import SMALL

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LOOK = {
    "none": (style.GREY, "x"),
    "diode": (style.BLUE, "o"),
    "exponential": (style.VERMILION, "s"),
    "transistor": (style.GREEN, "^"),
    "ots": (style.PURPLE, "D"),
}
_OTHERS = ((style.ORANGE, "P"), (style.SKY, "X"), ("black", "*"), (style.VERMILION, "<"))
"""Of selectors of other packages, in the order of the study."""
_LINES = ("-", "--", ":", "-.")
_LOWEST = -0.06
"""Bottom of the axes of margins: what lies below is drawn there, as an arrow."""
_LEAST_ERROR = 1e-3
"""Matvec errors [%] below this are off the axis."""
SCHEMES = {
    "half": "other lines at V/2",
    "third": "other word lines at V/3, bit lines at 2V/3",
    "float": "other lines open",
    "ground": "other lines grounded",
}
"""What the other lines do, in words."""


def overview_of_selectors(dataset: xr.Dataset) -> Figure:
    """Read margin, write margin and matvec error side by side."""
    with style.figure(1, 3, figsize=(15.0, 4.9)) as (figure, panels):
        read_margin_by_size(dataset, str(dataset["scheme"].values[0]), panels[0])
        write_margin_by_size(dataset, panels[1])
        matvec_error_by_size(dataset, panels[2])
        _legend(figure, dataset)
        return figure


def read_margins(dataset: xr.Dataset) -> Figure:
    """Worst-case read margin against array size, a panel for each scheme of the unselected lines."""
    schemes = [str(scheme) for scheme in dataset["scheme"].values]
    columns = min(len(schemes), 2)
    rows = -(-len(schemes) // columns)
    with style.figure(rows, columns, figsize=(5.6 * columns, 3.7 * rows + 0.7), squeeze=False) as (figure, panels):
        for scheme, axes in zip(schemes, panels.flat, strict=False):
            read_margin_by_size(dataset, scheme, axes)
        for axes in panels.flat[len(schemes) :]:
            axes.remove()
        _legend(figure, dataset)
        return figure


def read_margin_by_size(dataset: xr.Dataset, scheme: str, axes: Axes | None = None) -> Figure:
    """Worst-case read margin against array size for one scheme of the unselected lines."""
    with _panel(dataset, axes) as (figure, axes):
        _margins(dataset, dataset["read_margin"].sel(scheme=scheme), axes)
        axes.set_ylabel("read margin ($I_{high}$ - $I_{low}$) / $I_{high}$")
        axes.set_title(f"read, {SCHEMES[scheme]}", fontsize=10)
        return figure


def write_margin_by_size(dataset: xr.Dataset, axes: Axes | None = None) -> Figure:
    """Write margin against array size."""
    with _panel(dataset, axes) as (figure, axes):
        _margins(dataset, dataset["write_margin"], axes)
        axes.set_ylabel("write margin ($V_{selected}$ - $V_{disturb}$) / V")
        scheme = json.loads(dataset.attrs["settings"])["write_scheme"]
        axes.set_title(f"write, {SCHEMES[scheme]}", fontsize=10)
        return figure


def write_voltages(dataset: xr.Dataset) -> Figure:
    """Voltage that reaches the device that is written, and the largest one across any other, against array size."""
    with style.figure(1, 2, figsize=(11.2, 4.6), sharey=True) as (figure, panels):
        names = (("write_selected", "device that is written"), ("write_disturb", "any other device, largest"))
        for axes, (name, title) in zip(panels, names, strict=True):
            _lines(dataset, dataset[name], axes)
            axes.set_title(title, fontsize=10)
        panels[0].set_ylim(bottom=0.0)
        panels[0].set_ylabel("voltage across the device [V]")
        _legend(figure, dataset)
        return figure


def matvec_error_by_size(dataset: xr.Dataset, axes: Axes | None = None) -> Figure:
    """Relative error of the column currents of a matvec against array size."""
    with _panel(dataset, axes) as (figure, axes):
        _lines(dataset, 100.0 * dataset["matvec_error"], axes)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set_ylim(bottom=max(axes.get_ylim()[0], _LEAST_ERROR))
        axes.set_ylabel("relative matvec error [%]")
        axes.set_title("matvec, random devices and inputs", fontsize=10)
        return figure


def device_voltages(dataset: xr.Dataset) -> Figure:
    """Voltage left across every device with all word lines on, in percent of that of a single cell without wires."""
    names = [str(name) for name in dataset["selector"].values]
    with style.figure(1, len(names), figsize=(0.8 + 3.1 * len(names), 3.4), squeeze=False) as (figure, panels):
        part = 100.0 * dataset["device_voltage"].values / dataset["single_voltage"].values[:, None, None]
        limits = (0.0, np.nanmax(part, initial=100.0))
        for name, values, axes in zip(names, part, panels[0], strict=True):
            single = float(dataset["single_voltage"].sel(selector=name))
            axes.set_title(f"{spoken(name)}: 100 % is {single:.2f} V", fontsize=10)
            if np.isnan(values).all():
                axes.text(0.5, 0.5, "no answer", ha="center", va="center", transform=axes.transAxes)
                continue
            image = arrays.heat(values, limits, style.VOLTAGES, axes)
            axes.set_xlabel("bit line")
            axes.set_ylabel("word line" if axes is panels[0, 0] else "")
            if axes is panels[0, -1]:
                figure.colorbar(image, ax=list(panels[0]), label="voltage across the device [%]", shrink=0.9)
        return figure


def spoken(name: str) -> str:
    """A selector's name for a reader."""
    return {"none": "no selector", "ots": "OTS"}.get(name, name)


@contextmanager
def _panel(dataset: xr.Dataset, axes):
    """The given axes with their figure, or a new figure with one and a legend."""
    with style.panel(axes, figsize=(7.2, 5.0)) as (figure, drawn):
        yield figure, drawn
        if axes is None:
            _legend(figure, dataset, columns=4)


def _margins(dataset: xr.Dataset, values, axes) -> None:
    """Lines of a margin; no margin is left below zero."""
    low = values.where(values >= _LOWEST)
    _lines(dataset, low, axes)
    for size in values["size"].values:
        one = values.sel(size=size)
        lost = [str(name) for name in one["selector"].values if (one.sel(selector=name) < _LOWEST).any()]
        for k, name in enumerate(lost):
            # a small sidestep keeps the arrows of one size apart
            place = size * 1.08 ** (k - (len(lost) - 1) / 2)
            axes.plot(place, 0.6 * _LOWEST, "v", color=_look_of(dataset, name)[0], ms=6)
    axes.axhspan(2 * _LOWEST, 0.0, color=style.VERMILION, alpha=0.08, lw=0)
    axes.set_ylim(_LOWEST, 1.03)


def _look_of(dataset: xr.Dataset, name: str) -> tuple[str, str]:
    """Colour and marker of a selector."""
    if name in _LOOK:
        return _LOOK[name]
    others = [str(one) for one in dataset["selector"].values if str(one) not in _LOOK]
    return _OTHERS[others.index(name) % len(_OTHERS)]


def _lines(dataset: xr.Dataset, values, axes) -> None:
    sizes = dataset["size"].values
    for name in values["selector"].values:
        colour, marker = _look_of(dataset, str(name))
        for k, wire in enumerate(values["wire"].values):
            line = _LINES[k % len(_LINES)]
            one = values.sel(selector=name, wire=wire)
            axes.plot(sizes, one, line, color=colour, marker=marker, ms=4.5, lw=1.4, mew=1.2)
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("word lines = bit lines")


def _legend(figure, dataset: xr.Dataset, columns: int = 8) -> None:
    from matplotlib.lines import Line2D

    entries = []
    for name in dataset["selector"].values:
        colour, marker = _look_of(dataset, str(name))
        entries.append(Line2D([], [], color=colour, marker=marker, ms=5, label=spoken(str(name))))
    for k, wire in enumerate(dataset["wire"].values):
        label = f"{wire:g} Ω a segment"
        entries.append(Line2D([], [], color="black", ls=_LINES[k % len(_LINES)], lw=1.4, label=label))
    figure.legend(handles=entries, loc="outside lower center", ncols=columns, fontsize=SMALL + 1)
