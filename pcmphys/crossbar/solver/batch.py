"""Solve a linear crossbar for its inputs: one, or a batch that shares what it can.

The inputs of a batch meet one network, eliminated once, and one polynomial (`polynomial`); eight at a time are solved
side by side (`side_by_side`). Where no polynomial fits, or the array is large and smooth, each input has iterations of
its own. Every input's answer is checked by itself, and its bits do not depend on what else is in the batch.

Memory beside network and answer: up to 2^18 cells 26 bytes a cell and for each thread 80 bytes a cell, above these for
each thread 40 bytes a cell.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from pcmphys.crossbar.solver import coarse, lines, loose, polynomial, richardson, side_by_side
from pcmphys.crossbar.solver.linear import SLACK, Currents, NodeVoltages, converge, faint, measure
from pcmphys.crossbar.solver.lines import NEAR, Drive, Network
from pcmphys.crossbar.solver.woven import woven
from pcmphys.numerics.compile import kernel, launch, scratch, spans, thread_count, together
from pcmphys.numerics.lanes import LANES


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


def _one(net: Network, drive: Drive, tolerance: float, most: int) -> Result:
    rows, columns = net.conductance.shape
    voltage, x = np.empty((rows, columns)), np.empty((rows, columns))
    currents = Currents.empty(rows, columns)
    y, residual, t = scratch(3, (rows, columns))
    work = (y, residual, voltage, t, x)
    violation, iterations = converge(net, drive, work, currents, np.empty((2, most)), tolerance, loose.find(net))
    fields = NodeVoltages(row_voltage=voltage, column_voltage=x)
    return Result(*(current[:, None] for current in currents), violation, iterations, fields)


def _batch(net: Network, drives: list[Drive], tolerance: float, most: int) -> Result:
    inputs = Inputs(net, drives, tolerance, most)
    runs = spans(len(drives), thread_count(), LANES)
    done = [pair for part in together([functools.partial(inputs.solve, *run) for run in runs]) for pair in part]
    residual, iterations = (max(column) for column in zip(*done, strict=True))
    return Result(*(part.T for part in inputs.currents), residual, iterations, None)


def visit(net: Network, drives: list[Drive], tolerance: float, most: int, visitors: list[Any]) -> None:
    """Solve for many inputs and show the node voltages of each to one of the visitors, who must not keep them.

    The inputs are shared out to the ``visitors`` in runs, each on one thread: ``visitor(number, word-line
    voltages, bit-line voltages)``. What a visitor sums up does not depend on the number of threads.
    """
    inputs = Inputs(net, drives, tolerance, most)
    runs = zip(spans(len(drives), len(visitors)), visitors, strict=False)
    together([functools.partial(inputs.show, *run, visitor) for run, visitor in runs])


class Inputs:
    """The inputs of a batch, their terminal currents, and what they share."""

    def __init__(self, net: Network, drives: list[Drive], tolerance: float, most: int):
        self.net, self.drives, self.tolerance, self.most = net, drives, tolerance, most
        self.currents = Currents.empty(*net.conductance.shape, (len(drives),))
        self.loose = loose.find(net)
        abreast = side_by_side.fits(net)
        # what is faint beside the drive needs its own digits, which the shared polynomial does not promise
        own = self.loose is not None or faint(net) or (not abreast and coarse.fits(net))
        self.lengths = None if own else polynomial.of_network(net, tolerance)
        self.woven = None
        if abreast and self.lengths is not None:
            self.woven, self._abreast = woven(net), side_by_side.abreast(drives, self.currents)

    def solve(self, start: int, stop: int) -> list[tuple[float, int]]:
        """Residual and iterations of the inputs start..stop, on this thread."""
        found: list[tuple[float, int] | None] = [None] * (stop - start)
        if self.woven is not None:
            found = self._side_by_side(start, stop)
            if None not in found:
                return found
        work = self._work()
        return [pair or self._by_itself(k, *work) for k, pair in enumerate(found, start)]

    def show(self, start: int, stop: int, visitor: Any) -> None:
        """Solve for the inputs start..stop and show their node voltages."""
        work = self._work()
        for k in range(start, stop):
            self._by_itself(k, *work)
            visitor(k, work[0][2], work[0][4])

    def _side_by_side(self, start: int, stop: int) -> list[tuple[float, int] | None]:
        side_by_side.solve(self.woven, self.lengths, self._abreast, start, stop)
        limit, count = SLACK * self.tolerance, len(self.lengths)
        return [(left, count) if left <= limit else None for left in self._abreast.residual[start:stop].tolist()]

    def _work(self):
        shape = self.net.conductance.shape
        small = np.zeros((lines.ROOM, shape[1])), np.empty((2, shape[1]))
        return tuple(scratch(5, shape)), small, np.empty((2, self.most))

    def _by_itself(self, k: int, work, small, steps) -> tuple[float, int]:
        own = Currents(*(part[k] for part in self.currents))
        if self.lengths is not None:
            current, voltage, x = work[0], work[2], work[4]
            richardson.sweep(self.net, self.drives[k], self.lengths, x, current, *small)
            residual = measure(self.net, self.drives[k], x, voltage, own)
            if residual <= SLACK * self.tolerance:
                return residual, len(self.lengths)
        return converge(self.net, self.drives[k], work, own, steps, self.tolerance, self.loose)
