"""Figure of telegraph noise: trace, a part of it, histogram, time-lag plot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.plot import style
from pcmphys.plot.figures import save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_POINTS = 20_000
_PART = 600


def telegraph_figure(fit: Any, path: str | Path | None = None) -> Figure:
    """Four panels; in all of them the drift is removed, and the levels are lines or crosses."""
    factor, unit = (1e6, "[µS]") if fit.unit == "S" else (1.0, "" if fit.unit == "1" else f"[{fit.unit}]")
    free = factor * (fit.trace - fit.drift_curve)
    levels = factor * fit.levels
    with style.figure(2, 2, figsize=(11.0, 6.6), gridspec_kw={"width_ratios": [2.2, 1]}) as (figure, panels):
        (whole, heights), (part, lagged) = panels
        step = -(-free.size // _MOST_POINTS)
        whole.plot(fit.time[::step], free[::step], lw=0.4, color=style.BLUE, rasterized=True)
        start = _busiest(fit.state)
        some = slice(start, start + _PART)
        part.plot(fit.time[some], free[some], ".-", lw=0.5, ms=2.5, color=style.BLUE)
        part.step(fit.time[some], levels[fit.state[some]], where="mid", lw=1.2, color=style.VERMILION)
        whole.axvspan(fit.time[some][0], fit.time[some][-1], color=style.ORANGE, alpha=0.3, lw=0)
        for axes in (whole, part):
            axes.set_ylabel(f"trace{', drift removed' if fit.drift_curve.any() else ''} {unit}")
            axes.set_xlabel("time [s]")
        heights.hist(free, 150, orientation="horizontal", color=style.SKY)
        heights.set_xscale("log")
        heights.set_xlabel("reads")
        for level in levels:
            heights.axhline(level, color=style.VERMILION, lw=1.0)
            whole.axhline(level, color=style.VERMILION, lw=0.6, alpha=0.7)
        lagged.hexbin(free[:-1], free[1:], gridsize=70, bins="log", mincnt=1, cmap=style.ORDERED, linewidths=0.1)
        lagged.plot(levels, levels, "x", ms=9, mew=2, color=style.VERMILION, label="levels")
        lagged.set_xlabel(f"read {unit}")
        lagged.set_ylabel(f"next read {unit}")
        lagged.set_title("time-lag plot: traps as islands on the diagonal", fontsize=9)
        lagged.legend(fontsize=8, loc="upper left")
        whole.set_title(_title(fit, factor, unit), fontsize=10)
        part.set_title(f"{fit.time[some].size} reads (shaded above) with the most likely levels", fontsize=9)
    if path is not None:
        save_figure(figure, path)
    return figure


def _busiest(state: np.ndarray) -> int:
    """Where a part with many changes begins."""
    changes = np.concatenate([[0], np.cumsum(state[1:] != state[:-1])])
    if state.size <= _PART:
        return 0
    return int(np.argmax(changes[_PART:] - changes[:-_PART]))


def _title(fit: Any, factor: float, unit: str) -> str:
    if not fit.traps:
        return "no trap found"
    words = [
        f"{factor * a:.3g} {unit.strip('[]')}: τc {c:.3g} s, τe {e:.3g} s"
        for a, c, e in zip(fit.amplitudes, fit.capture_times, fit.emission_times, strict=True)
    ]
    return f"{fit.traps} trap{'s' * (fit.traps > 1)}: {'; '.join(words)}"
