"""Laws of what moves while a device is hot: melt front, rims, grains and nuclei, for one short step of a pulse.

How T falls with r is the shape of `pcmphys.physics.thermal.shape`, a straight line within a shell. Nuclei come as one
Poisson process along the pulse: the number expected in a sector is an integral of I(T) r^2 |dr/dT| over temperature.
With r^2 replaced by its largest value and T's fall by its gentlest it is read from a table, a candidate's temperature
is drawn from the same table, and the candidate is kept with the chance that r^2, the fall at its place and what grains
leave uncovered have in this.

What a device needs of its 16 sectors lies in one flat array ``work`` (`ROOM` of float64), a row of 16 after the other:
where the loops over sectors have no branches and one base address, LLVM makes vector code of them. The few grains are
looked at one by one, if there are any.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pcmphys.numerics.compile import law
from pcmphys.numerics.random import U64
from pcmphys.physics import geometry, heat
from pcmphys.physics.crystallization.tables import COLDEST, at, place_of
from pcmphys.physics.state import GRAINS, SECTORS
from pcmphys.physics.telegraph.traps import coarse
from pcmphys.physics.thermal import shape

_LAST = 1.001
"""What is taken off a table's length for its highest place: interpolation looks at an entry that has a next one."""
_LEAST_RISE = 1.0
"""Least rise [K] at which anything moves, for surroundings above the glass transition."""

# rows of ``work``. Of a pulse: offset of the melt front [m]. Of the current: part of the filament's rise, one over it.
SHIFT, _SHARE, _INVERSE = range(0, 3 * SECTORS, SECTORS)
# rise [K] when hottest; rim [m]; bound of the rate of nuclei, up to a factor that all have
HOTTEST, RIM, _BOUND = range(3 * SECTORS, 6 * SECTORS, SECTORS)
# of a step: melt front [m]; how far in the rim can go [m], negative where nothing moves; entries of rim and heater
_FRONT, _STOP, _RIM_ENTRY, _HEATER_ENTRY = range(6 * SECTORS, 10 * SECTORS, SECTORS)
# of the rim in the step: place [shells], shell that it is in, rise over the hot spot's at both ends of that
_PLACE, _SHELL, _INNER, _OUTER = range(10 * SECTORS, 14 * SECTORS, SECTORS)
# of the glass: order, and whether it is another than before the pulse
ORDER, LIVED = range(14 * SECTORS, 16 * SECTORS, SECTORS)
# integral of nucleation, in the step, at rim and heater
_LOW, _HIGH = range(16 * SECTORS, 18 * SECTORS, SECTORS)
# sectors that have grains, in any order
_GRAINY = 18 * SECTORS
_ROWS = 19 * SECTORS
# of the device: shape of its temperature, and that of a segment of the glass
_SHAPE, _SEGMENT = range(_ROWS, _ROWS + 2 * shape.ROW, shape.ROW)
# whether the filament fills the heater; the dome that the shape is of; longest distance in which it falls by one where
# there are rims that move (all in shells); sum of the bounds
_EVEN, _DOME, _LONGEST, _TOTAL, _LISTED = range(_ROWS + 2 * shape.ROW, _ROWS + 2 * shape.ROW + 5)
ROOM = _LISTED + 1
"""Size of ``work``."""
# of ``tables``: those of `pcmphys.physics.crystallization.tables`, and of `pcmphys.physics.thermal.shape.table`
_GROWTH, _NUCLEI, _GUIDE, _SHAPES = range(4)


@law
def covered(grains, count, radius):
    """Part in [0, 1] of a sector's shell that its grains cover; overlapping grains multiply."""
    free = 1.0
    for k in range(count):
        free *= 1.0 - geometry.grain_share(radius, grains[k, 0], grains[k, 1])
    return 1.0 - free


@law
def _keep(grains, count, low, high):
    """Drop the grains whose centre is not between two radii; returns how many are left."""
    left = 0
    for k in range(count):
        if low <= grains[k, 0] <= high:
            grains[left, 0] = grains[k, 0]
            grains[left, 1] = grains[k, 1]
            left += 1
    return left


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
        work[RIM + s] = rim[s]


