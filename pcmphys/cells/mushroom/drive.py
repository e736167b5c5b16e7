"""What a pulse's drive makes of a device: off or on, current, heat, and how warm its hot spot is in every step.

The branch of the I-V that a device is on is followed along the pulse. A source of current finds it on where the
on-state needs less voltage than the off-state, V_on(I) <= V_off(I); then it stays on as long as current flows. A source
of voltage has heater and leads in series: it follows the off-state up to its fold, jumps, and follows the on-state
down to the fold of that (`pcmphys.physics.switching`). The off-state is that of reads and of `MushroomLook.current`.

Threshold and off-state are those of the pulse's beginning: what melts or crystallizes in it shows in the next one. A
poor contact is none for a pulse, see `MushroomCell.population`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.cells.mushroom.glass import mean_drift
from pcmphys.numerics.compile import law
from pcmphys.physics import geometry, heat, liner, switching
from pcmphys.physics.conduction import laws as conduction
from pcmphys.physics.conduction.solve import load_sectors, solve_current
from pcmphys.physics.conduction.structure import evaluate_one
from pcmphys.physics.state import AMORPHOUS, CRYSTAL, LINER, RADIUS, SECTORS
from pcmphys.physics.switching import OnState

# columns of the list of steps
DURATION, HALF_DECAY, DECAY, DRIVE = range(4)
# rows of what a pulse makes of them. For a device whose threshold lies below the holding voltage, that has switched:
# power [W], rise per watt over that of a wide hot spot; power [W] per volt that the threshold lies above it
_HELD, _NARROW, _PER_EXCESS = range(3)
# of the device: power [W], rise per watt likewise; current [A], rise [K] in the middle of the step
_POWER, _GAIN, CURRENT, MIDDLE = range(3, 7)
ROWS = 7
"""Rows of ``course``."""
_MOST_STEPS = 60
_ROUNDING = 1e-14
_LEAST = 1e-30
"""Stands for none where one divides by it [S]."""
_NONE = 1e-100
"""Drive [A or V] below which there is none: the off-state's laws square it."""


class Off(NamedTuple):
    """What the off-state of one device in one pulse depends on."""

    index: int
    ambient: float
    activated: tuple[float, float]
    """Factors of the resistances of dome and films by the temperature, see `conduction.solve.activation`."""
    barrier: float
    """Thickness of the dome as a whole [m]."""


@law
def threshold(i, barrier, ambient, p, state):
    """Threshold voltage [V] of device i, whose dome is a barrier of a thickness [m]."""
    drift = mean_drift(i, ambient, p, state)
    return switching.threshold_voltage(barrier, ambient, drift, p.switching)


@law
def branch_of(threshold, resistance, p):
    """On-state of a device with a threshold voltage [V], behind a load resistance [ohm] besides its heater."""
    excess = max(threshold - p.heat.on_voltage, 0.0)
    return OnState(p.heat.on_voltage, excess, p.heat.on_resistance + resistance)


@law
def tabulate(steps, scale, p, course):
    """What a current of this scale [A] makes of a switched device in every step."""
    # straight on, without looking for equal steps: vector code
    for j in range(steps.shape[0]):
        size = abs(scale * steps[j, DRIVE])
        course[CURRENT, j] = scale * steps[j, DRIVE]
        course[_HELD, j] = size * (p.heat.on_voltage + p.heat.on_resistance * size)
        course[_NARROW, j] = heat.narrowing(size, p.heat)
        course[_PER_EXCESS, j] = size * switching.decay(size, p.switching)


