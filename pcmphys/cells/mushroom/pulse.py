"""Kernel of a pulse: switching, Joule heat, melting, regrowth, nucleation and growth of single grains.

The pulse is a list of steps, the same for all devices; the drive of each device is scaled. Within a step the
temperature stands at its value in the middle; a step in which rims would move far is gone through in parts. Against
steps twenty times as fine, rims (of 5 to 25 nm) are off by 0.04 nm in the mean and 0.12 nm rms after a RESET or a SET,
by up to 0.15 nm in the mean after ramps and pulses of voltage; of the grains that a RESET leaves a tenth is missing.

How warm it gets: `drive`. What moves while it is hot: `pcmphys.physics.crystallization.pulse` and
`pcmphys.physics.crystallization.nuclei`.
"""

from __future__ import annotations

import numpy as np

from pcmphys.cells.mushroom.draws import draw_normals
from pcmphys.cells.mushroom.drive import (
    CURRENT,
    DRIVE,
    DURATION,
    MIDDLE,
    ROWS,
    Off,
    follow,
    on_course,
    surely_on,
    tabulate,
    threshold,
    warm,
    within_compliance,
)
from pcmphys.cells.mushroom.glass import COOLER, HOTTER, age_glass, glass_in, live_through, quench
from pcmphys.cells.mushroom.parameters import MushroomParameters
from pcmphys.numerics.borrow import borrowed, kept
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.elementary import log
from pcmphys.numerics.random import Stream, draw_of, words_of
from pcmphys.physics.conduction.rows import ROOM as OFF_ROOM
from pcmphys.physics.conduction.solve import activation
from pcmphys.physics.conduction.structure import SCRATCH
from pcmphys.physics.crystallization import tables as crystallization
from pcmphys.physics.crystallization.nuclei import (
    candidate,
    drop_absorbed,
    expect,
    forget_molten,
    grow_grains,
    list_grains,
    look_up,
)
from pcmphys.physics.crystallization.pulse import (
    approach,
    grow,
    heat_up,
    melt,
    open_front,
    open_site,
    settled,
    spread,
    velocities,
)
from pcmphys.physics.crystallization.rows import LIVED, RIM, ROOM, SHIFT
from pcmphys.physics.crystallization.tables import COLDEST
from pcmphys.physics.dome import barrier
from pcmphys.physics.state import GROWTH, HEAT, RADIUS, SECTORS
from pcmphys.physics.telegraph.traps import coarse
from pcmphys.physics.thermal import shape

_FRONT = int(Stream.FRONT)
_NUCLEI = int(Stream.NUCLEI)
_BLOCKS = 2**24 - 1  # of random numbers, one for each candidate nucleus
# cold steps in which no more than this part of what can happen in the most active one can happen are left out
_COLD, _NOTHING = 1e-2, 1e-5
_MOST_CUTS = 64  # of a step at one heat
_MOST_REFUSED = 2**16  # candidates that find no place, at one heat, after which it has none


def tables(parameters: MushroomParameters) -> tuple:
    """Tables of growth and nucleation, shapes of the temperature, and activity, as `pulse` takes them."""
    velocity, nuclei, guide, activity = crystallization.tables(parameters.crystallization.pack())
    return velocity, nuclei, guide, shape.table(parameters.geometry, parameters.heat), activity


@kernel
def pulse(start, stop, address, cell, drive, chosen, state, out):
    """Send a pulse through some devices.

    ``cell`` is (parameters, `tables`). ``drive`` is (steps, voltage_driven, ambient [K]): steps
    (n, 4) with duration [s], e^(-half of it/tau), e^(-all of it/tau) and drive at a scale of one, the last ones
    without drive for the cooling. ``chosen`` is (numbers, scale): the pulse goes to the devices numbers[start..stop],
    with the scale [A or V] of each. ``out`` (chosen, 2) gets the highest temperature [K] of the heater's rim and the
    energy [J] taken.
    """
    p, tables = cell[0], borrowed(cell[1])
    steps, by_voltage, ambient = borrowed(drive)
    cell = p, tables, glass_in(steps, ambient, p)
    numbers, scale = borrowed(chosen)
    state, out = borrowed(state), borrowed(out)
    # from a whole cache line on, which vector code reads at once
    whole = np.empty(max(ROOM, OFF_ROOM) + 8)
    skip = (-whole.ctypes.data % 64) // 8
    memory = whole[skip:], np.empty(SCRATCH), np.zeros(SECTORS), np.empty((ROWS, steps.shape[0]))
    work, room, still, course = borrowed(memory)
    activated = activation(ambient, p.conduction)
    first, peak = 0.0, 0.0
    for j in range(steps.shape[0]):
        peak = max(peak, abs(steps[j, DRIVE]))
        first = abs(steps[j, DRIVE]) if first == 0.0 else first
    last = np.nan
    for n in range(start, stop):
        i = numbers[n]
        off = Off(i, ambient, activated, barrier(i, p, state))
        needed = threshold(i, off.barrier, ambient, p, state)
        simple = False
        if not by_voltage:
            excess = max(needed - p.heat.on_voltage, 0.0)
            simple = surely_on(first * abs(scale[n]), excess, off, p, state)
            simple = simple and within_compliance(peak * abs(scale[n]), needed, p)
        if simple:
            if scale[n] != last:  # neighbours often get the same pulse
                tabulate(steps, scale[n], p, course)
                last = scale[n]
            on_course(steps, excess, course)
        else:
            follow(steps, (by_voltage, scale[n]), off, needed, p, state, course, (work, room, still))
            last = np.nan
        hottest, energy = warm(steps, state.device[i, HEAT], p, course)
        out[n, 0], out[n, 1] = ambient + hottest, energy
        if ambient + hottest < min(p.crystallization.viscosity.glass_temperature, cell[2].felt):
            continue  # nothing moves in nanoseconds, and the glass stays what it is
        draw = draw_of(address, i)
        _go_through(i, draw, cell, ambient, steps, course, work, state)
        _renew(i, draw, p, ambient + hottest, work, state)
    kept(memory)


