"""Which column is what: as declared, as the layout says, or as its unit and name tell."""

from __future__ import annotations

import fnmatch
import re
from typing import Any, NamedTuple

from pcmphys.errors import ParameterError
from pcmphys.fit.readers import units
from pcmphys.fit.readers.grid import Grid, blank
from pcmphys.fit.readers.stamps import stamps
from pcmphys.fit.readers.units import MEASURED, Unit
from pcmphys.numerics import check

ROLES = ("device", "time", "voltage", *MEASURED)
_TIMES = (
    "time",
    "t",
    "zeit",
    "elapsed",
    "elapsed time",
    "time elapsed",
    "timept",
    "timestamp",
    "x_value",
    "x-axis",
    "datetime",
)
_DEVICES = (
    "device",
    "dev",
    "device_id",
    "addr",
    "address",
    "cell",
    "cell_id",
    "die",
    "dut",
    "chip",
    "sample",
    "site",
    "id",
)


class Declared(NamedTuple):
    """What somebody said, and who: the caller or a layout."""

    value: Any
    by: str


class Column(NamedTuple):
    """A column and what it was taken for."""

    place: int
    header: str
    name: str
    role: str
    unit: Unit | None
    by: str
    stamps: bool = False


class Roles(NamedTuple):
    """All columns by what they are; measured ones are all of one kind, each with the time column that it goes with."""

    times: list[Column]
    measured: list[Column]
    clock: list[int]
    """For each measured column the place of its time column in ``times``."""
    voltages: list[Column]
    devices: list[Column]
    unused: list[Column]


def assign(grid: Grid, declared: dict[str, Declared]) -> Roles:
    """Take each column of a table for what it is.

    Raises
    ------
    ParameterError
        A declared column is missing, twice there, without a unit or in one that cannot be; no time or nothing
        measured; columns that could be either, such as conductances beside resistances.
    """
    taken: dict[str, list[Column]] = {role: [] for role in ROLES}
    used: set[int] = set()
    for role in ROLES:
        if role in declared and not isinstance(declared[role].value, float):  # a voltage may be a number
            taken[role] = _declared(grid, role, declared[role], used)
            used |= {column.place for column in taken[role]}
    if not taken["device"] and "device" not in declared:
        taken["device"] = devices_in(grid, used)
    used |= {column.place for column in taken["device"]}
    if not taken["time"]:
        taken["time"] = _times(grid, used)
        used |= {column.place for column in taken["time"]}
    if not any(taken[kind] for kind in MEASURED):
        measured = _measured(grid, used, long=bool(taken["device"]))
        taken[measured[0].role] = measured
        used |= {column.place for column in measured}
    kinds = [kind for kind in MEASURED if taken[kind]]
    if len(kinds) > 1:
        raise ParameterError(f"{grid.where}: {' and '.join(kinds)} are declared both; declare one of them")
    measured = taken[kinds[0]]
    if kinds[0] == "current" and not taken["voltage"] and "voltage" not in declared and "voltage" not in grid.lists:
        taken["voltage"] = [one for one in known_columns(grid, used) if one.unit and one.unit.quantity == "voltage"]
        used |= {column.place for column in taken["voltage"]}
    if taken["device"] and len(measured) != 1:
        raise ParameterError(
            f"{grid.where}: with a device column ({taken['device'][0].header}) there is one measured column; these are "
            f"{listed(measured)}: say which, such as {kinds[0]}={measured[0].name!r}"
        )
    _alike(grid, measured, used)
    unused = [one._replace(role="unused") for one in known_columns(grid, used)]
    return Roles(
        taken["time"], measured, _clocks(grid, taken["time"], measured), taken["voltage"], taken["device"], unused
    )


def known_columns(grid: Grid, used: set[int]) -> list[Column]:
    """The columns that are not used yet, with the units that are written in the file."""
    found = []
    for k, header in enumerate(grid.names):
        if k in used:
            continue
        name, _ = units.split(header)
        text = written_unit(grid, k)
        found.append(Column(k, header, name, "", units.find(text) if text else None, "header"))
    return found


def written_unit(grid: Grid, k: int) -> str | None:
    """The unit of a column as the file writes it: in the header, or in a row of units."""
    return units.split(grid.names[k])[1] or grid.units[k]


def _declared(grid: Grid, role: str, said: Declared, used: set[int]) -> list[Column]:
    patterns = [said.value] if isinstance(said.value, str) else list(said.value)
    if not patterns:
        raise ParameterError(f"{role} must name at least one column")
    found: dict[int, Column] = {}
    for pattern in patterns:
        if not isinstance(pattern, str):
            raise ParameterError(f"{role} must name a column as text, such as 'name[unit]'; got {pattern!r}")
        for k, unit_text in matching(grid, role, pattern, used, role in ("time", *MEASURED)):
            found[k] = _with_unit(grid, role, k, unit_text, said.by)
    return list(found.values())


