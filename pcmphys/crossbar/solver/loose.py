"""Lines that hardly anything holds: open, or behind a large resistance, on cells that conduct far more than that.

The voltage of such a block of lines is decided by the little that leaks out of it, decades below the currents that
rounding leaves inside it: neither an iteration nor a sum of currents sees that balance. Here each loose line is one
node (its wires bind it far better than cells leave it) of a small network of its own, and its current law is checked
and solved so that no digit of a leak is lost:

- what a line collects is summed up in double-double: of a current between two lines the same number enters both, so
  that within a block it cancels to the last digit, and the leaks remain;
- the small network is eliminated without subtraction: of each line its leak to all that is held is kept, not the
  diagonal, of which the leak would be a rounding error.

Voltages of the lines' other modes, which no leak decides, are the business of `linear` and `newton`.

References
----------
W. K. Grassmann, M. I. Taksar, D. P. Heyman, Oper. Res. 33, 1107 (1985): elimination without subtraction.
T. J. Dekker, Numer. Math. 18, 224 (1971): sums in double-double. M. Pollack, Oper. Res. 8, 733 (1960): the widest path.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.crossbar.solver import lines
from pcmphys.crossbar.solver.lines import END, FAR, FEED, NEAR, PINNED, Drive, Network
from pcmphys.numerics.compile import kernel, launch, law

_WEAK = 0.03
"""The best way out of a line, over its best cell, below which the line counts as loose: above, an iteration sees it."""
_DIGIT = 4.0 * np.finfo(float).eps
ROUNDING = 2e-16
"""Shift of a loose line, over the largest terminal voltage, that is rounding."""
_SMALL, _UNEVEN = 200, 1e-4
"""Up to so many lines it costs nothing to look at all of them; smallest cell over the largest that asks for it."""


class Loose(NamedTuple):
    """The loose lines of a network, and their own small network, eliminated.

    ``rows`` and ``columns`` are their numbers. ``between`` (rows, columns) [S] joins them; ``row_whole`` and
    ``column_whole`` [S] are what each had left when it was eliminated, ``shared`` (columns, columns) the parts of its
    balance that a bit line hands on to those before it.
    """

    rows: np.ndarray
    columns: np.ndarray
    between: np.ndarray
    row_whole: np.ndarray
    column_whole: np.ndarray
    shared: np.ndarray

    def shifts(
        self, net: Network, drive: Drive, current: np.ndarray, voltage: np.ndarray, x: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Shifts [V] of all word lines and all bit lines (zero where held) after which each loose line is in balance.

        ``current`` (rows, columns) [A] is what the cells carry at the node voltages ``voltage`` and ``x``.
        """
        rows, columns = current.shape
        out, into = np.empty(rows), np.empty(columns)
        collected(current, out, into)
        row_miss = _terminal_current(net.row_line, drive.row, voltage[:, 0], voltage[:, -1]) - out
        column_miss = _terminal_current(net.column_line, drive.column, x[-1], x[0]) + into
        of_rows, of_columns = np.zeros(rows), np.zeros(columns)
        of_rows[self.rows], of_columns[self.columns] = self._solve(row_miss[self.rows], column_miss[self.columns])
        return of_rows, of_columns

    def drift(self, net: Network, drive: Drive, current: np.ndarray, voltage: np.ndarray, x: np.ndarray) -> float:
        """How far off the loose lines still are [V]: the largest of the `shifts`, beyond what rounding moves.

        Where currents hardly depend on the voltage (reverse diodes on both sides), their last digit moves it far.
        """
        size = np.abs(current)
        noise = self._solve(_DIGIT * size[self.rows].sum(axis=1), _DIGIT * size[:, self.columns].sum(axis=0))
        shifts = self.shifts(net, drive, current, voltage, x)
        found = [np.abs(shifts[0][self.rows]) - noise[0], np.abs(shifts[1][self.columns]) - noise[1]]
        return max(float(part.max(initial=0.0)) for part in found)

    def _solve(self, row_miss, column_miss):
        """Shifts [V] for what each loose line has too much [A]."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            per_row = np.where(self.row_whole > 0.0, row_miss / self.row_whole, 0.0)
        column_miss = column_miss + (self.between * per_row[:, None]).sum(axis=0)
        shift = np.empty(column_miss.size)
        _substitute(self.shared, self.column_whole, column_miss, shift)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            through = np.where(self.row_whole > 0.0, (self.between * shift).sum(axis=1) / self.row_whole, 0.0)
        return per_row + through, shift


def find(net: Network, *, sensitive: bool = False) -> Loose | None:
    """The loose lines of a network if there are any.

    In a small network with an open line these are all lines but the pinned ones, if its cells are very uneven or
    ``sensitive``: an error that no voltage shows may then be much of a current.
    """
    largest = net.conductance.max()
    if largest == 0.0 or _WEAK * largest * max(net.row_line[FEED].max(), net.column_line[FEED].max()) <= 1.0:
        return None
    row_end, column_end = _terminals(net.row_line), _terminals(net.column_line)
    weakest = min(row_end.min(), column_end.min())
    small = row_end.size + column_end.size <= _SMALL
    if small and weakest == 0.0 and (sensitive or _uneven(net.conductance, largest)):
        limit = PINNED
    elif weakest < _WEAK * largest and _weakly_held(net.conductance, row_end, column_end):
        limit = PINNED if small else largest
    else:
        return None
    rows, columns = np.flatnonzero(row_end < limit), np.flatnonzero(column_end < limit)
    return _eliminated(net.conductance, rows, columns, row_end[rows], column_end[columns])


def _uneven(conductance, largest: float) -> bool:
    return bool(np.where(conductance > 0.0, conductance, np.inf).min() < _UNEVEN * largest)


def _weakly_held(conductance, row_end, column_end) -> bool:
    """Whether the best way out of some line is far worse than its best cell."""
    row_way, column_way = ways(conductance, row_end, column_end)
    return bool(
        (row_way < _WEAK * conductance.max(axis=1)).any() or (column_way < _WEAK * conductance.max(axis=0)).any()
    )


def _terminals(line: np.ndarray) -> np.ndarray:
    """Conductance [S] of each line's terminals; `PINNED` where one is ideal."""
    with np.errstate(divide="ignore"):
        return np.minimum(1.0 / line[FEED] + line[FAR], PINNED)


