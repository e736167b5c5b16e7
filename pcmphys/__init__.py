"""pcmphys: device physics of phase-change memory, from measured devices to array statistics."""

from pcmphys import fit, study
from pcmphys.crossbar import Bias, Crossbar, Wires
from pcmphys.errors import ConvergenceError, ParameterError, ValidityWarning
from pcmphys.matrix import AnalogMatrix, DifferentialPair, Periphery
from pcmphys.parameters import cite, list_cells
from pcmphys.population import load_cell

__all__ = [
    "AnalogMatrix",
    "Bias",
    "ConvergenceError",
    "Crossbar",
    "DifferentialPair",
    "ParameterError",
    "Periphery",
    "ValidityWarning",
    "Wires",
    "cite",
    "fit",
    "list_cells",
    "load_cell",
    "study",
]
__version__ = "0.1.0"
