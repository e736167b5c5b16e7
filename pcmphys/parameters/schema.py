"""What a parameter file may hold, checked by pydantic."""

from __future__ import annotations

import re
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, StrictFloat, field_validator

Kind = Literal["measured", "fit", "derived", "assumed"]


class Quantity(BaseModel):
    """One number, or one row of coefficients, with what it rests on.

    ``source`` is a key of references.bib, then a comma and the place in it ("joshi2020, Fig. 3"); only an assumed
    number may do without.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)

    value: StrictFloat | tuple[StrictFloat, ...]  # strict: no text, no true or false
    unit: str
    kind: Kind
    source: str = ""
    note: str = ""

    @property
    def numbers(self) -> list[str]:
        """The value, or the row of values, with all its digits."""
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        return [f"{v:g}" if float(f"{v:g}") == v else repr(v) for v in values]

    @property
    def reference(self) -> str:
        """Bibliography key of the source, empty when there is none."""
        return self.source.split(",", 1)[0].strip()


class Header(BaseModel):
    """The part of a parameter file above its tables."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)

    name: str
    model: str
    title: str
    notes: tuple[str, ...] = ()

    @field_validator("name")
    @classmethod
    def _plain(cls, name):
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
            raise ValueError("must be of small letters, digits and dashes")
        return name


class Technology(BaseModel):
    """A parameter file as read: header and quantities, by dotted key ("read_noise.power_factor")."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    name: str
    model: str
    title: str
    notes: tuple[str, ...]
    quantities: dict[str, Quantity]
    file: str
    references: dict[str, str] = {}  # BibTeX of a .bib file beside the parameter file, by key
