"""What the devices and wires behind a study look like: a few conductance traces and one map of IR drop."""

from __future__ import annotations

from typing import Any

import numpy as np

from pcmphys.crossbar import Bias, Crossbar, Wires
from pcmphys.study.network.chip import build
from pcmphys.study.network.network import Perceptron
from pcmphys.study.network.settings import StudyConfig
from pcmphys.study.plan import Variables

_LEVELS = np.array([0.05, 0.1, 0.2, 0.4, 0.7, 1.0])
_DEVICES_A_LEVEL = 4
_READS = 40


def portrait(config: StudyConfig, cells: list[Any], network: Perceptron) -> Variables:
    """Variables (axes, values, unit, text) for the data set: ``trace`` and ``cell_voltage``."""
    times = _trace_times(config, cells)
    return {
        "trace": (
            ("cell", "device", "trace_time"),
            np.stack([_traces(config, cell, times) for cell in cells]),
            "S",
            "reads of single devices",
        ),
        "trace_time": (("trace_time",), times, "s", "time since programming"),
        "trace_target": (
            ("cell", "device"),
            np.stack([np.repeat(_LEVELS, _DEVICES_A_LEVEL) * cell.conductance_maximum for cell in cells]),
            "S",
            "target conductance of the device",
        ),
        "cell_voltage": (
            ("cell", "word_line", "bit_line"),
            np.stack([_voltage_map(config, cell, network) for cell in cells]),
            "V",
            "voltage across the G+ cells of the largest tile at their targets, all word lines at full read voltage",
        ),
    }


def _trace_times(config: StudyConfig, cells: list) -> np.ndarray:
    """Times [s] of the reads, evenly in their logarithm as far as reads, one after the other, leave room for it."""
    last = max(config.times)
    times = np.geomspace(min(*config.times, 1.0) if len(config.times) > 1 else 1.0, max(last, 10.0), _READS)
    longest = 0.0
    for cell in cells:
        probe = cell.population(1, seed=0)
        probe.program(cell.conductance_maximum)
        start = probe.time
        probe.read()
        longest = max(longest, probe.time - start)
    for k in range(1, times.size):
        times[k] = max(times[k], times[k - 1] + 1.001 * longest)
    return times


def _traces(config: StudyConfig, cell, times: np.ndarray) -> np.ndarray:
    devices = cell.population(_LEVELS.size * _DEVICES_A_LEVEL, seed=config.seed << 16)
    devices.program(np.repeat(_LEVELS, _DEVICES_A_LEVEL) * cell.conductance_maximum)
    start = devices.time
    reads = []
    for time in times:
        devices.wait(max(time - (devices.time - start), 0.0))
        reads.append(devices.read())
    return np.stack(reads, axis=-1)


def _voltage_map(config: StudyConfig, cell, network: Perceptron) -> np.ndarray:
    largest = max(build(config, cell, 0, network), key=lambda matrix: matrix.weights.size)
    positive = largest.targets()[0]
    voltage = np.full(positive.shape[0], config.periphery.read_voltage or cell.read_voltage)
    wires = Wires(**config.wires.model_dump())
    return Crossbar(positive, wires).solve(Bias.matvec(voltage)).cell_voltage
