"""Analog gradient accumulation with dynamic reference (AGAD): a chopped line is read against its own recent past."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.numerics import check
from pcmphys.training.plane import Plane
from pcmphys.training.rules.chopped import Chopped, ChoppedTrained
from pcmphys.training.rules.rule import MakePlane, Trained
from pcmphys.training.rules.tiki_taka import pair


@dataclass(frozen=True)
class DynamicReference(Chopped):
    """Analog gradient accumulation with dynamic reference (AGAD): `Chopped`, each line read against its recent past.

    The reference of each device is the mean of what was read in the chopper period before, where the gradient had the
    other sign; no symmetry point has to be known, and devices need not have a good one.

    Parameters
    ----------
    tail : float
        How much of a chopper period counts: the running mean of the reads forgets in 1/tail of it.
    chop, regular
        As of `Chopped`; signs change regularly by default.
    fast, transfer_every, fast_rate, scaled, granularity, momentum, most
        As of `Buffered`.

    Notes
    -----
    A period of the chopper, 1/chop reads of a line, has to be long enough for a line to gather many steps, and short
    against the training. With ``scaled=True, fast_rate=0.5, granularity=20.0, chop=0.1`` the regression in the help of
    `pcmphys.training` ends at 0.14 on soft bounds, and on ECRAM at 0.02.

    References
    ----------
    M. J. Rasch, F. Carta, O. Fagbohungbe, T. Gokmen, Nat. Commun. 15, 7133 (2024).
    """

    tail: float = 5.0
    regular: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check.number("tail", self.tail, "", 0.0, low_open=True)
        check.number("chop", self.chop, "", 0.0, 1.0, low_open=True)

    def start(self, cell: PulsedCell, make: MakePlane) -> Trained:
        """A, then C, with an empty buffer and no past."""
        return DynamicReferenceTrained(self, *pair(self, self.fast, cell, make))


class DynamicReferenceTrained(ChoppedTrained):
    """A, C, the buffer, the signs, and what was read of A: the running mean, and that of the last period."""

    rule: DynamicReference

    def __init__(self, rule: DynamicReference, *planes: Plane):
        super().__init__(rule, *planes)
        self.mean: np.ndarray = np.zeros(planes[0].shape)
        self.past: np.ndarray = np.zeros(planes[0].shape)

    def gained(self, line: int, found: np.ndarray) -> np.ndarray:
        """What was read against the past of the line; the running mean goes on."""
        gain = self.signs[line] * (found - self.past[line])
        share = min(self.rule.tail / self.rule.period, 1.0)
        self.mean[line] += share * (found - self.mean[line])
        return gain

    def turning(self, line: int) -> None:
        """The running mean becomes the past."""
        self.past[line] = self.mean[line]

    @property
    def writes(self) -> bool:
        """Not in the first period, which has no past."""
        return bool(self.reads[self.line] >= self.rule.period)
