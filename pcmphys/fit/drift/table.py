"""What a drift fit is made from: reads of one or more devices at common times, checked."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pcmphys.errors import ParameterError, ValidityWarning
from pcmphys.numerics import check

LARGEST = 1.0
"""Conductance [S] above which the unit is probably wrong: no memory cell conducts as well."""
TO_SIEMENS = {"mS": 1e-3, "uS": 1e-6, "µS": 1e-6, "nS": 1e-9}
FIELDS = ("time", "conductance", "names", "unit")


@dataclass(frozen=True, eq=False, repr=False)
class DriftTable:
    """Reads of one or more devices at common times, as `pcmphys.fit.drift` takes them.

    Parameters
    ----------
    time : (reads,) array
        Time since programming [s], above 0, strictly increasing.
    conductance : (devices, reads) array, or (reads,) for one device
        [S], or normalised [1]; not negative; NaN, or masked, where a read is missing.
    names : sequence of str, optional
        Name of each device, each once; by default "device 0", "device 1", ...
    unit : {"S", "1"}
        Of the conductances.

    Raises
    ------
    ParameterError
        Times or conductances that cannot be (a tester's 9.9E37 for over-range included), shapes or names that do not
        fit, a name twice, another unit.

    Warns
    -----
    ValidityWarning
        Conductances above 1 S: the unit is probably wrong.

    Examples
    --------
    >>> DriftTable([1.0, 10.0, 100.0], [[2e-5, 1.9e-5, 1.8e-5]], ["a"])
    DriftTable(1 device, 3 reads from 1 s to 100 s, in S)
    """

    time: np.ndarray
    conductance: np.ndarray
    names: Sequence[str] = ()
    unit: str = "S"

    def __post_init__(self) -> None:
        table = checked_reads(self.time, self.conductance, self.names, self.unit)
        for name, value in zip(FIELDS, table, strict=True):
            object.__setattr__(self, name, value)
        if self.unit == "S":
            warn_of_size(self.conductance, self.names)

    def __repr__(self) -> str:
        count = len(self.names)
        return (
            f"DriftTable({count} device{'s' * (count != 1)}, {self.time.size} reads from {self.time[0]:g} s to "
            f"{self.time[-1]:g} s, in {self.unit})"
        )


def unwarned(time: Any, conductance: Any, names: Any, unit: str) -> DriftTable:
    """A checked table without the warning of large conductances, where it was or will be given."""
    table = object.__new__(DriftTable)
    for name, value in zip(FIELDS, checked_reads(time, conductance, names, unit), strict=True):
        object.__setattr__(table, name, value)
    return table


def checked_reads(
    time: Any, conductance: Any, names: Any, unit: str
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], str]:
    """Arrays of our own, (reads,) and (devices, reads), the devices' names, and the unit."""
    if unit not in ("S", "1"):
        factor = f": multiply conductances in {unit} by {TO_SIEMENS[unit]:g}" if unit in TO_SIEMENS else ""
        raise ParameterError(f"unit must be 'S' or '1' (normalised); got {unit!r}{factor}")
    time = np.array(check.measured("time", check.array("time", time, "s", ndim=1, low=0.0), "s"))
    check.increasing("time", time, "s")
    if time[0] <= 0:
        raise ParameterError("time must be above 0 s, counted from programming; time[0] is 0 s")
    found = check.with_gaps("conductance", check.filled(conductance), ndim=(1, 2))
    check.measured("conductance", found, unit)
    check.array("conductance", np.where(np.isnan(found), 0.0, found), unit, low=0.0)
    if found.shape[-1] != time.size:
        turned = "; is it transposed?" if found.ndim == 2 and found.shape[0] == time.size else ""
        raise ParameterError(
            f"conductance must have {time.size} reads a device, one a time; got shape {found.shape}{turned}"
        )
    found = np.atleast_2d(found)
    return time, found, _names(names, len(found)), unit


def _names(names: Sequence[str], devices: int) -> tuple[str, ...]:
    if isinstance(names, str):
        names = (names,)
    names = tuple(names or ()) or tuple(f"device {k}" for k in range(devices))
    if len(names) != devices:
        raise ParameterError(f"names must name each of {devices} devices; got {len(names)} names")
    seen: dict[str, int] = {}
    for k, name in enumerate(names):
        if not isinstance(name, str) or not name.strip():
            raise ParameterError(f"names[{k}] must be text; got {name!r}")
        if name in seen:
            raise ParameterError(f"names must differ; names[{seen[name]}] and names[{k}] are both {name!r}")
        seen[name] = k
    return names


def printable(name: str) -> str:
    """A name without what would move a terminal's cursor or break its line."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in name)


def warn_of_size(conductance: np.ndarray, names: Sequence[str]) -> None:
    """Say so where a conductance [S] is larger than that of any memory cell."""
    large = conductance > LARGEST
    if large.any():
        device, read = (int(k) for k in np.argwhere(large)[0])
        warnings.warn(
            f"conductance: {int(large.sum())} of {large.size} reads are above {LARGEST:g} S (first "
            f"{printable(names[device])}, read {read}: {conductance[device, read]:g} S); is it in another unit, or "
            "normalised (unit '1')?",
            ValidityWarning,
            stacklevel=4,
        )
