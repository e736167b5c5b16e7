"""What is known of a file that was read, or could not be: its table, its layout, what was said of it."""

from __future__ import annotations

from typing import NamedTuple

from pcmphys.fit.readers import layout as layouts
from pcmphys.fit.readers import summary, units
from pcmphys.fit.readers.columns import Column, Declared, Roles
from pcmphys.fit.readers.grid import Grid
from pcmphys.fit.readers.layout import Layout, Policies
from pcmphys.fit.readers.measurement import ColumnUse, Said, Source


class Seen(NamedTuple):
    """A file as far as it was understood: its table, the layout, what was said of it."""

    grid: Grid
    layout: Layout
    file: str
    sha256: str
    said: dict[str, Declared]
    policies: Policies
    licence: str


def about(seen: Seen) -> str:
    """What was recognised of a file, as text: for users who are told that it cannot be read."""
    uses = []
    for k, header in enumerate(seen.grid.names):
        written = units.split(header)[1] or seen.grid.units[k]
        unit = units.find(written) if written else None
        role = unit.quantity if unit else "unknown unit" if written else "no unit"
        uses.append(ColumnUse(header, role, written or "", "header"))
    return "\n".join(summary.about(source_of(seen, tuple(uses), {}, ())))


def uses_of(roles: Roles) -> tuple[ColumnUse, ...]:
    """All columns in their order and what each was taken for."""
    every = [*roles.times, *roles.measured, *roles.voltages, *roles.devices, *roles.unused]
    return tuple(_use(column) for column in sorted(every, key=lambda column: column.place))


def _use(column: Column) -> ColumnUse:
    unit = "time stamps" if column.stamps else column.unit.text if column.unit else ""
    return ColumnUse(column.header, column.role, unit, column.by)


def source_of(seen: Seen, uses: tuple[ColumnUse, ...], counts: dict[str, int], extra: tuple[Said, ...]) -> Source:
    """Everything that is known of the file; ``extra`` is what was found beside its columns."""
    declared = [Said(name, _words(one.value), one.by) for name, one in seen.said.items()]
    if extra:
        declared = [said for said in declared if said.what != "voltage"]
    own = seen.layout.policies.model_dump(exclude_none=True)
    for name, value in seen.policies.model_dump(exclude_none=True, exclude={"licence"}).items():
        if value != "refuse":
            by = f"layout {seen.layout.name}" if own.get(name) == value else "the caller"
            declared.append(Said(name, str(value), by))
    tester = () if seen.layout.name == layouts.PLAIN else (("tester", seen.layout.title or seen.layout.name),)
    return Source(
        file=seen.file,
        sha256=seen.sha256,
        layout=seen.layout.name,
        found=(*tester, *seen.grid.how),
        columns=uses,
        declared=(*declared, *extra),
        counts=tuple(counts.items()),
        notes=tuple(seen.grid.notes),
        licence=seen.licence,
    )


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
