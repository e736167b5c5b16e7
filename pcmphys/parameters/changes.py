"""Numbers of one's own in a technology: what `MushroomCell.but` and its like do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.parameters.choices import chosen
from pcmphys.parameters.loader import check_source, fields_of, fill, validated
from pcmphys.parameters.schema import Quantity, Technology
from pcmphys.parameters.units import in_own_units

_MARK = " (changed)"


def changed(
    schema: type, technology: Technology, changes: Mapping[str, Any], source: str = "", name: str | None = None
) -> tuple[Any, Technology]:
    """Parameters and technology with some numbers replaced, checked as those of a parameter file are.

    Parameters
    ----------
    schema : type
        The parameters' dataclass, as for `fill`.
    technology : Technology
        What to start from; it is left as it is.
    changes : dict
        By dotted key: a number or a list of numbers in the unit that the key has, or a table with ``value``, and where
        they differ from what is said here, ``unit``, ``kind``, ``source`` and ``note``.
    source : str
        Where the numbers come from, in any words; their kind is ``user``.
    name : str, optional
        Of the new technology; the old name with "(changed)" by default.

    Raises
    ------
    ParameterError
        An unknown key (a near miss is suggested), wrong unit, a value out of range.
    """
    if not isinstance(changes, Mapping):
        raise ParameterError(
            f'changes must be a dict, for example {{"read.voltage": 0.1}}; got {type(changes).__name__}'
        )
    if not isinstance(source, str):
        raise ParameterError(f"source must be text; got {source!r}")
    file = f"{technology.file.removesuffix(_MARK)}{_MARK}"
    known = fields_of(schema)
    own: dict[str, Quantity] = {}
    for key, value in _flat(changes):
        unit = known[key].metadata["unit"] if key in known else "1"  # a wrong key is named by `fill`
        own[key] = validated(Quantity, {"unit": unit, "kind": "user", "source": source, **value}, file, key)
        check_source(file, key, own[key], technology.references)
    inherited = {key: technology.inherited.get(key, technology.name) for key in technology.quantities}
    found = technology.model_copy(
        update={
            "name": _name(technology.name, name),
            "file": file,
            "quantities": technology.quantities | own,
            "inherited": {key: home for key, home in inherited.items() if key not in own},
        }
    )
    made = in_own_units(schema, chosen(schema, found))
    return fill(schema, made), made


def _name(old: str, new: str | None) -> str:
    if new is None:
        return f"{old.removesuffix(_MARK)}{_MARK}"
    if not isinstance(new, str) or not new.strip() or not new.isprintable():
        raise ParameterError(f"name must be text of one line; got {new!r}")
    return new


def _flat(changes: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Dotted keys and tables of numbers; tables of tables, as in a parameter file, are taken apart."""
    for key, value in changes.items():
        path = f"{prefix}{key}"
        if not isinstance(value, Mapping):
            yield path, {"value": _plain(path, value)}
        elif value.keys() & set(Quantity.model_fields):
            yield path, dict(value) | ({"value": _plain(path, value["value"])} if "value" in value else {})
        else:
            yield from _flat(value, f"{path}.")


def _plain(path: str, value: Any) -> Any:
    """Numbers of numpy as numbers of Python; a row of them as a tuple."""
    value = check.unmasked(path, value)
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list | tuple):
        return tuple(part.tolist() if hasattr(part, "tolist") else part for part in value)
    return value