def matching(
    grid: Grid, role: str, pattern: str, used: set[int], several: bool = False
) -> list[tuple[int, str | None]]:
    """The columns that a name or a pattern means, and the unit that was said with it; ``several`` may have one name."""
    bare = [units.split(header)[0] for header in grid.names]
    whole = [k for k, header in enumerate(grid.names) if header == pattern.strip()]
    name, said = (pattern, None) if whole else units.split(pattern)
    places = whole or [k for k, one in enumerate(bare) if one == name]
    wild = not places and ("*" in name or "?" in name)
    if wild:
        # only * and ? are patterns: a bracket is a unit, never a set of letters
        safe = name.replace("[", "[[]")
        places = [k for k, one in enumerate(bare) if k not in used and fnmatch.fnmatchcase(one, safe)]
        places = [k for k in places if not _empty(grid, k)]
    elif len(places) > 1 and not several:
        raise ParameterError(
            f"{grid.where}: the column {name!r} is there {len(places)} times; names= gives each its own"
        )
    if not places:
        raise ParameterError(
            f"{grid.where}: no {role} column {name!r}; the columns are {', '.join(grid.names[:40])}"
            f"{check.suggest(name, bare)}"
        )
    return [(k, said) for k in places]


def _with_unit(grid: Grid, role: str, k: int, said: str | None, by: str) -> Column:
    header, (name, _) = grid.names[k], units.split(grid.names[k])
    if role == "device":
        return Column(k, header, header, role, None, by)
    written = written_unit(grid, k)
    if role == "time" and stamps(grid, k):
        return Column(k, header, name, role, None, by, True)
    own, declared = written and _unit_of(role, written), said and _unit_of(role, said)
    if said and not declared:
        raise ParameterError(
            f"{role} {name + '[' + said + ']'!r}: the unit must be one of {units.allowed(role)}; got {said!r}"
            f"{units.hint(said)}"
        )
    if written and not own:
        raise ParameterError(_wrong(grid, role, header, written))
    if own and declared and (own.factor, own.shift, own.text == "1") != (
        declared.factor, declared.shift, declared.text == "1"
    ):  # fmt: skip
        raise ParameterError(f"{grid.where}: column {header!r} is in {written} by its header but declared in {said}")
    return Column(k, header, name, role, own or declared or None, "header" if own else by)


def _wrong(grid: Grid, role: str, header: str, written: str) -> str:
    """What to say of a unit that a column of this role cannot have."""
    unit = units.find(written)
    if unit is None:
        return (
            f"{grid.where}: column {header!r} has the unit {written!r}, which is not known; a {role} is in "
            f"{units.allowed(role)}{units.hint(written)}"
        )
    other = f": it is a {unit.quantity}; declare it so, {unit.quantity}={units.split(header)[0]!r}"
    other += " (or shunt= [ohm or V/A], if a current was read as a voltage)" if unit.quantity == "voltage" else ""
    return f"{grid.where}: column {header!r} has the unit {written!r}; a {role} is in {units.allowed(role)}{other}"


def _unit_of(role: str, text: str) -> Unit | None:
    unit = units.find(text)
    if unit is None or unit.quantity != role:
        again = units.find(text, role)
        unit = again or unit
    # a current may have been read as the voltage across a resistor
    good = unit is not None and (unit.quantity == role or (role == "current" and unit.quantity == "voltage"))
    return unit if good else None


def _empty(grid: Grid, k: int) -> bool:
    return grid.columns[k].dtype.kind != "f" and all(blank(cell) for cell in grid.columns[k])


def called_devices(grid: Grid, used: set[int]) -> list[Column]:
    """Columns without a unit whose names are those of devices."""
    return [one for one in known_columns(grid, used) if one.name.casefold() in _DEVICES and one.unit is None]


def devices_in(grid: Grid, used: set[int]) -> list[Column]:
    """Columns that name devices, one row a read: by their names, if names come again."""
    found = called_devices(grid, used)
    if not found:
        return []
    rows = list(zip(*(grid.columns[one.place] for one in found)))
    measured = [one for one in known_columns(grid, used) if one.unit and one.unit.quantity in MEASURED]
    families = {one.unit.quantity for one in measured if one.unit}
    several = any(sum(one.unit.quantity == kind for one in measured if one.unit) > 1 for kind in families)
    if several or len(set(rows)) == len(rows):
        return []
    return [one._replace(role="device", by="its name", name=one.header) for one in found]


