"""Pairs of devices that can only be pulsed up: a weight is their difference, and each update goes up one of them.

When both are high the pair is refreshed: read, RESET, and written anew, open loop, with the difference on one of them.

References
----------
G. W. Burr et al., IEEE Trans. Electron Devices 62, 3498 (2015); S. R. Nandakumar et al., Front. Neurosci. 14, 406
(2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.numerics import check
from pcmphys.training.checks import require_reset
from pcmphys.training.plane import Plane
from pcmphys.training.rules.rule import MakePlane, Rule, Trained


@dataclass(frozen=True)
class OneSided(Rule):
    """A pair a weight.

    Parameters
    ----------
    refresh : int
        Samples after which pairs are looked at.
    high, low : float
        A pair is refreshed when the higher device is above ``high`` and the lower above ``low``, of the largest weight.
    """

    refresh: int = 1
    high: float = 0.75
    low: float = 0.25

    def __post_init__(self) -> None:
        check.integer("refresh", self.refresh, 1)
        check.number("high", self.high, "", 0.0, 1.0)
        check.number("low", self.low, "", 0.0, 1.0)

    def start(self, cell: PulsedCell, make: MakePlane) -> Trained:
        """The devices that count up, then those that count down."""
        require_reset(cell, "OneSided")
        return OneSidedTrained(self, make(cell), make(cell))


class OneSidedTrained(Trained):
    """Both arrays."""

    def __init__(self, rule: OneSided, *planes: Plane):
        super().__init__(*planes)
        self.rule: OneSided = rule
        self.samples: int = 0
        self.refreshed: int = 0

    @property
    def parts(self) -> tuple[tuple[float, Plane], ...]:
        """Their difference."""
        return ((-1.0, self.planes[1]), (1.0, self.planes[0]))

    def update(self, x: np.ndarray, d: np.ndarray, rate: float) -> None:
        """Updates, each up on the array that it belongs to; between refreshes at most."""
        k = 0
        while k < len(x):
            count = min(self.rule.refresh - self.samples % self.rule.refresh, len(x) - k)
            for plane, sign in zip(self.planes, (1.0, -1.0), strict=True):
                plane.update(x[k : k + count], sign * d[k : k + count], rate, upward=True)
            k, self.samples = k + count, self.samples + count
            if self.samples % self.rule.refresh == 0:
                self._refresh()

    def program(self, weights: np.ndarray) -> None:
        """Write weights on pairs, one device of each at rest."""
        for plane, part in zip(self.planes, (weights, -weights), strict=True):
            plane.write(np.maximum(part, 0.0))

    def _refresh(self) -> None:
        plus, minus = (plane.weights for plane in self.planes)
        top = self.planes[0].cell.parameters.window.weight_maximum
        full = (np.maximum(plus, minus) > self.rule.high * top) & (np.minimum(plus, minus) > self.rule.low * top)
        if not full.any():
            return
        self.refreshed += int(full.sum())
        difference = plus - minus
        for plane, part in zip(self.planes, (difference, -difference), strict=True):
            plane.rewrite(full, np.maximum(part, 0.0))
