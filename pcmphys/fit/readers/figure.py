"""The figure of a measurement, before anything is fitted."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.plot import style
from pcmphys.plot.figures import legend, plain, save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def measurement_figure(measurement: Any, path: str | Path | None, devices: int) -> Figure:
    """Reads of the first devices against time since programming; censored ones as triangles at the edge."""
    factor, unit = (1e6, "[µS]") if measurement.unit == "S" else (1.0, "(normalised)")
    with style.figure(figsize=(7.0, 4.6)) as (figure, axes):
        drawn = []
        for trace, colour in zip(itertools.islice(measurement, devices), itertools.cycle(style.COLOURS)):
            drawn += axes.plot(trace.time, factor * trace.conductance, "o-", ms=3, mew=0, lw=0.8, color=colour)
            for side, marker, height in ((1, "^", 0.99), (-1, "v", 0.01)):
                out = trace.time[trace.censored == side]
                place = {"transform": axes.get_xaxis_transform(), "clip_on": False}
                axes.plot(out, np.full(out.size, height), marker, ms=5, color=colour, ls="", **place)
        axes.set_xscale("log" if np.nanmin(measurement.time) > 0 else "linear")
        axes.set_xlabel("time since programming [s]")
        axes.set_ylabel(f"conductance {unit}")
        shown = f", the first {devices} shown" if len(measurement) > devices else ""
        count = f"{len(measurement)} device{'s' * (len(measurement) != 1)}"
        file = measurement.source.file.replace("\\", "/").rpartition("/")[2]
        axes.set_title(f"{plain(file)}: {count}{shown}", fontsize=11)
        legend(axes, drawn, measurement.names[:devices], fontsize=8, ncols=2 if devices > 6 else 1)
    if path is not None:
        save_figure(figure, path)
    return figure