@law
def _go_through(i, draw, cell, ambient, steps, course, work, state):
    """All steps of a pulse for device i, of which ``course`` says how hot each is.

    ``cell`` is (parameters, `tables`, `Pulsed`).

    On a long plateau the places where nuclei come up are covered in the end, and candidates would be refused for ever:
    after many in a row the plateau has no place left, and they wait for the heat to change.
    """
    p, tables, glass = cell
    device, rim, grain, count = state.device[i], state.rim[i], state.grain[i], state.count[i]
    site = open_site(p.geometry.heater_radius * device[RADIUS], device[GROWTH], ambient, p, tables)
    coldest = site.coldest
    draw_normals(draw, _FRONT, work[SHIFT : SHIFT + SECTORS])
    open_front(state.front[i], rim, p.geometry, work)
    for s in range(SECTORS):
        work[LIVED + s] = 0.0
    grains = list_grains(work, count)
    flowing, shared, before, total, candidates, held = 0.0, 0.0, 0.0, 0.0, 0, False
    # crystals move above the glass transition only; glass ages below it too, if it has the time
    coolest = min(coldest, max(glass.felt - ambient, HOTTER))
    lasted = warmth = hottest = 0.0
    least = _least_activity(steps, course, site, tables[4])
    refused, most = 0, min(_MOST_REFUSED, _BLOCKS // steps.shape[0])
    drawn = words_of(draw, _NUCLEI, 0)
    waiting = -log(coarse(drawn[0]))
    for j in range(steps.shape[0]):
        current, middle, duration = course[CURRENT, j], course[MIDDLE, j], steps[j, DURATION]
        flowing = current if current != 0.0 else flowing
        if middle < coolest:
            continue
        hotter = middle * lasted - warmth
        if hotter > HOTTER * lasted or hotter < -COOLER * lasted or flowing != shared:
            if lasted > 0.0 and (hotter < HOTTER * lasted or duration < lasted):
                hottest = live_through((lasted, warmth, hottest), site, tables[3], state.age[i], p.relaxation, work)
            lasted = warmth = 0.0
        lasted, warmth = lasted + duration, warmth + duration * middle
        if flowing != shared:
            spread(state.filament[i], flowing, p.heat, work)
            shared, before = flowing, 0.0
        if middle < coldest:
            continue
        active = tables[4][_entry(middle, site)]
        if active < _COLD and active * duration <= least:
            continue
        refused = refused if middle == before else 0
        left, cuts = duration, 0
        while left > 0.0:
            step = left
            # on a plateau that has settled, most steps find everything where the step before has left it
            if middle != before or not held:
                before = middle
                heat_up(middle, site, tables[3], work)
                grains = forget_molten(middle, site, work, grain, count) if grains > 0 else 0
                free, alive = melt(middle, site, work)
                if alive > 0:
                    approach(middle, site, work)
                    look_up(tables, work)
                    step = velocities(left, site, work)
                    step = step if cuts < _MOST_CUTS else left
                loose = grow_grains(step, middle, site, tables[0], work, grain, count) if grains > 0 else 0
                total = 0.0
                if alive > 0:
                    grow(step, work)
                    total = expect(middle, site, tables, work)
                held = free + loose == 0 and settled(site, work)
            left, cuts = left - step, cuts + 1
            if refused < most:
                waiting -= total * step
            while waiting < 0.0 and candidates < _BLOCKS:
                if candidate(drawn, (step, middle), site, tables, work, grain, count):
                    grains += 1
                    held = False
                else:
                    refused += 1
                candidates += 1
                drawn = words_of(draw, _NUCLEI, candidates)
                pause = -log(coarse(drawn[0]))
                waiting = waiting + pause if refused < most else pause
    if lasted > 0.0:
        live_through((lasted, warmth, hottest), site, tables[3], state.age[i], p.relaxation, work)
        age_glass(i, glass.fresh, p.relaxation, work, state)
    for s in range(SECTORS):
        rim[s] = work[RIM + s]
    if grains > 0:
        drop_absorbed(site.radius, rim, grain, count)


@law
def _entry(middle, site):
    """Place in the tables of the hot spot's temperature, at a rise [K]."""
    lowest, highest = site.bounds
    return np.uint32(min(max(site.ambient - COLDEST + middle, lowest), highest))


@law
def _least_activity(steps, course, site, activity):
    """Activity times time [s] of a step in which nothing happens to speak of, beside the most active one."""
    most = 0.0
    for j in range(steps.shape[0]):
        if course[MIDDLE, j] >= site.coldest:
            most = max(most, activity[_entry(course[MIDDLE, j], site)] * steps[j, DURATION])
    return _NOTHING * most


@law
def _renew(i, draw, p, peak, work, state):
    """What the heat leaves of glass and traps of a device; above the glass transition its structure changed."""
    if peak < p.crystallization.viscosity.glass_temperature:
        return
    state.stale[i] = 1
    quench(i, draw, p, work, state)
