"""One product of an analog matrix, the slow way: a loop for every code, current and partial sum, exact codes."""

from __future__ import annotations

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


def currents(cells, voltage, wires) -> list:
    """Column currents [A] of one array; ``wires`` are the arguments of `sparse_crossbar.solve`, or None."""
    if wires is not None:
        return list(sparse_crossbar.solve(cells, voltage, **wires).column_current)
    return [math.fsum(v * row[j] for v, row in zip(voltage, cells, strict=True)) for j in range(len(cells[0]))]


def product(x, tiles, outputs, scale, read_voltage, dac_bits, adc_bits, input_range=None, wires=None) -> Product:
    """Inputs ``x`` (a list of vectors) times the weights that the tiles hold."""
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
            here = voltage[tile.first_row : tile.first_row + len(tile.plus)]
            pair = zip(currents(tile.plus, here, wires), currents(tile.minus, here, wires), strict=True)
            for j, (plus, minus) in enumerate(pair):
                measured, lost = convert(plus - minus, tile.adc_range, adc_bits)
                total[tile.first_column + j] += tile.gain * measured * scale * full / read_voltage
                adc_clipped += lost
        y.append(total)
    return Product(y, dac_clipped, adc_clipped)
