"""Any selector in series with an ohmic device, from its law alone: bracketed Newton steps on all cells at once.

The voltage t across the selector (counted positive) lies between 0 and the voltage v across both, and J(t) = G (v - t)
with a current J that does not fall. Newton's step crawls down an exponential, one thermal voltage at a time; where the
current grows faster than a square, the step is that of an exponential through the point instead.

The law is called for the whole array at a time, with a trial voltage for each cell; a kernel then narrows each cell's
bracket and chooses its next trial.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pcmphys.crossbar.selectors.series import Series
from pcmphys.errors import ConvergenceError, ParameterError
from pcmphys.numerics.compile import kernel, law

_MOST_STEPS = 400
_PATIENCE = 6
"""Steps after which a bracket that has not halved, by steps that have not shrunk, is cut in two."""
_TOLERANCE = 1e-13
"""Size of a step, relative to the selector's voltage, that is the last one."""
_ROUNDING = 4.0 * np.finfo(float).eps
_AGREE = 1e-9
"""Relative difference of the selector's and the device's current at the solution that is not a jump of the law."""
_OFFSET = 1e-10
"""Voltage [V] by which a law's own rounding may shift its current."""
_FALLS = 1e-9
"""Part of a current by which a law may fall with the voltage, as rounding does."""
_SPREAD = 0.6180339887498949
"""Multiples of it modulo 1 lie evenly in (0, 1)."""

SEARCHING, SETTLED, SLOPE_FALLS, CURRENT_FALLS, DELIVERS, NOT_FINITE = range(6)
"""Status of a cell; the last four are refused."""

NEGATIVE, SIZE, DEVICE, TANGENT, LOW, LOW_CURRENT, HIGH, HIGH_CURRENT = range(8)
TESTED, WIDTH, PACE, TRIAL, CURRENT, SLOPE, STEP = range(8, 15)
ROWS = 15
"""Rows of the search's state, one number a cell; voltages [V] and currents [A] are counted positive.

Whether the cell's voltage is negative, its size, the device's conductance [S], the root of the law's tangent at 0 V;
the bracket and the currents at its ends; whether the law was called at its upper end; width of the bracket and size of
the step when patience was last tested; voltage of the next call; current, slope [S] and Newton's step [V] of the last.
"""


def solve(name: str, characteristic: Callable, voltage: np.ndarray, conductance: np.ndarray, work: Series) -> None:
    """Fill ``work``; arrays (rows, columns). ``characteristic`` is the law of the selector called ``name``."""
    user = _Law(name, characteristic, voltage)
    state, status = _prepare(voltage, conductance), np.full(voltage.size, SEARCHING)
    for count in range(_MOST_STEPS):
        current, slope = user(state[TRIAL])
        advance(0, voltage.size, count, current, slope, state, status)
        worst = status.max(initial=SETTLED)
        if worst > SETTLED:
            user.refuse(worst, int(np.argmax(status == worst)), state)
        if status.min(initial=SETTLED) == SETTLED:
            break
    else:
        left = status == SEARCHING
        residual = float(np.abs(state[STEP, left] / state[SIZE, left]).max())
        raise ConvergenceError(f"{user.name} in series with its device", residual=residual, iterations=_MOST_STEPS)
    answer(0, voltage.size, state, *(array.reshape(-1) for array in work))


def _prepare(voltage: np.ndarray, conductance: np.ndarray) -> np.ndarray:
    state = np.zeros((ROWS, voltage.size))
    size = np.abs(voltage).reshape(-1)
    state[NEGATIVE] = (voltage < 0.0).reshape(-1)
    state[DEVICE] = conductance.reshape(-1)
    state[HIGH_CURRENT] = np.inf
    for row in (SIZE, HIGH, WIDTH, PACE):
        state[row] = size
    return state


class _Law:
    """A selector's law on one set of cells, with its answers' form checked and errors in words."""

    def __init__(self, name: str, current: Callable, voltage: np.ndarray):
        self.name, self.shape = name, voltage.shape
        self._current = current
        self.sign = np.where(voltage < 0.0, -1.0, 1.0).reshape(-1)

    def __call__(self, trial: np.ndarray) -> list[np.ndarray]:
        """Current [A] and slope [S] as the law returns them, at a voltage [V] in each cell; (cells,)."""
        with np.errstate(all="ignore"):
            answer = self._current((self.sign * trial).reshape(self.shape))
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

    def refuse(self, status: int, n: int, state: np.ndarray) -> None:
        """Raise for cell n with this status."""
        if status == NOT_FINITE:
            state[TRIAL, n] = state[HIGH, n] if state[TESTED, n] else 0.0
        current, slope = (values[n] for values in self(state[TRIAL]))
        rising = "the law is not monotone: the current must not fall with the voltage"
        found, rule = {
            SLOPE_FALLS: (f"the slope is {slope:.6g} S", rising),
            CURRENT_FALLS: (f"the current is {current:.6g} A", rising),
            DELIVERS: (
                f"the current is {current:.6g} A",
                "a selector must be passive: no current at 0 V, elsewhere of the sign of the voltage",
            ),
            NOT_FINITE: (f"current and slope are {current:.6g} A and {slope:.6g} S", "they must be finite numbers"),
        }[status]
        row, column = divmod(n, self.shape[1])
        voltage = self.sign[n] * state[TRIAL, n]
        raise ParameterError(
            f"{self.name}.current: {found} at {voltage:.6g} V in cell (row {row}, column {column}); {rule}"
        )


