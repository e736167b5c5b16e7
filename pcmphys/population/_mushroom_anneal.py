"""Kernel of slow crystallization: a wait at one temperature, exact however long.

The temperature is the same everywhere, so that rim and grains move at one constant velocity, and nuclei come at one
constant rate a volume: candidates are drawn one after the other by their waiting times and kept if, when they are
born, their place is still amorphous. A sector takes nuclei until its list of grains is full.
"""

from __future__ import annotations

import math

import numpy as np

from pcmphys._jit import kernel, law
from pcmphys.models import geometry
from pcmphys.models.geometry import SECTORS
from pcmphys.population._mushroom_pulse import drop_absorbed
from pcmphys.population._mushroom_state import GRAINS, GROWTH, RADIUS
from pcmphys.rng import U64, Stream, words

_ANNEAL = int(Stream.ANNEAL)
_TWO_NEG_32 = 2.0**-32
_MOST_CANDIDATES = 4096  # of one sector; block numbers have 16 bits


@law
def _uniform(word):
    return (np.float64(np.int64(word)) + 0.5) * _TWO_NEG_32


@law
def _free(grains, count, born, elapsed, velocity, place):
    """Part of a shell that is uncovered at a moment: grains as they were or will be then."""
    free = 1.0
    for k in range(count):
        size = grains[k, 1] + velocity * (elapsed - born[k])
        if size > 0.0:
            free *= 1.0 - geometry.grain_share(place, grains[k, 0], size)
    return free


@law
def _anneal_sector(here, s, radius, velocity, rate, duration, rim, grains, count):
    """Rim thickness and number of grains of one sector after the wait."""
    seed, cell, event = here
    born = np.zeros(GRAINS)
    inner, outer = radius**3, (radius + rim) ** 3
    arrivals = rate * geometry.dome_volume(radius, rim) / SECTORS
    elapsed, number = 0.0, 0
    while rim > 0.0 and arrivals > 0.0 and count < GRAINS and number < _MOST_CANDIDATES:
        w0, w1, w2, _ = words(seed, cell, event, _ANNEAL, _MOST_CANDIDATES * s + number)
        number += 1
        elapsed += -math.log(_uniform(w0)) / arrivals
        left = rim - velocity * elapsed
        if elapsed >= duration or left <= 0.0:
            break
        place = (inner + _uniform(w1) * (outer - inner)) ** (1.0 / 3.0)
        if place - radius < left and _uniform(w2) < _free(grains, count, born, elapsed, velocity, place):
            grains[count, 0] = place
            grains[count, 1] = 0.0
            born[count] = elapsed
            count += 1
    for k in range(count):
        grains[k, 1] += velocity * (duration - born[k])
    return max(rim - velocity * duration, 0.0), count


@kernel
def anneal(start, stop, address, velocity, rate, duration, p, state):
    """Crystallize devices start..stop for a time [s] at one growth velocity [m/s] and nucleation rate [1/(m3 s)]."""
    seed, first_cell, event = address
    for i in range(start, stop):
        device, rim, grain, count = state.device[i], state.rim[i], state.grain[i], state.count[i]
        radius = p.geometry.heater_radius * device[RADIUS]
        here = (seed, first_cell + U64(i), event)
        for s in range(SECTORS):
            if rim[s] > 0.0:
                rim[s], count[s] = _anneal_sector(
                    here, s, radius, velocity * device[GROWTH], rate, duration, rim[s], grain[s], count[s]
                )
                state.stale[i] = 1
        drop_absorbed(radius, rim, grain, count)
