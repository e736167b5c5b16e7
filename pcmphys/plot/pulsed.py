"""Devices that are trained in place: staircases of pulses up and down, and how large steps are by conductance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.cells.pulsed.response import UpdateResponse
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.plot import style
from pcmphys.plot.axes import SMALL
from pcmphys.plot.figures import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LOOKS, _LONGEST = 120, 100_000
"""Looks at the devices on the way up and on the way down, and most pulses that are sent unless told."""
_SHOWN = 4
"""Devices that are drawn one by one."""
_MICRO, _NANO = 1e6, 1e9


def staircase(
    cell: PulsedCell | UpdateResponse,
    pulses: int | None = None,
    *,
    n: int = 100,
    seed: int = 0,
    axes: Axes | None = None,
) -> Figure:
    """Conductance against pulses up and then down: the mean of devices, a few of them, and the typical one.

    Parameters
    ----------
    cell : PulsedCell or UpdateResponse
        A technology: ``n`` of its devices are made and pulsed up from their lower bound. A response is drawn as it is.
    pulses : int, optional
        Up, and as many down; by default as many as take a typical device through nine tenths of its window
        (`PulsedCell.pulses_across`) and a quarter more.
    n : int
        Devices.
    seed : int
        Theirs.
    axes : matplotlib axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        No such cell, or numbers out of range.

    Notes
    -----
    Devices are read without read noise. Those that can only be pulsed up are RESET in place of the way down, and
    pulsed up again.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> pcm.plot.staircase(pcm.load_cell("ecram-tang2018")).savefig("staircase.png")
    """
    if isinstance(cell, UpdateResponse):
        with style.panel(axes) as (figure, panel):
            panel.plot(cell.pulse, _MICRO * cell.conductance, color=style.VERMILION, lw=1.4, label="without noise")
            _name(panel)
            return figure
    _check_cell(cell)
    sent = _usual(cell) if pulses is None else check.integer("pulses", pulses, 1, _LONGEST)
    count = check.integer("n", n, 1, 100_000)
    numbers, reads = _walked(cell, sent, count, check.integer("seed", seed, 0))
    with style.panel(axes) as (figure, panel):
        low, high = _MICRO * np.percentile(reads, (5, 95), axis=1)
        panel.fill_between(numbers, low, high, color=style.BLUE, alpha=0.12, lw=0, label="5-95 %")
        for k in range(min(_SHOWN, count)):
            panel.plot(numbers, _MICRO * reads[:, k], color=style.GREY, lw=0.7, alpha=0.8,
                       label="single devices" if k == 0 else None)  # fmt: skip
        panel.plot(numbers, _MICRO * reads.mean(axis=1), color=style.BLUE, lw=2.2, label=f"mean of {count}")
        typical, at = _typical(cell, sent)
        panel.plot(at, _MICRO * typical, color=style.VERMILION, lw=1.2, label="typical, without noise")
        if math.isfinite(cell.symmetry_point):
            panel.axhline(_MICRO * cell.symmetry_point, color=style.GREEN, lw=1.0, ls=":", label="symmetry point")
        panel.set_title(plain(cell.name), fontsize=10)
        _name(panel)
        return figure


def steps(cell: PulsedCell, *, axes: Axes | None = None) -> Figure:
    """Size of a typical device's steps up and down against the conductance, with the point at which both are alike.

    Parameters
    ----------
    cell : PulsedCell
        The technology.
    axes : matplotlib axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        No such cell.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> pcm.plot.steps(pcm.load_cell("rram-gong2018")).savefig("steps.png")
    """
    _check_cell(cell)
    at = np.linspace(cell.conductance_minimum, cell.conductance_maximum, 400)
    sizes = cell.steps(at)
    with style.panel(axes) as (figure, panel):
        ways = [("up", style.BLUE, sizes[0])] + [("down", style.GREEN, sizes[1])] * (not cell.one_sided)
        # whichever has fewer zeros
        scale, unit = (_MICRO, "µS") if max(np.max(size) for _, _, size in ways) >= 1e-6 else (_NANO, "nS")
        for name, colour, size in ways:
            panel.plot(_MICRO * at, scale * size, color=colour, lw=1.8, label=f"{name}, mean of a typical device")
        if math.isfinite(cell.symmetry_point):
            panel.axvline(_MICRO * cell.symmetry_point, color=style.GREY, lw=1.0, ls=":",
                          label=f"alike at {_MICRO * cell.symmetry_point:.3g} µS")  # fmt: skip
        panel.set_ylim(bottom=min(0.0, scale * float(np.min(sizes[: len(ways)]))))
        panel.set_xlabel("conductance [µS]")
        panel.set_ylabel(f"size of a step [{unit}]")
        panel.set_title(plain(cell.name), fontsize=10)
        panel.legend(fontsize=SMALL)
        return figure


def _check_cell(cell: Any) -> None:
    if not isinstance(cell, PulsedCell):
        raise ParameterError(
            f"cell must be one that is trained in place, such as load_cell('rram-gong2018'); got {cell!r}"
        )


def _name(axes: Axes) -> None:
    axes.set_xlabel("pulses")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel("conductance [µS]")
    # what lies behind is not to be hidden: staircases leave no corner free
    axes.legend(fontsize=SMALL, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)


def _usual(cell: PulsedCell) -> int:
    """Pulses that show the whole staircase of either direction."""
    counted = [count for count in cell.pulses_across(0.9) if math.isfinite(count)]
    # steps that vanish before are seen to within a few times what fits at their first size
    reach = max(counted) if counted else 4.0 * cell.states
    return min(max(10, math.ceil(1.25 * reach)), _LONGEST)


def _walked(cell: PulsedCell, pulses: int, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pulses so far, and conductances [S] (looks, devices): up from below, then down or up again after a RESET."""
    devices = cell.population(count, seed=seed)
    if not cell.one_sided:
        devices.pulse(-1, count=4 * pulses)
    at = np.unique(np.rint(np.linspace(0, pulses, min(pulses, _LOOKS) + 1)).astype(int))
    reads = [devices.conductance()]
    for way in (+1, -1):
        if way < 0 and cell.one_sided:
            devices.reset()
            way = +1
            reads.append(devices.conductance())
        for block in np.diff(at):
            devices.pulse(way, count=int(block))
            reads.append(devices.conductance())
    second = pulses + (at if cell.one_sided else at[1:])
    return np.concatenate([at, second]), np.array(reads)


def _typical(cell: PulsedCell, pulses: int) -> tuple[np.ndarray, np.ndarray]:
    """Conductances [S] of the typical device, and pulses before them."""
    if not cell.one_sided:
        found = cell.response(pulses, pulses)
        return found.conductance, found.pulse
    start = cell.parameters.reset.weight
    window = cell.parameters.window
    g = min(max(window.zero + window.unit * start, cell.conductance_minimum), cell.conductance_maximum)
    found = cell.response(pulses, 0, start=g)
    return np.concatenate([found.conductance] * 2), np.concatenate([found.pulse, pulses + found.pulse])
