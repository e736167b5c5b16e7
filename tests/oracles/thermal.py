"""Where the heat of a mushroom cell flows, the slow way: balances of heat as a matrix, shapes by lists and `math`."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np

SHELLS = 24


def clip(x: float, low: float, high: float) -> float:
    return max(low, min(x, high))


def flow(dome: float, melt: float, p) -> tuple[list[float], float, float]:
    """K/W at the ends of the shells for one watt, and the parts that leave below and above.

    A chain of nodes and one balance of heat for each, as a matrix; exact fractions of a shell for its phases.
    """
    g, h = p.geometry, p.heat.network
    edge = [g.heater_radius + (g.layer_thickness - g.heater_radius) * k / SHELLS for k in range(SHELLS + 1)]
    molten = g.heater_radius + melt
    glassy = max(g.heater_radius + dome, molten)
    glass = (1.0 - h.column) * h.glass_conductivity + h.column * h.melt_conductivity
    phases = [(0.0, molten, h.melt_conductivity), (molten, glassy, glass), (glassy, 1.0, h.crystal_conductivity)]
    resistance = []
    for inner, outer in itertools.pairwise(edge):
        parts = [(max(inner, low), min(outer, high), k) for low, high, k in phases]
        around = h.oxide_share * h.oxide_conductivity
        resistance.append(sum((b - a) / (2 * math.pi * a * b * (k + around)) for a, b, k in parts if b > a))
    share = [1.0 / a - 1.0 / b for a, b in itertools.pairwise(edge)]
    made = [(1.0 - h.core_share) * x / sum(share) for x in share]
    core = h.melt_conductivity if melt > 0.0 else h.glass_conductivity if dome > 0.0 else h.crystal_conductivity
    link = math.pi * g.heater_radius * core / h.core_length
    # node 0 is the heater, 1 the core; the top electrode is at zero
    balance, heat = np.zeros((SHELLS + 1, SHELLS + 1)), np.zeros(SHELLS + 1)
    balance[0, 0] = h.heater_conductance
    balance[:2, :2] += np.array([[link, -link], [-link, link]])
    heat[1] = h.core_share
    for k in range(SHELLS):
        conductance = 1.0 / resistance[k]
        balance[k + 1, k + 1] += conductance
        heat[k + 1] += 0.5 * made[k]
        if k + 2 <= SHELLS:
            balance[k + 2, k + 2] += conductance
            balance[k + 1, k + 2] = balance[k + 2, k + 1] = -conductance
            heat[k + 2] += 0.5 * made[k]
    rise = np.linalg.solve(balance, heat)
    return [*rise[1:], 0.0], h.heater_conductance * rise[0], rise[-1] / resistance[-1] + 0.5 * made[-1]


def shape_of(dome: float, melt: float, p) -> list[float]:
    """Rise over the hot spot's at the ends of the shells."""
    rise = flow(dome, melt, p)[0]
    return [one / rise[0] for one in rise]


def part_at(row: list[float], part: float) -> float:
    """Rise over the hot spot's at a part of the way to the top electrode; a line of slope one inside of the edge."""
    if part < 0.0:
        return 1.0 - part
    if part >= 1.0:
        return 0.0
    k = int(part * SHELLS)
    return row[k] + (part * SHELLS - k) * (row[k + 1] - row[k])


def place_of(row: list[float], level: float) -> float:
    """Part of the way at which the shape has fallen to a level."""
    if level >= 1.0:
        return 1.0 - level
    k = max(j for j in range(SHELLS) if row[j] > level)
    return (k + min((row[k] - level) / (row[k] - row[k + 1]), 1.0)) / SHELLS


def melt_of(dome: float, level: float, p) -> float:
    """Melt that ends where its own shape has fallen to a level, by bisection, within the melt limit."""
    span = p.geometry.layer_thickness - p.geometry.heater_radius
    low, high = 0.0, p.heat.melt_limit * span
    for _ in range(44):
        middle = 0.5 * (low + high)
        molten = part_at(shape_of(dome, middle, p), middle / span) > level
        low, high = (middle, high) if molten else (low, middle)
    return low


@functools.cache
def table(p) -> list[list[list[float]]]:
    """Shapes for 12 domes and 48 levels."""
    span = p.geometry.layer_thickness - p.geometry.heater_radius
    domes, levels = [span * i / 11 for i in range(12)], [j / 47 for j in range(48)]
    return [[shape_of(dome, melt_of(dome, level, p), p) for level in levels] for dome in domes]


def interpolated(entries, dome: float, level: float) -> list[float]:
    """Between the four entries around a dome (over the layer) and a level."""
    x, y = 11.0 * clip(dome, 0.0, 1.0), 47.0 * clip(level, 0.0, 1.0)
    i, j = min(int(x), 10), min(int(y), 46)
    x, y = x - i, y - j
    corners = [(entries[i + a][j + b], (x if a else 1.0 - x) * (y if b else 1.0 - y)) for a in (0, 1) for b in (0, 1)]
    return [sum(weight * row[k] for row, weight in corners) for k in range(SHELLS + 1)]
