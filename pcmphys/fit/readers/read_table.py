"""`pcmphys.fit.read_table`: columns of any kind from a tester's file, such as I-V curves and trains of pulses."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.readers.columns import Column
from pcmphys.fit.readers.grid import Grid
from pcmphys.fit.readers.layout import Layout, Policies
from pcmphys.fit.readers.measurement import ColumnUse, Said
from pcmphys.fit.readers.named import QUANTITIES, Named, UnclearColumns, named, unit_in_si
from pcmphys.fit.readers.origin import Seen, source_of
from pcmphys.fit.readers.read import see
from pcmphys.fit.readers.stamps import ORDERS
from pcmphys.fit.readers.tables import Table
from pcmphys.fit.readers.traces import label, times_of
from pcmphys.fit.readers.values import GAP, OVER, READ, UNDER, first_stamp, numbers
from pcmphys.numerics import check

if TYPE_CHECKING:
    import pandas as pd

_OPTIONS = ("names", "table", "decimal", "missing", "censored", "programmed", "dates", "licence")
_OF_FILE = ("names", "table", "decimal", "licence")
_SAID = ("missing", "censored", "programmed", "dates", "decimal")
_POLICY = ("refuse", "skip", "keep")
_CHOICES = {"missing": _POLICY, "censored": _POLICY, "decimal": (".", ","), "dates": ORDERS}


def read_table(
    file: str | os.PathLike[str] | pd.DataFrame, layout: str | Path | Layout | None = None, **columns: Any
) -> Table:
    r"""Read columns of any kind from a tester's file: I-V curves, trains of pulses, times to failure, traces of noise.

    A file is read as by `read`, with any encoding, separator, decimal sign, header; this function is for columns other
    than reads of conductance against time since programming.

    Parameters
    ----------
    file, layout
        As in `read`.
    **columns
        What is to be in the table, each by its name::

            read_table("iv.csv", voltage="VAR1[V]", current="I2[uA]", temperature="85 degC")

        The value names a column as its header does, with the unit behind it in brackets if the file has none. A pattern
        with ``*`` and ``?``, or a list, may mean several columns: one device each, whose rows then follow each other,
        with the names of their columns in ``table["device"]``; pairs (V1, I1, V2, I2) go together in their order. A
        number [SI], or text with a number and a unit, holds for all rows.

        ``time``, ``voltage``, ``current``, ``conductance``, ``resistance``, ``temperature``, ``frequency``, ``power``,
        ``energy``; ``amplitude`` (V or A), ``width`` (time) of pulses, ``pulse`` and ``cycle`` (their numbers);
        ``failed`` (1 or 0), ``since`` (time), ``devices`` (how many a row stands for) have the quantity that their
        names say, and are found by it where they are not asked for: by header and unit, or as the only column
        with that unit. A column of any other name is what its unit says.

        ``device``: columns that say which device a row is of. ``sweep``: a column that numbers sweeps; without one,
        tables below each other with the same header, blocks of rows between blank lines, and sweeps that the lines
        before the table count (Keysight) are told apart.

        And, as in `read`: ``names``, ``table``, ``decimal``, ``dates``, ``licence``, ``programmed`` (zero of the times;
        time stamps count from the first one without it), ``missing`` and ``censored`` ("refuse"; "skip": leave out the
        row; "keep": NaN).

    Returns
    -------
    Table

    Raises
    ------
    ParameterError
        As `read`: with file, line and column, and what to do.

    Notes
    -----
    Temperatures are in K whatever the file has. Nothing is converted otherwise: no current over its voltage, no series
    resistance; rows stay in the order of the file.

    Examples
    --------
    >>> import pathlib
    >>> _ = pathlib.Path("iv.csv").write_text("U (mV);I1 (nA)\n100;1,5\n200;3,1\n\n100;1,6\n200;3,2\n")
    >>> found = read_table("iv.csv", temperature="25 degC")
    >>> found
    Table(4 rows: voltage [V], current [A], temperature [K], sweep)
    >>> found["current"], found["sweep"]
    (array([1.5e-09, 3.1e-09, 1.6e-09, 3.2e-09]), array([0, 0, 1, 1]))
    """
    options = {name: columns.pop(name) for name in _OPTIONS if name in columns}
    asked = {name: value for name, value in columns.items() if value is not None}
    for name, value in options.items():
        if name in _CHOICES and value is not None:
            check.choice(name, value, _CHOICES[name])
    seen = see(file, layout, {name: options[name] for name in _OF_FILE if name in options}, sweeps=True)
    try:
        found = named(seen.grid, seen.layout, asked)
    except UnclearColumns as error:
        raise UnclearColumns(f"{error}{_perhaps(asked)}", error.columns) from None
    except ParameterError as error:
        raise ParameterError(f"{error}{_perhaps(asked)}") from None
    return _table(seen, found, options)


def _perhaps(asked: dict[str, Any]) -> str:
    """What a name that nothing is known of may have been meant to be."""
    known = [*QUANTITIES, "device", "sweep", *_OPTIONS]
    for name in asked:
        if name not in (*known, "trace") and (near := check.suggest(name, known)):
            return f" ({name}={near.removeprefix(';')}?)".replace("??", "?")
    return ""


class _Rows:
    """Where each row of the table stands: its row of the file, and which of several devices' columns it takes."""

    def __init__(self, grid: Grid, found: Named):
        many = {name: len(one) for name, one in found.columns.items() if len(one) > 1}
        if len(set(many.values())) > 1:
            said = ", ".join(f"{name} {count}" for name, count in many.items())
            raise ParameterError(f"{grid.where}: several columns must be as many for each name; they are {said}")
        self.count: int = next(iter(many.values()), 1)
        self.several: tuple[str, ...] = tuple(many)
        self.row: np.ndarray = np.tile(np.arange(len(grid.lines)), self.count)
        self.device: np.ndarray = np.repeat(np.arange(self.count), len(grid.lines))
        if found.devices and many:
            raise ParameterError(
                f"{grid.where}: with a device column ({found.devices[0].header}) there is one column of each name; "
                f"several are of {', '.join(many)}: say which"
            )


