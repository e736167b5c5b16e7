"""Mixed precision: updates are added up digitally, and whole steps of the devices are sent to the array."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.cells.pulsed.parameters import PulsedParameters
from pcmphys.cells.pulsed.response import walk
from pcmphys.numerics import check
from pcmphys.numerics.compile import kernel, launch
from pcmphys.numerics.product import add_outer
from pcmphys.training.checks import require_both_directions, require_reset
from pcmphys.training.plane import Plane
from pcmphys.training.rules.pairs import PairedTrained, check_refresh
from pcmphys.training.rules.rule import MakePlane, Rule, Trained

_GRAIN = 128
_MOST, _NEARLY = 1000, 0.9


@dataclass(frozen=True)
class MixedPrecision(Rule):
    """Mixed precision: updates are added up digitally, and whole steps of the devices are sent to the array.

    Of devices that can only be pulsed up a weight takes a pair: steps up go to one of them, steps down to the other,
    and full pairs are written anew as by `OneSided`.

    Parameters
    ----------
    threshold : float, optional
        Weight at which a pulse is sent. By default the cell's granularity; of pairs of devices that only go up, whose
        first steps are the largest, the mean step on the way from a RESET to ``high``.
    transfer_every : int
        Samples between two transfers.
    lines : int
        Word lines that a transfer looks at, round and round; 0: all.
    bins : int
        Levels of each sign to which inputs and gradients are rounded before they are multiplied; 0: not at all.
    refresh, high, low
        Of pairs of devices that can only be pulsed up, as of `OneSided`.

    Notes
    -----
    Weights of few steps hold still where a pulse is sent as soon as it is due and the rate is low. Lines that are
    looked at seldom get several pulses at once, and their weights go to and fro by as many steps.

    References
    ----------
    S. R. Nandakumar et al., Front. Neurosci. 14, 406 (2020).
    """

    threshold: float | None = None
    transfer_every: int = 1
    lines: int = 0
    bins: int = 0
    refresh: int = 100
    high: float = 0.75
    low: float = 0.25

    def __post_init__(self) -> None:
        if self.threshold is not None:
            check.number("threshold", self.threshold, "", 0.0, low_open=True)
        check.integer("transfer_every", self.transfer_every, 1)
        check.integer("lines", self.lines, 0)
        check.integer("bins", self.bins, 0)
        check_refresh(self.refresh, self.high, self.low)

    def start(self, cell: PulsedCell, make: MakePlane) -> Trained:
        """One array, or a pair, and what is added up."""
        if not cell.one_sided:
            require_both_directions(cell, "MixedPrecision")
            return MixedPrecisionTrained(self, make(cell))
        require_reset(cell, "MixedPrecision")
        return MixedPrecisionPairs(self, make(cell), make(cell))


class Missing:
    """What the devices of a matrix have not been told yet, in weight.

    Parameters
    ----------
    rule : MixedPrecision
        Whose numbers count.
    shape : tuple of int
        Word lines and bit lines.
    step : float
        Weight of a pulse, unless the rule has a threshold.
    """

    def __init__(self, rule: MixedPrecision, shape: tuple[int, int], step: float):
        self.rule: MixedPrecision = rule
        self.step: float = rule.threshold or step
        self.sums: np.ndarray = np.zeros(shape)
        self.samples: int = 0
        self.line: int = 0

    def add(self, x: np.ndarray, d: np.ndarray, rate: float) -> list[tuple[int, np.ndarray]]:
        """Add a sample's update; the pulses that are due: first word line and pulses, (word lines, bit lines)."""
        x, d = (np.ascontiguousarray(_rounded(part, self.rule.bins))[None] for part in (x, d))
        launch(add_outer, len(self.sums), -rate, x, d, self.sums, grain=_GRAIN)
        self.samples += 1
        if self.samples % self.rule.transfer_every:
            return []
        return [self._due(first, stop) for first, stop in self._looked_at()]

    def _looked_at(self) -> list[tuple[int, int]]:
        """Runs of word lines of this transfer; the next one goes on behind them."""
        count = len(self.sums)
        first, lines = self.line, self.rule.lines or count
        self.line = (first + lines) % count
        if lines >= count:
            return [(0, count)]
        stop = first + lines
        return [(first, min(stop, count))] + ([(0, stop - count)] if stop > count else [])

    def _due(self, first: int, stop: int) -> tuple[int, np.ndarray]:
        pulses = np.empty((stop - first, self.sums.shape[1]), dtype=np.int32)
        launch(take_steps, stop - first, self.step, self.sums[first:stop], pulses, grain=_GRAIN)
        return first, pulses


@kernel
def take_steps(start, stop, step, sums, pulses):
    """Whole steps of lines start..stop of the sums, into ``pulses``, and off the sums."""
    for i in range(start, stop):
        for j in range(sums.shape[1]):
            count = np.trunc(sums[i, j] / step)
            sums[i, j] -= step * count
            pulses[i, j] = np.int32(count)


class MixedPrecisionTrained(Trained):
    """The array, and the updates that it has not seen yet."""

    def __init__(self, rule: MixedPrecision, plane: Plane):
        super().__init__(plane)
        self.missing: Missing = Missing(rule, plane.shape, plane.cell.granularity)

    def update(self, x: np.ndarray, d: np.ndarray, rate: float) -> None:
        """Sample by sample: add up, and send whole steps when it is time."""
        self.planes[0].counts.updates += len(x)
        for k in range(len(x)):
            for first, pulses in self.missing.add(x[k], d[k], rate):
                self.planes[0].pulse_lines(first, pulses)


class MixedPrecisionPairs(PairedTrained):
    """Both arrays of pairs of devices that can only be pulsed up, and the updates that they have not seen yet."""

    def __init__(self, rule: MixedPrecision, *planes: Plane):
        super().__init__(rule, *planes)
        self.missing: Missing = Missing(rule, planes[0].shape, _mean_step(planes[0].cell.parameters, rule.high))

    def update(self, x: np.ndarray, d: np.ndarray, rate: float) -> None:
        """Sample by sample: add up, send whole steps when it is time, and write full pairs anew."""
        self.planes[0].counts.updates += len(x)
        for k in range(len(x)):
            for first, pulses in self.missing.add(x[k], d[k], rate):
                for plane, part in zip(self.planes, (pulses, -pulses), strict=True):
                    plane.pulse_lines(first, np.maximum(part, 0))
            self.seen(1)


def _mean_step(parameters: PulsedParameters, high: float) -> float:
    """Mean step of the typical device from a RESET to a share of the largest weight, or nearly as far as it gets."""
    path = walk(parameters, parameters.reset.weight, np.ones(_MOST))
    top = min(high * parameters.window.weight_maximum, path[0] + _NEARLY * (path[-1] - path[0]))
    count = max(int(np.searchsorted(path, top)), 1)
    return float((path[count] - path[0]) / count)


def _rounded(values: np.ndarray, bins: int) -> np.ndarray:
    """Values to the nearest of so many levels of each sign."""
    if not bins:
        return values
    largest = np.abs(values).max()
    return np.rint(values / largest * bins) * (largest / bins) if largest else values
