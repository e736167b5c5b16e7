"""From columns to reads of devices: whose each is, when it was taken, and where in the file it stands."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.readers.columns import Column, Roles
from pcmphys.fit.readers.grid import Grid
from pcmphys.fit.readers.layout import Policies
from pcmphys.fit.readers.values import GAP, OVER, UNDER, moments, numbers


@dataclass
class Reads:
    """Reads of all devices, one after the other: what each is, and the row and columns that it comes from."""

    device: np.ndarray
    row: np.ndarray
    column: np.ndarray
    clock: np.ndarray
    """Index of the column that the time is from."""
    time: np.ndarray
    value: np.ndarray
    kind: np.ndarray

    def keep(self, chosen: np.ndarray) -> None:
        """Keep some reads, or put all into another order."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name)[chosen])


def reads_of(grid: Grid, roles: Roles, policies: Policies) -> tuple[Reads, list[str]]:
    """All reads as measured, in SI, and the names of the devices."""
    times = [times_of(grid, column, policies) for column in roles.times]
    found = [numbers(grid, column) for column in roles.measured]
    values, kinds = np.array([one.values for one in found]), np.array([one.kinds for one in found])
    rows = np.arange(len(grid.lines))
    count = len(roles.measured)
    reads = Reads(
        device=np.repeat(np.arange(count), rows.size),
        row=np.tile(rows, count),
        column=np.repeat([column.place for column in roles.measured], rows.size),
        clock=np.repeat([roles.times[k].place for k in roles.clock], rows.size),
        time=np.concatenate([times[k] for k in roles.clock]),
        value=values.ravel(),
        kind=kinds.ravel(),
    )
    if len(roles.times) > 1:  # of pairs of columns, some end before others
        reads.keep(~(np.isnan(reads.time) & (reads.kind == GAP)))
    if roles.devices:
        return reads, _by_device(grid, roles, reads)
    return reads, _names(grid, roles)


def times_of(grid: Grid, column: Column, policies: Policies) -> np.ndarray:
    """The times of a column, from programming on [s]; NaN where none stands."""
    said = policies.programmed
    if column.stamps:
        if said is None or isinstance(said, float):
            first = next(cell for cell in grid.columns[column.place] if str(cell).strip())
            raise ParameterError(
                f"{grid.where}: column {column.header!r} holds times of a clock (the first is {first}); say when the "
                f"devices were programmed: programmed='{str(first)[:19]}'"
            )
        return moments(grid, column, said, policies.dates).values
    if isinstance(said, str):
        raise ParameterError(
            f"programmed must be a number [s], because column {column.header!r} holds numbers; got {said!r}"
        )
    found = numbers(grid, column)
    marks = np.flatnonzero((found.kinds == OVER) | (found.kinds == UNDER))
    if marks.size:
        row = int(marks[0])
        raise ParameterError(
            f"{grid.at(row, column.place)}: {grid.cell(row, column.place)} is a tester's mark for over-range, no time"
        )
    if "step" in grid.lists and (found.kinds == GAP).all():
        start, step = (_before_table(grid, key) for key in ("start", "step"))
        return start + step * np.arange(len(grid.lines)) - (said or 0.0)
    return found.values - (said or 0.0)


def _before_table(grid: Grid, key: str) -> float:
    """A number of the clock that stands before the table [s]; a clock without a start begins at 0."""
    said = next(iter(grid.lists.get(key, [])), "0")
    try:
        return float(said.replace(",", "."))
    except ValueError:
        raise ParameterError(f"{grid.where}: the {key} of the clock before the table is {said!r}, no number") from None


def _names(grid: Grid, roles: Roles) -> list[str]:
    names = [column.name for column in roles.measured]
    seen: dict[str, int] = {}
    for k, name in enumerate(names):
        if name not in seen:
            seen[name] = k
        elif len(roles.times) == 1:
            first, second = roles.measured[seen[name]], roles.measured[k]
            raise ParameterError(
                f"{grid.where}: the column {name!r} is there {names.count(name)} times (columns {first.place + 1} and "
                f"{second.place + 1}); give each its own name, with names= or in the file"
            )
    if len(seen) == len(names):
        return names
    count: dict[str, int] = {}
    for k, name in enumerate(names):  # pairs of columns are told apart by their order
        count[name] = count.get(name, 0) + 1
        names[k] = f"{name} {count[name]}"
    return names


def _by_device(grid: Grid, roles: Roles, reads: Reads) -> list[str]:
    """Number the devices in the order in which they come; their names."""
    import pandas as pd

    written = []
    for column in roles.devices:
        cells = grid.columns[column.place] if grid.raw is None else grid.raw(column.place)
        texts = [label(cell) for cell in cells]
        blank = next((k for k, text in enumerate(texts) if not text), None)
        if blank is not None:
            raise ParameterError(f"{grid.at(blank, column.place)} is blank; the name of a device belongs there")
        written.append(texts)
    codes, names = pd.factorize(np.array(["/".join(parts) for parts in zip(*written)], dtype=object))
    reads.device = codes[reads.row]
    reads.keep(np.argsort(reads.device, kind="stable"))
    return [str(name) for name in names]


def label(cell: Any) -> str:
    """The name that stands in a cell."""
    if isinstance(cell, float):
        return "" if cell != cell else f"{cell:.15g}"
    return "" if cell is None else str(cell).strip()
