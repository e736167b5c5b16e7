"""What a pulse does to one mushroom device, the slow way: plain floats, lists and `math`, the laws typed again.

Stored lengths are float32 in the package. They are rounded here where they are written (`single`), and so are the
squares of a grain's stored distance and radius, which the kernels multiply as float32.
"""

from __future__ import annotations

import functools
import math
import struct

import mpmath

from tests.oracles.philox import uniform, words
from tests.oracles.thermal import interpolated, part_at, place_of, table

BOLTZMANN = 1.380649e-23
CHARGE = 1.602176634e-19
SECTORS = 16
GRAINS = 3
SHELLS = 24
COLDEST = 200.0
FRONT, QUENCH, NUCLEI, TRAP_KIND, TRAP_STATE, TEXTURE = 5, 6, 7, 8, 9, 12
RADIUS, HEAT, GROWTH, CRYSTAL, AMORPHOUS, LINER, DOME_DRIFT, FILM_DRIFT = range(8)


def single(x: float) -> float:
    """Nearest float32."""
    return struct.unpack("f", struct.pack("f", x))[0]


def coarse(word: int) -> float:
    """Uniform deviate from one 32-bit word."""
    return (word + 0.5) / 2**32


def clip(x: float, low: float, high: float) -> float:
    return max(low, min(x, high))


