"""A crossbar as a plain list of resistors, solved by a sparse direct factorisation.

Every wire segment, terminal resistance and cell is an edge of a graph. Zero-ohm edges merge their ends, terminals are
nodes of known voltage. Nothing here knows of word lines, ladders or elimination orders. The solution of the
factorisation is refined in extended precision (node currents recomputed edge by edge), so that its own rounding stays
far below the tolerances of the cases.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_matrix, csc_matrix
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu


class Circuit(NamedTuple):
    """Edges between merged nodes; the first ``known`` nodes have given voltages (word-line sources, then ground)."""

    one: np.ndarray
    other: np.ndarray
    conductance: np.ndarray
    place: np.ndarray
    known: int
    size: int


class Nodes(NamedTuple):
    """Node voltages [V] of shape (rows, columns), currents [A] per line."""

    row_voltage: np.ndarray
    column_voltage: np.ndarray
    row_current: np.ndarray
    column_current: np.ndarray


def circuit(cells: np.ndarray, row=0.0, column=0.0, source=0.0, sense=0.0) -> Circuit:
    """Build the graph; resistances [ohm] as in `pcmphys.Wires`."""
    rows, columns = cells.shape
    row, source = (np.broadcast_to(np.asarray(r, dtype=float), (rows,)) for r in (row, source))
    column, sense = (np.broadcast_to(np.asarray(r, dtype=float), (columns,)) for r in (column, sense))
    ground = rows
    word = rows + 1 + np.arange(rows * columns).reshape(rows, columns)
    bit = word + rows * columns
    edges = [
        (np.arange(rows), word[:, 0], row + source),
        (word[:, :-1].ravel(), word[:, 1:].ravel(), np.repeat(row, columns - 1)),
        (np.full(columns, ground), bit[-1], column + sense),
        (bit[:-1].ravel(), bit[1:].ravel(), np.tile(column, rows - 1)),
    ]
    one, other, resistance = (np.concatenate(part) for part in zip(*edges, strict=True))
    total = rows + 1 + 2 * rows * columns
    joined = resistance == 0.0
    graph = coo_matrix((np.ones(joined.sum()), (one[joined], other[joined])), shape=(total, total))
    count, label = connected_components(graph, directed=False)
    # known nodes first: each lies in a group of its own, because no wire joins two terminals
    first = label[: rows + 1]
    order = np.concatenate([first, np.setdiff1d(np.arange(count), first)])
    number = np.empty(count, dtype=int)
    number[order] = np.arange(count)
    place = number[label]
    present = cells.ravel() > 0.0
    one = np.concatenate([one[~joined], word.ravel()[present]])
    other = np.concatenate([other[~joined], bit.ravel()[present]])
    conductance = np.concatenate([1.0 / resistance[~joined], cells.ravel()[present]])
    return Circuit(place[one], place[other], conductance, place, rows + 1, count)


def matrix(wiring: Circuit) -> tuple[csc_matrix, csc_matrix]:
    """Nodal matrix of the unknown nodes, and its columns of known nodes (minus their currents at unit voltage)."""
    one, other, g, _, known, size = wiring
    rows = np.concatenate([one, other, one, other])
    columns = np.concatenate([one, other, other, one])
    full = coo_matrix((np.concatenate([g, g, -g, -g]), (rows, columns)), shape=(size, size)).tocsc()
    return csc_matrix(full[known:, known:]), csc_matrix(full[known:, :known])


def solve(cells: np.ndarray, voltage: np.ndarray, **wires) -> Nodes:
    """Solve one input ``voltage`` (rows,) [V]; keyword arguments as in `circuit`."""
    wiring = circuit(cells, **wires)
    potential = np.zeros(wiring.size, dtype=np.longdouble)
    potential[: len(voltage)] = voltage
    if wiring.size > wiring.known:
        _refine(wiring, potential)
    rows, columns = cells.shape
    row_voltage, column_voltage = potential[wiring.place[rows + 1 :]].reshape(2, rows, columns)
    current = cells * (row_voltage - column_voltage)
    parts = (row_voltage, column_voltage, current.sum(axis=1), current.sum(axis=0))
    return Nodes(*(part.astype(float) for part in parts))


def _refine(wiring: Circuit, potential: np.ndarray) -> None:
    inner, _ = matrix(wiring)
    factors = splu(inner, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    conductance = wiring.conductance.astype(np.longdouble)
    for _ in range(30):
        current = conductance * (potential[wiring.one] - potential[wiring.other])
        missing = np.zeros(wiring.size, dtype=np.longdouble)
        np.subtract.at(missing, wiring.one, current)
        np.add.at(missing, wiring.other, current)
        scale = np.abs(missing[wiring.known :]).max()
        if scale == 0.0:
            return
        correction = factors.solve((missing[wiring.known :] / scale).astype(float)) * scale
        potential[wiring.known :] += correction
        if np.abs(correction).max() <= 1e-17 * np.abs(potential).max():
            return
    raise ArithmeticError("the refinement of the reference solution did not settle")
