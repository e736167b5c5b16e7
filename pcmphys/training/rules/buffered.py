"""Tiki-Taka with a buffer (TTv2): reads of the fast array are added up digitally, whole steps go to the weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.training.checks import checked_cell
from pcmphys.training.plane import Plane
from pcmphys.training.rules.rule import MakePlane, Rule, Trained
from pcmphys.training.rules.tiki_taka import pair


@dataclass(frozen=True)
class Buffered(Rule):
    """Tiki-Taka with a digital buffer (TTv2): reads of the fast array A are added up, whole steps go to the weights.

    The buffer between A and C, the array of the weights, is a low-pass filter: noise of single reads does not reach the
    weights.

    Parameters
    ----------
    fast : PulsedCell, optional
        Devices of A; those of the weights by default.
    transfer_every : int
        Samples between two transfers of a line.
    fast_rate : float, optional
        Rate of updates of A. None: that of the call; with ``scaled``, 1.
    scaled : bool
        Whether A's rate is such that its longest trains are used whatever the size of inputs and gradients:
        ``fast_rate`` times the steps of such a train, over running means of the largest input and gradient.
    granularity : float, optional
        Reads that make a step of the weights, in steps of A: the buffer gains rate / (granularity step / period) of
        what is read, with the period in which all lines are read once. None: in steps of the weights, without period.
    momentum : float
        Share of what was sent as steps that the buffer keeps.
    most : int
        Most steps of a device at one transfer: a line is read once in as many transfers as there are lines, so that
        devices of many small steps may want more than one.

    Notes
    -----
    The defaults are plain, not tuned: A learns at the rate of the call. Where gradients become small ``scaled=True``
    keeps A's trains long; ``granularity`` says how long the buffer waits. With ``scaled=True, fast_rate=0.5,
    granularity=20.0, most=10`` the regression in the help of `pcmphys.training` ends at 0.10 on soft bounds, where
    `Sgd` ends at 0.14. On ECRAM, whose steps hardly depend on the weight, A hardly forgets: 0.02, and `Sgd` 0.006.

    References
    ----------
    T. Gokmen, Front. Artif. Intell. 4, 699148 (2021).
    """

    fast: PulsedCell | None = None
    transfer_every: int = 1
    fast_rate: float | None = None
    scaled: bool = False
    granularity: float | None = None
    momentum: float = 0.1
    most: int = 1

    def __post_init__(self) -> None:
        check.integer("transfer_every", self.transfer_every, 1)
        check.integer("most", self.most, 1)
        if check.number("momentum", self.momentum, "", 0.0, 1.0) == 1.0:
            raise ParameterError("momentum must be less than 1, or the buffer would keep all that it has sent; got 1")
        if not isinstance(self.scaled, bool):
            raise ParameterError(f"scaled must be True or False; got {self.scaled!r}")
        if self.fast is not None:
            checked_cell("fast", self.fast)
        for name in ("fast_rate", "granularity"):
            if getattr(self, name) is not None:
                check.number(name, getattr(self, name), "", 0.0, low_open=True)

    def start(self, cell: PulsedCell, make: MakePlane) -> Trained:
        """A, then C, with an empty buffer."""
        return BufferedTrained(self, *pair(self, self.fast, cell, make))


class BufferedTrained(Trained):
    """A, C, the buffer between them, in steps of C, and the signs of the lines of A."""

    def __init__(self, rule: Buffered, *planes: Plane):
        super().__init__(*planes)
        self.rule: Buffered = rule
        self.samples: int = 0
        self.line: int = 0
        self.transfers: int = 0
        self.buffer: np.ndarray = np.zeros(planes[0].shape)
        self.signs: np.ndarray = np.ones(planes[0].shape[0])
        self.largest: tuple[float, float] = (0.0, 0.0)

    @property
    def parts(self) -> tuple[tuple[float, Plane], ...]:
        """C alone."""
        return ((1.0, self.planes[1]),)

    def update(self, x: np.ndarray, d: np.ndarray, rate: float) -> None:
        """Sample by sample: an update of A, and a transfer of a line when it is due."""
        fast = self.planes[0]
        for k in range(len(x)):
            own = self._rate(x[k], d[k], rate)
            fast.update(self.signs * x[k : k + 1], d[k : k + 1], own)
            self.samples += 1
            if self.samples % self.rule.transfer_every == 0:
                self._transfer(rate)

    def gained(self, line: int, found: np.ndarray) -> np.ndarray:
        """What the buffer gains of a line of A that was read, in weight."""
        return self.signs[line] * found

    def turned(self, line: int) -> None:
        """What happens to the sign of a line that was transferred: nothing."""

    @property
    def writes(self) -> bool:
        """Whether steps already go to the weights."""
        return True

    def _transfer(self, rate: float) -> None:
        line = self.line
        self.buffer[line] += rate / self._granularity * self.gained(line, self.planes[0].read_line(line))
        steps = np.clip(np.trunc(self.buffer[line]), -self.rule.most, self.rule.most)
        self.buffer[line] -= (1.0 - self.rule.momentum) * steps
        if self.writes:
            self.planes[1].pulse_lines(line, steps[None].astype(np.int32))
        self.turned(line)
        self.line = (line + 1) % self.buffer.shape[0]
        self.transfers += self.line == 0

    @property
    def _granularity(self) -> float:
        if self.rule.granularity is None:
            return self.planes[1].cell.granularity
        period = self.buffer.shape[0] * self.rule.transfer_every
        return self.rule.granularity * self.planes[0].cell.granularity / period

    def _rate(self, x: np.ndarray, d: np.ndarray, rate: float) -> float:
        if not self.rule.scaled:
            return self.rule.fast_rate or rate
        new = float(np.abs(x).max()), float(np.abs(d).max())
        self.largest = _averaged(self.largest[0], new[0]), _averaged(self.largest[1], new[1])
        product = self.largest[0] * self.largest[1]
        if product == 0.0:
            return rate
        fast = self.planes[0]
        return (self.rule.fast_rate or 1.0) * fast.around.trains.length * fast.cell.granularity / product


def _averaged(old: float, new: float) -> float:
    """A running mean over some hundred updates, begun by the first value, that passes over zeros."""
    if old == 0.0 or new == 0.0:
        return old or new
    return old + 0.01 * (new - old)
