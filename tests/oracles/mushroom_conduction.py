"""What one mushroom device conducts, the slow way: the liner as a full linear network, currents by bracketing."""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy.special import lambertw

from tests.oracles.mushroom_pulse import (
    AMORPHOUS,
    BOLTZMANN,
    CHARGE,
    CRYSTAL,
    LINER,
    SECTORS,
    clip,
    grain_share,
    single,
)

SHELLS = 24
VACUUM = 8.8541878188e-12


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Zero of a rising function between two bounds: false position, with a halving every third step."""
    at_low, at_high = function(low), function(high)
    if at_low >= 0.0:
        return low
    if at_high <= 0.0:
        return high
    for step in range(300):
        middle = high - at_high * (high - low) / (at_high - at_low)
        if step % 3 == 2 or not low < middle < high:
            middle = 0.5 * (low + high)
        if not low < middle < high:  # neighbouring numbers
            break
        value = function(middle)
        if value == 0.0:
            return middle
        # the end that stays counts half: else it would stay for ever
        if value < 0.0:
            low, at_low, at_high = middle, value, 0.5 * at_high
        else:
            high, at_high, at_low = middle, value, 0.5 * at_low
    return 0.5 * (low + high)


def solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gaussian elimination with pivoting; zeros are skipped."""
    rows = [[*row, value] for row, value in zip(matrix, right)]
    size = len(rows)
    for k in range(size):
        pivot = max(range(k, size), key=lambda j: abs(rows[j][k]))
        rows[k], rows[pivot] = rows[pivot], rows[k]
        filled = [c for c in range(k, size + 1) if rows[k][c] != 0.0]
        for j in range(k + 1, size):
            if rows[j][k] != 0.0:
                factor = rows[j][k] / rows[k][k]
                for c in filled:
                    rows[j][c] -= factor * rows[k][c]
    found = [0.0] * size
    for k in reversed(range(size)):
        known = sum(rows[k][c] * found[c] for c in range(k + 1, size) if rows[k][c] != 0.0)
        found[k] = (rows[k][size] - known) / rows[k][k]
    return found


def mixture(crystalline: float, amorphous: float, crystal: float) -> tuple[float, float]:
    """Bruggeman's conductivity by bisection on ln s, and d ln s / d ln s_a from a derivative of its equation."""

    def balance(log_s: float) -> float:
        s = math.exp(log_s)
        parts = (crystalline, crystal), (1.0 - crystalline, amorphous)
        return sum(part * (s - value) / (value + 2.0 * s) for part, value in parts)

    s = math.exp(root(balance, math.log(min(amorphous, crystal)), math.log(max(amorphous, crystal))))
    # change of each term of the balance with its own conductivity; s follows
    by_amorphous = (1.0 - crystalline) * 3.0 * s * amorphous / (amorphous + 2.0 * s) ** 2
    by_crystal = crystalline * 3.0 * s * crystal / (crystal + 2.0 * s) ** 2
    return s, by_amorphous / (by_amorphous + by_crystal)


