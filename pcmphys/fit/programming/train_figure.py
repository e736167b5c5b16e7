"""Figure of pulse trains: conductance by pulse, mean and spread of the steps by state."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.plot import style
from pcmphys.plot.figures import save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = (style.BLUE, style.VERMILION, style.GREEN, style.PURPLE, style.ORANGE, style.SKY, style.BLACK, style.GREY)
_LEAST = 8
"""Steps of a bin that is drawn."""


def train_figure(fits: Sequence[Any], path: str | Path | None = None, unit: str = "A") -> Figure:
    """Reads by pulse with the mean path of the law; steps by state, in bins with errors, and the law."""
    several = len(fits) > 1
    with style.figure(1, 3, figsize=(13.0, 4.4)) as (figure, (path_axes, mean_axes, spread_axes)):
        for number, fit in enumerate(fits):
            colour = _COLOURS[number % len(_COLOURS)]
            _path(path_axes, fit, colour, _name(fit, unit) if several else "mean and std over devices")
            if several:
                _all_pulses(mean_axes, spread_axes, fit, colour)
                continue
            table = fit.table()
            for k in range(table.sizes["pulse_bin"]):
                first, last = (int(table[f"pulse_{end}"][k]) for end in ("first", "last"))
                word = f"pulse {first}" if first == last else f"pulses {first} to {last}"
                _steps(mean_axes, spread_axes, fit, table.isel(pulse_bin=k), (word, _COLOURS[k % len(_COLOURS)]))
        path_axes.set_xlabel("pulse number")
        path_axes.set_ylabel("conductance [µS]")
        path_axes.plot([], [], color=style.BLACK, lw=1.4, label="law")
        path_axes.legend(fontsize=8, loc="lower right" if not several else "best")
        mean_axes.set_ylabel("mean step [µS]")
        spread_axes.set_ylabel("std of the step [µS]")
        spread_axes.set_ylim(bottom=0.0)
        for axes in (mean_axes, spread_axes):
            axes.set_xlabel("conductance before the pulse [µS]")
        mean_axes.axhline(0.0, color=style.GREY, lw=0.8)
        if not several:
            mean_axes.legend(fontsize=8)
        figure.suptitle(fits[0].title if not several else f"pulse trains of {len(fits)} amplitudes", fontsize=10)
    if path is not None:
        save_figure(figure, path)
    return figure


def _name(fit: Any, unit: str) -> str:
    return f"{1e6 * fit.amplitude:.4g} µA" if unit == "A" else f"{fit.amplitude:.4g} V"


def _path(axes, fit: Any, colour: str, label: str) -> None:
    """Mean and std of the reads, and the mean path that the law makes of their first."""
    reads = fit.reads
    there = np.isfinite(reads.conductance).sum(axis=1)
    filled = np.where(np.isfinite(reads.conductance), reads.conductance, 0.0)
    mean = filled.sum(axis=1) / np.maximum(there, 1)
    off = np.where(np.isfinite(reads.conductance), reads.conductance - mean[:, None], 0.0)
    std = np.sqrt((off**2).sum(axis=1) / np.maximum(there - 1, 1))
    good = there > 0
    axes.errorbar(reads.pulse[good], 1e6 * mean[good], 1e6 * std[good], fmt="o", ms=3.5, lw=0.8, color=colour,
                  alpha=0.75, label=label)  # fmt: skip
    numbers = np.arange(reads.pulse[good][0], reads.pulse[-1] + 1)
    law = [mean[good][0]]
    for number in numbers[1:]:
        law.append(law[-1] + float(fit.mean_step(law[-1], number)))
    axes.plot(numbers, 1e6 * np.array(law), color=style.BLACK, lw=1.4, zorder=3)


def _all_pulses(mean_axes, spread_axes, fit: Any, colour: str) -> None:
    """Bins of state with the law's own mean over the steps in them, whose pulse numbers differ from bin to bin."""
    table, steps = fit.by_state(), fit.steps
    place = np.clip(np.searchsorted(table["state_low"].values, steps.state, side="right") - 1, 0, None)
    count = np.bincount(place, minlength=table.sizes["state_bin"])
    enough = count >= _LEAST
    state = 1e6 * table["state"].values[enough]
    mean = np.bincount(place, fit.mean_step(steps.state, steps.pulse), minlength=count.size)[enough] / count[enough]
    square = np.bincount(place, fit.step_spread(steps.state, steps.pulse) ** 2, minlength=count.size)[enough]
    for axes, name, law in ((mean_axes, "mean", mean), (spread_axes, "std", np.sqrt(square / count[enough]))):
        error = 1e6 * np.nan_to_num(table[f"{name}_error"].values[enough])
        axes.errorbar(state, 1e6 * table[name].values[enough], error, fmt="o", ms=3.5, lw=0.9, color=colour, alpha=0.85)
        axes.plot(state, 1e6 * law, color=colour, lw=1.3)


def _steps(mean_axes, spread_axes, fit: Any, table: Any, named: tuple[str, str]) -> None:
    """Bins with enough steps, and the law at their states and their middle pulse."""
    word, colour = named
    enough = np.flatnonzero(table["count"].values >= _LEAST)
    if enough.size == 0:
        return
    part = table.isel(state_bin=enough)
    state = part["state"].values
    first = float(part["pulse_first"].min()) if "pulse_first" in part.coords else 1.0
    last = float(part["pulse_last"].max()) if "pulse_last" in part.coords else fit.steps.pulse.max()
    inside = (fit.steps.pulse >= first) & (fit.steps.pulse <= last)
    middle = float(np.median(fit.steps.pulse[inside]))
    law = np.linspace(state.min(), state.max(), 50) if state.size > 1 else state
    for axes, name, model in ((mean_axes, "mean", fit.mean_step), (spread_axes, "std", fit.step_spread)):
        axes.errorbar(1e6 * state, 1e6 * part[name].values, 1e6 * np.nan_to_num(part[f"{name}_error"].values), fmt="o",
                      ms=3.5, lw=0.9, color=colour, alpha=0.85, label=word)  # fmt: skip
        axes.plot(1e6 * law, 1e6 * model(law, middle), color=colour, lw=1.3)
