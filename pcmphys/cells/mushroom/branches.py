"""Kernels of a look at the I-V: thresholds, folds behind a load, and the current on either branch."""

from __future__ import annotations

import numpy as np

from pcmphys.cells.mushroom.drive import branch_of, off_point, threshold
from pcmphys.numerics.borrow import borrowed, kept
from pcmphys.numerics.compile import kernel, law
from pcmphys.physics import switching
from pcmphys.physics.conduction.rows import ROOM
from pcmphys.physics.conduction.solve import activation, load_sectors, series_resistance, solve_current
from pcmphys.physics.dome import barrier
from pcmphys.physics.state import SECTORS
from pcmphys.physics.switching import OnState

# rows of `points`: voltage [V] and current [A] of the first fold and of the second one, least current [A] of the
# on-state
UP_VOLTAGE, UP_CURRENT, DOWN_VOLTAGE, DOWN_CURRENT, CROSSING = range(5)
ROWS = 5
"""Rows of `points`."""
# which branch is asked for: the one that a voltage raised from zero leads to, or one of both
RAISED, OFF, ON = range(-1, 2)
_MOST_STEPS = 80
_ROUNDING = 1e-15
_SHARP = 1e-3
"""Part of the holding voltage over which the current rises to that of the second fold, where a circuit holds it."""
_STEEPEST = 1e-3
"""Least slope dV/dI of the on-state that circuits see, over its resistance: it is zero in a fold."""


@kernel
def thresholds(start, stop, ambient, p, state, out):
    """Threshold voltage [V] of devices start..stop."""
    state, out = borrowed((state, out))
    for i in range(start, stop):
        out[i] = threshold(i, barrier(i, p, state), ambient, p, state)


@kernel
def points(start, stop, surroundings, p, chosen, state, thresholds, out):
    """Folds of the devices chosen[start..stop] behind their leads and a load, into rows of ``out`` (5, devices).

    ``surroundings`` are temperature [K] and load [ohm]. The structure must have been evaluated. ``thresholds`` [V] are
    those of all devices.
    """
    ambient, load = surroundings
    chosen, state, thresholds, out = borrowed((chosen, state, thresholds, out))
    memory = np.empty(ROOM), np.zeros(SECTORS)
    work, still = borrowed(memory)
    activated = activation(ambient, p.conduction)
    for n in range(start, stop):
        i = chosen[n]
        edge = load_sectors(i, ambient, activated, still, p, state, work)
        branch = branch_of(thresholds[i], p.conduction.series_resistance + load, p)
        voltage, crossing = _crossing(branch, edge, work, p)
        voltage += branch.resistance * crossing
        first, second = switching.folds(branch, p.switching)
        out[UP_VOLTAGE, i], out[UP_CURRENT, i] = voltage, crossing
        out[DOWN_VOLTAGE, i], out[DOWN_CURRENT, i] = voltage, crossing
        out[CROSSING, i] = crossing
        if crossing < second:
            out[DOWN_VOLTAGE, i], out[DOWN_CURRENT, i] = switching.on_voltage(second, branch, p.switching), second
            if crossing < first:
                out[UP_VOLTAGE, i], out[UP_CURRENT, i] = switching.on_voltage(first, branch, p.switching), first
    kept(memory)


@law
def _crossing(branch, edge, work, p):
    """Voltage [V] without what is in series, and current [A], at which off- and on-state meet.

    Between V_h and V_h + the excess: false position, the end that stays counting half, and every third step a halving.
    """
    unloaded = OnState(branch.hold, branch.excess, 0.0)
    low, high = branch.hold, branch.hold + branch.excess
    below, above = -1.0, -1.0  # how far the on-state's voltage is above the off-state's, at both ends
    trial, current = low, 0.0
    for step in range(_MOST_STEPS):
        current = solve_current(trial, edge, 0.0, work)[0]
        miss = trial - switching.on_voltage(current, unloaded, p.switching)
        if miss == 0.0 or high - low <= _ROUNDING * high:
            break
        if step == 0:
            below, trial = miss, high
            continue
        if step == 1:
            above = miss
        elif miss < 0.0:
            low, below, above = trial, miss, 0.5 * above
        else:
            high, above, below = trial, miss, 0.5 * below
        trial = high - above * (high - low) / (above - below)
        if step % 3 == 2 or not low < trial < high:
            trial = 0.5 * (low + high)
    return trial, current


