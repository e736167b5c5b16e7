"""Kernel of a pulse: switching, Joule heat, melting, regrowth, nucleation and growth of single grains.

The pulse is a list of short steps, the same for all devices; the drive of each device is scaled. Within a step the
temperature stands at its value in the middle. Nuclei come as one Poisson process along the pulse. Because T falls
linearly with r, the number expected in a sector is an integral of I(T) r^2 over temperature: with r^2 replaced by its
largest value it is read from a table, a candidate's temperature is drawn from the same table, and the candidate is
kept with the chance r^2 / r_rim^2 that its place is uncovered.
"""

from __future__ import annotations

import math

import numpy as np

from pcmphys._jit import kernel, law
from pcmphys.models import conduction, crystallization, geometry, heat, switching
from pcmphys.models.geometry import SECTORS
from pcmphys.models.relaxation import log_drift
from pcmphys.population._mushroom_state import (
    GRAINS,
    GROWTH,
    HEAT,
    RADIUS,
    THICKNESS,
    draw_normals,
    draw_quench,
)
from pcmphys.population._mushroom_structure import evaluate_one
from pcmphys.population._mushroom_traps import occupy
from pcmphys.rng import U64, Stream, words

COLDEST = 200.0
"""Lowest temperature [K] of the tables of growth and nucleation; one entry a kelvin."""
_FRONT = int(Stream.FRONT)
_QUENCH = int(Stream.QUENCH)
_TEXTURE = int(Stream.TEXTURE)
_NUCLEI = int(Stream.NUCLEI)
_TRAP_STATE = int(Stream.TRAP_STATE)
_TWO_NEG_32 = 2.0**-32
_MOST_CANDIDATES = 60_000  # block numbers have 16 bits

# columns of the list of steps
DURATION, HALF_DECAY, DECAY, DRIVE = range(4)


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


def tables(p) -> np.ndarray:
    """Growth and nucleation at every kelvin up to melting (see `tabulate`), shape (2, n)."""
    count = int(p.melting_temperature - COLDEST) + 3
    out = np.zeros((2, count))
    tabulate(0, count, p, out)
    return out


@law
def _look_up(table, temperature):
    """Linear interpolation in a table of one entry a kelvin; the ends continue."""
    place = min(max(temperature - COLDEST, 0.0), table.size - 1.001)
    k = int(place)
    return table[k] + (place - k) * (table[k + 1] - table[k])


@law
def _uniform(word):
    """Uniform deviate in (0, 1) from one 32-bit word."""
    return (np.float64(np.int64(word)) + 0.5) * _TWO_NEG_32


@law
def _place(distance, shift, span):
    """Part of the heater's rise at a distance u in a sector whose front lies ``shift`` further out."""
    return max(1.0 - (distance - shift) / span, 0.0)


@law
def covered(grains, count, radius):
    """Part in [0, 1] of a sector's shell that its grains cover; overlapping grains multiply."""
    free = 1.0
    for k in range(count):
        free *= 1.0 - geometry.grain_share(radius, grains[k, 0], grains[k, 1])
    return 1.0 - free


@law
def _keep(grains, count, low, high):
    """Drop the grains whose centre is not between two radii; returns how many are left."""
    left = 0
    for k in range(count):
        if low <= grains[k, 0] <= high:
            grains[left, 0] = grains[k, 0]
            grains[left, 1] = grains[k, 1]
            left += 1
    return left


@law
def _front(rise, shift, melting_rise, radius, span):
    """Distance [m] of a sector's melt front from the heater now; zero if nothing is molten there."""
    front = heat.melt_distance(rise, melting_rise, radius, radius + span) + shift
    # no pulse melts the last 2 % under the top electrode
    return min(max(front, 0.0), 0.98 * span)


