"""Stochastic gradient descent in place: every update is sent to the one array that holds the weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.training.checks import require_both_directions
from pcmphys.training.rules.rule import MakePlane, Rule, Trained


@dataclass(frozen=True)
class Sgd(Rule):
    """Stochastic gradient descent in place: every update is sent to the one array that holds the weights.

    On devices whose steps up and down differ it does not descend the gradient alone: weights are drawn to the devices'
    symmetry points. Where they are alike it is the rule to take.

    References
    ----------
    T. Gokmen, Y. Vlasov, Front. Neurosci. 10, 333 (2016).
    """

    def start(self, cell: PulsedCell, make: MakePlane) -> Trained:
        """One array."""
        require_both_directions(cell, "Sgd")
        return SgdTrained(make(cell))


class SgdTrained(Trained):
    """One array."""

    def update(self, x: np.ndarray, d: np.ndarray, rate: float) -> None:
        """Send the updates."""
        self.planes[0].update(x, d, rate)
