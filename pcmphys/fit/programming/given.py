"""Programming experiments given as the table of a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pcmphys.errors import ParameterError
from pcmphys.fit.readers.measurement import Source
from pcmphys.fit.readers.tables import Table

_AMPLITUDES = ("amplitude", "current", "voltage")
_READS = ("conductance", "resistance")


def of_table(table: Table, given: Mapping[str, Any], names: tuple[str, ...]) -> tuple[dict[str, Any], Source]:
    """Arguments that the columns of a table make, with the unit of its amplitudes; and where it comes from.

    ``given`` are arguments given beside the table, ``names`` those that its columns may be.
    """
    amplitude = next((name for name in _AMPLITUDES if name in table), None)
    reads = [name for name in _READS if name in table]
    if not reads:
        raise ParameterError(_missing(table))
    if len(reads) != 1:
        raise ParameterError(
            f"{_file(table)} has {' and '.join(reads)} after each pulse; one of them is fitted: table.only() chooses"
        )
    found: dict[str, Any] = {reads[0]: table[reads[0]]}
    if amplitude is not None:
        found |= {"amplitude": table[amplitude], "unit": table.units[amplitude]}
    found |= {name: table[name] for name in ("pulse", "device") if name in table and name in names}
    twice = [name for name in found if given.get(name) is not None and name != "unit"]
    if twice:
        raise ParameterError(f"{' and '.join(twice)}: the table has it; leave one of the two out (table.only())")
    return found, table.source


def _missing(table: Table) -> str:
    """What to say of a table without reads after the pulses: whose it is, what it has, and how to name a column."""
    free = [one.header for one in table.source.columns if one.role == "unused"]
    others = f"; its other columns are {', '.join(free[:12])}" if free else ""
    example = free[0] if free else "name[S]"
    return (
        f"{_file(table)} has no conductance and no resistance after each pulse; it has {', '.join(table)}{others}. "
        f"conductance={example!r} names one, or resistance={'name[ohm]'!r}"
    )


def _file(table: Table) -> str:
    return table.source.file or "the table"
