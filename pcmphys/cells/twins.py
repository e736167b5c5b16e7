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
    try:
        # an array without memory of its own knows all of numpy's rules: a byte for any number of devices
        chosen = np.broadcast_to(np.int8(0), shape)[index].shape
    except IndexError as error:
        raise ParameterError(f"index {index!r} does not fit a population of shape {shape}: {error}") from None
    axes = [part.indices(size) for part, size in zip(_of_each_axis(parts, len(shape)), shape, strict=True)]
    counts = [len(range(*one)) for one in axes]
    whole = True  # whether all of the axes behind are taken whole, so that steps of this one lie side by side
    for (_, _, step), count, size in zip(reversed(axes), reversed(counts), reversed(shape), strict=True):
        if count > 1 and not (whole and step == 1) and math.prod(counts):
            raise ParameterError(
                f"index {index!r}: twins must be neighbours in the population (a run along its last axes), for example "
                f"devices[i:j] along the first axis; the population's shape is {shape}"
            )
        whole &= count == size
    if not math.prod(counts):
        return Run(0, 0, chosen)
    start = int(np.ravel_multi_index([first for first, _, _ in axes], shape)) if shape else 0
    return Run(start, start + math.prod(counts), chosen)


def _of_each_axis(parts: tuple[Any, ...], axes: int) -> list[slice]:
    """A slice for each axis; what is left out or stands for ``...`` is whole."""
    dots = next((k for k, part in enumerate(parts) if part is Ellipsis), len(parts))
    before, behind = parts[:dots], parts[dots + 1 :]
    whole = [slice(None)] * (axes - len(before) - len(behind))
    # a whole number as a slice of one: -1 is the last, not up to before the first
    return [
        part if isinstance(part, slice) else slice(part, part + 1 if part != -1 else None)
        for part in (*before, *whole, *behind)
    ]