def held(net: Network, drive: Drive) -> tuple[np.ndarray, np.ndarray]:
    """Voltages [V] of word lines (rows, 1) and bit lines (columns,) to begin at: a terminal's, zero without one."""
    row, column = net.row_line, net.column_line
    return (
        lines.held(row[FEED], row[FAR], drive.row, 0.0)[:, None],
        lines.held(column[FEED], column[FAR], drive.column, 0.0),
    )


def ways(conductance: np.ndarray, row_end: np.ndarray, column_end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The best way of each line to a terminal [S]: the weakest link on it. Zero: there is none."""
    row_way, column_way = row_end.copy(), column_end.copy()
    _widest(conductance, row_way, column_way)
    return row_way, column_way


@kernel
def _widest(conductance, row_way, column_way):
    """Widen the ways of all lines, beginning at the best (Dijkstra's search)."""
    rows, columns = conductance.shape
    row_open, column_open = np.ones(rows, np.bool_), np.ones(columns, np.bool_)
    for _ in range(rows + columns):
        best, at = -1.0, 0
        for i in range(rows):
            if row_open[i] and row_way[i] > best:
                best, at = row_way[i], i
        for j in range(columns):
            if column_open[j] and column_way[j] > best:
                best, at = column_way[j], rows + j
        if at < rows:
            row_open[at] = False
            for j in range(columns):
                if column_open[j]:
                    column_way[j] = max(column_way[j], min(best, conductance[at, j]))
        else:
            column_open[at - rows] = False
            for i in range(rows):
                if row_open[i]:
                    row_way[i] = max(row_way[i], min(best, conductance[i, at - rows]))


def _eliminated(conductance, rows, columns, row_end, column_end) -> Loose:
    held_rows, held_columns = np.ones(conductance.shape[0], bool), np.ones(conductance.shape[1], bool)
    held_rows[rows], held_columns[columns] = False, False
    between = np.ascontiguousarray(conductance[np.ix_(rows, columns)])
    row_leak = conductance[rows][:, held_columns].sum(axis=1) + row_end
    column_leak = conductance[:, columns][held_rows].sum(axis=0) + column_end
    row_whole = between.sum(axis=1) + row_leak
    with np.errstate(divide="ignore", invalid="ignore"):
        handed = np.nan_to_num(row_leak / row_whole)
    column_leak = column_leak + (between * handed[:, None]).sum(axis=0)
    shared = np.empty((columns.size, columns.size))
    launch(_join_columns, columns.size, between, row_whole, shared, grain=64)
    column_whole = np.empty(columns.size)
    _eliminate_columns(shared, column_leak, column_whole)
    return Loose(rows, columns, between, row_whole, column_whole, shared)


@kernel
def _join_columns(start, stop, between, row_whole, shared):
    """Conductance between each two bit lines through the word lines: sum of g_ij g_ik / (whole of i)."""
    for j in range(start, stop):
        out = shared[j]
        out[:] = 0.0
        for i in range(between.shape[0]):
            if between[i, j] > 0.0:
                scale = between[i, j] / row_whole[i]
                for k in range(out.size):
                    out[k] += scale * between[i, k]


@kernel
def _eliminate_columns(shared, leak, whole):
    """Eliminate the bit lines from the last on; row k of ``shared`` then holds its shares g_kj / whole_k, j < k."""
    for k in range(whole.size - 1, -1, -1):
        total = leak[k]
        for j in range(k):
            total += shared[k, j]
        whole[k] = total
        if total == 0.0:
            continue
        for j in range(k):
            part = shared[k, j] / total
            leak[j] += part * leak[k]
            for m in range(k):
                shared[j, m] += part * shared[k, m]
        for j in range(k):
            shared[k, j] /= total


@law
def _two_sum(a, b):
    """Rounded sum, and what rounding took from it."""
    s = a + b
    z = s - a
    return s, (a - (s - z)) + (b - z)


@kernel
def collected(current, of_rows, of_columns):
    """What each word line gives to its cells and each bit line takes from them [A], to twice the digits."""
    rows, columns = current.shape
    lost = np.zeros(columns)
    of_columns[:] = 0.0
    for i in range(rows):
        total, low = 0.0, 0.0
        for j in range(columns):
            total, rest = _two_sum(total, current[i, j])
            low += rest
            of_columns[j], rest = _two_sum(of_columns[j], current[i, j])
            lost[j] += rest
        of_rows[i] = total + low
    for j in range(columns):
        of_columns[j] += lost[j]


def _terminal_current(line, drive, first, last) -> np.ndarray:
    """What a line's terminals give [A] at the voltages of its first and last node."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        near = np.where(line[FEED] > 0.0, (drive[NEAR] - first) / line[FEED], 0.0)
        return near + np.where(line[FAR] < PINNED, line[FAR] * (drive[END] - last), 0.0)


@kernel
def _substitute(shared, whole, miss, shift):
    for k in range(whole.size - 1, -1, -1):
        for j in range(k):
            miss[j] += shared[k, j] * miss[k]
    for k in range(whole.size):
        total = 0.0
        for j in range(k):
            total += shared[k, j] * shift[j]
        shift[k] = total + (miss[k] / whole[k] if whole[k] > 0.0 else 0.0)
