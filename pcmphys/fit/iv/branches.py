"""Which points of a sweep are of the off-state and which of the on-state, and where the cell switches.

A source of voltage sees a jump of the current; a voltage that is measured at the cell snaps back while the current
goes on. What comes back after the on-state is another state of the cell, and is left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.iv.input import Sweep
from pcmphys.fit.iv.options import IvOptions

OFF, ON, LIMITED, LEFT_OUT = "off", "on", "limited", "left out"
"""What a point is of, in words."""
_TOLERATED = 0.05
"""Part of the range by which a sweep may step back without having turned."""
_SNAP = 0.03
"""Part of the largest voltage so far by which the voltage must fall to have snapped back."""
_ABOVE_FLOOR = 10.0
"""Times the floor that a current must reach to count as switched."""
_ABOVE_NOISE, _FEW = 8.0, 5
"""Times the noise of the currents before it, of at least so many, that a jump must have."""
_AT_LIMIT = 0.99
_LIMITED, _FLAT, _MOVED = 4, 2e-3, 0.05
_UNIFORM = 1.0 / np.sqrt(12.0)
"""Standard deviation of what lies anywhere within a step of the grid, over that step."""


class SweepParts(NamedTuple):
    """Points of the off-state and of the on-state (at the tester's limit neither), and the threshold."""

    off: np.ndarray
    on: np.ndarray
    limited: np.ndarray
    threshold: float
    """Voltage at which the cell switches [V], NaN if it does not."""
    threshold_error: float
    last_off: int
    """Place of the last point before it; -1 if it does not switch."""
    hold: tuple[float, float]
    """Voltage [V] and current [A] of the last point before the on-state ends; NaN if that is not seen."""
    by_current: bool = False
    """Whether currents were set and voltages measured."""


def branches(sweep: Sweep, options: IvOptions) -> SweepParts:
    """Take a sweep apart; see `SweepParts`."""
    v, i = sweep.voltage, sweep.current
    if options.jump is None:
        return _unswitched(sweep, options)
    turn, by_current = _turn(sweep)
    limited = _limited(sweep, options)
    rising, falling = slice(0, turn + 1), slice(turn + 1, v.size)
    find = _snapped if by_current else _jumped
    place = find(v[rising], i[rising], options)
    off, on = np.zeros(v.size, dtype=bool), np.zeros(v.size, dtype=bool)
    hold = (np.nan, np.nan)
    switched = place is not None
    if switched:
        off[: place + (not by_current)] = True  # where the voltage is largest the law has ended already
        on[_settled(v[rising], place, by_current) : turn + 1] = True
    else:
        off[: turn + 1] = True
    back = v[falling][::-1], i[falling][::-1]
    released = find(*back, options) if back[0].size else None
    if switched:
        last = v.size if released is None else v.size - 1 - released
        on[turn + 1 : last] = True
        if released is not None and last - 1 >= 0:
            hold = float(v[last - 1]), float(i[last - 1])
    elif released is None:
        off[falling] = True
    else:  # it was on from the start
        last = v.size - 1 - released
        on[: turn + 1], off[: turn + 1] = off[: turn + 1], False
        on[turn + 1 : last], off[last:] = True, True
        hold = float(v[last - 1]), float(i[last - 1])
    value, error = _threshold(v, place) if switched else (np.nan, np.nan)
    on &= ~limited & (i >= (options.least_on_current or 0.0))
    return SweepParts(off & ~limited, on, limited, value, error, place if switched else -1, hold, by_current)


def _unswitched(sweep: Sweep, options: IvOptions) -> SweepParts:
    limited = _limited(sweep, options)
    return SweepParts(~limited, np.zeros_like(limited), limited, np.nan, np.nan, -1, (np.nan, np.nan))


def _limited(sweep: Sweep, options: IvOptions) -> np.ndarray:
    """Points at the tester's limit; one that was not told is refused."""
    v, i = sweep.voltage, sweep.current
    if options.compliance is not None:
        return i >= _AT_LIMIT * options.compliance
    top = i >= (1.0 - _FLAT) * i.max()
    if top.sum() >= _LIMITED and np.ptp(v[top]) > _MOVED * np.ptp(v):
        raise ParameterError(
            f"sweep {sweep.given}: the current stands at {i.max():.4g} A for {int(top.sum())} points while the voltage "
            f"goes from {v[top].min():.4g} to {v[top].max():.4g} V: a limit of the tester? IvOptions(compliance="
            f"{i.max():.3g}) leaves such points out"
        )
    return np.zeros(v.size, dtype=bool)


def _turn(sweep: Sweep) -> tuple[int, bool]:
    """Where the sweep turns (its last point if it does not), and whether that is told by the current."""
    for values, by_current in ((sweep.voltage, False), (sweep.current, True)):
        turns = _turns(values)
        if not turns:
            return (0 if values[-1] < values[0] else values.size - 1), by_current
        top = turns[0]
        # a voltage that snaps back turns too, but its current goes on
        goes_on = not by_current and sweep.current[top:].max() > (1.0 + _TOLERATED) * sweep.current[: top + 1].max()
        if len(turns) == 1 and values[top] == values.max() and not goes_on:
            return top, by_current
    count = len(_turns(sweep.voltage))
    raise ParameterError(
        f"sweep {sweep.given}: its voltage turns {count} times; give each up-and-down sweep by itself (a list of "
        "arrays, or rows)"
    )


def _turns(values: np.ndarray) -> list[int]:
    """Places where a series turns by more than a tolerance."""
    least = _TOLERATED * np.ptp(values)
    turns, place, direction = [], 0, 0
    for k in range(1, values.size):
        step = values[k] - values[place]
        if direction == 0:
            if abs(step) > least:
                direction, place = (1 if step > 0 else -1), k
        elif step * direction >= 0:
            place = k
        elif abs(step) > least:
            turns.append(place)
            direction, place = -direction, k
    return turns


def _jumped(v: np.ndarray, i: np.ndarray, options: IvOptions) -> int | None:
    """The last point before the current jumps beyond its trend and stays up; voltages rise."""
    if not (i > 0.0).any():
        return None
    size = np.maximum(i, options.floor or i[i > 0.0].min())
    logs = np.log(size)
    steps, grid = np.diff(logs), np.diff(v)
    best, found = np.log(options.jump), None
    least = _ABOVE_FLOOR * (options.floor or 0.0)
    for k in np.flatnonzero(steps > best):
        trend = max(_slope(steps, grid, k - 3, k), _slope(steps, grid, k + 1, k + 4)) * max(grid[k], 0.0)
        middle = 0.5 * (logs[k] + logs[k + 1])
        if size[k + 1] - size[k] < _ABOVE_NOISE * _noise(i[: k + 1] if k >= _FEW else i):
            continue
        if steps[k] - trend > best and size[k + 1] >= least and (logs[k + 1 :] > middle).all():
            best, found = steps[k] - trend, int(k)
    return found


def _noise(i: np.ndarray) -> float:
    """Standard deviation of currents about their course, from what three neighbours are off a straight line [A]."""
    if i.size < 3:
        return 0.0
    return float(np.sqrt(np.mean(np.diff(i, 2) ** 2) / 6.0))


def _slope(steps: np.ndarray, grid: np.ndarray, first: int, end: int) -> float:
    """Median of the slopes of ln I over V between two points of the sweep, not below 0 [1/V]."""
    near = slice(max(first, 0), max(end, 0))
    rising = grid[near] > 0.0
    return max(float(np.median(steps[near][rising] / grid[near][rising])), 0.0) if rising.any() else 0.0


def _snapped(v: np.ndarray, i: np.ndarray, options: IvOptions) -> int | None:
    """The point of largest voltage before the voltage snaps back; currents rise."""
    highest = np.maximum.accumulate(v)
    fallen = np.flatnonzero(highest - v > _SNAP * highest + 5.0 * options.voltage_error)
    if not fallen.size:
        return None
    return int(np.argmax(v[: fallen[0]]))


def _settled(v: np.ndarray, place: int, by_current: bool) -> int:
    """The first point of the on-state: after a snapback, where the voltage has come to its least."""
    if not by_current:
        return place + 1
    return place + 1 + int(np.argmin(v[place + 1 :]))


def _threshold(v: np.ndarray, place: int) -> tuple[float, float]:
    """Middle of the step in which it switches, and the standard deviation of a place in it."""
    step = v[place + 1] - v[place]
    if step <= 0.0:  # the voltage has snapped back: it would have gone on by about the step before
        step = max(v[place] - v[place - 1], 0.0) if place else 0.0
        step = step or float(np.median(np.abs(np.diff(v[: place + 2]))))
    return float(v[place] + 0.5 * step), float(step * _UNIFORM)
