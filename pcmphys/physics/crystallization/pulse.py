"""Laws of what moves while a device is hot: melt front, rims, grains and nuclei, for one short step of a pulse.

Nuclei come as one Poisson process along the pulse. Because T falls linearly with r, the number expected in a sector is
an integral of I(T) r^2 over temperature: with r^2 replaced by its largest value it is read from a table, a candidate's
temperature is drawn from the same table, and the candidate is kept with the chance r^2 / r_rim^2 that its place is
uncovered.

What a device needs of its 16 sectors lies in one flat array ``work`` (`ROOM` of float64), a row of 16 after the other:
the loops over sectors have no branches and one base address, so that LLVM makes vector code of them. The few grains
are looked at one by one, and only if there are any.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.random import U64
from pcmphys.physics import geometry, heat
from pcmphys.physics.crystallization import rates as crystallization
from pcmphys.physics.state import GRAINS, SECTORS
from pcmphys.physics.telegraph.traps import coarse

COLDEST = 200.0
"""Lowest temperature [K] of the tables of growth and nucleation; one entry a kelvin. Far below any glass transition."""
_LAST = 1.001
"""What is taken off a table's length for its highest place: interpolation looks at an entry that has a next one."""
_LEAST_RISE = 1.0
"""Least rise [K] at which anything moves, for surroundings above the glass transition."""

# rows of ``work``. Of a pulse: offset of the melt front [m]; part of the heater's rise at the heater (beyond one where
# the front lies further out). Of the current: part of the filament's rise, and one over it.
SHIFT, _AT_HEATER, _SHARE, _INVERSE = range(0, 4 * SECTORS, SECTORS)
# rise [K] when hottest; rim [m]; bound of the rate of nuclei [1/s]
HOTTEST, RIM, _BOUND = range(4 * SECTORS, 7 * SECTORS, SECTORS)
# of a step: how far the rim can go inwards [m]; place in the tables of the rim (negative where nothing moves), of the
# heater, of a rim at the heater, and how many places it loses a metre
_STOP, _RIM_ENTRY, _HEATER_ENTRY, _BASE, _SLOPE = range(7 * SECTORS, 12 * SECTORS, SECTORS)
# of the glass: temperature [K] in the middle of the dome; order, and whether it is another than before the pulse
MIDDLE, ORDER, LIVED = range(12 * SECTORS, 15 * SECTORS, SECTORS)
ROOM = 15 * SECTORS
"""Size of ``work``."""


@kernel
def tabulate(start, stop, p, out):
    """Growth velocity [m/s], and the integral of the nucleation rate over temperature [K/(m3 s)]; out (2, n)."""
    before = 0.0
    for k in range(start, stop):
        temperature = COLDEST + k
        out[0, k] = max(crystallization.growth_velocity(temperature, p), 0.0)
        rate = crystallization.nucleation_rate(temperature, p)
        out[1, k] = out[1, k - 1] + 0.5 * (before + rate) if k > start else 0.0
        before = rate


def tables(p: crystallization.CrystallizationFloats) -> tuple[np.ndarray, np.ndarray, float]:
    """Growth velocity and integral of nucleation at every kelvin up to melting (see `tabulate`).

    Each is (n, 2): the value and its rise to the next one. The third is the place from which on nothing nucleates.
    """
    count = int(p.melting_temperature - COLDEST) + 3
    values = np.zeros((2, count))
    tabulate(0, count, p, values)
    velocity, nuclei = (np.stack([row, np.append(np.diff(row), 0.0)], axis=1) for row in values)
    return velocity, nuclei, float(np.searchsorted(values[1], values[1, -1]))


@law
def _at(table, entry):
    """Linear interpolation at a place in a table."""
    k = np.uint32(entry)
    return table[k, 0] + (entry - k) * table[k, 1]


@law
def _within(entry, bounds):
    """Place in the tables; their ends continue, and nothing is colder than the surroundings."""
    lowest, highest = bounds
    return min(max(entry, lowest), highest)


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
    span: float
    """From the heater to the top electrode."""
    per_span: float
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
    bounds: tuple[float, float]
    """Lowest and highest place in the tables."""


