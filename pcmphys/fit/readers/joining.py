"""Measurements of several files as one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.readers.measurement import Measurement, together


def joined(measurements: Sequence[Measurement]) -> Measurement:
    """The devices of several measurements; where names are the same, each begins with the name of its file.

    Raises
    ------
    ParameterError
        Some are normalised and some are not; two files of the same name hold devices of the same name.
    """
    first = measurements[0]
    if len(measurements) == 1:
        return first
    other = next((one for one in measurements if one.unit != first.unit), None)
    if other is not None:
        raise ParameterError(
            f"{first.source.file} is in {first.unit} and {other.source.file} in {other.unit}: normalised reads and "
            "conductances are fitted one after the other"
        )
    names = [name for one in measurements for name in one.names]
    if len(set(names)) < len(names):
        names = [f"{_stem(one)}/{name}" for one in measurements for name in one.names]
    twice = next((name for k, name in enumerate(names) if name in names[:k]), None)
    if twice is not None:
        raise ParameterError(f"the device {twice!r} is there twice, in files of the same name; is one given twice?")
    most = max(one.conductance.shape[1] for one in measurements)
    common = all(one.common and np.array_equal(one.time, first.time) for one in measurements)
    own = [np.broadcast_to(one.time, one.conductance.shape) for one in measurements]
    time = first.time if common else np.concatenate([_wide(part, most, np.nan) for part in own])
    return Measurement(
        tuple(names),
        time,
        np.concatenate([_wide(one.conductance, most, np.nan) for one in measurements]),
        np.concatenate([_wide(one.censored, most, 0) for one in measurements]),
        first.unit,
        together([one.source for one in measurements]),
    )


def _stem(measurement: Measurement) -> str:
    return PurePath(measurement.source.file.replace("\\", "/")).name.partition(".")[0]


def _wide(array: np.ndarray, width: int, fill: float) -> np.ndarray:
    return np.pad(array, ((0, 0), (0, width - array.shape[1])), constant_values=fill)
