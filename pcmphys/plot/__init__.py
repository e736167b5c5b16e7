"""Figures, one function each, and the report of a study; matplotlib is loaded when the first one is drawn."""

from pcmphys.plot.arrays import cell_map, margin_map, noise_share, voltage_map, write_map
from pcmphys.plot.cell import cell
from pcmphys.plot.devices import drift, noise_spectrum, programming_curve

__all__ = [
    "cell",
    "cell_map",
    "drift",
    "margin_map",
    "noise_share",
    "noise_spectrum",
    "programming_curve",
    "voltage_map",
    "write_map",
]
