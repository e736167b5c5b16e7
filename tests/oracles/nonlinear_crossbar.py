"""A nonlinear crossbar, the slow way: a list of two-terminal elements, solved node by node.

Every wire segment, terminal, device and selector is an element between two named nodes; a cell is a chain of laws, and
between any two of them lies a node of its own, which nothing eliminates. A resistor of zero ohm merges its two ends,
open cells and open ends are left out, a driven terminal is a node of known voltage. Kirchhoff's current law at every
other node is solved by Newton's method: node currents are summed up element by element in extended precision, the
Jacobian is factorised in double precision, and the iteration goes on until rounding stops it. A step is halved while
the power that the imbalances would take along it shows that it leads past the minimum (all laws rise with voltage).

With ``digits`` the same equations are solved with that many decimal digits instead, by dense elimination.

Laws are tuples of numbers with ``law(v, m) -> (current, slope)``; ``m`` holds the elementary functions of the number
type (`EXTENDED` or `exact`). A law of another kind, such as a user's I-V, is any hashable callable of that form.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import NamedTuple

import mpmath
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import splu

BOLTZMANN, CHARGE = "1.380649e-23", "1.602176634e-19"
EXTENDED = SimpleNamespace(
    number=np.longdouble, exp=np.exp, expm1=np.expm1, sinh=np.sinh, cosh=np.cosh, log1p=np.log1p, sign=np.sign
)
_MOST, _HALVINGS = 600, 200


def exact():
    """Elementary functions of mpmath on arrays of its numbers."""
    names = ("exp", "expm1", "sinh", "cosh", "log1p", "sign")
    return SimpleNamespace(number=mpmath.mpf, **{n: np.frompyfunc(getattr(mpmath, n), 1, 1) for n in names})


def thermal_voltage(temperature, m):
    return m.number(BOLTZMANN) * m.number(temperature) / m.number(CHARGE)


class Ohm(NamedTuple):
    conductance: float

    def __call__(self, v, m):
        g = m.number(self.conductance)
        return g * v, g + 0 * v


class Wire(NamedTuple):
    resistance: float

    def __call__(self, v, m):
        r = m.number(self.resistance)
        return v / r, 1 / r + 0 * v


class Diode(NamedTuple):
    saturation_current: float
    ideality: float = 1.0
    temperature: float = 300.15

    def __call__(self, v, m):
        i, u = m.number(self.saturation_current), m.number(self.ideality) * thermal_voltage(self.temperature, m)
        return i * m.expm1(v / u), i / u * m.exp(v / u)


class Exponential(NamedTuple):
    current: float
    voltage: float

    def __call__(self, v, m):
        i, u = m.number(self.current), m.number(self.voltage)
        return i * m.sinh(v / u), i / u * m.cosh(v / u)


class Transistor(NamedTuple):
    gate: float
    threshold_voltage: float
    transconductance: float
    slope_factor: float = 1.3
    modulation: float = 0.0
    temperature: float = 300.15

    def __call__(self, v, m):
        n, u = m.number(self.slope_factor), thermal_voltage(self.temperature, m)
        pinch = (m.number(self.gate) - m.number(self.threshold_voltage)) / n
        scale, longer = 2 * n * m.number(self.transconductance) * u * u, m.number(self.modulation)
        source, _ = softplus(pinch / (2 * u) + 0 * v, m)
        drain, drain_slope = softplus((pinch - v) / (2 * u), m)
        # the difference of the two by its own formula: near v = 0 they are nearly equal
        reach = 1 / (1 + m.exp(-(pinch - v) / (2 * u)))
        plain = scale * m.log1p(reach * m.expm1(v / (2 * u))) * (source + drain)
        slope = scale * drain * drain_slope / u
        return plain * (1 + longer * abs(v)), slope * (1 + longer * abs(v)) + plain * longer * m.sign(v)


class OTS(NamedTuple):
    on: bool
    hold_voltage: float
    on_resistance: float
    leakage_current: float
    leakage_voltage: float

    def __call__(self, v, m):
        current, slope = Exponential(self.leakage_current, self.leakage_voltage)(v, m)
        if not self.on:
            return current, slope
        excess, ohm = abs(v) - m.number(self.hold_voltage), m.number(self.on_resistance)
        conducts = excess > 0
        return current + conducts * m.sign(v) * excess / ohm, slope + conducts / ohm


def softplus(x, m):
    """ln(1 + e^x) and its slope."""
    small = m.exp(-abs(x))
    above = x > 0
    slope = 1 / (1 + small)
    return above * x + m.log1p(small), above * slope + (1 - above) * (1 - slope)


class Element(NamedTuple):
    one: tuple
    other: tuple
    law: object


class Answer(NamedTuple):
    """Voltages [V] and currents [A], each a float array.

    ``inner_voltage`` is the voltage across the last law of a cell's chain (the selector; the whole cell where it is
    the only one, NaN at open cells); ``residual`` the largest imbalance of a node over the largest element current.
    """

    row_voltage: np.ndarray
    column_voltage: np.ndarray
    inner_voltage: np.ndarray
    cell_current: np.ndarray
    row_current: np.ndarray
    column_current: np.ndarray
    right_current: np.ndarray
    top_current: np.ndarray
    power: float
    residual: float


def chains(conductance, selector=None):
    """Cells of ohmic devices [S]; ``selector(i, j)`` gives the law in series. Zero conductance: an open cell."""
    conductance = np.asarray(conductance, dtype=float)
    out = np.empty(conductance.shape, dtype=object)
    for place, g in np.ndenumerate(conductance):
        series = () if selector is None else (selector(*place),)
        out[place] = () if g == 0.0 else (Ohm(float(g)), *series)
    return out


def per_line(value, count):
    return [float(v) for v in np.broadcast_to(np.asarray(value, dtype=float), (count,))]


def solve(
    cells, left, bottom=0.0, right=np.nan, top=np.nan, *,
    row=0.0, column=0.0, source=0.0, sense=0.0, far_right=0.0, far_top=0.0, digits=None,
) -> Answer:  # fmt: skip
    """Solve one bias; ends as in `pcmphys.Bias` (NaN: open), resistances as in `pcmphys.Wires`, cells from `chains`.

    ``far_right`` and ``far_top`` are what `pcmphys.Wires` calls right and top.
    """
    rows, columns = cells.shape
    wires, known = _wires(rows, columns, row, column), {}
    ends = (
        ("left", left, row, source, rows, lambda i: ("row", i, 0)),
        ("right", right, row, far_right, rows, lambda i: ("row", i, columns - 1)),
        ("bottom", bottom, column, sense, columns, lambda j: ("column", rows - 1, j)),
        ("top", top, column, far_top, columns, lambda j: ("column", 0, j)),
    )
    for side, voltage, segment, own, count, node in ends:
        lines = zip(per_line(voltage, count), per_line(segment, count), per_line(own, count), strict=True)
        for k, (volt, first, last) in enumerate(lines):
            if not np.isnan(volt):
                known[side, k] = volt
                wires.append(((side, k), node(k), first + last))
    elements, cell_elements = _elements(wires, cells)
    with mpmath.workdps(digits or 15):
        circuit = _Circuit(wires, elements, known, exact() if digits else EXTENDED, bool(digits))
        circuit.solve()
        return _answer(circuit, cell_elements, ends, rows, columns)


def _wires(rows, columns, row, column):
    """Segments between cells as (one end, other end, resistance)."""
    row, column = per_line(row, rows), per_line(column, columns)
    along = [(("row", i, j - 1), ("row", i, j), row[i]) for i in range(rows) for j in range(1, columns)]
    return along + [(("column", i - 1, j), ("column", i, j), column[j]) for i in range(1, rows) for j in range(columns)]


def _elements(wires, cells):
    """All elements, and those of each cell as places in the list."""
    elements = [Element(a, b, Wire(ohm)) for a, b, ohm in wires if ohm > 0.0]
    of_cell = {}
    for (i, j), laws in np.ndenumerate(cells):
        nodes = [("row", i, j), *(("inner", i, j, k) for k in range(1, len(laws))), ("column", i, j)]
        of_cell[i, j] = range(len(elements), len(elements) + len(laws))
        elements += [Element(*nodes[k : k + 2], law) for k, law in enumerate(laws)]
    return elements, of_cell


class _Circuit:
    """Nodes are numbered, unknown ones first; elements are grouped by their law."""

    def __init__(self, wires, elements, known, m, digits):
        self.m, self.digits = m, digits
        self.find = _merge(wires, elements)
        voltage = {}
        for node, value in known.items():
            if voltage.setdefault(self.find(node), value) != value:
                raise ValueError(f"{node} and another terminal hold one node at different voltages")
        named = {self.find(n) for e in elements for n in (e.one, e.other)} | {
            self.find(n) for a, b, _ in wires for n in (a, b)
        }
        unknown = sorted(named - set(voltage))
        self.unknown = len(unknown)
        self.place = {node: k for k, node in enumerate([*unknown, *voltage])}
        number = mpmath.mpf if digits else np.longdouble
        self.potential = np.array([number(0)] * self.unknown + [number(v) for v in voltage.values()])
        self.one = np.array([self.place[self.find(e.one)] for e in elements], dtype=int)
        self.other = np.array([self.place[self.find(e.other)] for e in elements], dtype=int)
        groups = {}
        for k, element in enumerate(elements):
            groups.setdefault(element.law, []).append(k)
        self.groups = {law: np.array(members) for law, members in groups.items()}

    def evaluate(self, potential):
        """Current and slope of every element, and the current that leaves every node."""
        across = potential[self.one] - potential[self.other]
        current, slope = np.zeros_like(across), np.zeros_like(across)
        with np.errstate(over="ignore", invalid="ignore"):
            for law, members in self.groups.items():
                current[members], slope[members] = law(across[members], self.m)
        leaving = np.zeros_like(potential)
        np.add.at(leaving, self.one, current)
        np.subtract.at(leaving, self.other, current)
        return current, slope, leaving

    def solve(self):
        n = self.unknown
        tiny = mpmath.mpf(10) ** (5 - mpmath.mp.dps) if self.digits else np.longdouble(1e-18)
        for _ in range(_MOST if n else 0):
            _, slope, leaving = self.evaluate(self.potential)
            step = np.zeros_like(self.potential)
            step[:n] = self._newton(slope, leaving[:n])
            at_start = (leaving * step).sum()
            part = self._shortened(step, at_start)
            self.potential = self.potential + part * step
            largest = abs(self.potential).max()
            if (part == 1 and abs(step).max() <= tiny * largest) or self._at_rounding():
                return
        if n:
            raise ArithmeticError("the reference did not settle")

    def _shortened(self, step, at_start):
        """Largest of 1, 1/2, 1/4, ... at which the step's power is not far uphill."""
        part = 1
        for _ in range(_HALVINGS):
            uphill = (self.evaluate(self.potential + part * step)[2] * step).sum()
            if uphill <= abs(at_start) / 2 or self._at_rounding():
                return part
            part = part * self.m.number(0.5)
        return part

    def _at_rounding(self):
        """Whether every node's imbalance is what rounding of the sum leaves."""
        current, slope, leaving = self.evaluate(self.potential)
        size = np.zeros_like(self.potential)
        # the element's voltage is a difference of node voltages: so far it can be off
        height = abs(self.potential[self.one]) + abs(self.potential[self.other])
        for ends in (self.one, self.other):
            np.add.at(size, ends, abs(current) + slope * height)
        rounding = mpmath.mp.eps if self.digits else np.finfo(np.longdouble).eps
        return bool((abs(leaving[: self.unknown]) <= rounding * size[: self.unknown]).all())

    def _newton(self, slope, leaving):
        n = self.unknown
        if self.digits:
            matrix = mpmath.zeros(n)
            for a, b, s in zip(self.one, self.other, slope, strict=True):
                for here, there in ((a, b), (b, a)):
                    if here < n:
                        matrix[here, here] += s
                        if there < n:
                            matrix[here, there] -= s
            return -np.array(list(mpmath.lu_solve(matrix, mpmath.matrix(list(leaving)))))
        sides = (
            (self.one, self.one, 1),
            (self.other, self.other, 1),
            (self.one, self.other, -1),
            (self.other, self.one, -1),
        )
        full = coo_matrix(
            (
                np.concatenate([sign * slope for _, _, sign in sides]).astype(float),
                (np.concatenate([a for a, _, _ in sides]), np.concatenate([b for _, b, _ in sides])),
            ),
            shape=(self.potential.size,) * 2,
        )
        scale = abs(leaving).max()
        if scale == 0:
            return np.zeros(n, dtype=np.longdouble)
        factors = splu(full.tocsc()[:n, :n])
        return -factors.solve((leaving / scale).astype(float)).astype(np.longdouble) * scale


