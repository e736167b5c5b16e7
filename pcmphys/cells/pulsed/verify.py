"""Program and verify: read, send as many pulses as are missing at a typical step, read again."""

from __future__ import annotations

from typing import Any

import numpy as np

from pcmphys.cells.pulsed import kernels
from pcmphys.numerics.compile import launch
from pcmphys.programming.report import ProgramReport

ROUNDS = 20
"""Reads, each with a train behind it; always all of them, so that noise does not depend on the neighbours."""
_SHARE = 0.25
"""Longest train, of the states between the bounds."""

_MARGIN = 0.25
"""Distance from the target that is left alone, of a step or of the write noise, whichever is larger."""
_WHOLE = 0.5
"""Distance from the target that whole pulses can leave, of a step."""


def verified(devices: Any, targets: np.ndarray, chosen: np.ndarray, clipped: int) -> ProgramReport:
    """Bring the chosen devices to their targets [S], both flat; a one-sided device is RESET first and only goes up."""
    p, window = devices.cell.parameters, devices.cell.parameters.window
    if devices.cell.one_sided:
        devices.reset(where=chosen.reshape(devices.shape))
    most = max(4, round(_SHARE * devices.cell.states))
    margin = _MARGIN * max(devices.cell.granularity, p.pulse.write_noise * p.step)
    goal = (targets - window.zero) / window.unit
    counts, spent = np.empty(devices.size, dtype=np.int32), np.zeros(devices.size, dtype=np.int64)
    for _ in range(ROUNDS):
        found = (devices.read().reshape(-1) - window.zero) / window.unit
        launch(
            kernels.wanted, devices.size, (devices.law, devices.table), most, goal, found,
            (devices.traits, devices.state), counts,
        )  # fmt: skip
        counts[~chosen | (np.abs(goal - found) <= margin)] = 0
        if devices.cell.one_sided:
            np.maximum(counts, 0, out=counts)
        spent += np.abs(counts)
        devices.train(counts, most * p.pulse.duration)
    error = devices.conductance().reshape(-1) - targets
    error[~chosen] = np.nan
    near = np.abs(error) <= max(margin, _WHOLE * devices.cell.granularity) * window.unit
    converged = ~chosen | near | _no_pulse_helps(devices, error / window.unit)
    shape = devices.shape
    return ProgramReport(error.reshape(shape), spent.reshape(shape), converged.reshape(shape), clipped)


def _no_pulse_helps(devices: Any, error: np.ndarray) -> np.ndarray:
    """Whether a whole pulse, of which there is one, would on average leave a device farther off than its error is."""
    window = devices.cell.parameters.window
    found = (devices.conductance().reshape(-1) - window.zero) / window.unit
    distance = np.abs(np.nan_to_num(error))
    # one that has gone too far and cannot come back is off by a part of the step that took it there
    way = np.ones(found.size) if devices.cell.one_sided else -np.sign(np.nan_to_num(error))
    far = 2.0 * (window.weight_maximum - window.weight_minimum)

    def pulses(off: Any) -> np.ndarray:
        counts = np.empty(found.size, dtype=np.int32)
        launch(
            kernels.wanted, found.size, (devices.law, devices.table), 1, found + way * off, found,
            (devices.traits, devices.state), counts,
        )  # fmt: skip
        return counts

    return (pulses(distance) == 0) & (pulses(far) != 0)
