"""What a device's structure conducts: shells in series, sectors in parallel.

Each shell of a sector is a mixture of dome and polycrystal. Its resistance is shared out between the two by how much
of a change of either it feels (Bruggeman's logarithmic shares): the sums over shells, dome and films, then follow
drift and noise to first order exactly without looking at the structure again. The mixture is evaluated as it is at
one age (``mixture_age``, at the reference temperature), so that it does not depend on when somebody asks; what is kept
are the values of the unrelaxed glass.

Shell by shell all sectors are gone through together, in loops that are vector code; rows of 16 in one flat array
``work`` as in `pcmphys.physics.crystallization.pulse`.
"""

from __future__ import annotations

import math

import numpy as np

from pcmphys.numerics.compile import law
from pcmphys.physics import geometry, liner
from pcmphys.physics.conduction import laws as conduction
from pcmphys.physics.state import (
    AMORPHOUS,
    AMPLITUDE,
    CRYSTAL,
    DOME_RESISTANCE,
    FILM_RESISTANCE,
    LINER,
    RADIUS,
    SECTORS,
    SHELLS,
    SHUNT,
    THICKNESS,
)
from pcmphys.physics.telegraph import laws as telegraph

# rows of ``work``: thickness of the dome [m]; conductivity of what grew from the rim [S/m]; sums over the shells gone
# through: resistance of dome and films [ohm], amorphous thickness [m], amorphous volume
_RIM, _RIM_GROWN, _DOME, _FILMS, _THICKNESS, _VOLUME = range(0, 6 * SECTORS, SECTORS)
# of the present shell: part that no grain covers, conductivity of the polycrystal [S/m]
_FREE, _GROWN = range(6 * SECTORS, 8 * SECTORS, SECTORS)
# of the liner's ladder: conductance matrix of what lies further out [S]; resistances [ohm] of all shells
_A, _B, _D, _SHELL = range(8 * SECTORS, 12 * SECTORS, SECTORS)
SCRATCH = (11 + SHELLS) * SECTORS
"""Size of ``work``."""


@law
def evaluate_one(i, p, state, work):
    """Evaluate the structure of device i and clear its mark."""
    aged = p.relaxation
    radius = p.geometry.heater_radius * state.device[i, RADIUS]
    width = (p.geometry.layer_thickness - radius) / SHELLS
    amorphous = p.conduction.amorphous_conductivity * state.device[i, AMORPHOUS] / aged.dome_aged
    grown = state.device[i, CRYSTAL] / aged.films_aged
    rim_grown = conduction.polycrystal(p.conduction.rim_grain, p.conduction) * grown
    grains, deepest = 0, 0.0
    for s in range(SECTORS):
        grains += state.count[i, s]
        deepest = max(deepest, np.float64(state.rim[i, s]))
        work[_RIM + s] = state.rim[i, s]
        work[_RIM_GROWN + s] = rim_grown * state.texture[i, s]
        work[_DOME + s] = work[_FILMS + s] = work[_THICKNESS + s] = work[_VOLUME + s] = 0.0
        work[_FREE + s], work[_GROWN + s] = 1.0, work[_RIM_GROWN + s]
    shells = min(np.int64(math.ceil(deepest / width)), SHELLS)
    for k in range(shells):
        if grains > 0:
            _cover(i, k, radius, width, (grown, amorphous), p, state, work)
        _add_shell(k, radius, width, amorphous, work)
    _add_rest(shells, radius, width, p.geometry.layer_thickness, work)
    if p.projected:
        _list_rest(shells, radius, width, work)
        _climb(radius, width, state.device[i, LINER], p.liner, work)
    _store(i, radius, rim_grown, p, state, work)


@law
def _cover(i, k, radius, width, conductivity, p, state, work):
    """Uncovered part of shell k and conductivity of its polycrystal, in the sectors that have grains.

    ``conductivity`` is that of the dome [S/m], after the factor of all polycrystal.
    """
    grown, amorphous = conductivity
    for s in range(SECTORS):
        if state.count[i, s] == 0:
            continue
        work[_FREE + s], work[_GROWN + s] = 1.0, work[_RIM_GROWN + s]
        inside = min(max((work[_RIM + s] - k * width) / width, 0.0), 1.0)
        if inside == 0.0:  # beyond the dome there is no telling grains apart
            continue
        middle = radius + k * width + 0.5 * inside * width
        free, weight, size = 1.0, 0.0, 0.0
        for n in range(state.count[i, s]):
            radius_of_grain = state.grain[i, s, n, 1]
            if radius_of_grain == 0.0:  # one just born covers nothing, but for rounding
                continue
            share = geometry.grain_share(middle, state.grain[i, s, n, 0], radius_of_grain)
            free *= 1.0 - share
            weight += share
            size += share * 2.0 * radius_of_grain
        work[_FREE + s] = free
        if weight > 0.0:  # the mean diameter of the grains that cover it
            crystal = conduction.polycrystal(size / weight, p.conduction) * grown * state.texture[i, s]
            # a very young one: the law of its size ends below the glass
            work[_GROWN + s] = max(crystal, amorphous)


