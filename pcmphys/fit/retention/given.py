"""What `pcmphys.fit.retention` is given: arrays, the table of a file, or reads of devices."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.paths import refuse_path
from pcmphys.fit.readers.measurement import Measurement, Source
from pcmphys.fit.readers.tables import Table
from pcmphys.fit.retention.failures import failures


class GivenLives(NamedTuple):
    """Times, temperatures, which failed and when they were last seen good, as arrays, and where they come from."""

    time: Any
    temperature: Any
    failed: Any
    since: Any
    source: Source


def given_lives(time: Any, temperature: Any, failed: Any, since: Any) -> GivenLives:
    """Everything as arrays; what a file holds itself cannot be given once more."""
    refuse_path(time, "retention")
    if isinstance(time, Measurement):
        if failed is not None or since is not None:
            raise ParameterError("a Measurement tells itself which devices failed, and when; give neither with it")
        found = failures(time)
        return GivenLives(found.time, _needed(temperature), found.failed, found.since, time.source)
    if not isinstance(time, Table):
        return GivenLives(time, _needed(temperature), failed, since, Source())
    twice = [n for n, one in (("temperature", temperature), ("failed", failed), ("since", since))
             if one is not None and n in time]  # fmt: skip
    if twice:
        raise ParameterError(f"{' and '.join(twice)}: the table has it; leave one of the two out (table.only())")
    count = time.counts("devices") if "devices" in time else np.ones(len(time), dtype=int)
    columns = {
        "time": time["time"],
        "temperature": time["temperature"] if temperature is None else temperature,
        "failed": time.flags("failed") if "failed" in time else failed,
        "since": time.columns.get("since", since),
    }
    each = {
        name: np.repeat(column, count) if np.ndim(column) == 1 and len(column) == len(time) else column
        for name, column in columns.items()
    }
    return GivenLives(**each, source=time.source)


def _needed(temperature: Any) -> Any:
    if temperature is None:
        raise ParameterError("temperature is missing: at which each device was kept [K]")
    return temperature
