"""Wires, terminals and the exact solution of the crossbar."""

from pcmphys.crossbar.analysis.margins import ReadMargin, WriteMargin, margin_map, read_margin, write_margin
from pcmphys.crossbar.analysis.noise import Noise
from pcmphys.crossbar.analysis.thermal import ThermalCrosstalk
from pcmphys.crossbar.analysis.writing import WriteReport
from pcmphys.crossbar.bias import Bias, Selection
from pcmphys.crossbar.crossbar import Crossbar
from pcmphys.crossbar.selectors import OTS, Diode, Exponential, Selector, Transistor
from pcmphys.crossbar.solution import Solution
from pcmphys.crossbar.wires import Wires

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
