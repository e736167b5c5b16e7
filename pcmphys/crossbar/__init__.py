"""Wires, terminals and the exact solution of the crossbar."""

from pcmphys.crossbar.bias import Bias
from pcmphys.crossbar.crossbar import Crossbar
from pcmphys.crossbar.selectors import OTS, Diode, Exponential, Selector, Transistor
from pcmphys.crossbar.solution import Solution
from pcmphys.crossbar.wires import Wires

__all__ = ["OTS", "Bias", "Crossbar", "Diode", "Exponential", "Selector", "Solution", "Transistor", "Wires"]
