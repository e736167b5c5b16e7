r"""Layouts of tester files: one TOML a tester, shipped in layouts/ or a user's own.

A layout says where the table of a file begins and ends, which columns are what, and in which unit. Everything in it
may be left out; what is left out is found in the file. The schema, table by table::

    name = "my-tester"                      # small letters, digits, dashes
    title = "What it is, in a line"
    recognise = ['^MyTester ']              # regular expressions; a file that has a line for each has this layout

    [table]
    separator = ";"                         # "," ";" "\t" or " " (blanks)
    decimal = ","                           # "." or ","
    comment = ["#"]                         # lines that begin so are skipped
    header = '^Index;'                      # the line that names the columns
    rows = '^DATA;'                         # only such lines are rows
    skip = 1                                # fields before the first column, in header and rows
    end = '^$'                              # the first such line after the header ends the table
    short = true                            # rows may lack their last fields
    names = ["t[s]", "g[uS]"]               # of the columns of a file without a header

    [columns]                               # names or patterns with * and ?, with the unit if the header has none
    time = "Elapsed[ms]"
    conductance = ["G*[uS]"]                # or resistance, or current
    voltage = 0.2                           # read voltage [V] of currents: a number or a column
    shunt = 1e3                             # [ohm] or [V/A], where a current was read as a voltage
    device = ["die", "cell"]                # the long form: columns that say which device a row is of

    [lines]                                 # lines before the table; the group ( ) is a value, or a list of them
    voltage = '^Bias,(.*)$'                 # read voltages [V]
    voltage_of = '^Channels,(.*)$'          # the columns that these voltages are of, if they are not all
    units = '^Units,(.*)$'                  # of the measured columns, in their order
    start = '^X0,(.*)$'                     # a clock for rows whose time is blank: first time and step [s]
    step = '^Delta,(.*)$'
    voltages = '^VNames,(.*)$'              # for tables: names of the voltages [V] and currents [A] of each channel,
    currents = '^INames,(.*)$'              # and what each does: VAR1 is the one that is swept
    functions = '^Function,(.*)$'
    rows = '^Points,(.*)$'                  # rows of a sweep

    [units]                                 # for tables: of columns that carry none
    "Time" = "s"

    [policies]                              # as in `pcmphys.fit.read`: missing, censored, negative, ...
    missing = "skip"
"""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.parameters.toml_file import read_toml

PLAIN = "plain"
"""The layout of a file that has no other: a table, in front of which lines and comments may stand."""
Names = str | list[str] | None


class _Part(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)


class TableShape(_Part):
    """Where the table is and how its lines are divided."""

    separator: Literal[",", ";", "\t", " "] | None = None
    decimal: Literal[".", ","] | None = None
    comment: list[str] = ["#", "%"]
    header: str | None = None
    rows: str | None = None
    skip: int = 0
    end: str | None = None
    short: bool = False
    names: list[str] | None = None


class Columns(_Part):
    """What the columns are."""

    time: Names = None
    conductance: Names = None
    resistance: Names = None
    current: Names = None
    voltage: float | Names = None
    shunt: float | None = None
    device: Names = None


class Lines(_Part):
    """Values in lines before the table."""

    voltage: str | None = None
    voltage_of: str | None = None
    units: str | None = None
    start: str | None = None
    step: str | None = None
    voltages: str | None = None
    currents: str | None = None
    functions: str | None = None
    rows: str | None = None


class Policies(_Part):
    """What is done with reads that are no plain numbers in order."""

    missing: Literal["refuse", "skip"] = "refuse"
    censored: Literal["refuse", "skip"] = "refuse"
    negative: Literal["refuse", "skip", "keep", "turn"] = "refuse"
    unordered: Literal["refuse", "sort"] = "refuse"
    repeated: Literal["refuse", "first", "last", "mean"] = "refuse"
    start: float | None = None
    programmed: float | str | None = None
    dates: Literal["day", "month"] | None = None
    floor: float | str | None = None
    ceiling: float | str | None = None
    licence: str | None = None


class Layout(_Part):
    """A layout of files, as its TOML says it."""

    name: str
    title: str = ""
    recognise: list[str] = []
    table: TableShape = TableShape()
    columns: Columns = Columns()
    lines: Lines = Lines()
    policies: Policies = Policies()
    units: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Layout({self.name!r}, {self.title!r})"

    __str__ = __repr__

    @field_validator("recognise")
    @classmethod
    def _are_patterns(cls, patterns):
        for pattern in patterns:
            _compiled(pattern)
        return patterns


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no regular expression ({error})") from None


def layout(which: str | Path | Layout) -> Layout:
    """A layout by name, or from a TOML file of a user's own.

    Raises
    ------
    ParameterError
        No such layout or file; a key that is not in the schema, with a near miss; a value that it does not allow.
    """
    if isinstance(which, Layout):
        return which
    if not isinstance(which, (str, Path)):
        raise ParameterError(f"layout must be a name or the path of a TOML file; got a {type(which).__name__}")
    path = Path(which)
    if path.suffix == ".toml" or len(path.parts) > 1:
        try:
            return _of(read_toml(path, str(path)), str(path))
        except OSError as error:
            raise ParameterError(f"layout: cannot read {path}: {error.strerror}") from None
    known = shipped()
    if which not in known:
        raise ParameterError(
            f"layout must be one of {', '.join(known)}, or the path of a TOML file; got {which!r}"
            f"{check.suggest(which, known)}"
        )
    return known[str(which)]


def shipped() -> dict[str, Layout]:
    """The layouts of this package, by name.

    Examples
    --------
    >>> "keysight-easyexpert" in shipped()
    True
    """
    folder = resources.files(__package__) / "layouts"
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    found = [_of(read_toml(entry, entry.name), entry.name) for entry in files]
    return {PLAIN: Layout(name=PLAIN, title="a table of text"), **{one.name: one for one in found}}


def recognised(lines: list[str]) -> Layout:
    """The shipped layout that the first lines of a file have; the plain one if it is none of them."""
    for one in shipped().values():
        if one.recognise and all(any(re.search(pattern, line) for line in lines) for pattern in one.recognise):
            return one
    return Layout(name=PLAIN, title="a table of text")


def _of(content: dict[str, Any], name: str) -> Layout:
    try:
        found = Layout.model_validate(content)
        for text in (found.table.header, found.table.rows, found.table.end, *found.lines.model_dump().values()):
            if text is not None:
                _compiled(text)
    except ValidationError as error:
        raise ParameterError(f"layout {name}: {said(error, Layout)}") from None
    except ValueError as error:
        raise ParameterError(f"layout {name}: a pattern {error}") from None
    return found


def said(error: ValidationError, model: type[BaseModel]) -> str:
    """The first fault of a validation, in words, with a near miss of a key that is not known."""
    fault = error.errors()[0]
    path = [str(part) for part in fault["loc"] if isinstance(part, str) and not part.endswith("]")]
    if fault["type"] == "extra_forbidden":
        keys = list(model.model_fields)
        if path[:-1]:
            keys = list(getattr(model.model_fields[path[0]].annotation, "model_fields", {}))
        where = f" in [{'.'.join(path[:-1])}]" if path[:-1] else ""
        return f"unknown key {path[-1]!r}{where}; known are {', '.join(keys)}{check.suggest(path[-1], keys)}"
    if fault["type"] == "missing":
        return f"the key {'.'.join(path)!r} is missing"
    return f"{'.'.join(path)}: {fault['msg'].removeprefix('Value error, ')}; got {fault['input']!r}"
