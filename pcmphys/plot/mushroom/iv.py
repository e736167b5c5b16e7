"""The I-V of mushroom cells: snapback, and what a source of voltage makes of it behind load lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.plot import style
from pcmphys.plot.axes import SMALL, plain_log
from pcmphys.plot.figures import plain
from pcmphys.plot.mushroom import selection
from pcmphys.plot.mushroom.characteristics import static

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pcmphys.cells.mushroom.look import MushroomLook

_LEAST = 1e-8
"""Current [A] at the lower end of the axes."""
_LOADS = (0.0, 5e3)
_JUMP = 1.05
"""Ratio of currents from which a jump is drawn as one."""


def iv(devices: Any, *, load: ArrayLike = _LOADS, n: int = 4, scale: str = "log", axes: Any = None) -> Figure:
    """Current against voltage: the cells' own curves with their snapback, and one cell behind load resistances.

    Parameters
    ----------
    devices : MushroomPopulation
        It is left as it is.
    load : float or array_like [ohm]
        Resistances in series besides the cell's leads; at most six.
    n : int
        Most cells whose curves are drawn: spread evenly over the conductances that there are.
    scale : {"log", "linear"}
        Of the current: "log" shows the off-state too, on "linear" a load line is straight.
    axes : sequence of two matplotlib axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        No mushroom cells, a negative load or too many, another scale, wrong axes.

    Notes
    -----
    Left, driven by a current: every cell with its heater has one voltage. Load lines (dotted) of the cell with the
    largest threshold go through its first fold (triangle), where a source that goes up finds no state any more but
    where the line meets the curve again (circle). Right, the current of that cell against the source's voltage: up to
    the first fold (solid), and down to the second one (dashed), with an arrow on each jump; between them the current
    depends on the past. Without noise, at the cells' ambient temperature, as they are now: a real sweep heats and
    changes them.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> devices = pcm.load_cell("ibm-90nm-doped-gst").population(3, seed=1)
    >>> _ = devices.apply(pcm.Pulse(current=480e-6, width=1e-6, fall=5e-9))
    >>> [axes.get_yscale() for axes in iv(devices, load=1e3, scale="linear").axes]
    ['linear', 'linear']
    """
    selection.checked(devices)
    loads = np.atleast_1d(check.array("load", load, "ohm", 0.0))
    if loads.ndim != 1 or not 1 <= loads.size <= len(style.COLOURS) - 2:
        raise ParameterError(f"load must be one to six resistances in ohm; got shape {loads.shape}")
    scale = check.choice("scale", scale, ("log", "linear"))
    places = selection.spread_over_conductance(devices, check.integer("n", n, 1))
    flat = devices.flat
    looks = [flat[int(k) : int(k) + 1].now() for k in places]
    steepest = max(looks, key=lambda look: look.threshold_voltage.item())
    if axes is not None:
        if np.size(axes) != 2:
            raise ParameterError(f"axes must be two; got {np.size(axes)}")
        axes = list(np.ravel(axes))
        _draw(looks, steepest, loads, scale, axes)
        return axes[0].figure
    with style.figure(1, 2, figsize=(11.0, 4.6)) as (figure, panels):
        _draw(looks, steepest, loads, scale, panels)
        figure.suptitle(f"{plain(devices.cell.name)}: current-voltage curves", fontsize=12)
        return figure


def _draw(looks: list[MushroomLook], steepest: MushroomLook, loads: np.ndarray, scale: str, axes) -> None:
    _own_curves(looks, axes[0])
    _load_lines(steepest, loads, scale, axes[0])
    _behind(steepest, loads, scale, axes[1])
    largest = steepest.cell.parameters.heat.largest_current
    for panel in axes:
        if scale == "log":
            plain_log(panel)
        panel.set_ylim(1e6 * _LEAST if scale == "log" else 0.0, 1e6 * largest)
        panel.set_xlim(left=0.0)
        panel.set_ylabel("current [µA]")
    axes[0].legend(fontsize=SMALL, loc="upper left" if scale == "log" else "upper right")
    axes[1].legend(fontsize=SMALL, loc="lower right" if scale == "log" else "upper left")


def _own_curves(looks: list[MushroomLook], axes: Axes) -> None:
    import matplotlib as mpl

    largest = looks[0].cell.parameters.heat.largest_current
    currents = np.geomspace(_LEAST, largest, 240)
    for k, look in enumerate(looks):
        colour = mpl.colormaps[style.ORDERED](0.9 * k / max(len(looks) - 1, 1))
        voltage, _ = static(look, currents)
        threshold = look.threshold_voltage.item()
        opened = f"$V_{{th}}$ = {threshold:.2f} V" if threshold > 0.0 else "no dome, no threshold"
        name = f"{1e6 * look.conductance.item():.3g} µS, {opened}"
        axes.plot(voltage, 1e6 * currents, color=colour, lw=2.0, label=name)
    held = looks[0].cell.parameters.heat.on_voltage
    axes.axvline(held, color=style.GREY, lw=1.0, ls="--", label=f"$V_h$ = {held:.2f} V")
    axes.set_xlabel("voltage of the cell with its heater [V]")
    axes.set_title("(a) driven by a current: snapback", fontsize=10, loc="left")


def _load_lines(look: MushroomLook, loads: np.ndarray, scale: str, axes: Axes) -> None:
    """Through the first fold to where the line meets the on-state; a straight one on to its short-circuit current."""
    outside = look.cell.parameters.conduction.series_resistance
    for k, load in enumerate(loads):
        folds, colour = look.folds(float(load)), style.COLOURS[k]
        source, before = folds.up_voltage.item(), folds.up_current.item()
        after = look.current(source * (1.0 + 1e-9), load=float(load), warn=False)[0].item()
        if after <= _JUMP * before or outside + load == 0.0:
            continue
        end = after if scale == "log" else source / (outside + load)
        line = np.append(0.0, np.geomspace(_LEAST, end, 240))
        name = f"load line, {1e-3 * (outside + load):g} k$\\Omega$"
        axes.plot(source - (outside + load) * line, 1e6 * line, ":", color=colour, lw=1.4, label=name)
        for current, mark in ((before, "^"), (after, "o")):
            axes.plot(source - (outside + load) * current, 1e6 * current, mark, color=colour, mec="white", ms=7)


def _behind(look: MushroomLook, loads: np.ndarray, scale: str, axes: Axes) -> None:
    parameters = look.cell.parameters
    for k, load in enumerate(loads):
        folds, colour = look.folds(float(load)), style.COLOURS[k]
        up, down = folds.up_voltage.item(), folds.down_voltage.item()
        volts = np.unique(np.concatenate([np.linspace(0.0, 1.6 * up, 161), [down, up * (1 - 1e-9), up * (1 + 1e-9)]]))
        rising = np.array([look.current(v, load=float(load), warn=False)[0].item() for v in volts])
        name = f"{1e-3 * load:g} k$\\Omega$ and leads" if load else "leads alone"
        axes.plot(volts, 1e6 * rising, color=colour, lw=2.0, label=f"{name}: on at {up:.2f} V, off at {down:.2f} V")
        between = volts[(volts >= down) & (volts <= up)]
        if between.size > 1 and up > down * (1.0 + 1e-6):
            falling = [look.current(v, on=True, load=float(load), warn=False)[0].item() for v in between]
            off = look.current(down, on=False, load=float(load))[0].item()
            axes.plot(np.append(down, between), 1e6 * np.array([off, *falling]), "--", color=colour, lw=1.6)
            for volt, ends in ((up, (folds.up_current.item(), falling[-1])), (down, (folds.down_current.item(), off))):
                _arrow(volt, 1e6 * np.array(ends), scale, colour, axes)
    axes.set_xlabel("voltage of the source [V]")
    title = f"(b) source of voltage, leads of {1e-3 * parameters.leads:g} k$\\Omega$ with the heater"
    axes.set_title(title, fontsize=10, loc="left")


def _arrow(voltage: float, ends: np.ndarray, scale: str, colour: str, axes: Axes) -> None:
    """Head of an arrow half way of a jump from one current [uA] to another."""
    if ends.max() > _JUMP * ends.min():
        middle = np.sqrt(ends.prod()) if scale == "log" else ends.mean()
        direction = "^" if ends[1] > ends[0] else "v"
        axes.plot(voltage, middle, direction, color=colour, mec="white", ms=9)
