"""Tiki-Taka: gradients gather on a fast array A, which is read line by line into the array C that holds the weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.training.checks import checked_cell, require_both_directions
from pcmphys.training.plane import Plane
from pcmphys.training.rules.rule import MakePlane, Rule, Trained

_READ_AGAIN = 40.0
"""Samples between two reads of a line from which on more than the call's rate is transferred. Chosen, as the default
``fast_rate`` is, by trials on the digits and on MNIST's: none is published for arrays of any size."""


@dataclass(frozen=True)
class TikiTaka(Rule):
    """Tiki-Taka: gradients gather on a fast array A, which is read line by line into C, the array of the weights.

    Devices of A are drawn to their symmetry points, which are its zero, so that what stays on it is a moving average of
    the gradient, free of what up and down steps do not share. C gets no other updates than these transfers.

    Parameters
    ----------
    fast : PulsedCell, optional
        Devices of A; those of the weights by default.
    transfer_every : int
        Samples between two transfers.
    columns : int
        Lines that a transfer reads, one after the other, round and round.
    gamma : float
        Share of A in the weights.
    fast_rate : float, optional
        Rate of updates of A, whatever that of the call; None: that of the call.
    transfer_rate : float, optional
        Rate of a transfer, times that of the call: what of a line of A is added to that of C. By default a fortieth of
        the samples between two reads of a line, so that lines of large arrays, which are read seldom, count as much.

    Notes
    -----
    A has to learn fast: what it gathers between two reads of a line should be many steps of its devices, and still be
    small against their window. With the defaults this holds for gradients of order one hundredth to one. Devices with
    constant steps are drawn nowhere: A then never forgets, and `Sgd` does better.

    References
    ----------
    T. Gokmen, W. Haensch, Front. Neurosci. 14, 103 (2020).
    """

    fast: PulsedCell | None = None
    transfer_every: int = 1
    columns: int = 1
    gamma: float = 0.0
    fast_rate: float | None = 0.05
    transfer_rate: float | None = None

    def __post_init__(self) -> None:
        check.integer("transfer_every", self.transfer_every, 1)
        check.integer("columns", self.columns, 1)
        check.number("gamma", self.gamma, "", 0.0)
        if self.fast_rate is not None:
            check.number("fast_rate", self.fast_rate, "", 0.0, low_open=True)
        if self.transfer_rate is not None:
            check.number("transfer_rate", self.transfer_rate, "", 0.0, low_open=True)

    def gain(self, lines: int) -> float:
        """Rate of a transfer, times that of the call, of an array with so many word lines."""
        if self.transfer_rate is not None:
            return self.transfer_rate
        return lines * self.transfer_every / (self.columns * _READ_AGAIN)

    def start(self, cell: PulsedCell, make: MakePlane) -> Trained:
        """A, then C."""
        return TikiTakaTrained(self, *pair(self, self.fast, cell, make))


def pair(rule: Rule, fast: PulsedCell | None, cell: PulsedCell, make: MakePlane) -> tuple[Plane, Plane]:
    """A fast array and one of the weights, both of devices that go up and down."""
    name = type(rule).__name__
    fast = cell if fast is None else checked_cell("fast", fast)
    for each in (fast, cell):
        require_both_directions(each, name)
    planes = make(fast), make(cell)
    if planes[0].shape != planes[1].shape:
        raise ParameterError(f"rule {name} needs arrays of one shape; got {planes[0].shape} and {planes[1].shape}")
    return planes


class TikiTakaTrained(Trained):
    """A, C, and which line is next."""

    def __init__(self, rule: TikiTaka, *planes: Plane):
        super().__init__(*planes)
        self.rule: TikiTaka = rule
        self.samples: int = 0
        self.line: int = 0

    @property
    def parts(self) -> tuple[tuple[float, Plane], ...]:
        """A by its share, and C."""
        fast, slow = self.planes
        return ((self.rule.gamma, fast), (1.0, slow)) if self.rule.gamma else ((1.0, slow),)

    def update(self, x: np.ndarray, d: np.ndarray, rate: float) -> None:
        """Sample by sample: an update of A, and a transfer when it is due."""
        rule, (fast, slow) = self.rule, self.planes
        for k in range(len(x)):
            fast.update(x[k : k + 1], d[k : k + 1], rule.fast_rate or rate)
            self.samples += 1
            if self.samples % rule.transfer_every:
                continue
            for _ in range(rule.columns):
                one = np.zeros((1, slow.shape[0]))
                one[0, self.line] = 1.0
                found = fast.read_line(self.line)
                if found.any():
                    slow.update(one, -found[None], rule.gain(slow.shape[0]) * rate)
                self.line = (self.line + 1) % slow.shape[0]
