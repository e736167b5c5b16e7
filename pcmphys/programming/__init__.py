"""Pulses, schemes of program-and-verify, and what they report."""

from pcmphys.programming.pulse import Pulse
from pcmphys.programming.report import ProgramReport, PulseReport
from pcmphys.programming.scheme import SCHEMES, Scheme

__all__ = ["SCHEMES", "ProgramReport", "Pulse", "PulseReport", "Scheme"]
