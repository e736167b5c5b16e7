"""Growth velocity and nucleation as tables over temperature, for the steps of pulses, and the laws that read them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.numerics.compile import kernel, law
from pcmphys.physics.crystallization import rates as crystallization

COLDEST = 200.0
"""Lowest temperature [K] of the tables of growth and nucleation; one entry a kelvin. Far below any glass transition."""
_GUIDES = 512
"""Parts of the guide to the integral of nucleation."""
_COLD = 1.0 / 32.0
"""Part of all nuclei that come up where it is colder than hot, see `Nucleating`."""
_RARE = 1e-12
"""Part of all nuclei that is none."""
_LEAST = 1e-300
_ROUNDING = 1e-12
_AT_REST = 0.1
"""Kelvin below melting at which a rim has come to its melt front: some hundredths of a nanometre."""
_NEVER = 1e100
"""Stands for a time without end."""


class Nucleating(NamedTuple):
    """Where in the integral of nucleation something happens: entries, and values."""

    hot: float
    """Entry from which on it is hot: few of all nuclei come up where it is colder."""
    last: float
    """Entry from which on there is no nucleation to speak of."""
    colder: float
    """Value at ``hot``."""


@kernel
def tabulate(start, stop, p, out):
    """Growth velocity [m/s], and the integral of the nucleation rate over temperature [K/(m3 s)]; out (2, n)."""
    before = 0.0
    for k in range(start, stop):
        temperature = COLDEST + k
        out[0, k] = max(crystallization.growth_velocity(temperature, p), 0.0)
        rate = crystallization.nucleation_rate(temperature, p)
        out[1, k] = out[1, k - 1] + 0.5 * (before + rate) if k > start else 0.0
        before = rate


def tables(
    p: crystallization.CrystallizationFloats,
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, float, Nucleating], np.ndarray, np.ndarray]:
    """Growth velocity and integral of nucleation at every kelvin up to melting (see `tabulate`), and what follows.

    That is a guide, which says between which entries to look for a value of the integral (see `guide`), what happens at
    all (see `activity`), and how long a rim takes to come to rest (see `resting`). All but guide and activity are
    (n, 2): the value and its rise to the next one.
    """
    count = int(p.melting_temperature - COLDEST) + 3
    values = np.zeros((2, count))
    tabulate(0, count, p, values)
    velocity, nuclei = (np.stack([row, np.append(np.diff(row), 0.0)], axis=1) for row in values)
    rest = resting(values[0], p.melting_temperature)
    rest = np.stack([rest, np.append(np.diff(rest), 0.0)], axis=1)
    return velocity, nuclei, guide(values[1]), activity(*values), rest


def guide(rising: np.ndarray) -> tuple[np.ndarray, float, Nucleating]:
    """For each of `_GUIDES` equal parts of what a table rises by: an entry not above it, and one above or the end.

    Second is how many parts there are to one unit, third where something happens.
    """
    per_unit = _GUIDES / max(rising[-1], _LEAST)
    edges = np.arange(_GUIDES + 1) / per_unit
    # wider by more than what rounding a value's part could be wrong by
    below = np.searchsorted(rising, edges[:-1] * (1.0 - _ROUNDING), side="right") - 1
    above = np.searchsorted(rising, edges[1:] * (1.0 + _ROUNDING), side="right")
    hot, last = (int(np.searchsorted(rising, part * rising[-1])) for part in (_COLD, 1.0 - _RARE))
    where = Nucleating(float(hot), float(last), float(rising[hot]))
    return np.stack([np.maximum(below, 0), above], axis=1).astype(np.int32), per_unit, where


def activity(velocity: np.ndarray, rising: np.ndarray) -> np.ndarray:
    """The most that happens at a temperature of the hot spot, at it or where it is colder, over what ever does; (n,).

    The fastest growth over the fastest there is, or the nuclei over all there are, whichever is more; never falling.
    """
    fastest = np.maximum.accumulate(velocity)
    return np.maximum(fastest / max(fastest[-1], _LEAST), rising / max(rising[-1], _LEAST))


def resting(velocity: np.ndarray, melting: float) -> np.ndarray:
    """How long a rim at a temperature takes to its melt front where the temperature rises by 1 K/m; (n,) [s K/m].

    The integral of one over the velocity, by trapezia, which are too long. The front is at the melting point [K], where
    the velocity goes to zero as a straight line; the rim is there once it lacks no more than `_AT_REST`.
    """
    lacks = melting - COLDEST - np.arange(velocity.size)
    last = int(np.flatnonzero((velocity > 0.0) & (lacks > _AT_REST))[-1])
    slow = np.minimum(1.0 / np.maximum(velocity[: last + 1], _LEAST), _NEVER)
    end = slow[last] * lacks[last] * np.log(lacks[last] / _AT_REST)
    times = np.append(np.cumsum(0.5 * (slow[:0:-1] + slow[-2::-1]))[::-1], 0.0) + end
    return np.minimum(np.append(times, np.zeros(velocity.size - last - 1)), _NEVER)


@law
def at(table, entry):
    """Linear interpolation at a place in a table."""
    k = np.uint32(entry)
    return table[k, 0] + (entry - k) * table[k, 1]


@law
def place_of(table, guide, value, below, above):
    """Place in a rising table at which it has a value; ``below`` and ``above`` are entries on either side.

    ``guide`` is that of `tables`: a search by halves of the whole would be most of the work on a candidate.
    """
    places, per_unit, _ = guide
    k = np.uint32(min(value * per_unit, _GUIDES - 1.0))
    below = min(max(below, np.int64(places[k, 0])), above - 1)
    above = min(above, np.int64(places[k, 1]))
    while above - below > 1:
        middle = (below + above) // 2
        if table[middle, 0] <= value:
            below = middle
        else:
            above = middle
    width = table[below, 1]
    return below + ((value - table[below, 0]) / width if width > 0.0 else 0.0)
