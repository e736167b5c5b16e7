"""The nonlinear crossbar solver against ngspice, an independent simulator, on the netlists that pcmphys exports.

Both get the same circuit: 1 ohm a wire segment, devices of 1 to 25 uS or physical ones, which are subcircuits of
their laws. ngspice takes diodes as its own junction models and the other selectors as behavioural sources, with
tolerances of 1e-9. Beside it stand identities that need no other program: every cell obeys its law, no current is lost,
and the sources deliver what cells and wires turn into heat.
"""

from __future__ import annotations

import pathlib
from typing import NamedTuple

import numpy as np

import pcmphys as pcm
from pcmphys.plot.figures import save_figure
from pcmphys.plot.style import COLOURS, GREY
from validation import ngspice
from validation.result import KNOWN_ANSWER, MODEL, Result, within

NAME = "crossbar_ngspice"
TITLE = "Nonlinear crossbar solver against ngspice"
NOTES = (
    "Under V/3 the unselected cells are in reverse, where ngspice's junction model replaces the exponential by a cubic "
    "(up to 0.4 % of the saturation current): there the diodes are behavioural sources. Lines left open are held by "
    "leakage 1e9 times below a wire's conductance; ngspice then needs a voltage tolerance of 1e-7 V to stop. The "
    "threshold switches are in the states in which the solution of pcmphys ended: ngspice has no such switch."
)
LIMIT = 1e-6
PHYSICAL_SIZES = (8, 16)
WIRES = pcm.Wires(row=1.0, column=1.0, source=50.0, sense=20.0)

DIODE = pcm.Diode(saturation_current=1e-12, ideality=1.5)
SINH = pcm.Exponential(current=1e-9, voltage=0.1)
TRANSISTOR = pcm.Transistor(threshold_voltage=0.45, transconductance=4e-4, modulation=0.05)
SWITCH = pcm.OTS(holding_current=1e-6)


class Circuit(NamedTuple):
    """A selector under a bias: ``make(rows, draw)`` gives the bias; ``options`` are those of the export."""

    selector: pcm.Selector | None
    make: object
    options: dict = {}  # noqa: RUF012


def _matvec(size: int, draw, gate=None) -> pcm.Bias:
    return pcm.Bias.matvec(draw.uniform(0.5, 1.0, size), gate=gate)


def _gated(size: int, draw) -> pcm.Bias:
    return _matvec(size, draw, gate=draw.uniform(0.8, 1.2, size))


