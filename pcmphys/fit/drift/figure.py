"""Figures of fits; matplotlib is loaded when the first one is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.fit.engine.words import with_error
from pcmphys.plot import style
from pcmphys.plot.figures import legend, plain, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


_LOOKS = (("o", "-"), ("^", "-."), ("s", ":"), ("D", (0, (5, 1, 1, 1, 1, 1))))
"""Marks and lines of devices: the next pair where the colours begin anew."""


def drift_figure(fits: Any, population: Any | None = None, path: str | Path | None = None) -> Figure:
    """Reads and fitted power laws, the prediction of a decade on with its 2-sigma band, the exponents of a population.

    Parameters
    ----------
    fits : sequence of DriftFit
        Devices to draw.
    population : DriftPopulation, optional
        Adds the panel of all exponents against g0, with their mean and intrinsic spread.
    path : str or path, optional
        Where to write the figure; the suffix gives the format (.png, .pdf, .svg).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        Unknown suffix, or a folder that is not there.
    """
    count = 1 if population is None else 2
    factor, unit = (1e6, "[µS]") if fits[0].unit == "S" else (1.0, "(normalised)")
    with style.figure(1, count, figsize=(7.0 if count == 1 else 12.0, 5.0), squeeze=False) as (figure, panels):
        _traces(panels[0, 0], fits, factor, unit, len(fits) if population is None else len(population))
        if population is not None:
            _exponents(panels[0, 1], population, factor, unit)
    if path is not None:
        save_figure(figure, path)
    return figure


def _traces(axes, fits, factor: float, unit: str, every: int) -> None:
    """Devices with their power laws, out of ``every``; one is named in the title, several in a legend."""
    count = len(style.COLOURS)
    drawn = []
    for k, fit in enumerate(fits):
        colour, look = style.COLOURS[k % count], _LOOKS[k // count % len(_LOOKS)]
        draw_drift(axes, fit, colour, factor=factor, look=look)
        drawn += axes.plot([], [], look[0], ls=look[1], color=colour, ms=3.5, lw=1.2)  # mark and line, for the legend
    _drift_axes(axes, unit)
    if len(fits) == 1:
        exponent = " ± ".join(with_error(fits[0].exponent, fits[0].exponent_error))
        axes.set_title(f"{plain(fits[0].name)}: ν = {exponent}", fontsize=11)
        return
    shown = f"{len(fits)} of {every} devices: " if every > len(fits) else ""
    axes.set_title(f"{shown}reads, power laws free of slow noise, prediction with 2σ band", fontsize=11 - bool(shown))
    place = {"loc": "lower left", "bbox_to_anchor": (0, 1.06)}
    legend(axes, drawn, [fit.name for fit in fits], fontsize=7.5, ncols=4, **place)


def draw_drift(
    axes: Axes, fit: Any, colour: str, *, factor: float = 1.0, until: float | None = None, look: Any = _LOOKS[0]
) -> Line2D:
    """Draw one device on given axes: its reads and power law; then the prediction with its 2-sigma band.

    The band is that of one more read, from the last read up to ``until`` [s] (default: a decade on); ``look`` are the
    mark of the reads and the line of the law. Returns the artist of the reads, labelled with the device's name.
    """
    last = fit.time[-1]
    until = 10 * last if until is None else until
    ahead = np.geomspace(last * 1.0001, until, 40)
    mean, std = fit.predict(ahead)
    axes.fill_between(ahead, factor * (mean - 2 * std), factor * (mean + 2 * std), color=colour, alpha=0.15, lw=0)
    axes.plot(ahead, factor * mean, color=colour, lw=1.0, ls="--")
    past = np.geomspace(fit.time[0], last, 60)
    axes.plot(past, factor * fit.curve(past), color=colour, lw=1.4, ls=look[1])
    reads = axes.plot(fit.time, factor * fit.conductance, look[0], ms=3, mew=0, color=colour, alpha=0.75)[0]
    reads.set_label(plain(fit.name))
    return reads


def _drift_axes(axes, unit: str) -> None:
    axes.set_xscale("log")
    axes.set_xlabel("time since programming [s]")
    axes.set_ylabel(f"conductance {unit}")
    bottom, top = axes.get_ylim()
    if bottom < 0.2 * top:
        axes.set_ylim(bottom=0.0)


def _exponents(axes, population, factor: float, unit: str) -> None:
    many = len(population) > 200
    g0 = factor * population.g0
    if many:
        axes.plot(g0, population.exponent, ".", ms=2, color=style.BLUE, alpha=0.4, rasterized=True)
    else:
        axes.errorbar(g0, population.exponent, population.exponent_error, fmt="o", ms=4, lw=1, color=style.BLUE)
    mean, spread = population.exponent_mean, population.exponent_spread
    words = " ± ".join(with_error(mean, population.exponent_mean_error))
    how = {"plain": "plain mean", "weighted": "weighted mean", "single": "one device"}[population.exponent_method]
    axes.axhline(mean, color=style.VERMILION, lw=1.4, label=f"{how} {words}")
    if np.isfinite(spread):
        axes.axhspan(
            mean - spread,
            mean + spread,
            color=style.VERMILION,
            alpha=0.12,
            lw=0,
            label=f"intrinsic spread {' ± '.join(with_error(spread, population.exponent_spread_error))}",
        )
    axes.set_xlabel(f"g0 {unit}")
    axes.set_ylabel("drift exponent ν")
    count = len(population)
    axes.set_title(f"{count} device{'s' * (count != 1)}, errors 68.3 %, residuals 1/f-like", fontsize=11)
    axes.legend(fontsize=9)
