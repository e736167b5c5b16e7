"""A small crossbar that stands for the smooth part of a large one: what an iteration along lines is slow to find.

Voltages of word lines and of bit lines are taken as bilinear between evenly spaced points of the array, the corners
among them. The wires' energy and the cells' energy of such voltages are those of a crossbar with a line through each
point, once both are lumped to the points: a word line of it is joined to its terminals by the sum of the conductances
that the word lines around it have, each by its share, and so on. It is a `Network` like any other, solved by the same
conjugate gradients, and costs next to nothing: the points are as far apart as voltages can still bend.

How far that is, a line's length over its number of nodes says: with r [ohm] a segment and g [S] a cell, a change dies
out over l = 1 / sqrt(r g) nodes, and an iteration damps what varies over d nodes by 1 / (1 + (2 pi l / d)^2). With
points l / 5 apart what is left falls by more than a hundred an iteration; with l apart, by ten.

Jumps between blocks instead of bilinear voltages would not do: they cost energy in the wires that no voltage has.

References
----------
A. Brandt, Math. Comput. 31, 333 (1977): corrections from a coarse grid.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pcmphys.crossbar.solver import conjugate_gradient, lines
from pcmphys.crossbar.solver.lines import FAR, FEED, ROOM, ROWS_AT_ONCE, WIRE, Drive, Network
from pcmphys.numerics.compile import kernel

_FINE, _MANY = 5.0, 128
"""Points in the length over which voltages bend, up to that many points; beyond that, at least one."""
_FEWEST, _APART = 8, 3
"""Least number of points along a line, and least number of nodes from one to the next."""
_SHORTEST, _LONGEST = 0.6, 8.0
"""Length of a line, over that in which voltages bend, from which on a coarse crossbar pays; least such length."""
_UNEVEN = 100.0
"""Largest wire over the smallest that is still smooth."""
REDUCTION = 1e-3
"""How well the coarse crossbar is solved each time."""
_MOST = 200


class Places(NamedTuple):
    """Where nodes lie between points, from one end to the other: the point before each, and its share of the next."""

    before: np.ndarray
    share: np.ndarray


class Coarse(NamedTuple):
    """The coarse crossbar, where the nodes of the large one lie in it, and working space.

    ``strip`` (points, columns) is interpolated along word lines but not along bit lines; ``excess`` (points, points)
    holds currents, ``fields`` those of `conjugate_gradient.solve`.
    """

    net: Network
    still: Drive
    row: Places
    column: Places
    strip: np.ndarray
    excess: np.ndarray
    fields: tuple[np.ndarray, ...]


def points(net: Network) -> tuple[int, int] | None:
    """Points along bit lines and along word lines; None where a coarse crossbar does not pay or does not fit."""
    rows, columns = net.conductance.shape
    if min(rows, columns) < _FEWEST * _APART:
        return None
    row_wire, column_wire = net.row_line[WIRE], net.column_line[WIRE]
    if not (_even(row_wire) and _even(column_wire)):
        return None
    mean = float(net.conductance[:: max(1, rows // 64)].mean())
    down, along = rows * math.sqrt(mean * column_wire.mean()), columns * math.sqrt(mean * row_wire.mean())
    if max(down, along) < _SHORTEST or down * _LONGEST > rows or along * _LONGEST > columns:
        return None
    return _number(rows, down), _number(columns, along)


def fits(net: Network) -> bool:
    """Whether a coarse crossbar pays, and the voltages are smooth enough for one."""
    return points(net) is not None


def _even(wire: np.ndarray) -> bool:
    least = wire.min()
    return bool(least > 0.0 and wire.max() <= _UNEVEN * least)


def _number(nodes: int, lengths: float) -> int:
    wanted = max(_FEWEST, min(_FINE * lengths, max(_MANY, lengths)))
    return min(math.ceil(wanted), nodes // _APART) + 1


def of_network(net: Network, counts: tuple[int, int]) -> Coarse:
    """The coarse crossbar with these numbers of points."""
    rows, columns = net.conductance.shape
    down, along = counts
    row, column = _places(rows, down), _places(columns, along)
    strip, cells = np.empty((down, columns)), np.empty((down, along))
    strip[...] = 0.0
    add_rows(net.conductance, row, strip)
    gather(strip, column, cells)
    small = Network(
        cells, np.empty_like(cells), np.empty_like(cells),
        _line(net.row_line, row, down, (columns - 1) / (along - 1)),
        _line(net.column_line, column, along, (rows - 1) / (down - 1)),
    )  # fmt: skip
    lines.factor_rows(0, down, small)
    lines.factor_columns(0, along, small)
    fields = tuple(np.empty_like(cells) for _ in range(5))
    return Coarse(small, lines.still(down, along), row, column, strip, np.empty_like(cells), fields)


def _places(nodes: int, count: int) -> Places:
    place = np.arange(nodes) * (count - 1) / (nodes - 1)
    before = np.minimum(place.astype(np.int64), count - 2)
    return Places(before, place - before)


def _line(line: np.ndarray, places: Places, count: int, apart: float) -> np.ndarray:
    """Wires and ends of the coarse lines, each the sum of those around it; fields as in `lines.Network`."""
    out = np.empty((4, count))
    with np.errstate(divide="ignore"):
        out[WIRE] = apart / _shared(1.0 / line[WIRE], places, count)
        out[FEED] = 1.0 / _shared(1.0 / line[FEED], places, count)
    out[FAR] = _shared(line[FAR], places, count)
    return out


def _shared(values: np.ndarray, places: Places, count: int) -> np.ndarray:
    return np.bincount(places.before, (1.0 - places.share) * values, count) + np.bincount(
        places.before + 1, places.share * values, count
    )


@kernel
def add_rows(values, places, strip):
    """Share out every row of ``values`` (rows, columns) to the two points that it lies between."""
    for i in range(values.shape[0]):
        k = places.before[i]
        share_out(places.share[i], values[i], strip[k], strip[k + 1])


@kernel
def share_out(share, values, before, behind):
    """Add ``values`` to two strips, each its share."""
    for j in range(values.size):
        before[j] += (1.0 - share) * values[j]
        behind[j] += share * values[j]


@kernel
def gather(strip, places, out):
    """Share out the columns of a strip (points, columns) to the points (points, points)."""
    out[:] = 0.0
    before, share = places.before, places.share
    for i in range(strip.shape[0]):
        for j in range(strip.shape[1]):
            k = before[j]
            out[i, k] += (1.0 - share[j]) * strip[i, j]
            out[i, k + 1] += share[j] * strip[i, j]


@kernel
def spread(values, places, strip):
    """Interpolate along the word lines, from points (lines, points) to all columns (lines, columns)."""
    before, share = places.before, places.share
    for i in range(strip.shape[0]):
        for j in range(strip.shape[1]):
            k = before[j]
            strip[i, j] = values[i, k] + share[j] * (values[i, k + 1] - values[i, k])


@kernel
def add_between(share, before, behind, inout):
    """Add what lies between two lines of numbers, at a share of the way from the first to the second."""
    for j in range(inout.size):
        inout[j] += before[j] + share * (behind[j] - before[j])


@kernel
def add_spread(values, places, inout):
    """Interpolate along the bit lines, from points (points, columns) to all word lines (lines, columns), and add."""
    for i in range(inout.shape[0]):
        k = places.before[i]
        add_between(places.share[i], values[k], values[k + 1], inout[i])


@kernel
def correct(coarse):
    """Solve for the currents that word lines have too much, shared out in ``strip``; returns the largest correction.

    On return ``strip`` holds the correction [V] of the bit-line voltages at the points of each column.
    """
    net, still, excess = coarse.net, coarse.still, coarse.excess
    y, residual, _, _, x = coarse.fields
    down, along = excess.shape
    gather(coarse.strip, coarse.column, excess)
    scratch = np.zeros((ROOM, along))
    for first in range(0, down, ROWS_AT_ONCE):
        count = min(ROWS_AT_ONCE, down - first)
        for k in range(count):
            lines.copy(excess[first + k], scratch[k])
        lines.row_ladders(first, net, still, scratch)
        for k in range(count):
            lines.multiply(net.conductance[first + k], scratch[k], residual[first + k])
    y[:] = 0.0
    conjugate_gradient.descend(net, still, coarse.fields, (0.0, _MOST, _MOST, 0.0, REDUCTION), np.empty((2, _MOST)))
    lines.column_ladders(0, along, net, still, y, x)
    spread(x, coarse.column, coarse.strip)
    largest = 0.0
    for i in range(down):
        for j in range(along):
            largest = max(largest, abs(x[i, j]))
    return largest
