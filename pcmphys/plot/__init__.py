"""Figures, one function each, and the report of a study; matplotlib is loaded when the first one is drawn."""

from pcmphys.plot.cell import cell
from pcmphys.plot.devices import drift, noise_spectrum, programming_curve

__all__ = ["cell", "drift", "noise_spectrum", "programming_curve"]
