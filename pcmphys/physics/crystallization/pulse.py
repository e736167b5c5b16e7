"""Laws of what moves while a device is hot: melt front and rims, for one short step of a pulse.

How T falls with r is the shape of `pcmphys.physics.thermal.shape`, a straight line within a shell. A rim moves by the
velocity of growth at its place, to second order in time: as it moves it gets hotter, and what that does to the
velocity follows from the slopes of both tables. Steps in which a rim would move by more than `FARTHEST` are cut into
equal parts. What comes up in the glass beside the rims: `pcmphys.physics.crystallization.nuclei`.

What a device needs of its 16 sectors lies in one flat array ``work``, see `pcmphys.physics.crystallization.rows`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pcmphys.numerics.compile import law
from pcmphys.numerics.sixteen import largest_of, look_up, sum_of
from pcmphys.physics import geometry, heat
from pcmphys.physics.crystallization.rows import (
    BEND,
    BOUND,
    DOME,
    EVEN,
    FRONT,
    HALFWAY,
    HEATER_ENTRY,
    HOTTEST,
    INNER,
    INVERSE,
    OPEN,
    OUTER,
    PARTS,
    PLACE,
    RESTING,
    RIM,
    RIM_ENTRY,
    SEGMENT,
    SHAPE,
    SHAPES,
    SHARE,
    SHELL,
    SHIFT,
    STEEPER,
    STOP,
    VELOCITY,
    WAY,
)
from pcmphys.physics.crystallization.tables import COLDEST, at
from pcmphys.physics.state import SECTORS
from pcmphys.physics.thermal import shape

FARTHEST = 5e-9
"""The most [m] that a rim moves in one step, besides `_FARTHEST_PART` of what is left to go."""
_FARTHEST_PART = 0.5
FARTHEST_MEAN, FARTHEST_ON_RAMPS = 2e-9, 3e-9
"""The most [m] that rims move in one step in the mean: the dome shapes the temperature. In a step of a ramp, whose heat
is that of its middle, that matters less."""
_FASTER = 0.6
"""The most by which a rim gets faster in one step, half of it, as its velocity's slope says at the beginning."""
_TOUCHING = 1e-12
"""Distance [m] from the melt front at which a rim stands still."""
_LAST = 1.001
"""What is taken off a table's length for its highest place: interpolation looks at an entry that has a next one."""
_PASSES = 2
"""Of a step that melts, through dome and front: each changes the other."""
_SAME_DOME = 0.05
"""Change [shells] of the dome that shapes no other temperature."""
_ENOUGH = 1.3
"""Times as long as a rim takes to its front: enough, also if shapes change on the way."""
_MOST_PASSES = 12
_SETTLED = 3e-3
"""Change [shells] of a dome that has come to rest: a hundredth of a nanometre."""
_LEAST_TURN = 0.2
"""Of a secant: no dome changes by more than five times what it misses."""
_LEAST_RISE = 1.0
"""Least rise [K] at which anything moves, for surroundings above the glass transition."""


class Site(NamedTuple):
    """What the laws of this file need to know of a device: lengths [m], temperatures [K], places in the tables."""

    radius: float
    """Of its heater."""
    shell: float
    """Part of the way from the heater to the top electrode in which the temperature falls as a straight line."""
    per_shell: float
    """One over that [1/m]."""
    farthest: float
    """The most that a melt front is away from the heater."""
    ambient: float
    growth: float
    """Factor of its growth velocity."""
    coldest: float
    """Rise at which things begin to move."""
    melting: float
    """Rise that melts."""
    solid: float
    """Level (see `pcmphys.physics.thermal.shape`) from which on no front lies so far out that anything melts."""
    bounds: tuple[float, float]
    """Lowest and highest place in the tables."""


@law
def open_site(radius, growth, ambient, p, tables):
    """The `Site` of a device with a heater's radius [m] and a factor of growth of its own."""
    span = p.geometry.layer_thickness - radius
    shell = span / shape.SHELLS
    farthest = p.heat.melt_limit * span
    # nothing moves in nanoseconds below the glass transition
    coldest = max(p.crystallization.viscosity.glass_temperature - ambient, _LEAST_RISE)
    melting = p.crystallization.melting_temperature - ambient
    bounds = (max(ambient - COLDEST, 0.0), tables[0].shape[0] - _LAST)
    solid = 1.0 + geometry.farthest_shift(p.geometry) / span
    return Site(radius, shell, 1.0 / shell, farthest, ambient, growth, coldest, melting, solid, bounds)


