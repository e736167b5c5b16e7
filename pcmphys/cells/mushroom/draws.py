"""What new devices and new melts draw, from a device's number alone.

A new device is crystalline: no dome, no grains. Its own factors (size, heat, growth, conductivities, drift) are drawn
once.
"""

from __future__ import annotations

import math

import numpy as np

from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.random import Stream, draw_of, normal_pair, uniform, words_of
from pcmphys.physics import variability
from pcmphys.physics.conduction import laws as conduction
from pcmphys.physics.relaxation import kept_deviate
from pcmphys.physics.state import (
    AMORPHOUS,
    CRYSTAL,
    DOME_DRIFT,
    FILM_DRIFT,
    GROWTH,
    HEAT,
    LINER,
    RADIUS,
    SECTORS,
)
from pcmphys.physics.telegraph.traps import melt_traps

_DEVICE = int(Stream.DEVICE)
_FRONT = int(Stream.FRONT)
_QUENCH = int(Stream.QUENCH)
_TEXTURE = int(Stream.TEXTURE)


@law
def draw_normals(draw, stream, out):
    """Standard normal deviates into all of ``out`` (an even number), from blocks 0, 1, ... of the stream."""
    for k in range(out.size // 2):
        w0, w1, w2, w3 = words_of(draw, stream, k)
        out[2 * k], out[2 * k + 1] = normal_pair(w0, w1, w2, w3)


@law
def draw_quench(draw, molten, deviate):
    """Deviates of the drift exponents of dome and films, the same for all sectors that melted: a quench is one.

    ``molten`` (16,) is above zero in those sectors. Returns the angle [rad] at which the next filament stands.
    """
    w0, w1, w2, w3 = words_of(draw, _QUENCH, 0)
    dome, films = normal_pair(w0, w1, w2, w3)
    dome, films = kept_deviate(dome), kept_deviate(films)
    for s in range(SECTORS):
        if molten[s] > 0.0:
            deviate[0, s], deviate[1, s] = dome, films
    w0, w1, _, _ = words_of(draw, _QUENCH, 1)
    return 2.0 * math.pi * uniform(w0, w1)


@law
def draw_texture(draw, molten, work, p, texture):
    """Conductivity's factor of what crystallizes in each sector that melted; ``work`` (16,) is room for deviates."""
    draw_normals(draw, _TEXTURE, work)
    for s in range(SECTORS):
        drawn = conduction.texture(work[s], p)
        texture[s] = drawn if molten[s] > 0.0 else texture[s]


@kernel
def draw_defects(start, stop, address, out):
    """Uniform deviates of devices start..stop that decide which are stuck and which have a poor contact; out (2, n)."""
    for i in range(start, stop):
        w0, w1, w2, w3 = words_of(draw_of(address, i), _DEVICE, 4)
        out[0, i], out[1, i] = uniform(w0, w1), uniform(w2, w3)


@kernel
def create(start, stop, address, p, state):
    """Draw devices start..stop; ``address`` is (seed, first cell, event 0)."""
    spread = p.variability
    deviate = np.empty(8)
    rough, whole = np.empty(SECTORS), np.ones(SECTORS)
    for i in range(start, stop):
        draw = draw_of(address, i)
        draw_normals(draw, _DEVICE, deviate)
        device = state.device[i]
        device[RADIUS] = variability.factor(spread.heater_radius, deviate[0])
        device[HEAT] = variability.factor(spread.thermal_resistance, deviate[1])
        device[GROWTH] = variability.factor(spread.growth, deviate[2])
        device[CRYSTAL] = variability.factor(spread.crystal_conductivity, deviate[3])
        device[AMORPHOUS] = variability.factor(spread.amorphous_conductivity, deviate[4])
        device[LINER] = variability.factor(spread.liner, deviate[5])
        device[DOME_DRIFT] = max(1.0 + p.relaxation.device_spread * deviate[6], 0.0)
        device[FILM_DRIFT] = max(1.0 + p.relaxation.device_spread * deviate[7], 0.0)
        draw_normals(draw, _FRONT, rough)
        for s in range(SECTORS):
            state.front[i, s] = rough[s]
            state.age[i, s] = p.relaxation.youngest
        draw_texture(draw, whole, rough, p.conduction, state.texture[i])
        state.filament[i] = draw_quench(draw, whole, state.deviate[i])
        state.traps[i] = melt_traps(draw, whole, state.kind[i], state.traps[i], p.telegraph)
