"""Kernels of reading, and of currents for circuit solvers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pcmphys.numerics.borrow import borrowed, kept
from pcmphys.numerics.compile import kernel, launch
from pcmphys.numerics.elementary import exp
from pcmphys.numerics.prefetch import fetch_ahead
from pcmphys.numerics.random import U64, draw_of
from pcmphys.physics.conduction.rows import DOME, FIELD, ROOM, VALUE
from pcmphys.physics.conduction.solve import (
    activation,
    load_sectors,
    read_current,
    series_resistance,
    solve_current,
)
from pcmphys.physics.conduction.structure import SCRATCH, evaluate_one
from pcmphys.physics.relaxation import drift_exponent, log_drift
from pcmphys.physics.state import AMPLITUDE, DOME_DRIFT, DOME_RESISTANCE, FILM_DRIFT, FILM_RESISTANCE, SECTORS, SHUNT
from pcmphys.physics.telegraph.laws import MOST_TRAPS, height
from pcmphys.physics.telegraph.traps import Window, advance, limits_since, places, window

if TYPE_CHECKING:
    from pcmphys.cells.mushroom.clock import Clock
    from pcmphys.cells.mushroom.parameters import MushroomFloats
    from pcmphys.physics.state import MushroomState

_AT_ONCE = 4096  # devices last read at moments of their own: each of these has a table of 4 kB
_GRAIN = 2048  # devices worth a thread of their own


@kernel
def current(start, stop, temperature, p, voltage, state, out):
    """Current [A] and slope [S] at ``voltage`` [V] of devices start..stop without noise; out (2, devices)."""
    state, voltage, out = borrowed((state, voltage, out))
    memory = np.empty(ROOM), np.zeros(SECTORS), np.empty(SCRATCH)
    work, still, scratch = borrowed(memory)
    activated = activation(temperature, p.conduction)
    for i in range(start, stop):
        if state.stale[i]:
            evaluate_one(i, p, state, scratch)
        edge = load_sectors(i, temperature, activated, still, p, state, work)
        out[0, i], out[1, i] = solve_current(voltage[i], edge, series_resistance(i, p, state), work)
    kept(memory)


@kernel
def shares(start, stop, temperature, p, voltage, state, out):
    """Part of the current of devices start..stop at a voltage [V] that each sector's dome and films carry.

    In ``out`` (devices, 17), and behind it how much of a change of it the heater and contact in series leave. The
    structure must have been evaluated.
    """
    state, out = borrowed((state, out))
    memory = np.empty(ROOM), np.zeros(SECTORS)
    work, still = borrowed(memory)
    activated = activation(temperature, p.conduction)
    for i in range(start, stop):
        edge, series = load_sectors(i, temperature, activated, still, p, state, work), series_resistance(i, p, state)
        current, slope = solve_current(voltage, edge, series, work)
        for s in range(SECTORS):
            out[i, s] = work[FIELD + s] * work[DOME + s] * work[VALUE + s] / current
        out[i, SECTORS] = 1.0 - series * slope
    kept(memory)


@kernel
def low_field(start, stop, temperature, p, state, out):
    """Conductance [S] of each sector of devices start..stop at no voltage, dome and films in series beside the liner.

    Without heater and contact; ``out`` (devices, 16). Their structure must have been evaluated.
    """
    domes, films = activation(temperature, p.conduction)
    r = p.relaxation
    for i in range(start, stop):
        for s in range(SECTORS):
            nu = drift_exponent(r.dome_exponent, state.device[i, DOME_DRIFT], state.deviate[i, 0, s], r)
            dome = domes * exp(log_drift(state.age[i, s], nu, temperature, r))
            nu = drift_exponent(r.boundary_exponent, state.device[i, FILM_DRIFT], state.deviate[i, 1, s], r)
            film = films * exp(log_drift(state.age[i, s], nu, temperature, r))
            resistance = state.sector[i, DOME_RESISTANCE, s] * dome + state.sector[i, FILM_RESISTANCE, s] * film
            out[i, s] = 1.0 / resistance + state.sector[i, SHUNT, s]


@kernel
def evaluate(start, stop, p, state):
    """Evaluate those of devices start..stop whose structure changed."""
    state = borrowed(state)
    scratch = np.empty(SCRATCH)
    for i in range(start, stop):
        if state.stale[i]:
            evaluate_one(i, p, state, borrowed(scratch))
    kept(scratch)


@kernel
def read(start, stop, address, reading, p, past, state, out):
    """Read some devices: traps up to the read, over it, and conductance [S].

    ``reading`` is temperature [K], voltage [V] and duration [s]. ``past`` is (chosen, looked, tables): read are the
    devices chosen[start..stop], ``looked`` names the look that each of the chosen was last read at, and ``tables`` is
    that of `Clock.trap_tables`.
    """
    temperature, voltage, duration = reading
    chosen, looked, tables = borrowed(past)
    elapsed, limits, at_rest, hazard, rates, weights = tables
    over = Window(hazard, rates, duration)
    state, out = borrowed(state), borrowed(out)
    memory = (np.empty(3 * SECTORS), np.empty(ROOM), np.empty(SCRATCH)), np.empty((5, MOST_TRAPS), np.uint64)
    (traps, work, scratch), whole = borrowed(memory)
    noise, heights = traps[:SECTORS], traps[SECTORS:]
    place, drawn, each, lag = whole[0], whole[1], whole[2], whole[3:].reshape(2 * MOST_TRAPS)
    for trap in range(MOST_TRAPS):
        each[trap] = 2 * trap
    activated = activation(temperature, p.conduction)
    for n in range(start, stop):
        i = chosen[n]
        fetch_ahead((state.sector, state.age, state.deviate, state.kind), chosen[min(n + 1, stop - 1)])
        draw = draw_of(address, i)
        places(state.kind[i], place)
        entry, own = place, limits[looked[n]]
        if state.trap_lag[i] > 0.0:  # at temperatures of its own
            limits_since(elapsed[looked[n]] + state.trap_lag[i], place, at_rest, work, lag, p.telegraph)
            entry, own = each, lag
            state.trap_lag[i] = 0.0
        bits, expected = advance(draw, U64(state.traps[i]), entry, own, place, hazard, drawn, p.telegraph)
        if state.stale[i]:
            evaluate_one(i, p, state, scratch)
        for s in range(SECTORS):
            rms = state.sector[i, AMPLITUDE, s]
            heights[s] = height(rms, weights[s], p.telegraph)
            heights[s + SECTORS] = height(rms, weights[s + SECTORS], p.telegraph)
        bits = window(draw, bits, place, expected, over, p.telegraph, heights, noise)
        state.traps[i] = np.uint32(bits)
        edge = load_sectors(i, temperature, activated, noise, p, state, work)
        if state.contact[i] > 0.0:  # most of the voltage may be over it
            out[i] = solve_current(voltage, edge, series_resistance(i, p, state), work)[0] / voltage
        else:
            out[i] = read_current(voltage, edge, p.heat.on_resistance + p.conduction.series_resistance, work) / voltage
    kept(memory)


def read_chosen(
    address: tuple[np.uint64, np.uint64, np.uint64],
    reading: tuple[float, float, float],
    p: MushroomFloats,
    clock: Clock,
    chosen: np.ndarray,
    state: MushroomState,
    out: np.ndarray,
) -> None:
    """Read the chosen devices of a population; ``reading`` is temperature [K], voltage [V] and duration [s].

    In parts, if more moments of last reads are to be told apart than there should be tables for.
    """
    temperature, _, duration = reading
    looked, looks = clock.looks(chosen)
    at_once = max(chosen.size, 1) if len(looks) <= _AT_ONCE else _AT_ONCE
    for start in range(0, chosen.size, at_once):
        part = chosen[start : start + at_once]
        if at_once < chosen.size:
            looked, looks = clock.looks(part)
        tables = clock.trap_tables(looks, duration, temperature)
        past = (part, looked, tables)
        launch(read, part.size, address, reading, p, past, state, out, grain=_GRAIN)