@law
def open_front(front, rim, p, work):
    """Shape of the melt front for one pulse, nothing being hot yet; ``work[SHIFT]`` holds the pulse's normal deviates.

    ``front`` and ``rim`` (16,) are the device's own deviates and the thickness [m] of its dome; ``p`` is the geometry.
    """
    for s in range(SECTORS):
        work[SHIFT + s] = geometry.front_shift(front[s], work[SHIFT + s], p)
        work[HOTTEST + s] = 0.0
        work[RIM + s] = work[HALFWAY + s] = rim[s]


@law
def spread(filament, current, p, work):
    """Part of the filament's rise that each sector has, for a current [A]; ``p`` are the floats of heat."""
    work[EVEN] = 1.0 if abs(current) >= p.filling_current else 0.0
    if work[EVEN] > 0.0:  # all of it
        for s in range(SECTORS):
            work[SHARE + s] = work[INVERSE + s] = 1.0
        return
    for s in range(SECTORS):
        angle = abs((s + 0.5) * (2.0 * math.pi / SECTORS) - filament)
        share = heat.beside_filament(min(angle, 2.0 * math.pi - angle), current, p)
        work[SHARE + s], work[INVERSE + s] = share, 1.0 / share


@law
def _mean(row, work):
    """Mean over the sectors of a row."""
    return sum_of(work, row) * (1.0 / SECTORS)


@law
def mid_domes(middle, site, shapes, work):
    """Temperature [K] in the middle of each sector's dome, of the heater where there is none; into ``work[PLACE]``.

    For the filament's rise [K], of the domes as they were halfway through the last step.
    """
    row = work[SEGMENT : SEGMENT + shape.ROW]
    shape.read_row(_mean(HALFWAY, work) * site.per_shell, site.melting / middle, shapes, row)
    for s in range(SECTORS):
        place = work[PLACE + s] = (0.5 * work[HALFWAY + s] - work[SHIFT + s]) * site.per_shell
        work[SHELL + s] = math.floor(min(max(place, 0.0), 1.0 * shape.SHELLS))
    look_up(row, 1, work, SHELL, INNER, OUTER)
    for s in range(SECTORS):
        place, inner, outer = work[PLACE + s], work[INNER + s], work[OUTER + s]
        inside = min(max(place, 0.0), 1.0 * shape.SHELLS) - work[SHELL + s]
        part = inner + inside * (outer - inner) - min(place, 0.0) * (1.0 / shape.SHELLS)
        work[PLACE + s] = site.ambient + middle * work[SHARE + s] * part


@law
def heat_up(middle, melts, site, shapes, work):
    """Shape of the device's temperature, and the melt front of each sector, for the filament's rise [K].

    What melts makes the dome thicker, and so another shape and another front: in a few passes. ``melts`` says whether
    any sector may be hotter than ever.
    """
    work[DOME] = _mean(RIM, work) * site.per_shell
    _fronts(middle, site, shapes, work)
    if melts and site.melting / middle < site.solid:
        for _ in range(_PASSES):
            molten = _molten_dome(middle, work) * site.per_shell
            if abs(molten - work[DOME]) <= _SAME_DOME:
                break
            work[DOME] = molten
            _fronts(middle, site, shapes, work)


@law
def settle(middle, duration, site, tables, work):
    """Put rims at their melt fronts where they come to rest there in a time [s] at one heat; returns how many do not.

    ``middle`` is the filament's rise [K], which melts and was never higher; all sectors must be alike. What was before
    is forgotten then: it has melted, or the rims have passed it on their way to the fronts.
    """
    work[DOME] = _mean(RIM, work) * site.per_shell
    _fronts(middle, site, tables[SHAPES], work)
    reach, moving = _reach(middle, duration, site, tables[RESTING], work), 0
    for s in range(SECTORS):
        rests = work[RIM + s] - work[SHIFT + s] <= reach
        work[STOP + s] = -1.0 if rests else work[RIM + s]
        moving += np.int64(not rests)
    # where dome and fronts agree: secants
    last, before = 0.0, 0.0
    for passes in range(_MOST_PASSES):
        for s in range(SECTORS):
            work[PARTS + s] = max(work[FRONT + s], work[STOP + s])
        dome = work[DOME]
        miss = _mean(PARTS, work) * site.per_shell - dome
        if abs(miss) <= _SETTLED:
            break
        turn = (miss - before) / (dome - last) if passes > 0 else -1.0
        work[DOME] = min(max(dome - miss / min(turn, -_LEAST_TURN), 0.0), 1.0 * shape.SHELLS)
        last, before = dome, miss
        _fronts(middle, site, tables[SHAPES], work)
    for s in range(SECTORS):
        front, rests = work[FRONT + s], work[STOP + s] < 0.0
        work[HOTTEST + s] = middle * work[SHARE + s] if rests & (front > 0.0) else 0.0
        work[RIM + s] = work[HALFWAY + s] = np.float64(np.float32(front)) if rests else work[RIM + s]
    return moving


