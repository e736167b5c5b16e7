"""Figures of the study of training; each takes the data set and returns the Figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pcmphys.plot import style
from pcmphys.plot.figures import plain
from pcmphys.study.training.runs import ASYMMETRY, CAPACITOR, DEVICES, FLOAT, ONE_SIDED, PAIR, STATES

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPOKEN = {
    FLOAT: "floating point",
    "sgd": "SGD in place",
    "tiki-taka": "Tiki-Taka",
    "buffered": "Tiki-Taka, buffered",
    "chopped": "Tiki-Taka, chopped",
    "dynamic-reference": "dynamic reference",
    "mixed-precision": "mixed precision",
    ONE_SIDED: "pairs that go up",
    PAIR: "capacitor and pair",
}
"""Rules for a reader."""
_COLOURS = {
    FLOAT: style.BLACK,
    "sgd": style.VERMILION,
    "tiki-taka": style.BLUE,
    "buffered": style.SKY,
    "chopped": style.ORANGE,
    "dynamic-reference": style.BROWN,
    "mixed-precision": style.GREEN,
    ONE_SIDED: style.GREY,
    PAIR: style.PURPLE,
}
_ASIDE = 0.06
"""Epochs between the points of runs of a single epoch."""
_CHANCE = 100.0
_LEAST = 1.0
"""Per cent at which axes of errors begin."""


def overview(dataset: xr.Dataset) -> Figure:
    """Training curves, devices side by side, what is swept, and the capacitor, all as test error."""
    parts = [str(part) for part in dataset["part"].values]
    draws = [_curves, _devices]
    draws += [_asymmetry] * (ASYMMETRY in parts) + [_states] * (STATES in parts) + [_capacitor] * (CAPACITOR in parts)
    columns = min(3, len(draws))
    rows = -(-len(draws) // columns)
    with style.figure(rows, columns, figsize=(4.2 * columns, 3.5 * rows), squeeze=False) as (figure, panels):
        for axes in panels.flat[len(draws) :]:
            axes.axis("off")
        for draw, axes in zip(draws, panels.flat, strict=False):
            draw(dataset, axes)
        _legend(figure, dataset)
        return figure


def final(dataset: xr.Dataset) -> xr.DataArray:
    """Test error [%] after the last epoch."""
    return 100.0 * dataset["error"].isel(epoch=-1)


def of(dataset: xr.Dataset, part: str, rule: str | None = None, cell: str | None = None) -> xr.Dataset:
    """Runs of a part, of a rule, of a cell."""
    chosen = dataset["part"] == part
    for name, value in (("rule", rule), ("cell", cell)):
        if value is not None:
            chosen = chosen & (dataset[name] == value)
    return dataset.isel(run=np.flatnonzero(chosen.values))


def worst_cell(dataset: xr.Dataset) -> str | None:
    """The technology of several rules on which the first of them ends worst; None if there is none.

    Pairs that only go up have a rule of their own and are left aside.
    """
    runs = of(dataset, DEVICES)
    alone = np.isin(runs["cell"], of(dataset, DEVICES, ONE_SIDED)["cell"])
    runs = runs.isel(run=np.flatnonzero(~alone))
    two = [cell for cell in map(str, np.unique(runs["cell"])) if of(dataset, DEVICES, cell=cell).sizes["run"] > 1]
    errors = {cell: float(final(of(dataset, DEVICES, cell=cell)).isel(run=0).mean()) for cell in two}
    return max(errors, key=lambda cell: errors[cell]) if errors else None


def _curves(dataset: xr.Dataset, axes: Axes) -> None:
    cell = worst_cell(dataset)
    shown = [of(dataset, DEVICES, FLOAT)]
    if cell is not None:
        shown.append(of(dataset, DEVICES, cell=cell))
        axes.set_title(f"on {plain(cell)}", fontsize=10)
    _over_epochs(shown, axes)


def _over_epochs(parts: list[xr.Dataset], axes: Axes) -> None:
    runs = [part.isel(run=k) for part in parts for k in range(part.sizes["run"])]
    epochs = runs[0]["epoch"].values
    for k, one in enumerate(runs):
        rule = str(one["rule"].values)
        crossed = rule == PAIR and float(one["value"]) == 0.0
        values = 100.0 * one["error"]
        # a single epoch has no lines to tell points apart by
        aside = _ASIDE * (k - (len(runs) - 1) / 2) if epochs.size == 1 else 0.0
        axes.errorbar(
            epochs + aside, values.mean("seed").values, _spread(values),
            color=_COLOURS[rule], ls="--" if crossed else "-", marker="o", ms=3.5, capsize=3,
        )  # fmt: skip
    _finish(axes, "epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    if epochs.size == 1:
        axes.set_xlim(epochs[0] - 0.5, epochs[0] + 0.5)
        axes.set_xticks(epochs)


def _devices(dataset: xr.Dataset, axes: Axes) -> None:
    runs = of(dataset, DEVICES)
    cells = [str(cell) for cell in dict.fromkeys(runs["cell"].values) if cell]
    axes.axhline(float(final(of(dataset, DEVICES, FLOAT)).mean()), color=_COLOURS[FLOAT], lw=1.2)
    for x, cell in enumerate(cells):
        own = of(dataset, DEVICES, cell=cell)
        for k in range(own.sizes["run"]):
            one = own.isel(run=k)
            values = final(one)
            shifted = x + 0.14 * (k - (own.sizes["run"] - 1) / 2)
            axes.errorbar(
                shifted, float(values.mean()), _spread(values), color=_COLOURS[str(one["rule"].values)],
                marker="o", ms=5, capsize=3, ls="",
            )  # fmt: skip
    axes.set_xticks(range(len(cells)), [plain(cell) for cell in cells], rotation=25, ha="right", fontsize=8)
    axes.set_title("devices side by side", fontsize=10)
    axes.margins(x=0.15)
    _finish(axes, "")


def _asymmetry(dataset: xr.Dataset, axes: Axes) -> None:
    _swept(of(dataset, ASYMMETRY), dataset, axes)
    axes.set_title(f"{_of_cell(dataset, ASYMMETRY)}, asymmetry changed", fontsize=10)
    _finish(axes, "share of a step lost at the bound")


def _states(dataset: xr.Dataset, axes: Axes) -> None:
    _swept(of(dataset, STATES), dataset, axes)
    axes.set_title(f"{_of_cell(dataset, STATES)}, states changed", fontsize=10)
    axes.set_xscale("log")
    _finish(axes, "steps between the bounds")


def _swept(runs: xr.Dataset, dataset: xr.Dataset, axes: Axes) -> None:
    axes.axhline(float(final(of(dataset, DEVICES, FLOAT)).mean()), color=_COLOURS[FLOAT], lw=1.2)
    for rule in dict.fromkeys(map(str, runs["rule"].values)):
        own = runs.isel(run=np.flatnonzero((runs["rule"] == rule).values)).sortby("value")
        values = final(own)
        axes.errorbar(
            own["value"].values, values.mean("seed").values, _spread(values), color=_COLOURS[rule], marker="o", ms=4,
            capsize=3,
        )  # fmt: skip


def _capacitor(dataset: xr.Dataset, axes: Axes) -> None:
    runs = of(dataset, CAPACITOR)
    _over_epochs([of(dataset, DEVICES, FLOAT), runs], axes)
    axes.set_title(f"{_of_cell(dataset, CAPACITOR)}, imbalanced", fontsize=10)


def _of_cell(dataset: xr.Dataset, part: str) -> str:
    return plain(str(of(dataset, part)["cell"].values[0]))


def _spread(values: xr.DataArray) -> np.ndarray | None:
    """Standard deviation over seeds; None of one."""
    return values.std("seed", ddof=1).values if values.sizes["seed"] > 1 else None


def _finish(axes: Axes, label: str) -> None:
    axes.set_yscale("log")
    axes.set_ylim(_LEAST, _CHANCE)
    axes.set_yticks([1.0, 3.0, 10.0, 30.0, 100.0], ["1", "3", "10", "30", "100"])
    axes.minorticks_off()
    axes.set_ylabel("test error [%]")
    axes.set_xlabel(label)


def _legend(figure: Figure, dataset: xr.Dataset) -> None:
    from matplotlib.lines import Line2D

    rules = dict.fromkeys(map(str, dataset["rule"].values))
    entries = [Line2D([], [], color=_COLOURS[rule], marker="o", ms=4, label=SPOKEN[rule]) for rule in rules]
    if PAIR in rules:
        crossed = Line2D([], [], color=_COLOURS[PAIR], ls="--", label="the same without inversion")
        entries.append(crossed)
    figure.legend(handles=entries, loc="outside lower center", ncols=4, fontsize=9)
