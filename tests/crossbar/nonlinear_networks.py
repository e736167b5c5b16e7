"""Random crossbars with selectors and all kinds of terminals, and how they are held against the oracle."""

import warnings

import numpy as np

from pcmphys import Bias, Crossbar, Wires
from pcmphys.crossbar import OTS, Diode, Exponential, Transistor
from tests.crossbar.networks import KINDS, logarithmic, resistance
from tests.oracles import nonlinear_crossbar as oracle

SELECTORS = {
    "none": None,
    "diode": Diode(saturation_current=1e-12, ideality=1.5),
    "exponential": Exponential(current=1e-9, voltage=0.1),
    "transistor": Transistor(threshold_voltage=0.45, transconductance=2e-4, slope_factor=1.3, modulation=0.05),
    "ots": OTS(threshold_voltage=0.6, hold_voltage=0.2, holding_current=1e-7, on_resistance=2e3),
}
SCHEMES = ("matvec", "half", "third", "float", "ground", "both ends", "voltages", "far ends")


def law_of(selector, gate=None, on=None):
    """The oracle's law of each cell."""
    if isinstance(selector, Diode):
        return lambda i, j: oracle.Diode(selector.saturation_current, selector.ideality, selector.temperature)
    if isinstance(selector, Exponential):
        return lambda i, j: oracle.Exponential(selector.scale, selector.voltage)
    if isinstance(selector, Transistor):
        return lambda i, j: oracle.Transistor(
            float(gate[i]), selector.threshold_voltage, selector.transconductance, selector.slope_factor,
            selector.modulation, selector.temperature,
        )  # fmt: skip
    return lambda i, j: oracle.OTS(
        bool(on[i, j]), selector.hold_voltage, selector.on_resistance,
        selector.leakage_current, selector.leakage_voltage,
    )  # fmt: skip


def random_bias(rng, rows, columns, scheme, gate):
    size = rng.choice([0.2, 1.0, 2.0])
    if scheme == "matvec":
        return Bias.matvec(size * rng.uniform(-1.0 if rng.random() < 0.3 else 0.0, 1.0, rows), gate=gate)
    if scheme in ("half", "third", "float", "ground"):
        i, j = int(rng.integers(rows)), int(rng.integers(columns))
        one = None if gate is None else float(gate[i])
        return Bias.select(i, j, size, scheme, gate=one, rows=rows, columns=columns)
    if scheme == "both ends":
        left = size * rng.uniform(0.0, 1.0, rows)
        return Bias(left, 0.0, right=left, top=0.0, gate=gate)
    if scheme == "far ends":
        return Bias(np.nan, np.nan, right=size * rng.uniform(0.0, 1.0, rows), top=0.0, gate=gate)
    sides = [size * rng.uniform(-0.5, 1.0, n) for n in (rows, columns, rows, columns)]
    for side in sides:
        side[rng.random(side.size) < 0.5] = np.nan
    sides[0][rng.integers(rows)] = size
    return Bias.voltages(sides[0], sides[1], right=sides[2], top=sides[3], gate=gate)


def random_case(rng, selector, scheme, rows, columns, low=1e-12, high=1e-3, kinds=KINDS):
    """Array and bias; conductances over nine decades, wires from zero to a kiloohm, some cells open."""
    cells = logarithmic(rng, low, high, (rows, columns))
    if scheme not in ("float", "voltages", "far ends"):
        cells[rng.random((rows, columns)) < rng.choice([0.0, 0.1, 0.6])] = 0.0
    counts = {"row": rows, "column": columns, "source": rows, "sense": columns, "right": rows, "top": columns}
    wires = {name: resistance(rng, rng.choice(kinds), count) for name, count in counts.items()}
    gate = rng.uniform(0.3, 1.5, rows) if selector == "transistor" else None
    xbar = Crossbar(cells, Wires(**wires), SELECTORS[selector])
    return xbar, random_bias(rng, rows, columns, scheme, gate)


def reference(xbar, bias, digits=None, on=None):
    wires = {n: getattr(xbar.wires, n) for n in ("row", "column", "source", "sense")}
    wires |= {"far_right": xbar.wires.right, "far_top": xbar.wires.top}
    bias = bias.sized(*xbar.shape)
    law = None if xbar.selector is None else law_of(xbar.selector, bias.gate, on)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return oracle.solve(
            oracle.chains(xbar.conductance, law), bias.left, bias.bottom, bias.right, bias.top, **wires, digits=digits
        )


NAMES = ("row_current", "column_current", "right_current", "top_current")


def largest_current(answer):
    return max([np.abs(answer.cell_current).max(), *(np.abs(getattr(answer, n)).max() for n in NAMES)]) or 1.0


def worst_error(solution, answer, xbar):
    """Largest error of the terminal currents over the largest current of the array's cells and terminals."""
    return max(np.abs(getattr(solution, n) - getattr(answer, n)).max() for n in NAMES) / largest_current(answer)


def allowed_error(solution, answer, xbar):
    """What may separate the two in a network of many decades, over the largest current.

    Either's imbalance of currents; and what the error of a voltage moves through the cells of a line, which is
    rounding, or 4e-12 of the largest voltage in the linear solver, whose tolerance is one of voltages.
    """
    bias = solution.bias
    voltage = np.nanmax(np.abs(np.concatenate([bias.left, bias.right, bias.bottom, bias.top])))
    conductance = max(xbar.conductance.sum(axis=0).max(), xbar.conductance.sum(axis=1).max())
    moved = (4e-12 if xbar.linear else 4e-15) * voltage * conductance / largest_current(answer)
    return max(1e-9, 3.0 * answer.residual, 3.0 * solution.residual, moved)