@law
def open_site(radius, growth, ambient, p, tables):
    """The `Site` of a device with a heater's radius [m] and a factor of growth of its own."""
    span = p.geometry.layer_thickness - radius
    # nothing moves in nanoseconds below the glass transition
    coldest = max(p.crystallization.viscosity.glass_temperature - ambient, _LEAST_RISE)
    melting = p.crystallization.melting_temperature - ambient
    bounds = (max(ambient - COLDEST, 0.0), tables[0].shape[0] - _LAST)
    return Site(radius, span, 1.0 / span, p.heat.melt_limit * span, ambient, growth, coldest, melting, bounds)


@law
def open_front(front, rim, site, p, work):
    """Shape of the melt front for one pulse, nothing being hot yet; ``work[SHIFT]`` holds the pulse's normal deviates.

    ``front`` and ``rim`` (16,) are the device's own deviates and the thickness [m] of its dome; ``p`` is the geometry.
    """
    for s in range(SECTORS):
        offset = geometry.front_shift(front[s], work[SHIFT + s], p)
        work[SHIFT + s] = offset
        work[_AT_HEATER + s] = heat.profile(-offset, site.per_span, 1.0)
        work[HOTTEST + s] = 0.0
        work[RIM + s] = rim[s]


@law
def spread(filament, current, p, work):
    """Part of the filament's rise that each sector has, for a current [A]; ``p`` are the floats of heat."""
    for s in range(SECTORS):
        angle = abs((s + 0.5) * (2.0 * math.pi / SECTORS) - filament)
        share = heat.beside_filament(min(angle, 2.0 * math.pi - angle), current, p)
        work[_SHARE + s], work[_INVERSE + s] = share, 1.0 / share


@law
def mid_dome(middle, site, work):
    """Temperature [K] in the middle of each sector's dome, for the filament's rise [K].

    Where there is no dome, at the heater.
    """
    for s in range(SECTORS):
        part = heat.profile(0.5 * work[RIM + s], site.per_span, work[_AT_HEATER + s])
        work[MIDDLE + s] = site.ambient + middle * work[_SHARE + s] * max(part, 0.0)


@law
def _front(melting, shift, site):
    """Distance [m] of a sector's melt front from the heater now, ``melting`` the part of its rise that melts.

    Zero if nothing is molten there.
    """
    return min(max(heat.melt_distance(melting, site.span, shift), 0.0), site.farthest)


@law
def melt(middle, site, top, work):
    """Melt: the rims of all sectors that are hotter than ever in this pulse. Says where something else can move.

    ``middle`` is the filament's rise [K], ``top`` the place in the tables from which on nothing nucleates. Returns
    the number of rims that are free to grow, and that of sectors for `grow`.
    """
    bounds, coldest = site.bounds, site.coldest
    melting = site.melting / middle
    free, alive = 0, 0
    for s in range(SECTORS):
        local = middle * work[_SHARE + s]
        rim, hottest = work[RIM + s], work[HOTTEST + s]
        warm = local >= coldest
        front = _front(melting * work[_INVERSE + s], work[SHIFT + s], site)
        front = front if warm else 0.0
        # hotter than ever in this pulse: the rim is at the melt front
        melts = (front > 0.0) & (local > hottest)
        work[HOTTEST + s] = local if melts else hottest
        # rims are kept as single precision stores them
        rim = max(rim, np.float64(np.float32(front))) if melts else rim
        stop = min(front if warm else np.inf, rim)
        moves = np.float64(np.float32(stop)) != rim
        # the profile, in places of the tables: ambient + local heat.profile(rim)
        base = (site.ambient - COLDEST) + local * work[_AT_HEATER + s]
        slope = local * site.per_span
        entry = _within(base - slope * rim, bounds)
        lives = warm & (rim > 0.0) & (moves | (entry < top))
        free += np.int64(moves)
        alive += np.int64(lives)
        work[RIM + s], work[_STOP + s] = rim, stop
        work[_BASE + s], work[_SLOPE + s] = base, slope
        work[_RIM_ENTRY + s] = entry if lives else -1.0
        work[_HEATER_ENTRY + s] = _within(base, bounds)
        work[_BOUND + s] = 0.0
    return free, alive


