"""Newton's method on the lines of a nonlinear crossbar: cells of any monotone I-V, wires exact.

At the present voltages each cell is replaced by its slope D and a source s = I - D V (its companion): a linear
crossbar, which `linear` solves. Slope alone, as if it were a conductance, would converge to another law. The linear
solve is only as sharp as the step deserves, and starts from the present currents, so that it finds the correction.

All laws rise with the voltage, so the network's content (the integral of current over voltage, summed up) is convex
and Newton's step points downhill. Along the step the content's slope is the sum of (I - c) dV over the cells, c being
currents that obey Kirchhoff's laws; a step after which it still points far uphill is shortened to where it does not.

Lines without a terminal hang on slopes that may be decades below all others, or on currents that hardly depend on the
voltage at all (reverse diodes). There each step also balances whole lines (`loose`); no node leaves the range of the
terminals, as passive cells allow none to; a saturated cell keeps a trace of slope; and where steps get nowhere, lines
are brought into balance one by one, by bisection. A balance that only last digits of the currents would change is one.

References
----------
L. W. Nagel, SPICE2, UCB/ERL M520 (1975): companion models. W. Millar, Philos. Mag. 42, 1150 (1951): content.
R. S. Dembo, S. C. Eisenstat, T. Steihaug, SIAM J. Numer. Anal. 19, 400 (1982): inexact Newton.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from pcmphys.crossbar.selectors import Series
from pcmphys.crossbar.solver import coarse, companions, linear, lines, loose, open_lines, two_grid
from pcmphys.crossbar.solver.ends import Ends
from pcmphys.crossbar.solver.lines import Drive
from pcmphys.crossbar.solver.sharing import columns_of, rows_of
from pcmphys.errors import ConvergenceError

_COARSE, _FINE = 1e-4, 1e-19
"""Largest and smallest goal of a linear solve, relative to the largest terminal voltage.

Far below rounding, because small wires turn a tiny voltage into a current that still counts.
"""
_SHARPNESS = 1e-7
"""Goal of a linear solve over the square of the last step: well below what Newton's own error will be."""
_BETTER, _SHARPEST = 100.0, 1e-15
"""Iterations with a coarse grid end with a sweep that makes them better than their goal; smallest goal of these."""
_UPHILL, _SHORTENINGS = 0.5, 40
_WORTH_SHORTENING = 1e-6
"""Imbalance over the largest current below which the content's slope is rounding."""
STEADY, _MOST_WAITS = 1e-7, 10
"""Change of a cell's voltage, over the largest terminal voltage, that the last step may make: Newton squares it."""
_STALLED, _RELAXATIONS, _MOST_STEPS = 12, 8, 400
"""Steps without progress after which open lines are relaxed; how often before a solve is given up; steps in all."""
_LEAST_SLOPE = 1e-6
"""Of a cell's slope in steps, over that from the origin: an error of the step far below what the step itself leaves."""
_ROUNDING = 8.0 * np.finfo(float).eps


class Fields(NamedTuple):
    """What one solved input leaves, shape (rows, columns) each: voltages [V], current of the cells [A].

    ``slope`` [S] is that of the cells' I-V curves, ``selector_voltage`` the part of a cell's voltage that lies across
    its selector.
    """

    row_voltage: np.ndarray
    column_voltage: np.ndarray
    cell_current: np.ndarray
    slope: np.ndarray
    selector_voltage: np.ndarray


class Found(NamedTuple):
    """One solved input: terminal currents, residual, conjugate-gradient iterations, residual after each step."""

    currents: linear.Currents
    residual: float
    iterations: int
    history: list[float]
    fields: Fields


