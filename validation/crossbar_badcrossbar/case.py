"""The crossbar solver against badcrossbar, an independent program with the same circuit.

badcrossbar: D. Joksas, A. Mehonic, SoftwareX 12, 100617 (2020). Its answer is a sparse solve without refinement, so
its own rounding (1e-13 to 1e-12) is what remains of the difference.
"""

from __future__ import annotations

import pathlib

import numpy as np

import pcmphys as pcm
from pcmphys.plot.figures import save_figure
from pcmphys.plot.style import COLOURS, GREY
from validation import outside
from validation.result import MODEL, Result, within

NAME = "crossbar_badcrossbar"
TITLE = "Crossbar solver against badcrossbar 1.1"
LIMIT = 1e-9
WIRES = ((1.0, 1.0), (0.35, 0.35), (1.0, 4.0), (20.0, 0.5))
QUANTITIES = ("column currents", "cell currents", "word-line segment currents", "node voltages")


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """Worst differences over wires and sizes, one result a quantity; rectangular arrays and a batch too."""
    outside.badcrossbar()
    sizes = (16, 32, 64) if quick else (16, 32, 64, 128)
    found = {wires: np.array([_compare((size, size), wires) for size in sizes]) for wires in WIRES}
    worst = np.max(list(found.values()), axis=(0, 1))
    span = f"badcrossbar, {sizes[0]} to {sizes[-1]} square, row/column wires " + ", ".join(
        f"{r:g}/{c:g} ohm" for r, c in WIRES
    )
    of = ("relative, column by column", "of the largest", "of the largest", "of the largest input")
    results = [
        within(f"{name}, worst difference {how}", value, LIMIT, span, MODEL)
        for name, how, value in zip(QUANTITIES, of, worst, strict=True)
    ]
    tall, wide = _compare((96, 20), (1.0, 4.0)), _compare((20, 96), (1.0, 4.0))
    results += [
        within(
            "column currents of 96 x 20 and 20 x 96 arrays, worst relative difference",
            max(tall[0], wide[0]), LIMIT, "badcrossbar, row/column wires 1/4 ohm", MODEL,
        ),
        within(
            "column currents of 12 inputs of both signs at once, 48 x 48, worst difference of the largest",
            _batch(), LIMIT, "badcrossbar, row/column wires 1/4 ohm", MODEL,
        ),
    ]  # fmt: skip
    save_figure(_draw(sizes, found), out / "figure.png")
    return results


def _cells(shape, draw) -> np.ndarray:
    return draw.uniform(0.1e-6, 25e-6, shape)


def _compare(shape: tuple[int, int], wires: tuple[float, float]) -> tuple[float, float, float, float]:
    draw = np.random.default_rng(shape)
    cells, voltage = _cells(shape, draw), draw.uniform(0.05, 0.2, shape[0])
    ours = pcm.Crossbar(cells, pcm.Wires(row=wires[0], column=wires[1])).solve(pcm.Bias.matvec(voltage))
    theirs = outside.badcrossbar_solve(cells, voltage[:, None], *wires)
    # current in word-line segment (i, j), the one left of cell j: all that cell j and those right of it take
    segments = ours.cell_current[:, ::-1].cumsum(axis=1)[:, ::-1]
    nodes = max(
        np.abs(ours.row_voltage - theirs.voltages.word_line).max(),
        np.abs(ours.column_voltage - theirs.voltages.bit_line).max(),
    )
    return (
        np.abs(ours.column_current / theirs.currents.output[0] - 1.0).max(),
        _of_largest(ours.cell_current, theirs.currents.device),
        _of_largest(segments, theirs.currents.word_line),
        nodes / voltage.max(),
    )


def _of_largest(ours: np.ndarray, theirs: np.ndarray) -> float:
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


def _batch() -> float:
    draw = np.random.default_rng(3)
    cells, voltage = _cells((48, 48), draw), draw.uniform(-0.2, 0.2, (48, 12))
    ours = pcm.Crossbar(cells, pcm.Wires(row=1.0, column=4.0)).solve(pcm.Bias.matvec(voltage))
    return _of_largest(ours.column_current.T, outside.badcrossbar_solve(cells, voltage, 1.0, 4.0).currents.output)


def _draw(sizes, found):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.0, 4.4), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, k in zip(panels, (0, 3), strict=True):
        for (wires, errors), colour in zip(found.items(), COLOURS):
            label = f"row {wires[0]:g} Ω, column {wires[1]:g} Ω"
            axes.loglog(sizes, np.maximum(errors[:, k], 1e-17), "o-", color=colour, ms=4, lw=1.2, label=label)
        axes.axhline(LIMIT, color=GREY, lw=1.0, ls="--")
        axes.text(sizes[0], LIMIT * 1.4, "tolerance", color=GREY, fontsize=9)
        axes.set_xticks(sizes, [str(s) for s in sizes])
        axes.minorticks_off()
        axes.set_xlabel("size N of the array")
        axes.set_title(f"{QUANTITIES[k]}, cells 0.1-25 µS", fontsize=11)
        axes.grid(alpha=0.25, lw=0.5)
    panels[0].set_ylabel("worst difference between pcmphys and badcrossbar")
    panels[0].set_ylim(1e-15, 1e-8)
    panels[1].legend(fontsize=9, frameon=False, loc="center right", bbox_to_anchor=(1.0, 0.68))
    return figure
