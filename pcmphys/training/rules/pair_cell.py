"""A capacitor cell for the updates and a pair of phase-change devices for what is to last (3T1C + PCM)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.training.checks import checked_cell, require_both_directions, require_reset
from pcmphys.training.plane import Plane
from pcmphys.training.rules.rule import MakePlane, Rule, Trained


@dataclass(frozen=True)
class PairCell(Rule):
    """A capacitor cell for the updates and a pair of phase-change devices for what is to last (3T1C + PCM).

    Weights are gain (G+ - G-) + g of the capacitor. Updates go to the capacitor alone; every so many samples what it
    holds is written to the pair, and the capacitor begins anew. With polarity inversion it counts the other way round
    after each transfer, so that what its steps up and down do not share cancels.

    Parameters
    ----------
    pair : PulsedCell
        Devices of the pair, which can be RESET: there are none by default, so they have to be named. The cell of the
        matrix is that of the capacitors.
    gain : float
        F: weight of the pair's difference against the capacitor's.
    transfer_every : int
        Samples between two transfers.
    inversion : bool
        Whether the capacitor's sign changes after each transfer.

    References
    ----------
    S. Ambrogio et al., Nature 558, 60 (2018).
    """

    pair: PulsedCell | None = None
    gain: float = 3.0
    transfer_every: int = 8000
    inversion: bool = True

    def __post_init__(self) -> None:
        check.number("gain", self.gain, "", 0.0, low_open=True)
        check.integer("transfer_every", self.transfer_every, 1)
        if not isinstance(self.inversion, bool):
            raise ParameterError(f"inversion must be True or False; got {self.inversion!r}")

    def start(self, cell: PulsedCell, make: MakePlane) -> Trained:
        """The capacitors, then the pair."""
        if self.pair is None:
            raise ParameterError("rule PairCell needs devices for the pair: PairCell(pair=pcmphys.load_cell(...))")
        require_both_directions(cell, "PairCell")
        require_reset(checked_cell("pair", self.pair), "PairCell")
        return PairCellTrained(self, make(cell), make(self.pair), make(self.pair))


class PairCellTrained(Trained):
    """The capacitors, the pair, and the capacitors' present sign."""

    def __init__(self, rule: PairCell, *planes: Plane):
        super().__init__(*planes)
        self.rule: PairCell = rule
        self.samples: int = 0
        self.sign: float = 1.0
        self._wanted: np.ndarray = np.zeros(planes[0].shape)

    @property
    def parts(self) -> tuple[tuple[float, Plane], ...]:
        """Capacitor and pair."""
        capacitor, plus, minus = self.planes
        return ((self.sign, capacitor), (-self.rule.gain, minus), (self.rule.gain, plus))

    def update(self, x: np.ndarray, d: np.ndarray, rate: float) -> None:
        """Updates of the capacitors, with a transfer when it is due."""
        k = 0
        while k < len(x):
            every = self.rule.transfer_every
            count = min(every - self.samples % every, len(x) - k)
            self.planes[0].update(x[k : k + count], self.sign * d[k : k + count], rate)
            k, self.samples = k + count, self.samples + count
            if self.samples % every == 0:
                self._transfer()

    @property
    def reach(self) -> tuple[float, float]:
        """All on one device of the pair."""
        most = self.rule.gain * self.planes[1].cell.parameters.window.weight_maximum
        return -most, most

    def program(self, weights: np.ndarray) -> None:
        """Write weights on the pair, the capacitors at rest."""
        self._write(weights / self.rule.gain)

    def _transfer(self) -> None:
        capacitor = self.planes[0]
        self._write(self.weights / self.rule.gain)
        # charge is taken off until the cell is where it began, and what the pair has missed is left on it
        missed = self._wanted - self.rule.gain * (self.planes[1].weights - self.planes[2].weights)
        if self.rule.inversion:
            self.sign = -self.sign
        capacitor.write(self.sign * missed)

    def _write(self, difference: np.ndarray) -> None:
        self._wanted = self.rule.gain * difference
        for plane, part in zip(self.planes[1:], (difference, -difference), strict=True):
            plane.write(np.maximum(part, 0.0))
