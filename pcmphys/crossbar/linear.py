"""Solve a linear crossbar: conjugate gradients for one input, a shared polynomial for a batch, threads if large."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from pcmphys._jit import kernel, launch, scratch, spans, thread_count, together
from pcmphys.crossbar import _conjugate_gradient, _lines, _measure, _richardson, polynomial
from pcmphys.crossbar._lines import Network
from pcmphys.errors import ConvergenceError

_LARGE = 2**18
"""From this many cells on, one solve is shared by the threads: below, handing over costs more than it saves."""
_RESTARTS = 4
_SLACK = 4.0
"""The measured residual may exceed the tolerance of the iteration by this factor: it adds up two of its errors."""
_ROWS, _COLUMNS = _lines.ROWS_AT_ONCE, 8


class Fields(NamedTuple):
    """Node voltages [V] of one input, shape (rows, columns)."""

    row_voltage: np.ndarray
    column_voltage: np.ndarray


class Result(NamedTuple):
    """Currents [A] into the word lines (rows, batch) and out of the bit lines (columns, batch), and how it went.

    ``residual`` is relative to the largest drive voltage; ``fields`` is None unless there was one input.
    """

    row_current: np.ndarray
    column_current: np.ndarray
    residual: float
    iterations: int
    fields: Fields | None


def network(conductance, row_wire, row_feed, column_wire, column_feed) -> Network:
    """Eliminate along the lines; arrays as in `Network`."""
    net = Network(
        conductance,
        np.empty_like(conductance),
        np.empty_like(conductance),
        row_wire,
        row_feed,
        column_wire,
        column_feed,
    )
    rows, columns = conductance.shape
    grain_rows, grain_columns = max(1, _LARGE // columns // 2), max(1, _LARGE // rows // 2)
    launch(_lines.factor_rows, rows, conductance, row_wire, row_feed, net.row_factor, align=8, grain=grain_rows)
    launch(
        _lines.factor_columns, columns, conductance, column_wire, column_feed, net.column_factor,
        align=_COLUMNS, grain=grain_columns,
    )  # fmt: skip
    return net


def solve(net: Network, drive: np.ndarray, tolerance: float, most: int) -> Result:
    """Solve for inputs ``drive`` (rows, batch) [V].

    Raises
    ------
    ConvergenceError
        The residual stayed above ``tolerance`` times the largest input after ``most`` iterations.
    """
    if not (net.row_feed.any() or net.row_wire.any() or net.column_feed.any() or net.column_wire.any()):
        return _ideal(net, drive)
    inputs = np.ascontiguousarray(drive.T)
    if len(inputs) == 1:
        return _one(net, inputs[0], tolerance, most)
    return _batch(net, inputs, tolerance, most)


def _ideal(net: Network, drive: np.ndarray) -> Result:
    # without any resistance every node has the voltage of its terminal, and Kirchhoff's laws hold by construction
    fields = None
    if drive.shape[1] == 1:
        fields = Fields(np.repeat(drive, net.conductance.shape[1], axis=1), np.zeros_like(net.conductance))
    row_current = net.conductance.sum(axis=1)[:, None] * drive
    column_current = np.empty((drive.shape[1], net.conductance.shape[1]))
    launch(_products, drive.shape[1], net.conductance, np.ascontiguousarray(drive.T), column_current, grain=16)
    return Result(row_current, column_current.T, 0.0, 0, fields)


@kernel
def _products(start, stop, conductance, inputs, out):
    """Column currents of inputs start..stop, summed in one order: with BLAS an input's place in the batch shows."""
    for k in range(start, stop):
        total = out[k]
        total[:] = 0.0
        for i in range(conductance.shape[0]):
            drive, row = inputs[k, i], conductance[i]
            for j in range(total.size):
                total[j] += drive * row[j]


def _one(net: Network, drive: np.ndarray, tolerance: float, most: int) -> Result:
    rows, columns = net.conductance.shape
    voltage, x = np.empty((rows, columns)), np.empty((rows, columns))
    row_current, column_current = np.empty(rows), np.empty(columns)
    y, residual, t = scratch(3, (rows, columns))
    work, currents = (y, residual, voltage, t, x), (row_current, column_current)
    violation, iterations = _converge(net, drive, work, currents, np.empty((2, most)), tolerance)
    fields = Fields(row_voltage=voltage, column_voltage=x)
    return Result(row_current[:, None], column_current[:, None], violation, iterations, fields)


def _converge(net, drive, work, currents, steps, tolerance) -> tuple[float, int]:
    """Iterate, measure, and go on from there if the measured residual is larger than the iteration's own."""
    y, voltage, x = work[0], work[2], work[4]
    most = steps.shape[1]
    scale = np.abs(drive).max()
    threaded = _threaded(net)
    iterate = _iterate_threaded if threaded else _iterate
    iterations, residual, goal = 0, np.nan, tolerance * scale
    for attempt in range(_RESTARTS):
        spent, _ = iterate(net, drive, work, (goal, most - iterations), steps[:, iterations:], attempt > 0)
        iterations += spent
        _columns(_lines.column_ladders, net, threaded, y, x)
        residual = _residual(net, drive, x, voltage, currents)
        if residual <= _SLACK * tolerance:
            return residual, iterations
        if iterations >= most:
            break
        # on heavily loaded lines a small change of the voltages still moves much current: ask for a smaller one
        goal *= 0.5 * tolerance / residual
    raise ConvergenceError("the crossbar did not converge", residual=residual, iterations=iterations)


