"""Programming pulses: a current or a voltage over time, and the steps that the kernels take through it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.frozen import Frozen

_RAMP_STEP = 1.25  # thermal times a step of a ramp takes in the mean, unless the ramp is long
_MOST_RAMP_STEPS = 12
_FALL_POWER = 1.5
"""Of the number of steps: when they end on a falling ramp."""
_FIRST_STEP, _LONGER = 3.0, 3.0  # thermal times: the first step after a corner; how much longer each next one is
_SETTLING = 3  # steps after which the temperature has settled
_REST = 1.5  # of a step: what is left of a plateau is one step up to here
_COOLING = (0.8, 1.2, 2.0, 3.0)
"""Steps of the cooling after the pulse [thermal times]."""


@dataclass(frozen=True, init=False)
class Pulse(Frozen):
    """A programming pulse, given by its corner points; between them the drive is linear.

    Parameters
    ----------
    current : float [A], optional
        Height of the plateau of a current pulse; either this or ``voltage``. A current source has no more than the
        cell's compliance voltage, across cell and leads: a cell whose threshold lies above it is not switched.
    voltage : float [V], optional
        Height of the plateau of a voltage pulse across the cell and its leads.
    width : float [s]
        Length of the plateau, more than zero.
    rise, fall : float [s]
        Lengths of the edges; zero is a vertical edge.

    Raises
    ------
    ParameterError
        Neither or both of current and voltage, a width of zero or less, negative edges.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> reset = pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9)
    >>> reset.peak, round(reset.duration * 1e9)
    (0.00044, 1005)
    >>> staircase = pcm.Pulse.piecewise([0.0, 50e-9, 60e-9], current=[100e-6, 100e-6, 0.0])
    """

    time: np.ndarray
    drive: np.ndarray
    kind: str

    def __init__(
        self,
        current: float | None = None,
        width: float | None = None,
        *,
        voltage: float | None = None,
        rise: float = 0.0,
        fall: float = 0.0,
    ):
        kind, height = _one_drive(current, voltage)
        height = check.number(kind, height, _UNITS[kind])
        width = check.number("width", width, "s", 0.0, low_open=True)
        rise = check.number("rise", rise, "s", 0.0)
        fall = check.number("fall", fall, "s", 0.0)
        time = [0.0, rise, rise + width, rise + width + fall]
        self._set(np.array(time), np.array([0.0, height, height, 0.0]), kind)

    def __repr__(self) -> str:
        highest = self.drive[np.argmax(np.abs(self.drive))]
        return f"Pulse({self.kind} {highest:g} {_UNITS[self.kind]}, {self.duration:g} s, {self.time.size} corners)"

    @classmethod
    def piecewise(cls, time: ArrayLike, *, current: ArrayLike | None = None, voltage: ArrayLike | None = None) -> Pulse:
        """Make a pulse from corner points.

        Parameters
        ----------
        time : array_like [s]
            Starts at 0 and never decreases; two equal times make a vertical edge.
        current, voltage : array_like [A] or [V]
            Drive at these times; one of the two. Before and after it is zero.
        """
        kind, values = _one_drive(current, voltage)
        time = check.array("time", time, "s", 0.0, ndim=1)
        drive = check.array(kind, values, _UNITS[kind], shape=time.shape)
        if time.size < 2 or time[0] != 0.0:
            raise ParameterError(
                f"time must hold two or more points and start at 0 s; got {time.size} from {time[0]:g} s"
            )
        steps = np.diff(time)
        if (steps < 0.0).any():
            k = int(np.argmax(steps < 0.0))
            raise ParameterError(
                f"time must not decrease; time[{k + 1}] = {time[k + 1]:g} s follows time[{k}] = {time[k]:g} s"
            )
        if time[-1] == 0.0:
            raise ParameterError("time: the pulse must be longer than 0 s")
        pulse = cls.__new__(cls)
        pulse._set(time.copy(), drive.copy(), kind)
        return pulse

    def _set(self, time: np.ndarray, drive: np.ndarray, kind: str) -> None:
        time.setflags(write=False)
        drive.setflags(write=False)
        for name, value in (("time", time), ("drive", drive), ("kind", kind)):
            object.__setattr__(self, name, value)

    @property
    def peak(self) -> float:
        """Drive [A or V] of the largest magnitude."""
        return float(self.drive[np.argmax(np.abs(self.drive))])

    @property
    def duration(self) -> float:
        """Time [s] from the first to the last point."""
        return float(self.time[-1])

    def shaped(self, kind: str) -> Pulse:
        """The same course over time, peak 1, as a pulse of another kind: "current" [A] or "voltage" [V].

        Examples
        --------
        >>> Pulse(voltage=2.0, width=50e-9).shaped("current").peak
        1.0
        """
        return Pulse.piecewise(self.time, **{check.choice("kind", kind, _UNITS): self.drive / (self.peak or 1.0)})

    def steps(self, thermal_time: float) -> np.ndarray:
        """Steps for the kernels (n, 4): duration [s], decays over half and all of it, drive over the peak."""
        lengths: list[float] = []
        drives: list[float] = []
        scale = self.peak or 1.0
        for k in range(self.time.size - 1):
            length = self.time[k + 1] - self.time[k]
            if length == 0.0:
                continue
            before, after = self.drive[k] / scale, self.drive[k + 1] / scale
            if before == after:
                cuts = _plateau(length, thermal_time)
            else:
                cuts = _ramp(length, thermal_time, abs(after) < abs(before))
            middle = (np.cumsum(cuts) - 0.5 * cuts) / length
            lengths += list(cuts)
            drives += list(before + (after - before) * middle)
        lengths += [part * thermal_time for part in _COOLING]
        drives += [0.0] * len(_COOLING)
        duration = np.array(lengths)
        decay = np.exp(-duration / thermal_time)
        return np.stack([duration, np.sqrt(decay), decay, np.array(drives)], axis=1)


_UNITS = {"current": "A", "voltage": "V"}


def _one_drive(current, voltage):
    if (current is None) == (voltage is None):
        given = "neither" if current is None else "both"
        raise ParameterError(f"a pulse has either a current [A] or a voltage [V]; got {given}")
    return ("current", current) if voltage is None else ("voltage", voltage)


def _ramp(length: float, thermal_time: float, falls: bool) -> np.ndarray:
    """Even steps up; down, short ones first: what is far from the filament gets cold as soon as the drive falls."""
    count = int(min(max(np.ceil(length / (_RAMP_STEP * thermal_time)), 2), _MOST_RAMP_STEPS))
    if not falls:
        return np.full(count, length / count)
    return np.diff(length * (np.arange(count + 1) / count) ** _FALL_POWER)


def _plateau(length: float, thermal_time: float) -> np.ndarray:
    """Short steps while the temperature settles, then the rest: kernels cut it where much moves.

    In a plateau that ends before, rims are on their way all the time, and the rest is taken in halves.
    """
    cuts, left, step = [], length, _FIRST_STEP * thermal_time
    while len(cuts) < _SETTLING and left > _REST * step:
        cuts.append(step)
        left -= step
        step *= _LONGER
    if 0 < len(cuts) < _SETTLING and left > cuts[-1]:
        return np.array([*cuts, 0.5 * left, 0.5 * left])
    return np.array([*cuts, left])