def _times(grid: Grid, used: set[int]) -> list[Column]:
    free = known_columns(grid, used)
    dated = [one._replace(stamps=True, by="its cells") for one in free if stamps(grid, one.place)]
    timed = [one for one in free if one.unit and one.unit.quantity == "time"]
    named = [
        one._replace(by="its name")
        for one in free
        if one.name.casefold() in _TIMES and written_unit(grid, one.place) is None
    ]
    found = timed or dated or named
    if not found:
        raise ParameterError(
            f"{grid.where}: no column of times; the columns are {', '.join(grid.names[:40])}. Declare it with its "
            f"unit, such as time='name[s]'{_perhaps_a_table(free)}"
        )
    return [one._replace(role="time") for one in found]


def _perhaps_a_table(free: list[Column]) -> str:
    """What to say where the columns look like an I-V curve or a train of pulses."""
    kinds = {one.unit.quantity for one in free if one.unit}
    what = "an I-V curve" if {"voltage", "current"} <= kinds else ""
    what = "a train of pulses" if any(one.name.casefold().startswith("pulse") for one in free) else what
    return f"; {what} is read by read_table() (pcmphys data --columns)" if what else ""


def _measured(grid: Grid, used: set[int], long: bool) -> list[Column]:
    free = known_columns(grid, used)
    families = {kind: [one for one in free if one.unit and one.unit.quantity == kind] for kind in MEASURED}
    families = {kind: found for kind, found in families.items() if found}
    if not families:
        _complain(grid, free)
    if len(families) > 1 and not long:
        said = "; ".join(f"{kind}: {listed(found)}" for kind, found in families.items())
        first = next(iter(families))
        raise ParameterError(
            f"{grid.where} has columns of different kinds ({said}); say which to read, such as "
            f"{first}={families[first][0].name!r}"
        )
    kind = next(iter(families))
    return [one._replace(role=kind) for one in families[kind]]


def _complain(grid: Grid, free: list[Column]) -> None:
    unknown = next((one for one in free if written_unit(grid, one.place) and one.unit is None), None)
    if unknown is not None:
        raise ParameterError(_wrong(grid, "conductance", unknown.header, written_unit(grid, unknown.place) or ""))
    volts = [one for one in free if one.unit and one.unit.quantity == "voltage"]
    if volts:
        raise ParameterError(
            f"{grid.where}: nothing measured but voltages ({listed(volts)}). If they are currents across a resistor or "
            f"behind an amplifier: current={volts[0].name!r}, shunt= [ohm or V/A], voltage= the read voltage [V]"
        )
    numeric = [one for one in free if grid.columns[one.place].dtype.kind == "f"] or free
    example = f"conductance='{numeric[-1].name}[S]'" if numeric else "conductance='name[S]'"
    raise ParameterError(
        f"{grid.where}: no column has a unit of conductance, resistance or current; the columns are "
        f"{', '.join(grid.names[:40])}. Declare what was measured and its unit, such as {example}"
    )


def _alike(grid: Grid, measured: list[Column], used: set[int]) -> None:
    """Refuse to leave out a column that is named like one that is read, but lacks its unit."""
    stems = {_stem(one.name): one for one in measured if one.by == "header"}
    for one in known_columns(grid, used):
        like = stems.get(_stem(one.name))
        if (
            like is not None
            and one.unit is None
            and written_unit(grid, one.place) is None
            and not _empty(grid, one.place)
        ):
            raise ParameterError(
                f"{grid.where}: column {one.header!r} has no unit, while {like.header!r} has; give it one, or declare "
                f"what is to be read: {like.role}={like.name!r}"
            )


def _stem(name: str) -> str:
    return re.sub(r"\d+", "", name).casefold()


def _clocks(grid: Grid, times: list[Column], measured: list[Column]) -> list[int]:
    """For each measured column the time column that it goes with: the only one, or the last to its left."""
    if len(times) == 1:
        return [0] * len(measured)
    places = sorted(range(len(times)), key=lambda k: times[k].place)
    found = []
    for one in measured:
        left = [k for k in places if times[k].place < one.place]
        found.append(left[-1] if left else -1)
    if -1 in found or len(set(found)) < len(times):
        raise ParameterError(
            f"{grid.where} has {len(times)} columns of times ({listed(times)}) that do not stand each before its "
            f"measured ones ({listed(measured)}); say which holds: time={times[0].header!r}"
        )
    return found


def listed(columns: list[Column]) -> str:
    """The headers of some columns, for messages."""
    shown = ", ".join(one.header for one in columns[:6])
    return shown + (f", ... ({len(columns)} in all)" if len(columns) > 6 else "")
