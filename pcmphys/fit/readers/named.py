"""Which columns of a table have which name: as asked for, as the layout says, or as their unit and header tell."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pcmphys.errors import ParameterError
from pcmphys.fit.readers import units
from pcmphys.fit.readers.columns import Column, called_devices, known_columns, listed, matching, written_unit
from pcmphys.fit.readers.grid import Grid
from pcmphys.fit.readers.layout import Layout
from pcmphys.fit.readers.locate import NUMBER, WITH_UNIT
from pcmphys.fit.readers.stamps import stamps
from pcmphys.fit.readers.units import Unit
from pcmphys.numerics import check

QUANTITIES: dict[str, tuple[str, ...]] = {
    "time": ("time",),
    "voltage": ("voltage",),
    "current": ("current",),
    "conductance": ("conductance", "number"),
    "resistance": ("resistance",),
    "temperature": ("temperature",),
    "frequency": ("frequency",),
    "power": ("power",),
    "energy": ("energy",),
    "amplitude": ("voltage", "current"),
    "width": ("time",),
    "since": ("time",),
    "pulse": ("number",),
    "cycle": ("number",),
    "failed": ("number",),
    "devices": ("number",),
}
"""Names that are known, and what they can be; a column of any other name is what its unit says."""
_ALIASES = {
    "amplitude": "amplitude, pulse amplitude, pulse height, vpulse, v pulse, ipulse, i pulse, pulse voltage, "
    "pulse current, programming voltage, programming current, write voltage, write current",
    "width": "width, pulse width, pulse duration, tpulse, t pulse",
    "since": "since, last good",
    "time": "time, t, zeit, elapsed, elapsed time, time elapsed, timept, timestamp, datetime, x value, x axis",
    "voltage": "voltage, v, u, bias, bias voltage, applied voltage, var1, spannung",
    "current": "current, i, strom",
    "conductance": "conductance, g, leitwert",
    "resistance": "resistance, r, widerstand",
    "temperature": "temperature, temp, temperatur",
    "frequency": "frequency, f",
    "power": "power, p",
    "energy": "energy",
    "pulse": "pulse, pulses, pulse number, pulse no, pulse index, number of pulses, npulse, n pulse, n pulses",
    "cycle": "cycle, cycles, cycle number, cycle no, cycle index",
    "failed": "failed, failure, fail",
    "devices": "devices, number of devices",
}
_KNOWN_AS = {name: set(words.split(", ")) for name, words in _ALIASES.items()}
_BY_UNIT = ("time", "voltage", "current", "conductance", "resistance", "temperature", "frequency", "power", "energy")
"""Names that the only column with such a unit gets."""
_SWEEPS = {"sweep", "block", "run", "repeat", "curve", "loop", "sweep number", "sweep index", "sweep no"}
_SWEPT = "VAR1"


class Named(NamedTuple):
    """What a table is to hold."""

    columns: dict[str, list[Column]]
    """By name; several columns of a name are of a device each."""
    constants: dict[str, tuple[float, str, str]]
    """By name: value in SI, its unit, and the words in which it was declared."""
    devices: list[Column]
    sweep: Column | None
    unused: list[Column]
    why: dict[str, str]
    """Of names that could not be given: why."""


class UnclearColumns(ParameterError):
    """None of a file's columns tells what it is; ``columns`` are their headers."""

    def __init__(self, message: str, columns: tuple[str, ...] = ()):
        super().__init__(message)
        self.columns = columns


