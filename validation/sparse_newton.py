"""A nonlinear crossbar by scipy alone: Newton's method on the sparse nodal matrix, as fast as that can be made.

What a careful user would write today: the pattern of the matrix is made once and only its values are renewed; the node
between device and selector is eliminated by a vectorised closed form or scalar Newton iteration with analytic slopes;
each step is one SuperLU factorisation with pivoting for symmetric matrices and the best of scipy's orderings; the start
is the array without wire resistance, from which full steps converge. With ``nested`` the ordering is a dissection made
by hand for this graph, which scipy does not offer: a factorisation then takes about half the time. Matrix-vector bias
only (word lines driven at the left, bit lines at virtual ground), wires without zeros.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import splu
from scipy.special import wrightomega

Law = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Voltages [V] across all cells to currents [A] and slopes [S], arrays of one shape."""


_SYMMETRIC = {"diag_pivot_thresh": 0.0, "options": {"SymmetricMode": True}}
_LEAF = 16  # cells that need no dissection


class Found(NamedTuple):
    """Column currents [A], word-line and bit-line voltages [V], Newton steps, and the last step [V]."""

    column_current: np.ndarray
    row_voltage: np.ndarray
    column_voltage: np.ndarray
    steps: int
    change: float


def diode(conductance: np.ndarray, saturation_current: float, thermal: float) -> Law:
    """Law of ohmic devices [S] behind diodes, ``thermal`` = n k T / q [V], by the Wright omega function."""
    scale = saturation_current / (thermal * conductance)
    offset = scale + np.log(scale)

    def law(voltage):
        omega = wrightomega(voltage / thermal + offset)
        return thermal * conductance * omega - saturation_current, conductance * (omega / (1.0 + omega))

    return law


def sinh(conductance: np.ndarray, current: float, scale: float) -> Law:
    """Law of ohmic devices [S] behind selectors I = current sinh(w / scale), by Newton's method on all cells at once.

    Solved for u = w / scale from ln(2 (V - w) G / current) on, or V / scale where that is smaller; kept between calls.
    """
    last: list[np.ndarray] = []

    def law(voltage):
        size = np.abs(voltage)
        if last:
            u = last[0]
        else:
            u = np.minimum(size / scale, np.arcsinh(conductance * size / current))
        for _ in range(50):
            miss = current * np.sinh(u) - conductance * (size - scale * u)
            slope = current * np.cosh(u) + conductance * scale
            step = miss / slope
            u = u - step
            if np.abs(step).max() < 1e-13:
                break
        last[:] = [u]
        own = current / scale * np.cosh(u)
        return np.copysign(conductance * (size - scale * u), voltage), own * conductance / (own + conductance)

    return law


