"""Hand results to other programs, one target a file."""

from pcmphys.export.ngspice import ngspice

__all__ = ["ngspice"]
