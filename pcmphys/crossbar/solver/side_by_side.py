"""Eight inputs of a batch at once: what `richardson` and `measure` do with one, input by input the same.

The recursions along the lines, which alone wait for their last step, become vector code (`pcmphys.numerics.lanes`), and
conductances and factors are read once for all eight. Every input gets the bits that it would get alone. Only for
networks without terminals at the far ends; two arrays of eight inputs, 128 bytes a cell, are carried.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.crossbar.solver.lines import FAR, FEED, NEAR, RISE, WIRE, Drive, Network
from pcmphys.crossbar.solver.measure import larger
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
    work = np.empty((3, columns, LANES))
    sweep(net, near, lengths, x, current, work)
    found = _Measured(*(np.zeros((count, LANES)) for count in (rows, columns, rows, rows, columns)))
    measure(net, near, x, work[:2], found)
    row, column = np.empty((rows, LANES)), np.empty((columns, LANES))
    violation, scale = np.zeros(LANES), np.zeros(LANES)
    word_lines = net.row_factor[:, 0].copy(), net.row_line, near.row, found.first, found.row
    bit_lines = net.column_factor[-1], net.column_line, near.column, x[-1], found.column
    _end(word_lines, 1.0, found.row_worst, row, (violation, scale))
    _end(bit_lines, -1.0, found.column_worst, column, (violation, scale))
    return Abreast(row, column, violation / np.where(scale > 0.0, scale, 1.0))


@kernel
def _end(lines_, sign, worst, current, largest):
    """Current [A] at the near ends of lines, and violation [V] there or along them; see `measure._near_violation`.

    ``lines_``: near factors, line numbers, drives, voltages of the first nodes, what cells add up to. Of the violations
    and the drives each input has its largest magnitude in ``largest``.
    """
    factor, line, drive, first, total = lines_
    violation, scale = largest
    for i in range(drive.shape[0]):
        feed, rise = line[FEED, i], line[RISE, i]
        for k in range(LANES):
            drop = sign * drive[i, k] - sign * first[i, k]
            violation[k] = larger(violation[k], factor[i] * drop - rise * total[i, k])
            violation[k] = larger(violation[k], worst[i, k])
            scale[k] = larger(scale[k], drive[i, k])
            if factor[i] > 0.5:
                current[i, k] = total[i, k] if feed < np.inf else 0.0
            else:
                current[i, k] = drop / feed


@kernel
def sweep(net, near, lengths, x, current, work):
    """All steps of `richardson.sweep` for eight inputs: x, ``current`` (rows, columns, 8), ``work`` (3, columns, 8)."""
    rows, columns = net.conductance.shape
    held, above = work[:2], work[2]
    for step in range(-1, lengths.size):
        for j in range(columns):
            store(everywhere(0.0), j, above)
        length = lengths[step] if step >= 0 else 1.0
        for i in range(0, rows - 1, 2):
            first, second = (near.column, near.column) if step < 0 else (x[i], x[i + 1])
            _collect_two(net.conductance[i : i + 2], net.row_factor[i : i + 2], first, second, held)
            _bring_two(net, i, length, step < 0, near, held, above, current)
        if rows % 2 > 0:
            last = rows - 1
            _collect(net.conductance[last], net.row_factor[last], near.column if step < 0 else x[last], held[0])
            _bring(net, last, length, step < 0, near, held[0], above, current[last])
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
def _collect_two(conductance, factor, x, y, out):
    """The same of two word lines: each waits for its own last step, and neither for the other."""
    total, other = everywhere(0.0), everywhere(0.0)
    for j in range(conductance.shape[1] - 1, -1, -1):
        total = conductance[0, j] * load(x, j) + total
        other = conductance[1, j] * load(y, j) + other
        store(total, j, out[0])
        store(other, j, out[1])
        total = total * factor[0, j]
        other = other * factor[1, j]


@law
def _first_node(net, near, i, held):
    """Voltage of the first node of word line i."""
    return net.row_factor[i, 0] * load(near.row, i) + net.row_line[RISE, i] * load(held, 0)


@law
def _bring(net, i, length, begins, near, held, above, current):
    """Voltages along word line i from its first one, and what its cells bring to the bit lines.

    Of that ``current`` takes a step of ``length``, or all if it ``begins``.
    """
    conductance, factor, factor_above = net.conductance[i], net.row_factor[i], net.column_factor[max(i - 1, 0)]
    wire, voltage = net.row_line[WIRE, i], _first_node(net, near, i, held)
    for j in range(conductance.size):
        if j > 0:
            voltage = factor[j] * (voltage + wire * load(held, j))
        fresh = conductance[j] * voltage + factor_above[j] * load(above, j)
        store(fresh, j, above)
        _step(fresh, length, begins, j, current)


@law
def _bring_two(net, i, length, begins, near, held, above, current):
    """The same for word lines i and i + 1."""
    conductance, factor = net.conductance[i : i + 2], net.row_factor[i : i + 2]
    factor_above, factor_between = net.column_factor[max(i - 1, 0)], net.column_factor[i]
    wire, other_wire = net.row_line[WIRE, i], net.row_line[WIRE, i + 1]
    voltage, other = _first_node(net, near, i, held[0]), _first_node(net, near, i + 1, held[1])
    for j in range(conductance.shape[1]):
        if j > 0:
            voltage = factor[0, j] * (voltage + wire * load(held[0], j))
            other = factor[1, j] * (other + other_wire * load(held[1], j))
        fresh = conductance[0, j] * voltage + factor_above[j] * load(above, j)
        below = conductance[1, j] * other + factor_between[j] * fresh
        store(below, j, above)
        _step(fresh, length, begins, j, current[i])
        _step(below, length, begins, j, current[i + 1])


@law
def _step(fresh, length, begins, j, current):
    if begins:
        store(fresh, j, current)
    else:
        before = load(current, j)
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
    rows = net.conductance.shape[0]
    for i in range(0, rows - 1, 2):
        _collect_two(net.conductance[i : i + 2], net.row_factor[i : i + 2], x[i], x[i + 1], held)
        _measure_two(net, i, near, x, held, measured)
    if rows % 2 > 0:
        _collect(net.conductance[rows - 1], net.row_factor[rows - 1], x[rows - 1], held[0])
        _measure_one(net, rows - 1, near, x, held[0], measured)


@law
def _measure_one(net, i, near, x, held, measured):
    """Word line i, and its cells' share of the bit lines."""
    conductance, factor, wire = net.conductance[i], net.row_factor[i], net.row_line[WIRE, i]
    voltage = _first_node(net, near, i, held)
    store(voltage, 0, held)
    store(voltage, i, measured.first)
    for j in range(1, conductance.size):
        voltage = factor[j] * (voltage + wire * load(held, j))
        store(voltage, j, held)
    total, worst = everywhere(-0.0), everywhere(0.0)
    for j in range(conductance.size - 1, -1, -1):
        own = load(held, j)
        cell = conductance[j] * (own - load(x[i], j))
        total = total + cell
        if j > 0:
            worst = larger_of(worst, load(held, j - 1) - own - wire * total)
        sums = load(measured.column, j) + cell
        store(sums, j, measured.column)
        if i < x.shape[0] - 1:
            miss = load(x[i], j) - load(x[i + 1], j) - net.column_line[WIRE, j] * sums
            store(larger_of(load(measured.column_worst, j), miss), j, measured.column_worst)
    store(total, i, measured.row)
    store(worst, i, measured.row_worst)


