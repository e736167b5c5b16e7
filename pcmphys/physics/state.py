"""State of mushroom devices as arrays: what each column and row holds, and how finely a device is cut.

The effects of this room read and change it; a cell decides what is drawn when.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SECTORS = 16
"""Angular sectors of a dome, conducting in parallel."""
SHELLS = 24
"""Radial shells that the layer is cut into where its conduction is summed up."""
GRAINS = 3
"""Grains kept in a sector."""
TRAPS = 32
"""Traps of a device at most: the bits of one word. Trap k belongs to sector k mod 16."""

# columns of MushroomState.device
RADIUS, HEAT, GROWTH, CRYSTAL, AMORPHOUS, LINER, DOME_DRIFT, FILM_DRIFT = range(8)
FACTORS = (
    "heater_radius", "thermal_resistance", "growth", "crystal_conductivity", "amorphous_conductivity", "liner",
    "dome_drift", "film_drift",
)  # fmt: skip
# rows of MushroomState.sector
DOME_RESISTANCE, FILM_RESISTANCE, THICKNESS, AMPLITUDE, SHUNT = range(5)


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
    """(devices, 5, 16) float32: what the structure conducts, as last evaluated (`conduction.structure`)."""
    fraction: np.ndarray
    """(devices,) float32: crystalline fraction of the largest dome's volume, as last evaluated."""
    stale: np.ndarray
    """(devices,) uint8: 1 if the structure changed since it was evaluated."""
    age: np.ndarray
    """(devices, 16) float64: age [s] of each sector's glass at the ambient temperature, see `relaxation`; in double
    precision, so that seconds still count after years."""
    deviate: np.ndarray
    """(devices, 2, 16) int16: deviates of the drift exponents of dome and films that each sector's quench drew, in
    units of `relaxation.DEVIATE`."""
    kind: np.ndarray
    """(devices, 32) uint8: which time constant each trap has, drawn when its sector melts."""
    traps: np.ndarray
    """(devices,) uint32: which traps are filled, a bit each."""
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
        age=np.zeros((size, SECTORS)),
        deviate=np.zeros((size, 2, SECTORS), dtype=np.int16),
        kind=np.zeros((size, TRAPS), dtype=np.uint8),
        traps=np.zeros(size, dtype=np.uint32),
        trap_lag=np.zeros(size),
        contact=np.zeros(size, dtype=np.float32),
    )
