"""From what users give to the traces that are fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.errors import ParameterError
from pcmphys.fit.drift import noise
from pcmphys.fit.drift.table import DriftTable, printable, unwarned, warn_of_size
from pcmphys.fit.paths import refuse_path
from pcmphys.fit.readers.measurement import Measurement
from pcmphys.fit.readers.tables import Table
from pcmphys.numerics import check

_NORMALISED = (0.1, 2.0)  # reads whose median lies here are taken as normalised
_OUTLIER = 10.0  # but not such a one


def table_of(time: Any, conductance: Any) -> DriftTable:
    """The table that was given, or one made of arrays; checked anew, because its arrays can be changed."""
    if isinstance(time, Measurement):
        if conductance is not None:
            raise ParameterError("a Measurement holds its conductances; give it alone")
        return unwarned(time.time, time.conductance, time.names, time.unit)
    if isinstance(time, Table):
        if conductance is not None:
            raise ParameterError("a Table holds its conductances; give it alone")
        parts = list(time.by("device"))
        names = [str(name) if name is not None else "device 0" for name, _ in parts]
        try:
            times, reads = ([part[key] for _, part in parts] for key in ("time", "conductance"))
            common = all(np.array_equal(one, times[0]) for one in times)
            return unwarned(times[0] if common else times, reads, names, time.units["conductance"])
        except ParameterError as error:
            raise ParameterError(f"{time.source.file}: {error}" if time.source.file else str(error)) from None
    if isinstance(time, DriftTable):
        if conductance is not None:
            raise ParameterError("a DriftTable holds its conductances; give the table alone, or times and conductances")
        return unwarned(time.time, time.conductance, time.names, time.unit)
    refuse_path(time, "drift", "read")
    if hasattr(time, "columns"):
        raise ParameterError(
            f"time must be an array of times in s; got a {type(time).__name__}: pass its columns, such as "
            "drift(frame['time'].to_numpy(), frame[['g1', 'g2']].to_numpy().T), or a DriftTable with names and unit"
        )
    if conductance is None:
        raise ParameterError("conductance is missing: drift(time, conductance), or drift(table) with a DriftTable")
    table = unwarned(time, conductance, (), "S")
    # plain arrays have no unit and may be normalised, noise above 1 included
    reads = table.conductance
    known = reads[~np.isnan(reads)]
    normalised = known.size > 0 and _NORMALISED[0] <= np.median(known) <= _NORMALISED[1]
    warn_of_size(np.where(reads < _OUTLIER, 0.0, reads) if normalised else reads, table.names)
    return table


def temperatures_of(table: Table) -> list[float] | None:
    """The temperature [K] of each device of a table; None if it has none.

    Raises
    ------
    ParameterError
        A device was read at several.
    """
    if "temperature" not in table:
        return None
    found = []
    for name, part in table.by("device"):
        kelvin = part["temperature"]
        if not (kelvin == kelvin[0]).all():
            k = int((kelvin != kelvin[0]).argmax())
            raise ParameterError(
                f"{part.at(k, 'temperature')}: {kelvin[k]:g} K, and {kelvin[0]:g} K before it; "
                f"{'the device' if name is None else printable(str(name))} must be kept at one temperature"
            )
        found.append(float(kelvin[0]))
    return found


def traces_of(
    table: DriftTable, conductance_error: ArrayLike | None, start: Any, reference_time: Any, missing: str
) -> noise.Traces:
    """The traces to fit: the reads used, with NaN where one is missing."""
    check.choice("missing", missing, ("refuse", "skip"))
    time, reads = table.time, table.conductance
    gap = np.isnan(reads) & ~np.isnan(time)
    if missing == "refuse" and gap.any():
        device, read = (int(k) for k in np.argwhere(gap)[0])
        raise ParameterError(
            f"conductance: {int(gap.sum())} of {gap.size} reads are missing, NaN or masked (first "
            f"{printable(table.names[device])}, read {read}); missing='skip' leaves them out"
        )
    white = _white(conductance_error, reads.shape, table.unit)
    used = time >= (0.0 if start is None else check.number("start", start, "s", low=0.0))
    if time.ndim == 1:
        time, reads = time[used], np.ascontiguousarray(reads[:, used])
        white = None if white is None else np.ascontiguousarray(white[:, used])
    else:
        time, reads, white = _gathered(time, reads, white, used & ~np.isnan(reads))
    _enough(table.names, reads, np.isnan(reads), start)
    reference = float(np.nanmin(time))
    if reference_time is not None:
        reference = check.number("reference_time", reference_time, "s", 0, low_open=True)
    return noise.Traces(time, reads, white, np.zeros(len(reads)), reference, np.nan, ())


def _gathered(time, reads, white, used):
    """Each device's own reads from the first column on, NaN behind them."""
    count = used.sum(axis=1)
    order = np.argsort(~used, axis=1, kind="stable")[:, : max(int(count.max()), 1)]
    there = np.arange(order.shape[1]) < count[:, None]
    time, reads = (np.where(there, np.take_along_axis(part, order, axis=1), np.nan) for part in (time, reads))
    return time, reads, None if white is None else np.take_along_axis(white, order, axis=1)


def _white(conductance_error, shape: tuple[int, int], unit: str) -> np.ndarray | None:
    if conductance_error is None:
        return None
    error = check.array("conductance_error", conductance_error, unit, low=0.0, ndim=(0, 1, 2))
    check.measured("conductance_error", error, unit)
    if not (error > 0).all():
        raise ParameterError("conductance_error must be above 0; leave it out to have the white noise estimated")
    try:
        return np.ascontiguousarray(np.broadcast_to(error, shape))
    except ValueError:
        raise ParameterError(f"conductance_error must fit conductances of shape {shape}; got {error.shape}") from None


def _enough(names, reads: np.ndarray, gap: np.ndarray, start) -> None:
    since = "" if start is None else f" from {start:g} s on"
    count = (~gap).sum(axis=1)
    if reads.shape[1] < 3 or count.min() < 3:
        k = int(count.argmin())
        raise ParameterError(
            f"a drift fit with an error needs at least 3 reads{since}: two numbers are fitted, and the scatter about "
            f"them; {printable(names[k])} has {count[k]}"
        )
    dark = ~(np.where(gap, 0.0, reads) > 0).any(axis=1)
    if dark.any():
        raise ParameterError(f"{printable(names[int(dark.argmax())])} reads zero at every time{since}: nothing to fit")
