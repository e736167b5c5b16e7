r"""Steps of pulse trains: the change of a device by a pulse, freed from what the noise of its reads makes of it.

A read before a pulse that is too high by chance makes the state look higher and the step after it smaller. With a
known variance :math:`\sigma_r^2` of reads and a variance V over devices of the reads after n pulses, the best guess of
the state is :math:`G^* = \bar{G} + \lambda (G - \bar{G})` with :math:`\lambda = 1 - \sigma_r^2 / V`, and the step from
it to the next read is the step that the pulse made: regression calibration, R. J. Carroll et al., Measurement Error in
Nonlinear Models (2006), ch. 4. It is exact for normal states and normal noise. A slope is then found with the state as
read for an instrument, which makes of it the method of moments: :math:`\sum (\Delta G + \sigma_r^2 / G) G` over
:math:`\sum (G^2 - \sigma_r^2)`, about the means; V of few devices then enters in sums only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.programming.errors import FEW
from pcmphys.fit.programming.input import TrainReads

_LEAST_TRUE = 0.05
"""Part of the variance of the reads below which none of it is ascribed to the devices."""


class Steps(NamedTuple):
    """One pulse of one device a row."""

    pulse: np.ndarray
    """(steps,) its number, from 1 on."""
    state: np.ndarray
    """Conductance before it [S]."""
    change: np.ndarray
    """What it did [S]."""
    part: np.ndarray
    """Part of the variance over devices before the pulse that is not noise of reads, lambda; 0: next to none is."""
    device: np.ndarray
    """Number of the device."""
    before: np.ndarray
    """Variance that the read before it leaves in the state [S2]."""
    after: np.ndarray
    """Variance of the read after it [S2]."""
    left_out: int
    """Pairs of reads with more or less than one pulse between them, or with one of them missing."""
    drowned: int
    """Pulse numbers at which reads scatter no more than their noise says."""

    def noise(self, slope: float = 0.0) -> np.ndarray:
        """Variance [S2] that noise of the two reads adds to a change that falls with the state by ``slope``."""
        return self.after + (1.0 + slope) ** 2 * self.before


def steps_of(reads: TrainReads) -> Steps:
    """All steps between reads with one pulse between them."""
    earlier = np.flatnonzero(np.diff(reads.pulse) == 1.0)
    if earlier.size == 0:
        raise ParameterError(
            "no two reads have one pulse between them: steps of single pulses need a read after each; got pulse "
            f"numbers {', '.join(f'{one:g}' for one in reads.pulse[:6])}{', ...' if reads.pulse.size > 6 else ''}"
        )
    state, later = reads.conductance[earlier], reads.conductance[earlier + 1]
    change = later - state
    before = after = np.zeros(state.shape)
    true, drowned = np.ones(state.shape), 0
    if reads.read_error is not None:
        variance = reads.read_error[earlier] ** 2
        true, mean, drowned = _true_part(state, variance)
        change = change + (1.0 - true) * (state - mean)
        state = mean + true * (state - mean)
        before, after = true * variance, reads.read_error[earlier + 1] ** 2
    number, device = reads.pulse[earlier + 1][:, None], np.arange(state.shape[1])
    good = np.isfinite(change)
    if not good.any():
        raise ParameterError("no device has two reads with one pulse between them")
    left_out = (reads.pulse.size - 1) * state.shape[1] - int(good.sum())
    parts = (np.broadcast_to(one, state.shape)[good] for one in (number, state, change, true, device, before, after))
    return Steps(*parts, left_out, drowned)


def _true_part(state: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Part of the variance of reads that is of the devices, and their mean, by pulse (reads, 1); how often it is low.

    With few devices the part is that of all pulses together, each about its mean; of one device that of all its reads.
    """
    if state.shape[1] == 1:
        part, mean, low = _true_part(state.T, variance.T)
        shape = (state.shape[0], 1)
        return np.broadcast_to(part, shape), np.broadcast_to(mean, shape), low
    there = np.isfinite(state)
    count = there.sum(axis=1, keepdims=True)
    mean = np.where(there, state, 0.0).sum(axis=1, keepdims=True) / np.maximum(count, 1)
    spread = np.where(there, (state - mean) ** 2, 0.0).sum(axis=1, keepdims=True)
    noise = np.where(there, variance, 0.0).sum(axis=1, keepdims=True) / np.maximum(count, 1) * (count - 1)
    if count.min() < FEW:
        spread, noise = spread.sum(keepdims=True), noise.sum(keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(spread > 0.0, 1.0 - noise / spread, 0.0)
    low = part < _LEAST_TRUE
    part = np.broadcast_to(np.where(low, 0.0, part), mean.shape)
    return part, mean, int(low.sum())
