"""What any cell shows: levels that are programmed, how they drift, and how far programming and reading are off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.cells.protocol import Cell
from pcmphys.plot import style
from pcmphys.plot.figures import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEVELS, DEVICES = 8, 100
_MONTH = 2592000.0


@dataclass(frozen=True)
class DriftingLevels:
    """Devices programmed to evenly spaced targets and looked at over time.

    Attributes
    ----------
    targets : (levels,) array [S]
    times : (times,) array [s]
        Since programming, from the cell's reference time to a month.
    conductance : (times, levels, devices) array [S]
        Without noise.
    noise, exponent : (levels, devices) array
        Relative rms of one usual read's noise; drift exponent; both at the first time.
    """

    targets: np.ndarray
    times: np.ndarray
    conductance: np.ndarray
    noise: np.ndarray
    exponent: np.ndarray

    @property
    def error(self) -> np.ndarray:
        """Rms over devices of the programmed conductance less its target [S], (levels,)."""
        return np.sqrt(((self.conductance[0] - self.targets[:, None]) ** 2).mean(axis=1))

    @property
    def drifts(self) -> bool:
        """Whether any device has changed with time at all."""
        return bool((self.conductance != self.conductance[:1]).any())

    @property
    def noisy(self) -> bool:
        """Whether any read has noise."""
        return bool((self.noise > 0.0).any())


def levels(cell: Cell, seed: int) -> DriftingLevels:
    """Program and look."""
    targets = np.linspace(cell.conductance_minimum, cell.conductance_maximum, LEVELS + 1)[1:]
    devices = cell.population((LEVELS, DEVICES), seed=seed)
    devices.program(np.repeat(targets[:, None], DEVICES, axis=1))
    start, last = devices.time, max(_MONTH, 10.0 * cell.reference_time)
    times = np.geomspace(cell.reference_time, last, 9)
    looks = []
    for time in times:
        devices.wait(max(start + time - devices.time, 0.0))
        looks.append(devices.now())
    conductance = np.stack([look.conductance for look in looks])
    return DriftingLevels(
        targets, times, conductance, np.array(looks[0].relative_noise), np.array(looks[0].drift_exponent)
    )


def drifting_levels(cell: Cell, found: DriftingLevels) -> Figure:
    """Conductance of each level over time, or what was programmed if it stays: median and 5 to 95 % of the devices."""
    if not found.drifts:
        return _programmed(cell, found)
    import matplotlib as mpl

    with style.panel(figsize=(7.2, 4.6)) as (figure, axes):
        colours = mpl.colormaps[style.ORDERED](np.linspace(0.0, 0.85, LEVELS))
        for level, colour in enumerate(colours):
            low, middle, high = 1e6 * np.percentile(found.conductance[:, level], (5, 50, 95), axis=1)
            axes.plot(found.times, middle, color=colour, lw=1.6)
            axes.fill_between(found.times, low, high, color=colour, alpha=0.18, lw=0)
        style.time_axis(axes, found.times)
        axes.set_ylabel("conductance [µS]")
        axes.set_title(f"{plain(cell.name)}: {LEVELS} levels of {DEVICES} devices, median and 5-95 %", fontsize=10)
        return figure


def _programmed(cell: Cell, found: DriftingLevels) -> Figure:
    """Conductance against the target."""
    targets = 1e6 * found.targets
    low, middle, high = 1e6 * np.percentile(found.conductance[0], (5, 50, 95), axis=1)
    with style.panel(figsize=(7.2, 4.6)) as (figure, axes):
        axes.plot(targets, targets, color=style.GREY, lw=1.0)
        axes.errorbar(targets, middle, (middle - low, high - middle), fmt="o", ms=4, capsize=3, color=style.BLUE)
        axes.set_xlabel("target conductance [µS]")
        axes.set_ylabel("conductance [µS]")
        axes.set_title(f"{plain(cell.name)}: {LEVELS} levels of {DEVICES} devices, median and 5-95 %", fontsize=10)
        return figure


def errors(cell: Cell, found: DriftingLevels) -> Figure:
    """Programming error, read noise and drift exponent against the target."""
    with style.figure(1, 3, figsize=(13.0, 3.8)) as (figure, panels):
        targets = 1e6 * found.targets
        panels[0].plot(targets, 1e6 * found.error, "o-", color=style.BLUE)
        panels[0].set_ylabel("rms programming error [µS]")
        if found.noisy:
            panels[1].plot(targets, 100.0 * np.sqrt((found.noise**2).mean(axis=1)), "o-", color=style.VERMILION)
        else:
            _not_modelled(panels[1], "no law of read noise")
        panels[1].set_ylabel("rms noise of one read [%]")
        mean, spread = found.exponent.mean(axis=1), found.exponent.std(axis=1, ddof=1)
        if found.drifts:
            panels[2].errorbar(targets, mean, spread, fmt="o-", color=style.GREEN, capsize=3)
        else:
            _not_modelled(panels[2], "no law of drift")
        panels[2].set_ylabel("drift exponent, mean and std")
        for axes in panels:
            axes.set_xlabel("target conductance [µS]")
            axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        figure.suptitle(f"{plain(cell.name)}, {style.time_name(found.times[0])} after programming", fontsize=11)
        return figure


def _not_modelled(axes: Axes, what: str) -> None:
    axes.text(0.5, 0.5, what, transform=axes.transAxes, ha="center", va="center", color=style.GREY)
    axes.set_xticks([])
    axes.set_yticks([])
