"""What a parameter file may hold, checked by pydantic."""

from __future__ import annotations

import re
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, StrictFloat, field_validator

Kind = Literal["measured", "fit", "derived", "assumed", "user"]


class Quantity(BaseModel):
    """One number, or one row of coefficients, with what it rests on.

    ``source`` is a key of references.bib, then a comma and the place in it ("joshi2020, Fig. 3"); only an assumed
    number may do without. A number of kind ``user`` is somebody's own, and its source whatever they call it.
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
    base: str = ""
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
    inherited: dict[str, str] = {}  # name of the technology that a number comes from, if not from this one
    bases: tuple[str, ...] = ()  # names of the technologies that this one stands on, the nearest first

    def __repr__(self) -> str:
        return f"Technology({self.name!r}, {self.model}, {len(self.quantities)} numbers)"

    __str__ = __repr__

    @property
    def descent(self) -> str:
        """Which numbers are this technology's own, and where the others come from; empty if all are its own.

        Examples
        --------
        >>> import pcmphys as pcm
        >>> pcm.load_cell("ibm-90nm-projected").technology.descent
        'own numbers: read.conductance_minimum, liner.sheet_resistance, ...; inherited: ... from ibm-90nm-doped-gst'
        """
        if not self.inherited:
            return ""
        own = ", ".join(key for key in self.quantities if key not in self.inherited)
        homes = ", ".join(f"{sum(h == home for h in self.inherited.values())} from {home}" for home in self._homes)
        return f"own numbers: {own or 'none'}; inherited: {homes}"

    @property
    def _homes(self) -> list[str]:
        return list(dict.fromkeys(self.inherited.values()))

    def summary(self) -> str:
        """Every number with unit, kind and source, a line each, as ``pcmphys cells show`` lists them.

        Examples
        --------
        >>> import pcmphys as pcm
        >>> mine = pcm.load_cell("ibm-90nm-doped-gst").but({"heat.on_voltage": 0.5}, source="mine")
        >>> print(*[line for line in mine.technology.summary().splitlines() if "user" in line])
        heat.on_voltage = 0.5 V (user: mine)
        """
        lines = [f"{self.name}: {self.title}"]
        for key, q in self.quantities.items():
            value = f"[{', '.join(q.numbers)}]" if isinstance(q.value, tuple) else q.numbers[0]
            unit = "" if q.unit == "1" else f" {q.unit}"
            home = f", of {self.inherited[key]}" if key in self.inherited else ""
            lines.append(f"{key} = {value}{unit} ({q.kind}{': ' if q.source else ''}{q.source}{home})")
        return "\n".join(lines)
