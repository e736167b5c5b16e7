"""From what a user gives to sweeps: one polarity each, at one temperature, of one device, checked."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.iv.options import IvOptions
from pcmphys.numerics import check

ROOM = 300.0
"""Temperature [K] that is taken where none is given."""
_COLDEST = 100.0
_HOTTEST = 1500.0
_STEADY = 1.0
"""By how many kelvins the temperature of one sweep may wander."""
_LARGEST_VOLTAGE, _LARGEST_CURRENT, _THICKEST = 100.0, 0.1, 1e-6
_MOST_DEVICES = 64
"""Devices with conductances and thicknesses of their own: the time goes as their number to the power of two."""
_LEAST = 3
"""Points of a sweep."""


class Sweep(NamedTuple):
    """One sweep as measured, in the order of measurement; voltages and currents of one polarity, made positive."""

    device: str
    temperature: float
    thickness: float
    """[m]; NaN if not given."""
    voltage: np.ndarray
    current: np.ndarray
    polarity: float
    """1, or -1 where voltages were negative."""
    given: int
    """Number of the sweep among those given."""


class Sweeps(NamedTuple):
    """All sweeps, and what a reader of the result must know of how they came about."""

    sweeps: tuple[Sweep, ...]
    devices: tuple[str, ...]
    notes: tuple[str, ...]


def sweeps_of(voltage: Any, current: Any, temperature: Any, thickness: Any, options: IvOptions) -> Sweeps:
    """The sweeps of a user's arrays: one (points,), rows (sweeps, points), or a list of sweeps of any lengths."""
    volts, amperes = _rows("voltage", voltage, "V"), _rows("current", current, "A")
    if [one.size for one in volts] != [one.size for one in amperes]:
        raise ParameterError(
            f"voltage and current must have the same shape; got {_shapes(volts)} and {_shapes(amperes)} points"
        )
    _check_sizes(volts, amperes)
    notes = []
    if temperature is None:
        temperature = ROOM
        notes.append(f"temperature was not given: {ROOM:g} K is assumed, and what is found scales with it")
    kelvin = _temperatures(temperature, volts, options.cold)
    thick = _thicknesses(thickness, len(volts))
    names = _devices(options.device, thick, len(volts))
    if len(set(names)) > _MOST_DEVICES:
        raise ParameterError(
            f"{len(set(names))} devices are too many to be fitted together; at most {_MOST_DEVICES}: fit them in groups"
        )
    found = []
    for k, (v, i) in enumerate(zip(volts, amperes)):
        parts = _polarities(v)
        if len(parts) > 1:
            notes.append(f"sweep {k}: voltage changes its sign; its {len(parts)} parts are taken as sweeps")
        for part in parts:
            sign = float(np.sign(v[part][np.abs(v[part]).argmax()])) or 1.0
            found.append(Sweep(names[k], kelvin[k], thick[k], sign * v[part], sign * i[part], sign, k))
    _check_varied(found)
    return Sweeps(tuple(found), tuple(dict.fromkeys(names)), tuple(notes))


def _rows(name: str, value: Any, unit: str) -> list[np.ndarray]:
    if isinstance(value, (list, tuple)) and value and any(np.ndim(one) == 1 for one in value):
        return [
            check.measured(f"{name}[{k}]", check.array(f"{name}[{k}]", one, unit, ndim=1), unit)
            for k, one in enumerate(value)
        ]
    found = check.measured(name, check.array(name, value, unit, ndim=(1, 2)), unit)
    return list(np.atleast_2d(found))


def _shapes(rows: list[np.ndarray]) -> str:
    shown = ", ".join(str(one.size) for one in rows[:4])
    return shown + (", ..." if len(rows) > 4 else "")


def _check_sizes(volts: list[np.ndarray], amperes: list[np.ndarray]) -> None:
    """Refuse numbers that are of another unit than they are said to be, and sweeps that are none."""
    for name, rows, unit, high, smaller in (
        ("voltage", volts, "V", _LARGEST_VOLTAGE, "mV"),
        ("current", amperes, "A", _LARGEST_CURRENT, "uA"),
    ):
        largest = max(float(np.abs(one).max()) for one in rows)
        if largest > high:
            factor = {"mV": 1e-3, "uA": 1e-6}[smaller]
            raise ParameterError(
                f"{name} must be in {unit}, within +-{high:g} {unit}; the largest is {largest:g} {unit}. Did you mean "
                f"{largest * factor:g} {unit} ({largest:g} {smaller})?"
            )
    for k, (v, i) in enumerate(zip(volts, amperes)):
        if v.size < _LEAST:
            raise ParameterError(f"sweep {k} has {v.size} points; an I-V needs at least {_LEAST}")
        for name, one, unit in (("voltage", v, "V"), ("current", i, "A")):
            if one.min() == one.max():
                raise ParameterError(f"sweep {k}: {name} is constant, {one[0]:g} {unit}: nothing can be fitted to it")


