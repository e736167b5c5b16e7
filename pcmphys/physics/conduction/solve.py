"""Laws of the current of one device at a voltage, with or without the traps' noise, at the present drift.

A sector is its dome (whose current grows as sinh of the field) in series with its films (ohmic), beside its share of
the liner. The sectors are in parallel, in series with the heater. Both nonlinear steps start on the side from which
they converge without overshoot.
"""

from __future__ import annotations

import math

import numpy as np

from pcmphys.numerics.compile import law
from pcmphys.numerics.elementary import exp_in_chains, hyperbolic_in_chains, log
from pcmphys.physics import relaxation
from pcmphys.physics.conduction import laws as conduction
from pcmphys.physics.state import (
    DOME_DRIFT,
    DOME_RESISTANCE,
    FILM_DRIFT,
    FILM_RESISTANCE,
    SECTORS,
    SHUNT,
    THICKNESS,
)

# rows of ``work``: conductance of the dome at no field [S], films' resistance over the dome's, 1 / (1 + that); voltage
# over which the dome's current bends and one over it [V, 1/V], liner's conductance [S]; reduced voltage over the dome,
# its sinh and cosh, one over the slope of what is solved for; current and slope of the sector. Flat, so that LLVM sees
# that rows do not overlap, and filled by few long loops, because short ones do not become vector code
DOME, RATIO, SHARE, FIELD, PER_FIELD, SIDE, GUESS, SINH, COSH, FLAT, _CURRENT, _SLOPE = range(0, 12 * SECTORS, SECTORS)
ROOM = 12 * SECTORS
"""Size of ``work``."""
_BENT = 4.0  # reduced voltage up to which a series of sinh leads within 0.005 of the solution, and one step within 1e-7
_READ_STEPS = 2  # else: within 1e-8
_STEPS_TO_ROUNDING = 7
_FEW_STEPS = 3  # the same from a point within 1 %: the error goes as its third power
_NEAR = 0.01
_MOST_STEPS = 60
_TRACE = 1e-12  # of a dome, over the resistance of the films, where there is none: nothing then divides by zero
_ROUNDING = 1e-14  # of the whole voltage: a step of the inner one that is the last
_BEND = 0.08  # of the ohmic start, by y^2: about half of what sinh bends there, so that its series leads home
_LEAST_RATIO, _LARGEST_RATIO = 1e-3, 1e150  # of x/k: below, arsinh is the ohmic start; above, its square is no number


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
    r = p.relaxation
    for s in range(SECTORS):
        fluctuation, lost = noise[s], relaxation.e_folds(age[s], temperature, r)
        nu = relaxation.drift_exponent(r.dome_exponent, device[DOME_DRIFT], deviate[0, s], r)
        dome = dome_activated * exp_in_chains(nu * lost + fluctuation)
        nu = relaxation.drift_exponent(r.boundary_exponent, device[FILM_DRIFT], deviate[1, s], r)
        beside = sector[FILM_RESISTANCE, s] * films_activated * exp_in_chains(nu * lost + fluctuation)
        # a sector without a dome keeps a trace of one, so that nothing divides by zero
        over = max(sector[DOME_RESISTANCE, s] * dome, _TRACE * beside)
        field = conduction.field_voltage(sector[THICKNESS, s], temperature, p.conduction)
        # one division for three
        both = over + beside
        inverse = 1.0 / (over * both * field)
        per_over, share = inverse * both * field, inverse * over * over * field
        work[DOME + s], work[RATIO + s], work[SHARE + s] = per_over, beside * per_over, share
        work[FIELD + s], work[PER_FIELD + s] = field, inverse * over * both
        work[SIDE + s] = sector[SHUNT, s]
        work[_SLOPE + s] = per_over * share + sector[SHUNT, s]
    if p.conduction.edge_conductance == 0.0:
        return 0.0
    closed = 0.0
    for s in range(SECTORS):
        share = sector[DOME_RESISTANCE, s] / (sector[DOME_RESISTANCE, s] + sector[FILM_RESISTANCE, s])
        nu = relaxation.drift_exponent(r.dome_exponent, device[DOME_DRIFT], deviate[0, s], r)
        closed += share * exp_in_chains(-relaxation.log_drift(age[s], nu, temperature, r))
    return p.conduction.edge_conductance * closed / (SECTORS * dome_activated)


@law
def _by_series(y, x, k):
    """One step as in `_step`, with three terms of the series of sinh."""
    z = y * y
    bent = k * y * (1.0 + z * (1.0 / 6.0 + z * (1.0 / 120.0 + z * (1.0 / 5040.0))))
    flat = 1.0 / (1.0 + k * (1.0 + z * (0.5 + z * (1.0 / 24.0 + z * (1.0 / 720.0)))))
    newton = (y + bent - x) * flat
    e = 0.5 * newton * bent * flat
    return max(y - newton * (1.0 + e + e * e), 0.0)


