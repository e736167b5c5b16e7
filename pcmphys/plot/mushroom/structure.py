"""How a mushroom cell is built just now: vertical cross-section and plan view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pcmphys.physics.state import SECTORS
from pcmphys.plot import style
from pcmphys.plot.axes import SMALL, TAG
from pcmphys.plot.mushroom.materials import grain_pattern
from pcmphys.plot.mushroom.view import CellView, middle
from pcmphys.plot.style import (
    AMORPHOUS,
    CONTACT,
    DIELECTRIC,
    ELECTRODE,
    HATCHING,
    HEATER,
    LINER,
    POLYCRYSTAL,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NM = 1e9


def cross_section(view: CellView, axes: Axes) -> None:
    """Vertical cut through the sector that carries most current and the one opposite to it."""
    from matplotlib.collections import PolyCollection
    from matplotlib.patches import Rectangle

    radius, thickness = _NM * view.heater_radius, _NM * view.layer_thickness
    half, below, above = 1.15 * thickness, 0.5 * thickness, 0.2 * thickness
    layer = Rectangle((-half, 0.0), 2 * half, thickness, fc=POLYCRYSTAL, ec="none", zorder=0)
    axes.add_patch(layer)
    cells, shades = grain_pattern((-half, half), (0.0, thickness), _NM * view.grain_size)
    pattern = PolyCollection(cells, facecolors=shades, edgecolors="white", linewidths=0.5, zorder=0.5)
    axes.add_collection(pattern)
    pattern.set_clip_path(layer)
    axes.add_patch(Rectangle((-half, -below), 2 * half, below, fc=DIELECTRIC, ec=HATCHING, hatch="//", lw=0, zorder=1))
    axes.add_patch(Rectangle((-radius, -below), 2 * radius, below, fc=HEATER, ec="black", lw=0.8, zorder=1.5))
    axes.add_patch(Rectangle((-half, thickness), 2 * half, above, fc=ELECTRODE, ec="black", lw=0.8, zorder=1.5))
    for side, sector in zip((1, -1), view.pair, strict=True):
        _half_dome(view, sector, side, layer, axes)
    _contact(radius, axes)
    if view.projected:
        axes.add_patch(Rectangle((-half, -4.0), 2 * half, 4.0, fc=LINER, ec="none", zorder=3, label="projection liner"))
    _name_parts(view, half, below, above, axes)
    axes.set_xlim(-half, half)
    axes.set_ylim(-below, thickness + above)
    axes.set_aspect("equal")
    axes.grid(False)
    axes.set_xlabel("lateral position [nm]")
    axes.set_ylabel("height above the heater [nm]")
    axes.set_title("(a) cross-section A′–A", fontsize=10, loc="left")


def _half_dome(view: CellView, sector: int, side: int, layer, axes) -> None:
    """The dome of one sector on its side of the axis, with its grains clipped to it."""
    from matplotlib.patches import Circle, Wedge

    radius, rim = _NM * view.heater_radius, _NM * view.rim[sector]
    if rim == 0.0:
        return
    first, last = (0.0, 90.0) if side > 0 else (90.0, 180.0)
    dome = Wedge((0.0, 0.0), radius + rim, first, last, width=rim, fc=AMORPHOUS, ec="none", zorder=2, label="dome")
    axes.add_patch(dome)
    grains = view.grains[sector]
    for k, (distance, size) in enumerate(_NM * grains):
        angle = 0.5 * np.pi * (k + 0.5) / len(grains)
        place = (side * distance * np.cos(angle), distance * np.sin(angle))
        circle = Circle(place, size, fc=POLYCRYSTAL, ec=style.BLUE, lw=1.0, zorder=2.2, label="grain")
        axes.add_patch(circle)
        circle.set_clip_path(dome)
    edge = np.radians(np.linspace(first, last, 60))
    axes.plot((radius + rim) * np.cos(edge), (radius + rim) * np.sin(edge), color="black", lw=0.9, zorder=2.4)


def _contact(radius: float, axes) -> None:
    """The heater's half sphere, where the model's hemispherical coordinate starts."""
    from matplotlib.patches import Wedge

    axes.add_patch(Wedge((0.0, 0.0), radius, 0.0, 180.0, fc=CONTACT, ec="black", lw=0.8, ls="--", zorder=2.6))


def _name_parts(view: CellView, half: float, below: float, above: float, axes) -> None:
    thickness, radius = _NM * view.layer_thickness, _NM * view.heater_radius
    tag = {"fontsize": SMALL, "ha": "center", "va": "center", "zorder": 5}
    axes.text(0.0, thickness + 0.5 * above, "top electrode", color="white", **tag)
    axes.text(0.0, -0.6 * below, "heater", color="white", rotation=90, **tag)
    axes.text(-0.62 * half, -0.6 * below, "dielectric", bbox=TAG, **tag)
    axes.text(-0.74 * half, 0.86 * thickness, "polycrystal", bbox=TAG, **tag)
    if view.projected:
        axes.text(0.62 * half, -0.6 * below, "projection liner", color=LINER, bbox=TAG, **tag)
    side, rim = max(((side, view.rim[s]) for side, s in zip((1, -1), view.pair, strict=True)), key=lambda one: one[1])
    if rim > 0.0:
        middle_of_it, angle = radius + 0.5 * _NM * rim, np.radians(65.0)
        axes.annotate(
            "amorphous dome", (side * middle_of_it * np.cos(angle), middle_of_it * np.sin(angle)),
            xytext=(0.66 * half, 0.86 * thickness), arrowprops={"arrowstyle": "-", "lw": 0.8}, bbox=TAG, **tag,
        )  # fmt: skip
    for side, sector in zip((1, -1), view.pair, strict=True):
        rim = _NM * view.rim[sector]
        text = f"$u_a$ = {rim:.1f} nm" if rim > 0.0 else "no dome"
        if rim > 4.0:
            axes.annotate(
                "", (side * radius, 2.5), xytext=(side * (radius + rim), 2.5), zorder=4,
                arrowprops={"arrowstyle": "<->", "lw": 0.9, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 7},
            )  # fmt: skip
        axes.text(side * 0.6 * half, -0.13 * thickness, text, bbox=TAG, **tag)
    axes.text(-0.98 * half, -0.93 * below, "A′", fontsize=10, weight="bold", ha="left", va="bottom", zorder=5)
    axes.text(0.98 * half, -0.93 * below, "A", fontsize=10, weight="bold", ha="right", va="bottom", zorder=5)


def plan(view: CellView, axes: Axes) -> None:
    """All sectors from above: rims, grains, the part of the current that each carries, and the filament."""
    import matplotlib as mpl

    radius, thickness = _NM * view.heater_radius, _NM * view.layer_thickness
    width = 2.0 * np.pi / SECTORS
    angles = np.array([middle(s) for s in range(SECTORS)])
    rims = _NM * view.rim
    outer = max(1.15 * (radius + rims.max()), 0.45 * thickness)
    axes.bar(angles, outer - radius, width, bottom=radius, color=POLYCRYSTAL, ec="white", lw=0.4, zorder=1)
    axes.bar(angles, rims, width, bottom=radius, color=AMORPHOUS, ec="black", lw=0.6, zorder=2, label="dome")
    for s in range(SECTORS):
        for k, (distance, size) in enumerate(_NM * view.grains[s]):
            shift = ((k + 0.5) / len(view.grains[s]) - 0.5) * width
            _grain_from_above(angles[s], shift, (distance, size), (radius, radius + rims[s]), axes)
    round_once = np.linspace(0.0, 2.0 * np.pi, 120)
    axes.fill_between(round_once, 0.0, radius, fc=CONTACT, lw=0.0, zorder=3)
    axes.plot(round_once, np.full(round_once.size, radius), color="black", lw=0.6, zorder=3)
    share = 100.0 * view.share
    norm = mpl.colors.Normalize(0.0, share.max())
    colours = mpl.colormaps[style.SHARES]
    axes.bar(
        angles, 0.12 * outer, width, bottom=1.03 * outer, color=colours(norm(share)), ec="white", lw=0.6, zorder=2,
        label="share",
    )  # fmt: skip
    bar = axes.figure.colorbar(mpl.cm.ScalarMappable(norm, colours), ax=axes, shrink=0.75, pad=0.11)
    bar.set_label("share of the read current [%]")
    _directions(view, outer, axes)
    axes.set_ylim(0.0, 1.16 * outer)
    ticks = [t for t in (20, 40, 60, 80, 100) if t < 0.98 * outer]
    axes.set_yticks(ticks, [""] * len(ticks))
    for t in ticks:
        # across the cut, on a border of sectors, above all patches
        at = middle(view.pair[0]) + (0.5 - 1.0 / SECTORS) * np.pi
        axes.text(at, t, f"{t} nm", fontsize=SMALL - 1.5, ha="center", va="center", bbox=TAG, zorder=6)
    axes.tick_params(axis="x", pad=2)
    axes.set_thetagrids(range(0, 360, 45), fontsize=SMALL)
    axes.grid(False)
    axes.set_title("(b) plan view: 16 sectors", fontsize=10, loc="left")


def _grain_from_above(angle, shift, grain, limits, axes) -> None:
    """A grain's outline in polar coordinates, cut off at the borders of its sector and dome."""
    turn = np.linspace(0.0, 2.0 * np.pi, 90)
    distance, size = grain
    place = (distance + size * np.exp(1j * turn)) * np.exp(1j * shift)
    half = np.pi / SECTORS
    # a grain may cover the heater's middle: angles are then cut to the sector's like all others
    theta = np.clip(np.angle(place), -half, half)
    r = np.clip(np.abs(place), *limits)
    axes.fill(angle + theta, r, fc=POLYCRYSTAL, ec=style.BLUE, lw=0.8, zorder=2.5, label="grain")


def _directions(view: CellView, outer: float, axes) -> None:
    """The cut A-A' and the place of the filament."""
    for sector, name in zip(view.pair, ("A", "A′"), strict=True):
        at = middle(sector)
        axes.plot([at, at], [0.0, 1.03 * outer], color="black", lw=1.0, ls="-.", zorder=4)
        axes.text(at, 0.92 * outer, name, weight="bold", fontsize=10, ha="center", va="center", bbox=TAG, zorder=6)
    axes.plot(view.filament, 0.6 * _NM * view.heater_radius, "*", color=style.VERMILION, mec="white", ms=12, zorder=5)
    axes.plot([], [], "*", color=style.VERMILION, mec="white", ms=10, label="on-state filament")
    handles, names = axes.get_legend_handles_labels()
    chosen = [(h, n) for h, n in zip(handles, names, strict=True) if n == "on-state filament"]
    axes.legend(*zip(*chosen, strict=True), loc="lower left", bbox_to_anchor=(-0.2, -0.12), fontsize=SMALL)