def named(grid: Grid, layout: Layout, asked: Mapping[str, Any]) -> Named:
    """Give columns their names.

    Raises
    ------
    ParameterError
        A column that is not there, without a unit, or in one that its name cannot have.
    """
    _units_of(grid, layout)
    columns: dict[str, list[Column]] = {}
    constants: dict[str, tuple[float, str, str]] = {}
    used: set[int] = set()
    labels = {key: asked[key] for key in ("device", "sweep") if asked.get(key) is not None}
    for name, value in asked.items():
        if name in ("device", "sweep"):
            continue
        constant = _constant(grid, name, value)
        if constant is not None:
            constants[name] = constant
        else:
            columns[name] = _asked(grid, name, value)
            used |= {column.place for column in columns[name]}
    devices = _labels(grid, labels["device"]) if "device" in labels else _devices(grid, used)
    used |= {column.place for column in devices}
    sweep = _sweep(grid, labels.get("sweep"), used)
    used |= {sweep.place} if sweep is not None else set()
    _by_layout(grid, layout, (columns, constants), used)
    why = _found(grid, layout, (columns, constants), used)
    unused = [one._replace(role="unused") for one in known_columns(grid, used)]
    if not columns:
        raise UnclearColumns(
            f"{grid.where}: none of its columns ({', '.join(grid.names[:40])}) tells what it is; say so, such as "
            f"{_example(unused)}. {'; '.join(f'{name}: {words}' for name, words in why.items())}".rstrip(". "),
            tuple(column.header for column in unused),
        )
    return Named(columns, constants, devices, sweep, unused, why)


def _example(unused: list[Column]) -> str:
    """How the first column with a unit, or the last, could be declared."""
    known = next((one for one in unused if one.unit is not None and one.unit.quantity in QUANTITIES), None)
    if known is not None and known.unit is not None:
        return f"{known.unit.quantity}={known.name!r}"
    return f"voltage='{unused[-1].name if unused else 'name'}[V]'"


def _units_of(grid: Grid, layout: Layout) -> None:
    """Units that the layout knows, of columns that carry none."""
    channels = [(header, "V") for header in grid.lists.get("voltages", [])]
    channels += [(header, "A") for header in grid.lists.get("currents", [])]
    for k, header in enumerate(grid.names):
        if written_unit(grid, k) is None:
            patterns = [*channels, *layout.units.items()]
            grid.units[k] = next((unit for like, unit in patterns if fnmatch.fnmatchcase(header, like)), None)


def _constant(grid: Grid, name: str, value: Any) -> tuple[float, str, str] | None:
    """A number that holds for all rows, if that is what was given: plain in SI, or as text with a unit."""
    if isinstance(value, (bool, Sequence)) and not isinstance(value, str):
        return None
    if not isinstance(value, str):
        if name not in QUANTITIES:
            raise ParameterError(f"{name} must be the name of a column, or a number with its unit as text; got {value}")
        unit = units.SI[QUANTITIES[name][0]]
        return check.number(name, value, unit), unit, f"{value:g} {unit}"
    headers = [part for one in grid.names for part in (one, units.split(one)[0])]
    if NUMBER.fullmatch(value.strip()) and value.strip() not in headers and QUANTITIES.get(name) != ("number",):
        unit = units.SI[QUANTITIES.get(name, ("voltage",))[0]]
        raise ParameterError(
            f"{name}={value!r} is neither a column of {grid.where} nor a number with its unit, such as "
            f"'{value.strip()} {unit}'"
        )
    if NUMBER.fullmatch(value.strip()) and value.strip() not in headers:
        return float(value), "1", value.strip()
    match = WITH_UNIT.fullmatch(value.strip())
    kinds = QUANTITIES.get(name, tuple(units.SI))
    found = match and (_unit(match[2], kinds))
    if not match or not found or value.strip() in headers:
        return None
    return float(match[1]) * found.factor + found.shift, units.SI[found.quantity], value.strip()


def _unit(text: str, kinds: Sequence[str]) -> Unit | None:
    """The unit that a text means, if it is of one of some kinds."""
    plain = units.find(text)
    if plain is not None and plain.quantity in kinds:
        return plain
    found = [unit for unit in (units.find(text, kind) for kind in kinds) if unit is not None]
    return found[0] if len(found) == 1 else None  # what could be two things is neither


