"""What a target draws from an export: the numpy twin of the generated modules, for the round trip of each export.

Each exporter reads its own written file back and gives a `Carrier`: programmed conductance, its loss over time and the
noise of a reading, from normal numbers. `carried` samples that as the target would.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from pcmphys.export.levels import LevelStatistics

SAMPLES = 100_000
"""Draws of a conductance bin."""
_SEED = 20


class Carrier(Protocol):
    """How a target turns normal numbers into devices of one target; conductances in S."""

    def programmed(self, level: int, z: np.ndarray) -> np.ndarray:
        """Conductance [S] after programming."""
        ...

    def loss(self, level: int, time: int, z: np.ndarray, programmed: np.ndarray) -> np.ndarray:
        """Ln of the programmed conductance over that at a time; ``programmed`` are the normal scores of those."""
        ...

    def noise(self, level: int, time: int, z: np.ndarray, conductance: np.ndarray) -> np.ndarray:
        """A reading over the conductance [S] without noise, minus one."""
        ...


class Carried(NamedTuple):
    """Moments as in `LevelStatistics`, of what the target draws."""

    conductance_mean: np.ndarray
    conductance_std: np.ndarray
    exponent_mean: np.ndarray
    exponent_std: np.ndarray
    noise_std: np.ndarray


def carried(source: LevelStatistics, carrier: Carrier, samples: int = SAMPLES) -> Carried:
    """Sample a target at each level and time of the source."""
    shape = source.conductance_mean.shape
    found = Carried(*np.empty((2, *shape)), *np.empty((2, shape[0])), np.empty(shape))
    since = np.log(source.time / source.time[0])
    for level in range(shape[0]):
        rng = np.random.default_rng([_SEED, level])
        z = rng.standard_normal((2, samples))
        start = carrier.programmed(level, z[0])
        exponent = np.zeros(samples)
        for time in range(shape[1]):
            loss = carrier.loss(level, time, z[1], z[0])
            exponent += since[time] * loss
            now = start * np.exp(-loss)
            found.conductance_mean[level, time], found.conductance_std[level, time] = now.mean(), now.std()
            conducting = now[now > 0.0]
            noise = carrier.noise(level, time, rng.standard_normal(conducting.size), conducting)
            found.noise_std[level, time] = noise.std() if noise.size else np.nan
        exponent /= since @ since
        found.exponent_mean[level], found.exponent_std[level] = exponent.mean(), exponent.std()
    return found