def _merge(wires, elements):
    """Name of the group of each node, with nodes joined by zero ohm in one group."""
    parent = {node: node for a, b, _ in wires for node in (a, b)}
    parent |= {node: node for e in elements for node in (e.one, e.other)}

    def find(node):
        while parent[node] != node:
            node = parent[node]
        return node

    for a, b, resistance in wires:
        if resistance == 0.0:
            parent[find(b)] = find(a)
    return find


def _answer(circuit, cell_elements, ends, rows, columns):
    current, _, leaving = circuit.evaluate(circuit.potential)
    across = circuit.potential[circuit.one] - circuit.potential[circuit.other]

    def at(node):
        return circuit.potential[circuit.place[circuit.find(node)]]

    def cellwise(values, empty):
        out = np.full((rows, columns), empty)
        for (i, j), places in cell_elements.items():
            if len(places):
                out[i, j] = values[places[-1]]
        return out

    terminal, power, seen = {}, 0, set()
    for side, voltage, _, _, count, _ in ends:
        terminal[side] = np.zeros(count)
        for k, volt in enumerate(per_line(voltage, count)):
            node = None if np.isnan(volt) else circuit.find((side, k))
            # two terminals that hold one node: the first one named delivers its current
            if node is not None and node not in seen:
                seen.add(node)
                into = leaving[circuit.place[node]]
                terminal[side][k] = -into if side == "bottom" else into
                power = power + into * circuit.m.number(volt)
    voltages = [
        np.array([[float(at((kind, i, j))) for j in range(columns)] for i in range(rows)]) for kind in ("row", "column")
    ]
    largest = max([abs(c) for c in current], default=0) or 1
    residual = float(max([abs(x) for x in leaving[: circuit.unknown]], default=0) / largest)
    return Answer(
        *voltages,
        cellwise(across, np.nan),
        cellwise(current, 0.0),
        terminal["left"],
        terminal["bottom"],
        terminal["right"],
        terminal["top"],
        float(power),
        residual,
    )
