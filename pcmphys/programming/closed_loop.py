"""Program-and-verify: runs a `Scheme` on a population.

Every pass of the loop takes the same time and the same random events for all devices, done or not, so that the result
for a device does not depend on which others are programmed with it.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.errors import ParameterError, ValidityWarning
from pcmphys.numerics import check
from pcmphys.numerics.compile import launch
from pcmphys.numerics.moment import ages
from pcmphys.physics.crystallization import anneal
from pcmphys.programming.report import ProgramReport
from pcmphys.programming.scheme import Scheme


def run(devices: Any, scheme: Scheme, targets: np.ndarray, chosen: np.ndarray, clipped: int) -> ProgramReport:
    """Program the chosen devices of a `MushroomPopulation` to ``targets`` [S] (flat)."""
    ambient = devices.cell.parameters.heat.ambient
    read = devices.cell.parameters.read
    nothing = targets < scheme.zero
    verified = max(scheme.verify_delay, scheme.verify_duration)
    ageing = (devices.cell.reference_time / verified) ** scheme.foreseen_exponent
    aim = targets * ageing
    margin = np.minimum(scheme.margin, scheme.relative_margin * targets) * ageing
    first = np.clip(scheme.start + scheme.start_slope * aim, scheme.lowest, scheme.highest)
    first[nothing] = scheme.lowest if scheme.direction > 0 else scheme.highest
    amplitude = first.copy()
    active = chosen.copy()
    fresh = chosen.copy()
    iterations = np.zeros(devices.size, dtype=np.int64)
    reading = np.full(devices.size, np.nan)
    sent, last_sent = [], np.zeros(devices.size, dtype=np.int64)
    for turn in range(scheme.pulses):
        for pulse in scheme.prepare:
            devices._send(pulse, np.full(int((fresh & devices._free).sum()), pulse.peak), fresh, ambient)
        devices._send(scheme.pulse, amplitude[active & devices._free], active, ambient)
        sent.append(devices._clock.now)
        last_sent[active] = turn
        devices._clock.wait(scheme.verify_delay, ambient)
        iterations[active] += 1
        devices._read(read.voltage, scheme.verify_duration, ambient, np.flatnonzero(active), reading)
        missing = aim - reading
        active &= ~((np.abs(missing) <= margin) | (nothing & (reading <= scheme.zero * ageing)))
        fresh = _next_pulse(scheme, missing, active, first, amplitude)
    # what is foreseen is an average; each device is judged at the reference time after its own last pulse
    left = devices.cell.reference_time - ages(devices._clock.now, sent)[last_sent]
    error = np.where(chosen, conductance_after(devices, left) - targets, np.nan)
    shape = devices.shape
    converged = chosen & ~active
    return ProgramReport(error.reshape(shape), iterations.reshape(shape), converged.reshape(shape), clipped)


def conductance_after(devices: Any, duration: np.ndarray) -> np.ndarray:
    """Conductance [S] of each device, without noise, a time [s] of its own (of either sign) from now; both flat."""
    now, ambient, p = devices._present(), devices._floats.heat.ambient, devices._floats.relaxation
    order = np.empty(devices.size)
    launch(anneal.later, devices.size, duration, ambient, p, now.order, order)
    voltage = devices.cell.read_voltage
    return devices._solve(voltage, None, now._replace(order=order))[0] / voltage


def _next_pulse(scheme: Scheme, missing, active, first, amplitude) -> np.ndarray:
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
        warnings.warn(
            f"targets: {clipped} of {devices.size} lie above the range [0, {top:g}] S of {devices.cell.name} "
            f"(largest {targets.max():g} S) and were clipped to it",
            ValidityWarning,
            stacklevel=3,
        )
    return np.minimum(targets, top).reshape(-1), clipped