class _Step(NamedTuple):
    """What a Newton step did.

    Content's slope along it at its start and at its end [W], largest change of a cell's voltage [V], largest
    imbalance [A] between what a cell draws and what the wires bring, largest current of a cell [A], and largest
    product [A] of a slope with a node voltage: the imbalance is not defined below its rounding.
    """

    before: float
    after: float
    change: float
    imbalance: float
    current: float
    product: float

    def residual(self, tolerance: float) -> float:
        """Imbalance over the largest current, or over what rounding would make a current of the tolerance."""
        whole = self.current + _ROUNDING / tolerance * self.product
        return self.imbalance / whole if whole > 0.0 else self.imbalance


def solve(
    cells: Any,
    ends: Ends,
    drive: Drive,
    start: tuple[np.ndarray, np.ndarray],
    limits: tuple[float, int],
    *,
    steady: float = STEADY,
) -> Found:
    """Solve one input.

    Parameters
    ----------
    cells
        The laws: ``evaluate(voltage, series)`` fills current, slope and inner voltage of all cells.
    start : (word-line voltages, bit-line voltages)
        First guess [V], (rows, columns) each; overwritten.
    limits : (tolerance, most)
        Of the residual; of conjugate-gradient iterations.
    steady : float
        Change of a cell's voltage, over the largest terminal voltage, that the last step may make.

    Raises
    ------
    ConvergenceError
        With the residual.
    """
    run, patience = _Run(cells, ends, drive, start), _Patience()
    tolerance, most = limits
    history: list[float] = []
    iterations, waited, change, drift, known = 0, 0, 1.0, math.inf, False
    while True:
        goal = min(_COARSE, max(_FINE, _SHARPNESS * change * change))
        iterations += run.linear_step(goal * run.scale, most - iterations)
        step = run.judge()
        # the content is known where the currents obey Kirchhoff's laws: after a whole step that was not clipped
        shortened = run.clipped or (known and run.shorten(step))
        known = not run.clipped
        before, drift, change = drift, run.drift(), step.change / run.scale
        residual = float(np.maximum(step.residual(tolerance), drift))  # unlike max, it lets a NaN through
        if not shortened and residual <= tolerance:
            currents, voltage_law = run.measure()
            residual = float(np.maximum(residual, voltage_law))
            # currents may settle long before the voltage of a line that hardly anything holds
            waited += 1
            stands = change <= steady and not loose.ROUNDING < drift < 0.3 * before
            if residual <= tolerance and (stands or waited > _MOST_WAITS):
                return Found(currents, residual, iterations, [*history, residual], run.accept())
        history.append(residual)
        run.accept()
        patience.look_at(residual, step.imbalance)
        if patience.lost and run.floating and patience.renewed():
            run.relax()
            known = False
        spent = iterations >= most or len(history) >= _MOST_STEPS
        if spent or not math.isfinite(residual) or patience.lost:
            raise ConvergenceError("the nonlinear crossbar did not converge", residual=residual, iterations=iterations)


class _Patience:
    """Whether the steps still get anywhere."""

    def __init__(self):
        self.best = self.imbalance = math.inf
        self.stalled = self.renewals = 0

    def look_at(self, residual: float, imbalance: float) -> None:
        """Count a step. Down an exponential law a step is one thermal voltage: that is slow, but it gets on."""
        gets_on = residual < 0.7 * self.best or imbalance < 0.7 * self.imbalance
        self.stalled = 0 if gets_on else self.stalled + 1
        self.best, self.imbalance = min(self.best, residual), imbalance

    @property
    def lost(self) -> bool:
        """Whether it is time to give up."""
        return self.stalled >= _STALLED

    def renewed(self) -> bool:
        """Begin to count anew, if that has not been done too often."""
        if self.renewals >= _RELAXATIONS:
            return False
        self.renewals, self.stalled, self.best = self.renewals + 1, 0, math.inf
        return True


