"""Tables of which a parameter file has one or another: forms of one law, such as the conduction of the glass.

Fields of a parameter dataclass that carry the same ``choice`` in their metadata, each a table that may be left out, are
such forms. One of them must be there. What a file or a change says itself replaces what its base has chosen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from pcmphys.errors import ParameterError
from pcmphys.numerics.check import suggest
from pcmphys.parameters.loader import fields_of, table_of
from pcmphys.parameters.schema import Technology


def chosen(schema: type, technology: Technology) -> Technology:
    """The technology without the forms that its own numbers, or a nearer base, replace.

    Parameters
    ----------
    schema : type
        The parameters' dataclass, as for `fill`.
    technology : Technology
        As read or changed; it is left as it is.

    Raises
    ------
    ParameterError
        Two forms at once, or none.
    """
    dropped: list[str] = []
    for what, tables in _choices(schema):
        nearest: dict[str, int] = {}
        for table in tables:
            keys = [key for key in technology.quantities if key.startswith(f"{table}.")]
            if keys:
                nearest[table] = min(_distance(key, technology) for key in keys)
        if not nearest:
            raise ParameterError(_none(schema, technology, what, tables))
        best = [table for table, distance in nearest.items() if distance == min(nearest.values())]
        if len(best) > 1:
            raise ParameterError(
                f"{technology.file}: {' and '.join(best)}: expected one {what}; got {len(best)} tables at once"
            )
        others = tuple(f"{table}." for table in nearest if table not in best)
        dropped += [key for key in technology.quantities if key.startswith(others)] if others else []
    if not dropped:
        return technology
    kept = {key: value for key, value in technology.quantities.items() if key not in dropped}
    inherited = {key: home for key, home in technology.inherited.items() if key not in dropped}
    return technology.model_copy(update={"quantities": kept, "inherited": inherited})


def _choices(schema: type, prefix: str = "") -> Iterator[tuple[str, list[str]]]:
    """What is chosen, in words, and the dotted names of the tables it is chosen from."""
    groups: dict[str, list[str]] = {}
    for field, table in _tables(schema):
        path = f"{prefix}{field.name}"
        if "choice" in field.metadata:
            groups.setdefault(field.metadata["choice"], []).append(path)
        yield from _choices(table, f"{path}.")
    yield from groups.items()


def _tables(schema: type) -> Iterator[tuple[dataclasses.Field, type]]:
    """Fields that are tables themselves, with the dataclass of each."""
    for field in dataclasses.fields(schema):
        table = table_of(schema, field.name)
        if table is not None:
            yield field, table


def _distance(key: str, technology: Technology) -> int:
    """How many bases down a number comes from; 0 if it is the technology's own."""
    home = technology.inherited.get(key)
    return 0 if home is None else 1 + (technology.bases.index(home) if home in technology.bases else 0)


def _none(schema: type, technology: Technology, what: str, tables: list[str]) -> str:
    known = [key for key in fields_of(schema) if key.startswith(tuple(f"{table}." for table in tables))]
    unknown = set(technology.quantities) - set(fields_of(schema))
    near = next(filter(None, (suggest(key, unknown) for key in known)), "").replace("did you mean", "is it misspelt as")
    return f"{technology.file}: {' or '.join(tables)}: missing; expected one table, the {what}{near}"
