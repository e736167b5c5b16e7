"""What all study files have in common: strict settings, and errors that name file and key."""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pcmphys._check import suggest
from pcmphys.errors import ParameterError

if TYPE_CHECKING:
    from pcmphys.study.plan import Plan

Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class Strict(BaseModel):
    """A table of a study file: no unknown keys, no changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Settings(Strict):
    """Settings of one kind of study; a kind is a subclass with the key ``study`` and these attributes.

    Attributes
    ----------
    built_in : str
        Name of the study that has all the defaults.
    template : str
        Commented study file with all defaults.
    doing : str
        What a run spends its time on, for the progress bar.
    """

    built_in: ClassVar[str]
    template: ClassVar[str]
    doing: ClassVar[str]

    def digest(self) -> str:
        """Short hash of all settings: finished parts of another study are never taken for this one's."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]

    def plan(self) -> Plan:
        """The study, ready to run; whatever can be wrong before anything has run is found here."""
        raise NotImplementedError


def increasing(name: str, values: tuple, unit: str = "") -> tuple:
    """Refuse values that do not increase strictly."""
    for before, after in itertools.pairwise(values):
        if not after > before:
            raise ValueError(
                f"{name}{f' [{unit}]' if unit else ''} must increase strictly; {after:g} follows {before:g}"
            )
    return values


def distinct(values: tuple) -> tuple:
    """Refuse a value that occurs twice."""
    if len(set(values)) != len(values):
        raise ValueError(f"each value may occur once; got {list(values)}")
    return values


def validated(kind: type[Settings], content: dict[str, Any], name: str) -> Settings:
    """Settings of a kind from the content of a file.

    Raises
    ------
    ParameterError
        Unknown key (a near miss is suggested) or wrong value; the message names file and key.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] != "extra_forbidden":
            message = first["msg"].removeprefix("Value error, ")
            raise ParameterError(f"{name}: {key}: {message}; got {first['input']!r}") from None
        table: type[BaseModel] = kind
        for part in first["loc"][:-1]:
            table = table.model_fields[str(part)].annotation
        known = list(table.model_fields)
        near = suggest(first["loc"][-1], known)
        raise ParameterError(f"{name}: {key}: unknown key; expected one of {', '.join(known)}{near}") from None
