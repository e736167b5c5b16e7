"""What a device's structure conducts: shells in series, sectors in parallel.

Each shell of a sector is a mixture of dome and polycrystal. Its resistance is shared out between the two by how much
of a change of either it feels (Bruggeman's logarithmic shares): the sums over shells, dome and films, then follow
drift and noise to first order exactly without looking at the structure again. The mixture is evaluated as it is at
one age (of 1000 s, at the reference temperature), so that it does not depend on when somebody asks; what is kept are
the values of the unrelaxed glass.
"""

from __future__ import annotations

import numpy as np

from pcmphys._jit import law
from pcmphys.models import conduction, geometry, liner, telegraph
from pcmphys.models.geometry import SECTORS, SHELLS
from pcmphys.population._mushroom_state import (
    AMORPHOUS,
    AMPLITUDE,
    CRYSTAL,
    DOME_RESISTANCE,
    FILM_RESISTANCE,
    LINER,
    RADIUS,
    SHUNT,
    THICKNESS,
)

_BLOCKED = 0.5  # share of the dome in a shell's conduction from which on the shell blocks


@law
def _grains_on(grains, count, radius, rim_grain):
    """Covered part of a sector's shell, and the mean diameter [m] of the grains that cover it."""
    free, weight, size = 1.0, 0.0, 0.0
    for k in range(count):
        share = geometry.grain_share(radius, grains[k, 0], grains[k, 1])
        free *= 1.0 - share
        weight += share
        size += share * 2.0 * grains[k, 1]
    return 1.0 - free, (size / weight if weight > 0.0 else rim_grain)


@law
def evaluate_one(i, p, state):
    """Evaluate the structure of device i and clear its mark."""
    device, rim, grain, count, sector = state.device[i], state.rim[i], state.grain[i], state.count[i], state.sector[i]
    radius = p.geometry.heater_radius * device[RADIUS]
    width = (p.geometry.layer_thickness - radius) / SHELLS
    aged = p.relaxation
    amorphous = p.conduction.amorphous_conductivity * device[AMORPHOUS] / aged.dome_aged
    rim_grown = conduction.polycrystal(p.conduction.rim_grain, p.conduction) * device[CRYSTAL] / aged.films_aged
    whole = geometry.shell_factor(radius, p.geometry.layer_thickness) / rim_grown
    amorphous_volume = 0.0
    ladder = np.empty((2, SHELLS))
    for s in range(SECTORS):
        dome, films, thickness, blocked = 0.0, 0.0, 0.0, 0.0
        texture = state.texture[i, s]
        rim_crystal = rim_grown * texture
        for k in range(SHELLS):
            inner = radius + k * width
            inside = min(max((rim[s] - k * width) / width, 0.0), 1.0)
            outer = inner + width
            value, share = rim_crystal, 0.0
            if inside > 0.0:
                covered, size = _grains_on(grain[s], count[s], inner + 0.5 * inside * width, p.conduction.rim_grain)
                crystal = conduction.polycrystal(size, p.conduction) * device[CRYSTAL] * texture / aged.films_aged
                # the rim is rough on the scale of a shell: what it leaves of its shell is mixed in, not put in series
                amorphous_part = inside * (1.0 - covered)
                value, share = conduction.mixture(1.0 - amorphous_part, amorphous, crystal)
                thickness += amorphous_part * width
                blocked = max(blocked, share)
                amorphous_volume += amorphous_part * (outer**3 - inner**3)
            resistance = geometry.shell_factor(inner, outer) / value
            dome += share * resistance
            films += (1.0 - share) * resistance
            ladder[0, k] = resistance
        sector[DOME_RESISTANCE, s] = dome / aged.dome_aged
        sector[FILM_RESISTANCE, s] = films / aged.films_aged
        # where grains have met in every shell, current passes beside what is still amorphous
        sector[THICKNESS, s] = thickness if blocked > _BLOCKED else 0.0
        path = min(whole / films, 1.0)
        sector[AMPLITUDE, s] = telegraph.amplitude(dome, films, path, p.telegraph)
        sector[SHUNT, s] = _shunt(ladder, radius, width, device[LINER], p.liner) if p.projected else 0.0
    full = SECTORS * (p.geometry.layer_thickness**3 - radius**3)
    state.fraction[i] = min(max(1.0 - amorphous_volume / full, 0.0), 1.0)
    state.stale[i] = 0


@law
def _shunt(ladder, radius, width, factor, p):
    """Conductance [S] that the liner adds to one sector, from the ladder of shells; ``ladder[0]`` [ohm] is theirs.

    Rails: chalcogenide and liner; rungs: the interface; the heater touches both (the liner through the interface
    under it), and at the top electrode's end only the chalcogenide goes on. Solved by Gaussian elimination of the
    liner's nodes together with the chalcogenide's, from the outer end inwards.
    """
    last = ladder.shape[1] - 1
    # nodes: c_k, l_k at the outer border of shell k; c_last is ground. Unknowns eliminated from the outside in:
    # what is outside of shell k acts as a conductance matrix [[a, -b], [-b, d]] on (c_k, l_k)
    inner = radius + last * width
    a, b, d = np.inf, 0.0, liner.rung_conductance(inner, inner + width, p) / factor
    grounded = True
    for k in range(last, 0, -1):
        inner = radius + k * width
        chalcogenide = 1.0 / ladder[0, k]
        film = 1.0 / (factor * liner.rail_resistance(inner, inner + width, p))
        rung = liner.rung_conductance(inner - width, inner, p) / factor
        if grounded:
            # c_k stands at ground: the liner's node goes through its rung, the chalcogenide straight there
            through = film * d / (film + d)
            a, b, d = chalcogenide + rung, rung, through + rung
            grounded = False
            continue
        # eliminate (c_k, l_k) behind the series rails of shell k
        p11, p22, p12 = a + chalcogenide, d + film, -b
        determinant = p11 * p22 - p12 * p12
        q11, q22, q12 = p22 / determinant, p11 / determinant, -p12 / determinant
        a_next = chalcogenide - chalcogenide * chalcogenide * q11
        d_next = film - film * film * q22
        b_next = chalcogenide * film * q12
        a, b, d = a_next + rung, b_next + rung, d_next + rung
    entry = np.pi * radius * radius / (SECTORS * p.interface_resistance * factor)
    film = 1.0 / (factor * liner.rail_resistance(radius, radius + width, p))
    entry = entry * film / (entry + film)
    chalcogenide = 1.0 / ladder[0, 0]
    # the heater at one volt: currents through shell 0's chalcogenide and through the liner's entry
    p11, p22, p12 = a + chalcogenide, d + entry, -b
    determinant = p11 * p22 - p12 * p12
    v_c = (p22 * chalcogenide - p12 * entry) / determinant
    v_l = (p11 * entry - p12 * chalcogenide) / determinant
    total = chalcogenide * (1.0 - v_c) + entry * (1.0 - v_l)
    alone = 0.0
    for k in range(last + 1):
        alone += ladder[0, k]
    return max(total - 1.0 / alone, 0.0)
