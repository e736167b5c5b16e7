"""Kernel of a pulse: switching, Joule heat, melting, regrowth, nucleation and growth of single grains.

The pulse is a list of short steps, the same for all devices; the drive of each device is scaled. Within a step the
temperature stands at its value in the middle. What moves while it is hot: `pcmphys.physics.crystallization.pulse`.
"""

from __future__ import annotations

import numpy as np

from pcmphys.cells.mushroom.draws import draw_normals
from pcmphys.cells.mushroom.glass import COOLER, HOTTER, age_glass, glass_in, mean_drift, quench, warm
from pcmphys.numerics.borrow import borrowed, kept
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.elementary import log
from pcmphys.numerics.random import Stream, draw_of, words_of
from pcmphys.physics import heat, switching
from pcmphys.physics.conduction.structure import SCRATCH, evaluate_one
from pcmphys.physics.crystallization.pulse import (
    LIVED,
    RIM,
    ROOM,
    SHIFT,
    candidate,
    drop_absorbed,
    grow,
    melt,
    move_grains,
    open_front,
    open_site,
    spread,
)
from pcmphys.physics.state import GROWTH, HEAT, RADIUS, SECTORS, THICKNESS
from pcmphys.physics.telegraph.traps import coarse

_FRONT = int(Stream.FRONT)
_NUCLEI = int(Stream.NUCLEI)
_BLOCKS = 2**24 - 1  # of random numbers, one for each candidate nucleus
_MOST_REFUSED = 2**16  # candidates that find no place, at one heat, after which it has none

# columns of the list of steps
DURATION, HALF_DECAY, DECAY, DRIVE = range(4)
# rows of what a device's drive makes of them: current [A] if on, steady rise [K] and power [W] of a device whose factor
# is one; rise [K] in the middle, current [A]
_ON_CURRENT, _ON_RISE, _ON_POWER, _MIDDLE, _CURRENT = range(5)


@law
def threshold(i, ambient, p, state, room):
    """Threshold voltage [V] of device i: that of its least amorphous path."""
    if state.stale[i]:
        evaluate_one(i, p, state, room)
    least = np.inf
    for s in range(SECTORS):
        least = min(least, state.sector[i, THICKNESS, s])
    drift = mean_drift(i, ambient, p, state)
    return switching.threshold_voltage(least, ambient, drift, p.switching)


@kernel
def thresholds(start, stop, ambient, p, state, out):
    """Threshold voltage [V] of devices start..stop."""
    state, out = borrowed(state), borrowed(out)
    scratch = np.empty(SCRATCH)
    for i in range(start, stop):
        out[i] = threshold(i, ambient, p, state, borrowed(scratch))
    kept(scratch)


@law
def _bound(i, ambient, p, state):
    """A cheap upper bound of the threshold voltage [V] of device i: that of its rims without grains in the dome."""
    least = np.inf
    for s in range(SECTORS):
        least = min(least, state.rim[i, s])
    drift = mean_drift(i, ambient, p, state)
    return switching.threshold_voltage(least, ambient, drift, p.switching)


@kernel
def pulse(start, stop, address, cell, drive, chosen, state, out):
    """Send a pulse through some devices.

    ``cell`` is (parameters, tables of growth and nucleation). ``drive`` is (steps, voltage_driven, ambient [K]): steps
    (n, 4) with duration [s], e^(-half of it/tau), e^(-all of it/tau) and drive at a scale of one, the last ones
    without drive for the cooling. ``chosen`` is (numbers, scale): the pulse goes to the devices numbers[start..stop],
    with the scale [A or V] of each. ``out`` (chosen, 2) gets the highest temperature [K] of the heater's rim and the
    energy [J] taken.
    """
    p, tables = cell[0], borrowed(cell[1])
    steps, voltage_driven, ambient = borrowed(drive)
    cell = p, tables, glass_in(steps, ambient, p)
    numbers, scale = borrowed(chosen)
    state, out = borrowed(state), borrowed(out)
    memory = np.empty(ROOM), np.empty(SCRATCH), np.empty((5, steps.shape[0]))
    work, room, course = borrowed(memory)
    last, peak = np.nan, 0.0
    for j in range(steps.shape[0]):
        peak = max(peak, abs(steps[j, DRIVE]))
    for n in range(start, stop):
        i = numbers[n]
        out[n, 0], out[n, 1] = ambient, 0.0
        needed = _bound(i, ambient, p, state)
        # a current source need not know more than that its compliance suffices
        if voltage_driven or not needed <= p.switching.compliance:
            needed = threshold(i, ambient, p, state, room)
        on = not voltage_driven and needed <= p.switching.compliance
        if voltage_driven and peak * abs(scale[n]) < needed:
            continue
        if not voltage_driven and (not on or peak * abs(scale[n]) < p.switching.holding_current):
            continue
        if scale[n] != last:  # neighbours often get the same pulse
            _tabulate_drive(steps, voltage_driven, scale[n], p, course)
            last = scale[n]
        hottest, energy = _heat(steps, voltage_driven, (scale[n], on, needed), state.device[i, HEAT], p, course)
        draw = draw_of(address, i)
        _go_through(i, draw, cell, ambient, steps, course, work, state)
        _renew(i, draw, p, ambient + hottest, work, state)
        out[n, 0], out[n, 1] = ambient + hottest, energy
    kept(memory)