@law
def _reach(middle, duration, site, resting, work):
    """How far out [m], but for its sector's shift, a rim may be to come to its front in a time [s] at one heat."""
    level, row, (lowest, highest) = site.melting / middle, work[SHAPE : SHAPE + shape.ROW], site.bounds
    base, left = site.ambient - COLDEST, duration * site.growth * site.per_shell / _ENOUGH
    before, k = 0.0, 0
    while k < shape.SHELLS and row[k] >= level:
        k += 1
    while k < shape.SHELLS:
        outer = min(max(base + middle * row[k], lowest), highest)
        needed = at(resting, outer)
        left -= (needed - before) / (middle * (row[k - 1] - row[k]))
        if left < 0.0:
            break
        before = needed
        k += 1
    return max(k - 1.0, 0.0) * site.shell


@law
def _fronts(middle, site, shapes, work):
    """Shape for the dome in ``work[DOME]``, and the fronts that follow."""
    level, row = site.melting / middle, work[SHAPE : SHAPE + shape.ROW]
    shell = shape.read_row(work[DOME], level, shapes, row)
    if level >= site.solid:
        for s in range(SECTORS):
            work[FRONT + s] = 0.0
    elif work[EVEN] > 0.0 and middle >= site.coldest:  # all sectors are alike, but for their shift
        nominal = shape.reached(level, shell, row) * site.shell
        for s in range(SECTORS):
            work[FRONT + s] = min(max(nominal + work[SHIFT + s], 0.0), site.farthest)
    else:
        _own_fronts(level, shell, middle, site, row, work)


@law
def _molten_dome(middle, work):
    """Mean thickness [m] of the dome once the fronts have melted what is hotter than ever in this pulse."""
    for s in range(SECTORS):
        front, rim = work[FRONT + s], work[RIM + s]
        melts = (front > rim) & (middle * work[SHARE + s] > work[HOTTEST + s])
        work[STOP + s] = front if melts else rim
    return _mean(STOP, work)


@law
def _own_fronts(level, shell, middle, site, row, work):
    """Melt front of each sector, where they are not alike: what is looked up apart from what is vector code."""
    # no front is further out than where a sector with all of the filament's rise melts, mostly in the inner shells
    if shell < 8:
        for s in range(SECTORS):
            own, inside = level * work[INVERSE + s], 0
            for k in range(1, 8):
                inside += np.int64(row[k] > own)
            work[SHELL + s] = inside
    else:
        for s in range(SECTORS):
            own, inside = level * work[INVERSE + s], 0
            for k in range(1, shape.SHELLS):
                inside += np.int64(row[k] > own)
            work[SHELL + s] = inside
    look_up(row, 1, work, SHELL, INNER, OUTER)
    for s in range(SECTORS):
        own = level * work[INVERSE + s]
        place = shape.within(own, work[SHELL + s], work[INNER + s], work[OUTER + s])
        front = min(max(place * site.shell + work[SHIFT + s], 0.0), site.farthest)
        molten = (own < site.solid) & (middle * work[SHARE + s] >= site.coldest)
        work[FRONT + s] = front if molten else 0.0


@law
def melt(middle, site, work):
    """Melt: the rims of all sectors that are hotter than ever in this pulse. Says where something else can move.

    To be called after `heat_up`, ``middle`` is the filament's rise [K]. Returns the number of rims that are free to
    grow, and that of sectors for `approach`: a rim that is not is at the melt front, and nothing solid is further in.
    """
    base, (lowest, highest) = site.ambient - COLDEST, site.bounds
    free, alive = 0, 0
    for s in range(SECTORS):
        local = middle * work[SHARE + s]
        front, rim, hottest = work[FRONT + s], work[RIM + s], work[HOTTEST + s]
        # hotter than ever in this pulse: the rim is at the melt front
        melts = (front > 0.0) & (local > hottest)
        work[HOTTEST + s] = local if melts else hottest
        # rims are kept as single precision stores them
        rim = max(rim, np.float64(np.float32(front))) if melts else rim
        warm = local >= site.coldest
        stop = min(front if warm else np.inf, rim)
        moves = rim - stop > _TOUCHING
        lives = moves & warm & (rim > 0.0)
        free += np.int64(moves)
        alive += np.int64(lives)
        work[RIM + s] = work[HALFWAY + s] = rim
        place = work[PLACE + s] = (rim - work[SHIFT + s]) * site.per_shell
        work[SHELL + s] = math.floor(min(max(place, 0.0), 1.0 * shape.SHELLS))
        work[STOP + s] = stop if lives else -1.0
        # no colder than the heater: where the front lies further in, that is the hot spot's
        reach = local * (1.0 + max(work[SHIFT + s], 0.0) * site.per_shell * (1.0 / shape.SHELLS))
        work[HEATER_ENTRY + s] = min(max(base + reach, lowest), highest)
    return free, alive


