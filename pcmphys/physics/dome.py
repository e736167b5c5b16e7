"""How thick a barrier the amorphous dome is, as a whole.

What lets go first is not the thinnest sector: heat and current go over into its neighbours. In an electro-thermal model
of twelve rough domes the threshold follows the harmonic mean of the sectors' thickness (correlation 0.88; with the
least one 0.15). A sector counts as no thinner than the distance between traps, also where grains bridge it.
"""

from __future__ import annotations

from pcmphys.numerics.compile import law
from pcmphys.physics import geometry
from pcmphys.physics.state import RADIUS, SECTORS, SHELLS


@law
def barrier(i, p, state):
    """Harmonic mean over the sectors [m] of what is amorphous in each of device i; zero if all are bridged.

    From rims and grains alone, without evaluating the structure.
    """
    least = p.conduction.least_thickness
    inverse, thickest, grains = 0.0, 0.0, 0
    for s in range(SECTORS):
        thickness = max(state.rim[i, s], least)
        alone = state.count[i, s] == 0
        grains += state.count[i, s]
        inverse += 1.0 / thickness if alone else 0.0
        thickest = max(thickest, thickness if alone else 0.0)
    if grains > 0:
        for s in range(SECTORS):
            if state.count[i, s] > 0:
                thickness = max(_uncovered(i, s, p, state), least)
                inverse += 1.0 / thickness
                thickest = max(thickest, thickness)
    return SECTORS / inverse if thickest > least else 0.0


@law
def _uncovered(i, s, p, state):
    """Sum over the shells [m] of what grains leave of a sector's dome, see `pcmphys.physics.conduction.structure`."""
    radius = p.geometry.heater_radius * state.device[i, RADIUS]
    width = (p.geometry.layer_thickness - radius) / SHELLS
    rim, thickness, k = float(state.rim[i, s]), 0.0, 0
    while k < SHELLS and k * width < rim:
        inside = min((rim - k * width) / width, 1.0)
        middle = radius + k * width + 0.5 * inside * width
        free = 1.0
        for n in range(state.count[i, s]):
            if state.grain[i, s, n, 1] > 0.0:  # one just born covers nothing, but for rounding
                free *= 1.0 - geometry.grain_share(middle, state.grain[i, s, n, 0], state.grain[i, s, n, 1])
        thickness += inside * free * width
        k += 1
    return thickness
