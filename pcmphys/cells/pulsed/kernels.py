"""Kernels of the population that is trained in place: birth, pulses, RESET, leak, what is read.

State of a device: its weight and, where the technology has them, how far what reads is off it (write noise), what its
pulses since the last RESET have left, and when its last pulse was. What a device is born with: steps, bounds, and by
the law one or two traits more. All in float32 but the times; an array that a technology does not need has one element,
which stands for every device.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.cells.pulsed.laws import change, leak, soft_bounds_reference
from pcmphys.cells.pulsed.laws.jump_table import REACH
from pcmphys.cells.pulsed.laws.own import Own
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.elementary import exp, log
from pcmphys.numerics.random import U64, Stream, normal_pair, uniform, words

_BIRTH = int(Stream.PULSED_BIRTH)
_STEP = int(Stream.PULSED_STEP)
_WRITE = int(Stream.PULSED_WRITE)
_READ = int(Stream.PULSED_READ)
_RESET = int(Stream.PULSED_RESET)


class State(NamedTuple):
    """Arrays of what changes."""

    weight: np.ndarray
    offset: np.ndarray
    memory: np.ndarray
    pulsed: np.ndarray


class Traits(NamedTuple):
    """Arrays of what a device is born with."""

    up: np.ndarray
    down: np.ndarray
    low: np.ndarray
    high: np.ndarray
    first: np.ndarray
    second: np.ndarray
    rest: np.ndarray
    rate: np.ndarray


class ReadFloats(NamedTuple):
    """How weights show as conductances."""

    zero: float
    unit: float
    reference_time: float
    exponent: float
    noise: float
    relative_noise: float


@law
def at(array: np.ndarray, i: int) -> float:
    """Element i; of an array of one element, that one."""
    return np.float64(array[i] if array.size > 1 else array[0])


@law
def own_of(i: int, memory: float, traits: Traits) -> Own:
    """Device i as the update laws see it."""
    return Own(
        np.float64(traits.up[i]), np.float64(traits.down[i]), np.float64(traits.low[i]), np.float64(traits.high[i]),
        at(traits.first, i), at(traits.second, i), memory,
    )  # fmt: skip


@law
def leaked(i: int, batches: float, traits: Traits, state: State) -> float:
    """Weight of device i when it has leaked for some mini-batches more, within its bounds."""
    rest = at(traits.rest, i)
    weight = rest + (state.weight[i] - rest) * leak.kept(at(traits.rate, i), batches)
    return max(min(weight, np.float64(traits.high[i])), np.float64(traits.low[i]))


@kernel
def birth(start, stop, address, p, traits):
    """Draw what devices start..stop are born with; ``p`` is a `BirthFloats`, ``traits`` a `Traits`, written."""
    seed, first_cell, event = address
    for i in range(start, stop):
        cell = first_cell + U64(i)
        w0, w1, w2, w3 = words(seed, cell, event, _BIRTH, 0)
        z_high, z_low = normal_pair(w0, w1, w2, w3)
        w0, w1, w2, w3 = words(seed, cell, event, _BIRTH, 1)
        z_gain, z_imbalance = normal_pair(w0, w1, w2, w3)
        w0, w1, w2, w3 = words(seed, cell, event, _BIRTH, 2)
        z_first, z_second = normal_pair(w0, w1, w2, w3)
        w0, w1, w2, w3 = words(seed, cell, event, _BIRTH, 3)
        z_rate, z_rest = normal_pair(w0, w1, w2, w3)
        a, b = p.high * (1.0 + p.high_spread * z_high), p.low * (1.0 + p.low_spread * z_low)
        # draws far out may cross zero or each other: bounds are around zero all the same, steps not negative
        high, low = abs(max(a, b)), -abs(min(a, b))
        gain = (1.0 + p.gain_spread * z_gain) * exp(p.gain_log_spread * z_gain)
        up = abs(p.up - 1.0 + gain + p.imbalance_spread * z_imbalance) * p.step
        down = abs(p.down - 1.0 + gain - p.imbalance_spread * z_imbalance) * p.step
        first, second = abs(p.first + p.first_spread * z_first), abs(p.second + p.second_spread * z_second)
        rest = p.rest + p.rest_spread * z_rest
        if p.reference > 0.0:
            point = p.symmetry * soft_bounds_reference.symmetry_point(up, down, low, high)
            first = point + p.first_spread * z_first
            rest += point
        low = max(low, p.floor)
        w0, w1, w2, w3 = words(seed, cell, event, _BIRTH, 4)
        if uniform(w0, w1) < p.stuck:
            nearest, furthest = max(low, -p.stuck_range), min(high, p.stuck_range)
            low = high = nearest + (furthest - nearest) * uniform(w2, w3)
            up = down = 0.0
        traits.up[i], traits.down[i], traits.low[i], traits.high[i] = up, down, low, high
        if traits.first.size == traits.up.size:
            traits.first[i] = first
        if traits.second.size == traits.up.size:
            traits.second[i] = second
        if traits.rest.size == traits.up.size:
            traits.rest[i] = rest
        if traits.rate.size == traits.up.size:
            traits.rate[i] = leak.rate_of(p.lifetime * (1.0 + p.lifetime_spread * z_rate))


@kernel
def pulse(start, stop, address, now, laws, numbered, traits, state):
    """Send each of some devices its number of pulses, down if negative, now [s].

    ``laws`` is a `LawFloats` with the jump table; ``numbered`` the device that the numbers begin with, and they.
    """
    seed, first_cell, event = address
    p, table = laws
    first, counts = numbered
    for place in range(start, stop):
        count, i = counts[place], first + place
        # what is stuck keeps all that it has, also how it reads
        if count == 0 or traits.low[i] == traits.high[i]:
            continue
        cell, up = first_cell + U64(i), count > 0
        weight, memory = np.float64(state.weight[i]), at(state.memory, i)
        z0, z1 = 0.0, 0.0
        for k in range(abs(count)):
            if k % 2 == 0:
                w0, w1, w2, w3 = words(seed, cell, event, _STEP, k // 2)
                z0, z1 = normal_pair(w0, w1, w2, w3)
            weight = change.pulsed(weight, up, z0 if k % 2 == 0 else z1, own_of(i, memory, traits), p, table)
            memory *= p.forget
        state.weight[i] = weight
        if p.forget < 1.0:
            state.memory[i] = memory
        if state.pulsed.size == state.weight.size:
            state.pulsed[i] = now
        if p.write_noise > 0.0:
            w0, w1, w2, w3 = words(seed, cell, event, _WRITE, 0)
            z0, _ = normal_pair(w0, w1, w2, w3)
            state.offset[i] = p.write_noise * z0


@law
def off_rest(deviate: float, noise: float, quantiles: np.ndarray) -> float:
    """How far from its rest a RESET ends at a standard normal deviate: by quantiles, if there are any."""
    if quantiles.size < 2:
        return noise * deviate
    place = (min(max(deviate, -REACH), REACH) + REACH) * (quantiles.size - 1) / (2.0 * REACH)
    below = min(int(place), quantiles.size - 2)
    return quantiles[below] + (place - below) * (quantiles[below + 1] - quantiles[below])


@kernel
def reset(start, stop, address, now, noise, chosen, traits, state):
    """RESET the chosen of devices start..stop to their own rest now [s].

    ``noise``: std of a RESET, its quantiles, and the std of what reads as written.
    """
    seed, first_cell, event = address
    own_noise, quantiles, write_noise = noise
    for i in range(start, stop):
        if not chosen[i] or traits.low[i] == traits.high[i]:
            continue
        w0, w1, w2, w3 = words(seed, first_cell + U64(i), event, _RESET, 0)
        z_rest, z_write = normal_pair(w0, w1, w2, w3)
        weight = at(traits.rest, i) + off_rest(z_rest, own_noise, quantiles)
        state.weight[i] = max(min(weight, traits.high[i]), traits.low[i])
        if state.memory.size == state.weight.size:
            state.memory[i] = 1.0
        if state.pulsed.size == state.weight.size:
            state.pulsed[i] = now
        if write_noise > 0.0:
            state.offset[i] = write_noise * z_write


@kernel
def decay(start, stop, batches, traits, state):
    """Let devices start..stop leak for some mini-batches."""
    for i in range(start, stop):
        state.weight[i] = leaked(i, batches, traits, state)


@kernel
def conductance(start, stop, now, batches, p, traits, state, out):
    """Conductance [S] of devices start..stop now [s], ``batches`` of leak still to come; ``p`` is a `ReadFloats`."""
    for i in range(start, stop):
        weight = leaked(i, batches, traits, state) if batches > 0.0 else np.float64(state.weight[i])
        found = max(p.zero + p.unit * (weight + at(state.offset, i)), 0.0)
        if p.exponent > 0.0:
            age = max(now - at(state.pulsed, i), p.reference_time)
            found *= exp(-p.exponent * log(age / p.reference_time))
        out[i] = found


@kernel
def add_noise(start, stop, address, p, out):
    """Add the noise of one read to conductances [S] of devices start..stop; a negative reading is one of zero."""
    seed, first_cell, event = address
    for i in range(start, stop):
        w0, w1, w2, w3 = words(seed, first_cell + U64(i), event, _READ, 0)
        z, _ = normal_pair(w0, w1, w2, w3)
        out[i] = max(out[i] + (p.noise + p.relative_noise * out[i]) * z, 0.0)


@kernel
def wanted(start, stop, laws, most, target, found, devices, counts):
    """Pulses that would bring devices start..stop from a weight found to a target, both as they read; down negative.

    As many mean steps at the present weight as fit, to the nearest, at most ``most``; ``devices`` are traits and state.
    """
    p, table = laws
    traits, state = devices
    for i in range(start, stop):
        distance = target[i] - found[i]
        up = distance > 0.0
        mean, _ = change.change(np.float64(state.weight[i]), up, own_of(i, at(state.memory, i), traits), p, table)
        count = min(abs(distance) / mean + 0.5, float(most)) if mean > 0.0 else 0.0
        counts[i] = int(count) if up else -int(count)


@kernel
def steps(start, stop, p, table, own, weight, out):
    """Mean steps up and down of one device at weights start..stop, and their stds; out (4, weights)."""
    for i in range(start, stop):
        out[0, i], out[2, i] = change.change(weight[i], True, own, p, table)
        out[1, i], out[3, i] = change.change(weight[i], False, own, p, table)


@kernel
def staircase(start, stop, p, table, own, weight, up, out):
    """Noise-free weight of one device after each of pulses start..stop, ``up`` or not, from ``weight``."""
    memory = own.memory
    for i in range(start, stop):
        now = Own(own.up, own.down, own.low, own.high, own.first, own.second, memory)
        weight = change.pulsed(weight, up[i], 0.0, now, p, table)
        memory *= p.forget
        out[i] = weight
