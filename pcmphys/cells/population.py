"""What populations of every kind share: shape, numbers of devices, twins of some of them, numbers of events."""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Generic, Self, TypeVar

import numpy as np

from pcmphys.cells.twins import Run, run
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.moment import Moment

LAST_EVENT = 2**32 - 1


Kind = TypeVar("Kind", bound="Population")


class Flat(Generic[Kind]):
    """A population as one row of devices, to take twins from."""

    def __init__(self, devices: Kind):
        self._devices = devices

    def __getitem__(self, index: Any) -> Kind:
        """Twins of a run of devices, as in `Population.__getitem__`."""
        return self._devices.twins(run(index, (self._devices.size,)))


class Population(ABC):
    """Devices of a cell, each with a number of its own that its random numbers belong to.

    A kind of population defines ``_keep(start, stop)``, which gives a twin's state memory of its own, for those of the
    flat devices alone.

    Parameters
    ----------
    cell : cell
        What the devices are of.
    shape : int or tuple of int
        Any shape, also with no device at all.
    seed : int
        Same seed, same devices and same history.
    first_cell : int
        Number of the first device.
    """

    def __init__(self, cell: Any, shape: Any, seed: int, first_cell: int):
        self.cell = cell
        self.shape: tuple[int, ...] = check.shape("shape", shape)
        self.size: int = math.prod(self.shape)
        self.seed: int = check.integer("seed", seed, 0, 2**64 - 1)
        self.first_cell: int = check.integer("first_cell", first_cell, 0, 2**64 - 1 - self.size)
        self._event = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.cell.name!r}, shape={self.shape}, time={self.time:g} s)"

    @property
    @abstractmethod
    def moment(self) -> Moment:
        """Lab clock with all digits: its float leaves out the nanoseconds of a read after years."""

    @property
    def time(self) -> float:
        """Lab clock [s]: the sum of all pulses, waits and reads."""
        return self.moment.seconds

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Memory [bytes] of the devices' state."""

    def copy(self) -> Self:
        """Branch the experiment: the copy has the same past, and the same future under the same operations."""
        twin = copy.copy(self)
        twin._keep(0, self.size)
        return twin

    def __getitem__(self, index: Any) -> Self:
        """Independent twins of some devices: ``devices[10:20]``, ``devices[3, 5]``.

        They have the same past, and the same future as they would have in the whole population under the same
        operations. Neighbours only: a run of devices along the last axes.

        Raises
        ------
        ParameterError
            An index outside of the population, or devices that are not neighbours.

        Examples
        --------
        >>> import pcmphys as pcm
        >>> devices = pcm.load_cell("ibm-90nm-doped-gst").population((4, 5), seed=1)
        >>> some = devices[1:3]
        >>> some.shape, bool((some.read() == devices.read()[1:3]).all())
        ((2, 5), True)
        """
        return self.twins(run(index, self.shape))

    @property
    def flat(self) -> Flat[Self]:
        """Twins by their place counted along the last axis first: ``devices.flat[6:13]``, whatever the shape."""
        return Flat(self)

    def twins(self, some: Run) -> Self:
        """Independent twins of a run of devices; ``devices[...]`` and ``devices.flat[...]`` are how to ask for them."""
        twin = copy.copy(self)
        twin.shape, twin.size = some.shape, some.stop - some.start
        twin.first_cell = self.first_cell + some.start
        twin._keep(some.start, some.stop)
        return twin

    def __len__(self) -> int:
        """Devices along the first axis."""
        if not self.shape:
            raise TypeError("a population of shape () has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Self]:
        """Twins along the first axis."""
        return (self[k] for k in range(len(self)))

    def __bool__(self) -> bool:
        """A population is there, also an empty one."""
        return True

    def __array__(self, *arguments: Any, **options: Any) -> np.ndarray:
        """Refuse to be taken for numbers."""
        raise TypeError("a population is no array of numbers; read() and now().conductance give some")

    @abstractmethod
    def _keep(self, start: int, stop: int) -> None:
        """Give the state of devices start..stop memory of its own, and forget the others."""

    def _address(self, event: int) -> tuple[np.uint64, np.uint64, np.uint64]:
        """Where random numbers of an event are drawn: seed, number of the first device, event."""
        return np.uint64(self.seed), np.uint64(self.first_cell), np.uint64(event)

    def _next_event(self) -> int:
        if self._event == LAST_EVENT:
            raise ParameterError(
                f"event: a population has {LAST_EVENT} pulses, programming and read events; all are used"
            )
        self._event += 1
        return self._event
