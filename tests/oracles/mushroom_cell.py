"""One mushroom device, the slow way: its parameters as in the parameter file, plain floats and lists, `math`.

Nothing of the package's arithmetic is used: the laws are typed again, the liner's ladder is solved as a full linear
network, currents are found by a bracketing iteration, relaxation with forty digits. The random words and what
they stand for are the package's, and so are the points where a value is rounded to float32, so that a history can be
followed draw by draw. See `tests.oracles.mushroom_pulse` for pulses and
`tests.oracles.mushroom_conduction` for structure and currents.
"""

from __future__ import annotations

import copy
import math

from tests.oracles.mushroom_conduction import Conducting
from tests.oracles.mushroom_pulse import (
    BOLTZMANN,
    CHARGE,
    GRAINS,
    GROWTH,
    RADIUS,
    SECTORS,
    Heated,
    clip,
    coarse,
    grain_share,
    growth_velocity,
    normals,
    nucleation_rate,
    relaxed,
    single,
)
from tests.oracles.philox import uniform, words

DEVICE, FRONT, TRAP_STATE, TRAP_WINDOW, ANNEAL, TEXTURE = 4, 5, 9, 10, 11, 12
RATES = 256


class Device(Heated, Conducting):
    """State and history of one device; events and waits are counted as its population counts them."""

    def __init__(self, parameters, seed: int, cell: int, limited: float = 0.0, ceiling: float = math.inf):
        self.parameters, self.seed, self.cell = parameters, seed, cell
        p, v = parameters, parameters.variability
        z = normals(seed, cell, 0, DEVICE, 8)
        spreads = (v.heater_radius, v.thermal_resistance, v.growth, v.crystal_conductivity,
                   v.amorphous_conductivity, v.liner)  # fmt: skip
        self.factors = [single(math.exp(spread * deviate)) for spread, deviate in zip(spreads, z)]
        self.factors += [single(max(1.0 + p.relaxation.device_spread * deviate, 0.0)) for deviate in z[6:]]
        drawn = words(seed, cell, 0, DEVICE, 4)
        poor = uniform(drawn[2], drawn[3]) < limited
        leads = p.heat.on_resistance + p.conduction.series_resistance
        self.contact = single(max(1.0 / ceiling - leads, 0.0)) if poor else 0.0
        self.radius = p.geometry.heater_radius * self.factors[RADIUS]
        self.span = p.geometry.layer_thickness - self.radius
        self.front = [single(deviate) for deviate in normals(seed, cell, 0, FRONT, SECTORS)]
        self.texture = [self.drawn_texture(deviate) for deviate in normals(seed, cell, 0, TEXTURE, SECTORS)]
        self.rim = [0.0] * SECTORS
        self.grains: list[list[list[float]]] = [[] for _ in range(SECTORS)]
        self.order = [p.relaxation.initial] * SECTORS
        self.deviate = [[0, 0]] * SECTORS
        self.draw_quench(0, range(SECTORS))
        self.event = self.waits = 0
        self.time = 0.0
        self.pending = (0.0, p.heat.ambient)
        self.trap_time = self.looked = 0.0
        self.filled = p.telegraph.emission_over_capture / (1.0 + p.telegraph.emission_over_capture)
        self.kinds, self.traps = [0] * 32, [False] * 32
        self.draw_traps(0, range(SECTORS))

    # ---- history

    def apply(self, times, drives, kind, *, height=None, chosen=True, temperature=None) -> tuple[float, float]:
        """Pulse through the corner points; returns highest temperature and energy."""
        ambient = self.at(temperature)
        self.wait(times[-1], ambient)
        self.advance()
        self.event += 1
        found = (ambient, 0.0)
        if chosen:
            scale = max(drives, key=abs) if height is None else height
            found = self.send(times, drives, kind, scale, ambient, self.event)
        return found

    def wait(self, duration: float, temperature: float | None = None) -> None:
        ambient = self.at(temperature)
        if self.pending[1] != ambient:
            self.advance()
        self.pass_time(duration, ambient)

    def disturb(self, duration: float, temperature: float) -> None:
        """Live through what is pending, then through a time at a temperature that the others need not share."""
        self.advance()
        if duration > 0.0:
            self.pass_time(duration, temperature)
            self.advance()

    def read(self, voltage=None, duration=None, *, chosen=True, temperature=None) -> float:
        """Conductance with noise; NaN if this device is not among those read."""
        read, ambient = self.parameters.read, self.at(temperature)
        voltage, duration = voltage or read.voltage, duration or read.duration
        self.advance()
        self.event += 1
        found = math.nan
        if chosen:
            noise = self.trap_noise(duration, ambient)
            found = self.current_now(voltage, ambient, noise) / voltage
        self.pass_time(duration, ambient)
        if chosen:
            self.looked = self.trap_time
        return found

    def current(self, voltage: float, temperature: float | None = None) -> float:
        now = copy.deepcopy(self)  # a look leaves no trace
        now.advance()
        return now.current_now(voltage, self.at(temperature), [0.0] * SECTORS)

    def threshold_voltage(self, temperature: float | None = None) -> float:
        now = copy.deepcopy(self)
        now.advance()
        return now.threshold(self.at(temperature))

    def at(self, temperature: float | None) -> float:
        return self.parameters.heat.ambient if temperature is None else temperature

    def pass_time(self, duration: float, temperature: float) -> None:
        t = self.parameters.telegraph
        faster = t.activation * CHARGE / BOLTZMANN * (1.0 / t.reference_temperature - 1.0 / temperature)
        self.trap_time += duration * math.exp(faster)
        self.pending = (self.pending[0] + duration, temperature)
        self.time += duration

    def advance(self) -> None:
        """Relaxation and slow crystallization of the time that has passed; waits have numbers of their own."""
        duration, temperature = self.pending
        if duration == 0.0:
            return
        self.pending = (0.0, temperature)
        self.order = [relaxed(order, duration, temperature, self.parameters.relaxation) for order in self.order]
        velocity = growth_velocity(temperature, self.parameters.crystallization)
        rate = nucleation_rate(temperature, self.parameters.crystallization)
        volume = self.parameters.geometry.layer_thickness**3
        if velocity * duration > 1e-14 or rate * duration * volume > 1e-9:
            self.anneal(velocity * self.factors[GROWTH], rate, duration)
            self.drop_absorbed()
        self.waits += 1

    def anneal(self, velocity: float, rate: float, duration: float) -> None:
        """Nuclei one after the other over the domes as they were at the beginning; those out of place are dropped."""
        inner, outer = self.radius**3, [(self.radius + rim) ** 3 for rim in self.rim]
        born = [[0.0] * len(grains) for grains in self.grains]
        passed, elapsed, number = set(), 0.0, 0
        while number < 65536:
            open_ = [s for s in range(SECTORS) if s not in passed and len(self.grains[s]) < GRAINS]
            arrivals = {s: rate * 2.0 * math.pi / 3.0 * (outer[s] - inner) / SECTORS for s in open_}
            total = sum(arrivals.values())
            if total == 0.0:
                break
            w0, w1, w2, w3 = words(self.seed, self.cell, self.waits, ANNEAL, number)
            number += 1
            elapsed -= math.log(coarse(w0)) / total
            if elapsed >= duration:
                break
            along = coarse(w1) * total
            for s in (s for s in open_ if arrivals[s] > 0.0):
                if along < arrivals[s]:
                    break
                along -= arrivals[s]
            left = self.rim[s] - velocity * elapsed
            if left <= 0.0:
                passed |= {other for other in open_ if self.rim[other] <= velocity * elapsed}
                continue
            place = (inner + coarse(w2) * (outer[s] - inner)) ** (1 / 3)
            free = 1.0
            for (centre, size), birth in zip(self.grains[s], born[s]):
                grown = size + velocity * (elapsed - birth)
                free *= 1.0 - grain_share(place, centre, grown) if grown > 0.0 else 1.0
            if place - self.radius < left and coarse(w3) < free:
                self.grains[s].append([single(place), 0.0])
                born[s].append(elapsed)
                if len(self.grains[s]) == GRAINS:
                    passed |= {other for other in open_ if self.rim[other] <= velocity * elapsed}
        for grains, births in zip(self.grains, born):
            for grain, birth in zip(grains, births):
                grain[1] = single(grain[1] + velocity * (duration - birth))
        self.rim = [single(max(rim - velocity * duration, 0.0)) for rim in self.rim]

    # ---- traps

    def rates(self) -> list[float]:
        """Rate of each trap: a byte of a random word of its sector's quench chose one of 256 log-spaced ones."""
        t = self.parameters.telegraph
        return [1.0 / (t.fastest * (t.slowest / t.fastest) ** ((k + 0.5) / RATES)) for k in self.kinds]

    def trap_noise(self, duration: float, temperature: float) -> list[float]:
        """Traps up to the read and over it; what they add to ln of each sector's resistance, averaged over the read."""
        t = self.parameters.telegraph
        number = min(round(t.traps), 32)
        rates, elapsed = self.rates(), self.trap_time - self.looked
        blocks = [words(self.seed, self.cell, self.event, TRAP_STATE, block) for block in range(8)]
        for k in range(32):
            decay = math.exp(-elapsed * rates[k])
            chance = self.filled + ((1.0 if self.traps[k] else 0.0) - self.filled) * decay
            self.traps[k] = k < number and coarse(blocks[k % 8][k // 8]) < chance
        faster = t.activation * CHARGE / BOLTZMANN * (1.0 / t.reference_temperature - 1.0 / temperature)
        noise = [0.0] * SECTORS
        weights, rows = self.weights(number), self.structure()
        block = 4096
        pause = -math.log(coarse(self.window_words(block)[0]))
        for k in range(number):
            share = 1.0 if self.traps[k] else 0.0
            rate = rates[k] * math.exp(faster)
            pause -= duration * rate * ((1.0 - self.filled) if self.traps[k] else self.filled)
            if pause < 0.0:
                block += 1
                pause = -math.log(coarse(self.window_words(block)[0]))
                share = self.changing(k, rate, duration)
            rms = rows["amplitude"][k % SECTORS]
            noise[k % SECTORS] += min(rms * weights[k], t.largest_amplitude) * (share - self.filled)
        return noise

    @staticmethod
    def weights(number: int) -> list[float]:
        """Exponential quantiles of mean square one, in the order of fractional parts of k times the golden ratio."""
        parts = [k * (math.sqrt(5.0) - 1.0) / 2.0 % 1.0 for k in range(number)]
        quantiles = [-math.log(1.0 - (sorted(parts).index(part) + 0.5) / number) for part in parts]
        rms = math.sqrt(sum(q * q for q in quantiles) / number) if number else 1.0
        return [q / rms for q in quantiles]

    def window_words(self, block: int) -> tuple[int, int, int, int]:
        return words(self.seed, self.cell, self.event, TRAP_WINDOW, block)

    def changing(self, k: int, rate: float, duration: float) -> float:
        """Mean occupancy over a read of a trap that changes in it; its state is left as at the end."""
        if rate * duration > 24.0:
            deviate, _ = normals(self.seed, self.cell, self.event, TRAP_WINDOW, 2, first_block=64 * k)
            self.traps[k] = coarse(self.window_words(64 * k + 1)[0]) < self.filled
            return clip(self.filled + math.sqrt(2.0 * self.filled * (1.0 - self.filled) / (rate * duration)) * deviate,
                        0.0, 1.0)  # fmt: skip
        leave = {False: rate * self.filled, True: rate * (1.0 - self.filled)}
        state = self.traps[k]
        first = coarse(self.window_words(64 * k + 63)[0])
        elapsed = -math.log(1.0 - first * -math.expm1(-leave[state] * duration)) / leave[state]
        time_filled = elapsed if state else 0.0
        state = not state
        number = 0
        while elapsed < duration:
            word = self.window_words(64 * k + number // 4)[number % 4]
            number += 1
            until = elapsed - math.log(coarse(word)) / leave[state]
            time_filled += min(until, duration) - elapsed if state else 0.0
            elapsed = until
            state = not state if until < duration else state
        self.traps[k] = state
        return time_filled / duration