def normals(seed: int, cell: int, event: int, stream: int, count: int, first_block: int = 0) -> list[float]:
    """Box-Muller, two normal deviates a block."""
    found: list[float] = []
    for block in range(count // 2):
        w0, w1, w2, w3 = words(seed, cell, event, stream, first_block + block)
        radius = math.sqrt(-2.0 * math.log(uniform(w0, w1)))
        angle = 2.0 * math.pi * uniform(w2, w3)
        found += [radius * math.cos(angle), radius * math.sin(angle)]
    return found


# ---- material


def viscosity(temperature: float, v) -> float:
    """Pa s; Arrhenius below the glass point, continuous there."""
    melt_at = max(temperature, v.glass_point)
    if v.vogel is not None:
        reach = (v.glass_temperature - v.vogel.temperature) / (melt_at - v.vogel.temperature)
        eta = 10.0**v.vogel.log_glass * math.exp(v.vogel.strength * (reach - 1.0))
    else:
        a, m, x = v.mauro.log_infinite, v.mauro.fragility, v.glass_temperature / melt_at
        eta = 10.0 ** (a + (12.0 - a) * x * math.exp((m / (12.0 - a) - 1.0) * (x - 1.0)))
    if temperature < v.glass_point:
        eta *= math.exp(v.glass_activation * CHARGE / BOLTZMANN * (1.0 / temperature - 1.0 / v.glass_point))
    return eta


def driving_force(temperature: float, c) -> float:
    """J a monomer."""
    melting = c.melting_temperature
    return c.heat_of_fusion * c.monomer_volume * (melting - temperature) / melting * temperature / melting


def jump_rate(temperature: float, c) -> float:
    return BOLTZMANN * temperature / (3.0 * math.pi * c.jump_distance**3 * viscosity(temperature, c.viscosity))


def growth_velocity(temperature: float, c) -> float:
    """m/s."""
    gain = driving_force(temperature, c) / (2.0 * BOLTZMANN * temperature)
    return c.growth_factor * c.monomer_volume ** (1 / 3) * jump_rate(temperature, c) * 2.0 * math.sinh(gain)


def nucleation_rate(temperature: float, c) -> float:
    """1/(m3 s)."""
    gain = driving_force(temperature, c)
    if gain <= 0.0:
        return 0.0
    kt = BOLTZMANN * temperature
    cosine = math.cos(math.radians(c.wetting_angle))
    shape = (2.0 - 3.0 * cosine + cosine**3) / 4.0
    critical = shape * 32.0 * math.pi / 3.0 * c.monomer_volume**2 * c.interface_energy**3 / gain**3
    barrier = shape * 16.0 * math.pi / 3.0 * c.monomer_volume**2 * c.interface_energy**3 / gain**2
    zeldovich = math.sqrt(gain / (6.0 * math.pi * kt * critical))
    rate = 4.0 / c.monomer_volume * jump_rate(temperature, c) * critical ** (2 / 3) * zeldovich
    return c.nucleation_factor * rate * math.exp(-barrier / kt)


@functools.cache
def tables(c) -> tuple[list[float], list[float]]:
    """Growth velocity at every kelvin from `COLDEST`, and the trapezoidal integral of the nucleation rate."""
    count = int(c.melting_temperature - COLDEST) + 3
    velocity = [max(growth_velocity(COLDEST + k, c), 0.0) for k in range(count)]
    rate = [nucleation_rate(COLDEST + k, c) for k in range(count)]
    integral = [0.0]
    for k in range(1, count):
        integral.append(integral[-1] + 0.5 * (rate[k - 1] + rate[k]))
    return velocity, integral


@functools.cache
def activity(c) -> list[float]:
    """At every kelvin: the fastest growth up to there over the fastest of all, or the part of all nuclei, if more."""
    velocity, integral = tables(c)
    fastest = [max(velocity[: k + 1]) for k in range(len(velocity))]
    return [max(v / fastest[-1], n / integral[-1]) for v, n in zip(fastest, integral)]


@functools.cache
def resting(c) -> list[float]:
    """At every kelvin: s a rim takes from there to a tenth of a kelvin below melting, where it warms by 1 K/m."""
    velocity = tables(c)[0]
    lacks = [c.melting_temperature - COLDEST - k for k in range(len(velocity))]
    last = max(k for k, v in enumerate(velocity) if v > 0.0 and lacks[k] > 0.1)
    # the velocity goes to zero as a straight line
    times = [lacks[last] / velocity[last] * math.log(lacks[last] / 0.1)]
    for k in range(last, 0, -1):
        slow = [min(1.0 / max(v, 1e-300), 1e100) for v in velocity[k - 1 : k + 1]]
        times.append(times[-1] + 0.5 * sum(slow))
    return [min(time, 1e100) for time in times[::-1]] + [0.0] * (len(velocity) - last - 1)


@functools.cache
def nucleating(c) -> tuple[int, int]:
    """Entries at which a 32nd of all nuclei come up where it is colder, and from which on there are none any more."""
    integral = tables(c)[1]
    return tuple(
        next(k for k, value in enumerate(integral) if value >= part * integral[-1]) for part in (1 / 32, 1 - 1e-12)
    )


def look_up(table: list[float], temperature: float) -> float:
    place = clip(temperature - COLDEST, 0.0, len(table) - 1.001)
    k = int(place)
    return table[k] + (place - k) * (table[k + 1] - table[k])


def inverse_look_up(table: list[float], value: float) -> float:
    """Temperature at which the rising table has a value: the last entry not above it, and the line to the next."""
    k = max((j for j in range(len(table) - 1) if table[j] <= value), default=0)
    width = table[k + 1] - table[k]
    return COLDEST + k + ((value - table[k]) / width if width > 0.0 else 0.0)


# ---- glass


def reduced(temperature: float, r) -> float:
    """E_s/kT."""
    return r.barrier * CHARGE / (BOLTZMANN * temperature)


def floor(temperature: float, r) -> float:
    """Order at which the glass comes to rest: linear from what it reaches in the glass time to that of the melt."""
    a = reduced(r.glass_temperature, r)
    at_glass = 1.0 - math.log(r.glass_time * r.attempt_rate * a) / a
    part = (temperature - r.glass_temperature) / (r.fluid_temperature - r.glass_temperature)
    return min(r.initial, at_glass + (r.initial - at_glass) * part)


def relaxed(order, duration: float, temperature: float, r):
    """Order after a time at a temperature, as E7 of the design writes it; 40 digits, so that nothing is no number."""
    with mpmath.workdps(40):
        a, rest = mpmath.mpf(reduced(temperature, r)), mpmath.mpf(floor(temperature, r))
        part = mpmath.mpf(duration) * a * r.attempt_rate * mpmath.exp(-a * (1 - rest))
        return rest - mpmath.log(mpmath.exp(-a * (order - rest) - part) - mpmath.expm1(-part)) / a


# ---- drive


def pulse_steps(times: list[float], drives: list[float], tau: float) -> list[tuple[float, float]]:
    """(duration, drive over the peak) of each step, cooling included."""
    peak = max(drives, key=abs) or 1.0
    found: list[tuple[float, float]] = []
    for t0, t1, d0, d1 in zip(times, times[1:], drives, drives[1:]):
        length, before, after = t1 - t0, d0 / peak, d1 / peak
        if length == 0.0:
            continue
        elapsed = 0.0
        for cut in plateau(length, tau) if before == after else ramp(length, tau, abs(after) < abs(before)):
            elapsed += cut
            found.append((cut, before + (after - before) * (elapsed - 0.5 * cut) / length))
    return found + [(part * tau, 0.0) for part in [0.8, 1.2, 2.0, 3.0]]


def ramp(length: float, tau: float, falls: bool) -> list[float]:
    count = min(max(math.ceil(length / (1.25 * tau)), 2), 12)
    power = 1.5 if falls else 1.0
    return [length * (((k + 1) / count) ** power - (k / count) ** power) for k in range(count)]


def plateau(length: float, tau: float) -> list[float]:
    """3, 9 and 27 thermal times while there is so much and half of it more; then the rest, or its halves."""
    step, left, cuts = 3.0 * tau, length, []
    while len(cuts) < 3 and left > 1.5 * step:
        cuts.append(step)
        left -= step
        step *= 3.0
    halves = 0 < len(cuts) < 3 and left > cuts[-1]
    return [*cuts, left / 2, left / 2] if halves else [*cuts, left]


def on_state(current: float, threshold: float, h, w) -> float:
    """V a switched cell keeps at a current, without its heater."""
    excess = max(threshold - h.on_voltage, 0.0)
    return h.on_voltage + excess / (1.0 + (abs(current) / w.decay_current) ** w.decay_power)


def bisected(function, low: float, high: float) -> float:
    """Zero of a rising function of a positive number, by bisection of its logarithm."""
    for _ in range(200):
        middle = math.sqrt(low) * math.sqrt(high)
        low, high = (middle, high) if function(middle) < 0.0 else (low, middle)
    return high


def folds(threshold: float, resistance: float, h, w) -> tuple[float, float]:
    """Currents at which the on-state's voltage with a resistance in series stops rising, and rises again; or zeros.

    The slope is R - excess m h / I_c with h = x^(m-1) / (1 + x^m)^2, largest where x^m = (m - 1) / (m + 1).
    """
    m = w.decay_power
    excess = max(threshold - h.on_voltage, 0.0)

    def slope(x: float) -> float:
        return resistance - excess * m / w.decay_current * x ** (m - 1.0) / (1.0 + x**m) ** 2

    steepest = ((m - 1.0) / (m + 1.0)) ** (1.0 / m)
    if slope(steepest) >= 0.0:
        return 0.0, 0.0
    first, second = bisected(lambda x: -slope(x), 1e-15, steepest), bisected(slope, steepest, 1e15)
    return first * w.decay_current, second * w.decay_current


def beside_filament(sector: int, filament: float, current: float, h) -> float:
    """Part of the filament's rise that a sector has."""
    part = min(abs(current) / h.filling_current, 1.0)
    angle = abs((sector + 0.5) * 2.0 * math.pi / SECTORS - filament)
    angle = min(angle, 2.0 * math.pi - angle)
    edge = max(math.pi * part, 1e-6)
    inside = 1.0 - h.edge_drop * (1.0 - part) * min(angle / edge, 1.0) ** 2
    return inside * math.exp(-max(angle - edge, 0.0) / h.lateral_angle)


def cools_from(warm: list[tuple[float, float, float]]) -> int:
    """The first step from which on neither heat nor current rise, of (duration, current, rise in the middle)."""
    j = len(warm) - 1
    while j > 0 and warm[j][2] <= warm[j - 1][2] and abs(warm[j][1]) <= abs(warm[j - 1][1]):
        j -= 1
    return j


def grain_share(radius: float, centre: float, size: float) -> float:
    """Part of a sector's shell that a grain covers."""
    share = 1.0 - (radius * radius + centre * centre - size * size) / (2.0 * radius * centre)
    return clip(SECTORS * share, 0.0, 1.0)


class Heated:
    """The part of a device that a pulse works on; see `tests.oracles.mushroom_cell.Device` for the attributes."""

    def uncovered(self, grains: list[list[float]], radius: float) -> float:
        """Amorphous part of a sector's shell: overlapping grains multiply."""
        free = 1.0
        for centre, size in grains:
            free *= 1.0 - grain_share(radius, centre, size)
        return free

    def shape_at(self, middle: float, ambient: float):
        """Interpolated shape of the temperature for the filament's rise, with the dome halfway in the last step."""
        level = (self.parameters.crystallization.melting_temperature - ambient) / middle
        return interpolated(table(self.parameters), sum(self.halfway) / SECTORS / self.span, level)

    def rise_at(self, s: int, distance: float) -> float:
        """Temperature rise at a distance from the heater, as the shape says, for the sector's own shift."""
        return self.local[s] * part_at(self.row, (distance - self.shift[s]) / self.span)

    def rim_rise(self, s: int) -> float:
        """Temperature rise that drives the rim inwards."""
        return self.rise_at(s, self.rim[s])

    def send(self, times, drives, kind: str, scale: float, ambient: float, event: int) -> tuple[float, float]:
        """Pulse of a height; returns the highest temperature of the heater's rim and the energy taken."""
        h, tau = self.parameters.heat, self.parameters.heat.thermal_time
        steps = pulse_steps(times, drives, tau)
        course = self.driven([scale * drive for _, drive in steps], kind, ambient)
        rise = top = energy = 0.0
        warm = []
        for (duration, _), (current, power, gain) in zip(steps, course):
            target = h.thermal_resistance * self.factors[HEAT] * power * gain
            energy += power * duration
            warm.append((duration, current, target + (rise - target) * math.exp(-0.5 * duration / tau)))
            rise = target + (rise - target) * math.exp(-duration / tau)
            top = max(top, warm[-1][2])
        if ambient + top >= min(self.parameters.crystallization.viscosity.glass_temperature, self.felt(warm)):
            drawn = normals(self.seed, self.cell, event, FRONT, SECTORS)
            self.shift = [self.front_shift(own, fresh) for own, fresh in zip(self.front, drawn)]
            self.hottest = [0.0] * SECTORS
            self.hottest_segment = 0.0
            self.halfway = self.rim.copy()
            self.heat(warm, ambient, event)
            self.drop_absorbed()
            self.renew(ambient + top, event)
        return ambient + top, energy

    # ---- which branch, and what it takes

    def driven(self, drives: list[float], kind: str, ambient: float) -> list[tuple[float, float, float]]:
        """Current, power and gain of the rise by a narrow filament, for each step, with the state before the pulse."""
        h, w = self.parameters.heat, self.parameters.switching
        self.needed = self.threshold(ambient)
        self.leads = h.on_resistance + self.parameters.conduction.series_resistance
        limit, on, before, found = math.inf, False, math.nan, []
        rows = self.structure()
        self.structure = lambda: rows  # as it is before the pulse, not evaluated again and again
        self.ever_off = False
        if kind == "current":
            limit = self.by_voltage(w.compliance, False, ambient)[0]
        for drive in drives:
            if drive == before:
                found.append(found[-1])  # a plateau
                continue
            before = drive
            if kind == "voltage":
                current, on, hot = self.by_voltage(abs(drive), on, ambient)
                off = abs(drive) - self.leads * current
            else:
                current = min(abs(drive), limit)
                off = math.nan if on or current == 0.0 else self.off_voltage(current, ambient)
                on = current > 0.0 and (on or off >= on_state(current, self.needed, h, w))
                hot = on
            voltage = on_state(current, self.needed, h, w) if hot else off
            power = current * (voltage + h.on_resistance * current) if current > 0.0 else 0.0
            narrowing = max(h.filling_current / current, 1.0) ** h.crowding if hot else 1.0
            found.append((math.copysign(current, drive), power, narrowing))
            self.ever_off = self.ever_off or (current > 0.0 and not hot)
        del self.structure
        return found

    def off_voltage(self, current: float, ambient: float) -> float:
        """V at which the off-state carries a current, without what is in series; enough of it if it is plenty."""
        enough = 1.01 * max(self.needed, self.parameters.heat.on_voltage)
        if self.through(enough, ambient, [0.0] * SECTORS, 0.0) <= current:
            return enough
        return bisected(lambda v: self.through(v, ambient, [0.0] * SECTORS, 0.0) - current, 1e-12, enough)

    def by_voltage(self, voltage: float, on: bool, ambient: float) -> tuple[float, bool, bool]:
        """Current at the terminals' voltage; whether beyond the folds then, and whether in the on-state."""
        h, w = self.parameters.heat, self.parameters.switching
        first, second = folds(self.needed, self.leads, h, w)

        def terminal(current: float) -> float:
            return on_state(current, self.needed, h, w) + self.leads * current

        most = max((voltage - h.on_voltage) / self.leads, 0.0)
        if voltage == 0.0:
            return 0.0, False, False
        if on and voltage >= terminal(second):
            return bisected(lambda i: terminal(i) - voltage, max(second, 1e-20), most), True, True
        off = self.through(voltage, ambient, [0.0] * SECTORS, self.leads)
        if voltage - self.leads * off <= on_state(off, self.needed, h, w):
            return off, False, False
        if first > 0.0 and voltage <= terminal(first):
            current = bisected(lambda i: terminal(i) - voltage, 1e-20, first)
            if current >= off:
                return current, False, True
        return bisected(lambda i: terminal(i) - voltage, max(second, 1e-20), most), True, True

    def front_shift(self, own: float, fresh: float) -> float:
        """Distance by which a sector's front lies further out, from the device's deviate and the pulse's; bounded."""
        g = self.parameters.geometry
        deviate = math.sqrt(g.front_memory) * own + math.sqrt(1.0 - g.front_memory) * fresh
        return math.sqrt(3.0) * g.front_roughness * math.tanh(0.851 * deviate)

    def heat(self, warm: list[tuple[float, float, float]], ambient: float, event: int) -> None:
        """Move everything through steps of (duration, current, rise in the middle)."""
        coldest = max(self.parameters.crystallization.viscosity.glass_temperature - ambient, 1.0)
        share = [0.0] * SECTORS
        coolest = min(coldest, max(self.felt(warm) - ambient, 20.0))
        lasted, warmth, shared = 0.0, 0.0, share
        self.block, self.event, flowing = 0, event, 0.0
        self.waiting = -math.log(coarse(words(self.seed, self.cell, event, NUCLEI, 0)[0]))
        busy = [duration * self.activity(middle, ambient) for duration, _, middle in warm]
        most = max([0.0, *(one for one, (_, _, middle) in zip(busy, warm) if middle >= coldest)])
        fastest = max(tables(self.parameters.crystallization)[0])
        least = max(1e-5 * most, min(5e-11 / fastest if fastest > 0.0 else math.inf, 5e-3 * most))
        cools, self.warmest = cools_from(warm), 1.0
        settled, rest = self.settle(warm, ambient)
        for j, (duration, current, middle) in enumerate(warm):
            ramps = j > 0 and current != warm[j - 1][1]
            if current != 0.0:
                share = [beside_filament(s, self.filament, current, self.parameters.heat) for s in range(SECTORS)]
                flowing = abs(current)
            if middle < coolest:
                continue
            if lasted > 0.0 and (share != shared or not -5.0 <= middle - warmth / lasted <= 20.0):
                # a longer and hotter segment makes up for the one before
                if middle - warmth / lasted < 20.0 or duration < lasted:
                    self.live(lasted, warmth / lasted, shared, ambient)
                lasted = warmth = 0.0
            lasted, warmth, shared = lasted + duration, warmth + duration * middle, share
            done = duration * self.activity(self.warmest * middle, ambient)
            if j < settled or middle < coldest or (done <= least and done < 0.1 * duration):
                continue
            self.local, self.even = [middle * part for part in share], flowing >= self.parameters.heat.filling_current
            left, cuts = (rest if j == settled else duration), 0
            while left > 0.0:
                left -= self.crystallize(left, middle, ambient, (3e-9 if ramps else 2e-9) if cuts < 64 else 0.0)
                cuts += 1
            if j < cools or not self.solid(middle, ambient):
                self.warmest = 1.0
        if lasted > 0.0:
            self.live(lasted, warmth / lasted, shared, ambient)
        r = self.parameters.relaxation
        fresh = relaxed(r.initial, self.parameters.heat.thermal_time, ambient, r)
        self.order = [fresh if hot > 0.0 else order for hot, order in zip(self.hottest, self.order)]

    def settle(self, warm, ambient: float) -> tuple[int, float]:
        """Put rims at rest that come to it in a long plateau; its step, and the time that is left for the others."""
        h, c = self.parameters.heat, self.parameters.crystallization
        long = max(range(len(warm)), key=lambda j: warm[j][0])
        duration, current, middle = warm[long]
        if duration < 500.0 * h.thermal_time or abs(current) < h.filling_current:
            return -1, 0.0
        if middle <= c.melting_temperature - ambient:
            return -1, 0.0
        if any(other > middle or abs(before) > abs(current) for _, before, other in warm[:long]):
            return -1, 0.0
        rest = sum(time for time, _, other in warm[: long + 1] if other > 0.99 * middle)
        level, dome = (c.melting_temperature - ambient) / middle, sum(self.rim) / SECTORS
        self.local = [middle] * SECTORS
        self.row = interpolated(table(self.parameters), dome / self.span, level)
        reach = self.reach(level, middle, rest, ambient)
        calm = [s for s in range(SECTORS) if self.rim[s] - self.shift[s] <= reach]
        last = before = 0.0
        for passes in range(12):
            fronts = {s: self.melt_front(s, ambient) for s in calm}
            thick = [fronts.get(s, max(self.rim[s], self.melt_front(s, ambient))) for s in range(SECTORS)]
            miss = (sum(thick) / SECTORS - dome) * SHELLS / self.span
            if abs(miss) <= 3e-3:
                break
            shells = dome * SHELLS / self.span
            slope = (miss - before) / (shells - last) if passes else -1.0
            last, before = shells, miss
            dome = clip(shells - miss / min(slope, -0.2), 0.0, SHELLS) * self.span / SHELLS
            self.row = interpolated(table(self.parameters), dome / self.span, level)
        else:
            fronts = {s: self.melt_front(s, ambient) for s in calm}
        for s in calm:
            self.hottest[s] = middle if fronts[s] > 0.0 else 0.0
            self.rim[s] = self.halfway[s] = single(fronts[s])
            self.grains[s] = []
        return long, (rest if len(calm) < SECTORS else 0.0)

    def reach(self, level: float, middle: float, duration: float, ambient: float) -> float:
        """How far out a rim may be, but for its shift, to come to its front 1.3 times in a time: shell by shell."""
        left, before = duration / 1.3 * self.factors[GROWTH] * SHELLS / self.span, 0.0
        k = next((k for k in range(SHELLS) if self.row[k] < level), SHELLS)
        while k < SHELLS:
            needed = look_up(resting(self.parameters.crystallization), ambient + middle * self.row[k])
            left -= (needed - before) / (middle * self.falls(k - 1))
            if left < 0.0:
                break
            before, k = needed, k + 1
        return (k - 1) * self.span / SHELLS

    def live(self, duration: float, middle: float, share: list[float], ambient: float) -> None:
        """Glass of the sectors that have not melted, through a segment of the pulse; see `feels`."""
        r = self.parameters.relaxation
        a = reduced(self.parameters.heat.ambient, r)
        seen = float(relaxed(r.initial, 1e-3, self.parameters.heat.ambient, r))
        brief = duration * a * r.attempt_rate <= math.exp((1.0 - seen) * reduced(r.fluid_temperature, r))
        if brief and middle <= self.hottest_segment:
            return
        self.hottest_segment = max(self.hottest_segment, middle)
        row = self.shape_at(middle, ambient)
        for s in range(SECTORS):
            if self.hottest[s] > 0.0:
                continue
            part = part_at(row, (0.5 * self.halfway[s] - self.shift[s]) / self.span)
            temperature = ambient + middle * share[s] * part
            if self.feels(duration, temperature, self.order[s] >= seen, seen):
                self.order[s] = relaxed(self.order[s], duration, temperature, r)

    def felt(self, warm: list[tuple[float, float, float]]) -> float:
        """Temperature from which on a glass feels a pulse of these steps."""
        return self.felt_from(sum(duration for duration, _, _ in warm))

    def felt_from(self, duration: float) -> float:
        """Temperature from which on a fresh glass ages as in a millisecond, or one that is not moves by a thousandth.

        By bisection.
        """
        seen = float(relaxed(self.parameters.relaxation.initial, 1e-3, self.parameters.heat.ambient,
                             self.parameters.relaxation))  # fmt: skip
        low, high = 1.0, 5000.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            felt = self.feels(duration, middle, False, seen)
            low, high = (low, middle) if felt else (middle, high)
        return high

    def feels(self, duration: float, temperature: float, young: bool, seen: float) -> bool:
        """Whether a glass feels the heat: ages as a fresh one in a millisecond, or wakes by a thousandth."""
        r = self.parameters.relaxation
        a = reduced(self.parameters.heat.ambient, r)
        ages = duration * a * r.attempt_rate >= math.exp((1.0 - seen) * reduced(temperature, r))
        slope = floor(r.glass_temperature + 1.0, r) - floor(r.glass_temperature, r)
        below = floor(r.glass_temperature, r) + slope * (temperature - r.glass_temperature)
        wakes = duration * a * r.attempt_rate >= 1e-3 * math.exp((1.0 - below) * reduced(temperature, r))
        return ages or (wakes and not young)

    def melt_front(self, s: int, ambient: float) -> float:
        """Distance of a sector's melt front from the heater; zero if nothing is molten there."""
        melting_rise = self.parameters.crystallization.melting_temperature - ambient
        front = self.span * place_of(self.row, melting_rise / self.local[s]) + self.shift[s]
        return clip(front, 0.0, self.parameters.heat.melt_limit * self.span)

    def activity(self, middle: float, ambient: float) -> float:
        """What can happen at a rise of the hot spot, over what ever does; at the whole kelvin below."""
        table = activity(self.parameters.crystallization)
        return table[int(clip(ambient + middle - COLDEST, 0.0, len(table) - 1.001))]

    def solid(self, middle: float, ambient: float) -> bool:
        """Whether nothing is molten at a rise of the hot spot, however far out a front lies."""
        solid = 1.0 + math.sqrt(3.0) * self.parameters.geometry.front_roughness / self.span
        return (self.parameters.crystallization.melting_temperature - ambient) / middle >= solid

    def crystallize(self, left: float, middle: float, ambient: float, farthest: float) -> float:
        """Melt and grow for a time or an equal part of it, at one heat; returns the time that has passed.

        In which rims move by no more than ``farthest`` in the mean; zero takes all of it.
        """
        coldest = max(self.parameters.crystallization.viscosity.glass_temperature - ambient, 1.0)
        fronts = self.fronts(middle, ambient, coldest)
        for s in range(SECTORS):
            self.melt(s, fronts[s])
        stops = [min(fronts[s], self.rim[s]) for s in range(SECTORS)]
        alive = [s for s in range(SECTORS) if self.local[s] >= coldest and self.rim[s] - stops[s] > 1e-12]
        # the hottest place in what lives, over the hot spot: its heater, or beyond it where the front lies further out
        self.warmest = (
            max([0.0, *(self.local[s] * (1.0 + max(self.shift[s], 0.0) / self.span) for s in alive)]) / middle
        )
        speed = {s: self.speed(s, ambient) for s in alive}
        step = left / self.parts(left, alive, stops, speed, farthest) if farthest > 0.0 else left
        ends = {s: self.ends(s, ambient) for s in alive}
        self.halfway = self.rim.copy()
        for s in alive:
            self.rim[s] = single(max(self.rim[s] - self.way(step, *speed[s]), stops[s]))
            self.halfway[s] = 0.5 * (self.halfway[s] + self.rim[s])
        self.nucleate(ends, fronts, step, middle, ambient)
        for s in range(SECTORS):
            if self.local[s] >= coldest and (self.rim[s] > 0.0 or fronts[s] > 0.0):
                self.grow_grains(s, fronts[s], step, ambient)
        return step

    def fronts(self, middle: float, ambient: float, coldest: float) -> list[float]:
        """Melt fronts, with the shape of the dome that they make: looked for in two passes more."""
        dome, melting = sum(self.rim) / SECTORS, self.parameters.crystallization.melting_temperature - ambient
        for passes in range(3):
            self.row = interpolated(table(self.parameters), dome / self.span, melting / middle)
            fronts = [self.melt_front(s, ambient) if self.local[s] >= coldest else 0.0 for s in range(SECTORS)]
            thick = [
                max(front, rim) if local > hottest else rim
                for front, rim, local, hottest in zip(fronts, self.rim, self.local, self.hottest)
            ]
            if passes == 2 or self.solid(middle, ambient):
                break
            if abs(sum(thick) / SECTORS - dome) <= 0.05 * self.span / SHELLS:
                break
            dome = sum(thick) / SECTORS
        return fronts

    def parts(self, left: float, alive: list[int], stops: list[float], speed: dict, farthest: float) -> int:
        """Number of equal parts of the time that is left of which one is taken at once."""
        room = {s: self.rim[s] - stops[s] for s in alive}
        ways = {s: min(self.way(left, *speed[s]), room[s]) for s in alive}
        far = [ways[s] / (5e-9 + 0.5 * room[s]) for s in alive]
        faster = [left * speed[s][1] / 0.6 for s in alive]
        return max(1, math.ceil(max([0.0, sum(ways.values()) / SECTORS / farthest, *far, *faster])))

    def melt(self, s: int, front: float) -> None:
        """Melt a sector that is hotter than before in this pulse."""
        if front > 0.0 and self.local[s] > self.hottest[s]:
            self.hottest[s] = self.local[s]
            self.rim[s] = single(max(self.rim[s], front))
            self.grains[s] = [grain for grain in self.grains[s] if grain[0] >= self.radius + front]

    def speed(self, s: int, ambient: float) -> tuple[float, float]:
        """Velocity of a rim, and half of what that changes by in a second as the rim gets to hotter places."""
        velocity = tables(self.parameters.crystallization)[0]
        temperature, own = ambient + self.rim_rise(s), self.factors[GROWTH]
        k = int(clip(temperature - COLDEST, 0.0, len(velocity) - 1.001))
        place = SHELLS * (self.rim[s] - self.shift[s]) / self.span
        falls = 1.0 / SHELLS if place < 0.0 else self.falls(int(place)) if place < SHELLS else 0.0
        warmer = self.local[s] * falls * SHELLS / self.span
        return own * look_up(velocity, temperature), 0.5 * own * warmer * (velocity[k + 1] - velocity[k])

    def falls(self, shell: int) -> float:
        """How much the shape falls in a shell."""
        return self.row[shell] - self.row[shell + 1]

    def way(self, duration: float, velocity: float, bend: float) -> float:
        """How far a rim gets in a time, to second order."""
        z = duration * bend
        return duration * velocity * (1.0 + min(z, 1.0) if z > 0.0 else 1.0 / (1.0 - z))

    def spot(self, s: int, centre: float, front: float, ambient: float) -> tuple[float, float]:
        """How fast a grain grows at a radius, and how large the liquid lets it become."""
        distance = centre - self.radius
        velocity = look_up(tables(self.parameters.crystallization)[0], ambient + self.rise_at(s, distance))
        return self.factors[GROWTH] * velocity, (max(distance - front, 0.0) if front > 0.0 else math.inf)

    def grow_grains(self, s: int, front: float, duration: float, ambient: float) -> None:
        """Grains grow, not into the liquid; what was born in this time began with less than nothing."""
        for grain in self.grains[s]:
            speed, room = self.spot(s, grain[0], front, ambient)
            grain[1] = single(min(max(grain[1] + speed * duration, 0.0), room))

    def ends(self, s: int, ambient: float) -> tuple[float, float]:
        """Integrated rate of nuclei at a sector's rim and at the heater."""
        integral = tables(self.parameters.crystallization)[1]
        heater = self.local[s] * (1.0 + max(self.shift[s], 0.0) / self.span)
        return look_up(integral, ambient + self.rise_at(s, self.rim[s])), look_up(integral, ambient + heater)

    def nucleate(self, ends: dict, fronts: list[float], duration: float, middle: float, ambient: float) -> None:
        """Nuclei of a step: bounds of their rate where it is hot and where not, and candidates as they come."""
        c = self.parameters.crystallization
        integral, (hot, last) = tables(c)[1], nucleating(c)
        open_ = [s for s in ends if self.rim[s] > 0.0 and len(self.grains[s]) < GRAINS]
        if all(ends[s][0] >= integral[last] for s in open_):
            return
        place = self.span * place_of(self.row, (COLDEST + hot - ambient) / middle)
        gentlest = self.gentlest((COLDEST + last - ambient) / middle if self.even else math.inf, place)
        bounds = {}
        for s in open_:
            (low, high), outer = ends[s], self.radius + self.halfway[s]
            inner = min(outer, self.radius + place + self.shift[s])
            warm = gentlest[0] * inner**2 * max(high - max(low, integral[hot]), 0.0)
            bounds[s] = (warm / self.local[s], gentlest[1] * outer**2 * max(min(high, integral[hot]) - low, 0.0)
                         / self.local[s], inner)  # fmt: skip
        total = sum(warm + cold for warm, cold, _ in bounds.values())
        rate = 2.0 * math.pi / SECTORS * total
        self.waiting -= rate * duration
        while self.waiting < 0.0:
            drawn = words(self.seed, self.cell, self.event, NUCLEI, self.block)
            self.place(drawn, bounds, total, ends, gentlest, (duration + self.waiting / rate, fronts), ambient)
            self.block += 1
            self.waiting -= math.log(coarse(words(self.seed, self.cell, self.event, NUCLEI, self.block)[0]))

    def gentlest(self, level: float, place: float) -> tuple[float, float]:
        """Distances in which the shape falls by one where that takes most, from a level on: to a place, at all."""
        allowed = [k for k in range(SHELLS) if self.row[k + 1] <= level]
        straight = [1.0 / SHELLS] if level >= 1.0 else []
        inner = max(place, 0.0) / self.span * SHELLS
        near = min([1.0, *straight, *(self.falls(k) for k in allowed if k <= inner)])
        far = min([1.0, *straight, *(self.falls(k) for k in allowed)])
        return self.span / SHELLS / near, self.span / SHELLS / far

    def place(self, drawn, bounds, total: float, ends, gentlest, born, ambient: float) -> None:
        """Place a candidate: its sector, its temperature and so its distance; kept with the chance of its place.

        ``born`` is (time since the beginning of the step, fronts).
        """
        c = self.parameters.crystallization
        velocity, integral = tables(c)
        left = coarse(drawn[1]) * total
        for s, (warm, cold, inner) in bounds.items():  # noqa: B007
            if left < warm + cold:
                break
            left -= warm + cold
        (low, high), between = ends[s], integral[nucleating(c)[0]]
        is_hot = left < warm
        low, high = (max(low, between), high) if is_hot else (low, min(high, between))
        along, chance = (drawn[2] // 65536 + 0.5) / 65536, (drawn[2] % 65536 + 0.5) / 65536
        temperature = inverse_look_up(integral, low + along * (high - low))
        there = place_of(self.row, (temperature - ambient) / self.local[s])
        distance = self.shift[s] + self.span * there
        if not 0.0 < distance < self.halfway[s] or len(self.grains[s]) == GRAINS:
            return
        apart = self.span if there < 0.0 else self.span / SHELLS / self.falls(min(int(there * SHELLS), SHELLS - 1))
        centre = self.radius + distance
        smaller = (centre / (inner if is_hot else self.radius + self.halfway[s])) ** 2
        for other, size in self.grains[s]:
            speed, room = self.spot(s, other, born[1][s], ambient)
            then = min(max(size + speed * born[0], 0.0), room)
            smaller *= 1.0 - grain_share(centre, other, then)
        if chance < smaller * apart / gentlest[0 if is_hot else 1]:
            lacking = born[0] * self.factors[GROWTH] * look_up(velocity, temperature)
            self.grains[s].append([single(centre), single(-lacking)])

    def drop_absorbed(self) -> None:
        """A grain that the rim has passed as a whole is part of the crystal."""
        for s in range(SECTORS):
            rim = self.radius + self.rim[s] if self.rim[s] > 0.0 else -math.inf
            self.grains[s] = [grain for grain in self.grains[s] if grain[0] - grain[1] < rim]

    def renew(self, peak: float, event: int) -> None:
        """A pulse above the glass transition restarts drift and traps; what melted is drawn anew."""
        p = self.parameters
        molten = [s for s in range(SECTORS) if self.hottest[s] > 0.0]
        if peak < p.crystallization.viscosity.glass_temperature or not molten:
            return
        drawn = normals(self.seed, self.cell, event, TEXTURE, SECTORS)
        for s in molten:
            self.texture[s] = self.drawn_texture(drawn[s])
        self.draw_quench(event, molten)
        self.draw_traps(event, molten)

    def draw_traps(self, event: int, molten) -> None:
        """Time constants of the molten sectors' traps, and states with the mean occupancy."""
        blocks = [words(self.seed, self.cell, event, TRAP_STATE, block) for block in range(8)]
        drawn = [word for block in range(2) for word in words(self.seed, self.cell, event, TRAP_KIND, block)]
        for k in range(32):
            if k % SECTORS in molten:
                self.kinds[k] = (drawn[k // 4] >> (8 * (k % 4))) & 255
                self.traps[k] = coarse(blocks[k % 8][k // 8]) < self.filled

    def drawn_texture(self, deviate: float) -> float:
        spread = self.parameters.conduction.texture_spread
        return single(math.exp(spread * deviate - 0.5 * spread**2))

    def draw_quench(self, event: int, molten) -> None:
        """Deviates of both drift exponents, to a 4096th and within 8, one pair for all sectors that melted."""
        drawn = [clip(round(4096.0 * z), -32767, 32767) for z in normals(self.seed, self.cell, event, QUENCH, 2)]
        for s in molten:
            self.deviate[s] = drawn
        w0, w1, _, _ = words(self.seed, self.cell, event, QUENCH, 1)
        self.filament = single(2.0 * math.pi * uniform(w0, w1))

    def exponents(self, s: int) -> list[float]:
        """Drift exponents of a sector's dome and films."""
        r = self.parameters.relaxation
        means = (r.dome_exponent, r.boundary_exponent)
        return [
            mean * own * max(1.0 + r.cycle_spread * z / 4096.0, 0.0)
            for mean, own, z in zip(means, (self.factors[DOME_DRIFT], self.factors[FILM_DRIFT]), self.deviate[s])
        ]
