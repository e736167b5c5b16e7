"""Eight inputs of a batch at once: what `richardson` and `measure` do with one, input by input the same.

The recursions along the lines, which alone wait for their last step, become vector code (`pcmphys.numerics.lanes`), and
conductances and factors are read once for all eight. Every input gets the bits that it would get alone. Only for
networks without terminals at the far ends; two arrays of eight inputs, 128 bytes a cell, are carried.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.crossbar.solver.lines import FAR, FEED, NEAR, RISE, WIRE, Drive, Network
from pcmphys.numerics.compile import kernel, law, scratch
from pcmphys.numerics.lanes import LANES, everywhere, larger_of, load, store

_MOST_CELLS = 2**18
"""Cells above which two arrays of eight inputs are more memory than one thread should take."""


class Abreast(NamedTuple):
    """Terminal currents [A] of eight inputs, (lines, 8), and the residual of each over its largest drive."""

    row_current: np.ndarray
    column_current: np.ndarray
    residual: np.ndarray


class _Drives(NamedTuple):
    """Voltages [V] of the near ends, (lines, 8)."""

    row: np.ndarray
    column: np.ndarray


class _Measured(NamedTuple):
    """What cells add up to along each line [A], (lines, 8), voltages [V] of the first nodes and largest violations."""

    row: np.ndarray
    column: np.ndarray
    first: np.ndarray
    row_worst: np.ndarray
    column_worst: np.ndarray


def fits(net: Network) -> bool:
    """Whether a network's inputs can be solved side by side."""
    return net.conductance.size <= _MOST_CELLS and not (net.row_line[FAR].any() or net.column_line[FAR].any())


def solve(net: Network, drives: list[Drive], lengths: np.ndarray) -> Abreast:
    """Solve for up to eight inputs by steps of these lengths, and measure the answers."""
    rows, columns = net.conductance.shape
    near = _Drives(np.zeros((rows, LANES)), np.zeros((columns, LANES)))
    for k, drive in enumerate(drives):
        near.row[:, k], near.column[:, k] = drive.row[NEAR], drive.column[NEAR]
    x, current = scratch(2, (rows, columns, LANES))
    work = np.empty((2, columns, LANES))
    sweep(net, near, lengths, x, current, work)
    found = _Measured(*(np.zeros((count, LANES)) for count in (rows, columns, rows, rows, columns)))
    measure(net, near, x, work[0], found)
    row, row_worst = _ends(net.row_factor[:, 0], net.row_line, near.row, found.first, found.row)
    column, column_worst = _ends(net.column_factor[-1], net.column_line, -near.column, -x[-1], found.column)
    worst = [part.max(axis=0) for part in (row_worst, found.row_worst, column_worst, found.column_worst)]
    violation = np.maximum.reduce(worst)  # unlike fmax, it lets a NaN through
    scale = np.maximum(np.abs(near.row).max(axis=0), np.abs(near.column).max(axis=0))
    return Abreast(row, column, violation / np.where(scale > 0.0, scale, 1.0))


def _ends(factor, line, drive, first, total):
    """Current [A] at the near ends of lines and the violation [V] there; see `measure._near_violation`."""
    factor, feed, rise = factor[:, None], line[FEED][:, None], line[RISE][:, None]
    miss = np.abs(factor * (drive - first) - rise * total)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_drop = (drive - first) / feed
    return np.where(factor > 0.5, np.where(feed < np.inf, total, 0.0), by_drop), miss


