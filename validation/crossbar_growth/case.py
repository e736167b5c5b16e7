"""How the time of one nonlinear solve grows with the array, to 2048 x 2048: diodes, sinh selectors, and none.

Cells of 1 to 25 uS (log-uniform), 1 ohm a wire segment, inputs of 0.5 to 1 V. A solve starts from the conductances and
ends with all node voltages and the residual. For scale: ngspice and a Newton iteration with scipy's sparse direct
solver, both on diodes, as far as they get in reasonable time; the latter also checks the column currents.
"""

from __future__ import annotations

import pathlib
import statistics
from typing import NamedTuple

import numpy as np

import pcmphys as pcm
from pcmphys.numerics.compile import thread_count
from pcmphys.plot.figures import save_figure
from pcmphys.plot.style import COLOURS, GREY
from validation import ngspice, sparse_newton
from validation.bench.measure import seconds
from validation.result import KNOWN_ANSWER, MODEL, NOT_CHECKABLE, MissingProgram, Result, within

NAME = "crossbar_growth"
TITLE = "Growth of the nonlinear crossbar solve with the array"
LIMIT = 1e-9
DIODE = pcm.Diode(saturation_current=1e-12, ideality=1.5)
SINH = pcm.Exponential(current=1e-9, voltage=0.1)
SELECTORS = {"diodes": DIODE, "sinh selectors": SINH, "no selector (linear)": None}


class Solve(NamedTuple):
    """Median time [s] of a solve, steps of Newton and of conjugate gradients, residual, lost current."""

    time: float
    newton: int
    iterations: int
    residual: float
    lost: float


