"""Kernels of a wait: slow crystallization, exact however long at one temperature.

The temperature of a device is the same everywhere in it, so that rim and grains move at one constant velocity, and
nuclei come at one constant rate a volume: candidates are drawn one after the other by their waiting times, over all
sectors together, and kept if, when they are born, their place is still amorphous. A sector takes nuclei until its list
of grains is full or its rim has passed.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pcmphys.numerics.borrow import borrowed, kept
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.elementary import log
from pcmphys.numerics.random import Stream, draw_of, words_of
from pcmphys.physics import geometry
from pcmphys.physics.crystallization import rates as crystallization
from pcmphys.physics.crystallization.nuclei import drop_absorbed
from pcmphys.physics.crystallization.tables import COLDEST
from pcmphys.physics.state import GRAINS, GROWTH, RADIUS, SECTORS
from pcmphys.physics.telegraph.traps import coarse

_SLOW = 1e-14
"""Growth [m] below which a wait leaves the crystal alone: the last digits of the single precision that rims have."""
_RARE = 1e-9
"""Expected nuclei in a layer's volume below which a wait does not nucleate: one among a billion devices."""
_ANNEAL = int(Stream.ANNEAL)
# of a device: those that stay fill it, and where so many come at all, only sectors covered by grains refuse them
_MOST_CANDIDATES = 65536
# columns of what a wait keeps of a sector: rate at which candidates come [1/s], and when each grain was born [s]
_ARRIVALS, _BORN = 0, 1


@law
def _crystallizes(velocity, rate, duration, p):
    """Whether anything comes of a growth velocity [m/s] and a nucleation rate [1/(m3 s)] in a time [s]."""
    volume = p.geometry.layer_thickness**3
    return velocity * duration > _SLOW or rate * duration * volume > _RARE


def still_below(duration: float, tables: Any, p: Any) -> float:
    """Temperature [K] up to which surely nothing crystallizes in a time [s], from the tables of pulses."""
    velocity, nuclei = tables[:2]
    # the table of nuclei holds the mean of two neighbours' rates
    with np.errstate(over="ignore"):
        grown, born = velocity[:, 0] * duration, 2.0 * nuclei[:, 1] * duration
        moves = (grown > _SLOW) | (born * p.geometry.layer_thickness**3 > _RARE)
    return COLDEST + int(np.argmax(moves)) - 1.0 if moves.any() else math.inf


@kernel
def rates(start, stop, duration, temperature, still, p, velocity, rate):
    """Growth velocity [m/s] and nucleation rate [1/(m3 s)] of devices start..stop, each at its own temperature [K].

    Zero where nothing comes of them in the time; surely so up to the temperature ``still``.
    """
    temperature, velocity, rate = borrowed((temperature, velocity, rate))
    for i in range(start, stop):
        velocity[i] = rate[i] = 0.0
        if temperature[i] > still:
            grown = crystallization.growth_velocity(temperature[i], p.crystallization)
            born = crystallization.nucleation_rate(temperature[i], p.crystallization)
            if _crystallizes(grown, born, duration, p):
                velocity[i], rate[i] = grown, born


@law
def _free(grains, count, kept, elapsed, velocity, place):
    """Part of a shell that is uncovered at a moment: grains as they were or will be then."""
    free = 1.0
    for k in range(count):
        size = grains[k, 1] + velocity * (elapsed - kept[_BORN + k])
        if size > 0.0:
            free *= 1.0 - geometry.grain_share(place, grains[k, 0], size)
    return free


@law
def _open(radius, rate, rim, count, kept):
    """Rate [1/s] at which candidates come in all sectors together; nothing is born yet."""
    total = 0.0
    for s in range(SECTORS):
        kept[s, _ARRIVALS] = rate * geometry.dome_volume(radius, rim[s]) / SECTORS if count[s] < GRAINS else 0.0
        total += kept[s, _ARRIVALS]
        for k in range(GRAINS):
            kept[s, _BORN + k] = 0.0
    return total


@law
def _close(passed, rim, count, kept):
    """The same rate without sectors that are full, or through which the rim has passed in going a way [m]."""
    total = 0.0
    for s in range(SECTORS):
        closed = (count[s] == GRAINS) | (rim[s] <= passed)
        kept[s, _ARRIVALS] = 0.0 if closed else kept[s, _ARRIVALS]
        total += kept[s, _ARRIVALS]
    return total


@law
def _chosen(left, kept):
    """Sector that a candidate is in, which is ``left`` [1/s] along the list of rates."""
    last = 0
    for s in range(SECTORS):
        if kept[s, _ARRIVALS] > 0.0:
            last = s
            if left < kept[s, _ARRIVALS]:
                break
            left -= kept[s, _ARRIVALS]
    return last


@law
def _nucleate(draw, radius, growth, rim, grain, count, kept):
    """Nuclei of a wait, over the sectors as they were at its beginning; returns how many found a place.

    ``growth`` is velocity [m/s], nucleation rate [1/(m3 s)] and duration [s].
    """
    velocity, rate, duration = growth
    total = _open(radius, rate, rim, count, kept)
    elapsed, number, found = 0.0, 0, 0
    while total > 0.0 and number < _MOST_CANDIDATES:
        w0, w1, w2, w3 = words_of(draw, _ANNEAL, number)
        number += 1
        elapsed += -log(coarse(w0)) / total
        if elapsed >= duration:
            break
        s = _chosen(coarse(w1) * total, kept)
        left = rim[s] - velocity * elapsed
        if left <= 0.0:
            total = _close(velocity * elapsed, rim, count, kept)
            continue
        inner, outer = radius**3, (radius + rim[s]) ** 3
        cube = inner + coarse(w2) * (outer - inner)
        if cube >= (radius + left) ** 3:  # the rim has passed there
            continue
        place = cube ** (1.0 / 3.0)
        if coarse(w3) < _free(grain[s], count[s], kept[s], elapsed, velocity, place):
            k = count[s]
            grain[s, k, 0], grain[s, k, 1], kept[s, _BORN + k] = place, 0.0, elapsed
            count[s] = k + 1
            found += 1
            if k + 1 == GRAINS:
                total = _close(velocity * elapsed, rim, count, kept)
    return found


@kernel
def anneal(start, stop, address, velocity, rate, duration, p, state):
    """Crystallize devices start..stop for a time [s], each at its growth velocity and nucleation rate (see `rates`)."""
    state, velocity, rate = borrowed((state, velocity, rate))
    memory = np.zeros((SECTORS, _BORN + GRAINS))
    kept_of = borrowed(memory)
    for i in range(start, stop):
        if velocity[i] == 0.0 and rate[i] == 0.0:
            continue
        rim, grain, count = state.rim[i], state.grain[i], state.count[i]
        radius = p.geometry.heater_radius * state.device[i, RADIUS]
        speed = velocity[i] * state.device[i, GROWTH]
        changed = _nucleate(draw_of(address, i), radius, (speed, rate[i], duration), rim, grain, count, kept_of)
        for s in range(SECTORS):
            before = rim[s]
            rim[s] = max(before - speed * duration, 0.0)
            changed += np.int64(rim[s] != before)
        for s in range(SECTORS):
            for k in range(count[s]):
                grain[s, k, 1] += speed * (duration - kept_of[s, _BORN + k])
                changed += 1
        if changed > 0:
            state.stale[i] = 1
            drop_absorbed(radius, rim, grain, count)
    kept(memory)
