"""Laws of the current of one device at a voltage, with or without the traps' noise, at the present drift.

A sector is its dome (whose current bends upwards with the field, by the law that the parameter file chooses) in series
with its films (ohmic), beside its share of the liner. The sectors are in parallel, in series with the heater. What
depends on the law is in its own file: how to begin with the sectors, and how to go a step.
"""

from __future__ import annotations

import math

import numpy as np

from pcmphys.numerics.compile import law
from pcmphys.numerics.elementary import exp_in_chains
from pcmphys.physics import relaxation
from pcmphys.physics.conduction import hopping, poole_frenkel
from pcmphys.physics.conduction import laws as conduction
from pcmphys.physics.conduction.rows import (
    CROWDING,
    CURRENT,
    DOME,
    FIELD,
    LAW,
    PER_FIELD,
    RATIO,
    RISE,
    SHARE,
    SIDE,
    SLOPE,
    TURN,
    VALUE,
    step,
    total,
)
from pcmphys.physics.state import (
    DOME_DRIFT,
    DOME_RESISTANCE,
    FILM_DRIFT,
    FILM_RESISTANCE,
    RADIUS,
    SECTORS,
    SHUNT,
    THICKNESS,
)

_READ_STEPS = 2  # else: within 1e-6 with the last one
_STEPS_TO_ROUNDING = 4  # from any start, whatever k, x and crowding
_FEW_STEPS = 2  # the same from a start by the series, or a point within 1 %: the error goes as its third power
_NEAR = 0.01
_MOST_STEPS = 60
_TRACE = 1e-12  # of a dome, over the resistance of the films, where there is none: nothing then divides by zero
_ROUNDING = 1e-14  # of the whole voltage: a step of the inner one that is the last


@law
def activation(temperature, p):
    """Factors of the resistances of dome and films by their activation, at a temperature [K]."""
    dome = conduction.activated(p.amorphous_activation, temperature, p.reference_temperature)
    films = conduction.activated(p.boundary_activation, temperature, p.reference_temperature)
    return 1.0 / dome, 1.0 / films


@law
def series_resistance(i, p, state):
    """Resistance [ohm] in series with all sectors of device i: heater, leads, and a poor contact if it has one."""
    return p.heat.on_resistance + p.conduction.series_resistance + state.contact[i]


@law
def load_sectors(i, temperature, activated, noise, p, state, work):
    """Resistances of the sectors of device i as they are now; returns the conductance [S] along the heater's edge.

    ``work`` gets what does not depend on the voltage, and the slope at no voltage; ``activated`` is that of
    `activation`, ``noise`` (16,) what its traps add to ln of each sector's resistance beside their mean.
    """
    device, age, deviate, sector = state.device[i], state.age[i], state.deviate[i], state.sector[i]
    dome_activated, films_activated = activated
    r, radius = p.relaxation, p.geometry.heater_radius * device[RADIUS]
    bending, least = conduction.bending_field(temperature, p.conduction), p.conduction.least_thickness
    work[LAW] = 1.0 if p.conduction.poole_frenkel else 0.0
    for s in range(SECTORS):
        fluctuation, lost = noise[s], relaxation.e_folds(age[s], temperature, r)
        nu = relaxation.drift_exponent(r.dome_exponent, device[DOME_DRIFT], deviate[0, s], r)
        dome = dome_activated * exp_in_chains(nu * lost + fluctuation)
        nu = relaxation.drift_exponent(r.boundary_exponent, device[FILM_DRIFT], deviate[1, s], r)
        beside = sector[FILM_RESISTANCE, s] * films_activated * exp_in_chains(nu * lost + fluctuation)
        # a sector without a dome keeps a trace of one, so that nothing divides by zero
        over = max(sector[DOME_RESISTANCE, s] * dome, _TRACE * beside)
        thickness = sector[THICKNESS, s]
        field, area = bending * max(thickness, least), conduction.crowding_area(np.float64(thickness), radius)
        # one division for four
        both = over + beside
        voltages = over * both * field
        inverse = 1.0 / (voltages * area)
        work[CROWDING + s] = thickness * thickness * (inverse * voltages)
        inverse *= area
        per_over, share = inverse * both * field, inverse * over * over * field
        work[DOME + s], work[RATIO + s], work[SHARE + s] = per_over, beside * per_over, share
        work[FIELD + s], work[PER_FIELD + s] = field, inverse * over * both
        work[SIDE + s] = sector[SHUNT, s]
        work[SLOPE + s] = per_over * share + sector[SHUNT, s]
    if p.conduction.edge_conductance == 0.0:
        return 0.0
    closed = 0.0
    for s in range(SECTORS):
        share = sector[DOME_RESISTANCE, s] / (sector[DOME_RESISTANCE, s] + sector[FILM_RESISTANCE, s])
        nu = relaxation.drift_exponent(r.dome_exponent, device[DOME_DRIFT], deviate[0, s], r)
        closed += share * exp_in_chains(-relaxation.log_drift(age[s], nu, temperature, r))
    return p.conduction.edge_conductance * closed / (SECTORS * dome_activated)


