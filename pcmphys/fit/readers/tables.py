"""Columns of a file under the names that fits know them by, in SI, with all that is known of where they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.readers import summary as text
from pcmphys.fit.readers.figure import LABELS, table_figure
from pcmphys.fit.readers.measurement import Source, together
from pcmphys.numerics import check, labelled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

_TEXT = ("device", "file")


@dataclass(frozen=True, eq=False, repr=False)
class Table(labelled.Labelled):
    """Columns of equal length with names and SI units, as `pcmphys.fit.read_table` finds them in a file.

    ``table["voltage"]`` is a column; ``len`` counts rows, iteration goes over names, ``in`` asks for one.

    Attributes
    ----------
    columns : dict of (rows,) array
        By name: float64 in SI units; ``device`` and ``file``, where they are, are text, ``sweep`` whole numbers from 0
        on.
    units : dict of str
        SI unit of each column, "1" of plain numbers.
    source : Source
        File, SHA-256, layout, columns with their units, what was declared and by whom, what policies did, licence.
    rows : (rows,) array of int
        The line of the file (row of a sheet) that each row comes from; counted from 0 for a table made of arrays.
    why : dict of str
        Of names that were looked for in the file and not found: why.

    Raises
    ------
    ParameterError
        Columns of different lengths, no columns, one without a unit.

    Notes
    -----
    The arrays are read-only.

    Examples
    --------
    >>> table = Table({"voltage": [0.1, 0.2], "current": [1e-6, 2e-6]}, {"voltage": "V", "current": "A"})
    >>> table
    Table(2 rows: voltage [V], current [A])
    >>> table["current"].max(), "conductance" in table
    (np.float64(2e-06), False)
    """

    columns: Mapping[str, np.ndarray]
    units: Mapping[str, str]
    source: Source = field(default_factory=Source)
    rows: np.ndarray | None = None
    why: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        columns = {}
        for name, values in dict(self.columns).items():
            kind = object if name in _TEXT else np.int64 if name == "sweep" else np.float64
            columns[name] = np.array(values, dtype=kind)
            columns[name].flags.writeable = False
        lengths = {name: column.shape for name, column in columns.items()}
        if not columns or any(len(shape) != 1 for shape in lengths.values()) or len(set(lengths.values())) > 1:
            raise ParameterError(f"columns must be arrays of one axis and one length; got {lengths or 'none'}")
        units = {name: self.units.get(name, "1" if name in LABELS else "") for name in columns}
        bare = next((name for name, unit in units.items() if not unit), None)
        if bare is not None:
            raise ParameterError(f"units must have one for each column, '1' for plain numbers; {bare!r} has none")
        count = next(iter(lengths.values()))[0]
        rows = np.arange(count) if self.rows is None else np.array(self.rows, dtype=np.int64)
        if rows.shape != (count,):
            raise ParameterError(f"rows must have one number a row, {count}; got shape {rows.shape}")
        rows.flags.writeable = False
        for name, value in (("columns", columns), ("units", units), ("why", dict(self.why))):
            object.__setattr__(self, name, MappingProxyType(value))
        object.__setattr__(self, "rows", rows)

    def __reduce__(self) -> tuple[Any, ...]:
        # read-only mappings are not pickled, and arrays that are could be written to
        given = (getattr(self, part.name) for part in fields(self))
        return type(self), tuple(dict(one) if isinstance(one, Mapping) else one for one in given)

    def __repr__(self) -> str:
        shown = [f"{name} [{unit}]" if unit != "1" else name for name, unit in self.units.items()]
        more = f", ... ({len(shown)} columns)" if len(shown) > 8 else ""
        count = len(self)
        return f"Table({count} row{'s' * (count != 1)}: {', '.join(shown[:8])}{more})"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.columns)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.columns:
            raise ParameterError(self._lost(name))
        return self.columns[name]

    def _lost(self, name: Any) -> str:
        where = f"{self.source.file}: " if self.source.file else ""
        said = f" ({self.why[name]})" if name in self.why else check.suggest(str(name), self.columns)
        free = [one.header for one in self.source.columns if one.role == "unused"]
        more = f"; not used are {', '.join(free[:20])}" if free else ""
        how = (
            f". read_table(file, {name}='its header[unit]') names it (--column on the command line)"
            if self.source.file
            else ""
        )
        return f"{where}no column {name!r}{said}; the table has {', '.join(self.columns)}{more}{how}"

    def at(self, row: int, name: str) -> str:
        """Where in the file a row of a column stands, for messages: file, line and header."""
        header = next((one.header for one in self.source.columns if one.role == name), name)
        file = self.columns["file"][row] if "file" in self.columns else self.source.file
        file = f"{file}, line" if file else "row"
        return f"{file} {self.rows[row]}, column {header!r}"

    def flags(self, name: str) -> np.ndarray:
        """A column of 0 and 1 as (rows,) array of bool."""
        found = self[name]
        wrong = ~np.isin(found, (0.0, 1.0))
        if wrong.any():
            k = int(wrong.argmax())
            raise ParameterError(f"{self.at(k, name)}: {name} must be 1 or 0; got {found[k]:g}")
        return found == 1.0

    def counts(self, name: str) -> np.ndarray:
        """A column of whole numbers, not negative, as (rows,) array of int."""
        found = self[name]
        wrong = ~(np.isfinite(found) & (found >= 0) & (found == np.rint(found)) & (found < 2**53))
        if wrong.any():
            k = int(wrong.argmax())
            raise ParameterError(
                f"{self.at(k, name)}: {name} must be a whole number and not negative; got {found[k]:g}"
            )
        return found.astype(np.int64)

    def some(self, chosen: Any) -> Table:
        """A table of some rows: a mask, or their numbers."""
        places = np.asarray(chosen)
        if places.dtype == np.bool_:
            places = np.flatnonzero(check.flags("chosen", places, (len(self),)))
        elif places.ndim != 1 or places.dtype.kind not in "iu" or not ((places >= 0) & (places < len(self))).all():
            raise ParameterError(f"chosen must be a mask or numbers of rows from 0 to {len(self) - 1}; got {chosen!r}")
        columns = {name: column[places] for name, column in self.columns.items()}
        return Table(columns, self.units, self.source, self.rows[places], self.why)

    def only(self, *names: str) -> Table:
        """A table of some columns."""
        columns = {name: self[name] for name in names}
        return Table(columns, {name: self.units[name] for name in names}, self.source, self.rows, self.why)

    def by(self, name: str) -> Iterator[tuple[Any, Table]]:
        """The parts of the table with one value of a column each, in the order in which they come; all, without it."""
        if name not in self.columns and name in LABELS:
            yield None, self
            return
        import pandas as pd

        codes, values = pd.factorize(self[name], use_na_sentinel=False)
        order = np.argsort(codes, kind="stable")
        for value, places in zip(values.tolist(), np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)):
            yield value, self.some(places)

    def summary(self, rows: int = 5) -> str:
        """A plain text: file, layout, columns, what was declared, what policies did, and the first rows."""
        return text.table_summary(self, check.integer("rows", rows, low=0))

    def plot(self, path: str | Path | None = None, curves: int = 12) -> Figure:
        """Draw the columns of the first curves (a device and sweep each) against voltage, pulse or time.

        Written to ``path`` (type by its suffix) if one is given.

        Returns
        -------
        matplotlib.figure.Figure
        """
        return table_figure(self, path, check.integer("curves", curves, low=1))

    def to_dataset(self) -> xr.Dataset:
        """An `xarray.Dataset` with the axis ``row``, units, and the source as attributes."""
        variables = {
            name: (("row",), list(column) if name in _TEXT else column, self.units[name], name)
            for name, column in self.columns.items()
        }
        coordinates = {"row": (("row",), self.rows, "1", "line of the file")}
        return labelled.dataset("pcmphys table", variables, coordinates, **self.source.attributes())


def joined(tables: Sequence[Table]) -> Table:
    """Tables of several files one after the other; each file has sweeps of its own, and ``file`` tells which it is.

    Raises
    ------
    ParameterError
        They have different columns or units.
    """
    if len(tables) == 1:
        return tables[0]
    first = tables[0]
    for one in tables[1:]:
        mine, other = ({name: table.units[name] for name in table if name != "sweep"} for table in (first, one))
        if mine != other:
            odd = sorted(set(mine.items()) ^ set(other.items()))
            raise ParameterError(
                f"{one.source.file} and {first.source.file} differ in {', '.join(dict(odd))}: files that are read "
                "together have the same columns in the same units"
            )
    columns = {name: np.concatenate([table[name] for table in tables]) for name in first if name != "sweep"}
    sweeps = [table["sweep"] if "sweep" in table else np.zeros(len(table), dtype=np.int64) for table in tables]
    before = np.concatenate([[0], np.cumsum([sweep.max() + 1 for sweep in sweeps])[:-1]])
    columns["sweep"] = np.concatenate([sweep + past for sweep, past in zip(sweeps, before)])
    columns["file"] = np.repeat(np.array([table.source.file for table in tables], dtype=object), list(map(len, tables)))
    rows = np.concatenate([table.rows for table in tables])
    return Table(columns, first.units, together([table.source for table in tables]), rows)