@kernel
def sweep(net, near, lengths, x, current, work):
    """All steps of `richardson.sweep` for eight inputs: x, ``current`` (rows, columns, 8), ``work`` (2, columns, 8)."""
    conductance, factor, column_factor = net.conductance, net.row_factor, net.column_factor
    wire, rise = net.row_line[WIRE], net.row_line[RISE]
    rows, columns = conductance.shape
    held, above = work
    for step in range(-1, lengths.size):
        for j in range(columns):
            store(everywhere(0.0), j, above)
        for i in range(rows):
            _collect(conductance[i], factor[i], near.column if step < 0 else x[i], held)
            begin = factor[i, 0] * load(near.row, i) + rise[i] * load(held, 0)
            along = conductance[i], factor[i], column_factor[max(i - 1, 0)]
            if step < 0:
                _begin(along, wire[i], begin, held, above, current[i])
            else:
                _bring(along, wire[i], begin, lengths[step], held, above, current[i])
        _climb(net, near, current, x)


@law
def _collect(conductance, factor, x, out):
    """Currents that a word line's cells bring, summed up from its far end: the elimination of `lines.row_ladders`."""
    total = everywhere(0.0)
    for j in range(conductance.size - 1, -1, -1):
        total = conductance[j] * load(x, j) + total
        store(total, j, out)
        total = total * factor[j]


@law
def _begin(along, wire, voltage, held, above, current):
    """As `_bring`, of which the first step takes all."""
    conductance, factor, factor_above = along
    for j in range(conductance.size):
        if j > 0:
            voltage = factor[j] * (voltage + wire * load(held, j))
        fresh = conductance[j] * voltage + factor_above[j] * load(above, j)
        store(fresh, j, above)
        store(fresh, j, current)


@law
def _bring(along, wire, voltage, length, held, above, current):
    """Voltages along a word line from its first one, and what its cells bring to the bit lines.

    ``along``: conductances and factors of the word line, and factors of the bit lines above it.
    """
    conductance, factor, factor_above = along
    for j in range(conductance.size):
        if j > 0:
            voltage = factor[j] * (voltage + wire * load(held, j))
        fresh = conductance[j] * voltage + factor_above[j] * load(above, j)
        before = load(current, j)
        store(fresh, j, above)
        store(before + length * (fresh - before), j, current)


@law
def _climb(net, near, current, x):
    """Substitution of the bit lines from their near ends."""
    factor, wire, rise = net.column_factor, net.column_line[WIRE], net.column_line[RISE]
    last, columns = factor.shape[0] - 1, factor.shape[1]
    for j in range(columns):
        store(factor[last, j] * load(near.column, j) + rise[j] * load(current[last], j), j, x[last])
    for i in range(last - 1, -1, -1):
        for j in range(columns):
            store(factor[i, j] * (load(x[i + 1], j) + wire[j] * load(current[i], j)), j, x[i])


@kernel
def measure(net, near, x, held, measured):
    """Kirchhoff's laws at the bit-line voltages x (rows, columns, 8) of eight inputs, as in `measure`."""
    conductance, factor = net.conductance, net.row_factor
    row_wire, rise, column_wire = net.row_line[WIRE], net.row_line[RISE], net.column_line[WIRE]
    rows, columns = conductance.shape
    for i in range(rows):
        _collect(conductance[i], factor[i], x[i], held)
        voltage = factor[i, 0] * load(near.row, i) + rise[i] * load(held, 0)
        store(voltage, 0, held)
        store(voltage, i, measured.first)
        for j in range(1, columns):
            voltage = factor[i, j] * (voltage + row_wire[i] * load(held, j))
            store(voltage, j, held)
        total, worst = everywhere(-0.0), everywhere(0.0)
        for j in range(columns - 1, -1, -1):
            own, node = load(held, j), load(x[i], j)
            cell = conductance[i, j] * (own - node)
            total = total + cell
            if j > 0:
                worst = larger_of(worst, load(held, j - 1) - own - row_wire[i] * total)
            sums = load(measured.column, j) + cell
            store(sums, j, measured.column)
            if i < rows - 1:
                miss = node - load(x[i + 1], j) - column_wire[j] * sums
                store(larger_of(load(measured.column_worst, j), miss), j, measured.column_worst)
        store(total, i, measured.row)
        store(worst, i, measured.row_worst)
