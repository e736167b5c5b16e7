"""The crossbar solver against a sparse direct solve of the same circuit, from one line to 256 x 256.

The reference (validation/_sparse_direct.py) knows the circuit only as a list of resistors and is refined in extended
precision. Networks: what PCM arrays look like (0.1-25 uS cells, 1 ohm a segment); cells spread over nine decades; wires
that differ from line to line over four decades, with source and sense resistance and open cells; ideal word lines;
single lines.
"""

from __future__ import annotations

import pathlib
from typing import NamedTuple

import numpy as np

import pcmphys as pcm
from pcmphys.plot.figures import save_figure
from pcmphys.plot.style import COLOURS, GREY, VOLTAGES
from validation import sparse_direct
from validation.result import KNOWN_ANSWER, MODEL, Result, within

NAME = "crossbar_direct"
TITLE = "Crossbar solver against a sparse direct solve"
LIMIT = 1e-9


class Network(NamedTuple):
    """Cells [S] and keyword arguments of `pcmphys.Wires`."""

    cells: np.ndarray
    wires: dict


class Errors(NamedTuple):
    """Worst node voltage (of the largest input), worst column current (relative), power balance, residual."""

    voltage: float
    current: float
    power: float
    residual: float


def _pcm(size: int, draw) -> Network:
    return Network(draw.uniform(0.1e-6, 25e-6, (size, size)), {"row": 1.0, "column": 1.0})


def _decades(size: int, draw) -> Network:
    return Network(10.0 ** draw.uniform(-12, -3, (size, size)), {"row": 1.0, "column": 1.0})