@law
def _add_shell(k, radius, width, amorphous, work):
    """Add shell k of all sectors to the sums."""
    inner = radius + k * width
    outer = inner + width
    factor, volume = geometry.shell_factor(inner, outer), outer**3 - inner**3
    for s in range(SECTORS):
        # the rim is rough on the scale of a shell: what it leaves of its shell is mixed in, not put in series
        part = min(max((work[_RIM + s] - k * width) / width, 0.0), 1.0) * work[_FREE + s]
        value, share = conduction.mixture(1.0 - part, amorphous, work[_GROWN + s])
        share = share if part > 0.0 else 0.0
        resistance = factor / value
        work[_DOME + s] += share * resistance
        work[_FILMS + s] += (1.0 - share) * resistance
        work[_THICKNESS + s] += part * width
        work[_VOLUME + s] += part * volume
        work[_SHELL + k * SECTORS + s] = resistance


@law
def _add_rest(shells, radius, width, layer_thickness, work):
    """Add the crystal beyond the dome."""
    if shells == SHELLS:
        return
    factor = geometry.shell_factor(radius + shells * width, layer_thickness)
    for s in range(SECTORS):
        work[_FILMS + s] += factor / work[_RIM_GROWN + s]


@law
def _list_rest(shells, radius, width, work):
    """Resistances of the shells beyond the dome one by one, for the liner's ladder."""
    for k in range(shells, SHELLS):
        inner = radius + k * width
        factor = geometry.shell_factor(inner, inner + width)
        for s in range(SECTORS):
            work[_SHELL + k * SECTORS + s] = factor / work[_RIM_GROWN + s]


@law
def _store(i, radius, rim_grown, p, state, work):
    """What is kept of the sums: resistances of the unrelaxed glass, thickness, amplitude of the traps, fraction."""
    whole = geometry.shell_factor(radius, p.geometry.layer_thickness) / rim_grown
    amorphous_volume = 0.0
    for s in range(SECTORS):
        dome, films = work[_DOME + s], work[_FILMS + s]
        path = min(whole / films, 1.0)
        state.sector[i, DOME_RESISTANCE, s] = dome / p.relaxation.dome_aged
        state.sector[i, FILM_RESISTANCE, s] = films / p.relaxation.films_aged
        state.sector[i, THICKNESS, s] = work[_THICKNESS + s]
        state.sector[i, AMPLITUDE, s] = telegraph.amplitude(dome, films, path, p.telegraph)
        state.sector[i, SHUNT, s] = work[_A + s] if p.projected else 0.0
        amorphous_volume += work[_VOLUME + s]
    full = SECTORS * (p.geometry.layer_thickness**3 - radius**3)
    state.fraction[i] = min(max(1.0 - amorphous_volume / full, 0.0), 1.0)
    state.stale[i] = 0


@law
def _climb(radius, width, factor, p, work):
    """Conductance [S] that the liner adds to each sector, from the ladder of shells; left in ``work[_A]``.

    Rails: chalcogenide and liner; rungs: the interface; the heater touches both (the liner through the interface
    under it), and at the top electrode's end only the chalcogenide goes on. Solved by Gaussian elimination of the
    liner's nodes together with the chalcogenide's, from the outer end inwards.

    Nodes: c_k, l_k at the outer border of shell k; c_last is ground. What is outside of shell k acts as a conductance
    matrix [[a, -b], [-b, d]] on (c_k, l_k).
    """
    last = SHELLS - 1
    inner = radius + last * width
    film = 1.0 / (factor * liner.rail_resistance(inner, inner + width, p))
    end = liner.rung_conductance(inner, inner + width, p) / factor
    rung = liner.rung_conductance(inner - width, inner, p) / factor
    for s in range(SECTORS):
        # c_last stands at ground: the liner's node goes through its rung, the chalcogenide straight there
        work[_A + s] = 1.0 / work[_SHELL + last * SECTORS + s] + rung
        work[_B + s] = rung
        work[_D + s] = film * end / (film + end) + rung
    for k in range(last - 1, 0, -1):
        inner = radius + k * width
        film = 1.0 / (factor * liner.rail_resistance(inner, inner + width, p))
        rung = liner.rung_conductance(inner - width, inner, p) / factor
        for s in range(SECTORS):
            # eliminate (c_k, l_k) behind the series rails of shell k
            chalcogenide, b = 1.0 / work[_SHELL + k * SECTORS + s], work[_B + s]
            p11, p22 = work[_A + s] + chalcogenide, work[_D + s] + film
            inverse = 1.0 / (p11 * p22 - b * b)
            work[_A + s] = chalcogenide - chalcogenide * chalcogenide * p22 * inverse + rung
            work[_B + s] = chalcogenide * film * b * inverse + rung
            work[_D + s] = film - film * film * p11 * inverse + rung
    entry = math.pi * radius * radius / (SECTORS * p.interface_resistance * factor)
    film = 1.0 / (factor * liner.rail_resistance(radius, radius + width, p))
    entry = entry * film / (entry + film)
    for s in range(SECTORS):
        chalcogenide, b = 1.0 / work[_SHELL + s], work[_B + s]
        # the heater at one volt: currents through shell 0's chalcogenide and through the liner's entry
        p11, p22 = work[_A + s] + chalcogenide, work[_D + s] + entry
        inverse = 1.0 / (p11 * p22 - b * b)
        v_c = (p22 * chalcogenide + b * entry) * inverse
        v_l = (p11 * entry + b * chalcogenide) * inverse
        total = chalcogenide * (1.0 - v_c) + entry * (1.0 - v_l)
        work[_A + s] = max(total - 1.0 / (work[_DOME + s] + work[_FILMS + s]), 0.0)
