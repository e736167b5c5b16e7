"""Laws of what comes up and grows in the glass while a device is hot: nuclei and single grains, in one step of a pulse.

Nuclei come as one Poisson process along the pulse: the number expected in a sector is an integral of I(T) r^2 |dr/dT|
over temperature. With r^2 replaced by its largest value and T's fall by its gentlest it is read from a table, a
candidate's temperature is drawn from the same table, and the candidate is kept with the chance that r^2, the fall at
its place and what grains leave uncovered have in this. Nearly all nuclei come up where it is hot, and there r is small
and the fall steep: what is hotter than `tables.Nucleating.hot` has a bound of its own.

A grain stays one until the rim has passed all of it, not its centre alone.

The few grains are looked at one by one, if there are any.
"""

from __future__ import annotations

import math

import numpy as np

from pcmphys.numerics import sixteen
from pcmphys.numerics.compile import law
from pcmphys.numerics.random import U64
from pcmphys.physics import geometry
from pcmphys.physics.crystallization.rows import (
    BOUND,
    EVEN,
    FRONT,
    GRAINY,
    GROWTH,
    GUIDE,
    HALFWAY,
    HEATER_ENTRY,
    HIGH,
    HIGH_RISE,
    HOT_BOUND,
    HOT_LONGEST,
    HOT_PLACE,
    HOTTEST,
    INVERSE,
    LISTED,
    LONGEST,
    LOW,
    LOW_RISE,
    NUCLEI,
    OPEN,
    RIM,
    RIM_ENTRY,
    SHAPE,
    SHARE,
    SHIFT,
    STEEPER,
    TOTAL,
    VELOCITY,
)
from pcmphys.physics.crystallization.tables import COLDEST, at, place_of
from pcmphys.physics.state import GRAINS, SECTORS
from pcmphys.physics.telegraph.traps import coarse
from pcmphys.physics.thermal import shape


@law
def _keep(grains, count, low, high):
    """Drop the grains whose centre is not beyond a radius, or that lie beyond another; returns how many are left."""
    left = 0
    for k in range(count):
        if grains[k, 0] >= low and np.float64(grains[k, 0]) - grains[k, 1] < high:
            grains[left, 0] = grains[k, 0]
            grains[left, 1] = grains[k, 1]
            left += 1
    return left


@law
def list_grains(work, count):
    """Note which sectors have grains; returns how many grains there are."""
    listed, grains = 0, 0
    for s in range(SECTORS):
        work[GRAINY + listed] = s
        work[OPEN + s] = 1.0 if count[s] < GRAINS else 0.0
        listed += np.int64(count[s] > 0)
        grains += count[s]
    work[LISTED] = listed
    return grains


@law
def forget_molten(middle, site, work, grain, count):
    """Forget the grains in what melts now for the first time in this pulse; returns how many are left.

    To be called between `heat_up` and `melt`; ``middle`` is the filament's rise [K].
    """
    left, listed = 0, np.int64(work[LISTED])
    work[LISTED] = 0.0
    for n in range(listed):
        s = np.uint32(work[GRAINY + n])
        front = work[FRONT + s]
        if front > 0.0 and middle * work[SHARE + s] > work[HOTTEST + s]:
            count[s] = _keep(grain[s], count[s], site.radius + front, np.inf)
            work[OPEN + s] = 1.0 if count[s] < GRAINS else 0.0
        if count[s] > 0:
            work[GRAINY + np.uint32(work[LISTED])] = s
            work[LISTED] += 1.0
            left += count[s]
    return left


@law
def _spot(s, centre, middle, site, velocity, work):
    """How fast a crystal grows at a radius in a sector [m/s], and how large the liquid lets it become [m]."""
    distance, front = centre - site.radius, work[FRONT + s]
    place, (lowest, highest) = (distance - work[SHIFT + s]) * site.per_shell, site.bounds
    rise = middle * work[SHARE + s] * shape.profile(place, work[SHAPE : SHAPE + shape.ROW])
    entry = min(max((site.ambient - COLDEST) + rise, lowest), highest)
    return site.growth * at(velocity, entry), (max(distance - front, 0.0) if front > 0.0 else np.inf)


@law
def grow_grains(duration, middle, site, velocity, work, grain, count):
    """Let grains grow for a time [s], not into the liquid; returns how many are free to grow on at the same heat.

    To be called after `melt`. One that was born in this time has had a negative radius at its beginning.
    """
    free = 0
    for n in range(np.int64(work[LISTED])):
        s = np.uint32(work[GRAINY + n])
        if middle * work[SHARE + s] < site.coldest or (work[FRONT + s] == 0.0 and work[RIM + s] == 0.0):
            continue
        for k in range(count[s]):
            speed, room = _spot(s, np.float64(grain[s, k, 0]), middle, site, velocity, work)
            size = max(grain[s, k, 1] + duration * speed, 0.0)
            grain[s, k, 1] = min(size, room)
            free += size < room
    return free


@law
def _covered(s, radius, step, site, velocity, work, grains, count):
    """Part in [0, 1] of a sector's shell that its grains cover at a moment of the step; overlapping ones multiply.

    ``step`` is (time [s] from its beginning to the moment, the filament's rise [K]).
    """
    since, middle = step
    free = 1.0
    for k in range(count):
        speed, room = _spot(s, np.float64(grains[k, 0]), middle, site, velocity, work)
        size = min(max(grains[k, 1] + since * speed, 0.0), room)
        free *= 1.0 - geometry.grain_share(radius, grains[k, 0], size)
    return 1.0 - free


