"""What a drift fit is made from: reads of one or more devices, at common times or each at its own, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics import check, labelled
from pcmphys.numerics.warn import warn

if TYPE_CHECKING:
    import xarray as xr

LARGEST = 1.0
"""Conductance [S] above which the unit is probably wrong: no memory cell conducts as well."""
TO_SIEMENS = {"mS": 1e-3, "uS": 1e-6, "µS": 1e-6, "nS": 1e-9}
FIELDS = ("time", "conductance", "names", "unit")


@dataclass(frozen=True, eq=False, repr=False)
class DriftTable(labelled.Labelled):
    """Reads of one or more devices, as `pcmphys.fit.drift` takes them.

    Parameters
    ----------
    time : (reads,) or (devices, reads) array, or one array a device
        Time since programming [s], above 0, strictly increasing: one for all devices, or each device's own. Devices
        with fewer reads than others have NaN in both arrays, or shorter ones: arrays of different lengths are
        filled up.
    conductance : (devices, reads) array, or (reads,) for one device, or one array a device
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
    >>> DriftTable([[1.0, 10.0, 100.0], [2.0, 30.0]], [[2e-5, 1.9e-5, 1.8e-5], [1e-5, 9e-6]])
    DriftTable(2 devices, 2 to 3 reads each at own times from 1 s to 100 s, in S)
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
        return f"DriftTable({count} device{'s' * (count != 1)}, {when(self.time)}, in {self.unit})"

    def to_dataset(self) -> xr.Dataset:
        """The reads as an `xarray.Dataset` with axes device and time, or read where devices have their own times."""
        own = self.time.ndim == 2
        both = ("device", "read" if own else "time")
        return labelled.dataset(
            "pcmphys reads of drift",
            {"conductance": (both, self.conductance, self.unit, "read; NaN: missing")},
            {
                "time": (both if own else both[1:], self.time, "s", "time since programming"),
                "device": (both[:1], list(self.names), "1", "name of the device"),
            },
        )


def when(time: np.ndarray) -> str:
    """How many reads, and from when to when, in words."""
    first, last = np.nanmin(time), np.nanmax(time)
    if time.ndim == 1:
        return f"{time.size} reads from {first:g} s to {last:g} s"
    counts = (~np.isnan(time)).sum(axis=1)
    low, high = int(counts.min()), int(counts.max())
    many = f"{high}" if low == high else f"{low} to {high}"
    return f"{many} reads each at own times from {first:g} s to {last:g} s"


def unwarned(time: Any, conductance: Any, names: Any, unit: str) -> DriftTable:
    """A checked table without the warning of large conductances, where it was or will be given."""
    return of_checked(*checked_reads(time, conductance, names, unit))


def of_checked(time: np.ndarray, conductance: np.ndarray, names: tuple[str, ...], unit: str) -> DriftTable:
    """A table of what needs no check."""
    table = object.__new__(DriftTable)
    for name, value in zip(FIELDS, (time, conductance, names, unit), strict=True):
        object.__setattr__(table, name, value)
    return table


def checked_reads(
    time: Any, conductance: Any, names: Any, unit: str
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], str]:
    """Arrays of our own, (reads,) and (devices, reads), the devices' names, and the unit."""
    if unit not in ("S", "1"):
        factor = f": multiply conductances in {unit} by {TO_SIEMENS[unit]:g}" if unit in TO_SIEMENS else ""
        raise ParameterError(f"unit must be 'S' or '1' (normalised); got {unit!r}{factor}")
    time, conductance = _filled_up(time, conductance)
    time = np.array(check.measured("time", _times(time), "s"))
    found = check.with_gaps("conductance", check.filled(conductance), ndim=(1, 2))
    check.measured("conductance", found, unit)
    check.array("conductance", np.where(np.isnan(found), 0.0, found), unit, low=0.0)
    if time.ndim == 2 and found.shape != time.shape:
        raise ParameterError(
            f"time of shape {time.shape} holds each device's own times; conductance must have the same shape, got "
            f"{found.shape}"
        )
    reads = time.shape[-1]
    if found.shape[-1] != reads:
        turned = "; is it transposed?" if found.ndim == 2 and found.shape[0] == reads else ""
        raise ParameterError(
            f"conductance must have {reads} reads a device, one a time; got shape {found.shape}{turned}"
        )
    found = np.atleast_2d(found)
    if time.ndim == 2:
        _own_times(time, found)
    return time, found, _names(names, len(found)), unit


def _filled_up(time, conductance):
    """Arrays of different lengths, one a device, as two of one shape with NaN at the end."""
    if not isinstance(time, (list, tuple)) or not isinstance(conductance, (list, tuple, np.ndarray)):
        return time, conductance
    lengths = [[np.size(one) if np.ndim(one) == 1 else -1 for one in part] for part in _parts(time, conductance)]
    if min(map(len, lengths)) == 0 or min(map(min, lengths)) < 1 or len(set(lengths[0])) == 1 == len(set(lengths[1])):
        return time, conductance
    if lengths[0] != lengths[1]:
        k = next((k for k, pair in enumerate(zip(*lengths)) if pair[0] != pair[1]), min(map(len, lengths)))
        raise ParameterError(
            f"time and conductance must have as many reads as each other for each device; they differ for device {k}"
        )
    return _padded(check.unmasked("time", time)), _padded(conductance)


def _parts(*given):
    """Each as a list of arrays where that is possible, of numbers where not."""
    for part in given:
        yield [one if np.isscalar(one) or one is None else np.asarray(check.filled(one)) for one in part]


def _padded(rows) -> np.ndarray:
    rows = [np.asarray(check.filled(row), dtype=float) for row in rows]
    out = np.full((len(rows), max(row.size for row in rows)), np.nan)
    for place, row in zip(out, rows, strict=True):
        place[: row.size] = row
    return out


def _times(time) -> np.ndarray:
    """Times for all devices, increasing and above zero; or each device's own, of which that is asked elsewhere."""
    if np.ndim(time) == 2:
        return check.with_gaps("time", time, "s", 0.0, ndim=2)
    time = check.array("time", time, "s", ndim=1, low=0.0)
    check.increasing("time", time, "s")
    if time[0] <= 0:
        raise ParameterError("time must be above 0 s, counted from programming; time[0] is 0 s")
    return time


def _own_times(time: np.ndarray, conductance: np.ndarray) -> None:
    """Refuse own times that are not above zero and increasing, or a read without one."""
    for says, wrong in (
        ("is missing where conductance has a read", np.isnan(time) & ~np.isnan(conductance)),
        ("is 0 s; times must be above 0 s, counted from programming", time == 0.0),
        ("is not above the one before: each device's times must increase strictly", ~_rising(time)),
    ):
        if wrong.any():
            device, read = (int(k) for k in np.argwhere(wrong)[0])
            raise ParameterError(f"time[{device}, {read}] {says}")


def _rising(time: np.ndarray) -> np.ndarray:
    """Which times are above all before them, or not there."""
    before = np.fmax.accumulate(np.where(np.isnan(time), -np.inf, time), axis=1)
    late = np.ones(time.shape, dtype=bool)
    late[:, 1:] = time[:, 1:] > before[:, :-1]
    return late | np.isnan(time)


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
        warn(
            f"conductance: {int(large.sum())} of {large.size} reads are above {LARGEST:g} S (first "
            f"{printable(names[device])}, read {read}: {conductance[device, read]:g} S); is it in another unit, or "
            "normalised (unit '1')?"
        )