class Network:
    """Pattern of the nodal matrix of a square or rectangular array, and where the values of wires and cells go."""

    def __init__(self, shape: tuple[int, int], row: float, column: float, *, nested: bool = False):
        rows, columns = self.shape = shape
        count = rows * columns
        self.order = None
        if nested:
            parts = np.concatenate(_dissection(np.arange(count).reshape(shape), count))
            self.order = parts, np.argsort(parts)
        place = np.arange(count).reshape(shape)
        self.along = 1.0 / row, 1.0 / column
        word = np.zeros(shape)
        word[:, 0] = self.along[0]
        word[:, 1:] += self.along[0]
        word[:, :-1] += self.along[0]
        bit = np.zeros(shape)
        bit[-1] = self.along[1]
        bit[1:] += self.along[1]
        bit[:-1] += self.along[1]
        self.wires = np.concatenate([word.ravel(), bit.ravel()])
        ends = (
            (place[:, :-1].ravel(), place[:, 1:].ravel(), -self.along[0]),
            (count + place[:-1].ravel(), count + place[1:].ravel(), -self.along[1]),
        )
        cells = place.ravel(), count + place.ravel()
        one = np.concatenate([np.arange(2 * count), *(e[0] for e in ends), cells[0]])
        other = np.concatenate([np.arange(2 * count), *(e[1] for e in ends), cells[1]])
        off = one != other
        rows_of = np.concatenate([one, other[off]])
        columns_of = np.concatenate([other, one[off]])
        values = np.concatenate([self.wires, *(np.full(e[0].size, e[2]) for e in ends), np.zeros(count)])
        values = np.concatenate([values, values[off]])
        if nested:
            rows_of, columns_of = self.order[1][rows_of], self.order[1][columns_of]
        order = np.lexsort((rows_of, columns_of))
        pointers = np.concatenate([[0], np.bincount(columns_of, minlength=2 * count).cumsum()])
        self.matrix = csc_matrix((values[order], rows_of[order], pointers), shape=(2 * count, 2 * count))
        where = np.empty(order.size, dtype=int)
        where[order] = np.arange(order.size)
        edges = one.size - 2 * count
        self.diagonal = where[: 2 * count]
        self.cells = where[one.size - count : one.size], where[2 * count + 2 * edges - count : 2 * count + 2 * edges]

    def step(self, slope: np.ndarray, leaving: np.ndarray) -> np.ndarray:
        """Change of the node voltages [V] that carries off the currents [A] that leave the nodes."""
        if self.order is None:
            return splu(self.renew(slope), permc_spec="MMD_AT_PLUS_A", **_SYMMETRIC).solve(leaving)
        factors = splu(self.renew(slope), permc_spec="NATURAL", relax=20, panel_size=20, **_SYMMETRIC)
        return factors.solve(leaving[self.order[0]])[self.order[1]]

    def renew(self, slope: np.ndarray) -> csc_matrix:
        """The matrix with the slopes [S] of the cells."""
        values = self.matrix.data
        values[self.diagonal] = self.wires + np.tile(slope.ravel(), 2)
        for part in self.cells:
            values[part] = -slope.ravel()
        return self.matrix

    def leaving(self, x: np.ndarray, drive: np.ndarray, current: np.ndarray) -> np.ndarray:
        """Current [A] that leaves each node at its voltages ``x``, wire drops taken segment by segment."""
        word, bit = x.reshape(2, *self.shape)
        into = self.along[0] * -np.diff(word, axis=1, prepend=drive[:, None])
        out = self.along[1] * -np.diff(bit, axis=0, append=0.0)
        at_word = current - into
        at_word[:, :-1] += into[:, 1:]
        at_bit = out - current
        at_bit[1:] -= out[:-1]
        return np.concatenate([at_word.ravel(), at_bit.ravel()])


def _dissection(cells: np.ndarray, count: int) -> list[np.ndarray]:
    """Nodes in the order of nested dissection: halves first, then the line of cells between them."""
    rows, columns = cells.shape
    if cells.size <= _LEAF:
        return [cells.ravel(), count + cells.ravel()]
    if columns >= rows:
        k = columns // 2
        parts = _dissection(cells[:, :k], count) + _dissection(cells[:, k + 1 :], count)
        return [*parts, count + cells[:, k], cells[:, k]]
    k = rows // 2
    parts = _dissection(cells[:k], count) + _dissection(cells[k + 1 :], count)
    return [*parts, cells[k], count + cells[k]]


def solve(network: Network, law: Law, drive: np.ndarray, tolerance: float = 1e-11, most: int = 30) -> Found:
    """Column currents for word lines driven at ``drive`` (rows,) [V]; steps until one is below ``tolerance`` [V].

    Raises
    ------
    ArithmeticError
        Full steps did not converge.
    """
    rows, columns = network.shape
    x = np.concatenate([np.repeat(drive, columns), np.zeros(rows * columns)])
    for step in range(1, most + 1):
        word, bit = x.reshape(2, rows, columns)
        current, slope = law(word - bit)
        change = network.step(slope, network.leaving(x, drive, current))
        x = x - change
        largest = float(np.abs(change).max())
        if largest <= tolerance:
            word, bit = x.reshape(2, rows, columns)
            return Found(law(word - bit)[0].sum(axis=0), word, bit, step, largest)
    raise ArithmeticError(f"the sparse Newton iteration did not converge: last step {largest:.1e} V")