def _table(seen: Seen, found: Named, options: dict[str, Any]) -> Table:
    grid = seen.grid
    rows = _Rows(grid, found)
    extra: list[Said] = [Said(name, words, "the caller") for name, (_, _, words) in found.constants.items()]
    columns, kinds, units = {}, {}, {}
    clock = seen.policies.model_copy(update={key: options[key] for key in ("programmed", "dates") if key in options})
    for name, several in found.columns.items():
        parts = []
        for column in several:
            if column.stamps and clock.programmed is None:
                clock = clock.model_copy(update={"programmed": first_stamp(grid, column)})
                extra.append(Said(f"zero of {name}", str(clock.programmed), "the first time stamp"))
            parts.append(_values(grid, name, column, clock))
        columns[name] = np.concatenate([one[0] for one in parts] * (rows.count if len(parts) == 1 else 1))
        kinds[name] = np.concatenate([one[1] for one in parts] * (rows.count if len(parts) == 1 else 1))
        units[name] = parts[0][2]
        other = next((k for k, part in enumerate(parts) if part[2] != units[name]), None)
        if other is not None:
            raise ParameterError(
                f"{grid.where}: {several[0].header!r} is in {units[name]} and {several[other].header!r} in "
                f"{parts[other][2]}; read them one after the other"
            )
    for name, (value, unit, _) in found.constants.items():
        columns[name], units[name] = np.full(rows.row.size, value), unit
        kinds[name] = np.zeros(rows.row.size, dtype=np.int8)
    labels = _labels(grid, found, rows)
    said = {name: options.get(name) or getattr(seen.policies, name) for name in ("missing", "censored")}
    told = [name for name in _SAID if options.get(name) not in (None, "refuse")]
    extra += [Said(name, str(options[name]), "the caller") for name in told]
    kept, counts = _policies(grid, (found, rows), kinds, said)
    uses = _uses(found)
    source = source_of(seen, uses, counts, tuple(extra))
    places = {name: several[0].place for name, several in found.columns.items()}
    order = sorted(columns, key=lambda name: places.get(name, len(grid.names)))
    everything = {name: {**columns, **labels}[name][kept] for name in (*order, *labels)}
    return Table(everything, units, source, grid.lines[rows.row[kept]], found.why)


def _values(grid: Grid, name: str, column: Column, clock: Policies) -> tuple[np.ndarray, np.ndarray, str]:
    """Values in SI of a column, what each cell holds, and the SI unit."""
    if column.stamps or (name == "time" and (clock.programmed is not None or "step" in grid.lists)):
        values = times_of(grid, column, clock)
        return values, np.where(np.isnan(values), GAP, READ).astype(np.int8), "s"
    found = numbers(grid, column)
    unit = unit_in_si(column._replace(unit=found.unit))
    return found.values, found.kinds, unit


