"""Figures of fits by least squares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.fit.engine.words import value_and_error
from pcmphys.plot import style
from pcmphys.plot.figures import plain, save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def curve_figure(fit: Any, path: str | Path | None = None) -> Figure:
    """Data with the fitted model above, residuals below; a fit of several rows of x over the number of the datum."""
    several = fit.x.ndim == 2
    place = np.arange(fit.y.size, dtype=float) if several else fit.x
    order = np.argsort(place)
    unit = "[standard deviations]" if fit.goodness.known else "[unit of y]"
    with style.figure(2, 1, figsize=(6.8, 5.6), sharex=True, gridspec_kw={"height_ratios": [3, 1]}) as (
        figure,
        (above, below),
    ):
        above.plot(place, fit.y, "o", ms=3.5, mew=0, color=style.BLACK, alpha=0.75, label="data")
        spread_out = not several and _over_decades(place)
        dense = (
            place[order] if several else (np.geomspace if spread_out else np.linspace)(place.min(), place.max(), 400)
        )
        drawn = fit.fit[order] if several else fit(dense)
        above.plot(dense, drawn, color=style.BLUE, lw=1.4, label="fit")
        above.set_ylabel("y")
        above.set_title(values_as_title(fit), fontsize=10)
        above.legend(fontsize=9)
        below.axhline(0.0, color=style.GREY, lw=0.8)
        below.plot(place, fit.residual, "o", ms=3, mew=0, color=style.BLUE, alpha=0.75)
        below.set_ylabel(f"residual\n{unit}", fontsize=9)
        if spread_out:
            below.set_xscale("log")
        below.set_xlabel("number of the datum" if several else "x")
    if path is not None:
        save_figure(figure, path)
    return figure


def _over_decades(place: np.ndarray) -> bool:
    """Whether numbers lie more evenly on a logarithmic axis."""
    if place.min() <= 0.0 or place.max() < 30.0 * place.min():
        return False
    return float(np.median(place)) < 0.2 * float(place.max())


def values_as_title(fit: Any, most: int = 4) -> str:
    """The first values with their errors, for the title of a figure."""
    words = []
    for one in list(fit)[:most]:
        value, error = value_and_error(one.value, one.error)
        unit = "" if one.unit == "1" else f" {one.unit}"
        words.append(plain(f"{one.name} = {value}{f' ± {error}' if error else ''}{unit}"))
    return ", ".join(words) + (", ..." if len(fit) > most else "")
