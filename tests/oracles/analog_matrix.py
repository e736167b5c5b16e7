"""One product of an analog matrix, the slow way: a loop for every code, current and partial sum, exact codes."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import NamedTuple

from tests.oracles import sparse_crossbar

HALF = Fraction(1, 2)


class TwinTile(NamedTuple):
    """Conductances [S] of one tile as nested lists, and where its corner is in the matrix."""

    first_row: int
    first_column: int
    plus: list
    minus: list
    adc_range: float
    gain: float = 1.0

    @property
    def arrays(self) -> list:
        return [self.plus, self.minus]

    def combined(self, found: list) -> list:
        """Current of each weight column from the currents of each array's bit lines."""
        return [plus - minus for plus, minus in zip(*found, strict=True)]


class PairsTile(NamedTuple):
    """A tile of several pairs: arrays G_0+, G_0-, G_1+, G_1-, ..., each pair F times less significant."""

    first_row: int
    first_column: int
    arrays: list
    factor: float
    adc_range: float
    gain: float = 1.0

    def combined(self, found: list) -> list:
        return [
            math.fsum((found[2 * k][j] - found[2 * k + 1][j]) / self.factor**k for k in range(len(found) // 2))
            for j in range(len(found[0]))
        ]


class ReferenceTile(NamedTuple):
    """A tile with a reference in its last bit line."""

    first_row: int
    first_column: int
    arrays: list
    adc_range: float
    gain: float = 1.0

    def combined(self, found: list) -> list:
        return [current - found[0][-1] for current in found[0][:-1]]


class Product(NamedTuple):
    y: list
    dac_clipped: int
    adc_clipped: int


def code(value, full, bits) -> tuple[int, bool]:
    """Nearest code of a symmetric converter (ties to even), and whether the value is lost outside its range."""
    steps = 2 ** (bits - 1) - 1
    exact = Fraction(float(value)) / Fraction(float(full)) * steps
    return max(-steps, min(steps, round(exact))), abs(exact) > steps + HALF


def convert(value, full, bits) -> tuple[float, bool]:
    """What the converter makes of a value, and whether it clips; no bits: an ideal one."""
    if bits is None:
        return value, False
    number, clipped = code(value, full, bits)
    return float(Fraction(number, 2 ** (bits - 1) - 1) * Fraction(float(full))), clipped


def currents(cells, voltage, wires=None, law=None, gates=None) -> list:
    """Column currents [A] of one array.

    ``wires`` are the arguments of `sparse_crossbar.solve`, or None; without them each cell may have a selector in
    series, ``law(voltage, gate)`` [A], with one gate voltage a row.
    """
    if wires is not None:
        return list(sparse_crossbar.solve(cells, voltage, **wires).column_current)
    gates = [None] * len(cells) if gates is None else gates
    return [
        math.fsum(
            v * row[j] if law is None else in_series(law, v, row[j], gate)
            for v, row, gate in zip(voltage, cells, gates, strict=True)
        )
        for j in range(len(cells[0]))
    ]


def in_series(law, voltage, conductance, gate=None) -> float:
    """Current [A] of a selector in series with an ohmic device, by bisection of the selector's voltage."""
    low, high = min(0.0, voltage), max(0.0, voltage)
    for _ in range(200):
        middle = 0.5 * (low + high)
        if law(middle, gate) < conductance * (voltage - middle):
            low = middle
        else:
            high = middle
    return conductance * (voltage - 0.5 * (low + high))


def hyperbolic(current, voltage):
    """Law of an exponential selector."""
    return lambda w, gate: current * math.sinh(w / voltage)


def transistor(threshold, transconductance, slope_factor, thermal):
    """Law of a transistor with its source at the bit line (EKV), ``thermal`` = k T / q [V]."""

    def forward(x):
        return math.log1p(math.exp(x / (2.0 * thermal))) ** 2

    def law(w, gate):
        pinch = (gate - threshold) / slope_factor
        return 2.0 * slope_factor * transconductance * thermal**2 * (forward(pinch) - forward(pinch - w))

    return law


def product(
    x, tiles, outputs, scale, read_voltage, dac_bits, adc_bits, input_range=None, wires=None, law=None, gates=None
) -> Product:
    """Inputs ``x`` (a list of vectors) times the weights that the tiles hold; ``gates`` [V] are one an input."""
    y, dac_clipped, adc_clipped = [], 0, 0
    for vector in x:
        full = input_range if input_range is not None else max(map(abs, vector)) or 1.0
        voltage = []
        for value in vector:
            level, lost = convert(value, full, dac_bits)
            voltage.append(level / full * read_voltage)
            dac_clipped += lost
        total = [0.0] * outputs
        for tile in tiles:
            rows = slice(tile.first_row, tile.first_row + len(tile.arrays[0]))
            gate = None if gates is None else gates[rows]
            found = [currents(cells, voltage[rows], wires, law, gate) for cells in tile.arrays]
            for j, current in enumerate(tile.combined(found)):
                measured, lost = convert(current, tile.adc_range, adc_bits)
                total[tile.first_column + j] += tile.gain * measured * scale * full / read_voltage
                adc_clipped += lost
        y.append(total)
    return Product(y, dac_clipped, adc_clipped)


# ---- mappings, one weight at a time


def pair_parts(magnitude, pairs, factor, split) -> list:
    """Part of its span that each pair is asked for; ``magnitude`` is of the largest weight."""
    significance = [factor**-k for k in range(pairs)]
    if split == "equal":
        return [magnitude] * pairs
    rest, parts = magnitude * math.fsum(significance), [0.0] * pairs
    order = range(pairs) if split == "most-significant-first" else range(pairs - 1, -1, -1)
    for k in order:
        parts[k] = min(max(rest / significance[k], 0.0), 1.0)
        rest -= parts[k] * significance[k]
    return parts


def pair_targets(weight, largest, pairs, factor, split, low, high) -> list:
    """Conductances [S] of a weight's devices: G_0+, G_0-, G_1+, G_1-, ..."""
    out = []
    for part in pair_parts(abs(weight) / largest, pairs, factor, split):
        used, idle = low + part * (high - low), low
        out += [used, idle] if weight >= 0.0 else [idle, used]
    return out


def table_targets(weight, largest, magnitude, table) -> list:
    """The same from a table (points, devices) against the magnitude, straight lines between its points."""
    x = abs(weight) / largest
    k = next(k for k in range(len(magnitude) - 1) if x <= magnitude[k + 1])
    part = (x - magnitude[k]) / (magnitude[k + 1] - magnitude[k])
    found = [(1.0 - part) * a + part * b for a, b in zip(table[k], table[k + 1], strict=True)]
    return found if weight >= 0.0 else [g for k in range(0, len(found), 2) for g in (found[k + 1], found[k])]


def least_error(mean, variance, factors, gain, magnitude) -> float:
    """Least expected squared error of a weight over every choice of one option a device."""
    best = math.inf
    for options in itertools.product(range(len(mean)), repeat=len(factors)):
        held = math.fsum(c * mean[k] for c, k in zip(factors, options, strict=True))
        spread = math.fsum(c * c * variance[k] for c, k in zip(factors, options, strict=True))
        best = min(best, (gain * held - magnitude) ** 2 + gain**2 * spread)
    return best