@law
def _spread(filament, current, p, share):
    """Part of the filament's rise that each sector has."""
    if abs(current) >= p.filling_current:
        share[:] = 1.0
        return
    for s in range(SECTORS):
        angle = abs((s + 0.5) * (2.0 * math.pi / SECTORS) - filament)
        share[s] = heat.beside_filament(min(angle, 2.0 * math.pi - angle), current, p)


@law
def _move(duration, limits, site, velocity, heat_map, dome):
    """Melt, and let rims grow inwards and grains outwards for a short time at the velocities of their places.

    ``limits`` is the rise [K] of the glass transition, below which nothing moves, and that of melting. Neither a rim
    nor a grain grows into the liquid. Tuples of arrays are taken apart once, outside of the loop: each time costs
    atomic reference counts.
    """
    radius, span, ambient, factor = site
    shift, local, hottest = heat_map
    rim, grain, count = dome
    coldest, melting_rise = limits
    step = duration * factor
    for s in range(SECTORS):
        if local[s] < coldest:
            continue
        front = _front(local[s], shift[s], melting_rise, radius, span)
        if front > 0.0 and local[s] > hottest[s]:
            # hotter than ever in this pulse: the rim is at the melt front, and no grain is left in the liquid
            hottest[s] = local[s]
            rim[s] = max(rim[s], front)
            count[s] = _keep(grain[s], count[s], radius + front, np.inf)
        if rim[s] == 0.0:
            continue
        speed = _look_up(velocity, ambient + local[s] * _place(rim[s], shift[s], span))
        rim[s] = max(rim[s] - speed * step, min(front, rim[s]))
        for k in range(count[s]):
            temperature = ambient + local[s] * _place(grain[s, k, 0] - radius, shift[s], span)
            size = grain[s, k, 1] + _look_up(velocity, temperature) * step
            grain[s, k, 1] = min(size, max(grain[s, k, 0] - radius - front, 0.0)) if front > 0.0 else size


@law
def _expected(site, coldest, table, heat_map, dome, bound):
    """Bounds of the rate [1/s] of nuclei in each sector into ``bound`` (16,); returns their sum."""
    radius, span, ambient, _ = site
    shift, local, _ = heat_map
    rim, _, count = dome
    total = 0.0
    for s in range(SECTORS):
        bound[s] = 0.0
        # a sector whose list of grains is full takes no more
        if rim[s] == 0.0 or local[s] < coldest or count[s] >= GRAINS:
            continue
        outer = radius + rim[s]
        low = _look_up(table, ambient + local[s] * _place(rim[s], shift[s], span))
        high = _look_up(table, ambient + local[s] * _place(0.0, shift[s], span))
        bound[s] = 2.0 * math.pi / SECTORS * outer * outer * span / local[s] * (high - low)
        total += bound[s]
    return total


@law
def _temperature_of(table, value):
    """Temperature [K] at which a rising table has a value."""
    below, above = 0, table.size - 1
    while above - below > 1:
        middle = (below + above) // 2
        if table[middle] <= value:
            below = middle
        else:
            above = middle
    width = table[above] - table[below]
    return COLDEST + below + ((value - table[below]) / width if width > 0.0 else 0.0)


@law
def _candidate(drawn, bound, total, duration, site, tables, heat_map, dome):
    """Place one candidate nucleus drawn from ``drawn`` (four words); it stays if its place allows."""
    radius, span, ambient, factor = site
    shift, local, _ = heat_map
    rim, grain, count = dome
    _, w1, w2, w3 = drawn
    left = _uniform(w1) * total
    s = 0
    for k in range(SECTORS):
        s = k
        left -= bound[k]
        if left < 0.0:
            break
    low = _look_up(tables[1], ambient + local[s] * _place(rim[s], shift[s], span))
    high = _look_up(tables[1], ambient + local[s] * _place(0.0, shift[s], span))
    # the upper half of a word places it, the lower half decides whether it stays: a grid of 65536 each is fine enough
    place_part = (np.float64(np.int64(w2 >> U64(16))) + 0.5) / 65536.0
    chance = (np.float64(np.int64(w2 & U64(0xFFFF))) + 0.5) / 65536.0
    temperature = _temperature_of(tables[1], low + place_part * (high - low))
    distance = shift[s] + span * (1.0 - (temperature - ambient) / local[s])
    if distance <= 0.0 or distance >= rim[s] or count[s] >= GRAINS:
        return
    place, outer = radius + distance, radius + rim[s]
    if chance * outer * outer < place * place * (1.0 - covered(grain[s], count[s], place)):
        k = count[s]
        grain[s, k, 0] = place
        grain[s, k, 1] = _uniform(w3) * duration * factor * _look_up(tables[0], temperature)
        count[s] = k + 1