@law
def grow(duration, middle, site, tables, work, count):
    """Let the rims grow inwards for a short time, not into the liquid, and find the bounds of the rate of nuclei.

    The bounds [1/s] are left in ``work``; returns their sum. A loop of its own, over few sectors: what is looked up
    cannot be vector code.
    """
    bounds = site.bounds
    step = duration * site.growth
    area = 2.0 * math.pi / SECTORS * site.span / middle
    total = 0.0
    for s in range(SECTORS):
        entry = work[_RIM_ENTRY + s]
        if entry < 0.0:
            continue
        rim = np.float64(np.float32(max(work[RIM + s] - _at(tables[0], entry) * step, work[_STOP + s])))
        work[RIM + s] = rim
        if rim == 0.0 or count[s] >= GRAINS:  # a sector whose list of grains is full takes no more
            continue
        low = _at(tables[1], _within(work[_BASE + s] - work[_SLOPE + s] * rim, bounds))
        high = _at(tables[1], work[_HEATER_ENTRY + s])
        outer = site.radius + rim
        bound = area * work[_INVERSE + s] * outer * outer * (high - low)
        work[_BOUND + s] = bound
        total += bound
    return total


@law
def move_grains(duration, middle, site, velocity, work, grain, count):
    """Forget the grains in what melts now for the first time in this pulse; the others grow, not into the liquid.

    To be called before `melt`; returns how many are left, and how many of them are free to grow on at the same heat.
    """
    radius, coldest = site.radius, site.coldest
    step = duration * site.growth
    left, free = 0, 0
    for s in range(SECTORS):
        if count[s] == 0:
            continue
        local = middle * work[_SHARE + s]
        front = _front(site.melting / middle * work[_INVERSE + s], work[SHIFT + s], site) if local >= coldest else 0.0
        if front > 0.0 and local > work[HOTTEST + s]:
            count[s] = _keep(grain[s], count[s], radius + front, np.inf)
        left += count[s]
        if local < coldest or (front == 0.0 and work[RIM + s] == 0.0):
            continue
        for k in range(count[s]):
            distance = grain[s, k, 0] - radius
            entry = (site.ambient - COLDEST) + local * heat.profile(distance, site.per_span, work[_AT_HEATER + s])
            size = grain[s, k, 1] + _at(velocity, _within(entry, site.bounds)) * step
            room = max(distance - front, 0.0) if front > 0.0 else np.inf
            grain[s, k, 1] = min(size, room)
            free += size < room
    return left, free


@law
def _place_of(table, value, below, above):
    """Place in a rising table at which it has a value; ``below`` and ``above`` are entries on either side."""
    while above - below > 1:
        middle = (below + above) // 2
        if table[middle, 0] <= value:
            below = middle
        else:
            above = middle
    width = table[below, 1]
    return below + ((value - table[below, 0]) / width if width > 0.0 else 0.0)


@law
def candidate(drawn, total, duration, site, tables, work, grain, count):
    """Place one candidate nucleus drawn from ``drawn`` (four words) if its place allows; returns whether it did."""
    radius, bounds = site.radius, site.bounds
    _, w1, w2, w3 = drawn
    left = coarse(w1) * total
    s = 0
    for k in range(SECTORS):
        s = k
        left -= work[_BOUND + k]
        if left < 0.0:
            break
    rim = work[RIM + s]
    at_rim, at_heater = _within(work[_BASE + s] - work[_SLOPE + s] * rim, bounds), work[_HEATER_ENTRY + s]
    low, high = _at(tables[1], at_rim), _at(tables[1], at_heater)
    # the upper half of a word places it, the lower half decides whether it stays: a grid of 65536 each is fine enough
    along = (np.float64(np.int64(w2 >> U64(16))) + 0.5) / 65536.0
    chance = (np.float64(np.int64(w2 & U64(0xFFFF))) + 0.5) / 65536.0
    entry = _place_of(tables[1], low + along * (high - low), int(at_rim), int(at_heater) + 1)
    distance = (work[_BASE + s] - entry) / work[_SLOPE + s]
    if distance <= 0.0 or distance >= rim or count[s] >= GRAINS:
        return False
    centre, outer = radius + distance, radius + rim
    if chance * outer * outer >= centre * centre * (1.0 - covered(grain[s], count[s], centre)):
        return False
    k = count[s]
    grain[s, k, 0] = centre
    grain[s, k, 1] = coarse(w3) * duration * site.growth * _at(tables[0], entry)
    count[s] = k + 1
    return True


@law
def drop_absorbed(radius, rim, grain, count):
    """Forget grains whose centre the rim has passed: they are part of the crystal now."""
    for s in range(SECTORS):
        count[s] = _keep(grain[s], count[s], 0.0, radius + rim[s])