@law
def spread(filament, current, p, work):
    """Part of the filament's rise that each sector has, for a current [A]; ``p`` are the floats of heat."""
    for s in range(SECTORS):
        angle = abs((s + 0.5) * (2.0 * math.pi / SECTORS) - filament)
        share = heat.beside_filament(min(angle, 2.0 * math.pi - angle), current, p)
        work[_SHARE + s], work[_INVERSE + s] = share, 1.0 / share
    work[_EVEN] = 1.0 if abs(current) >= p.filling_current else 0.0


@law
def _thickness(work):
    """Mean thickness [m] of the dome as it stands."""
    # four sums at once: one waits for the other
    a = b = c = d = 0.0
    for s in range(RIM, RIM + SECTORS, 4):
        a, b, c, d = a + work[s], b + work[s + 1], c + work[s + 2], d + work[s + 3]
    return ((a + b) + (c + d)) * (1.0 / SECTORS)


@law
def _profile(distance, shift, site, row):
    """Part of the hot spot's rise at a distance [m] from the heater, for a front further out by a shift [m]."""
    return shape.profile((distance - shift) * site.per_shell, row)


@law
def shape_segment(middle, site, shapes, work):
    """Shape of the device's temperature for `mid_dome`, at the filament's rise [K]."""
    row = work[_SEGMENT : _SEGMENT + shape.ROW]
    shape.read_row(_thickness(work) * site.per_shell, site.melting / middle, shapes[0], row)


@law
def mid_dome(s, middle, site, work):
    """Temperature [K] in the middle of a sector's dome, of the heater where there is none, for the filament's rise [K].

    To be called after `shape_segment`.
    """
    part = _profile(0.5 * work[RIM + s], work[SHIFT + s], site, work[_SEGMENT : _SEGMENT + shape.ROW])
    return site.ambient + middle * work[_SHARE + s] * part


@law
def heat_up(middle, site, shapes, work):
    """Shape of the device's temperature, and the melt front of each sector, for the filament's rise [K]."""
    level, row = site.melting / middle, work[_SHAPE : _SHAPE + shape.ROW]
    work[_DOME] = _thickness(work) * site.per_shell
    shape.read_row(work[_DOME], level, shapes[0], row)
    if level >= site.solid:
        for s in range(SECTORS):
            work[_FRONT + s] = 0.0
    elif work[_EVEN] > 0.0 and middle >= site.coldest:  # all sectors are alike, but for their shift
        place = shape.distance(level, row)
        nominal = place * site.shell
        for s in range(SECTORS):
            work[_FRONT + s] = min(max(nominal + work[SHIFT + s], 0.0), site.farthest)
    else:
        _own_fronts(level, middle, site, row, work)


@law
def _own_fronts(level, middle, site, row, work):
    """Melt front of each sector, where they are not alike: what is looked for apart from what is vector code."""
    near = 0
    for s in range(SECTORS):
        near = shape.shell_of(level * work[_INVERSE + s], row, near)
        work[_SHELL + s], work[_INNER + s], work[_OUTER + s] = near, row[near], row[near + 1]
    for s in range(SECTORS):
        own = level * work[_INVERSE + s]
        place = shape.within(own, work[_SHELL + s], work[_INNER + s], work[_OUTER + s])
        front = min(max(place * site.shell + work[SHIFT + s], 0.0), site.farthest)
        molten = (own < site.solid) & (middle * work[_SHARE + s] >= site.coldest)
        work[_FRONT + s] = front if molten else 0.0


@law
def settled(site, work):
    """Whether the dome is still as thick as the one that the shape is of."""
    return _thickness(work) * site.per_shell == work[_DOME]


