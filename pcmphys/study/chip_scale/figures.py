"""Figures of the study of a whole chip. Each takes the data set and returns a Figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pcmphys.plot import style
from pcmphys.plot.axes import SMALL
from pcmphys.study.chip_scale.settings import CLOSED_LOOP, POPULATION, WIRES
from pcmphys.study.chip_scale.tally import tally

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FLOOR_COLOURS = {
    POPULATION: (style.BLUE, style.VERMILION, style.GREEN, style.ORANGE, style.PURPLE),
    WIRES: (style.SKY,),
    CLOSED_LOOP: (style.BROWN,),
}
_MICRO = 1e6
_SEEN = 0.004
"""Width of a bar, of the longest, from which on it is seen."""


def overview(dataset: xr.Dataset) -> Figure:
    """What the chip does, a panel a part, and what each part takes of the machine beside its floor."""
    parts = [str(part) for part in dataset["part"].values]
    draws = [_DRAWN[part] for part in parts] + [floors]
    columns = min(2, len(draws))
    rows = -(-len(draws) // columns)
    with style.figure(rows, columns, figsize=(5.4 * columns, 3.7 * rows), squeeze=False) as (figure, panels):
        for draw, axes in zip(draws, panels.flat, strict=False):
            draw(dataset, axes)
        for axes in panels.flat[len(draws) :]:
            axes.axis("off")
        return figure


def levels(dataset: xr.Dataset, axes: Axes) -> None:
    """Read conductances of all levels against their targets: means and standard deviations over the chip."""
    targets = _MICRO * dataset["level"].values
    axes.plot(targets, targets, color=style.GREY, lw=1.0, label="target")
    for k, time in enumerate(dataset["time"].values):
        mean, spread = (_MICRO * values for values in over_tiles(dataset.isel(time=k)))
        colour = style.COLOURS[k % len(style.COLOURS)]
        axes.errorbar(
            targets, mean, spread, color=colour, marker="o", ms=3.5, ls="", capsize=2,
            label=f"read after {style.time_name(float(time))}",
        )  # fmt: skip
    axes.set_xlabel("target [µS]")
    axes.set_ylabel("conductance [µS]")
    axes.set_title("population: mean and standard deviation", fontsize=10)
    axes.legend(fontsize=SMALL)


def over_tiles(dataset: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation [S] of each level over all tiles, which have as many devices of it each."""
    mean = dataset["level_mean"].mean("tile")
    square = (dataset["level_spread"] ** 2 + dataset["level_mean"] ** 2).mean("tile") - mean**2
    return mean.values, np.sqrt(np.maximum(square.values, 0.0))


def products(dataset: xr.Dataset, axes: Axes) -> None:
    """Errors of products of each tile, without and with wires."""
    # rings about dots: where wires cost next to nothing, both are seen
    both = [
        ("without wires", "devices_error", {"ms": 8.0, "mfc": "none", "color": style.BLUE}),
        ("with wires", "wires_error", {"ms": 3.5, "color": style.VERMILION}),
    ]
    for label, name, look in both:
        axes.plot(100.0 * dataset[name].values, marker="o", ls="", label=label, **look)
    axes.set_xlabel("tile")
    axes.set_ylabel("error of products [%]")
    axes.set_ylim(0.0, 1.3 * 100.0 * float(dataset["wires_error"].max()))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_title("pairs: rms error after the best gain", fontsize=10)
    axes.legend(fontsize=SMALL)


def pulses(dataset: xr.Dataset, axes: Axes) -> None:
    """How many pulses devices took, those that reached their target and those that did not."""
    failed, converged = tally(dataset).counts
    number = np.arange(converged.size)
    axes.hist(
        [number, number], weights=[converged, failed], bins=np.arange(0.5, number.size), stacked=True,
        color=[style.GREEN, style.VERMILION], label=["converged", "did not"],
    )  # fmt: skip
    axes.set_yscale("log")
    axes.set_xlabel("programming pulses")
    axes.set_ylabel("devices")
    axes.set_title("closed loop", fontsize=10)
    axes.legend(fontsize=SMALL)


def floors(dataset: xr.Dataset, axes: Axes) -> None:
    """Time of each part beside the sum of its floors, which is one."""
    parts = [str(part) for part in dataset["part"].values]
    seen = _SEEN * max(1.0, float(dataset["distance"].max()))
    for row, part in enumerate(parts):
        names = [str(name) for name in dataset["floor_part"].values if str(name).startswith(f"{part}: ")]
        values = dataset["floor"].sel(floor_part=names).values
        left = 0.0
        for k, (name, value) in enumerate(zip(names, values / values.sum(), strict=True)):
            # what cannot be seen is not named
            label = name.partition(": ")[2] if value > seen else None
            axes.barh(row - 0.2, value, 0.38, left, color=_FLOOR_COLOURS[part][k], label=label)
            left += value
        distance = float(dataset["distance"].sel(part=part))
        axes.barh(row + 0.2, distance, 0.38, color=style.GREY)
        axes.text(distance, row + 0.2, f" {distance:.2f}", va="center", fontsize=SMALL)
    axes.set_yticks(range(len(parts)), parts)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel("time over the sum of its floors (grey)")
    axes.set_title("distance to the floor", fontsize=10)
    axes.figure.legend(fontsize=SMALL, loc="outside lower right", ncols=4, handles=axes.get_legend_handles_labels()[0])


_DRAWN = {POPULATION: levels, WIRES: products, CLOSED_LOOP: pulses}
