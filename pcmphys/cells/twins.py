"""Which devices an index means: a run of neighbours, as arrays are indexed, so that twins keep their numbers."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from pcmphys.errors import ParameterError


class Run(NamedTuple):
    """Devices start..stop of a flat population, and the shape that they are given."""

    start: int
    stop: int
    shape: tuple[int, ...]


def run(index: Any, shape: tuple[int, ...]) -> Run:
    """The neighbouring devices that an index (whole numbers, slices, ``...``) means in a population of a shape.

    Raises
    ------
    ParameterError
        An index outside of the population, or devices that are not neighbours in it: a device's random numbers belong
        to its place, counted along the last axis first.

    Examples
    --------
    >>> run(slice(1, 3), (4, 5)), run((2, -1), (4, 5))
    (Run(start=5, stop=15, shape=(2, 5)), Run(start=14, stop=15, shape=()))
    """
    parts = index if isinstance(index, tuple) else (index,)
    if any(
        isinstance(part, bool) or not (part is Ellipsis or isinstance(part, (int, np.integer, slice))) for part in parts
    ):
        raise ParameterError(f"index must be whole numbers and slices; got {index!r}")
    # indices of the first and the last device are enough; an array of all numbers could be large
    places = np.arange(math.prod(shape)).reshape(shape)
    try:
        found = places[index]
    except IndexError as error:
        raise ParameterError(f"index {index!r} does not fit a population of shape {shape}: {error}") from None
    flat = np.ravel(found)
    if flat.size and not np.array_equal(flat, np.arange(flat[0], flat[0] + flat.size)):
        raise ParameterError(
            f"index {index!r}: twins must be neighbours in the population (a run along its last axes), for example "
            f"devices[i:j] along the first axis; the population's shape is {shape}"
        )
    start = int(flat[0]) if flat.size else 0
    return Run(start, start + flat.size, np.shape(found))
