"""Wires, terminals and the exact solution of the crossbar."""

from pcmphys.crossbar.bias import Bias, Selection
from pcmphys.crossbar.crossbar import Crossbar
from pcmphys.crossbar.margins import ReadMargin, WriteMargin, margin_map, read_margin, write_margin
from pcmphys.crossbar.noise import Noise
from pcmphys.crossbar.selectors import OTS, Diode, Exponential, Selector, Transistor
from pcmphys.crossbar.solution import Solution
from pcmphys.crossbar.thermal import ThermalCrosstalk
from pcmphys.crossbar.wires import Wires
from pcmphys.crossbar.writing import WriteReport

__all__ = [
    "OTS",
    "Bias",
    "Crossbar",
    "Diode",
    "Exponential",
    "Noise",
    "ReadMargin",
    "Selection",
    "Selector",
    "Solution",
    "ThermalCrosstalk",
    "Transistor",
    "Wires",
    "WriteMargin",
    "WriteReport",
    "margin_map",
    "read_margin",
    "write_margin",
]