@law
def _guess(voltage, work):
    """Begin with the voltage over the dome of each sector, for a voltage [V] >= 0 across all of it.

    With y = V_dome / V_field and k = R_films / R_dome: y + k sinh y = x = V / V_field. Both x/(1 + k) and arsinh(x/k)
    lie above the solution. Up to `_BENT` the first is bent a little and put into the series of sinh; returns whether
    that was not enough.
    """
    bent = 0
    for s in range(SECTORS):
        x, k = voltage * work[PER_FIELD + s], work[RATIO + s]
        share = work[SHARE + s]
        y = x * share
        bent += np.int64(y > _BENT)
        _put(_by_series(y / (1.0 + _BEND * (1.0 - share) * y * y), x, k), voltage, s, work)
    if bent == 0:
        return False
    for s in range(SECTORS):
        x, k = voltage * work[PER_FIELD + s], work[RATIO + s]
        ratio = min(x / k, _LARGEST_RATIO)
        y = log(ratio + math.sqrt(ratio * ratio + 1.0))
        _put(min(x * work[SHARE + s], y) if ratio > _LEAST_RATIO else x * work[SHARE + s], voltage, s, work)
    return True


@law
def _put(y, voltage, s, work):
    """Note the reduced voltage over a dome with what follows from it."""
    sinh, cosh = hyperbolic_in_chains(y)
    dome, side = work[DOME + s], work[SIDE + s]
    flat = 1.0 / (1.0 + work[RATIO + s] * cosh)
    work[GUESS + s], work[SINH + s], work[COSH + s], work[FLAT + s] = y, sinh, cosh, flat
    work[_CURRENT + s] = work[FIELD + s] * dome * sinh + side * voltage
    work[_SLOPE + s] = dome * cosh * flat + side


@law
def _step(voltage, s, work):
    """What the reduced voltage over a dome has to fall by; the voltage across all may be another one than before.

    Halley's method t / (1 - e) as t (1 + e + e^2), with Newton's step t: of the same third order without a division,
    and between the two where e is not small, so that from above it does not overshoot.
    """
    bent, flat = work[RATIO + s] * work[SINH + s], work[FLAT + s]
    newton = (work[GUESS + s] + bent - voltage * work[PER_FIELD + s]) * flat
    e = 0.5 * newton * bent * flat
    return newton * (1.0 + e + e * e)


@law
def _improve(voltage, steps, work):
    """Go steps towards the voltages over the domes."""
    # a fixed number of steps, without a test: the loop over sectors is then vector code
    for _ in range(steps):
        for s in range(SECTORS):
            _put(max(work[GUESS + s] - _step(voltage, s, work), 0.0), voltage, s, work)


@law
def _total(row, work):
    """Sum over the sectors of a row."""
    total = 0.0
    for s in range(SECTORS // 4):
        total += (work[row + s] + work[row + 4 + s]) + (work[row + 8 + s] + work[row + 12 + s])
    return total


@law
def _last_current(voltage, work):
    """Current [A] of all sectors after one more step as in `_improve`, sinh followed by its Taylor series."""
    for s in range(SECTORS):
        sinh, cosh = work[SINH + s], work[COSH + s]
        step = _step(voltage, s, work)
        after = sinh - step * (cosh - step * (0.5 * sinh - step * (1.0 / 6.0) * cosh))
        work[_CURRENT + s] = work[FIELD + s] * work[DOME + s] * after + work[SIDE + s] * voltage
    return _total(_CURRENT, work)


@law
def read_current(voltage, edge, series, work):
    """Current [A] of the device at a voltage [V] > 0: two Newton steps on the voltage behind the heater.

    The voltages over the domes go along with a step of their own: together within 1e-5 of the solution up to the
    largest read voltage, if the heater's share of it is small; see the tests.
    """
    inner = voltage / (1.0 + series * (_total(_SLOPE, work) + edge))
    if _guess(inner, work):
        _improve(inner, _READ_STEPS, work)
    current, slope = _total(_CURRENT, work), _total(_SLOPE, work)
    slope += edge
    flat = 1.0 / (1.0 + series * slope)
    inner += (voltage - inner - series * (current + edge * inner)) * flat
    current = _last_current(inner, work) + edge * inner
    return current + slope * ((voltage - inner - series * current) * flat)


@law
def solve_current(voltage, edge, series, work):
    """Current [A] and slope [S] of the device at any voltage [V], to rounding; NaN if that is not reached."""
    size = abs(voltage)
    inner = size / (1.0 + series * (_total(_SLOPE, work) + edge))
    steps = _STEPS_TO_ROUNDING if _guess(inner, work) else _FEW_STEPS
    for _ in range(_MOST_STEPS):
        _improve(inner, steps, work)
        current, slope = _total(_CURRENT, work), _total(_SLOPE, work)
        current += edge * inner
        slope += edge
        step = (size - inner - series * current) / (1.0 + series * slope)
        steps = _FEW_STEPS
        if abs(step) > _NEAR * inner and _guess(inner + step, work):
            steps = _STEPS_TO_ROUNDING
        inner += step
        if abs(step) <= _ROUNDING * size:
            whole = (current + slope * step) if voltage >= 0.0 else -(current + slope * step)
            return whole, slope / (1.0 + series * slope)
    return math.nan, math.nan
