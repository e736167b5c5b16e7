"""Writes the same reads in the layouts that testers and people use, and the TOML that says what a file leaves out."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass

FACTORS = {
    "S": 1.0, "mS": 1e-3, "µS": 1e-6, "uS": 1e-6, "nS": 1e-9, "NS": 1e-9, "ohm": 1.0, "kOhm": 1e3, "MΩ": 1e6,
    "A": 1.0, "mA": 1e-3, "uA": 1e-6, "nA": 1e-9, "s": 1.0, "sec": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0,
    "h": 3600.0, "day": 86400.0,
}  # fmt: skip
VOLTAGE = 0.2


@dataclass(frozen=True)
class Style:
    """How a table is written."""

    form: str  # wide, long, pairs
    separator: str
    decimal: str
    encoding: str
    unit: str
    clock: str
    units: str  # round, square, row, declared: where the units stand
    before: int  # lines of a header block
    packed: bool
    newline: str
    head: str  # found, tagged (rows and header begin with a word), none (names in the layout)
    footer: bool  # lines behind the table
    stated: bool  # read voltage in a line before the table


def kind_of(unit):
    return "conductance" if unit.endswith("S") else "current" if unit.endswith("A") else "resistance"


def written(style, times, reads):
    """The bytes of a file with the reads [S] of devices at their times [s]."""
    kind = kind_of(style.unit)
    names = [f"{'gRI'[('conductance', 'resistance', 'current').index(kind)]}{k}" for k in range(len(reads))]

    def number(value):
        return f"{value:.16e}".replace(".", style.decimal)

    def measured(value):
        value = {"conductance": value, "resistance": 1.0 / value, "current": VOLTAGE * value}[kind]
        return number(value / FACTORS[style.unit])

    moments = [[number(t / FACTORS[style.clock]) for t in own] for own in times]
    values = [[measured(g) for g in own] for own in reads]
    columns = columns_of(style, names)
    if style.form == "wide":
        rows = list(zip(moments[0], *values, strict=True))
    elif style.form == "long":
        rows = [(f"d{k}", *pair) for k, own in enumerate(zip(moments, values)) for pair in zip(*own, strict=True)]
    else:
        most = max(map(len, moments))
        padded = [own + [""] * (most - len(own)) for pair in zip(moments, values, strict=True) for own in pair]
        rows = list(zip(*padded, strict=True))
    table = [header(style, columns), *([[unit for _, unit in columns]] if style.units == "row" else []), *rows]
    if style.head == "tagged":
        table = [["NAMES", *table[0]], *(["DATA", *row] for row in table[1:])]
    elif style.head == "none":
        table = rows
    lines = ["# tester 7", "Setup of the day", "Operator: me"][: style.before]
    lines += [f"Vread={VOLTAGE}".replace(".", style.decimal)] if style.stated else []
    lines += [style.separator.join(row) for row in table]
    lines += ["END of the table", "Mean and the like", "Max 7"] if style.footer else []
    raw = style.newline.join([*lines, ""]).encode(style.encoding)
    return gzip.compress(raw) if style.packed else raw


def header(style, columns):
    """The names of the columns, with units if they stand there."""
    brackets = {"round": "({})", "square": "[{}]"}.get(style.units)
    return [name + (f" {brackets.format(unit)}" if brackets and unit else "") for name, unit in columns]


def layout(style, devices):
    """TOML that declares what the file of this style does not say."""
    kind = kind_of(style.unit)
    letter = "gRI"[("conductance", "resistance", "current").index(kind)]
    names = [f"{letter}{k}" for k in range(devices)]
    lines = ['name = "mine"', "[table]"]
    if style.head == "tagged":
        # a blank divides at blanks, but the layout says at what
        lines += ["header = '^NAMES'", "rows = '^DATA'", "skip = 1", f"separator = {json.dumps(style.separator)}"]
    elif style.head == "none":
        lines.append(f"names = {json.dumps(header(style, columns_of(style, names)), ensure_ascii=False)}")
    lines += ["end = '^END'"] if style.footer else []
    lines.append("[columns]")
    if style.units == "declared":
        clocks = [f"t{k}[{style.clock}]" for k in range(devices)] if style.form == "pairs" else [f"time[{style.clock}]"]
        lines += [f"time = {clocks!r}", f"{kind} = ['{letter}*[{style.unit}]']"]
    if kind == "current" and not style.stated:
        lines.append(f"voltage = {VOLTAGE}")
    lines += ["[lines]", "voltage = '^Vread=(.*)$'"] if style.stated else []
    return "\n".join(lines) + "\n"


def columns_of(style, names):
    """Name and unit of each column."""
    if style.form == "wide":
        return [("time", style.clock), *((name, style.unit) for name in names)]
    if style.form == "long":
        return [("device", ""), ("time", style.clock), (names[0], style.unit)]
    return [pair for k, name in enumerate(names) for pair in ((f"t{k}", style.clock), (name, style.unit))]
