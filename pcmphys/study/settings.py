"""What all study files have in common: strict settings, and errors that name file and key."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from pcmphys.errors import ParameterError
from pcmphys.numerics.brief import called
from pcmphys.numerics.check import suggest
from pcmphys.parameters.words import explained, list_of, shown

if TYPE_CHECKING:
    from typing import Self

Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Whole = Annotated[int, BeforeValidator(lambda value: int(value) if _is_whole(value) else value)]
"""Also a number like 1e6, which TOML knows as a fraction only."""


def _is_whole(value) -> bool:
    return isinstance(value, float) and value.is_integer()


class Strict(BaseModel):
    """A table of a study file: no unknown keys, nothing taken for what it is not, no changes afterwards.

    Numbers and arrays of numpy are taken as those of Python, and one value where a list is expected as a list of one.
    """

    # strict: true is not the number 1, nor is "1"
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _of_python(cls, content):
        if not isinstance(content, dict):
            return content
        return {key: _plain(value, cls.model_fields.get(key)) for key, value in content.items()}


def _plain(value, field):
    value = value.tolist() if hasattr(value, "tolist") else value
    if field is None or list_of(field.annotation) is None:
        return value
    if isinstance(value, str) or not isinstance(value, Iterable):
        return (value,)
    return value if isinstance(value, dict) else tuple(_plain(inner, None) for inner in value)


class Settings(Strict):
    """What a study file of one kind may say: a subclass with the key ``study`` and these attributes, see `Kind`.

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

    if not TYPE_CHECKING:  # checkers know the settings by name

        def __init__(self, **content):
            _fill(self, content, type(self).__name__)

    def __repr__(self) -> str:
        return called(self, {name: getattr(self, name) for name in self.changed})

    __str__ = __repr__

    @property
    def changed(self) -> list[str]:
        """Names of the settings that are not the default."""
        return [name for name, field in type(self).model_fields.items() if getattr(self, name) != field.default]

    def digest(self) -> str:
        """Short hash of all settings: finished parts of another study are never taken for this one's."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]

    @property
    def named(self) -> tuple[str, ...]:
        """What may be the path of a file of a user's own, as the settings give it; a kind that takes any says so."""
        return ()

    # not a setting: the same study gives the same results wherever its files lie
    _folder: Path | None = PrivateAttr(default=None)

    def located(self, folder: Path) -> Self:
        """The same settings of a file in ``folder``, from which relative paths in it count."""
        if not self.names_files:
            return self
        found = self.model_copy()
        found._folder = folder
        return found

    @property
    def names_files(self) -> bool:
        """Whether relative paths in it could count from somewhere."""
        return any(name.endswith(".toml") for name in self.named)

    @property
    def folder(self) -> Path | None:
        """Folder of the study file, from which its relative paths count; None: the current one."""
        return self._folder

    def path_or_name(self, name: str) -> str:
        """A name, or the path of its parameter file from the current folder."""
        if self._folder is None or not name.endswith(".toml"):
            return name
        return str(self._folder / Path(name).expanduser())


def strictly_increasing(name: str, values: tuple[float, ...], unit: str = "") -> tuple[float, ...]:
    """Refuse values that do not increase strictly."""
    for before, after in itertools.pairwise(values):
        if not after > before:
            raise ValueError(
                f"{name}{f' [{unit}]' if unit else ''} must increase strictly; {after:g} follows {before:g}"
            )
    return values


def distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Refuse a value that occurs twice."""
    if len(set(values)) != len(values):
        raise ValueError(f"each value may occur once; got {list(values)}")
    return values


def named_apart(given: Sequence[str], names: list[str]) -> None:
    """Refuse cells, given by name or file, of which two have the same name."""
    for k, name in enumerate(names):
        if name in names[:k]:
            raise ParameterError(
                f"cells: {given[names.index(name)]!r} and {given[k]!r} have the same name {name!r}; "
                "give each parameter file a name of its own"
            )


def validated(kind: type[Settings], content: dict[str, Any], name: str) -> Settings:
    """Settings of a kind from the content of a file.

    Raises
    ------
    ParameterError
        Unknown key (a near miss is suggested) or wrong value; the message names file and key.
    """
    if not all(isinstance(key, str) for key in content):
        raise ParameterError(f"{name}: names of settings are text; got {', '.join(map(shown, content))}")
    settings = kind.__new__(kind)
    _fill(settings, content, name)
    return settings


def _fill(settings: Settings, content: dict[str, Any], name: str) -> None:
    try:
        BaseModel.__init__(settings, **content)
    except ValidationError as error:
        first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
        if isinstance(content.get(first["loc"][0] if first["loc"] else None), (str, bool, int, float)):
            first = {**first, "loc": first["loc"][:1]}  # one value, taken as a list of one
        raise ParameterError(f"{name}: {_complaint(type(settings), first)}") from None


def _table_of(annotation: Any) -> type[BaseModel] | None:
    """The kind of a table, or of each table of a list."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _complaint(kind: type[BaseModel], error) -> str:
    path = error["loc"]
    key = ".".join(str(part) for part in path)
    field = None
    for part in path[: -1 if error["type"] == "extra_forbidden" else None]:
        field = kind.model_fields.get(str(part))
        if field is not None:
            kind = _table_of(field.annotation) or kind
    if error["type"] == "extra_forbidden":
        known = list(kind.model_fields)
        return f"{key}: unknown key; expected one of {', '.join(known)}{suggest(path[-1], known)}"
    elements = None if field is None or path[-1] not in kind.model_fields else list_of(field.annotation)
    wrong_type = error["type"].endswith("_type")
    words = f"must be a list of {elements}" if elements and wrong_type else explained(error)
    if error["type"] != "value_error":
        return f"{key} {words}; got {shown(error['input'])}"
    return f"{key}: {words}" if key else words  # a message of our own says what it got
