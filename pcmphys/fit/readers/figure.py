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


_ACROSS = ("voltage", "pulse", "time", "frequency", "cycle")
"""What a table is drawn against: the first of these that it has, else its rows."""
_PANELS = 4
_TURNS = 6
"""Changes of direction up to which points are joined: loops are, failures of many devices are not."""
LABELS = ("device", "sweep", "file")
"""Columns that say what a row is of: names as text, whole numbers from 0 on, and files as text."""


def table_figure(table: Any, path: str | Path | None, curves: int) -> Figure:
    """Each column against the voltage, the pulse or the time, one curve a device, sweep and cycle."""
    across = next((name for name in _ACROSS if name in table), None)
    apart = [name for name in (*LABELS, "cycle") if name in table and name != across]
    drawn = [name for name in table if name not in (*apart, across)] or [across]
    drawn = [name for name in drawn if _changes(table[name])] or drawn[:1]
    parts = [table]
    for name in apart:
        parts = [smaller for part in parts for _, smaller in part.by(name)]
    panels = min(len(drawn), _PANELS)
    with style.figure(panels, 1, sharex=True, squeeze=False, figsize=(7.0, 1.6 + 2.4 * panels)) as (figure, axes):
        for panel, name in zip(axes[:, 0], drawn):
            for part, colour in zip(parts[:curves], itertools.cycle(style.COLOURS)):
                x = part.rows if across is None else part[across]
                turns = np.count_nonzero(np.diff(np.sign(np.diff(x)))) if x.size > 2 else 0
                line = "-" if turns <= _TURNS else ""
                panel.plot(x, part[name], "o", ls=line, ms=3.5, mew=0, lw=0.8, color=colour)
            _scale(panel, table, name)
        last = axes[-1, 0]
        if across in ("time", "frequency") and _decades(table[across]) > 2.0:
            last.set_xscale("log")
        unit = "" if across is None or table.units[across] == "1" else f" [{table.units[across]}]"
        last.set_xlabel("line of the file" if across is None else f"{across}{unit}")
        file = table.source.file.replace("\\", "/").rpartition("/")[2]
        many = f"{len(parts)} curve{'s' * (len(parts) != 1)}"
        many += f", the first {curves} shown" if len(parts) > curves else ""
        more = f"; not shown: {', '.join(drawn[_PANELS:])}" if len(drawn) > _PANELS else ""
        axes[0, 0].set_title(plain(f"{file or 'table'}: {len(table)} rows, {many}{more}"), fontsize=11)
    if path is not None:
        save_figure(figure, path)
    return figure


def _changes(values: np.ndarray) -> bool:
    known = values[np.isfinite(values)]
    return bool(known.size) and bool(np.ptp(known) > 0)


def _decades(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.log10(known.max() / known.min())) if known.size and known.min() > 0 else 0.0


def _scale(panel: Any, table: Any, name: str) -> None:
    """A logarithm where values span decades, of either sign for currents; else numbers with prefixes."""
    from matplotlib.ticker import EngFormatter

    values, unit = table[name], table.units[name]
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    bracket = "" if unit == "1" else f" [{unit}]"
    if _decades(values) > 2.0:
        panel.set_yscale("log")
    elif name == "current" and (values < 0).any() and _decades(sizes) > 3.0:
        panel.set_yscale("symlog", linthresh=float(np.quantile(sizes, 0.1)))
    elif unit != "1":
        panel.yaxis.set_major_formatter(EngFormatter(unit))
        bracket = ""
    panel.set_ylabel(plain(f"{name}{bracket}"))