@law
def _judged(n, current, slope, state):
    """Status of cell n by what the law says at its trial voltage."""
    trial, size = state[TRIAL, n], abs(current)
    if slope < 0.0 and -slope * trial >= _TOLERANCE * size:
        return SLOPE_FALLS
    rounding = _OFFSET * abs(slope)
    if current < -rounding or (trial == 0.0 and current > rounding):
        return DELIVERS
    slack = _FALLS * size + rounding
    if current < state[LOW_CURRENT, n] - slack or (math.isfinite(current) and current > state[HIGH_CURRENT, n] + slack):
        return CURRENT_FALLS
    return SEARCHING


@law
def _narrowed(n, current, known, state):
    """Move one end of the bracket to the trial. What overflows counts as above the root."""
    trial = state[TRIAL, n]
    if known and current <= state[DEVICE, n] * (state[SIZE, n] - trial):
        state[LOW, n], state[LOW_CURRENT, n] = trial, current
    else:
        state[HIGH, n], state[TESTED, n] = trial, 1.0
        state[HIGH_CURRENT, n] = current if known else math.inf


@law
def _disagree(current, carried, scale):
    """Whether the selector's current and that of the device [A] differ by more than rounding and a last step."""
    return abs(current - carried) > _AGREE * current + _ROUNDING * scale


@law
def _proposed(n, current, slope, newton, state):
    """Newton's trial; where the current grows faster than a square, that of an exponential through the point."""
    g, trial = state[DEVICE, n], state[TRIAL, n]
    if not (slope * trial > 2.0 * current and slope > g and current > 0.0):
        return trial + newton
    drop = max(state[SIZE, n] - trial, _ROUNDING * state[SIZE, n])
    rate = slope / current
    # current exp(-rate d) = g (drop + d): first without the last d, which goes too far, then one Newton step back
    excess = math.log(current / (g * drop))
    if excess < 0.0:
        return trial - excess / (rate + 1.0 / drop)
    down = excess / rate
    return trial - (down - math.log1p(down / drop) / (rate + 1.0 / (drop + down)))


@law
def _inside(proposal, n, state):
    return state[LOW, n] < proposal and (
        proposal < state[HIGH, n] or (proposal == state[HIGH, n] and state[TESTED, n] == 0.0)
    )


@law
def _begun(n, current, slope, state):
    """First call of cell n, at 0 V: settle what needs no search, and choose a trial."""
    if not (math.isfinite(current) and math.isfinite(slope)):
        return NOT_FINITE
    g, size = state[DEVICE, n], state[SIZE, n]
    state[CURRENT, n], state[SLOPE, n] = current, slope
    if size == 0.0 or g == 0.0:
        return SETTLED
    state[TANGENT, n] = size * (g / (g + slope))
    # anywhere in the range: a law that falls somewhere is then found by some of the cells
    state[TRIAL, n] = size * ((n + 1) * _SPREAD % 1.0)
    return SEARCHING


@law
def _advanced(n, count, current, slope, state):
    """Later calls of cell n."""
    known = math.isfinite(current) and math.isfinite(slope)
    _narrowed(n, current, known, state)
    trial, g, size = state[TRIAL, n], state[DEVICE, n], state[SIZE, n]
    proposal, pace = math.nan, math.inf
    if known:
        carried = g * (size - trial)
        step = (carried - current) / (slope + g)
        state[CURRENT, n], state[SLOPE, n], state[STEP, n] = current, slope, step
        # a slope that is wrong makes small steps far from the root: the currents must agree too
        small = abs(step) <= max(_TOLERANCE * trial, _ROUNDING * g * size / (slope + g))
        if small and not _disagree(current, carried, g * size):
            return SETTLED
        pace = abs(step)
        proposal = _proposed(n, current, slope, step, state)
        # the tangent at zero is right where the law hardly bends, and a bound of most others
        if not _inside(proposal, n, state):
            proposal = state[TANGENT, n]
    width = state[HIGH, n] - state[LOW, n]
    if width <= _ROUNDING * state[HIGH, n]:
        # a jump of the law, or the border of where it is a number
        return SETTLED if math.isfinite(state[HIGH_CURRENT, n]) or state[TESTED, n] == 0.0 else NOT_FINITE
    slow = False
    if count % _PATIENCE == 0:
        slow = width > 0.5 * state[WIDTH, n] and pace > 0.25 * state[PACE, n]
        state[WIDTH, n], state[PACE, n] = width, pace
    state[TRIAL, n] = proposal if _inside(proposal, n, state) and not slow else state[LOW, n] + 0.5 * width
    return SEARCHING


@kernel
def advance(start, stop, count, current, slope, state, status):
    """Take the law's answers of call ``count`` for cells start..stop and choose the next trial voltages."""
    for n in range(start, stop):
        if status[n] != SEARCHING:
            continue
        positive = -current[n] if state[NEGATIVE, n] == 1.0 else current[n]
        found = _judged(n, positive, slope[n], state)
        if found == SEARCHING:
            rise = max(slope[n], 0.0)
            found = _begun(n, positive, rise, state) if count == 0 else _advanced(n, count, positive, rise, state)
        status[n] = found


@kernel
def answer(start, stop, state, current, slope, inner):
    """Results of cells start..stop after the last, small step."""
    for n in range(start, stop):
        g, size, trial = state[DEVICE, n], state[SIZE, n], state[TRIAL, n]
        if g == 0.0:
            current[n], slope[n], inner[n] = 0.0, 0.0, 0.0
            continue
        sign = -1.0 if state[NEGATIVE, n] == 1.0 else 1.0
        carried, own, rise = g * (size - trial), state[CURRENT, n], state[SLOPE, n]
        share = g / (g + rise)
        # law and device weighted so that the error of the voltage cancels; at a jump of the law only the device knows
        jump = _disagree(own, carried, g * size)
        current[n] = sign * (carried if jump else share * (own + rise * (size - trial)))
        inner[n] = sign * (trial if jump else trial + state[STEP, n])
        slope[n] = share * rise
