"""How thick a barrier the amorphous dome is, as a whole.

What lets go first is not the thinnest sector: heat and current go over into its neighbours. In an electro-thermal model
of twelve rough domes the threshold follows the harmonic mean of the sectors' thickness (correlation 0.88; with the
least one 0.15). A sector counts as no thinner than the distance between traps, also where grains bridge it.
"""

from __future__ import annotations

import numpy as np

from pcmphys.numerics.compile import law
from pcmphys.physics import geometry
from pcmphys.physics.state import RADIUS, SECTORS, SHELLS


@law
def barrier(i, p, state):
    """Harmonic mean over the sectors [m] of what is amorphous in each of device i; zero if all are bridged.

    From rims and grains alone, without evaluating the structure.
    """
    least = p.conduction.least_thickness
    thicker, grains = 0, 0
    # four sums at once: one waits for the other
    a = b = c = d = 0.0
    for s in range(0, SECTORS, 4):
        a, b = a + _alone(i, s, least, state), b + _alone(i, s + 1, least, state)
        c, d = c + _alone(i, s + 2, least, state), d + _alone(i, s + 3, least, state)
    inverse = (a + b) + (c + d)
    for s in range(SECTORS):
        grains += state.count[i, s]
        thicker += np.int64((state.count[i, s] == 0) & (state.rim[i, s] > least))
    if grains > 0:
        for s in range(SECTORS):
            if state.count[i, s] > 0:
                thickness = _uncovered(i, s, p, state)
                inverse += 1.0 / max(thickness, least)
                thicker += np.int64(thickness > least)
    return SECTORS / inverse if thicker > 0 else 0.0


@law
def _alone(i, s, least, state):
    """One over the thickness [m] of a sector's dome, at least the least one; zero if it has grains."""
    return 1.0 / max(state.rim[i, s], least) if state.count[i, s] == 0 else 0.0


@law
def _uncovered(i, s, p, state):
    """Sum over the shells [m] of what grains leave of a sector's dome, see `pcmphys.physics.conduction.structure`."""
    radius = p.geometry.heater_radius * state.device[i, RADIUS]
    width = (p.geometry.layer_thickness - radius) / SHELLS
    rim, covered = np.float64(state.rim[i, s]), 0.0
    nearest, farthest = rim, 0.0  # of what grains may cover
    for n in range(state.count[i, s]):
        distance, size = np.float64(state.grain[i, s, n, 0]) - radius, np.float64(state.grain[i, s, n, 1])
        nearest, farthest = min(nearest, distance - size), max(farthest, distance + size)
    # a shell is as its middle is, at most one shell from any place in it
    k = max(np.int64(nearest / width) - 1, 0)
    while k < SHELLS and k * width < min(rim, farthest + width):
        inside = min((rim - k * width) / width, 1.0)
        middle = radius + k * width + 0.5 * inside * width
        free = 1.0
        for n in range(state.count[i, s]):
            if state.grain[i, s, n, 1] > 0.0:  # one just born covers nothing, but for rounding
                free *= 1.0 - geometry.grain_share(middle, state.grain[i, s, n, 0], state.grain[i, s, n, 1])
        covered += inside * (1.0 - free) * width
        k += 1
    return rim - covered
