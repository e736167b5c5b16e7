"""One reading of devices at an age, from normal numbers: by published laws, or by tables of sampled devices."""

from __future__ import annotations

import functools
import logging
import math
from collections.abc import Hashable
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from pcmphys.cells.protocol import Cell
from pcmphys.cells.statistical.cell import StatisticalCell
from pcmphys.errors import ParameterError
from pcmphys.export import LevelStatistics, sample
from pcmphys.export.scores import NODES, REACH
from pcmphys.nn.aware import laws
from pcmphys.physics import flicker

_log = logging.getLogger("pcmphys")
SAMPLED = {"levels": 17, "times": 9, "devices": 500}
"""Of a cell that is known by its physics; pass `pcmphys.export.sample`'s own result for more."""


class Readings(Protocol):
    """How devices of a cell read."""

    @property
    def cell(self) -> Cell:
        """The technology."""
        ...

    def reading(self, target: Tensor, age: float, deviates: Tensor) -> Tensor:
        """A read of the usual duration [S] of devices programmed to ``target`` [S] ``age`` [s] ago.

        ``deviates`` (3, ...) are standard normal: of programming, of drift and of the read's noise.
        """
        ...


class PublishedReadings:
    """Readings of a `StatisticalCell` by its laws (`pcmphys.nn.aware.laws`).

    The noise of one read is taken as normal with the variance of its 32 traps.
    """

    def __init__(self, cell: StatisticalCell) -> None:
        self.cell = cell
        self._floats = cell.parameters.pack()

    def reading(self, target: Tensor, age: float, deviates: Tensor) -> Tensor:
        """See `Readings`."""
        parameters, floats = self.cell.parameters, self._floats
        level = target / floats.conductance_maximum
        log_level = laws.logarithm_of_level(level)
        conductance = laws.programmed(target, deviates[0], floats)
        exponent = laws.drift_exponent(level, log_level, deviates[1], floats)
        log_age = math.log(max(age / parameters.reference_time, 1.0))
        relative = laws.moment(level, log_level, floats.read_noise)
        relative = relative * math.sqrt(float(flicker.variance(np.float64(age), parameters.read_duration)))
        return laws.drifted(conductance, exponent, log_age) * (1.0 + relative * deviates[2]).clamp(min=0.0)


class SampledReadings:
    """Readings of any cell from the tables of its `LevelStatistics`; younger than the first of its times is that."""

    def __init__(self, source: LevelStatistics) -> None:
        self.cell = source.cell
        self._log_time = np.log(source.time)
        self._target, self._programmed, self._coupling, self._loss, self._noise = (
            torch.from_numpy(np.array(one))
            for one in (
                source.target,
                source.programmed,
                source.coupling[:, None],
                np.moveaxis(source.loss, 1, 0),
                np.moveaxis(source.noise, 1, 0),
            )
        )

    def reading(self, target: Tensor, age: float, deviates: Tensor) -> Tensor:
        """See `Readings`."""
        before, share = self._moment(age)
        loss, noise = (torch.lerp(table[before], table[before + 1], share) for table in (self._loss, self._noise))
        shared = self._looked_up(self._coupling, target, deviates[0])
        score = shared * deviates[0] + torch.sqrt(1.0 - shared * shared) * deviates[1]
        conductance = self._looked_up(self._programmed, target, deviates[0]).clamp(min=0.0)
        drifted = conductance * torch.exp(-self._looked_up(loss, target, score))
        return drifted * (1.0 + self._looked_up(noise, target, deviates[2])).clamp(min=0.0)

    def _moment(self, age: float) -> tuple[int, float]:
        """The time before, and how far the age is on the way to the next, in the logarithm."""
        now = float(np.clip(math.log(age), self._log_time[0], self._log_time[-1]))
        before = int(np.clip(np.searchsorted(self._log_time, now, side="right") - 1, 0, self._log_time.size - 2))
        return before, (now - self._log_time[before]) / (self._log_time[before + 1] - self._log_time[before])

    def _looked_up(self, table: Tensor, target: Tensor, score: Tensor) -> Tensor:
        """Values of a table (targets, scores), linear in both."""
        targets = self._target.to(target)
        table = table.to(target)
        above = torch.bucketize(target.contiguous(), targets).clamp(1, targets.numel() - 1)
        share = ((target - targets[above - 1]) / (targets[above] - targets[above - 1])).clamp(0.0, 1.0)
        if table.shape[1] == 1:
            return torch.lerp(table[above - 1, 0], table[above, 0], share)
        place = ((score / REACH + 1.0) * 0.5 * (NODES - 1)).clamp(0.0, NODES - 1)
        node = place.floor().clamp(max=NODES - 2).long()
        part = place - node
        low = torch.lerp(table[above - 1, node], table[above - 1, node + 1], part)
        high = torch.lerp(table[above, node], table[above, node + 1], part)
        return torch.lerp(low, high, share)


def readings_of(cell: Any, times: tuple[float, ...]) -> Readings:
    """How devices of a cell read up to the last of ``times`` [s].

    Raises
    ------
    ParameterError
        Something without devices, or statistics that end before.
    """
    if isinstance(cell, StatisticalCell):
        return PublishedReadings(cell)
    if isinstance(cell, LevelStatistics):
        if times[-1] > cell.time[-1] * (1.0 + 1e-9):
            raise ParameterError(
                f"times: the statistics of {cell.cell.name} end at {cell.time[-1]:g} s; got {times[-1]:g} s"
            )
        return SampledReadings(cell)
    if not callable(getattr(cell, "population", None)):
        raise ParameterError(f"cell must have devices, as statistical and physical cells do; got {_kind(cell)}")
    sampled = _sampled if isinstance(cell, Hashable) else _sampled.__wrapped__
    return sampled(cell, times[-1])


@functools.lru_cache(maxsize=4)  # cells never change
def _sampled(cell: Any, last: float) -> SampledReadings:
    first = cell.reference_time
    ages = np.geomspace(first, max(last, 10.0 * first), SAMPLED["times"])
    _log.info(
        "pcmphys: sampling %d devices of %s at %d conductances, kept for this run ...",
        SAMPLED["devices"], cell.name, SAMPLED["levels"],
    )  # fmt: skip
    return SampledReadings(sample(cell, levels=SAMPLED["levels"], times=ages, devices=SAMPLED["devices"]))


def _kind(cell: Any) -> str:
    return f"{cell!r}; pcmphys.load_cell({cell!r}) gives one" if isinstance(cell, str) else f"a {type(cell).__name__}"
