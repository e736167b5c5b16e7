"""What `pcmphys.fit.iv` is given: arrays, or the table of a file, whose rows are taken apart into sweeps."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.paths import refuse_path
from pcmphys.fit.readers.measurement import Source
from pcmphys.fit.readers.tables import Table

_STEP = 1.0
"""Change of the temperature from a row to the next that begins another sweep [K]."""


class Given(NamedTuple):
    """Sweeps as arrays, with what the table says of each."""

    voltage: Any
    current: Any
    temperature: Any
    thickness: Any
    device: tuple[str, ...] | None
    source: Source


def given_sweeps(voltage: Any, current: Any, temperature: Any, thickness: Any) -> Given:
    """The sweeps of a call; of a table those of its columns voltage, current, temperature, thickness, device, sweep."""
    refuse_path(voltage, "iv")
    if not isinstance(voltage, Table):
        if current is None:
            raise ParameterError("give voltage and current, or a table of both (pcmphys.fit.read_table)")
        return Given(voltage, current, temperature, thickness, None, Source())
    if current is not None:
        raise ParameterError("a table holds the currents: give it alone, or voltage and current as arrays")
    for name, one in (("temperature", temperature), ("thickness", thickness)):
        if one is not None and name in voltage:
            raise ParameterError(f"{name} is a column of the table; leave the argument out, or the column")
    parts = _sweeps(voltage)
    kelvin = temperature if "temperature" not in voltage else [one["temperature"] for one in parts]
    device = tuple(str(one["device"][0]) for one in parts) if "device" in voltage else None
    volts, amperes = ([one[name] for one in parts] for name in ("voltage", "current"))
    thick = thickness if "thickness" not in voltage else [_one(part, "thickness") for part in parts]
    return Given(volts, amperes, kelvin, thick, device, voltage.source)


def _sweeps(table: Table) -> list[Table]:
    """Rows of one device, file and sweep; without a column that numbers sweeps also of one temperature."""
    parts = [table]
    for name in ("device", "file", "sweep"):
        if name in table:
            parts = [part for whole in parts for _, part in whole.by(name)]
    if "sweep" in table:
        return parts
    for name, step in (("temperature", _STEP), ("thickness", 0.0)):
        if name in table:
            parts = [part for whole in parts for part in _steady(whole, name, step)]
    return parts


def _one(table: Table, name: str) -> float:
    """The one value of a column within a sweep."""
    column = table[name]
    if not (column == column[0]).all():
        k = int(np.argmax(column != column[0]))
        raise ParameterError(f"{table.at(k, name)}: {name} must be one number in a sweep; it changes to {column[k]:g}")
    return float(column[0])


def _steady(table: Table, name: str, step: float) -> list[Table]:
    """Runs of one temperature, or of one thickness."""
    ends = np.flatnonzero(np.abs(np.diff(table[name])) > step) + 1
    return [table.some(places) for places in np.split(np.arange(len(table)), ends)]