@law
def drop_absorbed(radius, rim, grain, count):
    """Forget grains whose centre the rim has passed: they are part of the crystal now."""
    for s in range(SECTORS):
        count[s] = _keep(grain[s], count[s], 0.0, radius + rim[s])


@law
def threshold(i, ambient, p, state):
    """Threshold voltage [V] of device i: that of its least amorphous path."""
    if state.stale[i]:
        evaluate_one(i, p, state)
    least = np.inf
    for s in range(SECTORS):
        least = min(least, state.sector[i, THICKNESS, s])
    drift = log_drift(state.order[i], state.exponent[i, 0], ambient, p.relaxation)
    return switching.threshold_voltage(least, ambient, drift, p.switching)


@kernel
def thresholds(start, stop, ambient, p, state, out):
    """Threshold voltage [V] of devices start..stop."""
    for i in range(start, stop):
        out[i] = threshold(i, ambient, p, state)


@law
def _driven(voltage_driven, drive, on, threshold_voltage, p):
    """Current [A] of the switched device and whether it is on, from the drive (A or V) and the state before."""
    if not voltage_driven:
        flows = on and abs(drive) >= p.switching.holding_current
        return (drive if flows else 0.0), on
    if abs(drive) >= threshold_voltage:
        on = True
    current = heat.on_current(drive, p.heat)
    if not on or abs(current) < p.switching.holding_current:
        return 0.0, False
    return current, True


@kernel
def pulse(start, stop, address, p, ambient, tables, drive, chosen, state, out):
    """Send a pulse through the devices chosen[start..stop].

    ``drive`` is (steps, voltage_driven, scale): steps (n, 4) with duration [s], e^(-half of it/tau), e^(-all of
    it/tau) and drive at a scale of one, the last ones without drive for the cooling; scale [A or V] of each chosen
    device. ``out`` (chosen, 2) gets the highest temperature [K] of the heater's rim and the energy [J] taken.
    """
    steps, voltage_driven, scale = drive
    heat_map = (np.empty(SECTORS), np.zeros(SECTORS), np.zeros(SECTORS))
    share, bound = np.zeros(SECTORS), np.zeros(SECTORS)
    peak = 0.0
    for j in range(steps.shape[0]):
        peak = max(peak, abs(steps[j, DRIVE]))
    for n in range(start, stop):
        i = chosen[n]
        out[n, 0], out[n, 1] = ambient, 0.0
        needed = threshold(i, ambient, p, state) if voltage_driven else _bound(i, ambient, p, state)
        on = not voltage_driven and needed <= p.switching.compliance
        if voltage_driven and peak * abs(scale[n]) < needed:
            continue
        if not voltage_driven and (not on or peak * abs(scale[n]) < p.switching.holding_current):
            continue
        here = (address[0], address[1] + U64(i), address[2])
        _open(i, here, p, heat_map, state)
        own = (steps, voltage_driven, scale[n], on, needed)
        _heat_one(i, here, p, ambient, tables, own, heat_map, (share, bound), state, out[n])


@law
def _open(i, here, p, heat_map, state):
    """Shape of the melt front for this pulse; nothing is hot yet."""
    shift, _, hottest = heat_map
    draw_normals(here, here[1], _FRONT, shift)
    for s in range(SECTORS):
        shift[s] = geometry.front_shift(state.front[i, s], shift[s], p.geometry)
        hottest[s] = 0.0