def _iterate(net, drive, work, limits, steps, resume) -> tuple[int, float]:
    return _conjugate_gradient.solve(net, drive, work, limits, steps, resume)


def _iterate_threaded(net, drive, work, limits, steps, resume) -> tuple[int, float]:
    """The steps of `_conjugate_gradient.solve`, each shared by the threads."""
    cg = _conjugate_gradient
    y, residual, _, _, scratch = work
    rows, columns = y.shape
    row_slots, column_slots, largest, still = np.empty(rows), np.empty(columns), np.empty(columns), np.zeros(rows)
    if not resume:
        _rows(cg.start_rows, net, True, drive, y)
    _columns(_lines.column_ladders, net, True, y, scratch)
    _rows(cg.residual_rows, net, True, drive, scratch, y, residual)
    _columns(cg.precondition, net, True, residual, scratch, column_slots, largest)
    energy, beta, longest = _lines.ordered_sum(column_slots), 0.0, 1.0
    change, iterations = largest.max(), 0
    while change > limits[0] and iterations < limits[1]:
        _rows(functools.partial(_direction, beta), net, True, still, work, row_slots)
        alpha = energy / _lines.ordered_sum(row_slots)
        _columns(functools.partial(_step, alpha), net, True, work, column_slots, largest)
        previous, energy = energy, _lines.ordered_sum(column_slots)
        beta = energy / previous
        steps[:, iterations] = alpha, beta
        longest = max(longest, alpha)
        change = longest * largest.max()
        iterations += 1
    return iterations, change


def _direction(beta, start, stop, *arguments):
    _conjugate_gradient.direction_rows(start, stop, beta, *arguments)


def _step(alpha, start, stop, *arguments):
    _conjugate_gradient.step_columns(start, stop, alpha, *arguments)


def _residual(net, drive, x, voltage, currents) -> float:
    """Currents and word-line voltages that belong to ``x``, and the residual relative to the largest input."""
    row_worst, column_worst = np.empty(x.shape[0]), np.empty(x.shape[1])
    _rows(_measure.rows, net, _threaded(net), drive, x, voltage, currents[0], row_worst)
    _columns(_measure.columns, net, _threaded(net), x, voltage, currents[1], column_worst)
    violation = float(np.maximum(row_worst.max(), column_worst.max()))  # unlike max, it lets a NaN through
    scale = float(np.abs(drive).max())
    return violation / scale if scale > 0.0 else violation


def _threaded(net: Network) -> bool:
    return net.conductance.size >= _LARGE and thread_count() > 1


def _rows(task, net: Network, threaded: bool, *arguments) -> None:
    count = net.conductance.shape[0]
    launch(task, count, net, *arguments, align=_ROWS, grain=1 if threaded else count)


def _columns(task, net: Network, threaded: bool, *arguments) -> None:
    count = net.conductance.shape[1]
    launch(task, count, net, *arguments, align=_COLUMNS, grain=1 if threaded else count)


def _batch(net: Network, inputs: np.ndarray, tolerance: float, most: int) -> Result:
    rows, columns = net.conductance.shape
    lengths = polynomial.of_network(net, tolerance)
    row_current, column_current = np.empty((len(inputs), rows)), np.empty((len(inputs), columns))

    def run(start: int, stop: int) -> list[tuple[float, int]]:
        work = tuple(scratch(5, (rows, columns)))
        small = np.empty((_lines.ROWS_AT_ONCE, columns)), np.empty((2, columns))
        steps = np.empty((2, most))
        out = []
        for k in range(start, stop):
            currents = row_current[k], column_current[k]
            found = _try_polynomial(net, inputs[k], lengths, work, small, currents, tolerance)
            out.append(found or _converge(net, inputs[k], work, currents, steps, tolerance))
        return out

    tasks = [functools.partial(run, *span) for span in spans(len(inputs), thread_count())]
    done = [pair for part in together(tasks) for pair in part]
    residual, iterations = (max(column) for column in zip(*done, strict=True))
    return Result(row_current.T, column_current.T, residual, iterations, None)


def _try_polynomial(net, drive, lengths, work, small, currents, tolerance) -> tuple[float, int] | None:
    if lengths is None:
        return None
    current, voltage, x = work[0], work[2], work[4]
    _richardson.sweep(net, drive, lengths, x, current, *small)
    residual = _residual(net, drive, x, voltage, currents)
    return (residual, len(lengths)) if residual <= _SLACK * tolerance else None
