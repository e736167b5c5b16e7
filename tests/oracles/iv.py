"""I-V curves of one amorphous layer the slow way: plain floats, roots by bracketing, a threshold and an on-state."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from tests.oracles.mushroom_conduction import VACUUM, root
from tests.oracles.mushroom_pulse import BOLTZMANN, CHARGE


@dataclass(frozen=True)
class Layer:
    """What stands in a circuit: the layer, an ohmic path beside it, a resistance before both, a tester's offsets."""

    conductance: float = 1e-6
    activation: float = 0.4
    thickness: float = 25e-9
    hop: float = 5e-9
    permittivity: float = 10.0
    law: str = "poole"
    reference: float = 320.0
    series: float = 0.0
    beside: float = 0.0
    voltage_offset: float = 0.0
    current_offset: float = 0.0
    threshold: float = math.inf
    threshold_slope: float = 0.0
    hold: float = 0.8
    on_resistance: float = 200.0

    def but(self, **changes: float) -> Layer:
        return replace(self, **changes)

    def off(self, over: float, temperature: float) -> float:
        """Current of layer and path at a voltage >= 0 over them."""
        hotter = self.activation * CHARGE / BOLTZMANN * (1.0 / self.reference - 1.0 / temperature)
        g, thermal = self.conductance * math.exp(hotter), BOLTZMANN * temperature / CHARGE
        if self.law == "poole":
            bend = 2.0 * thermal * self.thickness / self.hop
            found = g * bend * math.sinh(over / bend)
        elif self.law == "poole-frenkel":
            field = over / self.thickness
            lowered = math.sqrt(CHARGE * field / (math.pi * VACUUM * self.permittivity))
            found = g * over * math.exp(lowered / thermal)
        else:
            found = g * over
        return found + self.beside * over

    def current(self, voltage: float, temperature: float) -> float:
        """Current that the tester shows below threshold, at a voltage of either sign that it shows."""
        over = voltage - self.voltage_offset
        size = abs(over)
        inner = root(lambda v: v + self.series * self.off(v, temperature) - size, 0.0, size)
        return math.copysign(self.off(inner, temperature), over) + self.current_offset

    def threshold_at(self, temperature: float, reference: float) -> float:
        return self.threshold * math.exp(-self.threshold_slope * (temperature - reference))

    def up(self, voltages: list[float], temperature: float, reference: float = 300.0) -> list[float]:
        """A sweep upwards by a source: once the layer is above its threshold the cell is on."""
        found, on = [], False
        for v in voltages:
            current = self.current(v, temperature)
            over = v - self.voltage_offset - self.series * (current - self.current_offset)
            on = on or over > self.threshold_at(temperature, reference)
            if on:
                whole = self.on_resistance + self.series
                current = max(v - self.voltage_offset - self.hold, 0.0) / whole + self.current_offset
            found.append(current)
        return found
