"""State of mushroom devices as arrays, and the kernel that makes new devices.

A new device is crystalline: no dome, no grains. Its own factors (size, heat, growth, conductivities, drift) are drawn
once, from its number alone.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pcmphys._jit import kernel, law
from pcmphys.models import conduction, variability
from pcmphys.models.geometry import SECTORS
from pcmphys.population._mushroom_traps import occupy
from pcmphys.rng import U64, Stream, normal_pair, uniform, words

GRAINS = 3
"""Grains kept in a sector."""

# columns of MushroomState.device
RADIUS, HEAT, GROWTH, CRYSTAL, AMORPHOUS, LINER, DOME_DRIFT, FILM_DRIFT = range(8)
FACTORS = (
    "heater_radius", "thermal_resistance", "growth", "crystal_conductivity", "amorphous_conductivity", "liner",
    "dome_drift", "film_drift",
)  # fmt: skip
# rows of MushroomState.sector
DOME_RESISTANCE, FILM_RESISTANCE, THICKNESS, AMPLITUDE, SHUNT = range(5)

_DEVICE = int(Stream.DEVICE)
_FRONT = int(Stream.FRONT)
_QUENCH = int(Stream.QUENCH)
_TEXTURE = int(Stream.TEXTURE)
_TRAP_STATE = int(Stream.TRAP_STATE)


class MushroomState(NamedTuple):
    """Everything that a device is, one row a device; all lengths in m, resistances in ohm."""

    device: np.ndarray
    """(devices, 8) float32: factors of heater radius, heat, growth, conductivities, liner, drift of dome and films."""
    front: np.ndarray
    """(devices, 16) float32: normal deviates, the device's own part of the melt front's roughness."""
    rim: np.ndarray
    """(devices, 16) float32: thickness of the dome in each sector."""
    grain: np.ndarray
    """(devices, 16, 3, 2) float32: distance of a grain's centre from the heater's centre, and its radius."""
    count: np.ndarray
    """(devices, 16) uint8: grains in each sector."""
    filament: np.ndarray
    """(devices,) float32: angle [rad] where the on-state's filament stands."""
    texture: np.ndarray
    """(devices, 16) float32: factor of the polycrystal's conductivity in each sector, drawn when the sector melts."""
    sector: np.ndarray
    """(devices, 5, 16) float32: what the structure conducts, as last evaluated (_mushroom_structure)."""
    fraction: np.ndarray
    """(devices,) float32: crystalline fraction of the largest dome's volume, as last evaluated."""
    stale: np.ndarray
    """(devices,) uint8: 1 if the structure changed since it was evaluated."""
    order: np.ndarray
    """(devices,) float64: order parameter of structural relaxation."""
    exponent: np.ndarray
    """(devices, 2) float32: drift exponents of dome and films, of the present quench."""
    traps: np.ndarray
    """(devices,) uint32: which traps are filled, a bit each."""
    quench: np.ndarray
    """(devices,) uint32: event at which exponents and traps were last drawn."""
    trap_lag: np.ndarray
    """(devices,) float64: time [s] that its traps have lived beside the common clock since the device was last read."""
    contact: np.ndarray
    """(devices,) float32: resistance [ohm] of a poor contact in series, besides heater and leads."""

    def copied(self) -> MushroomState:
        """The same, in memory of its own."""
        return MushroomState(*(part.copy() for part in self))


