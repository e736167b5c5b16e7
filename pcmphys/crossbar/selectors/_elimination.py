"""Any selector in series with an ohmic device, from its law alone: bracketed Newton steps on all cells at once.

The voltage t across the selector (counted positive) lies between 0 and the voltage v across both, and J(t) = G (v - t)
with a current J that does not fall. Newton's step crawls down an exponential, one thermal voltage at a time; where the
current grows faster than a square, the step is that of an exponential through the point instead.

The law is called for the whole array at a time, with a trial voltage for each cell; a kernel then narrows each cell's
bracket and chooses its next trial.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pcmphys._jit import kernel, law
from pcmphys.errors import ConvergenceError, ParameterError

if TYPE_CHECKING:
    from pcmphys.crossbar.selectors.selector import Selector, Series

_MOST_STEPS = 400
_PATIENCE = 6
"""Steps after which a bracket that has not halved, by steps that have not shrunk, is cut in two."""
_TOLERANCE = 1e-13
"""Size of a step, relative to the selector's voltage, that is the last one."""
_ROUNDING = 4.0 * np.finfo(float).eps
_AGREE = 1e-6
"""Relative difference of the selector's and the device's current at the solution that is not a jump of the law."""
_OFFSET = 1e-10
"""Voltage [V] by which a law's own rounding may shift its current."""
_SPREAD = 0.6180339887498949
"""Multiples of it modulo 1 lie evenly in (0, 1)."""

SEARCHING, SETTLED, SLOPE_FALLS, CURRENT_FALLS, DELIVERS, NOT_FINITE = range(6)


class Cells(NamedTuple):
    """State of the search, one number a cell; voltages [V] and currents [A] are counted positive.

    ``width`` and ``pace`` are the bracket's width and the step's size when patience was last tested; ``tested`` says
    that the law was evaluated at ``high``; ``tangent`` solves the law's tangent at 0 V.
    """

    negative: np.ndarray
    size: np.ndarray
    conductance: np.ndarray
    tangent: np.ndarray
    low: np.ndarray
    low_current: np.ndarray
    high: np.ndarray
    high_current: np.ndarray
    tested: np.ndarray
    width: np.ndarray
    pace: np.ndarray
    trial: np.ndarray
    current: np.ndarray
    slope: np.ndarray
    step: np.ndarray
    status: np.ndarray


def solve(selector: Selector, voltage: np.ndarray, conductance: np.ndarray, work: Series, keywords: dict) -> None:
    """Fill ``work``; arrays (rows, columns); ``keywords`` are what the law takes besides the voltage."""
    user = _Law(selector, voltage, keywords)
    cells = _prepare(voltage, conductance)
    for count in range(_MOST_STEPS):
        current, slope = user(cells.trial)
        advance(0, voltage.size, count, current, slope, cells)
        worst = cells.status.max(initial=SETTLED)
        if worst > SETTLED:
            user.refuse(worst, cells)
        if cells.status.min(initial=SETTLED) == SETTLED:
            break
    else:
        left = cells.status == SEARCHING
        residual = float(np.abs(cells.step[left] / cells.size[left]).max())
        raise ConvergenceError(f"{user.name} in series with its device", residual=residual, iterations=_MOST_STEPS)
    answer(0, voltage.size, cells, *(array.reshape(-1) for array in work))


def _prepare(voltage: np.ndarray, conductance: np.ndarray) -> Cells:
    size = np.abs(voltage).reshape(-1)

    def same():
        return np.zeros_like(size)

    return Cells(
        negative=(voltage < 0.0).reshape(-1),
        size=size,
        conductance=conductance.reshape(-1),
        tangent=same(),
        low=same(),
        low_current=same(),
        high=size.copy(),
        high_current=np.full_like(size, np.inf),
        tested=np.zeros(size.shape, np.bool_),
        width=size.copy(),
        pace=size.copy(),
        trial=same(),
        current=same(),
        slope=same(),
        step=same(),
        status=np.full(size.shape, SEARCHING, np.int64),
    )


