"""Read a parameter file and fill a model's parameters from it; a complaint names file, key and what was expected."""

from __future__ import annotations

import dataclasses
import functools
import math
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import ValidationError

from pcmphys.errors import ParameterError
from pcmphys.numerics.check import some, suggest
from pcmphys.numerics.files import decoded
from pcmphys.parameters.references import bibliography, entries
from pcmphys.parameters.schema import Header, Quantity, Technology
from pcmphys.parameters.shipped import CELLS, Shelf, shipped
from pcmphys.parameters.toml_file import read_toml
from pcmphys.parameters.words import explained, shown

_QUANTITY_KEYS = tuple(Quantity.model_fields)


def read_technology(name_or_path: str | Path, shelf: Shelf = CELLS) -> Technology:
    """Read and check one parameter file.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a shipped technology, or the path of a TOML file.
    shelf : Shelf
        Where shipped files lie: those of cells by default.

    Returns
    -------
    Technology

    Raises
    ------
    ParameterError
        Unknown name, unreadable file, unknown or missing key, wrong type, unknown bibliography key.
    """
    known = shipped(shelf)
    name = str(name_or_path)
    if name in known:
        return _read(known[name], f"{name}.toml", {}, shelf)
    if name.endswith(".toml"):
        return _read(Path(name_or_path).expanduser(), name, {}, shelf)
    raise ParameterError(f"{shelf.word} {name!r} is unknown; {_known(name, shelf)}")


def _known(name: str, shelf: Shelf) -> str:
    known = shipped(shelf)
    return f"known are {', '.join(sorted(known))}, or the path of a .toml file{suggest(name, known)}"


def _read(source: Any, file: str, above: dict[str, str], shelf: Shelf) -> Technology:
    """Read a file and, before it, the bases that it stands on; ``above``: the files that stand on this one."""
    place = str(source.resolve()) if isinstance(source, Path) else file
    if place in above:
        circle = [*list(above.values())[list(above).index(place) :], file]
        raise ParameterError(f"{file}: base: these files are each other's base: {' -> '.join(circle)}")
    try:
        content = read_toml(source, file)
    except (OSError, ValueError) as error:
        if isinstance(error, ParameterError):
            raise
        where = "" if not isinstance(source, Path) or source.is_absolute() else f"; looked in {Path.cwd()}"
        asked = f" (the base of {list(above.values())[-1]})" if above else ""
        reason = getattr(error, "strerror", None) or error
        raise ParameterError(f"{file}{asked}: cannot be read ({reason}){where}") from None
    base = _base(source, file, content, above | {place: file}, shelf) if "base" in content else None
    return _technology(file, content, _own_references(source), base)


def _base(source: Any, file: str, content: dict[str, Any], above: dict[str, str], shelf: Shelf) -> Technology:
    """The technology that a file's ``base`` names: a shipped one, or a file, from the folder of the file itself."""
    name, known = content["base"], shipped(shelf)
    if not isinstance(name, str):
        raise ParameterError(f"{file}: base must be text; got {shown(name)}")
    if name in known:
        return _read(known[name], f"{name}.toml", above, shelf)
    if not name.endswith(".toml") or not isinstance(source, Path):
        raise ParameterError(f"{file}: base: {name!r} is unknown; {_known(name, shelf)}")
    path = source.parent / Path(name).expanduser()
    return _read(path, str(path), above, shelf)


def _own_references(source: Any) -> dict[str, str]:
    """Entries of the .bib file of the same name beside a user's parameter file: the sources of their own numbers."""
    beside = source.with_suffix(".bib") if isinstance(source, Path) else None
    if beside is None or not beside.exists():
        return {}
    try:
        return entries(decoded(beside.read_bytes()))
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"{beside}: cannot be read ({error})") from None


def _technology(file: str, content: dict[str, Any], references: dict[str, str], base: Technology | None) -> Technology:
    plain = {key: value for key, value in content.items() if not isinstance(value, dict)}
    if base is not None:
        plain = {"model": base.model, "title": base.title, "notes": list(base.notes), **plain}
        references = base.references | references
    header = validated(Header, plain, file, "")
    quantities: dict[str, Quantity] = {}
    _collect(file, "", {k: v for k, v in content.items() if isinstance(v, dict)}, quantities)
    for path, quantity in quantities.items():
        check_source(file, path, quantity, references)
    inherited: dict[str, str] = {}
    if base is not None:
        if header.model != base.model:
            raise ParameterError(
                f"{file}: model: expected {base.model!r}, as in its base {base.name}; got {header.model!r}"
            )
        inherited = {path: base.inherited.get(path, base.name) for path in base.quantities if path not in quantities}
        quantities = base.quantities | quantities  # in the order of the base, what is new behind
    return Technology(
        **header.model_dump(exclude={"base"}),
        quantities=quantities,
        file=file,
        references=references,
        inherited=inherited,
        bases=() if base is None else (base.name, *base.bases),
    )