@law
def melt(middle, site, work):
    """Melt: the rims of all sectors that are hotter than ever in this pulse. Says where something else can move.

    To be called after `heat_up`, ``middle`` is the filament's rise [K]. Returns the number of rims that are free to
    grow, and that of sectors for `grow`: a rim that is not is at the melt front, and nothing solid is further in.
    """
    base, (lowest, highest) = site.ambient - COLDEST, site.bounds
    free, alive = 0, 0
    for s in range(SECTORS):
        local = middle * work[_SHARE + s]
        front, rim, hottest = work[_FRONT + s], work[RIM + s], work[HOTTEST + s]
        # hotter than ever in this pulse: the rim is at the melt front
        melts = (front > 0.0) & (local > hottest)
        work[HOTTEST + s] = local if melts else hottest
        # rims are kept as single precision stores them
        rim = max(rim, np.float64(np.float32(front))) if melts else rim
        warm = local >= site.coldest
        stop = min(front if warm else np.inf, rim)
        moves = np.float64(np.float32(stop)) != rim
        lives = moves & warm & (rim > 0.0)
        free += np.int64(moves)
        alive += np.int64(lives)
        work[RIM + s], work[_BOUND + s] = rim, 0.0
        place = work[_PLACE + s] = (rim - work[SHIFT + s]) * site.per_shell
        work[_SHELL + s] = math.floor(min(max(place, 0.0), 1.0 * shape.SHELLS))
        work[_STOP + s] = stop if lives else -1.0
        # no colder than the heater: where the front lies further in, that is the hot spot's
        reach = local * (1.0 + max(work[SHIFT + s], 0.0) * site.per_shell * (1.0 / shape.SHELLS))
        work[_HEATER_ENTRY + s] = min(max(base + reach, lowest), highest)
    return free, alive


@law
def _entry(rise, site):
    """Place in the tables of a rise [K]; their ends continue, and nothing is colder than the surroundings."""
    lowest, highest = site.bounds
    return min(max((site.ambient - COLDEST) + rise, lowest), highest)


@law
def grow(duration, middle, site, tables, work, count):
    """Let the rims grow inwards for a short time, not into the liquid, and find the bounds of the rate of nuclei.

    Bounds up to a factor are left in ``work``; returns their sum [1/s]. Loops of their own: what is looked up cannot be
    vector code.
    """
    row = work[_SHAPE : _SHAPE + shape.ROW]
    lowest, highest = site.bounds
    # the profile at all rims: what is looked up apart from what is vector code
    for s in range(SECTORS):
        k = np.uint32(work[_SHELL + s])
        work[_INNER + s], work[_OUTER + s] = row[k], row[k + np.uint32(1)]
    for s in range(SECTORS):
        place, inner, outer = work[_PLACE + s], work[_INNER + s], work[_OUTER + s]
        inside = min(max(place, 0.0), 1.0 * shape.SHELLS) - work[_SHELL + s]
        part = inner + inside * (outer - inner) - min(place, 0.0) * (1.0 / shape.SHELLS)
        rise = middle * work[_SHARE + s] * part
        work[_RIM_ENTRY + s] = min(max((site.ambient - COLDEST) + rise, lowest), highest)
    step, total, outmost = duration * site.growth, 0.0, 0.0
    for s in range(SECTORS):
        stop, rim = work[_STOP + s], work[RIM + s]
        if stop < 0.0:
            continue
        entry = work[_RIM_ENTRY + s]
        rim = np.float64(np.float32(max(rim - at(tables[_GROWTH], entry) * step, stop)))
        work[RIM + s] = rim
        if rim == 0.0 or count[s] >= GRAINS:  # a sector whose list of grains is full takes no more
            continue
        outmost = max(outmost, work[_PLACE + s])
        low, high = at(tables[_NUCLEI], entry), at(tables[_NUCLEI], work[_HEATER_ENTRY + s])
        work[_LOW + s], work[_HIGH + s] = low, high
        outer = site.radius + rim
        bound = work[_INVERSE + s] * outer * outer * (high - low)
        work[_BOUND + s] = bound
        total += bound
    work[_TOTAL] = total
    work[_LONGEST] = shape.longest(outmost, work[_DOME], site.melting / middle, tables[_SHAPES][1])
    return 2.0 * math.pi / SECTORS * site.shell / middle * work[_LONGEST] * total