class _Run:
    """Arrays of one solve and the parts of a step; all of shape (rows, columns)."""

    def __init__(self, cells, ends: Ends, drive: Drive, start):
        self.cells, self.ends = cells, ends
        self.voltage, self.x = start
        shape = self.voltage.shape
        self.old, self.new = (Series(*(np.empty(shape) for _ in range(3))) for _ in range(2))
        self.new = self.new._replace(inner=self.old.inner)
        self.old.inner[:] = np.nan
        self.consistent = np.empty(shape)
        self.drive = drive._replace(source=np.empty(shape))
        self.factors = np.empty(shape), np.empty(shape)
        self.work = [np.empty(shape) for _ in range(5)]
        self.net = self.lines = None
        self.scale = linear.size_of(drive) or 1.0
        self.floating = any(part.any() for part in ends.floating)
        self.span = open_lines.terminal_range(ends, drive) if self.floating else None
        self.clipped, self.least_slope = False, _LEAST_SLOPE
        np.subtract(self.voltage, self.x, out=self.across)
        self.cells.evaluate(self.across, self.old)

    # memory: what the conjugate gradients leave behind is used again until they run next
    @property
    def across(self) -> np.ndarray:
        """Voltages across the cells where they are evaluated; good until `measure`."""
        return self.work[1]

    @property
    def consistent_new(self) -> np.ndarray:
        """Currents that obey Kirchhoff's laws at the new point."""
        return self.work[3]

    def linear_step(self, goal: float, most: int) -> int:
        """Solve the companion network; the new voltages are left in ``work``, the new law in ``new``."""
        if self.floating:
            self._raise_slopes()
        net = self.net = linear.network(self.old.slope, self.ends, self.factors)
        self.lines = loose.find(net, sensitive=True)
        y, _, voltage, _, x = self.work
        smooth = self.lines is None and coarse.fits(net)  # then the sweeps begin at x, and want no y
        guess = lines.NO_SOURCE if smooth else y
        rows_of(companions.companion, net, self.old, self.voltage, self.x, self.drive.source, guess)
        if self.lines is not None:
            self._balance(self.old.current, self.voltage, self.x)
        spent = self._sweep_lines(goal, most)
        columns_of(lines.column_ladders, net, self.drive, y, x)
        rows_of(companions.row_voltages, net, self.drive, x, voltage, self.across)
        if self.lines is not None:
            moved = self.across - (self.voltage - self.x)
            self._balance(self.old.current + net.conductance * moved, voltage, x)
        if self.floating:
            self._clip()
        self.cells.evaluate(self.across, self.new)
        return spent

    def _sweep_lines(self, goal: float, most: int) -> int:
        """Solve the companion network from the present voltages; how many iterations it took."""
        y, x = self.work[0], self.work[4]
        spent, enough = 0, False
        if self.lines is None:
            x[...] = self.x
            spent, enough = two_grid.improve(
                self.net, self.drive, x, y, max(_BETTER * goal, _SHARPEST * self.scale), most
            )
        if not enough:
            left = most - spent
            steps = np.empty((2, max(left, 1)))
            spent += linear.iterate(self.net, self.drive, tuple(self.work), (goal, left, left, 0.0), steps, True)[0]
        return spent

    def _raise_slopes(self) -> None:
        """Give a saturated cell a trace of the slope to its origin: else its line's voltage has nothing to go by."""
        with np.errstate(divide="ignore", invalid="ignore"):
            chord = np.nan_to_num(self.old.current / (self.voltage - self.x), posinf=0.0, neginf=0.0)
        np.maximum(self.old.slope, self.least_slope * chord, out=self.old.slope)

    def _balance(self, current, voltage, x) -> None:
        """Shift the loose lines to their balance and sweep once over all lines; the voltages are left in ``work``."""
        y, _, new_voltage, _, new_x = self.work
        np.add(x, self.lines.shifts(self.net, self.drive, current, voltage, x)[1], out=new_x)
        rows_of(companions.row_voltages, self.net, self.drive, new_x, new_voltage, self.across)
        np.multiply(self.net.conductance, new_voltage, out=y)
        y += self.drive.source
        columns_of(lines.column_ladders, self.net, self.drive, y, new_x)
        rows_of(companions.row_voltages, self.net, self.drive, new_x, new_voltage, self.across)

    def _clip(self) -> None:
        """Keep a wild step inside the range of the terminals."""
        _, _, voltage, _, x = self.work
        low, high = self.span
        slack = 1e-9 * self.scale
        self.clipped = min(voltage.min(), x.min()) < low - slack or max(voltage.max(), x.max()) > high + slack
        if self.clipped:
            np.clip(voltage, low, high, out=voltage)
            np.clip(x, low, high, out=x)
            np.subtract(voltage, x, out=self.across)

    def drift(self) -> float:
        """Largest voltage by which a loose line would still move, over the largest terminal voltage."""
        if self.lines is None:
            return 0.0
        _, _, voltage, _, x = self.work
        return self.lines.drift(self.net, self.drive, self.new.current, voltage, x) / self.scale

    def relax(self) -> None:
        """Begin anew with each open line in balance by itself, and with less faith in saturated cells."""
        self.least_slope *= _LEAST_SLOPE
        open_lines.relax(self.cells, self.ends, (self.voltage, self.x), self.span, self.new)
        np.subtract(self.voltage, self.x, out=self.across)
        self.cells.evaluate(self.across, self.old)

    def judge(self) -> _Step:
        """Compare the law at the new voltages with the linear network's currents."""
        y, _, voltage, _, x = self.work
        slots = np.empty((6, self.net.conductance.shape[0]))
        rows_of(
            companions.judge, self.net, (self.old, self.new), (self.voltage, self.x, self.consistent),
            (voltage, x, self.consistent_new), (self.drive.source, y), slots,
        )  # fmt: skip
        before, after = lines.ordered_sum(slots[0]), lines.ordered_sum(slots[1])
        return _Step(before, after, *(float(part.max()) for part in slots[2:]))

    def shorten(self, step: _Step) -> bool:
        """Go only part of the step if its end lies far uphill; whether that was needed."""
        settled = step.imbalance <= _WORTH_SHORTENING * step.current
        if settled or not step.after > _UPHILL * abs(step.before):
            return False
        low, high, at_low, at_high = 0.0, 1.0, step.before, step.after
        _, _, voltage, _, x = self.work
        target = voltage.copy(), x.copy(), self.consistent_new.copy()
        for _ in range(_SHORTENINGS):
            fall = at_low - at_high
            part = low + (high - low) * (min(max(at_low / fall, 0.1), 0.9) if fall else 0.5)
            for begin, end, out in zip(
                (self.voltage, self.x, self.consistent), target, (voltage, x, self.consistent_new), strict=True
            ):
                np.subtract(end, begin, out=out)
                out *= part
                out += begin
            np.subtract(voltage, x, out=self.across)
            self.cells.evaluate(self.across, self.new)
            miss = self.new.current - self.consistent_new
            full = (target[0] - target[1]) - (self.voltage - self.x)
            slope = float((miss * full).sum())
            if abs(slope) <= _UPHILL * abs(step.before):
                break
            if slope > 0.0:
                high, at_high = part, slope
            else:
                low, at_low = part, slope
        return True

    def measure(self) -> tuple[linear.Currents, float]:
        """Terminal currents of the linear network's solution, and its violation of the voltage law."""
        rows, columns = self.voltage.shape
        currents = linear.Currents.empty(rows, columns)
        _, residual, _, _, x = self.work
        violation = linear.measure(self.net, self.drive, x, residual, currents)
        return currents, violation

    def accept(self) -> Fields:
        """Make the new point the present one."""
        self.voltage, self.work[2] = self.work[2], self.voltage
        self.x, self.work[4] = self.work[4], self.x
        self.old, self.new = self.new, self.old
        self.consistent, self.work[3] = self.work[3], self.consistent
        return Fields(self.voltage, self.x, *self.old)
