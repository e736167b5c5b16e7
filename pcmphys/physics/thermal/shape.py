"""Rise of the temperature over that of the hot spot, against the distance from the heater: a table and its laws.

Conductivities depend on the phase alone, so that the rise over the hot spot's, 1 at the heater and 0 at the top
electrode, depends on two numbers: how thick the dome is, and how far the melt goes. The melt ends where the rise has
fallen to what melts; so it follows from one number, the *level* at which that is: rise that melts over the hot spot's
rise. The hot spot's own rise may come from any law (`pcmphys.physics.heat.heater_rise`). One table holds the
self-consistent shapes of a technology; a pulse reads it for its device once a step, and each sector finds its
temperature and its front in what was read.

A sector whose front lies further out than the mean by a shift has all its profile shifted; within that of the
heater's edge, it goes on to rise as a straight line over the whole layer.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from pcmphys.numerics.bits import bits_of, float_of
from pcmphys.numerics.compile import law
from pcmphys.physics.state import SHELLS
from pcmphys.physics.thermal.network import NetworkParameters, radii, solve

DOMES, LEVELS = 12, 48
"""Entries of the table: domes up to the top electrode, levels from zero (all is melt) to one (the hot spot just is)."""
ROW = SHELLS + 2
"""Places of a row: the ends of the shells, and one behind the top electrode, where there is no rise either."""
_HALVINGS = 44
"""Of the layer, until the front is known; the last digits of what is kept in single precision."""


def table(geometry: Any, heat: Any) -> np.ndarray:
    """Shapes of a technology (12, 48, 25), from its parameters of geometry and heat; made once, then kept."""
    return _table(geometry.heater_radius, geometry.layer_thickness, heat.melt_limit, heat.network)


@functools.lru_cache(maxsize=64)
def _table(radius: float, thickness: float, limit: float, p: NetworkParameters) -> np.ndarray:
    edges = radii(radius, thickness)
    dome = np.linspace(0.0, thickness - radius, DOMES)[:, None]
    level = np.linspace(0.0, 1.0, LEVELS)
    found = shapes(dome, fronts(dome, level, edges, limit, p), edges, p)
    found.flags.writeable = False
    return found


def shapes(dome: np.ndarray, melt: np.ndarray, edges: np.ndarray, p: NetworkParameters) -> np.ndarray:
    """(..., 25) rise over the hot spot's at the ends of the shells, for domes and melts of a thickness [m]."""
    rise = solve(dome, melt, edges, p).rise
    return rise / rise[..., :1]


def fronts(dome: np.ndarray, level: np.ndarray, edges: np.ndarray, limit: float, p: NetworkParameters) -> np.ndarray:
    """How far from the heater [m] there is melt that ends where the shape has fallen to a level.

    At most the part ``limit`` of the layer. By bisection: the further out a melt ends, the colder is it there.
    """
    span = edges[-1] - edges[0]
    dome, level = np.broadcast_arrays(np.asarray(dome, dtype=float), np.asarray(level, dtype=float))
    low, high = np.zeros(dome.shape), np.full(dome.shape, limit * span)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        place = middle * (SHELLS / span)
        k = np.minimum(place.astype(int), SHELLS - 1)[..., None]
        shape = shapes(dome, middle, edges, p)
        inner, outer = (np.take_along_axis(shape, k + end, axis=-1)[..., 0] for end in (0, 1))
        molten = inner + (place - k[..., 0]) * (outer - inner) > level
        low, high = np.where(molten, middle, low), np.where(molten, high, middle)
    return low


@law
def read_row(dome: float, level: float, table: np.ndarray, row: np.ndarray) -> int:
    """Interpolate a table (12, 48, 25) in dome (in shells) and level; ``row`` (26,) gets the shape.

    Above a level of one nothing is molten. Returns the shell in which the shape falls to the level, see `reached`.
    """
    i, j, x, y = _weights(dome, level)
    a, b = table[i, j], table[i, j + 1]
    c, d = table[i + 1, j], table[i + 1, j + 1]
    shell = -1
    for k in range(SHELLS):
        inner = b[k] + x * (d[k] - b[k])
        outer = a[k] + x * (c[k] - a[k])
        row[k] = here = outer + y * (inner - outer)
        shell += np.int64(here > level)
    row[SHELLS] = row[SHELLS + 1] = 0.0
    return max(shell, 0)


