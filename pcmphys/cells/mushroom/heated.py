"""What a hot device goes through in a pulse: its glass, its rims, the nuclei that come up and the grains that grow.

The laws of one step are those of `pcmphys.physics.crystallization.pulse` and `pcmphys.physics.crystallization.nuclei`;
here they follow each other. Steps in which nothing happens are left out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pcmphys.cells.mushroom.draws import draw_normals
from pcmphys.cells.mushroom.drive import CURRENT, DURATION, MIDDLE
from pcmphys.cells.mushroom.glass import HOTTER, Segment, age_glass, live_through, live_to
from pcmphys.numerics.compile import law
from pcmphys.numerics.elementary import log
from pcmphys.numerics.random import Stream, words_of
from pcmphys.numerics.sixteen import largest_of
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
    FARTHEST_MEAN,
    FARTHEST_ON_RAMPS,
    Site,
    approach,
    grow,
    heat_up,
    melt,
    open_front,
    open_site,
    settle,
    spread,
    velocities,
)
from pcmphys.physics.crystallization.rows import (
    ACTIVITY,
    FASTEST,
    GROWTH,
    GUIDE,
    HEATER_ENTRY,
    LIVED,
    PARTS,
    RIM,
    SHAPES,
    SHIFT,
    STOP,
)
from pcmphys.physics.crystallization.tables import COLDEST
from pcmphys.physics.state import GROWTH as OWN_GROWTH
from pcmphys.physics.state import RADIUS, SECTORS
from pcmphys.physics.telegraph.traps import coarse

_FRONT = int(Stream.FRONT)
_NUCLEI = int(Stream.NUCLEI)
_BLOCKS = 2**24 - 1  # of random numbers, one for each candidate nucleus
# steps so cold, in parts of what can happen at all, are left out where no more than this part of what can happen in the
# most active step can happen in them; up to a larger part, if crystals grow by less than a distance [m] at the hottest
_COLD, _NOTHING, _LITTLE, _UNSEEN = 1e-1, 1e-5, 5e-3, 5e-11
# a plateau of so many thermal times may be at rest in the end; from this part of its heat on it is as hot
_LONG, _SETTLED = 500.0, 0.99
_MOST_CUTS = 64  # of a step at one heat
_MOST_REFUSED = 2**16  # candidates that find no place, at one heat, after which it has none


class Hot(NamedTuple):
    """A device in a pulse."""

    site: Site
    tables: Any
    """Those of the pulse's kernel."""
    work: np.ndarray
    """What the laws keep of its sectors, see `pcmphys.physics.crystallization.rows`."""
    grain: np.ndarray
    count: np.ndarray


class Nuclei(NamedTuple):
    """Candidate nuclei along a pulse: arrivals of one Poisson process."""

    waiting: float
    """How many are to be expected before the next one."""
    drawn: Any
    """The next one's random words."""
    candidates: int
    """How many there were."""
    refused: int
    """How many found no place since the heat changed."""