def _collect(file: str, prefix: str, table: dict[str, Any], quantities: dict[str, Quantity]) -> None:
    for key, value in table.items():
        path = f"{prefix}{key}"
        if not isinstance(value, dict):
            raise ParameterError(
                f"{file}: {path}: expected a table with value, unit, kind and source; got {shown(value)}"
            )
        if any(isinstance(inner, dict) for inner in value.values()) and not value.keys() & set(_QUANTITY_KEYS):
            _collect(file, f"{path}.", value, quantities)
            continue
        quantity = validated(Quantity, value, file, path)
        quantities[path] = quantity


def validated(schema: Any, content: dict[str, Any], file: str, prefix: str) -> Any:
    """The content as this pydantic model, or a complaint that names file and key."""
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        # an unknown key before a missing one: where both occur, the first is usually the second misspelt
        first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
        loc = [str(part) for part in first["loc"] if str(part) in schema.model_fields or str(part) in content]
        key = ".".join(filter(None, [prefix, *loc[:1]])) or prefix
        names = ", ".join(schema.model_fields)
        if first["type"] == "extra_forbidden":
            near = suggest(loc[0], schema.model_fields)
            table = ", or a table with value, unit, kind and source" if schema is Header else ""
            raise ParameterError(f"{file}: {key}: unknown key; expected one of {names}{table}{near}") from None
        if first["type"] == "missing":
            raise ParameterError(f"{file}: {key}: missing; {_needed(schema, content)}") from None
        words = "must be a number or a list of numbers" if loc[:1] == ["value"] else explained(first)
        raise ParameterError(f"{file}: {key} {words}; got {shown(first['input'])}") from None


def _needed(schema: Any, content: dict[str, Any]) -> str:
    """What a table must hold, and what it may hold besides."""
    needed = [name for name, field in schema.model_fields.items() if field.is_required()]
    besides = [name for name in schema.model_fields if name not in needed]
    if schema is Header:
        if content.get("base"):
            return 'a file with a base needs its own name alone, such as name = "mine"'
        return f"a parameter file needs {', '.join(needed)}, or name and base (the technology that it stands on)"
    more = f" ({', '.join(besides)} may be left out)" if besides else ""
    return f"{schema.__name__.strip('_').lower()} needs {', '.join(needed)}{more}"


def check_source(file: str, path: str, quantity: Quantity, own: dict[str, str]) -> None:
    """Refuse a number whose source is no entry of the bibliography or of ``own``; a user's number may say anything."""
    if quantity.kind == "user":
        return
    key = quantity.reference
    if not key:
        if quantity.kind != "assumed":
            raise ParameterError(
                f"{file}: {path}.source: missing; a {quantity.kind} value needs 'bibkey, place' (only an assumed value "
                "may do without)"
            )
        return
    known = bibliography() | own
    if key not in known:
        beside = f"{Path(file).stem}.bib"
        held = f" nor in {beside} (it holds {', '.join(sorted(own))})" if own else ""
        raise ParameterError(
            f"{file}: {path}.source: {key!r} is not in references.bib{held}{suggest(key, known)}; expected 'bibkey, "
            f'place\': put the entry into {beside}, a .bib file beside the parameter file, or write kind = "user", '
            f"whose source may be any words. Shipped keys are {some(sorted(bibliography()))}"
        )
    if not quantity.source.partition(",")[2].strip():
        raise ParameterError(
            f"{file}: {path}.source: expected 'bibkey, place' (figure, equation or table); got {quantity.source!r}"
        )


def fill(schema: type, technology: Technology) -> Any:
    """Make a parameter dataclass from a technology's quantities.

    Each field of ``schema`` carries in its metadata the expected ``unit``, and where it applies ``low`` (allowed),
    ``above`` (not allowed itself), ``high`` (allowed), ``length`` (most coefficients), ``at_least`` or ``more_than``
    (name of an earlier field of the same table). A field that is itself a dataclass is a sub-table of the file; with a
    default, one that may be left out.

    Raises
    ------
    ParameterError
        Missing or unknown key (a near miss is suggested), wrong unit, value out of range, values of different tables
        that do not go together.
    """
    used: set[str] = set()
    result = _fill(schema, technology, "", used)
    known = sorted(fields_of(schema))
    for path in technology.quantities:
        if path not in used:
            raise ParameterError(
                f"{technology.file}: {path}: unknown key{suggest(path, known)}; a {_spoken(technology.model)} has "
                f"{_some_keys(path, known)}{_all_keys(technology)}"
            )
    # what concerns several tables, a model says itself
    wrong = result.inconsistency() if hasattr(result, "inconsistency") else None
    if wrong is not None:
        raise ParameterError(f"{technology.file}: {wrong}")
    return result


