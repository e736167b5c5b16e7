"""What becomes of a stored weight: draws of its devices at an age, for every level of the weight."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pcmphys.matrix import Mapping
from pcmphys.nn.aware.devices import Readings

STEPS = 64
"""Levels of a table on either side of zero, up to the largest weight."""
DRAWS = 256
"""Quasi-random devices of a level; a draw is picked by a random byte."""
_PER_DECADE = 2


@dataclass(frozen=True, eq=False)
class Draws:
    """Stored weights over the largest of their matrix, before any drift compensation.

    A weight of level w is stored as ``kept[age] * w + rest[age, level, draw]``, at the level nearest to w: its devices'
    mean loss is not rounded to levels, only what is beside it. One draw is the same devices at all ages.

    Attributes
    ----------
    kept : ndarray
        (ages,).
    rest : Tensor
        (ages, levels, draws), levels from minus to plus the largest weight.
    """

    kept: np.ndarray
    rest: Tensor


def ages(times: tuple[float, ...]) -> np.ndarray:
    """Ages [s] that are tabulated: from the first to the last of ``times``, two a decade."""
    if times[0] == times[-1]:
        return np.array([times[0]])
    count = 1 + max(1, math.ceil(_PER_DECADE * math.log10(times[-1] / times[0])))
    return np.geomspace(times[0], times[-1], count)


def draws(readings: Readings, mapping: Mapping, times: tuple[float, ...]) -> Draws:
    """Draws for weights on a mapping, at the ages of ``times`` [s].

    The devices of a weight are drawn independently: a shared reference column errs for each weight on its own here.
    """
    cell = readings.cell
    level = np.arange(-STEPS, STEPS + 1) / STEPS
    scale = mapping.scale(level[:, None], cell.conductance_maximum, cell.conductance_minimum)
    targets = mapping.targets(level[:, None], scale, cell.conductance_maximum, cell.conductance_minimum)
    targets = np.repeat(targets, DRAWS, axis=1)
    wanted = torch.from_numpy(np.ascontiguousarray(targets))
    deviates = _deviates(targets.shape)
    kept, rest = [], []
    for age in ages(times):
        read = readings.reading(wanted, float(age), deviates).numpy()
        stored = mapping.weights(read, scale).reshape(level.size, DRAWS)
        kept.append(float(level @ stored.mean(axis=1) / (level @ level)))
        rest.append(stored - kept[-1] * level[:, None])
    return Draws(np.array(kept), torch.from_numpy(np.array(rest, dtype=np.float32)))


def _deviates(shape: tuple[int, ...]) -> Tensor:
    """Three normal numbers a device, (3, arrays, levels * draws, lines): the same quasi-random ones at all levels."""
    arrays, rows, lines = shape
    points = torch.quasirandom.SobolEngine(3 * arrays * lines, scramble=True, seed=0).draw(DRAWS, dtype=torch.float64)
    normal = torch.special.ndtri(points.clamp(1e-9, 1.0 - 1e-9))
    each = normal.T.reshape(3, arrays, lines, DRAWS).transpose(2, 3)
    return each.repeat(1, 1, rows // DRAWS, 1)
