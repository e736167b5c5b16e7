"""What a physical cell shows beside its levels: structure, programming, I-V, drift, noise, retention."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from pcmphys.cells.mushroom.cell import MushroomCell
from pcmphys.cells.mushroom.devices import MushroomPopulation
from pcmphys.errors import ConvergenceError, ParameterError
from pcmphys.fit import RetentionFit, failures, retention
from pcmphys.fit.drift.of_devices import drift
from pcmphys.plot.mushroom.cell import cell as cross_section
from pcmphys.plot.mushroom.devices import noise_spectrum, programming_curve
from pcmphys.plot.mushroom.iv import iv
from pcmphys.programming import Pulse

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FALL = 5e-9
_RESET = Pulse(current=440e-6, width=1e-6, fall=_FALL)
_SET = Pulse(current=100e-6, width=50e-9, fall=_FALL)
_PULSES = 10
_BAKED = 60
_ABOVE_ROOM = (0.80, 0.84, 0.88)
"""Temperatures of the bakes, over that at which the glass's viscosity follows its own law."""
_LOOKS = 25
_ICE = 273.15


def reset_devices(cell: MushroomCell, count: int, seed: int) -> MushroomPopulation:
    """Devices at the reference time after a RESET."""
    devices = cell.population(count, seed=seed)
    devices.apply(_RESET)
    devices.wait(cell.reference_time)
    return devices


def figures(cell: MushroomCell, seed: int) -> Iterator[tuple[str, Figure, str]]:
    """Heading, figure and caption of each."""
    devices = reset_devices(cell, 100, seed)
    typical = int(np.argsort(devices.now().conductance)[50])
    yield (
        "After RESET",
        cross_section(devices, typical),
        (f"The device of median conductance {cell.reference_time:g} s after {_spoken(_RESET)}."),
    )
    partly = devices.copy()
    partly.apply(_SET, repeat=_PULSES, pause=1e-6)
    partly.wait(cell.reference_time)
    caption = f"The same after {_PULSES} pulses of {_spoken(_SET)} more."
    yield "After SET pulses", cross_section(partly, typical), caption
    yield "Programming", programming_curve(cell, n=100, seed=seed), "What one pulse does."
    yield "Current and voltage", iv(devices), _SWITCHING
    programmed = cell.population(60, seed=seed)
    programmed.program(np.linspace(cell.conductance_minimum, cell.conductance_maximum, 61)[1:])
    yield "Drift", drift(programmed), "Reads of single devices; each keeps its exponent until it melts again."
    yield "Noise", noise_spectrum(programmed), "Telegraph noise of each device's traps, as reads see it."
    kept = kept_glass(cell, seed)
    if kept is not None:
        yield "Retention", kept.plot(), _RETENTION.format(kept.life_temperature - _ICE)


_SWITCHING = (
    "The threshold decides: a source of voltage jumps where its load line leaves the curve. No noise; a real sweep "
    "would heat and change the devices."
)
_RETENTION = (
    "Devices after RESET, baked until their conductance has risen ten times, and the law that tells the temperature at "
    "which half would fail in 10 years: {:.0f} °C. What is behind it is assumed unless the table says otherwise."
)


def kept_glass(cell: MushroomCell, seed: int) -> RetentionFit | None:
    """Failures of devices after RESET at three temperatures, with their law; None: not enough of them fail."""
    point = cell.parameters.crystallization.viscosity.glass_point
    looks = np.concatenate([[0.0], np.geomspace(1e-2, 1e8, _LOOKS)])
    time, temperature, failed, since = [], [], [], []
    for share in _ABOVE_ROOM:
        devices = reset_devices(cell, _BAKED, seed)
        seen = [devices.now().conductance]
        for wait in np.diff(looks):
            devices.wait(wait, temperature=share * point)
            seen.append(devices.now().conductance)
        one = failures(looks, np.stack(seen, axis=1), keep=(1e-6, 10.0))
        time.append(one.time)
        since.append(one.since)
        failed.append(one.failed)
        temperature.append(np.full(_BAKED, share * point))
    try:
        given = [np.concatenate(each) for each in (time, temperature, failed, since)]
        return retention(given[0], given[1], failed=given[2], since=given[3])
    except (ParameterError, ConvergenceError):
        return None


def _spoken(pulse: Pulse) -> str:
    return f"{1e6 * pulse.peak:g} µA for {1e9 * (pulse.duration - _FALL):.0f} ns"


def summary(cell: MushroomCell, seed: int) -> str:
    """What a device engineer asks first, in words."""
    devices = reset_devices(cell, 300, seed)
    look = devices.now()
    quiet = np.percentile(1e6 * look.conductance, 50)
    devices.apply(_SET, repeat=_PULSES, pause=1e-6)
    devices.wait(cell.reference_time)
    after = 1e6 * np.median(devices.now().conductance)
    return (
        f"After RESET ({_spoken(_RESET)}) the median device conducts {quiet:.2g} µS, drifts with an exponent of "
        f"{np.median(look.drift_exponent):.3f} and switches at {np.median(look.threshold_voltage):.2f} V; "
        f"{_PULSES} SET pulses ({_spoken(_SET)}) bring it to {after:.2g} µS."
    )
