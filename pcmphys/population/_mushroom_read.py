"""Kernels of reading: current and slope at a voltage, with or without the traps' noise, at the present drift.

A sector is its dome (whose current grows as sinh of the field) in series with its films (ohmic), beside its share of
the liner. The sectors are in parallel, in series with the heater. Both nonlinear steps start on the side from which
they converge without overshoot.
"""

from __future__ import annotations

import math

import numpy as np

from pcmphys._elementary import exp, log
from pcmphys._jit import kernel, law
from pcmphys.models import conduction, relaxation, telegraph
from pcmphys.models.geometry import SECTORS
from pcmphys.population._mushroom_state import (
    AMPLITUDE,
    DOME_RESISTANCE,
    FILM_RESISTANCE,
    SHUNT,
    THICKNESS,
)
from pcmphys.population._mushroom_structure import evaluate_one
from pcmphys.population._mushroom_traps import advance, kinds, window
from pcmphys.rng import U64

DOME, FILMS, FIELD, SIDE, RATIO, REDUCED, GUESS, ROOM = range(8)
ROWS = 8
_FIRST_STEPS = 1
_STEPS = 2  # Halley steps in a read: within 1e-4 of the solution up to the largest read voltage, see the tests
_STEPS_TO_ROUNDING = 7
_MOST_STEPS = 60
_TRACE = 1e-12


@law
def load_sectors(i, temperature, noise, p, state, work):
    """Resistances of the sectors of device i as they are now; returns the conductance [S] along the heater's edge.

    ``work`` (8, 16) gets dome and film resistance [ohm], voltage where the dome's current bends [V], liner's
    conductance [S]; ``noise`` (16,) is the filled share of each sector's traps minus its mean.
    """
    here = p.conduction
    order, exponent, sector = state.order[i], state.exponent[i], state.sector[i]
    dome = exp(relaxation.log_drift(order, exponent[0], temperature, p.relaxation))
    dome /= conduction.activated(here.amorphous_activation, temperature, here.reference_temperature)
    films = exp(relaxation.log_drift(order, exponent[1], temperature, p.relaxation))
    films /= conduction.activated(here.boundary_activation, temperature, here.reference_temperature)
    for s in range(SECTORS):
        fluctuation = exp(sector[AMPLITUDE, s] * noise[s])
        work[FILMS, s] = sector[FILM_RESISTANCE, s] * films * fluctuation
        # a sector without a dome keeps a trace of one, so that nothing divides by zero
        work[DOME, s] = max(sector[DOME_RESISTANCE, s] * dome * fluctuation, _TRACE * work[FILMS, s])
        work[FIELD, s] = conduction.field_voltage(sector[THICKNESS, s], temperature, here)
        work[SIDE, s] = sector[SHUNT, s]
    if here.edge_conductance == 0.0:
        return 0.0
    closed = 0.0
    for s in range(SECTORS):
        closed += sector[DOME_RESISTANCE, s] / (sector[DOME_RESISTANCE, s] + sector[FILM_RESISTANCE, s])
    return here.edge_conductance * closed / (SECTORS * dome)


@law
def _hyperbolic(y):
    """Sinh and cosh of y >= 0 with all their digits, also where sinh is small."""
    up = exp(y)
    down = 1.0 / up
    small = y * (1.0 + y * y * (1.0 / 6.0))
    return (small if y < 1e-3 else 0.5 * (up - down)), 0.5 * (up + down)


@law
def _sectors_current(voltage, work, steps):
    """Summed current [A] and slope [S] of all sectors at a voltage [V] >= 0 across them; dome voltages are solved for.

    With y = V_dome / V_field and k = R_films / R_dome: y + k sinh y = V / V_field, by Halley's method.
    """
    for s in range(SECTORS):
        x = voltage / work[FIELD, s]
        k = work[FILMS, s] / work[DOME, s]
        # both x/(1 + k) and arsinh(x/k) lie above the solution
        ratio = min(x / k, 1e150)
        linear = x / (1.0 + k)
        bent = log(ratio + math.sqrt(ratio * ratio + 1.0))
        work[REDUCED, s], work[RATIO, s] = x, k
        work[GUESS, s] = min(linear, bent) if ratio > 1e-3 else linear
    # a fixed number of steps, without a test: the loop over sectors is then vector code
    for _ in range(steps):
        for s in range(SECTORS):
            y, k = work[GUESS, s], work[RATIO, s]
            sinh, cosh = _hyperbolic(y)
            miss = y + k * sinh - work[REDUCED, s]
            slope = 1.0 + k * cosh
            work[GUESS, s] = max(y - miss * slope / (slope * slope - 0.5 * miss * k * sinh), 0.0)
    for s in range(SECTORS):
        sinh, cosh = _hyperbolic(work[GUESS, s])
        work[ROOM, s] = work[FIELD, s] / work[DOME, s] * sinh + work[SIDE, s] * voltage
        work[GUESS, s] = cosh / (work[DOME, s] + work[FILMS, s] * cosh) + work[SIDE, s]
    current, slope = 0.0, 0.0
    for s in range(SECTORS):
        current += work[ROOM, s]
        slope += work[GUESS, s]
    return current, slope


