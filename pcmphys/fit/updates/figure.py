"""Figure of fitted updates: reads by pulse, and steps by conductance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.cells.pulsed.response import mean_steps, walk
from pcmphys.fit.updates.given import split
from pcmphys.fit.updates.tables import tabulated
from pcmphys.plot import style
from pcmphys.plot.figures import save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST = 2000
"""Steps that are drawn one by one."""


def updates_figure(fit: Any, path: str | Path | None = None) -> Figure:
    """Reads with the path of the typical device; steps with their means in bins and the law."""
    window = fit.parameters.window
    with style.figure(1, 2, figsize=(11.0, 5.0)) as (figure, (left, right)):
        for k in range(min(fit.conductance.shape[1], 20)):
            left.plot(fit.pulse, 1e6 * fit.conductance[:, k], ".", ms=2, color=style.GREY, alpha=0.5,
                      label="measured, each device" if k == 0 else None)  # fmt: skip
        left.plot(fit.pulse, 1e6 * fit.conductance.mean(axis=1), color=style.SKY, lw=3.5, label="measured, mean")
        start = (fit.conductance[0].mean() - window.zero) / window.unit
        numbers = np.diff(fit.pulse).astype(int)
        up = np.repeat(fit.direction[1:] > 0.0, numbers)
        weight = walk(fit.parameters, float(np.clip(start, window.weight_minimum, window.weight_maximum)), up)
        left.plot(fit.pulse[0] + np.arange(weight.size), 1e6 * (window.zero + window.unit * weight),
                  color=style.VERMILION, lw=1.2, label="fitted cell, without noise")  # fmt: skip
        left.set_xlabel("pulse number")
        left.set_ylabel("conductance [µS]")
        parts = split(fit.pulse, fit.conductance, fit.direction)
        grid = np.linspace(window.weight_minimum, window.weight_maximum, 200)
        law = mean_steps(fit.parameters, grid) * window.unit
        for steps, sizes, sign, colour, name in zip(
            parts, law, (1.0, -1.0), (style.BLUE, style.GREEN), ("up", "down"), strict=True
        ):
            if steps is None:
                continue
            some = slice(None, None, max(1, steps.before.size // _MOST))
            right.plot(1e6 * steps.before[some], 1e6 * sign * steps.change[some], ".", ms=2, alpha=0.3, color=colour)
            table = tabulated(steps, 12)
            right.errorbar(1e6 * table.at, 1e6 * sign * table.mean, 1e6 * table.std, fmt="o", ms=4, lw=0.8,
                           color=colour, label=f"{name}, mean and std in bins")  # fmt: skip
            right.plot(1e6 * (window.zero + window.unit * grid), 1e6 * sign * sizes, color=style.VERMILION, lw=1.4)
        right.plot([], [], color=style.VERMILION, label="law")
        right.axhline(0.0, color=style.GREY, lw=0.8)
        right.set_xlabel("conductance before the pulse [µS]")
        right.set_ylabel("change [µS]")
        # below, where no trace is hidden
        shown = [axes.get_legend_handles_labels() for axes in (left, right)]
        artists, names = (one + other for one, other in zip(*shown, strict=True))
        figure.legend(artists, names, loc="outside lower center", ncols=len(names), fontsize=8, markerscale=1.5)
        figure.suptitle(fit.title, fontsize=10)
    if path is not None:
        save_figure(figure, path)
    return figure
