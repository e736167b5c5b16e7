"""A calibration as a file: which cell, which numbers of it, which measured tables, what is held out."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from pcmphys.cells import load_cell
from pcmphys.errors import ParameterError
from pcmphys.fit.calibrate.fit import calibrate
from pcmphys.fit.calibrate.free import Free, checked_free
from pcmphys.fit.calibrate.result import Calibration
from pcmphys.fit.calibrate.search import Search
from pcmphys.fit.calibrate.simulations import Progress
from pcmphys.fit.experiments import KINDS
from pcmphys.fit.experiments.experiment import Experiment, Target
from pcmphys.fit.readers.measurement import Source
from pcmphys.fit.readers.read_table import read_table
from pcmphys.numerics import check
from pcmphys.parameters.loader import validated
from pcmphys.parameters.toml_file import read_toml
from pcmphys.programming import Pulse

Number = StrictFloat | StrictInt


class _Strict(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)


class _Seen(_Strict):
    """Rows that the search may see: every so many, from one on (0 is the first); or these."""

    every: StrictInt = Field(default=1, ge=1)
    first: StrictInt = Field(default=0, ge=0)
    rows: tuple[StrictInt, ...] = ()


class _Target(_Strict):
    column: StrictStr
    error: Number = Field(default=0.0, ge=0.0)
    relative_error: Number = Field(default=0.0, ge=0.0)
    held_out: StrictBool = False
    seen: dict[str, Any] | None = None


class _Experiment(_Strict):
    kind: StrictStr
    file: StrictStr
    x: StrictStr
    targets: dict[StrictStr, dict[str, Any]]
    name: StrictStr = ""
    licence: StrictStr = ""
    devices: StrictInt = 600
    x_from: Number = -np.inf
    x_to: Number = np.inf
    options: dict[StrictStr, Any] = {}


class _Free(_Strict):
    low: Number
    high: Number
    prior: tuple[Number, Number] | None = None
    start: Number | None = None
    also: tuple[StrictStr, ...] = ()


class _File(_Strict):
    cell: StrictStr
    name: StrictStr = ""
    search: dict[str, Any] = {}
    free: dict[StrictStr, Any]
    experiments: tuple[dict[str, Any], ...]


Table = TypeVar("Table", bound=BaseModel)


@dataclass(frozen=True, eq=False, repr=False)
class CalibrationPlan:
    """A calibration that is ready to run, as `read_calibration` makes it of a file.

    Attributes
    ----------
    cell : cell
        With the numbers to begin with.
    experiments : tuple of Experiment
    free : tuple of Free
    search : Search
    name : str
        Of the new cell; empty for a name after the old one.
    """

    cell: Any
    experiments: tuple[Experiment, ...]
    free: tuple[Free, ...]
    search: Search
    name: str = ""

    def __repr__(self) -> str:
        titles = ", ".join(dict.fromkeys(one.title for one in self.experiments))
        return f"CalibrationPlan({self.cell.name!r}, {len(self.free)} free numbers, {titles[:80]})"

    def but(self, *, rounds: int | None = None, devices: int | None = None) -> CalibrationPlan:
        """The same with another number of rounds, or of devices in each experiment; None leaves it as it is."""
        search = self.search if rounds is None else replace(self.search, rounds=rounds)
        experiments = self.experiments
        if devices is not None:
            experiments = tuple(replace(one, devices=devices) for one in experiments)
        return replace(self, search=search, experiments=experiments)

    def run(
        self,
        *,
        directory: str | Path | None = None,
        executor: Executor | None = None,
        progress: Progress | None = None,
    ) -> Calibration:
        """`pcmphys.fit.calibrate` with all of it."""
        return calibrate(
            self.cell, self.experiments, self.free, search=self.search, name=self.name or None, directory=directory,
            executor=executor, progress=progress,
        )  # fmt: skip


def read_calibration(file: str | Path) -> CalibrationPlan:
    """Read a calibration from a TOML file.

    Parameters
    ----------
    file : path
        Names of tables in it are relative to its folder.

    Returns
    -------
    CalibrationPlan

    Raises
    ------
    ParameterError
        An unknown key, kind of experiment or column (a near miss is suggested), a value out of range.
    OSError
        A file cannot be read.

    Notes
    -----
    ``data/ibm-90nm-calibration.toml`` is an example, with all that is published of the 90 nm cell. Its tables:

    - ``cell``: name or file of the cell to begin with; ``name`` of the new one.
    - ``[free."heat.edge_drop"]``: a number that may change, ``low``, ``high``, and if wanted ``prior``, ``start``,
      ``also``, as for `Free`.
    - ``[[experiments]]``: ``kind`` (a class of `pcmphys.fit.experiments`), ``file``, ``x`` (its column, with the unit
      if the header has none), ``x_from``, ``x_to`` (rows outside are left out), ``name``, ``licence``, ``devices``,
      ``options`` of the kind, where a table is a pulse. In ``targets``, by quantity: ``column``; ``error`` [SI unit]
      and ``relative_error``, added in squares; ``held_out = true``, or ``seen = { every = 4, first = 1 }`` or
      ``seen = { rows = [0, 2, 5] }``, those between ``x_from`` and ``x_to`` that the search may see.
    - ``[search]``: as `Search`.
    """
    path = Path(file)
    name = path.name
    content = validated(_File, read_toml(path, name), name, "")
    with _of(name):
        free = tuple(_free(name, key, table) for key, table in _flat(content.free))
    experiments = tuple(_experiment(path, k, table) for k, table in enumerate(content.experiments))
    for key in content.search:
        check.choice(f"{name}: search", key, [part.name for part in fields(Search)])
    beside = path.parent / content.cell
    with _of(name):
        search = Search(**content.search)
        cell = load_cell(beside if content.cell.endswith(".toml") else content.cell)
        checked_free(free, cell)
    return CalibrationPlan(cell, experiments, free, search, content.name)


@contextlib.contextmanager
def _of(file: str) -> Iterator[None]:
    """Let each error name the file that what it speaks of stands in."""
    try:
        yield
    except ParameterError as error:
        if str(error).startswith(file):
            raise
        raise ParameterError(f"{file}: {error}") from None


def _checked(schema: type[Table], content: Any, file: str, key: str) -> Table:
    if not isinstance(content, Mapping):
        raise ParameterError(f"{file}: {key} must be a table; got {content!r}")
    return validated(schema, dict(content), file, key)


def _flat(tables: Mapping[str, Any], prefix: str = ""):
    """Dotted keys and their tables, whether a key is written with quotes or as tables in tables."""
    for key, table in tables.items():
        if isinstance(table, Mapping) and not table.keys() & set(_Free.model_fields):
            yield from _flat(table, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", table


def _free(file: str, key: str, table: Any) -> Free:
    return Free(key, **_checked(_Free, table, file, f"free.{key}").model_dump())


def _experiment(path: Path, number: int, table: Any) -> Experiment:
    where = f"experiments[{number}]"
    found = _checked(_Experiment, table, path.name, where)
    kind = KINDS[check.choice(f"{path.name}: {where}.kind", found.kind, KINDS)]
    x, targets, source = _read(path, where, kind, found)
    known = {part.name for part in fields(kind)} - {part.name for part in fields(Experiment)}
    options = {}
    for key, value in found.options.items():
        check.choice(f"{path.name}: {where}.options", key, known)
        options[key] = _option(f"{path.name}: {where}.options.{key}", value)
    return kind(x, targets, name=found.name, devices=found.devices, source=_source(source, found.licence), **options)


def _read(path: Path, where: str, kind: type[Experiment], found: _Experiment):
    """Places, targets and source of an experiment's table."""
    wanted = {
        quantity: _checked(_Target, target, path.name, f"{where}.targets.{quantity}")
        for quantity, target in found.targets.items()
    }
    columns = {f"target_{k}": target.column for k, target in enumerate(wanted.values())}
    try:
        read = read_table(path.parent / found.file, x=found.x, **columns)
    except ParameterError as error:
        said = str(error)
        for k, quantity in enumerate(wanted):
            said = re.sub(rf"\btarget_{k}\b", f"{where}.targets.{quantity}.column", said)
        raise ParameterError(f"{path.name}: {said}") from None
    units = {"x": kind.axis.unit} | {
        f"target_{k}": kind.quantities[check.choice("quantity", quantity, kind.quantities)].unit
        for k, quantity in enumerate(wanted)
    }
    for column, unit in units.items():
        if read.units[column] != unit:
            what = found.x if column == "x" else columns[column]
            raise ParameterError(
                f"{path.name}: {where}: column {what!r} is in {read.units[column]}; {kind.__name__} takes {unit} there"
            )
    x = read["x"]
    inside = (x >= found.x_from) & (x <= found.x_to)
    targets = {}
    for k, (quantity, target) in enumerate(wanted.items()):
        key = f"{where}.targets.{quantity}.seen"
        seen = None if target.seen is None else _checked(_Seen, target.seen, path.name, key)
        targets[quantity] = _target(target, seen, read[f"target_{k}"][inside])
    return x[inside], targets, read.source


def _source(source: Source, licence: str) -> str:
    """File, first digits of its hash, licence."""
    licence = licence or source.licence or "licence not known"
    return f"{Path(source.file).name} (sha256 {source.sha256[:12]}, {licence})"


def _option(where: str, value: Any) -> Any:
    """A table is a pulse, a list a tuple."""
    if isinstance(value, Mapping):
        for key in value:
            check.choice(where, key, ("current", "voltage", "width", "rise", "fall"))
        return Pulse(**value)
    return tuple(value) if isinstance(value, list) else value


def _target(target: _Target, seen: _Seen | None, value: np.ndarray) -> Target:
    held_out = np.full(value.size, target.held_out)
    if seen is not None:
        row = np.arange(value.size)
        held_out |= (row < seen.first) | ((row - seen.first) % seen.every != 0)
        if seen.rows:
            check.integer("largest of the rows seen", max(seen.rows), low=0, high=value.size - 1)
            held_out |= ~np.isin(row, seen.rows)
    return Target(value, np.hypot(target.error, target.relative_error * value), held_out)
