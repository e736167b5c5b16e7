"""Steps in bins of conductance, as a jump table."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from pcmphys.cells.pulsed.laws.jump_table import REACH
from pcmphys.fit.updates.given import UpdateSteps

_IN_BIN = 30
"""Steps that a bin has at least, on average."""
_FOR_QUANTILES = 200
"""Steps of a bin from which on their quantiles are taken."""
_QUANTILES = 13
_FEWEST_FIRST, _FAR = 8, 4.0
"""First steps that are compared with the table, at least, and standard errors from which on they are others."""
_DEVIATES = 601
"""Standard normal deviates, equally far apart, by which the draws of a row of quantiles are averaged."""


class StepTable(NamedTuple):
    """Mean, std and perhaps quantiles of the steps about some conductances [S]."""

    at: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    quantiles: np.ndarray


def tabulated(steps: UpdateSteps, most: int, read_error: float = 0.0) -> StepTable:
    """Bins of equal numbers of steps, at most so many; quantiles where there are enough to have some, (bins, 13)."""
    count = int(np.clip(steps.before.size // _IN_BIN, 2, most))
    edges = np.unique(np.quantile(steps.before, np.linspace(0.0, 1.0, count + 1)))
    place = np.clip(np.searchsorted(edges, steps.before, side="right") - 1, 0, max(edges.size - 2, 0))
    parts = [steps.change[place == k] for k in np.unique(place)]
    at = np.array([steps.before[place == k].mean() for k in np.unique(place)])
    mean = np.array([part.mean() for part in parts])
    variance = np.array([part.var(ddof=1) if part.size > 1 else 0.0 for part in parts])
    quantiles = np.empty((at.size, 0))
    if read_error == 0.0 and min(part.size for part in parts) >= _FOR_QUANTILES:
        shares = ndtr(np.linspace(-REACH, REACH, _QUANTILES))
        quantiles = np.array([moved(np.quantile(part, shares), part.mean(), part.std(ddof=1)) for part in parts])
    return StepTable(at, mean, np.sqrt(np.maximum(variance - 2.0 * read_error**2, 0.0)), quantiles)


def moved(quantiles: np.ndarray, mean: float, std: float) -> np.ndarray:
    """Quantiles moved and stretched so that draws between them, along straight lines, have this mean and std.

    Straight lines cut the tails of a skew distribution: by several per cent of the mean where most steps are small.
    """
    edges = np.linspace(-REACH, REACH, _DEVIATES)
    shares = np.diff(np.concatenate([[0.0], ndtr(0.5 * (edges[1:] + edges[:-1])), [1.0]]))
    drawn = np.interp(edges, np.linspace(-REACH, REACH, quantiles.size), quantiles)
    centre = shares @ drawn
    own = np.sqrt(shares @ (drawn - centre) ** 2)
    return mean + (quantiles - centre) * (std / own if own > 0.0 else 1.0)


def first_pulse(steps: UpdateSteps, table: StepTable) -> list[str]:
    """Whether the first steps of the devices are others than the table has from there; nothing, or a note."""
    # steps are in the order of the pulses, so that each device's first one leads
    _, first = np.unique(steps.device, return_index=True)
    if not _FEWEST_FIRST <= first.size < steps.device.size:
        return []
    change, expected = steps.change[first], np.interp(steps.before[first], table.at, table.mean)
    error = (change - expected).std(ddof=1) / np.sqrt(first.size)
    if abs((change - expected).mean()) <= _FAR * error:
        return []
    return [
        f"first pulses change the conductance by {change.mean():.3g} S on average, where the table has "
        f"{expected.mean():.3g} S from there: it knows the conductance alone; law='incremental_set' counts pulses"
    ]


def on(table: StepTable, at: np.ndarray) -> StepTable:
    """The table at other conductances, along straight lines."""
    rows = [np.interp(at, table.at, row) for row in (table.mean, table.std, *table.quantiles.T)]
    return StepTable(at, rows[0], rows[1], np.array(rows[2:]).T.reshape(at.size, -1))
