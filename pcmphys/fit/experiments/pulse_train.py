"""Equal pulses after a RESET, a read after each: how conductance accumulates, and how its steps scatter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.experiments.experiment import Experiment, Observable
from pcmphys.numerics import check
from pcmphys.programming import Pulse

RESET: Pulse = Pulse(current=440e-6, width=1e-6, fall=5e-9)


@dataclass(frozen=True, eq=False, repr=False)
class PulseTrain(Experiment):
    """Equal pulses, numbered from 1, with a read after each.

    Attributes
    ----------
    x : (n,) array
        Numbers of the pulses after which it was measured.
    targets : dict of Target
        Of "conductance_mean", "conductance_std" over devices [S] after a pulse; "step_mean", "step_std" of the change
        by that pulse [S].
    pulse : Pulse
        That is repeated.
    before : Pulse
        That every device gets first.
    pause : float
        Time [s] after each pulse until its read.

    Notes
    -----
    The same devices go through all pulses: values at different numbers are correlated, which is taken into account in
    what the simulation adds to the errors, not in those of the data.
    """

    axis: ClassVar[Observable] = Observable("1", "number of pulses")
    quantities: ClassVar[Mapping[str, Observable]] = {
        "conductance_mean": Observable("S", "mean conductance"),
        "conductance_std": Observable("S", "std of conductance"),
        "step_mean": Observable("S", "mean step"),
        "step_std": Observable("S", "std of the step"),
    }

    pulse: Pulse = field(kw_only=True)
    before: Pulse = field(default=RESET, kw_only=True)
    pause: float = field(default=20.0, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        x = np.asarray(self.x)
        if not ((x == np.rint(x)) & (x >= 1.0)).all():
            raise ParameterError(f"x must be numbers of pulses, 1, 2, ...; got {x[(x != np.rint(x)) | (x < 1.0)][0]:g}")
        for name in ("pulse", "before"):
            if not isinstance(getattr(self, name), Pulse):
                raise ParameterError(f"{name} must be a Pulse; got {getattr(self, name)!r}")
        object.__setattr__(self, "pause", check.number("pause", self.pause, "s", 0.0))

    def simulate(self, cell: Any, seed: int) -> Mapping[str, np.ndarray]:
        """See `Experiment.simulate`."""
        population = cell.population(self.devices, seed=seed)
        population.apply(self.before)
        population.wait(self.pause)
        reads = [population.read()]
        for _ in range(int(np.max(self.x))):
            population.apply(self.pulse)
            population.wait(self.pause)
            reads.append(population.read())
        conductance = np.array(reads)
        step = np.diff(conductance, axis=0)
        after = np.asarray(self.x, dtype=int)
        return {
            "conductance_mean": conductance[after].mean(axis=1),
            "conductance_std": conductance[after].std(axis=1, ddof=1),
            "step_mean": step[after - 1].mean(axis=1),
            "step_std": step[after - 1].std(axis=1, ddof=1),
        }
