"""Figure of retention: Arrhenius plot, and shares of failures against temperature."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.fit.engine.words import value_and_error
from pcmphys.fit.retention.model import PER_EV
from pcmphys.plot import style
from pcmphys.plot.figures import save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST = 400
"""Devices of a temperature that are drawn one by one."""


def retention_figure(fit: Any, path: str | Path | None = None) -> Figure:
    """Times over 1/kT with median, spread and the life asked for; observed and fitted shares of failures."""
    with style.figure(1, 2, figsize=(11.0, 4.8), gridspec_kw={"width_ratios": [1.5, 1]}) as (figure, (left, right)):
        _arrhenius(left, fit)
        _shares(right, fit)
    if path is not None:
        save_figure(figure, path)
    return figure


def _arrhenius(axes, fit: Any) -> None:
    rng = np.random.default_rng(0)
    for temperature in np.unique(fit.temperature):
        here = np.flatnonzero(fit.temperature == temperature)
        here = rng.permutation(here)[:_MOST]
        bad = fit.failed[here]
        # side by side, or survivors would hide those that failed at the same look
        place = 1.0 / (PER_EV * temperature) + 0.12 * (rng.random(here.size) - 0.5) + np.where(bad, -0.08, 0.08)
        axes.plot(place[bad], fit.time[here][bad], "o", ms=3, mew=0, alpha=0.6, color=style.BLUE)
        axes.plot(place[~bad], fit.time[here][~bad], "^", ms=4, mew=0.6, mfc="none", alpha=0.6, color=style.GREY)
    axes.plot([], [], "o", ms=4, color=style.BLUE, label="failed by then")
    axes.plot([], [], "^", ms=5, mfc="none", color=style.GREY, label="still good")
    coldest = fit.temperature.min()
    if np.isfinite(fit.life_temperature):
        coldest = min(coldest, max(fit.life_temperature, 0.5 * coldest))
    kelvin = 1.0 / np.linspace(1.0 / (1.02 * fit.temperature.max()), 1.0 / (0.97 * coldest), 100)
    inverse = 1.0 / (PER_EV * kelvin)
    low, high = (np.clip(fit.quantile(kelvin, share), 1e-12, 1e15) for share in (0.1587, 0.8413))
    axes.fill_between(inverse, low, high, color=style.VERMILION, alpha=0.15, lw=0, label="16 to 84 % of the devices")
    axes.plot(inverse, np.clip(fit.quantile(kelvin), 1e-12, 1e15), color=style.VERMILION, lw=1.6, label="median")
    axes.axhline(fit.life, color=style.GREY, lw=0.9, ls=":")
    one = fit["life_temperature"]
    if np.isfinite(one.value):
        axes.plot(1.0 / (PER_EV * one.value), fit.life, "*", ms=13, color=style.GREEN, mew=0)
        words = " ± ".join(part for part in value_and_error(one.value, one.error) if part)
        to_the_left = one.value < np.median(kelvin)
        axes.annotate(
            f"{fit.fraction:.3g} failed after {style.time_name(fit.life)}: {words} K",
            (1.0 / (PER_EV * one.value), fit.life),
            xytext=(-10 if to_the_left else 10, 8),
            textcoords="offset points",
            ha="right" if to_the_left else "left",
            fontsize=9,
            color=style.GREEN,
        )
    axes.set_yscale("log")
    axes.set_ylim(0.2 * min(fit.time.min(), fit.life), 20 * max(fit.time.max(), fit.life))
    axes.set_xlabel("1 / kT [1/eV]")
    axes.set_ylabel("time to failure [s]")
    _legend(axes, 4)
    energy = " ± ".join(part for part in value_and_error(fit["energy"].value, fit["energy"].error) if part)
    axes.set_title(f"E = {energy} eV", fontsize=10, pad=24)


def _legend(axes, columns: int) -> None:
    """Above the axes: points may lie anywhere in them."""
    axes.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns, columnspacing=1.2)


def _shares(axes, fit: Any) -> None:
    """Share seen failed of each temperature, at the last look, with its binomial error and the law."""
    temperatures = np.unique(fit.temperature)
    for temperature in temperatures:
        here = fit.temperature == temperature
        count, share = here.sum(), fit.failed[here].mean()
        error = np.sqrt(max(share * (1 - share), 0.25 / count) / count)
        axes.errorbar(temperature, share, error, fmt="o", ms=5, lw=1, color=style.BLUE)
    last = [fit.time[fit.temperature == one].max() for one in temperatures]
    axes.plot(
        temperatures, fit.failed_share(last, temperatures), "x-", ms=7, color=style.VERMILION, lw=1.0, label="law"
    )
    axes.plot([], [], "o", color=style.BLUE, label="seen")
    axes.set_xlabel("temperature [K]")
    axes.set_ylabel("share failed at the last look")
    axes.set_ylim(-0.04, 1.04)
    if fit.failed.all() or not fit.failed.any():
        words = "every device failed" if fit.failed.all() else "no device failed"
        axes.text(0.5, 0.5, f"{words}, at every temperature", transform=axes.transAxes, ha="center", color=style.GREY)
    _legend(axes, 2)
