"""Solve a linear crossbar for one input: two grids where it is smooth, else conjugate gradients; threads if large."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from pcmphys.crossbar.solver import conjugate_gradient, loose, two_grid
from pcmphys.crossbar.solver import lines as ladders
from pcmphys.crossbar.solver import measure as kirchhoff
from pcmphys.crossbar.solver.ends import Ends
from pcmphys.crossbar.solver.lines import FEED, INJECTED, NEAR, Drive, Network
from pcmphys.crossbar.solver.sharing import COLUMNS_AT_ONCE, LARGE, columns_of, rows_of, threaded
from pcmphys.errors import ConvergenceError
from pcmphys.numerics.compile import launch

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


def converge(
    net: Any, drive: Any, work: Any, currents: Any, steps: Any, tolerance: float, lines: Any
) -> tuple[float, int]:
    """Iterate, measure, and go on from there if the measured residual is larger than the iteration's own."""
    if lines is not None:
        return _converge_loose(net, drive, work, currents, steps, tolerance, lines)
    y, x, voltage = work[0], work[4], work[2]
    most = steps.shape[1]
    scale = size_of(drive)
    has_open, is_faint = np.isinf(net.column_line[FEED]).any(), faint(net)
    iterations, residual, goal = 0, np.nan, tolerance * scale
    for attempt in range(_RESTARTS):
        if attempt > 0:
            _renew(net, drive, work)
        enough = False
        if attempt == 0 and not is_faint:
            x[...] = drive.column[NEAR]
            iterations, enough = two_grid.improve(net, drive, x, y, goal, most)
        if not enough:
            iterations += _improve(net, drive, work, goal, steps[:, iterations:], iterations > 0, to_the_last=is_faint)
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


def faint(net: Network) -> bool:
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
