"""Mixed precision: updates are added up digitally, and whole steps of the devices are sent to the array.

References
----------
S. R. Nandakumar et al., Front. Neurosci. 14, 406 (2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.numerics import check
from pcmphys.training.checks import require_both_directions
from pcmphys.training.plane import Plane
from pcmphys.training.rules.rule import MakePlane, Rule, Trained


@dataclass(frozen=True)
class MixedPrecision(Rule):
    """Digital accumulation of updates.

    Parameters
    ----------
    threshold : float, optional
        Weight at which a pulse is sent; the cell's granularity by default.
    transfer_every : int
        Samples between two transfers of a line.
    lines : int
        Word lines that a transfer looks at, round and round; 0: all.
    bins : int
        LineLevels of each sign to which inputs and gradients are rounded before they are multiplied; 0: not at all.
    """

    threshold: float | None = None
    transfer_every: int = 1
    lines: int = 0
    bins: int = 0

    def __post_init__(self) -> None:
        if self.threshold is not None:
            check.number("threshold", self.threshold, "", 0.0, low_open=True)
        check.integer("transfer_every", self.transfer_every, 1)
        check.integer("lines", self.lines, 0)
        check.integer("bins", self.bins, 0)

    def start(self, cell: PulsedCell, make: MakePlane) -> Trained:
        """One array and what is added up."""
        require_both_directions(cell, "MixedPrecision")
        return MixedPrecisionTrained(self, make(cell))


class MixedPrecisionTrained(Trained):
    """The array, and the updates that it has not seen yet, in weight."""

    def __init__(self, rule: MixedPrecision, plane: Plane):
        super().__init__(plane)
        self.rule: MixedPrecision = rule
        self.samples: int = 0
        self.line: int = 0
        self.missing: np.ndarray = np.zeros(plane.shape)

    def update(self, x: np.ndarray, d: np.ndarray, rate: float) -> None:
        """Sample by sample: add up, and send whole steps when it is time."""
        for k in range(len(x)):
            self.missing -= rate * np.outer(_rounded(x[k], self.rule.bins), _rounded(d[k], self.rule.bins))
            self.samples += 1
            if self.samples % self.rule.transfer_every == 0:
                for _ in range(self.rule.lines or self.missing.shape[0]):
                    self._send()

    def _send(self) -> None:
        step = self.rule.threshold or self.planes[0].cell.granularity
        steps = np.trunc(self.missing[self.line] / step)
        self.missing[self.line] -= step * steps
        self.planes[0].pulse_line(self.line, steps.astype(np.int32))
        self.line = (self.line + 1) % self.missing.shape[0]


def _rounded(values: np.ndarray, bins: int) -> np.ndarray:
    """Values to the nearest of so many levels of each sign."""
    largest = np.abs(values).max()
    if not bins or largest == 0.0:
        return values
    return np.rint(values / largest * bins) * (largest / bins)