@law
def _bound(i, ambient, p, state):
    """Threshold voltage [V] for a current source: a cheap upper bound if that suffices, else the value itself."""
    least = np.inf
    for s in range(SECTORS):
        least = min(least, state.rim[i, s])
    drift = log_drift(state.order[i], state.exponent[i, 0], ambient, p.relaxation)
    bound = switching.threshold_voltage(least, ambient, drift, p.switching)
    return bound if bound <= p.switching.compliance else threshold(i, ambient, p, state)


@law
def _heat_one(i, here, p, ambient, tables, drive, heat_map, room, state, out):
    seed, cell, event = here
    share, bound = room
    steps, voltage_driven, scale, on, needed = drive
    device, dome, local = state.device[i], (state.rim[i], state.grain[i], state.count[i]), heat_map[1]
    radius = p.geometry.heater_radius * device[RADIUS]
    site = (radius, p.geometry.layer_thickness - radius, ambient, device[GROWTH])
    melting_rise = p.crystallization.melting_temperature - ambient
    # nothing moves in nanoseconds below the glass transition
    coldest = max(p.crystallization.viscosity.glass_temperature - ambient, 1.0)
    rise, hottest, energy, flowing = 0.0, 0.0, 0.0, 0.0
    candidates = 0
    drawn = words(seed, cell, event, _NUCLEI, 0)
    waiting = -math.log(_uniform(drawn[0]))
    for j in range(steps.shape[0]):
        current, on = _driven(voltage_driven, scale * steps[j, DRIVE], on, needed, p)
        if current != 0.0 and current != flowing:
            _spread(state.filament[i], current, p.heat, share)
            flowing = current
        target = heat.heater_rise(current, p.heat) * device[HEAT] if current != 0.0 else 0.0
        energy += heat.on_power(current, p.heat) * steps[j, DURATION]
        middle = target + (rise - target) * steps[j, HALF_DECAY]
        rise = target + (rise - target) * steps[j, DECAY]
        hottest = max(hottest, middle)
        if middle < coldest:
            continue
        for s in range(SECTORS):
            local[s] = middle * share[s]
        _move(steps[j, DURATION], (coldest, melting_rise), site, tables[0], heat_map, dome)
        total = _expected(site, coldest, tables[1], heat_map, dome, bound)
        waiting -= total * steps[j, DURATION]
        while waiting < 0.0 and candidates < _MOST_CANDIDATES:
            _candidate(drawn, bound, total, steps[j, DURATION], site, tables, heat_map, dome)
            candidates += 1
            drawn = words(seed, cell, event, _NUCLEI, candidates)
            waiting -= math.log(_uniform(drawn[0]))
    drop_absorbed(radius, dome[0], dome[1], dome[2])
    _renew(i, here, p, ambient + hottest, heat_map, state)
    out[0], out[1] = ambient + hottest, energy


@law
def _renew(i, here, p, peak, heat_map, state):
    """What the heat leaves of the glass: a pulse above the glass transition restarts drift and scrambles the traps."""
    seed, cell, event = here
    if peak < p.crystallization.viscosity.glass_temperature:
        return
    state.stale[i] = 1
    state.order[i] = p.relaxation.initial
    state.traps[i] = occupy(seed, cell, event, _TRAP_STATE, p.telegraph)
    deviate, _, hottest = heat_map
    melted = False
    for s in range(SECTORS):
        melted |= hottest[s] > 0.0
    if not melted:
        return
    draw_normals(here, cell, _TEXTURE, deviate)
    for s in range(SECTORS):
        if hottest[s] > 0.0:
            state.texture[i, s] = conduction.texture(deviate[s], p.conduction)
    state.filament[i] = draw_quench(here, cell, _QUENCH, p.relaxation, state.device[i], state.exponent[i])
    state.quench[i] = event