@law
def profile(place: float, row: np.ndarray) -> float:
    """Part of the hot spot's rise at a distance from the heater, counted in shells; ``row`` as from `read_row`.

    Examples
    --------
    A straight row: half of it half-way, more than one where a front that lies further out makes the distance negative.

    >>> row = np.append(np.linspace(1.0, 0.0, 25), 0.0)
    >>> round(profile(12.0, row), 12), profile(-6.0, row), profile(30.0, row)
    (0.5, 1.25, 0.0)
    """
    inside = min(max(place, 0.0), float(SHELLS))
    k = np.uint32(inside)
    after = k + np.uint32(1)
    return row[k] + (inside - k) * (row[after] - row[k]) - min(place, 0.0) * (1.0 / SHELLS)


@law
def distance(level: float, row: np.ndarray) -> float:
    """Distance from the heater, in shells, at which the `profile` has fallen to a level; its inverse.

    Negative for a level above one, which only a front that lies further out reaches.

    Examples
    --------
    >>> row = np.append(np.linspace(1.0, 0.0, 25), 0.0)
    >>> round(distance(0.5, row), 12), distance(1.25, row)
    (12.0, -6.0)
    """
    shell = -1
    for j in range(SHELLS):
        shell += np.int64(row[j] > level)
    return reached(level, max(shell, 0), row)


@law
def reached(level: float, shell: int, row: np.ndarray) -> float:
    """`distance` at a level, in the shell in which the profile falls to it, the first one for what none does."""
    return within(level, np.float64(shell), row[shell], row[shell + 1])


@law
def within(level: float, shell: float, inner: float, outer: float) -> float:
    """`distance` at a level, in the shell between whose ends the profile falls from inner to outer."""
    return (1.0 - level) * SHELLS if level >= 1.0 else shell + min((inner - level) / (inner - outer), 1.0)


@law
def fall(place: float, row: np.ndarray) -> float:
    """How much the `profile` falls in a shell at a place."""
    k = min(int(max(place, 0.0)), SHELLS - 1)
    return (row[k] - row[k + 1]) if place >= 0.0 else 1.0 / SHELLS


@law
def gentlest(level: float, hot: float, row: np.ndarray) -> tuple[float, float, float]:
    """Where the profile has fallen to a level ``hot``, and the longest distances in which it falls by one.

    All in shells: the place; the longest distance from the first level on up to the end of the shell of that place, and
    at all; at least that of the straight line inside of the heater's edge.
    """
    # bits of positive numbers are ordered as these are, and their least one is found by vector code
    near = far = bits_of(1.0 / SHELLS if level >= 1.0 else 1.0)
    shell = -1
    for k in range(SHELLS):
        inner, outer = row[k], row[k + 1]
        falls = bits_of(inner - outer if outer <= level else 1.0)
        far = min(far, falls)
        within_hot = (inner > hot) | (k == 0)
        near = min(near, falls if within_hot else bits_of(1.0))
        shell += np.int64(inner > hot)
    return reached(hot, max(shell, 0), row), 1.0 / float_of(near), 1.0 / float_of(far)


@law
def _weights(dome: float, level: float) -> tuple[int, int, float, float]:
    """Entry of the tables before a dome (in shells) and a level, and how far to go to the next."""
    along = min(max(dome, 0.0), float(SHELLS)) * ((DOMES - 1) / SHELLS)
    down = min(max(level, 0.0), 1.0) * (LEVELS - 1)
    i, j = min(int(along), DOMES - 2), min(int(down), LEVELS - 2)
    return i, j, along - i, down - j
