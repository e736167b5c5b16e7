"""The work of the study of a whole chip: a tile of it, or a slice of its devices. Pure functions but for the clocks.

Every piece is its own devices by their numbers, so that a chip is the same however it is cut up. What is timed is the
simulation, from the making of the devices on; statistics of it are not, nor the compilation of kernels.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from pcmphys.crossbar import Wires
from pcmphys.matrix import AnalogMatrix, Periphery
from pcmphys.numerics.compile import single_thread
from pcmphys.numerics.parts import Part
from pcmphys.programming import SCHEMES
from pcmphys.study.chip_scale import floors
from pcmphys.study.chip_scale.clocks import Stopwatch, thread_seconds
from pcmphys.study.chip_scale.settings import CLOSED_LOOP, POPULATION, ChipScaleConfig

_FEW = 64
"""Devices on which kernels are compiled before the clock runs."""
_FLOOR_DEVICES = {POPULATION: 2**19, CLOSED_LOOP: 1024}
_SPREAD = 1.0 / 3.0
"""Standard deviation of weights of which 1 is the largest."""
_IDEAL = Periphery(dac_bits=None, adc_bits=None)

Tick = Callable[[], None] | None


def population_tile(config: ChipScaleConfig, cell: Any, tile: int, tick: Tick = None) -> Part:
    """Program, age and read one tile of the population.

    Returns
    -------
    dict
        ``programming_error`` [S], rms over the tile; ``level_mean``, ``level_spread`` (levels, times) [S] of the reads;
        if they are to be kept ``reads`` (times, rows, columns) [S]; what it took, see `clocks.SPENT`.
    """
    options = config.population
    _warm_population(cell)
    with Stopwatch() as watch:
        targets = np.repeat(level_targets(config, cell)[np.arange(options.rows) % options.levels], options.columns)
        devices = cell.population(options.devices, seed=config.seed, first_cell=tile * options.devices)
        error = devices.program(targets).error
        reads = []
        for time in options.times:
            devices.wait(time - devices.time)
            reads.append(devices.read().reshape(options.rows, options.columns))
    levels = [[read[k :: options.levels] for read in reads] for k in range(options.levels)]
    part = {
        "programming_error": np.array(np.sqrt(np.mean(np.square(error)))),
        "level_mean": np.array([[_or_nan(np.mean, one) for one in level] for level in levels]),
        "level_spread": np.array([[_or_nan(np.std, one) for one in level] for level in levels]),
        **watch.spent,
    }
    if options.keep_reads:
        part["reads"] = np.stack(reads)
    return _ticked(part, tick)


def wires_tile(config: ChipScaleConfig, cell: Any, tile: int, tick: Tick = None) -> Part:
    """Program pairs of devices to random weights, age and read them, and find their transfer matrices behind wires.

    Returns
    -------
    dict
        ``devices_error`` and ``wires_error``, relative rms errors of products without and with wires, each after the
        one best gain, for inputs that are independent of each other; ``wires_gain``, that gain with wires over the one
        without; what it took, see `clocks.SPENT`.
    """
    options = config.wires
    shape = (options.rows, options.columns)
    weights = np.clip(_SPREAD * np.random.default_rng([config.seed, tile]).normal(size=shape), -1.0, 1.0)
    wires = Wires(row=options.segment, column=options.segment)
    _warm_wires(cell)
    with Stopwatch() as watch:
        matrix = AnalogMatrix(
            weights, cell, tile=shape, wires=wires, periphery=_IDEAL, seed=config.seed,
            first_cell=tile * options.devices,
        )  # fmt: skip
        matrix.program()
        matrix.wait(options.time)
        (state,) = matrix.snapshot().states
        behind_wires = state.linear()
    alone = matrix.mapping.combine(state.conductance)
    (gain, error), (wired, wired_error) = (_against(weights, found) for found in (alone, behind_wires))
    part = {
        "devices_error": np.array(error),
        "wires_error": np.array(wired_error),
        "wires_gain": np.array(wired / gain),
        **watch.spent,
    }
    return _ticked(part, tick)


def closed_loop_slice(config: ChipScaleConfig, cell: Any, first: int, count: int, tick: Tick = None) -> Part:
    """Program physical devices ``first`` to before ``first + count`` by pulses and reads.

    Returns
    -------
    dict
        ``error`` [S] at the reference time, ``pulses`` and ``converged`` of each device; what it took, see
        `clocks.SPENT`.
    """
    _warm_closed_loop(cell, config.closed_loop.scheme)
    targets = loop_targets(config, cell, first, count)
    with Stopwatch() as watch:
        devices = cell.population(count, seed=config.seed, first_cell=first)
        report = devices.program(targets, scheme=config.closed_loop.scheme)
    part = {"error": report.error, "pulses": report.iterations.astype(float), "converged": report.converged * 1.0}
    return _ticked(part | watch.spent, tick)


def floor(config: ChipScaleConfig, cell: Any, part: str, tick: Tick = None) -> Part:
    """The floor of one part of the study: ``floor`` [s] of a device, a pair of arrays or a turn; see `floors.NAMES`."""
    if part == POPULATION:
        count = min(config.population.devices, _FLOOR_DEVICES[part])
        times = thread_seconds(floors.population_tasks(count))
        found = list(floors.population_floor(times, count, len(config.population.times), made=True).values())
    elif part == CLOSED_LOOP:
        count = min(config.closed_loop.slice, config.closed_loop.devices, _FLOOR_DEVICES[part])
        times = thread_seconds(floors.turn_tasks(cell, config.closed_loop.scheme, count, config.seed))
        found = [times["turn"] / count]
    else:
        options = config.wires
        found = [thread_seconds(floors.transfer_tasks(options.rows, options.columns, options.segment))["sweeps"]]
    return _ticked({"floor": np.array(found)}, tick)


def level_targets(config: ChipScaleConfig, cell: Any) -> np.ndarray:
    """Target conductances [S] of the population."""
    return np.linspace(0.0, cell.conductance_maximum, config.population.levels)


def loop_targets(config: ChipScaleConfig, cell: Any, first: int, count: int) -> np.ndarray:
    """Target conductances [S] of physical devices by their numbers, the same for any slices.

    Devices 2k and 2k + 1 are a pair that holds a weight, one of them at the least conductance; weights are normal, as
    on `wires_tile`.
    """
    from scipy.special import ndtri

    number = np.arange(first, first + count, dtype=np.uint64)
    # the golden ratio's multiples fill the range evenly, wherever one begins
    places = (((number >> np.uint64(1)) * np.uint64(_GOLDEN)) >> np.uint64(11)) * 2.0**-53 + 2.0**-54
    weights = np.clip(_SPREAD * ndtri(places), -1.0, 1.0)
    held = np.maximum(np.where(number % np.uint64(2) == 0, weights, -weights), 0.0)
    return cell.conductance_minimum + (cell.conductance_maximum - cell.conductance_minimum) * held


_GOLDEN = 0x9E3779B97F4A7C15
"""2^64 over the golden ratio."""


def _or_nan(function: Callable, values: np.ndarray) -> float:
    """Of no values NaN: a tile may have fewer word lines than levels."""
    return float(function(values)) if values.size else float("nan")


def _against(weights: np.ndarray, found: np.ndarray) -> tuple[float, float]:
    """Best gain of what was found over the weights, and the relative rms error that is left."""
    gain = float(np.sum(weights * found) / np.sum(np.square(weights)))
    left = weights * gain - found
    return gain, float(np.sqrt(np.sum(np.square(left)) / np.sum(np.square(weights * gain))))


def _ticked(part: Part, tick: Tick) -> Part:
    if tick is not None:
        tick()
    return part


@functools.lru_cache(maxsize=8)
def _warm_population(cell: Any) -> None:
    with single_thread():
        devices = cell.population(_FEW)
        devices.program(cell.conductance_maximum)
        devices.wait(1.0)
        devices.read()


@functools.lru_cache(maxsize=8)
def _warm_wires(cell: Any) -> None:
    with single_thread():
        matrix = AnalogMatrix(np.eye(16), cell, wires=Wires(row=1.0, column=1.0), periphery=_IDEAL)
        matrix.program()
        matrix.snapshot().states[0].linear()


@functools.lru_cache(maxsize=8)
def _warm_closed_loop(cell: Any, scheme: str) -> None:
    with single_thread():
        cell.population(4).program(0.5 * cell.conductance_maximum, scheme=SCHEMES[scheme].but(pulses=2))