def array(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Cells [S] and inputs [V] of a square array."""
    draw = np.random.default_rng(size)
    return 10.0 ** draw.uniform(-6.0, np.log10(25e-6), (size, size)), draw.uniform(0.5, 1.0, size)


def solve(cells: np.ndarray, voltage: np.ndarray, selector) -> pcm.crossbar.Solution:
    """From the conductances on."""
    return pcm.Crossbar(cells, pcm.Wires(row=1.0, column=1.0), selector).solve(pcm.Bias.matvec(voltage))


def by_scipy(cells: np.ndarray, voltage: np.ndarray, selector, *, nested: bool = False) -> sparse_newton.Found:
    """The same by scipy."""
    network = sparse_newton.Network(cells.shape, 1.0, 1.0, nested=nested)
    numbers = selector.pack()
    law = sparse_newton.diode if isinstance(selector, pcm.Diode) else sparse_newton.sinh
    return sparse_newton.solve(network, law(cells, *numbers), voltage)


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """Residuals, agreement with the sparse solve, and the exponents of growth."""
    sizes = (32, 64, 128, 256) if quick else (32, 64, 128, 256, 512, 1024, 2048)
    known, compared = (16, 32) if quick else (64, 256)
    found = {name: [_measure(size, selector) for size in sizes] for name, selector in SELECTORS.items()}
    others = {"scipy, sparse Newton, diodes": _scipy_times(compared), "ngspice, diodes": _ngspice_times(known)}
    # the linear solver has a case of its own, with its own tolerance
    every = [s for name, solves in found.items() if SELECTORS[name] is not None for s in solves]
    span = f"{sizes[0]} to {sizes[-1]} square"
    results = [
        within(
            f"nonlinear cells: residual, {span}, worst", max(s.residual for s in every), 1e-12,
            "Kirchhoff's laws, of the largest input or current", KNOWN_ANSWER,
        ),
        within(
            f"nonlinear cells: current into the array against that out of it, {span}, worst",
            max(s.lost for s in every), 1e-12, "conservation of charge, of the sum", KNOWN_ANSWER,
        ),
    ]  # fmt: skip
    for name in ("diodes", "sinh selectors"):
        results.append(
            within(
                f"{name}, {compared} x {compared}: column currents, worst relative difference",
                _difference(compared, SELECTORS[name]), LIMIT, "Newton's method with a sparse direct solver", MODEL,
            )
        )  # fmt: skip
    for name, solves in found.items():
        exponent = _exponent(sizes[-4:], [s.time for s in solves[-4:]])
        quantity = f"{name}: exponent k of time ~ N^k, N = {sizes[-4]} to {sizes[-1]}"
        results.append(Result(quantity, exponent, "the cells alone: 2", "none", True, NOT_CHECKABLE))
    save_figure(_draw(sizes, found, others), out / "figure.png")
    return results


def _measure(size: int, selector) -> Solve:
    cells, voltage = array(size)
    last = solve(cells, voltage, selector)  # compiles, and warms the caches
    repeats = 9 if size <= 256 else 3 if size <= 512 else 1
    times = [seconds(lambda: solve(cells, voltage, selector)) for _ in range(repeats)]
    into, outof = last.row_current.sum(), last.column_current.sum()
    steps = 0 if last.history is None else len(last.history)
    return Solve(statistics.median(times), steps, last.iterations, last.residual, abs(into / outof - 1.0))


def _difference(size: int, selector) -> float:
    cells, voltage = array(size)
    theirs = by_scipy(cells, voltage, selector).column_current
    return np.abs(solve(cells, voltage, selector).column_current / theirs - 1.0).max()


def _sizes_to(largest: int) -> list[int]:
    return [size for size in (8, 16, 32, 64, 128, 256) if size <= largest]


def _scipy_times(largest: int) -> dict[int, float]:
    inputs = {size: array(size) for size in _sizes_to(largest)}
    return {size: seconds(lambda s=size: by_scipy(*inputs[s], DIODE)) for size in inputs}


def _ngspice_times(largest: int) -> dict[int, float]:
    try:
        return {size: seconds(ngspice_run(size, DIODE)) for size in _sizes_to(largest)}
    except MissingProgram:
        return {}


def ngspice_run(size: int, selector):
    """A call that runs ngspice on the netlist, which is made before, and returns the column currents [A]."""
    cells, voltage = array(size)
    xbar = pcm.Crossbar(cells, pcm.Wires(row=1.0, column=1.0), selector)
    text = ngspice.netlist(xbar, pcm.Bias.matvec(voltage))

    def task() -> np.ndarray:
        found = ngspice.run(text)
        return np.array([found[f"column_current_{j}"] for j in range(size)])

    return task


def _exponent(sizes, times) -> float:
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def _draw(sizes, found, others):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.5, 5.0), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.3, 1))
    for (name, solves), colour in zip(found.items(), COLOURS, strict=False):
        left.loglog(sizes, [s.time for s in solves], "o-", color=colour, ms=4, lw=1.4, label=f"pcmphys, {name}")
        right.semilogx(sizes, [s.iterations for s in solves], "o-", color=colour, ms=4, lw=1.4, label=name)
        if any(s.newton for s in solves):
            right.semilogx(sizes, [s.newton for s in solves], "s:", color=colour, ms=4, lw=1.0)
    for (name, times), colour in zip(others.items(), COLOURS[3:], strict=False):
        left.loglog(list(times), list(times.values()), "s--", color=colour, ms=4, lw=1.2, label=name)
    last = found["diodes"][-1].time
    left.loglog(sizes, [last * (size / sizes[-1]) ** 2 for size in sizes], color=GREY, lw=0.9, ls=":", label="N²")
    left.set_ylabel("time of one solve (s)")
    left.set_title(f"one input, all node voltages, {thread_count()} threads", fontsize=11)
    left.legend(fontsize=9, frameon=False)
    right.plot([], [], "s:", color=GREY, ms=4, lw=1.0, label="Newton steps")
    right.set_ylabel("number in one solve, to a residual of 1e-12")
    right.set_ylim(bottom=0)
    right.set_title("conjugate gradients (circles) and Newton steps (squares)", fontsize=11)
    right.legend(fontsize=9, frameon=False)
    ticks = sorted({*sizes, *(size for times in others.values() for size in times)})
    for axes, values in ((left, ticks), (right, sizes)):
        axes.set_xticks(values, [str(v) for v in values])
        axes.minorticks_off()
        axes.set_xlabel("size N of the array")
        axes.grid(alpha=0.25, lw=0.5)
    return figure
