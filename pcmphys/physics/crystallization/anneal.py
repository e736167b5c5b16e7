"""Kernels of a wait: slow crystallization, exact however long at one temperature.

The temperature of a device is the same everywhere in it, so that rim and grains move at one constant velocity, and
nuclei come at one constant rate a volume: candidates are drawn one after the other by their waiting times and kept if,
when they are born, their place is still amorphous. A sector takes nuclei until its list of grains is full.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pcmphys.numerics.borrow import borrowed, kept
from pcmphys.numerics.compile import kernel, law
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
# of one sector: three that stay fill it, and where so many come at all, only a sector covered by grains refuses them
_MOST_CANDIDATES = 4096


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
def _free(grains, count, born, elapsed, velocity, place):
    """Part of a shell that is uncovered at a moment: grains as they were or will be then."""
    free = 1.0
    for k in range(count):
        size = grains[k, 1] + velocity * (elapsed - born[k])
        if size > 0.0:
            free *= 1.0 - geometry.grain_share(place, grains[k, 0], size)
    return free


@law
def _anneal_sector(draw, s, radius, growth, rim, grains, count, born):
    """Rim thickness and number of grains of one sector after the wait; ``born`` is room for their birth [s].

    ``growth`` is velocity [m/s], nucleation rate [1/(m3 s)] and duration [s].
    """
    velocity, rate, duration = growth
    born[:] = 0.0
    inner, outer = radius**3, (radius + rim) ** 3
    arrivals = rate * geometry.dome_volume(radius, rim) / SECTORS
    elapsed, number = 0.0, 0
    while rim > 0.0 and arrivals > 0.0 and count < GRAINS and number < _MOST_CANDIDATES:
        w0, w1, w2, _ = words_of(draw, _ANNEAL, _MOST_CANDIDATES * s + number)
        number += 1
        elapsed += -math.log(coarse(w0)) / arrivals
        left = rim - velocity * elapsed
        if elapsed >= duration or left <= 0.0:
            break
        place = (inner + coarse(w1) * (outer - inner)) ** (1.0 / 3.0)
        if place - radius < left and coarse(w2) < _free(grains, count, born, elapsed, velocity, place):
            grains[count, 0] = place
            grains[count, 1] = 0.0
            born[count] = elapsed
            count += 1
    for k in range(count):
        grains[k, 1] += velocity * (duration - born[k])
    return max(rim - velocity * duration, 0.0), count


@kernel
def anneal(start, stop, address, velocity, rate, duration, p, state):
    """Crystallize devices start..stop for a time [s], each at its growth velocity and nucleation rate (see `rates`)."""
    state, velocity, rate = borrowed((state, velocity, rate))
    memory = np.zeros(GRAINS)
    born = borrowed(memory)
    for i in range(start, stop):
        if velocity[i] == 0.0 and rate[i] == 0.0:
            continue
        rim, grain, count = state.rim[i], state.grain[i], state.count[i]
        radius = p.geometry.heater_radius * state.device[i, RADIUS]
        draw = draw_of(address, i)
        growth = (velocity[i] * state.device[i, GROWTH], rate[i], duration)
        for s in range(SECTORS):
            if rim[s] > 0.0:
                rim[s], count[s] = _anneal_sector(draw, s, radius, growth, rim[s], grain[s], count[s], born)
                state.stale[i] = 1
        drop_absorbed(radius, rim, grain, count)
    kept(memory)
