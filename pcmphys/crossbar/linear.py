"""Solve a linear crossbar: conjugate gradients for one input, a shared polynomial for a batch, threads if large."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from pcmphys._jit import launch, scratch, spans, thread_count, together
from pcmphys.crossbar import _conjugate_gradient, _lines, _measure, _richardson
from pcmphys.crossbar._lines import Network
from pcmphys.errors import ConvergenceError

_THREADED_CELLS = 2**18
"""From this many cells on, one solve is shared by the threads: below, handing over costs more than it saves."""
_LONGEST_POLYNOMIAL = 12
"""With more Ritz values than this, rounding spoils the fixed polynomial: each input then gets its own iteration."""
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
    grain_rows, grain_columns = max(1, _THREADED_CELLS // columns // 2), max(1, _THREADED_CELLS // rows // 2)
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
    return Result(row_current, net.conductance.T @ drive, 0.0, 0, fields)


def _one(net: Network, drive: np.ndarray, tolerance: float, most: int) -> Result:
    rows, columns = net.conductance.shape
    voltage, x = np.empty((rows, columns)), np.empty((rows, columns))
    y, residual, t = scratch(3, (rows, columns))
    work = (y, residual, voltage, t, x)
    row_current, column_current = np.empty(rows), np.empty(columns)
    steps = np.empty((2, most))
    violation, iterations = _converge(net, drive, work, row_current, column_current, steps, tolerance)
    fields = Fields(row_voltage=voltage, column_voltage=x)
    return Result(row_current[:, None], column_current[:, None], violation, iterations, fields)


def _converge(net, drive, work, row_current, column_current, steps, tolerance) -> tuple[float, int]:
    """Iterate, measure, and go on from there if the measured residual is larger than the iteration's own."""
    y, voltage, x = work[0], work[2], work[4]
    most = steps.shape[1]
    scale = np.abs(drive).max()
    threaded = net.conductance.size >= _THREADED_CELLS and thread_count() > 1
    iterate, measure = (_iterate_threaded, _measure_threaded) if threaded else (_iterate, _measure.solution)
    iterations, residual, goal = 0, np.nan, tolerance * scale
    for attempt in range(_RESTARTS):
        spent, _ = iterate(net, drive, work, (goal, most - iterations), steps[:, iterations:], attempt > 0)
        iterations += spent
        _columns(_conjugate_gradient.voltage_columns, net, threaded, y, x)
        violation = measure(net, drive, x, voltage, row_current, column_current)
        residual = violation / scale if scale > 0.0 else violation
        if residual <= _SLACK * tolerance:
            return float(residual), iterations
        if iterations >= most:
            break
        # on heavily loaded lines a small change of the voltages still moves much current: ask for a smaller one
        goal *= 0.5 * tolerance / residual
    raise ConvergenceError("the crossbar did not converge", residual=float(residual), iterations=iterations)


def _iterate(net, drive, work, limits, steps, resume) -> tuple[int, float]:
    return _conjugate_gradient.solve(net, drive, work, limits, steps, resume)


def _iterate_threaded(net, drive, work, limits, steps, resume) -> tuple[int, float]:
    """The steps of `_conjugate_gradient.solve`, each shared by the threads."""
    cg = _conjugate_gradient
    y, residual, p, t, scratch = work
    rows, columns = y.shape
    row_slots, column_slots, largest, still = np.empty(rows), np.empty(columns), np.empty(columns), np.zeros(rows)
    if not resume:
        _rows(cg.start_rows, net, True, drive, y)
    _columns(cg.voltage_columns, net, True, y, scratch)
    _rows(cg.residual_rows, net, True, drive, scratch, y, residual)
    _columns(cg.precondition, net, True, residual, scratch, column_slots, largest)
    energy, beta, longest = _lines.ordered_sum(column_slots), 0.0, 1.0
    launch(_clear, rows, p, t, grain=1)
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


def _clear(start, stop, p, t):
    p[start:stop] = 0.0
    t[start:stop] = 0.0


def _direction(beta, start, stop, *arguments):
    _conjugate_gradient.direction_rows(start, stop, beta, *arguments)


def _step(alpha, start, stop, *arguments):
    _conjugate_gradient.step_columns(start, stop, alpha, *arguments)


def _measure_threaded(net, drive, x, voltage, row_current, column_current) -> float:
    row_worst, column_worst = np.empty(x.shape[0]), np.empty(x.shape[1])
    _rows(_measure.rows, net, True, drive, x, voltage, row_current, row_worst)
    _columns(_measure.columns, net, True, x, voltage, column_current, column_worst)
    return max(row_worst.max(), column_worst.max())


def _rows(task, net: Network, threaded: bool, *arguments) -> None:
    count = net.conductance.shape[0]
    launch(task, count, net, *arguments, align=_ROWS, grain=1 if threaded else count)


def _columns(task, net: Network, threaded: bool, *arguments) -> None:
    count = net.conductance.shape[1]
    launch(task, count, net, *arguments, align=_COLUMNS, grain=1 if threaded else count)


def _batch(net: Network, inputs: np.ndarray, tolerance: float, most: int) -> Result:
    rows, columns = net.conductance.shape
    lengths = _polynomial(net, tolerance, most)
    row_current, column_current = np.empty((len(inputs), rows)), np.empty((len(inputs), columns))

    def run(start: int, stop: int) -> list[tuple[float, int]]:
        work = tuple(scratch(5, (rows, columns)))
        small = np.empty((_lines.ROWS_AT_ONCE, columns)), np.empty((2, columns))
        steps = np.empty((2, most))
        out = []
        for k in range(start, stop):
            outputs = row_current[k], column_current[k]
            found = _try_polynomial(net, inputs[k], lengths, work, small, outputs, tolerance)
            out.append(found or _converge(net, inputs[k], work, *outputs, steps, tolerance))
        return out

    tasks = [functools.partial(run, *span) for span in spans(len(inputs), thread_count())]
    done = [pair for part in together(tasks) for pair in part]
    residual, iterations = (max(column) for column in zip(*done, strict=True))
    return Result(row_current.T, column_current.T, residual, iterations, None)


def _polynomial(net: Network, tolerance: float, most: int) -> np.ndarray | None:
    """Step lengths that suit this network; found from one fixed drive, so that no input depends on the others."""
    shape = net.conductance.shape
    drive = 0.5 + np.modf(np.arange(1, shape[0] + 1) * 0.6180339887498949)[0]
    work = tuple(scratch(5, shape))
    most = min(most, _LONGEST_POLYNOMIAL + 1)
    steps = np.empty((2, most))
    iterations, _ = _conjugate_gradient.solve(net, drive, work, (tolerance * drive.max(), most), steps, False)
    if iterations > _LONGEST_POLYNOMIAL or iterations == 0:
        return None if iterations else np.ones(1)
    found = steps[:, :iterations]
    # beyond the reach of double precision an iteration may break down: no polynomial then
    return _richardson.step_lengths(found) if ((found >= 0.0) & (found < np.inf)).all() and found[0].all() else None


def _try_polynomial(net, drive, lengths, work, small, outputs, tolerance) -> tuple[float, int] | None:
    if lengths is None:
        return None
    current, voltage, x = work[0], work[2], work[4]
    _richardson.sweep(net, drive, lengths, x, current, *small)
    scale = np.abs(drive).max()
    violation = _measure.solution(net, drive, x, voltage, *outputs)
    residual = violation / scale if scale > 0.0 else violation
    return (float(residual), len(lengths)) if residual <= _SLACK * tolerance else None
