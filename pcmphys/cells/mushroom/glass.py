"""What a pulse does to glass and traps, sector by sector: those that melt are quenched anew, the others live on.

A sector that does not melt relaxes, or becomes young, at the temperature in the middle of its dome (of the heater where
there is none), by the law of every wait: `pcmphys.physics.relaxation`. Steps of a pulse that are nearly as hot are
taken together: a plateau that has settled is one segment, and a segment that a longer and hotter one follows is left
out, of whose effect it is a small part. What is too short and too cool to be seen by a read `relaxation.SEEN` after the
pulse (see `relaxation.felt_from`) counts as spent at the ambient temperature, as all of a pulse does on the clock.

Not modelled: one temperature stands for dome and films of a sector; how fast a molten sector is quenched; the pulse's
heat in the traps of sectors that do not melt, which go on by the clock (they are at their mean occupancy, hot or cold:
what is left out is that they forget a read before the pulse a little sooner).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.cells.mushroom.draws import draw_quench, draw_texture
from pcmphys.numerics.compile import law
from pcmphys.numerics.sixteen import largest_of
from pcmphys.physics import relaxation
from pcmphys.physics.crystallization.pulse import mid_domes
from pcmphys.physics.crystallization.rows import HOTTEST, INNER, LIVED, ORDER, PLACE, SHARE, SHIFT
from pcmphys.physics.state import DOME_DRIFT, SECTORS
from pcmphys.physics.telegraph.traps import melt_traps

HOTTER, COOLER = 20.0, 5.0
"""By how much [K] the next step may be hotter, and cooler, to be taken together with those before."""


class Pulsed(NamedTuple):
    """What a pulse is to the glass of any device."""

    felt: float
    """Temperature [K] below which no glass feels it."""
    fresh: float
    """Age [s] of what melted in it."""


@law
def glass_in(steps, ambient, p):
    """The `Pulsed` of a pulse's steps, at an ambient temperature [K].

    What melts is below its glass transition for about the last of the thermal time constants.
    """
    total = 0.0
    for j in range(steps.shape[0]):
        total += steps[j, 0]
    fresh = relaxation.older(p.relaxation.youngest, p.heat.thermal_time, ambient, p.relaxation)
    return Pulsed(relaxation.felt_from(total, p.relaxation)[1], fresh)


class Segment(NamedTuple):
    """Steps of a pulse that the glass takes together."""

    duration: float
    """Time [s] that they last."""
    warmth: float
    """The filament's rise [K] times that time."""
    hottest: float
    """Rise [K] of the hottest segment before."""


@law
def live_to(step, moved, segment, site, shapes, age, p, work):
    """The `Segment` with one more step, of (time [s], the filament's rise [K]); what is over is lived through first.

    ``moved`` says whether the heat is spread in another way than before.
    """
    duration, middle = step
    lasted, warmth, hottest = segment
    hotter = middle * lasted - warmth
    if hotter > HOTTER * lasted or hotter < -COOLER * lasted or moved:
        if lasted > 0.0 and (hotter < HOTTER * lasted or duration < lasted):
            hottest = live_through(segment, site, shapes, age, p.relaxation, work)
        lasted = warmth = 0.0
    return Segment(lasted + duration, warmth + duration * middle, hottest)


@law
def live_through(segment, site, shapes, age, p, work):
    """Let the sectors that have not melted live through a segment of a pulse; returns the hottest filament's rise [K].

    ``shapes`` are the table of the temperature's, ``age`` (16,) the ages [s] before the pulse, ``p`` the floats of
    relaxation.
    """
    duration, warmth, hottest = segment
    middle = warmth / duration
    # in so short a time at less heat than before, young glass does not age and old glass does not wake
    if duration <= p.brief and middle <= hottest:
        return hottest
    hottest = max(hottest, middle)
    for s in range(SECTORS):
        work[INNER + s] = work[SHARE + s] if work[HOTTEST + s] == 0.0 else 0.0
    solid = largest_of(work, INNER)
    if solid == 0.0:
        return hottest
    ages_from, wakes_from = relaxation.felt_from(duration, p)
    if site.ambient + middle * solid * site.solid < wakes_from:  # the hottest that a place in them can be
        return hottest
    mid_domes(middle, site, shapes, work)
    for s in range(SECTORS):
        temperature, lived = work[PLACE + s], work[LIVED + s] > 0.0
        if work[HOTTEST + s] > 0.0 or temperature < wakes_from:
            continue
        young = work[ORDER + s] >= p.seen_order if lived else age[s] <= relaxation.SEEN
        if temperature < (ages_from if young else wakes_from):
            continue
        if temperature >= p.fluid:
            work[ORDER + s] = p.initial
        else:
            order = work[ORDER + s] if lived else relaxation.order_of(age[s], p)
            work[ORDER + s] = relaxation.relaxed(order, duration, temperature, p)
        work[LIVED + s] = 1.0
    return hottest


@law
def age_glass(i, fresh, p, work, state):
    """Ages [s] of device i's glass after the pulse, ``fresh`` where it melted; ``p`` the floats of relaxation."""
    for s in range(SECTORS):
        if work[HOTTEST + s] > 0.0:
            state.age[i, s] = fresh
        elif work[LIVED + s] > 0.0:
            order = work[ORDER + s]
            state.age[i, s] = p.youngest if order == p.initial else relaxation.age_of(order, p)


@law
def quench(i, draw, p, work, state):
    """Draw exponents, texture and traps of the sectors of device i that melted."""
    molten = 0
    for s in range(SECTORS):
        molten += np.int64(work[HOTTEST + s] > 0.0)
    if molten == 0:
        return
    hottest = work[HOTTEST : HOTTEST + SECTORS]
    draw_texture(draw, hottest, work[SHIFT : SHIFT + SECTORS], p.conduction, state.texture[i])
    state.filament[i] = draw_quench(draw, hottest, state.deviate[i])
    state.traps[i] = melt_traps(draw, hottest, state.kind[i], state.traps[i], p.telegraph)


@law
def mean_drift(i, temperature, p, state):
    """Ln of the factor by which drift has raised the dome's resistance of device i at a temperature [K].

    Mean over its sectors, whose currents at the threshold are not far from each other's.
    """
    r, age, deviate = p.relaxation, state.age[i], state.deviate[i, 0]
    last, total = 0.0, 0.0
    for s in range(SECTORS):
        # neighbours often melted together
        if s == 0 or age[s] != age[s - 1] or deviate[s] != deviate[s - 1]:
            nu = relaxation.drift_exponent(r.dome_exponent, state.device[i, DOME_DRIFT], deviate[s], r)
            last = relaxation.log_drift(age[s], nu, temperature, r)
        total += last
    return total / SECTORS