@law
def list_grains(work, count):
    """Note which sectors have grains; returns how many grains there are."""
    listed, grains = 0, 0
    for s in range(SECTORS):
        work[_GRAINY + listed] = s
        listed += np.int64(count[s] > 0)
        grains += count[s]
    work[_LISTED] = listed
    return grains


@law
def move_grains(duration, middle, site, velocity, work, grain, count):
    """Forget the grains in what melts now for the first time in this pulse; the others grow, not into the liquid.

    To be called between `heat_up` and `melt`; returns how many are left, and how many of them are free to grow on at
    the same heat.
    """
    radius, coldest, row = site.radius, site.coldest, work[_SHAPE : _SHAPE + shape.ROW]
    step = duration * site.growth
    left, free, listed = 0, 0, np.int64(work[_LISTED])
    work[_LISTED] = 0.0
    for n in range(listed):
        s = np.uint32(work[_GRAINY + n])
        local, front = middle * work[_SHARE + s], work[_FRONT + s]
        if front > 0.0 and local > work[HOTTEST + s]:
            count[s] = _keep(grain[s], count[s], radius + front, np.inf)
        if count[s] == 0:
            continue
        work[_GRAINY + np.uint32(work[_LISTED])] = s
        work[_LISTED] += 1.0
        left += count[s]
        if local < coldest or (front == 0.0 and work[RIM + s] == 0.0):
            continue
        for k in range(count[s]):
            distance = grain[s, k, 0] - radius
            entry = _entry(local * _profile(distance, work[SHIFT + s], site, row), site)
            size = grain[s, k, 1] + at(velocity, entry) * step
            room = max(distance - front, 0.0) if front > 0.0 else np.inf
            grain[s, k, 1] = min(size, room)
            free += size < room
    return left, free


@law
def candidate(words, step, site, tables, work, grain, count):
    """Place one candidate nucleus drawn from four words if its place allows; returns whether it did.

    ``step`` is (duration [s], the filament's rise [K]).
    """
    duration, middle = step
    radius, row = site.radius, work[_SHAPE : _SHAPE + shape.ROW]
    _, w1, w2, w3 = words
    left, s = coarse(w1) * work[_TOTAL], 0
    for k in range(SECTORS):
        s = k
        left -= work[_BOUND + k]
        if left < 0.0:
            break
    rim, shift = work[RIM + s], work[SHIFT + s]
    at_rim, at_heater, low, high = work[_RIM_ENTRY + s], work[_HEATER_ENTRY + s], work[_LOW + s], work[_HIGH + s]
    # the upper half of a word places it, the lower half decides whether it stays: a grid of 65536 each is fine enough
    along = (np.float64(np.int64(w2 >> U64(16))) + 0.5) / 65536.0
    chance = (np.float64(np.int64(w2 & U64(0xFFFF))) + 0.5) / 65536.0
    value = low + along * (high - low)
    entry = place_of(tables[_NUCLEI], tables[_GUIDE], value, int(at_rim), int(at_heater) + 1)
    place = shape.distance((entry - (site.ambient - COLDEST)) / (middle * work[_SHARE + s]), row)
    distance = place * site.shell + shift
    if distance <= 0.0 or distance >= rim or count[s] >= GRAINS:
        return False
    centre, outer = radius + distance, radius + rim
    # over the bound: the shell is smaller, the temperature falls faster than where that was taken
    part = 1.0 / (work[_LONGEST] * shape.fall(place, row))
    drawn, room = chance * outer * outer, part * centre * centre
    if drawn >= room or drawn >= room * (1.0 - covered(grain[s], count[s], centre)):
        return False
    k = count[s]
    if k == 0:
        work[_GRAINY + np.uint32(work[_LISTED])] = s
        work[_LISTED] += 1.0
    grain[s, k, 0] = centre
    grain[s, k, 1] = coarse(w3) * duration * site.growth * at(tables[_GROWTH], entry)
    count[s] = k + 1
    return True


@law
def drop_absorbed(radius, rim, grain, count):
    """Forget grains whose centre the rim has passed: they are part of the crystal now."""
    for s in range(SECTORS):
        count[s] = _keep(grain[s], count[s], 0.0, radius + rim[s])
