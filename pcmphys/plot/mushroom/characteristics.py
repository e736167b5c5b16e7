"""What a mushroom cell does when it is driven: temperature along the radius, current against voltage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.physics import heat
from pcmphys.physics.state import SECTORS, SHELLS
from pcmphys.plot import style
from pcmphys.plot.axes import SMALL, TAG, plain_log
from pcmphys.plot.mushroom.view import CellView, middle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pcmphys.cells.mushroom.look import MushroomLook

_NM = 1e9
_LEAST_CURRENT = 1e-9


def temperature(view: CellView, currents: ArrayLike, axes: Axes) -> None:
    """Steady temperature along r for currents [A]: under the filament, and on the opposite side."""
    import matplotlib as mpl

    p = view.heat
    crystallization = view.look.cell.parameters.crystallization
    melting, glass = crystallization.melting_temperature, crystallization.viscosity.glass_temperature
    radius, thickness = view.heater_radius, view.layer_thickness
    r = np.linspace(radius, thickness, 3 * SHELLS + 1)
    beside = _most_and_least(view)
    for k, current in enumerate(currents):
        colour = mpl.colormaps[style.ORDERED](0.85 * k / max(len(currents) - 1, 1))
        top = view.rise(current)
        fall = view.fall(top, SHELLS * (r - radius) / (thickness - radius))
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
    """Current against the cell's voltage: off-state, snapback and on-state, as a source of current finds them."""
    cell = view.look.cell
    currents = np.geomspace(_LEAST_CURRENT, cell.parameters.heat.largest_current, 300)
    voltage, on = static(view.look, currents)
    micro = 1e6 * currents
    axes.plot(voltage, micro, color=style.BLUE, lw=2.0, label="off-state")
    axes.plot(np.where(on, voltage, np.nan), micro, color=style.VERMILION, lw=2.2, label="on-state")
    read = cell.read_voltage
    there = 1e6 * float(view.look.current(read)[0])
    axes.plot(read, there, "o", color=style.BLUE, mec="white", ms=7, label=f"read, {read:g} V")
    held = view.heat.on_voltage
    axes.axvline(held, color=style.GREY, lw=1.0, ls=":", label=f"$V_h$ = {held:.2f} V")
    if view.threshold == 0.0:
        axes.plot([], [], " ", label="no threshold: all sectors are bridged")
    else:
        label = f"$V_{{th}}$ = {view.threshold:.2f} V"
        axes.axvline(view.threshold, color=style.PURPLE, lw=1.0, ls="--", label=label)
    plain_log(axes)
    axes.set_ylim(1e6 * _LEAST_CURRENT, micro[-1])
    axes.set_xlim(left=0.0)
    axes.set_xlabel("voltage of the cell with its heater [V]")
    axes.set_ylabel("current [µA]")
    axes.set_title("(d) current-voltage curve", fontsize=10, loc="left")
    axes.legend(fontsize=SMALL, loc="upper left")


def static(look: MushroomLook, currents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Voltage [V] of the only device of a look at each of some currents [A], and whether it is on there."""
    found = [look.voltage(current) for current in currents]
    return np.array([float(voltage.item()) for voltage, _ in found]), np.array([bool(on.item()) for _, on in found])