@law
def _tabulate_drive(steps, voltage_driven, scale, p, course):
    """Current, steady rise and power of every step while the device is on, for one scale [A or V]."""
    for j in range(steps.shape[0]):
        drive = scale * steps[j, DRIVE]
        if j > 0 and steps[j, DRIVE] == steps[j - 1, DRIVE]:
            for k in range(3):
                course[k, j] = course[k, j - 1]
            continue
        current = heat.on_current(drive, p.heat) if voltage_driven else drive
        course[_ON_CURRENT, j] = current
        course[_ON_RISE, j] = heat.heater_rise(current, p.heat) if current != 0.0 else 0.0
        course[_ON_POWER, j] = heat.on_power(current, p.heat)


@law
def _heat(steps, voltage_driven, drive, factor, p, course):
    """Rise [K] in the middle of each step and current [A] into ``course``; returns the highest, and the energy [J]."""
    scale, on, needed = drive
    rise, hottest, energy = 0.0, 0.0, 0.0
    for j in range(steps.shape[0]):
        current = course[_ON_CURRENT, j]
        if voltage_driven:
            on = on or abs(scale * steps[j, DRIVE]) >= needed
            on = on and abs(current) >= p.switching.holding_current
            flows = on
        else:
            flows = abs(current) >= p.switching.holding_current
        course[_CURRENT, j] = current if flows else 0.0
        target = course[_ON_RISE, j] * factor if flows else 0.0
        energy += course[_ON_POWER, j] * steps[j, DURATION] if flows else 0.0
        middle = target + (rise - target) * steps[j, HALF_DECAY]
        rise = target + (rise - target) * steps[j, DECAY]
        hottest = max(hottest, middle)
        course[_MIDDLE, j] = middle
    return hottest, energy


@law
def _go_through(i, draw, cell, ambient, steps, course, work, state):
    """All steps of a pulse for device i, of which ``course`` says how hot each is.

    ``cell`` is (parameters, tables of growth and nucleation, `Pulsed`).

    On a long plateau the places where nuclei come up are covered in the end, and candidates would be refused for ever:
    after many in a row the plateau has no place left, and they wait for the heat to change.
    """
    p, tables, glass = cell
    device, rim, grain, count = state.device[i], state.rim[i], state.grain[i], state.count[i]
    site = open_site(p.geometry.heater_radius * device[RADIUS], device[GROWTH], ambient, p, tables)
    coldest = site.coldest
    draw_normals(draw, _FRONT, work[SHIFT : SHIFT + SECTORS])
    open_front(state.front[i], rim, site, p.geometry, work)
    for s in range(SECTORS):
        work[LIVED + s] = 0.0
    grains = 0
    for s in range(SECTORS):
        grains += count[s]
    flowing, shared, before, total, candidates, held = 0.0, 0.0, 0.0, 0.0, 0, False
    # crystals move above the glass transition only; glass ages below it too, if it has the time
    coolest = min(coldest, max(glass.felt - ambient, HOTTER))
    lasted = warmth = hottest = 0.0
    refused, most = 0, min(_MOST_REFUSED, _BLOCKS // steps.shape[0])
    drawn = words_of(draw, _NUCLEI, 0)
    waiting = -log(coarse(drawn[0]))
    for j in range(steps.shape[0]):
        current, middle, duration = course[_CURRENT, j], course[_MIDDLE, j], steps[j, DURATION]
        flowing = current if current != 0.0 else flowing
        if middle < coolest:
            continue
        hotter = middle * lasted - warmth
        if hotter > HOTTER * lasted or hotter < -COOLER * lasted or flowing != shared:
            if lasted > 0.0 and (hotter < HOTTER * lasted or duration < lasted):
                hottest = warm((lasted, warmth, hottest), site, state.age[i], p.relaxation, work)
            lasted = warmth = 0.0
        lasted, warmth = lasted + duration, warmth + duration * middle
        if flowing != shared:
            spread(state.filament[i], flowing, p.heat, work)
            shared, before = flowing, 0.0
        if middle < coldest:
            continue
        # on a plateau that has settled, most steps find everything where the step before has left it
        if middle != before or not held:
            before, loose, refused = middle, 0, 0
            if grains > 0:
                grains, loose = move_grains(duration, middle, site, tables[0], work, grain, count)
            free, alive = melt(middle, site, tables[2], work)
            held = free + loose == 0
            total = grow(duration, middle, site, tables, work, count) if alive > 0 else 0.0
        if refused < most:
            waiting -= total * duration
        while waiting < 0.0 and candidates < _BLOCKS:
            if candidate(drawn, total, duration, site, tables, work, grain, count):
                grains += 1
                held = False
            else:
                refused += 1
            candidates += 1
            drawn = words_of(draw, _NUCLEI, candidates)
            pause = -log(coarse(drawn[0]))
            waiting = waiting + pause if refused < most else pause
    if lasted > 0.0:
        warm((lasted, warmth, hottest), site, state.age[i], p.relaxation, work)
        age_glass(i, glass.fresh, p.relaxation, work, state)
    for s in range(SECTORS):
        rim[s] = work[RIM + s]
    if grains > 0:
        drop_absorbed(site.radius, rim, grain, count)


@law
def _renew(i, draw, p, peak, work, state):
    """What the heat leaves of glass and traps of a device; above the glass transition its structure changed."""
    if peak < p.crystallization.viscosity.glass_temperature:
        return
    state.stale[i] = 1
    quench(i, draw, p, work, state)
