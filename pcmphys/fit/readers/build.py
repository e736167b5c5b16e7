"""From a table whose columns are known to a `Measurement`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.drift.table import LARGEST
from pcmphys.fit.readers.columns import Column, Roles
from pcmphys.fit.readers.grid import Grid
from pcmphys.fit.readers.measurement import Measurement, Said
from pcmphys.fit.readers.origin import Seen, source_of, uses_of
from pcmphys.fit.readers.policies import Ordered
from pcmphys.fit.readers.traces import Reads, reads_of
from pcmphys.fit.readers.values import OVER, UNDER
from pcmphys.fit.readers.voltages import voltages
from pcmphys.numerics.warn import warn


def measured(seen: Seen, roles: Roles) -> Measurement:
    """The measurement in a table: its reads in S and s under their policies, its source with all that was done."""
    grid, policies, kind = seen.grid, seen.policies, roles.measured[0].role
    reads, names = reads_of(grid, roles, policies)
    extra: list[Said] = []
    ordered = Ordered(grid, reads, names, policies)
    ordered.times()
    ordered.missing()
    ordered.censored(roles.measured[0])
    if kind == "conductance":
        ordered.convert(lambda all_reads: all_reads.value, inverse=False)
    elif kind == "resistance":
        ordered.convert(lambda all_reads: 1.0 / all_reads.value, inverse=True)
    else:
        _check_shunt(seen, roles)
        volts, *said = voltages(grid, roles, seen.said.get("voltage"), (len(roles.measured), len(grid.lines)))
        extra.append(Said("read voltage", *said))
        ordered.convert(_by_voltage(seen, roles, volts), inverse=False)
    ordered.negative()
    ordered.order()
    unit = _unit(grid, roles.measured)
    _warn(grid, ordered.reads, names, unit)
    time, conductance, censored = _arranged(ordered.reads, len(names))
    found = source_of(seen, uses_of(roles), ordered.counts, tuple(extra))
    return Measurement(tuple(names), time, conductance, censored, unit, found)


def _check_shunt(seen: Seen, roles: Roles) -> None:
    """Refuse currents that were read as voltages, without what made voltages of them."""
    across = [column for column in roles.measured if column.unit and column.unit.quantity == "voltage"]
    if across and "shunt" not in seen.said:
        raise ParameterError(
            f"{seen.grid.where}: column {across[0].header!r} is in {across[0].unit and across[0].unit.text}, but "
            "declared a current; shunt= gives the resistance [ohm] or the gain [V/A] that made a voltage of it"
        )


def _by_voltage(seen: Seen, roles: Roles, volts: np.ndarray) -> Callable[[Reads], np.ndarray]:
    """Currents over the voltages at which they were read."""
    grid, shunt = seen.grid, seen.said.get("shunt")
    across = [column for column in roles.measured if column.unit and column.unit.quantity == "voltage"]
    place, gain = np.zeros(len(grid.names), dtype=int), np.ones(len(grid.names))
    place[[column.place for column in roles.measured]] = np.arange(len(roles.measured))
    gain[[column.place for column in across]] = 1.0 if shunt is None else shunt.value

    def convert(reads: Reads) -> np.ndarray:
        applied = volts[place[reads.column], reads.row]
        wrong = ~(np.abs(applied) > 0) & ~np.isnan(reads.value)
        if wrong.any():
            k = int(wrong.argmax())
            raise ParameterError(
                f"{grid.at(int(reads.row[k]), int(reads.column[k]))}: a current read at {applied[k]:g} V has no "
                "conductance; leave the read out, or say at which voltage= it was read"
            )
        return reads.value / gain[reads.column] / applied

    return convert


def _unit(grid: Grid, measured: list[Column]) -> str:
    normalised = [column for column in measured if column.unit and column.unit.text == "1"]
    if normalised and len(normalised) < len(measured):
        other = next(column for column in measured if column not in normalised)
        raise ParameterError(
            f"{grid.where}: {normalised[0].header!r} is normalised and {other.header!r} is not; read them one after "
            "the other"
        )
    return "1" if normalised else "S"


def _warn(grid: Grid, reads: Reads, names: list[str], unit: str) -> None:
    """Tell of conductances that no cell has, and of devices that always read the same."""
    with np.errstate(invalid="ignore"):
        large = np.flatnonzero(reads.value > LARGEST) if unit == "S" else np.zeros(0, dtype=int)
    if large.size:
        k = int(large[0])
        warn(
            f"{grid.at(int(reads.row[k]), int(reads.column[k]))}: {reads.value[k]:g} S; {large.size} of "
            f"{reads.value.size} reads are above {LARGEST:g} S: is the unit right?"
        )
    known = ~np.isnan(reads.value)
    count = np.bincount(reads.device[known], minlength=len(names))
    high, low = np.full(len(names), -np.inf), np.full(len(names), np.inf)
    np.maximum.at(high, reads.device[known], reads.value[known])
    np.minimum.at(low, reads.device[known], reads.value[known])
    same = np.flatnonzero((count >= 3) & (high == low))
    if same.size:
        k = int(same[0])
        warn(
            f"{grid.where}: {same.size} of {len(names)} devices read the same at all times (first {names[k]!r}: "
            f"{high[k]:g} {unit} in {count[k]} reads): at the compliance, at the end of the range, or not connected?"
        )


def _arranged(reads: Reads, devices: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, (reads,) if all devices share them, conductances and sides of censored reads, (devices, reads)."""
    count = np.bincount(reads.device, minlength=devices)
    most = int(count.max())
    place = np.arange(reads.device.size) - np.repeat(np.cumsum(count) - count, count)
    time, value = np.full((devices, most), np.nan), np.full((devices, most), np.nan)
    side = np.zeros((devices, most), dtype=np.int8)
    time[reads.device, place], value[reads.device, place] = reads.time, reads.value
    side[reads.device, place] = (reads.kind == OVER).astype(np.int8) - (reads.kind == UNDER).astype(np.int8)
    return (time[0] if (time == time[0]).all() else time), value, side
