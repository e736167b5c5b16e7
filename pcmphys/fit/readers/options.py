"""What the caller can tell of a file, checked and put together with what its layout says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

from pydantic import ValidationError

from pcmphys.errors import ParameterError
from pcmphys.fit.readers import layout as layouts
from pcmphys.fit.readers import units
from pcmphys.fit.readers.columns import Declared
from pcmphys.fit.readers.layout import Columns, Layout, Policies
from pcmphys.numerics import check

_CHOICES = {
    "missing": ("refuse", "skip"),
    "censored": ("refuse", "skip"),
    "negative": ("refuse", "skip", "keep", "turn"),
    "unordered": ("refuse", "sort"),
    "repeated": ("refuse", "first", "last", "mean"),
    "decimal": (".", ","),
    "dates": ("day", "month"),
}


class ReadOptions(TypedDict, total=False):
    """What `read` can be told of a file."""

    time: str | Sequence[str]
    conductance: str | Sequence[str]
    resistance: str | Sequence[str]
    current: str | Sequence[str]
    voltage: float | str | Sequence[str]
    shunt: float
    device: str | Sequence[str]
    names: Sequence[str]
    table: int | str
    decimal: Literal[".", ","]
    missing: Literal["refuse", "skip"]
    censored: Literal["refuse", "skip"]
    negative: Literal["refuse", "skip", "keep", "turn"]
    unordered: Literal["refuse", "sort"]
    repeated: Literal["refuse", "first", "last", "mean"]
    start: float
    programmed: float | str
    dates: Literal["day", "month"]
    floor: float | str
    ceiling: float | str
    licence: str


def check_options(options: dict[str, Any]) -> None:
    """Refuse options that there are not, or that cannot be."""
    known = list(ReadOptions.__annotations__)
    for name, value in options.items():
        if name not in known:
            raise ParameterError(
                f"read has no option {name!r}; there are {', '.join(known)}{check.suggest(name, known)}"
            )
        if name in _CHOICES:
            check.choice(name, value, _CHOICES[name])
    if "start" in options:
        check.number("start", options["start"], "s")
    for name, unit in (("shunt", "ohm"), ("voltage", "V"), ("programmed", "s")):
        value = options.get(name)
        if name in options and not isinstance(value, (str, list, tuple)):
            check.number(name, value, unit)
            if value == 0 and name != "programmed":
                raise ParameterError(f"{name} must not be zero")


def merged(chosen: Layout, options: dict[str, Any]) -> tuple[dict[str, Declared], Policies]:
    """What caller and layout declare of columns, and the policies; the caller's word goes first."""
    mine = {name: value for name, value in options.items() if value is not None}
    by = f"layout {chosen.name}"
    columns = {name: Declared(value, by) for name, value in chosen.columns.model_dump(exclude_none=True).items()}
    measured = [kind for kind in units.MEASURED if kind in mine]
    if measured:  # another kind in the layout is not meant
        columns = {name: one for name, one in columns.items() if name not in units.MEASURED}
    for name in Columns.model_fields:
        if name in mine:
            value = mine[name]
            number = name in ("voltage", "shunt") and not isinstance(value, (str, list, tuple))
            columns[name] = Declared(float(value) if number else value, "the caller")
    given = {name: mine[name] for name in Policies.model_fields if name in mine}
    try:
        policies = Policies.model_validate({**chosen.policies.model_dump(), **given})
    except ValidationError as error:
        raise ParameterError(layouts.said(error, Policies)) from None
    return columns, policies
