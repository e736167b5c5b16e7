"""Sweeps along all lines, and a correction of what is smooth: a few of them solve a linear crossbar of any size.

A sweep solves all word lines at the present bit-line voltages x, then all bit lines at what the cells then bring. It
damps whatever is not smooth; where word lines then carry too much, D times the change of x, is restricted to a coarse
crossbar (`coarse`), and what that answers is added to x. No inner products and two arrays, so that an iteration takes
half the memory traffic of one of conjugate gradients, and the number of iterations does not grow with the array.

Where voltages are not smooth between cells (shorts, lines of another kind) an iteration gains little: that shows in the
changes of x, and the caller goes on with conjugate gradients from where it stands.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pcmphys.crossbar.solver import coarse as grid
from pcmphys.crossbar.solver import lines
from pcmphys.crossbar.solver.coarse import Coarse, add_between, share_out
from pcmphys.crossbar.solver.conjugate_gradient import greatest
from pcmphys.crossbar.solver.lines import INJECTED, NEAR, RISE, ROOM, ROWS_AT_ONCE, WIRE, Drive, Network
from pcmphys.crossbar.solver.measure import larger
from pcmphys.crossbar.solver.sharing import columns_of, rows_of, threaded
from pcmphys.numerics.compile import kernel, law

_SLOW = 0.5
"""Of a change, what may be left after an iteration."""


@kernel
def rows(start, stop, net, drive, correction, x, y):
    """Correct x on the word lines start..stop and solve these: ``y`` = D V_r + s, what cells bring to the bit lines.

    ``correction`` is (strip, places) as in `coarse`; an empty strip is none.
    """
    strip, places = correction
    scratch = np.zeros((ROOM, x.shape[1]))
    for first in range(start, stop, ROWS_AT_ONCE):
        count = min(ROWS_AT_ONCE, stop - first)
        if strip.shape[1]:
            for i in range(first, first + count):
                k = places.before[i]
                add_between(places.share[i], strip[k], strip[k + 1], x[i])
        lines.solve_rows(first, count, net, drive, x, scratch)
        for k in range(count):
            lines.multiply(net.conductance[first + k], scratch[k], y[first + k])
            if drive.source.size:
                lines.add_scaled(1.0, drive.source[first + k], y[first + k])


@kernel
def eliminate(start, stop, net, drive, y):
    """Downward elimination of the bit lines start..stop, in place."""
    injected = drive.column[INJECTED, start:stop]
    lines.add(y[0, start:stop], injected, y[0, start:stop])
    for i in range(1, y.shape[0]):
        now = y[i, start:stop]
        lines.column_down(now, net.column_factor[i - 1, start:stop], y[i - 1, start:stop], now)


@kernel
def columns(start, stop, net, drive, correction, x, y, largest):
    """Substitute upward on the bit lines start..stop, after `eliminate` of ``y``: new voltages x.

    Of their change, times D, each point of the coarse crossbar gets its share in the strip of the ``correction``;
    ``largest`` (columns,) gets the largest change.
    """
    strip, places = correction
    bottom, last, peaks = drive.column[NEAR, start:stop], x.shape[0] - 1, largest[start:stop]
    resistance, rise = net.column_line[WIRE, start:stop], net.column_line[RISE, start:stop]
    fresh = np.empty(stop - start)
    peaks[:] = 0.0
    strip[:, start:stop] = 0.0
    for i in range(last, -1, -1):
        factor, current = net.column_factor[i, start:stop], y[i, start:stop]
        if i == last:
            lines.column_bottom(factor, bottom, rise, current, fresh)
        else:
            lines.column_up(factor, resistance, x[i + 1, start:stop], current, fresh)
        _move(fresh, x[i, start:stop], peaks)
        k = places.before[i]
        lines.multiply(net.conductance[i, start:stop], fresh, fresh)
        share_out(places.share[i], fresh, strip[k, start:stop], strip[k + 1, start:stop])


@kernel
def solve(net, drive, coarse, x, y, limits, largest):
    """The whole iteration on one thread, from bit-line voltages x; returns (iterations, estimate of the last error).

    ``limits``: (goal [V], most iterations). On return ``y`` holds what the cells bring to the bit lines, from which
    one more solution of these makes x. The error is not a number if it does not fall as it should. `_solve_threaded`
    takes the same steps in the same order, so that the two agree bit by bit.
    """
    goal, most = limits
    number = x.shape[1]
    still = coarse.strip[:, :0], coarse.row
    correction = still
    before, iterations, error = 0.0, 0, np.inf
    while True:
        rows(0, x.shape[0], net, drive, correction, x, y)
        iterations += 1
        if not error > goal or iterations >= most:
            return iterations, error
        correction = coarse.strip, coarse.row
        eliminate(0, number, net, drive, y)
        columns(0, number, net, drive, correction, x, y, largest)
        change = max(greatest(largest), grid.correct(coarse))
        error = judged(change, before)
        before = change


@law
def judged(change, before):
    """Error [V] that an iteration leaves, from the largest change that it made and that of the one before it (or 0).

    Not a number: the changes do not fall.
    """
    if before == 0.0:
        return change
    return change * (change / before) if change < _SLOW * before or change == 0.0 else np.nan


@kernel
def _move(fresh, x, peaks):
    """The fresh voltages into x, their change into ``fresh``, and its magnitude into the peaks."""
    for j in range(x.size):
        moved = fresh[j] - x[j]
        x[j] = fresh[j]
        fresh[j] = moved
        peaks[j] = larger(peaks[j], moved)


def improve(net: Network, drive: Drive, x: np.ndarray, y: np.ndarray, goal: float, most: int) -> tuple[int, bool]:
    """Iterate from the bit-line voltages x to an error of ``goal`` [V] if the network is smooth.

    Returns the iterations, none where it is not, and whether the goal is met; ``y`` as in `solve`.
    """
    counts = grid.points(net)
    if counts is None:
        return 0, False
    run = _solve_threaded if threaded(net) else solve
    iterations, error = run(net, drive, grid.of_network(net, counts), x, y, (goal, most), np.empty(x.shape[1]))
    return iterations, bool(error <= goal)


def _solve_threaded(net, drive, coarse: Coarse, x, y, limits, largest) -> tuple[int, float]:
    """The steps of `solve`, each shared by the threads."""
    goal, most = limits
    correction: Any = coarse.strip[:, :0], coarse.row
    before, iterations, error = 0.0, 0, np.inf
    while True:
        rows_of(rows, net, drive, correction, x, y)
        iterations += 1
        if not error > goal or iterations >= most:
            return iterations, error
        correction = coarse.strip, coarse.row
        columns_of(eliminate, net, drive, y)
        columns_of(columns, net, drive, correction, x, y, largest)
        change = max(greatest(largest), grid.correct(coarse))
        error = judged(change, before)
        before = change
