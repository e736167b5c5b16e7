"""From reads of devices to when each failed, as far as it was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.readers.measurement import Measurement
from pcmphys.numerics import check

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Failures(NamedTuple):
    """When devices failed, as `pcmphys.fit.retention` takes it."""

    time: np.ndarray
    """When each was first seen failed; of a survivor, when it was last looked at [s]."""
    since: np.ndarray
    """When it was last seen good [s]; 0: never, it had failed at the first look."""
    failed: np.ndarray
    """Whether it failed at all."""

    def __repr__(self) -> str:
        return f"Failures({int(np.sum(self.failed))} of {np.size(self.failed)} devices failed)"


def failures(
    time: ArrayLike | Measurement, conductance: ArrayLike | None = None, *, keep: tuple[float, float] = (0.5, 2.0)
) -> Failures:
    """When devices first leave a window about their first read.

    Parameters
    ----------
    time : (reads,) or (devices, reads) array, or Measurement
        Of the reads [s], increasing from 0 (before the bake) on. A Measurement holds its conductances: read it with
        ``start=0``.
    conductance : (devices, reads) array
        [S], or normalised; the first read of each device is what it is held against, above 0.
    keep : (float, float)
        A device is good while its conductance over the first lies within [1].

    Returns
    -------
    Failures
        For each device. One that is good again later has failed all the same.

    Raises
    ------
    ParameterError
        Shapes that do not fit, missing or negative reads, times that do not increase, a first read of zero.

    Examples
    --------
    >>> found = failures([0.0, 100.0, 1000.0], [[1e-5, 9e-6, 4e-6], [1e-5, 9e-6, 8e-6]])
    >>> found.since, found.time, found.failed
    (array([ 100., 1000.]), array([1000., 1000.]), array([ True, False]))
    """
    if isinstance(time, Measurement):
        if conductance is not None:
            raise ParameterError("a Measurement holds its conductances; give it alone")
        time, conductance = time.time, time.conductance
    reads = check.measured("conductance", check.array("conductance", conductance, "S", low=0.0, ndim=2), "S")
    at = check.array("time", time, "s", low=0.0, ndim=(1, 2))
    if at.shape not in (reads.shape, reads.shape[1:]):
        raise ParameterError(
            f"time must be (reads,) or (devices, reads) for reads of shape {reads.shape}; got {at.shape}"
        )
    at = np.broadcast_to(at, reads.shape)
    if reads.shape[1] < 2:
        raise ParameterError("conductance must have a first read of each device and at least one later")
    if not (np.diff(at, axis=1) > 0).all():
        raise ParameterError("time must increase from read to read of each device")
    low, high = (check.number(f"keep[{k}]", one, "", 0.0) for k, one in enumerate(keep))
    if not low < 1.0 < high:
        raise ParameterError(f"keep must hold 1, the first read itself: low below it, high above; got {keep}")
    if not (reads[:, 0] > 0).all():
        raise ParameterError(f"conductance[{int(np.argmin(reads[:, 0]))}, 0] is 0: the first read must be above 0")
    share = reads[:, 1:] / reads[:, :1]
    bad = (share < low) | (share > high)
    failed = bad.any(axis=1)
    first = np.where(failed, bad.argmax(axis=1), bad.shape[1] - 1)
    rows = np.arange(len(reads))
    return Failures(at[rows, first + 1], np.where(failed, at[rows, first], at[rows, -1]), failed)