@law
def go_through(i, draw, cell, ambient, steps, course, work, state):
    """All steps of a pulse for device i, of which ``course`` says how hot each is.

    ``cell`` is (parameters, tables, `glass.Pulsed`).
    """
    p, tables, glass = cell
    hot = _open(i, draw, ambient, p, tables, work, state)
    site, loose = hot.site, 0
    settled, rest = _settled(state.filament[i], steps, course, p, hot)
    grains = list_grains(work, hot.count)
    # crystals move above the glass transition only; glass ages below it too, if it has the time
    coolest = min(site.coldest, max(glass.felt - ambient, HOTTER))
    segment, nuclei = Segment(0.0, 0.0, 0.0), _first(draw)
    least = _least_activity(steps, course, hot)
    most = min(_MOST_REFUSED, _BLOCKS // steps.shape[0])
    flowing, shared, before, rate, held, over, warmest = 0.0, 0.0, 0.0, 0.0, False, False, 1.0
    cools = _cools_from(course)
    if settled >= 0:
        shared = course[CURRENT, settled]
    for j in range(steps.shape[0]):
        current, middle, duration = course[CURRENT, j], course[MIDDLE, j], steps[j, DURATION]
        flowing = current if current != 0.0 else flowing
        if middle < coolest:
            continue
        segment = live_to((duration, middle), flowing != shared, segment, site, tables[SHAPES], state.age[i], p, work)
        if flowing != shared:
            spread(state.filament[i], flowing, p.heat, work)
            shared, before = flowing, 0.0
        if j < settled or over or middle < site.coldest or _nothing_in(warmest * middle, duration, least, hot):
            continue
        left, cuts = (rest if j == settled else duration), 0
        ramps = j > 0 and current != course[CURRENT, j - 1]
        while left > 0.0:
            step = left
            # on a plateau that has settled, most steps find everything where the step before has left it
            if middle != before or not held:
                nuclei = nuclei if middle == before else _all_places_open(nuclei)
                before, loose = middle, 1
                grains = _melt(middle, j <= cools, grains, hot)
                step, rate, held, lives = _regrow((left, cuts, ramps), middle, hot)
                if j >= cools and site.melting / middle >= site.solid:
                    # what is crystal or cold stays so: it never gets hotter again, and nothing is molten
                    over, warmest = lives == 0, _warmest(middle, hot)
            left, cuts = left - step, cuts + 1
            nuclei, born = _nucleate(draw, nuclei, most, (step, middle, rate), hot)
            grains, loose = grains + born, loose + born
            if grains > 0 and loose > 0:
                loose = grow_grains(step, middle, site, tables[GROWTH], work, hot.grain, hot.count)
    if segment.duration > 0.0:
        live_through(segment, site, tables[SHAPES], state.age[i], p.relaxation, work)
        age_glass(i, glass.fresh, p.relaxation, work, state)
    _close(i, grains, hot, state)


@law
def _open(i, draw, ambient, p, tables, work, state):
    """The `Hot` of device i, nothing being hot yet."""
    device = state.device[i]
    site = open_site(p.geometry.heater_radius * device[RADIUS], device[OWN_GROWTH], ambient, p, tables)
    draw_normals(draw, _FRONT, work[SHIFT : SHIFT + SECTORS])
    open_front(state.front[i], state.rim[i], p.geometry, work)
    for s in range(SECTORS):
        work[LIVED + s] = 0.0
    return Hot(site, tables, work, state.grain[i], state.count[i])


@law
def _settled(filament, steps, course, p, hot):
    """The last step of a plateau so long that rims come to rest in it, and the time [s] that others have to go on.

    That is the longest step, if those before are no hotter; else -1. What rests is put there, and its grains are gone.
    """
    longest, rest = 0, 0.0
    for j in range(1, steps.shape[0]):
        if steps[j, DURATION] > steps[longest, DURATION]:
            longest = j
    middle, current = course[MIDDLE, longest], course[CURRENT, longest]
    # sectors are alike under a filament that fills the heater
    if steps[longest, DURATION] < _LONG * p.heat.thermal_time or abs(current) < p.heat.filling_current:
        return -1, 0.0
    if middle <= hot.site.melting:
        return -1, 0.0
    for j in range(longest + 1):
        if course[MIDDLE, j] > middle or abs(course[CURRENT, j]) > abs(current):
            return -1, 0.0
        rest += steps[j, DURATION] if course[MIDDLE, j] > _SETTLED * middle else 0.0
    spread(filament, current, p.heat, hot.work)
    moving = settle(middle, rest, hot.site, hot.tables, hot.work)
    for s in range(SECTORS):
        hot.count[s] = hot.count[s] if hot.work[STOP + s] >= 0.0 else 0
    return longest, (rest if moving > 0 else 0.0)


@law
def _close(i, grains, hot, state):
    """Put the rims of device i back, and forget grains that are part of the crystal."""
    rim = state.rim[i]
    for s in range(SECTORS):
        rim[s] = hot.work[RIM + s]
    if grains > 0:
        drop_absorbed(hot.site.radius, rim, hot.grain, hot.count)


@law
def _activity(middle, hot):
    """What can happen at a rise [K] of the hot spot, over what ever does."""
    lowest, highest = hot.site.bounds
    return hot.tables[ACTIVITY][np.uint32(min(max(hot.site.ambient - COLDEST + middle, lowest), highest))]


@law
def _least_activity(steps, course, hot):
    """Activity times time [s] of a step in which nothing happens to speak of, beside the most active one."""
    most = 0.0
    for j in range(steps.shape[0]):
        if course[MIDDLE, j] >= hot.site.coldest:
            most = max(most, _activity(course[MIDDLE, j], hot) * steps[j, DURATION])
    return max(_NOTHING * most, min(_UNSEEN / hot.tables[FASTEST], _LITTLE * most))


@law
def _warmest(middle, hot):
    """Rise of the hottest place in what lives, over the filament's; as it cools the part never rises again."""
    work, base = hot.work, hot.site.ambient - COLDEST
    for s in range(SECTORS):
        work[PARTS + s] = work[HEATER_ENTRY + s] - base if work[STOP + s] >= 0.0 else 0.0
    return largest_of(work, PARTS) / middle


@law
def _cools_from(course):
    """The last step from which on neither heat nor current ever rise again."""
    heat, current = course[MIDDLE], course[CURRENT]
    j = course.shape[1] - 1
    while j > 0 and heat[j] <= heat[j - 1] and abs(current[j]) <= abs(current[j - 1]):
        j -= 1
    return j


@law
def _nothing_in(middle, duration, least, hot):
    """Whether nothing to speak of happens in a step of a time [s] at a rise [K]."""
    active = _activity(middle, hot)
    return active < _COLD and active * duration <= least


@law
def _melt(middle, melts, grains, hot):
    """Heat the device up and forget grains that melt, of ``grains``; returns how many are left.

    ``melts`` says whether any sector may be hotter than ever in this pulse.
    """
    heat_up(middle, melts, hot.site, hot.tables[SHAPES], hot.work)
    return forget_molten(middle, hot.site, hot.work, hot.grain, hot.count) if melts and grains > 0 else grains


@law
def _regrow(span, middle, hot):
    """Melt what is liquid and let rims grow, for the time that is left [s] or a part of it, after ``cuts`` such parts.

    ``span`` is (left, cuts, whether the drive is on a ramp).

    Returns the time taken, the rate [1/s] at which candidate nuclei come, whether all rims have come to rest, and how
    many live.
    """
    (left, cuts, ramps), site, work = span, hot.site, hot.work
    free, alive = melt(middle, site, work)
    step, rate = left, 0.0
    if alive > 0:
        approach(middle, site, work)
        look_up(hot.tables, work)
        step = velocities(left, FARTHEST_ON_RAMPS if ramps else FARTHEST_MEAN, site, work)
        step = step if cuts < _MOST_CUTS else left
        opens = grow(step, step == left, hot.tables[GUIDE][2].last, work)
        rate = expect(middle, site, hot.tables, work) if opens > 0 else 0.0
    return step, rate, free == 0, alive


@law
def _first(draw):
    """The `Nuclei` at the beginning of a pulse."""
    drawn = words_of(draw, _NUCLEI, 0)
    return Nuclei(-log(coarse(drawn[0])), drawn, 0, 0)


@law
def _all_places_open(nuclei):
    """The same at another heat, which may find places for candidates."""
    return Nuclei(nuclei.waiting, nuclei.drawn, nuclei.candidates, 0)


@law
def _nucleate(draw, nuclei, most, span, hot):
    """Candidate nuclei of a step; ``span`` is its time [s], the filament's rise [K] and the rate of candidates [1/s].

    Returns the `Nuclei` after it and how many found a place. On a long plateau the places where nuclei come up are
    covered in the end, and candidates would be refused for ever: after ``most`` of them the plateau has no place left,
    and they wait for the heat to change.
    """
    waiting, drawn, candidates, refused = nuclei
    (step, middle, rate), born = span, 0
    if refused < most:
        waiting -= rate * step
    while waiting < 0.0 and candidates < _BLOCKS:
        if candidate(drawn, (step + waiting / rate, middle), hot.site, hot.tables, hot.work, hot.grain, hot.count):
            born += 1
        else:
            refused += 1
        candidates += 1
        drawn = words_of(draw, _NUCLEI, candidates)
        pause = -log(coarse(drawn[0]))
        waiting = waiting + pause if refused < most else pause
    return Nuclei(waiting, drawn, candidates, refused), born
