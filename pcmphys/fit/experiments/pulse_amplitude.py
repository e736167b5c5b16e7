"""One pulse a device, of different amplitudes: the programming curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.experiments.experiment import Experiment, Observable, logarithm
from pcmphys.numerics import check
from pcmphys.programming import Pulse


@dataclass(frozen=True, eq=False, repr=False)
class PulseAmplitude(Experiment):
    """Conductance after one pulse against its current; each amplitude has devices of its own.

    Attributes
    ----------
    x : (n,) array
        Currents of the pulse [A].
    targets : dict of Target
        Of "log_conductance", mean over devices of ln(G/S); "log_conductance_std", its std.
    width, fall : float
        Of the pulse [s].
    before : Pulse, optional
        That every device gets first: a RESET for a SET curve; nothing, a crystalline device, by default.
    pause : float
        Time [s] after the pulse until the read.
    """

    axis: ClassVar[Observable] = Observable("A", "current of the pulse")
    quantities: ClassVar[Mapping[str, Observable]] = {
        "log_conductance": Observable("1", "mean of ln(G/S)"),
        "log_conductance_std": Observable("1", "std of ln G"),
    }

    width: float = field(default=1e-6, kw_only=True)
    fall: float = field(default=5e-9, kw_only=True)
    before: Pulse | None = field(default=None, kw_only=True)
    pause: float = field(default=20.0, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        Pulse(current=float(np.max(self.x)), width=self.width, fall=self.fall)  # names what is wrong with it
        if self.before is not None and not isinstance(self.before, Pulse):
            raise ParameterError(f"before must be a Pulse or None; got {self.before!r}")
        object.__setattr__(self, "pause", check.number("pause", self.pause, "s", 0.0))

    def simulate(self, cell: Any, seed: int) -> Mapping[str, np.ndarray]:
        """See `Experiment.simulate`."""
        log = []
        for k, current in enumerate(np.asarray(self.x)):
            population = cell.population(self.devices, seed=seed, first_cell=k * self.devices)
            if self.before is not None:
                population.apply(self.before)
                population.wait(self.pause)
            population.apply(Pulse(current=float(current), width=self.width, fall=self.fall))
            population.wait(self.pause)
            log.append(logarithm(population.read()))
        return {"log_conductance": np.mean(log, axis=1), "log_conductance_std": np.std(log, axis=1, ddof=1)}
