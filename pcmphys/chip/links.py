"""Where tiles stand, and how far their numbers travel.

Tiles are taken in the order of the layers, row by row of a square mesh on each chip, chips side by side. A number goes
along the mesh by the shortest way: hops are the Manhattan distance, averaged over all pairs of a tile that sends and
one that receives, at least one. Inputs come from and outputs go to the first row of the mesh and one hop beyond. An
edge between two chips is one crossing.

Not modelled: numbers that meet on one link, a better placement, copies of a tile (they stand as far as the first).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pcmphys.chip.layers import LayerShape

OUTSIDE = "outside"
"""Where inputs come from and outputs go to."""


class Mapped(NamedTuple):
    """A layer on tiles."""

    layer: LayerShape
    first: int
    """Number of its first tile."""
    down: int
    """Tiles for its rows: so many partial sums an output."""
    across: int
    """Tiles for its columns."""

    @property
    def tiles(self) -> int:
        """Tiles that hold its weights once."""
        return self.down * self.across


class Link(NamedTuple):
    """Numbers on their way for one sample: from a layer to the next, or between tiles of one layer."""

    source: str
    target: str
    bits: float
    """For one sample."""
    hops: float
    """Of each bit, on average."""
    crossings: float
    """Edges between two chips that each bit crosses, on average."""


def places(first: int, count: int, per_chip: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, column (chips side by side) and chip of some tiles."""
    number = np.arange(first, first + count)
    chip, inside = number // per_chip, number % per_chip
    side = math.isqrt(per_chip - 1) + 1
    return inside // side, inside % side + chip * side, chip


def links_of(mapped: list[Mapped], per_chip: int, bits: tuple[int, int]) -> list[Link]:
    """All ways that numbers take on the chips for one sample; ``bits`` of an input and of an output."""
    first, last = mapped[0], mapped[-1]
    entering = float(first.layer.rows * first.layer.vectors * bits[0])
    leaving = float(last.layer.columns * last.layer.vectors * bits[1])
    found = [Link(OUTSIDE, first.layer.name, entering, _to_edge(first, per_chip), 0.0)]
    for k, part in enumerate(mapped):
        layer = part.layer
        if part.down > 1:
            row, column, chip = (one.reshape(part.across, part.down) for one in _of(part, per_chip))
            steps = np.abs(np.diff(row, axis=1)) + np.abs(np.diff(column, axis=1))
            partial = float((part.down - 1) * layer.columns * layer.vectors * bits[1])
            crossed = float(np.abs(np.diff(chip, axis=1)).mean())
            found.append(Link(layer.name, layer.name, partial, float(steps.mean()), crossed))
        if k + 1 < len(mapped):
            found.append(_between(part, mapped[k + 1], per_chip, bits[1]))
    found.append(Link(last.layer.name, OUTSIDE, leaving, _to_edge(last, per_chip), 0.0))
    return found


def _to_edge(part: Mapped, per_chip: int) -> float:
    return float(_of(part, per_chip)[0].mean()) + 1.0


def _of(part: Mapped, per_chip: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return places(part.first, part.tiles, per_chip)


def _between(source: Mapped, target: Mapped, per_chip: int, bits: int) -> Link:
    (r1, c1, k1), (r2, c2, k2) = _of(source, per_chip), _of(target, per_chip)
    # where the partial sums of an output end is the last tile of its column of tiles
    r1, c1, k1 = (one.reshape(source.across, source.down)[:, -1] for one in (r1, c1, k1))
    hops = _apart(r1, r2) + _apart(c1, c2)
    layer = source.layer
    return Link(
        layer.name, target.layer.name, float(layer.columns * layer.vectors * bits), max(hops, 1.0), _apart(k1, k2)
    )


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    """Mean distance between all pairs; no table of pairs is made, as both may be long."""
    b = np.sort(b)
    sums = np.concatenate([[0], np.cumsum(b)])
    below = np.searchsorted(b, a)
    total = a * below - sums[below] + (sums[-1] - sums[below]) - a * (b.size - below)
    return float(total.mean() / b.size)
