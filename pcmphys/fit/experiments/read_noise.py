"""Noise of programmed devices against their conductance, from spectra of many reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.experiments.experiment import Experiment, Observable
from pcmphys.numerics import check


@dataclass(frozen=True, eq=False, repr=False)
class ReadNoise(Experiment):
    """Amplitude of 1/f noise, Q_s with S_G/G^2 = Q_s^2/f, of programmed devices: rms over devices, in a band.

    Attributes
    ----------
    x : (n,) array
        Target conductances [S].
    targets : dict of Target
        Of "amplitude", Q_s [1].
    age : float
        Time after programming [s].
    interval : float
        Time between two reads [s]; each read lasts as long, so that faster noise is averaged and not folded in.
    reads : int
        Of each device.
    band : (low, high)
        Frequencies [Hz] that are averaged.

    References
    ----------
    S. R. Nandakumar et al., ICECS 2019, 727: Q_s.
    """

    axis: ClassVar[Observable] = Observable("S", "target conductance")
    quantities: ClassVar[Mapping[str, Observable]] = {"amplitude": Observable("1", "noise amplitude Q_s")}

    age: float = field(default=1e4, kw_only=True)
    interval: float = field(default=1e-3, kw_only=True)
    reads: int = field(default=256, kw_only=True)
    band: tuple[float, float] = field(default=(20.0, 400.0), kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "age", check.number("age", self.age, "s", 0.0))
        object.__setattr__(self, "interval", check.number("interval", self.interval, "s", 0.0, low_open=True))
        check.integer("reads", self.reads, low=16)
        low, high = check.increasing("band", check.array("band", self.band, "Hz", ndim=1, low=0.0), "Hz")
        between = 2.0 / (self.reads * self.interval)
        if not (np.floor(high / between) > np.floor(low / between) and high <= 0.5 / self.interval):
            raise ParameterError(
                f"band must hold a frequency: they lie {between:.3g} Hz apart up to {0.5 / self.interval:.3g} Hz; got "
                f"{low:g} to {high:g} Hz"
            )
        object.__setattr__(self, "band", (float(low), float(high)))

    def simulate(self, cell: Any, seed: int) -> Mapping[str, np.ndarray]:
        """See `Experiment.simulate`."""
        from scipy import signal

        targets = np.repeat(np.asarray(self.x)[:, None], self.devices, axis=1)
        population = cell.population(targets.shape, seed=seed)
        population.program(targets)
        population.wait(self.age)
        trace = np.empty((*targets.shape, self.reads), dtype=np.float32)
        for k in range(self.reads):
            trace[..., k] = population.read(duration=self.interval)
        trace /= trace.mean(axis=-1, keepdims=True)
        frequency, density = signal.welch(
            trace, fs=1.0 / self.interval, nperseg=self.reads // 2, detrend="linear", axis=-1
        )
        band = (frequency > self.band[0]) & (frequency < self.band[1])
        mean = density[..., band].mean(axis=1, dtype=float)
        return {"amplitude": np.sqrt((mean * frequency[band]).mean(axis=-1))}
