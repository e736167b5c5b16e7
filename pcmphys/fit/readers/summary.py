"""What a measurement looks like as text."""

from __future__ import annotations

from typing import Any

import numpy as np

from pcmphys.fit.drift.table import printable

_MOST = 12
"""Columns that are listed."""
_PREFIXES = ((1.0, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"), (1e-12, "p"), (1e-15, "f"))


def line(measurement: Any) -> str:
    """A measurement in one line."""
    source = measurement.source
    name = source.file.replace("\\", "/").rpartition("/")[2]
    return (
        f"Measurement({printable(name)!r}: {_devices(measurement)}, {_reads(measurement)}, in {measurement.unit}"
        f"{', layout ' + source.layout if source.layout else ''})"
    )


def summary(measurement: Any, devices: int) -> str:
    """File, layout, columns, declarations, what policies did, and the first devices' reads, one thing a line."""
    lines = about(measurement.source)
    known = measurement.conductance[~np.isnan(measurement.conductance)]
    span = f"; {_size(known.min(), measurement)} to {_size(known.max(), measurement)}" if known.size else ""
    lines.append(f"{'devices':<11}{_devices(measurement)}, {_reads(measurement)}{span}")
    for name, trace in zip(measurement.names[:devices], measurement):
        ends = [f"{trace.time[k]:.6g} s: {_size(trace.conductance[k], measurement)}" for k in (0, -1)]
        lines.append(f"{'':<11}{printable(name):<16} {trace.time.size:>6} reads   {ends[0]}  ...  {ends[1]}")
    if len(measurement) > devices:
        lines.append(f"{'':<11}and {len(measurement) - devices} more")
    return "\n".join(lines)


def short(source: Any) -> str:
    """Names and SHA-256 of a source's files, cut."""
    names = [file.replace("\\", "/").rpartition("/")[2] for file in source.file.split(", ")]
    digests = source.sha256.split(", ")
    if len(digests) != len(names):
        return ", ".join(names)
    return ", ".join(f"{n} (sha256 {d[:12]})" if d else n for n, d in zip(names, digests))


def origin(source: Any) -> list[str]:
    """File, SHA-256, licence, and what policies did and readers noted, in lines; none without a file."""
    if not source.file:
        return []
    lines = [f"data: {short(source)}, licence {source.licence or 'not known'}"]
    done = [f"{count} {what}" for what, count in source.counts]
    return [printable(line) for line in [*lines, *(f"data: {words}" for words in (*done, *source.notes))]]


def about(source: Any) -> list[str]:
    """What is known of a source, one thing a line."""
    lines = [f"{'file':<11}{printable(source.file)}"]
    if source.sha256:
        lines.append(f"{'sha256':<11}{source.sha256}")
    lines.append(f"{'layout':<11}{source.layout}")
    lines += [f"{what:<11}{value}" for what, value in source.found]
    width = max([len(one.header) for one in source.columns[:_MOST]] + [6])
    for k, one in enumerate(source.columns[:_MOST]):
        by = f"   (unit by {one.by})" if one.unit and one.role != "unused" else ""
        header = printable(one.header)
        lines.append(f"{'columns' if k == 0 else '':<11}{header:<{width}}  {one.role:<12} {one.unit or '-'}{by}")
    if len(source.columns) > _MOST:
        rest = [one.role for one in source.columns[_MOST:]]
        kinds = ", ".join(f"{rest.count(role)} {role}" for role in dict.fromkeys(rest))
        lines.append(f"{'':<11}and {len(rest)} more ({kinds})")
    for k, said in enumerate(source.declared):
        lines.append(f"{'declared' if k == 0 else '':<11}{said.what} = {printable(said.value)}   (by {said.by})")
    for k, (what, count) in enumerate(source.counts):
        lines.append(f"{'policies' if k == 0 else '':<11}{count} {what}")
    lines += [f"{'note' if k == 0 else '':<11}{printable(note)}" for k, note in enumerate(source.notes)]
    lines.append(f"{'licence':<11}{printable(source.licence) or 'not known'}")
    return lines


def table_summary(table: Any, rows: int) -> str:
    """File, layout, columns, declarations, what policies did, and the first rows of a table, one thing a line."""
    lines = about(table.source)
    count = len(table)
    lines.append(f"{'rows':<11}{count}")
    heads = [f"{name} [{unit}]" if unit != "1" else name for name, unit in table.units.items()]
    cells = [[_cell(table[name][k]) for name in table] for k in range(min(rows, count))]
    widths = [max(map(len, column)) for column in zip(heads, *cells)]
    for row in (heads, *cells):
        lines.append(f"{'':<11}" + "  ".join(cell.rjust(width) for cell, width in zip(row, widths)))
    if count > rows:
        lines.append(f"{'':<11}and {count - rows} more")
    open_ = [f"{name}: {words}" for name, words in table.why.items()]
    lines += [f"{'not told' if k == 0 else '':<11}{printable(line)}" for k, line in enumerate(open_)]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    return printable(value)[:24] if isinstance(value, str) else f"{value:.6g}"


def _devices(measurement: Any) -> str:
    count = len(measurement)
    return f"{count} device{'s' * (count != 1)}"


def _reads(measurement: Any) -> str:
    count = measurement.reads
    many = f"{count.min()}" if count.min() == count.max() else f"{count.min()} to {count.max()}"
    own = "" if measurement.common else " (each device at its own times)"
    word = "read" if many == "1" else "reads"
    return f"{many} {word}{own} from {np.nanmin(measurement.time):g} s to {np.nanmax(measurement.time):g} s"


def _size(value: float, measurement: Any) -> str:
    if np.isnan(value):
        return "none"
    if measurement.unit == "1":
        return f"{value:.6g}"
    factor, prefix = next((pair for pair in _PREFIXES if abs(value) >= 0.9995 * pair[0]), (1.0, ""))
    return f"{value / factor:.6g} {prefix}S"
