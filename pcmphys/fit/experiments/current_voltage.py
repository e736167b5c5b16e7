"""I-V curves of devices below their threshold, some time after a pulse, at a temperature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.experiments.experiment import Experiment, Observable
from pcmphys.fit.experiments.pulse_train import RESET
from pcmphys.numerics import check
from pcmphys.programming import Pulse


@dataclass(frozen=True, eq=False, repr=False)
class CurrentVoltage(Experiment):
    """Typical current against voltage below the threshold.

    Attributes
    ----------
    x : (n,) array
        Voltages [V], above zero.
    targets : dict of Target
        Of "log_current", mean over devices of ln(I/A); "log_current_std", its std.
    pulse : Pulse
        That made the state.
    age : float
        Time [s] since it, at the cell's ambient.
    temperature : float, optional
        Of the measurement [K]; the cell's ambient by default.

    Notes
    -----
    The current is the noise-free one of the moment: sweeps average over much longer than a read. Not modelled: drift
    during the sweep.
    """

    axis: ClassVar[Observable] = Observable("V", "voltage")
    quantities: ClassVar[Mapping[str, Observable]] = {
        "log_current": Observable("1", "mean of ln(I/A)"),
        "log_current_std": Observable("1", "std of ln I"),
    }

    pulse: Pulse = field(default=RESET, kw_only=True)
    age: float = field(default=20.0, kw_only=True)
    temperature: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (np.asarray(self.x) > 0.0).all():
            raise ParameterError("x must be voltages above 0 V: the logarithm of no current is nothing")
        if not isinstance(self.pulse, Pulse):
            raise ParameterError(f"pulse must be a Pulse; got {self.pulse!r}")
        object.__setattr__(self, "age", check.number("age", self.age, "s", 0.0))
        if self.temperature is not None:
            object.__setattr__(
                self, "temperature", check.number("temperature", self.temperature, "K", 0.0, low_open=True)
            )

    def simulate(self, cell: Any, seed: int) -> Mapping[str, np.ndarray]:
        """See `Experiment.simulate`."""
        population = cell.population(self.devices, seed=seed)
        population.apply(self.pulse)
        population.wait(self.age)
        look = population.now(temperature=self.temperature)
        log = [np.log(look.current(np.full(self.devices, v), warn=False)[0]) for v in np.asarray(self.x)]
        return {"log_current": np.mean(log, axis=1), "log_current_std": np.std(log, axis=1, ddof=1)}
