"""Sweeps of the slow twin with a tester's errors."""

from __future__ import annotations

import functools

import numpy as np

from tests.oracles.iv import Layer

RELATIVE, FLOOR = 0.02, 3e-12
KELVIN = (300.0, 320.0, 340.0)
PER_EV = 8.617333262e-5


@functools.cache
def _exact(layer: Layer, grid: tuple[float, ...], kelvin: tuple[float, ...]) -> np.ndarray:
    found = np.array([layer.up(list(grid), t) for t in kelvin])
    found.flags.writeable = False
    return found


def exact(layer: Layer, grid, kelvin=KELVIN) -> np.ndarray:
    """Currents of sweeps upwards, (temperatures, points)."""
    return _exact(layer, tuple(float(v) for v in grid), tuple(kelvin))


def noisy(current: np.ndarray, rng, relative: float = RELATIVE, floor: float = FLOOR) -> np.ndarray:
    """What a tester shows of them."""
    return current * (1.0 + relative * rng.standard_normal(current.shape)) + floor * rng.standard_normal(current.shape)


def conductance_at(layer: Layer, kelvin: float) -> float:
    return layer.conductance * np.exp(layer.activation / PER_EV * (1.0 / layer.reference - 1.0 / kelvin))