class Conducting:
    """The part of a device that conducts; see `tests.oracles.mushroom_cell.Device` for the attributes."""

    def structure(self) -> dict[str, list[float]]:
        """What each sector conducts: resistance of dome and films, amorphous thickness, trap amplitude, liner."""
        c, t = self.parameters.conduction, self.parameters.telegraph
        width = self.span / SHELLS
        # the mixture is looked at as it is at one age, with the technology's mean exponents
        dome_aged, films_aged = (self.mean_ageing(nu) for nu in self.mean_exponents())
        amorphous = c.amorphous_conductivity * self.factors[AMORPHOUS] / dome_aged
        crystal = c.crystal_conductivity * self.factors[CRYSTAL] / films_aged
        rim_grown = crystal * c.rim_grain / (c.rim_grain + c.boundary_length)
        whole = self.shell(self.radius, self.radius + self.span) / rim_grown
        rows: dict[str, list[float]] = {"dome": [], "films": [], "thickness": [], "amplitude": [], "shunt": []}
        volume = 0.0
        for s in range(SECTORS):
            dome, films, thickness, resistances = 0.0, 0.0, 0.0, []
            for k in range(SHELLS):
                inner = self.radius + k * width
                inside = clip((self.rim[s] - k * width) / width, 0.0, 1.0)
                value, share = rim_grown * self.texture[s], 0.0
                if inside > 0.0:
                    middle = inner + 0.5 * inside * width
                    left = inside * self.uncovered(self.grains[s], middle)
                    size = self.grain_size(s, middle)
                    grown = max(crystal * size / (size + c.boundary_length) * self.texture[s], amorphous)
                    value, share = mixture(1.0 - left, amorphous, grown)
                    thickness += left * width
                    volume += left * ((inner + width) ** 3 - inner**3)
                resistances.append(self.shell(inner, inner + width) / value)
                dome += share * resistances[-1]
                films += (1.0 - share) * resistances[-1]
            narrow = t.boundary_amplitude * min(whole / films, 1.0) ** -t.crowding
            amplitude = (dome * t.dome_amplitude + films * narrow) / (dome + films)
            rows["dome"].append(single(dome / dome_aged))
            rows["films"].append(single(films / films_aged))
            rows["thickness"].append(single(thickness))
            rows["amplitude"].append(single(min(amplitude, t.largest_amplitude)))
            rows["shunt"].append(single(self.shunt(resistances, width)))
        full = SECTORS * ((self.radius + self.span) ** 3 - self.radius**3)
        return rows | {"fraction": [single(clip(1.0 - volume / full, 0.0, 1.0))]}

    def mean_exponents(self) -> tuple[float, float]:
        """The technology's drift exponents of dome and films."""
        r = self.parameters.relaxation
        return r.dome_exponent, r.boundary_exponent

    def mean_ageing(self, exponent: float) -> float:
        """Factor by which the mixtures' age, at the reference temperature, raises a resistance of this exponent."""
        r = self.parameters.relaxation
        reduced = r.barrier * CHARGE / (BOLTZMANN * self.parameters.conduction.reference_temperature)
        onset = math.exp((1.0 - r.initial) * reduced) / (r.attempt_rate * reduced)
        return ((r.mixture_age + onset) / onset) ** exponent

    @staticmethod
    def shell(inner: float, outer: float) -> float:
        """Resistance times conductivity of a sector's shell."""
        return SECTORS / (2.0 * math.pi) * (1.0 / inner - 1.0 / outer)

    def grain_size(self, s: int, radius: float) -> float:
        """Mean diameter of the grains that cover a shell, by what they cover."""
        shares = [(grain_share(radius, centre, size), size) for centre, size in self.grains[s]]
        weight = sum(share for share, _ in shares)
        if weight == 0.0:
            return self.parameters.conduction.rim_grain
        return sum(2.0 * share * size for share, size in shares) / weight

    def shunt(self, resistances: list[float], width: float) -> float:
        """Conductance that the liner adds to a sector: the whole network's, less that of the shells alone.

        Nodes in order: under the heater in the liner, then chalcogenide and liner at the outer border of each shell;
        the heater stands at one volt, the chalcogenide's last node at zero.
        """
        liner = self.parameters.liner
        if liner is None:
            return 0.0
        factor, size = self.factors[LINER], 2 * SHELLS + 1
        matrix = [[0.0] * size for _ in range(size)]
        right = [0.0] * size
        ground = size - 2  # the chalcogenide at the outer border of the last shell
        currents: list[tuple[int, float]] = []

        def connect(a: int | None, b: int, conductance: float) -> None:
            """``a`` None is the heater; what reaches the ground is noted."""
            if b == ground or a == ground:
                other = a if b == ground else b
                matrix[other][other] += conductance
                currents.append((other, conductance))
                return
            matrix[b][b] += conductance
            if a is None:
                right[b] += conductance
                return
            matrix[a][a] += conductance
            matrix[a][b] -= conductance
            matrix[b][a] -= conductance

        under = math.pi * self.radius**2 / SECTORS
        connect(None, 0, under / (liner.interface_resistance * factor))
        for k in range(SHELLS):
            inner, outer = self.radius + k * width, self.radius + (k + 1) * width
            rail = SECTORS * liner.sheet_resistance * factor * math.log(outer / inner) / (2.0 * math.pi)
            ring = math.pi * (outer**2 - inner**2) / SECTORS
            connect(None if k == 0 else 2 * k - 1, 2 * k + 1, 1.0 / resistances[k])
            connect(2 * k, 2 * k + 2, 1.0 / rail)
            connect(2 * k + 2, 2 * k + 1, ring / (liner.interface_resistance * factor))
        matrix[ground][ground] = 1.0
        voltage = solve(matrix, right)
        through = sum(voltage[node] * conductance for node, conductance in currents)
        return max(through - 1.0 / sum(resistances), 0.0)

    # ---- conduction

    def least_thickness(self) -> float:
        """Distance between traps."""
        c = self.parameters.conduction
        return c.hopping.hop_distance if c.poole_frenkel is None else c.poole_frenkel.trap_distance

    def bending_field(self, temperature: float) -> float:
        """Field from which the dome's current bends."""
        c, thermal = self.parameters.conduction, BOLTZMANN * temperature / CHARGE
        if c.poole_frenkel is None:
            return 2.0 * thermal / c.hopping.hop_distance
        return math.pi * VACUUM * c.poole_frenkel.permittivity * thermal**2 / CHARGE

    def log_drift(self, s: int, exponent: float, temperature: float) -> float:
        r = self.parameters.relaxation
        return exponent * r.barrier * CHARGE * float(r.initial - self.order[s]) / (BOLTZMANN * temperature)

    def barrier(self) -> float:
        """Harmonic mean of the sectors' amorphous thickness, none less than a hop; zero if none is more."""
        least = self.least_thickness()
        width = self.span / SHELLS
        found = []
        for s in range(SECTORS):
            thickness = self.rim[s]
            if self.grains[s]:
                inside = [clip((self.rim[s] - k * width) / width, 0.0, 1.0) for k in range(SHELLS)]
                middle = [self.radius + (k + 0.5 * part) * width for k, part in enumerate(inside)]
                born = [grain for grain in self.grains[s] if grain[1] > 0.0]
                thickness = sum(width * part * self.uncovered(born, r) for part, r in zip(inside, middle))
            found.append(max(thickness, least))
        return 0.0 if max(found) == least else len(found) / sum(1.0 / thickness for thickness in found)

    def threshold(self, temperature: float) -> float:
        w, barrier = self.parameters.switching, self.barrier()
        drift = sum(self.log_drift(s, self.exponents(s)[0], temperature) for s in range(SECTORS)) / SECTORS
        gain = 1.0 + w.relaxation_gain * max(drift, 0.0)
        cold = (w.threshold_offset + w.threshold_field * barrier) * gain if barrier > 0.0 else 0.0
        return cold * math.exp(-w.temperature_slope * (temperature - w.reference_temperature))

    def current_now(self, voltage: float, temperature: float, noise: list[float]) -> float:
        """Current of the off-state at the terminals' voltage, with what traps add to ln of each sector's resistance."""
        series = self.parameters.heat.on_resistance + self.parameters.conduction.series_resistance + self.contact
        return self.through(voltage, temperature, noise, series)

    def through(self, voltage: float, temperature: float, noise: list[float], series: float) -> float:
        """The same with any resistance in series."""
        c, rows = self.parameters.conduction, self.structure()

        def grown(s: int, exponent: float, activation: float) -> float:
            hotter = activation * CHARGE / BOLTZMANN * (1.0 / c.reference_temperature - 1.0 / temperature)
            return math.exp(self.log_drift(s, exponent, temperature) - hotter)

        bending, sectors = self.bending_field(temperature), []
        edge = 0.0
        for s in range(SECTORS):
            on_dome = grown(s, self.exponents(s)[0], c.amorphous_activation)
            on_films = grown(s, self.exponents(s)[1], c.boundary_activation)
            trapped = math.exp(noise[s])
            thickness = rows["thickness"][s]
            bend, crowding = bending * max(thickness, self.least_thickness()), self.crowding(thickness)
            closed = rows["dome"][s] / (rows["dome"][s] + rows["films"][s])
            edge += c.edge_conductance * closed / (SECTORS * on_dome)
            sectors.append((rows["dome"][s] * on_dome * trapped, rows["films"][s] * on_films * trapped, bend,
                            crowding, rows["shunt"][s]))  # fmt: skip

        def behind_heater(v: float) -> float:
            return edge * v + sum(self.sector_current(v, *sector) for sector in sectors)

        size = abs(voltage)
        inner = root(lambda v: v + series * behind_heater(v) - size, 0.0, size)
        return math.copysign(behind_heater(inner), voltage)

    def crowding(self, thickness: float) -> float:
        """Of the current in a sector's dome: -<ln c> of the density over its mean, to the digits of the cell's law."""
        z2 = (thickness / (2.0 * self.radius + thickness)) ** 2
        return 2.0 / 3.0 * z2 / (1.0 - 0.6 * z2)

    def dome_voltage(self, ohmic: float, bend: float, crowding: float) -> float:
        """Voltage over a dome at a current that would need a voltage without any bend."""
        if self.parameters.conduction.poole_frenkel is None:
            y = math.asinh(ohmic / bend)
            return bend * (y - crowding * math.tanh(y) ** 3)
        r = 2.0 * float(lambertw(0.5 * math.sqrt(ohmic / bend)).real)  # r^2 e^r = j
        return bend * (r * r - crowding * 2.0 * r**3 * (3.0 + r) / (2.0 + r) ** 3)

    def sector_current(
        self, voltage: float, dome: float, films: float, bend: float, crowding: float, shunt: float
    ) -> float:
        """Dome in series with the films, the liner beside them: by the current, of which each voltage is a function."""
        if dome == 0.0 or voltage == 0.0:
            return voltage * (1.0 / films + shunt)
        # in ln I: the current is at least that of a dome that does not bend, and films alone let no more through
        low, high = math.log(0.5 * voltage / (dome + films)), math.log(2.0 * voltage / films)

        def needed(log_current: float) -> float:
            current = math.exp(log_current)
            return self.dome_voltage(current * dome, bend, crowding) + current * films - voltage

        return math.exp(root(needed, low, high)) + shunt * voltage
