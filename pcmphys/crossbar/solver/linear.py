"""Solve a linear crossbar: conjugate gradients for one input, a shared polynomial for a batch, threads if large."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from pcmphys.crossbar.solver import conjugate_gradient, loose, polynomial, richardson, two_grid
from pcmphys.crossbar.solver import lines as ladders
from pcmphys.crossbar.solver import measure as kirchhoff
from pcmphys.crossbar.solver.ends import Ends
from pcmphys.crossbar.solver.lines import FEED, INJECTED, NEAR, Drive, Network
from pcmphys.crossbar.solver.sharing import COLUMNS_AT_ONCE, LARGE, columns_of, rows_of, threaded
from pcmphys.errors import ConvergenceError
from pcmphys.numerics.compile import kernel, launch, scratch, spans, thread_count, together

_RESTARTS, _ROUNDS = 4, 12
_PATIENCE, _STUCK = 6, 30
"""Iterations without a smaller residual after which only rounding is left, and after which a fresh start is better."""
_POLISHINGS, _POLISH, _TRUSTED = 3, 1e-4, 1e-12
"""Fresh starts for the last digits; what each asks of the change; part of the energy down to which one goes."""
_FAINT = 0.03
"""Part of a terminal's voltage at its line, all else at ground, below which what reaches the array counts as faint."""
SLACK = 4.0
"""The measured residual may exceed the tolerance of the iteration by this factor: it adds up two of its errors."""


class NodeVoltages(NamedTuple):
    """Node voltages [V] of one input, shape (rows, columns)."""

    row_voltage: np.ndarray
    column_voltage: np.ndarray


class Result(NamedTuple):
    """Terminal currents [A] of a solved network, (lines, batch) each, and how it went.

    ``row_current`` and ``column_current`` are those of the near ends, into the word lines and out of the bit lines;
    ``right_current`` and ``top_current`` those of the far ends, into the lines. ``residual`` is relative to the
    largest drive voltage; ``fields`` is None unless there was one input.
    """

    row_current: np.ndarray
    column_current: np.ndarray
    right_current: np.ndarray
    top_current: np.ndarray
    residual: float
    iterations: int
    fields: NodeVoltages | None


