"""What a chip of tiles costs: the field's two plots with the noise of the output, and energies by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.plot import style
from pcmphys.plot.axes import SMALL, plain_log
from pcmphys.plot.figures import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NEEDED = ("conductance", "integration", "efficiency", "limit", "density", "decibel")
_LINES = 3
"""Curves of a figure: the first, a middle and the last of what the other axis has."""
_PARTS = {
    "array": style.BLUE,
    "dac": style.SKY,
    "adc": style.VERMILION,
    "lines": style.GREY,
    "digital": style.GREEN,
    "leakage": style.PURPLE,
    "mesh": style.ORANGE,
    "standby": style.HATCHING,
    "between chips": style.BLACK,
    "in and out": style.BROWN,
    "outside": style.OLIVE,
    "system standby": style.LILAC,
}
_NAMES = {"array": "devices", "dac": "drivers", "adc": "converters", "leakage": "tile leakage"}


def efficiency_by_conductance(trade: Any, *, wanted: float | None = None, axes: Axes | None = None) -> Figure:
    """Energy efficiency of a tile against the conductance of its devices, with the signal over noise of its outputs.

    Parameters
    ----------
    trade : TradeOff
        As `pcmphys.chip.trade_off` gives it.
    wanted : float [dB], optional
        Signal over noise that an output must have: where it is first reached, each curve has its best point, a star.
    axes : matplotlib axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        No trade-off.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> trade = pcm.chip.trade_off("hermes-14nm", pcm.load_cell("hermes-14nm-statistical"), devices=20)
    >>> [axes.get_ylabel() for axes in efficiency_by_conductance(trade).axes]
    ['energy efficiency [TOPS/W]', 'signal over noise of an output [dB]']
    """
    _check(trade, wanted)
    with style.panel(axes, figsize=(7.0, 4.8)) as (figure, axes):
        right = _right(axes)
        x = 1e6 * trade.conductance
        for colour, j in zip(style.COLOURS, _some(trade.integration), strict=False):
            values, noise = 1e-12 * trade.efficiency[:, j], trade.decibel[:, j]
            axes.plot(x, values, color=colour, label=_seconds(trade.integration[j]))
            axes.plot(x, 1e-12 * trade.limit[:, j], ":", color=colour, lw=1.0)
            right.plot(x, noise, "--", color=colour, lw=1.2)
            _star(axes, x, values, noise, wanted, colour)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_xlabel("conductance of all devices [µS]")
        axes.set_ylabel("energy efficiency [TOPS/W]")
        top = 1e-12 * float(trade.efficiency.max())
        plain_log(axes)
        axes.set_ylim(1e-12 * float(trade.efficiency.min()) / 1.5, 2.5 * top)
        _finish(axes, right, trade, "integration", wanted, limit=True)
        return figure


def density_by_integration(trade: Any, *, wanted: float | None = None, axes: Axes | None = None) -> Figure:
    """Performance over area of a tile against its integration time, with the signal over noise of its outputs.

    Parameters
    ----------
    trade : TradeOff
        As `pcmphys.chip.trade_off` gives it.
    wanted : float [dB], optional
        Signal over noise that an output must have: each curve of it has its best point, a star, where it is first
        reached.
    axes : matplotlib axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        No trade-off.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> trade = pcm.chip.trade_off("hermes-14nm", pcm.load_cell("hermes-14nm-statistical"), devices=20)
    >>> density_by_integration(trade).axes[0].get_xlabel()
    'integration time of a phase [ns]'
    """
    _check(trade, wanted)
    with style.panel(axes, figsize=(7.0, 4.8)) as (figure, axes):
        right = _right(axes)
        x = 1e9 * trade.integration
        values = 1e-18 * trade.density.max(axis=0)
        axes.plot(x, values, color=style.BLACK, lw=1.8)
        for colour, i in zip(style.COLOURS, _some(trade.conductance), strict=False):
            noise = trade.decibel[i]
            right.plot(x, noise, "--", color=colour, lw=1.2, label=f"{1e6 * trade.conductance[i]:.2g} µS")
            _star(axes, x, values, noise, wanted, colour)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_xlabel("integration time of a phase [ns]")
        axes.set_ylabel("performance over area [TOPS/mm²]")
        plain_log(axes)
        low, high = float(values.min()), float(values.max())
        axes.set_ylim(low / 1.15, high * (high / low) ** 0.3 * 1.3)
        _finish(axes, right, trade, "devices of", wanted)
        return figure


def energy_by_part(
    names: Sequence[str], energies: Sequence[Mapping[str, float]], *, unit: str = "J", axes: Axes | None = None
) -> Figure:
    """Shares of the parts of an energy (or an area), a bar for each of several things; the totals stand beside them.

    Parameters
    ----------
    names : sequence of str
        What each bar is of.
    energies : sequence of dict
        Numbers by part, as `pcmphys.chip.Breakdown` has them.
    unit : str
        Of the numbers.
    axes : matplotlib axes, optional
        Where to draw; by default a new figure.

    Raises
    ------
    ParameterError
        Names and energies that are not equally many, or none.
    """
    if len(names) != len(energies) or not names:
        raise ParameterError(f"names and energies must be equally many; got {len(names)} and {len(energies)}")
    parts = list(dict.fromkeys(part for one in energies for part, value in one.items() if value > 0.0))
    with style.panel(axes, figsize=(8.4, 1.2 + 0.42 * len(names))) as (figure, axes):
        place = np.arange(len(names))[::-1]
        totals = np.array([sum(one.values()) for one in energies])
        left = np.zeros(len(names))
        for k, part in enumerate(parts):
            share = 100.0 * np.array([one.get(part, 0.0) for one in energies]) / np.where(totals > 0.0, totals, 1.0)
            colour = _PARTS.get(part, style.COLOURS[k % len(style.COLOURS)])
            axes.barh(place, share, 0.72, left, color=colour, label=_NAMES.get(part, part))
            left += share
        for at, total in zip(place, totals, strict=True):
            axes.text(101.5, at, _amount(float(total), unit), va="center", fontsize=SMALL + 1)
        axes.set_yticks(place, [plain(name) for name in names], fontsize=SMALL + 1)
        axes.set_xlim(0.0, 116.0)
        axes.set_ylim(-0.6, len(names) - 0.4)
        axes.set_xticks(range(0, 101, 20))
        axes.set_xlabel("part of the total [%]")
        axes.grid(axis="y", visible=False)
        figure.legend(loc="outside upper center", ncols=min(len(parts), 7), fontsize=SMALL + 1)
        return figure


def _check(trade: Any, wanted: float | None) -> None:
    missing = [name for name in _NEEDED if not hasattr(trade, name)]
    if missing:
        raise ParameterError(
            f"trade must be a trade-off as pcmphys.chip.trade_off gives it; {type(trade).__name__} has no {missing[0]}"
        )
    if wanted is not None:
        check.number("wanted", wanted, "dB")


def _some(values: np.ndarray) -> list[int]:
    """The first, a middle and the last place."""
    return sorted({round(k) for k in np.linspace(0, values.size - 1, min(_LINES, values.size))})


def _right(axes: Axes) -> Axes:
    right = axes.twinx()
    right.grid(False)
    right.spines["right"].set_visible(True)
    right.set_ylabel("signal over noise of an output [dB]")
    return right


def _star(axes: Axes, x: np.ndarray, values: np.ndarray, noise: np.ndarray, wanted: float | None, colour: str) -> None:
    """The best point of a curve that falls while its signal over noise grows."""
    if wanted is None or not (noise >= wanted).any():
        return
    k = int(np.argmax(np.where(noise >= wanted, values, -np.inf)))
    axes.plot(x[k], values[k], "*", color=colour, ms=13, mec="white", mew=0.8, zorder=5)


def _finish(axes: Axes, right: Axes, trade: Any, title: str, wanted: float | None, limit: bool = False) -> None:
    from matplotlib.lines import Line2D

    if wanted is not None:
        right.axhline(wanted, color=style.GREY, lw=0.8)
        right.annotate(f"wanted: {wanted:g} dB", (0.99, wanted), xycoords=("axes fraction", "data"), ha="right",
                       va="bottom", fontsize=SMALL, color=style.GREY)  # fmt: skip
    low, high = right.get_ylim()
    right.set_ylim(low, high + 0.35 * (high - low))  # room for the legend
    handles, names = axes.get_legend_handles_labels()
    others, more = right.get_legend_handles_labels()
    ways = [Line2D([], [], color=style.BLACK), Line2D([], [], color=style.BLACK, ls="--")]
    words = ["cost (left)", "signal over noise (right)"]
    if limit:
        ways.append(Line2D([], [], color=style.BLACK, ls=":", lw=1.0))
        words.append("devices alone, 1 / (G V² t)")
    if wanted is not None:
        ways.append(Line2D([], [], color=style.BLACK, marker="*", ls="", ms=10))
        words.append("best that has what is wanted")
    first = right.legend(handles + others, names + more, title=title, loc="upper left", fontsize=SMALL,
                         title_fontsize=SMALL)  # fmt: skip
    right.add_artist(first)
    right.legend(ways, words, loc="upper right", fontsize=SMALL)
    axes.set_title(plain(f"a tile of {trade.chip} with devices of {trade.cell}"), fontsize=10)


def _seconds(value: float) -> str:
    return f"{1e9 * value:.3g} ns" if value < 0.9995e-6 else f"{1e6 * value:.3g} µs"


def _amount(value: float, unit: str) -> str:
    for scale, prefix in ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"), (1e-15, "f")):
        if value >= scale:
            return f"{value / scale:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}"