@law
def look_up(tables, work):
    """What stands in the tables for rims and heater of all sectors: velocity and its slope, integral of nucleation."""
    sixteen.look_up(tables[GROWTH], 2, work, RIM_ENTRY, VELOCITY, STEEPER)
    sixteen.look_up(tables[NUCLEI], 2, work, RIM_ENTRY, LOW, LOW_RISE)
    sixteen.look_up(tables[NUCLEI], 2, work, HEATER_ENTRY, HIGH, HIGH_RISE)
    for s in range(SECTORS):
        rim, heater = work[RIM_ENTRY + s], work[HEATER_ENTRY + s]
        inside = rim - math.floor(rim)
        work[VELOCITY + s] += inside * work[STEEPER + s]
        work[LOW + s] += inside * work[LOW_RISE + s]
        work[HIGH + s] += (heater - math.floor(heater)) * work[HIGH_RISE + s]


@law
def expect(middle, site, tables, work):
    """Bounds of the rate of nuclei in living sectors, left in ``work`` up to a factor; returns their sum [1/s].

    To be called after `pcmphys.physics.crystallization.pulse.grow`, if that finds sectors that take nuclei.
    """
    row, where, base = work[SHAPE : SHAPE + shape.ROW], tables[GUIDE][2], site.ambient - COLDEST
    colder = where.colder
    # where all sectors are alike none has nuclei in what others have molten, where the fall is gentle
    level = (where.last - base) / middle if work[EVEN] > 0.0 else np.inf
    hot, near, far = shape.gentlest(level, (where.hot - base) / middle, row)
    for s in range(SECTORS):
        low, high, outer = work[LOW + s], work[HIGH + s], site.radius + work[HALFWAY + s]
        inner = min(outer, site.radius + hot * site.shell + work[SHIFT + s])
        opens = work[BOUND + s] * work[INVERSE + s]
        warm = opens * near * inner * inner * max(high - max(low, colder), 0.0)
        work[HOT_BOUND + s] = warm
        work[BOUND + s] = warm + opens * far * outer * outer * max(min(high, colder) - low, 0.0)
    total = sixteen.sum_of(work, BOUND)
    work[HOT_PLACE], work[HOT_LONGEST], work[LONGEST], work[TOTAL] = hot, near, far, total
    return 2.0 * math.pi / SECTORS * site.shell / middle * total


@law
def candidate(words, step, site, tables, work, grain, count):
    """Place one candidate nucleus drawn from four words if its place allows; returns whether it did.

    ``step`` is (time [s] from its beginning to the nucleus' birth, the filament's rise [K]). Before `grow_grains`.
    """
    since, middle = step
    radius, row = site.radius, work[SHAPE : SHAPE + shape.ROW]
    _, w1, w2, _ = words
    left, s = coarse(w1) * work[TOTAL], 0
    for k in range(SECTORS):
        s = k
        if left < work[BOUND + k]:
            break
        left -= work[BOUND + k]
    rim, shift = work[HALFWAY + s], work[SHIFT + s]
    at_rim, at_heater, low, high = work[RIM_ENTRY + s], work[HEATER_ENTRY + s], work[LOW + s], work[HIGH + s]
    colder = tables[GUIDE][2].colder
    outer, longest = radius + rim, work[LONGEST]
    if left < work[HOT_BOUND + s]:
        low, longest = max(low, colder), work[HOT_LONGEST]
        outer = min(outer, radius + work[HOT_PLACE] * site.shell + shift)
    else:
        high = min(high, colder)
    # the upper half of a word places it, the lower half decides whether it stays: a grid of 65536 each is fine enough
    along = (np.float64(np.int64(w2 >> U64(16))) + 0.5) / 65536.0
    chance = (np.float64(np.int64(w2 & U64(0xFFFF))) + 0.5) / 65536.0
    value = low + along * (high - low)
    entry = place_of(tables[NUCLEI], tables[GUIDE], value, int(at_rim), int(at_heater) + 1)
    place = shape.distance((entry - (site.ambient - COLDEST)) / (middle * work[SHARE + s]), row)
    distance = place * site.shell + shift
    if distance <= 0.0 or distance >= rim or count[s] >= GRAINS:
        return False
    centre = radius + distance
    # over the bound: the shell is smaller, the temperature falls faster than where that was taken
    part = 1.0 / (longest * shape.fall(place, row))
    drawn, room = chance * outer * outer, part * centre * centre
    if drawn >= room:
        return False
    velocity = tables[GROWTH]
    if drawn >= room * (1.0 - _covered(np.uint32(s), centre, step, site, velocity, work, grain[s], count[s])):
        return False
    k = count[s]
    if k == 0:
        work[GRAINY + np.uint32(work[LISTED])] = s
        work[LISTED] += 1.0
    grain[s, k, 0] = centre
    grain[s, k, 1] = -since * site.growth * at(velocity, entry)
    count[s] = k + 1
    work[OPEN + s] = 1.0 if k + 1 < GRAINS else 0.0
    return True


@law
def drop_absorbed(radius, rim, grain, count):
    """Forget grains that the rim has passed as a whole: they are part of the crystal now."""
    for s in range(SECTORS):
        if count[s] > 0:
            count[s] = _keep(grain[s], count[s], 0.0, radius + rim[s]) if rim[s] > 0.0 else 0
