"""Wires, terminals and the exact solution of the crossbar."""

from pcmphys.crossbar.bias import Bias
from pcmphys.crossbar.crossbar import Crossbar, Solution
from pcmphys.crossbar.wires import Wires

__all__ = ["Bias", "Crossbar", "Solution", "Wires"]