def _select(voltage: float, scheme: str, gate: float | None = None):
    return lambda size, draw: pcm.Bias.select(size // 2, size // 3, voltage, scheme, gate=gate)


CIRCUITS = {
    "diode, matvec": Circuit(DIODE, _matvec),
    "diode, V/2": Circuit(DIODE, _select(1.5, "half")),
    "diode, V/3": Circuit(DIODE, _select(1.5, "third"), {"behavioural": True}),
    "sinh, matvec": Circuit(SINH, _matvec),
    "sinh, V/2": Circuit(SINH, _select(1.5, "half")),
    "transistor, matvec": Circuit(TRANSISTOR, _gated),
    "transistor, V/2": Circuit(TRANSISTOR, _select(1.0, "half", 1.2)),
    "OTS, matvec": Circuit(SWITCH, lambda size, draw: pcm.Bias.matvec(draw.uniform(0.5, 2.5, size))),
    "OTS, floating": Circuit(SWITCH, _select(2.4, "float"), {"options": ngspice.LOOSE}),
}
PHYSICAL = {
    "mushroom devices, matvec": Circuit(None, lambda size, draw: pcm.Bias.matvec(draw.uniform(0.05, 0.3, size))),
    "mushroom devices and diodes, V/2": Circuit(DIODE, _select(0.9, "half")),
}
"""Circuits of physical devices: half of them RESET, an hour before; ngspice has their laws, sector by sector."""


IDENTITIES = {
    "residual": ("residual as the solution reports it", 1e-12, "Kirchhoff's laws, of the largest input or current"),
    "law": (
        "a cell's current against its laws at its voltages",
        1e-9,
        "I-V of selector and device, of the largest one",
    ),
    "lost": ("current into the array against that out of it", 1e-12, "conservation of charge, of the largest one"),
    "power": ("power of the terminals against heat, relative difference", 1e-9, "conservation of energy"),
}
"""Fields of `Outcome`: what it is, how close it must come, and to what."""


class Outcome(NamedTuple):
    """One solved circuit: both programs' currents [A] of the driven bit lines, and pcmphys' own residuals."""

    ours: np.ndarray
    theirs: np.ndarray
    residual: float
    law: float
    lost: float
    power: float

    @property
    def difference(self) -> np.ndarray:
        """Relative, bit line by bit line."""
        return np.abs(self.ours / self.theirs - 1.0)


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """Worst differences over the sizes, one result a circuit; the identities over everything."""
    ngspice.program()
    sizes = (8, 16) if quick else (16, 32, 64)
    found = {name: [_solve(circuit, size) for size in sizes] for name, circuit in CIRCUITS.items()}
    reference = f"ngspice {ngspice.version()}, reltol 1e-9, {sizes[0]} to {sizes[-1]} square"
    results = [
        within(
            f"{name}: column currents, worst relative difference, bit line by bit line",
            max(o.difference.max() for o in outcomes), LIMIT, reference, MODEL,
        )
        for name, outcomes in found.items()
    ]  # fmt: skip
    for name, circuit in PHYSICAL.items():
        off = max(_of_devices(circuit, size) for size in PHYSICAL_SIZES)
        what = f"{name}: column currents, worst relative difference, bit line by bit line"
        where = f"{reference.rpartition(',')[0]}, {PHYSICAL_SIZES[0]} and {PHYSICAL_SIZES[1]} square"
        results.append(within(what, off, LIMIT, where, MODEL))
    every = [o for outcomes in found.values() for o in outcomes]
    for name, (quantity, limit, identity) in IDENTITIES.items():
        worst = max(getattr(o, name) for o in every)
        results.append(within(f"all circuits: {quantity}, worst", worst, limit, identity, KNOWN_ANSWER))
    save_figure(_draw(sizes, found), out / "figure.png")
    return results


def _solve(circuit: Circuit, size: int) -> Outcome:
    draw = np.random.default_rng(size)
    cells = 10.0 ** draw.uniform(-6.0, np.log10(25e-6), (size, size))
    bias = circuit.make(size, draw).sized(size, size)
    xbar = pcm.Crossbar(cells, WIRES, circuit.selector)
    ours = xbar.solve(bias)
    theirs = ngspice.solve(xbar, bias, on=ours.on, **circuit.options)
    driven = ~np.isnan(bias.bottom)
    currents = np.concatenate([ours.row_current, -ours.column_current])
    return Outcome(
        ours.column_current[driven],
        theirs.column_current[driven],
        ours.residual,
        _law(xbar, ours),
        abs(currents.sum()) / np.abs(currents).max(),
        abs(heat(ours, WIRES) / ours.power - 1.0),
    )


def _of_devices(circuit: Circuit, size: int) -> float:
    """Worst relative difference of a column current of an array of physical devices."""
    draw = np.random.default_rng(size)
    devices = pcm.load_cell("ibm-90nm-doped-gst").population((size, size), seed=size)
    devices.apply(pcm.Pulse(current=420e-6, width=1e-6, fall=5e-9), where=draw.random((size, size)) < 0.5)
    devices.wait(3600.0)
    xbar, bias = pcm.Crossbar(devices, WIRES, circuit.selector), circuit.make(size, draw)
    ours = xbar.solve(bias).column_current
    return float(np.abs(ours / ngspice.solve(xbar, bias).column_current - 1.0).max())


def _law(xbar: pcm.Crossbar, solution) -> float:
    """Worst misfit of a cell's current with selector and device, each at its own voltage, of the largest current."""
    selector, keywords = xbar.selector, {}
    if selector.gated:
        keywords["gate"] = solution.bias.gate[:, None]
    if selector.hysteretic:
        keywords["on"] = solution.on
    through, _ = selector.current(solution.selector_voltage, **keywords)
    misfits = through, xbar.conductance * solution.device_voltage
    largest = np.abs(solution.cell_current).max()
    return max(np.abs(misfit - solution.cell_current).max() for misfit in misfits) / largest


def heat(solution, wires: pcm.Wires) -> float:
    """Power [W] turned into heat in cells, wire segments and what joins the terminals."""
    cell = solution.cell_current
    r = wires.per_line(*cell.shape)
    along_row = solution.row_current[:, None] - cell.cumsum(axis=1)
    along_column = solution.top_current + cell.cumsum(axis=0)
    return (
        (cell * solution.cell_voltage).sum()
        + (r.row[:, None] * along_row[:, :-1] ** 2).sum()
        + (r.column * along_column[:-1] ** 2).sum()
        + (r.row_near * solution.row_current**2).sum()
        + (r.row_far * solution.right_current**2).sum()
        + (r.column_near * solution.column_current**2).sum()
        + (r.column_far * solution.top_current**2).sum()
    )


def _draw(sizes, found):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14.0, 5.0), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1, 1.1))
    _draw_currents(left, found, ("diode, matvec", "sinh, matvec", "transistor, matvec", "OTS, matvec"))
    left.set_title("inputs of 0.5-1 V (OTS: 0.5-2.5 V)", fontsize=11)
    _draw_currents(middle, found, ("diode, V/2", "sinh, V/2", "transistor, V/2", "diode, V/3"))
    middle.set_title("one cell selected: currents of all bit lines", fontsize=11)
    for name, outcomes in found.items():
        # a difference of exactly zero has no logarithm: it is drawn at the bottom
        worst = [max(o.difference.max(), 1e-16) for o in outcomes]
        right.loglog(sizes, worst, **_style(name), marker="o", ms=4, lw=1.2, label=name)
    right.axhline(LIMIT, color=GREY, lw=1.0, ls="--")
    right.text(sizes[0], LIMIT * 1.5, "tolerance", color=GREY, fontsize=9)
    right.set_xticks(sizes, [str(s) for s in sizes])
    right.minorticks_off()
    right.set_ylim(1e-16, 1e-4)
    right.set_xlabel("size N of the array")
    right.set_ylabel("worst relative difference of a column current")
    right.set_title("pcmphys against ngspice", fontsize=11)
    right.legend(fontsize=8.5, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.14), frameon=False)
    right.grid(alpha=0.25, lw=0.5)
    return figure


def _style(name: str) -> dict:
    selector, bias = name.split(", ")
    dashes = {"matvec": "-", "V/2": "--", "V/3": ":", "floating": "-."}
    return {"color": COLOURS[("diode", "sinh", "transistor", "OTS").index(selector)], "ls": dashes[bias]}


def _draw_currents(axes, found, names) -> None:
    for name in names:
        outcome, style = found[name][-1], _style(name)
        lines = np.arange(outcome.ours.size)
        axes.semilogy(lines, np.abs(outcome.theirs), **style, lw=1.0)
        axes.semilogy(lines, np.abs(outcome.ours), ".", color=style["color"], ms=5)
        axes.plot([], [], **style, lw=1.0, marker=".", ms=5, label=name)
    axes.set_xlabel("bit line")
    axes.set_ylabel("|current| into virtual ground or driver (A)")
    axes.grid(alpha=0.25, lw=0.5)
    axes.legend(
        fontsize=8.5, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.14), frameon=False,
        title="dots: pcmphys, lines: ngspice", title_fontsize=8.5,
    )  # fmt: skip
