"""Devices after a RESET, baked: how their conductance comes back with time at a temperature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.experiments.experiment import Experiment, Observable, logarithm
from pcmphys.fit.experiments.pulse_train import RESET
from pcmphys.numerics import check
from pcmphys.programming import Pulse


@dataclass(frozen=True, eq=False, repr=False)
class Bake(Experiment):
    """Conductance, read at the ambient, after times at an elevated temperature.

    Attributes
    ----------
    x : (n,) array
        Times at the temperature [s], all of the same devices.
    targets : dict of Target
        Of "log_conductance", mean over devices of ln(G/S); "log_conductance_std", its std.
    temperature : float
        Of the bake [K].
    pulse : Pulse
        That made the state.
    """

    axis: ClassVar[Observable] = Observable("s", "time of the bake")
    quantities: ClassVar[Mapping[str, Observable]] = {
        "log_conductance": Observable("1", "mean of ln(G/S)"),
        "log_conductance_std": Observable("1", "std of ln G"),
    }

    temperature: float = field(kw_only=True)
    pulse: Pulse = field(default=RESET, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        temperature = check.number("temperature", self.temperature, "K", 0.0, low_open=True)
        object.__setattr__(self, "temperature", temperature)
        if not isinstance(self.pulse, Pulse):
            raise ParameterError(f"pulse must be a Pulse; got {self.pulse!r}")

    def simulate(self, cell: Any, seed: int) -> Mapping[str, np.ndarray]:
        """See `Experiment.simulate`."""
        population = cell.population(self.devices, seed=seed)
        population.apply(self.pulse)
        population.wait(cell.reference_time)
        log, before = [], 0.0
        for time in np.asarray(self.x):
            population.wait(float(time) - before, temperature=self.temperature)
            before = float(time)
            log.append(logarithm(population.read()))
        return {"log_conductance": np.mean(log, axis=1), "log_conductance_std": np.std(log, axis=1, ddof=1)}