def _temperatures(value: Any, volts: list[np.ndarray], cold: bool) -> list[float]:
    """One number a sweep [K]."""
    if isinstance(value, (list, tuple)) and any(np.ndim(one) == 1 for one in value):
        given = [check.array(f"temperature[{k}]", one, "K", ndim=1) for k, one in enumerate(value)]
        if [one.size for one in given] != [one.size for one in volts]:
            raise ParameterError("temperature must be a number, one a sweep, or one a point")
    else:
        found = check.array("temperature", value, "K", ndim=(0, 1, 2))
        if found.ndim == 0:
            given = [found.reshape(1)] * len(volts)
        elif found.shape == (len(volts),):
            given = list(found[:, None])
        elif found.ndim == 2 and len(found) == len(volts) and found.shape[1] == volts[0].size:
            given = list(found)
        elif found.ndim == 1 and len(volts) == 1 and found.size == volts[0].size:
            given = [found]
        else:
            raise ParameterError(
                f"temperature must be a number, one for each of {len(volts)} sweeps, or one a point; got shape "
                f"{found.shape}"
            )
    every = np.concatenate(given)
    _check_kelvin(every, cold)
    for k, one in enumerate(given):
        if np.ptp(one) > _STEADY:
            raise ParameterError(
                f"sweep {k}: its temperature goes from {one.min():g} to {one.max():g} K; give each temperature as a "
                "sweep of its own (a list of arrays, or rows)"
            )
    return [float(one.mean()) for one in given]


def _check_kelvin(every: np.ndarray, cold: bool) -> None:
    least = float(every.min())
    if least <= 0.0 or (least < _COLDEST and not cold):
        told = "" if least <= 0.0 else "; temperatures below 100 K that are meant so: IvOptions(cold=True)"
        raise ParameterError(
            f"temperature must be in K, above 0; got {least:g} K: did you mean {least + 273.15:g} K ({least:g} degC)?"
            f"{told}"
        )
    if every.max() > _HOTTEST:
        raise ParameterError(f"temperature must be in K, at most {_HOTTEST:g}; got {every.max():g} K")


def _thicknesses(value: Any, count: int) -> list[float]:
    if value is None:
        return [np.nan] * count
    found = check.array("thickness", value, "m", low=0.0, ndim=(0, 1))
    if found.ndim == 1 and found.size != count:
        raise ParameterError(f"thickness must be a number or one for each of {count} sweeps; got {found.size}")
    if found.max() > _THICKEST:
        raise ParameterError(
            f"thickness must be in m, at most {_THICKEST:g} m; got {found.max():g} m: did you mean "
            f"{1e-9 * found.max():g} m ({found.max():g} nm)?"
        )
    if not (found > 0.0).all():
        raise ParameterError("thickness must be above 0 m")
    return [float(one) for one in np.broadcast_to(found, (count,))]


def _devices(labels: Any, thick: list[float], count: int) -> list[str]:
    if labels is None:
        different = dict.fromkeys(thick)
        if len(different) == 1 or np.isnan(thick[0]):
            return [""] * count
        return [f"{1e9 * one:g}nm" for one in thick]
    if len(labels) != count:
        raise ParameterError(f"device must have a label for each of {count} sweeps; got {len(labels)}")
    names = [str(one) for one in labels]
    for name in dict.fromkeys(names):
        own = {one for other, one in zip(names, thick) if other == name and not np.isnan(one)}
        if len(own) > 1:
            raise ParameterError(
                f"device {name!r} has {len(own)} thicknesses; give each state of a device a label of its own"
            )
    return names if len(set(names)) > 1 else [""] * count


def _polarities(v: np.ndarray) -> list[slice]:
    """Runs of one sign; zeros belong to what they follow, leading ones to what follows them."""
    sign = np.sign(v)
    known = sign[sign != 0]
    for k in range(sign.size):
        if sign[k] == 0:
            sign[k] = sign[k - 1] if k else known[0]
    ends = [0, *(np.flatnonzero(np.diff(sign)) + 1).tolist(), v.size]
    return [slice(a, b) for a, b in pairwise(ends)]


def _check_varied(sweeps: list[Sweep]) -> None:
    if max(one.voltage.max() for one in sweeps) <= 0.0:
        raise ParameterError("voltage must differ from 0 V somewhere")