@kernel
def currents(start, stop, surroundings, p, asked, points, state, out):
    """Current [A] and slope [S] of devices start..stop without noise; out (2, devices).

    ``surroundings`` are temperature [K] and load [ohm], ``asked`` the voltages [V], the branch and the threshold [V] of
    each device; ``points`` (5, devices) are those of `points` for that load, where a branch is `ON`.
    """
    ambient, load = surroundings
    (voltage, branches, thresholds), points, state, out = borrowed((asked, points, state, out))
    memory = np.empty(ROOM), np.zeros(SECTORS)
    work, still = borrowed(memory)
    activated = activation(ambient, p.conduction)
    for i in range(start, stop):
        size = abs(voltage[i])
        branch = branch_of(thresholds[i], p.conduction.series_resistance + load, p)
        if branches[i] == ON:
            current, slope = _held(size, points[:, i], branch, p)
        else:
            edge = load_sectors(i, ambient, activated, still, p, state, work)
            current, slope = solve_current(size, edge, series_resistance(i, p, state) + load, work)
            if branches[i] == RAISED and size > branch.hold:
                if state.contact[i] > 0.0:  # the on-state breaks through it
                    good = solve_current(size, edge, branch.resistance, work)[0]
                else:
                    good = current
                on = _raised(size, good, branch, p)
                if on > 0.0:
                    current, slope = on, _least_slope(on, branch, p)
        out[0, i], out[1, i] = (current if voltage[i] >= 0.0 else -current), slope
    kept(memory)


@law
def _raised(size, off, branch, p):
    """Current [A] of the on-state that a voltage [V] raised from zero leads to; zero if it leads to none.

    ``off`` [A] is what the off-state carries at that voltage.
    """
    unloaded = OnState(branch.hold, branch.excess, 0.0)
    if size - branch.resistance * off <= switching.on_voltage(off, unloaded, p.switching):
        return 0.0
    first, second = switching.folds(branch, p.switching)
    if first > 0.0 and size <= switching.on_voltage(first, branch, p.switching):
        # before the first fold: a load so large that the on-state is stable there
        current = switching.on_current(size, 0.0, first, branch, p.switching)
        if current >= off:
            return current
    return switching.on_current(size, second, switching.highest_current(size, branch), branch, p.switching)


@kernel
def voltages(start, stop, ambient, p, current, thresholds, state, out):
    """Voltage [V] of cells start..stop with their heaters at a current [A], and 1 where they are on; out (2, devices).

    The structure must have been evaluated. A poor contact is left out, as the on-state breaks through it.
    """
    current, thresholds, state, out = borrowed((current, thresholds, state, out))
    memory = np.empty(ROOM), np.zeros(SECTORS)
    work, still = borrowed(memory)
    activated = activation(ambient, p.conduction)
    for i in range(start, stop):
        size, voltage, on = abs(current[i]), 0.0, False
        branch = branch_of(thresholds[i], 0.0, p)
        if size > 0.0:
            edge = load_sectors(i, ambient, activated, still, p, state, work)
            on, _, voltage = off_point(size, False, 0.0, branch, edge, work, p)
            voltage += p.heat.on_resistance * size
        if on:
            voltage = switching.on_voltage(size, branch, p.switching)
        out[0, i], out[1, i] = (voltage if current[i] >= 0.0 else -voltage), on
    kept(memory)


@law
def _least_slope(current, branch, p):
    """DI/dV [S] of the on-state, not infinite in a fold."""
    return 1.0 / max(switching.slope(current, branch, p.switching), _STEEPEST * branch.resistance)


@law
def _held(size, points, branch, p):
    """Current [A] and slope [S] of a switched device at a voltage [V] >= 0, as a law that rises from zero.

    Below the second fold the voltage holds while the current falls to the least one of the on-state, and then it goes
    to zero along a straight line.
    """
    down, current_down, least = points[DOWN_VOLTAGE], points[DOWN_CURRENT], points[CROSSING]
    if size >= down:
        highest = switching.highest_current(size, branch)
        current = switching.on_current(size, current_down, highest, branch, p.switching)
        return current, _least_slope(current, branch, p)
    knee = (1.0 - _SHARP) * down
    if size >= knee and current_down > least:
        slope = (current_down - least) / (down - knee)
        return least + slope * (size - knee), slope
    end = knee if current_down > least else down
    return least / end * size, least / end
