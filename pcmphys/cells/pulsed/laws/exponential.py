"""Exponential steps: scale max(1 - A e^(+-gamma z), 0) with z = 2 a w / (b+ - b-) + b.

The std of a step may have a part that does not shrink with it and one that grows with the weight, as measured for
incremental SET of phase-change memory: noise (|step| + add + slope |w|).

References
----------
Fit to RRAM: N. Gong et al., Nat. Commun. 9, 2102 (2018). To PCM: S. R. Nandakumar et al., Front. Neurosci. 14, 406
(2020). Form: M. J. Rasch et al., arXiv:2104.02184 (2021).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.cells.pulsed.laws.own import Own
from pcmphys.numerics.compile import law
from pcmphys.numerics.elementary import exp


class ExponentialStepFloats(NamedTuple):
    """`ExponentialSteps` for the law."""

    slope: float = 0.0
    offset: float = 0.0
    amplitude_up: float = 0.0
    amplitude_down: float = 0.0
    rate_up: float = 0.0
    rate_down: float = 0.0
    noise: float = 0.0
    noise_add: float = 0.0
    noise_slope: float = 0.0


@dataclass(frozen=True)
class ExponentialSteps:
    """Parameters of exponential steps."""

    step: float = field(metadata={"unit": "1", "above": 0.0, "doc": "scale of the steps, in weight"})
    slope: float = field(metadata={"unit": "1", "doc": "a of z = 2 a w / (b+ - b-) + b"})
    offset: float = field(metadata={"unit": "1", "doc": "b of it"})
    amplitude_up: float = field(metadata={"unit": "1", "doc": "A of up steps"})
    amplitude_down: float = field(metadata={"unit": "1", "doc": "A of down steps"})
    rate_up: float = field(metadata={"unit": "1", "low": 0.0, "doc": "gamma of up steps"})
    rate_down: float = field(metadata={"unit": "1", "low": 0.0, "doc": "gamma of down steps"})
    noise: float = field(default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std from pulse to pulse, relative"})
    noise_add: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "weight that counts as a part of the step in the std"}
    )
    noise_slope: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "share of the weight that counts as a part of it"}
    )

    def pack(self) -> ExponentialStepFloats:
        """The numbers as the law takes them."""
        return ExponentialStepFloats(
            self.slope, self.offset, self.amplitude_up, self.amplitude_down, self.rate_up, self.rate_down,
            self.noise, self.noise_add, self.noise_slope,
        )  # fmt: skip


@law
def step(weight: float, up: bool, own: Own, p: ExponentialStepFloats) -> tuple[float, float]:
    """Mean size of the next step in its direction, and its std; a device whose bounds meet does not move."""
    span = own.high - own.low
    if not span > 0.0:
        return 0.0, 0.0
    z = 2.0 * p.slope * weight / span + p.offset
    # one exponential for both directions: nothing is left to be guessed of pulses that go either way
    amplitude, rate = (p.amplitude_up, p.rate_up) if up else (p.amplitude_down, -p.rate_down)
    size = (own.up if up else own.down) * max(1.0 - amplitude * exp(rate * z), 0.0)
    return size, p.noise * (abs(size) + p.noise_add + p.noise_slope * abs(weight))
