"""One device that is trained in place, the slow way: laws as published, math library, numbers drawn one by one."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from tests.oracles.philox import uniform, words

BIRTH, STEP, WRITE, READ, RESET = 40, 41, 42, 43, 44


def pair(seed: int, cell: int, event: int, stream: int, block: int) -> tuple[float, float]:
    w = words(seed, cell, event, stream, block)
    radius, angle = math.sqrt(-2.0 * math.log(uniform(w[0], w[1]))), 2.0 * math.pi * uniform(w[2], w[3])
    return radius * math.cos(angle), radius * math.sin(angle)


def single(x: float) -> float:
    """What is left of a number in 32 bits."""
    return float(np.float32(x))


@dataclass
class Device:
    """State and history of one device of a cell; events are counted as its population counts them."""

    cell: object
    seed: int
    number: int
    stuck_share: float = 0.0
    event: int = 0
    time: float = 0.0
    pulsed_at: float = 0.0
    offset: float = 0.0
    memory: float = 1.0
    since: int = 0
    own: dict = field(default_factory=dict)

    def __post_init__(self):
        p = self.cell.parameters
        z = [pair(self.seed, self.number, 0, BIRTH, block) for block in range(4)]
        a = p.window.weight_maximum * (1.0 + p.window.maximum_spread * z[0][0])
        b = p.window.weight_minimum * (1.0 + p.window.minimum_spread * z[0][1])
        high, low = abs(max(a, b)), -abs(min(a, b))
        gain = (1.0 + p.pulse.gain_spread * z[1][0]) * math.exp(p.pulse.gain_log_spread * z[1][0])
        asymmetric = p.pulse.imbalance_spread * z[1][1]
        size = next((law.step for law in self._laws() if hasattr(law, "step")), 1.0)
        up = abs(gain + min(p.pulse.imbalance, 0.0) + asymmetric) * size
        down = abs(gain - max(p.pulse.imbalance, 0.0) - asymmetric) * size
        rest = 0.0
        if p.reset is not None:
            rest = p.reset.weight + p.reset.spread * z[3][1]
        own = {"reference": 0.0}
        if p.linear is not None:
            own["decrease_up"] = abs(p.linear.decrease_up + p.linear.decrease_up_spread * z[2][0])
            own["decrease_down"] = abs(p.linear.decrease_down + p.linear.decrease_down_spread * z[2][1])
        if p.power is not None:
            own["exponent_up"] = abs(p.power.exponent_up * (1.0 + p.power.exponent_spread * z[2][0]))
            own["exponent_down"] = abs(p.power.exponent_down * (1.0 + p.power.exponent_spread * z[2][1]))
        if p.soft_bounds_reference is not None:
            point = (up - down) / (up / high - down / low) * p.soft_bounds_reference.at_symmetry_point
            own["reference"] = point + p.soft_bounds_reference.reference_spread * z[2][0]
            rest += point
        low = max(low, p.window.weight_minimum - p.window.conductance_minimum / p.window.unit)
        w = words(self.seed, self.number, 0, BIRTH, 4)
        if uniform(w[0], w[1]) < self.stuck_share:
            reach = p.stuck.range if p.stuck is not None else 10.0
            first, last = max(low, -reach), min(high, reach)
            low = high = first + (last - first) * uniform(w[2], w[3])
            up = down = 0.0
        own |= {"up": up, "down": down, "low": low, "high": high, "rest": rest}
        self.own = {name: single(value) for name, value in own.items()}
        start = self.own["reference"] if p.soft_bounds_reference is not None else self.own["rest"]
        self.weight = min(max(start, self.own["low"]), self.own["high"])
        if p.leak is not None:
            lifetime = p.leak.lifetime * (1.0 + p.leak.spread * z[3][0])
            self.own["rate"] = single(1.0 / lifetime if lifetime > 1.0 else 1.0)

    def _laws(self):
        p = self.cell.parameters
        names = (
            "constant linear soft_bounds soft_bounds_reference exponential power nonlinear jump_table incremental_set"
        )
        return [getattr(p, name) for name in names.split() if getattr(p, name) is not None]

    def step(self, up: bool) -> tuple[float, float]:
        """Mean size of the next step in its direction, and its std."""
        p, w, own = self.cell.parameters, self.weight, self.own
        scale, span = own["up"] if up else own["down"], own["high"] - own["low"]
        (law,) = self._laws()
        if span == 0.0:
            return 0.0, 0.0
        if law is p.constant:
            return scale, law.noise * scale
        if law is p.linear:
            decrease, bound = (
                (own["decrease_up"], p.window.weight_maximum) if up else (own["decrease_down"], p.window.weight_minimum)
            )
            mean = scale * (1.0 - decrease * w / bound)
            return mean, law.noise * abs(mean) + law.constant_noise * scale
        if law in (p.soft_bounds, p.soft_bounds_reference):
            mean = scale * (1.0 - w / (own["high"] if up else own["low"]))
            return mean, law.noise * abs(mean) + law.constant_noise * scale
        if law is p.exponential:
            z = 2.0 * law.slope * w / span + law.offset
            exponent = law.rate_up * z if up else -law.rate_down * z
            mean = scale * max(1.0 - (law.amplitude_up if up else law.amplitude_down) * math.exp(exponent), 0.0)
            return mean, law.noise * (abs(mean) + law.noise_add + law.noise_slope * abs(w))
        if law is p.power:
            share = (own["high"] - w) / span if up else (w - own["low"]) / span
            mean = scale * share ** (own["exponent_up"] if up else own["exponent_down"])
            return mean, law.noise * mean
        if law is p.nonlinear:
            return self._nonlinear(up, law, scale, span)
        if law is p.jump_table:
            rows = (law.up, law.up_std) if up else (law.down, law.down_std)
            if up and (group := self.group()) is not None:
                part = slice(group * len(law.weight), (group + 1) * len(law.weight))
                rows = law.fresh_up[part], law.fresh_up_std[part]
            return tuple(scale * float(np.interp(w, law.weight, row)) for row in rows)
        g, fade = p.window.conductance_maximum * w, self.memory * math.exp(-1.0 / law.pulses)
        mean = law.mean_slope * g + law.mean_offset + law.mean_memory * fade
        std = law.std_slope * g + law.std_offset + law.std_memory * fade
        return scale * mean / p.window.conductance_maximum, scale * max(std, 0.0) / p.window.conductance_maximum

    def size(self, up: bool, z: float) -> float:
        """Size of the next step in its direction at a standard normal deviate."""
        mean, std = self.step(up)
        table = self.cell.parameters.jump_table
        given = () if table is None else table.up_quantiles if up else table.down_quantiles
        if up and (group := self.group()) is not None:
            given = np.array_split(table.fresh_up_quantiles, len(table.fresh_up) // len(table.weight))[group]
        if not len(given):
            some = table is not None and (table.up_quantiles or table.down_quantiles or table.fresh_up_quantiles)
            limit = 3.0 if some else math.inf
            return mean + std * min(max(z, -limit), limit)
        rows = np.reshape(given, (len(table.weight), -1))
        deviates = np.linspace(-3.0, 3.0, rows.shape[1])
        at_weights = [np.interp(z, deviates, row) for row in rows]
        return (self.own["up"] if up else self.own["down"]) * float(np.interp(self.weight, table.weight, at_weights))

    def _nonlinear(self, up, law, scale, span):
        """Along the curve G(P) itself: which pulse number is this, and where is the next."""
        from pcmphys.cells.pulsed.laws.nonlinear import constant_of

        a = constant_of(law.label_up if up else law.label_down)
        pulses = law.pulses_up if up else law.pulses_down
        share = ((self.weight - self.own["low"]) if up else (self.own["high"] - self.weight)) / span
        b = 1.0 / (1.0 - math.exp(-1.0 / a))
        number = -a * math.log(1.0 - share / b)
        after = b * (1.0 - math.exp(-(number + 1.0 / pulses) / a))
        return scale * (after - share) * span, law.noise * span

    def pulse(self, count: int) -> None:
        """Pulses up, or down if negative; 0 if only others of the population are pulsed."""
        self.event += 1
        if self.own["low"] == self.own["high"]:
            return
        for k in range(abs(count)):
            z = pair(self.seed, self.number, self.event, STEP, k // 2)[k % 2]
            size = self.size(count > 0, z)
            self.weight = min(max(self.weight + math.copysign(1.0, count) * size, self.own["low"]), self.own["high"])
            self.fade()
        if count:
            self.weight = single(self.weight)
            self.memory = single(self.memory)
            self.pulsed_at = self.time
            self.offset = single(self._write_noise() * pair(self.seed, self.number, self.event, WRITE, 0)[0])

    def fade(self) -> None:
        """What a pulse leaves of the memory of a RESET."""
        self.since += 1
        if (law := self.cell.parameters.incremental_set) is not None:
            self.memory *= math.exp(-1.0 / law.pulses)

    def group(self) -> int | None:
        """Group of first pulses whose rows the next step up takes: pulses 1, 2, 3 to 4, 5 to 8 ...; None: none."""
        table = self.cell.parameters.jump_table
        if table is None:
            return None
        group = self.since.bit_length()
        return group if group < len(table.fresh_up) // len(table.weight) else None

    def _write_noise(self) -> float:
        return self.cell.parameters.pulse.write_noise * self.cell.parameters.step

    def reset(self) -> None:
        self.event += 1
        if self.own["low"] == self.own["high"]:
            return
        z, z_write = pair(self.seed, self.number, self.event, RESET, 0)
        rest = self.cell.parameters.reset
        off = rest.noise * z
        if rest.quantiles:
            off = float(np.interp(z, np.linspace(-3.0, 3.0, len(rest.quantiles)), rest.quantiles))
        weight = self.own["rest"] + off
        self.weight = single(min(max(weight, self.own["low"]), self.own["high"]))
        self.memory, self.since, self.pulsed_at = 1.0, 0, self.time
        self.offset = single(self._write_noise() * z_write)

    def leak(self, batches: float) -> None:
        kept = (1.0 - self.own["rate"]) ** batches
        weight = self.own["rest"] + (self.weight - self.own["rest"]) * kept
        self.weight = min(max(weight, self.own["low"]), self.own["high"])

    def wait(self, duration: float) -> None:
        self.time += duration
        if self.cell.parameters.leak is not None:
            self.leak(duration / self.cell.parameters.leak.batch_duration)

    def conductance(self) -> float:
        """[S], without read noise."""
        p = self.cell.parameters
        g = max(
            p.window.conductance_minimum + p.window.unit * (self.weight + self.offset - p.window.weight_minimum), 0.0
        )
        age = max(self.time - self.pulsed_at, p.read.reference_time)
        return g * (age / p.read.reference_time) ** -p.read.drift_exponent

    def read(self) -> float:
        p, g = self.cell.parameters, self.conductance()
        if p.read.noise or p.read.relative_noise:
            self.event += 1
            z = pair(self.seed, self.number, self.event, READ, 0)[0]
            g = max(g + (p.read.noise + p.read.relative_noise * g) * z, 0.0)
        return g
