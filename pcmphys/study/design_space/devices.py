"""Devices of a design space: both states, aged and read. Pure functions, so that any machine may run them.

Each device is cycled once: RESET, SET. A twin of it then stays in that high state, the other is RESET again; both are
read, with noise, at each time. What decides about a memory is not the mean device but the few weak ones: of each state
the reads nearest to the other one are kept, as many as lie beyond the tail of *all* devices, so that slices of a
population can be put together exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pcmphys.numerics.parts import Part
from pcmphys.study.design_space.settings import DesignSpaceConfig, PulseOptions

STATES = ("high", "low")
_PAUSE = 1.0
"""Time [s] between the pulses that prepare a device."""


def measure_slice(
    config: DesignSpaceConfig,
    cell: Any,
    pulse: PulseOptions,
    first: int,
    count: int,
    tick: Callable[[], None] | None = None,
) -> Part:
    """Devices ``first`` to before ``first + count`` of a cell with one RESET pulse.

    Returns
    -------
    dict
        ``high``, ``low`` (times, kept) [S]: reads nearest to the other state, nearest first; ``sums`` (states, times)
        [S] of all reads; ``thresholds`` (kept) [V], least first, at the first time in the low state; ``energy`` [J]
        that all took with the RESET pulse; if they are to be kept ``reads`` (states, times, devices) [S].
    """
    devices = cell.population(count, seed=config.seed, first_cell=first)
    devices.apply(pulse.pulse)
    devices.wait(_PAUSE)
    devices.apply(config.set_pulse.pulse)
    low = devices.copy()
    low.wait(_PAUSE)
    energy = low.apply(pulse.pulse).energy
    kept = min(config.beyond, count)
    high_reads, _ = _aged(config, devices, None)
    low_reads, thresholds = _aged(config, low, kept)
    part = {
        "high": np.sort(high_reads, axis=1)[:, :kept],
        "low": np.sort(low_reads, axis=1)[:, ::-1][:, :kept],
        "sums": np.stack([high_reads.sum(axis=1), low_reads.sum(axis=1)]),
        "thresholds": thresholds,
        "energy": np.array(energy.sum()),
    }
    if config.keep_reads:
        part["reads"] = np.stack([high_reads, low_reads])
    if tick is not None:
        tick()
    return part


def _aged(config: DesignSpaceConfig, devices: Any, kept: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Reads (times, devices) [S], and the least thresholds [V] at the first time, if asked for."""
    start, reads, thresholds = devices.time, [], np.empty(0)
    for time in config.times:
        devices.wait(max(time - (devices.time - start), 0.0), config.temperature)
        if kept is not None and not reads:
            thresholds = np.sort(devices.now().threshold_voltage)[:kept]
        reads.append(devices.read())
    return np.stack(reads), thresholds


def merged(
    config: DesignSpaceConfig,
    pulse: PulseOptions,
    leads: float,
    slices: list[Part],
    tick: Callable[[], None] | None = None,
) -> Part:
    """What all slices of a cell and pulse say together.

    Parameters
    ----------
    leads : float [ohm]
        Resistance in series with the phase-change material: heater, leads and access.

    Returns
    -------
    dict
        ``weak_high``, ``weak_low``, ``mean_high``, ``mean_low`` (times) [S], ``weak_threshold`` [V], ``device_energy``
        [J], ``device_voltage`` [V] across device and leads at the plateau of the RESET pulse.
    """
    rank = config.beyond - 1
    high, low = (np.concatenate([part[state] for part in slices], axis=1) for state in STATES)
    sums = np.sum([part["sums"] for part in slices], axis=0) / config.devices
    energy = float(np.sum([part["energy"] for part in slices])) / config.devices
    if tick is not None:
        tick()
    return {
        "weak_high": np.sort(high, axis=1)[:, rank],
        "weak_low": np.sort(low, axis=1)[:, ::-1][:, rank],
        "mean_high": sums[0],
        "mean_low": sums[1],
        "weak_threshold": np.sort(np.concatenate([part["thresholds"] for part in slices]))[rank],
        "device_energy": np.array(energy),
        "device_voltage": np.array(energy / pulse.charge + leads * pulse.current),
    }