@law
def surely_on(current, excess, off, p, state):
    """Whether a device is in its on-state at a current [A] > 0, whatever its structure; cheap, and no if in doubt.

    It is where the off-state would need more voltage than the on-state even if no sector had drifted, grains were as
    good as shorts, the dome were thinner by a hop than the barrier it is, and liner and edge led past it as much as
    they ever do. ``excess`` [V] as in `OnState`.
    """
    i, thickness = off.index, max(off.barrier - p.conduction.least_thickness, 0.0)
    on = p.heat.on_voltage + excess * switching.decay(current, p.switching)
    beside = p.conduction.edge_conductance / off.activated[0]
    if p.projected:
        beside += liner.most(p.geometry.layer_thickness, state.device[i, LINER], p.liner)
    current -= beside * on
    if current <= 0.0:
        return False
    radius = p.geometry.heater_radius * state.device[i, RADIUS]
    # four sums at once: one waits for the other
    sums = (0.0, 0.0, 0.0, 0.0)
    for s in range(0, SECTORS, 4):
        a, b, c, d = sums
        sums = (
            a + _beyond(i, s, radius, p, state),
            b + _beyond(i, s + 1, radius, p, state),
            c + _beyond(i, s + 2, radius, p, state),
            d + _beyond(i, s + 3, radius, p, state),
        )
    a, b, c, d = sums
    crystal = (a + b) + (c + d)
    grown = conduction.polycrystal(p.conduction.rim_grain, p.conduction) * state.device[i, CRYSTAL]
    needed = current * off.activated[1] / max(crystal * grown, _LEAST)
    if thickness > 0.0:
        low = p.conduction.amorphous_conductivity * state.device[i, AMORPHOUS] / off.activated[0]
        ohmic = current * geometry.shell_factor(radius, radius + thickness) / (SECTORS * low)
        needed += conduction.dome_voltage(ohmic, thickness, radius, off.ambient, p.conduction)
    return needed >= on


@law
def _beyond(i, s, radius, p, state):
    """Conductance over conductivity [m] of what is crystalline anyway in a sector, beyond its dome."""
    # nothing is left of a dome up to the top electrode
    outer = geometry.shell_factor(radius + state.rim[i, s], p.geometry.layer_thickness)
    return state.texture[i, s] / max(outer, 1.0)


@law
def within_compliance(current, threshold, p):
    """Whether a source surely has the voltage to switch a device with a threshold [V] and to drive a current [A].

    ``current`` is the pulse's largest; no if in doubt.
    """
    series = p.heat.on_resistance + p.conduction.series_resistance
    # the first fold lies below the steepest fall of the on-state, that below the decay current
    highest = max(threshold, p.heat.on_voltage) + series * max(current, p.switching.decay_current)
    return highest <= p.switching.compliance


@law
def on_course(steps, excess, course):
    """Power and hot spot of a device that is on as long as current flows, from what has been tabulated."""
    for j in range(steps.shape[0]):
        course[_POWER, j] = course[_HELD, j] + excess * course[_PER_EXCESS, j]
        course[_GAIN, j] = course[_NARROW, j]


@law
def follow(steps, source, off, threshold, p, state, course, memory):
    """Fill ``course`` with current, power and hot spot of a device step by step, on whatever branch it is.

    ``source`` is (voltage_driven, scale [A or V]); ``memory`` (room of `conduction.solve`, of `conduction.structure`,
    zeros for the sectors' noise).
    """
    by_voltage, scale = source
    cell, terminal = branch_of(threshold, 0.0, p), branch_of(threshold, p.conduction.series_resistance, p)
    limit, first = np.inf, 0
    if not by_voltage:
        limit, first = 0.0, -1  # to begin with: what the source's compliance lets through
    up, down = switching.folds(terminal, p.switching)
    up_voltage = switching.on_voltage(up, terminal, p.switching)
    down_voltage = switching.on_voltage(down, terminal, p.switching)
    loaded, edge, on, before = False, 0.0, False, -1.0
    off_current, off_voltage = 0.0, 0.0  # of the step before, where it was off
    for j in range(first, steps.shape[0]):
        drive = abs(scale * steps[max(j, 0), DRIVE])
        drive = drive if drive > _NONE else 0.0
        as_voltage = by_voltage
        if j < 0:
            drive, as_voltage = p.switching.compliance, True
        elif not by_voltage:
            drive = min(drive, limit)
        if drive == before and j > 0:  # a plateau
            for row in (_POWER, _GAIN, CURRENT):
                course[row, j] = course[row, j - 1]
            continue
        before = drive
        current, voltage, hot = drive, 0.0, on
        if drive == 0.0:
            on = hot = False
        elif as_voltage and on and drive >= down_voltage:
            highest = switching.highest_current(drive, terminal)
            current = switching.on_current(drive, down, highest, terminal, p.switching)
        elif as_voltage and _jumps(drive, down, terminal, off, p, state):
            on = hot = True
            highest = switching.highest_current(drive, terminal)
            current = switching.on_current(drive, down, highest, terminal, p.switching)
        elif as_voltage or not on:
            on = False
            if not loaded:
                edge, loaded = _load(off, p, state, memory), True
            above = off_voltage if drive <= off_current else 0.0
            hot, current, voltage = off_point(drive, as_voltage, above, terminal, edge, memory[0], p)
            off_current, off_voltage = (0.0 if hot or as_voltage else current), voltage
            if hot and as_voltage:
                least = current
                current = switching.on_current(drive, 0.0, up, terminal, p.switching)
                # on before the fold: a load so large that the on-state is stable there
                if up == 0.0 or drive > up_voltage or current < least:
                    highest = switching.highest_current(drive, terminal)
                    current = switching.on_current(drive, down, highest, terminal, p.switching)
                    on = True
            elif hot:
                on = True
        if hot:
            voltage = switching.on_voltage(current, cell, p.switching)
        else:
            voltage += p.heat.on_resistance * current
        if j < 0:
            limit, on, before = current, False, -1.0
            continue
        course[CURRENT, j] = current if scale * steps[j, DRIVE] >= 0.0 else -current
        course[_POWER, j] = current * voltage
        course[_GAIN, j] = heat.narrowing(current, p.heat) if hot else 1.0