@law
def _measure_two(net, i, near, x, held, measured):
    """The same for word lines i and i + 1."""
    conductance, factor = net.conductance[i : i + 2], net.row_factor[i : i + 2]
    wire, other_wire = net.row_line[WIRE, i], net.row_line[WIRE, i + 1]
    voltage, other = _first_node(net, near, i, held[0]), _first_node(net, near, i + 1, held[1])
    store(voltage, 0, held[0])
    store(other, 0, held[1])
    store(voltage, i, measured.first)
    store(other, i + 1, measured.first)
    for j in range(1, conductance.shape[1]):
        voltage = factor[0, j] * (voltage + wire * load(held[0], j))
        other = factor[1, j] * (other + other_wire * load(held[1], j))
        store(voltage, j, held[0])
        store(other, j, held[1])
    total, other_total, worst, other_worst = everywhere(-0.0), everywhere(-0.0), everywhere(0.0), everywhere(0.0)
    for j in range(conductance.shape[1] - 1, -1, -1):
        own, below, node, next_node = load(held[0], j), load(held[1], j), load(x[i], j), load(x[i + 1], j)
        cell, other_cell = conductance[0, j] * (own - node), conductance[1, j] * (below - next_node)
        total, other_total = total + cell, other_total + other_cell
        if j > 0:
            worst = larger_of(worst, load(held[0], j - 1) - own - wire * total)
            other_worst = larger_of(other_worst, load(held[1], j - 1) - below - other_wire * other_total)
        column_wire, sums = net.column_line[WIRE, j], load(measured.column, j) + cell
        column_worst = larger_of(load(measured.column_worst, j), node - next_node - column_wire * sums)
        sums = sums + other_cell
        if i + 1 < x.shape[0] - 1:
            column_worst = larger_of(column_worst, next_node - load(x[i + 2], j) - column_wire * sums)
        store(sums, j, measured.column)
        store(column_worst, j, measured.column_worst)
    store(total, i, measured.row)
    store(other_total, i + 1, measured.row)
    store(worst, i, measured.row_worst)
    store(other_worst, i + 1, measured.row_worst)
