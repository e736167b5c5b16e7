"""Figure of a spectrum with its band and law."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.fit.engine.words import value_and_error
from pcmphys.plot import style
from pcmphys.plot.figures import save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def spectrum_figure(fit: Any, path: str | Path | None = None) -> Figure:
    """Relative density with its 95 % band, the fitted law (dashed beyond its band) and its parts."""
    low, high = (edge / fit.mean**2 for edge in fit.band(0.95))
    with style.panel(figsize=(7.0, 5.0)) as (figure, axes):
        axes.fill_between(fit.frequency, low, high, color=style.SKY, alpha=0.35, lw=0, label="95 % band")
        axes.plot(fit.frequency[~fit.used], fit.relative[~fit.used], "o", ms=3.5, mew=0.8, mfc="white", mec=style.GREY)
        axes.plot(fit.frequency[fit.used], fit.relative[fit.used], "o", ms=4, mew=0, color=style.BLACK, label="density")
        every = np.geomspace(fit.frequency[0], fit.frequency[-1], 200)
        fitted = (every >= fit.frequency[fit.used][0]) & (every <= fit.frequency[fit.used][-1])
        curve = fit.curve(every) / fit.mean**2
        axes.plot(every, curve, color=style.VERMILION, lw=1.0, ls="--")
        slope = " ± ".join(part for part in value_and_error(fit.exponent, fit.exponent_error) if part)
        axes.plot(every[fitted], curve[fitted], color=style.VERMILION, lw=1.8, label=rf"$f^{{-\beta}}$, β = {slope}")
        if fit.values.get("white", 0.0) > 0.0:
            axes.axhline(fit["white"].value, color=style.GREY, lw=1.0, ls=":", label="floor: white noise and aliases")
        axes.axvline(fit.nyquist, color=style.GREY, lw=0.8)
        axes.annotate(
            "Nyquist" if fit.regular else "mean Nyquist",
            (fit.nyquist, 0.98),
            xycoords=("data", "axes fraction"),
            xytext=(-4, 0),
            textcoords="offset points",
            rotation=90,
            ha="right",
            va="top",
            fontsize=8,
            color=style.GREY,
        )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("frequency [Hz]")
        axes.set_ylabel("density over mean², one-sided [1/Hz]")
        amplitude = " ± ".join(part for part in value_and_error(fit.noise_amplitude, fit.noise_amplitude_error) if part)
        axes.set_title(f"Q = {amplitude} at {fit.reference_frequency:.3g} Hz; open points not fitted", fontsize=10)
        axes.legend(fontsize=9)
    if path is not None:
        save_figure(figure, path)
    return figure