@law
def _jumps(voltage, down, branch, off, p, state):
    """Whether a voltage [V] is surely beyond the first fold of a device, wherever it was; no if in doubt.

    ``down`` [A] is the second fold.
    """
    if voltage <= branch.hold + branch.excess + branch.resistance * p.switching.decay_current:
        return False
    current = switching.on_current(voltage, down, switching.highest_current(voltage, branch), branch, p.switching)
    return surely_on(current, branch.excess, off, p, state)


@law
def _load(off, p, state, memory):
    """Load the off-state of a device; returns the conductance [S] along the heater's edge."""
    work, room, still = memory
    if state.stale[off.index]:
        evaluate_one(off.index, p, state, room)
    return load_sectors(off.index, off.ambient, off.activated, still, p, state, work)


@law
def off_point(drive, by_voltage, above, branch, edge, work, p):
    """Whether a drive [A or V] > 0 finds a device on that was off; current [A] and voltage [V] without heater if not.

    By voltage, with the branch's resistance in series, the current is in any case that of the off-state. ``above`` [V]
    is where the off-state carries more than the current, if that is known; else zero.
    """
    unloaded = OnState(branch.hold, branch.excess, 0.0)
    trial, series = drive, branch.resistance
    if not by_voltage:
        trial, series = above if above > 0.0 else switching.on_voltage(drive, unloaded, p.switching), 0.0
    current, on = 0.0, False
    for step in range(_MOST_STEPS):
        current, slope = solve_current(trial, edge, series, work)
        if by_voltage:
            trial -= series * current
            on = trial > switching.on_voltage(current, unloaded, p.switching)
            break
        if step == 0 and above == 0.0 and current <= drive:
            on = True
            break
        # the off-state's current is convex: from above Newton's steps stay above, but for rounding
        change = (current - drive) / slope
        trial = max(trial - change, 0.0)
        if abs(change) <= _ROUNDING * trial:
            break
    return on, (current if by_voltage else drive), trial


@law
def warm(steps, factor, p, course):
    """Rise [K] in the middle of each step; returns the highest, and the energy [J].

    ``factor`` is the device's own of the thermal resistance.
    """
    rise, hottest, energy = 0.0, 0.0, 0.0
    for j in range(steps.shape[0]):
        power = course[_POWER, j]
        target = p.heat.thermal_resistance * factor * power * course[_GAIN, j]
        energy += power * steps[j, DURATION]
        middle = target + (rise - target) * steps[j, HALF_DECAY]
        rise = target + (rise - target) * steps[j, DECAY]
        hottest = max(hottest, middle)
        course[MIDDLE, j] = middle
    return hottest, energy
