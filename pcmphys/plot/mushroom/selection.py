"""Which devices of a population a figure shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pcmphys.cells import MushroomPopulation
from pcmphys.errors import ParameterError
from pcmphys.numerics import check


def checked(devices: Any) -> MushroomPopulation:
    """Refuse what is no population of mushroom cells, or an empty one."""
    if not isinstance(devices, MushroomPopulation):
        raise ParameterError(f"devices must be a population of a MushroomCell; got {type(devices).__name__}")
    if devices.size == 0:
        raise ParameterError(f"devices must not be empty; got shape {devices.shape}")
    return devices


def place(devices: MushroomPopulation, index: int | Sequence[int]) -> tuple[int, ...]:
    """Place of a device, from a whole number or a tuple of them; negative ones count back."""
    parts = (index,) if np.ndim(index) == 0 else tuple(index)
    if len(parts) != len(devices.shape):
        raise ParameterError(
            f"index must be {len(devices.shape)} whole numbers, one for each axis of shape {devices.shape}; "
            f"got {index!r}"
        )
    names = ["index"] if len(parts) == 1 else [f"index[{k}]" for k in range(len(parts))]
    asked = zip(names, parts, devices.shape, strict=True)
    return tuple(check.integer(name, part, -size, size - 1) % size for name, part, size in asked)


def spread_over_conductance(devices: MushroomPopulation, count: int) -> np.ndarray:
    """Flat places of at most ``count`` devices whose conductances lie evenly on a logarithmic scale, rising."""
    conductance = devices.now().conductance.reshape(-1)
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