def _some_keys(path: str, known: list[str]) -> str:
    """Keys of a model, those of the same table first; not all of a long list."""
    table = path.rpartition(".")[0]
    return some(sorted(known, key=lambda one: one.rpartition(".")[0] != table))


def _all_keys(technology: Technology) -> str:
    """Where all keys are listed: with a shipped technology of this model."""
    names = [one.partition(" (")[0] for one in (technology.name, *technology.bases)]
    home = next((one for one in names if one in shipped(CELLS)), "")
    return f" (pcmphys cells show {home} lists all)" if home else ""


def _spoken(model: str) -> str:
    """What a model is called: a mushroom cell, a chip."""
    return model if model == "chip" else f"{model} cell"


def fields_of(schema: type, prefix: str = "") -> dict[str, dataclasses.Field[Any]]:
    """The fields of a parameter dataclass by dotted key, those of its tables too."""
    hints = _hints(schema)
    found: dict[str, dataclasses.Field[Any]] = {}
    for field in dataclasses.fields(schema):
        inner = _table(hints[field.name])
        path = f"{prefix}{field.name}"
        found |= fields_of(inner, f"{path}.") if inner is not None else {path: field}
    return found


@functools.cache
def _hints(schema: type) -> dict[str, Any]:
    """Types of the fields: to read them from their text takes longer than all the checks of a changed cell."""
    return get_type_hints(schema)


def table_of(schema: type, name: str) -> type | None:
    """The dataclass of a field that is a sub-table; else None."""
    return _table(_hints(schema)[name])


def _table(hint) -> type | None:
    """The dataclass of a sub-table, also of one that may be left out (``Table | None``); else None."""
    candidates = [hint, *get_args(hint)]
    return next((kind for kind in candidates if dataclasses.is_dataclass(kind)), None)


def _fill(schema: type, technology: Technology, prefix: str, used: set[str]):
    hints = _hints(schema)
    values = {}
    for field in dataclasses.fields(schema):
        path = f"{prefix}{field.name}"
        table = _table(hints[field.name])
        if table is not None:
            left_out = not any(key.startswith(f"{path}.") for key in technology.quantities)
            if left_out and field.default is not dataclasses.MISSING:
                values[field.name] = field.default
            else:
                values[field.name] = _fill(table, technology, f"{path}.", used)
            continue
        quantity = technology.quantities.get(path)
        if quantity is None:
            if field.default is dataclasses.MISSING:
                near = suggest(path, set(technology.quantities) - set(fields_of(schema, prefix)))
                near = near.replace("did you mean", "is it misspelt as")
                unit = field.metadata["unit"]
                raise ParameterError(f"{technology.file}: {path}: missing; expected a value in {unit}{near}")
            continue
        used.add(path)
        _check_quantity(technology.file, path, quantity, field, tuple_wanted="tuple" in str(hints[field.name]))
        _check_order(technology.file, path, quantity.value, field.metadata, values)
        values[field.name] = quantity.value
    return schema(**values)


def _check_quantity(file: str, path: str, quantity: Quantity, field, tuple_wanted: bool) -> None:
    unit = field.metadata["unit"]
    if quantity.unit != unit:
        raise ParameterError(f"{file}: {path}.unit: expected {unit!r}; got {quantity.unit!r}")
    is_tuple = isinstance(quantity.value, tuple)
    if is_tuple != tuple_wanted:
        wanted = "a list of numbers" if tuple_wanted else "one number"
        raise ParameterError(f"{file}: {path}.value: expected {wanted} in {unit}; got {shown(quantity.value)}")
    numbers = quantity.value if is_tuple else (quantity.value,)
    most = field.metadata.get("length", math.inf)
    if not 1 <= len(numbers) <= most:
        raise ParameterError(f"{file}: {path}.value: expected 1 to {most} coefficients; got {len(numbers)}")
    for number in numbers:
        low, above = field.metadata.get("low", -math.inf), field.metadata.get("above", -math.inf)
        if not math.isfinite(number) or number < low or number <= above:
            bound = f"above {above:g}" if above > -math.inf else f"at least {low:g}"
            bound = "a finite number" if low == above == -math.inf else bound
            of = "" if unit == "1" else f" {unit}"
            raise ParameterError(f"{file}: {path}.value: expected {bound}{of}; got {number:g}")
        if number > (high := field.metadata.get("high", math.inf)):
            raise ParameterError(
                f"{file}: {path}.value: expected at most {high:g}{'' if unit == '1' else f' {unit}'}; got {number:g}"
            )


def _check_order(file: str, path: str, value: float, metadata, earlier: dict[str, Any]) -> None:
    for word, other in (("at least", metadata.get("at_least")), ("more than", metadata.get("more_than"))):
        if other is not None and (value < earlier[other] or (word == "more than" and value == earlier[other])):
            raise ParameterError(f"{file}: {path}.value: expected {word} {other} = {earlier[other]:g}; got {value:g}")
