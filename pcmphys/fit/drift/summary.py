"""Drift fits as plain text, as a data set, and as a CSV file."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.fit.drift.solution import PER_DEVICE
from pcmphys.fit.drift.table import printable, when
from pcmphys.fit.drift.temperature import LEVEL, common_chance
from pcmphys.fit.engine.words import with_error
from pcmphys.numerics import labelled
from pcmphys.numerics.files import write_whole
from pcmphys.plot.figures import check_folder

if TYPE_CHECKING:
    import xarray as xr

_CONDUCTANCES = ("g0", "g0_error", "white_noise")
_UNITS = {"delay": "s", "delay_error": "s", "temperature": "K"}


def summary(fits: Any, population: Any) -> str:
    """A table with one line a device and, for a population, its mean and spread.

    Parameters
    ----------
    fits : sequence of DriftFit
        Devices to list, at least one unless ``population`` is given.
    population : DriftPopulation or None
        Adds the lines of the population.

    Returns
    -------
    str
    """
    first = fits[0] if fits else population
    factor, unit = (1e6, "uS") if first.unit == "S" else (1.0, "1")
    heads = ["device", "nu", "+-", f"g0 [{unit}]", "+-", "Q (1/f)", "slope", f"white [{unit}]"]
    sought = bool(np.any((population or first).delay_error))
    if sought:
        heads += ["delay [s]", "+-"]
    lines = [
        (
            printable(fit.name),
            *with_error(fit.exponent, fit.exponent_error),
            *with_error(fit.g0 * factor, fit.g0_error * factor),
            f"{fit.noise_amplitude:.2g}",
            f"{fit.noise_slope:.2f}",
            f"{fit.white_noise * factor:.2g}",
            *(with_error(fit.delay, fit.delay_error) if sought else ()),
        )
        for fit in fits
    ]
    widths = [max(len(row[k]) for row in [heads, *lines]) for k in range(len(heads))]
    delayed = sought or np.any((population or first).delay)
    age = "(t - delay)" if delayed else "t"
    text = [
        f"drift G = g0 ({age} / {first.reference_time:g} s)^-nu, {when((population or first).time)}",
        "errors: 68.3 % intervals, noise taken as 1/f-like and white, averaged over its models by REML",
    ]
    if fits:
        text += [
            "  ".join(cell.ljust(w) if k == 0 else cell.rjust(w) for k, (cell, w) in enumerate(zip(row, widths)))
            for row in [heads, *lines]
        ]
    if population is not None:
        if math.isfinite(population.ageing_chance):
            text[1] += f"; the noise ages with a chance of {population.ageing_chance:.0%}"
        if len(fits) < len(population):
            text.append(f"... {len(population)} devices in all, {len(fits)} shown")
        text += _of_population(population) + _of_temperatures(population)
    source = (population or first).source
    return "\n".join([*text, *(population or first).undetermined, *(() if source is None else source.lines())])


def _of_temperatures(population: Any) -> list[str]:
    """Exponents at each temperature, and whether one law holds for all."""
    groups = population.by_temperature
    lines = []
    for group in groups:
        mean, spread = (" +- ".join(with_error(*pair)) for pair in (group[2:4], group[4:6]))
        known = f"mean {mean}, spread {spread} ({group.method})" if group.devices > 1 else mean
        lines.append(f"nu at {group.temperature:g} K, {group.devices} device{'s' * (group.devices != 1)}: {known}")
    chance = common_chance(groups)
    if math.isfinite(chance):
        holds = "agrees with" if chance >= LEVEL else "does not agree with"
        lines.append(f"one exponent for all temperatures {holds} these means (p = {chance:.2g})")
    return lines


def undetermined(result: Any, solution: Any) -> tuple[str, ...]:
    """What was asked for and the reads do not tell."""
    unknown = solution.undetermined()
    if not unknown.any():
        return ()
    ends = solution.take(unknown).delay_between(0.95)
    low, high = float(ends[0].min()), float(ends[1].max())
    whose = "" if unknown.size == 1 else f" of {int(unknown.sum())} of {unknown.size} devices"
    return (
        f"the reads do not tell the programming delay{whose}: anything from {low:.3g} s to {high:.3g} s fits (95 %); "
        "errors of nu and g0 allow for it",
    )


def _of_population(population) -> list[str]:
    mean = " +- ".join(with_error(population.exponent_mean, population.exponent_mean_error))
    if population.exponent_method == "single":
        known = math.isfinite(population.exponent_mean)
        return [f"mean and spread of nu: of one device only, {mean}" if known else "no fit has settled"]
    spread = " +- ".join(with_error(population.exponent_spread, population.exponent_spread_error))
    scatter = " +- ".join(with_error(population.exponent_scatter, population.exponent_scatter_error))
    plain = population.exponent_method == "plain"
    other = population.weighted if plain else population.plain
    return [
        f"population mean of nu:  {mean} ({'plain mean' if plain else 'weighted by precision'})",
        f"intrinsic spread of nu: {spread} (fit error removed)",
        f"scatter of fitted nu:   {scatter} (standard deviation, fit error in it)",
        f"{'plain' if plain else 'weighted'}, because {population.exponent_reason}",
        f"{'weighted by precision' if plain else 'plain'} instead: mean {' +- '.join(with_error(*other[:2]))}, "
        f"spread {' +- '.join(with_error(*other[2:]))}",
    ]


_MEANING = {
    "exponent": "drift exponent",
    "exponent_error": "half-width of the 68.3 % interval of the exponent",
    "g0": "conductance at the reference time",
    "g0_error": "half-width of the 68.3 % interval of g0",
    "noise_amplitude": "1/f noise relative to the conductance",
    "noise_slope": "slope of the noise spectrum",
    "white_noise": "standard deviation of the white part of the noise",
    "temperature": "temperature the device was kept at",
    "delay": "time at which the device was programmed",
    "delay_error": "half-width of the 68.3 % interval of the delay",
}
_OF_ALL = (
    "exponent_mean", "exponent_mean_error", "exponent_spread", "exponent_spread_error", "exponent_method",
    "exponent_reason", "exponent_scatter", "exponent_scatter_error",
)  # fmt: skip


def to_dataset(result: Any) -> xr.Dataset:
    """A fit or a population as an `xarray.Dataset`, with the reads it was made from."""
    several = result.conductance.ndim == 2
    device = ("device",) if several else ()
    variables: dict[str, tuple[tuple[str, ...], Any, str, str]] = {
        key: (device, getattr(result, key), _unit(key, result), _MEANING[key]) for key in _keys(result)
    }
    own = result.time.ndim == 2  # a device's times are no axis for all
    read = "read" if own else "time"
    variables["conductance"] = ((*device, read), result.conductance, result.unit, "read; NaN: missing")
    names = result.names if several else result.name
    coordinates = {
        "time": ((*device, read) if own else (read,), result.time, "s", "time since programming"),
        "device": (device, names, "1", "name of the device"),
    }
    return labelled.dataset(
        "pcmphys fit of drift",
        variables,
        coordinates,
        reference_time=result.reference_time,
        read_duration=result.read_duration,
        **({} if result.source is None else result.source.attributes()),
        **{key: getattr(result, key) for key in _OF_ALL if several},
    )


def to_csv(result: Any, path: str | Path) -> None:
    """Write a header with names and units, then one row a device with all digits, whole or not at all."""
    names, columns = _columns(result)
    heads = [f"{key}[{_unit(key, result)}]" for key in _keys(result)]

    def write(temporary) -> None:
        with open(temporary, "w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(["device", *heads])
            table.writerows([name, *map(repr, row)] for name, row in zip(names, columns.T.tolist(), strict=True))

    write_whole(check_folder(path), write)


def _unit(key: str, result: Any) -> str:
    return result.unit if key in _CONDUCTANCES else _UNITS.get(key, "1")


def _keys(result: Any) -> tuple[str, ...]:
    """What is known of each device."""
    return PER_DEVICE if result.temperature is None else (*PER_DEVICE, "temperature")


def _columns(result) -> tuple[list[str], np.ndarray]:
    """Names of the devices, and what is known of each, (quantities, devices)."""
    names = list(result.names) if hasattr(result, "names") else [result.name]
    return names, np.array([np.atleast_1d(getattr(result, key)) for key in _keys(result)])