def network(conductance: Any, ends: Ends, factors: tuple[np.ndarray, np.ndarray] | None = None) -> Network:
    """Eliminate along the lines, into ``factors`` (two arrays of the conductance's shape) if there are any."""
    rows, columns = conductance.shape
    row_factor, column_factor = factors or (np.empty_like(conductance), np.empty_like(conductance))
    net = Network(
        conductance, row_factor, column_factor,
        np.stack([ends.row_wire, ends.row_feed, np.empty(rows), ends.row_far]),
        np.stack([ends.column_wire, ends.column_feed, np.empty(columns), ends.column_far]),
    )  # fmt: skip
    launch(ladders.factor_rows, rows, net, align=8, grain=max(1, LARGE // columns // 2))
    launch(ladders.factor_columns, columns, net, align=COLUMNS_AT_ONCE, grain=max(1, LARGE // rows // 2))
    return net


def solve(net: Network, drives: list[Drive], tolerance: float, most: int) -> Result:
    """Solve for each of the inputs ``drives``.

    Raises
    ------
    ConvergenceError
        The residual stayed above ``tolerance`` times the largest input after ``most`` iterations.
    """
    if not (net.row_line.any() or net.column_line.any()):
        return _ideal(net, drives)
    return _one(net, drives[0], tolerance, most) if len(drives) == 1 else _batch(net, drives, tolerance, most)


def _ideal(net: Network, drives: list[Drive]) -> Result:
    # without any resistance every node has the voltage of its terminal, and Kirchhoff's laws hold by construction
    rows, columns = net.conductance.shape
    row, column = np.stack([drive.row[NEAR] for drive in drives]), np.stack([drive.column[NEAR] for drive in drives])
    fields = None
    if len(drives) == 1:
        fields = NodeVoltages(np.repeat(row.T, columns, axis=1), np.repeat(column, rows, axis=0))
    row_current, column_current = np.empty((len(drives), rows)), np.empty((len(drives), columns))
    launch(_products, len(drives), net.conductance, row, column, row_current, column_current, grain=16)
    nothing = np.zeros((rows, len(drives))), np.zeros((columns, len(drives)))
    return Result(row_current.T, column_current.T, *nothing, 0.0, 0, fields)


@kernel
def _products(start, stop, conductance, row, column, row_current, column_current):
    """Currents of inputs start..stop, summed in one order: with BLAS an input's place in the batch shows."""
    for k in range(start, stop):
        total = column_current[k]
        total[:] = 0.0
        for i in range(conductance.shape[0]):
            row_current[k, i] = _add_row(row[k, i], conductance[i], column[k], total)


@kernel
def _add_row(drive, conductance, column, total):
    for j in range(total.size):
        total[j] += (drive - column[j]) * conductance[j]
    out = 0.0
    for j in range(total.size):
        out += (drive - column[j]) * conductance[j]
    return out


class Currents(NamedTuple):
    """Currents [A] of the terminals of one input, as in `Result`."""

    row: np.ndarray
    column: np.ndarray
    right: np.ndarray
    top: np.ndarray

    @classmethod
    def empty(cls, rows: int, columns: int, batch: tuple[int, ...] = ()) -> Currents:
        """Undefined values; ``batch`` leads the shape."""
        return cls(*(np.empty((*batch, lines)) for lines in (rows, columns, rows, columns)))


def _one(net: Network, drive: Drive, tolerance: float, most: int) -> Result:
    rows, columns = net.conductance.shape
    voltage, x = np.empty((rows, columns)), np.empty((rows, columns))
    currents = Currents.empty(rows, columns)
    y, residual, t = scratch(3, (rows, columns))
    work = (y, residual, voltage, t, x)
    violation, iterations = _converge(net, drive, work, currents, np.empty((2, most)), tolerance, loose.find(net))
    fields = NodeVoltages(row_voltage=voltage, column_voltage=x)
    return Result(*(current[:, None] for current in currents), violation, iterations, fields)


def _converge(net, drive, work, currents, steps, tolerance, lines) -> tuple[float, int]:
    """Iterate, measure, and go on from there if the measured residual is larger than the iteration's own."""
    if lines is not None:
        return _converge_loose(net, drive, work, currents, steps, tolerance, lines)
    y, x, voltage = work[0], work[4], work[2]
    most = steps.shape[1]
    scale = size_of(drive)
    has_open, faint = np.isinf(net.column_line[FEED]).any(), _faint(net)
    iterations, residual, goal = 0, np.nan, tolerance * scale
    for attempt in range(_RESTARTS):
        if attempt > 0:
            _renew(net, drive, work)
        enough = False
        if attempt == 0 and not faint:
            x[...] = drive.column[NEAR]
            iterations, enough = two_grid.improve(net, drive, x, y, goal, most)
        if not enough:
            iterations += _improve(net, drive, work, goal, steps[:, iterations:], iterations > 0, to_the_last=faint)
        columns_of(ladders.column_ladders, net, drive, y, x)
        residual = measure(net, drive, x, voltage, currents)
        if has_open and residual <= SLACK * tolerance:
            residual = _sweep(net, drive, work, currents)
        if residual <= SLACK * tolerance:
            return residual, iterations
        if iterations >= most:
            break
        # on heavily loaded lines a small change of the voltages still moves much current: ask for a smaller one
        goal *= 0.5 * tolerance / residual
    raise _not_converged(residual, iterations)


def _improve(net, drive, work, goal, steps, resume, *, to_the_last: bool) -> int:
    """Iterate until the goal [V] is met, or ``to_the_last`` digit that rounding leaves; how often.

    Some digits at a time, each time from the true residual: the one that an iteration carries along goes on falling
    when the true one does not any more.
    """
    most = steps.shape[1]
    if not to_the_last:
        return iterate(net, drive, work, (goal, most, most, 0.0), steps, resume)[0]
    spent, change = iterate(net, drive, work, (goal, most, _STUCK, _TRUSTED), steps, resume)
    for _ in range(_POLISHINGS):
        goal = min(goal, _POLISH * change)
        _renew(net, drive, work)
        more, last = iterate(net, drive, work, (goal, most - spent, _PATIENCE, _TRUSTED), steps[:, spent:], True)
        spent += more
        if more == 0 or not last < 0.5 * change:
            break
        change = last
    return spent


def _renew(net, drive, work) -> None:
    """Assume of each cell the current that the voltages give it: what cancels in a bit line's sum grows unseen."""
    y, residual, _, _, x = work
    columns_of(ladders.column_ladders, net, drive, y, x)
    rows_of(conjugate_gradient.residual_rows, net, drive, x, y, residual)
    y += residual


def _faint(net: Network) -> bool:
    """Whether a terminal stands behind a resistance that takes nearly all of its voltage.

    What reaches the array is then small beside it, and is found to its own last digits.
    """
    near = min(_least_driven(net.row_factor[:, 0], net.row_line), _least_driven(net.column_factor[-1], net.column_line))
    return near < _FAINT


def _least_driven(factor, line) -> float:
    return float(np.where(line[FEED] < np.inf, factor, 1.0).min())


def _sweep(net, drive, work, currents) -> float:
    """Each bit line once more from what its cells bring: last digits of an open one that carries next to nothing."""
    y, _, voltage, _, x = work
    np.multiply(net.conductance, voltage, out=y)
    columns_of(ladders.column_ladders, net, drive, y, x)
    return measure(net, drive, x, voltage, currents)


def _not_converged(residual: float, iterations: int) -> ConvergenceError:
    return ConvergenceError("the crossbar did not converge", residual=residual, iterations=iterations)


@np.errstate(over="ignore", invalid="ignore")
def _converge_loose(net, drive, work, currents, steps, tolerance, lines) -> tuple[float, int]:
    """By turns the balance of the loose lines, each as a whole, and iterations for what is left.

    The residual is also the largest voltage by which a loose line would still move.
    """
    y, _, voltage, _, x = work
    most, scale = steps.shape[1], size_of(drive) or 1.0
    voltage[...], x[...] = loose.held(net, drive)
    iterations, goal, before = 0, tolerance * scale, np.inf
    for attempt in range(_ROUNDS):
        x += lines.shifts(net, drive, net.conductance * (voltage - x), voltage, x)[1]
        measure(net, drive, x, voltage, currents)
        residual = _sweep(net, drive, work, currents)
        left = lines.drift(net, drive, net.conductance * (voltage - x), voltage, x) / scale
        residual = float(np.maximum(residual, left))  # unlike max, it lets a NaN through
        # a line that is open carries what its own cells make of the last digits: go on while they get better
        if attempt > 0 and residual <= SLACK * tolerance and not loose.ROUNDING < left < 0.3 * before:
            return residual, iterations
        before = left
        if iterations >= most:
            break
        if attempt > 1:
            goal *= min(1.0, 0.5 * tolerance / max(residual, tolerance))
        np.multiply(net.conductance, voltage, out=y)
        iterations += _improve(net, drive, work, goal, steps[:, iterations:], True, to_the_last=True)
        columns_of(ladders.column_ladders, net, drive, y, x)
        measure(net, drive, x, voltage, currents)
    raise _not_converged(residual, iterations)


def size_of(drive: Drive) -> float:
    """Largest terminal voltage [V]: what tolerances and residuals are relative to."""
    return float(max(np.abs(side[:INJECTED]).max() for side in (drive.row, drive.column)))


def iterate(net: Any, drive: Any, work: Any, limits: Any, steps: Any, resume: Any) -> tuple[int, float]:
    """Conjugate gradients, shared by the threads if the array is large; see `_conjugate_gradient.solve`."""
    still = ladders.still(*net.conductance.shape)
    if not threaded(net):
        return conjugate_gradient.solve(net, drive, still, work, limits, steps, resume)
    return _iterate_threaded(net, drive, still, work, limits, steps, resume)


def _iterate_threaded(net, drive, still, work, limits, steps, resume) -> tuple[int, float]:
    """The steps of `_conjugate_gradient.solve`, each shared by the threads."""
    cg = conjugate_gradient
    y, residual, _, _, scratch = work
    rows, columns = y.shape
    row_slots, column_slots, largest = np.empty(rows), np.empty(columns), np.empty(columns)
    if not resume:
        rows_of(cg.start_rows, net, drive, y)
    columns_of(ladders.column_ladders, net, drive, y, scratch)
    rows_of(cg.residual_rows, net, drive, scratch, y, residual)
    columns_of(cg.precondition, net, still.column[NEAR], residual, scratch, column_slots, largest)
    energy, beta, longest = ladders.ordered_sum(column_slots), 0.0, 1.0
    change, iterations, since = largest.max(), 0, 0
    smallest, least = change, limits[3] * energy
    while change > limits[0] and iterations < limits[1] and since < limits[2] and energy > least:
        rows_of(functools.partial(_direction, beta), net, still, work, row_slots)
        stiffness = ladders.ordered_sum(row_slots)
        alpha = energy / stiffness if stiffness > 0.0 else 0.0
        columns_of(functools.partial(_step, alpha), net, still.column[NEAR], work, column_slots, largest)
        previous, energy = energy, ladders.ordered_sum(column_slots)
        beta = energy / previous
        steps[:, iterations] = alpha, beta
        longest = max(longest, alpha)
        peak = largest.max()
        change = longest * peak
        iterations += 1
        since = 0 if peak < smallest else since + 1
        since = since if stiffness > 0.0 else limits[2]
        smallest = min(smallest, peak)
    return iterations, change


def _direction(beta, start, stop, *arguments):
    conjugate_gradient.direction_rows(start, stop, beta, *arguments)


def _step(alpha, start, stop, *arguments):
    conjugate_gradient.step_columns(start, stop, alpha, *arguments)


def measure(net: Any, drive: Any, x: Any, voltage: Any, currents: Any) -> float:
    """Terminal currents and word-line voltages that belong to ``x``, and the residual relative to the largest input."""
    row_worst, column_worst = np.empty(x.shape[0]), np.empty(x.shape[1])
    rows_of(kirchhoff.rows, net, drive, x, voltage, kirchhoff.Measured(currents[0], currents[2], row_worst))
    columns_of(kirchhoff.columns, net, drive, x, voltage, kirchhoff.Measured(currents[1], currents[3], column_worst))
    violation = float(np.maximum(row_worst.max(), column_worst.max()))  # unlike max, it lets a NaN through
    scale = size_of(drive)
    return violation / scale if scale > 0.0 else violation


def _batch(net: Network, drives: list[Drive], tolerance: float, most: int) -> Result:
    currents = Currents.empty(*net.conductance.shape, (len(drives),))
    each = _each(net, drives, tolerance, most, currents)
    tasks = [functools.partial(each, start, stop, None) for start, stop in spans(len(drives), thread_count())]
    done = [pair for part in together(tasks) for pair in part]
    residual, iterations = (max(column) for column in zip(*done, strict=True))
    return Result(*(part.T for part in currents), residual, iterations, None)


def visit(net: Network, drives: list[Drive], tolerance: float, most: int, visitors: list[Any]) -> None:
    """Solve for many inputs and show the node voltages of each to one of the visitors, who must not keep them.

    The inputs are shared out to the ``visitors`` in runs, each on one thread: ``visitor(number, word-line
    voltages, bit-line voltages)``. What a visitor sums up does not depend on the number of threads.
    """
    each = _each(net, drives, tolerance, most, Currents.empty(*net.conductance.shape, (len(drives),)))
    runs = zip(spans(len(drives), len(visitors)), visitors, strict=False)
    together([functools.partial(each, *run, visitor) for run, visitor in runs])


def _each(net: Network, drives: list[Drive], tolerance: float, most: int, currents: Currents):
    """Make the task that solves for the inputs start..stop, each on its own."""
    shape = net.conductance.shape
    lines = loose.find(net)
    # what is faint beside the drive needs its own digits, which the shared polynomial does not promise
    lengths = None if lines is not None or _faint(net) else polynomial.of_network(net, tolerance)

    def run(start: int, stop: int, visitor) -> list[tuple[float, int]]:
        work = tuple(scratch(5, shape))
        small = np.empty((ladders.ROWS_AT_ONCE, shape[1])), np.empty((2, shape[1]))
        steps = np.empty((2, most))
        out = []
        for k in range(start, stop):
            own = Currents(*(part[k] for part in currents))
            found = _try_polynomial(net, drives[k], lengths, work, small, own, tolerance)
            out.append(found or _converge(net, drives[k], work, own, steps, tolerance, lines))
            if visitor is not None:
                visitor(k, work[2], work[4])
        return out

    return run


def _try_polynomial(net, drive, lengths, work, small, currents, tolerance) -> tuple[float, int] | None:
    if lengths is None:
        return None
    current, voltage, x = work[0], work[2], work[4]
    richardson.sweep(net, drive, lengths, x, current, *small)
    residual = measure(net, drive, x, voltage, currents)
    return (residual, len(lengths)) if residual <= SLACK * tolerance else None
