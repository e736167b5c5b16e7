"""Figures of programming: U curves, and steps of pulse trains."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.fit.engine.words import value_and_error
from pcmphys.plot import style
from pcmphys.plot.figures import save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DRAWN = 0.02
"""Part of the largest conductance down to which the law is drawn as a resistance: it is one of G."""
_MOST = 4000
"""Reads that are drawn one by one."""


def curve_figure(fit: Any, path: str | Path | None = None) -> Figure:
    """Conductances over the amplitude to the left, resistances to the right; reads, means, law and its onsets."""
    factor, name_of_unit = (1e6, "µA") if fit.unit == "A" else (1.0, "V")
    x = np.linspace(fit.levels.amplitude[0], fit.levels.amplitude[-1], 400)
    law = fit.curve(x)
    shown = np.random.default_rng(0).permutation(fit.reads.conductance.size)[:_MOST]
    with style.figure(1, 2, figsize=(11.0, 4.6)) as (figure, (left, right)):
        reads = factor * fit.reads.amplitude[shown], fit.reads.conductance[shown]
        one = fit.reads.conductance.size == fit.levels.mean.size
        for axes, of in ((left, lambda g: 1e6 * g), (right, lambda g: 1e-3 / g)):
            good = reads[1] > 0 if axes is right else np.isfinite(reads[1])
            axes.plot(reads[0][good], of(reads[1][good]), "o", ms=2.5, mew=0, color=style.GREY, alpha=0.35)
            if not one:
                mean = np.where(fit.levels.mean > 0, fit.levels.mean, np.nan) if axes is right else fit.levels.mean
                axes.plot(factor * fit.levels.amplitude, of(mean), "o", ms=4.5, color=style.BLACK)
            visible = law > _DRAWN * np.nanmax(law) if axes is right else np.isfinite(law)
            axes.plot(factor * x[visible], of(law[visible]), color=style.BLUE, lw=1.6)
            axes.set_xlabel(f"pulse {fit.quantity} [{name_of_unit}]")
        for name, colour, label, line in _marks(fit):
            mark = fit[name]
            if np.isfinite(mark.value):
                words = value_and_error(factor * mark.value, factor * mark.error)
                text = " ± ".join(part for part in words if part)
                left.axvline(
                    factor * mark.value, color=colour, lw=1.1, ls=line, label=f"{label}, {text} {name_of_unit}"
                )
                right.axvline(factor * mark.value, color=colour, lw=1.1, ls=line)
        left.plot([], [], "o", ms=2.5, color=style.GREY, label="reads")
        if not one:
            left.plot([], [], "o", ms=4.5, color=style.BLACK, label="mean of each level")
        left.plot([], [], color=style.BLUE, label="fitted mean")
        left.legend(fontsize=8)
        left.set_ylabel("conductance after the pulse [µS]")
        right.set_yscale("log")
        right.set_ylabel("resistance after the pulse [kΩ]")
        left.set_xlim(*_room(factor * fit.levels.amplitude))
        right.set_xlim(*_room(factor * fit.levels.amplitude))
        figure.suptitle(fit.title, fontsize=10)
    if path is not None:
        save_figure(figure, path)
    return figure


def _room(x: np.ndarray) -> tuple[float, float]:
    space = 0.03 * float(np.ptp(x))
    return float(x.min()) - space, float(x.max()) + space


def _marks(fit: Any) -> list[tuple[str, str, str, str]]:
    what = fit.quantity
    marks = []
    if fit.branches.rises:
        marks += [
            (f"set_{what}", style.GREEN, "mean device begins to SET", "--"),
            (f"full_set_{what}", style.GREEN, "mean device is SET", ":"),
        ]
    if fit.branches.falls:
        marks += [
            (f"melting_{what}", style.VERMILION, "mean device begins to melt", "--"),
            (f"full_reset_{what}", style.PURPLE, "its contact is closed", ":"),
        ]
    return marks
