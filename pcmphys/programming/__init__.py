"""Pulses, schemes of program-and-verify, and what they report.

`Pulse` has any shape, driven by a current or by a voltage at the terminal; `Scheme` is data: which pulses, how they
rise, when to read, when to stop. `SCHEMES` holds those of the shipped cells.

>>> import pcmphys as pcm
>>> reset = pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9)
>>> reset.peak, sorted(pcm.programming.SCHEMES)[:2]
(0.00044, ['gradient', 'partial-reset'])

Validity: within a pulse the threshold is that of its beginning; the temperature follows the power with one time
constant.
"""

from pcmphys.programming.pulse import Pulse
from pcmphys.programming.report import ProgramReport, PulseReport
from pcmphys.programming.scheme import SCHEMES, Scheme

__all__ = ["SCHEMES", "ProgramReport", "Pulse", "PulseReport", "Scheme"]
