"""Program-and-verify: runs a `Scheme` on a population.

Every pass of the loop takes the same time and the same random events for all devices, done or not, so that the result
for a device does not depend on which others are programmed with it.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.moment import Moment, ages
from pcmphys.numerics.warn import warn
from pcmphys.programming.pulse import Pulse
from pcmphys.programming.report import ProgramReport, PulseReport
from pcmphys.programming.scheme import Scheme


class PulsedDevices(Protocol):
    """Devices that pulses change: all that a closed loop asks of them."""

    cell: Any
    shape: tuple[int, ...]

    @property
    def moment(self) -> Moment:
        """The lab clock with all digits."""
        ...

    def apply(self, pulse: Pulse, *, amplitude: Any = None, where: Any = None) -> PulseReport:
        """Send a pulse to some devices; all live through its time."""
        ...

    def wait(self, duration: float) -> None:
        """Let time pass."""
        ...

    def read(self, voltage: float, duration: float, *, where: Any = None) -> np.ndarray:
        """Read some devices [S]; the others give NaN."""
        ...

    def conductance_after(self, duration: np.ndarray) -> np.ndarray:
        """Conductance [S] of each device a time [s] of its own from now, without noise."""
        ...


def run(devices: PulsedDevices, scheme: Scheme, targets: np.ndarray, chosen: np.ndarray, clipped: int) -> ProgramReport:
    """Program the chosen devices to ``targets`` [S] (both flat)."""
    cell, shape = devices.cell, devices.shape
    nothing = targets < scheme.zero
    verified = max(scheme.verify_delay, scheme.verify_duration)
    ageing = (cell.reference_time / verified) ** scheme.foreseen_exponent
    aim = targets * ageing
    margin = np.minimum(scheme.margin, scheme.relative_margin * targets) * ageing
    first = np.clip(scheme.start + scheme.start_slope * aim, scheme.lowest, scheme.highest)
    first[nothing] = scheme.lowest if scheme.direction > 0 else scheme.highest
    amplitude = first.copy()
    active = chosen.copy()
    fresh = chosen.copy()
    iterations = np.zeros(targets.size, dtype=np.int64)
    sent, last_sent = [], np.zeros(targets.size, dtype=np.int64)
    for turn in range(scheme.pulses):
        for pulse in scheme.prepare:
            devices.apply(pulse, where=fresh.reshape(shape))
        devices.apply(scheme.pulse, amplitude=amplitude.reshape(shape), where=active.reshape(shape))
        sent.append(devices.moment)
        devices.wait(scheme.verify_delay)
        found = devices.read(cell.read_voltage, scheme.verify_duration, where=active.reshape(shape))
        # of the few that are left in the end, so that what is done costs nothing
        at = np.flatnonzero(active)
        last_sent[at] = turn
        iterations[at] += 1
        reading = found.reshape(-1)[at]
        missing = aim[at] - reading
        left = ~((np.abs(missing) <= margin[at]) | (nothing[at] & (reading <= scheme.zero * ageing)))
        height = amplitude[at]
        again = next_pulse(scheme, missing, left, first[at], height)
        active[at], fresh[:], amplitude[at] = left, False, height
        fresh[at] = again
    # what is foreseen is an average; each device is judged at the reference time after its own last pulse
    ahead = cell.reference_time - ages(devices.moment, sent)[last_sent]
    at_reference = devices.conductance_after(ahead.reshape(shape)).reshape(-1)
    error = np.where(chosen, at_reference - targets, np.nan)
    converged = chosen & ~active
    return ProgramReport(error.reshape(shape), iterations.reshape(shape), converged.reshape(shape), clipped)


def next_pulse(
    scheme: Scheme, missing: np.ndarray, active: np.ndarray, first: np.ndarray, amplitude: np.ndarray
) -> np.ndarray:
    """Change the amplitudes of the active devices in place; returns which of them are prepared again."""
    forward = scheme.direction * missing > 0.0
    change = scheme.step + scheme.gain * np.abs(missing)
    moved = np.clip(np.where(forward, amplitude + change, amplitude - change), scheme.lowest, scheme.highest)
    amplitude[active] = moved[active]
    if scheme.restart == "always":
        return active.copy()
    if scheme.restart == "never":
        return np.zeros_like(active)
    fresh = active & ~forward
    amplitude[fresh] = first[fresh]
    return fresh


def checked_targets(devices: Any, targets: ArrayLike, chosen: np.ndarray) -> tuple[np.ndarray, int]:
    """Targets [S] as a flat array, clipped to the cell's range; how many were clipped."""
    if not chosen.all():
        targets = check.only("targets", targets, chosen.reshape(devices.shape), "S")
    targets = check.array("targets", targets, "S", 0.0, empty=True)
    if targets.ndim == 0:
        targets = np.full(devices.shape, targets)
    if targets.shape != devices.shape:
        raise ParameterError(f"targets must be a number or have shape {devices.shape}; got shape {targets.shape}")
    top = devices.cell.conductance_maximum
    clipped = int(((targets.reshape(-1) > top) & chosen).sum())
    if clipped:
        warn(
            f"targets: {clipped} of {targets.size} lie above the range [0, {top:g}] S of {devices.cell.name} "
            f"(largest {targets.max():g} S) and were clipped to it"
        )
    return np.minimum(targets, top).reshape(-1), clipped