def empty(size: int) -> MushroomState:
    """Arrays for ``size`` devices, zero."""
    return MushroomState(
        device=np.zeros((size, 8), dtype=np.float32),
        front=np.zeros((size, SECTORS), dtype=np.float32),
        rim=np.zeros((size, SECTORS), dtype=np.float32),
        grain=np.zeros((size, SECTORS, GRAINS, 2), dtype=np.float32),
        count=np.zeros((size, SECTORS), dtype=np.uint8),
        filament=np.zeros(size, dtype=np.float32),
        texture=np.ones((size, SECTORS), dtype=np.float32),
        sector=np.zeros((size, 5, SECTORS), dtype=np.float32),
        fraction=np.ones(size, dtype=np.float32),
        stale=np.ones(size, dtype=np.uint8),
        order=np.zeros(size),
        exponent=np.zeros((size, 2), dtype=np.float32),
        traps=np.zeros(size, dtype=np.uint32),
        quench=np.zeros(size, dtype=np.uint32),
        trap_lag=np.zeros(size),
        contact=np.zeros(size, dtype=np.float32),
    )


@law
def draw_normals(address, cell, stream, out):
    """Standard normal deviates into all of ``out`` (an even number), from blocks 0, 1, ... of the stream."""
    seed, _, event = address
    for k in range(out.size // 2):
        w0, w1, w2, w3 = words(seed, cell, event, stream, k)
        out[2 * k], out[2 * k + 1] = normal_pair(w0, w1, w2, w3)


@law
def draw_quench(address, cell, stream, p, device, exponent):
    """Drift exponents of dome and films for one quench: the device's own, times what this quench draws; never < 0.

    Returns the angle [rad] at which the next filament stands.
    """
    seed, _, event = address
    w0, w1, w2, w3 = words(seed, cell, event, stream, 0)
    dome, films = normal_pair(w0, w1, w2, w3)
    exponent[0] = p.dome_exponent * device[DOME_DRIFT] * max(1.0 + p.cycle_spread * dome, 0.0)
    exponent[1] = p.boundary_exponent * device[FILM_DRIFT] * max(1.0 + p.cycle_spread * films, 0.0)
    w0, w1, _, _ = words(seed, cell, event, stream, 1)
    return 2.0 * math.pi * uniform(w0, w1)


@kernel
def draw_defects(start, stop, address, out):
    """Uniform deviates of devices start..stop that decide which are stuck and which have a poor contact; out (2, n)."""
    seed, first_cell, event = address
    for i in range(start, stop):
        w0, w1, w2, w3 = words(seed, first_cell + U64(i), event, _DEVICE, 4)
        out[0, i], out[1, i] = uniform(w0, w1), uniform(w2, w3)


@kernel
def create(start, stop, address, p, state):
    """Draw devices start..stop; ``address`` is (seed, first cell, event 0)."""
    first_cell = address[1]
    spread = p.variability
    deviate = np.empty(8)
    rough = np.empty(SECTORS)
    for i in range(start, stop):
        cell = first_cell + U64(i)
        draw_normals(address, cell, _DEVICE, deviate)
        device = state.device[i]
        device[RADIUS] = variability.factor(spread.heater_radius, deviate[0])
        device[HEAT] = variability.factor(spread.thermal_resistance, deviate[1])
        device[GROWTH] = variability.factor(spread.growth, deviate[2])
        device[CRYSTAL] = variability.factor(spread.crystal_conductivity, deviate[3])
        device[AMORPHOUS] = variability.factor(spread.amorphous_conductivity, deviate[4])
        device[LINER] = variability.factor(spread.liner, deviate[5])
        device[DOME_DRIFT] = max(1.0 + p.relaxation.device_spread * deviate[6], 0.0)
        device[FILM_DRIFT] = max(1.0 + p.relaxation.device_spread * deviate[7], 0.0)
        draw_normals(address, cell, _FRONT, rough)
        for s in range(SECTORS):
            state.front[i, s] = rough[s]
        draw_normals(address, cell, _TEXTURE, rough)
        for s in range(SECTORS):
            state.texture[i, s] = conduction.texture(rough[s], p.conduction)
        state.filament[i] = draw_quench(address, cell, _QUENCH, p.relaxation, device, state.exponent[i])
        state.order[i] = p.relaxation.initial
        state.traps[i] = occupy(address[0], cell, address[2], _TRAP_STATE, p.telegraph)
