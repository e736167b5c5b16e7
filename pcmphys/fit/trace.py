"""A trace of reads of one device, as the fits of its noise take it: numbers at times, checked."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.paths import refuse_path
from pcmphys.fit.readers.figure import LABELS
from pcmphys.fit.readers.measurement import Measurement, Source, Trace
from pcmphys.fit.readers.tables import Table
from pcmphys.numerics import check

_REGULAR = 0.01
"""Part of an interval by which times may be off and still count as regular."""


class NoiseTrace(NamedTuple):
    """Reads at times."""

    time: np.ndarray
    """[s], from the first read on."""
    value: np.ndarray
    interval: float
    """Mean time between two reads [s]."""
    regular: bool
    missing: int
    """Reads that were left out."""


class GivenTrace(NamedTuple):
    """What a user gave as a trace: arrays, or one device of a file with its times, unit and source."""

    value: Any
    dt: Any
    time: Any
    unit: str
    source: Source
    read: bool
    """Whether a reader's policies have dealt with missing reads."""


_VALUES = ("conductance", "current", "resistance", "voltage")


def given_trace(trace: Any, dt: Any = None, time: Any = None) -> GivenTrace:
    """A trace from arrays, a `Measurement` or a `Table` of one device, or the `Trace` of one.

    Raises
    ------
    ParameterError
        Several devices, or columns that could be the trace: which, and how to choose.
    """
    refuse_path(trace)
    if not isinstance(trace, (Measurement, Table, Trace)):
        return GivenTrace(trace, dt, time, "", Source(), False)
    if time is not None or (dt is not None and not isinstance(trace, Table)):
        raise ParameterError(f"a {type(trace).__name__} has its own times; give neither dt nor time with it")
    if isinstance(trace, Trace):
        return GivenTrace(trace.conductance, None, trace.time, "", Source(), True)
    if isinstance(trace, Measurement):
        _one_of("measurement", trace.names)
        only = trace[0]
        return GivenTrace(only.conductance, None, only.time, trace.unit, trace.source, True)
    return _of_table(trace, dt)


def _of_table(table: Table, dt: Any) -> GivenTrace:
    if "device" in table:
        _one_of("table", tuple(dict.fromkeys(table["device"].tolist())))
    every = [name for name in table if name not in (*LABELS, "time")]
    found = every if len(every) == 1 else [name for name in _VALUES if name in every]
    if len(found) != 1:
        raise ParameterError(
            f"the table has {', '.join(every) or 'no column but times'}; the trace is one of its columns: "
            "table.only('time', 'conductance') chooses"
        )
    if dt is not None and "time" in table:
        raise ParameterError("the table has times of its own; give no dt with it, or leave them out with table.only()")
    return GivenTrace(table[found[0]], dt, table.columns.get("time"), table.units[found[0]], table.source, False)


def _one_of(what: str, names: tuple[str, ...]) -> None:
    if len(names) > 1:
        how = (
            f"measurement[[{names[0]!r}]]" if what == "measurement" else f"table.some(table['device'] == {names[0]!r})"
        )
        shown = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
        raise ParameterError(
            f"noise is fitted one device at a time, and these are {len(names)} ({shown}); {how} is one"
        )


def trace_of(given: GivenTrace, missing: str, least: int) -> NoiseTrace:
    """A user's trace with an interval, or with times; ``least`` reads are needed."""
    check.choice("missing", missing, ("refuse", "skip"))
    try:
        return _checked(given.value, given.dt, given.time, "skip" if given.read else missing, least)
    except ParameterError as error:
        if not given.source.file:
            raise
        raise ParameterError(f"{given.source.file}: {error}") from None


def _checked(trace: Any, dt: Any, time: Any, missing: str, least: int) -> NoiseTrace:
    value = check.measured("trace", check.with_gaps("trace", check.filled(trace), ndim=1))
    if (dt is None) == (time is None):
        raise ParameterError("give dt, the time between two reads in s, or time, one a read: one of the two")
    gap = np.isnan(value)
    if gap.any() and missing == "refuse":
        raise ParameterError(
            f"trace: {int(gap.sum())} of {gap.size} reads are missing, NaN or masked (first trace["
            f"{int(np.argmax(gap))}]); missing='skip' leaves them out"
        )
    if time is None:
        at = check.number("dt", dt, "s", 0.0, low_open=True) * np.arange(value.size)
    else:
        at = check.measured("time", check.array("time", time, "s", ndim=1), "s")
        if at.size != value.size:
            raise ParameterError(f"time must have one number a read, {value.size}; got {at.size}")
        check.increasing("time", at, "s")
    at, value = at[~gap], value[~gap]
    if value.size < least:
        raise ParameterError(f"trace must have at least {least} reads; it has {value.size}")
    if value.min() == value.max():
        raise ParameterError(
            f"trace is constant: all {value.size} reads are {value[0]:g}; is the instrument's resolution too coarse?"
        )
    steps = np.diff(at)
    regular = bool(np.abs(steps - steps.mean()).max() <= _REGULAR * steps.mean())
    return NoiseTrace(at - at[0], value, float(steps.mean()), regular, int(gap.sum()))


def resolution(value: np.ndarray) -> float:
    """The smallest step between two different reads, if reads come in steps at all: the instrument's; else 0."""
    levels = np.unique(value)
    if levels.size > 0.1 * value.size:
        return 0.0
    return float(np.diff(levels).min()) if levels.size > 1 else math.inf
