"""What a mushroom cell does when it is driven: temperature along the radius, current against voltage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.physics import heat
from pcmphys.physics.state import SECTORS
from pcmphys.plot import style
from pcmphys.plot.axes import SMALL, TAG, plain_log
from pcmphys.plot.mushroom.view import CellView, middle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NM = 1e9
_LEAST_VOLTAGE = 0.01


def temperature(view: CellView, currents: ArrayLike, axes: Axes) -> None:
    """Steady temperature along r for currents [A] of the on-state: under the filament, and on the opposite side."""
    import matplotlib as mpl

    p = view.heat
    crystallization = view.look.cell.parameters.crystallization
    melting, glass = crystallization.melting_temperature, crystallization.viscosity.glass_temperature
    radius, thickness = view.heater_radius, view.layer_thickness
    r = np.linspace(radius, thickness, 61)
    fall = np.array([heat.profile(x - radius, 1.0 / (thickness - radius), 1.0) for x in r])
    beside = _most_and_least(view)
    for k, current in enumerate(currents):
        colour = mpl.colormaps[style.ORDERED](0.85 * k / max(len(currents) - 1, 1))
        top = view.rise(current)
        for part, line in zip(beside(current), ("-", ":"), strict=True):
            profile = p.ambient + part * top * fall
            label = f"{1e6 * current:.0f} µA" if line == "-" else None
            axes.plot(_NM * np.append(0.0, r), np.append(profile[0], profile), line, color=colour, lw=1.6, label=label)
    for level, name in ((melting, "$T_m$"), (glass, "$T_g$")):
        axes.axhline(level, color=style.GREY, lw=1.0, ls="--")
        axes.text(
            0.995 * _NM * thickness, level, f"{name} = {level:.0f} K", ha="right", va="center",
            fontsize=SMALL, bbox=TAG, zorder=5,
        )  # fmt: skip
    axes.axvspan(0.0, _NM * radius, color=style.GREY, alpha=0.25, lw=0)
    if view.rim.max() > 0.0:
        rims = _NM * (radius + view.rim)
        axes.axvspan(rims.min(), rims.max(), color=style.AMORPHOUS, alpha=0.35, lw=0, label="rim, all sectors")
    axes.set_xlim(0.0, _NM * thickness)
    axes.set_ylim(p.ambient, 1.1 * max(p.ambient + view.rise(max(currents)), melting))
    axes.text(
        0.5 * _NM * radius, 0.98, "heater", transform=axes.get_xaxis_transform(), ha="center", va="top",
        fontsize=SMALL, bbox=TAG,
    )  # fmt: skip
    axes.set_xlabel("distance $r$ from the heater's centre [nm]")
    axes.set_ylabel("temperature [K]")
    axes.set_title("(c) on-state: under the filament (solid), opposite (dotted)", fontsize=10, loc="left")
    axes.legend(fontsize=SMALL, loc="upper right")


def _most_and_least(view: CellView):
    """Function of a current: part of the filament's rise in the sector nearest to it, and in the farthest."""
    away = np.abs(np.array([middle(s) for s in range(SECTORS)]) - view.filament)
    away = np.minimum(away, 2.0 * np.pi - away)

    def parts(current: float) -> tuple[float, float]:
        if abs(current) >= view.heat.filling_current:
            return 1.0, 1.0
        return tuple(heat.beside_filament(float(angle), current, view.heat) for angle in (away.min(), away.max()))

    return parts


def current_voltage(view: CellView, axes: Axes) -> None:
    """Off-state up to the threshold voltage, and the on-state's line between holding and largest current."""
    p, cell = view.heat, view.look.cell
    bridged = view.threshold <= cell.parameters.read.largest_voltage
    # a bridged device goes on to where its curve meets the on-state's line
    last = p.on_voltage + p.on_resistance * _off_current(view, p.on_voltage) if bridged else view.threshold
    voltage = np.geomspace(_LEAST_VOLTAGE, last, 60)
    off = np.array([_off_current(view, v) for v in voltage])
    axes.plot(voltage, 1e6 * off, color=style.BLUE, lw=2.0, label="off-state")
    holding, largest = cell.parameters.switching.holding_current, cell.parameters.heat.largest_current
    on = np.geomspace(max(holding, 1e-6), largest, 60)
    driven = p.on_voltage + p.on_resistance * on
    axes.plot(driven, 1e6 * on, color=style.VERMILION, lw=2.0, label="on-state, $V = A + BI$")
    read = cell.read_voltage
    axes.plot(read, 1e6 * _off_current(view, read), "o", color=style.BLUE, mec="white", ms=7, label=f"read, {read:g} V")
    if bridged:
        axes.plot([], [], " ", label="no threshold: a sector is bridged")
    else:
        start = (last, 1e6 * off[-1])
        axes.axvline(last, color=style.PURPLE, lw=1.0, ls="--", label=f"$V_{{th}}$ = {last:.2f} V")
        axes.plot(*start, "s", color=style.PURPLE, mec="white", ms=7, zorder=4)
        axes.annotate(
            "", (driven[0], 1e6 * on[0]), xytext=start,
            arrowprops={"arrowstyle": "->", "color": style.GREY, "ls": "--", "shrinkA": 6, "shrinkB": 2},
        )  # fmt: skip
    plain_log(axes)
    axes.set_xlim(left=0.0)
    axes.set_xlabel("voltage [V]")
    axes.set_ylabel("current [µA]")
    axes.set_title("(d) current-voltage curve", fontsize=10, loc="left")
    axes.legend(fontsize=SMALL, loc="lower right")


def _off_current(view: CellView, voltage: float) -> float:
    # a bridged device has a threshold of millivolts that means nothing
    return float(view.look.current(voltage, warn=False)[0])