@law
def _small_current(work):
    """Conductance [S] of all sectors at zero voltage."""
    for s in range(SECTORS):
        work[ROOM, s] = 1.0 / (work[DOME, s] + work[FILMS, s]) + work[SIDE, s]
    total = 0.0
    for s in range(SECTORS):
        total += work[ROOM, s]
    return total


@law
def _read_current(voltage, edge, series, work):
    """Current [A] of the device at a voltage [V] > 0: two Newton steps on the voltage behind the heater."""
    inner = voltage / (1.0 + series * (_small_current(work) + edge))
    # the first step only has to come near
    current, slope = _sectors_current(inner, work, _FIRST_STEPS)
    inner += (voltage - inner - series * (current + edge * inner)) / (1.0 + series * (slope + edge))
    current, slope = _sectors_current(inner, work, _STEPS)
    current += edge * inner
    slope += edge
    return current + slope * (voltage - inner - series * current) / (1.0 + series * slope)


@law
def solve_current(voltage, edge, series, work):
    """Current [A] and slope [S] of the device at any voltage [V], to rounding; NaN if that is not reached."""
    size = abs(voltage)
    inner = size / (1.0 + series * (_small_current(work) + edge))
    for _ in range(_MOST_STEPS):
        current, slope = _sectors_current(inner, work, _STEPS_TO_ROUNDING)
        current += edge * inner
        slope += edge
        step = (size - inner - series * current) / (1.0 + series * slope)
        inner += step
        if abs(step) <= 1e-14 * size:
            whole = (current + slope * step) if voltage >= 0.0 else -(current + slope * step)
            return whole, slope / (1.0 + series * slope)
    return math.nan, math.nan


@kernel
def current(start, stop, temperature, p, voltage, state, out):
    """Current [A] and slope [S] at ``voltage`` [V] of devices start..stop without noise; out (2, devices)."""
    work = np.empty((ROWS, SECTORS))
    still = np.zeros(SECTORS)
    for i in range(start, stop):
        if state.stale[i]:
            evaluate_one(i, p, state)
        edge = load_sectors(i, temperature, still, p, state, work)
        out[0, i], out[1, i] = solve_current(voltage[i], edge, p.conduction.series_resistance, work)


@kernel
def relax(start, stop, duration, temperature, p, order):
    """Let the glass of devices start..stop relax at one temperature."""
    order = order[start:stop]
    for i in range(order.size):
        order[i] = relaxation.relaxed(order[i], duration, temperature, p)


@kernel
def evaluate(start, stop, p, state):
    """Evaluate those of devices start..stop whose structure changed."""
    for i in range(start, stop):
        if state.stale[i]:
            evaluate_one(i, p, state)


@kernel
def read(start, stop, address, temperature, voltage, duration, p, tables, looked, chosen, state, out):
    """Read the devices chosen[start..stop]: traps up to the read, over it, and conductance [S].

    ``tables`` is (chance, hazard, rates): chance (looks, 2, 256) as in `_mushroom_traps.advance` for the time since the
    look that ``looked`` names, hazard (2, 256) and rates [1/s] (256,) as in `window`.
    """
    seed, first_cell, event = address
    chance, hazard, rates = tables
    place = np.empty(telegraph.MOST_TRAPS, dtype=np.int64)
    drawn = np.empty(telegraph.MOST_TRAPS, dtype=np.uint64)
    noise = np.empty(SECTORS)
    work = np.empty((ROWS, SECTORS))
    series = p.conduction.series_resistance
    for n in range(start, stop):
        i = chosen[n]
        cell = first_cell + U64(i)
        kinds(seed, cell, state.quench[i], place)
        bits = advance(seed, cell, event, U64(state.traps[i]), place, chance[looked[i]], drawn, p.telegraph)
        bits = window(seed, cell, event, bits, place, hazard, rates, duration, p.telegraph, noise)
        state.traps[i] = np.uint32(bits)
        if state.stale[i]:
            evaluate_one(i, p, state)
        edge = load_sectors(i, temperature, noise, p, state, work)
        out[i] = _read_current(voltage, edge, series, work) / voltage
