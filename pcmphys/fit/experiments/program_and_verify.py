"""Devices programmed to conductances, read once, then over a day: programming error and drift exponents by state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.experiments.experiment import Experiment, Observable, logarithm
from pcmphys.numerics import check


@dataclass(frozen=True, eq=False, repr=False)
class ProgramAndVerify(Experiment):
    """Program-and-verify to target conductances, a read at the reference time, then reads that tell each one's drift.

    Attributes
    ----------
    x : (n,) array
        Target conductances [S].
    targets : dict of Target
        Of "programming_error", std over devices [S] of the read at the reference time; "conductance_mean", mean of it
        [S]; "exponent_mean", "exponent_std", mean and std of the drift exponents, each a straight line through the
        logarithms of one device's reads.
    scheme : Scheme, optional
        As for ``program``; that of the cell by default.
    times : sequence of float
        Times since programming [s] of the reads that exponents are fitted to; 20 from 27 s to 1e5 s by default.

    Notes
    -----
    Reads carry the cell's noise, as in an experiment: the spread of exponents is that of the devices and of the noise.
    Not modelled: an instrument's own noise; devices that an experiment would sort out.
    """

    axis: ClassVar[Observable] = Observable("S", "target conductance")
    quantities: ClassVar[Mapping[str, Observable]] = {
        "programming_error": Observable("S", "std of programmed conductance"),
        "conductance_mean": Observable("S", "mean of programmed conductance"),
        "exponent_mean": Observable("1", "mean of drift exponent"),
        "exponent_std": Observable("1", "std of drift exponent"),
    }

    scheme: Any = field(default=None, kw_only=True)
    times: tuple[float, ...] = field(default=tuple(np.geomspace(27.0, 1e5, 20).tolist()), kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        times = check.increasing("times", check.array("times", self.times, "s", ndim=1, low=0.0), "s")
        if times.size < 2:
            raise ParameterError("times must be at least two, to tell an exponent")
        object.__setattr__(self, "times", tuple(times.tolist()))

    def simulate(self, cell: Any, seed: int) -> Mapping[str, np.ndarray]:
        """See `Experiment.simulate`."""
        targets = np.repeat(np.asarray(self.x)[:, None], self.devices, axis=1)
        population = cell.population(targets.shape, seed=seed)
        population.program(targets) if self.scheme is None else population.program(targets, scheme=self.scheme)
        end = population.time
        population.wait(cell.reference_time)
        first = population.read()
        found = {"programming_error": first.std(axis=1, ddof=1), "conductance_mean": first.mean(axis=1)}
        if self.targets.keys() & {"exponent_mean", "exponent_std"}:
            exponent = self._exponents(population, end)
            found |= {"exponent_mean": exponent.mean(axis=1), "exponent_std": exponent.std(axis=1, ddof=1)}
        return found

    def _exponents(self, population: Any, end: float) -> np.ndarray:
        """Exponent of each device, (targets, devices), from reads at `times` after the programming ended."""
        reads, x = [], np.log(self.times) - np.log(self.times).mean()
        for time in self.times:
            population.wait(max(time - (population.time - end), 0.0))
            reads.append(logarithm(population.read()))
        return -np.tensordot(x, np.array(reads), axes=(0, 0)) / (x @ x)