def _uneven(size: int, draw) -> Network:
    rows, columns = size, max(size // 2, 1)
    cells = 10.0 ** draw.uniform(-9, -4, (rows, columns))
    cells[draw.random(cells.shape) < 0.1] = 0.0
    cells[0] = 1e-6  # no bit line may be left without any current: its relative error would have no meaning
    lines = {"row": rows, "column": columns, "source": rows, "sense": columns}
    return Network(cells, {name: 10.0 ** draw.uniform(-2, 2, count) for name, count in lines.items()})


def _ideal_rows(size: int, draw) -> Network:
    return Network(10.0 ** draw.uniform(-8, -4, (size, size)), {"row": 0.0, "column": 2.0})


def _row(size: int, draw) -> Network:
    return Network(10.0 ** draw.uniform(-8, -4, (1, size)), {"row": 1.0, "column": 1.0})


def _column(size: int, draw) -> Network:
    return Network(10.0 ** draw.uniform(-8, -4, (size, 1)), {"row": 1.0, "column": 1.0})


NETWORKS = {
    "PCM cells 0.1-25 uS, 1 ohm a segment": _pcm,
    "cells 1e-12 to 1e-3 S, 1 ohm a segment": _decades,
    "N x N/2, wires, sources and senses 0.01-100 ohm line by line, a tenth of the cells open": _uneven,
    "ideal word lines, bit lines of 2 ohm a segment": _ideal_rows,
    "a single word line": _row,
    "a single bit line": _column,
}
SHORT = (
    "0.1-25 µS, 1 Ω a segment",
    "1e-12 to 1e-3 S, 1 Ω a segment",
    "N × N/2, uneven wires, open cells",
    "ideal word lines, 2 Ω bit lines",
    "one word line",
    "one bit line",
)


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """Node voltages, column currents and power balance of every kind of network; and a batch against single inputs."""
    sizes = (16, 32, 64, 128) if quick else (16, 32, 64, 128, 256)
    found = {
        name: [_compare(*_drawn(make, size, kind)) for size in sizes]
        for kind, (name, make) in enumerate(NETWORKS.items())
    }
    reference = f"sparse direct solve, sizes {sizes[0]} to {sizes[-1]}"
    results = []
    for name, errors in found.items():
        voltage, current = max(e.voltage for e in errors), max(e.current for e in errors)
        results += [
            within(f"{name}: node voltages, worst error over the largest input", voltage, LIMIT, reference, MODEL),
            within(f"{name}: column currents, worst relative error", current, LIMIT, reference, MODEL),
        ]
    every = [e for errors in found.values() for e in errors]
    power, residual = max(e.power for e in every), max(e.residual for e in every)
    results += [
        within(
            "all networks: power of the sources against heat in cells and wires, worst relative difference",
            power, LIMIT, "conservation of energy", KNOWN_ANSWER,
        ),
        within(
            "all networks: residual as reported by the solution, worst",
            residual, 4e-12, "Kirchhoff's laws, of the largest input", KNOWN_ANSWER,
        ),
        within(
            "batch of 9 inputs of both signs, 64 x 64: column currents against one input at a time, of the largest",
            _batch(), LIMIT, "the sparse direct solve, input by input", MODEL,
        ),
    ]  # fmt: skip
    save_figure(_draw(sizes, found), out / "figure.png")
    return results


def _drawn(make, size: int, kind: int) -> tuple[np.ndarray, dict, np.ndarray]:
    draw = np.random.default_rng([size, kind])
    cells, wires = make(size, draw)
    return cells, wires, draw.uniform(0.05, 0.2, cells.shape[0])


def _compare(cells: np.ndarray, wires: dict, voltage: np.ndarray) -> Errors:
    ours = pcm.Crossbar(cells, pcm.Wires(**wires)).solve(pcm.Bias.matvec(voltage))
    reference = sparse_direct.solve(cells, voltage, **wires)
    scale = voltage.max()
    nodes = max(
        np.abs(ours.row_voltage - reference.row_voltage).max(),
        np.abs(ours.column_voltage - reference.column_voltage).max(),
    )
    current = np.abs(ours.column_current / reference.column_current - 1.0).max()
    return Errors(nodes / scale, current, abs(_heat(ours, wires) / ours.power - 1.0), ours.residual)


def _heat(solution, wires: dict) -> float:
    """Power [W] turned into heat in cells, wire segments and terminals."""
    cell = solution.cell_current
    row = np.broadcast_to(np.asarray(wires["row"], dtype=float), cell.shape[0])
    column = np.broadcast_to(np.asarray(wires["column"], dtype=float), cell.shape[1])
    along_row = cell[:, ::-1].cumsum(axis=1)[:, ::-1]
    along_column = cell.cumsum(axis=0)
    ends = wires.get("source", 0.0) * along_row[:, 0] ** 2, wires.get("sense", 0.0) * along_column[-1] ** 2
    heat = (cell * solution.cell_voltage).sum() + sum(part.sum() for part in ends)
    return heat + (row[:, None] * along_row**2).sum() + (column * along_column**2).sum()


def _batch() -> float:
    draw = np.random.default_rng(5)
    cells, wires = _pcm(64, draw)
    voltage = draw.uniform(-0.2, 0.2, (64, 9))
    ours = pcm.Crossbar(cells, pcm.Wires(**wires)).solve(pcm.Bias.matvec(voltage)).column_current
    reference = np.stack([sparse_direct.solve(cells, v, **wires).column_current for v in voltage.T], axis=1)
    return np.abs(ours - reference).max() / np.abs(reference).max()


def _draw(sizes, found):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14.0, 4.3), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1, 1.15))
    _draw_drop(figure, left, middle)
    for label, errors, colour in zip(SHORT, found.values(), COLOURS):
        # an error of exactly zero has no logarithm: it is drawn at the bottom
        right.loglog(sizes, [max(e.current, 1e-17) for e in errors], "o-", color=colour, ms=4, lw=1.2, label=label)
    right.axhline(LIMIT, color=GREY, lw=1.0, ls="--")
    right.text(sizes[0], LIMIT * 1.4, "tolerance", color=GREY, fontsize=9)
    right.set_xticks(sizes, [str(s) for s in sizes])
    right.minorticks_off()
    right.set_ylim(7e-18, 1e-8)
    right.set_xlabel("size N of the array")
    right.set_ylabel("worst relative error of a column current")
    right.set_title("pcmphys against a sparse direct solve", fontsize=11)
    right.legend(fontsize=8.5, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.2), frameon=False)
    right.grid(alpha=0.25, lw=0.5)
    return figure


def _draw_drop(figure, left, middle) -> None:
    cells, wires = _pcm(64, np.random.default_rng(11))
    solution = pcm.Crossbar(cells, pcm.Wires(**wires)).solve(pcm.Bias.matvec(np.full(64, 0.2)))
    left_title = "word lines: drop below the sources at 0.2 V\n64 × 64 cells, 0.1-25 µS, 1 Ω a segment"
    middle_title = "bit lines: rise above virtual ground\nsame array and inputs"
    drops = (left, 0.2 - solution.row_voltage, left_title), (middle, solution.column_voltage, middle_title)
    for axes, drop, title in drops:
        image = axes.imshow(1e3 * drop, cmap=VOLTAGES, interpolation="nearest")
        axes.set_xlabel("bit line (sensed at the bottom)")
        axes.set_ylabel("word line (driven at the left)")
        axes.set_title(title, fontsize=10)
        figure.colorbar(image, ax=axes, shrink=0.82, label="voltage (mV)")