class _Law:
    """A selector's law on one set of cells, with its answers' form checked and errors in words."""

    def __init__(self, selector: Selector, voltage: np.ndarray, keywords: dict):
        self.name, self.shape = type(selector).__name__, voltage.shape
        self._current, self._keywords = selector.current, keywords
        self.sign = np.where(voltage < 0.0, -1.0, 1.0).reshape(-1)

    def __call__(self, trial: np.ndarray) -> list[np.ndarray]:
        """Current [A] and slope [S] as the law returns them, at a voltage [V] in each cell; (cells,)."""
        with np.errstate(all="ignore"):
            answer = self._current((self.sign * trial).reshape(self.shape), **self._keywords)
        if not isinstance(answer, tuple) or len(answer) != 2:
            raise ParameterError(f"{self.name}.current must return (current, slope); got {type(answer).__name__}")
        arrays = [np.asarray(value) for value in answer]
        for name, value in zip(("current", "slope"), arrays):
            if value.shape != self.shape or value.dtype.kind not in "fiu":
                raise ParameterError(
                    f"{self.name}.current must return a {name} of real numbers and of voltage's shape {self.shape}; "
                    f"got {value.dtype} of shape {value.shape}"
                )
        return [np.ascontiguousarray(value, dtype=np.float64).reshape(-1) for value in arrays]

    def refuse(self, status: int, cells: Cells) -> None:
        """Raise for the first cell with this status."""
        n = int(np.argmax(cells.status == status))
        if status == NOT_FINITE:
            cells.trial[n] = cells.high[n]
        current, slope = (values[n] for values in self(cells.trial))
        found, rule = {
            SLOPE_FALLS: (f"the slope is {slope:.6g} S", "it must not be negative"),
            CURRENT_FALLS: (f"the current is {current:.6g} A", "it must not fall with the voltage, and it has fallen"),
            DELIVERS: (f"the current is {current:.6g} A", "a selector must be passive"),
            NOT_FINITE: (f"current and slope are {current:.6g} A and {slope:.6g} S", "they must be finite numbers"),
        }[status]
        row, column = divmod(n, self.shape[1])
        voltage = self.sign[n] * cells.trial[n]
        raise ParameterError(
            f"{self.name}.current: {found} at {voltage:.6g} V in cell (row {row}, column {column}); {rule}"
        )


@law
def _judged(n, current, slope, cells):
    """Status of cell n by what the law says at its trial voltage."""
    trial, size = cells.trial[n], abs(current)
    if slope < 0.0 and -slope * trial >= _TOLERANCE * size:
        return SLOPE_FALLS
    rounding = _OFFSET * abs(slope)
    if current < -rounding or (trial == 0.0 and current > rounding):
        return DELIVERS
    slack = 1e-9 * size + rounding
    if current < cells.low_current[n] - slack or (math.isfinite(current) and current > cells.high_current[n] + slack):
        return CURRENT_FALLS
    return SEARCHING


@law
def _narrowed(n, current, known, cells):
    """Move one end of the bracket to the trial. What overflows counts as above the root."""
    trial = cells.trial[n]
    if known and current <= cells.conductance[n] * (cells.size[n] - trial):
        cells.low[n], cells.low_current[n] = trial, current
    else:
        cells.high[n], cells.tested[n] = trial, True
        cells.high_current[n] = current if known else math.inf


@law
def _disagree(current, carried, scale):
    """Whether the selector's current and that of the device [A] differ by more than rounding and a last step."""
    return abs(current - carried) > _AGREE * current + _ROUNDING * scale


@law
def _proposed(n, current, slope, newton, cells):
    """Newton's trial; where the current grows faster than a square, that of an exponential through the point."""
    g, trial = cells.conductance[n], cells.trial[n]
    if not (slope * trial > 2.0 * current and slope > g and current > 0.0):
        return trial + newton
    drop = max(cells.size[n] - trial, _ROUNDING * cells.size[n])
    rate = slope / current
    # current exp(-rate d) = g (drop + d): first without the last d, which goes too far, then one Newton step back
    excess = math.log(current / (g * drop))
    if excess < 0.0:
        return trial - excess / (rate + 1.0 / drop)
    down = excess / rate
    return trial - (down - math.log1p(down / drop) / (rate + 1.0 / (drop + down)))


