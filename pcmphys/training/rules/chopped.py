"""Tiki-Taka with choppers (c-TTv2): the sign of a line of the fast array changes now and then, in updates and reads."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.random import Stream, uniform, words
from pcmphys.training.plane import Plane
from pcmphys.training.rules.buffered import Buffered, BufferedTrained
from pcmphys.training.rules.rule import MakePlane, Trained
from pcmphys.training.rules.tiki_taka import pair


@dataclass(frozen=True)
class Chopped(Buffered):
    """`Buffered` with choppers (c-TTv2): the sign of a line of A changes now and then, for its updates and its reads.

    What the line holds by mistake, such as a reference that misses the symmetry point, is then added to the buffer as
    often as it is taken away.

    Parameters
    ----------
    chop : float
        Chance that a line changes its sign after its transfer; 0 is `Buffered`.
    regular : bool
        Whether all lines change it after every 1/chop transfers, at least two, instead.
    fast, transfer_every, fast_rate, scaled, granularity, momentum, most
        As of `Buffered`.

    Notes
    -----
    After a change of sign a line first gives back what it held, so that choppers cost time: between two of them a line
    has to gather many steps. It pays where references are off by more than a tenth of the window; where they are right,
    `Buffered` learns faster. With ``scaled=True, fast_rate=0.5, granularity=20.0, chop=0.02`` the regression in the
    help of `pcmphys.training` ends at 0.13 on soft bounds; on ECRAM at 0.06.

    References
    ----------
    M. J. Rasch, F. Carta, O. Fagbohungbe, T. Gokmen, Nat. Commun. 15, 7133 (2024).
    """

    chop: float = 0.01
    regular: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check.number("chop", self.chop, "", 0.0, 1.0)
        if not isinstance(self.regular, bool):
            raise ParameterError(f"regular must be True or False; got {self.regular!r}")

    @property
    def period(self) -> int:
        """Transfers of a line between two changes of its sign, if they are regular."""
        return max(math.ceil(1.0 / self.chop), 2) if self.chop else 0

    def start(self, cell: PulsedCell, make: MakePlane) -> Trained:
        """A, then C, with an empty buffer."""
        return ChoppedTrained(self, *pair(self, self.fast, cell, make))


class ChoppedTrained(BufferedTrained):
    """A, C, the buffer, and the signs of the lines."""

    rule: Chopped

    def __init__(self, rule: Chopped, *planes: Plane):
        super().__init__(rule, *planes)
        self.reads: np.ndarray = np.zeros(planes[0].shape[0], dtype=np.int64)

    def turned(self, line: int) -> None:
        """Change the sign of a line, if it is time."""
        self.reads[line] += 1
        if self.rule.chop == 0.0:
            return
        if self.rule.regular:
            turn = self.reads[line] % self.rule.period == 0
        else:
            devices = self.planes[0].devices
            w0, w1, _, _ = words(
                devices.seed, devices.first_cell + line, int(self.reads[line]), int(Stream.TRAIN_CHOPPER), 0
            )
            turn = uniform(w0, w1) < self.rule.chop
        if turn:
            self.signs[line] = -self.signs[line]
            self.turning(line)

    def turning(self, line: int) -> None:
        """What else happens when the sign of a line changes: nothing."""
