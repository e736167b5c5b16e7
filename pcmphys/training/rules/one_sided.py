"""Pairs of devices that can only be pulsed up: a weight is their difference, and each update goes up one of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.training.checks import require_reset
from pcmphys.training.rules.pairs import PairedTrained, check_refresh
from pcmphys.training.rules.rule import MakePlane, Rule, Trained


@dataclass(frozen=True)
class OneSided(Rule):
    """A pair of devices a weight, which can only be pulsed up: each update goes up one of the two.

    When both are high the pair is refreshed: read, RESET, and written anew, open loop, with the difference on one of
    them.

    Parameters
    ----------
    refresh : int
        Samples after which pairs are looked at.
    high, low : float
        A pair is refreshed when the higher device is above ``high`` and the lower above ``low``, of the largest weight;
        ``low`` is no more than ``high``.

    References
    ----------
    G. W. Burr et al., IEEE Trans. Electron Devices 62, 3498 (2015); S. R. Nandakumar et al., Front. Neurosci. 14, 406
    (2020).
    """

    refresh: int = 100
    high: float = 0.75
    low: float = 0.25

    def __post_init__(self) -> None:
        check_refresh(self.refresh, self.high, self.low)

    def start(self, cell: PulsedCell, make: MakePlane) -> Trained:
        """The devices that count up, then those that count down."""
        require_reset(cell, "OneSided")
        return OneSidedTrained(self, make(cell), make(cell))


class OneSidedTrained(PairedTrained):
    """Both arrays, updated by trains."""

    def update(self, x: np.ndarray, d: np.ndarray, rate: float) -> None:
        """Updates, each up on the array that it belongs to; between refreshes at most."""
        k = 0
        while k < len(x):
            count = self.left(len(x) - k)
            for plane, sign in zip(self.planes, (1.0, -1.0), strict=True):
                plane.update(x[k : k + count], sign * d[k : k + count], rate, upward=True)
            self.seen(count)
            k += count
