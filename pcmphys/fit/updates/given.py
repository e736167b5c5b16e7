"""What was measured, as steps: conductance before a pulse, and what the pulse changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics import check

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_LARGEST = 0.1
"""Conductance [S] that no memory device has: 10 ohm, of wires and all."""
_BELOW, _OFFSET = 8.0, 0.02
"""Read noise below zero that is taken as such, in its std, and what counts as zero, of the largest conductance."""
NORMAL = 1.4826
"""Standard deviation of a normal number over the median of its size."""
_FEWEST = 8
"""Steps of a direction below which no law is fitted."""


class UpdateSteps(NamedTuple):
    """Steps of one direction."""

    before: np.ndarray
    """Conductance before the pulse [S]."""
    change: np.ndarray
    """What the pulse changed in its direction [S]: negative where it went the other way."""
    device: np.ndarray
    """Whose step it is."""


def steps_of(pulse: ArrayLike, conductance: ArrayLike, direction: ArrayLike) -> tuple[np.ndarray, ...]:
    """Checked reads: pulses before each, (reads, devices) conductances [S], direction of the pulse before each read."""
    reads = check.measured("conductance", check.array("conductance", conductance, "S", ndim=(1, 2)), "S")
    reads = reads[:, None] if reads.ndim == 1 else reads
    _refuse_other_units(reads)
    numbers = check.array("pulse", pulse, "", 0.0, shape=reads.shape[:1])
    if (numbers != np.rint(numbers)).any():
        raise ParameterError("pulse must hold whole numbers: pulses sent before each read")
    check.increasing("pulse", numbers)
    given = check.array("direction", direction, "", -1.0, 1.0)
    if given.ndim and given.shape != numbers.shape:
        raise ParameterError(f"direction must be +1, -1 or have shape {numbers.shape}; got shape {given.shape}")
    towards = np.broadcast_to(given, numbers.shape)
    if not np.isin(towards[1:], (-1.0, 1.0)).all():
        raise ParameterError("direction must be +1 or -1 for each read but the first: of the pulse before it")
    return numbers, reads, towards


def _refuse_other_units(reads: np.ndarray) -> None:
    """Conductances of no memory device, and such below zero by more than noise."""
    if reads.max() > _LARGEST:
        raise ParameterError(
            f"conductance must be in S, of a memory device at most {_LARGEST:g} S; got {reads.max():.3g}: values in uS "
            "are to be multiplied by 1e-6"
        )
    # what neighbouring steps differ by, in the median: three reads are in it, with weights of 1, 2 and 1
    bends = np.abs(np.diff(reads, 2, axis=0))
    noise = NORMAL * float(np.median(bends)) / np.sqrt(6.0) if bends.size else float(reads.std())
    if reads.min() < -max(_BELOW * noise, _OFFSET * np.abs(reads).max()):
        raise ParameterError(
            f"conductance must not be below zero by more than the noise of a read; got {reads.min():.3g} S: "
            "differences of a pair are not the conductance of a device; add what was taken off"
        )


def split(numbers: np.ndarray, reads: np.ndarray, towards: np.ndarray) -> tuple[UpdateSteps | None, UpdateSteps | None]:
    """Steps up and steps down, of reads with one pulse between them; None where there is no such pulse.

    Raises
    ------
    ParameterError
        Too few steps of a direction, or steps that change nothing.
    """
    one = np.diff(numbers) == 1
    device = np.broadcast_to(np.arange(reads.shape[1]), (len(reads) - 1, reads.shape[1]))
    found = []
    for name, sign in (("up", 1.0), ("down", -1.0)):
        here = one & (towards[1:] == sign)
        steps = UpdateSteps(
            reads[:-1][here].ravel(), (sign * np.diff(reads, axis=0)[here]).ravel(), device[here].ravel()
        )
        if steps.before.size == 0:
            found.append(None)
            continue
        if steps.before.size < _FEWEST:
            raise ParameterError(
                f"pulses {name} must make at least {_FEWEST} steps, reads with one pulse between them; got "
                f"{steps.before.size}"
            )
        if not steps.change.mean() > 0.0:
            raise ParameterError(
                f"pulses {name} must move the conductance {name} on average; they change it by "
                f"{sign * steps.change.mean():g} S"
            )
        found.append(steps)
    if found[0] is None:
        raise ParameterError("direction must hold pulses up; there are none with reads before and after one of them")
    return found[0], found[1]
