"""A linear crossbar, the slow way: every segment, terminal and cell is a resistor in a list, solved node by node.

A resistor of zero ohm merges its two ends, an open cell is left out, a terminal is a node of known voltage. The node
voltages come from a sparse direct solve. That alone loses digits when wires of milliohms hang on a terminal of
kiloohms (the sum of conductances at a node then drowns the small ones), so the solution is refined: node currents are
recomputed resistor by resistor in extended precision and the same factors give the correction, until nothing changes.
``digits`` asks for a dense solve with that many decimal digits instead; it judges the refinement itself.
"""

from __future__ import annotations

from typing import NamedTuple

import mpmath
import numpy as np
from scipy.sparse import coo_matrix, csc_matrix
from scipy.sparse.linalg import splu


class Answer(NamedTuple):
    row_voltage: np.ndarray
    column_voltage: np.ndarray
    row_current: np.ndarray
    column_current: np.ndarray


class Resistor(NamedTuple):
    one: tuple
    other: tuple
    conductance: float


def per_line(value, count):
    return [float(v) for v in np.broadcast_to(np.asarray(value, dtype=float), (count,))]


def solve(cells, voltage, row=0.0, column=0.0, source=0.0, sense=0.0, digits=None) -> Answer:
    """Voltages and currents of one input ``voltage`` (rows,); the other arguments as in `pcmphys.Wires`."""
    cells, voltage = np.asarray(cells, dtype=float), np.asarray(voltage, dtype=float)
    rows, columns = cells.shape
    number = mpmath.mpf if digits else float
    with mpmath.workdps(digits or 15):
        resistances = _wires(rows, columns, row, column, source, sense, number)
        find = _merge(resistances)
        resistors = [Resistor(find(a), find(b), 1 / r) for a, b, r in resistances if r != 0]
        for i in range(rows):
            for j in range(columns):
                if cells[i, j] != 0.0:
                    resistors.append(Resistor(find(("row", i, j)), find(("column", i, j)), number(cells[i, j])))
        known = {find(("source", i)): number(voltage[i]) for i in range(rows)}
        known |= {find(("ground", j)): number(0.0) for j in range(columns)}
        nodes = sorted({find(node) for a, b, _ in resistances for node in (a, b)} - set(known))
        place = {node: k for k, node in enumerate(nodes)}
        found = (_dense if digits else _sparse)(resistors, known, place)
        everything = known | dict(zip(nodes, found))
        extended = object if digits else np.longdouble
        row_voltage, column_voltage = (
            np.array([[everything[find((kind, i, j))] for j in range(columns)] for i in range(rows)], dtype=extended)
            for kind in ("row", "column")
        )
        current = cells.astype(extended) * (row_voltage - column_voltage)
        parts = (row_voltage, column_voltage, current.sum(axis=1), current.sum(axis=0))
        return Answer(*(part.astype(float) for part in parts))


def _wires(rows, columns, row, column, source, sense, number):
    """All wire segments as (one end, other end, resistance)."""
    out = []
    row, source, column, sense = (
        per_line(row, rows), per_line(source, rows), per_line(column, columns), per_line(sense, columns)
    )  # fmt: skip
    for i in range(rows):
        out.append((("source", i), ("row", i, 0), number(row[i]) + number(source[i])))
        for j in range(1, columns):
            out.append((("row", i, j - 1), ("row", i, j), number(row[i])))
    for j in range(columns):
        out.append((("ground", j), ("column", rows - 1, j), number(column[j]) + number(sense[j])))
        for i in range(rows - 1):
            out.append((("column", i, j), ("column", i + 1, j), number(column[j])))
    return out


def _merge(resistances):
    """Name of the group of each node, with nodes joined by zero ohm in one group."""
    parent = {node: node for a, b, _ in resistances for node in (a, b)}

    def find(node):
        while parent[node] != node:
            node = parent[node]
        return node

    for a, b, resistance in resistances:
        if resistance == 0:
            parent[find(b)] = find(a)
    return find


def _dense(resistors, known, place):
    size = len(place)
    if size == 0:
        return []
    matrix, right = mpmath.zeros(size), mpmath.zeros(size, 1)
    for a, b, conductance in resistors:
        for here, there in ((a, b), (b, a)):
            if here in place:
                matrix[place[here], place[here]] += conductance
                if there in place:
                    matrix[place[here], place[there]] -= conductance
                else:
                    right[place[here]] += conductance * known[there]
    return list(mpmath.lu_solve(matrix, right))


def _sparse(resistors, known, place):
    size = len(place)
    if size == 0:
        return []
    index = place | {node: size + k for k, node in enumerate(known)}
    one = np.array([index[r.one] for r in resistors])
    other = np.array([index[r.other] for r in resistors])
    conductance = np.array([r.conductance for r in resistors])
    sides = [(one, one, 1), (other, other, 1), (one, other, -1), (other, one, -1)]
    full = coo_matrix(
        (
            np.concatenate([sign * conductance for _, _, sign in sides]),
            (np.concatenate([a for a, _, _ in sides]), np.concatenate([b for _, b, _ in sides])),
        ),
        shape=(len(index), len(index)),
    )
    factors = splu(csc_matrix(full.tocsc()[:size, :size]))
    # a node voltage is sought as its difference from zero; known nodes never change
    potential = np.zeros(len(index), dtype=np.longdouble)
    for node, value in known.items():
        potential[index[node]] = value
    conductance = conductance.astype(np.longdouble)
    for _ in range(30):
        current = conductance * (potential[one] - potential[other])
        missing = np.zeros(len(index), dtype=np.longdouble)
        np.subtract.at(missing, one, current)
        np.add.at(missing, other, current)
        largest = np.abs(missing[:size]).max()
        if largest == 0.0:
            break
        correction = factors.solve((missing[:size] / largest).astype(float)) * largest
        potential[:size] += correction
        if np.abs(correction).max() <= 1e-17 * np.abs(potential).max():
            break
    else:
        raise ArithmeticError("the refinement of the reference solution did not settle")
    return list(potential[:size])