@law
def _begin(voltage, work):
    """Begin with the sectors, for a voltage [V] >= 0 across all of them; returns whether they are far from solved."""
    return poole_frenkel.begin(voltage, work) if work[LAW] else hopping.begin(voltage, work)


@law
def _improve(voltage, steps, work):
    """Go steps towards what the sectors carry."""
    # a fixed number of steps, without a test: the loop over sectors is then vector code
    for _ in range(steps):
        if work[LAW]:
            poole_frenkel.improve(voltage, work)
        else:
            hopping.improve(voltage, work)


@law
def sectors_at(voltage, work):
    """Solve the sectors for a voltage [V] >= 0 across all of them, to rounding."""
    _improve(voltage, _STEPS_TO_ROUNDING if _begin(voltage, work) else _FEW_STEPS, work)


@law
def _last_current(voltage, work):
    """Current [A] of all sectors after one more step as in `_improve`, followed by a Taylor series."""
    for s in range(SECTORS):
        rise, further = work[RISE + s], step(voltage, s, work)
        after = work[VALUE + s] - further * (rise - further * (0.5 * work[TURN + s] - further * (1.0 / 6.0) * rise))
        work[CURRENT + s] = work[FIELD + s] * work[DOME + s] * after + work[SIDE + s] * voltage
    return total(CURRENT, work)


@law
def read_current(voltage, edge, series, work):
    """Current [A] of the device at a voltage [V] > 0: two Newton steps on the voltage behind the heater.

    The voltages over the domes go along with a step of their own: together within 1e-5 of the solution up to the
    largest read voltage, if the heater's share of it is small; see the tests.
    """
    inner = voltage / (1.0 + series * (total(SLOPE, work) + edge))
    if _begin(inner, work):
        _improve(inner, _READ_STEPS, work)
        if work[LAW]:  # it carries far more than the slope at no voltage says: the heater's share once more
            over = voltage - inner - series * (total(CURRENT, work) + edge * inner)
            inner += over / (1.0 + series * (total(SLOPE, work) + edge))
            _improve(inner, 1, work)
    current, slope = total(CURRENT, work), total(SLOPE, work)
    slope += edge
    flat = 1.0 / (1.0 + series * slope)
    inner += (voltage - inner - series * (current + edge * inner)) * flat
    current = _last_current(inner, work) + edge * inner
    return current + slope * ((voltage - inner - series * current) * flat)


@law
def solve_current(voltage, edge, series, work):
    """Current [A] and slope [S] of the device at any voltage [V], to rounding; NaN if that is not reached."""
    size = abs(voltage)
    inner = size / (1.0 + series * (total(SLOPE, work) + edge))
    steps = _STEPS_TO_ROUNDING if _begin(inner, work) else _FEW_STEPS
    for _ in range(_MOST_STEPS):
        _improve(inner, steps, work)
        current, slope = total(CURRENT, work), total(SLOPE, work)
        current += edge * inner
        slope += edge
        change = (size - inner - series * current) / (1.0 + series * slope)
        steps = _FEW_STEPS
        if abs(change) > _NEAR * inner and _begin(inner + change, work):
            steps = _STEPS_TO_ROUNDING
        inner += change
        if abs(change) <= _ROUNDING * size:
            whole = (current + slope * change) if voltage >= 0.0 else -(current + slope * change)
            return whole, slope / (1.0 + series * slope)
    return math.nan, math.nan