def _labels(grid: Grid, found: Named, rows: _Rows) -> dict[str, np.ndarray]:
    """The columns ``device`` and ``sweep``, as far as there are any."""
    labels: dict[str, np.ndarray] = {}
    if rows.count > 1:
        best = next((n for n in ("conductance", "resistance", "current") if n in rows.several), rows.several[-1])
        names = [column.name for column in found.columns[best]]
        twice = len(set(names)) < len(names)
        names = [f"{name} {k + 1}" for k, name in enumerate(names)] if twice else names
        labels["device"] = np.array(names, dtype=object)[rows.device]
    elif found.devices:
        texts = []
        for column in found.devices:
            cells = grid.columns[column.place] if grid.raw is None else grid.raw(column.place)
            texts.append([label(cell) for cell in cells])
            if "" in texts[-1]:
                raise ParameterError(
                    f"{grid.at(texts[-1].index(''), column.place)} is blank; the name of a device belongs there"
                )
        labels["device"] = np.array(["/".join(parts) for parts in zip(*texts)], dtype=object)
    sweep = _sweeps(grid, found)
    if sweep is not None:
        labels["sweep"] = sweep[rows.row]
    return labels


def _sweeps(grid: Grid, found: Named) -> np.ndarray | None:
    """The sweep that each row of the file is of."""
    import pandas as pd

    count = len(grid.lines)
    if found.sweep is not None:
        return pd.factorize(np.array([label(cell) for cell in grid.columns[found.sweep.place]], dtype=object))[0]
    block = np.zeros(count, dtype=np.int64) if grid.block is None else grid.block
    points = next(iter(grid.lists.get("rows", [])), "")
    if points.isdigit() and 0 < int(points) < count:
        # sweeps follow each other within each table
        first = np.r_[0, np.flatnonzero(np.diff(block)) + 1]
        sizes = np.diff(np.r_[first, count])
        if (sizes % int(points) == 0).all():
            return np.arange(count) // int(points)
    return None if grid.block is None else block


def _policies(grid: Grid, where: tuple[Named, _Rows], kinds: dict[str, np.ndarray], options: dict[str, Any]):
    """Which rows stay, and what was counted; or an error with the first cell that a policy refuses."""
    found, rows = where
    keep = np.ones(rows.row.size, dtype=bool)
    counts: dict[str, int] = {}
    if rows.count > 1:  # of pairs of columns, some end before others
        keep = ~np.all([kinds[name] == GAP for name in rows.several], axis=0)
    for policy, marks, what in (("missing", (GAP,), "missing"), ("censored", (OVER, UNDER), "out of range")):
        said = options[policy]
        for name, kind in kinds.items():
            out = np.isin(kind, marks) & keep
            if not out.any():
                continue
            if said == "refuse":
                k = int(out.argmax())
                several = found.columns[name]
                column = several[rows.device[k] if len(several) > 1 else 0]
                cell = grid.cell(int(rows.row[k]), column.place).strip()
                holds = "is blank" if cell in ("", "None", "nan") else f"holds {cell!r}"
                raise ParameterError(
                    f"{grid.at(int(rows.row[k]), column.place)} {holds}, {what} ({int(out.sum())} of {out.size} values "
                    f"of {name}); {policy}='skip' leaves out such rows, {policy}='keep' takes NaN for them"
                )
            counts[f"{name}: {what}, {'row left out' if said == 'skip' else 'NaN'}"] = int(out.sum())
            if said == "skip":
                keep &= ~out
    if not keep.any():
        raise ParameterError(f"{grid.where}: no row is left; see missing= and censored=")
    return keep, counts


def _uses(found: Named) -> tuple[ColumnUse, ...]:
    """All columns in their order and the name that each got."""
    every: list[tuple[Column, str]] = [(one, name) for name, several in found.columns.items() for one in several]
    every += [(one, "device") for one in found.devices] + [(one, "unused") for one in found.unused]
    every += [] if found.sweep is None else [(found.sweep, "sweep")]
    uses = []
    for one, name in sorted(every, key=lambda pair: pair[0].place):
        unit = "time stamps" if one.stamps else one.unit.text if one.unit else ""
        uses.append(ColumnUse(one.header, name, unit, one.by))
    return tuple(uses)


def columns_of(options: Sequence[str]) -> dict[str, str]:
    """Columns as a command line names them, ``voltage=V1[V]``, each its name and what it means."""
    found = {}
    for one in options:
        name, equals, value = one.partition("=")
        if not equals or not name.strip().isidentifier():
            raise ParameterError(f"--column must be name=header, such as voltage='V1[V]'; got {one!r}")
        found[name.strip()] = value.strip()
    return found