def _asked(grid: Grid, name: str, value: Any) -> list[Column]:
    patterns = [value] if isinstance(value, str) else list(value)
    if not patterns or not all(isinstance(pattern, str) for pattern in patterns):
        raise ParameterError(f"{name} must name a column as text, such as 'name[unit]'; got {value!r}")
    found: dict[int, Column] = {}
    for pattern in patterns:
        for k, said in matching(grid, name, pattern, set(), several=True):
            found[k] = _with_unit(grid, name, k, said)
    return list(found.values())


def _with_unit(grid: Grid, name: str, k: int, said: str | None) -> Column:
    """A column under a name that was asked for, its unit from the file or declared."""
    kinds, header, written = QUANTITIES.get(name, tuple(units.SI)), grid.names[k], written_unit(grid, k)
    bare = units.split(header)[0]
    if kinds[0] == "time" and stamps(grid, k):
        return Column(k, header, bare, "time", None, "the caller", True)
    own, declared = (None if text is None else _unit(text, kinds) for text in (written, said))
    for text, unit, where in ((said, declared, f"{name}={bare + '[' + str(said) + ']'!r}"), (written, own, "")):
        if text is not None and unit is None:
            other = units.find(text)
            is_a = f": {text} is a unit of {other.quantity}" if other else units.hint(text)
            where = where or f"{grid.where}: column {header!r}"
            allowed = "; ".join(units.allowed(kind) for kind in kinds) if len(kinds) < 3 else "a unit that is known"
            raise ParameterError(f"{where} has the unit {text!r}; a {name} is in {allowed}{is_a}")
    if own and declared and own._replace(text="") != declared._replace(text=""):
        raise ParameterError(f"{grid.where}: column {header!r} is in {written} by its header but declared in {said}")
    unit = own or declared or (Unit("number", 1.0, "1") if kinds == ("number",) else None)
    if unit is None and not _own_units(grid, k):
        kind = kinds[0] if len(kinds) < 3 else "number"
        raise ParameterError(
            f"{grid.where}: column {header!r} has no unit; declare it, such as {name}='{bare}[{units.SI[kind]}]' "
            f"({'; '.join(units.allowed(one) for one in kinds[:2])})"
        )
    role = unit.quantity if unit else kinds[0]
    return Column(k, header, bare, role, unit, "header" if own else "the caller")


def _own_units(grid: Grid, k: int) -> bool:
    """Whether the cells of a column carry their units themselves."""
    column = grid.columns[k]
    first = next((cell for cell in column if isinstance(cell, str) and cell.strip()), None)
    return column.dtype.kind != "f" and first is not None and WITH_UNIT.fullmatch(first.strip()) is not None


def _labels(grid: Grid, value: Any) -> list[Column]:
    found = []
    for pattern in [value] if isinstance(value, str) else value:
        found += [k for k, _ in matching(grid, "device", pattern, set())]
    return [Column(k, grid.names[k], grid.names[k], "device", None, "the caller") for k in found]


def _devices(grid: Grid, used: set[int]) -> list[Column]:
    """Columns with names of devices: text, or numbers that come again."""
    found = called_devices(grid, used)
    rows = list(zip(*(grid.columns[one.place] for one in found)))
    numbers = all(grid.columns[one.place].dtype.kind == "f" for one in found)
    if not found or (numbers and len(set(rows)) == len(rows)):
        return []
    return [one._replace(role="device", by="its name", name=one.header) for one in found]


def _sweep(grid: Grid, value: Any, used: set[int]) -> Column | None:
    if value is not None:
        k = matching(grid, "sweep", str(value), set())[0][0]
        return Column(k, grid.names[k], grid.names[k], "sweep", None, "the caller")
    found = [one for one in known_columns(grid, used) if _plain(one.name) in _SWEEPS and one.unit is None]
    return found[0]._replace(role="sweep", by="its name") if len(found) == 1 else None


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").strip("#. ").split())