@law
def approach(middle, site, work):
    """How hot the rims are, and how steep it is there. To be called after `melt`, before `velocities`."""
    row, base = work[SHAPE : SHAPE + shape.ROW], site.ambient - COLDEST
    lowest, highest = site.bounds
    # what is looked up apart from what is vector code
    look_up(row, 1, work, SHELL, INNER, OUTER)
    for s in range(SECTORS):
        place, inner, outer = work[PLACE + s], work[INNER + s], work[OUTER + s]
        rise, inside = middle * work[SHARE + s], min(max(place, 0.0), 1.0 * shape.SHELLS) - work[SHELL + s]
        part = inner + inside * (outer - inner) - min(place, 0.0) * (1.0 / shape.SHELLS)
        work[RIM_ENTRY + s] = min(max(base + rise * part, lowest), highest)
        falls = (inner - outer) if place >= 0.0 else (1.0 / shape.SHELLS)
        work[BEND + s] = 0.5 * site.growth * site.per_shell * rise * falls


@law
def velocities(left, farthest_mean, site, work):
    """How fast rims grow; returns the part of the time ``left`` [s] that one step may take.

    The time itself, or an equal part of it if a rim, or all in the mean, would move too far or get too much faster.
    What stands in the tables for the rims has been looked up; ``farthest_mean`` is `FARTHEST_MEAN` or that on ramps.
    """
    for s in range(SECTORS):
        stop = work[STOP + s]
        work[VELOCITY + s] = site.growth * work[VELOCITY + s] if stop >= 0.0 else 0.0
        work[BEND + s] *= work[STEEPER + s]
        room = max(work[RIM + s] - stop, 0.0)
        work[WAY + s] = _way(left, s, work)
        way = work[PARTS + s] = min(work[WAY + s], room)
        faster = work[OUTER + s] = left * work[BEND + s] * (1.0 / _FASTER) if stop >= 0.0 else 0.0
        farthest = work[INNER + s] = FARTHEST + _FARTHEST_PART * room
        work[PLACE + s] = max(way - farthest, faster - 1.0)
    mean = _mean(PARTS, work) / farthest_mean
    if mean <= 1.0 and largest_of(work, PLACE) <= 0.0:  # most steps; a division saved
        return left
    for s in range(SECTORS):
        work[PLACE + s] = max(work[PARTS + s] / work[INNER + s], work[OUTER + s])
    return left / math.ceil(max(mean, largest_of(work, PLACE)))


@law
def _way(duration, s, work):
    """How far [m] the rim of a sector moves in a time [s], if nothing is in its way.

    Of a velocity v + v' x to second order: v t (1 + v' t/2) where it gets faster, v t / (1 - v' t/2) where slower.
    """
    bend = duration * work[BEND + s]
    return duration * work[VELOCITY + s] * (1.0 + min(max(bend, 0.0), 1.0)) / (1.0 - min(bend, 0.0))


@law
def grow(duration, whole, last, work):
    """Let the rims of living sectors grow inwards for a time [s], not into the liquid. After `velocities`.

    ``whole`` says whether that is all of the time that `velocities` looked at.

    Returns the number of sectors that may take nuclei, which are those with rims colder than at an entry ``last`` of
    the tables and room in their lists.
    """
    opens = 0
    if not whole:
        for s in range(SECTORS):
            work[WAY + s] = _way(duration, s, work)
    for s in range(SECTORS):
        stop, rim, entry, has_room = work[STOP + s], work[RIM + s], work[RIM_ENTRY + s], work[OPEN + s]
        moved = np.float64(np.float32(max(rim - work[WAY + s], stop)))
        moved = moved if stop >= 0.0 else rim
        work[HALFWAY + s] = 0.5 * (rim + moved)
        work[RIM + s] = moved
        # a full list of grains takes no more
        bound = has_room if (stop >= 0.0) & (moved > 0.0) else 0.0
        work[BOUND + s] = bound
        opens += np.int64((bound > 0.0) & (entry < last))
    return opens
