"""Small nonlinear crossbars of every kind, each as a `Crossbar` and for the reference solver."""

from typing import NamedTuple

import numpy as np

from pcmphys.crossbar import OTS, Bias, Crossbar, Diode, Exponential, Transistor, Wires
from tests.oracles import nonlinear_crossbar as reference

SELECTORS = ("none", "diode", "sinh", "transistor", "OTS")
MOS = {"threshold_voltage": 0.5, "transconductance": 2e-4, "slope_factor": 1.3, "modulation": 0.05}
SWITCH = OTS(holding_current=1e-7, leakage_current=1e-9)


class Circuit(NamedTuple):
    crossbar: Crossbar
    bias: Bias
    wires: dict
    laws: object
    on: object = None

    @property
    def cells(self):
        return reference.chains(self.crossbar.conductance, self.laws)

    def reference(self, digits=None):
        bias = self.bias
        wires = {"far_right" if k == "right" else "far_top" if k == "top" else k: v for k, v in self.wires.items()}
        return reference.solve(self.cells, bias.left, bias.bottom, bias.right, bias.top, digits=digits, **wires)


def draw(seed, selector, shape=(3, 4), ends="matvec", zero=()):
    """A circuit with uneven wires and one open cell; ``zero`` names resistances that are zero."""
    rng = np.random.default_rng([seed, *shape])
    rows, columns = shape
    cells = 10 ** rng.uniform(-6, -4, shape)
    if min(shape) > 1:
        cells[rows - 1, 0] = 0.0
    counts = {"row": rows, "column": columns, "source": rows, "sense": columns, "right": rows, "top": columns}
    wires = {name: np.zeros(n) if name in zero else 10 ** rng.uniform(-1, 2, n) for name, n in counts.items()}
    gate = rng.uniform(0.4, 1.5, rows) if selector == "transistor" else None
    on = rng.random(shape) < 0.4
    kinds = {
        "none": (None, None),
        "diode": (Diode(1e-12, ideality=1.5, temperature=320.0), lambda i, j: reference.Diode(1e-12, 1.5, 320.0)),
        "sinh": (Exponential(1e-9, 0.1), lambda i, j: reference.Exponential(1e-9, 0.1)),
        "transistor": (Transistor(**MOS), lambda i, j: reference.Transistor(gate[i], **MOS)),
        "OTS": (SWITCH, lambda i, j: reference.OTS(bool(on[i, j]), 0.4, 1e3, 1e-9, 0.2)),
    }
    law, laws = kinds[selector]
    crossbar = Crossbar(cells, Wires(**wires), law)
    states = on if selector == "OTS" else None
    return Circuit(crossbar, biases(rng, rows, columns, gate)[ends], wires, laws, states)


def biases(rng, rows, columns, gate):
    some = rng.uniform(0.5, 1.0, rows)
    half_open = rng.uniform(-0.8, 0.8, rows)
    if rows > 1:  # a single word line would float
        half_open[-1] = np.nan
    selected = Bias.select(0, columns - 1, 1.0, "half").sized(rows, columns)
    return {
        "matvec": Bias.matvec(some, gate=gate).sized(rows, columns),
        "half": Bias(selected.left, selected.bottom, gate=gate).sized(rows, columns),
        "all ends": Bias(some, 0.0, right=0.5 * some, top=0.1, gate=gate).sized(rows, columns),
        "some open": Bias(half_open, 0.05, right=np.nan, top=0.2, gate=gate).sized(rows, columns),
    }