def _by_layout(grid: Grid, layout: Layout, given: tuple[dict, dict], used: set[int]) -> None:
    """Columns that the layout names, as far as they are there; several are of a device each, as in `read`."""
    columns, constants = given
    swept = _swept(grid)
    for name, said in layout.columns.model_dump(exclude_none=True, exclude={"device", "shunt"}).items():
        if name in columns or name in constants:
            continue
        if isinstance(said, float):
            constants[name] = said, units.SI[name], f"{said:g} {units.SI[name]}"
            continue
        patterns = [swept[name]] if swept.get(name) in grid.names else [said] if isinstance(said, str) else said
        free = [units.split(grid.names[k])[0] for k in range(len(grid.names)) if k not in used]
        there = [one for one in patterns if any(fnmatch.fnmatchcase(h, units.split(one)[0]) for h in free)]
        if there:
            columns[name] = [one._replace(by=f"layout {layout.name}") for one in _asked(grid, name, there)]
            used |= {column.place for column in columns[name]}


def _found(grid: Grid, layout: Layout, given: tuple[dict, dict], used: set[int]) -> dict[str, str]:
    """Columns that were not asked for but can be told; and of those that cannot, why."""
    columns, constants = given
    why: dict[str, str] = {}
    swept = _swept(grid)
    for by_alias in (True, False):
        for name, kinds in QUANTITIES.items():
            if name in columns or name in constants or (not by_alias and name not in _BY_UNIT):
                continue
            free = known_columns(grid, used)
            like = [one for one in free if _is_called(one.name, name)]
            fitting = [one for one in (like if by_alias else free) if _fits(grid, one, kinds, by_alias)]
            if name in swept and any(one.header == swept[name] for one in fitting):
                fitting = [one for one in fitting if one.header == swept[name]]
            if len(fitting) == 1:
                one = fitting[0]
                unit = one.unit or (Unit("number", 1.0, "1") if kinds == ("number",) else None)
                by = f"layout {layout.name}" if one.header in swept.values() else one.by
                role = "time" if unit is None else unit.quantity
                columns[name] = [one._replace(role=role, unit=unit, by=by, stamps=unit is None)]
                used.add(one.place)
            elif len(fitting) > 1:
                why[name] = f"{len(fitting)} columns could be it ({listed(fitting)})"
            elif like and like[0].unit is None and name not in why:
                why[name] = f"column {like[0].header!r} has no unit; declare it, {name}='{like[0].name}[...]'"
    return {name: words for name, words in why.items() if name not in columns}


def _is_called(header: str, name: str) -> bool:
    """Whether a header is one of those that a name is known by; T is a temperature, t a time."""
    if header in ("T", "t"):
        return name == {"T": "temperature", "t": "time"}[header]
    return _plain(header) in _KNOWN_AS[name]


def _fits(grid: Grid, one: Column, kinds: tuple[str, ...], by_alias: bool) -> bool:
    """Whether a column can be one of some kinds: by its unit, by time stamps, or a plain number by its name."""
    if one.unit is None:
        plain = by_alias and kinds == ("number",) and written_unit(grid, one.place) is None
        return plain or (kinds == ("time",) and stamps(grid, one.place))
    if one.unit.text == "1":
        return by_alias and "number" in kinds
    return one.unit.quantity in kinds if by_alias else one.unit.quantity == kinds[0]


def _swept(grid: Grid) -> dict[str, str]:
    """Voltage and current of the channel that is swept, where lines before the table tell."""
    functions = grid.lists.get("functions", [])
    if functions.count(_SWEPT) != 1:
        return {}
    place = functions.index(_SWEPT)
    found = {"voltage": grid.lists.get("voltages", []), "current": grid.lists.get("currents", [])}
    return {name: headers[place] for name, headers in found.items() if place < len(headers)}


def unit_in_si(column: Column) -> str:
    """The SI unit of a column; "1" of a number and of what is normalised."""
    if column.unit is None:
        return units.SI[column.role]
    return "1" if column.unit.text == "1" else units.SI[column.unit.quantity]
