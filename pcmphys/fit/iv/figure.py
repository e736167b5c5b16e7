"""Figure of fitted I-V curves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.fit.engine.figure import values_as_title
from pcmphys.fit.iv.branches import LEFT_OUT, LIMITED, OFF, ON
from pcmphys.plot import style
from pcmphys.plot.figures import plain, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKS = {OFF: ("o", "full"), ON: ("s", "full"), LIMITED: ("x", "full"), LEFT_OUT: ("o", "none")}
_NAMES = {OFF: "fitted by the law", ON: "on-state", LIMITED: "at the tester's limit", LEFT_OUT: "left out"}
_MOST_NAMED = 8


def iv_figure(fit: Any, path: str | Path | None = None) -> Figure:
    """Log |I| over V with the law, thresholds and on-state; residuals; the on-state under its load line, if any."""
    switches = bool(np.isfinite(fit.threshold_voltage).any()) or "hold_voltage" in fit.values
    columns = 2 if switches else 1
    with style.figure(
        2, columns, figsize=(5.6 * columns + 1.0, 5.8), squeeze=False,
        gridspec_kw={"height_ratios": [3, 1], "width_ratios": [1.25, 1.0][:columns]},
    ) as (figure, axes):  # fmt: skip
        colours = _colours(fit)
        _curves(axes[0, 0], fit, colours)
        _residuals(axes[1, 0], fit, colours)
        axes[1, 0].sharex(axes[0, 0])
        figure.suptitle(values_as_title(fit, 1 + columns), fontsize=10)
        if switches:
            for one in axes[:, 1]:
                one.remove()
            _switching(figure.add_subplot(axes[0, 1].get_gridspec()[:, 1]), fit, colours)
    if path is not None:
        save_figure(figure, path)
    return figure


def _colours(fit: Any) -> list[Any]:
    """Of each sweep: by its temperature if these differ, else by its device."""
    import matplotlib as mpl

    kelvin = np.array([one.temperature for one in fit.sweeps])
    if np.ptp(kelvin) > 1.0:
        shade = (kelvin - kelvin.min()) / np.ptp(kelvin)
        return [mpl.colormaps[style.TEMPERATURES](0.15 + 0.6 * one) for one in shade]
    devices = [fit.devices.index(one.device) for one in fit.sweeps]
    if len(fit.devices) <= len(style.COLOURS):
        return [style.COLOURS[one] for one in devices]
    return [mpl.colormaps[style.ORDERED](one / (len(fit.devices) - 1)) for one in devices]


def _name(fit: Any, one: Any) -> str:
    kelvin = len({round(other.temperature, 1) for other in fit.sweeps}) > 1
    words = ([f"{one.temperature:.4g} K"] if kelvin else []) + ([one.device] if one.device else [])
    return plain(", ".join(words))


def _curves(axes: Axes, fit: Any, colours: list[Any]) -> None:
    least = min(float(np.abs(one.current[one.branch == OFF]).min(initial=np.inf)) for one in fit.sweeps)
    named: set[str] = set()
    for one, colour in zip(fit.sweeps, colours, strict=True):
        for branch, (mark, fill) in _MARKS.items():
            here = (one.branch == branch) & (one.current != 0.0)
            axes.plot(
                np.abs(one.voltage[here]), np.abs(one.current[here]), mark, ms=3.5, mew=0.8, color=colour,
                fillstyle=fill, alpha=0.75,
            )  # fmt: skip
        name = _name(fit, one)
        dense = np.linspace(0.0, np.abs(one.voltage[one.branch == OFF]).max(initial=0.0), 200)[1:]
        sign = np.sign(one.voltage.sum()) or 1.0
        law = np.abs(fit(sign * dense, one.temperature, one.device))
        shown = name if name and name not in named and len(named) < _MOST_NAMED else None
        named.add(name)
        axes.plot(dense, law, color=colour, lw=1.4, label=shown)
        if np.isfinite(one.threshold_voltage):
            axes.axvline(abs(one.threshold_voltage), color=colour, lw=0.9, ls=":")
    if len(named) > _MOST_NAMED:
        axes.plot([], [], " ", label=f"and {len(named) - _MOST_NAMED} more")
    present = {branch for one in fit.sweeps for branch in np.unique(one.branch)}
    for branch, (mark, fill) in _MARKS.items():
        if branch in present:
            axes.plot([], [], mark, ms=4, mew=0.8, color=style.GREY, fillstyle=fill, label=_NAMES[branch])
    if np.isfinite(fit.threshold_voltage).any():
        axes.plot([], [], ":", lw=0.9, color=style.GREY, label="threshold")
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.3 * least if np.isfinite(least) and least > 0 else None)
    axes.set_ylabel("|current| [A]")
    axes.legend(fontsize=8)


def _residuals(axes: Axes, fit: Any, colours: list[Any]) -> None:
    axes.axhline(0.0, color=style.GREY, lw=0.8)
    for one, colour in zip(fit.sweeps, colours, strict=True):
        axes.plot(np.abs(one.voltage), one.residual, "o", ms=3, mew=0, color=colour, alpha=0.75)
    axes.set_xlabel("|voltage| [V]")
    axes.set_ylabel("residual\n[standard deviations]", fontsize=9)


def _switching(axes: Axes, fit: Any, colours: list[Any]) -> None:
    """Linear scales, voltage over the cell: all points, the on-state's line, the load line through the threshold."""
    for one, colour in zip(fit.sweeps, colours, strict=True):
        volts, amperes = np.abs(one.voltage) - fit.series * np.abs(one.current), 1e6 * np.abs(one.current)
        for branch, (mark, fill) in _MARKS.items():
            here = one.branch == branch
            axes.plot(
                volts[here], amperes[here], mark, ms=3.5, mew=0.8, color=colour, fillstyle=fill, alpha=0.75
            )  # fmt: skip
        if np.isfinite(one.threshold_voltage):
            axes.errorbar(
                abs(one.threshold_voltage), 0.0, xerr=one.threshold_error, fmt="^", ms=6, color=colour, capsize=3,
                clip_on=False, zorder=4,
            )  # fmt: skip
    top = 1e6 * max(float(np.abs(one.current).max()) for one in fit.sweeps)
    right = max(float((np.abs(one.voltage) - fit.series * np.abs(one.current)).max()) for one in fit.sweeps)
    found = np.abs(fit.threshold_voltage)
    if np.isfinite(found).any():
        axes.plot([], [], "^", color=style.GREY, label="threshold, ± the step of its sweep")
        if fit.series > 0.0:
            most = float(np.nanmax(found))
            axes.plot(
                [0.0, most], [1e6 * most / fit.series, 0.0], "--", color=style.GREY, lw=1.0,
                label=f"load line of {fit.series:.4g} Ω",
            )  # fmt: skip
    if "hold_voltage" in fit.values:
        hold, slope = fit["hold_voltage"], fit["on_resistance"]
        words = f"on-state: {hold} + ({slope}) I".replace("+-", "±")
        axes.plot(
            hold.value + slope.value * np.array([0.0, 1e-6 * top]), [0.0, top], color=style.BLACK, lw=1.2,
            label=plain(words),
        )  # fmt: skip
    axes.set_ylim(-0.02 * top, 1.3 * top)
    axes.set_xlim(0.0, 1.05 * right)
    axes.set_xlabel("|voltage| over the cell [V]" if fit.series > 0.0 else "|voltage| [V]")
    axes.set_ylabel("|current| [µA]")
    axes.legend(fontsize=8, loc="upper left")
