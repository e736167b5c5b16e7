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
    if len(reads) != 1:
        raise ParameterError(
            f"the table must have conductance or resistance after each pulse, one of them; it has {', '.join(table)}"
            f"{': table.only() chooses' if reads else ''}"
        )
    found: dict[str, Any] = {reads[0]: table[reads[0]]}
    if amplitude is not None:
        found |= {"amplitude": table[amplitude], "unit": table.units[amplitude]}
    found |= {name: table[name] for name in ("pulse", "device") if name in table and name in names}
    twice = [name for name in found if given.get(name) is not None and name != "unit"]
    if twice:
        raise ParameterError(f"{' and '.join(twice)}: the table has it; leave one of the two out (table.only())")
    return found, table.source