@law
def _inside(proposal, n, cells):
    return cells.low[n] < proposal and (proposal < cells.high[n] or (proposal == cells.high[n] and not cells.tested[n]))


@law
def _begun(n, current, slope, cells):
    """First call of cell n, at 0 V: settle what needs no search, and choose a trial."""
    if not (math.isfinite(current) and math.isfinite(slope)):
        return NOT_FINITE
    g, size = cells.conductance[n], cells.size[n]
    cells.current[n], cells.slope[n] = current, slope
    if size == 0.0 or g == 0.0:
        return SETTLED
    cells.tangent[n] = size * (g / (g + slope))
    # anywhere in the range: a law that falls somewhere is then found by some of the cells
    cells.trial[n] = size * ((n + 1) * _SPREAD % 1.0)
    return SEARCHING


@law
def _advanced(n, count, current, slope, cells):
    """Later calls of cell n."""
    known = math.isfinite(current) and math.isfinite(slope)
    _narrowed(n, current, known, cells)
    trial, g, size = cells.trial[n], cells.conductance[n], cells.size[n]
    proposal, pace = math.nan, math.inf
    if known:
        carried = g * (size - trial)
        step = (carried - current) / (slope + g)
        cells.current[n], cells.slope[n], cells.step[n] = current, slope, step
        # a slope that is wrong makes small steps far from the root: the currents must agree too
        small = abs(step) <= max(_TOLERANCE * trial, _ROUNDING * g * size / (slope + g))
        if small and not _disagree(current, carried, g * size):
            return SETTLED
        pace = abs(step)
        proposal = _proposed(n, current, slope, step, cells)
        # the tangent at zero is right where the law hardly bends, and a bound of most others
        if not _inside(proposal, n, cells):
            proposal = cells.tangent[n]
    width = cells.high[n] - cells.low[n]
    if width <= _ROUNDING * cells.high[n]:
        # a jump of the law, or the border of where it is a number
        return SETTLED if math.isfinite(cells.high_current[n]) or not cells.tested[n] else NOT_FINITE
    slow = False
    if count % _PATIENCE == 0:
        slow = width > 0.5 * cells.width[n] and pace > 0.25 * cells.pace[n]
        cells.width[n], cells.pace[n] = width, pace
    cells.trial[n] = proposal if _inside(proposal, n, cells) and not slow else cells.low[n] + 0.5 * width
    return SEARCHING


@kernel
def advance(start, stop, count, current, slope, cells):
    """Take the law's answers of call ``count`` for cells start..stop and choose the next trial voltages."""
    for n in range(start, stop):
        if cells.status[n] != SEARCHING:
            continue
        positive = -current[n] if cells.negative[n] else current[n]
        status = _judged(n, positive, slope[n], cells)
        if status == SEARCHING:
            rise = max(slope[n], 0.0)
            status = _begun(n, positive, rise, cells) if count == 0 else _advanced(n, count, positive, rise, cells)
        cells.status[n] = status


@kernel
def answer(start, stop, cells, current, slope, inner):
    """Results of cells start..stop after the last, small step."""
    for n in range(start, stop):
        g, size, trial = cells.conductance[n], cells.size[n], cells.trial[n]
        if g == 0.0:
            current[n], slope[n], inner[n] = 0.0, 0.0, 0.0
            continue
        sign = -1.0 if cells.negative[n] else 1.0
        carried, own, rise = g * (size - trial), cells.current[n], cells.slope[n]
        share = g / (g + rise)
        # law and device weighted so that the error of the voltage cancels; at a jump of the law only the device knows
        jump = _disagree(own, carried, g * size)
        current[n] = sign * (carried if jump else share * (own + rise * (size - trial)))
        inner[n] = sign * (trial if jump else trial + cells.step[n])
        slope[n] = share * rise
