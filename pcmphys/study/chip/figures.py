"""Figures of the study of chips. Each takes the data set and returns a Figure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pcmphys.plot import style
from pcmphys.plot.axes import SMALL
from pcmphys.plot.chips import density_by_integration, efficiency_by_conductance, energy_by_part
from pcmphys.plot.figures import plain

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKERS = "os^DvP*X<>"


class _Trade(NamedTuple):
    """What the two plots need."""

    chip: str
    cell: str
    conductance: np.ndarray
    integration: np.ndarray
    efficiency: np.ndarray
    limit: np.ndarray
    density: np.ndarray
    decibel: np.ndarray


def energy_and_time(dataset: xr.Dataset, axes: Axes | None = None) -> Figure:
    """Energy of a sample against the time between samples, at the scope of the system: a mark a network and chip."""
    from matplotlib.lines import Line2D

    with style.panel(axes, figsize=(8.2, 5.4)) as (figure, axes):
        one = dataset.sel(scope="system")
        handles = []
        for k, chip in enumerate(dataset["chip"].values):
            colour = style.COLOURS[k % len(style.COLOURS)]
            handles.append(Line2D([], [], color=colour, marker="o", ls="", label=plain(chip)))
            for n, network in enumerate(dataset["network"].values):
                point = one.sel(chip=chip, network=network)
                energy, time = float(point["energy"].sum("part")), float(point["period"])
                axes.plot(1e6 * time, 1e6 * energy, _marker(n), color=colour, ms=8, alpha=0.9)
        for n, network in enumerate(dataset["network"].values):
            handles.append(Line2D([], [], color=style.GREY, marker=_marker(n), ls="", label=plain(network)))
        axes.set_xscale("log")
        axes.set_yscale("log")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter("{x:g}")
        axes.set_xlabel("time between samples [µs]")
        axes.set_ylabel("energy of a sample, whole system [µJ]")
        axes.margins(0.08)
        figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=SMALL + 1)
        return figure


def energies(dataset: xr.Dataset) -> Figure:
    """Shares of the parts in the energy of a sample, a bar for each network and chip."""
    names, bars = [], []
    for network in dataset["network"].values:
        for chip in dataset["chip"].values:
            one = dataset["energy"].sel(network=network, chip=chip, scope="system")
            names.append(f"{network}, {chip}")
            bars.append(dict(zip(map(str, one["part"].values), map(float, one.values), strict=True)))
    return energy_by_part(names, bars)


def trade(dataset: xr.Dataset, chip: str) -> Figure:
    """The field's two plots for one chip, with the signal over noise laid over."""
    wanted = json.loads(dataset.attrs["settings"])["wanted"]
    with style.figure(1, 2, figsize=(14.0, 5.0)) as (figure, panels):
        efficiency_by_conductance(traded(dataset, chip), wanted=wanted, axes=panels[0])
        density_by_integration(traded(dataset, chip), wanted=wanted, axes=panels[1])
        return figure


def traded(dataset: xr.Dataset, chip: str) -> Any:
    """The trade-off of one chip, as the functions of `pcmphys.plot` take it."""
    one = dataset.sel(chip=chip)
    arrays = [one[f"trade_{name}"].values for name in ("efficiency", "limit", "density", "decibel")]
    return _Trade(chip, dataset.attrs["cell"], dataset["conductance"].values, dataset["integration"].values, *arrays)


def _marker(n: int) -> str:
    return _MARKERS[n % len(_MARKERS)]
