"""Program-and-verify schemes as data: what is sent first, how the next pulse follows from the last read.

One rule serves all of them. After each verify read a device is done if it stands within the margin of its target.
Else its amplitude changes by ``step`` plus ``gain`` times the missing conductance, up or down as the device needs;
a device that went too far for a scheme of one direction gets the preparing pulses again and starts over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.brief import fields
from pcmphys.programming.pulse import Pulse

RESTART = ("overshoot", "always", "never")


@dataclass(frozen=True)
class Scheme:
    """A closed loop of pulses and verify reads.

    Attributes
    ----------
    prepare : tuple of Pulse
        Sent to every device first, and again at each restart.
    pulse : Pulse
        Shape of the programming pulse; its height is the loop's.
    start, lowest, highest : float [A or V]
        Amplitude of the first pulse, and bounds.
    start_slope : float [(A or V)/S]
        The first amplitude is start + start_slope times the conductance aimed at (within the bounds).
    step : float [A or V]
        Change of the amplitude from pulse to pulse.
    gain : float [(A or V)/S]
        Change of the amplitude per missing conductance.
    direction : int
        +1 if a higher pulse gives more conductance (SET), -1 if less (RESET).
    restart : str
        When the preparing pulses are sent again: on "overshoot", "always" before a pulse, or "never".
    margin : float [S]
        Largest accepted deviation of the verify read from the target.
    relative_margin : float
        The same relative to the target; the smaller of the two counts.
    zero : float [S]
        Targets below this ask for a reading below it and no more: nothing programs a device to exactly zero. They are
        started at the bound of the amplitude that gives the least conductance.
    pulses : int
        Most programming pulses a device.
    verify_delay : float [s]
        Time from a pulse to its verify read.
    verify_duration : float [s]
        Length of the verify read: a longer one averages more of the fast noise.
    foreseen_exponent : float
        Targets are conductances at the cell's reference time t_0: the loop aims at target (t_0 / delay)^exponent.
    """

    prepare: tuple[Pulse, ...]
    pulse: Pulse
    start: float
    lowest: float
    highest: float
    step: float
    gain: float = 0.0
    start_slope: float = 0.0
    direction: int = 1
    restart: str = "overshoot"
    margin: float = 0.5e-6
    relative_margin: float = 0.2
    zero: float = 0.3e-6
    pulses: int = 120
    verify_delay: float = 0.1
    verify_duration: float = 10e-6
    foreseen_exponent: float = 0.05

    __repr__ = fields

    def __post_init__(self) -> None:
        if not isinstance(self.prepare, tuple) or not all(isinstance(pulse, Pulse) for pulse in self.prepare):
            raise ParameterError(f"prepare must be a tuple of Pulse; got {self.prepare!r}")
        if not isinstance(self.pulse, Pulse):
            raise ParameterError(f"pulse must be a Pulse; got {self.pulse!r}")
        for name in ("start", "lowest", "highest"):
            check.number(name, getattr(self, name), "A or V", 0.0)
        if not self.lowest <= self.start <= self.highest:
            raise ParameterError(f"start must lie within [lowest, highest]; got {self.start:g}")
        check.number("step", self.step, "A or V", 0.0)
        check.number("gain", self.gain, "(A or V)/S", 0.0)
        check.number("start_slope", self.start_slope, "(A or V)/S")
        check.choice("restart", self.restart, RESTART)
        if self.direction not in (1, -1):
            raise ParameterError(f"direction must be 1 or -1; got {self.direction!r}")
        check.number("margin", self.margin, "S", 0.0, low_open=True)
        check.number("relative_margin", self.relative_margin, "", 0.0, low_open=True)
        check.number("zero", self.zero, "S", 0.0)
        check.integer("pulses", self.pulses, 1)
        check.number("verify_delay", self.verify_delay, "s", 0.0)
        check.number("verify_duration", self.verify_duration, "s", 0.0, low_open=True)
        check.number("foreseen_exponent", self.foreseen_exponent, "", 0.0, 1.0)

    @property
    def longest(self) -> float:
        """Time [s] that the loop takes if no device is done before its last pulse."""
        one = sum(pulse.duration for pulse in self.prepare) + self.pulse.duration
        return self.pulses * (one + self.verify_delay + self.verify_duration)

    def but(self, **changes: Any) -> Scheme:
        """Make the same scheme with some values changed.

        Examples
        --------
        >>> from pcmphys.programming import SCHEMES
        >>> SCHEMES["set-staircase"].but(margin=0.5e-6).margin
        5e-07
        """
        return replace(self, **changes)


_RESET = Pulse(current=440e-6, width=1e-6, fall=5e-9)
_SET = Pulse(current=400e-6, width=20e-9, fall=1e-6)
_BOX = Pulse(current=100e-6, width=50e-9, fall=5e-9)

SCHEMES: dict[str, Scheme] = {
    "set-staircase": Scheme((_RESET,), _BOX, start=45e-6, lowest=40e-6, highest=300e-6, step=5e-6),
    "partial-reset": Scheme((_SET,), _BOX, start=260e-6, lowest=240e-6, highest=480e-6, step=5e-6, direction=-1),
    "gradient": Scheme(
        (_SET,),
        _BOX,
        start=400e-6,  # from 380 on it takes 10 % more pulses, 17 % more with a liner; errors are the same
        start_slope=-3.0,
        lowest=240e-6,
        highest=480e-6,
        step=2e-6,
        gain=0.3,
        direction=-1,
        restart="always",
    ),
}
"""Schemes by name. Pulse heights are assumed values for the shipped 90 nm cell."""
