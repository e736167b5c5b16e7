"""Single devices and blocks of a population, as independent twins on which a figure may experiment.

A figure must leave the user's devices as they are, bit by bit, and must not copy a million of them to draw one. A twin
holds some neighbouring devices with their past; because random numbers belong to a device's own number, its future is
that which the same devices would have in the whole population under the same operations.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import numpy as np

from pcmphys.cells import MushroomPopulation
from pcmphys.constants import BOLTZMANN
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.physics import relaxation


def checked(devices: object) -> MushroomPopulation:
    """Refuse what is no population of mushroom cells, or an empty one."""
    if not isinstance(devices, MushroomPopulation):
        raise ParameterError(f"devices must be a population of a MushroomCell; got {type(devices).__name__}")
    if devices.size == 0:
        raise ParameterError(f"devices must not be empty; got shape {devices.shape}")
    return devices


def flat_index(devices: MushroomPopulation, index: int | Sequence[int]) -> int:
    """Place of a device in the flat population, from a whole number or a tuple of them; negative ones count back."""
    parts = (index,) if np.ndim(index) == 0 else tuple(index)
    if len(parts) != len(devices.shape):
        raise ParameterError(
            f"index must be {len(devices.shape)} whole numbers, one for each axis of shape {devices.shape}; "
            f"got {index!r}"
        )
    names = ["index"] if len(parts) == 1 else [f"index[{k}]" for k in range(len(parts))]
    asked = zip(names, parts, devices.shape, strict=True)
    places = [check.integer(name, part, -size, size - 1) % size for name, part, size in asked]
    return int(np.ravel_multi_index(places, devices.shape)) if places else 0


def block(devices: MushroomPopulation, start: int, stop: int) -> MushroomPopulation:
    """The devices start..stop of the flat population as a population of their own, shape (stop - start,)."""
    twin = copy.copy(devices)
    twin.shape, twin.size = (stop - start,), stop - start
    twin.first_cell = devices.first_cell + start
    twin._state = type(devices._state)(*(part[start:stop].copy() for part in devices._state))
    twin._free = devices._free[start:stop].copy()
    clock = devices._clock.copy()
    clock.looked, clock._size = clock.looked[start:stop].copy(), stop - start
    twin._clock = clock
    return twin


def spread_over_conductance(devices: MushroomPopulation, count: int) -> np.ndarray:
    """Flat places of at most ``count`` devices whose conductances lie evenly on a logarithmic scale, rising."""
    conductance = devices.copy().conductance().reshape(-1)
    order = np.argsort(conductance, kind="stable")
    logs = np.log(conductance[order])
    wanted = np.linspace(logs[0], logs[-1], min(count, devices.size))
    places = np.clip(np.searchsorted(logs, wanted), 0, devices.size - 1)
    # evenly spaced levels may ask for the same device twice where devices are rare: take the next one then
    for k in range(1, places.size):
        places[k] = max(places[k], places[k - 1] + 1)
    for k in range(places.size - 1, -1, -1):
        places[k] = min(places[k], devices.size - (places.size - k))
    return order[places]


def age(devices: MushroomPopulation) -> np.ndarray:
    """Time [s] at the cell's ambient temperature that brings a fresh glass to where each device's stands, (size,).

    The time since the last pulse above the glass transition, if all of it passed at the ambient temperature.
    """
    twin = devices.copy()
    twin._advance()
    p = devices._floats.relaxation
    ambient = devices._floats.heat.ambient
    reduced = p.barrier / (BOLTZMANN * ambient)
    scale = relaxation.log_time_constant(ambient, p)
    start = math.exp(scale - reduced * p.initial)
    return np.exp(scale - reduced * twin._state.order) - start
