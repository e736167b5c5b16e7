"""What is given of programming experiments, checked and brought into one form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics import check

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_MISSING = ("refuse", "skip")


class CurveReads(NamedTuple):
    """Reads after pulses, one a row."""

    amplitude: np.ndarray
    """(n,) [A or V]."""
    conductance: np.ndarray
    """(n,) [S]."""
    device: np.ndarray
    """(n,) number of the device; each read has its own where devices were not told apart."""
    told: bool
    """Whether they were: then a device's reads are not taken as independent."""


class TrainReads(NamedTuple):
    """Reads before and after the pulses of one train."""

    pulse: np.ndarray
    """(reads,) how many pulses came before each; increasing."""
    conductance: np.ndarray
    """(reads, devices) [S]; NaN: not taken."""
    read_error: np.ndarray | None
    """(reads, devices) std of each read [S]."""


def conductances(conductance: Any, resistance: Any, missing: str) -> np.ndarray:
    """Conductances [S] of any shape, from either; NaN where reads are missing and may be."""
    if (conductance is None) == (resistance is None):
        raise ParameterError("give conductance [S] or resistance [ohm] of the reads, one of the two")
    check.choice("missing", missing, _MISSING)
    name, value, unit = ("conductance", conductance, "S") if resistance is None else ("resistance", resistance, "ohm")
    if missing == "skip":
        found = check.with_gaps(name, check.filled(value), unit, ndim=(1, 2, 3))
    else:
        found = _whole(name, value, unit)
    check.measured(name, found, unit)
    if resistance is None:
        return found
    if not (found[np.isfinite(found)] > 0).all():
        place = int(np.argmin(np.where(np.isnan(found), np.inf, found)))
        raise ParameterError(f"resistance must be above 0 ohm; got {found.flat[place]:g} ohm at number {place}")
    return 1.0 / found


def _whole(name: str, value: Any, unit: str) -> np.ndarray:
    """All numbers; of one that is missing, what to do about it."""
    try:
        return check.array(name, value, unit, ndim=(1, 2, 3))
    except ParameterError as error:
        if " is nan" not in str(error) and "masked" not in str(error) and "missing" not in str(error):
            raise
        raise ParameterError(f"{error}; missing='skip' leaves reads out that were not taken") from None


def curve_reads(amplitude: ArrayLike, conductance: np.ndarray, device: Any, unit: str) -> CurveReads:
    """One row a read, sorted by amplitude."""
    heights = check.measured("amplitude", check.array("amplitude", amplitude, unit, low=0.0, ndim=1), unit)
    if conductance.ndim > 2 or conductance.shape[0] != heights.size:
        raise ParameterError(
            f"conductance must be (levels,) or (levels, devices) for {heights.size} amplitudes; got {conductance.shape}"
        )
    if conductance.ndim == 2:
        if device is not None:
            raise ParameterError("device is for reads one a row; of conductance (levels, devices) each column is one")
        columns = np.broadcast_to(np.arange(conductance.shape[1]), conductance.shape)
        rows = np.broadcast_to(heights[:, None], conductance.shape)
        told = conductance.shape[1] > 1
        found = rows.ravel(), conductance.ravel(), columns.ravel()
    else:
        told = device is not None
        found = heights, conductance, labels(device, heights.size)[1] if told else np.arange(heights.size)
    kept = np.flatnonzero(np.isfinite(found[1]))
    kept = kept[np.argsort(found[0][kept], kind="stable")]
    return CurveReads(*(one[kept] for one in found), told)


def labels(device: Any, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Names of devices, and the number of each of ``count`` reads."""
    names = np.asarray(check.unmasked("device", device))
    if names.shape != (count,):
        raise ParameterError(f"device must name the device of each of {count} reads; got shape {names.shape}")
    if names.dtype.kind == "f" and not np.isfinite(names).all():
        raise ParameterError("device must name every device; some are NaN")
    if names.dtype.kind not in "fiuUSO":
        raise ParameterError(f"device must be numbers or names; got {names.dtype}")
    return np.unique(names.astype(str) if names.dtype.kind == "O" else names, return_inverse=True)


def train_reads(pulse: Any, conductance: np.ndarray, device: Any, read_error: Any) -> TrainReads:
    """Reads (reads, devices) of one train, whichever way they were given."""
    if device is not None:
        if conductance.ndim != 1 or pulse is None:
            raise ParameterError("with device, give pulse and conductance one read a row, as many as device")
        if read_error is not None and np.ndim(read_error) > 0:
            raise ParameterError("read_error must be one number where reads are given one a row")
        numbers, conductance = _pivoted(pulse, conductance, device)
    else:
        conductance = conductance[:, None] if conductance.ndim == 1 else conductance
        numbers = np.arange(conductance.shape[0], dtype=float) if pulse is None else _numbers(pulse)
    if conductance.ndim != 2 or numbers.size != conductance.shape[0]:
        raise ParameterError(
            f"conductance must be (reads, devices) for {numbers.size} pulse numbers; got {conductance.shape}"
        )
    check.increasing("pulse", numbers)
    return TrainReads(numbers, conductance, _errors(read_error, conductance))


def _numbers(pulse: Any) -> np.ndarray:
    """Whole pulse numbers."""
    found = check.array("pulse", pulse, low=0.0, ndim=1)
    off = found != np.rint(found)
    if off.any():
        k = int(np.argmax(off))
        raise ParameterError(f"pulse must hold whole numbers, the pulses before each read; pulse[{k}] is {found[k]:g}")
    return found


def _pivoted(pulse: Any, conductance: np.ndarray, device: Any) -> tuple[np.ndarray, np.ndarray]:
    """Reads one a row as (reads, devices); NaN where a device was not read."""
    numbers = _numbers(pulse)
    if numbers.size != conductance.size:
        raise ParameterError(f"pulse and conductance must be as many; got {numbers.size} and {conductance.size}")
    names, column = labels(device, numbers.size)
    order = np.argsort(column, kind="stable")
    wrong = (np.diff(column[order]) == 0) & (np.diff(numbers[order]) <= 0.0)
    if wrong.any():
        before, after = order[np.argmax(wrong) : np.argmax(wrong) + 2]
        raise ParameterError(
            f"pulse must increase strictly from read to read of each device; of {names[column[after]]} number "
            f"{numbers[after]:g} follows {numbers[before]:g}"
        )
    levels, row = np.unique(numbers, return_inverse=True)
    found = np.full((levels.size, names.size), np.nan)
    found[row, column] = conductance
    return levels, found


def _errors(read_error: Any, conductance: np.ndarray) -> np.ndarray | None:
    if read_error is None:
        return None
    shape = conductance.shape
    if np.shape(read_error) == shape:  # a part of each read: missing where the read is
        read_error = check.only("read_error", read_error, np.isfinite(conductance), "S")
    found = check.array("read_error", read_error, "S", low=0.0, ndim=(0, 1, 2))
    if found.ndim == 1 and found.size == shape[0]:
        found = found[:, None]
    if found.ndim and found.shape not in (shape, (shape[0], 1)):
        raise ParameterError(f"read_error must be a number, (reads,) or {shape} as the reads; got {found.shape}")
    return np.broadcast_to(found, shape)
